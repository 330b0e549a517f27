/* view_tensors: the tensors of one model, or of two to four side by side. Parts of the view that
 * two files share. UI thread only. */
#ifndef CUPEL_UI_VIEW_TENSORS_H
#define CUPEL_UI_VIEW_TENSORS_H
#include "engine/look.h"
#include "ui/view/app.h"
#include "ui/view/groups.h"

#define TENSORS_COLUMNS 24
struct tensors_column { /* what a column of figures shows */
	enum stat_id stat;
	int model;
	char *title, *name;
};
struct tensors_strip { /* layers × roles of one figure; kept until a figure or the column changes */
	const char **roles;
	size_t n_roles;
	long layers;
	double *v;           /* roles × layers */
	double lo, hi;
	uint64_t generation;
	int column;
};
struct tensors_view {
	struct view view;
	struct look *look;
	struct model *models[LOOK_MAX], *base;
	char *labels[LOOK_MAX], *base_label;
	size_t n;
	bool opening;
	struct err error;
	enum grouping by;
	const struct tensor **like;
	struct groups groups;
	struct table table;
	struct column columns[TENSORS_COLUMNS];
	struct tensors_column
		figures[TENSORS_COLUMNS]; /* by column number; 0 and 1 are name and shape */
	int n_columns;
	struct tensors_strip strip;
	struct rect title_area, strip_area, plot_area;
	uint64_t generation;
	char *want_base;     /* chosen with b; NULL = lineage, "" = none */
};
const struct group_node *tensors_node(const struct tensors_view *v); /* under the cursor, or NULL */
int tensors_strip_column(
	const struct tensors_view *v); /* the sorted column of figures, else the first */
void tensors_strip_update(struct tensors_view *v);
void tensors_strip_fini(struct tensors_strip *s);
void tensors_draw_strip(const struct tensors_view *v, struct grid *g, struct rect r);
void tensors_draw_plot(const struct tensors_view *v, struct grid *g, struct rect r);
#endif
