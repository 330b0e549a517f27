/* --arithmetic mergekit and --rng mergekit against whole merges of mergekit with a seed, by digests
 * of every tensor's bits (tests/golden/merge/gen_mergekit.py): tensors of two windows, odd rows, six
 * models, gradients that change how much is drawn. */
#include "config.h"
#include <inttypes.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "base/bytes.h"
#include "engine/inputs.h"
#include "engine/plan.h"
#include "engine/run.h"
#include "model/roots.h"
#include "scratch_models.h"
#include "tensor/cpu.h"

enum { MODELS = 7 };
static char *dir;
static json_t *golden;

static uint32_t scramble(uint32_t x)
{
	x = (x ^ (x >> 16)) * 0x7FEB352Du;
	x = (x ^ (x >> 15)) * 0x846CA68Bu;
	return x ^ (x >> 16);
}

static double value(uint64_t i, unsigned which)
{
	return scramble(scramble((uint32_t)i) + which * 7919u + 1u) * 0x1p-32 - 0.5;
}

static void put_model(const char *dtype, unsigned m)
{
	json_t *list = json_object_get(golden, "tensors"), *one;
	char *config = json_dumps(json_object_get(golden, "config"), 0), name[32];
	struct scratch_tensor v[16];
	size_t t;

	assert_true(json_array_size(list) <= 16);
	json_array_foreach(list, t, one) {
		const json_t *shape = json_array_get(one, 1);
		uint64_t n = 1;
		float *x;

		v[t] = (struct scratch_tensor){ .dtype = dtype_by_torch(dtype),
			.name = json_string_value(json_array_get(one, 0)),
			.rank = (int)json_array_size(shape) };
		for (int d = 0; d < v[t].rank; d++)
			n *= v[t].shape[d] = (uint64_t)json_integer_value(
				json_array_get(shape, (size_t)d));
		x = xcalloc(n, sizeof *x);
		for (uint64_t i = 0; i < n; i++)
			x[i] = (float)(value(i, 100 * (unsigned)t) * 0.2 +
				(m ? value(i, 100 * (unsigned)t + m) * 0.02 : 0.0));
		v[t].bytes = (size_t)n * dtype_info(v[t].dtype)->bytes;
		v[t].data = xcalloc(v[t].bytes + 1, 1);
		dtype_info(v[t].dtype)->encode(x, v[t].data, (size_t)n);
		free(x);
	}
	snprintf(name, sizeof name, "%s%u", dtype, m);
	free(scratch_model(dir, name, v, json_array_size(list), config));
	scratch_free(v, json_array_size(list));
	free(config);
}

/* '{2}' in the recipe stands for a model. */
static struct plan *plan_of(const json_t *c)
{
	const char *text = json_string_value(json_object_get(c, "recipe"));
	const char *dtype = json_string_value(json_object_get(c, "dtype"));
	struct plan_options o = { .has_seed = true,
		.seed = (uint64_t)json_integer_value(json_object_get(golden, "seed")),
		.arithmetic = ARITH_MERGEKIT, .rng = RNG_MERGEKIT };
	struct model_roots *roots = model_roots_new(NULL, 0);
	struct str s = STR_INIT;
	struct err e = { 0 };
	struct recipe *r;
	struct inputs *in;
	struct plan *p;

	for (; *text; text++)
		if (str_starts(text, "'{")) {
			str_addf(&s, "%s/%s%c", dir, dtype, text[2]);
			text += 4;
		} else {
			str_addc(&s, *text);
		}
	r = recipe_parse(s.s, s.n, NULL, &e);
	assert_non_null(r);
	in = inputs_open(r, roots, NULL, &e);
	p = in ? plan_make(r, in, &o, NULL, &e) : NULL;
	if (!p)
		fail_msg("%s: %s\n%s", e.where, e.what, s.s);
	inputs_unref(in);
	recipe_unref(r);
	model_roots_free(roots);
	str_fini(&s);
	return p;
}

static bool add_window(void *ctx, const struct plan_tensor *t, const struct merge_window *w,
	const float *merged, const float *stored, struct err *e)
{
	uint64_t *sum = ctx;

	(void)t;
	(void)merged;
	(void)e;
	for (size_t i = 0; i < w->n; i++) {
		uint64_t bits = stored[i] == 0.0f ? 0 : f32_bits(stored[i]);

		*sum += (bits + 1) * ((w->first + i) * UINT64_C(0x9E3779B97F4A7C15) | 1);
	}
	return true;
}

static void check_case(const json_t *c, struct pool *pool)
{
	const json_t *want = json_object_get(c, "digests");
	struct plan *p = plan_of(c);
	struct err e = { 0 };

	assert_int_equal(p->n, json_object_size(want));
	for (size_t t = 0; t < p->n; t++) {
		const char *name = p->tensors[t].like->name;
		uint64_t sum = 0;
		char hex[17];

		assert_true(run_tensor(p, t, pool, add_window, &sum, NULL, &e));
		snprintf(hex, sizeof hex, "%016" PRIx64, sum);
		if (strcmp(hex, json_string_value(json_object_get(want, name))))
			fail_msg("%s of %s differs:\n%s", name,
				json_string_value(json_object_get(c, "dtype")),
				json_string_value(json_object_get(c, "recipe")));
	}
	plan_unref(p);
}

/* On one thread and several, on every path the CPU has. */
static void as_mergekit(void **state)
{
	struct pool *pools[] = { NULL, pool_new(3) };
	enum cpu_path path = cpu_path();
	json_t *c;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(golden, "cases"), i, c) {
		cpu_force((enum cpu_path)(i % (cpu_best() + 1)));
		check_case(c, pools[i % 2]);
	}
	assert_true(i > 30);
	cpu_force(path);
	pool_free(pools[1]);
}

static int set_up(void **state)
{
	static const char *const dtypes[] = { "float32", "bfloat16", "float16" };
	char *path = xasprintf("%s/tests/golden/merge/mergekit.json", getenv("top_srcdir"));

	(void)state;
	golden = json_load_file(path, 0, NULL);
	free(path);
	if (!golden)
		return 1;
	dir = scratch_dir();
	setenv("XDG_CACHE_HOME", dir, 1);
	for (int d = 0; d < 3; d++)
		for (unsigned m = 0; m < MODELS; m++)
			put_model(dtypes[d], m);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	file_remove_tree(dir, NULL);
	free(dir);
	json_decref(golden);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_mergekit),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
