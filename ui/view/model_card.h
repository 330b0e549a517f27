/* model_card: what the pane beside the tree says of one model: where it comes from, what it holds,
 * what was made of it and noted about it, and its card as a page to read. What needs files read is
 * read on a worker.
 * Embedded in the view; UI thread only. */
#ifndef CUPEL_UI_MODEL_CARD_H
#define CUPEL_UI_MODEL_CARD_H
#include "ui/view/model_graph.h"
#include "ui/view/run_page.h"

struct card_line {
	const char *label; /* constant text */
	char *text;
	unsigned style;
};
struct peek;
struct measuring;
struct model_card {
	int64_t id;            /* of the model shown; < 0 a node known by name only; 0 none */
	uint64_t version;      /* of the app's models when it was made */
	struct graph *graph;   /* and the graph; a reference, or NULL */
	size_t node;           /* in it, or LINEAGE_NONE */
	bool wide;             /* beside the tree: room for more */
	char *title;
	vec(struct card_line) lines;
	struct peek *known;    /* what its files said, once read */
	bool reading;          /* a worker reads them */
	struct measuring *at;  /* a worker compares its weights with others' */
	struct measuring *measured; /* what came of it */
};
/* Show m; NULL: the node of the graph, which is known by name only; LINEAGE_NONE: nothing. Cheap
 * when it is shown already. */
void model_card_show(struct model_card *c, struct app *a, const struct catalog_model *m,
	struct graph *graph, size_t node, bool wide);
void model_card_draw(const struct model_card *c, struct grid *g, struct rect r);
/* All of it, and the text of the card that was imported or lies beside the weights. */
void model_card_page(const struct model_card *c, struct app *a, struct run_page *p, int width);
/* Samples the weights of every model of its shapes; the answer comes into the card. */
void model_card_nearest(struct model_card *c, struct app *a);
/* Of the folder, or NULL: not there, or not read yet. Borrowed. */
const char *model_card_readme(const struct model_card *c);
bool model_card_busy(const struct model_card *c);
void model_card_fini(struct model_card *c);
void card_line(struct model_card *c, const char *label, unsigned style, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
#endif
