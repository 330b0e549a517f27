/* view_recipe: models × parameters as a grid of sliders, and beside it what they do. Parts of the
 * view that its files share. UI thread only. */
#ifndef CUPEL_UI_VIEW_RECIPE_H
#define CUPEL_UI_VIEW_RECIPE_H
#include "ui/view/app.h"
#include "ui/view/groups.h"
#include "ui/view/knobs.h"

#define RECIPE_COLUMNS 28
struct recipe_column {
	enum stat_id stat;
	int input;          /* into inputs->v */
	char *title, *name;
};
struct recipe_trend { /* a figure by layer, and where it is lowest */
	double *v;
	size_t layers;
	enum stat_id stat;
	int input;
	double lowest;
	const char *lowest_name;
};
struct recipe_curve { /* nearswap: share swapped over t */
	double t[64], full[64];
	size_t n;
	double at;           /* the recipe's t */
	struct swap_point points[3]; /* at t and beyond */
	bool known;
};
enum recipe_focus { FOCUS_KNOBS, FOCUS_FIGURES, FOCUS_FINDINGS, FOCUS_GRADIENT };
struct recipe_view {
	struct view view;
	const struct doc *doc;          /* what the rest was built from */
	size_t document;                /* and which of its documents */
	const struct plan *plan;        /* plan the figures' rows are of (compared, never used) */
	struct knobs knobs;
	size_t row;                     /* cursor among the knobs */
	int column;
	size_t scroll;
	struct { struct recipe_target *v; size_t n, cap; } marks;
	enum recipe_focus focus;
	size_t finding;                 /* cursor among the findings */
	size_t layer;                   /* cursor in an open gradient */
	enum grouping by;
	const struct tensor **like;
	size_t n_like;
	struct groups groups;
	struct table table;
	struct column columns[RECIPE_COLUMNS];
	struct recipe_column figures[RECIPE_COLUMNS];
	int n_columns;
	uint64_t generation;
	struct recipe_trend trend;
	struct recipe_curve curve;
	struct rect head, grid, effect, findings, gradient, strip, table_area, trend_area;
	struct rect curve_area, yaml;
};
/* recipe_figures.c: the table of figures, the trend by layer and the curve. */
void recipe_figures_rows(struct recipe_view *v);      /* the plan is another one */
void recipe_figures_update(struct recipe_view *v);    /* figures are new */
void recipe_figures_fini(struct recipe_view *v);
void recipe_draw_trend(const struct recipe_view *v, struct grid *g, struct rect r);
void recipe_draw_curve(const struct recipe_view *v, struct grid *g, struct rect r);
/* recipe_change.c: turning the knob under the cursor, or all marked ones, as one undo step. */
struct recipe_change {
	int steps;
	bool coarse;
	const char *text;  /* typed, or NULL: nudge */
};
unsigned recipe_change(struct app *a, const struct recipe_change *c);
void recipe_follow(struct recipe_view *v);            /* the app's document is another snapshot */
void recipe_set_focus(struct recipe_view *v, enum recipe_focus f);
/* recipe_panes.c: what it says. */
void recipe_draw_error(const struct recipe_view *v, struct grid *g, struct rect r);
void recipe_draw_head(const struct recipe_view *v, struct grid *g, struct rect r);
void recipe_draw_knobs(const struct recipe_view *v, struct grid *g, struct rect r);
void recipe_draw_effect(const struct recipe_view *v, struct grid *g, struct rect r);
void recipe_draw_findings(const struct recipe_view *v, struct grid *g, struct rect r);
void recipe_draw_gradient(const struct recipe_view *v, struct grid *g, struct rect r);
/* recipe_strip.c: the values that the parameter under the cursor has in the plan, by layer. */
int recipe_strip_lines(const struct recipe_view *v, int room); /* 0: it has one value everywhere */
void recipe_draw_strip(const struct recipe_view *v, struct grid *g, struct rect r);
void recipe_draw_yaml(const struct recipe_view *v, struct grid *g, struct rect r);
/* Columns of a knob's slider in the grid: x and width for a click. */
struct rect recipe_knob_rect(const struct recipe_view *v, size_t row, int column);
int recipe_number_width(int w); /* of a slider w columns wide */
const struct knob *recipe_knob(const struct recipe_view *v); /* under the cursor, or NULL */
bool recipe_is_marked(const struct recipe_view *v, const struct knob *k);
int recipe_effect_lines(const struct recipe_view *v, int width);
#endif
