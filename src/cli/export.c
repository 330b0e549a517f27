#include "config.h"
#include "cli/export.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/vec.h"
#include "recipe/publish.h"
#include "report/shared.h"

/* --- plan: the rest as comments --- */

/* A comment ends with its line, whatever a name contains. */
static void comment(const char *label, const char *text)
{
	char *safe;

	if (!text || !*text)
		return;
	safe = str_safe(text);
	printf("# %s %s\n", label, safe);
	free(safe);
}

static void comment_input(const struct catalog_input *in)
{
	char *name = in->path ? shared_input_name(in) : xstrdup(in->name), *safe = str_safe(name);
	char *revision = in->path ? publish_revision(in->path) : NULL;

	if (!in->path && !in->hash)
		printf("#   %s %s  made by the document of that name\n", in->role, safe);
	else
		printf("#   %s %s%s%s  hash %s\n", in->role, safe, revision ? "  revision " : "",
			revision ? revision : "", in->hash ? in->hash : "unknown");
	free(revision);
	free(safe);
	free(name);
}

static void print_document(const char *text)
{
	size_t n = strlen(text);

	fputs(text, stdout);
	if (n && text[n - 1] != '\n')
		putchar('\n');
}

bool export_plan(const struct export_run *r, struct err *e)
{
	if (!r->run->plan_text)
		return err_set(e, ERR_INPUT, "export", "--format recipe prints its recipe",
			"run %" PRId64 " quantized nothing, it has no plan", r->run->id);
	comment("quantized by cupel", r->run->version);
	comment("name", r->run->name);
	comment("plan hash", r->run->recipe_hash);
	comment("output hash", r->run->output_hash);
	if (r->n_inputs)
		puts(r->run->recipe_text ? "# of a recipe's result; its inputs" : "# inputs");
	for (size_t i = 0; i < r->n_inputs; i++)
		comment_input(&r->inputs[i]);
	print_document(r->run->plan_text);
	return true;
}

bool export_recipe(struct catalog *c, const struct export_run *r, struct err *e)
{
	char *text = shared_run(c, r->run, r->inputs, r->n_inputs, e);

	if (!text)
		return false;
	fputs(text, stdout);
	free(text);
	return true;
}

/* --- markdown --- */

/* Text in a cell: one line, no markup. */
static void cell(const char *text)
{
	char *safe = str_safe(text ? text : "");

	for (const char *p = safe; *p; p++) {
		if (strchr("|\\`*_<>[]#", *p))
			putchar('\\');
		putchar(*p);
	}
	free(safe);
}

static void fact(const char *name, const char *text)
{
	if (!text || !*text)
		return;
	printf("| %s | ", name);
	cell(text);
	puts(" |");
}

static void facts(const struct catalog_run *r)
{
	struct str size = STR_INIT, took = STR_INIT;
	char seed[24];

	snprintf(seed, sizeof seed, "%" PRIu64, r->seed);
	if (r->bytes)
		str_add_bytes(&size, r->bytes);
	if (!isnan(r->seconds))
		str_add_seconds(&took, r->seconds);
	puts("| | |\n|---|---|");
	fact("method", r->method);
	fact("started", r->started);
	fact("took", took.s);
	fact("size", size.s);
	fact("output hash", r->output_hash);
	fact(r->plan_text ? "plan hash" : "recipe hash", r->recipe_hash);
	if (!r->plan_text || r->recipe_text)
		fact("seed", seed);
	fact("arithmetic", r->arithmetic);
	fact("cupel", r->version);
	fact("tags", r->tags);
	fact("note", r->note);
	str_fini(&size);
	str_fini(&took);
}

static void input_table(const struct export_run *r)
{
	puts("\n## Inputs\n\n| role | model | revision | hash |\n|---|---|---|---|");
	for (size_t i = 0; i < r->n_inputs; i++) {
		const struct catalog_input *in = &r->inputs[i];
		char *name = shared_input_name(in),
			*revision = in->path ? publish_revision(in->path) : NULL;

		printf("| ");
		cell(in->role);
		printf(" | ");
		cell(name);
		printf(" | ");
		cell(revision);
		printf(" | ");
		cell(in->hash ? in->hash : "unknown");
		puts(" |");
		free(revision);
		free(name);
	}
}

static void score_table(const struct export_run *r)
{
	puts("\n## Results\n\n± is one standard error.\n\n| task | metric | value | ± | n |\n"
		"|---|---|---:|---:|---:|");
	for (size_t i = 0; i < r->n_scores; i++) {
		const struct catalog_score *s = &r->scores[i];

		printf("| ");
		cell(s->task);
		printf(" | ");
		cell(s->metric);
		printf(" | ");
		if (!isnan(s->value))
			printf("%s%.6g", s->estimated ? "(est.) " : "", s->value);
		printf(" | ");
		if (!isnan(s->stderr_))
			printf("%.2g", s->stderr_);
		printf(" | ");
		if (s->n)
			printf("%" PRId64, s->n);
		puts(" |");
	}
}

/* A fence longer than any run of backticks in the text. */
static void fenced(const char *text)
{
	size_t longest = 2, here = 0, n = strlen(text);

	for (const char *p = text; *p; p++) {
		here = *p == '`' ? here + 1 : 0;
		longest = here > longest ? here : longest;
	}
	for (size_t i = 0; i <= longest; i++)
		putchar('`');
	printf("yaml\n%s%s", text, n && text[n - 1] != '\n' ? "\n" : "");
	for (size_t i = 0; i <= longest; i++)
		putchar('`');
	putchar('\n');
}

bool export_markdown(const struct export_run *r, struct err *e)
{
	char *text = r->run->recipe_text ? shared_recipe_text(r->run, r->inputs,
		r->n_inputs, e) : NULL, title[32];

	if (r->run->recipe_text && !text)
		return false;
	snprintf(title, sizeof title, "run %" PRId64, r->run->id);
	printf("# ");
	cell(r->run->name && *r->run->name ? r->run->name : title);
	puts("\n");
	facts(r->run);
	if (r->n_inputs)
		input_table(r);
	if (r->n_scores)
		score_table(r);
	if (text) {
		puts("\n## Recipe\n");
		fenced(text);
	}
	if (r->run->plan_text) {
		puts("\n## Plan\n");
		fenced(r->run->plan_text);
	}
	free(text);
	return true;
}

/* --- csv (RFC 4180) --- */

/* A cell that begins like a formula is one to a spreadsheet; a quote before it is what they agree
 * on. */
static void csv(const char *text)
{
	bool quote;

	text = text ? text : "";
	quote = strpbrk(text, ",\"\r\n") != NULL || strchr("=+-@\t", text[0] ? text[0] : 'x');
	if (quote)
		putchar('"');
	if (text[0] && strchr("=+-@\t", text[0]))
		putchar('\'');
	for (const char *p = text; *p; p++) {
		if (*p == '"')
			putchar('"');
		putchar(*p);
	}
	if (quote)
		putchar('"');
}

struct column {
	const char *task, *metric;
};
struct columns { struct column *v; size_t n, cap; };

static void find_columns(struct columns *columns, const struct export_run *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < v[i].n_scores; k++) {
			const struct catalog_score *s = &v[i].scores[k];
			size_t at = 0;

			while (at < columns->n && (!str_eq(columns->v[at].task, s->task) ||
			    !str_eq(columns->v[at].metric, s->metric)))
				at++;
			if (at == columns->n)
				*vec_push(columns) = (struct column){ s->task, s->metric };
		}
}

static void csv_results(const struct export_run *r, const struct columns *columns)
{
	for (size_t c = 0; c < columns->n; c++) {
		char value[40] = "", error[40] = "";

		/* The last of its kind; estimates are not results. */
		for (size_t k = 0; k < r->n_scores; k++) {
			const struct catalog_score *s = &r->scores[k];

			if (!str_eq(s->task, columns->v[c].task) ||
				!str_eq(s->metric, columns->v[c].metric) ||
			    s->estimated || isnan(s->value))
				continue;
			snprintf(value, sizeof value, "%.17g", s->value);
			error[0] = '\0';
			if (!isnan(s->stderr_))
				snprintf(error, sizeof error, "%.17g", s->stderr_);
		}
		printf(",%s,%s", value, error);
	}
}

static void csv_header(const struct columns *columns)
{
	printf("id,name,kind,method,status,started,seconds,bytes,tensors,seed,recipe_hash,"
		"output_hash,tags,"
		"note");
	for (size_t c = 0; c < columns->n; c++) {
		char *title = xasprintf("%s %s", columns->v[c].task, columns->v[c].metric);
		char *error = xasprintf("%s stderr", title);

		putchar(',');
		csv(title);
		putchar(',');
		csv(error);
		free(error);
		free(title);
	}
	fputs("\r\n", stdout);
}

void export_csv(const struct export_run *v, size_t n)
{
	struct columns columns = { 0 };

	find_columns(&columns, v, n);
	csv_header(&columns);
	for (size_t i = 0; i < n; i++) {
		const struct catalog_run *r = v[i].run;
		const char *const before[] = { r->name, r->kind, r->method, r->status, r->started };
		const char *const behind[] = { r->recipe_hash, r->output_hash, r->tags, r->note };

		printf("%" PRId64, r->id);
		for (size_t k = 0; k < sizeof before / sizeof *before; k++) {
			putchar(',');
			csv(before[k]);
		}
		putchar(',');
		if (!isnan(r->seconds))
			printf("%.3f", r->seconds);
		printf(",%" PRIu64 ",%" PRIu64 ",%" PRIu64, r->bytes, r->tensors, r->seed);
		for (size_t k = 0; k < sizeof behind / sizeof *behind; k++) {
			putchar(',');
			csv(behind[k]);
		}
		csv_results(&v[i], &columns);
		fputs("\r\n", stdout);
	}
	vec_fini(&columns);
}
