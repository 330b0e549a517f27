/* Commands that mean the same in every view: moving,
 * marking, arranging, settings, help, leaving. */
#include "config.h"
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include "ui/command/settings.h"
#include "ui/screen/style.h"
#include "ui/shell.h"
#include "ui/widget/help.h"
#include "ui/widget/prompt.h"

/* --- when a command applies --- */
static struct table *table_of(const struct app *a)
{
	return a->view ? a->view->table : NULL;
}

bool command_has_table(const struct app *a)
{
	return table_of(a) != NULL;
}

bool command_on_row(const struct app *a)
{
	const struct table *t = table_of(a);

	return t && table_selected(t) >= 0;
}

bool command_has_marks(const struct app *a)
{
	const struct table *t = table_of(a);

	return t && t->mark_order.n > 0;
}

bool command_has_doc(const struct app *a)
{
	return a->doc != NULL;
}

bool command_has_documents(const struct app *a)
{
	return a->doc && doc_recipe(a->doc)->documents > 1;
}

/* A view with steps of its own answers for itself. */
static bool can_step(const struct app *a, enum step to, bool doc)
{
	return a->view && a->view->ops->can_step ? a->view->ops->can_step(a->view, to) : doc;
}

bool command_can_undo(const struct app *a)
{
	return can_step(a, STEP_UNDO, a->doc && a->doc->at > 0);
}

bool command_can_redo(const struct app *a)
{
	return can_step(a, STEP_REDO, a->doc && a->doc->at + 1 < a->doc->steps.n);
}

bool command_can_flip(const struct app *a)
{
	return can_step(a, STEP_FLIP, a->doc && a->doc->steps.n > 1);
}

bool command_is_dirty(const struct app *a)
{
	return a->doc && doc_is_dirty(a->doc);
}

bool command_can_write(const struct app *a)
{
	return a->doc && a->doc->plan;
}

static const struct { bool (*enabled)(const struct app *a); const char *reason;
} reasons[] = {
	{ command_has_table, "there is no table here" },
	{ command_on_row, "there is no row here" },
	{ command_on_run, "there is no run here" },
	{ command_on_job, "there is no running job here" },
	{ command_on_model, "there is no model here" },
	{ command_has_marks, "nothing is marked" },
	{ command_has_doc, "no recipe is open; n starts one, :open FILE opens one" },
	{ command_has_documents, "the file has no other document" },
	{ command_has_quant, "no model is open here: 4 in Models opens one" },
	{ command_can_undo, "there is nothing to undo" },
	{ command_can_redo, "there is nothing to redo" },
	{ command_can_flip, "nothing was changed yet" },
	{ command_is_dirty, "nothing has changed" },
	{ command_can_write, "no recipe is open, or its findings say what it lacks" },
	{ command_can_measure, "no model is selected, and no recipe is open that has a plan" },
};

const char *command_reason(const struct command *c)
{
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (reasons[i].enabled == c->enabled)
			return reasons[i].reason;
	return "not now";
}

/* --- moving --- */
static unsigned move(struct app *a, enum move m)
{
	struct overlay *o = shell_of(a)->top;

	if (o)
		return o->ops->move ? o->ops->move(o, a, m, 1) : 0;
	if (a->view->ops->move)
		return a->view->ops->move(a->view, m, 1);
	return a->view->table && table_move(a->view->table, m, 1) ? CHANGED_ROWS : 0;
}

#define MOVE(name, how) \
	unsigned cmd_##name(struct app *a, const char *args) { (void)args; return move(a, how); }
MOVE(down, MOVE_DOWN)
MOVE(up, MOVE_UP)
MOVE(left, MOVE_LEFT)
MOVE(right, MOVE_RIGHT)
MOVE(page_down, MOVE_PAGE_DOWN)
MOVE(page_up, MOVE_PAGE_UP)
MOVE(first, MOVE_FIRST)
MOVE(last, MOVE_LAST)

static unsigned focus(struct app *a, int direction)
{
	struct overlay *o = shell_of(a)->top;

	if (o)
		return o->ops->step ? o->ops->step(o, a, direction) : 0;
	return a->view->ops->focus ? a->view->ops->focus(a->view, direction) : 0;
}

unsigned cmd_next_pane(struct app *a, const char *args)
{
	(void)args;
	return focus(a, 1);
}

unsigned cmd_previous_pane(struct app *a, const char *args)
{
	(void)args;
	return focus(a, -1);
}

unsigned cmd_accept(struct app *a, const char *args)
{
	struct overlay *o = shell_of(a)->top;

	(void)args;
	return o && o->ops->accept ? o->ops->accept(o, a) : 0;
}

unsigned cmd_close(struct app *a, const char *args)
{
	struct overlay *o = shell_of(a)->top;
	struct table *t = table_of(a);

	(void)args;
	if (o) {
		o->closing = true;
		return CHANGED_SCREEN | (o->ops->cancel ? o->ops->cancel(o, a) : 0);
	}
	if (a->view->ops->escape && a->view->ops->escape(a->view))
		return CHANGED_SCREEN;
	if (t && t->filter.n) {
		table_filter(t, "", NULL);
		return CHANGED_ROWS;
	}
	if (t && t->range_id) {
		t->range_id = 0;
		return CHANGED_SCREEN;
	}
	return CHANGED_SCREEN;
}

/* --- views --- */
unsigned cmd_view_models(struct app *a, const char *args)
{
	(void)args;
	return app_go(a, 1);
}

unsigned cmd_view_jobs(struct app *a, const char *args)
{
	(void)args;
	return app_go(a, 5);
}

unsigned cmd_view_history(struct app *a, const char *args)
{
	(void)args;
	return app_go(a, 7);
}

/* --- marks, order, columns --- */
unsigned cmd_mark(struct app *a, const char *args)
{
	(void)args;
	table_mark(table_of(a));
	return CHANGED_MARKS;
}

unsigned cmd_mark_range(struct app *a, const char *args)
{
	struct table *t = table_of(a);

	(void)args;
	table_mark_range(t);
	if (t->range_id)
		app_say(a, "v again marks every row from here");
	return CHANGED_MARKS;
}

unsigned cmd_invert_marks(struct app *a, const char *args)
{
	(void)args;
	table_invert_marks(table_of(a));
	return CHANGED_MARKS;
}

static int column_of(struct app *a, const char *name)
{
	int c = table_column(table_of(a), name);

	if (c < 0)
		app_say(a, c == -2 ? "%s: several columns begin like this" : "%s: no such column",
			name);
	return c;
}

static unsigned sort_picked(struct app *a, size_t i, void *ctx)
{
	(void)ctx;
	if (table_of(a))
		table_sort(table_of(a), (int)i - 1);
	return CHANGED_ROWS;
}

unsigned cmd_sort(struct app *a, const char *args)
{
	struct table *t = table_of(a);
	struct choice items[65] = { { "as they come", NULL, t->sort < 0 } };
	size_t n = 1;

	if (*args) {
		int c = column_of(a, args);

		if (c >= 0)
			table_sort(t, c);
		return CHANGED_ROWS;
	}
	for (int c = 0; c < t->n_columns && n < 65; c++)
		items[n++] =
			(struct choice){ t->columns[c].name, t->columns[c].help, c == t->sort };
	return app_menu(a, "sort by", items, n, (size_t)(t->sort + 1), sort_picked, NULL);
}

unsigned cmd_sort_reverse(struct app *a, const char *args)
{
	struct table *t = table_of(a);

	(void)args;
	t->reverse = !t->reverse;
	table_refresh(t);
	return CHANGED_ROWS;
}

static unsigned column_picked(struct app *a, size_t i, void *ctx)
{
	unsigned bits = COMMAND_REFUSED;

	(void)ctx;
	if (!table_of(a))
		return 0;
	if (a->view->ops->pick_column)
		bits = a->view->ops->pick_column(a->view, (int)i);
	if (bits != COMMAND_REFUSED)
		return bits;
	table_toggle_column(table_of(a), (int)i);
	return CHANGED_LAYOUT;
}

unsigned cmd_columns(struct app *a, const char *args)
{
	struct table *t = table_of(a);
	struct choice items[64];
	size_t n = 0;

	if (*args) {
		int c = column_of(a, args);

		return c >= 0 ? column_picked(a, (size_t)c, NULL) : CHANGED_SCREEN;
	}
	for (int c = 0; c < t->n_columns && n < 64; c++)
		items[n++] = (struct choice){ t->columns[c].name, t->columns[c].help,
			table_column_shown(t, c) };
	return app_menu(a, "show or hide a column", items, n, 0, column_picked, NULL);
}

/* --- filter --- */
static char *filter_before; /* what Esc brings back */

static void filter_typed(struct app *a, const char *text, void *ctx)
{
	struct table *t = table_of(a);
	struct err e = { 0 };

	(void)ctx;
	/* Half a comparison is no error while it is being typed. */
	if (t && table_filter(t, text, &e))
		app_changed(a, CHANGED_ROWS);
}

static unsigned filter_done(struct app *a, const char *text, void *ctx)
{
	struct err e = { 0 };

	(void)ctx;
	if (!table_of(a))
		return 0;
	if (!table_filter(table_of(a), text, &e))
		return app_fail(a, &e);
	return CHANGED_ROWS;
}

static unsigned filter_cancelled(struct app *a, void *ctx)
{
	(void)ctx;
	if (table_of(a))
		table_filter(table_of(a), filter_before ? filter_before : "", NULL);
	return CHANGED_ROWS;
}

unsigned cmd_filter(struct app *a, const char *args)
{
	struct table *t = table_of(a);
	struct ask q = { .label = "/", .history = "filter", .done = filter_done,
		.changed = filter_typed, .cancelled = filter_cancelled, .text = t->filter.text };

	if (*args)
		return filter_done(a, args, NULL);
	free(filter_before);
	filter_before = t->filter.text ? xstrdup(t->filter.text) : NULL;
	return app_ask(a, &q);
}

/* --- settings --- */
unsigned cmd_set(struct app *a, const char *args)
{
	size_t n = strcspn(args, " ");
	char *name = xstrndup(args, n);
	const char *value = args + n + strspn(args + n, " ");
	struct err e = { 0 };
	bool ok = true;

	if (!*value && *name)
		app_say(a, "%s is %s", name, settings_get(name));
	else
		ok = settings_set(name, value, &e);
	if (ok && *value && str_eq(name, "mouse") && shell_of(a)->term)
		term_mouse(shell_of(a)->term, settings_flag("mouse"));
	free(name);
	if (!ok)
		return app_fail(a, &e);
	app_settings_changed(a);
	return CHANGED_LAYOUT | CHANGED_ROWS;
}

unsigned cmd_theme(struct app *a, const char *args)
{
	struct err e = { 0 };

	if (!settings_set("theme", args, &e))
		return app_fail(a, &e);
	app_settings_changed(a);
	return CHANGED_LAYOUT;
}

unsigned cmd_bind(struct app *a, const char *args)
{
	size_t n = strcspn(args, " ");
	char *key = xstrndup(args, n);
	struct err e = { 0 };
	bool ok = keymap_bind(key, args + n + strspn(args + n, " "), &e);

	free(key);
	return ok ? CHANGED_SCREEN : app_fail(a, &e);
}

static unsigned write_text(struct app *a, const char *path, const struct str *text)
{
	struct err e = { 0 };

	if (!*path)
		app_say(a, "give a file name");
	else if (!file_write_all(path, text->s ? text->s : "", text->n, &e))
		return app_fail(a, &e);
	else
		app_say(a, "wrote %s", path);
	return CHANGED_SCREEN;
}

unsigned cmd_save_config(struct app *a, const char *args)
{
	struct str out = STR_INIT;
	unsigned bits;

	settings_dump(&out);
	bits = write_text(a, args, &out);
	str_fini(&out);
	return bits;
}

unsigned cmd_screen_save(struct app *a, const char *args)
{
	struct shell *s = shell_of(a);
	struct str out = STR_INIT;
	struct err e = { 0 };
	bool ok;

	shell_tick(s);
	shell_draw(s);
	grid_save(s->grid, &out);
	if (s->grid->cursor_x >= 0)
		str_addf(&out, "cursor %d,%d%s\n", s->grid->cursor_y, s->grid->cursor_x,
			s->grid->cursor_shown ? " typing" : "");
	ok = file_write_all(args, out.s, out.n, &e);
	str_fini(&out);
	return ok ? 0 : app_fail(a, &e);
}

unsigned cmd_redraw(struct app *a, const char *args)
{
	struct shell *s = shell_of(a);

	(void)args;
	if (s->term)
		term_repaint(s->term);
	return CHANGED_LAYOUT;
}

/* --- help, palette, leaving --- */
static unsigned run_picked(struct app *a, const struct command *c)
{
	return shell_run(shell_of(a), c, "");
}

unsigned cmd_help(struct app *a, const char *args)
{
	(void)args;
	shell_push(
		shell_of(a), help_new(a, a->view->ops->context, a->view->ops->title, run_picked));
	return CHANGED_SCREEN;
}

unsigned cmd_palette(struct app *a, const char *args)
{
	(void)args;
	shell_push(shell_of(a), palette_new(shell_of(a)));
	return CHANGED_SCREEN;
}

unsigned cmd_quit(struct app *a, const char *args)
{
	(void)args;
	return shell_quit(shell_of(a));
}

unsigned cmd_suspend(struct app *a, const char *args)
{
	struct shell *s = shell_of(a);

	(void)args;
	if (!s->term)
		return 0;
	term_suspend(s->term);
	raise(SIGTSTP);
	term_resume(s->term);
	return CHANGED_LAYOUT;
}

/* --- a line being typed --- */
static unsigned edit(struct app *a, enum edit e)
{
	struct overlay *o = shell_of(a)->top;

	return o && o->ops->context == CTX_PROMPT ? prompt_edit(o, a, e) : 0;
}

#define EDIT(name, how)                                             \
	unsigned cmd_prompt_##name(struct app *a, const char *args) \
	{                                                           \
		(void)args;                                         \
		return edit(a, how);                                \
	}
EDIT(complete, EDIT_COMPLETE)
EDIT(previous, EDIT_PREVIOUS)
EDIT(next, EDIT_NEXT)
EDIT(left, EDIT_LEFT)
EDIT(right, EDIT_RIGHT)
EDIT(start, EDIT_START)
EDIT(end, EDIT_END)
EDIT(backspace, EDIT_BACKSPACE)
EDIT(delete, EDIT_DELETE)
EDIT(clear, EDIT_CLEAR)
EDIT(cut, EDIT_CUT)
EDIT(word, EDIT_WORD)

unsigned cmd_prompt_accept(struct app *a, const char *args)
{
	return cmd_accept(a, args);
}

unsigned cmd_prompt_cancel(struct app *a, const char *args)
{
	return cmd_close(a, args);
}
