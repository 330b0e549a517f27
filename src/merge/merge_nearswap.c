#include "config.h"
#include "merge/kernels.h"
#include "merge/method.h"

static const struct param_def params[] = {
	{ P_T, "t", PARAM_GLOBAL, PARAM_FLOAT, true, 0.0001, 0.0, 0.01, 0.00001,
		"Elements that differ by at most t are taken from the other model; larger "
		"differences move by t." },
};

static void apply(const struct merge_spec *s, const void *state, const struct merge_window *w,
	float *out)
{
	(void)state;
	kernels()->near(out, w->in[s->base], w->in[1 - s->base], (float)s->global[P_T], w->n);
}

const struct method method_nearswap = {
	.name = "nearswap",
	.title = "NearSwap",
	.paper = NULL,
	.help = "Takes the other model where it is within t of the base, and moves the rest "
		"towards it by t at most. A t below half a step of the output format changes "
		"nothing there.",
	.base = 1,
	.min_inputs = 2,
	.max_inputs = 2,
	.count_base = true,
	.params = params,
	.n_params = sizeof params / sizeof *params,
	.apply = apply,
};
