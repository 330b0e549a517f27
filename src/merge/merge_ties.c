#include "config.h"
#include "merge/task.h"

static const struct param_def params[] = {
	TASK_PARAM_WEIGHT,
	TASK_PARAM_DENSITY,
	TASK_PARAM_LAMBDA,
	TASK_PARAM_NORMALIZE(1.0),
	TASK_PARAM_RESCALE(0.0),
	TASK_PARAM_INT8_MASK,
};

const struct method method_ties = {
	.name = "ties",
	.title = "TIES",
	.paper = "arXiv:2306.01708",
	.help = "Keeps the largest changes of each model, elects a sign per element and averages those "
		"that agree. Low densities lose what many small changes do together.",
	.base = 1,
	.min_inputs = 1,
	.count_base = true,
	.task_vector = true,
	.random = false,
	.params = params,
	.n_params = sizeof params / sizeof *params,
};
