#include "config.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "lineage/build.h"
#include "system/file.h"

#define RECIPE_MAX ((size_t)1 << 20) /* of a file beside a model */

struct lineage_edge *draft_edge(struct draft *d, const struct origin *o, size_t parent,
	const char *relation)
{
	struct lineage_edge *e = vec_push(&d->edges);

	e->child = o->child;
	e->parent = parent;
	e->relation = xstrdup(relation);
	e->source = xstrdup(o->source);
	e->coefficient = NAN;
	e->run = o->run;
	e->card = o->card;
	e->strength = (int)o->strength;
	e->position = (int64_t)d->edges.n;
	return e;
}

static void tell(struct lineage_edge *e, const struct share *s, double c, const struct recipe *r,
	char *text)
{
	e->coefficient = c;
	e->approximate = s->approximate && !isnan(c);
	e->why = s->why;
	e->brief = xstrdup(s->brief);
	e->method = r->method_name ? xstrdup(r->method_name) : NULL;
	e->recipe = text;
}

/* --- recipes --- */

static const struct catalog_input *input_called(const struct origin *o, const char *text)
{
	for (size_t i = 0; i < o->n_in; i++)
		if (str_eq(o->in[i].name, text))
			return &o->in[i];
	return NULL;
}

static size_t node_of_ref(struct draft *d, const struct origin *o,
	const struct recipe_ref_text *ref)
{
	const struct catalog_input *in = input_called(o, ref->text);

	return draft_node(d, ref->path, in ? in->path : NULL,
		in && !ref->n_loras ? in->hash : NULL, o->child);
}

/* Documents of one file, as nodes. */
struct documents {
	size_t node[RECIPE_MAX_DOCUMENTS];
	char *text;
};

static void add_recipe(struct draft *d, const struct origin *o, const struct recipe *r,
	struct documents *docs);

/* Recipes use each other in no ring, so this ends. */
static size_t node_of_document(struct draft *d, const struct origin *o, const struct recipe *r,
	struct documents *docs)
{
	size_t *node = &docs->node[r->document];
	struct origin inner = *o;
	char *name;

	if (*node != LINEAGE_NONE)
		return *node;
	name = recipe_title(r);
	*node = draft_named(d, name, NULL, "never written");
	free(name);
	inner.child = *node;
	add_recipe(d, &inner, r, docs);
	return *node;
}

static void add_recipe(struct draft *d, const struct origin *o, const struct recipe *r,
	struct documents *docs)
{
	struct share s;
	size_t n = recipe_inputs(r);
	int base = recipe_base(r);

	share_of(r, &s);
	for (size_t i = 0; i < n; i++) {
		const struct recipe_ref_text *ref = recipe_input_ref(r, i);
		const struct recipe *inner = recipe_of_ref(r, ref);
		double c = i < MERGE_MAX_INPUTS ? s.c[i] : NAN;
		size_t parent = inner ? node_of_document(d, o, inner, docs) :
			node_of_ref(d, o, ref);

		tell(draft_edge(d, o, parent, (int)i == base ? "base" : "merge"), &s, c, r,
			docs->text);
		for (size_t k = 0; k < ref->n_loras; k++)
			tell(draft_edge(d, o, draft_node(d, ref->loras[k].path, NULL, NULL,
				o->child), "adapter"), &s, c * ref->loras[k].scale, r, docs->text);
	}
	free(s.brief);
}

/* The edges of a recipe: documents in it become nodes of their own. */
static void draft_recipe(struct draft *d, const struct origin *o, const struct recipe *r,
	char *recipe_text)
{
	struct documents docs = { .text = recipe_text };

	for (size_t i = 0; i < RECIPE_MAX_DOCUMENTS; i++)
		docs.node[i] = LINEAGE_NONE;
	add_recipe(d, o, r, &docs);
}

/* --- runs --- */

static bool is_parent(const struct catalog_input *in)
{
	return str_eq(in->role, "base") || str_eq(in->role, "input");
}

/* A run of plain models, each once: its edges need no look into the recipe yet. False: it does. */
static bool add_pending(struct draft *d, const struct origin *o, const struct catalog_run *r)
{
	size_t first = d->edges.n, parent[MERGE_MAX_INPUTS];

	if (str_eq(r->kind, "quantize") || !r->recipe_text || !o->n_in ||
		o->n_in > MERGE_MAX_INPUTS || strstr(r->recipe_text, "\n---"))
		return false; /* nor one of several documents */
	for (size_t i = 0; i < o->n_in; i++)
		if (!is_parent(&o->in[i]) || strchr(o->in[i].name, '+'))
			return false;
	for (size_t i = 0; i < o->n_in; i++) {
		const struct catalog_input *in = &o->in[i];

		parent[i] = draft_node(d, in->name, in->path, in->hash, o->child);
		for (size_t k = 0; k < i; k++)
			if (parent[k] == parent[i])
				return false;
	}
	for (size_t i = 0; i < o->n_in; i++) {
		struct lineage_edge *e = draft_edge(d, o, parent[i],
			str_eq(o->in[i].role, "base") ? "base" : "merge");

		e->position = (int64_t)i;
		e->pending = true;
		e->method = r->method ? xstrdup(r->method) : NULL;
		e->recipe = r->recipe_text;
	}
	return d->edges.n > first;
}

static void from_inputs(struct draft *d, const struct origin *o, const struct catalog_run *r,
	bool quantized)
{
	for (size_t i = 0; i < o->n_in; i++) {
		const struct catalog_input *in = &o->in[i];
		struct lineage_edge *e;
		size_t parent;

		if (!is_parent(in))
			continue;
		parent = draft_node(d, in->name, in->path, in->hash, o->child);
		e = draft_edge(d, o, parent, quantized ? "quantized" :
			str_eq(in->role, "base") ? "base" : "merge");
		e->method = r->method ? xstrdup(r->method) : NULL;
		e->brief = r->method ? xstrdup(r->method) : NULL;
		e->recipe = r->recipe_text;
		e->coefficient = quantized ? 1.0 : NAN;
		e->why = quantized ? NULL : "its recipe cannot be read";
	}
}

/* A merge that was quantized while it was made stands between as a node of its own. */
static void add_run(struct draft *d, struct origin *o, const struct catalog_run *r)
{
	char *text = r->recipe_text;
	bool quantized = str_eq(r->kind, "quantize");
	struct recipe *recipe = text ? recipe_parse(text, strlen(text), r->recipe_path, NULL) :
		NULL;

	if (!recipe) {
		from_inputs(d, o, r, quantized);
		return;
	}
	if (quantized) {
		char *name = recipe->name ? xstrdup(recipe->name) : xasprintf("merge of run %"
			PRId64, r->id);
		struct lineage_edge *e;

		size_t between = draft_named(d, name, NULL, "never written");
		e = draft_edge(d, o, between, "quantized");
		e->coefficient = 1.0;
		e->method = r->method ? xstrdup(r->method) : NULL;
		e->brief = r->method ? xstrdup(r->method) : NULL;
		o->child = between;
		free(name);
	}
	draft_recipe(d, o, recipe, text);
	recipe_unref(recipe);
}

/* The node a run wrote: what lies there now, or what lay there before a later run wrote to it. */
static size_t node_of_run(struct draft *d, const struct catalog_run *r, bool *known)
{
	size_t v[1], node = names_find(d->names, NAME_PATH, r->output, v, 1) ? v[0] : LINEAGE_NONE;
	struct lineage_node *x = node == LINEAGE_NONE ? NULL : &d->nodes.v[node];
	char *name;

	*known = false;
	if (x && (!x->run || x->run == r->id)) {
		x->run = r->id;
		return node;
	}
	if (x) {
		/* The same bytes written again are the same model. */
		if (str_eq(d->hashes.v[node], r->output_hash)) {
			*known = true;
			return node;
		}
		name = xasprintf("%s (run %" PRId64 ")", *r->name ? r->name :
			name_tail(r->output), r->id);
		node = draft_named(d, name, NULL, "replaced");
	} else {
		name = xstrdup(r->name && *r->name ? r->name : name_tail(r->output));
		node = draft_named(d, name, r->output, "dropped");
		names_add_all(d->names, name, node);
	}
	free(name);
	if (r->output_hash) {
		d->hashes.v[node] = r->output_hash;
		names_add(d->names, NAME_HASH, r->output_hash, node);
	}
	d->nodes.v[node].run = r->id;
	d->nodes.v[node].bytes = r->bytes;
	return node;
}

void draft_runs(struct draft *d, struct catalog_making *v, size_t n)
{
	size_t *child = xnew(size_t, n + 1);

	/* Every output first: runs read what later ones in the list wrote. */
	for (size_t i = 0; i < n; i++) {
		bool known;

		child[i] = node_of_run(d, &v[i].run, &known);
		if (known)
			child[i] = LINEAGE_NONE;
	}
	for (size_t i = 0; i < n; i++) {
		char source[40];
		struct origin o = { .child = child[i], .strength = SAYS_RUN, .source = source,
			.run = v[i].run.id, .in = v[i].in, .n_in = v[i].n_in };

		snprintf(source, sizeof source, "run %" PRId64, v[i].run.id);
		if (child[i] != LINEAGE_NONE && !add_pending(d, &o, &v[i].run))
			add_run(d, &o, &v[i].run);
		if (v[i].run.recipe_text) /* its edges share it */
			*vec_push(&d->texts) = v[i].run.recipe_text;
		v[i].run.recipe_text = NULL;
	}
	free(child);
}

/* --- what cards and files state --- */

static const struct catalog_card *card_by_id(const struct catalog_card *v, size_t n, int64_t id)
{
	size_t lo = 0, hi = n; /* newest first: ids descend */

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (v[mid].id == id)
			return &v[mid];
		if (v[mid].id > id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/* What a recipe beside the model's files says: mergekit_config.yml, of what was made elsewhere. */
static char *recipe_beside(const struct draft *d, size_t node)
{
	char *path, *text = NULL;
	size_t n;

	if (node >= d->n_models || !file_is_dir(d->models[node].path))
		return NULL;
	path = str_join_path(d->models[node].path, "mergekit_config.yml");
	if (file_exists(path))
		text = file_read_all(path, RECIPE_MAX, &n, NULL);
	free(path);
	return text;
}

static bool same_model(const char *a, const char *b)
{
	size_t n, m;
	const char *x = name_owner(a, &n), *y = name_owner(b, &m);

	return !strcasecmp(name_tail(a), name_tail(b)) &&
		(!x || !y || (n == m && !strncasecmp(x, y, n)));
}

/* Which input of the recipe a stated parent is: -1 none. */
static long input_of(const struct recipe *r, const char *parent)
{
	for (size_t i = 0; r && i < recipe_inputs(r); i++)
		if (same_model(recipe_input_ref(r, i)->path, parent))
			return (long)i;
	return -1;
}

/* The inputs that the stated parents are; the only one left on both sides is meant too: recipes
 * name folders where cards name models. */
static void match(const struct recipe *r, const struct catalog_edge *v, size_t n, long *input,
	bool *used)
{
	size_t left = 0, the_left = 0, free_in = 0, the_free = 0;

	for (size_t i = 0; i < n; i++) {
		input[i] = input_of(r, v[i].parent);
		if (input[i] >= MERGE_MAX_INPUTS)
			input[i] = -1;
		if (input[i] >= 0) {
			used[input[i]] = true;
		} else if (str_eq(v[i].relation, "merge")) {
			left++;
			the_left = i;
		}
	}
	for (size_t k = 0; r && k < recipe_inputs(r) && k < MERGE_MAX_INPUTS; k++)
		if (!used[k]) {
			free_in++;
			the_free = k;
		}
	if (left == 1 && free_in == 1) {
		input[the_left] = (long)the_free;
		used[the_free] = true;
	}
}

/* A card that gives a recipe under another name is of what was made of that merge. */
static bool is_of_merge(const char *child, const char *merge)
{
	const char *tail = name_tail(child);
	size_t n = strlen(merge);

	return n && strlen(tail) > n && !strncasecmp(tail, merge, n) && strchr("-_.", tail[n]);
}

/* The type a card says that its model is quantized to, or NULL. Caller frees. */
static char *quantized_to(const struct catalog_card *card)
{
	json_t *j = card && card->facts && strstr(card->facts, "\"quantization\"") ?
		json_parse(card->facts, strlen(card->facts), "card", false, NULL) : NULL;
	const char *type = json_text(j, "quantization.type", NULL);
	char *out = type && *type ? xstrdup(type) : NULL;

	json_decref(j);
	return out;
}

static void set_quantized(struct draft *d, struct lineage_edge *e, const char *type)
{
	struct lineage_node *x = &d->nodes.v[e->child];

	e->coefficient = 1.0;
	e->brief = type ? xstrdup(type) : NULL;
	if (type && !x->dtype)
		x->dtype = xstrdup(type);
}

/* The edges of one child from one card, or one kind of file: v[0 … n). */
static void add_stated(struct draft *d, struct origin *o, const struct catalog_edge *v, size_t n,
	char *text, const char *type)
{
	struct recipe *r = text ? recipe_parse(text, strlen(text), NULL, NULL) : NULL;
	struct share s = { 0 };
	bool used[MERGE_MAX_INPUTS] = { false };
	long *input;

	if (r && r->documents > 1 && recipe_inputs(r)) { /* the whole says more than a list */
		draft_recipe(d, o, r, text);
		recipe_unref(r);
		return;
	}
	if (r)
		share_of(r, &s);
	if (r && r->name && is_of_merge(v[0].child, r->name)) {
		size_t between = draft_node(d, r->name, NULL, NULL, o->child);

		set_quantized(d, draft_edge(d, o, between, "quantized"), type);
		o->child = between;
	}
	input = xnew(long, n);
	match(r, v, n, input, used);
	for (size_t i = 0; i < n; i++) {
		size_t parent = draft_node(d, v[i].parent, NULL, NULL, o->child);
		struct lineage_edge *e;

		if (parent == o->child)
			continue;
		e = draft_edge(d, o, parent, v[i].relation);
		if (input[i] >= 0)
			tell(e, &s, s.c[input[i]], r, text);
		else if (str_eq(v[i].relation, "quantized"))
			set_quantized(d, e, type);
		else if (r) /* named beside the recipe, as the base of its models */
			e->coefficient = 0.0;
		else
			e->why = "no recipe says how much of it";
	}
	free(input);
	for (size_t k = 0; r && k < recipe_inputs(r) && k < MERGE_MAX_INPUTS; k++)
		if (!used[k]) {
			const struct recipe_ref_text *ref = recipe_input_ref(r, k);
			size_t parent = draft_node(d, ref->path, NULL, NULL, o->child);

			if (parent != o->child)
				tell(draft_edge(d, o, parent, (int)k == recipe_base(r) ? "base" :
					"merge"), &s, s.c[k], r, text);
		}
	free(s.brief);
	recipe_unref(r);
}

static enum strength strength_of(const char *source)
{
	return str_eq(source, "provenance") ? SAYS_PROVENANCE :
		str_eq(source, "card") ? SAYS_CARD : SAYS_METADATA;
}

static bool together(const struct catalog_edge *a, const struct catalog_edge *b)
{
	return a->card == b->card && a->model == b->model && str_eq(a->child, b->child) &&
		str_eq(a->source, b->source);
}

void draft_stated(struct draft *d, const struct catalog_edge *v, size_t n,
	const struct catalog_card *cards, size_t n_cards)
{
	for (size_t i = 0, end; i < n; i = end) {
		const struct catalog_card *card = card_by_id(cards, n_cards, v[i].card);
		struct origin o = { .strength = strength_of(v[i].source), .card = v[i].card };
		char *source = v[i].card ? xasprintf("card %s", card && card->source ?
			str_base(card->source) : "") : xstrdup(v[i].source);
		char *beside = NULL, *type = quantized_to(card);

		for (end = i + 1; end < n && together(&v[i], &v[end]);)
			end++;
		o.source = source;
		o.child = v[i].model ? draft_of_row(d, v[i].model) : LINEAGE_NONE;
		if (o.child == LINEAGE_NONE)
			o.child = draft_node(d, v[i].child, NULL, NULL, LINEAGE_NONE);
		if (!v[i].card && o.strength == SAYS_PROVENANCE)
			beside = recipe_beside(d, o.child);
		if (card && card->recipe_text)
			beside = xstrdup(card->recipe_text);
		if (beside)
			*vec_push(&d->texts) = beside;
		add_stated(d, &o, &v[i], end - i, beside, type);
		free(type);
		free(source);
	}
}
