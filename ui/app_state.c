/* Where somebody was: open recipes, the order and columns of tables, kept in
 * $XDG_STATE_HOME/cupel/state.json when the program ends and taken up when it starts. Nothing in it
 * is needed: what is missing or cannot be read is left as it comes. */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/json.h"
#include "ui/shell.h"

#define RECIPES_MAX 16

static char *state_file(void)
{
	char *dir = doc_state_dir(), *path = dir ? str_join_path(dir, "state.json") : NULL;

	free(dir);
	return path;
}

/* --- tables --- */
static json_t *table_state(const struct table *t)
{
	json_t *o = json_object();
	bool usual = true;

	if (t->sort >= 0)
		json_object_set_new(o, "sort", json_textn(t->columns[t->sort].name));
	if (t->reverse)
		json_object_set_new(o, "reverse", json_true());
	for (int c = 0; c < t->n_columns; c++)
		usual &= table_column_shown(t, c) == (t->columns[c].priority > 0);
	if (!usual) {
		json_t *columns = json_array();

		for (int c = 0; c < t->n_columns; c++)
			if (table_column_shown(t, c))
				json_array_append_new(columns, json_textn(t->columns[c].name));
		json_object_set_new(o, "columns", columns);
	}
	return o;
}

static void table_take(struct table *t, const json_t *o)
{
	const json_t *columns = json_at(o, "columns");
	int sort = table_column(t, json_text(o, "sort", ""));

	if (*json_text(o, "sort", "") && sort >= 0)
		t->sort = sort;
	t->reverse = json_flag(o, "reverse", false);
	for (int c = 0; json_is_array(columns) && c < t->n_columns; c++) {
		bool shown = false;

		for (size_t i = 0; i < json_array_size(columns); i++)
			shown |= str_eq(json_string_value(json_array_get(columns, i)),
				t->columns[c].name);
		if (shown != table_column_shown(t, c))
			table_toggle_column(t, c);
	}
}

/* --- the file --- */
void shell_state_save(struct shell *s)
{
	json_t *o = json_object(), *views = json_object(), *recipes = json_array();
	char *path = state_file(), *dir = doc_state_dir();

	for (int i = 0; i < APP_VIEWS; i++) {
		const struct view *v = s->a.views[i];

		if (v && v->table && v->ops->context & (CTX_MODELS | CTX_JOBS | CTX_HISTORY))
			json_object_set_new(views, v->ops->title, table_state(v->table));
	}
	for (size_t i = 0; i < s->a.docs.n; i++) {
		const struct doc *d = s->a.docs.v[i];
		char *real = d->path ? realpath(d->path, NULL) : NULL;

		if (real && json_array_size(recipes) < RECIPES_MAX)
			json_array_append_new(recipes, json_textn(real));
		free(real);
	}
	json_object_set_new(o, "views", views);
	json_object_set_new(o, "recipes", recipes);
	if (path && dir && file_mkdirs(dir, NULL))
		json_write_file(path, o, 1, NULL);
	json_decref(o);
	free(path);
	free(dir);
}

void shell_state_load(struct shell *s)
{
	char *path = state_file();
	json_t *o = path && file_exists(path) ? json_parse_file(path, 1 << 20, NULL) : NULL;
	const json_t *recipes = json_at(o, "recipes"), *views = json_at(o, "views");

	for (int i = 0; i < APP_VIEWS; i++) {
		struct view *v = s->a.views[i];

		if (v && v->table)
			table_take(v->table, json_object_get(views, v->ops->title));
	}
	for (size_t i = 0; i < json_array_size(recipes); i++) {
		const char *file = json_string_value(json_array_get(recipes, i));

		if (file && file_exists(file))
			app_restore_recipe(&s->a, file);
	}
	json_decref(o);
	free(path);
}
