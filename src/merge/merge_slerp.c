#include "config.h"
#include "merge/method.h"

static const struct param_def params[] = {
	{ P_T, "t", PARAM_GLOBAL, PARAM_FLOAT, true, 0.5, 0.0, 1.0, 0.05,
		"Place between the two models: 0 is the base, 1 the other." },
};

const struct method method_slerp = {
	.name = "slerp",
	.title = "SLERP",
	.paper = NULL,
	.help = "Moves along the arc from the base to the other model, tensor by tensor, so that "
		"lengths are kept. It takes exactly two models, and nearly parallel tensors (cosine "
		"above 0.9995) are averaged in a straight line.",
	.base = 1,
	.min_inputs = 2,
	.max_inputs = 2,
	.count_base = true,
	.params = params,
	.n_params = sizeof params / sizeof *params,
};
