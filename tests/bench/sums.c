/* sums: time of the kernels behind the first pass of statistics, ns per element of one window, one
 * core. */
#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "stat/histogram.h"
#include "stat/sums.h"
#include "tensor/cpu.h"

enum { N = 1 << 18, INPUTS = 5 };
static float *x[INPUTS];
static const float *in[INPUTS];
static struct norm_sums norm[INPUTS];
static struct pair_sums pair[INPUTS * INPUTS];
static struct sign_sums sign;
static struct conflict_sums conflict;
static struct histogram_scratch *scratch;

static void norms(void)
{
	norm_sums_add(norm, in[0], N);
}
static void pairs(void)
{
	pair_sums_add(pair, NULL, in[0], in[1], N);
}
static void differences(void)
{
	histogram_scratch_add(scratch, in[0], in[1], N);
}
static void two(void)
{
	struct histogram_scratch *const h[4] = { NULL, scratch, NULL, NULL };

	all_sums_add(norm, pair, h, in, 2, N);
}
static void five(void)
{
	all_sums_add(norm, pair, NULL, in, 5, N);
}
static void signs(void)
{
	sign_sums_add(&sign, in[1], in[2], in[0], N);
}
static void conflicts(void)
{
	conflict_sums_add(&conflict, in + 1, 4, in[0], N);
}

static double best(void (*fn)(void))
{
	double least = 1e9;

	for (int i = 0; i < 20; i++) {
		struct timespec a, b;
		clock_gettime(CLOCK_MONOTONIC, &a);
		fn();
		clock_gettime(CLOCK_MONOTONIC, &b);
		double t = (double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec);
		least = t < least ? t : least;
	}
	return least / N;
}

int main(void)
{
	static const struct {
		const char *name;
		void (*fn)(void);
	} rows[] = { { "norms of one", norms }, { "distances of a pair", pairs },
		{ "histogram of a pair", differences }, { "all of two inputs", two },
		{ "sums of five inputs", five }, { "signs against a base", signs },
		{ "conflict of four", conflicts } };

	scratch = histogram_scratch_new();
	for (int k = 0; k < INPUTS; k++) {
		x[k] = malloc(N * sizeof **x);
		in[k] = x[k];
		for (int i = 0; i < N; i++)
			x[k][i] = 0.02f * (float)(i * 7919 % 4001 - 2000) / 1000 +
				(k ? 0.002f * (float)(i * 104729 % (3000 + k) - 1500) / 1000 : 0);
	}
	printf("%-22s", "ns per element");
	for (int p = 0; p <= (int)cpu_best(); p++)
		printf(" %8s", cpu_path_name(p));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		printf("\n%-22s", rows[i].name);
		for (int p = 0; p <= (int)cpu_best(); p++) {
			cpu_force(p);
			printf(" %8.3f", best(rows[i].fn));
		}
	}
	printf("\n");
	histogram_scratch_free(scratch);
	for (int k = 0; k < INPUTS; k++)
		free(x[k]);
	return 0;
}
