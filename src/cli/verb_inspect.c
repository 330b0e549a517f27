#include "cli/verb.h"
#include "cli/inspect.h"
#include "engine/content.h"
#include "system/process.h"

static const struct verb_option options[] = {
	{ "--hash", NULL, false,
		"read all weights and give the content hashes; they are remembered" },
	{ "--context", "N", false,
		"tell the memory for N tokens (else 8192, or what the model takes)" },
	{ "--tensors", NULL, false, "every tensor instead of a line to a role" },
	{ NULL, NULL, false, NULL },
};

static bool hash_all(struct cli *c, struct model *m, struct hash *whole, struct err *e)
{
	process_catch_signals();
	return content_hashes(&m, 1, cli_pool(c), &process_cancelled, whole, e);
}

static int run(struct cli *c, struct err *e)
{
	uint64_t context = 0;
	struct model *m = NULL;
	struct hash hash;
	bool ok = cli_option_u64(c, "--context", &context, e) &&
		(m = cli_model(c, c->argv[0], e)) &&
		(!cli_option(c, "--hash") || hash_all(c, m, &hash, e));

	if (ok) {
		const struct hash *whole = cli_option(c, "--hash") || model_hash(m, &hash) ? &hash
			: NULL;

		context = inspect_context(m, context);
		if (c->json) {
			json_t *j = inspect_json(m, context, whole);
			json_print(j);
			json_decref(j);
		} else {
			inspect_page(m, context, whole, cli_option(c, "--tensors"));
		}
	}
	model_unref(m);
	return ok ? 0 : err_exit_status(e->code);
}

const struct verb verb_inspect = {
	.name = "inspect",
	.args = "MODEL",
	.help = "say what a model is: container, sizes, tokenizer, tensors by role",
	.detail = "MODEL is a folder, a .safetensors or .gguf file (any part of a split one), a "
		  "name in "
		  "the catalog, or owner/name[@revision] in the Hugging Face cache. Parameters are "
		  "counted "
		  "as the model has them, however they are packed. Weights are read with --hash "
		  "only.",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
};
