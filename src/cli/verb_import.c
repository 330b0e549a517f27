#include "config.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "cli/card_report.h"
#include "cli/history.h"
#include "cli/verb.h"
#include "import/import.h"

static const struct verb_option options[] = {
	{ "--model", "MODEL", false,
		"the model that all these figures are of: a name, path or hash" },
	{ "--run", "ID", false, "the run whose output they are of" },
	{ NULL, NULL, false, NULL },
};

static json_t *fact_json(const struct import_fact *x, const struct import_target *to)
{
	json_t *o = json_object();

	json_object_set_new(o, "variant", json_textn(x->variant ? x->variant : to->variant));
	json_object_set_new(o, "task", json_textn(x->task));
	json_object_set_new(o, "metric", json_textn(x->metric));
	json_object_set_new(o, "value", json_number(x->value));
	json_object_set_new(o, "stderr", json_number(x->stderr_));
	json_object_set_new(o, "n", x->n ? json_integer(x->n) : json_null());
	json_object_set_new(o, "estimated", json_boolean(x->estimated));
	json_object_set(o, "protocol", x->protocol);
	json_object_set_new(o, "line", json_integer(x->line));
	json_object_set_new(o, "stated", json_textn(x->text));
	return o;
}

/* Of which figures single answers are kept. */
static json_t *answers_json(const struct import_file *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->answers.n; i++) {
		const struct import_fact *x = &f->facts.v[f->answers.v[i].fact];

		json_array_append_new(list, json_pack("{s:o, s:o, s:o}", "task",
			json_textn(x->task), "metric", json_textn(x->metric), "questions",
			json_u64(f->answers.v[i].a.n)));
	}
	return list;
}

static json_t *file_json(const struct import_file *f, const struct import_target *to, size_t added)
{
	json_t *o = json_object(), *facts = json_array(), *unread = json_array();

	for (size_t i = 0; i < f->facts.n; i++)
		json_array_append_new(facts, fact_json(&f->facts.v[i], to));
	for (size_t i = 0; i < f->unread.n; i++)
		json_array_append_new(unread, json_pack("{s:I, s:o, s:o}", "line",
			(json_int_t)f->unread.v[i].line, "text", json_textn(f->unread.v[i].text),
			"reason", json_textn(f->unread.v[i].reason)));
	json_object_set_new(o, "file", json_textn(f->path));
	json_object_set_new(o, "kind", json_textn(f->kind->name));
	json_object_set_new(o, "model", json_textn(f->model ? f->model : to->variant));
	json_object_set_new(o, "parents", json_array());
	json_object_set_new(o, "recipe", json_null());
	json_object_set_new(o, "results", facts);
	json_object_set_new(o, "tables", json_array());
	json_object_set_new(o, "unread", unread);
	json_object_set_new(o, "added", json_u64(added));
	json_object_set_new(o, "answers", answers_json(f));
	if (f->card)
		card_report_json(o, f->card);
	if (f->shared) {
		json_object_set_new(o, "recipe", json_textn(f->shared_text));
		json_object_set_new(o, "run", json_integer(*to->shared_run));
	}
	return o;
}

static void fact_row(struct table_out *t, const struct import_fact *x,
	const struct import_target *to)
{
	char line[24], value[32], error[32] = "", n[24] = "";

	snprintf(line, sizeof line, "%" PRId64, x->line);
	snprintf(value, sizeof value, "%s%.6g", x->estimated ? "~" : "", x->value);
	if (!isnan(x->stderr_))
		snprintf(error, sizeof error, "%.2g", x->stderr_);
	if (x->n)
		snprintf(n, sizeof n, "%" PRId64, x->n);
	table_row(t, (const char *[]){ line, x->variant ? x->variant : to->variant, x->task,
		x->metric, value, error, n });
}

static void file_page(const struct import_file *f, const struct import_target *to, size_t added)
{
	static const char *const headers[] =
		{ ">LINE", "MODEL", "TASK", "METRIC", ">VALUE", ">SE", ">N" };
	char *name = str_safe(f->path);

	printf("%s: %s\n", name, f->kind->title);
	if (f->card)
		card_report_head(f->card);
	if (f->facts.n) {
		struct table_out *t = table_new(headers, 7);

		for (size_t i = 0; i < f->facts.n; i++)
			fact_row(t, &f->facts.v[i], to);
		table_print(t);
	}
	if (f->card)
		card_report_tables(f->card);
	for (size_t i = 0; i < f->answers.n; i++) {
		const struct import_fact *x = &f->facts.v[f->answers.v[i].fact];

		printf("%s %s: the answers to %zu questions\n", x->task, x->metric,
			f->answers.v[i].a.n);
	}
	printf("%zu figure%s, %zu of them new\n", f->facts.n, f->facts.n == 1 ? "" : "s", added);
	if (f->unread.n)
		printf("not read: %zu\n", f->unread.n);
	for (size_t i = 0; i < f->unread.n; i++) /* texts were made safe when they were read */
		printf("  line %" PRId64 ": %s: %s\n", f->unread.v[i].line, f->unread.v[i].reason,
			f->unread.v[i].text);
	free(name);
}

static bool target(struct cli *c, struct catalog *cat, struct import_target *to, struct err *e)
{
	const char *run = cli_option(c, "--run");
	struct catalog_model *v;
	size_t n;

	to->variant = cli_option(c, "--model");
	if (run && !history_run_id(cat, run, &to->run, e))
		return false;
	if (!to->variant)
		return true;
	v = catalog_models(cat, &n, e);
	if (!v)
		return false;
	to->model = import_model(v, n, to->variant);
	catalog_models_free(v, n);
	return to->model || err_set(e, ERR_INPUT, to->variant, "`cupel models` lists them, `cupel "
		"scan` finds more", "no model of the catalog, or several, by that name");
}

/* A file of which nothing arrived, among others. */
static json_t *failed_json(const char *path, const struct err *e)
{
	return json_pack("{s:o, s:n, s:n, s:[], s:n, s:[], s:[], s:[{s:n, s:n, s:o}], s:i}", "file",
		json_textn(path), "kind", "model", "parents", "recipe", "results", "tables",
		"unread", "line", "text", "reason", json_textn(e->what), "added", 0);
}

static bool take(struct cli *c, struct catalog *cat, const char *path,
	const struct import_target *to, json_t *files, struct err *e)
{
	struct import_file f;
	size_t added = 0;
	int64_t run = 0;
	struct import_target with = { to->variant, to->model, to->run, &run };
	bool ok = import_read(&f, path, e) && import_store(&f, &with, cat, &added, e);

	if (!ok)
		json_array_append_new(files, failed_json(path, e));
	else if (c->json)
		json_array_append_new(files, file_json(&f, &with, added));
	else
		file_page(&f, to, added);
	if (ok && run && !c->json)
		printf("it is run %" PRId64 " of the history: cupel show %" PRId64 "\n", run, run);
	import_file_fini(&f);
	return ok;
}

static int run(struct cli *c, struct err *e)
{
	struct catalog *cat = cli_catalog(c, e);
	struct import_target to = { 0 };
	json_t *files = json_array();
	int status = 0;

	if (!cat || !target(c, cat, &to, e)) {
		json_decref(files);
		return err_exit_status(e->code);
	}
	for (int i = 0; i < c->argc; i++) {
		struct err each = { 0 };

		if (take(c, cat, c->argv[i], &to, files, &each))
			continue;
		status = err_exit_status(each.code);
		if (c->argc == 1)
			*e = each;
		else /* the others arrive */
			err_print(&each);
	}
	if (c->json && e->code == ERR_NONE)
		history_print(json_pack("{s:o}", "files", files));
	else
		json_decref(files);
	return status;
}

const struct verb verb_import = {
	.name = "import",
	.args = "FILE...",
	.help = "take in figures that other programs measured; those it has already change nothing",
	.detail =
		"Reads results of lm-eval (its JSON, also one that breaks off, with the answers in "
		"samples_*.jsonl beside it, and the tables it prints), of mlx_lm.evaluate and "
		"mlx_lm.perplexity, logs of llama-perplexity "
		"(perplexity, divergence, HellaSwag, WinoGrande, multiple choice) and tables (CSV "
		"or TSV: model, task, metric, value and, as you have them, stderr, n, shots, "
		"estimated; or a column for each task), rows of the Open LLM "
		"Leaderboard, and runs that were shared as one file "
		"(`cupel export ID`), which become runs of the history. Every "
		"figure keeps its file, line and text; what could not be read is listed with its "
		"line.\n\n"
		"Of model cards, in Markdown or as a browser copies them, it takes the parents and "
		"how they are meant, the recipe, the quantization, the licence, facts such as "
		"parameters and context, every table, model-index, and the statements that "
		"`cupel audit` checks. Rows that end early stay short, \"(est)\" makes an "
		"estimate, columns of differences are no results, and letters that a wrong "
		"encoding broke are put right. A quantization that a row or a "
		"column is named by is kept with its figures.\n\n"
		"Names of tasks become lm-eval's (arc/e is arc_easy). Accuracies are kept as "
		"fractions of 1: a percent sign, or figures above 1 in the column, say that they "
		"are points. A figure belongs to the model of the catalog that the file names by "
		"path, hash or name, or to that of --model or --run; a model that is found later "
		"is attached by importing again.",
	.min_args = 1,
	.max_args = -1,
	.options = options,
	.run = run,
};
