#include "config.h"
#include <math.h>
#include "merge/blend.h"

static const struct param_def params[] = {
	{ P_WEIGHT, "weight", PARAM_NON_BASE, PARAM_FLOAT, true, 1.0, 0.0, 2.0, 0.05,
		"Share of this model's direction in the common one." },
	{ P_NORMALIZE_WEIGHTS, "normalize_weights", PARAM_GLOBAL, PARAM_BOOL, false, 1.0, 0.0, 1.0,
		1.0, "Divide the weights by their sum, so that only their ratio counts." },
	{ P_EPS, "eps", PARAM_GLOBAL, PARAM_FLOAT, false, 1e-8, 0.0, 1e-3, 1e-8,
		"Lengths below this count as none." },
};

static bool check(const struct merge_spec *s, struct err *e)
{
	double sum = 0;

	for (int k = 0; k < s->n_inputs; k++)
		if (k != s->base)
			sum += s->input[k][P_WEIGHT];
	if (s->global[P_NORMALIZE_WEIGHTS] != 0.0 && sum == 0.0)
		return err_set(e, ERR_INPUT, s->name,
			"change a weight, or set normalize_weights: false",
			"the weights of multislerp sum to 0, and are divided by their sum");
	return true;
}

/* r · Σ w_i n_i with r = m/|m|, m = Σ w_i v_i/(n_i+eps); v = x, or x − base where there is one. The
 * reference then turns r by the mean of the w_i-weighted parts of the v_i across it, which is zero:
 * m was made of the same parts. One model alone comes back as it is. */
static bool coefficients(const struct merge_spec *s, const double *sums, double *coef)
{
	double total = 0, scale = 0, mm = 0, w[MERGE_MAX_INPUTS], a[MERGE_MAX_INPUTS];
	const double eps = s->global[P_EPS];
	int n = s->n_inputs, used = 0;

	for (int k = 0; k < n; k++) {
		w[k] = k == s->base ? 0.0 : s->input[k][P_WEIGHT];
		total += w[k];
		used += k != s->base;
	}
	for (int k = 0; k < n; k++) {
		double length = sqrt(blend_dot(sums, n, s->base, k, k));

		if (s->global[P_NORMALIZE_WEIGHTS] != 0.0)
			w[k] /= total;
		a[k] = k == s->base || length + eps == 0.0 ? 0.0 : w[k] / (length + eps);
		scale += w[k] * length;
	}
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			mm += a[i] * a[j] * blend_dot(sums, n, s->base, i, j);
	mm = sqrt(fmax(mm, 0.0));
	if (mm < eps && used > 2)
		return false;
	for (int k = 0; k < n; k++)
		coef[k] = used == 1 ? (double)(k != s->base) : mm < eps ? w[k] : a[k] / mm * scale;
	if (s->base >= 0) {
		coef[s->base] = 1.0;
		for (int k = 0; k < n; k++)
			coef[s->base] -= k == s->base ? 0.0 : coef[k];
	}
	return true;
}

const struct method method_multislerp = {
	.name = "multislerp",
	.title = "Multi-SLERP",
	.paper = NULL,
	.help = "Takes the weighted mean direction of any number of models, or of their task "
		"vectors "
		"where a base is given, at their weighted mean length. Models that point apart "
		"lose "
		"what each does alone, as in any mean.",
	.base = 0,
	.min_inputs = 1,
	.count_base = false,
	.params = params,
	.n_params = sizeof params / sizeof *params,
	.check = check,
	BLEND_SLOTS,
	.coefficients = coefficients,
};
