/* Recipes that use each other by name, against mergekit-multi: the results, every tensor. */
#include "config.h"
#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "base/json.h"
#include "engine/run.h"
#include "scratch_models.h"

static char *dir;

static json_t *golden(const char *name)
{
	char *path = xasprintf("%s/tests/golden/merge/%s", getenv("top_srcdir"), name);
	json_t *j = json_load_file(path, 0, NULL);

	assert_non_null(j);
	free(path);
	return j;
}

static float *unpack(const json_t *t, size_t *n)
{
	const char *hex = json_string_value(json_object_get(t, "hex"));
	float *out;

	*n = strlen(hex) / 8;
	out = xcalloc(*n + 1, sizeof *out);
	for (size_t i = 0; i < *n; i++) {
		uint32_t bits = 0;

		for (size_t k = 0; k < 4; k++) {
			char pair[3] = { hex[8 * i + 2 * k], hex[8 * i + 2 * k + 1], 0 };

			bits |= (uint32_t)strtoul(pair, NULL, 16) << (8 * k);
		}
		memcpy(&out[i], &bits, sizeof bits);
	}
	return out;
}

/* All of three layers: a fourth is left out. */
static void put_model(const json_t *all, const char *name)
{
	json_t *config = json_copy(json_object_get(all, "config")), *t, *v;
	struct scratch_tensor list[64] = {{0}};
	const char *key;
	size_t n = 0, i;
	char *text;

	json_object_set_new(config, "num_hidden_layers", json_integer(3));
	json_object_foreach(json_object_get(json_object_get(all, "models"), name), key, t) {
		struct scratch_tensor *s = &list[n];
		size_t elements;

		if (str_starts(key, "model.layers.3."))
			continue;
		n++;
		s->name = key;
		s->rank = (int)json_array_size(json_object_get(t, "shape"));
		json_array_foreach(json_object_get(t, "shape"), i, v)
			s->shape[i] = (uint64_t)json_integer_value(v);
		s->dtype = DT_F32;
		s->data = unpack(t, &elements);
		s->bytes = elements * sizeof(float);
	}
	text = json_dumps(config, 0);
	free(scratch_model(dir, name, list, n, text));
	scratch_free(list, n);
	free(text);
	json_decref(config);
}

static int setup(void **state)
{
	static const char *const names[] = { "A", "B", "C" };
	json_t *all = golden("stack.json");

	(void)state;
	dir = scratch_dir();
	setenv("XDG_CACHE_HOME", dir, 1);
	for (size_t i = 0; i < 3; i++)
		put_model(all, names[i]);
	json_decref(all);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	file_remove_tree(dir, NULL);
	free(dir);
	return 0;
}

static struct model *merged(const char *yaml, const char *name, enum arithmetic a)
{
	struct plan_options po = { .arithmetic = a };
	struct err e = { 0 };
	char *path = str_join_path(dir, "recipe.yml"), *out = str_join_path(dir, name);
	struct model_roots *roots = model_roots_new(NULL, 0);
	struct run_options o = { .output = out, .force = true };
	struct recipe *r = recipe_parse(yaml, strlen(yaml), path, &e);
	struct inputs *in = r && recipe_valid(r, &e) ? inputs_open_for(r, roots, NULL, &po, &e) : NULL;
	struct plan *p = in ? plan_make(r, in, &po, NULL, &e) : NULL;
	struct pool *pool = pool_new(2);
	struct run_result result;
	struct model *m;

	if (!p || !run_merge(p, NULL, pool, &o, NULL, NULL, &result, &e))
		fail_msg("%s: %s: %s", name, e.where, e.what);
	m = model_open(out, &e);
	assert_non_null(m);
	plan_unref(p);
	inputs_unref(in);
	recipe_unref(r);
	pool_free(pool);
	model_roots_free(roots);
	free(path);
	free(out);
	return m;
}

static void compare(struct model *m, const json_t *run, double tolerance)
{
	const char *name = json_string_value(json_object_get(run, "name")), *key;
	json_t *t;

	assert_int_equal(m->source.n_tensors, json_object_size(json_object_get(run, "output")));
	assert_int_equal(json_integer_value(json_at(m->config, "num_hidden_layers")),
		json_integer_value(json_object_get(run, "layers")));
	json_object_foreach(json_object_get(run, "output"), key, t) {
		long at = source_find(&m->source, key);
		struct err e = { 0 };
		float have[256];
		double most = 0;
		size_t n;
		float *want = unpack(t, &n);

		if (at < 0)
			fail_msg("%s: no %s", name, key);
		assert_int_equal(n, m->source.tensors[at].elements);
		assert_true(n <= 256 && source_read(&m->source, (size_t)at, 0, n, have, &e));
		for (size_t i = 0; i < n; i++)
			most = fmax(most, fabs((double)want[i]));
		for (size_t i = 0; i < n; i++)
			if (!(fabs((double)have[i] - want[i]) <= tolerance * most))
				fail_msg("%s %s[%zu]: %.9g, expected %.9g", name, key, i, (double)have[i],
					(double)want[i]);
		free(want);
	}
}

/* Exact products and copies have the same bits; sums differ by the order of two roundings a step;
 * angles are worked out in another width. */
static double tolerance(const char *name)
{
	return str_eq(name, "exact") || str_eq(name, "narrow") ? 0
		: str_eq(name, "signs") || str_eq(name, "arc") ? 2e-6 : 5e-7;
}

static void test_as_mergekit_multi_does(void **state)
{
	json_t *all = golden("documents.json"), *run;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(all, "runs"), i, run) {
		const char *name = json_string_value(json_object_get(run, "name"));
		struct model *m = merged(json_string_value(json_object_get(run, "yaml")), name, ARITH_FLOAT32);

		compare(m, run, tolerance(name));
		model_unref(m);
	}
	assert_int_equal(i, 7);
	json_decref(all);
}

/* With its arithmetic the sums have its bits too, through three steps. */
static void test_its_arithmetic(void **state)
{
	static const char *const names[] = { "exact", "linear", "narrow" };
	json_t *all = golden("documents.json"), *run;
	size_t i, done = 0;

	(void)state;
	json_array_foreach(json_object_get(all, "runs"), i, run) {
		const char *name = json_string_value(json_object_get(run, "name"));

		for (size_t k = 0; k < sizeof names / sizeof *names; k++)
			if (str_eq(name, names[k])) {
				struct model *m = merged(json_string_value(json_object_get(run, "yaml")), name,
					ARITH_MERGEKIT);

				compare(m, run, 0);
				model_unref(m);
				done++;
			}
	}
	assert_int_equal(done, 3);
	json_decref(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_mergekit_multi_does),
		cmocka_unit_test(test_its_arithmetic),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
