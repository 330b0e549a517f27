/* showing: pieces of a comparison as text, shared by its forms. Private to src/compare. */
#ifndef CUPEL_COMPARE_SHOWING_H
#define CUPEL_COMPARE_SHOWING_H
#include "base/str.h"
#include "compare/compare.h"

/* Characters of a form: dashes and dots, or what ASCII has for them. */
struct showing {
	const struct comparison *c;
	size_t columns;
	bool ascii;
};
/* A table of cells, each of its own width; the first column is left-aligned. */
struct grid {
	char **v;                  /* [n / columns][columns] */
	size_t columns, n, cap;
};
void grid_init(struct grid *g, size_t columns);
void grid_add(struct grid *g, const char *text);
void grid_addf(struct grid *g, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Lines with a blank before and two between columns, one where that exceeds the limit; frees. */
void grid_end(struct grid *g, struct str *out, size_t limit);
char *show_short(const char *text, size_t width, bool ascii); /* cut in the middle; free() */

void show_value(struct str *s, const struct compare_row *row, const struct compare_cell *x,
	bool ascii);                       /* ".390", "~.642", "8.31" */
void show_change(struct str *s, const struct compare_row *row, double v); /* "+.006" */
void show_stderr(struct str *s, const struct compare_row *row, double v); /* ".020" */
/* "7 of 1172", the second number padded to so many digits; "= majority" */
void show_items(struct str *s, const struct compare_row *row, const struct compare_difference *d,
	int digits);
const char *show_verdict(const struct compare_difference *d); /* or why there is none */
const char *show_mark(const struct compare_difference *d);    /* "**" real, "*" suggestive, "" */
/* "arc_easy", with its metric where the task has several or it is not the usual one. */
char *show_task(const struct comparison *c, size_t row);
char *show_column(const struct comparison *c, size_t column); /* what it is a difference of */
/* A line, or as many as it takes, each after a blank. */
void show_wrapped(struct str *s, const char *text, size_t columns);
void show_heading(struct str *s, const struct showing *w);

/* Intervals of one column of differences, or of the means of all. */
void show_plot(struct str *s, const struct showing *w);

char *show_markdown(const struct comparison *c);
char *show_csv(const struct comparison *c);
#endif
