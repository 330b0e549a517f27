/* model_graph: the graph of lineage as the views hold it: made on a worker whenever the catalog
 * changed, shared by count: what still works on an older one keeps it. graph_ref and graph_unref
 * from any thread, the rest UI thread only. */
#ifndef CUPEL_UI_MODEL_GRAPH_H
#define CUPEL_UI_MODEL_GRAPH_H
#include <stdatomic.h>
#include "lineage/lineage.h"
#include "ui/view/app.h"

struct graph {
	struct lineage *l;
	atomic_int refs;
};
struct graph *graph_ref(struct graph *g);
void graph_unref(struct graph *g);           /* NULL: nothing */
/* done gets a reference, or NULL where the catalog could not be read. */
void graph_make(struct app *a, unsigned (*done)(struct app *a, struct graph *g));
#endif
