#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"
#include "lineage/lineage.h"

#define DEPTH 48 /* of what is drawn: the leaves are found however deep they are */

struct rows {
	vec(struct lineage_row) v;
};

/* Rows that wait for their turn, the next one last. */
struct waiting {
	vec(struct lineage_row) v;
};

static void wait_parents(const struct lineage *l, struct waiting *w, const struct lineage_row *r)
{
	size_t first = l->first[r->node], end = l->first[r->node + 1];
	uint64_t lines = r->lines;

	lineage_ready(l, r->node);
	if (r->depth && !r->last)
		lines |= 1ull << r->depth;
	for (size_t e = end; e-- > first;)
		*vec_push(&w->v) = (struct lineage_row){ .node = l->edges[e].parent, .edge = e,
			.depth = r->depth + 1, .last = e + 1 == end, .lines = lines };
}

struct lineage_row *lineage_walk(const struct lineage *l, size_t node, size_t max_rows, size_t *n)
{
	bool *seen = xnew(bool, l->n_nodes + 1);
	struct waiting w = { 0 };
	struct rows rows = { 0 };

	*vec_push(&w.v) = (struct lineage_row){ .node = node, .edge = LINEAGE_NONE, .last = true };
	while (w.v.n) {
		struct lineage_row r = w.v.v[--w.v.n];
		bool parents = l->first[r.node] < l->first[r.node + 1];

		if (rows.v.n == max_rows) {
			if (rows.v.n)
				rows.v.v[rows.v.n - 1].cut = true;
			break;
		}
		r.shared = seen[r.node] && parents;
		r.cut = !r.shared && parents && r.depth >= DEPTH;
		*vec_push(&rows.v) = r;
		if (r.shared || r.cut)
			continue;
		seen[r.node] = true;
		wait_parents(l, &w, &r);
	}
	free(seen);
	vec_fini(&w.v);
	*n = rows.v.n;
	return rows.v.v;
}

/* --- every model once --- */

struct forest {
	const struct lineage *l;
	size_t *parent;
	size_t *depth;
};

static size_t meet(const struct forest *f, size_t a, size_t b)
{
	while (a != b && a != LINEAGE_NONE && b != LINEAGE_NONE) {
		if (f->depth[a] >= f->depth[b])
			a = f->parent[a];
		else
			b = f->parent[b];
	}
	return a == b ? a : LINEAGE_NONE;
}

#define CLIMBS 64 /* parents that are looked at for a common ancestor */

/* Where a model of several parents hangs; theirs are placed already. */
static size_t place(const struct forest *f, size_t node)
{
	const struct lineage *l = f->l;
	size_t first = l->first[node], end = l->first[node + 1], common;

	if (first == end)
		return LINEAGE_NONE;
	common = l->edges[first].parent;
	for (size_t e = first; e < end && e < first + CLIMBS; e++)
		if (str_eq(l->edges[e].relation, "base"))
			return l->edges[e].parent;
	for (size_t e = first + 1; e < end && e < first + CLIMBS; e++)
		if (!str_eq(l->edges[e].relation, "adapter"))
			common = meet(f, common, l->edges[e].parent);
	return common != LINEAGE_NONE ? common : l->edges[first].parent;
}

/* Nodes known by name are shown where they hold things together: a registered model above and
 * below, or two branches below that hold some. */
static void choose_shown(const struct forest *f, bool *shown)
{
	const struct lineage *l = f->l;
	size_t *branches = xnew(size_t, l->n_nodes + 1);
	bool *below = xnew(bool, l->n_nodes + 1), *above = xnew(bool, l->n_nodes + 1);

	for (size_t k = l->n_nodes; k-- > 0;) { /* children first */
		size_t i = l->order[k], p = f->parent[i];
		bool holds = l->nodes[i].model || below[i];

		if (p != LINEAGE_NONE && holds) {
			below[p] = true;
			branches[p]++;
		}
	}
	for (size_t k = 0; k < l->n_nodes; k++) {
		size_t i = l->order[k], p = f->parent[i];

		above[i] = p != LINEAGE_NONE && (l->nodes[p].model || above[p]);
		shown[i] = l->nodes[i].model || branches[i] > 1 || (branches[i] && above[i]);
	}
	free(branches);
	free(below);
	free(above);
}

void lineage_forest(const struct lineage *l, size_t *parent, bool *shown)
{
	struct forest f = { l, parent, xnew(size_t, l->n_nodes + 1) };

	for (size_t k = 0; k < l->n_nodes; k++) {
		size_t i = l->order[k];

		parent[i] = place(&f, i);
		f.depth[i] = parent[i] == LINEAGE_NONE ? 0 : f.depth[parent[i]] + 1;
	}
	choose_shown(&f, shown);
	for (size_t k = 0; k < l->n_nodes; k++) { /* over those that are not */
		size_t i = l->order[k], p = parent[i];

		if (p != LINEAGE_NONE && !shown[p])
			parent[i] = parent[p];
	}
	free(f.depth);
}

/* --- and drawn --- */

struct child {
	size_t node, parent; /* parent LINEAGE_NONE: a root, which come last */
	const char *name;
};

static int by_parent(const void *x, const void *y)
{
	const struct child *a = x, *b = y;
	int order;

	if (a->parent != b->parent)
		return a->parent < b->parent ? -1 : 1;
	order = strcmp(a->name, b->name);
	return order ? order : a->node < b->node ? -1 : a->node > b->node;
}

/* The children of a node are a run of the sorted list. */
static size_t first_child(const struct child *v, size_t n, size_t parent)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (v[mid].parent < parent)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static struct child *children(const struct lineage *l, size_t *n)
{
	size_t *parent = xnew(size_t, l->n_nodes + 1), k = 0;
	bool *shown = xnew(bool, l->n_nodes + 1);
	struct child *v = xnew(struct child, l->n_nodes + 1);

	lineage_forest(l, parent, shown);
	for (size_t i = 0; i < l->n_nodes; i++)
		if (shown[i])
			v[k++] = (struct child){ i, parent[i], l->nodes[i].name };
	qsort(v, k, sizeof *v, by_parent);
	free(parent);
	free(shown);
	*n = k;
	return v;
}

struct lineage_row *lineage_forest_rows(const struct lineage *l, size_t *n)
{
	size_t n_children, at;
	struct child *v = children(l, &n_children);
	struct waiting w = { 0 };
	struct rows rows = { 0 };

	for (size_t i = n_children; i-- > 0 && v[i].parent == LINEAGE_NONE;)
		*vec_push(&w.v) = (struct lineage_row){ .node = v[i].node, .edge = LINEAGE_NONE,
			.last = i + 1 == n_children };
	vec_reserve(&rows.v, 1);
	while (w.v.n) {
		struct lineage_row r = w.v.v[--w.v.n];
		uint64_t lines = r.lines;
		size_t end;

		*vec_push(&rows.v) = r;
		if (r.depth && r.depth < 64 && !r.last)
			lines |= 1ull << r.depth;
		end = at = first_child(v, n_children, r.node);
		while (end < n_children && v[end].parent == r.node)
			end++;
		for (size_t i = end; i-- > at;)
			*vec_push(&w.v) = (struct lineage_row){ .node = v[i].node,
				.edge = LINEAGE_NONE, .depth = r.depth + 1, .last = i + 1 == end,
				.lines = lines };
	}
	free(v);
	vec_fini(&w.v);
	*n = rows.v.n;
	return rows.v.v;
}
