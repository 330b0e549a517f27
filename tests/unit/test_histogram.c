#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "base/bytes.h"
#include "noise.h"
#include "stat/histogram.h"
#include "tensor/cpu.h"
#include "tensor/half.h"

enum { N = 20011 };
static float a[N], b[N];
static const double ts[] = { 0, 1e-9, 1e-6, 1e-5, 3e-5, 0x1p-15, 1e-4, 3e-4, 1e-3, 0.00195, 3e-3,
	1e-2,
	0x1.08p-7, 0.5, 1e30, INFINITY };
#define N_TS (sizeof ts / sizeof *ts)

static void fill(int kind)
{
	struct noise g = { 5 + kind };

	for (int i = 0; i < N; i++) {
		double base = 0.02 * noise_normal(&g), d = 0.002 * noise_normal(&g);
		if (kind == 0) { /* bf16, a tenth equal */
			a[i] = to_bf16(base);
			b[i] = i % 10 ? to_bf16(base + d) : a[i];
		} else if (kind == 1) { /* float32, heavy tails */
			a[i] = (float)base;
			b[i] = (float)(base + d * exp(2 * noise_normal(&g)));
		} else { /* any bits */
			a[i] = noise_float(&g);
			b[i] = i % 3 ? noise_float(&g) : a[i];
		}
	}
}

static void collect(struct histogram *h)
{
	struct histogram_scratch *s = histogram_scratch_new();

	histogram_init(h);
	histogram_scratch_add(s, a, b, 7777);
	histogram_scratch_add(s, a + 7777, b + 7777, N - 7777);
	histogram_fold(h, s);
	histogram_settle(h);
	histogram_scratch_free(s);
}

struct truth {
	double elements, changed, full, shift;
};
static struct truth truth_at(double t)
{
	struct truth w = { 0 };

	for (int i = 0; i < N; i++) {
		double d = fabs((double)(b[i] - a[i]));
		if (!isfinite(a[i]) || !isfinite(b[i]))
			continue;
		w.elements++;
		w.changed += b[i] != a[i];
		w.full += d <= t;
		w.shift += isinf(d) ? fmin(0x1p128, t) : fmin(d, t);
	}
	return w;
}

static void check_curve(const struct histogram *h, double t)
{
	struct truth w = truth_at(t);
	struct amount full = histogram_full(h, t), shift = histogram_shift(h, t);

	assert_int_equal(h->elements, w.elements);
	assert_int_equal(h->elements - h->equal, w.changed);
	assert_true(full.lo <= w.full && w.full <= full.hi);
	assert_true(full.lo <= full.value && full.value <= full.hi);
	assert_true(shift.lo <= w.shift * (1 + 1e-12) && w.shift <= shift.hi * (1 + 1e-12));
	assert_true(shift.lo <= shift.value && shift.value <= shift.hi);
}

static void the_curve_bounds_the_truth(void **state)
{
	struct histogram h;
	(void)state;

	for (int kind = 0; kind < 3; kind++) {
		fill(kind);
		collect(&h);
		for (size_t i = 0; i < N_TS; i++)
			check_curve(&h, ts[i]);
		for (double t = 1e-8; t < 10; t *= 1.07)
			check_curve(&h, t);
		histogram_fini(&h);
	}
}

static void edges_are_exact(void **state)
{
	struct histogram h;
	(void)state;

	fill(1);
	collect(&h);
	for (uint32_t k = h.first; k <= h.first + h.n; k++) {
		double t = histogram_edge(k);
		struct truth w = truth_at(t);
		struct amount full = histogram_full(&h, t), shift = histogram_shift(&h, t);
		assert_true(full.lo == w.full && full.hi == w.full && full.value == w.full);
		assert_true(shift.lo == shift.hi && fabs(shift.value - w.shift) <= 1e-12 * w.shift);
	}
	assert_true(histogram_edge(h.first + 32) == 2 * histogram_edge(h.first));
	histogram_fini(&h);
}

/* Between edges the interval is never wider than the bin that t falls into. */
static void bounds_are_tight(void **state)
{
	struct histogram h;
	(void)state;

	fill(1);
	collect(&h);
	for (double t = 1e-5; t < 1e-2; t *= 1.003) {
		struct amount full = histogram_full(&h, t);
		struct amount shift = histogram_shift(&h, t);
		assert_true(full.hi - full.lo <= 0.025 * N);
		assert_true(shift.hi - shift.lo <= 0.0005 * shift.hi);
	}
	histogram_fini(&h);
}

static void check_frozen(enum dtype out)
{
	struct histogram h;
	const struct dtype_info *d = dtype_info(out);

	for (int i = 0; i < N; i++) {
		uint64_t room;
		d->encode(&a[i], &room, 1);
		d->decode(&room, &a[i], 1);
		d->encode(&b[i], &room, 1);
		d->decode(&room, &b[i], 1);
	}
	collect(&h);
	for (size_t k = 0; k < N_TS; k++) {
		struct amount got = histogram_frozen(&h, ts[k], out);
		double lo = 0, hi = 0;
		for (int i = 0; i < N; i++) {
			uint64_t room;
			double to, t = ts[k] * (1 - 1e-9), u = ts[k] * (1 + 1e-9);
			float r, s, v;
			if (!(a[i] != b[i]) || !isfinite(a[i]) || !isfinite(b[i]))
				continue;
			to = (double)b[i] - a[i];
			/* a hair to either side, where float32 has room for it */
			v = fabs(to) <= t ? b[i] : (float)((double)a[i] + copysign(t, to));
			d->encode(&v, &room, 1);
			d->decode(&room, &r, 1);
			v = fabs(to) <= u ? b[i] : (float)((double)a[i] + copysign(u, to));
			d->encode(&v, &room, 1);
			d->decode(&room, &s, 1);
			hi += r == a[i];
			lo += s == a[i];
		}
		assert_true(got.lo <= hi && lo <= got.hi && got.lo <= got.value &&
			got.value <= got.hi);
		if (got.lo == got.hi)
			assert_true(fabs(got.lo - lo) <= 2 && fabs(got.hi - hi) <= 2);
	}
	histogram_fini(&h);
}

static void frozen_is_what_rounding_swallows(void **state)
{
	struct histogram h;
	struct amount other;
	(void)state;

	fill(0);
	check_frozen(DT_BF16);
	fill(1);
	check_frozen(DT_BF16);
	fill(1);
	check_frozen(DT_F16);
	/* powers of two and zero, moving either way */
	for (int i = 0; i < N; i++) {
		a[i] = i % 7 ? ldexpf(i % 2 ? 1 : -1, i % 12 - 9) : 0;
		b[i] = a[i] + (i % 3 ? 0.25f : -0.25f);
	}
	check_frozen(DT_BF16);
	collect(&h);
	other = histogram_frozen(&h, 1e-4, DT_Q4_K);
	assert_true(isnan(other.value) && other.lo == 0 &&
		other.hi == (double)(h.elements - h.equal));
	histogram_fini(&h);
}

static void solving_goes_back(void **state)
{
	struct histogram h[2];
	const struct histogram *both[2] = { &h[0], &h[1] };
	(void)state;

	fill(0);
	collect(&h[0]);
	fill(1);
	collect(&h[1]);
	for (int i = 1; i < 100; i++) {
		double t = histogram_solve(both, 2, i / 100.0), got = 0, before = 0;
		for (int k = 0; k < 2; k++) {
			got += histogram_full(&h[k], t).value;
			before += histogram_full(&h[k], t * (1 - 1e-6)).value;
		}
		assert_true(got >= i / 100.0 * 2 * N);
		assert_true(t == 0 || before < i / 100.0 * 2 * N);
	}
	assert_true(histogram_solve(both, 1, 0.05) == 0);
	assert_true(histogram_solve(both, 2, 0) == 0);
	assert_true(histogram_full(&h[0], histogram_solve(both, 1, 1)).value == N);
	assert_true(isnan(histogram_solve(both, 0, 0.5)));
	assert_true(isnan(histogram_solve(both, 2, 1.5)) && isnan(histogram_solve(both, 2, NAN)));
	histogram_fini(&h[0]);
	histogram_fini(&h[1]);
}

static void same(const struct histogram *x, const struct histogram *y)
{
	assert_int_equal(x->elements, y->elements);
	assert_int_equal(x->equal, y->equal);
	assert_memory_equal(x->exponent, y->exponent, sizeof x->exponent);
	for (size_t i = 0; i < N_TS; i++) {
		struct amount p = histogram_full(x, ts[i]), q = histogram_full(y, ts[i]);
		struct amount s = histogram_shift(x, ts[i]), t = histogram_shift(y, ts[i]);
		assert_memory_equal(&p, &q, sizeof p);
		assert_memory_equal(&s, &t, sizeof s);
	}
}

static void storing_and_loading(void **state)
{
	struct histogram h, r;
	struct str bytes = STR_INIT;
	struct err e;
	(void)state;

	for (int kind = 0; kind < 3; kind++) {
		fill(kind);
		collect(&h);
		str_clear(&bytes);
		histogram_store(&h, &bytes);
		assert_true(kind == 2 || bytes.n < 8000);
		assert_true(histogram_load(&r, bytes.s, bytes.n, &e));
		same(&h, &r);
		histogram_fini(&r);
		/* cut short, longer, or one bit wrong: refused or at least consistent */
		for (size_t n = 0; n < bytes.n; n += 1 + n / 20)
			assert_false(histogram_load(&r, bytes.s, n, &e));
		str_addc(&bytes, 0);
		assert_false(histogram_load(&r, bytes.s, bytes.n, &e));
		assert_int_equal(e.code, ERR_INPUT);
		for (size_t i = 0; i < bytes.n - 1; i++) {
			bytes.s[i] ^= (char)(1 << i % 8);
			if (histogram_load(&r, bytes.s, bytes.n - 1, &e)) {
				assert_true(histogram_full(&r, INFINITY).value ==
					(double)r.elements);
				histogram_fini(&r);
			}
			bytes.s[i] ^= (char)(1 << i % 8);
		}
		histogram_fini(&h);
	}
	str_fini(&bytes);
}

static void hostile_bytes_are_refused(void **state)
{
	struct noise g = { 3 };
	struct histogram r;
	(void)state;

	for (int round = 0; round < 20000; round++) {
		uint8_t junk[64];
		size_t n = noise_bits(&g) % sizeof junk;
		for (size_t i = 0; i < n; i++)
			junk[i] = (uint8_t)(noise_bits(&g) >> 20) & (round % 2 ? 255 : 7);
		if (n)
			junk[0] = 1;
		if (histogram_load(&r, junk, n, NULL))
			histogram_fini(&r);
	}
}

static void merging_equals_counting_together(void **state)
{
	struct histogram part[3], sum, whole;
	struct histogram_scratch *s = histogram_scratch_new();
	static const int cut[] = { 0, 1000, 9000, N };
	(void)state;

	fill(1);
	collect(&whole);
	histogram_init(&sum);
	for (int k = 2; k >= 0; k--) {
		histogram_init(&part[k]);
		histogram_scratch_add(s, a + cut[k], b + cut[k], cut[k + 1] - cut[k]);
		histogram_fold(&part[k], s);
		histogram_merge(&sum, &part[k]);
		histogram_fini(&part[k]);
	}
	histogram_settle(&sum);
	same(&whole, &sum);
	histogram_fini(&sum);
	histogram_fini(&whole);
	histogram_scratch_free(s);
}

static void every_path_gives_the_same_counts(void **state)
{
	struct histogram first, h;
	struct str want = STR_INIT, got = STR_INIT;
	(void)state;

	for (int kind = 0; kind < 3; kind++) {
		fill(kind);
		assert_true(cpu_force(CPU_PORTABLE));
		collect(&first);
		str_clear(&want);
		histogram_store(&first, &want);
		for (int p = 1; p <= (int)cpu_best(); p++) {
			assert_true(cpu_force(p));
			collect(&h);
			str_clear(&got);
			histogram_store(&h, &got);
			assert_int_equal(got.n, want.n);
			assert_memory_equal(got.s, want.s, want.n);
			histogram_fini(&h);
		}
		histogram_fini(&first);
	}
	str_fini(&want);
	str_fini(&got);
}

/* Long runs of one difference fill the packed counters; they spill before they overflow. */
static void packed_counters_spill(void **state)
{
	struct histogram_scratch *s = histogram_scratch_new();
	struct histogram h;
	uint64_t rounds = ((uint64_t)5 << 20) / N + 1;
	double d;
	(void)state;

	for (int i = 0; i < N; i++) {
		a[i] = 0;
		b[i] = bits_f32(0x3f7fffff); /* the most low units a bin can have, less one */
	}
	d = b[0];
	for (uint64_t i = 0; i < rounds; i++)
		histogram_scratch_add(s, a, b, N);
	histogram_init(&h);
	histogram_fold(&h, s);
	histogram_settle(&h);
	assert_int_equal(h.elements, rounds * N);
	assert_int_equal(h.n, 1);
	assert_true(fabs(h.sum[1] - d * (double)(rounds * N)) <= 1e-9);
	histogram_fini(&h);
	histogram_scratch_free(s);
}

static void an_empty_one_answers(void **state)
{
	struct histogram h;
	const struct histogram *one = &h;
	struct str bytes = STR_INIT;
	(void)state;

	histogram_init(&h);
	histogram_settle(&h);
	assert_true(histogram_full(&h, 1).value == 0 && histogram_shift(&h, 1).value == 0);
	assert_true(histogram_frozen(&h, 1e-4, DT_BF16).value == 0);
	assert_true(isnan(histogram_solve(&one, 1, 0.5)));
	histogram_store(&h, &bytes);
	histogram_fini(&h);
	assert_true(histogram_load(&h, bytes.s, bytes.n, NULL));
	histogram_fini(&h);
	str_fini(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_curve_bounds_the_truth),
		cmocka_unit_test(edges_are_exact),
		cmocka_unit_test(bounds_are_tight),
		cmocka_unit_test(frozen_is_what_rounding_swallows),
		cmocka_unit_test(solving_goes_back),
		cmocka_unit_test(storing_and_loading),
		cmocka_unit_test(hostile_bytes_are_refused),
		cmocka_unit_test(merging_equals_counting_together),
		cmocka_unit_test(every_path_gives_the_same_counts),
		cmocka_unit_test(packed_counters_spill),
		cmocka_unit_test(an_empty_one_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
