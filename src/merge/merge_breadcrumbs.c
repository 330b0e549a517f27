#include "config.h"
#include "merge/task.h"

static const struct param_def params[] = {
	TASK_PARAM_WEIGHT,
	TASK_PARAM_DENSITY,
	TASK_PARAM_GAMMA,
	TASK_PARAM_LAMBDA,
	TASK_PARAM_NORMALIZE(0.0),
	TASK_PARAM_RESCALE(0.0),
	TASK_PARAM_INT8_MASK,
};

static void apply(const struct merge_spec *s, const void *state, const struct merge_window *w,
	float *out)
{
	task_apply(s, state, w, false, trim_sparsify, out);
}

const struct method method_breadcrumbs = {
	.name = "breadcrumbs",
	.title = "Model Breadcrumbs",
	.paper = "arXiv:2312.06795",
	.help = "Drops the smallest changes of each model and its few largest, and adds up what is "
		"left. It hurts where a model's skill sits in those few largest: lower gamma.",
	TASK_SLOTS,
	TRIM_SLOTS,
	.apply = apply,
};
