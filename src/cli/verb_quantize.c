#include "config.h"
#include <stdlib.h>
#include "cli/command_line.h"
#include "cli/quantizing.h"
#include "engine/job.h"
#include "engine/quantize.h"

static bool read_options(struct cli *c, struct quantize_options *o, struct err *e)
{
	uint64_t job = 0;

	if (!cli_option(c, "--plan"))
		return err_set(e, ERR_USAGE, "quantize",
			"--plan Q4_K_M, --plan q4-hi, --plan FILE.yml", "it needs a plan");
	if (!cli_option_u64(c, "--job", &job, e) ||
		!cli_option_size(c, "--split", &o->split, e))
		return false;
	o->job = (int64_t)job;
	o->output = c->argv[1];
	o->force = cli_option(c, "--force") != NULL;
	o->resume = cli_option(c, "--resume") != NULL;
	o->sync = cli_option(c, "--sync") != NULL;
	o->nonfinite = cli_option(c, "--allow-nonfinite") != NULL;
	return true;
}

static int run(struct cli *c, struct err *e)
{
	struct quantize_options o = { 0 };
	struct quantizing q = { 0 };
	struct command_line line;
	bool ok;

	command_line_of(&line, c, "quantize");
	/* Nobody waits for a job: it can wait longer for a catalog that somebody holds. */
	if (cli_option(c, "--job") && !getenv("CUPEL_CATALOG_WAIT"))
		catalog_patience(60000);
	o.command = line.text;
	ok = read_options(c, &o, e) && (o.job || cli_option(c, "--detach") ?
		cli_catalog(c, e) != NULL : cli_catalog_or_none(c) != NULL) &&
		(!o.job || job_attach(c->catalog, o.job, e));
	if (ok && cli_option(c, "--detach")) {
		ok = command_line_detach(&line, c, e);
	} else if (ok) {
		ok = quantizing_open(&q, c, c->argv[0], cli_option(c, "--plan"),
			cli_option(c, "--imatrix"), e) && quantizing_write(&q, &o, e) == 0;
		if (!ok && o.job && !q.plan)
			catalog_job_end(c->catalog, o.job, "failed", 0, e->what, NULL);
		quantizing_close(&q);
	}
	command_line_fini(&line);
	return ok ? 0 : err_exit_status(e->code);
}

static const struct verb_option options[] = {
	{ "--plan", "PLAN", false, "a preset (Q4_K_M, q4-hi, qx63 …) or a plan file" },
	{ "--imatrix", "FILE", false, "weigh columns by this importance matrix (GGUF or .dat)" },
	{ "--split", "BYTES", false, "largest size of one file; a GGUF is one file unless given" },
	{ "--resume", NULL, false, "go on with a quantization that was stopped" },
	{ "--force", NULL, false, "replace an earlier output, or what a stopped one left" },
	{ "--allow-nonfinite", NULL, false, "write zeros for NaN and infinities" },
	{ "--sync", NULL, false, "wait until everything is on the disk before OUT gets its name" },
	{ "--detach", NULL, false, "start it as a job, a process of its own, and return" },
	{ "--job", "ID", false, NULL },
	{ 0 }
};

const struct verb verb_quantize = {
	.name = "quantize",
	.args = "MODEL|RECIPE OUT",
	.help = "write a quantized model: GGUF or MLX, as the plan says",
	.detail = "GGUF presets write one file OUT with the model's metadata and tokenizer, byte "
		"for byte the tensors that llama.cpp's converter and llama-quantize would write; "
		"MLX presets write a folder. A recipe is merged and quantized in one stream: no "
		"16-bit file is written in between, and the bytes are those of doing it in two "
		"steps.\n\nOUT appears only when it is whole; what a stopped quantization has done "
		"stays beside it, and --resume goes on from there. The bytes do not depend on the "
		"machine or its threads.",
	.min_args = 2,
	.max_args = 2,
	.options = options,
	.run = run,
};
