#include "config.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "cli/history.h"

/* Every line made safe for a terminal, the line ends kept. */
static void print_lines(const char *text, const char *indent)
{
	while (*text) {
		size_t n = strcspn(text, "\n");
		struct str line = STR_INIT;

		str_add(&line, "");
		str_add_safe(&line, text, n);
		printf("%s%s\n", indent, line.s);
		str_fini(&line);
		text += n + (text[n] == '\n');
	}
}

static void print_fact(const char *name, const char *value)
{
	char *safe;

	if (!value || !*value)
		return;
	safe = str_safe(value);
	printf("%-12s%s\n", name, safe);
	free(safe);
}

static void print_number(const char *name, double value, void (*add)(struct str *, double))
{
	struct str s = STR_INIT;

	if (!isnan(value)) {
		add(&s, value);
		print_fact(name, s.s);
	}
	str_fini(&s);
}

static void add_bytes(struct str *s, double v)
{
	str_add_bytes(s, (uint64_t)v);
}

static void print_head(const struct catalog_run *r)
{
	char *when = history_when(r->started), number[32];

	printf("run %" PRId64 ": %s, %s\n", r->id, r->kind, r->status);
	print_fact("name", r->name);
	print_fact("method", r->method);
	print_fact("started", when);
	print_number("took", r->seconds, str_add_seconds);
	print_fact("output", r->output);
	print_fact("", history_output(r));
	print_number("size", r->bytes ? (double)r->bytes : NAN, add_bytes);
	print_fact("hash", r->output_hash);
	snprintf(number, sizeof number, "%" PRIu64, r->seed);
	print_fact("seed", number);
	print_fact("arithmetic", r->arithmetic);
	print_fact("version", r->version);
	if (r->parent) {
		snprintf(number, sizeof number, "run %" PRId64, r->parent);
		print_fact("from", number);
	}
	print_fact("tags", r->tags);
	print_fact("error", r->error);
	print_fact("command", r->command);
	print_fact(r->plan_text && !r->recipe_text ? "plan" : "recipe", r->recipe_path);
	print_fact("", r->recipe_hash);
	free(when);
}

static bool print_inputs(struct catalog *c, const struct catalog_run *r, struct err *e)
{
	static const char *const headers[] = { "  ROLE", "NAME", "HASH", "PATH" };
	size_t n;
	struct catalog_input *v = catalog_run_inputs(c, r->id, &n, e);

	if (v && n) {
		struct table_out *t = table_new(headers, 4);

		for (size_t i = 0; i < n; i++) {
			char *role = xasprintf("  %s", v[i].role);

			table_row(t, (const char *[]){ role, v[i].name,
				v[i].hash ? v[i].hash : "unknown",
				v[i].path });
			free(role);
		}
		puts("\ninputs");
		table_print(t);
	}
	catalog_inputs_free(v, n);
	return v != NULL;
}

static void print_score(const struct catalog_score *s, struct table_out *t)
{
	char value[32] = "", error[32] = "", n[24] = "";

	if (!isnan(s->value))
		snprintf(value, sizeof value, "%s%.6g", s->estimated ? "~" : "", s->value);
	if (!isnan(s->stderr_))
		snprintf(error, sizeof error, "%.2g", s->stderr_);
	if (s->n)
		snprintf(n, sizeof n, "%" PRId64, s->n);
	table_row(t, (const char *[]){ s->task, s->metric, value, error, n, s->source });
}

static bool print_results(struct catalog *c, const struct catalog_run *r, struct err *e)
{
	static const char *const headers[] =
		{ "TASK", "METRIC", ">VALUE", ">SE", ">N", "STATED IN" };
	size_t n;
	struct catalog_score *v = history_results(c, r->id, &n, e);

	if (v && n) {
		struct table_out *t = table_new(headers, 6);

		for (size_t i = 0; i < n; i++)
			print_score(&v[i], t);
		puts("\nresults");
		table_print(t);
	}
	catalog_scores_free(v, n);
	return v != NULL;
}

static bool print_notes(struct catalog *c, const struct catalog_run *r, struct err *e)
{
	size_t n;
	struct catalog_note *v = catalog_notes(c, r->id, &n, e);

	if (v && n)
		puts("\nnotes");
	for (size_t i = 0; v && i < n; i++) {
		char *when = history_when(v[i].created);

		printf("  %s\n", when);
		print_lines(v[i].text, "    ");
		free(when);
	}
	catalog_notes_free(v, n);
	return v != NULL;
}

static void print_document(const char *title, const char *text)
{
	if (!text)
		return;
	printf("\n%s\n", title);
	print_lines(text, "  ");
}

static int run(struct cli *c, struct err *e)
{
	struct catalog *cat = cli_catalog(c, e);
	struct catalog_run *r = NULL;
	json_t *j;
	int64_t id;

	if (cat && history_run_id(cat, c->argv[0], &id, e))
		r = catalog_run_get(cat, id, e);
	if (!r)
		return err_exit_status(e->code);
	if (c->json) {
		j = history_whole(cat, r, e);
		if (j)
			history_print(j);
	} else {
		print_head(r);
		if (print_inputs(cat, r, e) && print_results(cat, r, e) &&
			print_notes(cat, r, e)) {
			print_document("recipe", r->recipe_text);
			print_document("plan", r->plan_text);
		}
	}
	catalog_runs_free(r, 1);
	return err_exit_status(e->code);
}

const struct verb verb_show = {
	.name = "show",
	.args = "ID",
	.help = "show one run whole: recipe, plan, inputs, output, results, notes",
	.detail = "ID is a run's number, or its name (then the newest run of that name).",
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
