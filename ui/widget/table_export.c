#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "ui/widget/table.h"

typedef void cell_fn(const struct table *t, struct str *out, const char *text, int c, bool first);

static void each_cell(const struct table *t, struct str *out, size_t row, cell_fn *fn)
{
	bool first = true;

	for (int c = 0; c < t->n_columns; c++) {
		struct str s = STR_INIT;

		if (!table_column_shown(t, c))
			continue;
		table_cell_text(t, row, c, &s);
		fn(t, out, s.s ? s.s : "", c, first);
		first = false;
		str_fini(&s);
	}
}

static void each_title(const struct table *t, struct str *out, bool names, cell_fn *fn)
{
	bool first = true;

	for (int c = 0; c < t->n_columns; c++) {
		if (!table_column_shown(t, c))
			continue;
		fn(t, out, names ? t->columns[c].name : t->columns[c].title, c, first);
		first = false;
	}
}

static void csv_cell(const struct table *t, struct str *out, const char *text, int c, bool first)
{
	(void)t;
	(void)c;
	if (!first)
		str_addc(out, ',');
	if (!strpbrk(text, ",\"\n\r")) {
		str_add(out, text);
		return;
	}
	str_addc(out, '"');
	for (; *text; text++) {
		if (*text == '"')
			str_addc(out, '"');
		str_addc(out, *text);
	}
	str_addc(out, '"');
}

void table_export_csv(const struct table *t, struct str *out)
{
	each_title(t, out, true, csv_cell);
	str_addc(out, '\n');
	for (size_t i = 0; i < t->shown.n; i++) {
		each_cell(t, out, t->shown.v[i].row, csv_cell);
		str_addc(out, '\n');
	}
}

static void markdown_cell(
	const struct table *t, struct str *out, const char *text, int c, bool first)
{
	(void)t;
	(void)c;
	str_add(out, first ? "| " : " ");
	for (; *text; text++) {
		if (*text == '|')
			str_addc(out, '\\');
		str_addc(out, *text);
	}
	str_add(out, " |");
}

void table_export_markdown(const struct table *t, struct str *out)
{
	each_title(t, out, false, markdown_cell);
	str_add(out, "\n|");
	for (int c = 0; c < t->n_columns; c++)
		if (table_column_shown(t, c))
			str_add(out, t->columns[c].align > 0 ? " ---: |" : " --- |");
	str_addc(out, '\n');
	for (size_t i = 0; i < t->shown.n; i++) {
		each_cell(t, out, t->shown.v[i].row, markdown_cell);
		str_addc(out, '\n');
	}
}

void table_export_text(const struct table *t, struct str *out)
{
	int *w = xnew(int, (size_t)t->n_columns);

	for (int c = 0; c < t->n_columns; c++) {
		w[c] = text_width(t->columns[c].title);
		for (size_t i = 0; i < t->shown.n; i++) {
			struct str s = STR_INIT;
			int cw;

			table_cell_text(t, t->shown.v[i].row, c, &s);
			cw = text_width(s.s ? s.s : "");
			w[c] = cw > w[c] ? cw : w[c];
			str_fini(&s);
		}
	}
	for (size_t i = 0; i <= t->shown.n; i++) {
		for (int c = 0; c < t->n_columns; c++) {
			struct str s = STR_INIT;

			if (!table_column_shown(t, c))
				continue;
			if (i)
				table_cell_text(t, t->shown.v[i - 1].row, c, &s);
			text_pad(out, i ? s.s ? s.s : "" : t->columns[c].title, w[c],
				t->columns[c].align, CUT_END);
			str_add(out, "  ");
			str_fini(&s);
		}
		while (out->n && out->s[out->n - 1] == ' ')
			out->n--;
		str_addc(out, '\n');
	}
	free(w);
}

static json_t *json_cell(const struct table *t, size_t row, int c)
{
	struct str s = STR_INIT;
	json_t *j;

	if (t->columns[c].number && t->source->value)
		return json_number(t->source->value(t->ctx, row, c));
	table_cell_text(t, row, c, &s);
	j = json_textn(s.s ? s.s : "");
	str_fini(&s);
	return j;
}

json_t *table_export_json(const struct table *t)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < t->shown.n; i++) {
		json_t *o = json_object();

		for (int c = 0; c < t->n_columns; c++)
			if (table_column_shown(t, c))
				json_object_set_new(o, t->columns[c].name,
					json_cell(t, t->shown.v[i].row, c));
		json_array_append_new(rows, o);
	}
	return rows;
}
