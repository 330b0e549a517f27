#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "noise.h"
#include "stat/finite.h"
#include "stat/histogram.h"
#include "stat/sums.h"
#include "tensor/cpu.h"

enum { N = 9001, INPUTS = 4 };
static float x[INPUTS][N];
static const float *const in[INPUTS] = { x[0], x[1], x[2], x[3] };

/* A base and models near it, in bf16, with exact zeros, equal elements and changed signs. */
static void fill_weights(void)
{
	struct noise g = { 7 };

	for (int i = 0; i < N; i++) {
		double base = i % 97 == 0 ? 0 : 0.02 * noise_normal(&g);
		for (int k = 0; k < INPUTS; k++)
			x[k][i] = to_bf16(base + (k ? 0.002 * k * noise_normal(&g) : 0));
		if (i % 5 == 0)
			x[1][i] = x[0][i];
		if (i % 89 == 0)
			x[2][i] = -x[0][i];
	}
}

static void spoil(void)
{
	x[1][17] = NAN;
	x[1][4000] = INFINITY;
	x[2][17] = -INFINITY;
	x[3][N - 1] = NAN;
}

/* In an order of its own, with more precision than the kernels have. */
static void norm_oracle(struct norm_sums *s, const float *v, size_t n, long double *n2,
	long double *sum)
{
	*n2 = *sum = 0;
	for (size_t i = n; i-- > 0;) {
		if (!isfinite(v[i])) {
			s->nonfinite++;
			continue;
		}
		s->elements++;
		s->zeros += v[i] == 0;
		*n2 += (long double)v[i] * v[i];
		*sum += v[i];
		s->max_abs = fmax(s->max_abs, fabs((double)v[i]));
	}
}

static bool near(double got, long double want, double scale)
{
	return fabsl(got - want) <= 1e-13L * scale;
}

static void check_norms(void)
{
	for (int k = 0; k < INPUTS; k++) {
		struct norm_sums want = { 0 }, got = { 0 };
		long double n2, sum;
		norm_oracle(&want, x[k], N, &n2, &sum);
		norm_sums_add(&got, x[k], N);
		assert_true(near(got.n2, n2, got.n2));
		assert_true(near(got.sum, sum, 0.02 * N));
		assert_true(got.max_abs == want.max_abs);
		assert_int_equal(got.elements, want.elements);
		assert_int_equal(got.nonfinite, want.nonfinite);
		assert_int_equal(got.zeros, want.zeros);
	}
}

static void check_pair(const float *a, const float *b)
{
	struct pair_sums want = { 0 }, got = { 0 };
	long double d2 = 0;

	for (int i = 0; i < N; i++) {
		double d = (double)a[i] - b[i];
		if (!isfinite(a[i]) || !isfinite(b[i])) {
			want.nonfinite++;
			continue;
		}
		want.elements++;
		d2 += (long double)d * d;
		want.max_abs = fmax(want.max_abs, fabs(d));
		want.equal += a[i] == b[i];
		want.agree += (a[i] > 0) - (a[i] < 0) == (b[i] > 0) - (b[i] < 0);
	}
	pair_sums_add(&got, NULL, a, b, N);
	assert_true(near(got.d2, d2, got.d2));
	assert_true(got.max_abs == want.max_abs);
	assert_int_equal(got.elements, want.elements);
	assert_int_equal(got.nonfinite, want.nonfinite);
	assert_int_equal(got.equal, want.equal);
	assert_int_equal(got.agree, want.agree);
}

static void check_signs(const float *a, const float *b, const float *c)
{
	struct sign_sums want = { 0 }, got = { 0 };

	for (int i = 0; i < N; i++) {
		double da = (double)a[i] - c[i], db = (double)b[i] - c[i];
		if (!isfinite(a[i]) || !isfinite(b[i]) || !isfinite(c[i])) {
			want.nonfinite++;
			continue;
		}
		want.elements++;
		want.moved_a += da != 0;
		want.moved_b += db != 0;
		want.both += da != 0 && db != 0;
		want.agree += da * db > 0;
	}
	sign_sums_add(&got, a, b, c, N);
	assert_memory_equal(&got, &want, sizeof got);
}

static void check_conflict(void)
{
	struct conflict_sums want = { 0 }, got = { 0 };

	for (int i = 0; i < N; i++) {
		int up = 0, down = 0, bad = 0;
		for (int k = 0; k < INPUTS; k++) {
			bad += !isfinite(x[k][i]);
			up += x[k][i] > x[0][i];
			down += x[k][i] < x[0][i];
		}
		want.nonfinite += bad > 0;
		want.elements += bad == 0;
		want.moved += !bad && up + down > 0;
		want.several += !bad && up + down > 1;
		want.conflict += !bad && up && down;
	}
	conflict_sums_add(&got, in + 1, INPUTS - 1, x[0], N);
	assert_memory_equal(&got, &want, sizeof got);
	assert_true(got.conflict > N / 10 && got.conflict < got.several && got.several < got.moved);
}

static void check_all(void)
{
	check_norms();
	check_pair(x[0], x[1]);
	check_pair(x[2], x[1]);
	check_pair(x[3], x[3]);
	check_signs(x[1], x[2], x[0]);
	check_signs(x[3], x[3], x[1]);
	check_conflict();
}

static void sums_agree_with_a_slow_oracle(void **state)
{
	(void)state;
	for (int p = 0; p <= (int)cpu_best(); p++) {
		assert_true(cpu_force(p));
		fill_weights();
		check_all();
		spoil();
		check_all();
	}
}

/* The documented order: 16 lanes, folded 8-4-2-1. */
static void lanes_are_folded_in_the_documented_order(void **state)
{
	double lane[16] = { 0 }, s8[8], s4[4];
	struct norm_sums got = { 0 };
	(void)state;

	fill_weights();
	for (int i = 0; i < N; i++)
		lane[i % 16] += (double)x[3][i] * (double)x[3][i];
	for (int i = 0; i < 8; i++)
		s8[i] = lane[i] + lane[i + 8];
	for (int i = 0; i < 4; i++)
		s4[i] = s8[i] + s8[i + 4];
	norm_sums_add(&got, x[3], N);
	assert_true(got.n2 == (s4[0] + s4[2]) + (s4[1] + s4[3]));
}

static void fill_noise(struct noise *g, int kind)
{
	for (int k = 0; k < INPUTS; k++) {
		for (int i = 0; i < N; i++) {
			x[k][i] = noise_float(g);
			if (kind == 1 && !isfinite(x[k][i]))
				x[k][i] = 0x1p-149f;
			if (kind == 2) /* subnormals alone */
				x[k][i] *= 0x1p-140f;
		}
	}
}

static void every_path_and_the_joint_sweep_give_the_same_bits(void **state)
{
	static const size_t lengths[] = { 0, 1, 15, 16, 17, 31, 2047, 2048, 2049, 4099, N };
	struct noise g = { 99 };
	(void)state;

	for (size_t r = 0; r < sizeof lengths / sizeof *lengths * 3; r++) {
		size_t n = lengths[r / 3];
		struct norm_sums first[INPUTS], all[INPUTS];
		struct pair_sums first_pair[6], pair[6];
		struct sign_sums first_sign = { 0 };
		struct conflict_sums first_conflict = { 0 };
		fill_noise(&g, r % 3);
		for (int p = 0; p <= (int)cpu_best(); p++) {
			struct sign_sums sign = { 0 };
			struct conflict_sums conflict = { 0 };
			assert_true(cpu_force(p));
			memset(all, 0, sizeof all);
			memset(pair, 0, sizeof pair);
			all_sums_add(all, pair, NULL, in, INPUTS, n);
			sign_sums_add(&sign, x[0], x[1], x[2], n);
			conflict_sums_add(&conflict, in, INPUTS, x[0], n);
			for (int j = 0; j < INPUTS; j++) {
				struct norm_sums one = { 0 };
				norm_sums_add(&one, x[j], n);
				assert_memory_equal(&one, &all[j], sizeof one);
				for (int i = 0; i < j; i++) {
					struct pair_sums two = { 0 };
					pair_sums_add(&two, NULL, x[i], x[j], n);
					assert_memory_equal(&two, &pair[pair_index(j, i)],
						sizeof two);
				}
			}
			if (p == 0) {
				memcpy(first, all, sizeof all);
				memcpy(first_pair, pair, sizeof pair);
				first_sign = sign;
				first_conflict = conflict;
			}
			assert_memory_equal(first, all, sizeof all);
			assert_memory_equal(first_pair, pair, sizeof pair);
			assert_memory_equal(&first_sign, &sign, sizeof sign);
			assert_memory_equal(&first_conflict, &conflict, sizeof conflict);
		}
	}
}

static void pieces_give_the_bits_of_the_window(void **state)
{
	static const size_t pieces[] = { 16, 2048, 4112, 64, N - 6240 };
	struct norm_sums norm[INPUTS] = { { 0 } }, want_norm[INPUTS] = { { 0 } };
	struct pair_sums pair[6] = { { 0 } }, want_pair[6] = { { 0 } };
	struct sums_sweep *w = sums_sweep_begin(norm, pair, NULL, INPUTS);
	const float *at[INPUTS];
	(void)state;

	fill_weights();
	spoil();
	memcpy(at, in, sizeof at);
	for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
		sums_sweep_add(w, at, pieces[p]);
		for (int k = 0; k < INPUTS; k++)
			at[k] += pieces[p];
	}
	sums_sweep_end(w);
	all_sums_add(want_norm, want_pair, NULL, in, INPUTS, N);
	assert_memory_equal(norm, want_norm, sizeof norm);
	assert_memory_equal(pair, want_pair, sizeof pair);
}

static void windows_fold(void **state)
{
	struct norm_sums a = { 0 }, b = { 0 }, both = { 0 };
	(void)state;

	fill_weights();
	norm_sums_add(&a, x[0], 4096);
	norm_sums_add(&b, x[0] + 4096, N - 4096);
	norm_sums_add(&both, x[0], 4096);
	norm_sums_add(&both, x[0] + 4096, N - 4096);
	norm_sums_fold(&a, &b);
	assert_memory_equal(&a, &both, sizeof a);
}

static void pairs_are_numbered_once(void **state)
{
	int seen[10] = { 0 };
	(void)state;

	assert_int_equal(pair_count(5), 10);
	for (int i = 0; i < 5; i++)
		for (int j = 0; j < i; j++) {
			assert_int_equal(pair_index(i, j), pair_index(j, i));
			seen[pair_index(i, j)]++;
		}
	for (int i = 0; i < 10; i++)
		assert_int_equal(seen[i], 1);
}

static void the_sweep_fills_histograms_both_ways(void **state)
{
	struct histogram_scratch *s = histogram_scratch_new(), *r = histogram_scratch_new();
	struct histogram_scratch *table[INPUTS * INPUTS] =
		{ [0 * INPUTS + 2] = s, [2 * INPUTS + 0] = r };
	struct histogram h, b;
	struct pair_sums p[6] = { { 0 } };
	(void)state;

	fill_weights();
	all_sums_add(NULL, p, table, in, INPUTS, N);
	histogram_init(&h);
	histogram_init(&b);
	histogram_fold(&h, s);
	histogram_fold(&b, r);
	histogram_settle(&h);
	histogram_settle(&b);
	assert_int_equal(h.elements, N);
	assert_int_equal(h.equal, p[pair_index(0, 2)].equal);
	assert_int_equal(h.equal, b.equal);
	assert_true(h.sum[h.n] == b.sum[b.n]);
	assert_memory_not_equal(h.exponent, b.exponent, sizeof h.exponent);
	histogram_fini(&h);
	histogram_fini(&b);
	histogram_scratch_free(s);
	histogram_scratch_free(r);
}

static void finite_elements_are_counted(void **state)
{
	float v[5] = { 1, NAN, 3, -INFINITY, 0 }, w[5] = { 1, 2, INFINITY, 4, 5 }, cv[5], cw[5];
	const float *from[2] = { v, w };
	float *to[2] = { cv, cw };
	(void)state;

	assert_int_equal(finite_count(v, 5), 3);
	assert_true(finite_all(v, 1) && !finite_all(v, 2) && finite_all(v, 0));
	assert_int_equal(finite_copy(to, from, 2, 5), 3);
	assert_true(cv[0] == 1 && cv[1] == 0 && cv[2] == 0 && cw[3] == 0 && cw[4] == 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_agree_with_a_slow_oracle),
		cmocka_unit_test(lanes_are_folded_in_the_documented_order),
		cmocka_unit_test(every_path_and_the_joint_sweep_give_the_same_bits),
		cmocka_unit_test(pieces_give_the_bits_of_the_window),
		cmocka_unit_test(windows_fold),
		cmocka_unit_test(pairs_are_numbered_once),
		cmocka_unit_test(the_sweep_fills_histograms_both_ways),
		cmocka_unit_test(finite_elements_are_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
