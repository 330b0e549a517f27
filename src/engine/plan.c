#include "config.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "engine/inputs.h"
#include "engine/plan_key.h"
#include "engine/shards.h"

#define SAY_AT_MOST 5 /* problems of one kind that are listed each */

struct plan_all { /* the allocation behind struct plan */
	struct plan p;
	atomic_int refs;
	struct arena arena;
};
typedef const double (*input_values)[P_COUNT];
struct planner {
	const struct recipe *r;
	struct inputs *in;
	struct plan_all *all;
	struct findings *f;
	struct err *e;
	bool failed, varies;       /* varies: some parameter depends on the tensor */
	enum dtype dtype;          /* stored dtype by the recipe; DT_UNKNOWN: by promotion */
	double (*input)[P_COUNT];  /* of every input; the tensor at work, or all of them */
	double *global;
	int *everyone;             /* 0, 1, 2 …: inputs of a tensor that all have */
};

static const struct mark *input_mark(const struct planner *w, int i)
{
	return &recipe_input_ref(w->r, (size_t)i)->mark;
}

/* An error: among the findings, and the first of them is the plan's. */
__attribute__((format(printf, 6, 7)))
static bool problem(struct planner *w, const struct mark *at, const char *where, const char *code,
	const char *hint, const char *fmt, ...)
{
	va_list ap;
	struct str s = STR_INIT;

	va_start(ap, fmt);
	str_vaddf(&s, fmt, ap);
	va_end(ap);
	if (w->f)
		findings_add(w->f, SEV_ERROR, at, where, code, hint, "%s", s.s);
	if (!w->failed)
		err_set(w->e, ERR_INPUT, where, hint, "%s", s.s);
	w->failed = true;
	str_fini(&s);
	return false;
}

__attribute__((format(printf, 6, 7)))
static void remark(struct planner *w, enum severity sev, const struct mark *at, const char *code,
	const char *hint, const char *fmt, ...)
{
	va_list ap;
	struct str s = STR_INIT;

	if (!w->f)
		return;
	va_start(ap, fmt);
	str_vaddf(&s, fmt, ap);
	va_end(ap);
	findings_add(w->f, sev, at, "models", code, hint, "%s", s.s);
	str_fini(&s);
}

/* --- what the recipe asks --- */

static bool refuse_later_work(struct planner *w)
{
	const struct recipe *r = w->r;
	const struct recipe_tokenizer *t = &r->tokenizer;
	int64_t layers[MERGE_MAX_INPUTS];
	struct err e = {0};

	if (r->n_models == 0)
		return problem(w, &r->method_mark, "slices", "slices",
			"use models:, or one slice of whole models",
			"this version merges whole models, not stacks of layer ranges");
	if (t->is_union || t->n_tokens || t->pad_to_multiple_of)
		return problem(w, &t->mark, "tokenizer", "tokenizer",
			"name one of the models as tokenizer_source",
			"this version builds no new vocabulary");
	if (r->chat_template && !strchr(r->chat_template, '{') && !str_eq(r->chat_template, "auto"))
		return problem(w, &r->method_mark, "chat_template", "chat_template",
			"write the template itself, or leave it out",
			"this version has no template named \"%s\"", r->chat_template);
	for (size_t i = 0; i < w->in->n; i++)
		layers[i] = w->in->v[i].model ? w->in->v[i].model->layers : -1;
	if (r->n_slices && !recipe_whole(r, layers, &e))
		return problem(w, &r->method_mark, "slices", "slices", e.hint, "%s", e.what);
	return true;
}

static bool all_open(struct planner *w)
{
	for (size_t i = 0; i < w->in->n; i++) {
		const struct err *e = &w->in->v[i].error;

		if (!w->in->v[i].model)
			problem(w, input_mark(w, (int)i), *e->where ? e->where : w->in->v[i].text,
				"model", e->hint, "%s",
				*e->what ? e->what : "it could not be opened");
		else if (w->in->v[i].model->partial)
			problem(w, input_mark(w, (int)i), w->in->v[i].text, "partial",
				"finish the download", "only %s of its files are here",
				w->in->v[i].model->partial);
	}
	return !w->failed;
}

/* One stack on another: as many layers, or half of the tensors would come from one model alone. */
static bool same_layers(struct planner *w)
{
	const struct input *first = &w->in->v[inputs_first(w->in)];

	for (size_t i = 0; i < w->in->n; i++) {
		const struct input *in = &w->in->v[i];

		if (in->model->layers > 0 && first->model->layers > 0 &&
			in->model->layers != first->model->layers)
			problem(w, input_mark(w, (int)i), in->text, "layers",
				"merge models of the same depth",
				"it has %" PRId64 " layers, %s has %"
				PRId64, in->model->layers, first->label, first->model->layers);
	}
	return !w->failed;
}

/* How many models the method takes, and whether it needs a base. */
static bool contract(struct planner *w)
{
	const struct method *m = w->r->method;
	bool base = m->base >= 0 && w->in->base >= 0;
	int n = (int)w->in->n - (base && !m->count_base);
	const char *which = m->base < 0 ? "" : m->count_base ? ", the base among them"
		: " beside the base";
	char must[32];

	if (m->base == 1 && w->in->base < 0)
		return problem(w, &w->r->method_mark, "merge_method", "contract",
			"add base_model: with the model the others were trained from",
			"%s needs a base_model", m->name);
	if (n >= m->min_inputs && (!m->max_inputs || n <= m->max_inputs))
		return true;
	if (m->min_inputs == m->max_inputs)
		snprintf(must, sizeof must, "exactly %d", m->min_inputs);
	else
		snprintf(must, sizeof must, "at least %d", m->min_inputs);
	return problem(w, &w->r->method_mark, "merge_method", "contract",
		base && !m->count_base && w->in->base < (int)w->r->n_models
		? "take base_model out, or name one that is not merged"
		: n < m->min_inputs ? "list more models, or choose another method"
		: w->in->base >= 0 && !base ? "take away base_model, or a model"
		: "list fewer models, or choose another method",
		"%s takes %s model%s%s; here are %d", m->name, must,
		m->max_inputs == 1 ? "" : "s", which, n);
}

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
	return problem(w, &w->r->method_mark, key, "dtype",
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
	for (size_t k = 0; k < r->method->n_params; k++) {
		const char *name = r->method->params[k].name;

		if (scope_varies(&r->params, name) || scope_varies(&r->slice_params, name) ||
			scope_varies(&r->module_params, name))
			return true;
		for (size_t i = 0; i < r->n_models; i++)
			if (scope_varies(&r->models[i].params, name))
				return true;
	}
	return false;
}

static bool one_value(struct planner *w, const struct param_def *p, int input, const char *tensor,
	double t, double *to)
{
	struct err e = {0};

	*to = recipe_param(w->r, p, input, tensor, t, &e);
	if (e.code)
		return problem(w, input >= 0 ? input_mark(w, input) : &w->r->method_mark,
			*e.where ? e.where : p->name, "parameter", e.hint, "%s: %s",
			w->r->method->name, e.what);
	if (isinf(*to))
		return problem(w, input >= 0 ? input_mark(w, input) : &w->r->method_mark, p->name,
			"parameter", "write a finite number", "%s is not finite for %s", p->name,
			tensor);
	return true;
}

static bool parameters(struct planner *w, const char *tensor, double t)
{
	const struct method *m = w->r->method;

	for (int id = 0; id < P_COUNT; id++)
		w->global[id] = NAN;
	for (size_t i = 0; i < w->in->n; i++)
		for (int id = 0; id < P_COUNT; id++)
			w->input[i][id] = NAN;
	for (size_t k = 0; k < m->n_params; k++) {
		const struct param_def *p = &m->params[k];

		if (p->scope == PARAM_GLOBAL &&
			!one_value(w, p, -1, tensor, t, &w->global[p->id]))
			return false;
		for (int i = 0; p->scope != PARAM_GLOBAL && i < (int)w->in->n; i++)
			if ((p->scope == PARAM_INPUT || i != w->in->base) &&
				!one_value(w, p, i, tensor, t, &w->input[i][p->id]))
				return false;
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
	problem(w, input_mark(w, row->odd), row->like->name, vocabulary ? "vocabulary" : "shape",
		vocabulary ? "merge models with the same vocabulary"
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
		problem(w, input_mark(w, row->mute), row->like->name, "unreadable",
			"merge from a copy in another format",
			"%s stores it as %s, which cannot be decoded",
			w->in->v[row->mute].label, w->in->v[row->mute].model->source
			.tensors[row->source[row->mute]].dtype_text);
	else
		problem(w, input_mark(w, row->mixed), row->like->name, "mixed",
			"merge models of one kind",
			"whole numbers in one model, weights in another");
	return false;
}

/* Inputs that have the tensor, in recipe order; those of a base-less method include the base. */
static int present(struct planner *w, const struct input_row *row, struct plan_tensor *t, int *base)
{
	int n = 0, *v;

	*base = w->r->method->base < 0 ? -1 : w->in->base;
	for (size_t i = 0; i < w->in->n; i++)
		n += row->source[i] >= 0;
	t->input = w->everyone;
	t->source = row->source;
	if (n == (int)w->in->n)
		return n;
	t->input = v = arena_new(&w->all->arena, int, (size_t)n);
	t->source = arena_new(&w->all->arena, long, (size_t)n);
	n = 0;
	for (size_t i = 0; i < w->in->n; i++) {
		if (row->source[i] < 0)
			continue;
		if ((int)i == w->in->base && *base >= 0)
			*base = n;
		((long *)t->source)[n] = row->source[i];
		v[n++] = (int)i;
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
	bool everyone = t->spec.n_inputs == (int)w->in->n;
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
		.arithmetic = w->all->p.arithmetic, .work = row->promoted};
	if (!dtype_bytes(t->dtype, t->spec.elements, &t->bytes))
		return problem(w, &w->r->method_mark, row->like->name, "size", NULL,
			"its size overflows");
	if (w->varies && !row->integer && !parameters(w, row->like->name, row->t))
		return false;
	bind_values(w, t);
	if (row->integer || (m->max_inputs == 2 &&
		n - (base >= 0 && !m->count_base) < m->min_inputs))
		copy_one(w, t, base == 0 && n > 1 ? 1 : 0);
	else if (m->check && !m->check(&t->spec, &e))
		return problem(w, &w->r->method_mark, e.where, "contract", e.hint, "%s", e.what);
	key_of(row, t);
	return true;
}

/* --- what is missing, what is left over --- */

static void names_add(struct str *s, const char *name, size_t before)
{
	if (before < 3)
		str_addf(s, "%s%s", before ? ", " : "", name);
	else if (before == 3)
		str_add(s, " …");
}

static bool other_kind(const struct planner *w, size_t i)
{
	return !str_eq(w->in->v[i].model->architecture,
		w->in->v[inputs_first(w->in)].model->architecture);
}

static void say_missing(struct planner *w, const struct input_row *rows, size_t n)
{
	for (size_t i = 0; i < w->in->n; i++) {
		struct str s = STR_INIT;
		size_t lacks = 0;

		for (size_t k = 0; k < n; k++)
			if (rows[k].source[i] < 0)
				names_add(&s, rows[k].like->name, lacks++);
		if (lacks > n / 2 || (lacks && other_kind(w, i)))
			problem(w, input_mark(w, (int)i), w->in->v[i].text, "architecture",
				"merge models of one architecture",
				"%zu of the %zu tensors of %s are not in it: %s", lacks, n,
				w->in->v[inputs_first(w->in)].label, s.s);
		else if (lacks)
			remark(w, SEV_WARNING, input_mark(w, (int)i), "missing-tensor",
				"they are made from the models that have them",
				"%s lacks %zu tensor%s: %s", w->in->v[i].label, lacks,
				lacks == 1 ? "" : "s", s.s);
		str_fini(&s);
	}
}

static void say_extras(struct planner *w)
{
	size_t n;
	const struct input_extra *v = inputs_extras(w->in, &n);
	const char **names = arena_new(&w->all->arena, const char *, n + 1);
	const char *first = w->in->v[inputs_first(w->in)].label;

	for (size_t k = 0; k < n; k++)
		names[k] = v[k].name;
	w->all->p.ignored = names;
	for (size_t i = 0; i < w->in->n; i++) {
		struct str s = STR_INIT;
		size_t extra = 0;

		for (size_t k = 0; k < n; k++) {
			if (v[k].input != (int)i)
				continue;
			if (v[k].head)
				remark(w, SEV_NOTE, input_mark(w, (int)i), "tied-head", NULL,
					"the head %s of %s is left out: %s ties it to the "
					"embedding",
					v[k].name, w->in->v[i].label, first);
			else
				names_add(&s, v[k].name, extra++);
		}
		if (extra)
			remark(w, SEV_WARNING, input_mark(w, (int)i), "extra-tensor",
				"the output has the tensors of the base, or else of the first "
				"model",
				"%zu tensor%s of %s are not in %s and are left out: %s", extra,
				extra == 1 ? "" : "s", w->in->v[i].label, first, s.s);
		str_fini(&s);
	}
}

static void say_quantized(struct planner *w, const struct input_row *rows, size_t n)
{
	for (size_t k = 0; w->dtype == DT_UNKNOWN && k < n; k++)
		if (rows[k].quantized) {
			remark(w, SEV_NOTE, &w->r->method_mark, "quantized",
				"say dtype: to choose another",
				"an input is quantized: without dtype: it counts as bfloat16");
			return;
		}
}

/* --- the plan --- */

static bool plan_fill(struct planner *w)
{
	struct plan *p = &w->all->p;
	size_t n, said = 0;
	const struct input_row *rows;

	if (!refuse_later_work(w) || !all_open(w) || !same_layers(w) || !contract(w) ||
		!stored_dtype(w))
		return false;
	rows = inputs_rows(w->in, &n);
	say_missing(w, rows, n);
	p->tensors = arena_new(&w->all->arena, struct plan_tensor, n + 1);
	w->everyone = arena_new(&w->all->arena, int, w->in->n);
	for (size_t i = 0; i < w->in->n; i++)
		w->everyone[i] = (int)i;
	w->varies = any_varies(w->r);
	parameters_begin(w);
	if (!w->failed && !w->varies && n && !parameters(w, rows[0].like->name, 0.0))
		return false;
	for (size_t k = 0; k < n; k++)
		if (row_fits(w, &rows[k], &said) && !w->failed) {
			if (!tensor_make(w, &rows[k], &p->tensors[k]))
				break;
			p->parameters += rows[k].like->elements;
		}
	if (said > SAY_AT_MOST)
		problem(w, &w->r->method_mark, "models", "shape", NULL,
			"%zu tensors do not fit together", said);
	p->n = n;
	say_extras(w);
	say_quantized(w, rows, n);
	return !w->failed;
}

struct plan *plan_make(const struct recipe *r, struct inputs *in, const struct plan_options *o,
	struct findings *f, struct err *e)
{
	struct plan_all *all;
	struct planner w = {.r = r, .in = in, .f = f, .e = e};
	struct shards *s;

	if (!r->method) {
		const char *near_name = method_nearest(r->method_name);
		char *hint = near_name ? xasprintf("did you mean %s?", near_name) :
			xstrdup("see: cupel methods");

		problem(&w, &r->method_mark, "merge_method", "method", hint,
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
	if (!plan_fill(&w)) {
		plan_unref(&all->p);
		return NULL;
	}
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
