/* What a recipe is a sum of, worked out when it is asked for: reading YAML takes most of the time
 * that a graph of thousands of runs would take. */
#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "lineage/build.h"
#include "system/pool.h"

/* Inputs of a run are those of its recipe, in their order. */
static void fill(struct lineage_edge *v, size_t n, const struct recipe *r)
{
	struct share s = { .why = "its recipe cannot be read" };

	if (r)
		share_of(r, &s);
	for (size_t i = 0; i < n; i++) {
		struct lineage_edge *e = &v[i];
		bool known = r && (size_t)e->position < recipe_inputs(r);

		e->coefficient = known ? s.c[e->position] : NAN;
		e->approximate = s.approximate && !isnan(e->coefficient);
		e->why = s.why;
		e->brief = s.brief ? xstrdup(s.brief) : NULL;
	}
	free(s.brief);
}

void lineage_ready(const struct lineage *l, size_t node)
{
	struct lineage *own = (struct lineage *)l; /* under its lock */
	size_t first = l->first[node], n = l->first[node + 1] - first;
	struct lineage_edge *v = l->edges + first;
	struct recipe *r;

	if (!n)
		return;
	pthread_mutex_lock(&own->lock);
	if (v->pending) {
		r = recipe_parse(v->recipe, strlen(v->recipe), NULL, NULL);
		fill(v, n, r);
		recipe_unref(r);
		v->pending = false;
	}
	pthread_mutex_unlock(&own->lock);
}

/* --- all of them --- */

#define READ_ALONE 256 /* recipes that are not worth threads */

struct reading {
	const struct lineage *l;
	const size_t *node;
};

/* Each node by one thread, and nobody else has the graph yet: no lock. */
static void read_one(void *ctx, size_t i, unsigned worker)
{
	const struct reading *w = ctx;
	size_t first = w->l->first[w->node[i]];
	struct lineage_edge *v = w->l->edges + first;
	struct recipe *r = recipe_parse(v->recipe, strlen(v->recipe), NULL, NULL);

	(void)worker;
	fill(v, w->l->first[w->node[i] + 1] - first, r);
	v->pending = false;
	recipe_unref(r);
}

void lineage_ready_all(const struct lineage *l)
{
	size_t *node = xnew(size_t, l->n_nodes + 1), n = 0;
	struct reading w = { l, node };
	struct pool *pool;

	for (size_t i = 0; i < l->n_nodes; i++)
		if (l->first[i] < l->first[i + 1] && l->edges[l->first[i]].pending)
			node[n++] = i;
	pool = n > READ_ALONE ? pool_new(0) : NULL;
	if (pool)
		pool_for(pool, n, read_one, &w, NULL);
	for (size_t i = 0; !pool && i < n; i++)
		read_one(&w, i, 0);
	pool_free(pool);
	free(node);
}
