/* What a table of a card is about, and its cells as data. */
#include "import/card_grid.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/vec.h"

static const struct {
	const char *label, *key;
	bool power;
} known[] = {
	{ "total params", "parameters", false },
	{ "total parameters", "parameters", false },
	{ "params", "parameters", false },
	{ "parameters", "parameters", false },
	{ "number of parameters", "parameters", false },
	{ "model size", "parameters", false },
	{ "active params", "active_parameters", false },
	{ "active parameters", "active_parameters", false },
	{ "activated parameters", "active_parameters", false },
	{ "number of layers", "layers", false },
	{ "context length", "context", true },
	{ "context", "context", true },
	{ "context window", "context", true },
	{ "hidden dimension", "hidden_size", false },
	{ "vocab size", "vocabulary", false },
	{ "vocabulary size", "vocabulary", false },
	{ "file size", "file_size", false },
	{ "bytes", "file_size", false },
	{ "bits per weight", "bits_per_weight", false },
	{ "layers", "layers", false },
};

/* The fact that a label names, or NULL. power: K is 1024. */
static const char *known_label(const char *label, bool *power)
{
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (!strcasecmp(label, known[i].label)) {
			if (power)
				*power = known[i].power;
			return known[i].key;
		}
	return NULL;
}

static bool has(const char *s, const char *word)
{
	return card_find(s, word) != NULL;
}

static bool any_column(const struct card_grid *g, bool (*is)(const char *))
{
	for (size_t c = 0; c < g->n_columns; c++)
		if (is(g->columns[c]))
			return true;
	return false;
}

static bool is_change(const char *s)
{
	return (has(s, "ppl") || has(s, "perplexity") || has(s, "kld")) &&
	       (has(s, "delta") || strstr(s, "Δ") || has(s, "change") || has(s, "increase"));
}

static bool is_group(const char *s)
{
	return has(s, "group") || has(s, "tensor") || has(s, "layer") || has(s, "module");
}

static bool is_kind_of_file(const char *s)
{
	return !strcasecmp(s, "type") || has(s, "quant") || !strcasecmp(s, "format") ||
	       !strcasecmp(s, "filename") || !strcasecmp(s, "bits");
}

static bool is_of_file(const char *s)
{
	return has(s, "author") || has(s, "misc") || has(s, "size") || has(s, "link") ||
	       has(s, "notes") || has(s, "description") || has(s, "provided");
}

/* Without a head: by its labels. */
static bool any_known(const struct card_grid *g)
{
	for (size_t i = 0; i < g->rows.n; i++)
		if (known_label(g->rows.v[i].cells[0], NULL))
			return true;
	return false;
}

static const char *kind_of(const struct card_grid *g)
{
	const char *first = g->columns[0];

	if (is_group(first) && any_column(g, is_change))
		return "sensitivity";
	if ((is_kind_of_file(first) || has(first, "link")) && any_column(g, is_kind_of_file) &&
		any_column(g, is_of_file))
		return "quants";
	if (g->n_columns == 2 &&
		(has(first, "parameter") || has(first, "property") || has(first, "attribute") ||
			has(first, "spec") || has(first, "hyperparameter") ||
			(!*first && !*g->columns[1] && any_known(g))))
		return "parameters";
	return "other";
}

/* --- columns --- */

static char *slug(const char *s)
{
	struct str out = STR_INIT;

	str_add(&out, "");
	for (; *s && out.n < 60; s++)
		if (isalnum((uint8_t)*s))
			str_addc(&out, (char)tolower((uint8_t)*s));
		else if (out.n && out.s[out.n - 1] != '_')
			str_addc(&out, '_');
	while (out.n && out.s[out.n - 1] == '_')
		out.s[--out.n] = 0;
	return str_steal(&out);
}

static const char *sensitivity_column(const char *s)
{
	if (is_change(s))
		return "delta_percent";
	if (has(s, "per gb") || has(s, "/gb"))
		return "percent_per_gb";
	if (has(s, "saved") || has(s, "size"))
		return "bytes_saved";
	if (has(s, "verdict") || has(s, "decision"))
		return "verdict";
	if (has(s, "layers") || has(s, "tensors") || has(s, "count"))
		return "tensors";
	return NULL;
}

static json_t *column_name(const char *kind, const char *s, size_t c)
{
	const char *known_as = NULL;

	if (!strcmp(kind, "sensitivity"))
		known_as = c ? sensitivity_column(s) : "group";
	else if (!strcmp(kind, "parameters"))
		known_as = c ? "value" : "parameter";
	if (!known_as && !strcmp(kind, "quants")) {
		char *own = slug(s);
		json_t *o = json_textn(own);

		free(own);
		return o;
	}
	return json_textn(known_as ? known_as : s);
}

/* --- cells --- */

/* The unit behind a number, or NULL. */
static json_t *unit_of(const struct card_value *v)
{
	if (v->percent && !*v->unit)
		return json_string("%");
	return *v->unit ? json_textn(v->unit) : json_null();
}

static void cell(const char *kind, const char *column, const char *s, json_t *cells, json_t *units,
	bool *unit)
{
	struct card_value v;
	json_t *u = json_null();

	if (!*s) {
		json_array_append_new(cells, json_null());
	} else if (!card_is_value(s, &v)) {
		json_array_append_new(cells, json_textn(s));
	} else if (!strcmp(kind, "sensitivity") && column && !strcmp(column, "bytes_saved")) {
		json_array_append_new(cells, card_number(card_scaled(s, false)));
		u = json_string("bytes");
	} else {
		json_array_append_new(cells, card_number(v.value));
		u = unit_of(&v);
	}
	*unit |= !json_is_null(u);
	json_array_append_new(units, u);
}

static void row_json(
	const struct card_table *t, const struct card_grid *g, const struct grid_row *row)
{
	json_t *cells = json_array(), *units = json_array(), *stated = json_array(), *o;
	bool unit = false;

	for (size_t c = 0; c < g->n_columns; c++) {
		const char *s = row->cells[c];

		cell(t->kind, json_string_value(json_array_get(t->columns, c)), s, cells, units,
			&unit);
		json_array_append_new(stated, *s ? json_textn(s) : json_null());
	}
	o = json_pack("{s:I, s:o, s:o}", "line", (json_int_t)row->line + 1, "cells", cells,
		"stated", stated);
	if (unit)
		json_object_set_new(o, "units", units);
	else
		json_decref(units);
	json_array_append_new(t->rows, o);
}

/* --- facts of a table of parameters --- */

static void fact(struct card_reader *r, const char *label, const char *s, size_t line)
{
	bool power = false;
	const char *key = known_label(label, &power), *active;
	char *own = NULL;
	double v;

	if (!key)
		key = own = slug(label);
	v = card_scaled(s, power);
	if (isfinite(v) && *key)
		card_fact(r, key, card_number(v), line);
	if (!strcmp(key, "experts") && (active = card_find(s, "active"))) { /* "72 (10 active)" */
		const char *p = active;

		while (p > s && (p[-1] == ' ' || isdigit((uint8_t)p[-1])))
			p--;
		v = card_scaled(p + strspn(p, " "), false);
		if (isfinite(v))
			card_fact(r, "experts_used", card_number(v), line);
	}
	free(own);
}

static void facts(struct card_reader *r, const struct card_grid *g)
{
	for (size_t i = 0; i < g->rows.n; i++)
		fact(r, g->rows.v[i].cells[0], g->rows.v[i].cells[1], g->rows.v[i].line);
}

void card_table_take(struct card_reader *r, const struct card_grid *g)
{
	const char *kind = kind_of(g);
	struct card_table *t;

	if (strcmp(kind, "sensitivity") != 0 && strcmp(kind, "parameters") != 0 &&
		card_figures(r, g) && !strcmp(kind, "other"))
		kind = "scores";
	t = card_table_new(r, kind, g->line);
	for (size_t c = 0; c < g->n_columns; c++)
		json_array_append_new(t->columns, column_name(kind, g->columns[c], c));
	for (size_t i = 0; i < g->rows.n; i++)
		row_json(t, g, &g->rows.v[i]);
	if (!strcmp(kind, "parameters"))
		facts(r, g);
}
