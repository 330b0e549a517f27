#include "config.h"
#include "merge/kernels.h"
#include "merge/method.h"

static const struct param_def params[] = {
	{ P_SCALE, "scale", PARAM_INPUT, PARAM_FLOAT, false, 1.0, 0.0, 2.0, 0.05,
		"Factor on every element; with filters, a way to damp single projections." },
};

static void apply(const struct merge_spec *s, const void *state, const struct merge_window *w,
	float *out)
{
	(void)state;
	kernels()->scale(out, w->in[0], (float)s->input[0][P_SCALE], w->n);
}

static bool coefficients(const struct merge_spec *s, const double *sums, double *coef)
{
	(void)sums;
	coef[0] = s->input[0][P_SCALE];
	return true;
}

const struct method method_passthrough = {
	.name = "passthrough",
	.title = "Passthrough",
	.paper = NULL,
	.help = "Copies one model, scaled where asked. Stacked layers repeat work and usually need "
		"training afterwards.",
	.base = -1,
	.min_inputs = 1,
	.max_inputs = 1,
	.count_base = true,
	.params = params,
	.n_params = sizeof params / sizeof *params,
	.apply = apply,
	.coefficients = coefficients,
};
