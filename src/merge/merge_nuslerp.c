#include "config.h"
#include "merge/method.h"

static const struct param_def params[] = {
	{ P_WEIGHT, "weight", PARAM_NON_BASE, PARAM_FLOAT, true, 1.0, 0.0, 2.0, 0.05,
		"Share of this model; the second one's part of the sum is the place on the arc." },
	{ P_ROW_WISE, "nuslerp_row_wise", PARAM_GLOBAL, PARAM_BOOL, false, 0.0, 0.0, 1.0, 1.0,
		"Without flatten: take vectors along the first dimension instead of the last." },
	{ P_FLATTEN, "nuslerp_flatten", PARAM_GLOBAL, PARAM_BOOL, false, 1.0, 0.0, 1.0, 1.0,
		"Treat a tensor as one long vector; off, every row turns by an angle of its own." },
};

const struct method method_nuslerp = {
	.name = "nuslerp",
	.title = "NuSLERP",
	.paper = NULL,
	.help = "Spherical interpolation of two models by weights, or of their task vectors where a "
		"base is given. For close fine-tunes it differs from linear by less than the rounding "
		"of the output.",
	.base = 0,
	.min_inputs = 2,
	.max_inputs = 2,
	.count_base = false,
	.params = params,
	.n_params = sizeof params / sizeof *params,
};
