#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "stat/sample.h"

/* The key of all samples there are. A change makes models sampled before and after incomparable. */
#define SAMPLE_KEY 0x6375706c736d706cu

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t mix(uint64_t z)
{
	z += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* The first block of stratum i of k over n blocks: i * n / k without overflow. */
static uint64_t cut(uint64_t n, size_t k, size_t i)
{
	return n / k * i + n % k * i / k;
}

void sample_init(struct sample *s, const uint64_t *shape, int rank, size_t want)
{
	uint64_t key = SAMPLE_KEY;

	memset(s, 0, sizeof *s);
	s->elements = 1;
	for (int i = 0; i < rank; i++) {
		s->elements *= shape[i];
		key = mix(key ^ shape[i]);
	}
	s->blocks = s->elements / SAMPLE_BLOCK + (s->elements % SAMPLE_BLOCK != 0);
	want = want < 2 ? 2 : want;
	s->whole = s->blocks <= want;
	s->n = s->whole ? (size_t)s->blocks : want;
	s->first = xnew(uint64_t, s->n + 1);
	for (size_t i = 0; i < s->n; i++) {
		uint64_t from = cut(s->blocks, s->n, i), to = cut(s->blocks, s->n, i + 1);
		s->first[i] = (from + mix(key ^ mix(i)) % (to - from)) * SAMPLE_BLOCK;
	}
}

void sample_fini(struct sample *s)
{
	free(s->first);
	s->first = NULL;
	s->n = 0;
}

size_t sample_len(const struct sample *s, size_t block)
{
	uint64_t left = s->elements - s->first[block];

	return left < SAMPLE_BLOCK ? (size_t)left : SAMPLE_BLOCK;
}

bool sample_read(struct source *src, size_t t, const struct sample *s, float *out, struct err *e)
{
	for (size_t i = 0; i < s->n; i++, out += SAMPLE_BLOCK) {
		size_t n = sample_len(s, i);
		if (!source_read(src, t, s->first[i], n, out, e))
			return false;
		memset(out + n, 0, (SAMPLE_BLOCK - n) * sizeof *out);
	}
	return true;
}

static uint64_t seen(const struct sample *s)
{
	uint64_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += sample_len(s, i);
	return n;
}

static void add_sums(double *sums, const struct stratum *s, size_t n_sums)
{
	for (size_t i = 0; i < s->sample->n; i++)
		for (size_t j = 0; j < n_sums; j++)
			sums[j] += s->sums[i * n_sums + j];
}

/* Second and third central moments of the estimate, and Σ variance² / degrees of freedom. */
struct spread {
	double variance, third, per_freedom;
	size_t blocks;
	bool unknown; /* the figure hangs on a single block */
};

/* Delete-one jackknife within a stratum (Quenouille, Tukey): d_i = (k-1) (mean of F without one - F
 * without i).
 * Blocks are taken as drawn at random without replacement; that each comes from a part of its own
 * makes this an upper estimate. */
static void add_spread(struct spread *w, const struct stratum *s, const double *totals,
	size_t n_sums,
	sample_formula *f, const void *ctx)
{
	const struct sample *p = s->sample;
	size_t n = p->n;
	double k = (double)n, left = 1 - k / (double)p->blocks, elements = (double)p->elements;
	double mean = 0, m2 = 0, m3 = 0, v, *without, *sums, *all;
	uint64_t have = seen(p);

	w->blocks += n;
	if (p->whole || n < 2)
		return;
	without = xnew(double, n + 2 * n_sums);
	sums = without + n;
	all = sums + n_sums;
	add_sums(sums, s, n_sums);
	for (size_t i = 0; i < n; i++) {
		double by = elements / (double)(have - sample_len(p, i));
		for (size_t j = 0; j < n_sums; j++)
			all[j] = totals[j] - sums[j] * (elements / (double)have) +
				(sums[j] - s->sums[i * n_sums + j]) * by;
		without[i] = f(all, ctx);
		w->unknown |= !isfinite(without[i]);
		mean += without[i] / k;
	}
	for (size_t i = 0; i < n; i++) {
		double d = (k - 1) * (mean - without[i]);
		m2 += d * d;
		m3 += d * d * d;
	}
	v = left * m2 / (k * (k - 1));
	w->variance += v;
	w->per_freedom += v * v / (k - 1);
	if (n > 2)
		w->third += left * m3 / (k * (k - 1) * (k - 2));
	free(without);
}

/* 97.5 % point of Student's t: Cornish and Fisher's expansion about the normal's. */
static double student(double freedom)
{
	double z = 1.959963984540054, z3 = z * z * z, z5 = z3 * z * z, f = freedom;

	if (f < 1.5)
		return 12.706;
	if (f < 2.5)
		return 4.303;
	return z + (z3 + z) / (4 * f) + (5 * z5 + 16 * z3 + 3 * z) / (96 * f * f) +
		(3 * z5 * z * z + 19 * z5 + 17 * z3 - 15 * z) / (384 * f * f * f);
}

static const struct {
	double lo, hi;
} limits[] = {
	[SAMPLE_PLAIN] = { -INFINITY, INFINITY },
	[SAMPLE_LOG] = { 0, INFINITY },
	[SAMPLE_SHARE] = { 0, 1 },
	[SAMPLE_COSINE] = { -1, 1 },
};

/* value moved by `by` standard errors where the scale is straight */
static double moved(double value, double se, double by, enum sample_scale scale)
{
	double x;

	switch (scale) {
	case SAMPLE_LOG:
		return value * exp(by * se / value);
	case SAMPLE_SHARE:
		x = log(value / (1 - value)) + by * se / (value * (1 - value));
		return 1 / (1 + exp(-x));
	case SAMPLE_COSINE:
		return tanh(atanh(value) + by * se / (1 - value * value));
	default:
		return value + by * se;
	}
}

/* Hall's transformation (1992) turns a skewed studentised mean into a symmetric one; this is its
 * inverse, s being the skewness of the estimate. */
static double unskewed(double x, double s)
{
	if (fabs(s) < 1e-6)
		return x;
	return 3 / s * (cbrt(1 + s * (x - s / 6)) - 1);
}

static double fit(double v, enum sample_scale scale)
{
	return fmax(limits[scale].lo, fmin(limits[scale].hi, v));
}

/* Every sampled block says the same: nothing is known of the others but that few can differ. Of
 * blocks that do, a share with (1 - share)^n = 0.05 at most. */
static void all_alike(struct figure *r, size_t blocks, enum sample_scale scale)
{
	double rare = 1 - pow(0.05, 1 / (double)blocks);

	r->lo = limits[scale].lo;
	r->hi = limits[scale].hi;
	if (scale == SAMPLE_SHARE) {
		r->lo = r->value * (1 - rare);
		r->hi = r->value + (1 - r->value) * rare;
	}
}

/* Two intervals, and the wider at each end: the symmetric one on the figure's scale and Hall's on
 * the plain one. Both use Student's t, stretched where the blocks are skewed, for a few blocks of a
 * heavy tail seldom show how heavy it is. Simulated coverage: tests/unit/test_sample.c. */
static void interval(struct figure *r, const struct spread *w, enum sample_scale scale)
{
	double se = sqrt(w->variance), skew = w->third / (se * se * se);
	double t = student(w->variance * w->variance / w->per_freedom) * (1 + 1.5 * fabs(skew));

	r->lo = fmin(moved(r->value, se, -t, scale), r->value - se * unskewed(t, skew));
	r->hi = fmax(moved(r->value, se, t, scale), r->value - se * unskewed(-t, skew));
	r->lo = fmin(r->value, fit(r->lo, scale));
	r->hi = fmax(r->value, fit(r->hi, scale));
}

static bool at_limit(double v, enum sample_scale scale)
{
	return v <= limits[scale].lo || v >= limits[scale].hi;
}

struct figure sample_figure(const struct stratum *s, size_t n, size_t n_sums, sample_formula *f,
	const void *ctx, enum sample_scale scale)
{
	double *totals = xnew(double, 2 * n_sums + 1), *sums = totals + n_sums;
	struct spread w = { 0 };
	struct figure r;
	double value;
	bool whole = true;

	for (size_t i = 0; i < n; i++) {
		uint64_t have = seen(s[i].sample);
		memset(sums, 0, n_sums * sizeof *sums);
		add_sums(sums, &s[i], n_sums);
		for (size_t j = 0; j < n_sums && have; j++)
			totals[j] += sums[j] * ((double)s[i].sample->elements / (double)have);
		whole = whole && s[i].sample->whole;
	}
	value = f(totals, ctx);
	/* sums that cancel leave a hair beyond the limit */
	r = figure_at(isfinite(value) ? fit(value, scale) : value, FIG_SAMPLED);
	if (!whole && isfinite(r.value)) {
		for (size_t i = 0; i < n; i++)
			add_spread(&w, &s[i], totals, n_sums, f, ctx);
		if (w.unknown || at_limit(r.value, scale) ||
			sqrt(w.variance) <= 1e-12 * fabs(r.value))
			all_alike(&r, w.blocks, scale);
		else
			interval(&r, &w, scale);
	}
	free(totals);
	if (n == 0)
		return figure_none();
	return isfinite(r.value) ? r : figure_failed();
}
