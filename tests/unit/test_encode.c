#include "config.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/bytes.h"
#include "golden.h"
#include "tensor/cpu.h"
#include "tensor/encode.h"

static json_t *blocks;

static int load(void **state)
{
	(void)state;
	blocks = golden_load("tests/golden/tensor/blocks.json");
	return blocks ? 0 : -1;
}

static int unload(void **state)
{
	(void)state;
	json_decref(blocks);
	return 0;
}

static void each_path(void (*check)(void))
{
	for (int p = 0; p <= (int)cpu_best(); p++) {
		assert_true(cpu_force(p));
		check();
	}
	assert_true(cpu_force(cpu_best()));
}

static float *numbers(const char *kind, const char *name, size_t *n)
{
	float *x = golden_base64(json_object_get(json_object_get(blocks, kind), name), n);

	*n /= sizeof *x;
	return x;
}

static uint64_t decoded_hash(const struct dtype_info *d, const void *stored, size_t n)
{
	float *x = calloc(n, sizeof *x);
	uint64_t h;

	d->decode(stored, x, n);
	for (size_t i = 0; i < n; i++)
		x[i] = isnan(x[i]) ? bits_f32(0x7fc00000) : x[i] == 0 ? 0.0f : x[i];
	h = fnv1a(FNV1A_START, x, n * sizeof *x);
	free(x);
	return h;
}

/* One golden case: input, importance or null, stored bytes, hash of the decoded numbers. */
static void check_case(const struct dtype_info *d, enum dtype t, const json_t *c)
{
	const char *input = json_string_value(json_array_get(c, 0));
	const char *importance = json_string_value(json_array_get(c, 1));
	struct encode how = { t, ENCODE_REFUSE, NULL };
	struct encode_count count = { 0 };
	size_t n, weights = 0, bytes;
	float *x = numbers("inputs", input, &n), *w = NULL;
	uint8_t *want = golden_base64(json_array_get(c, 2), &bytes);
	uint8_t *got = calloc(bytes, 1);
	uint64_t hash = strtoull(json_string_value(json_array_get(c, 3)), NULL, 16);

	if (importance)
		how.importance = w = numbers("importance", importance, &weights);
	assert_true(bytes == n / d->block * d->bytes && (!w || weights == n));
	if (d->encode && (!w || d->weighted)) {
		assert_true(encode_possible(t, n));
		assert_true(encode_rows(&how, x, got, 1, n, 0, &count));
		if (memcmp(got, want, bytes) != 0)
			fail_msg("%s of %s, importance %s: other bytes (%s)", d->name, input,
				importance ? importance : "none", cpu_path_name(cpu_path()));
		assert_int_equal(count.nonfinite, 0);
	}
	if (d->decode && decoded_hash(d, want, n) != hash)
		fail_msg("%s of %s: decodes to other numbers", d->name, input);
	free(x);
	free(w);
	free(want);
	free(got);
}

static void check_blocks(void)
{
	const char *name;
	json_t *cases, *c;
	size_t i;

	json_object_foreach(json_object_get(blocks, "types"), name, cases) {
		enum dtype t = dtype_by_name(name);
		assert_int_not_equal(t, DT_UNKNOWN);
		assert_true(json_array_size(cases) >= 6);
		json_array_foreach(cases, i, c)
			check_case(dtype_info(t), t, c);
	}
}

static void bytes_are_those_that_ggml_writes(void **state)
{
	(void)state;
	each_path(check_blocks);
}

/* Encoders of these exist, and heed importance where a weight stands for it. */
static void these_can_be_written(void **state)
{
	static const enum dtype plain[] = { DT_F16, DT_BF16, DT_Q8_0, DT_MXFP4, DT_NVFP4, DT_TQ1_0,
		DT_TQ2_0, DT_Q1_0, DT_Q2_0 };
	static const enum dtype weighted[] = { DT_Q4_0, DT_Q4_1, DT_Q5_0, DT_Q5_1, DT_Q2_K, DT_Q3_K,
		DT_Q4_K, DT_Q5_K, DT_Q6_K, DT_IQ4_NL, DT_IQ4_XS };
	(void)state;

	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		assert_true(encode_possible(plain[i], 256) && !dtype_info(plain[i])->weighted);
	for (size_t i = 0; i < sizeof weighted / sizeof *weighted; i++)
		assert_true(encode_possible(weighted[i], 512) && dtype_info(weighted[i])->weighted);
	assert_false(encode_possible(DT_Q4_K, 1056));
	assert_false(encode_possible(DT_Q8_1, 256));
}

static uint64_t noise(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	return *s ^= *s << 17;
}

/* Weights as models have them, and blocks of every odd kind between them. */
static void rough(float *x, size_t n, uint64_t *seed)
{
	for (size_t i = 0; i < n; i += 16) {
		uint64_t kind = noise(seed) % 12;
		float size = kind == 11 ? 1e-7f : kind == 10 ? 1e4f : 0.02f;
		for (size_t j = i; j < i + 16 && j < n; j++) {
			float g = 0;
			for (int k = 0; k < 4; k++)
				g += (float)(int32_t)noise(seed) * 0x1p-31f;
			g *= size;
			x[j] = kind == 0 ? 0.0f : kind == 1 ? fabsf(g) : kind == 2 ? -fabsf(g) - size :
				kind == 3 ? size : kind == 4 ? -0.0f :
				kind == 5 ? (float)((int)(noise(seed) % 3) - 1) * size :
				kind == 6 ? -fabsf(g) * 0.001f - size : g;
		}
	}
}

enum { ROW = 768, ROWS = 19 };

static void encode_all(enum dtype t, const float *x, const float *w, uint8_t *out, size_t step)
{
	const struct dtype_info *d = dtype_info(t);
	struct encode how = { t, ENCODE_REFUSE, w };
	struct encode_count count = { 0 };
	size_t bytes = ROW / d->block * d->bytes;

	for (size_t r = 0; r < ROWS; r += step) {
		size_t n = step < ROWS - r ? step : ROWS - r;
		assert_true(encode_rows(&how, x + r * ROW, out + r * bytes, n, ROW, 0, &count));
	}
}

static void every_path_and_window_gives_the_same_bytes(void **state)
{
	static float x[ROWS * ROW], w[ROW];
	static uint8_t want[ROWS * ROW * 8 + 64], got[ROWS * ROW * 8 + 64];
	uint64_t seed = 6364136223846793005u;
	(void)state;

	for (int t = 0; t < DT_UNKNOWN; t++) {
		if (!encode_possible(t, ROW))
			continue;
		for (int round = 0; round < 4; round++) {
			const float *weights = round % 2 ? w : NULL;
			rough(x, ROWS * ROW, &seed);
			for (int i = 0; i < ROW; i++)
				w[i] = i / 32 % 7 == 3 ? 0 : (float)(noise(&seed) % 1000) * 0.01f;
			assert_true(cpu_force(CPU_PORTABLE));
			memset(want, 0xa5, sizeof want);
			encode_all(t, x, weights, want, ROWS);
			for (int p = 0; p <= (int)cpu_best(); p++) {
				assert_true(cpu_force(p));
				memset(got, 0xa5, sizeof got);
				encode_all(t, x, weights, got, p == 0 ? 1 : round < 2 ? 7 : ROWS);
				assert_memory_equal(want, got, sizeof want);
			}
		}
	}
}

static void what_is_not_finite_is_refused_or_zero(void **state)
{
	static float x[ROWS * ROW], mended[ROWS * ROW];
	static uint8_t want[ROWS * ROW], got[ROWS * ROW];
	struct encode how = { DT_Q4_K, ENCODE_REFUSE, NULL };
	struct encode_count count = { 0 };
	uint64_t seed = 1181783497276652981u;
	(void)state;

	rough(x, ROWS * ROW, &seed);
	assert_int_equal(encode_find_nonfinite(x, ROWS * ROW), ROWS * ROW);
	x[5 * ROW + 3] = NAN;
	x[5 * ROW + 700] = -INFINITY;
	x[18 * ROW + 767] = INFINITY;
	for (size_t i = 0; i < ROWS * ROW; i++)
		mended[i] = isfinite(x[i]) ? x[i] : 0;
	assert_false(encode_rows(&how, x, got, ROWS, ROW, 1000, &count));
	assert_int_equal(count.first, 1000 + 5 * ROW + 3);
	how.nonfinite = ENCODE_AS_ZERO;
	count = (struct encode_count){ 0 };
	assert_true(encode_rows(&how, x, got, ROWS, ROW, 1000, &count));
	assert_int_equal(count.nonfinite, 3);
	assert_int_equal(count.first, 1000 + 5 * ROW + 3);
	encode_all(DT_Q4_K, mended, NULL, want, ROWS);
	assert_memory_equal(want, got, ROWS * ROW / 256 * 144);

	how = (struct encode){ DT_F16, ENCODE_REFUSE, NULL };
	assert_true(encode_rows(&how, x, got, 1, ROW, 0, &count));
}

static void scales_beyond_the_format_are_counted(void **state)
{
	static float x[2 * 256];
	uint8_t out[2 * 210];
	struct encode how = { DT_Q6_K, ENCODE_REFUSE, NULL };
	struct encode_count count = { 0 };
	(void)state;

	for (int i = 0; i < 512; i++)
		x[i] = (float)(i % 16) * (i < 256 ? 1e9f : 1.0f);
	assert_true(encode_rows(&how, x, out, 1, 512, 0, &count));
	assert_int_equal(count.overflow, 1);
	assert_int_equal(encode_overflows(DT_Q6_K, out + 210, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_those_that_ggml_writes),
		cmocka_unit_test(these_can_be_written),
		cmocka_unit_test(every_path_and_window_gives_the_same_bytes),
		cmocka_unit_test(what_is_not_finite_is_refused_or_zero),
		cmocka_unit_test(scales_beyond_the_format_are_counted),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
