/* view_quant: the state of the Quant view, for the files it is made of: view_quant.c (table and
 * opening), quant_panes.c (what is drawn around it), quant_change.c (commands). UI thread only. */
#ifndef CUPEL_UI_VIEW_QUANT_H
#define CUPEL_UI_VIEW_QUANT_H
#include "ui/view/app.h"
#include "ui/view/quant_doc.h"

#define QUANT_FRONT 12

struct quant_view {
	struct view view;
	struct table table;
	struct quant_doc doc;
	struct column columns[16]; /* of the arrangement at hand */
	char titles[QUANT_HEAT][QUANT_TYPE_NAME];
	bool by_type;              /* types side by side instead of the plan */
	bool opening;
	char *name;                /* of the subject, open or opening; NULL none yet */
	const struct plan *of;     /* the recipe's plan it is the result of, only to compare */
	struct err error;
	struct rect head, foot;
	/* the least error at each size, by the solver: asked for once the sample is there */
	struct quant_front {
		double size[QUANT_FRONT], error[QUANT_FRONT];
		size_t n;
	} front;
	const struct quant_targets *front_of; /* what it was asked for; only to compare */
	bool fronting;             /* it is on its way */
};
const struct quant_row *quant_selected(const struct quant_view *v); /* NULL none */
/* After an edit or another arrangement: the table's columns and rows. */
void quant_table_again(struct quant_view *v);

/* quant_change.c */
bool quant_can_step(const struct view *view, enum step to);
unsigned quant_step(struct view *view, enum step to);

/* quant_front.c: asks for the front when it can be had. */
void quant_front_ask(struct quant_view *v);

/* quant_panes.c */
int quant_panes_height(int h);
void quant_draw_head(const struct quant_view *v, struct grid *g);
void quant_draw_panes(const struct quant_view *v, struct grid *g);
#endif
