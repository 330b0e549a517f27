/* Previews tell what a run writes, over random models and recipes: every method, odd shapes, mixed
 * dtypes, gradients, filters. Every exact figure is that of the written files to the bit; closed
 * figures are those of a merge in float64; intervals hold as often as they say.
 * CUPEL_TEST_TRIALS and CUPEL_TEST_SEED make it longer, or repeat a trial (seed of the first). */
#include "config.h"
#include <inttypes.h>
#include <math.h>
#include "base/rng.h"
#include "engine/preview_work.h"
#include "preview_test.h"
#include "scratch_models.h"

enum { MODELS_MOST = 5, TENSORS_MOST = 7, RANK_MOST = 3 };
static char *dir;
static uint64_t seed; /* of the trial */

/* --- random numbers --- */

static uint64_t dice_state;

static uint64_t dice(void)
{
	uint64_t z = dice_state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static double uniform(double from, double to)
{
	return from + (to - from) * ((double)(dice() >> 11) * 0x1p-53);
}

static size_t below(size_t n)
{
	return (size_t)(dice() % n);
}

static bool chance(double p)
{
	return uniform(0, 1) < p;
}

/* --- models --- */

struct shape { int rank; uint64_t d[RANK_MOST]; };
static const struct shape shapes[] = {
	{ 1, { 1 } }, { 1, { 2 } }, { 1, { 7 } }, { 1, { 255 } }, { 1, { 256 } }, { 1, { 1000 } },
	{ 2, { 1, 1 } }, { 2, { 5, 1 } }, { 2, { 1, 9 } }, { 2, { 17, 33 } }, { 2, { 64, 96 } },
	{ 2, { 40, 300 } }, { 2, { 96, 320 } }, { 2, { 9, 1031 } },
	{ 3, { 2, 3, 4 } }, { 3, { 5, 1, 3 } }, { 3, { 16, 8, 24 } },
};
static const char *const tensor_names[TENSORS_MOST] = {
	"model.embed_tokens.weight", "model.layers.0.self_attn.q_proj.weight",
	"model.layers.0.mlp.up_proj.weight", "model.layers.1.self_attn.q_proj.weight",
	"model.layers.1.mlp.up_proj.weight", "model.layers.2.mlp.up_proj.weight",
	"model.norm.weight",
};
struct family {
	size_t n_models, n_tensors;
	struct shape shape[TENSORS_MOST];
	char *path[MODELS_MOST];
};

static uint64_t elements_of(const struct shape *s)
{
	uint64_t n = 1;

	for (int i = 0; i < s->rank; i++)
		n *= s->d[i];
	return n;
}

static enum dtype any_float(void)
{
	static const enum dtype v[] = { DT_F32, DT_BF16, DT_F16 };

	return v[below(3)];
}

static double bell(void)
{
	return uniform(-1, 1) + uniform(-1, 1) + uniform(-1, 1);
}

static void family_make(struct family *f)
{
	enum dtype all = any_float();
	float *base[TENSORS_MOST];
	double move = exp(uniform(log(3e-4), log(0.05)));
	bool mixed = chance(0.3);

	f->n_models = 2 + below(MODELS_MOST - 1);
	f->n_tensors = 3 + below(TENSORS_MOST - 2);
	for (size_t t = 0; t < f->n_tensors; t++) {
		f->shape[t] = shapes[below(sizeof shapes / sizeof *shapes)];
		base[t] = xcalloc(elements_of(&f->shape[t]) + 1, sizeof(float));
		for (uint64_t i = 0; i < elements_of(&f->shape[t]); i++)
			base[t][i] = (float)(0.05 * bell());
	}
	for (size_t m = 0; m < f->n_models; m++) {
		struct scratch_tensor v[TENSORS_MOST];
		enum dtype as = mixed ? any_float() : all;
		char name[32];

		for (size_t t = 0; t < f->n_tensors; t++) {
			uint64_t n = elements_of(&f->shape[t]);
			double step = !m || chance(0.1) ? 0 : move; /* some were never trained */
			float *x = xcalloc(n + 1, sizeof *x);

			v[t] = (struct scratch_tensor){ .name = tensor_names[t], .dtype = as,
				.rank = f->shape[t].rank,
				.bytes = (size_t)n * dtype_info(as)->bytes };
			memcpy(v[t].shape, f->shape[t].d, sizeof f->shape[t].d);
			for (uint64_t i = 0; i < n; i++)
				x[i] = base[t][i] + (float)(step * bell());
			v[t].data = xcalloc(v[t].bytes + 1, 1);
			dtype_info(as)->encode(x, v[t].data, (size_t)n);
			free(x);
		}
		snprintf(name, sizeof name, "m%zu", m);
		f->path[m] = scratch_model(dir, name, v, f->n_tensors,
			"{\"architectures\":[\"LlamaForCausalLM\"],\"model_type\":\"llama\","
			"\"num_hidden_layers\":3}");
		scratch_free(v, f->n_tensors);
	}
	for (size_t t = 0; t < f->n_tensors; t++)
		free(base[t]);
}

static void family_end(struct family *f)
{
	for (size_t m = 0; m < f->n_models; m++)
		free(f->path[m]);
}

/* --- recipes --- */

static double any_value(const struct method *m, const struct param_def *p)
{
	if (p->type == PARAM_BOOL)
		return chance(0.5);
	if (p->type == PARAM_INT)
		return 1 + (double)below(12);
	switch (p->id) {
	case P_WEIGHT:
		return uniform(0.1, 1.2);
	case P_DENSITY:
		return chance(0.15) ? 1.0 : method_param(m, "epsilon") ? uniform(0.3, 0.7) :
			uniform(0.05, 0.95);
	case P_EPSILON:
		return m->random ? uniform(0, 0.28) : exp(uniform(log(1e-5), log(1e-2)));
	case P_T:
		return strcmp(m->name, "nearswap") ? uniform(0, 1) :
			exp(uniform(log(1e-5), log(1e-2)));
	case P_EPS:
	case P_TOL:
		return p->dflt;
	default:
		return uniform(p->min, p->max);
	}
}

static void add_setting(struct str *s, const struct method *m, const struct param_def *p)
{
	const char *format = p->type == PARAM_FLOAT ? "%.6f" : "%.0f";
	size_t n = p->type == PARAM_FLOAT && chance(0.25) ? 2 + below(3) : 1;
	bool filters = chance(0.2);

	if (p->type == PARAM_BOOL)
		format = chance(0.5) ? "true" : "false";
	str_addf(s, "%s: %s", p->name, filters ? "[{filter: mlp, value: " : "");
	for (int round = 0; round <= (int)filters; round++) {
		if (round)
			str_add(s, "}, {value: ");
		str_add(s, n > 1 ? "[" : "");
		for (size_t i = 0; i < n; i++) {
			str_add(s, i ? ", " : "");
			if (p->type == PARAM_BOOL)
				str_add(s, format);
			else
				str_addf(s, p->type == PARAM_FLOAT ? "%.6f" : "%.0f",
					any_value(m, p));
		}
		str_add(s, n > 1 ? "]" : "");
	}
	str_add(s, filters ? "}]" : "");
}

static void add_params(struct str *s, const struct method *m, bool global, const char *indent)
{
	bool any = false;

	for (size_t i = 0; i < m->n_params; i++) {
		const struct param_def *p = &m->params[i];

		if ((p->scope == PARAM_GLOBAL) != global || (!p->required && chance(0.3)))
			continue;
		str_addf(s, "%s%s", any ? "" : indent, any ? ", " : "parameters: {");
		add_setting(s, m, p);
		any = true;
	}
	str_add(s, any ? "}\n" : "");
}

/* NULL: not with so few models. */
static char *recipe_make(const struct method *m, const struct family *f)
{
	bool base = m->base > 0 || (m->base == 0 && chance(0.5));
	size_t least = (size_t)m->min_inputs, most = m->max_inputs ? (size_t)m->max_inputs :
		MODELS_MOST, n, first = base;
	static const char *const types[] = { "float32", "bfloat16", "float16" };
	struct str s = STR_INIT;

	if (base && m->count_base) {
		least = least > 1 ? least - 1 : 1;
		most--;
	}
	if (f->n_models - first < least)
		return NULL;
	most = most < f->n_models - first ? most : f->n_models - first;
	n = least + below(most - least + 1);
	str_addf(&s, "merge_method: %s\n", m->name);
	if (chance(0.7))
		str_addf(&s, "out_dtype: %s\n", types[below(3)]);
	if (base)
		str_addf(&s, "base_model: %s\n", f->path[0]);
	str_add(&s, "models:\n");
	for (size_t i = 0; i < n; i++) {
		str_addf(&s, "  - model: %s\n", f->path[first + i]);
		add_params(&s, m, false, "    ");
	}
	add_params(&s, m, true, "");
	return str_steal(&s);
}

/* NULL: the recipe breaks a contract of its method. */
static struct plan *plan_of(const char *text, struct err *e)
{
	struct recipe *r = recipe_parse(text, strlen(text), NULL, e);
	struct model_roots *roots = model_roots_new(NULL, 0);
	struct plan_options o = { .has_seed = true, .seed = dice() };
	struct inputs *in;
	struct plan *p;

	if (!r || !recipe_valid(r, e))
		fail_msg("seed %" PRIu64 ": %s: %s\n%s", seed, e->where, e->what, text);
	in = inputs_open(r, roots, NULL, e);
	assert_non_null(in);
	if (r->method->mergekit && chance(0.2))
		o.arithmetic = ARITH_MERGEKIT;
	if (r->method->mergekit && chance(0.2))
		o.rng = RNG_MERGEKIT;
	p = plan_make(r, in, &o, NULL, e);
	inputs_unref(in);
	recipe_unref(r);
	model_roots_free(roots);
	return p;
}

/* --- the file --- */

static struct model *write_it(struct plan *p, unsigned threads)
{
	char *path = str_join_path(dir, "out");
	struct run_options o = { .output = path, .force = true,
		.shard_size = chance(0.5) ? 0 : 20000 };
	struct pool *pool = pool_new(threads);
	struct run_result r;
	struct err e = { 0 };
	struct model *m;

	if (!run_merge(p, NULL, pool, &o, NULL, NULL, &r, &e))
		fail_msg("seed %" PRIu64 ": %s: %s", seed, e.where, e.what);
	pool_free(pool);
	m = test_open(path);
	free(path);
	return m;
}

static const enum stat_id of_file[] = {
	STAT_COSINE, STAT_ONE_MINUS_COSINE, STAT_RELATIVE_L2, STAT_MAX_ABS, STAT_SIGN_AGREEMENT,
	STAT_DELTA_COSINE, STAT_DELTA_RATIO, STAT_INPUT_CONFLICT, STAT_NORM, STAT_DELTA_NORM,
	STAT_ZEROS, STAT_STD, STAT_ABS_MAX, STAT_NONFINITE,
};

static void same_figure(struct figure a, struct figure b, const char *what, enum stat_id s,
	const char *text)
{
	bool same = a.state == b.state && (memcmp(&a.value, &b.value, sizeof a.value) == 0 ||
		(isnan(a.value) && isnan(b.value)));

	if (!same)
		fail_msg("seed %" PRIu64 ": %s %s: preview %.17g %s, file %.17g %s\n%s", seed, what,
			stat_info(s)->name, a.value, figure_state_name(a.state), b.value,
			figure_state_name(b.state), text);
}

static size_t row_of(struct look *l, const char *name)
{
	for (size_t r = 0; r < look_rows(l); r++)
		if (strcmp(look_row(l, r)->like->name, name) == 0)
			return r;
	fail_msg("%s is not in the file", name);
	return 0;
}

static void exact_is_the_file(const struct plan *p, struct preview *v, struct model *file,
	struct pool *pool, const char *text)
{
	struct err e;

	for (size_t i = 0; i < p->inputs->n; i++) {
		struct model *models[2] = { p->inputs->v[i].model, file };
		struct look *l =
			look_new(pool, NULL, models, 2, p->inputs->figure_base, NULL, NULL);

		if (!look_wait(l, true, &e))
			fail_msg("%s: %s", e.where, e.what);
		for (size_t k = 0; k < sizeof of_file / sizeof *of_file; k++) {
			for (size_t t = 0; t < p->n; t++)
				same_figure(preview_figure(v, t, of_file[k], (int)i),
					look_figure(l, row_of(l, p->tensors[t].like->name),
						of_file[k], 1), p->tensors[t].like->name,
					of_file[k], text);
			same_figure(preview_group(v, NULL, 0, of_file[k], (int)i),
				look_group(l, NULL, 0, of_file[k], 1), "total", of_file[k], text);
		}
		look_free(l);
	}
}

/* --- closed figures: the merge in float64, from the definitions of the methods --- */

struct vectors { /* inputs of a tensor, and of the base of the figures */
	int n, base;
	size_t elements;
	double *x[MODELS_MOST + 1], *m;
};

static double dot(const double *a, const double *b, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

static void mix(struct vectors *v, const double *factors)
{
	for (size_t i = 0; i < v->elements; i++) {
		v->m[i] = 0;
		for (int k = 0; k < v->n; k++)
			v->m[i] += factors[k] * v->x[k][i];
	}
}

static void arc(struct vectors *v, int a, int b, double t, bool lines, const double *origin)
{
	double *u = xcalloc(v->elements + 1, sizeof *u), *w = xcalloc(v->elements + 1, sizeof *w);
	double na, nb, c, th, fa = 1 - t, fb = t;

	for (size_t i = 0; i < v->elements; i++) {
		u[i] = v->x[a][i] - (origin ? origin[i] : 0);
		w[i] = v->x[b][i] - (origin ? origin[i] : 0);
	}
	na = sqrt(dot(u, u, v->elements));
	nb = sqrt(dot(w, w, v->elements));
	if (lines) /* slerp: lengths next to 0 count as 1 */
		na = na > 1e-8 ? na : 1, nb = nb > 1e-8 ? nb : 1;
	else
		na = fmax(na, 1e-7), nb = fmax(nb, 1e-7);
	c = fmin(1, fmax(-1, dot(u, w, v->elements) / na / nb));
	th = acos(c);
	if (lines ? fabs(c) <= 0.9995 : 1 - c * c > 1e-16) {
		fa = sin((1 - t) * th) / sin(th);
		fb = sin(t * th) / sin(th);
	}
	for (size_t i = 0; i < v->elements; i++)
		v->m[i] = fa * u[i] + fb * w[i] + (origin ? origin[i] : 0);
	free(u);
	free(w);
}

static bool by_weights(const struct merge_spec *s, struct vectors *v)
{
	double f[MODELS_MOST + 1] = { 0 }, sum = 0, rest = 1;
	bool task = s->base >= 0;

	for (int k = 0; k < v->n; k++)
		sum += k == s->base ? 0 : s->input[k][P_WEIGHT];
	sum = s->global[P_NORMALIZE] != 0 ? sum : 1;
	for (int k = 0; k < v->n; k++) {
		if (k == s->base)
			continue;
		f[k] = s->input[k][P_WEIGHT] / sum * (task ? s->global[P_LAMBDA] : 1);
		rest -= f[k];
	}
	if (task)
		f[s->base] = rest;
	mix(v, f);
	return true;
}

static void stock(const struct merge_spec *s, struct vectors *v)
{
	double f[MODELS_MOST + 1] = { 0 }, sum = 0, c, t;
	const double *b = v->x[s->base];
	int n = v->n - 1, pairs = 0;

	for (int i = 0; i < v->n; i++)
		for (int j = i + 1; j < v->n; j++) {
			double ab = 0, aa = 0, bb = 0;

			if (i == s->base || j == s->base)
				continue;
			for (size_t e = 0; e < v->elements; e++) {
				double p = v->x[i][e] - b[e], q = v->x[j][e] - b[e];

				ab += p * q;
				aa += p * p;
				bb += q * q;
			}
			sum += fmin(1, fmax(-1, ab / fmax(sqrt(aa) * sqrt(bb), 1e-6)));
			pairs++;
		}
	c = sum / pairs;
	t = fabs(1 + (n - 1) * c) < 1e-6 ? 0 : n * c / (1 + (n - 1) * c);
	for (int k = 0; k < v->n; k++)
		f[k] = k == s->base ? 1 - t : t / n;
	mix(v, f);
}

/* False: no formula here. */
static bool merged(const struct merge_spec *s, struct vectors *v)
{
	const char *m = s->method->name;
	int a = s->base == 0, b = a + 1;

	b += b == s->base;
	if (!strcmp(m, "linear") || !strcmp(m, "task_arithmetic"))
		return by_weights(s, v);
	if (!strcmp(m, "passthrough")) {
		mix(v, &s->input[0][P_SCALE]);
		return true;
	}
	if (!strcmp(m, "slerp")) {
		arc(v, s->base, !s->base, s->global[P_T], true, NULL);
		return true;
	}
	if (!strcmp(m, "nuslerp")) {
		double w = s->input[a][P_WEIGHT] + s->input[b][P_WEIGHT];

		arc(v, a, b, fabs(w) < 1e-6 ? 0.5 : s->input[b][P_WEIGHT] / w, false,
			s->base < 0 ? NULL : v->x[s->base]);
		return true;
	}
	if (!strcmp(m, "model_stock")) {
		stock(s, v);
		return true;
	}
	return false;
}

static void vectors_read(struct vectors *v, const struct plan *p, size_t t)
{
	const struct plan_tensor *pt = &p->tensors[t];
	float *x = xcalloc(pt->spec.elements + 1, sizeof *x);
	struct err e;

	*v = (struct vectors){ .n = pt->spec.n_inputs, .base = -1,
		.elements = (size_t)pt->spec.elements };
	v->m = xcalloc(v->elements + 1, sizeof *v->m);
	for (int k = 0; k < v->n; k++) {
		struct model *m = p->inputs->v[pt->input[k]].model;

		v->x[k] = xcalloc(v->elements + 1, sizeof *v->m);
		assert_true(source_read(&m->source, (size_t)pt->source[k], 0, v->elements, x, &e));
		for (size_t i = 0; i < v->elements; i++)
			v->x[k][i] = x[i];
		if (m == p->inputs->figure_base)
			v->base = k;
	}
	free(x);
}

static void closed_value(struct figure f, double want, double room, enum stat_id s,
	const char *what, const char *text)
{
	if (f.state == FIG_CLOSED && !(fabs(f.value - want) <= 1e-6 * fabs(want) + room))
		fail_msg("seed %" PRIu64 ": %s %s: closed %.17g, in float64 %.17g\n%s", seed, what,
			stat_info(s)->name, f.value, want, text);
}

static size_t closed_is_float64(const struct plan *p, struct preview *v, const char *text)
{
	size_t checked = 0;

	for (size_t t = 0; t < p->n; t++) {
		const struct plan_tensor *pt = &p->tensors[t];
		const char *name = pt->like->name;
		struct vectors x;
		double nm;

		if (preview_figure(v, t, STAT_NORM, -1).state != FIG_CLOSED)
			continue;
		vectors_read(&x, p, t);
		nm = merged(&pt->spec, &x) ? sqrt(dot(x.m, x.m, x.elements)) : NAN;
		for (int k = 0; !isnan(nm) && k < x.n; k++) {
			double nx = sqrt(dot(x.x[k], x.x[k], x.elements)), d = 0;
			int i = pt->input[k];

			for (size_t e = 0; e < x.elements; e++)
				d += (x.m[e] - x.x[k][e]) * (x.m[e] - x.x[k][e]);
			closed_value(preview_figure(v, t, STAT_NORM, i), nm, 1e-12, STAT_NORM, name,
				text);
			closed_value(preview_figure(v, t, STAT_RELATIVE_L2, i), sqrt(d) / nx, 1e-8,
				STAT_RELATIVE_L2, name, text);
			closed_value(preview_figure(v, t, STAT_COSINE, i),
				dot(x.m, x.x[k], x.elements) / nm / nx, 1e-12, STAT_COSINE, name,
				text);
			checked++;
		}
		free(x.m);
		for (int k = 0; k < x.n; k++)
			free(x.x[k]);
	}
	return checked;
}

/* --- intervals --- */

static const enum stat_id sampled_stats[] = {
	STAT_COSINE, STAT_RELATIVE_L2, STAT_NORM, STAT_DELTA_RATIO, STAT_DELTA_COSINE,
	STAT_INPUT_CONFLICT, STAT_MEAN_SHIFT, STAT_ROUNDING, STAT_STD,
};

static void sample_only(struct preview *v)
{
	const struct view *w = v->view;

	while (memo_step(v->memo, MEMO_SAMPLE))
		;
	for (size_t i = 0; i < w->n; i++)
		if (!atomic_load(&w->t[i].known->sampled)) {
			atomic_store(&w->t[i].known->sampled,
				sampled_make(w->plan, i, &w->t[i]));
			w->t[i].known->sampling = OVER;
		}
}

struct tally { size_t held, all; };

/* One interval a tensor and figure, that of the first input which has one. */
static void intervals(const struct plan *p, struct preview *exact, struct tally *tally)
{
	struct preview *rough = preview_new(NULL, NULL, NULL, NULL);

	preview_show(rough, (struct plan *)p);
	sample_only(rough);
	for (size_t t = 0; t < p->n; t++)
		for (size_t k = 0; k < sizeof sampled_stats / sizeof *sampled_stats; k++)
			for (size_t i = 0; i < p->inputs->n; i++) {
				struct figure a =
					preview_figure(rough, t, sampled_stats[k], (int)i);
				struct figure b =
					preview_figure(exact, t, sampled_stats[k], (int)i);

				if (a.state != FIG_SAMPLED || b.state != FIG_EXACT ||
					a.lo == a.hi)
					continue;
				tally->all++;
				tally->held += a.lo <= b.value && b.value <= a.hi;
				break;
			}
	preview_free(rough);
}

/* --- the test --- */

static bool trial(const struct method *m, struct tally *tally, size_t *closed)
{
	struct pool *pool = pool_new(1 + (unsigned)below(3));
	struct preview *v;
	struct family f;
	struct model *file;
	struct plan *p = NULL;
	struct err e = { 0 };
	char *text;

	family_make(&f);
	text = recipe_make(m, &f);
	if (text)
		p = plan_of(text, &e);
	if (p) {
		v = preview_new(pool, NULL, NULL, NULL);
		preview_show(v, p);
		if (!preview_wait(v, false, &e))
			fail_msg("%s: %s", e.where, e.what);
		*closed += closed_is_float64(p, v, text);
		if (!preview_wait(v, true, &e))
			fail_msg("seed %" PRIu64 ": %s: %s", seed, e.where, e.what);
		file = write_it(p, 1 + (unsigned)below(4));
		exact_is_the_file(p, v, file, pool, text);
		intervals(p, v, tally);
		model_unref(file);
		preview_free(v);
		plan_unref(p);
	}
	free(text);
	family_end(&f);
	pool_free(pool);
	return p != NULL;
}

static uint64_t number(const char *name, uint64_t usual)
{
	const char *v = getenv(name);

	return v && *v ? strtoull(v, NULL, 10) : usual;
}

static void preview_is_run(void **state)
{
	uint64_t trials = number("CUPEL_TEST_TRIALS", 8 * method_count());
	size_t done = 0, closed = 0;
	struct tally tally = { 0 };

	(void)state;
	for (uint64_t i = 0; i < trials; i++) {
		seed = number("CUPEL_TEST_SEED", 1) + i;
		dice_state = seed * UINT64_C(0xd1342543de82ef95);
		done += trial(method_at((size_t)(seed % method_count())), &tally, &closed);
	}
	print_message("%zu recipes, %zu closed tensors, %zu of %zu intervals hold\n", done, closed,
		tally.held, tally.all);
	if (trials < 100)
		return;
	assert_true(done * 2 > trials);
	assert_true(closed > trials / 4);
	assert_true(tally.all > trials);
	/* what 95 % leave: figures of one tensor miss together, so the bound counts by fives */
	assert_true((double)tally.held >= 0.95 * (double)tally.all -
		4 * sqrt(5 * 0.95 * 0.05 * (double)tally.all));
}

static int set_up(void **state)
{
	(void)state;
	dir = scratch_dir();
	setenv("XDG_CACHE_HOME", dir, 1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	file_remove_tree(dir, NULL);
	free(dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(preview_is_run),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
