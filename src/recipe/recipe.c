#include "config.h"
#include "recipe/recipe.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "recipe/build.h"
#include "system/file.h"

struct recipe_own;
struct document {
	struct recipe r;  /* first: a recipe is one of these */
	struct recipe_own *own;
};
struct recipe_own { /* a file */
	struct arena arena;
	atomic_int refs;
	struct document *v;
	size_t n;
};

static void problems_keep(struct builder *b)
{
	struct recipe_problem *kept = arena_new(b->arena, struct recipe_problem, b->problems.n + 1);

	if (b->problems.n)
		memcpy(kept, b->problems.v, b->problems.n * sizeof *kept);
	b->r->problems = kept;
	b->r->n_problems = b->problems.n;
	vec_fini(&b->problems);
}

/* Documents that are not empty must be maps. */
static bool documents_are_maps(const struct yaml_doc *doc, const char *path, size_t *n,
	struct err *e)
{
	char where[512];

	*n = 0;
	for (size_t i = 0; i < doc->documents; i++) {
		const struct yaml_node *root = doc->roots[i];

		*n += root->kind == Y_MAP;
		if (root->kind == Y_MAP || root->kind == Y_NULL)
			continue;
		snprintf(where, sizeof where, doc->documents > 1 ? "%s:%d:%d" : "%s",
			path ? path : "recipe", root->mark.line, root->mark.column);
		return err_set(e, ERR_INPUT, where, "it begins like: merge_method: linear",
			"this is not a recipe: no KEY: VALUE lines");
	}
	if (*n > RECIPE_MAX_DOCUMENTS)
		return err_set(e, ERR_INPUT, path ? path : "recipe", "split the file",
			"it has %zu documents; at most %d can be in one file", *n,
			RECIPE_MAX_DOCUMENTS);
	return *n > 0 || err_set(e, ERR_INPUT, path ? path : "recipe",
		"it begins like: merge_method: linear", "the recipe is empty");
}

static void documents_build(struct recipe_own *o, const struct yaml_doc *doc, const char *text,
	size_t text_n, const char *path)
{
	struct builder *b = xnew(struct builder, o->n);
	const struct recipe **file = arena_new(&o->arena, const struct recipe *, o->n);
	size_t at = 0;

	o->v = arena_new(&o->arena, struct document, o->n);
	for (size_t i = 0; i < doc->documents; i++) {
		struct recipe *r = &o->v[at].r;

		if (doc->roots[i]->kind != Y_MAP)
			continue;
		o->v[at].own = o;
		file[at] = r;
		r->text = text;
		r->text_n = text_n;
		r->path = path;
		r->tree = doc->roots[i];
		r->documents = o->n;
		r->document = at;
		r->file = file;
		b[at] = (struct builder){ .arena = &o->arena, .r = r };
		recipe_build(&b[at++]);
	}
	documents_check(b, o->n);
	for (size_t i = 0; i < o->n; i++)
		problems_keep(&b[i]);
	free(b);
}

struct recipe *recipe_parse_document(const char *text, size_t n, const char *path, size_t document,
	struct err *e)
{
	struct recipe_own *o = xnew(struct recipe_own, 1);
	struct yaml_doc doc = { 0 };
	char *copy;

	atomic_init(&o->refs, 1);
	arena_init(&o->arena);
	if (n > YAML_MAX_BYTES) { /* before anything is copied */
		yaml_parse(&o->arena, "", n, path, &doc, e);
		goto fail;
	}
	copy = arena_strndup(&o->arena, text, n);
	if (!yaml_parse(&o->arena, copy, n, path, &doc, e) ||
		!documents_are_maps(&doc, path, &o->n, e))
		goto fail;
	documents_build(o, &doc, copy, n, path ? arena_strdup(&o->arena, path) : NULL);
	if (document == RECIPE_FINAL)
		document = recipe_final(&o->v[0].r);
	if (document < o->n)
		return &o->v[document].r;
	err_set(e, ERR_INPUT, path ? path : "recipe", NULL, "it has no document %zu", document + 1);
fail:
	arena_fini(&o->arena);
	free(o);
	return NULL;
}

struct recipe *recipe_parse(const char *text, size_t n, const char *path, struct err *e)
{
	return recipe_parse_document(text, n, path, RECIPE_FINAL, e);
}

struct recipe *recipe_load(const char *path, struct err *e)
{
	struct recipe *r;
	size_t n;
	char *text = file_read_all(path, YAML_MAX_BYTES, &n, e);

	if (!text)
		return NULL;
	r = recipe_parse(text, n, path, e);
	free(text);
	return r;
}

/* A snapshot is shared as const; only its count changes. */
static struct recipe_own *own(const struct recipe *r)
{
	return ((const struct document *)r)->own;
}

struct recipe *recipe_ref(const struct recipe *r)
{
	atomic_fetch_add(&own(r)->refs, 1);
	return (struct recipe *)(uintptr_t)r;
}

void recipe_unref(const struct recipe *r)
{
	struct recipe_own *o = r ? own(r) : NULL;

	if (!r || atomic_fetch_sub(&o->refs, 1) != 1)
		return;
	arena_fini(&o->arena);
	free(o);
}

bool recipe_save(const struct recipe *r, const char *path, struct err *e)
{
	return file_write_all(path, r->text, r->text_n, e);
}

static bool valid(const struct recipe *r, struct err *e)
{
	char where[512];

	if (!r->n_problems)
		return true;
	snprintf(where, sizeof where, "%s:%d:%d", r->path ? r->path : "recipe",
		r->problems[0].mark.line, r->problems[0].mark.column);
	return err_set(e, ERR_INPUT, where, r->problems[0].hint, "%s", r->problems[0].message);
}

bool recipe_valid(const struct recipe *r, struct err *e)
{
	bool *used = xnew(bool, r->documents), ok = valid(r, e);

	recipe_uses(r, used);
	for (size_t i = 0; ok && i < r->documents; i++)
		ok = !used[i] || valid(r->file[i], e);
	free(used);
	return ok;
}

bool recipe_ref_same(const struct recipe_ref_text *a, const struct recipe_ref_text *b)
{
	if (!a->text || !b->text || !str_eq(a->path, b->path) || !str_eq(a->revision, b->revision)
	    || a->n_loras != b->n_loras)
		return false;
	for (size_t i = 0; i < a->n_loras; i++)
		if (!str_eq(a->loras[i].path, b->loras[i].path)
		    || !str_eq(a->loras[i].revision, b->loras[i].revision)
		    || a->loras[i].scale != b->loras[i].scale)
			return false;
	return true;
}

int recipe_base(const struct recipe *r)
{
	return r->slices[0].base_input;
}

size_t recipe_inputs(const struct recipe *r)
{
	return r->n_inputs;
}

const struct recipe_ref_text *recipe_input_ref(const struct recipe *r, size_t i)
{
	return i < r->n_inputs ? r->inputs[i] : NULL;
}

bool recipe_stacks(const struct recipe *r)
{
	for (size_t s = 0; s < r->n_slices; s++)
		if (r->slices[s].ranged)
			return true;
	return false;
}

const struct recipe_ref_text *recipe_slice_base(const struct recipe *r, size_t slice)
{
	return r->slices[slice].base.text ? &r->slices[slice].base : &r->base;
}

size_t recipe_slice_inputs(const struct recipe *r, size_t slice, int *base)
{
	const struct recipe_slice *s = &r->slices[slice];
	int at = s->adds_base ? (int)s->n_sources : -1;

	for (size_t k = 0; at < 0 && s->base_input >= 0 && k < s->n_sources; k++)
		if (s->sources[k].input == s->base_input)
			at = (int)k;
	if (base)
		*base = at;
	return s->n_sources + s->adds_base;
}

int recipe_slice_source(const struct recipe *r, size_t slice, size_t k)
{
	const struct recipe_slice *s = &r->slices[slice];

	return (int)(k < s->n_sources ? s->first + k : r->n_models);
}

int recipe_slice_input(const struct recipe *r, size_t slice, size_t k)
{
	const struct recipe_slice *s = &r->slices[slice];

	return k < s->n_sources ? s->sources[k].input : s->base_input;
}

int64_t recipe_slice_layers(const struct recipe *r, size_t slice, int64_t *first)
{
	int64_t n = 0;

	*first = 0;
	for (size_t s = r->modules[r->slices[slice].module].first; s <= slice; s++) {
		const struct recipe_slice *l = &r->slices[s];

		*first += n;
		n = l->ranged && l->n_sources ? l->sources[0].to - l->sources[0].from : 0;
	}
	return n;
}

int recipe_source_of(const struct recipe *r, size_t input)
{
	for (size_t i = 0; i < r->n_models; i++)
		if (r->models[i].input == (int)input)
			return (int)i;
	return (int)r->n_models;
}

/* Required parameters of every input, at a value that means "all alike". */
static void add_required(struct str *s, const struct method *m, bool input)
{
	bool first = true;

	for (size_t i = 0; m && i < m->n_params; i++) {
		const struct param_def *p = &m->params[i];

		if (!p->required || (p->scope == PARAM_GLOBAL) == input)
			continue;
		if (first)
			str_add(s, input ? "    parameters:\n" : "parameters:\n");
		first = false;
		str_addf(s, "%s%s: %g\n", input ? "      " : "  ", p->name, p->dflt);
	}
}

struct recipe *recipe_new(const char *method, const char *const *models, size_t n,
	const char *base, struct err *e)
{
	const char *fitting = base ? "task_arithmetic" : "linear";
	const struct method *m = method_by_name(method ? method : fitting);
	struct str s = STR_INIT;
	struct recipe *r;

	if (!m) {
		const char *near = method_nearest(method);

		err_set(e, ERR_USAGE, method, NULL, near ? "no such method; did you mean %s?"
			: "no such method", near);
		return NULL;
	}
	str_add(&s, "models:\n");
	for (size_t i = 0; i < n; i++) {
		str_add(&s, "  - model: ");
		yaml_add_text(&s, models[i]);
		str_addc(&s, '\n');
		if (!str_eq(models[i], base) || m->base < 0)
			add_required(&s, m, true);
	}
	str_addf(&s, "merge_method: %s\n", m->name);
	if (base) {
		str_add(&s, "base_model: ");
		yaml_add_text(&s, base);
		str_addc(&s, '\n');
	}
	add_required(&s, m, false);
	str_add(&s, "dtype: bfloat16\n");
	r = recipe_parse(s.s, s.n, NULL, e);
	str_fini(&s);
	return r;
}
