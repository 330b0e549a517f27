/* view_results: the state of the Results view, for the files it is made of: view_results.c (life,
 * layout), results_make.c (which variants; the comparison, made on a worker), results_table.c (rows
 * and columns), results_cells.c (what stands in them), results_panes.c and results_plots.c (what is
 * drawn around the table), results_page.c (one figure whole, what an import did not read),
 * results_commands.c and results_files.c (import, export). UI thread only. */
#ifndef CUPEL_UI_VIEW_RESULTS_H
#define CUPEL_UI_VIEW_RESULTS_H
#include "compare/compare.h"
#include "ui/view/app.h"
#include "ui/view/run_page.h"

#define RESULTS_COLUMNS 60
#define RESULTS_VARIANTS_MAX 40 /* compared at once; the newest of more */
#define RESULTS_WIDE 130        /* columns of a screen from which on there is room beside */
#define RESULTS_BESIDE 3        /* more variants than this begin as rows */

enum results_arrangement { RESULTS_TASKS, RESULTS_VARIANTS, RESULTS_SIZES };
enum results_scope { SCOPE_AUTO, SCOPE_FAMILY, SCOPE_ALL };
enum results_figure {
	RF_NAME, RF_VALUE, RF_DELTA, RF_SE, RF_QUESTIONS, RF_VERDICT, RF_PERCENT, RF_Z, RF_P,
	RF_HOLM, RF_RESOLVES, RF_N, /* columns of rows of tasks */
	RF_TASK, RF_SIZE, RF_CHANGE, RF_BITS, RF_PARAMETERS, RF_PROTOCOL, RF_CHOSEN, RF_CHOSEN_SE,
	RF_CHOSEN_DELTA, RF_CHOSEN_VERDICT, RF_FRONT, /* of rows of variants */
};
/* i: a variant (RF_VALUE), a difference (RF_DELTA …), a row of the comparison (RF_TASK). */
struct results_column {
	enum results_figure what;
	size_t i;
	char *name, *title;
};
enum results_kind { ROW_TASK, ROW_SIZE, ROW_BITS, ROW_VARIANT };
struct results_row {
	enum results_kind kind;
	size_t i;              /* row, or variant, of the comparison */
	uint64_t id;
};

struct results_view {
	struct view view;
	struct table table;
	struct comparison *c;  /* what is shown; NULL: none yet */
	struct err error;      /* why there is none, or no newer one */
	/* what a person chose */
	enum results_arrangement arrangement;
	bool arranged;         /* by a person: stays whatever is compared */
	enum results_scope scope;
	/* whose, by p: a model, or what only a file calls one; else of Models' selected one */
	int64_t family;
	char *family_of;
	char *baseline;        /* NULL: the default */
	enum compare_against against;
	bool across, only;     /* subtract across protocols; only rows that differ */
	bool details;          /* quantiles and ratios of a divergence are rows, too; */
	size_t left_out;       /* else so many are not */
	struct { char **v; size_t n, cap; } picked; /* words of `d`: nothing else is compared */
	/* the worker */
	bool making, again;    /* once more when it is done: something changed meanwhile */
	bool importing;
	char *what;            /* whose results: "3 marked", "family of X", "newest 40 of 212" */
	uint64_t asked_of;     /* marks and cursor of Models that it was made for */
	/* the table */
	struct column columns[RESULTS_COLUMNS];
	struct results_column figures[RESULTS_COLUMNS];
	int n_columns;
	bool filled;           /* with a comparison, as `filled_as` */
	enum results_arrangement filled_as;
	struct { struct results_row *v; size_t n, cap; } rows;
	bool wide;             /* names of variants have room, and intervals stand beside */
	int at, scroll;        /* column of the cursor; first column beside the name */
	size_t chosen;         /* row of the comparison that front and pane are about */
	/* the screen */
	struct rect head, list, beside, pane, words;
	struct run_page page;
	bool page_open;
};

struct results_view *results_of(const struct app *a);

/* results_make.c */
void results_ask(struct results_view *v);        /* makes the comparison anew */
void results_pick(struct results_view *v, const char *const *words, size_t n);
void results_follow_models(struct results_view *v); /* anew if marks or cursor moved there */
/* What compare_ask calls a variant. */
const char *results_word(const struct app *a, const struct compare_variant *m, char buf[24]);

/* results_table.c */
void results_table_init(struct results_view *v);
void results_table_fini(struct results_view *v);
void results_table_again(struct results_view *v); /* other columns or rows */
void results_choose_sized(struct results_view *v); /* a figure that a front can be drawn of */
const struct results_row *results_row_at(const struct results_view *v); /* under the cursor */
/* The variant and the row of the comparison under the cursor, SIZE_MAX where there is none. */
size_t results_variant_at(const struct results_view *v);
size_t results_task_at(const struct results_view *v);
/* Columns that can be gone to; for the cursor. */
bool results_is_stop(const struct results_view *v, int column);
int results_column_x(const struct results_view *v, int column); /* -1: out of sight */

/* results_cells.c */
extern const struct table_source results_tasks, results_variants;
size_t results_reference(const struct comparison *c); /* the baseline, else the first */
/* Of a variant against whatever the comparison has it against; NULL: nothing is subtracted. */
const struct compare_difference *results_difference(const struct results_view *v, size_t row,
	size_t variant);
/* The sign beside a figure: ▲ ▼ ▵ ▿ = ! ≠ or a blank. */
const char *results_mark(const struct results_view *v, size_t row, size_t variant);
/* "arc_easy", "arc_easy acc_norm" where there are two of it, "wikitext ppl" */
void results_title(const struct comparison *c, size_t row, struct str *out);
/* "arc_e", "arc_e norm": by the short name that the task has */
void results_brief(const struct comparison *c, size_t row, struct str *out);
void results_number(const struct compare_row *r, double value, struct str *out);
void results_signed(const struct compare_row *r, double value, struct str *out);
unsigned results_style(const struct compare_row *r, const struct compare_difference *d);
bool results_has_interval(const struct comparison *c, size_t k); /* of a column of differences */
bool results_subtracts(const struct comparison *c); /* anything, with a known error */
/* Of what is subtracted and known: is any paired, is the ± of any only a bound? */
void results_spreads(const struct comparison *c, bool *paired, bool *bound);
size_t results_sizes(const struct comparison *c); /* of how many variants the size is known */
/* The best of those that are no larger and no worse, SIZE_MAX: the variant is on the front. */
size_t results_beaten_by(const struct comparison *c, size_t row, size_t variant);

/* results_panes.c */
void results_draw_head(const struct results_view *v, struct grid *g);
void results_draw_panes(const struct results_view *v, struct grid *g);
int results_words_height(const struct results_view *v, int w, int most);

/* results_plots.c: into r, or (beside) on the lines of the table's rows. */
void results_draw_differences(const struct results_view *v, struct grid *g, struct rect r);
void results_draw_beside(const struct results_view *v, struct grid *g);
void results_draw_values(const struct results_view *v, struct grid *g, struct rect r);
void results_draw_front(const struct results_view *v, struct grid *g, struct rect r);

/* results_commands.c: what `f` turns to. */
enum results_arrangement results_next_arrangement(const struct results_view *v);

/* results_page.c */
void results_page_cell(struct results_view *v);
void results_page_task(struct results_view *v, size_t row);
void results_page_variant(struct results_view *v, size_t variant);
struct import_file;
void results_page_unread(struct results_view *v, const struct import_file *f, size_t n);
#endif
