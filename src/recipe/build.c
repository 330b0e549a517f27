#include "config.h"
#include "recipe/build.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/str.h"

void build_problem(struct builder *b, const struct mark *at, const char *path, const char *code,
	const char *hint, const char *fmt, ...)
{
	struct str s = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&s, fmt, ap);
	va_end(ap);
	*vec_push(&b->problems) = (struct recipe_problem){ *at, arena_strdup(b->arena, path), code,
		arena_strdup(b->arena, s.s), hint };
	str_fini(&s);
}

static bool given(const struct yaml_node *n)
{
	return n && n->kind != Y_NULL;
}

static bool holds(const struct yaml_node *map, const char *key)
{
	const struct yaml_node *n = yaml_get(map, key);

	return n && n->n;
}

static const char *text_of(struct builder *b, const struct yaml_node *map, const char *key)
{
	const struct yaml_node *n = yaml_get(map, key);

	if (!given(n))
		return NULL;
	if (n->kind == Y_TEXT)
		return n->text;
	build_problem(b, &n->mark, key, "bad-type",
		yaml_is_scalar(n) ? "put it in quotes if it is a name" : NULL, "%s takes one word",
		key);
	return NULL;
}

/* The list under a key, or NULL with a problem when it is something else. */
static const struct yaml_node *list_of(struct builder *b, const struct yaml_node *n,
	const char *path)
{
	if (!given(n))
		return NULL;
	if (n->kind == Y_LIST)
		return n;
	build_problem(b, &n->mark, path, "bad-type", "begin every entry with a dash",
		"%s is a list", path);
	return NULL;
}

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

	in->has_range = n && n->kind == Y_LIST && n->n == 2 && layer_of(n->items[0], &in->from)
		&& layer_of(n->items[1], &in->to) && in->from < in->to;
	if (in->has_range)
		return;
	build_problem(b, n ? &n->mark : &entry->mark, path, "bad-range",
		"write layer_range: [0, NUMBER OF LAYERS]", "%s",
		n ? "layer_range is two whole numbers, first and end"
		: "a source needs its layer_range");
}

static const struct recipe_input *read_inputs(struct builder *b, const struct yaml_node *list,
	const char *path, bool sources, size_t *n_out)
{
	struct recipe_input *v;
	size_t n = list ? list->n : 0;

	*n_out = 0;
	if (!n)
		return NULL;
	if (n > MERGE_MAX_INPUTS) {
		build_problem(b, &list->mark, path, "model-count", NULL,
			"%zu models are more than %d", n, MERGE_MAX_INPUTS);
		return NULL;
	}
	v = arena_new(b->arena, struct recipe_input, n);
	for (size_t i = 0; i < n; i++) {
		const struct yaml_node *entry = list->items[i];
		const char *at = arena_printf(b->arena, "%s[%zu]", path, i);

		v[i].mark = entry->mark;
		v[i].model = build_ref(b, yaml_get(entry, "model"),
			arena_printf(b->arena, "%s.model", at));
		if (!v[i].model.text) {
			build_problem(b, &entry->mark, at, "bad-model", "write - model: NAME",
				"%s", entry->kind == Y_MAP ? "this entry names no model"
				: "an entry is a map with the key model");
			v[i].model.text = v[i].model.path =
				yaml_is_scalar(entry) ? entry->text : "?";
			v[i].model.mark = entry->mark;
		}
		v[i].params = build_params(b, yaml_get(entry, "parameters"),
			arena_printf(b->arena, "%s.parameters", at));
		if (sources)
			read_range(b, entry, arena_printf(b->arena, "%s.layer_range", at), &v[i]);
	}
	*n_out = n;
	return v;
}

static const struct recipe_slice *read_slices(struct builder *b, const struct yaml_node *list,
	const char *path, size_t *n_out)
{
	struct recipe_slice *v;

	*n_out = list ? list->n : 0;
	v = arena_new(b->arena, struct recipe_slice, *n_out + 1);
	for (size_t i = 0; i < *n_out; i++) {
		const struct yaml_node *entry = list->items[i];
		const char *at = arena_printf(b->arena, "%s[%zu]", path, i);
		const char *src = arena_printf(b->arena, "%s.sources", at);

		v[i].mark = entry->mark;
		v[i].base = build_ref(b, yaml_get(entry, "base_model"),
			arena_printf(b->arena, "%s.base_model", at));
		v[i].params = build_params(b, yaml_get(entry, "parameters"),
			arena_printf(b->arena, "%s.parameters", at));
		v[i].sources = read_inputs(
			b, list_of(b, yaml_get(entry, "sources"), src), src, true, &v[i].n_sources);
		if (!v[i].n_sources)
			build_problem(b, &entry->mark, at, "missing-models",
				"list them under sources:", "this slice has no sources");
	}
	return v;
}

/* models: or slices:, at the top or in a module: what is merged, as models where that is the same.
 */
static void read_what(struct builder *b, const struct yaml_node *map, const char *models_path,
	const char *slices_path)
{
	struct recipe *r = b->r;
	const struct yaml_node *slices = list_of(b, yaml_get(map, "slices"), slices_path);

	r->models = read_inputs(b, list_of(b, yaml_get(map, "models"), models_path), models_path,
		false, &r->n_models);
	if (!slices || !slices->n)
		return;
	r->slices = read_slices(b, slices, slices_path, &r->n_slices);
	if (r->n_slices > 1) {
		build_problem(b, &slices->items[1]->mark,
			arena_printf(b->arena, "%s[1]", slices_path), "layer-stacking",
			"write one slice that has all layers, or models:",
			"%zu slices stack layers; only whole models are merged", r->n_slices);
		return;
	}
	r->models = r->slices[0].sources;
	r->n_models = r->slices[0].n_sources;
	r->slice_params = r->slices[0].params;
	if (r->slices[0].base.text)
		r->base = r->slices[0].base;
}

static void read_modules(struct builder *b, const struct yaml_node *n)
{
	const struct yaml_node *only;

	if (n->kind != Y_MAP || !n->n) {
		build_problem(b, &n->mark, "modules", "bad-type",
			"write modules: {default: {models: …}}", "modules is a map of modules");
		return;
	}
	only = yaml_get(n, "default");
	if (n->n > 1 || !only || only->kind != Y_MAP) {
		build_problem(b, &n->mark, "modules", "modules", "write models: at the top level",
			"modules other than `default` cannot be merged one by one");
		return;
	}
	b->r->module_params = build_params(b, yaml_get(only, "parameters"),
		"modules.default.parameters");
	if (!holds(only, "models") && !holds(only, "slices"))
		build_problem(b, &only->mark, "modules.default", "missing-models",
			"list them: models:, then - model: NAME", "the module names no models");
	read_what(b, only, "modules.default.models", "modules.default.slices");
}

static void read_seed(struct builder *b, const struct yaml_node *n)
{
	char *end = "";

	if (!given(n))
		return;
	errno = 0;
	if (n->kind == Y_INT && n->number >= 0 && n->number < 0x1p53)
		b->r->seed = (uint64_t)n->number; /* octal and 1_000 too */
	else if (n->kind == Y_INT && n->text[0] != '-')
		b->r->seed = strtoull(n->text, &end, 10);
	b->r->has_seed = n->kind == Y_INT && n->number >= 0 && *end == '\0' && !errno;
	if (!b->r->has_seed)
		build_problem(b, &n->mark, "seed", "bad-value", NULL,
			"seed takes a whole number from 0 to 18446744073709551615");
}

static void check_sources(struct builder *b, const struct yaml_node *top)
{
	static const char *const names[] = { "models", "slices", "modules" };
	const struct yaml_node *first = NULL;

	for (size_t i = 0; i < 3; i++) {
		const struct yaml_node *n = yaml_get(top, names[i]);

		if (!n || !n->n)
			continue;
		if (first)
			build_problem(b, &n->mark, names[i], "models-twice", "keep one of them",
				"models, slices and modules exclude each other");
		first = n;
	}
	if (!first)
		build_problem(b, &top->mark, "models", "missing-models",
			"list them: models:, then - model: NAME", "the recipe names no models");
}

void recipe_build(struct builder *b)
{
	struct recipe *r = b->r;
	const struct yaml_node *top = r->tree, *method = yaml_get(top, "merge_method");
	const struct yaml_node *name = yaml_get(top, "name");

	check_sources(b, top);
	r->method_name = text_of(b, top, "merge_method");
	r->method = method_by_name(r->method_name);
	r->method_mark = method ? method->mark : top->mark;
	r->base = build_ref(b, yaml_get(top, "base_model"), "base_model");
	r->params = build_params(b, yaml_get(top, "parameters"), "parameters");
	if (given(yaml_get(top, "modules")) && !given(yaml_get(top, "models"))
	    && !given(yaml_get(top, "slices")))
		read_modules(b, yaml_get(top, "modules"));
	else
		read_what(b, top, "models", "slices");
	r->dtype = text_of(b, top, "dtype");
	r->out_dtype = text_of(b, top, "out_dtype");
	r->name = given(name) && yaml_is_scalar(name) ? name->text : NULL;
	r->chat_template = text_of(b, top, "chat_template");
	build_tokenizer(b, top);
	read_seed(b, yaml_get(top, "seed"));
}
