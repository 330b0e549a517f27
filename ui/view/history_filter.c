/* The filter of view History: the catalog's language, live while it is typed. */
#include "config.h"
#include <stdlib.h>
#include "ui/view/view_history.h"

/* What Esc brings back. */
static char *before;

static void say_trouble(struct history_view *v, const struct err *e)
{
	free(v->trouble);
	v->trouble = e && e->code ? xasprintf("%s; %s", e->what, e->hint) : NULL;
}

/* What is wrong stands above the rows, which stay as they were. */
static void typed(struct app *a, const char *text, void *ctx)
{
	struct history_view *v = ctx;
	struct err e = { 0 };

	history_filter(v, text, &e);
	say_trouble(v, &e);
	app_changed(a, CHANGED_ROWS);
}

static unsigned done(struct app *a, const char *text, void *ctx)
{
	struct history_view *v = ctx;
	struct err e = { 0 };

	say_trouble(v, NULL);
	return history_filter(v, text, &e) ? CHANGED_ROWS : app_fail(a, &e);
}

static unsigned cancelled(struct app *a, void *ctx)
{
	struct history_view *v = ctx;

	(void)a;
	say_trouble(v, NULL);
	history_filter(v, before ? before : "", NULL);
	return CHANGED_ROWS;
}

unsigned cmd_filter_runs(struct app *a, const char *args)
{
	struct history_view *v = history_self(a);
	struct ask q = { .label = "/", .history = "runs", .complete = "RUNS", .done = done,
		.changed = typed, .cancelled = cancelled, .text = v->filter, .ctx = v };

	if (*args)
		return done(a, args, v);
	free(before);
	before = v->filter ? xstrdup(v->filter) : NULL;
	return app_ask(a, &q);
}
