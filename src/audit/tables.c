/* Tables of a card by column and row. */
#include "audit/audit_in.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ROWS_MAX 500 /* of a table; every one is held against every other */

const struct card_table *audit_table(const struct audit_in *in, const char *kind, size_t nth)
{
	for (size_t i = 0; i < in->c->tables.n; i++)
		if (!strcmp(in->c->tables.v[i].kind, kind) && !nth--)
			return &in->c->tables.v[i];
	return NULL;
}

const char *audit_column(const struct card_table *t, size_t i)
{
	const char *s = json_string_value(json_array_get(t->columns, i));

	return s ? s : "";
}

size_t audit_columns(const struct card_table *t)
{
	return json_array_size(t->columns);
}

size_t audit_column_of(const struct card_table *t, const char *const *words)
{
	for (; *words; words++)
		for (size_t i = 0; i < audit_columns(t); i++)
			if (audit_find(audit_column(t, i), *words))
				return i;
	return AUDIT_NONE;
}

const json_t *audit_row(const struct card_table *t, size_t i)
{
	return i < ROWS_MAX ? json_array_get(t->rows, i) : NULL;
}

double audit_cell(const json_t *row, size_t column)
{
	const json_t *cell = json_array_get(json_object_get(row, "cells"), column);

	return json_is_number(cell) ? json_number_value(cell) : NAN;
}

double audit_cell_number(const json_t *row, size_t column)
{
	const char *s = audit_cell_text(row, column), *digit;
	double v = audit_cell(row, column);

	s += *s == '~';
	digit = s + (*s == '+' || *s == '-');
	digit += *digit == '.';
	return !isnan(v) || *digit < '0' || *digit > '9' ? v : strtod(s, NULL);
}

const char *audit_cell_text(const json_t *row, size_t column)
{
	const char *s = json_string_value(json_array_get(json_object_get(row, "cells"), column));

	return s ? s : "";
}

const char *audit_stated(const json_t *row, size_t column)
{
	const char *s = json_string_value(json_array_get(json_object_get(row, "stated"), column));

	return s ? s : audit_cell_text(row, column);
}

const char *audit_unit(const json_t *row, size_t column)
{
	const char *s = json_string_value(json_array_get(json_object_get(row, "units"), column));

	return s ? s : "";
}

int64_t audit_row_line(const json_t *row)
{
	return json_int(row, "line", 0);
}

double audit_bytes(double value, const char *unit)
{
	static const struct { const char *name; double bytes; } units[] = {
		{ "KB", 1e3 }, { "MB", 1e6 }, { "GB", 1e9 }, { "TB", 1e12 }, { "B", 1 },
		{ "KiB", 1024.0 }, { "MiB", 1048576.0 }, { "GiB", 1073741824.0 },
		{ "TiB", 1099511627776.0 },
	};

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (!strcasecmp(units[i].name, unit))
			return value * units[i].bytes;
	return NAN;
}

double audit_fact(const struct audit_in *in, const char *key, int64_t *line, const char **text)
{
	const json_t *o = json_object_get(in->c->facts, key), *v = json_object_get(o, "value");

	if (line)
		*line = json_int(o, "line", 0);
	if (text)
		*text = json_text(o, "text", "");
	return json_is_number(v) ? json_number_value(v) : NAN;
}
