#include "config.h"
#include <math.h>
#include "merge/blend.h"

static const struct param_def params[] = {
	{ P_FILTER_WISE, "filter_wise", PARAM_GLOBAL, PARAM_BOOL, false, 0.0, 0.0, 1.0, 1.0,
		"An angle of its own for every row instead of one for the tensor." },
};

/* t·mean(x_k) + (1−t)·b with t = N c/(1+(N−1)c), c the mean cosine between the task vectors, pair
 * by pair. Where that divisor is next to 0 the base stays. Jang et al., arXiv:2403.19522. */
static bool coefficients(const struct merge_spec *s, const double *sums, double *coef)
{
	int n = s->n_inputs, b = s->base, models = n - 1, count = 0;
	double sum = 0, c, divisor, t;

	/* Sums of a whole tensor say nothing about a merge row by row. */
	if (blend_rows(s))
		return false;
	for (int i = 0; i < n; i++)
		for (int j = i + 1; j < n; j++) {
			if (i == b || j == b)
				continue;
			double lengths = sqrt(blend_dot(sums, n, b, i, i)) *
				sqrt(blend_dot(sums, n, b, j, j));

			sum += fmin(1.0, fmax(-1.0,
				blend_dot(sums, n, b, i, j) / fmax(lengths, 1e-6)));
			count++;
		}
	c = count ? sum / count : 1.0;
	divisor = 1.0 + (models - 1) * c;
	t = fabs(divisor) < 1e-6 ? 0.0 : models * c / divisor;
	for (int k = 0; k < n; k++)
		coef[k] = k == b ? 1.0 - t : t / models;
	return true;
}

const struct method method_model_stock = {
	.name = "model_stock",
	.title = "Model Stock",
	.paper = "arXiv:2403.19522",
	.help = "Goes from the base towards the mean of the models, the further the more their "
		"task "
		"vectors agree. Unrelated fine-tunes leave it near the base, and weights have no "
		"say "
		"in it.",
	.base = 1,
	.min_inputs = 3,
	.count_base = true,
	.task_vector = true,
	.params = params,
	.n_params = sizeof params / sizeof *params,
	BLEND_SLOTS,
	.coefficients = coefficients,
};
