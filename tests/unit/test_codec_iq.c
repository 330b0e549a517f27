/* Decoders of the grid formats: blocks that ggml wrote, and noise that reaches every point. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "golden.h"
#include "tensor/cpu.h"
#include "tensor/dtype.h"

#define BLOCKS 2048

static json_t *golden;

static int load(void **state)
{
	(void)state;
	golden = golden_load("tests/golden/tensor/iq.json");
	return golden ? 0 : -1;
}

static int unload(void **state)
{
	(void)state;
	json_decref(golden);
	return 0;
}

static void check_cases(const struct dtype_info *d, const json_t *cases)
{
	json_t *c;
	size_t i, nq, nd;

	assert_true(json_array_size(cases) >= 5);
	json_array_foreach(cases, i, c) {
		uint8_t *q = golden_base64(json_object_get(c, "q"), &nq);
		float *want = golden_base64(json_object_get(c, "deq"), &nd);
		float *got = calloc(nd / 4, 4);

		assert_int_equal(nq, nd / 4 / d->block * d->bytes);
		d->decode(q, got, nd / 4);
		for (size_t k = 0; k < nd / 4; k++)
			assert_true(got[k] == want[k]);
		free(q);
		free(want);
		free(got);
	}
}

static void check_noise(const struct dtype_info *d, const char *want)
{
	size_t bytes = (size_t)BLOCKS * d->bytes, n = (size_t)BLOCKS * 256;
	uint8_t *raw = malloc(bytes);
	float *x = malloc(n * 4);
	uint64_t s = 88172645463325252u;

	for (size_t i = 0; i < bytes; i++) {
		s ^= s << 13;
		s ^= s >> 7;
		s ^= s << 17;
		raw[i] = (uint8_t)(s >> 56);
	}
	for (size_t i = 0; i < BLOCKS; i++) /* no infinite scale */
		raw[i * d->bytes + (d == dtype_info(DT_IQ1_M) ? 55 : 1)] &= 0x3f;
	d->decode(raw, x, n);
	for (size_t i = 0; i < n; i++)
		x[i] += 0.0f;
	assert_int_equal(fnv1a(FNV1A_START, x, n * 4), strtoull(want, NULL, 16));
	free(raw);
	free(x);
}

static void test_every_format(void **state)
{
	const char *name;
	json_t *of;

	(void)state;
	assert_int_equal(json_object_size(golden), 7);
	for (int p = 0; p <= (int)cpu_best(); p++) {
		assert_true(cpu_force(p));
		json_object_foreach(golden, name, of) {
			const struct dtype_info *d = dtype_info(dtype_by_name(name));

			check_cases(d, json_object_get(of, "cases"));
			check_noise(d, json_string_value(json_object_get(of, "noise")));
		}
	}
	assert_true(cpu_force(cpu_best()));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_format) };

	return cmocka_run_group_tests(tests, load, unload);
}
