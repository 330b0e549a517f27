#include "config.h"
#include <stdlib.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "base/vec.h"
#include "cli/history.h"

static void add_cell(struct str *s, const json_t *v)
{
	if (json_is_string(v))
		str_add(s, json_string_value(v));
	else if (json_is_integer(v))
		str_addf(s, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	else if (json_is_real(v))
		str_addf(s, "%.10g", json_real_value(v));
}

/* The columns are those of the first row: every row has the same. */
static void print_table(const json_t *rows)
{
	json_t *first = json_array_get(rows, 0), *row, *value;
	vec(const char *) cells = { 0 };
	struct table_out *t;
	const char *name;
	size_t i;

	json_object_foreach(first, name, value)
		*vec_push(&cells) = json_is_number(value) ? xasprintf(">%s", name) : xstrdup(name);
	t = table_new(cells.v, cells.n);
	json_array_foreach(rows, i, row) {
		for (size_t k = 0; k < cells.n; k++)
			free((char *)cells.v[k]);
		cells.n = 0;
		json_object_foreach(row, name, value) {
			struct str s = STR_INIT;

			str_add(&s, "");
			add_cell(&s, value);
			*vec_push(&cells) = str_steal(&s);
		}
		table_row(t, cells.v);
	}
	for (size_t k = 0; k < cells.n; k++)
		free((char *)cells.v[k]);
	vec_fini(&cells);
	table_print(t);
}

static int run(struct cli *c, struct err *e)
{
	struct catalog *cat = cli_catalog(c, e);
	json_t *rows = cat ? catalog_sql(cat, c->argv[0], e) : NULL;

	if (!rows)
		return err_exit_status(e->code);
	if (!c->json && json_array_size(rows))
		print_table(rows);
	if (c->json)
		json_print(rows);
	json_decref(rows);
	return 0;
}

const struct verb verb_sql = {
	.name = "sql",
	.args = "'SELECT...'",
	.help = "ask the catalog a question in SQL",
	.detail = "Reads only. cupel-catalog(7) lists the views: runs, inputs, models, tensors, "
		"parameters, notes, tags, scores, answers, cards, ancestry, jobs, statistics.",
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
