#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "lineage/lineage.h"
#include "base/vec.h"

#define MANY_PATHS (SIZE_MAX / 4)
#define PARTS 64 /* ways that are told apart */

bool lineage_is_made(const struct lineage *l, size_t node)
{
	for (size_t e = l->first[node]; e < l->first[node + 1]; e++)
		if (str_eq(l->edges[e].relation, "merge") ||
			str_eq(l->edges[e].relation, "quantized"))
			return true;
	/* A recipe of base and adapters. */
	for (size_t e = l->first[node]; e < l->first[node + 1]; e++)
		if (l->edges[e].recipe)
			return true;
	return false;
}

/* One pass from a node down to its leaves. */
struct flow {
	const struct lineage *l;
	bool *reached;
	double *c;
	bool *near;            /* approximate */
	const char **why;
	size_t *at;            /* whose recipe that is */
	size_t *paths;
};

static struct flow flow_new(const struct lineage *l)
{
	size_t n = l->n_nodes + 1;

	return (struct flow){ .l = l, .reached = xnew(bool, n), .c = xnew(double, n),
		.near = xnew(bool, n), .why = xnew(const char *, n), .at = xnew(size_t, n),
		.paths = xnew(size_t, n) };
}

static void flow_free(struct flow *f)
{
	free(f->reached);
	free(f->c);
	free(f->near);
	free(f->why);
	free(f->at);
	free(f->paths);
}

static void pour(struct flow *f, const struct lineage_edge *e)
{
	size_t from = e->child, to = e->parent;
	double part = f->c[from] * e->coefficient;

	if (!f->reached[to]) {
		f->reached[to] = true;
		f->c[to] = 0.0;
		f->paths[to] = 0;
		f->near[to] = false;
		f->why[to] = NULL;
	}
	if (!f->why[to] || (isnan(part) && !isnan(f->c[to]))) {
		f->why[to] = isnan(e->coefficient) || !f->why[from] ? e->why : f->why[from];
		f->at[to] = isnan(e->coefficient) || !f->why[from] ? from : f->at[from];
	}
	f->c[to] += part;
	f->near[to] |= f->near[from] || e->approximate;
	f->paths[to] += f->paths[from];
	if (f->paths[to] > MANY_PATHS)
		f->paths[to] = MANY_PATHS;
}

/* All nodes in an order in which a model comes before its parents. */
static void run_flow(struct flow *f, size_t root)
{
	const struct lineage *l = f->l;

	memset(f->reached, 0, l->n_nodes);
	f->reached[root] = true;
	f->c[root] = 1.0;
	f->paths[root] = 1;
	f->near[root] = false;
	f->why[root] = NULL;
	for (size_t k = l->n_nodes; k-- > 0;) {
		size_t i = l->order[k];

		if (!f->reached[i] || !lineage_is_made(l, i))
			continue;
		lineage_ready(l, i);
		for (size_t e = l->first[i]; e < l->first[i + 1]; e++)
			if (l->edges[e].coefficient != 0.0) /* it lends no weights */
				pour(f, &l->edges[e]);
	}
}

/* Where the ways part: the first node below the root that was made of several. */
static size_t fork_of(const struct lineage *l, size_t node)
{
	while (lineage_is_made(l, node) && l->first[node + 1] - l->first[node] == 1)
		node = l->edges[l->first[node]].parent;
	return node;
}

static void add_part(struct lineage_leaf *x, size_t node, double c)
{
	x->parts = xrealloc(x->parts, (x->n_parts + 1) * sizeof *x->parts);
	x->parts[x->n_parts++] = (struct lineage_part){ node, c };
}

/* What each leaf gets by way of each parent of the fork. */
static void split(const struct lineage *l, size_t root, struct lineage_leaf *v, size_t n)
{
	size_t fork = fork_of(l, root), first = l->first[fork], end = l->first[fork + 1];
	struct flow f;

	if (!lineage_is_made(l, fork))
		return;
	f = flow_new(l);
	if (end - first > PARTS)
		end = first + PARTS;
	for (size_t e = first; e < end; e++) {
		if (l->edges[e].coefficient == 0.0)
			continue;
		run_flow(&f, l->edges[e].parent);
		for (size_t i = 0; i < n; i++)
			if (f.reached[v[i].node] && f.c[v[i].node] != 0.0)
				add_part(&v[i], l->edges[e].parent,
					l->edges[e].coefficient * f.c[v[i].node]);
	}
	flow_free(&f);
}

static char *via_text(const struct lineage *l, const struct lineage_leaf *x)
{
	struct str s = STR_INIT;

	for (size_t i = 0; i < x->n_parts && i < 6; i++)
		if (x->parts[i].node != x->node)
			str_addf(&s, "%s%s", s.n ? ", " : "", l->nodes[x->parts[i].node].name);
	if (x->n_parts > 6)
		str_addf(&s, " and %zu more", x->n_parts - 6);
	return s.n ? str_steal(&s) : NULL;
}

static struct lineage_leaf leaf_of(const struct flow *f, size_t i)
{
	const struct lineage *l = f->l;
	bool sum = !isnan(f->c[i]);
	bool told = f->why[i] && (!sum || f->near[i]);

	return (struct lineage_leaf){ .node = i, .coefficient = f->c[i], .paths = f->paths[i],
		.approximate = f->near[i] && sum, .why = told ? f->why[i] : NULL,
		.at = told ? xstrdup(l->nodes[f->at[i]].name) : NULL };
}

static int by_coefficient(const void *x, const void *y)
{
	const struct lineage_leaf *a = x, *b = y;
	double p = isnan(a->coefficient) ? -1.0 : fabs(a->coefficient);
	double q = isnan(b->coefficient) ? -1.0 : fabs(b->coefficient);

	if (fabs(p - q) > 1e-9)
		return p > q ? -1 : 1;
	return a->node < b->node ? -1 : a->node > b->node;
}

struct found {
	vec(struct lineage_leaf) v;
};

static struct lineage_leaf *finish(const struct lineage *l, size_t root, struct found *x, size_t *n)
{
	split(l, root, x->v.v, x->v.n);
	for (size_t i = 0; i < x->v.n; i++)
		x->v.v[i].via = via_text(l, &x->v.v[i]);
	*n = x->v.n;
	return x->v.v;
}

struct lineage_leaf *lineage_leaves(const struct lineage *l, size_t node, size_t *n)
{
	struct flow f = flow_new(l);
	struct found found = { 0 };

	vec_reserve(&found.v, 1);
	run_flow(&f, node);
	for (size_t i = 0; i < l->n_nodes; i++)
		if (f.reached[i] && i != node && !lineage_is_made(l, i))
			*vec_push(&found.v) = leaf_of(&f, i);
	flow_free(&f);
	qsort(found.v.v, found.v.n, sizeof *found.v.v, by_coefficient);
	return finish(l, node, &found, n);
}

struct lineage_leaf *lineage_doubled(const struct lineage *l, size_t node, size_t *n)
{
	struct flow f = flow_new(l);
	struct found found = { 0 };

	vec_reserve(&found.v, 1);
	run_flow(&f, node);
	for (size_t k = l->n_nodes; k-- > 0;) {
		size_t i = l->order[k];

		if (f.reached[i] && i != node && f.paths[i] > 1)
			*vec_push(&found.v) = leaf_of(&f, i);
	}
	flow_free(&f);
	return finish(l, node, &found, n);
}

void lineage_leaves_free(struct lineage_leaf *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(v[i].via);
		free(v[i].at);
		free(v[i].parts);
	}
	free(v);
}

char *lineage_parts_text(const struct lineage *l, const struct lineage_leaf *x)
{
	struct str s = STR_INIT;

	str_add(&s, "");
	for (size_t i = 0; i < x->n_parts && i < 8; i++) {
		const struct lineage_part *p = &x->parts[i];

		str_add(&s, i ? " + " : "");
		if (!isnan(p->coefficient))
			str_addf(&s, "%.2f ", p->coefficient);
		if (p->node == x->node)
			str_add(&s, "directly");
		else
			str_addf(&s, "via %s", l->nodes[p->node].name);
	}
	if (x->n_parts > 8)
		str_addf(&s, " and %zu more", x->n_parts - 8);
	return str_steal(&s);
}

bool lineage_descends(const struct lineage *l, size_t from, size_t node)
{
	bool *reached = xnew(bool, l->n_nodes + 1), yes;

	reached[from] = true;
	for (size_t k = l->n_nodes; k-- > 0;) {
		size_t i = l->order[k];

		for (size_t e = l->first[i]; reached[i] && e < l->first[i + 1]; e++)
			reached[l->edges[e].parent] = true;
	}
	yes = reached[node];
	free(reached);
	return yes;
}

const char *lineage_made_by(const struct lineage *l, size_t node)
{
	size_t first = l->first[node], end = l->first[node + 1];

	lineage_ready(l, node);
	for (size_t e = first; e < end; e++)
		if (l->edges[e].brief && *l->edges[e].brief)
			return l->edges[e].brief;
	for (size_t e = first; e < end; e++)
		if (!str_eq(l->edges[e].relation, "base"))
			return l->edges[e].relation;
	return first < end ? "finetune" : NULL;
}

char *lineage_leaf_text(const struct lineage *l, const struct lineage_leaf *x)
{
	struct str s = STR_INIT;
	char *parts;

	if (isnan(x->coefficient))
		str_add(&s, "?");
	else
		str_addf(&s, "%s%.2f", x->approximate ? "\xe2\x89\x88" : "", x->coefficient);
	if (x->paths > 1) {
		if (x->paths == 2)
			str_add(&s, ", counted twice");
		else if (x->paths < 1000000)
			str_addf(&s, ", counted %zu times", x->paths);
		else
			str_add(&s, ", counted over and over");
		parts = lineage_parts_text(l, x);
		if (*parts)
			str_addf(&s, ": %s", parts);
		free(parts);
	} else if (x->via) {
		str_addf(&s, " via %s", x->via);
	}
	return str_steal(&s);
}
