#include "compare/significance.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/rng.h"
#include "base/xalloc.h"

#define KINDS_MAX 32 /* distinct values that are drawn as counts */

/* Word i of a round: counter (stream, round, i / 4). */
struct draws {
	uint32_t key[2], counter[4], word[4];
	uint32_t at;
};

static void draws_init(struct draws *g, uint64_t seed, uint64_t stream, unsigned round)
{
	*g = (struct draws){ .key = { (uint32_t)seed, (uint32_t)(seed >> 32) },
		.counter = { (uint32_t)stream, (uint32_t)(stream >> 32), round, 0 } };
}

static uint32_t draw(struct draws *g)
{
	if (g->at % 4 == 0) {
		g->counter[3] = g->at / 4;
		philox4x32(g->counter, g->key, g->word);
	}
	return g->word[g->at++ % 4];
}

/* In the middle of one of 2^32 equal steps: never 0 or 1. */
static double draw_uniform(struct draws *g)
{
	return ((double)draw(g) + 0.5) * 0x1p-32;
}

/* --- how many of n happen, each with chance p --- */

/* log(k!) - log(sqrt(2 pi)) - (k + 1/2) log(k + 1) + (k + 1) */
static double stirling_rest(double k)
{
	static const double small[] = { 0.08106146679532726, 0.04134069595540929,
		0.02767792568499834, 0.02079067210376509, 0.01664469118982119,
		0.01387612882307075, 0.01189670994589177, 0.01041126526197209,
		0.009255462182712733, 0.008330563433362871 };
	double r;

	if (k < 10)
		return small[(int)k];
	r = 1 / (k + 1);
	return (1.0 / 12 - (1.0 / 360 - r * r / 1260) * r * r) * r;
}

/* Transformed rejection with squeeze (Hormann 1993, algorithm BTRS), for n p of 10 and more, p up
 * to a half: some two draws whatever n is. */
static double draw_rejected(struct draws *g, double n, double p)
{
	double spread = sqrt(n * p * (1 - p)), b = 1.15 + 2.53 * spread;
	double a = -0.0873 + 0.0248 * b + 0.01 * p, c = n * p + 0.5, v_r = 0.92 - 4.2 / b;
	double alpha = (2.83 + 5.1 / b) * spread, odds = p / (1 - p), m = floor((n + 1) * p);

	for (;;) {
		double u = draw_uniform(g) - 0.5, v = draw_uniform(g), us = 0.5 - fabs(u), k;

		k = floor((2 * a / us + b) * u + c);
		if (us >= 0.07 && v <= v_r)
			return k;
		if (k < 0 || k > n)
			continue;
		v = log(v * alpha / (a / (us * us) + b));
		if (v <= (m + 0.5) * log((m + 1) / (odds * (n - m + 1))) +
			(n + 1) * log((n - m + 1) / (n - k + 1)) +
			(k + 0.5) * log(odds * (n - k + 1) / (k + 1)) + stirling_rest(m) +
			stirling_rest(n - m) - stirling_rest(k) - stirling_rest(n - k))
			return k;
	}
}

/* Inversion from 0 on, for few expected. */
static double draw_inverted(struct draws *g, double n, double p)
{
	double u = draw_uniform(g), odds = p / (1 - p), mass = exp(n * log1p(-p)), k = 0;

	while (u >= mass && k < n) {
		u -= mass;
		mass *= (n - k) / (k + 1) * odds;
		k++;
		if (mass < 1e-300) /* what rounding left over */
			break;
	}
	return k;
}

static uint64_t draw_binomial(struct draws *g, uint64_t n, double p)
{
	double few = p > 0.5 ? 1 - p : p, k;

	if (p <= 0 || p >= 1 || !n)
		return p >= 1 ? n : 0;
	k = (double)n * few < 10 ? draw_inverted(g, (double)n, few) :
		draw_rejected(g, (double)n, few);
	return p > 0.5 ? n - (uint64_t)k : (uint64_t)k;
}

struct kinds {
	double value[KINDS_MAX];
	uint64_t count[KINDS_MAX];
	size_t n;
};

static bool count_kinds(struct kinds *k, const double *d, size_t n)
{
	size_t last = 0;

	k->n = 0;
	for (size_t i = 0; i < n; i++) {
		if (!k->n || k->value[last] != d[i])
			for (last = 0; last < k->n && k->value[last] != d[i]; last++)
				;
		if (last == KINDS_MAX)
			return false;
		if (last == k->n) {
			k->value[k->n] = d[i];
			k->count[k->n++] = 0;
		}
		k->count[last]++;
	}
	return true;
}

static double mean_of_kinds(const struct kinds *k, size_t n, struct draws *g)
{
	uint64_t left = n, rest = n;
	double sum = 0;

	for (size_t i = 0; i < k->n && left; i++) {
		uint64_t here = draw_binomial(g, left, (double)k->count[i] / (double)rest);

		sum += k->value[i] * (double)here;
		left -= here;
		rest -= k->count[i];
	}
	return sum / (double)n;
}

static double mean_of_draws(const double *d, size_t n, struct draws *g)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += d[(uint64_t)draw(g) * n >> 32];
	return sum / (double)n;
}

/* Hoare's selection: what would stand at place k if v were sorted. */
static double at_place(double *v, size_t n, size_t k)
{
	size_t low = 0, high = n - 1;

	while (low < high) {
		double pivot = v[low + (high - low) / 2];
		size_t i = low, j = high;

		for (;;) {
			while (v[i] < pivot)
				i++;
			while (v[j] > pivot)
				j--;
			if (i >= j)
				break;
			double t = v[i];
			v[i++] = v[j];
			v[j--] = t;
		}
		if (k <= j)
			high = j;
		else
			low = j + 1;
	}
	return v[k];
}

static double quantile(double *v, unsigned n, double p)
{
	double at = p * (n - 1), first;
	unsigned i = (unsigned)at;

	first = at_place(v, n, i);
	return i + 1 < n ? first + (at - i) * (at_place(v, n, i + 1) - first) : first;
}

bool sig_bootstrap(const double *d, size_t n, uint64_t seed, uint64_t stream, unsigned rounds,
	double *low, double *high)
{
	struct kinds kinds;
	bool few = count_kinds(&kinds, d, n);
	double *means;
	struct draws g;

	if (!n || !rounds || (!few && n > SIG_DRAWS / rounds))
		return false;
	means = xnew(double, rounds);
	for (unsigned i = 0; i < rounds; i++) {
		draws_init(&g, seed, stream, i);
		means[i] = few ? mean_of_kinds(&kinds, n, &g) : mean_of_draws(d, n, &g);
	}
	*low = quantile(means, rounds, 0.025);
	*high = quantile(means, rounds, 0.975);
	free(means);
	return true;
}
