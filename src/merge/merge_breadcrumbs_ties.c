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
	task_apply(s, state, w, true, trim_sparsify, out);
}

const struct method method_breadcrumbs_ties = {
	.name = "breadcrumbs_ties",
	.title = "Breadcrumbs TIES",
	.paper = "arXiv:2312.06795",
	.help = "Drops the smallest changes of each model and its few largest, elects a sign per "
		"element and adds up those that agree. Without normalize agreeing models add up, "
		"so many alike overshoot.",
	TASK_SLOTS,
	.elects = true,
	TRIM_SLOTS,
	.apply = apply,
};
