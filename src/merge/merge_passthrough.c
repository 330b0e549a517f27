#include "config.h"
#include "merge/method.h"

static const struct param_def params[] = {
	{ P_SCALE, "scale", PARAM_INPUT, PARAM_FLOAT, false, 1.0, 0.0, 2.0, 0.05,
		"Factor on every element; with filters, a way to damp single projections." },
};

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
};
