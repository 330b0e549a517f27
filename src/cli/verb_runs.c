#include "config.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "cli/history.h"

static void print_table(const struct catalog_run *v, size_t n)
{
	static const char *const headers[] = { ">ID", "STARTED", "WHAT", "NAME", "METHOD", "STATUS",
		">TOOK", ">SIZE", "OUTPUT", "TAGS", "NOTE" };
	struct table_out *t = table_new(headers, sizeof headers / sizeof *headers);

	for (size_t i = 0; i < n; i++) {
		const struct catalog_run *r = &v[i];
		struct str took = STR_INIT, size = STR_INIT, note = STR_INIT;
		char id[24], *when = history_when(r->started);

		snprintf(id, sizeof id, "%" PRId64, r->id);
		if (!isnan(r->seconds))
			str_add_seconds(&took, r->seconds);
		if (r->bytes)
			str_add_bytes(&size, r->bytes);
		/* The first line is enough here; `show` has the rest. */
		if (r->note)
			str_addn(&note, r->note, strcspn(r->note, "\n"));
		table_row(t, (const char *[]){ id, when, r->kind, r->name, r->method, r->status,
			took.s,
			size.s, history_output(r), r->tags, note.s });
		free(when);
		str_fini(&took);
		str_fini(&size);
		str_fini(&note);
	}
	table_print(t);
}

static int run(struct cli *c, struct err *e)
{
	struct catalog *cat = cli_catalog(c, e);
	struct str filter = STR_INIT;
	struct catalog_run *v;
	size_t n;

	if (!cat)
		return err_exit_status(e->code);
	for (int i = 0; i < c->argc; i++)
		str_addf(&filter, "%s%s", i ? " " : "", c->argv[i]);
	v = catalog_runs(cat, filter.s, &n, e);
	str_fini(&filter);
	if (!v)
		return err_exit_status(e->code);
	if (c->json) {
		json_t *list = json_array();

		for (size_t i = 0; i < n; i++)
			json_array_append_new(list, history_run(&v[i]));
		history_print(list);
	} else if (n) {
		print_table(v, n);
	} else {
		puts(c->argc ? "No run matches."
			: "No runs yet: `cupel merge RECIPE OUT` makes one.");
	}
	catalog_runs_free(v, n);
	return 0;
}

const struct verb verb_runs = {
	.name = "runs",
	.args = "[FILTER...]",
	.help = "list what was made, newest first",
	.detail = "Words of the filter match beginnings of words in names, recipes, inputs, "
		"outputs, notes and tags; all of them must. tag:X is an exact tag; method:X, "
		"status:X, kind:X, started:X and recipe:X (its hash) are beginnings; name:X, "
		"output:X, input:X and note:X are parts. A leading - excludes, \"double quotes\" "
		"keep blanks and colons together. Archived runs are left out unless archived:yes "
		"or archived:all is said.",
	.max_args = -1,
	.dash_words = true,
	.run = run,
};
