#include "config.h"
#include "merge/task.h"

static const struct param_def params[] = {
	TASK_PARAM_WEIGHT,
	TASK_PARAM_DENSITY,
	TASK_PARAM_LAMBDA,
	TASK_PARAM_NORMALIZE(0.0),
	TASK_PARAM_RESCALE(1.0),
	TASK_PARAM_INT8_MASK,
};

static void apply(const struct merge_spec *s, const void *state, const struct merge_window *w,
	float *out)
{
	dare_apply(s, state, w, false, out);
}

const struct method method_dare_linear = {
	.name = "dare_linear",
	.title = "DARE linear",
	.paper = "arXiv:2311.03099",
	.help = "Drops random elements of each task vector, scales up the rest and adds them to "
		"the base. Low densities make the survivors large: fine-tunes with big changes "
		"break.",
	TASK_SLOTS,
	.random = true,
	DARE_SLOTS,
	.apply = apply,
};
