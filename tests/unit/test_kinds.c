/* Every form in which weights are stored, against what its own tools or formulas read. */
#include "fixture.h"
#include "golden.h"
#include "model/stored_as.h"

static struct model *open_kind(const char *name)
{
	const char *top = getenv("top_srcdir");
	char *path = xasprintf("%s/tests/golden/kinds/%s", top ? top : ".", name);
	struct err e = { 0 };
	struct model *m = model_open(path, &e);

	if (!m)
		fail_msg("%s: %s", e.where, e.what);
	free(path);
	return m;
}

static void check_tensor(struct model *m, const char *kind, const char *name, const char *want)
{
	static float whole[65536], parts[65536];
	long t = source_find(&m->source, name);
	struct err e = { 0 };
	char hex[17];
	size_t n;

	if (t < 0)
		fail_msg("%s: no %s", kind, name);
	n = (size_t)m->source.tensors[t].elements;
	assert_true(n <= 65536 && m->source.tensors[t].readable);
	if (!source_read(&m->source, (size_t)t, 0, n, whole, &e))
		fail_msg("%s: %s", e.where, e.what);
	snprintf(hex, sizeof hex, "%016llx", (unsigned long long)fnv1a(FNV1A_START, whole, n * 4));
	if (!str_eq(hex, want))
		fail_msg("%s: the values of %s differ", kind, name);
	for (size_t at = 0; at < n; at += 256)
		assert_true(source_read(&m->source, (size_t)t, at, n - at < 256 ? n - at : 256,
			parts + at, &e));
	assert_memory_equal(whole, parts, n * sizeof *whole);
}

static void test_values(void **state)
{
	(void)state;
	json_t *all = golden_load("tests/golden/kinds/kinds.json"), *tensors, *want;
	const char *kind, *name;
	size_t kinds = 0;

	json_object_foreach(all, kind, tensors) {
		struct model *m = open_kind(str_eq(kind, "gguf") ? "gguf.gguf" : kind);
		char *decoded = stored_decoded(m), *foreign = stored_foreign(m);

		kinds++;
		assert_int_equal(m->source.n_tensors, json_object_size(tensors));
		json_object_foreach(tensors, name, want)
			check_tensor(m, kind, name, json_string_value(want));
		if (!decoded || foreign)
			fail_msg("%s: decoded %s, foreign %s", kind, decoded, foreign);
		free(decoded);
		free(foreign);
		model_unref(m);
	}
	assert_int_equal(kinds, 9);
	json_decref(all);
}

static void is_decoded(const char *name, const char *want)
{
	struct model *m = open_kind(name);
	char *got = stored_decoded(m);

	assert_string_equal(got, want);
	free(got);
	model_unref(m);
}

static void test_words(void **state)
{
	(void)state;
	is_decoded("gguf.gguf", "Q8_0 (4 tensors), Q4_0 (1)");
	is_decoded("fp8", "fp8 (2 tensors), fp8b64x64 (2)");
	is_decoded("fp8ct", "fp8b1x64 (3 tensors), fp8b1x96 (1)");
	is_decoded("int4ct", "int4g32 (4 tensors)");
	is_decoded("modelopt", "nvfp4 (4 tensors)");
	is_decoded("mlx", "affine4g32 (4 tensors), mxfp4 (1)");
	is_decoded("gptoss", "mxfp4 (1 tensor)");
}

static void is_foreign(const char *name, const char *want, uint64_t parameters)
{
	struct model *m = open_kind(name);
	char *got = stored_foreign(m);

	assert_string_equal(got, want);
	assert_non_null(strstr(stored_converter(m), "convert"));
	assert_int_equal(m->parameters, parameters);
	free(got);
	model_unref(m);
}

/* Counted as what they stand for: 2 x 64 x 64 + 2 x 64 x 96 + 40 x 64 + 2 x 64. */
static void test_named_only(void **state)
{
	(void)state;
	is_foreign("gptq", "GPTQ, 4 bits in groups of 32", 23168);
	is_foreign("awq", "AWQ, 4 bits in groups of 32", 23168);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_named_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
