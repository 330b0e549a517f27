/* rng: known answers, and the layout of counters that every DARE mask depends on. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mt_jump.h"
#include "base/rng.h"
#include "base/xalloc.h"

/* Known answers published with Random123 (kat_vectors, philox4x32, 10 rounds). */
static void philox_known_answers(void **state)
{
	static const struct {
		uint32_t counter[4], key[2], out[4];
	} rows[] = {
		{ { 0, 0, 0, 0 }, { 0, 0 },
			{ 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
		{ { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff }, { 0xffffffff, 0xffffffff },
			{ 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
		{ { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 }, { 0xa4093822, 0x299f31d0 },
			{ 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
	};
	uint32_t out[4];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		philox4x32(rows[i].counter, rows[i].key, out);
		assert_memory_equal(out, rows[i].out, sizeof out);
	}
}

/* The documented layout, one element at a time. */
static float element(uint64_t seed, uint64_t name, uint32_t input, uint64_t i)
{
	uint64_t q = i / 4;
	uint32_t key[2] = { (uint32_t)seed, (uint32_t)(seed >> 32) }, out[4];
	uint32_t counter[4] = { (uint32_t)name, (uint32_t)(name >> 32),
		(uint32_t)(q >> 32) << 16 | input, (uint32_t)q };

	philox4x32(counter, key, out);
	return (float)(out[i % 4] >> 8) / 16777216.0f;
}

static void elements_follow_the_layout(void **state)
{
	static const uint64_t firsts[] = { 0, 1, 63, 64, 1000003, (1ull << 34) - 7,
		(1ull << 34) - 4, (1ull << 49) + 2 };
	uint64_t seed = 0x0123456789abcdef;
	uint64_t name = hash64_bytes("model.layers.0.mlp.down_proj.weight", 35);
	float out[300];

	(void)state;
	for (size_t k = 0; k < sizeof firsts / sizeof firsts[0]; k++) {
		rng_uniform(seed, name, 3, firsts[k], 300, out);
		for (size_t i = 0; i < 300; i++)
			assert_true(out[i] == element(seed, name, 3, firsts[k] + i));
	}
}

/* Pinned: a change here changes every seeded merge ever made. */
static void first_draws_are_pinned(void **state)
{
	float out[4];

	(void)state;
	rng_uniform(0, hash64_bytes("w", 1), 1, 0, 4, out);
	assert_true(out[0] == 0x1.57ce9p-4f);
	assert_true(out[1] == 0x1.32994p-6f);
	assert_true(out[2] == 0x1.16441p-1f);
	assert_true(out[3] == 0x1.1f6b14p-2f);
}

static void windows_do_not_matter(void **state)
{
	static float whole[5000], part[5000];

	(void)state;
	rng_uniform(9, 77, 0, 0, 5000, whole);
	for (size_t at = 0, n = 1; at < 5000; at += n, n = n * 3 % 251 + 1) {
		if (n > 5000 - at)
			n = 5000 - at;
		rng_uniform(9, 77, 0, at, n, part + at);
	}
	assert_memory_equal(whole, part, sizeof whole);
}

/* Elements far apart, inputs, names and seeds never share draws. */
static void streams_differ(void **state)
{
	float a[8], b[8];

	(void)state;
	rng_uniform(0, 5, 0, 0, 8, a);
	rng_uniform(0, 5, 0, 1ull << 34, 8, b);
	assert_memory_not_equal(a, b, sizeof a);
	rng_uniform(0, 5, 1, 0, 8, b);
	assert_memory_not_equal(a, b, sizeof a);
	rng_uniform(1ull << 32, 5, 0, 0, 8, b);
	assert_memory_not_equal(a, b, sizeof a);
	rng_uniform(0, 5ull << 32, 0, 0, 8, b);
	assert_memory_not_equal(a, b, sizeof a);
}

static void draws_are_uniform(void **state)
{
	enum { N = 1 << 20 };
	float *v = xmalloc(N * sizeof *v);
	size_t below[16] = { 0 };

	(void)state;
	rng_uniform(42, 1, 0, 0, N, v);
	for (size_t i = 0; i < N; i++) {
		assert_true(v[i] >= 0 && v[i] < 1);
		below[(int)(v[i] * 16)]++;
	}
	for (int i = 0; i < 16; i++) /* five standard deviations of a bin */
		assert_in_range(below[i], N / 16 - 1240, N / 16 + 1240);
	free(v);
}

static void mt19937_draws_as_torch(void **state)
{
	const char *top = getenv("top_srcdir");
	char *path = xasprintf("%s/tests/golden/base/mt19937.txt", top ? top : ".");
	FILE *f = fopen(path, "r");
	unsigned long long seed, low;
	char line[400], *p;
	int rows = 0;

	(void)state;
	assert_non_null(f);
	while (fgets(line, sizeof line, f)) {
		struct mt19937 g;

		if (line[0] == '#')
			continue;
		seed = strtoull(line, &p, 10);
		mt19937_seed(&g, (uint32_t)seed); /* torch keeps the low 32 bits */
		for (int i = 0; i < 8; i++) {
			low = strtoull(p, &p, 10);
			assert_true(mt19937_uniform24(&g) == (float)low / 16777216.0f);
		}
		rows++;
	}
	assert_int_equal(rows, 3);
	fclose(f);
	free(path);
}

/* The authors' own output for seed 5489: the ten thousandth number (also the C++ standard's). */
static void mt19937_ten_thousandth(void **state)
{
	struct mt19937 g;
	uint32_t v = 0;

	(void)state;
	mt19937_seed(&g, 5489);
	for (int i = 0; i < 10000; i++)
		v = mt19937_next(&g);
	assert_int_equal(v, 4123659995u);
}

/* A jump lands where that many draws lead, and so does a skip. */
static void mt19937_jumps(void **state)
{
	static const uint64_t ways[] = { 0, 1, 2, 623, 624, 625, 19936, 19938, 262144, 300007 };

	(void)state;
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		struct mt19937 walks, jumps, skips;
		struct mt_jump j;

		mt19937_seed(&walks, 7 + (uint32_t)i);
		jumps = skips = walks;
		mt_jump_init(&j, ways[i]);
		mt_jump_apply(&j, &jumps);
		mt19937_skip(&skips, ways[i]);
		for (uint64_t n = 0; n < ways[i]; n++)
			mt19937_next(&walks);
		for (int n = 0; n < 2000; n++) {
			uint32_t v = mt19937_next(&walks);

			assert_int_equal(mt19937_next(&jumps), v);
			assert_int_equal(mt19937_next(&skips), v);
		}
	}
}

/* Jumps add up far beyond what can be walked. */
static void mt19937_jumps_far(void **state)
{
	struct mt19937 a, b;
	struct mt_jump far, half;

	(void)state;
	mt19937_seed(&a, 3);
	b = a;
	mt_jump_init(&far, UINT64_C(1) << 41);
	mt_jump_init(&half, UINT64_C(1) << 40);
	mt_jump_apply(&far, &a);
	mt_jump_apply(&half, &b);
	mt_jump_apply(&half, &b);
	for (int n = 0; n < 1000; n++)
		assert_int_equal(mt19937_next(&a), mt19937_next(&b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(philox_known_answers),
		cmocka_unit_test(elements_follow_the_layout),
		cmocka_unit_test(first_draws_are_pinned),
		cmocka_unit_test(windows_do_not_matter),
		cmocka_unit_test(streams_differ),
		cmocka_unit_test(draws_are_uniform),
		cmocka_unit_test(mt19937_draws_as_torch),
		cmocka_unit_test(mt19937_ten_thousandth),
		cmocka_unit_test(mt19937_jumps),
		cmocka_unit_test(mt19937_jumps_far),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
