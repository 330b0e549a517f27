#include "config.h"
#include <math.h>
#include <string.h>
#include "merge/kernels.h"
#include "merge/rounding.h"
#include "merge/task.h"
#include "merge/torch_sum.h"

float task_rescale(double whole, double kept)
{
	return whole < 1e-7 || kept < 1e-7 ? 1.0f : (float)(whole / kept);
}

static float task_weight(const struct merge_spec *s, int k)
{
	return rounding_value(s, (float)s->input[k][P_WEIGHT]);
}

/* Divisor without election: the sum of the weights, 1 where it is next to 0. */
static float plain_divisor(const struct merge_spec *s)
{
	float sum = 0.0f, w[MERGE_MAX_INPUTS];
	size_t n = 0;

	for (int k = 0; k < s->n_inputs; k++)
		if (k != s->base)
			sum += w[n++] = task_weight(s, k);
	if (rounding_on(s))
		sum = rounding_value(s, torch_sum_row(w, 1, n));
	return fabsf(sum) < rounding_value(s, 1e-8f) ? 1.0f : sum;
}

void task_weigh(const struct merge_spec *s, int k, float *d, size_t n)
{
	kernels()->scale(d, d, task_weight(s, k), n);
	rounding_step(s, d, n);
}

/* torch adds rows of five and more in another order where its vectors do not reach: in the last
 * elements of a tensor. */
static void sum_tail(const struct merge_spec *s, const float *rows, int m, size_t n, uint64_t first,
	float *mixed)
{
	uint64_t from = s->elements / 32 * 32;

	for (size_t i = from > first ? (size_t)(from - first) : 0; i < n; i++)
		mixed[i] = torch_sum_row(rows + i, KERNEL_CHUNK, (size_t)m);
}

/* The same with an election: of the sums, then of what agrees, then of its weights. */
static void elect_tail(const struct merge_spec *s, const float *rows, const float *weights, int m,
	size_t n, uint64_t first, float *mixed, float *div)
{
	uint64_t from = s->elements / 32 * 32;
	float x[MERGE_MAX_INPUTS], w[MERGE_MAX_INPUTS];

	for (size_t i = from > first ? (size_t)(from - first) : 0; i < n; i++) {
		float sum = rounding_value(s, torch_sum_row(rows + i, KERNEL_CHUNK, (size_t)m));

		for (int r = 0; r < m; r++) {
			float d = rows[(size_t)r * KERNEL_CHUNK + i];
			bool agrees = sum >= 0.0f ? d > 0.0f : d < 0.0f;

			x[r] = agrees ? d : 0.0f;
			w[r] = agrees ? weights[r] : 0.0f;
		}
		mixed[i] = torch_sum_row(x, 1, (size_t)m);
		div[i] = torch_sum_row(w, 1, (size_t)m);
		div[i] = div[i] == 0.0f ? 1.0f : div[i];
	}
}

/* The rows as one task vector. */
static void mix(const struct merge_spec *s, const float *rows, const float *weights, int m,
	bool elect, uint64_t first, float *mixed, size_t n)
{
	const struct kernels *k = kernels();
	const bool normalize = s->global[P_NORMALIZE] != 0.0;
	float div[KERNEL_CHUNK];

	if (elect) {
		k->elect(rows, weights, m, mixed, div, n);
		if (rounding_on(s) && m > 4)
			elect_tail(s, rows, weights, m, n, first, mixed, div);
		rounding_step(s, mixed, n);
		rounding_step(s, div, n);
		if (normalize)
			k->divide_each(mixed, div, n);
	} else {
		memset(mixed, 0, n * sizeof *mixed);
		for (int i = 0; i < m; i++)
			k->add(mixed, mixed, rows + (size_t)i * KERNEL_CHUNK, n);
		if (rounding_on(s) && m > 4)
			sum_tail(s, rows, m, n, first, mixed);
		rounding_step(s, mixed, n);
		if (normalize)
			k->divide(mixed, plain_divisor(s), n);
	}
	if (normalize)
		rounding_step(s, mixed, n);
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
	const float lambda = (float)s->global[P_LAMBDA];
	float rows[MERGE_MAX_INPUTS * KERNEL_CHUNK], weights[MERGE_MAX_INPUTS];
	float mixed[KERNEL_CHUNK], scratch[KERNEL_CHUNK];
	size_t n;

	for (size_t at = 0; at < w->n; at += n) {
		const float *base = w->in[s->base] + at;
		int m = 0;

		n = w->n - at < KERNEL_CHUNK ? w->n - at : KERNEL_CHUNK;
		for (int i = 0; i < s->n_inputs; i++) {
			float *d = rows + (size_t)m * KERNEL_CHUNK;

			if (i == s->base)
				continue;
			weights[m++] = task_weight(s, i);
			if (sparsify) {
				sparsify(s, state, i, w->in[i] + at, base, d, n, w->first + at);
				continue;
			}
			rounding_delta(s, d, w->in[i] + at, base, n);
			task_weigh(s, i, d, n);
		}
		if (m == 0) { /* the base is its own merge */
			memcpy(out + at, rounding_input(s, base, n, scratch), n * sizeof *out);
			continue;
		}
		mix(s, rows, weights, m, elect, w->first + at, mixed, n);
		if (lambda != 1.0f) {
			kernels()->scale(mixed, mixed, lambda, n);
			rounding_step(s, mixed, n);
		}
		kernels()->add(out + at, mixed, rounding_input(s, base, n, scratch), n);
		rounding_step(s, out + at, n);
	}
}

bool task_coefficients(const struct merge_spec *s, const double *sums, double *coef)
{
	double factor = s->global[P_LAMBDA], rest = 1.0, sum = 0.0;

	(void)sums;
	if (rounding_on(s) && s->work != DT_F32)
		return false; /* its steps round */
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
