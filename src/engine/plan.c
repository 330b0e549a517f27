#include "config.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "engine/draws.h"
#include "engine/plan_key.h"
#include "engine/plan_work.h"
#include "engine/shards.h"
#include "model/role.h"

#define SAY_AT_MOST 5 /* problems of one kind that are listed each */

typedef const double (*input_values)[P_COUNT];

static bool stored_dtype(struct planner *w)
{
	const char *name = w->r->out_dtype ? w->r->out_dtype : w->r->dtype;
	const char *key = w->r->out_dtype ? "out_dtype" : "dtype";

	w->dtype = DT_UNKNOWN;
	if (!name)
		return true;
	w->dtype = dtype_by_torch(name);
	if (dtype_is_float(w->dtype) && dtype_info(w->dtype)->encode)
		return true;
	return plan_problem(w, &w->r->method_mark, key, "unknown-dtype",
		"write bfloat16, float16 or float32", "weights cannot be stored as \"%s\"", name);
}

/* --- parameters --- */

static bool scope_varies(const struct recipe_params *ps, const char *name)
{
	for (size_t i = 0; i < ps->n; i++)
		if (str_eq(ps->v[i].name, name) && (ps->v[i].value.kind == SETTING_GRADIENT ||
			ps->v[i].value.kind == SETTING_FILTERS))
			return true;
	return false;
}

static bool any_varies(const struct recipe *r)
{
	if (r->n_slices > 1)
		return true;
	for (size_t k = 0; k < r->method->n_params; k++) {
		const char *name = r->method->params[k].name;

		if (scope_varies(&r->params, name) || scope_varies(&r->slices[0].params, name) ||
			scope_varies(&r->modules[0].params, name))
			return true;
		for (size_t i = 0; i < r->n_models; i++)
			if (scope_varies(&r->models[i].params, name))
				return true;
	}
	return false;
}

/* k: an input of the row's slice, -1 for what holds for all. */
static bool one_value(struct planner *w, const struct param_def *p, const struct input_row *row,
	int k, double *to)
{
	const struct mark *at = k < 0 ? &w->r->method_mark
		: plan_mark(w, recipe_slice_input(w->r, (size_t)row->slice, (size_t)k));
	const char *name = k >= 0 && row->names ? row->names[k]
		: k >= 0 ? row->from->name : row->like->name;
	struct err e = {0};

	*to = recipe_param_in(w->r, p, (size_t)row->slice, k < 0 ? -1
		: recipe_slice_source(w->r, (size_t)row->slice, (size_t)k), name, row->t, &e);
	if (e.code)
		return plan_problem(w, at, *e.where ? e.where : p->name, "parameter", e.hint,
			"%s: %s", w->r->method->name, e.what);
	if (isinf(*to))
		return plan_problem(w, at, p->name, "parameter", "write a finite number",
			"%s is not finite for %s", p->name, name);
	return true;
}

static bool parameters(struct planner *w, const struct input_row *row)
{
	const struct method *m = w->r->method;
	int base = w->r->slices[row->slice].base_input;

	for (int id = 0; id < P_COUNT; id++)
		w->global[id] = NAN;
	for (size_t k = 0; k < row->n_inputs; k++)
		for (int id = 0; id < P_COUNT; id++)
			w->input[recipe_slice_input(w->r, (size_t)row->slice, k)][id] = NAN;
	for (size_t i = 0; i < m->n_params; i++) {
		const struct param_def *p = &m->params[i];

		if (p->scope == PARAM_GLOBAL && !one_value(w, p, row, -1, &w->global[p->id]))
			return false;
		for (size_t k = 0; p->scope != PARAM_GLOBAL && k < row->n_inputs; k++) {
			int at = recipe_slice_input(w->r, (size_t)row->slice, k);

			if ((p->scope == PARAM_INPUT || at != base) &&
				!one_value(w, p, row, (int)k, &w->input[at][p->id]))
				return false;
		}
	}
	return true;
}

static void parameters_begin(struct planner *w)
{
	struct arena *a = &w->all->arena;

	w->input = arena_alloc(a, w->in->n * sizeof *w->input);
	w->global = arena_new(a, double, P_COUNT);
}

/* --- tensors --- */

static void shape_text(struct str *s, const struct tensor *t)
{
	for (int d = 0; d < t->rank; d++)
		str_addf(s, "%s%" PRIu64, d ? " x " : "", t->shape[d]);
	if (t->rank == 0)
		str_add(s, "a scalar");
}

static void shapes_differ(struct planner *w, const struct input_row *row)
{
	const struct model *other = w->in->v[row->odd].model;
	const struct tensor *t = &other->source.tensors[row->source[row->odd]];
	bool vocabulary = (str_eq(row->like->role, "token_embd") ||
		str_eq(row->like->role, "output"))
		&& t->rank == 2 && row->like->rank == 2 && t->shape[1] == row->like->shape[1];
	struct str a = STR_INIT, b = STR_INIT;

	shape_text(&a, row->like);
	shape_text(&b, t);
	plan_problem(w, plan_mark(w, row->odd), row->like->name,
		vocabulary ? "vocabulary" : "shape",
		vocabulary ? "add: tokenizer: {source: union}; or cut them with "
			"--unsafe-truncate-embeddings"
		: "merge models of the same sizes",
		vocabulary ? "the vocabularies differ: %s in %s, %s in %s"
		: "the shapes differ: %s in %s, %s in %s",
		a.s, w->in->v[inputs_first(w->in)].label, b.s, w->in->v[row->odd].label);
	str_fini(&a);
	str_fini(&b);
}

/* What makes a row unfit; says it unless it was said often enough. */
static bool row_fits(struct planner *w, const struct input_row *row, size_t *said)
{
	if (row->odd < 0 && row->mute < 0 && row->mixed < 0)
		return true;
	if (++*said > SAY_AT_MOST) {
		w->failed = true;
		return false;
	}
	if (row->odd >= 0)
		shapes_differ(w, row);
	else if (row->mute >= 0)
		plan_problem(w, plan_mark(w, row->mute), row->like->name, "unreadable",
			"merge from a copy in another format",
			"%s stores it as %s, which cannot be decoded",
			w->in->v[row->mute].label, w->in->v[row->mute].model->source
			.tensors[row->source[row->mute]].dtype_text);
	else
		plan_problem(w, plan_mark(w, row->mixed), row->like->name, "mixed",
			"merge models of one kind",
			"whole numbers in one model, weights in another");
	return false;
}

/* Inputs that have the tensor, in the order of the slice; those of a base-less method include the
 * base. */
static int present(struct planner *w, const struct input_row *row, struct plan_tensor *t, int *base)
{
	size_t most = row->slice < 0 ? 1 : row->n_inputs;
	int n = 0, *v, whose = w->r->method->base < 0 || row->slice < 0 ? -1
		: w->r->slices[row->slice].base_input;
	bool all = most == w->in->n;

	for (size_t k = 0; k < most; k++) {
		all = all && plan_row_input(w, row, k) == (int)k;
		n += row->source[plan_row_input(w, row, k)] >= 0;
	}
	t->input = w->everyone;
	t->source = row->source;
	*base = whose;
	if (all && n == (int)w->in->n)
		return n;
	*base = -1;
	t->input = v = arena_new(&w->all->arena, int, (size_t)n);
	t->source = arena_new(&w->all->arena, long, (size_t)n);
	n = 0;
	for (size_t k = 0; k < most; k++) {
		int i = plan_row_input(w, row, k);

		if (row->source[i] < 0)
			continue;
		if (i == whose)
			*base = n;
		((long *)t->source)[n] = row->source[i];
		v[n++] = i;
	}
	return n;
}

/* A pairwise method with one side absent copies the other, as mergekit does for optional
 * tensors. */
static void copy_one(struct planner *w, struct plan_tensor *t, int k)
{
	double *global = arena_new(&w->all->arena, double, P_COUNT);
	double (*input)[P_COUNT] = arena_alloc(&w->all->arena, sizeof *input);
	long *source = arena_new(&w->all->arena, long, 1);
	int *index = arena_new(&w->all->arena, int, 1);

	input[0][P_SCALE] = 1.0;
	source[0] = t->source[k];
	index[0] = t->input[k];
	t->source = source;
	t->input = index;
	t->spec.method = method_by_name("passthrough");
	t->spec.n_inputs = 1;
	t->spec.base = -1;
	t->spec.input = (input_values)input;
	t->spec.global = global;
	t->spec.rng_index = index;
}

static void bind_values(struct planner *w, struct plan_tensor *t)
{
	struct arena *a = &w->all->arena;
	bool everyone = t->input == w->everyone;
	double (*v)[P_COUNT];

	t->spec.global = w->global;
	t->spec.input = (input_values)w->input;
	t->spec.rng_index = t->input;
	if (everyone && !w->varies)
		return;
	v = arena_alloc(a, (size_t)t->spec.n_inputs * sizeof *v + 1);
	for (int k = 0; k < t->spec.n_inputs; k++)
		memcpy(v[k], w->input[t->input[k]], sizeof *v);
	t->spec.input = (input_values)v;
	if (w->varies)
		t->spec.global = memcpy(arena_new(a, double, P_COUNT), w->global,
			P_COUNT * sizeof *w->global);
}

static void key_of(const struct input_row *row, struct plan_tensor *t)
{
	struct hash source[MERGE_MAX_INPUTS];

	for (int k = 0; k < t->spec.n_inputs; k++)
		source[k] = row->key[t->input[k]];
	t->key = plan_key(t, source);
}

static bool tensor_make(struct planner *w, const struct input_row *row, struct plan_tensor *t)
{
	const struct method *m = w->r->method;
	int base, n = present(w, row, t, &base);
	struct err e = {0};

	t->like = row->like;
	t->t = row->t;
	t->verbatim = row->integer;
	t->dtype = row->integer ? row->like->dtype : w->dtype != DT_UNKNOWN ? w->dtype
		: row->promoted;
	t->spec = (struct merge_spec){.method = m, .name = row->like->name,
		.name_hash = hash64_bytes(row->like->name, strlen(row->like->name)),
		.rank = row->like->rank, .shape = row->like->shape, .elements = row->like->elements,
		.n_inputs = n, .base = base, .seed = w->all->p.seed,
		.arithmetic = w->all->p.arithmetic,
		.work = w->r->dtype ? dtype_by_torch(w->r->dtype) : row->promoted};
	if (!dtype_bytes(t->dtype, t->spec.elements, &t->bytes))
		return plan_problem(w, &w->r->method_mark, row->like->name, "size", NULL,
			"its size overflows");
	t->from = row->from->name;
	t->slice = row->slice;
	if (w->varies && !row->integer && row->slice >= 0 && !parameters(w, row))
		return false;
	bind_values(w, t);
	if (row->integer || row->slice < 0 || (m->max_inputs == 2 &&
		n - (base >= 0 && !m->count_base) < m->min_inputs))
		copy_one(w, t, base == 0 && n > 1 ? 1 : 0);
	else if (m->check && !m->check(&t->spec, &e))
		return plan_problem(w, &w->r->method_mark, e.where, "contract", e.hint, "%s",
			e.what);
	if (!draws_work(&t->spec, &e) && !row->integer)
		return plan_problem(w, &w->r->method_mark, e.where, "arithmetic", e.hint, "%s",
			e.what);
	key_of(row, t);
	return true;
}

/* --- the plan --- */

static bool plan_fill(struct planner *w)
{
	struct plan *p = &w->all->p;
	size_t n, said = 0;
	const struct input_row *rows;

	if (!plan_allowed(w) || !stored_dtype(w))
		return false;
	rows = inputs_rows(w->in, &n);
	if (inputs_twice(w->in) >= 0)
		return plan_problem(w, &w->r->method_mark,
			rows[inputs_twice(w->in)].like->name, "shape",
			"merge models of one architecture",
			"two slices make a tensor of this name");
	plan_say_missing(w, rows, n);
	p->tensors = arena_new(&w->all->arena, struct plan_tensor, n + 1);
	w->everyone = arena_new(&w->all->arena, int, w->in->n);
	for (size_t i = 0; i < w->in->n; i++)
		w->everyone[i] = (int)i;
	w->varies = any_varies(w->r);
	parameters_begin(w);
	for (size_t k = 0; !w->failed && !w->varies && k < n; k++)
		if (rows[k].slice >= 0) {
			if (!parameters(w, &rows[k]))
				return false;
			break;
		}
	for (size_t k = 0; k < n; k++)
		if (row_fits(w, &rows[k], &said) && !w->failed) {
			if (!tensor_make(w, &rows[k], &p->tensors[k]))
				break;
			p->parameters += rows[k].like->elements;
		}
	if (said > SAY_AT_MOST)
		plan_problem(w, &w->r->method_mark, "models", "shape", NULL,
			"%zu tensors do not fit together", said);
	p->n = n;
	plan_say_rest(w, rows, n);
	return !w->failed;
}

struct plan *plan_make(const struct recipe *r, struct inputs *in, const struct plan_options *o,
	struct findings *f, struct err *e)
{
	struct plan_all *all;
	struct planner w = {.r = r, .in = in, .f = f, .e = e};
	struct shards *s;

	if (!role_ready(e))
		return NULL;
	if (!r->method) {
		const char *near_name = method_nearest(r->method_name);
		char *hint = near_name ? xasprintf("did you mean %s?", near_name) :
			xstrdup("see: cupel methods");

		plan_problem(&w, &r->method_mark, "merge_method", "unknown-method", hint,
			"there is no method \"%s\"", r->method_name ? r->method_name : "");
		free(hint);
		return NULL;
	}
	all = w.all = xnew(struct plan_all, 1);
	arena_init(&all->arena);
	atomic_init(&all->refs, 1);
	all->p.recipe = recipe_ref(r);
	all->p.inputs = inputs_ref(in);
	all->p.seed = o && o->has_seed ? o->seed : r->has_seed ? r->seed : 0;
	all->p.arithmetic = o ? o->arithmetic : ARITH_FLOAT32;
	all->p.rng = o ? o->rng : RNG_COUNTER;
	if (!draws_allowed(r->method, all->p.arithmetic, e) || !plan_fill(&w)) {
		plan_unref(&all->p);
		return NULL;
	}
	if (all->p.rng == RNG_MERGEKIT && draws_place(&all->p, &all->arena))
		plan_remark(&w, SEV_WARNING, &r->method_mark, "mask-order", NULL,
			"layers are taken more than once: mergekit draws for them in an order that "
			"it leaves open, so that their masks may be others than here");
	s = shards_make(&all->p, o ? o->shard_size : 0);
	all->p.output_bytes = s->total;
	shards_free(s);
	return &all->p;
}

struct plan *plan_ref(struct plan *p)
{
	atomic_fetch_add(&((struct plan_all *)p)->refs, 1);
	return p;
}

void plan_unref(struct plan *p)
{
	struct plan_all *all = (struct plan_all *)p;

	if (!p || atomic_fetch_sub(&all->refs, 1) > 1)
		return;
	recipe_unref(p->recipe);
	inputs_unref(p->inputs);
	arena_fini(&all->arena);
	free(all);
}
