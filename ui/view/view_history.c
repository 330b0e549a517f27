/* View History: every run, what became of it, and what differs between two. */
#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "catalog/cards.h"
#include "system/file.h"
#include "ui/command/settings.h"
#include "ui/view/view_history.h"

enum {
	COL_ID,
	COL_WHEN,
	COL_WHAT,
	COL_NAME,
	COL_METHOD,
	COL_STATUS,
	COL_TIME,
	COL_DISK,
	COL_SCORE,
	COL_TAGS,
	COL_FROM,
	COL_SIZE,
	COL_SEED,
	COL_NOTE,
	N_COLUMNS
};
static const struct column columns[N_COLUMNS] = {
	{ "id", "ID", 1, 3, 0, 9, true, false, CUT_END, "Number of the run." },
	{ "when", "WHEN", -1, 11, 11, 6, false, false, CUT_END, "When it started." },
	{ "what", "WHAT", -1, 5, 8, 4, false, true, CUT_END, "merge, quantize, eval, sweep …" },
	{ "name", "NAME", -1, 12, 0, 8, false, true, CUT_MIDDLE,
		"Name of the run: :name-run changes it." },
	{ "method", "METHOD", -1, 8, 18, 5, false, true, CUT_END, "How it merged." },
	{ "status", "STATUS", -1, 4, 0, 7, false, true, CUT_END,
		"running, done, failed, cancelled, stopped." },
	{ "seconds", "TIME", 1, 5, 0, 4, true, false, CUT_END, "How long it took." },
	{ "disk", "DISK", 1, 7, 0, 6, true, false, CUT_END,
		"What of its output is there: bytes, or why it is not." },
	{ "score", "SCORE", 1, 5, 0, 5, true, false, CUT_END,
		"A result of choice, of the run or of what it wrote: set score TASK." },
	{ "tags", "TAGS", -1, 4, 20, 3, false, true, CUT_END, "t adds one, t -TAG takes it away." },
	{ "from", "FROM", 1, 4, 0, 2, true, false, CUT_END,
		"The run it was branched or replayed from." },
	{ "size", "SIZE", 1, 0, 0, 0, true, false, CUT_END, "Bytes it wrote." },
	{ "seed", "SEED", 1, 0, 0, 0, true, false, CUT_END, "Of its random masks." },
	{ "note", "NOTE", -1, 0, 30, 1, false, true, CUT_END, "The newest note." },
};

static struct catalog_run *run_at(void *ctx, size_t i)
{
	return &((struct history_view *)ctx)->runs[i];
}

struct history_view *history_self(const struct app *a)
{
	return app_view_of((struct app *)a, &view_history);
}

struct catalog_run *history_selected(const struct app *a)
{
	struct history_view *v = history_self(a);
	long row = v ? table_selected(&v->table) : -1;

	return row >= 0 ? &v->runs[row] : NULL;
}

/* --- the table --- */
static unsigned status_style(const char *s)
{
	return str_eq(s, "done") ? STYLE_good : str_eq(s, "failed") ? STYLE_bad :
		str_eq(s, "running") ? STYLE_value :
		str_eq(s, "imported") ? STYLE_normal : STYLE_warn;
}

/* Files are looked for when a row is drawn or sorted by: not for thousands at once. */
static bool on_disk(const struct history_view *v, size_t i)
{
	if (v->on_disk[i] < 0)
		v->on_disk[i] = v->runs[i].output && file_exists(v->runs[i].output);
	return v->on_disk[i];
}

static bool there(const struct history_view *v, size_t i)
{
	return !v->runs[i].replaced && on_disk(v, i);
}

static void disk_text(const struct history_view *v, size_t i, struct table_cell *out)
{
	const struct catalog_run *r = &v->runs[i];

	if (!r->output || !str_eq(r->status, "done"))
		return;
	if (there(v, i) && r->bytes)
		str_add_bytes(&out->text, r->bytes);
	else
		str_add(&out->text, r->replaced ? "replaced" : on_disk(v, i) ? "yes" :
			r->dropped ? "dropped" : "gone");
	out->style = there(v, i) ? STYLE_normal : STYLE_dim;
}

static void cell(void *ctx, size_t i, int column, struct table_cell *out)
{
	const struct catalog_run *r = run_at(ctx, i);

	switch (column) {
	case COL_ID: str_addf(&out->text, "%lld", (long long)r->id); break;
	case COL_WHEN:
		run_page_when(&out->text, r->started);
		break;
	case COL_WHAT: str_add(&out->text, r->kind ? r->kind : ""); break;
	case COL_NAME: str_add(&out->text, r->name ? r->name : ""); break;
	case COL_METHOD: str_add(&out->text, r->method ? r->method : ""); break;
	case COL_STATUS:
		str_add(&out->text, r->status ? r->status : "");
		out->style = status_style(r->status);
		break;
	case COL_TIME:
		if (r->seconds > 0)
			str_add_seconds(&out->text, r->seconds);
		break;
	case COL_SIZE:
		if (r->bytes)
			str_add_bytes(&out->text, r->bytes);
		break;
	case COL_DISK: disk_text(ctx, i, out); break;
	case COL_SCORE: {
		double score = ((struct history_view *)ctx)->scores[i];

		if (!isnan(score))
			str_addf(&out->text, score >= 10 ? "%.2f" : "%.3f", score);
		break;
	}
	case COL_FROM:
		if (r->parent)
			str_addf(&out->text, "%lld", (long long)r->parent);
		break;
	case COL_SEED: str_addf(&out->text, "%llu", (unsigned long long)r->seed); break;
	case COL_TAGS:
		str_add(&out->text, r->tags ? r->tags : "");
		out->style = STYLE_note;
		break;
	case COL_NOTE: str_add(&out->text, r->note ? r->note : ""); break;
	}
}

static double value(void *ctx, size_t i, int column)
{
	const struct catalog_run *r = run_at(ctx, i);

	switch (column) {
	case COL_ID: return (double)r->id;
	case COL_TIME: return r->seconds;
	case COL_SIZE: return (double)r->bytes;
	case COL_DISK: return there(ctx, i) ? (double)r->bytes : NAN;
	case COL_SCORE: return ((struct history_view *)ctx)->scores[i];
	case COL_FROM: return r->parent ? (double)r->parent : NAN;
	case COL_SEED: return (double)r->seed;
	default: return NAN;
	}
}

static uint64_t id(void *ctx, size_t i)
{
	return (uint64_t)run_at(ctx, i)->id + 1;
}

static const struct table_source source = { cell, value, id, NULL };

/* --- life --- */
static void open_view(struct view *view)
{
	struct history_view *v = (struct history_view *)view;

	table_init(&v->table, columns, N_COLUMNS, &source, v);
	v->table.empty = "no runs yet: what is merged or measured is listed here for good";
	v->view.table = &v->table;
}

static void close_view(struct view *view)
{
	struct history_view *v = (struct history_view *)view;

	table_fini(&v->table);
	catalog_runs_free(v->runs, v->n);
	free(v->on_disk);
	free(v->scores);
	free(v->score);
	free(v->values);
	free(v->cards);
	free(v->filter);
	free(v->trouble);
	run_page_fini(&v->page);
}

/* A column that says nothing takes no room, unless it was asked for. */
static void hide_empty(struct history_view *v)
{
	static const int may[] = { COL_SCORE, COL_FROM };

	for (size_t k = 0; k < sizeof may / sizeof *may; k++) {
		uint64_t bit = (uint64_t)1 << may[k];
		bool any = v->table.asked & bit;

		for (size_t i = 0; i < v->n && !any; i++)
			any = !isnan(value(v, i, may[k]));
		v->table.hidden = any ? v->table.hidden & ~bit : v->table.hidden | bit;
	}
}

/* again: the runs changed, not only which of them are shown. */
static void read_scores(struct history_view *v, bool again)
{
	const char *task = settings_get("score");

	if (again || !str_eq(task, v->score)) {
		free(v->score);
		free(v->values);
		v->score = xstrdup(task);
		v->n_values = 0;
		v->values = *task ? catalog_run_values(v->view.app->catalog, task, &v->n_values) :
			NULL;
	}
	free(v->scores);
	v->scores = xnew(double, v->n + 1);
	for (size_t i = 0; i < v->n; i++)
		v->scores[i] = catalog_value_of(v->values, v->n_values, v->runs[i].id);
	hide_empty(v);
}

static bool load(struct history_view *v, const char *filter, bool again, struct err *e)
{
	size_t n;
	struct catalog_run *runs = catalog_runs(v->view.app->catalog, filter, &n, e);

	if (!runs)
		return false;
	catalog_runs_free(v->runs, v->n);
	free(v->on_disk);
	v->runs = runs;
	v->n = n;
	v->on_disk = xnew(signed char, n + 1);
	memset(v->on_disk, -1, n + 1);
	read_scores(v, again);
	v->n_pages = 0;
	v->table.empty = filter ? "no run matches" : catalog_warning(v->view.app->catalog) ?
		"no run can be seen: nothing of this session will be remembered" :
		"no runs yet: what is merged or measured is listed here for good";
	table_set_rows(&v->table, n);
	return true;
}

/* The runs of the filter, read again. false: the filter is wrong, the rows stay as they are. */
static bool history_reload(struct history_view *v, struct err *e)
{
	return load(v, v->filter, true, e);
}

/* Words may stand in cards of models that no run wrote: their names, said beside the count. */
static void find_cards(struct history_view *v)
{
	size_t n = 0;
	struct catalog_card *cards = v->filter ? catalog_cards_found(v->view.app->catalog,
		v->filter, &n, NULL) : NULL;
	struct str s = STR_INIT;

	for (size_t i = 0; i < n && i < 3; i++)
		str_addf(&s, "%s%s", i ? ", " : "", cards[i].name);
	if (n > 3)
		str_addf(&s, " and %zu more", n - 3);
	catalog_cards_free(cards, n);
	free(v->cards);
	v->cards = n ? str_steal(&s) : NULL;
	str_fini(&s);
}

bool history_filter(struct history_view *v, const char *text, struct err *e)
{
	const char *filter = *text ? text : NULL;

	if (!load(v, filter, false, e))
		return false;
	free(v->filter);
	v->filter = filter ? xstrdup(filter) : NULL;
	find_cards(v);
	return true;
}

static void update(struct view *view, unsigned changed)
{
	struct history_view *v = (struct history_view *)view;

	if (changed & CHANGED_RUNS)
		history_reload(v, NULL);
	if (changed & (CHANGED_RUNS | CHANGED_JOBS | CHANGED_VIEW))
		history_say_job(v);
}

static int by_number(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

/* The lower pane follows the cursor; marked runs stand side by side, the oldest first. */
static void follow(struct history_view *v)
{
	size_t rows[HISTORY_SIDES], n = v->table.mark_order.n >= 2
		? table_marked(&v->table, rows, HISTORY_SIDES) : 0;
	const struct catalog_run *r = history_selected(v->view.app);
	int64_t ids[HISTORY_SIDES];
	struct err e = { 0 };
	int top = v->page.top;

	n = n > HISTORY_SIDES ? HISTORY_SIDES : n < 2 ? 0 : n;
	for (size_t i = 0; i < n; i++)
		ids[i] = v->runs[rows[i]].id;
	qsort(ids, n, sizeof *ids, by_number);
	if (!n && r)
		ids[n++] = r->id;
	if (n && n == v->n_pages && !memcmp(ids, v->pages, n * sizeof *ids))
		return;
	if (n > 1)
		run_page_sides(&v->page, v->view.app->catalog, ids, n, v->whole, &e);
	else if (n)
		run_page_one(&v->page, v->view.app->catalog, ids[0], &e);
	else
		run_page_fini(&v->page);
	if (v->page_open)
		v->page.top = top;
	memcpy(v->pages, ids, n * sizeof *ids);
	v->n_pages = n;
}

static void layout(struct view *view, struct rect area)
{
	struct history_view *v = (struct history_view *)view;
	struct rect r = area;

	if (!str_eq(v->score, settings_get("score"))) {
		read_scores(v, false);
		table_refresh(&v->table);
	}
	follow(v);
	v->head = rect_top(&r, 1);
	v->below = v->page_open ? r : rect_bottom(&r, area.h >= 18 ? area.h / 2 : 0);
	rect_left(&r, 1);
	v->list = r;
	table_place(&v->table, r);
	v->view.table = &v->table;
}

static void draw_head(const struct history_view *v, struct grid *g)
{
	struct str s = STR_INIT;

	str_addf(&s, "%zu run%s", v->n, v->n == 1 ? "" : "s");
	if (v->filter)
		str_addf(&s, " · %s", v->filter);
	if (v->cards)
		str_addf(&s, " · cards: %s", v->cards);
	if (v->score && *v->score && table_column_shown(&v->table, COL_SCORE))
		str_addf(&s, " · score %s", v->score);
	if (v->table.mark_order.n == 1)
		str_add(&s, " · mark a second one to compare");
	else if (v->table.mark_order.n > HISTORY_SIDES)
		str_addf(&s, " · the first %d marked side by side", HISTORY_SIDES);
	grid_fit(g, v->head.x + 1, v->head.y, v->head.w - 2,
		v->trouble ? STYLE_error : v->filter ? STYLE_value : STYLE_dim,
		v->trouble ? v->trouble : s.s, CUT_END);
	str_fini(&s);
}

static void draw(const struct view *view, struct grid *g)
{
	const struct history_view *v = (const struct history_view *)view;

	draw_head(v, g);
	if (!v->page_open)
		table_draw(&v->table, g, true);
	if (v->page.title && v->below.h > 2)
		run_page_draw(&v->page, g, v->below);
	if (v->page_open) {
		g->cursor_x = v->below.x;
		g->cursor_y = v->below.y;
	}
}

/* An open page scrolls; else the table moves. */
static unsigned move(struct view *view, enum move m, int count)
{
	struct history_view *v = (struct history_view *)view;
	int page = v->below.h - 2, n;

	if (!v->page_open)
		return table_move(&v->table, m, count) ? CHANGED_ROWS : 0;
	n = m == MOVE_UP          ? -count
	    : m == MOVE_DOWN      ? count
	    : m == MOVE_PAGE_UP   ? -page
	    : m == MOVE_PAGE_DOWN ? page
	    : m == MOVE_FIRST     ? -100000
	    : m == MOVE_LAST      ? 100000
				  : 0;
	run_page_scroll(&v->page, n, v->below.h);
	return CHANGED_SCREEN;
}

static bool escape(struct view *view)
{
	struct history_view *v = (struct history_view *)view;
	bool was = v->page_open;

	v->page_open = false;
	if (!was && v->filter)
		return history_filter(v, "", NULL);
	return was;
}

static bool copy_command(const struct view *view, struct str *out)
{
	const struct catalog_run *r = history_selected(view->app);
	struct catalog_run *whole = r ? catalog_run_get(view->app->catalog, r->id, NULL) : NULL;

	if (whole && whole->command)
		str_add(out, whole->command);
	else if (r)
		str_addf(out, "cupel show %lld", (long long)r->id);
	catalog_runs_free(whole, whole ? 1 : 0);
	return r != NULL;
}

const struct view_ops view_history = {
	.digit = 7,
	.title = "History",
	.context = CTX_HISTORY,
	.size = sizeof(struct history_view),
	.open = open_view,
	.close = close_view,
	.update = update,
	.layout = layout,
	.draw = draw,
	.move = move,
	.escape = escape,
	.copy_command = copy_command,
};

