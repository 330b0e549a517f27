#include "cli/verb.h"
#include <stdio.h>
#include "cli/inspect.h"
#include "cli/quantizing.h"
#include "system/file.h"

static bool answer(struct cli *c, struct quantizing *q, struct err *e)
{
	const char *target = cli_option(c, "--target"), *save = cli_option(c, "--save");
	uint64_t context = 0;

	if (!cli_option_u64(c, "--context", &context, e) ||
		(target && !quantizing_target(q, target, cli_option(c, "--exact"), e)) ||
		(!cli_option(c, "--sizes") &&
			!quantizing_measure(q, cli_option(c, "--exact"), e)) ||
		(save && !quant_spec_save(q->plan->spec, save, e)))
		return false;
	context = inspect_context(q->model, context);
	if (c->json) {
		json_t *j = quantizing_json(q, context);
		json_print(j);
		json_decref(j);
		return true;
	}
	quantizing_say(q);
	quantizing_print(q, context, cli_option(c, "--tensors"));
	if (target && !save)
		printf("\n%s", q->plan->spec->text);
	return true;
}

static int run(struct cli *c, struct err *e)
{
	const char *plan = cli_option(c, "--plan");
	struct quantizing q = { 0 };
	bool ok;

	if (!plan) {
		err_set(e, ERR_USAGE, "plan", "--plan Q4_K_M, --plan q4-hi, --plan FILE.yml",
			"it needs a plan");
		return err_exit_status(e->code);
	}
	ok = quantizing_open(&q, c, c->argv[0], plan, cli_option(c, "--imatrix"), e) &&
		answer(c, &q, e);
	quantizing_close(&q);
	return ok ? 0 : err_exit_status(e->code);
}

static const struct verb_option options[] = {
	{ "--plan", "PLAN", false, "a preset (Q4_K_M, q4-hi, qx63 …) or a plan file" },
	{ "--target", "SIZE", false,
		"find the plan of least error within 14.2GB, 13GiB, 4.5bpw; PLAN gives the "
		"container" },
	{ "--imatrix", "FILE", false, "weigh columns by this importance matrix (GGUF or .dat)" },
	{ "--exact", NULL, false, "measure errors over all weights instead of a sample" },
	{ "--sizes", NULL, false, "no errors: headers only, no weight is read" },
	{ "--tensors", NULL, false, "every tensor and why it gets its type" },
	{ "--context", "N", false, "tell the memory for N tokens" },
	{ "--save", "FILE", false, "write the plan, with the rules that --target found" },
	{ 0 },
};
const struct verb verb_plan = {
	.name = "plan",
	.args = "MODEL|RECIPE",
	.help = "types, sizes and error of a quantization; nothing is written",
	.detail = "A PLAN is a preset or a YAML file: `preset:`, then `rules:`, each with a "
		"`type:` for the tensors that `role:`, `layers:` and `match:` choose; of several "
		"rules that match, the last decides. GGUF presets are llama-quantize's file "
		"types, with its mixture of types tensor by tensor; MLX presets are q2 to q8, "
		"mxfp4, mxfp8, nvfp4, mixed_2_6, mixed_3_4, mixed_3_6, mixed_4_6 and qxAB (A bits "
		"for embedding, head, v_proj and some of attention, B for the rest); -hi means "
		"groups of 32. The size is that of the file to the byte.\n\n"
		"Errors are of the weights as the files would hold them: the relative error is "
		"|w-q|/|w|, sampled with a 95 % interval, or of all weights with --exact. "
		"--target gives each role in each layer the type with which the sum of squared "
		"errors (by importance, where there is an importance matrix) is least and the "
		"size never over the target.",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
};
