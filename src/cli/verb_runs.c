#include "config.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "catalog/cards.h"
#include "cli/history.h"

/* --score TASK: one result of each run beside it. */
struct scores {
	const char *task;       /* NULL: not asked for */
	struct catalog_value *v;
	size_t n;
};

static void print_table(const struct catalog_run *v, size_t n, const struct scores *scores)
{
	const char *const headers[] = { ">ID", "STARTED", "WHAT", "NAME", "METHOD", "STATUS",
		">TOOK", ">SIZE", "OUTPUT", scores->task ? ">SCORE" : "TAGS",
		scores->task ? "TAGS" : "NOTE", "NOTE" };
	struct table_out *t = table_new(headers, scores->task ? 12 : 11);

	for (size_t i = 0; i < n; i++) {
		const struct catalog_run *r = &v[i];
		struct str took = STR_INIT, size = STR_INIT, note = STR_INIT;
		double value = catalog_value_of(scores->v, scores->n, r->id);
		char id[24], score[32] = "", *when = history_when(r->started);

		snprintf(id, sizeof id, "%" PRId64, r->id);
		if (!isnan(r->seconds))
			str_add_seconds(&took, r->seconds);
		if (r->bytes)
			str_add_bytes(&size, r->bytes);
		/* The first line is enough here; `show` has the rest. */
		if (r->note)
			str_addn(&note, r->note, strcspn(r->note, "\n"));
		if (!isnan(value))
			snprintf(score, sizeof score, value >= 2 ? "%.3f" : "%.4f", value);
		table_row(t, (const char *[]){ id, when, r->kind, r->name, r->method, r->status,
			took.s, size.s, history_output(r), scores->task ? score : r->tags,
			scores->task ? r->tags : note.s, note.s });
		free(when);
		str_fini(&took);
		str_fini(&size);
		str_fini(&note);
	}
	table_print(t);
}

/* What words find beside runs: cards of models that no run here wrote. */
static void print_cards(struct catalog *cat, const char *filter)
{
	static const char *const headers[] = { "CARD", "FILE" };
	size_t n;
	struct catalog_card *v = catalog_cards_found(cat, filter, &n, NULL);

	if (n) {
		struct table_out *t = table_new(headers, 2);

		putchar('\n');
		for (size_t i = 0; i < n; i++)
			table_row(t, (const char *[]){ v[i].name, v[i].source });
		table_print(t);
	}
	catalog_cards_free(v, n);
}

static int run(struct cli *c, struct err *e)
{
	struct catalog *cat = cli_catalog(c, e);
	struct scores scores = { .task = cli_option(c, "--score") };
	struct str filter = STR_INIT;
	struct catalog_run *v;
	size_t n;

	if (!cat)
		return err_exit_status(e->code);
	for (int i = 0; i < c->argc; i++)
		str_addf(&filter, "%s%s", i ? " " : "", c->argv[i]);
	v = catalog_runs(cat, filter.s, &n, e);
	if (!v) {
		str_fini(&filter);
		return err_exit_status(e->code);
	}
	if (scores.task)
		scores.v = catalog_run_values(cat, scores.task, &scores.n);
	if (c->json) {
		json_t *list = json_array();

		for (size_t i = 0; i < n; i++) {
			json_t *row = history_run(&v[i]);

			if (scores.task)
				json_object_set_new(row, "score", json_number(
					catalog_value_of(scores.v, scores.n, v[i].id)));
			json_array_append_new(list, row);
		}
		history_print(list);
	} else if (n) {
		print_table(v, n, &scores);
	} else {
		puts(c->argc ? "No run matches."
			: "No runs yet: `cupel merge RECIPE OUT` makes one.");
	}
	if (!c->json && c->argc)
		print_cards(cat, filter.s);
	str_fini(&filter);
	free(scores.v);
	catalog_runs_free(v, n);
	return 0;
}

static const struct verb_option options[] = {
	{ "--score", "TASK", false, "and this result of each run, or of what it wrote" },
	{ 0 }
};

const struct verb verb_runs = {
	.name = "runs",
	.args = "[FILTER...]",
	.help = "list what was made, newest first",
	.detail = "Words of the filter match beginnings of words in names, recipes, inputs, "
		"outputs, notes, tags and in the card of what was written; all of them must. "
		"Cards that have them are listed below the runs. FIELD:VALUE looks in one "
		"place: tag, method, name, status, kind, output, input, note, recipe and hash "
		"(beginnings of them), disk:yes or no, archived:yes or all (without it "
		"archived runs are left out). = is the whole of it, != anything else.\n"
		"\n"
		"Numbers take : = != < <= > >= and ranges (0.1..0.5, 5.., ..2G): seconds (2m, "
		"1h), size (500M), bits, tensors, seed, id, from (the run it was branched or "
		"replayed from), started (a date, or how long ago: started<3d, "
		"started>2026-11-01, started:2026-11).\n"
		"\n"
		"Any other name is a key of the recipe with a number (t<0.001, "
		"weight:0.2..0.4: any number under that key), or a task (arc>0.45, arc>45, "
		"hellaswag.acc_norm>67%: a result of the run or of the model it wrote, "
		"estimates left out), or a metric (perplexity<9).\n"
		"\n"
		"A leading - excludes, or and parentheses group, \"double quotes\" keep "
		"blanks and signs together. The same words filter the workbench's History.",
	.max_args = -1,
	.options = options,
	.dash_words = true,
	.run = run,
};
