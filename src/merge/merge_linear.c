#include "config.h"
#include "merge/method.h"

static const struct param_def params[] = {
	{ P_WEIGHT, "weight", PARAM_INPUT, PARAM_FLOAT, true, 1.0, 0.0, 2.0, 0.05,
		"Share of this model in the average." },
	{ P_NORMALIZE, "normalize", PARAM_GLOBAL, PARAM_BOOL, false, 1.0, 0.0, 1.0, 1.0,
		"Divide by the sum of the weights, so that only their ratio counts." },
};

const struct method method_linear = {
	.name = "linear",
	.title = "Linear",
	.paper = "arXiv:2203.05482",
	.help = "Weighted average of the models, element by element. It hurts when the models were "
		"trained far apart: averages of unrelated weights are smaller than either.",
	.base = -1,
	.min_inputs = 1,
	.count_base = true,
	.params = params,
	.n_params = sizeof params / sizeof *params,
};
