#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"
#include "cli/export.h"
#include "cli/history.h"
#include "report/report.h"
#include "system/file.h"

struct loaded { struct export_run *v; size_t n, cap; };

static bool load(struct catalog *c, const char *word, struct loaded *runs, struct err *e)
{
	struct export_run *r;
	int64_t id;

	if (!history_run_id(c, word, &id, e))
		return false;
	r = vec_push(runs);
	r->run = catalog_run_get(c, id, e);
	if (!r->run)
		return false;
	r->inputs = catalog_run_inputs(c, id, &r->n_inputs, e);
	if (r->inputs)
		r->scores = catalog_scores(c, id, 0, &r->n_scores, e);
	return r->scores != NULL;
}

static void let_go(struct loaded *runs)
{
	for (size_t i = 0; i < runs->n; i++) {
		catalog_runs_free(runs->v[i].run, runs->v[i].run != NULL);
		catalog_inputs_free(runs->v[i].inputs, runs->v[i].n_inputs);
		catalog_scores_free(runs->v[i].scores, runs->v[i].n_scores);
	}
	vec_fini(runs);
}

static bool print_json(struct catalog *c, const struct loaded *runs, struct err *e)
{
	json_t *list = json_array(), *whole;
	bool ok = true;

	for (size_t i = 0; i < runs->n && ok; i++) {
		whole = history_whole(c, runs->v[i].run, e);
		ok = whole != NULL;
		if (whole)
			json_array_append_new(list, whole);
	}
	if (ok)
		json_print(runs->n == 1 ? json_array_get(list, 0) : list);
	json_decref(list);
	return ok;
}

static bool print_each(const struct loaded *runs,
	bool (*print)(const struct export_run *, struct err *),
	struct err *e)
{
	for (size_t i = 0; i < runs->n; i++) {
		if (i)
			putchar('\n');
		if (!print(&runs->v[i], e))
			return false;
	}
	return true;
}

static bool print_as(struct catalog *c, const struct loaded *runs, const char *format,
	struct err *e)
{
	if (str_eq(format, "json"))
		return print_json(c, runs, e);
	if (str_eq(format, "markdown"))
		return print_each(runs, export_markdown, e);
	if (str_eq(format, "csv")) {
		export_csv(runs->v, runs->n);
		return true;
	}
	if (!str_eq(format, "recipe") && !str_eq(format, "plan"))
		return err_set(e, ERR_USAGE, "export", "recipe, card, plan, json, csv or "
			"markdown",
			"no format %s", format);
	if (runs->n > 1)
		return err_set(e, ERR_USAGE, "export", "export them one by one",
			"one file holds one %s", format);
	if (str_eq(format, "plan"))
		return export_plan(&runs->v[0], e);
	return export_recipe(c, &runs->v[0], e);
}

static int print_runs(struct cli *c, const char *format, struct err *e)
{
	struct catalog *cat = cli_catalog(c, e);
	struct loaded runs = { 0 };
	bool ok = cat != NULL;

	for (int i = 0; i < c->argc && ok; i++)
		ok = load(cat, c->argv[i], &runs, e);
	if (ok)
		print_as(cat, &runs, format ? format : c->json ? "json" : "recipe", e);
	let_go(&runs);
	return err_exit_status(e->code);
}

/* The answer is the text; with -o it goes to that file, which is not overwritten in silence. */
static bool put(const struct cli *c, const char *text, struct err *e)
{
	const char *path = cli_option(c, "-o");

	if (!path) {
		fputs(text, stdout);
		return true;
	}
	if (file_exists(path) && !cli_option(c, "--force"))
		return err_set(e, ERR_USAGE, path, "--force replaces it", "it is there already");
	return file_write_all(path, text, strlen(text), e);
}

static int print_card(struct cli *c, struct err *e)
{
	struct report_ask ask = { .words = (const char *const *)c->argv, .n = (size_t)c->argc,
		.baseline = cli_option(c, "--baseline"), .layout = cli_option(c, "--template"),
		.errors = export_errors, .ctx = c };
	struct catalog *cat = cli_catalog(c, e);
	json_t *data;
	char *text;

	if (cat && c->json) {
		data = report_data(cat, &ask, e);
		if (data)
			history_print(data);
	} else if (cat && (text = report_card(cat, &ask, e)) != NULL) {
		put(c, text, e);
		free(text);
	}
	return err_exit_status(e->code);
}

static bool card_only(const struct cli *c, struct err *e)
{
	static const char *const names[] = { "--template", "--baseline", "-o", "--force" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (cli_option(c, names[i]))
			return err_set(e, ERR_USAGE, names[i], "write --format card, too",
				"only cards know it");
	return true;
}

static int run(struct cli *c, struct err *e)
{
	const char *format = cli_option(c, "--format");

	if (str_eq(format, "card"))
		return print_card(c, e);
	if (!card_only(c, e))
		return err_exit_status(e->code);
	return print_runs(c, format, e);
}
static const struct verb_option options[] = {
	{ "--format", "FORMAT", false,
		"recipe (the default), card, plan, json, csv or markdown" },
	{ "--template", "NAME", false, "of a card: default, brainwaves, cerebellum, "
		"side-by-side, leaderboard, or one of yours" },
	{ "--baseline", "MODEL", false, "of a card: what scores are compared with" },
	{ "-o", "FILE", false, "of a card: write it there" },
	{ "--force", NULL, false, "replace that file" },
	{ 0 },
};

const struct verb verb_export = {
	.name = "export",
	.args = "ID|MODEL...",
	.help = "print runs, or models' cards, for other people and programs",
	.detail =
		"recipe is one file: the YAML that mergekit runs, with revisions, hashes, "
		"seed and results as comments; `cupel lint` says elsewhere what of its "
		"inputs is there, `cupel import` takes its results in; absolute paths of "
		"models become their names. plan is the file that `quantize --plan` takes. "
		"csv has a row for every run and a column for every result.\n\n"
		"card is a model card out of the catalog, of runs, models and what only files of "
		"figures name: scores are compared with the baseline, differences have a verdict. "
		"--template chooses its layout; one of your own is a file NAME.md in "
		"~/.config/cupel/cards, cupel-card(5) says how it is written. With --json it is "
		"the data that layouts are filled with.",
	.min_args = 1,
	.max_args = -1,
	.options = options,
	.run = run,
};
