#include "config.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "noise.h"
#include "stat/sample.h"

/* ---- positions ---- */

static void positions_depend_on_the_shape_alone(void **state)
{
	const uint64_t shape[] = { 4096, 1024 }, other[] = { 4096, 1025 }, flat[] = { 4096 * 1024 };
	struct sample s, again, o, f;
	int same = 0, like_flat = 0;
	(void)state;

	sample_init(&s, shape, 2, SAMPLE_BLOCKS);
	sample_init(&again, shape, 2, SAMPLE_BLOCKS);
	sample_init(&o, other, 2, SAMPLE_BLOCKS);
	sample_init(&f, flat, 1, SAMPLE_BLOCKS);
	assert_int_equal(s.n, 16);
	assert_false(s.whole);
	assert_int_equal(s.blocks, 16384);
	assert_memory_equal(s.first, again.first, 16 * sizeof *s.first);
	for (int i = 0; i < 16; i++) {
		assert_int_equal(s.first[i] % 256, 0);
		assert_true(s.first[i] / 256 >= 1024u * i && s.first[i] / 256 < 1024u * (i + 1));
		same += s.first[i] == o.first[i];
		like_flat += s.first[i] == f.first[i];
	}
	assert_true(same < 8 && like_flat < 8);
	/* Pinned: samples kept in caches, and those of other machines, are of these places. */
	assert_int_equal(s.first[0], 156416);
	assert_int_equal(s.first[15], 4083456);
	sample_fini(&s);
	sample_fini(&again);
	sample_fini(&o);
	sample_fini(&f);
}

static void small_tensors_are_taken_whole(void **state)
{
	const uint64_t fits[] = { 4096 }, more[] = { 4097 }, odd[] = { 3, 100 }, none[] = { 0, 8 };
	struct sample s;
	(void)state;

	sample_init(&s, fits, 1, 16);
	assert_true(s.whole && s.n == 16 && s.first[15] == 15 * 256 && sample_len(&s, 15) == 256);
	sample_fini(&s);
	sample_init(&s, more, 1, 16);
	assert_false(s.whole);
	sample_fini(&s);
	sample_init(&s, more, 1, 17);
	assert_true(s.whole && sample_len(&s, 16) == 1);
	sample_fini(&s);
	sample_init(&s, odd, 2, 16);
	assert_true(s.whole && s.n == 2 && sample_len(&s, 1) == 44);
	sample_fini(&s);
	sample_init(&s, NULL, 0, 16); /* a scalar */
	assert_true(s.whole && s.n == 1 && sample_len(&s, 0) == 1);
	sample_fini(&s);
	sample_init(&s, none, 2, 16);
	assert_true(s.whole && s.n == 0);
	sample_fini(&s);
}

struct counting {
	struct source source;
	uint64_t elements;
};

static bool counting_read(struct source *s, size_t t, uint64_t first, size_t n, float *out,
	struct err *e)
{
	(void)s;
	if (t == 1)
		return err_set(e, ERR_INPUT, "t", NULL, "cannot be read");
	for (size_t i = 0; i < n; i++)
		out[i] = (float)(first + i);
	return true;
}

static void reading_brings_blocks_back_to_back(void **state)
{
	static const struct source_ops ops = { counting_read, NULL, NULL };
	const uint64_t shape[] = { 17, 256 };
	const uint64_t odd[] = { 301 };
	struct tensor tensors[2] =
		{ { .name = "a", .elements = 17 * 256, .rank = 1, .readable = true },
		{ .name = "b", .elements = 17 * 256, .rank = 1, .readable = true } };
	struct source src = { .ops = &ops, .refs = 1, .label = "test", .tensors = tensors,
		.n_tensors = 2 };
	struct sample s;
	float out[17 * 256];
	struct err e;
	(void)state;

	sample_init(&s, shape, 2, 8);
	assert_true(sample_read(&src, 0, &s, out, &e));
	for (size_t i = 0; i < s.n; i++)
		for (size_t k = 0; k < 256; k++)
			assert_true(out[256 * i + k] == (float)(s.first[i] + k));
	assert_false(sample_read(&src, 1, &s, out, &e));
	assert_int_equal(e.code, ERR_INPUT);
	sample_fini(&s);
	sample_init(&s, odd, 1, 8);
	assert_true(sample_read(&src, 0, &s, out, &e));
	assert_true(out[300] == 300 && out[301] == 0 && out[511] == 0);
	sample_fini(&s);
}

/* ---- figures ---- */

enum { NN, DD, BASE_A, BASE_B, SWAP, SHIFT, COUNT, SUMS };

static double norm(const double *t, const void *ctx)
{
	(void)ctx;
	return sqrt(t[NN]);
}
static double relative_l2(const double *t, const void *ctx)
{
	(void)ctx;
	return sqrt(t[DD] / t[BASE_A]);
}
static double delta_cosine(const double *t, const void *ctx)
{
	(void)ctx;
	return (t[BASE_A] + t[BASE_B] - t[DD]) / (2 * sqrt(t[BASE_A] * t[BASE_B]));
}
static double swapped(const double *t, const void *ctx)
{
	(void)ctx;
	return t[SWAP] / t[COUNT];
}
static double mean_shift(const double *t, const void *ctx)
{
	(void)ctx;
	return t[SHIFT] / t[COUNT];
}
static const struct {
	const char *name;
	sample_formula *f;
	enum sample_scale scale;
} figures[] = {
	{ "norm", norm, SAMPLE_LOG },
	{ "relative_l2", relative_l2, SAMPLE_LOG },
	{ "delta_cosine", delta_cosine, SAMPLE_COSINE },
	{ "swapped", swapped, SAMPLE_SHARE },
	{ "mean_shift", mean_shift, SAMPLE_LOG },
};
#define FIGURES (sizeof figures / sizeof *figures)

/* Tensors of 1024 x 512: what is multiplied onto a block's weights and changes, and the shape of a
 * change. */
enum { BLOCKS = 2048, ROW = 2 /* blocks in a row */ };
enum family { EVEN, LAPLACE, TAIL, ROWS, ROWS_WIDE, COLUMNS, FEW_ROWS, DRIFT, FAMILIES };
static const char *const family_names[FAMILIES] =
	{ "even", "laplace", "student t, 3", "rows, lognormal .5",
	"rows, lognormal .8", "outlier columns", "tenth of rows x4", "drift" };
static double sums[BLOCKS][SUMS];

static double change(struct noise *g, enum family f)
{
	double z = noise_normal(g), c;

	switch (f) {
	case LAPLACE:
		return 0.7 * log(noise_uniform(g)) * (z > 0 ? 1 : -1);
	case TAIL:
		c = 0;
		for (int i = 0; i < 3; i++) {
			double y = noise_normal(g);
			c += y * y;
		}
		return z / sqrt(c / 3);
	default:
		return z;
	}
}

static void make_block(double *s, struct noise *g, enum family f, double weight, double move,
	int column)
{
	for (int i = 0; i < 256; i++) {
		double c = f == COLUMNS && (column + i) % 64 == 7 ? 12 : 1;
		double x = 0.02 * weight * c * noise_normal(g);
		double a = 0.002 * move * c * change(g, f),
			b = 0.6 * a + 0.002 * move * c * change(g, f);
		s[NN] += x * x;
		s[DD] += (a - b) * (a - b);
		s[BASE_A] += a * a;
		s[BASE_B] += b * b;
		s[SWAP] += fabs(a - b) <= 0.001;
		s[SHIFT] += fmin(fabs(a - b), 0.001);
		s[COUNT]++;
	}
}

static void make_tensor(enum family f)
{
	struct noise g = { 1000 + f };
	double row = 0, drift = 0;

	memset(sums, 0, sizeof sums);
	for (int i = 0; i < BLOCKS; i++) {
		double weight = 1, move = 1;
		if (i % ROW == 0) {
			row = noise_normal(&g);
			drift += 0.05 * noise_normal(&g);
		}
		if (f == ROWS)
			weight = move = exp(0.5 * row);
		if (f == ROWS_WIDE)
			move = exp(0.8 * row);
		if (f == FEW_ROWS)
			move = row > 1.28 ? 4 : 1;
		if (f == DRIFT)
			weight = move = exp(drift);
		make_block(sums[i], &g, f, weight, move, i % ROW * 256);
	}
}

/* The tensor with its rows rotated is another tensor of the same kind, sampled at the same
 * places. */
static double coverage(const struct sample *s, size_t figure, int rounds)
{
	double totals[SUMS] = { 0 }, truth, row[64 * SUMS];
	struct stratum one = { s, row };
	struct noise g = { 11 };
	int hit = 0;

	for (int i = 0; i < BLOCKS; i++)
		for (int j = 0; j < SUMS; j++)
			totals[j] += sums[i][j];
	truth = figures[figure].f(totals, NULL);
	for (int r = 0; r < rounds; r++) {
		uint64_t turn = noise_bits(&g) % BLOCKS;
		struct figure got;
		for (size_t i = 0; i < s->n; i++)
			memcpy(row + i * SUMS, sums[(s->first[i] / 256 + turn) % BLOCKS],
				sizeof sums[0]);
		got = sample_figure(&one, 1, SUMS, figures[figure].f, NULL, figures[figure].scale);
		assert_int_equal(got.state, FIG_SAMPLED);
		assert_true(got.lo <= got.value && got.value <= got.hi);
		hit += got.lo <= truth && truth <= got.hi;
	}
	return (double)hit / rounds;
}

/* A share that a tenth of the rows decides: 16 blocks may miss those rows altogether. */
static double least(enum family f, size_t figure, size_t blocks)
{
	bool share = figures[figure].f == swapped || figures[figure].f == mean_shift;

	return f == FEW_ROWS && share && blocks == 16 ? 0.84 : 0.93;
}

static void intervals_contain_the_truth_at_their_level(void **state)
{
	const uint64_t shape[] = { 1024, 512 };
	(void)state;

	for (size_t k = 16; k <= 64; k *= 4) {
		struct sample s;
		sample_init(&s, shape, 2, k);
		for (int f = 0; f < FAMILIES; f++) {
			make_tensor(f);
			for (size_t i = 0; i < FIGURES; i++) {
				double c = coverage(&s, i, 2000);
				if (c < least(f, i, k))
					fail_msg("%zu blocks, %s, %s: %.3f", k, family_names[f],
						figures[i].name, c);
			}
		}
		sample_fini(&s);
	}
}

/* Even weights: the interval is about that of Student's t, not merely wide. */
static void intervals_are_no_wider_than_need_be(void **state)
{
	const uint64_t shape[] = { 1024, 512 };
	struct sample s;
	struct stratum one;
	double row[64 * SUMS];
	(void)state;

	make_tensor(EVEN);
	sample_init(&s, shape, 2, 64);
	for (size_t i = 0; i < s.n; i++)
		memcpy(row + i * SUMS, sums[s.first[i] / 256], sizeof sums[0]);
	one = (struct stratum){ &s, row };
	for (size_t i = 0; i < FIGURES; i++) {
		struct figure r =
			sample_figure(&one, 1, SUMS, figures[i].f, NULL, figures[i].scale);
		assert_true(r.hi - r.lo > 0.005 * r.value && r.hi - r.lo < 0.07 * r.value);
	}
	sample_fini(&s);
}

static void tensors_together_are_one_long_vector(void **state)
{
	const uint64_t big[] = { 1024, 512 }, small[] = { 512 };
	struct sample s, w;
	double row[16 * SUMS], whole[2 * SUMS] = { 0 };
	struct stratum both[2] = { { &s, row }, { &w, whole } };
	struct figure r, alone;
	(void)state;

	make_tensor(EVEN);
	sample_init(&s, big, 2, 16);
	sample_init(&w, small, 1, 16);
	for (size_t i = 0; i < s.n; i++)
		memcpy(row + i * SUMS, sums[s.first[i] / 256], sizeof sums[0]);
	whole[NN] = 1e4;
	whole[SUMS + NN] = 2e4;
	alone = sample_figure(&both[0], 1, SUMS, norm, NULL, SAMPLE_LOG);
	r = sample_figure(both, 2, SUMS, norm, NULL, SAMPLE_LOG);
	assert_true(fabs(r.value * r.value - (alone.value * alone.value + 3e4)) < 1e-6);
	assert_true((r.hi - r.lo) / r.value < 0.02 * (alone.hi - alone.lo) / alone.value);
	/* everything read: no interval is left */
	r = sample_figure(&both[1], 1, SUMS, norm, NULL, SAMPLE_LOG);
	assert_true(r.lo == r.value && r.hi == r.value && fabs(r.value - sqrt(3e4)) < 1e-9);
	sample_fini(&s);
	sample_fini(&w);
}

static void what_cannot_be_known_is_not_claimed(void **state)
{
	const uint64_t big[] = { 1024, 512 };
	struct sample s;
	double row[16 * SUMS] = { 0 };
	struct stratum one = { &s, row };
	struct figure r;
	(void)state;

	sample_init(&s, big, 2, 16);
	for (int i = 0; i < 16; i++) {
		row[i * SUMS + BASE_A] = row[i * SUMS + BASE_B] = 1;
		row[i * SUMS + COUNT] = 256;
	}
	r = sample_figure(&one, 1, SUMS, relative_l2, NULL, SAMPLE_LOG);
	assert_true(r.value == 0 && r.lo == 0 && isinf(r.hi));
	r = sample_figure(&one, 1, SUMS, delta_cosine, NULL, SAMPLE_COSINE);
	assert_true(r.value == 1 && r.lo == -1 && r.hi == 1);
	r = sample_figure(&one, 1, SUMS, swapped, NULL, SAMPLE_SHARE);
	assert_true(r.value == 0 && r.lo == 0 && r.hi > 0.15 && r.hi < 0.2);
	/* one block carries the whole of it */
	row[5 * SUMS + DD] = 3;
	r = sample_figure(&one, 1, SUMS, relative_l2, NULL, SAMPLE_LOG);
	assert_true(r.lo == 0 && r.hi > 2 * r.value);
	/* 0 / 0 */
	memset(row, 0, sizeof row);
	assert_int_equal(sample_figure(&one, 1, SUMS, swapped, NULL, SAMPLE_SHARE).state,
		FIG_FAILED);
	assert_int_equal(sample_figure(NULL, 0, SUMS, norm, NULL, SAMPLE_LOG).state, FIG_NONE);
	sample_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(positions_depend_on_the_shape_alone),
		cmocka_unit_test(small_tensors_are_taken_whole),
		cmocka_unit_test(reading_brings_blocks_back_to_back),
		cmocka_unit_test(intervals_contain_the_truth_at_their_level),
		cmocka_unit_test(intervals_are_no_wider_than_need_be),
		cmocka_unit_test(tensors_together_are_one_long_vector),
		cmocka_unit_test(what_cannot_be_known_is_not_claimed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
