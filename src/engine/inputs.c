#include "config.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/str.h"
#include "base/vec.h"
#include "engine/inputs.h"
#include "engine/recipe_opener.h"
#include "engine/rows.h"
#include "model/text_part.h"
#include "recipe/lint.h"
#include "recipe/open.h"
#include "system/file.h"

struct inputs_all { /* the allocation behind struct inputs */
	struct inputs in;
	atomic_int refs;
	struct arena arena;
	struct rows rows;
	struct hash layout;
	struct hash rule;          /* of the recipe's tokenizer section */
};

static struct inputs_all *all_of(const struct inputs *in)
{
	return (struct inputs_all *)in;
}

const struct input_row *inputs_rows(const struct inputs *in, size_t *n)
{
	*n = all_of(in)->rows.v.n;
	return all_of(in)->rows.v.v;
}

const struct input_extra *inputs_extras(const struct inputs *in, size_t *n)
{
	*n = all_of(in)->rows.extras.n;
	return all_of(in)->rows.extras.v;
}

long inputs_twice(const struct inputs *in)
{
	return all_of(in)->rows.twice;
}

int inputs_first(const struct inputs *in)
{
	return in->base >= 0 ? in->base : 0;
}

/* --- opening --- */

static char *alias(void *ctx, const char *name)
{
	return ctx ? catalog_model_path(ctx, name) : NULL;
}

static char *recipe_folder(const struct recipe *r)
{
	const char *slash = r->path ? strrchr(r->path, '/') : NULL;

	return slash ? xstrndup(r->path, (size_t)(slash - r->path) + (slash == r->path)) : NULL;
}

/* What an adapter leaves out is told with the plan. */
static void on_adapter(void *ctx, bool warning, const char *text, const char *hint)
{
	struct str *s = ctx;

	if (warning)
		str_addf(s, "%s%s%s%s", s->n ? "; " : "", text, hint ? "; " : "",
			hint ? hint : "");
}

/* Where the run that the options tell of had this model; NULL unknown. Names with adapters are
 * several models, and not looked up. */
static const char *place_of(const struct plan_options *o, const struct recipe_ref_text *ref)
{
	for (size_t i = 0; i < o->n_places && !ref->n_loras; i++)
		if (o->places[i].path && str_eq(o->places[i].name, ref->text) &&
			file_exists(o->places[i].path))
			return o->places[i].path;
	return NULL;
}

static void input_open(struct input *in, const struct recipe *r,
	const struct recipe_ref_text *ref, const char *near_dir, struct recipe_opener *o,
	struct arena *a)
{
	struct str told = STR_INIT;
	struct recipe_maker m = {.r = r, .near_dir = near_dir, .opener = o};
	struct ref_places p = {o->roots, near_dir, alias, o->catalog, recipe_make, &m};
	struct recipe_ref_text there = *ref;
	const char *place = recipe_of_ref(r, ref) ? NULL : place_of(&o->options, ref);
	bool first = place && o->options.places_first;

	there.path = place;
	there.revision = NULL;
	in->model = ref_open(first ? &there : ref, &p, on_adapter, &told, &in->error);
	if (!in->model && place && !first) {
		in->error = (struct err){0};
		in->model = ref_open(&there, &p, on_adapter, &told, &in->error);
	}
	in->left_out = told.n ? arena_strdup(a, told.s) : NULL;
	str_fini(&told);
	in->made_by = m.plan;
	in->recipe = m.hash;
}

/* The shortest tail, in whole path components, that no other input's text ends with. */
static const char *label_of(const struct inputs *in, size_t i)
{
	const char *text = in->v[i].text, *tail = text + strlen(text);
	bool shared = true;

	while (shared && tail > text) {
		tail -= tail > text && tail[-1] == '/';
		while (tail > text && tail[-1] != '/')
			tail--;
		shared = *tail == 0;
		for (size_t k = 0; k < in->n; k++)
			shared |= k != i && str_ends(in->v[k].text, tail);
	}
	return tail;
}

/* --- what belongs together --- */

static void bases_find(struct inputs_all *a, const struct model_roots *roots, struct catalog *c)
{
	struct inputs *in = &a->in;
	struct model **models;
	char *name = NULL;

	in->lineage_base = -1;
	if (in->base >= 0) {
		in->figure_base = in->v[in->base].model ? model_ref(in->v[in->base].model) : NULL;
		in->figure_base_name = in->v[in->base].text;
		return;
	}
	models = xnew(struct model *, in->n);
	for (size_t i = 0; i < in->n; i++)
		models[i] = in->v[i].model;
	in->figure_base = lineage_base(models, in->n, roots, c, &name);
	free(models);
	in->figure_base_name = name ? arena_strdup(&a->arena, name) : NULL;
	free(name);
	/* one of the inputs may be it */
	for (size_t i = 0; in->figure_base && i < in->n; i++)
		if (in->v[i].model && !in->v[i].model->virtual &&
			str_eq(in->v[i].model->path, in->figure_base->path)) {
			model_unref(in->figure_base);
			in->figure_base = model_ref(in->v[i].model);
			in->lineage_base = (int)i;
			break;
		}
}

static struct model *alike(struct model *m, const struct model *first)
{
	return m && first && m != first && model_sees(m) != model_sees(first) ?
		text_view(m, first) : NULL;
}

/* A language model and one that holds such a model as a part: all under the names of the first. */
static void names_match(struct inputs *in)
{
	struct model *first = in->v[inputs_first(in)].model, *view;

	for (size_t i = 0; i < in->n; i++) {
		view = alike(in->v[i].model, first);
		if (!view)
			continue;
		if (in->figure_base == in->v[i].model) {
			model_unref(in->figure_base);
			in->figure_base = model_ref(view);
		}
		model_unref(in->v[i].model);
		in->v[i].model = view;
	}
	view = in->base < 0 && in->lineage_base < 0 ? alike(in->figure_base, first) : NULL;
	if (view) {
		model_unref(in->figure_base);
		in->figure_base = view;
	}
}

/* Of everything that rows follow from beside the models: slices, ranges, modules. */
static struct hash layout_of(const struct recipe *r)
{
	struct str s = STR_INIT;
	struct hash h;

	for (size_t i = 0; i < r->n_slices; i++) {
		const struct recipe_slice *l = &r->slices[i];

		str_addf(&s, "%s %d %d %d", r->modules[l->module].name, l->ranged, l->adds_base,
			l->base_input);
		for (size_t k = 0; k < l->n_sources; k++)
			str_addf(&s, " %d %" PRId64 " %" PRId64, l->sources[k].input,
				l->sources[k].from, l->sources[k].to);
		str_addc(&s, '\n');
	}
	h = hash_bytes(s.s, s.n);
	str_fini(&s);
	return h;
}

static struct inputs_all *inputs_alloc(const struct recipe *r)
{
	struct inputs_all *a = xnew(struct inputs_all, 1);

	arena_init(&a->arena);
	atomic_init(&a->refs, 1);
	a->in.n = recipe_inputs(r);
	a->layout = layout_of(r);
	a->in.base = recipe_base(r);
	a->in.donor = a->in.lineage_base = -1;
	a->in.v = arena_new(&a->arena, struct input, a->in.n + 1);
	for (size_t i = 0; i < a->in.n; i++)
		a->in.v[i].text = arena_strdup(&a->arena, recipe_input_ref(r, i)->text);
	for (size_t i = 0; i < a->in.n; i++)
		a->in.v[i].label = label_of(&a->in, i);
	return a;
}

struct inputs *inputs_open_with(const struct recipe *r, struct recipe_opener *o, struct err *e)
{
	size_t n = recipe_inputs(r), opened = 0;
	struct model **models;
	struct inputs_all *a;
	char *near_dir;

	if (n == 0 && !recipe_valid(r, e))
		return NULL;
	if (n == 0) {
		err_set(e, ERR_INPUT, r->path ? r->path : "recipe",
			"list the models to merge under models:", "no models to merge");
		return NULL;
	}
	a = inputs_alloc(r);
	models = xnew(struct model *, n);
	near_dir = recipe_folder(r);
	for (size_t i = 0; i < n; i++) {
		input_open(&a->in.v[i], r, recipe_input_ref(r, i), near_dir, o, &a->arena);
		models[i] = a->in.v[i].model;
		opened += models[i] != NULL;
	}
	if (!opened) {
		free(near_dir);
		if (e)
			*e = a->in.v[0].error;
		inputs_unref(&a->in);
		free(models);
		return NULL;
	}
	bases_find(a, o->roots, o->catalog);
	inputs_lay_out(&a->in, r, o, near_dir);
	a->rule = recipe_tokenizer_hash(r);
	free(near_dir);
	a->in.donor = recipe_donor(r, models, n, a->in.base, NULL);
	names_match(&a->in);
	a->rows.r = r;
	a->rows.in = &a->in;
	a->rows.arena = &a->arena;
	rows_make(&a->rows);
	a->rows.r = NULL;
	free(models);
	return &a->in;
}

struct inputs *inputs_open_for(const struct recipe *r, const struct model_roots *roots,
	struct catalog *c, const struct plan_options *options, struct err *e)
{
	struct recipe_opener o = {.roots = roots, .catalog = c};
	struct inputs *in;

	if (options)
		o.options = *options;
	*vec_push(&o.done) = (struct opened_recipe){.recipe = recipe_ref(r), .open = true};
	in = inputs_open_with(r, &o, e);
	recipe_opener_fini(&o);
	return in;
}

struct inputs *inputs_open(const struct recipe *r, const struct model_roots *roots,
	struct catalog *c, struct err *e)
{
	return inputs_open_for(r, roots, c, NULL, e);
}

struct inputs *inputs_ref(struct inputs *in)
{
	atomic_fetch_add(&all_of(in)->refs, 1);
	return in;
}

void inputs_unref(struct inputs *in)
{
	struct inputs_all *a = all_of(in);

	if (!in || atomic_fetch_sub(&a->refs, 1) > 1)
		return;
	for (size_t i = 0; i < in->n; i++) {
		model_unref(in->v[i].model);
		plan_unref(in->v[i].made_by);
		model_unref(in->v[i].stored);
	}
	model_unref(in->figure_base);
	rows_fini(&a->rows);
	vocabulary_free(in->vocabulary);
	arena_fini(&a->arena);
	free(a);
}

bool inputs_fit(const struct inputs *in, const struct recipe *r)
{
	if (in->n != recipe_inputs(r) || in->base != recipe_base(r) ||
		!hash_eq(all_of(in)->rule, recipe_tokenizer_hash(r)))
		return false;
	for (size_t i = 0; i < in->n; i++) {
		const struct recipe_ref_text *ref = recipe_input_ref(r, i);
		const struct recipe *inner = recipe_of_ref(r, ref);
		struct hash now = inner ? recipe_hash(inner) : (struct hash){{0}};

		if (!str_eq(in->v[i].text, ref->text) || !hash_eq(in->v[i].recipe, now))
			return false;
	}
	return hash_eq(all_of(in)->layout, layout_of(r));
}
