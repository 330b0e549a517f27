/* Out of the program: the copy menu, and the table on the screen as a file. */
#include "config.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ui/shell.h"

/* --- copy --- */
static void row_text(const struct table *t, struct str *out)
{
	long row = table_selected(t);

	for (int c = 0; row >= 0 && c < t->n_columns; c++) {
		if (!table_column_shown(t, c))
			continue;
		if (out->n)
			str_addc(out, '\t');
		table_cell_text(t, (size_t)row, c, out);
	}
}

enum what { COPY_CELL, COPY_ROW, COPY_TABLE, COPY_RECIPE, COPY_COMMAND };
static const struct { const char *name, *help; } whats[] = {
	[COPY_CELL] = { "cell", "the cell under the cursor, or the name in the first column" },
	[COPY_ROW] = { "row", "every column of it, with tabs between" },
	[COPY_TABLE] = { "table", "every row in sight, as Markdown" },
	[COPY_RECIPE] = { "recipe", "the open recipe's YAML" },
	[COPY_COMMAND] = { "command", "the command line that shows the same" },
};

static bool copy_text(struct app *a, enum what what, struct str *out)
{
	const struct view *v = a->view;
	long row = v->table ? table_selected(v->table) : -1;

	switch (what) {
	case COPY_CELL:
		if (v->ops->copy_cell)
			v->ops->copy_cell(v, out);
		else if (row >= 0)
			table_cell_text(v->table, (size_t)row, 0, out);
		break;
	case COPY_ROW:
		if (v->table)
			row_text(v->table, out);
		break;
	case COPY_TABLE:
		if (v->table)
			table_export_markdown(v->table, out);
		break;
	case COPY_RECIPE:
		if (a->doc)
			str_addn(out, doc_recipe(a->doc)->text, doc_recipe(a->doc)->text_n);
		break;
	case COPY_COMMAND:
		if (v->ops->copy_command)
			v->ops->copy_command(v, out);
		break;
	}
	return out->n > 0;
}

static unsigned copy_what(struct app *a, size_t i, void *ctx)
{
	struct str s = STR_INIT;

	(void)ctx;
	if (copy_text(a, (enum what)i, &s))
		app_copy(a, whats[i].name, s.s);
	else
		app_say(a, "there is no %s to copy here", whats[i].name);
	str_fini(&s);
	return CHANGED_SCREEN;
}

unsigned cmd_copy(struct app *a, const char *args)
{
	struct choice items[sizeof whats / sizeof *whats];
	size_t n = sizeof whats / sizeof *whats;

	for (size_t i = 0; i < n; i++) {
		if (*args && str_starts(whats[i].name, args))
			return copy_what(a, i, NULL);
		items[i] = (struct choice){ whats[i].name, whats[i].help, false };
	}
	return app_menu(a, "copy", items, n, 0, copy_what, NULL);
}

/* --- export --- */
static unsigned export_to(struct app *a, const char *path, void *ctx)
{
	const struct table *t = a->view->table;
	struct str s = STR_INIT;
	struct err e = { 0 };
	bool ok;

	(void)ctx;
	if (!*path || !t)
		return 0;
	if (file_exists(path)) {
		app_say(a, "%s is there already; nothing is overwritten", path);
		return CHANGED_SCREEN;
	}
	if (str_ends(path, ".json")) {
		json_t *j = table_export_json(t);

		ok = json_write_file(path, j, 1, &e);
		json_decref(j);
	} else {
		if (str_ends(path, ".csv"))
			table_export_csv(t, &s);
		else if (str_ends(path, ".md"))
			table_export_markdown(t, &s);
		else
			table_export_text(t, &s);
		ok = file_write_all(path, s.s ? s.s : "", s.n, &e);
	}
	str_fini(&s);
	if (!ok)
		return app_fail(a, &e);
	app_say(a, "wrote %zu rows to %s", t->shown.n, path);
	return CHANGED_SCREEN;
}

unsigned cmd_export(struct app *a, const char *args)
{
	struct ask q = { .label = "export to (.csv .json .md or text): ", .history = "file",
		.complete = "FILE", .done = export_to };

	return *args ? export_to(a, args, NULL) : app_ask(a, &q);
}
