#include "config.h"
#include <math.h>
#include <string.h>
#include "merge/kernels.h"
#include "merge/task.h"

float task_rescale(double whole, double kept)
{
	return whole < 1e-7 || kept < 1e-7 ? 1.0f : (float)(whole / kept);
}

/* Divisor without election: the sum of the weights, 1 where it is next to 0. */
static float plain_divisor(const struct merge_spec *s)
{
	float sum = 0.0f;

	for (int k = 0; k < s->n_inputs; k++)
		if (k != s->base)
			sum += (float)s->input[k][P_WEIGHT];
	return fabsf(sum) < 1e-8f ? 1.0f : sum;
}

bool task_check(const struct merge_spec *s, struct err *e)
{
	for (int k = 0; k < s->n_inputs; k++)
		if (k != s->base && s->input[k][P_DENSITY] < 0.0)
			return err_set(e, ERR_INPUT, s->name, "give a density from 0 to 1",
				"%s keeps a share of each task vector, and %g is none",
				s->method->name,
				s->input[k][P_DENSITY]);
	return true;
}

void task_apply(const struct merge_spec *s, const void *state, const struct merge_window *w,
	bool elect, task_sparsify_fn *sparsify, float *out)
{
	const struct kernels *k = kernels();
	const bool normalize = s->global[P_NORMALIZE] != 0.0;
	const float lambda = (float)s->global[P_LAMBDA], sum = plain_divisor(s);
	float rows[MERGE_MAX_INPUTS * KERNEL_CHUNK], weights[MERGE_MAX_INPUTS];
	float mixed[KERNEL_CHUNK], div[KERNEL_CHUNK];
	size_t n;

	for (size_t at = 0; at < w->n; at += n) {
		const float *base = w->in[s->base] + at;
		int m = 0;

		n = w->n - at < KERNEL_CHUNK ? w->n - at : KERNEL_CHUNK;
		for (int i = 0; i < s->n_inputs; i++) {
			float *d = rows + (size_t)m * KERNEL_CHUNK;

			if (i == s->base)
				continue;
			weights[m++] = (float)s->input[i][P_WEIGHT];
			if (sparsify) {
				sparsify(s, state, i, w->in[i] + at, base, d, n, w->first + at);
				continue;
			}
			k->sub(d, w->in[i] + at, base, n);
			k->scale(d, d, weights[m - 1], n);
		}
		if (elect) {
			k->elect(rows, weights, m, mixed, div, n);
			if (normalize)
				k->divide_each(mixed, div, n);
		} else {
			memset(mixed, 0, n * sizeof *mixed);
			for (int i = 0; i < m; i++)
				k->add(mixed, mixed, rows + (size_t)i * KERNEL_CHUNK, n);
			if (normalize)
				k->divide(mixed, sum, n);
		}
		if (lambda != 1.0f)
			k->scale(mixed, mixed, lambda, n);
		k->add(out + at, mixed, base, n);
	}
}

bool task_coefficients(const struct merge_spec *s, const double *sums, double *coef)
{
	double factor = s->global[P_LAMBDA], rest = 1.0, sum = 0.0;

	(void)sums;
	for (int k = 0; k < s->n_inputs; k++)
		sum += k == s->base ? 0.0 : s->input[k][P_WEIGHT];
	if (s->global[P_NORMALIZE] != 0.0 && fabs(sum) >= 1e-8)
		factor /= sum;
	for (int k = 0; k < s->n_inputs; k++) {
		if (k == s->base)
			continue;
		coef[k] = factor * s->input[k][P_WEIGHT];
		rest -= coef[k];
	}
	coef[s->base] = rest;
	return true;
}
