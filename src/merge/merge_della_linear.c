#include "config.h"
#include "merge/task.h"

static const struct param_def params[] = {
	TASK_PARAM_WEIGHT,
	TASK_PARAM_DENSITY,
	TASK_PARAM_EPSILON,
	TASK_PARAM_LAMBDA,
	TASK_PARAM_NORMALIZE(0.0),
	TASK_PARAM_RESCALE(1.0),
	TASK_PARAM_INT8_MASK,
};

static void apply(const struct merge_spec *s, const void *state, const struct merge_window *w,
	float *out)
{
	della_apply(s, state, w, false, out);
}

const struct method method_della_linear = {
	.name = "della_linear",
	.title = "DELLA linear",
	.paper = "arXiv:2406.11617",
	.help = "Drops elements of each task vector at random, the smallest of a row most often, "
		"and adds up the rescaled rest. Low densities make the survivors large: fine-tunes "
		"with big changes break.",
	TASK_SLOTS,
	.random = true,
	DELLA_SLOTS,
	.apply = apply,
};
