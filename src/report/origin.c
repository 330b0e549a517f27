/* Where a model comes from: parents, leaves with their shares, the tree of ancestors, licences. */
#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "recipe/publish.h"
#include "report/report_in.h"
#include "report/shared.h"

void report_edges(const struct report *r, size_t node, size_t *from, size_t *to)
{
	bool known = node < r->lineage->n_nodes;

	*from = known ? r->lineage->first[node] : 0;
	*to = known ? r->lineage->first[node + 1] : 0;
}

/* "owner/name": what the hub takes for base_model. */
static bool is_hub_name(const char *s)
{
	const char *slash = strchr(s, '/');

	return slash && slash > s && slash[1] && !strchr(slash + 1, '/') && !strpbrk(s, " \t\\:") &&
		*s != '.' && *s != '~';
}

static const struct catalog_input *input_called(const struct subject *s, const char *name)
{
	for (size_t i = 0; i < s->n_in; i++) {
		char *public = shared_input_name(&s->in[i]);
		bool same = !strcasecmp(public, name) ||
			!strcasecmp(str_base(public), str_base(name));

		free(public);
		if (same)
			return &s->in[i];
	}
	return NULL;
}

static json_t *parent_json(const struct report *r, const struct subject *s, const char *name,
	const char *relation, double share, const struct lineage_node *node)
{
	const struct catalog_input *in = input_called(s, name);
	char *public = report_public_name(name), *revision;
	json_t *o = json_object();

	(void)r;
	report_set(o, "name", public);
	report_put(o, "hub", json_boolean(is_hub_name(public)));
	report_set(o, "relation", relation);
	report_put(o, "base", json_boolean(str_eq(relation, "base") ||
		(in && str_eq(in->role, "base"))));
	report_put(o, "share", json_number(share));
	report_set(o, "hash", in ? in->hash : NULL);
	revision = in && in->path ? publish_revision(in->path) : NULL;
	report_set(o, "revision", revision);
	report_set(o, "license", node ? node->license : NULL);
	free(revision);
	free(public);
	return o;
}

static bool listed(const json_t *list, const char *name)
{
	json_t *o;
	size_t i;

	json_array_foreach((json_t *)list, i, o)
		if (!strcasecmp(str_base(json_text(o, "name", "")), str_base(name)))
			return true;
	return false;
}

/* From the graph; where it knows nothing, from the run's inputs. */
static json_t *parents(const struct report *r, const struct subject *s)
{
	json_t *list = json_array();
	size_t from, to;
	bool known;

	report_edges(r, s->node, &from, &to);
	for (size_t i = from; i < to; i++) {
		const struct lineage_edge *x = &r->lineage->edges[i];
		const struct lineage_node *p = &r->lineage->nodes[x->parent];

		if (!listed(list, p->name))
			json_array_append_new(list, parent_json(r, s, p->name, x->relation,
				x->coefficient, p));
	}
	known = json_array_size(list) > 0;
	for (size_t i = 0; !known && i < s->n_in; i++) {
		char *name = shared_input_name(&s->in[i]);

		if (!str_eq(s->in[i].role, "donor") && (s->in[i].path || s->in[i].hash) &&
			!listed(list, name))
			json_array_append_new(list, parent_json(r, s, name,
				str_eq(s->run->kind, "quantize") && !s->run->recipe_text ?
				"quantized" : "merge", NAN, NULL));
		free(name);
	}
	return list;
}

/* What base_model_relation says of all of them. */
static const char *relation_of(const struct subject *s, const json_t *list)
{
	json_t *o;
	size_t i;

	if (s->run)
		return s->run->recipe_text ? "merge" : "quantized";
	json_array_foreach((json_t *)list, i, o) {
		const char *relation = json_text(o, "relation", NULL);

		if (relation && !str_eq(relation, "base"))
			return relation;
	}
	return s->recipe_text ? "merge" : json_array_size(list) ? "finetune" : NULL;
}

static void add_leaves(const struct report *r, const struct subject *s, json_t *o)
{
	json_t *list = json_array();
	size_t n = 0;
	struct lineage_leaf *v = s->node != SIZE_MAX ?
		lineage_leaves(r->lineage, s->node, &n) : NULL;

	for (size_t i = 0; i < n; i++) {
		char *name = report_public_name(r->lineage->nodes[v[i].node].name);
		json_t *leaf = json_object();

		if (v[i].node == s->node) {
			json_decref(leaf);
			free(name);
			continue;
		}
		report_set(leaf, "name", name);
		report_put(leaf, "share", json_number(v[i].coefficient));
		report_put(leaf, "near", json_boolean(v[i].approximate));
		report_put(leaf, "ways", json_integer((json_int_t)v[i].paths));
		report_set(leaf, "via", v[i].via);
		json_array_append_new(list, leaf);
		free(name);
	}
	if (v)
		lineage_leaves_free(v, n);
	if (json_array_size(list) < 2) /* its parent, and nothing to divide */
		json_array_clear(list);
	report_put(o, "leaves", list);
}

/* --- the tree --- */

#define TREE_ROWS 200
#define TREE_DEPTH 24

struct tree {
	const struct lineage *l;
	struct str out;
	size_t rows;
	bool *shown;
};

static void add_node(struct tree *t, size_t node, const struct lineage_edge *edge,
	const char *indent, int depth)
{
	const struct lineage *l = t->l;
	char *name, *safe;
	bool again = t->shown[node];
	size_t from = l->first[node], to = l->first[node + 1];

	if (depth)
		str_addf(&t->out, "  (%s%s%s)", edge->relation ? edge->relation : "parent",
			edge->method ? ", " : "", edge->method ? edge->method : "");
	str_addf(&t->out, "%s\n", again && to > from ? "  see above" : "");
	if (again || depth >= TREE_DEPTH)
		return;
	t->shown[node] = true;
	for (size_t i = from; i < to && t->rows < TREE_ROWS; i++) {
		bool last = i + 1 == to;
		char *deeper;

		t->rows++;
		name = report_public_name(l->nodes[l->edges[i].parent].name);
		safe = str_safe(name);
		str_addf(&t->out, "%s%s %s", indent, last ? "└─" : "├─", safe);
		deeper = xasprintf("%s%s", indent, last ? "   " : "│  ");
		add_node(t, l->edges[i].parent, &l->edges[i], deeper, depth + 1);
		free(deeper);
		free(safe);
		free(name);
	}
}

static void add_tree(const struct report *r, const struct subject *s, json_t *o)
{
	struct tree t = { .l = r->lineage };
	char *safe = str_safe(s->name);
	size_t from, to;

	report_edges(r, s->node, &from, &to);
	if (to > from) {
		t.shown = xnew(bool, r->lineage->n_nodes + 1);
		str_add(&t.out, safe);
		add_node(&t, s->node, NULL, "", 0);
		free(t.shown);
	}
	report_set(o, "tree", t.out.n ? t.out.s : NULL);
	str_fini(&t.out);
	free(safe);
}

/* --- licences --- */

/* What a licence asks of who builds on the model, the more the higher; its own terms count between
 * those of the open ones and those without commerce. */
static int strictness(const char *license)
{
	static const struct { const char *part; int rank; } words[] = {
		{ "-nc", 6 }, { "noncommercial", 6 }, { "non-commercial", 6 }, { "research", 6 },
		{ "agpl", 4 }, { "gpl", 4 }, { "-sa", 4 },
		{ "apache", 2 }, { "mit", 1 }, { "bsd", 1 }, { "isc", 1 }, { "cc0", 0 },
		{ "unlicense", 0 }, { "wtfpl", 0 }, { "cc-by", 3 },
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcasestr(license, words[i].part))
			return words[i].rank;
	return 5;
}

struct licences {
	const struct lineage *l;
	bool *seen;
	const char *strictest, *of; /* and whose it is */
	struct str unknown;
	size_t n_unknown;
};

/* A model that says nothing is what its ancestors say; a leaf that says nothing is unknown. */
static void ask_licence(struct licences *x, size_t node, bool own, int depth)
{
	const struct lineage_node *n = &x->l->nodes[node];
	size_t from = x->l->first[node], to = x->l->first[node + 1];

	if (x->seen[node] || depth > 64)
		return;
	x->seen[node] = true;
	if (n->license && *n->license && (!x->strictest ||
		strictness(n->license) > strictness(x->strictest))) {
		x->strictest = n->license;
		x->of = n->name;
	}
	for (size_t i = from; i < to; i++)
		ask_licence(x, x->l->edges[i].parent, false, depth + 1);
	if (from == to && !own && !n->license) {
		char *name = report_public_name(n->name);

		if (x->n_unknown < 6)
			str_addf(&x->unknown, "%s%s", x->n_unknown ? ", " : "", name);
		else if (x->n_unknown == 6)
			str_add(&x->unknown, " and others");
		x->n_unknown++;
		free(name);
	}
}

static void add_license(const struct report *r, const struct subject *s, json_t *o)
{
	const char *own = s->model && s->model->license ? s->model->license :
		s->card ? s->card->license : NULL;
	struct licences x = { .l = r->lineage };
	char *why = NULL;

	if (s->node != SIZE_MAX) {
		x.seen = xnew(bool, r->lineage->n_nodes + 1);
		ask_licence(&x, s->node, true, 0);
		free(x.seen);
	}
	if (own && *own && (!x.strictest || strictness(own) >= strictness(x.strictest))) {
		x.strictest = own;
		x.of = NULL;
		str_clear(&x.unknown);
	}
	if (x.unknown.n)
		why = xasprintf("the licence of %s is not known here, so none is stated",
			x.unknown.s);
	else if (!x.strictest && s->node != SIZE_MAX)
		why = xstrdup("no licence is known of what it is made of, so none is stated");
	else if (x.of && (s->node == SIZE_MAX || x.of != r->lineage->nodes[s->node].name))
		why = xasprintf("the strictest of what it is made of, that of %s", x.of);
	report_set(o, "license", x.unknown.n ? NULL : x.strictest);
	report_set(o, "license_why", why);
	free(why);
	str_fini(&x.unknown);
}

#define HUB_PARENTS 64

/* What the hub can be told: a parent without a repository is what it was made of in its turn. */
static void add_hub_parents(const struct report *r, const struct subject *s, size_t node,
	bool *seen, json_t *list, const char **relation, int depth)
{
	size_t from, to;

	if (seen[node] || depth > 64)
		return;
	seen[node] = true;
	report_edges(r, node, &from, &to);
	for (size_t i = from; i < to && json_array_size(list) < HUB_PARENTS; i++) {
		const struct lineage_edge *x = &r->lineage->edges[i];
		const struct lineage_node *p = &r->lineage->nodes[x->parent];
		bool made = lineage_is_made(r->lineage, x->parent);
		char *name = report_public_name(p->name);

		if (!is_hub_name(name) && made) {
			add_hub_parents(r, s, x->parent, seen, list, relation, depth + 1);
		} else if (!listed(list, name)) {
			json_array_append_new(list, parent_json(r, s, p->name, x->relation,
				x->coefficient, p));
			*relation = !*relation || str_eq(x->relation, "merge") ? x->relation :
				*relation;
		}
		free(name);
	}
}

static void hub_parents(const struct report *r, const struct subject *s, json_t *o)
{
	json_t *list = json_array();
	const char *relation = NULL;
	bool *seen = xnew(bool, r->lineage->n_nodes + 1);

	if (s->node != SIZE_MAX)
		add_hub_parents(r, s, s->node, seen, list, &relation, 0);
	free(seen);
	if (!json_array_size(list))
		json_array_extend(list, json_object_get(o, "parents"));
	if (str_eq(relation, "base"))
		relation = NULL;
	report_put(o, "hub_parents", list);
	report_set(o, "hub_relation", str_eq(json_text(o, "relation", NULL), "quantized") &&
		relation ? relation : json_text(o, "relation", NULL));
}

void report_origin(const struct report *r, const struct subject *s, json_t *o)
{
	json_t *list = parents(r, s), *merged = json_array(), *p;
	size_t i;

	report_set(o, "relation", relation_of(s, list));
	json_array_foreach(list, i, p)
		if (!json_flag(p, "base", false))
			json_array_append(merged, p);
	report_put(o, "parents", list);
	report_put(o, "merged", merged);
	hub_parents(r, s, o);
	add_leaves(r, s, o);
	add_tree(r, s, o);
	add_license(r, s, o);
}
