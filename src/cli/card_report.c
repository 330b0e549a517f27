#include "cli/card_report.h"
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "cli/verb.h"

#define ROWS_COLUMNS 8 /* of a table that is shown whole */
#define ROWS_MAX 40

/* --- JSON --- */

static json_t *parents_json(const struct card *c)
{
	json_t *v = json_array();

	for (size_t i = 0; i < c->parents.n; i++)
		json_array_append_new(
			v, json_pack("{s:o, s:o, s:I}", "name", json_textn(c->parents.v[i].name),
				   "relation", json_textn(c->parents.v[i].relation), "line",
				   (json_int_t)c->parents.v[i].line));
	return v;
}

static json_t *tables_json(const struct card *c)
{
	json_t *v = json_array();

	for (size_t i = 0; i < c->tables.n; i++) {
		const struct card_table *t = &c->tables.v[i];

		json_array_append_new(
			v, json_pack("{s:o, s:o, s:I, s:O, s:O}", "kind", json_textn(t->kind),
				   "title", json_textn(t->title), "line", (json_int_t)t->line,
				   "columns", t->columns, "rows", t->rows));
	}
	return v;
}

static json_t *claims_json(const struct card *c)
{
	json_t *v = json_array();

	for (size_t i = 0; i < c->claims.n; i++) {
		json_t *o = json_pack("{s:o, s:I, s:o}", "kind", json_textn(c->claims.v[i].kind),
			"line", (json_int_t)c->claims.v[i].line, "text",
			json_textn(c->claims.v[i].text));

		json_object_set(o, "what", c->claims.v[i].what);
		json_array_append_new(v, o);
	}
	return v;
}

void card_report_json(json_t *o, const struct card *c)
{
	json_object_set_new(o, "parents", parents_json(c));
	json_object_set_new(o, "recipe", json_textn(c->recipe));
	json_object_set_new(
		o, "recipe_line", c->recipe ? json_integer(c->recipe_line) : json_null());
	json_object_set_new(o, "tables", tables_json(c));
	json_object_set_new(o, "claims", claims_json(c));
	json_object_set_new(o, "license", json_textn(c->license));
	json_object_set_new(o, "library", json_textn(c->library));
	json_object_set_new(o, "pipeline", json_textn(c->pipeline));
	json_object_set(o, "tags", c->tags);
	json_object_set(o, "languages", c->languages);
	json_object_set_new(
		o, "quantization", c->quantization ? json_incref(c->quantization) : json_null());
	json_object_set(o, "facts", c->facts);
	json_object_set_new(o, "repaired", json_u64(c->repaired));
}

/* --- page --- */

static void row(const char *what, const char *text)
{
	printf("  %-17s %s\n", what, text);
}

static void joined(const char *what, const json_t *list)
{
	struct str s = STR_INIT;
	json_t *x;
	size_t i;

	json_array_foreach((json_t *)list, i, x)
	{
		if (i)
			str_add(&s, ", ");
		str_add_safe(&s, json_string_value(x), json_string_length(x));
	}
	if (s.n)
		row(what, s.s);
	str_fini(&s);
}

static void parents_rows(const struct card *c)
{
	for (size_t i = 0; i < c->parents.n; i++) {
		const struct card_parent *p = &c->parents.v[i];
		char *text = xasprintf("%s  (%s, line %" PRId64 ")", p->name,
			p->relation ? p->relation : "relation not said", p->line);

		row(i ? "" : "made from", text);
		free(text);
	}
}

static void part(struct str *s, const char *separator, const char *text)
{
	if (!*text)
		return;
	if (s->n)
		str_add(s, separator);
	str_add_safe(s, text, strlen(text));
}

/* "mlx q8-hi, 8 bits, groups of 32, mlx-lm 0.26.4" */
static void quantization_row(const json_t *q)
{
	struct str s = STR_INIT;
	double bits = json_num(q, "bits_per_weight", 0);

	if (!q)
		return;
	part(&s, " ", json_text(q, "container", ""));
	part(&s, " ", json_text(q, "type", ""));
	if (bits > 0)
		str_addf(&s, ", %g bits per weight", bits);
	else if (json_int(q, "bits", 0))
		str_addf(&s, ", %" PRId64 " bits", json_int(q, "bits", 0));
	if (json_int(q, "group", 0))
		str_addf(&s, ", groups of %" PRId64, json_int(q, "group", 0));
	if (json_int(q, "head_bits", 0))
		str_addf(&s, ", head %" PRId64 " bits", json_int(q, "head_bits", 0));
	if (json_int(q, "bytes", 0) > 0) {
		str_add(&s, ", ");
		str_add_bytes(&s, (uint64_t)json_int(q, "bytes", 0));
	}
	part(&s, ", ", json_text(q, "tool", ""));
	row("quantization", s.s);
	str_fini(&s);
}

static void recipe_row(const struct card *c)
{
	size_t lines = 0;
	char *text;

	if (!c->recipe)
		return;
	for (const char *p = c->recipe; *p; p++)
		lines += *p == '\n';
	text = xasprintf("%s, lines %" PRId64 " to %" PRId64,
		strstr(c->recipe, "merge_method") ? "a merge" : "of mergekit", c->recipe_line,
		c->recipe_line + (int64_t)lines - 1);
	row("recipe", text);
	free(text);
}

static void add_value(struct str *s, const char *key, const json_t *x)
{
	double v = json_num(x, "value", -1);
	const char *text = json_text(x, "value", NULL);

	if (text)
		str_add_safe(s, text, strlen(text));
	else if (v >= 1e6 && v < 1e18 && (strstr(key, "size") || strstr(key, "bytes")))
		str_add_bytes(s, (uint64_t)v);
	else if (v >= 1e6 && v < 1e18)
		str_add_count(s, (uint64_t)v);
	else
		str_addf(s, "%.10g", v);
}

static void fact_rows(const json_t *facts)
{
	const char *key;
	json_t *x;

	json_object_foreach((json_t *)facts, key, x)
	{
		struct str s = STR_INIT;
		char *name = str_safe(key);

		for (char *p = name; *p; p++)
			if (*p == '_')
				*p = ' ';
		add_value(&s, key, x);
		str_addf(&s, "  (line %" PRId64 ")", json_int(x, "line", 0));
		row(name, s.s);
		str_fini(&s);
		free(name);
	}
}

void card_report_head(const struct card *c)
{
	if (c->name)
		row("model", c->name);
	parents_rows(c);
	recipe_row(c);
	quantization_row(c->quantization);
	if (c->license)
		row("license", c->license);
	joined("tags", c->tags);
	joined("languages", c->languages);
	fact_rows(c->facts);
	if (c->repaired)
		printf("  repaired %zu piece%s of mojibake\n", c->repaired,
			c->repaired == 1 ? "" : "s");
}

static char *cell_text(const json_t *r, size_t c)
{
	json_t *cell = json_array_get(json_at(r, "cells"), c);
	const char *stated = json_string_value(json_array_get(json_at(r, "stated"), c));

	if (stated)
		return str_safe(stated);
	if (json_is_string(cell))
		return str_safe(json_string_value(cell));
	return json_is_number(cell) ? xasprintf("%.10g", json_number_value(cell)) : xstrdup("");
}

/* Tables that are no figures are shown as they were understood. */
static void print_cells(const struct card_table *t)
{
	const char *headers[ROWS_COLUMNS + 1] = { ">LINE" };
	char *names[ROWS_COLUMNS] = { NULL };
	size_t n = json_array_size(t->columns), i;
	struct table_out *out;
	json_t *r;

	for (size_t c = 0; c < n; c++) {
		names[c] = str_safe(json_string_value(json_array_get(t->columns, c)));
		for (char *p = names[c]; *p; p++)
			*p = *p == '_' ? ' ' : (char)toupper((uint8_t)*p);
		headers[c + 1] = names[c];
	}
	out = table_new(headers, n + 1);
	json_array_foreach(t->rows, i, r)
	{
		char line[24], *texts[ROWS_COLUMNS];
		const char *cells[ROWS_COLUMNS + 1] = { line };

		if (i == ROWS_MAX)
			break;
		snprintf(line, sizeof line, "%" PRId64, json_int(r, "line", 0));
		for (size_t c = 0; c < n; c++)
			cells[c + 1] = texts[c] = cell_text(r, c);
		table_row(out, cells);
		for (size_t c = 0; c < n; c++)
			free(texts[c]);
	}
	table_print(out);
	for (size_t c = 0; c < n; c++)
		free(names[c]);
}

static bool shown(const struct card_table *t)
{
	size_t n = json_array_size(t->columns);

	return n && n <= ROWS_COLUMNS &&
	       (!strcmp(t->kind, "swap") || !strcmp(t->kind, "sensitivity") ||
		       !strcmp(t->kind, "quants"));
}

void card_report_tables(const struct card *c)
{
	for (size_t i = 0; i < c->tables.n; i++) {
		const struct card_table *t = &c->tables.v[i];
		char *title = str_safe(t->title ? t->title : "");

		printf("table of %s, line %" PRId64 ", %zu row%s%s%s\n",
			strcmp(t->kind, "other") ? t->kind : "other things", t->line,
			json_array_size(t->rows), json_array_size(t->rows) == 1 ? "" : "s",
			*title ? ": " : "", title);
		if (shown(t))
			print_cells(t);
		free(title);
	}
	if (c->claims.n)
		printf("%zu statement%s that `cupel audit` checks\n", c->claims.n,
			c->claims.n == 1 ? "" : "s");
}
