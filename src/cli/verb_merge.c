#include "config.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "cli/command_line.h"
#include "cli/history.h"
#include "cli/merging.h"
#include "cli/quantizing.h"
#include "engine/job.h"

struct options {
	struct plan_options plan;
	struct run_options run;
	uint64_t job;
	struct catalog_input *places; /* of the run it was branched from */
};

/* "2/3" */
static bool read_part(const struct cli *c, struct run_options *o, struct err *e)
{
	const char *v = cli_option(c, "--part");
	unsigned long i, n;
	char *end;

	o->join = cli_option(c, "--join") != NULL;
	if (v && o->join)
		return err_set(e, ERR_USAGE, "--part", "first the parts, then --join",
			"a part is made, or all are joined");
	if ((v || o->join) && cli_option(c, "--all"))
		return err_set(e, ERR_USAGE, "--all", "name one with --document",
			"several outputs have no parts");
	if (!v)
		return true;
	i = strtoul(v, &end, 10);
	n = *end == '/' && end > v ? strtoul(end + 1, &end, 10) : 0;
	if (*end || i < 1 || i > n || n > 100000)
		return err_set(e, ERR_USAGE, "--part", "write 2/3 for the second of three",
			"\"%s\" is no part of anything", v);
	o->part = (unsigned)i;
	o->parts = (unsigned)n;
	return true;
}

static bool read_options(struct cli *c, struct options *o, struct err *e)
{
	uint64_t seed = 0;

	if (!merging_options(c, &o->plan, e) || !cli_option_u64(c, "--seed", &seed, e) ||
		!cli_option_u64(c, "--job", &o->job, e) ||
		!cli_option_size(c, "--shard-size", &o->run.shard_size, e))
		return false;
	o->plan.has_seed = cli_option(c, "--seed") != NULL;
	o->plan.seed = seed;
	o->plan.shard_size = o->run.shard_size;
	o->run.output = c->argv[1];
	o->run.force = cli_option(c, "--force") != NULL;
	o->run.resume = cli_option(c, "--resume") != NULL;
	o->run.sync = cli_option(c, "--sync") != NULL;
	o->run.job = (int64_t)o->job;
	return read_part(c, &o->run, e);
}

static int merge(struct cli *c, struct plan *p, const struct options *o, json_t *others,
	struct err *e)
{
	struct run_result r;
	json_t *j;

	if (!merging_run(c, c->catalog, p, &o->run, &r, e)) {
		if (o->job)
			catalog_job_end(c->catalog, o->run.job,
				e->code == ERR_CANCELLED ? "cancelled" : "failed", r.run, e->what,
				NULL);
		return err_exit_status(e->code);
	}
	if (o->job)
		catalog_job_end(c->catalog, o->run.job, "done", r.run, NULL, NULL);
	if (c->json) {
		j = merging_json(&r);
		if (others)
			json_object_set(j, "documents", others);
		json_print(j);
		json_decref(j);
	} else {
		merging_print(p, &r);
	}
	return 0;
}

/* A job that cannot begin ends its row all the same. */
static int refused(struct cli *c, const struct options *o, struct err *e)
{
	if (o->job && c->catalog)
		catalog_job_end(c->catalog, o->run.job, "failed", 0, e->what, NULL);
	return err_exit_status(e->code);
}

/* The others first; then the result, which reads them where they are. */
static int merge_all(struct cli *c, const struct recipe *r, struct options *o, struct err *e)
{
	json_t *others = json_array();
	struct options other = *o;
	struct plan *p = NULL;
	int status;

	other.run.job = 0; /* the job is the whole */
	o->run.steps = true;
	if (merging_others(c, r, &o->plan, &other.run, others, e))
		p = merging_plan(c, r, &o->plan, e);
	status = p ? merge(c, p, o, others, e) : refused(c, o, e);
	plan_unref(p);
	json_decref(others);
	return status;
}

/* --plan: into a quantized file, with no file of 16 bits in between. */
static bool plan_fits(const struct cli *c, struct err *e)
{
	static const char *const others[] = { "--part", "--join", "--all" };

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (cli_option(c, others[i]))
			return err_set(e, ERR_USAGE, others[i],
				"merge first, then `cupel quantize` the result",
				"a merge with --plan writes one quantized model");
	return true;
}

static int quantize(struct cli *c, const struct recipe *r, const struct options *o, struct err *e)
{
	struct quant_spec *s = quant_spec_load(cli_option(c, "--plan"), e);
	struct quantizing_from from = { .name = c->argv[0], .recipe = r, .merge = &o->plan,
		.spec = s, .imatrix = cli_option(c, "--imatrix") };
	struct quantize_options to = { .output = o->run.output, .split = o->run.shard_size,
		.force = o->run.force, .resume = o->run.resume, .sync = o->run.sync,
		.nonfinite = cli_option(c, "--allow-nonfinite") != NULL, .job = o->run.job,
		.command = o->run.command };
	struct quantizing q = { 0 };
	int status;

	if (s && quantizing_from(&q, c, &from, e))
		status = quantizing_write(&q, &to, e);
	else
		status = refused(c, o, e);
	quantizing_close(&q);
	quant_spec_unref(s);
	return status;
}

/* A job is a row of the catalog; a merge in the foreground needs none. */
static bool open_catalog(struct cli *c, uint64_t job, struct err *e)
{
	/* Nobody waits for a job: it can wait longer for a catalog that somebody holds. */
	if (job && !getenv("CUPEL_CATALOG_WAIT"))
		catalog_patience(60000);
	if (job || cli_option(c, "--detach"))
		return cli_catalog(c, e) != NULL;
	return cli_catalog_or_none(c) != NULL;
}

/* Names that lead nowhere from here are where that run had them. */
static bool branched_from(struct cli *c, struct options *o, struct err *e)
{
	const char *from = cli_option(c, "--from-run");

	if (!from || !c->catalog)
		return true;
	if (!history_run_id(c->catalog, from, &o->run.parent_run, e))
		return false;
	o->places = catalog_run_inputs(c->catalog, o->run.parent_run, &o->plan.n_places, e);
	o->plan.places = o->places;
	return o->places != NULL;
}

static int run(struct cli *c, struct err *e)
{
	struct options o = {0};
	struct command_line line;
	struct recipe *r = NULL;
	struct plan *p = NULL;
	bool planned = cli_option(c, "--plan") != NULL;
	int status;

	command_line_of(&line, c, "merge");
	o.run.command = line.text;
	if (!read_options(c, &o, e) || !open_catalog(c, o.job, e) ||
		(o.job && !job_attach(c->catalog, o.run.job, e)))
		status = err_exit_status(e->code);
	else if (!branched_from(c, &o, e))
		status = refused(c, &o, e);
	else if (!(r = merging_recipe(c->argv[0], cli_option(c, "--document"), e)) ||
		(planned ? !plan_fits(c, e) : !(p = merging_plan(c, r, &o.plan, e))))
		status = refused(c, &o, e);
	else if (cli_option(c, "--detach"))
		status = command_line_detach(&line, c, e) ? 0 : err_exit_status(e->code);
	else if (planned)
		status = quantize(c, r, &o, e);
	else if (cli_option(c, "--all") && r->documents > 1)
		status = merge_all(c, r, &o, e);
	else
		status = merge(c, p, &o, NULL, e);
	plan_unref(p);
	recipe_unref(r);
	catalog_inputs_free(o.places, o.plan.n_places);
	command_line_fini(&line);
	return status;
}

static const struct verb_option options[] = {
	{ "--seed", "N", false,
		"seed of the random methods; wins over the recipe's, 0 if neither says" },
	{ "--document", "NAME", false, "of a file with several recipes, write this one" },
	{ "--all", NULL, false,
		"of a file with several recipes, write the named ones too, into OUT/NAME" },
	{ "--shard-size", "BYTES", false, "largest size of one file, 5GB unless given" },
	{ "--resume", NULL, false, "go on with a merge that was stopped" },
	{ "--force", NULL, false,
		"replace an earlier output of cupel, or what a stopped merge left" },
	{ "--part", "I/N", false,
		"write part I of N, whole files, beside OUT; from any process on any host, and "
		"again if it was stopped" },
	{ "--join", NULL, false, "check the parts, and make OUT of them" },
	{ "--sync", NULL, false, "wait until everything is on the disk before OUT gets its name" },
	MERGING_OPTIONS,
	{ "--plan", "PLAN", false,
		"quantize in the same stream: OUT is the GGUF or MLX that the plan says" },
	{ "--imatrix", "FILE", false, "with --plan: weigh columns by this importance matrix" },
	{ "--allow-nonfinite", NULL, false, "with --plan: write zeros for NaN and infinities" },
	{ "--from-run", "ID", false, "the run whose recipe this one was branched from" },
	{ "--detach", NULL, false, "start it as a job, a process of its own, and return" },
	{ "--job", "ID", false, NULL },
	{ 0 }
};

const struct verb verb_merge = {
	.name = "merge",
	.args = "RECIPE OUT",
	.help = "write the model that a recipe describes",
	.detail = "Reads every input once or twice, in pieces, and writes safetensors with config, "
		"tokenizer, card, recipe and provenance into the folder OUT, which appears only "
		"when it is whole. What a stopped merge has done stays beside it, and --resume "
		"goes on from there.\n\nParts are for several machines that see the same files: "
		"each takes its share of the output's files, the last call puts them together, and "
		"the bytes are those of one run. Every call gets the same recipe, options and "
		"N.\n\nArithmetic is float32, rounded once. The bytes depend on "
		"recipe, inputs and seed, not on the machine or its threads.",
	.min_args = 2,
	.max_args = 2,
	.options = options,
	.run = run,
};
