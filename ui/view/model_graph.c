#include "config.h"
#include "ui/view/model_graph.h"
#include <stdlib.h>
#include "base/xalloc.h"

struct graph *graph_ref(struct graph *g)
{
	atomic_fetch_add(&g->refs, 1);
	return g;
}

void graph_unref(struct graph *g)
{
	if (!g || atomic_fetch_sub(&g->refs, 1) != 1)
		return;
	lineage_free(g->l);
	free(g);
}

struct making {
	struct catalog *catalog;
	struct lineage *l;
	unsigned (*done)(struct app *a, struct graph *g);
};

static void make(void *ctx)
{
	struct making *m = ctx;

	m->l = lineage_load(m->catalog, NULL);
	if (m->l) /* while nobody waits: rows show it for every model */
		lineage_ready_all(m->l);
}

static unsigned made(struct app *a, void *ctx)
{
	struct making *m = ctx;
	struct graph *g = m->l ? xnew(struct graph, 1) : NULL;
	unsigned (*done)(struct app *, struct graph *) = m->done;

	if (g) {
		g->l = m->l;
		atomic_init(&g->refs, 1);
	}
	free(m);
	return done(a, g);
}

static void drop(void *ctx)
{
	struct making *m = ctx;

	lineage_free(m->l);
	free(m);
}

void graph_make(struct app *a, unsigned (*done)(struct app *a, struct graph *g))
{
	struct making *m = xnew(struct making, 1);

	m->catalog = a->catalog;
	m->done = done;
	app_work(a, make, made, drop, m);
}
