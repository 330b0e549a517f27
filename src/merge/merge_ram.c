#include "config.h"
#include "merge/task.h"

static const struct param_def params[] = {
	RAM_PARAM_EPSILON,
};

static void apply(const struct merge_spec *s, const void *state, const struct merge_window *w,
	float *out)
{
	(void)state;
	ram_apply(s, NULL, w, out);
}

const struct method method_ram = {
	.name = "ram",
	.title = "Reinforced agent merging",
	.paper = "arXiv:2601.13572",
	.help = "Adds in full what only one model changes, and averages what several change. It "
		"hurts where models differ from the base nearly everywhere: then it is their "
		"plain average.",
	.base = 1,
	.min_inputs = 1,
	.count_base = true,
	.task_vector = true,
	.params = params,
	.n_params = sizeof params / sizeof *params,
	.check = ram_check,
	.apply = apply,
};
