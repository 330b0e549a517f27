/* View Models: what is on this machine, as a tree by lineage or by folder. */
#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "catalog/cards.h"
#include "catalog/measured.h"
#include "system/file.h"
#include "ui/command/settings.h"
#include "ui/view/app.h"
#include "ui/view/model_scores.h"
#include "ui/view/view_models.h"

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

struct model_row *models_row(struct models_view *v, size_t i)
{
	return &v->rows.rows.v[i];
}

static const struct model_row *selected_row(const struct app *a)
{
	struct models_view *v = app_view_of((struct app *)a, &view_models);
	long row = v ? table_selected(&v->table) : -1;

	return row >= 0 ? models_row(v, (size_t)row) : NULL;
}

const struct catalog_model *models_selected(const struct app *a)
{
	const struct model_row *r = selected_row(a);

	return r ? r->model : NULL;
}

size_t models_node(const struct models_view *v)
{
	const struct model_row *r = selected_row(v->view.app);

	return !r || !v->graph || (!r->model && !r->elsewhere) ? LINEAGE_NONE :
		r->model ? lineage_of_model(v->graph->l, r->model->id) : r->node;
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
	const struct model_row *r = models_row(v, i);
	const struct catalog_model *m = r->model;

	if (column == COL_NAME) {
		str_add(&out->text, r->label);
		out->style = m ? STYLE_normal : r->elsewhere ? STYLE_dim : STYLE_heading;
		return;
	}
	if (r->elsewhere && column == COL_HOW) {
		str_add(&out->text, r->how);
		out->style = STYLE_dim;
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
	const struct model_row *r = models_row(ctx, i);

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
	return models_row(ctx, i)->id;
}

static long parent(void *ctx, size_t i)
{
	return models_row(ctx, i)->parent;
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
	run_page_fini(&v->page);
	graph_unref(v->graph);
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
		struct model_row *r = models_row(v, i);
		const struct catalog_figure *at = r->model && n ? bsearch(&r->model->id, f, n,
			sizeof *f, by_model) : NULL;

		r->score = at ? at->value : NAN;
	}
	free(f);
}

void models_reload(struct models_view *v)
{
	struct app *a = v->view.app;

	model_rows_build(&v->rows, a->models, a->n_models, v->graph ? v->graph->l : NULL,
		v->folders);
	add_scores(v);
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

static void weave(struct models_view *v);

static unsigned woven(struct app *a, struct graph *g)
{
	struct models_view *v = app_view_of(a, &view_models);

	v->weaving = false;
	if (g) {
		graph_unref(v->graph);
		v->graph = g;
		models_reload(v);
	}
	if (v->stale)
		weave(v);
	return CHANGED_ROWS;
}

static void weave(struct models_view *v)
{
	const struct app *a = v->view.app;
	uint64_t version = catalog_lineage_version(a->catalog);

	if (v->woven == version && v->of == a->catalog && !v->stale)
		return;
	v->woven = version;
	v->of = a->catalog;
	v->stale = v->weaving;
	if (!v->weaving)
		graph_make(v->view.app, woven);
	v->weaving = true;
}

static void show_card(struct models_view *v, bool wide)
{
	struct app *a = v->view.app;
	const struct model_row *r = selected_row(a);

	model_card_show(&v->card, a, r ? r->model : NULL, v->graph, r && r->elsewhere ?
		models_node(v) : LINEAGE_NONE, wide);
}

static void update(struct view *view, unsigned changed)
{
	struct models_view *v = (struct models_view *)view;

	if (changed & (CHANGED_MODELS | CHANGED_RUNS)) {
		models_reload(v);
		weave(v);
	}
	show_card(v, v->card.wide);
}

/* --- on the screen --- */
/* What the rows leave free, as much as there is to say; on a tall screen some lines in any case. */
static int detail_height(const struct models_view *v, int height)
{
	int want = (int)v->card.lines.n + 1, least = height >= 26 ? 10 : height >= 18 ? 7 : 0;
	int free_rows = height - 2 - (int)v->table.shown.n;

	if (model_card_busy(&v->card) && want < least)
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

	show_card(v, area.w >= 120);
	v->head = rect_top(&r, 1);
	if (area.w >= 120)
		v->detail = rect_right(&r, area.w * 2 / 5);
	else if (v->reading)
		v->detail = rect_bottom(&r, r.h);
	else
		v->detail = rect_bottom(&r, detail_height(v, area.h));
	rect_left(&r, 1);
	table_place(&v->table, r);
	if (v->reading && (v->page_of != v->card.id || v->page_lines != v->card.lines.n ||
		v->page_width != v->detail.w)) {
		model_card_page(&v->card, view->app, &v->page, v->detail.w - 1);
		v->page_of = v->card.id;
		v->page_lines = v->card.lines.n;
		v->page_width = v->detail.w;
	}
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
	if (!v->reading || v->detail.x > 0)
		table_draw(&v->table, g, !v->reading);
	if (v->reading) {
		struct rect page = v->detail;

		if (page.x > 0)
			rect_left(&page, 1);
		for (int y = v->detail.y; page.x > 1 && y < v->detail.y + v->detail.h; y++)
			grid_text(g, v->detail.x, y, STYLE_rule, "│");
		run_page_draw(&v->page, g, page);
		g->cursor_x = v->detail.x;
		g->cursor_y = v->detail.y;
	} else if (v->detail.h > 2) {
		model_card_draw(&v->card, g, v->detail);
	}
}

/* An open page scrolls; else the table moves. */
static unsigned move(struct view *view, enum move m, int count)
{
	struct models_view *v = (struct models_view *)view;
	int page = v->detail.h - 2;
	int n = m == MOVE_UP ? -count : m == MOVE_DOWN ? count : m == MOVE_PAGE_UP ? -page :
		m == MOVE_PAGE_DOWN ? page : m == MOVE_FIRST ? -100000 :
		m == MOVE_LAST ? 100000 : 0;

	if (!v->reading)
		return table_move(&v->table, m, count) ? CHANGED_ROWS : 0;
	run_page_scroll(&v->page, n, v->detail.h);
	return CHANGED_SCREEN;
}

/* Tab goes to the card, to be read whole, and back. */
static unsigned focus(struct view *view, int direction)
{
	struct models_view *v = (struct models_view *)view;

	(void)direction;
	v->reading = !v->reading;
	v->page.top = 0;
	v->page_width = 0;
	return CHANGED_LAYOUT;
}

static bool escape(struct view *view)
{
	struct models_view *v = (struct models_view *)view;
	bool was = v->reading;

	v->reading = false;
	return was;
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
	const struct catalog_model *m = models_selected(view->app);

	if (m)
		str_addf(out, "cupel inspect %s", m->path);
	return m != NULL;
}

static bool busy(const struct view *view)
{
	const struct models_view *v = (const struct models_view *)view;

	return v->weaving || model_card_busy(&v->card);
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
	models_reload(v);
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
	.move = move,
	.focus = focus,
	.escape = escape,
	.busy = busy,
	.copy_command = copy_command,
	.pick_column = pick_column,
	.label = label,
};
