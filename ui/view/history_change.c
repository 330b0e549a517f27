/* What is noted of runs in view History: tags, notes, names. */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "ui/view/view_history.h"

bool command_on_run(const struct app *a)
{
	return a->view->ops->digit == 6 ? app_selected_result_run(a) > 0 :
		history_selected(a) != NULL;
}

unsigned app_show_run(struct app *a, int64_t run)
{
	struct history_view *v = history_self(a);

	if (!run) {
		app_say(a, "it made no run");
		return CHANGED_SCREEN;
	}
	history_filter(v, "", NULL);
	if (!table_select(&v->table, (uint64_t)run + 1)) /* it is hidden */
		history_filter(v, "archived:all", NULL);
	table_select(&v->table, (uint64_t)run + 1);
	return app_go(a, 7);
}

unsigned cmd_open_run(struct app *a, const char *args)
{
	struct history_view *v = history_self(a);

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
	struct history_view *v = history_self(a);

	(void)args;
	if (v->page_open && v->n_pages > 1) { /* again: the lines that are the same too */
		v->whole = !v->whole;
		v->n_pages = 0;
		return CHANGED_LAYOUT;
	}
	if (v->table.mark_order.n == 1 && !id_set_has(&v->table.marks, v->table.cursor_id))
		table_mark(&v->table);
	if (v->table.mark_order.n < 2) {
		app_say(a, "mark one run with Space, go to another, d compares them");
		return CHANGED_SCREEN;
	}
	v->page_open = true;
	v->page.top = 0;
	return CHANGED_LAYOUT | CHANGED_MARKS;
}

/* For every marked run, or the selected one; in Results for the variant's. */
static unsigned each_marked(struct app *a, const char *text,
	bool (*fn)(struct catalog *c, int64_t run, const char *text, struct err *e))
{
	struct history_view *v = history_self(a);
	size_t rows[256], n = table_marked(&v->table, rows, 256);
	struct err e = { 0 };

	if (a->view->ops->digit == 6)
		return fn(a->catalog, app_selected_result_run(a), text, &e) ? CHANGED_RUNS :
			app_fail(a, &e);
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

static unsigned name_done(struct app *a, const char *text, void *ctx)
{
	const struct catalog_run *r = history_selected(a);
	struct err e = { 0 };

	(void)ctx;
	if (!r)
		return 0;
	return catalog_rename(a->catalog, r->id, text, &e) ? CHANGED_RUNS : app_fail(a, &e);
}

unsigned cmd_name_run(struct app *a, const char *args)
{
	struct ask q = { .label = "name: ", .text = history_selected(a)->name, .history = "name",
		.done = name_done };

	return *args ? name_done(a, args, NULL) : app_ask(a, &q);
}

/* All marked runs become what the first of them is not yet. */
unsigned cmd_archive(struct app *a, const char *args)
{
	struct history_view *v = history_self(a);
	size_t rows[256], n = table_marked(&v->table, rows, 256);
	bool hide = n && !v->runs[rows[0]].archived;
	struct err e = { 0 };

	(void)args;
	for (size_t i = 0; i < n && i < 256; i++)
		if (!catalog_archive(a->catalog, v->runs[rows[i]].id, hide, &e))
			return app_fail(a, &e);
	if (n == 1)
		app_say(a, hide ? "run %lld is archived; / archived:yes lists such runs" :
			"run %lld is listed again", (long long)v->runs[rows[0]].id);
	else
		app_say(a, hide ? "%zu runs are archived; / archived:yes lists such runs" :
			"%zu runs are listed again", n);
	return CHANGED_RUNS;
}
