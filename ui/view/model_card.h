/* model_card: what the pane beside the tree says of one model: where it comes from, what it holds,
 * what was made of it and noted about it. What needs files read is read on a worker.
 * Embedded in the view; UI thread only. */
#ifndef CUPEL_UI_MODEL_CARD_H
#define CUPEL_UI_MODEL_CARD_H
#include "ui/view/app.h"

struct card_line {
	const char *label; /* constant text */
	char *text;
	unsigned style;
};
struct peek;
struct model_card {
	int64_t id;            /* of the model shown, 0 none */
	uint64_t version;      /* of the app's models when it was made */
	char *title;
	vec(struct card_line) lines;
	struct peek *known;    /* what its files said, once read */
	bool reading;          /* a worker reads them */
};
/* Show m (NULL: nothing). Cheap when it is shown already. */
void model_card_show(struct model_card *c, struct app *a, const struct catalog_model *m);
void model_card_draw(const struct model_card *c, struct grid *g, struct rect r);
void model_card_fini(struct model_card *c);
#endif
