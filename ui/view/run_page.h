/* run_page: one run whole, or several side by side, as lines to scroll through. Embedded in view
 * History; UI thread only. */
#ifndef CUPEL_UI_RUN_PAGE_H
#define CUPEL_UI_RUN_PAGE_H
#include "catalog/catalog.h"
#include "base/str.h"
#include "base/vec.h"
#include "ui/screen/grid.h"

struct page_cell {
	char *text;
	unsigned style;
};
struct page_line {
	char *text;
	unsigned style;
	bool rule;           /* a heading over a line */
	int label;           /* columns of the text before the cells */
	int first;           /* columns of the first cell; 0: as many as the others */
	struct page_cell *cells; /* they share what is left of the line; NULL none */
	size_t n_cells;
};
struct run_page {
	char *title;
	vec(struct page_line) lines;
	int top;
};
void run_page_fini(struct run_page *p);
bool run_page_one(struct run_page *p, struct catalog *c, int64_t id, struct err *e);
/* Two or more, each beside the first: facts, recipe lines and scores that differ, tensors that
 * changed. whole: what is the same in them too. (run_sides.c) */
bool run_page_sides(struct run_page *p, struct catalog *c, const int64_t *ids, size_t n, bool whole,
	struct err *e);
void run_page_scroll(struct run_page *p, int lines, int height);
void run_page_draw(const struct run_page *p, struct grid *g, struct rect r);

/* Local time of an ISO one: "11-20 21:04", another year's with the year. */
void run_page_when(struct str *out, const char *iso);
/* For those who fill it. */
void run_page_add(struct run_page *p, unsigned style, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void run_page_heading(struct run_page *p, const char *text);
/* A line of n empty cells behind a label: fill cells[i]. Valid until the next line is added. */
struct page_line *run_page_cells(struct run_page *p, const char *label, int width, size_t n);
#endif
