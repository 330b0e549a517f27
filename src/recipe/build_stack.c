#include "config.h"
#include "recipe/build.h"

#include <math.h>
#include <string.h>

#include "base/str.h"

#define MOST_SOURCES 8192 /* of all slices together */

static bool holds(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *n = yaml_get(map, key);

	return n && n->n;
}

/* ---- sources ---- */

/* A layer's number, however it is spelled: 4, 4.0, '4'. */
static bool layer_of(const struct yaml_node *n, int64_t *layer)
{
	double v = n->number;
	bool ok = n->kind == Y_INT || n->kind == Y_FLOAT
		|| (n->kind == Y_TEXT && yaml_text_number(n->text, &v));

	ok = ok && v >= 0.0 && v < 1e9 && v == floor(v);
	*layer = ok ? (int64_t)v : 0;
	return ok;
}

static void read_range(struct builder *b, const struct yaml_node *entry, const char *path,
	struct recipe_input *in)
{
	const struct yaml_node *n = yaml_get(entry, "layer_range");
	bool two = n && n->kind == Y_LIST && n->n == 2 && layer_of(n->items[0], &in->from)
		&& layer_of(n->items[1], &in->to);

	in->has_range = two && in->from < in->to;
	if (in->has_range)
		return;
	if (two)
		build_problem(b, &n->mark, path, "bad-range",
			"write [first, end): the end is not included",
			"layer_range [%lld, %lld] has no layers: its end is not behind its first",
			(long long)in->from, (long long)in->to);
	else
		build_problem(b, n ? &n->mark : &entry->mark, path, "bad-range",
			"write layer_range: [0, NUMBER OF LAYERS]", "%s",
			n ? "layer_range is two whole numbers, first and end"
			: "a source needs its layer_range");
	in->from = in->to = 0;
}

static void read_input(struct builder *b, const struct yaml_node *entry, const char *at,
	bool ranged, struct recipe_input *in)
{
	in->mark = entry->mark;
	in->model = build_ref(b, yaml_get(entry, "model"), arena_printf(b->arena, "%s.model", at));
	if (!in->model.text) {
		build_problem(b, &entry->mark, at, "bad-model", "write - model: NAME", "%s",
			entry->kind == Y_MAP ? "this entry names no model"
			: "an entry is a map with the key model");
		in->model.text = in->model.path = yaml_is_scalar(entry) ? entry->text : "?";
		in->model.mark = entry->mark;
	}
	in->params = build_params(b, yaml_get(entry, "parameters"),
		arena_printf(b->arena, "%s.parameters", at));
	if (ranged)
		read_range(b, entry, arena_printf(b->arena, "%s.layer_range", at), in);
}

/* The entries of a list, as sources of the slice that is read next. */
static void read_inputs(struct builder *b, const struct yaml_node *list, const char *path,
	struct recipe_slice *s)
{
	size_t n = list ? list->n : 0;

	if (b->models.n + n > MOST_SOURCES) {
		build_problem(b, &list->mark, path, "model-count", NULL,
			"more than %d sources in one recipe", MOST_SOURCES);
		n = 0;
	}
	if (n > MERGE_MAX_INPUTS) {
		build_problem(b, &list->mark, path, "model-count", NULL,
			"%zu models are more than %d", n, MERGE_MAX_INPUTS);
		n = 0;
	}
	s->first = b->models.n;
	s->n_sources = n;
	s->module = (int)b->modules.n;
	for (size_t i = 0; i < n; i++) {
		struct recipe_input in = { .slice = (int)b->slices.n };

		read_input(b, list->items[i], arena_printf(b->arena, "%s[%zu]", path, i), s->ranged,
			&in);
		*vec_push(&b->models) = in;
	}
}

/* ---- slices ---- */

static void lengths_differ(struct builder *b, const struct recipe_slice *s)
{
	const struct recipe_input *v = b->models.v + s->first;

	for (size_t i = 1; i < s->n_sources; i++) {
		if (!v[0].has_range || !v[i].has_range
		    || v[i].to - v[i].from == v[0].to - v[0].from)
			continue;
		build_problem(b, &v[i].mark,
			arena_printf(b->arena, "%s.sources[%zu].layer_range", s->path, i),
			"layers-differ", "give all sources of a slice as many layers",
			"this source has %lld layers, the first of its slice %lld",
			(long long)(v[i].to - v[i].from), (long long)(v[0].to - v[0].from));
		return;
	}
}

static void read_slice(struct builder *b, const struct yaml_node *entry, const char *at)
{
	const char *src = arena_printf(b->arena, "%s.sources", at);
	struct recipe_slice s = { .mark = entry->mark, .ranged = true, .path = at };

	s.base = build_ref(b, yaml_get(entry, "base_model"),
		arena_printf(b->arena, "%s.base_model", at));
	s.params = build_params(b, yaml_get(entry, "parameters"),
		arena_printf(b->arena, "%s.parameters", at));
	read_inputs(b, build_list(b, yaml_get(entry, "sources"), src), src, &s);
	if (!s.n_sources)
		build_problem(b, &entry->mark, at, "missing-models", "list them under sources:",
			"this slice has no sources");
	lengths_differ(b, &s);
	*vec_push(&b->slices) = s;
}

/* models: or slices:, at the top or in a module. */
static void read_what(struct builder *b, const struct yaml_node *map, const char *prefix)
{
	const char *slices_path = arena_printf(b->arena, "%s%sslices", prefix, *prefix ? "." : "");
	const char *models_path = arena_printf(b->arena, "%s%smodels", prefix, *prefix ? "." : "");
	const struct yaml_node *slices = build_list(b, yaml_get(map, "slices"), slices_path);
	size_t n = slices ? slices->n : 0;

	if (n > RECIPE_MOST_SLICES) {
		build_problem(b, &slices->mark, slices_path, "model-count", NULL,
			"%zu slices are more than %d", n, RECIPE_MOST_SLICES);
		n = 1;
	}
	for (size_t i = 0; i < n && b->slices.n < RECIPE_MOST_SLICES; i++)
		read_slice(b, slices->items[i],
			arena_printf(b->arena, "%s[%zu]", slices_path, i));
	if (!n) {
		struct recipe_slice s = { .mark = map->mark, .path = prefix };

		read_inputs(b, build_list(b, yaml_get(map, "models"), models_path), models_path,
			&s);
		*vec_push(&b->slices) = s;
	}
}

/* ---- modules ---- */

static void end_module(struct builder *b, const char *name, struct recipe_params params,
	const struct mark *mark, size_t first)
{
	*vec_push(&b->modules) = (struct recipe_module){ .name = name, .params = params,
		.mark = *mark, .first = first, .n = b->slices.n - first };
}

static void read_module(struct builder *b, const struct yaml_pair *p)
{
	const char *at = arena_printf(b->arena, "modules.%s", p->key->text);
	const struct yaml_node *n = p->value;
	struct recipe_params params;
	size_t first = b->slices.n;

	if (n->kind != Y_MAP) {
		build_problem(b, &n->mark, at, "bad-type", "write {models: …} or {slices: …}",
			"a module is a map");
		return;
	}
	params = build_params(b, yaml_get(n, "parameters"),
		arena_printf(b->arena, "%s.parameters", at));
	if (!holds(n, "models") && !holds(n, "slices"))
		build_problem(b, &n->mark, at, "missing-models",
			"list them: models:, then - model: NAME", "the module names no models");
	else if (holds(n, "models") && holds(n, "slices"))
		build_problem(b, &n->mark, at, "models-twice", "keep one of them",
			"models and slices exclude each other in a module");
	read_what(b, n, at);
	end_module(b, p->key->text, params, &p->key->mark, first);
}

static void read_modules(struct builder *b, const struct yaml_node *n)
{
	if (n->kind != Y_MAP || !n->n) {
		build_problem(b, &n->mark, "modules", "bad-type",
			"write modules: {default: {models: …}}", "modules is a map of modules");
		return;
	}
	b->r->named_modules = true;
	for (size_t i = 0; i < n->n; i++)
		if (n->pairs[i].kind == Y_OWN || n->pairs[i].kind == Y_MERGED)
			read_module(b, &n->pairs[i]);
}

/* ---- who is the same ---- */

static int find_input(const struct recipe *r, const struct recipe_ref_text *m)
{
	for (size_t i = 0; i < r->n_inputs; i++)
		if (recipe_ref_same(r->inputs[i], m))
			return (int)i;
	return -1;
}

static bool is_source(const struct recipe_slice *s, int input)
{
	for (size_t i = 0; i < s->n_sources; i++)
		if (s->sources[i].input == input)
			return true;
	return false;
}

static void link_inputs(struct recipe *r, struct recipe_input *models, struct recipe_slice *slices,
	const struct recipe_ref_text **inputs)
{
	r->inputs = inputs;
	for (size_t i = 0; i < r->n_models; i++) {
		int at = find_input(r, &models[i].model);

		models[i].input = at < 0 ? (int)r->n_inputs : at;
		if (at < 0)
			inputs[r->n_inputs++] = &models[i].model;
	}
	for (size_t s = 0; s < r->n_slices; s++) {
		const struct recipe_ref_text *base = recipe_slice_base(r, s);
		int at = find_input(r, base);
		bool listed = at >= 0 && is_source(&slices[s], at);

		slices[s].adds_base = !slices[s].ranged && base->text && !listed
			&& slices[s].n_sources;
		slices[s].base_input = listed || slices[s].adds_base ? at : -1;
		if (slices[s].adds_base && at < 0) {
			slices[s].base_input = (int)r->n_inputs;
			inputs[r->n_inputs++] = &r->base;
		}
	}
}

void build_stack(struct builder *b)
{
	struct recipe *r = b->r;
	const struct yaml_node *top = r->tree, *modules = yaml_get(top, "modules");
	struct recipe_input *models;
	struct recipe_slice *slices;
	struct recipe_module *kept;

	if (build_given(modules) && !build_given(yaml_get(top, "models"))
	    && !build_given(yaml_get(top, "slices")))
		read_modules(b, modules);
	if (!r->named_modules) {
		read_what(b, top, "");
		end_module(b, "default", (struct recipe_params){ 0 }, &top->mark, 0);
	} else if (!b->modules.n) { /* nothing of it can be read: problems say why */
		*vec_push(&b->slices) = (struct recipe_slice){ .mark = top->mark, .path = "" };
		end_module(b, "default", (struct recipe_params){ 0 }, &top->mark, 0);
	}
	r->n_models = b->models.n;
	r->n_slices = b->slices.n;
	r->n_modules = b->modules.n;
	r->models = models = arena_new(b->arena, struct recipe_input, r->n_models + 1);
	r->slices = slices = arena_new(b->arena, struct recipe_slice, r->n_slices);
	r->modules = kept = arena_new(b->arena, struct recipe_module, r->n_modules);
	if (r->n_models)
		memcpy(models, b->models.v, r->n_models * sizeof *models);
	memcpy(slices, b->slices.v, r->n_slices * sizeof *slices);
	memcpy(kept, b->modules.v, r->n_modules * sizeof *kept);
	for (size_t s = 0; s < r->n_slices; s++)
		slices[s].sources = models + slices[s].first;
	if (r->n_slices == 1 && slices[0].base.text)
		r->base = slices[0].base;
	link_inputs(r, models, slices, arena_new(b->arena, const struct recipe_ref_text *,
		r->n_models + 1));
	vec_fini(&b->models);
	vec_fini(&b->slices);
	vec_fini(&b->modules);
}
