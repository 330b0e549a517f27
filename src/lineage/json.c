#include "config.h"
#include <math.h>
#include <stdlib.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "lineage/lineage.h"

#define ROWS 5000 /* of a tree in JSON; more are cut, and it says so */

static void set(json_t *o, const char *key, json_t *v)
{
	json_object_set_new(o, key, v);
}

static void set_node(json_t *o, const struct lineage_node *x)
{
	set(o, "model", json_textn(x->name));
	set(o, "registered", json_boolean(x->model != 0));
	set(o, "state", json_textn(x->state));
	set(o, "path", json_textn(x->path));
	set(o, "run", x->run ? json_integer(x->run) : json_null());
	set(o, "dtype", json_textn(x->dtype));
	set(o, "license", json_textn(x->license));
	set(o, "ambiguous", json_boolean(x->ambiguous));
}

static void set_edge(json_t *o, const struct lineage_edge *e)
{
	set(o, "relation", json_textn(e->relation));
	set(o, "source", json_textn(e->source));
	set(o, "method", json_textn(e->method));
	set(o, "recipe", json_textn(e->recipe));
	set(o, "brief", json_textn(e->brief));
	set(o, "coefficient", json_number(e->coefficient));
	set(o, "approximate", json_boolean(e->approximate));
}

/* Rows of a walk as objects inside each other. */
static json_t *tree(const struct lineage *l, size_t node)
{
	size_t n;
	struct lineage_row *v = lineage_walk(l, node, ROWS, &n);
	/* at: parents of the last row at each depth; borrowed */
	json_t *at[64] = { NULL }, *top = NULL;

	for (size_t i = 0; i < n; i++) {
		json_t *o = json_object(), *parents = json_array();

		set_node(o, &l->nodes[v[i].node]);
		if (v[i].edge != LINEAGE_NONE)
			set_edge(o, &l->edges[v[i].edge]);
		if (v[i].shared)
			set(o, "shared", json_true());
		if (v[i].cut)
			set(o, "cut", json_true());
		if (v[i].depth)
			json_array_append_new(at[v[i].depth - 1], o);
		else
			top = o;
		at[v[i].depth] = parents;
		if (v[i].shared)
			json_decref(parents);
		else
			set(o, "parents", parents);
	}
	free(v);
	return top;
}

static json_t *parts(const struct lineage *l, const struct lineage_leaf *x)
{
	json_t *a = json_array();

	for (size_t i = 0; i < x->n_parts; i++) {
		json_t *o = json_object();

		set(o, "via", x->parts[i].node == x->node ? json_null() :
			json_textn(l->nodes[x->parts[i].node].name));
		set(o, "coefficient", json_number(x->parts[i].coefficient));
		json_array_append_new(a, o);
	}
	return a;
}

static json_t *leaf(const struct lineage *l, const struct lineage_leaf *x)
{
	json_t *o = json_object();

	set(o, "model", json_textn(l->nodes[x->node].name));
	set(o, "coefficient", json_number(x->coefficient));
	set(o, "via", json_textn(x->via));
	set(o, "approximate", json_boolean(x->approximate));
	set(o, "paths", json_integer((json_int_t)(x->paths < 1u << 30 ? x->paths : 1u << 30)));
	set(o, "why", json_textn(x->why));
	set(o, "at", json_textn(x->at));
	set(o, "parts", parts(l, x));
	return o;
}

static json_t *leaf_list(const struct lineage *l, struct lineage_leaf *v, size_t n)
{
	json_t *a = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(a, leaf(l, &v[i]));
	lineage_leaves_free(v, n);
	return a;
}

static json_t *also(const struct lineage *l, size_t node)
{
	json_t *a = json_array();

	for (size_t i = 0; i < l->n_also; i++) {
		json_t *o;

		if (l->also[i].child != node)
			continue;
		o = json_object();
		set(o, "model", json_textn(l->nodes[l->also[i].parent].name));
		set_edge(o, &l->also[i]);
		json_array_append_new(a, o);
	}
	return a;
}

json_t *lineage_json(const struct lineage *l, size_t node)
{
	json_t *o = tree(l, node);
	const struct lineage_node *x = &l->nodes[node];
	size_t n;
	struct lineage_leaf *v = lineage_leaves(l, node, &n);

	set(o, "leaves", leaf_list(l, v, n));
	v = lineage_doubled(l, node, &n);
	set(o, "double_counted", leaf_list(l, v, n));
	set(o, "carried", json_textn(x->carried));
	set(o, "conflict", json_textn(x->conflict));
	set(o, "card", json_textn(x->card_source));
	set(o, "also_stated", also(l, node));
	set(o, "circles_broken", json_u64(l->n_broken));
	return o;
}
