/* MLX's encoders against what MLX wrote: every byte, on every CPU path. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/bytes.h"
#include "golden.h"
#include "tensor/codec_affine.h"
#include "tensor/codec_mlx.h"
#include "tensor/cpu.h"
#include "tensor/half.h"

static json_t *golden;

static int load(void **state)
{
	(void)state;
	golden = golden_load("tests/golden/tensor/mlx_encode.json");
	return golden ? 0 : -1;
}

static int unload(void **state)
{
	(void)state;
	json_decref(golden);
	return 0;
}

static void widen(float *x, size_t n, enum dtype t)
{
	for (size_t i = 0; i < n; i++)
		x[i] = t == DT_BF16 ? bf16_f32(f32_bf16(x[i])) : t == DT_F16 ? f16_f32(f32_f16(x[i]))
			: x[i];
}

static void same(const json_t *c, const char *key, const void *p, size_t n)
{
	const json_t *want = json_object_get(c, key);
	uint64_t got = fnv1a(FNV1A_START, p, n);

	if (strtoull(json_string_value(want), NULL, 16) == got)
		return;
	char *text = json_dumps(c, JSON_COMPACT);
	fail_msg("%s of %s on path %d", key, text, (int)cpu_path());
}

static void check_case(const json_t *c)
{
	static const char *const modes[] = { "mxfp4", "mxfp8", "nvfp4" };
	const char *mode = json_string_value(json_object_get(c, "mode"));
	enum dtype t = dtype_by_name(json_string_value(json_object_get(c, "dtype")));
	struct affine a = { (int)json_integer_value(json_object_get(c, "bits")),
		(int)json_integer_value(json_object_get(c, "group")), t };
	size_t n, size = dtype_info(t)->bytes;
	float *x = golden_base64(json_object_get(json_object_get(golden, "inputs"),
		json_string_value(json_object_get(c, "input"))), &n);
	size_t groups = (n /= 4) / (size_t)a.group;
	uint8_t *w = calloc(n, 1), *s = calloc(groups, size), *b = calloc(groups, size);

	widen(x, n, t);
	if (!strcmp(mode, "affine")) {
		affine_encode(&a, x, n, w, s, b);
		same(c, "scales", s, groups * size);
		same(c, "biases", b, groups * size);
	} else {
		enum mlx_float f = MLX_MXFP4;

		while (strcmp(modes[f], mode))
			f++;
		assert_int_equal(mlx_float_group(f), a.group);
		assert_int_equal(mlx_float_bits(f), a.bits);
		mlx_float_encode(f, t, x, n, w, s);
		same(c, "scales", s, groups);
	}
	same(c, "w", w, n * (size_t)a.bits / 8);
	free(x);
	free(w);
	free(s);
	free(b);
}

static void test_every_byte(void **state)
{
	json_t *cases = json_object_get(golden, "cases"), *c;
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(cases), 351 + 3 * (6 * 3 + 3));
	for (int p = 0; p <= (int)cpu_best(); p++) {
		assert_true(cpu_force(p));
		json_array_foreach(cases, i, c)
			check_case(c);
	}
	assert_true(cpu_force(cpu_best()));
}

/* What is read back lies within half a step of what was written, and the ends are met. */
static void test_read_back(void **state)
{
	struct affine a = { 4, 64, DT_F32 };
	float x[64], y[64], s[1], b[1];
	uint8_t w[32];

	(void)state;
	for (int i = 0; i < 64; i++)
		x[i] = (float)(i * 37 % 64) / 64.0f - 0.25f;
	affine_encode(&a, x, 64, w, s, b);
	affine_decode(&a, w, s, b, y, 64);
	for (int i = 0; i < 64; i++)
		assert_true(y[i] - x[i] <= 0.51f * -s[0] && x[i] - y[i] <= 0.51f * -s[0]);
	assert_true(y[19] == x[19]); /* 63/64 - 1/4, the far end */
}

static void test_small_floats_read_back(void **state)
{
	static const float most[] = { 6.0f, 448.0f, 6.0f };

	(void)state;
	for (int f = MLX_MXFP4; f <= MLX_NVFP4; f++) {
		float x[32], y[32];
		uint8_t codes[32], scales[2];

		/* what the format holds comes back as it was */
		for (int i = 0; i < 32; i++)
			x[i] = (i % 16 == 5 ? most[f] : i % 3 ? 0.5f : -2.0f) * 0.25f;
		mlx_float_encode(f, DT_F32, x, 32, codes, scales);
		mlx_float_decode(f, codes, scales, y, 32);
		for (int i = 0; i < 32; i++)
			assert_true(x[i] == y[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_read_back),
		cmocka_unit_test(test_small_floats_read_back),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
