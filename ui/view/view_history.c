/* View History: every run, what became of it, and what differs between two. */
#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "system/file.h"
#include "ui/view/app.h"
#include "ui/view/run_page.h"

enum {
	COL_ID,
	COL_WHEN,
	COL_WHAT,
	COL_NAME,
	COL_METHOD,
	COL_STATUS,
	COL_TIME,
	COL_SIZE,
	COL_DISK,
	COL_TAGS,
	COL_NOTE,
	N_COLUMNS
};
static const struct column columns[N_COLUMNS] = {
	{ "id", "ID", 1, 3, 0, 9, true, false, CUT_END, "Number of the run." },
	{ "when", "WHEN", -1, 11, 11, 6, false, false, CUT_END, "When it started." },
	{ "what", "WHAT", -1, 5, 10, 4, false, true, CUT_END, "merge, quantize, eval, sweep …" },
	{ "name", "NAME", -1, 12, 0, 8, false, true, CUT_MIDDLE,
		"Name of the run: :name-run changes it." },
	{ "method", "METHOD", -1, 8, 18, 5, false, true, CUT_END, "How it merged." },
	{ "status", "STATUS", -1, 4, 0, 7, false, true, CUT_END,
		"running, done, failed, cancelled, stopped." },
	{ "seconds", "TIME", 1, 5, 0, 3, true, false, CUT_END, "How long it took." },
	{ "size", "SIZE", 1, 7, 0, 4, true, false, CUT_END, "Bytes it wrote." },
	{ "disk", "DISK", -1, 4, 0, 5, false, false, CUT_END, "Is the output still there?" },
	{ "tags", "TAGS", -1, 4, 20, 3, false, true, CUT_END, "t adds one, t -TAG takes it away." },
	{ "note", "NOTE", -1, 0, 30, 0, false, true, CUT_END, "The newest note." },
};

struct history_view {
	struct view view;
	struct table table;
	struct catalog_run *runs;
	size_t n;
	bool *on_disk;
	struct rect head, list, below;
	struct run_page page;     /* what the lower pane shows */
	int64_t page_id, page_other; /* one run, or two; 0 none */
	bool page_open;           /* Enter: it has the screen */
};

static struct catalog_run *run_at(void *ctx, size_t i)
{
	return &((struct history_view *)ctx)->runs[i];
}

static struct history_view *self(const struct app *a)
{
	return app_view_of((struct app *)a, &view_history);
}

static struct catalog_run *selected(const struct app *a)
{
	struct history_view *v = self(a);
	long row = v ? table_selected(&v->table) : -1;

	return row >= 0 ? &v->runs[row] : NULL;
}

/* --- the table --- */
static unsigned status_style(const char *s)
{
	return str_eq(s, "done") ? STYLE_good : str_eq(s, "failed") ? STYLE_bad :
		str_eq(s, "running") ? STYLE_value : STYLE_warn;
}

static void disk_text(const struct history_view *v, size_t i, struct table_cell *out)
{
	const struct catalog_run *r = &v->runs[i];

	if (!r->output || !str_eq(r->status, "done"))
		return;
	str_add(&out->text, r->replaced ? "replaced" : v->on_disk[i] ? "yes" : "gone");
	out->style = v->on_disk[i] && !r->replaced ? STYLE_normal : STYLE_dim;
}

/* Local time: "11-20 21:04", another year's with the year. */
static void when_text(struct str *out, const char *iso)
{
	time_t now = time(NULL), at;
	struct tm utc = { 0 }, local, today;
	char text[32];

	if (!iso || !strptime(iso, "%Y-%m-%dT%H:%M:%S", &utc))
		return;
	at = timegm(&utc);
	localtime_r(&at, &local);
	localtime_r(&now, &today);
	strftime(text, sizeof text, local.tm_year == today.tm_year ? "%m-%d %H:%M" : "%Y-%m-%d",
		&local);
	str_add(out, text);
}

static void cell(void *ctx, size_t i, int column, struct table_cell *out)
{
	const struct catalog_run *r = run_at(ctx, i);

	switch (column) {
	case COL_ID: str_addf(&out->text, "%lld", (long long)r->id); break;
	case COL_WHEN:
		when_text(&out->text, r->started);
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
	run_page_fini(&v->page);
}

static void reload(struct history_view *v)
{
	struct err e = { 0 };

	catalog_runs_free(v->runs, v->n);
	free(v->on_disk);
	v->runs = catalog_runs(v->view.app->catalog, "", &v->n, &e);
	if (!v->runs)
		v->n = 0;
	v->on_disk = xnew(bool, v->n ? v->n : 1);
	for (size_t i = 0; i < v->n; i++)
		v->on_disk[i] = v->runs[i].output && file_exists(v->runs[i].output);
	v->page_id = 0;
	table_set_rows(&v->table, v->n);
}

static void update(struct view *view, unsigned changed)
{
	struct history_view *v = (struct history_view *)view;

	if (changed & CHANGED_RUNS)
		reload(v);
}

/* The lower pane follows the cursor; two marked runs are compared. */
static void follow(struct history_view *v)
{
	size_t rows[2], n = v->table.mark_order.n >= 2 ? table_marked(&v->table, rows, 2) : 0;
	const struct catalog_run *r = selected(v->view.app);
	int64_t a = r ? r->id : 0, b = 0;
	struct err e = { 0 };
	int top = v->page.top;

	if (n >= 2) { /* the older one first, in whatever order they were marked */
		a = v->runs[rows[0]].id;
		b = v->runs[rows[1]].id;
		if (a > b) {
			a = v->runs[rows[1]].id;
			b = v->runs[rows[0]].id;
		}
	}
	if (a == v->page_id && b == v->page_other)
		return;
	if (b)
		run_page_two(&v->page, v->view.app->catalog, a, b, &e);
	else if (a)
		run_page_one(&v->page, v->view.app->catalog, a, &e);
	else
		run_page_fini(&v->page);
	if (v->page_open)
		v->page.top = top;
	v->page_id = a;
	v->page_other = b;
}

static void layout(struct view *view, struct rect area)
{
	struct history_view *v = (struct history_view *)view;
	struct rect r = area;

	follow(v);
	v->head = rect_top(&r, 1);
	v->below = v->page_open ? r : rect_bottom(&r, area.h >= 18 ? area.h / 2 : 0);
	rect_left(&r, 1);
	v->list = r;
	table_place(&v->table, r);
	v->view.table = &v->table;
}

static void draw(const struct view *view, struct grid *g)
{
	const struct history_view *v = (const struct history_view *)view;

	grid_textf(g, v->head.x + 1, v->head.y, STYLE_dim, "%zu run%s%s", v->n,
		v->n == 1 ? "" : "s",
		v->table.mark_order.n == 1 ? " · mark a second one to compare" : "");
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
	return was;
}

static bool copy_command(const struct view *view, struct str *out)
{
	const struct catalog_run *r = selected(view->app);
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

/* --- commands --- */
bool command_on_run(const struct app *a)
{
	return selected(a) != NULL;
}

unsigned app_show_run(struct app *a, int64_t run)
{
	struct history_view *v = self(a);

	if (!run) {
		app_say(a, "it made no run");
		return CHANGED_SCREEN;
	}
	reload(v);
	table_filter(&v->table, "", NULL);
	table_select(&v->table, (uint64_t)run + 1);
	return app_go(a, 7);
}

unsigned cmd_open_run(struct app *a, const char *args)
{
	struct history_view *v = self(a);

	if (*args && !table_select(&v->table, strtoull(args, NULL, 10) + 1)) {
		app_say(a, "there is no run %s", args);
		return CHANGED_SCREEN;
	}
	v->page_open = !v->page_open;
	v->page.top = 0;
	return CHANGED_LAYOUT;
}

unsigned cmd_diff_runs(struct app *a, const char *args)
{
	struct history_view *v = self(a);

	(void)args;
	if (v->table.mark_order.n == 1 && !id_set_has(&v->table.marks, v->table.cursor_id))
		table_mark(&v->table);
	if (v->table.mark_order.n < 2) {
		app_say(a, "mark one run with Space, go to another, d compares them");
		return CHANGED_SCREEN;
	}
	v->page_open = true;
	return CHANGED_LAYOUT | CHANGED_MARKS;
}

/* For every marked run, or the selected one. */
static unsigned each_marked(struct app *a, const char *text,
	bool (*fn)(struct catalog *c, int64_t run, const char *text, struct err *e))
{
	struct history_view *v = self(a);
	size_t rows[256], n = table_marked(&v->table, rows, 256);
	struct err e = { 0 };

	for (size_t i = 0; i < n && i < 256; i++)
		if (!fn(a->catalog, v->runs[rows[i]].id, text, &e))
			return app_fail(a, &e);
	return CHANGED_RUNS;
}

static bool tag_one(struct catalog *c, int64_t run, const char *text, struct err *e)
{
	return *text == '-' ? catalog_tag(c, run, text + 1, false, e)
			    : catalog_tag(c, run, text, true, e);
}

static unsigned tag_done(struct app *a, const char *text, void *ctx)
{
	(void)ctx;
	return *text ? each_marked(a, text, tag_one) : 0;
}

unsigned cmd_tag(struct app *a, const char *args)
{
	struct ask q = {
		.label = "tag (-tag takes it away): ", .history = "tag", .done = tag_done
	};

	return *args ? tag_done(a, args, NULL) : app_ask(a, &q);
}

static unsigned note_done(struct app *a, const char *text, void *ctx)
{
	(void)ctx;
	return *text ? each_marked(a, text, catalog_note) : 0;
}

unsigned cmd_note(struct app *a, const char *args)
{
	struct ask q = { .label = "note: ", .history = "note", .done = note_done };

	return *args ? note_done(a, args, NULL) : app_ask(a, &q);
}

unsigned cmd_name_run(struct app *a, const char *args)
{
	struct err e = { 0 };

	if (!*args) {
		app_say(a, "give a name");
		return CHANGED_SCREEN;
	}
	return catalog_rename(a->catalog, selected(a)->id, args, &e) ? CHANGED_RUNS
								     : app_fail(a, &e);
}

unsigned cmd_archive(struct app *a, const char *args)
{
	const struct catalog_run *r = selected(a);
	struct err e = { 0 };

	(void)args;
	if (!catalog_archive(a->catalog, r->id, !r->archived, &e))
		return app_fail(a, &e);
	app_say(a, "run %lld is archived; cupel runs 'archived:yes' lists such runs",
		(long long)r->id);
	return CHANGED_RUNS;
}

/* The recipe of a run, or of the run that made a model, as a new variant. */
unsigned app_open_run_recipe(struct app *a, int64_t id)
{
	struct err e = { 0 };
	struct catalog_run *r = catalog_run_get(a->catalog, id, &e);
	struct recipe *recipe = NULL;
	struct str name = STR_INIT;
	unsigned bits;

	if (r && !r->recipe_text)
		err_set(&e, ERR_INPUT, "run", NULL, r->plan_text
			? "it quantized a model: it has a plan and no recipe"
			: "it has no recipe");
	else if (r)
		recipe = recipe_parse(r->recipe_text, strlen(r->recipe_text), r->recipe_path, &e);
	if (!recipe) {
		catalog_runs_free(r, r ? 1 : 0);
		return app_fail(a, &e);
	}
	str_addf(&name, "run-%lld.yml", (long long)id);
	bits = app_add_recipe(a, recipe, name.s, -1, id);
	str_fini(&name);
	catalog_runs_free(r, 1);
	return bits;
}

unsigned cmd_go_recipe(struct app *a, const char *args)
{
	int64_t run = 0;

	(void)args;
	if (a->view->ops->digit == 7)
		run = selected(a) ? selected(a)->id : 0;
	else
		run = app_selected_model_run(a);
	if (!run) {
		app_say(a, "it was not made by a run of this catalog");
		return CHANGED_SCREEN;
	}
	return app_open_run_recipe(a, run);
}
