#include "config.h"
#include "merge/task.h"

static const struct param_def params[] = {
	TASK_PARAM_WEIGHT,
	TASK_PARAM_DENSITY,
	TASK_PARAM_EPSILON,
	TASK_PARAM_LAMBDA,
	TASK_PARAM_NORMALIZE(1.0),
	TASK_PARAM_RESCALE(1.0),
	TASK_PARAM_INT8_MASK,
};

static void apply(const struct merge_spec *s, const void *state, const struct merge_window *w,
	float *out)
{
	della_apply(s, state, w, true, out);
}

const struct method method_della = {
	.name = "della",
	.title = "DELLA",
	.paper = "arXiv:2406.11617",
	.help = "Drops elements of each task vector at random, the smallest of a row most often, "
		"elects a sign and averages those that agree. It hurts where many small changes "
		"matter together.",
	TASK_SLOTS,
	.random = true,
	.elects = true,
	DELLA_SLOTS,
	.apply = apply,
};
