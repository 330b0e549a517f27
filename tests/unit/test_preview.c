/* Previews as they sharpen: intervals of sampled figures hold what they promise, exact figures are
 * those of the written file, an edit reads nothing again; identical, zero, tiny and broken
 * tensors. */
#include "config.h"
#include <math.h>
#include "base/rng.h"
#include "engine/preview_work.h"
#include "preview_test.h"
#include "sanitized.h"

/* --- a family of models --- */

enum { TENSORS = 40, ROWS = 96, COLUMNS = 320, ELEMENTS = ROWS * COLUMNS, MODELS = 3 };
static struct fixture dir;
static char *paths[MODELS], *paths_bf16[MODELS];
static char *names[TENSORS];

static float normal(uint32_t stream, uint64_t i)
{
	float u[8], sum = 0;

	rng_uniform(7, stream, 0, 8 * i, 8, u);
	for (int k = 0; k < 8; k++)
		sum += u[k] - 0.5f;
	return sum * 1.2247f; /* variance 1 */
}

/* Rows and blocks of columns differ in scale, as they do in trained models. */
static void fill(float *x, int tensor, int model)
{
	for (uint64_t i = 0; i < ELEMENTS; i++) {
		uint64_t row = i / COLUMNS, column = i % COLUMNS / 64;
		double scale = exp(0.5 * (double)normal(100 + (uint32_t)tensor, row))
			* exp(0.2 * (double)normal(200, column));
		double base = 0.02 * (double)normal(1000 + (uint32_t)tensor, i);
		double move = model ? (model == 1 ? 1e-3 : 2e-3) * scale
			* (double)normal(2000 * (uint32_t)model + (uint32_t)tensor, i) : 0;
		if (model == 2) /* the second fine-tune shares a part of the first's way */
			move += 4e-4 * scale * (double)normal(2000 + (uint32_t)tensor, i);
		x[i] = (float)(base + move);
	}
}

static void write_models(char **to, const char *prefix, enum dtype as)
{
	float *x[MODELS][TENSORS];

	for (int m = 0; m < MODELS; m++) {
		struct test_tensor t[TENSORS];
		for (int k = 0; k < TENSORS; k++) {
			x[m][k] = xmalloc(ELEMENTS * sizeof(float));
			fill(x[m][k], k, m);
			t[k] = (struct test_tensor){ names[k], ROWS, COLUMNS, x[m][k] };
		}
		char *name = xasprintf("%s%d.safetensors", prefix, m);
		to[m] = test_model(&dir, name, t, TENSORS, as);
		free(name);
		for (int k = 0; k < TENSORS; k++)
			free(x[m][k]);
	}
}

static int set_up(void **state)
{
	(void)state;
	fixture_init(&dir);
	setenv("XDG_CACHE_HOME", dir.dir, 1);
	for (int k = 0; k < TENSORS; k++)
		names[k] = xasprintf("model.layers.%d.mlp.up_proj.weight", k);
	write_models(paths, "f32-", DT_F32);
	write_models(paths_bf16, "bf16-", DT_BF16);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (int k = 0; k < TENSORS; k++)
		free(names[k]);
	for (int m = 0; m < MODELS; m++) {
		free(paths[m]);
		free(paths_bf16[m]);
	}
	fixture_fini(&dir);
	return 0;
}

/* --- recipes over it --- */

static const struct method_case {
	const char *name, *per_input, *global;
	int models;                    /* besides the base */
	bool base;
} methods[] = {
	{ "linear", "weight: 0.7", "", 2, false },
	{ "task_arithmetic", "weight: 0.6", "", 2, true },
	{ "slerp", "", "parameters: {t: 0.4}\n", 1, true },
	{ "nuslerp", "weight: 0.9", "", 2, true },
	{ "ties", "weight: 0.6, density: 0.3", "", 2, true },
	{ "dare_linear", "weight: 0.5, density: 0.4", "", 2, true },
	{ "dare_ties", "weight: 0.5, density: 0.25", "", 2, true },
	{ "nearswap", "", "parameters: {t: 0.0008}\n", 1, true },
	{ "nuslerp", "weight: 0.9", "parameters: {nuslerp_flatten: false}\n", 2, true },
	{ "nuslerp", "weight: 0.9",
		"parameters: {nuslerp_flatten: false, nuslerp_row_wise: true}\n",
		2, false },
	{ "multislerp", "weight: 0.5", "", 2, true },
	{ "karcher", "", "", 2, false },
	{ "model_stock", "", "", 2, true },
	{ "model_stock", "", "parameters: {filter_wise: true}\n", 2, true },
	{ "della", "weight: 0.5, density: 0.6, epsilon: 0.3", "", 2, true },
	{ "della_linear", "weight: 0.5, density: 0.4", "", 2, true },
	{ "breadcrumbs", "weight: 0.6, density: 0.7, gamma: 0.05", "", 2, true },
	{ "breadcrumbs_ties", "weight: 0.6, density: 0.7, gamma: 0.05",
		"parameters: {rescale: true}\n", 2, true },
	{ "ram", "", "parameters: {epsilon: 0.0004}\n", 2, true },
	{ "ramplus_tl", "", "parameters: {epsilon: 0.0004, alpha: 2, r: 0.3}\n", 2, true },
	{ "sce", "", "parameters: {select_topk: 0.4}\n", 2, true },
	{ "arcee_fusion", "", "", 1, true },
};
enum { METHODS = sizeof methods / sizeof *methods };

static char *recipe_text(const struct method_case *m, char *const *model, const char *dtype)
{
	struct str s = STR_INIT;

	str_addf(&s, "merge_method: %s\ndtype: float32\nout_dtype: %s\nmodels:\n", m->name, dtype);
	for (int i = 0; i < m->models; i++) {
		str_addf(&s, "  - model: %s\n", model[2 - i]);
		if (m->per_input[0])
			str_addf(&s, "    parameters: {%s}\n", m->per_input);
	}
	if (m->base)
		str_addf(&s, "base_model: %s\n", model[0]);
	str_add(&s, m->global);
	return str_steal(&s);
}

static struct plan *plan_of(const struct method_case *m, char *const *model, const char *dtype)
{
	char *text = recipe_text(m, model, dtype);
	struct plan *p = test_plan(text);

	free(text);
	return p;
}

static void wait_for(struct preview *v, bool exact)
{
	struct err e;

	if (!preview_wait(v, exact, &e))
		fail_msg("%s: %s", e.where, e.what);
}

/* Sampled figures only: the passes have not run. */
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

/* --- intervals --- */

static const enum stat_id sampled_stats[] = {
	STAT_COSINE, STAT_ONE_MINUS_COSINE, STAT_RELATIVE_L2, STAT_NORM, STAT_DELTA_NORM,
	STAT_DELTA_RATIO, STAT_DELTA_COSINE, STAT_INPUT_CONFLICT, STAT_MEAN_SHIFT, STAT_ROUNDING,
	STAT_ROUNDING_DELTA, STAT_FROZEN, STAT_STD, STAT_CONFLICT, STAT_SWAPPED,
};
enum { STATS = sizeof sampled_stats / sizeof *sampled_stats };

struct tally { size_t held, all; };

/* Every tensor's interval, and those of groups of four, against the exact figure. */
static void count_held(const struct method_case *m, struct tally *tally)
{
	struct plan *p = plan_of(m, paths_bf16, "bfloat16");
	struct preview *rough = preview_new(NULL, NULL, NULL, NULL);
	struct preview *exact = preview_new(NULL, NULL, NULL, NULL);

	preview_show(rough, p);
	preview_show(exact, p);
	sample_only(rough);
	wait_for(exact, true);
	for (int s = 0; s < STATS; s++) {
		enum stat_id stat = sampled_stats[s];
		for (int i = 0; i < m->models; i++) {
			for (size_t t = 0; t < p->n; t++) {
				size_t group[4] =
					{ t, (t + 7) % p->n, (t + 13) % p->n, (t + 22) % p->n };
				for (size_t n = 1; n <= 4; n += 3) {
					struct figure a = preview_group(rough, group, n, stat, i);
					struct figure b = preview_group(exact, group, n, stat, i);
					if (a.state != FIG_SAMPLED || b.state != FIG_EXACT)
						continue;
					if (!(a.lo <= a.value && a.value <= a.hi))
						fail_msg("%s %s: %g not in %g … %g", m->name,
							stat_info(stat)->name, a.value, a.lo, a.hi);
					tally[s].all++;
					tally[s].held += a.lo <= b.value && b.value <= a.hi;
				}
			}
			if (!stat_info(stat)->per_input)
				break;
		}
	}
	preview_free(rough);
	preview_free(exact);
	plan_unref(p);
}

static void intervals_hold(void **state)
{
	struct tally all = { 0 };

	(void)state;
	for (int m = 0; m < METHODS; m++) {
		struct tally tally[STATS] = { 0 };
		for (int s = 0; s < STATS; s++)
			tally[s] = (struct tally){ 0 };
		count_held(&methods[m], tally);
		for (int s = 0; s < STATS; s++) {
			all.held += tally[s].held;
			all.all += tally[s].all;
			if (getenv("CUPEL_TEST_VERBOSE") && tally[s].all)
				print_message("%-16s %-18s %5zu of %5zu %.3f\n", methods[m].name,
					stat_info(sampled_stats[s])->name, tally[s].held,
					tally[s].all,
					(double)tally[s].held / (double)tally[s].all);
			if ((double)tally[s].held < 0.88 * (double)tally[s].all)
				fail_msg("%s %s: %zu of %zu intervals hold", methods[m].name,
					stat_info(sampled_stats[s])->name, tally[s].held,
					tally[s].all);
		}
	}
	print_message("%.2f %% of %zu intervals hold\n", 100 * (double)all.held / (double)all.all,
		all.all);
	assert_true(all.all > 2000);
	assert_true((double)all.held >= 0.93 * (double)all.all);
}

/* --- exact --- */

static bool keep_window(void *ctx, const struct plan_tensor *t, const struct merge_window *w,
	const float *merged, const float *stored, struct err *e)
{
	float *to = ctx;

	(void)t;
	(void)merged;
	(void)e;
	memcpy(to + w->first, stored, w->n * sizeof *stored);
	return true;
}

/* The merge as a file, by the run's kernels. */
static char *written(const struct plan *p, const char *name, enum dtype as)
{
	struct test_tensor t[TENSORS];
	struct err e;

	assert_true(p->n <= TENSORS);
	for (size_t i = 0; i < p->n; i++) {
		const struct tensor *like = p->tensors[i].like;
		float *x = xmalloc(like->elements * sizeof *x + 4);
		if (!run_tensor(p, i, NULL, keep_window, x, NULL, &e))
			fail_msg("%s: %s", e.where, e.what);
		t[i] = (struct test_tensor){ like->name, like->shape[0],
			like->rank > 1 ? like->elements / like->shape[0] : 0, x };
	}
	char *path = test_model(&dir, name, t, p->n, as);
	for (size_t i = 0; i < p->n; i++)
		free((void *)t[i].x);
	return path;
}

static const enum stat_id pair_stats[] = {
	STAT_COSINE, STAT_ONE_MINUS_COSINE, STAT_RELATIVE_L2, STAT_MAX_ABS, STAT_SIGN_AGREEMENT,
	STAT_DELTA_COSINE, STAT_DELTA_RATIO, STAT_INPUT_CONFLICT, STAT_NORM, STAT_DELTA_NORM,
	STAT_ZEROS,
	STAT_STD, STAT_ABS_MAX, STAT_NONFINITE,
};

static void same_figure(struct figure a, struct figure b, const char *what, enum stat_id s)
{
	if (a.state != b.state || memcmp(&a.value, &b.value, sizeof a.value) != 0)
		if (!(isnan(a.value) && isnan(b.value) && a.state == b.state))
			fail_msg("%s %s: preview %.17g %s, file %.17g %s", what, stat_info(s)->name,
				a.value,
				figure_state_name(a.state), b.value, figure_state_name(b.state));
}

static void compare_with_file(const struct plan *p, struct preview *v, const char *file,
	struct pool *pool)
{
	struct model *merge = test_open(file);
	struct err e;

	for (size_t i = 0; i < p->inputs->n; i++) {
		struct model *models[2] = { p->inputs->v[i].model, merge };
		struct look *l =
			look_new(pool, NULL, models, 2, p->inputs->figure_base, NULL, NULL);
		if (!look_wait(l, true, &e))
			fail_msg("%s: %s", e.where, e.what);
		for (size_t k = 0; k < sizeof pair_stats / sizeof *pair_stats; k++) {
			for (size_t t = 0; t < p->n; t++)
				same_figure(preview_figure(v, t, pair_stats[k], (int)i),
					look_figure(l, t, pair_stats[k], 1),
					p->tensors[t].like->name,
					pair_stats[k]);
			same_figure(preview_group(v, NULL, 0, pair_stats[k], (int)i),
				look_group(l, NULL, 0, pair_stats[k], 1), "total", pair_stats[k]);
		}
		look_free(l);
	}
	model_unref(merge);
}

static void exact_is_the_file(void **state)
{
	static const struct { const char *dtype; enum dtype as; } types[] = {
		{ "float32", DT_F32 }, { "bfloat16", DT_BF16 }, { "float16", DT_F16 },
	};
	struct pool *pools[2] = { pool_new(1), pool_new(3) };

	(void)state;
	for (int m = 0; m < METHODS; m++) {
		for (size_t d = 0; d < 3; d++) {
			if (SANITIZED && d != (size_t)m % 3)
				continue;
			struct plan *p =
				plan_of(&methods[m], m % 2 ? paths : paths_bf16, types[d].dtype);
			char *file = written(p, "merged.safetensors", types[d].as);
			struct preview *v = preview_new(pools[d % 2], NULL, NULL, NULL);
			preview_show(v, p);
			wait_for(v, true);
			assert_int_equal(preview_figure(v, 0, STAT_COSINE, 0).state, FIG_EXACT);
			compare_with_file(p, v, file, pools[1 - d % 2]);
			preview_free(v);
			plan_unref(p);
			free(file);
		}
	}
	pool_free(pools[0]);
	pool_free(pools[1]);
}

/* --- edits --- */

static void edits_read_nothing(void **state)
{
	struct pool *pool = pool_new(2);
	struct preview *v = preview_new(pool, NULL, NULL, NULL);
	struct plan *p = plan_of(&methods[1], paths, "bfloat16");
	struct method_case other = methods[1];
	struct memo_state before, after;

	(void)state;
	preview_show(v, p);
	wait_for(v, false);
	memo_state(v->memo, &before);
	struct figure a = preview_figure(v, 3, STAT_DELTA_RATIO, 0);
	assert_int_equal(a.state, FIG_CLOSED);
	other.per_input = "weight: 0.3";
	char *text = recipe_text(&other, paths, "bfloat16");
	struct plan *q = test_edit(p, text);
	preview_show(v, q); /* no waiting: closed figures are there at once */
	struct figure b = preview_figure(v, 3, STAT_DELTA_RATIO, 0);
	assert_int_equal(b.state, FIG_CLOSED);
	assert_true(fabs(b.value / a.value - 0.5) < 1e-6);
	wait_for(v, false);
	memo_state(v->memo, &after);
	assert_true(before.finished_ns == after.finished_ns);
	preview_show(v, p);
	struct figure c = preview_figure(v, 3, STAT_DELTA_RATIO, 0);
	assert_memory_equal(&a.value, &c.value, sizeof a.value);
	assert_int_equal(preview_figure(v, 3, STAT_ROUNDING, 0).state, FIG_SAMPLED);
	preview_free(v);
	plan_unref(p);
	plan_unref(q);
	pool_free(pool);
	free(text);
}

/* Edits faster than the work: what is shown in the end is right, and nothing is left behind. */
static void edits_while_working(void **state)
{
	static const size_t focus[] = { 5, 6, 7 };
	struct pool *pool = pool_new(3);
	struct preview *v = preview_new(pool, NULL, NULL, NULL);
	struct plan *p[METHODS];
	struct preview_progress at;

	(void)state;
	for (int m = 0; m < METHODS; m++)
		p[m] = plan_of(&methods[m], paths_bf16, "bfloat16");
	for (int i = 0; i < 60; i++) {
		preview_show(v, p[i % METHODS]);
		preview_focus(v, focus, 3);
		preview_want_exact(v, i % 3 == 0);
		for (size_t t = 0; t < TENSORS; t += 7) {
			preview_figure(v, t, STAT_COSINE, 0);
			preview_figure(v, t, STAT_DELTA_RATIO, 0);
			preview_group(v, NULL, 0, STAT_FROZEN, 0);
		}
		preview_progress(v, &at);
		assert_true(at.done >= 0 && at.done <= 1);
	}
	preview_show(v, p[4]);
	wait_for(v, true);
	struct figure f = preview_group(v, NULL, 0, STAT_DELTA_COSINE, 0);
	assert_int_equal(f.state, FIG_EXACT);
	struct preview *w = preview_new(NULL, NULL, NULL, NULL);
	preview_show(w, p[4]);
	wait_for(w, true);
	struct figure g = preview_group(w, NULL, 0, STAT_DELTA_COSINE, 0);
	assert_memory_equal(&f.value, &g.value, sizeof f.value);
	preview_show(v, p[6]); /* let go in the middle of work */
	preview_want_exact(v, true);
	preview_free(v);
	preview_free(w);
	for (int m = 0; m < METHODS; m++)
		plan_unref(p[m]);
	pool_free(pool);
}

/* --- nearswap --- */

static void swap_curve(void **state)
{
	struct plan *p = plan_of(&methods[7], paths_bf16, "bfloat16");
	struct preview *v = preview_new(NULL, NULL, NULL, NULL);
	struct preview *x = preview_new(NULL, NULL, NULL, NULL);
	struct swap_point at, rough, few;
	static const enum stat_id stats[] =
		{ STAT_SWAPPED, STAT_MOVED, STAT_MEAN_SHIFT, STAT_FROZEN };

	(void)state;
	preview_show(v, p);
	preview_show(x, p);
	sample_only(v);
	assert_true(preview_swap(v, NULL, 0, 0, 8e-4, &rough));
	assert_true(preview_swap(v, NULL, 0, 0, 4e-5, &few));
	wait_for(v, false);
	wait_for(x, true);
	for (size_t k = 0; k < 4; k++) {
		struct figure f = preview_group(v, NULL, 0, stats[k], 0);
		struct figure g = preview_group(x, NULL, 0, stats[k], 0);
		assert_int_equal(f.state, FIG_CLOSED);
		assert_int_equal(g.state, FIG_EXACT);
		if (!(f.lo <= g.value * (1 + 1e-9) && g.value <= f.hi * (1 + 1e-9)))
			fail_msg("%s: %.10g not in %.10g … %.10g", stat_info(stats[k])->name,
				g.value, f.lo,
				f.hi);
	}
	/* moves follow from the histogram too: of the merge before rounding, as float32 all but
	 * stores it */
	static const enum stat_id moves[] = { STAT_DELTA_RATIO, STAT_DELTA_COSINE, STAT_DELTA_NORM,
		STAT_RELATIVE_L2, STAT_INPUT_CONFLICT };
	struct plan *wide = plan_of(&methods[7], paths_bf16, "float32");
	preview_show(x, wide);
	wait_for(x, true);
	for (size_t k = 0; k < 5; k++) {
		struct figure f = preview_group(v, NULL, 0, moves[k], 0);
		struct figure g = preview_group(x, NULL, 0, moves[k], 0);
		assert_int_equal(f.state, FIG_CLOSED);
		double room = 1e-5 * fabs(g.value) + 1e-9;
		if (!(f.lo - room <= g.value && g.value <= f.hi + room &&
			f.hi - f.lo <= 1e-2 * f.hi))
			fail_msg("%s: %.10g not in %.10g … %.10g", stat_info(moves[k])->name,
				g.value, f.lo,
				f.hi);
	}
	plan_unref(wide);
	assert_true(preview_swap(v, NULL, 0, 0, 8e-4, &at));
	struct figure full = preview_group(v, NULL, 0, STAT_SWAPPED, 0);
	assert_true(at.full.value == full.value);
	assert_true(rough.full.lo <= at.full.hi && at.full.lo <= rough.full.hi);
	double shift = preview_group(v, NULL, 0, STAT_MEAN_SHIFT, 0).value;
	assert_true(rough.mean_shift.lo <= shift && shift <= rough.mean_shift.hi);
	struct swap_point fine;
	assert_true(preview_swap(v, NULL, 0, 0, 4e-5, &fine));
	assert_true(fine.frozen.value > 0.05 && few.frozen.state == FIG_SAMPLED);
	assert_true(few.frozen.lo <= fine.frozen.value && fine.frozen.value <= few.frozen.hi);
	assert_true(few.frozen.hi - few.frozen.lo < 0.05);
	double t = preview_swap_solve(v, NULL, 0, 0, 0.25);
	assert_true(preview_swap(v, NULL, 0, 0, t, &at));
	assert_true(fabs(at.full.value - 0.25) < 1e-3);
	preview_free(v);
	preview_free(x);
	plan_unref(p);
}

/* --- odd tensors --- */

static void odd_tensors(void **state)
{
	static const float zero[700], one[1] = { 0.5f }, three[1] = { -2.0f };
	float same[700], broken[700];
	struct err e;

	(void)state;
	for (int i = 0; i < 700; i++)
		same[i] = broken[i] = (float)i / 700 - 0.3f;
	broken[13] = NAN;
	broken[600] = INFINITY;
	struct test_tensor a[] = { { "same", 700, 0, same }, { "zero", 700, 0, zero },
		{ "tiny", 1, 0, one }, { "broken", 700, 0, broken } };
	struct test_tensor b[] = { { "same", 700, 0, same }, { "zero", 700, 0, zero },
		{ "tiny", 1, 0, three }, { "broken", 700, 0, same } };
	char *pa = test_model(&dir, "odd-a.safetensors", a, 4, DT_F32);
	char *pb = test_model(&dir, "odd-b.safetensors", b, 4, DT_F32);
	char *text = xasprintf("merge_method: task_arithmetic\ndtype: float32\nbase_model: "
		"%s\nmodels:\n  - {model: %s, parameters: {weight: 0.5}}\n", pa, pb);
	struct plan *p = test_plan(text);
	struct preview *v = preview_new(NULL, NULL, NULL, NULL);
	struct preview_progress at;
	preview_show(v, p);
	for (int exact = 0; exact < 2; exact++) {
		wait_for(v, exact);
		assert_true(preview_figure(v, 0, STAT_RELATIVE_L2, 0).value == 0);
		assert_true(preview_figure(v, 0, STAT_COSINE, 0).value == 1);
		assert_true(preview_figure(v, 0, STAT_ONE_MINUS_COSINE, 0).value == 0);
		assert_int_equal(preview_figure(v, 0, STAT_DELTA_COSINE, 0).state, FIG_FAILED);
		assert_int_equal(preview_figure(v, 1, STAT_COSINE, 0).state, FIG_FAILED);
		assert_true(preview_figure(v, 1, STAT_NORM, 0).value == 0);
		assert_true(preview_figure(v, 2, STAT_COSINE, 0).value == 1); /* -0.75 and -2 */
		assert_true(fabs(preview_figure(v, 2, STAT_NORM, 0).value - 0.75) < 1e-12);
		assert_true(fabs(preview_figure(v, 2, STAT_RELATIVE_L2, 0).value - 0.625) < 1e-12);
		assert_true(preview_figure(v, 2, STAT_DELTA_COSINE, 0).value == 1);
		assert_true(isfinite(preview_figure(v, 3, STAT_COSINE, 0).value));
	}
	assert_true(preview_figure(v, 3, STAT_NONFINITE, 0).value == 2);
	preview_progress(v, &at);
	assert_int_equal(at.nonfinite, 2);
	assert_string_equal(at.phase, "ready");
	preview_free(v);
	plan_unref(p);
	struct model *models[2] = { test_open(pa), test_open(pb) };
	struct look *l = look_new(NULL, NULL, models, 2, NULL, NULL, NULL);
	assert_true(look_wait(l, true, &e));
	assert_true(look_figure(l, 0, STAT_COSINE, 1).value == 1);
	assert_true(look_figure(l, 2, STAT_MAX_ABS, 1).value == 2.5);
	assert_true(look_figure(l, 3, STAT_NONFINITE, 0).value == 2);
	assert_int_equal(look_figure(l, 0, STAT_DELTA_COSINE, 1).state, FIG_FAILED);
	look_free(l);
	model_unref(models[0]);
	model_unref(models[1]);
	free(text);
	free(pa);
	free(pb);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intervals_hold),
		cmocka_unit_test(exact_is_the_file),
		cmocka_unit_test(edits_read_nothing),
		cmocka_unit_test(edits_while_working),
		cmocka_unit_test(swap_curve),
		cmocka_unit_test(odd_tensors),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
