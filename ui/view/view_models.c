/* View Models: what is on this machine, as a tree by lineage or by folder. */
#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "catalog/measured.h"
#include "merge/method.h"
#include "system/file.h"
#include "ui/command/settings.h"
#include "ui/view/app.h"
#include "ui/view/lineage_rows.h"
#include "ui/view/model_card.h"
#include "ui/view/model_scores.h"

enum { COL_NAME, COL_HOW, COL_KIND, COL_ARCH, COL_PARAMS, COL_BITS, COL_SIZE, COL_SCORE, COL_PATH,
	N_COLUMNS };
static const struct column columns[N_COLUMNS] = {
	{ "name", "NAME", -1, 24, 0, 9, false, true, CUT_MIDDLE,
		"Its name, under the model it came from." },
	{ "how", "", -1, 0, 24, 4, false, true, CUT_END,
		"The recipe that made it, or what is missing." },
	{ "kind", "KIND", -1, 5, 0, 6, false, true, CUT_END, "base, tune, merge or quant." },
	{ "arch", "ARCH", -1, 0, 14, 5, false, true, CUT_END, "Architecture." },
	{ "params", "PARAMS", 1, 0, 0, 7, true, false, CUT_END,
		"Parameters it stands for, packed or not." },
	{ "bits", "BITS", 1, 0, 0, 6, true, false, CUT_END, "Bits per weight as stored." },
	{ "size", "SIZE", 1, 0, 0, 8, true, false, CUT_END, "Bytes of the weights on disk." },
	{ "score", "SCORE", 1, 0, 0, 5, true, false, CUT_END,
		"A score of choice: c takes another one." },
	{ "path", "PATH", -1, 0, 0, 0, false, false, CUT_START, "Where it is." },
};

struct models_view {
	struct view view;
	struct table table;
	struct model_rows rows;
	struct rect head, detail;
	struct model_card card;   /* of the selected model */
	bool folders;
	bool scored;              /* some model has the score of choice */
	char *folder;
	uint64_t free_bytes;
};

static struct model_row *row_at(struct models_view *v, size_t i)
{
	return &v->rows.rows.v[i];
}

static const struct catalog_model *selected(const struct app *a)
{
	struct models_view *v = app_view_of((struct app *)a, &view_models);
	long row = v ? table_selected(&v->table) : -1;

	return row >= 0 ? row_at(v, (size_t)row)->model : NULL;
}

/* --- the table --- */
static unsigned kind_style(const char *kind)
{
	return str_eq(kind, "base") ? STYLE_value : str_eq(kind, "merge") ? STYLE_note :
		str_eq(kind, "quant") ? STYLE_dim : STYLE_normal;
}

static void size_text(struct str *out, const struct catalog_model *m)
{
	if (str_eq(m->state, "dropped"))
		str_add(out, "dropped");
	else if (m->bytes)
		str_add_bytes(out, m->bytes);
}

static void cell(void *ctx, size_t i, int column, struct table_cell *out)
{
	struct models_view *v = ctx;
	const struct model_row *r = row_at(v, i);
	const struct catalog_model *m = r->model;

	if (column == COL_NAME) {
		str_add(&out->text, r->label);
		out->style = m ? STYLE_normal : STYLE_heading;
		return;
	}
	if (!m)
		return;
	switch (column) {
	case COL_HOW:
		str_add(&out->text, r->how);
		out->style = m->partial ? STYLE_warn : STYLE_dim;
		break;
	case COL_KIND:
		str_add(&out->text, m->kind ? m->kind : "");
		out->style = kind_style(m->kind);
		break;
	case COL_ARCH: str_add(&out->text, m->architecture ? m->architecture : ""); break;
	case COL_PARAMS:
		if (m->parameters)
			str_add_count(&out->text, m->parameters);
		break;
	case COL_BITS:
		if (m->bits > 0)
			str_addf(&out->text, "%.1f", m->bits);
		break;
	case COL_SIZE: size_text(&out->text, m); break;
	case COL_SCORE:
		if (!isnan(r->score))
			model_score_text(r->score, &out->text);
		break;
	case COL_PATH: str_add(&out->text, m->path); break;
	}
}

static double value(void *ctx, size_t i, int column)
{
	const struct model_row *r = row_at(ctx, i);

	if (!r->model)
		return NAN;
	switch (column) {
	case COL_PARAMS: return (double)r->model->parameters;
	case COL_BITS: return r->model->bits;
	case COL_SIZE: return (double)r->model->bytes;
	case COL_SCORE: return r->score;
	default: return NAN;
	}
}

static uint64_t id(void *ctx, size_t i)
{
	return row_at(ctx, i)->id;
}

static long parent(void *ctx, size_t i)
{
	return row_at(ctx, i)->parent;
}

static const struct table_source source = { cell, value, id, parent };

/* --- life --- */
static void open_view(struct view *view)
{
	struct models_view *v = (struct models_view *)view;

	table_init(&v->table, columns, N_COLUMNS, &source, v);
	v->table.empty =
		"no models yet: cupel looks in the Hugging Face cache and here; :rescan DIR "
		"looks elsewhere";
	arena_init(&v->rows.text);
	v->view.table = &v->table;
}

static void close_view(struct view *view)
{
	struct models_view *v = (struct models_view *)view;

	table_fini(&v->table);
	model_rows_fini(&v->rows);
	model_card_fini(&v->card);
	free(v->folder);
}

static int by_model(const void *key, const void *p)
{
	int64_t id = *(const int64_t *)key, other = ((const struct catalog_figure *)p)->model;

	return id < other ? -1 : id > other;
}

/* The score of choice, in one look for all models. */
static void add_scores(struct models_view *v)
{
	const char *task = settings_get("score");
	size_t n = 0;
	struct catalog_figure *f = *task ? catalog_task_figures(v->view.app->catalog, task, &n,
		NULL) : NULL;

	v->scored = n > 0;
	for (size_t i = 0; i < v->rows.rows.n; i++) {
		struct model_row *r = row_at(v, i);
		const struct catalog_figure *at = r->model && n ? bsearch(&r->model->id, f, n,
			sizeof *f, by_model) : NULL;

		r->score = at ? at->value : NAN;
	}
	free(f);
}

/* The method of the run that made it; its score. */
static void add_runs(struct models_view *v)
{
	struct app *a = v->view.app;

	for (size_t i = 0; i < v->rows.rows.n; i++) {
		struct model_row *r = row_at(v, i);
		struct catalog_run *run;

		if (!r->model || !r->model->run || *r->how)
			continue;
		run = catalog_run_get(a->catalog, r->model->run, NULL);
		if (run && run->method)
			r->how = arena_strdup(&v->rows.text, run->method);
		catalog_runs_free(run, run ? 1 : 0);
	}
	add_scores(v);
}

static void reload(struct models_view *v)
{
	struct app *a = v->view.app;
	int64_t *parents = xnew(int64_t, a->n_models ? a->n_models : 1);

	catalog_parents(a->catalog, a->models, a->n_models, parents);
	model_rows_build(&v->rows, a->models, a->n_models, parents, v->folders);
	free(parents);
	add_runs(v);
	if (!v->scored && !(v->table.asked & 1ull << COL_SCORE))
		v->table.hidden |= 1ull << COL_SCORE;
	else
		v->table.hidden &= ~(1ull << COL_SCORE);
	free(v->folder);
	v->folder = model_common_folder(a->models, a->n_models);
	if (!file_free_space(*v->folder ? v->folder : ".", &v->free_bytes))
		v->free_bytes = 0;
	table_set_rows(&v->table, v->rows.rows.n);
}

static void update(struct view *view, unsigned changed)
{
	struct models_view *v = (struct models_view *)view;

	if (changed & (CHANGED_MODELS | CHANGED_RUNS))
		reload(v);
	model_card_show(&v->card, view->app, selected(view->app));
}

/* --- on the screen --- */
/* What the rows leave free, as much as there is to say; on a tall screen some lines in any case. */
static int detail_height(const struct models_view *v, int height)
{
	int want = (int)v->card.lines.n + 1, least = height >= 26 ? 10 : height >= 18 ? 7 : 0;
	int free_rows = height - 2 - (int)v->table.shown.n;

	if (v->card.reading && want < least)
		want = least;
	return want <= least       ? least
	       : free_rows < least ? least
	       : free_rows < want  ? free_rows
				   : want;
}

static void layout(struct view *view, struct rect area)
{
	struct models_view *v = (struct models_view *)view;
	struct rect r = area;

	model_card_show(&v->card, view->app, selected(view->app));
	v->head = rect_top(&r, 1);
	if (area.w >= 120)
		v->detail = rect_right(&r, area.w * 2 / 5);
	else
		v->detail = rect_bottom(&r, detail_height(v, area.h));
	rect_left(&r, 1);
	table_place(&v->table, r);
}

static void draw_head(const struct models_view *v, struct grid *g)
{
	const struct app *a = v->view.app;
	struct str s = STR_INIT;
	const char *home = getenv("HOME");
	size_t n = home ? strlen(home) : 0;

	if (a->demo)
		str_add(&s, "the demonstration family: no models were found here; :rescan DIR "
			    "looks in DIR");
	else if (n > 1 && str_starts(v->folder ? v->folder : "", home))
		str_addf(&s, "~%s", v->folder + n);
	else
		str_add(&s, v->folder && *v->folder ? v->folder : "models");
	str_addf(&s, " · %zu model%s", a->n_models, a->n_models == 1 ? "" : "s");
	if (v->free_bytes && !a->demo) {
		str_add(&s, " · ");
		str_add_bytes(&s, v->free_bytes);
		str_add(&s, " free");
	}
	str_add(&s, v->folders ? " · by folder" : " · by lineage");
	if (table_column_shown(&v->table, COL_SCORE))
		str_addf(&s, " · score %s", settings_get("score"));
	if (a->scan)
		str_add(&s, " · looking…");
	grid_fit(g, v->head.x + 1, v->head.y, v->head.w - 2, STYLE_dim, s.s, CUT_END);
	str_fini(&s);
}

static void draw(const struct view *view, struct grid *g)
{
	const struct models_view *v = (const struct models_view *)view;

	draw_head(v, g);
	table_draw(&v->table, g, true);
	if (v->detail.h > 2)
		model_card_draw(&v->card, g, v->detail);
}

static const char *label(const struct view *view, const struct command *c)
{
	const struct models_view *v = (const struct models_view *)view;

	if (str_eq(c->name, "arrange"))
		return v->folders ? "lineage" : "folders";
	return NULL;
}

static bool copy_command(const struct view *view, struct str *out)
{
	const struct catalog_model *m = selected(view->app);

	if (m)
		str_addf(out, "cupel inspect %s", m->path);
	return m != NULL;
}

static bool busy(const struct view *view)
{
	return ((const struct models_view *)view)->card.reading;
}

/* --- the score of choice --- */

static unsigned score_picked(struct app *a, size_t i, void *ctx)
{
	struct models_view *v = ctx;
	size_t n = 0;
	struct catalog_measured_task *t = catalog_measured_tasks(a->catalog, &n, NULL);
	uint64_t bit = 1ull << COL_SCORE;
	struct err e = { 0 };
	bool ok = i >= n || settings_set("score", t[i].task, &e);

	catalog_measured_tasks_free(t, n);
	if (!ok)
		return app_fail(a, &e);
	v->table.asked &= ~bit;
	if (i < n)
		v->table.asked |= bit;
	reload(v);
	if (i >= n)
		v->table.hidden |= bit;
	return CHANGED_LAYOUT | CHANGED_ROWS;
}

/* The score column asks which one. */
static unsigned pick_column(struct view *view, int column)
{
	struct app *a = view->app;
	struct choice items[40];
	struct str help[40] = { { 0 } };
	struct catalog_measured_task *t;
	size_t n = 0, at = 0;
	unsigned bits;

	if (column != COL_SCORE)
		return COMMAND_REFUSED;
	t = catalog_measured_tasks(a->catalog, &n, NULL);
	if (!n) {
		free(t);
		app_say(a, "no model here has a score; i imports what other programs measured");
		return CHANGED_SCREEN;
	}
	for (size_t i = 0; i < n && i < 39; i++) {
		bool on = str_eq(t[i].task, settings_get("score"));

		str_addf(&help[i], "%lld model%s", (long long)t[i].models, t[i].models == 1 ? "" :
			"s");
		items[i] = (struct choice){ t[i].task, help[i].s, on };
		at = on ? i : at;
	}
	if (n < 40)
		items[n] = (struct choice){ "no score", "hide the column", false };
	bits = app_menu(a, "score", items, n < 39 ? n + 1 : 39, at, score_picked, view);
	for (size_t i = 0; i < 40; i++)
		str_fini(&help[i]);
	catalog_measured_tasks_free(t, n);
	return bits;
}

const struct view_ops view_models = {
	.digit = 1,
	.title = "Models",
	.context = CTX_MODELS,
	.size = sizeof(struct models_view),
	.open = open_view,
	.close = close_view,
	.update = update,
	.layout = layout,
	.draw = draw,
	.busy = busy,
	.copy_command = copy_command,
	.pick_column = pick_column,
	.label = label,
};

/* --- commands --- */
bool command_on_model(const struct app *a)
{
	return a->view->ops->digit == 1 ? selected(a) != NULL : a->n_shown > 0;
}

const char *app_selected_model(const struct app *a)
{
	const struct catalog_model *m = selected(a);

	return m ? m->path : NULL;
}

int64_t app_selected_model_run(const struct app *a)
{
	const struct catalog_model *m = selected(a);

	return m ? m->run : 0;
}

int64_t app_selected_model_id(const struct app *a)
{
	const struct catalog_model *m = selected(a);

	return m ? m->id : 0;
}

size_t app_marked_models(const struct app *a, int64_t *ids, size_t max)
{
	struct models_view *v = app_view_of((struct app *)a, &view_models);
	size_t rows[256], k = 0;
	size_t n = v && v->table.mark_order.n ? table_marked(&v->table, rows, 256) : 0;

	for (size_t i = 0; i < n && i < 256 && k < max; i++)
		if (row_at(v, rows[i])->model)
			ids[k++] = row_at(v, rows[i])->model->id;
	return k;
}

unsigned cmd_arrange(struct app *a, const char *args)
{
	struct models_view *v = app_view_of(a, &view_models);

	(void)args;
	v->folders = !v->folders;
	reload(v);
	return CHANGED_ROWS;
}

/* The marked models (the selected one if none is marked), at most max. */
static size_t marked(struct app *a, const struct catalog_model **out, size_t max)
{
	struct models_view *v = app_view_of(a, &view_models);
	size_t rows[64], n = table_marked(&v->table, rows, 64), k = 0;

	for (size_t i = 0; i < n && i < 64; i++)
		if (row_at(v, rows[i])->model && k < max)
			out[k++] = row_at(v, rows[i])->model;
	return k;
}

unsigned cmd_open_model(struct app *a, const char *args)
{
	struct models_view *v = app_view_of(a, &view_models);
	const struct catalog_model *m = selected(a);
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
	bits = app_add_recipe(a, r, name.s, -1, 0);
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
