#include "config.h"
#include <math.h>
#include <string.h>
#include "merge/kernels.h"
#include "merge/method.h"
#include "merge/rounding.h"
#include "merge/torch_sum.h"

static const struct param_def params[] = {
	{ P_WEIGHT, "weight", PARAM_INPUT, PARAM_FLOAT, true, 1.0, 0.0, 2.0, 0.05,
		"Share of this model in the average." },
	{ P_NORMALIZE, "normalize", PARAM_GLOBAL, PARAM_BOOL, false, 1.0, 0.0, 1.0, 1.0,
		"Divide by the sum of the weights, so that only their ratio counts." },
};

static float weight_sum(const struct merge_spec *s)
{
	float sum = 0.0f;

	for (int k = 0; k < s->n_inputs; k++)
		sum += (float)s->input[k][P_WEIGHT];
	return sum;
}

static bool check(const struct merge_spec *s, struct err *e)
{
	double sum = 0.0, size = 0.0;

	if (s->global[P_NORMALIZE] == 0.0)
		return true;
	for (int k = 0; k < s->n_inputs; k++) {
		sum += s->input[k][P_WEIGHT];
		size += fabs(s->input[k][P_WEIGHT]);
	}
	if (fabs(sum) > 1e-7 * size && weight_sum(s) != 0.0f)
		return true;
	return err_set(e, ERR_INPUT, s->name, "change a weight, or set normalize: false",
		"linear divides by the sum of the weights, which is 0 here");
}

/* As mergekit has it: inputs of its work dtype, a float32 accumulator, multiply and add in one
 * rounding, one more at the end. */
static void apply_mergekit(const struct merge_spec *s, const struct merge_window *w, float *out)
{
	float weights[MERGE_MAX_INPUTS], scratch[KERNEL_CHUNK];

	for (int m = 0; m < s->n_inputs; m++)
		weights[m] = (float)s->input[m][P_WEIGHT];
	for (size_t i = 0; i < w->n; i += KERNEL_CHUNK) {
		size_t n = w->n - i < KERNEL_CHUNK ? w->n - i : KERNEL_CHUNK;

		memset(out + i, 0, n * sizeof *out);
		for (int m = 0; m < s->n_inputs; m++)
			kernels()->fma(out + i, rounding_input(s, w->in[m] + i, n, scratch),
				weights[m], n);
		if (s->global[P_NORMALIZE] != 0.0)
			kernels()->divide(out + i,
				torch_sum_row(weights, 1, (size_t)s->n_inputs), n);
		rounding_step(s, out + i, n);
	}
}

/* out = sum w_k x_k, divided by sum w_k where normalize is on. */
static void apply(const struct merge_spec *s, const void *state, const struct merge_window *w,
	float *out)
{
	const struct kernels *k = kernels();
	const float sum = weight_sum(s);
	const bool normalize = s->global[P_NORMALIZE] != 0.0;

	(void)state;
	if (rounding_on(s)) {
		apply_mergekit(s, w, out);
		return;
	}
	for (size_t i = 0; i < w->n; i += KERNEL_CHUNK) {
		size_t n = w->n - i < KERNEL_CHUNK ? w->n - i : KERNEL_CHUNK;

		k->scale(out + i, w->in[0] + i, (float)s->input[0][P_WEIGHT], n);
		for (int m = 1; m < s->n_inputs; m++)
			k->add_scaled(out + i, w->in[m] + i, (float)s->input[m][P_WEIGHT], n);
		if (normalize)
			k->divide(out + i, sum, n);
	}
}

/* In float64, as a closed figure is of the merge that rounds nowhere. */
static bool coefficients(const struct merge_spec *s, const double *sums, double *coef)
{
	double sum = 0.0;

	(void)sums;
	for (int k = 0; k < s->n_inputs; k++)
		sum += s->input[k][P_WEIGHT];
	for (int k = 0; k < s->n_inputs; k++)
		coef[k] = s->input[k][P_WEIGHT] / (s->global[P_NORMALIZE] != 0.0 ? sum : 1.0);
	return true;
}

const struct method method_linear = {
	.name = "linear",
	.title = "Linear",
	.paper = "arXiv:2203.05482",
	.help = "Weighted average of the models, element by element. It hurts when the models were "
		"trained far apart: averages of unrelated weights are smaller than either.",
	.base = -1,
	.min_inputs = 1,
	.count_base = true,
	.mergekit = true,
	.params = params,
	.n_params = sizeof params / sizeof *params,
	.check = check,
	.apply = apply,
	.coefficients = coefficients,
};
