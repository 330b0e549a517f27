/* Commands of view Models. */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "merge/method.h"
#include "recipe/recipe.h"
#include "ui/view/view_models.h"

bool command_on_model(const struct app *a)
{
	return a->view->ops->digit == 1 ? models_selected(a) != NULL : a->n_shown > 0;
}

/* Another view asks: the models may have been read again since Models was seen, and its rows lead
 * to those before. */
static struct models_view *models_now(const struct app *a)
{
	struct models_view *v = app_view_of((struct app *)a, &view_models);
	unsigned bits = v->view.stale;

	if (bits & (CHANGED_MODELS | CHANGED_RUNS)) {
		v->view.stale = 0;
		view_models.update(&v->view, bits);
	}
	return v;
}

static const struct catalog_model *selected_now(const struct app *a)
{
	models_now(a);
	return models_selected(a);
}

const char *app_selected_model(const struct app *a)
{
	const struct catalog_model *m = selected_now(a);

	return m ? m->path : NULL;
}

int64_t app_selected_model_run(const struct app *a)
{
	const struct catalog_model *m = selected_now(a);

	return m ? m->run : 0;
}

/* A row's id is that of its model and one; others have a bit of their own (lineage_rows.c). */
static int64_t model_of_row(uint64_t id)
{
	return id && id < 1ull << 62 ? (int64_t)(id - 1) : 0;
}

int64_t app_selected_model_id(const struct app *a)
{
	const struct models_view *v = app_view_of((struct app *)a, &view_models);

	return model_of_row(v->table.cursor_id);
}

size_t app_marked_models(const struct app *a, int64_t *ids, size_t max)
{
	const struct models_view *v = app_view_of((struct app *)a, &view_models);
	size_t k = 0;

	for (size_t i = 0; i < v->table.mark_order.n && k < max; i++)
		if (model_of_row(v->table.mark_order.v[i]))
			ids[k++] = model_of_row(v->table.mark_order.v[i]);
	return k;
}

/* The edge whose recipe made a node; what only quantizes leads on to its source. */
static const struct lineage_edge *recipe_edge(const struct lineage *l, size_t node)
{
	while (node != LINEAGE_NONE && l->first[node] < l->first[node + 1]) {
		const struct lineage_edge *e = &l->edges[l->first[node]];

		if (e->recipe && !str_eq(e->relation, "quantized"))
			return e;
		node = str_eq(e->relation, "quantized") ? e->parent : LINEAGE_NONE;
	}
	return NULL;
}

unsigned app_open_model_recipe(struct app *a)
{
	struct models_view *v = app_view_of(a, &view_models);
	size_t node = models_node(v);
	const struct lineage_edge *e = node == LINEAGE_NONE ? NULL :
		recipe_edge(v->graph->l, node);
	int64_t run = e ? e->run : app_selected_model_run(a);
	struct err why = { 0 };
	struct recipe *r;
	char *name;
	unsigned bits;

	if (run)
		return app_open_run_recipe(a, run);
	if (!e) {
		app_say(a, "no run of this catalog made it, and no card or file has its recipe");
		return CHANGED_SCREEN;
	}
	r = recipe_parse(e->recipe, strlen(e->recipe), NULL, &why);
	if (!r)
		return app_fail(a, &why);
	name = xasprintf("%s.yml", str_base(v->graph->l->nodes[e->child].name));
	bits = app_add_recipe(a, r, name, 0);
	app_say(a, "the recipe of %s, as %s has it", v->graph->l->nodes[e->child].name, e->source);
	free(name);
	return bits;
}

unsigned cmd_nearest(struct app *a, const char *args)
{
	struct models_view *v = app_view_of(a, &view_models);

	(void)args;
	model_card_nearest(&v->card, a);
	return CHANGED_SCREEN;
}

unsigned cmd_arrange(struct app *a, const char *args)
{
	struct models_view *v = app_view_of(a, &view_models);

	(void)args;
	v->folders = !v->folders;
	models_reload(v);
	return CHANGED_ROWS;
}

/* The marked models (the selected one if none is marked), at most max. */
static size_t marked(struct app *a, const struct catalog_model **out, size_t max)
{
	struct models_view *v = app_view_of(a, &view_models);
	size_t rows[64], n = table_marked(&v->table, rows, 64), k = 0;

	for (size_t i = 0; i < n && i < 64; i++)
		if (models_row(v, rows[i])->model && k < max)
			out[k++] = models_row(v, rows[i])->model;
	return k;
}

unsigned cmd_open_model(struct app *a, const char *args)
{
	struct models_view *v = app_view_of(a, &view_models);
	const struct catalog_model *m = models_selected(a);
	const char *name = m ? m->path : NULL;

	if (*args)
		return app_show_models(a, &args, 1);
	if (name)
		return app_show_models(a, &name, 1);
	if (v->table.shown.n && table_selected(&v->table) >= 0) { /* a folder */
		const struct table_row *r = &v->table.shown.v[v->table.cursor];

		table_fold(&v->table, v->table.cursor_id, !r->folded);
		return CHANGED_ROWS;
	}
	return 0;
}

unsigned cmd_diff_models(struct app *a, const char *args)
{
	const struct catalog_model *m[4];
	const char *names[4];
	size_t n = marked(a, m, 4);

	(void)args;
	if (n < 2) {
		app_say(a, "mark two to four models with Space first");
		return CHANGED_SCREEN;
	}
	for (size_t i = 0; i < n; i++)
		names[i] = m[i]->path;
	return app_show_models(a, names, n);
}

/* How a recipe names a model: owner/name where that is its place in a cache, else the path. */
static const char *recipe_name(const struct catalog_model *m)
{
	return strstr(m->path, "/models--") && strchr(m->name, '/') ? m->name : m->path;
}

static unsigned start_recipe(struct app *a, const char *method)
{
	const struct catalog_model *m[MERGE_MAX_INPUTS];
	const char *names[MERGE_MAX_INPUTS];
	const struct method *row = method_by_name(method);
	struct err e = { 0 };
	struct recipe *r;
	size_t n = 0, first;
	struct str name = STR_INIT;
	unsigned bits;

	if (a->view->ops->digit == 1)
		n = marked(a, m, MERGE_MAX_INPUTS);
	for (size_t i = 0; i < n; i++)
		names[i] = recipe_name(m[i]);
	for (size_t i = 0; a->view->ops->digit != 1 && i < a->n_shown; i++)
		names[n++] = a->shown[i];
	first = row && row->base == 1 ? 1 : 0; /* the first marked model is the base */
	r = recipe_new(method, names + (n > first ? first : 0), n - (n > first ? first : 0),
		first ? names[0] : NULL, &e);
	if (!r)
		return app_fail(a, &e);
	str_addf(&name, "%s-%zu.yml", method, a->docs.n + 1);
	bits = app_add_recipe(a, r, name.s, 0);
	str_fini(&name);
	return bits;
}

static unsigned method_picked(struct app *a, size_t i, void *ctx)
{
	(void)ctx;
	return method_at(i) ? start_recipe(a, method_at(i)->name) : 0;
}

unsigned cmd_new_recipe(struct app *a, const char *args)
{
	struct choice items[64];
	size_t n = 0;

	if (*args)
		return start_recipe(a, args);
	for (; n < 64 && method_at(n); n++)
		items[n] = (struct choice){ method_at(n)->name, method_at(n)->help, false };
	return app_menu(a, "new recipe: how to merge", items, n, 0, method_picked, NULL);
}
