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

static double draw_uniform(struct draws *g)
{
	uint64_t high = draw(g), low = draw(g);

	return (double)((high << 32 | low) >> 11) * 0x1p-53;
}

/* How many of n happen, each with chance p: inversion of the distribution, walked from its mode to
 * both sides, whichever is nearer first. */
static uint64_t draw_binomial(struct draws *g, uint64_t n, double p)
{
	double u = draw_uniform(g), odds = p / (1 - p), left, right;
	uint64_t mode, down, up;

	if (p <= 0 || p >= 1 || !n)
		return p >= 1 ? n : 0;
	mode = (uint64_t)((double)(n + 1) * p);
	mode = mode > n ? n : mode;
	left = right = exp(lgamma((double)n + 1) - lgamma((double)mode + 1) -
		lgamma((double)(n - mode) + 1) + (double)mode * log(p) +
		(double)(n - mode) * log1p(-p));
	u -= left;
	for (down = up = mode; u >= 0 && (down > 0 || up < n);) {
		if (up < n) {
			right *= (double)(n - up) / (double)(up + 1) * odds;
			up++;
			u -= right;
			if (u < 0)
				return up;
		}
		if (down > 0) {
			left *= (double)down / (double)(n - down + 1) / odds;
			down--;
			u -= left;
			if (u < 0)
				return down;
		}
		if (left + right < 1e-300)
			break;
	}
	return mode; /* what rounding left over */
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

static int by_value(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
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

static double quantile(const double *sorted, unsigned n, double p)
{
	double at = p * (n - 1);
	unsigned i = (unsigned)at;

	return i + 1 < n ? sorted[i] + (at - i) * (sorted[i + 1] - sorted[i]) : sorted[i];
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
	qsort(means, rounds, sizeof *means, by_value);
	*low = quantile(means, rounds, 0.025);
	*high = quantile(means, rounds, 0.975);
	free(means);
	return true;
}
