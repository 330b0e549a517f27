#include "config.h"
#include "merge/task.h"

static const struct param_def params[] = {
	TASK_PARAM_WEIGHT,
	TASK_PARAM_LAMBDA,
	TASK_PARAM_NORMALIZE(0.0),
	TASK_PARAM_DENSITY_UNUSED,
	TASK_PARAM_RESCALE_UNUSED,
	TASK_PARAM_INT8_MASK,
};

static void apply(const struct merge_spec *s, const void *state, const struct merge_window *w,
	float *out)
{
	task_apply(s, state, w, false, NULL, out);
}

const struct method method_task_arithmetic = {
	.name = "task_arithmetic",
	.title = "Task arithmetic",
	.paper = "arXiv:2212.04089",
	.help = "Adds the weighted task vectors (model minus base) to the base. Weights that sum "
		"to more than 1 go beyond every model, and many models pull in many directions at "
		"once.",
	.base = 1,
	.min_inputs = 1,
	.count_base = true,
	.task_vector = true,
	.mergekit = true,
	.random = false,
	.params = params,
	.n_params = sizeof params / sizeof *params,
	.apply = apply,
	.coefficients = task_coefficients,
};
