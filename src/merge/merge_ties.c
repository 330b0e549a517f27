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

static void apply(const struct merge_spec *s, const void *state, const struct merge_window *w,
	float *out)
{
	task_apply(s, state, w, true, trim_sparsify, out);
}

const struct method method_ties = {
	.name = "ties",
	.title = "TIES",
	.paper = "arXiv:2306.01708",
	.help = "Keeps the largest changes of each model, elects a sign per element and averages "
		"those that agree. Low densities lose what many small changes do together.",
	TASK_SLOTS,
	.elects = true,
	TRIM_SLOTS,
	.apply = apply,
};
