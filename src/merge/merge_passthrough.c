#include "config.h"
#include <string.h>
#include "merge/kernels.h"
#include "merge/method.h"
#include "merge/rounding.h"

static const struct param_def params[] = {
	{ P_SCALE, "scale", PARAM_INPUT, PARAM_FLOAT, false, 1.0, 0.0, 2.0, 0.05,
		"Factor on every element; with filters, a way to damp single projections." },
};

static void apply(const struct merge_spec *s, const void *state, const struct merge_window *w,
	float *out)
{
	const float scale = (float)s->input[0][P_SCALE];

	(void)state;
	if (!rounding_on(s)) {
		kernels()->scale(out, w->in[0], scale, w->n);
		return;
	}
	memcpy(out, w->in[0], w->n * sizeof *out);
	rounding_step(s, out, w->n);
	kernels()->scale(out, out, scale, w->n);
	rounding_step(s, out, w->n);
}

static bool copies(const struct merge_spec *s)
{
	return (float)s->input[0][P_SCALE] == 1.0f && !rounding_on(s);
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
	.mergekit = true,
	.params = params,
	.n_params = sizeof params / sizeof *params,
	.apply = apply,
	.copies = copies,
	.coefficients = coefficients,
};
