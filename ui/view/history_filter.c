/* The filter of view History: the catalog's language, live while it is typed. */
#include "config.h"
#include <stdlib.h>
#include "base/xalloc.h"
#include "ui/view/view_history.h"

/* What Esc brings back. */
static char *before;

static void say_trouble(struct history_view *v, const struct err *e)
{
	free(v->trouble);
	v->trouble = e && e->code ? xasprintf("%s; %s", e->what, e->hint) : NULL;
}

/* All but the last word, which is being typed; free(). */
static char *but_the_last(const char *text)
{
	size_t end = 0;
	bool quoted = false;

	for (size_t i = 0; text[i]; i++) {
		quoted ^= text[i] == '"';
		if (text[i] == ' ' && !quoted)
			end = i;
	}
	return xstrndup(text, end);
}

/* What is wrong stands above the rows of what is right. */
static void typed(struct app *a, const char *text, void *ctx)
{
	struct history_view *v = ctx;
	struct err e = { 0 };
	char *right;

	if (!history_filter(v, text, &e)) {
		right = but_the_last(text);
		history_filter(v, right, NULL);
		free(right);
	}
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

	v->page_open = false; /* it is the rows that are filtered */
	if (*args)
		return done(a, args, v) | CHANGED_LAYOUT;
	free(before);
	before = v->filter ? xstrdup(v->filter) : NULL;
	return app_ask(a, &q) | CHANGED_LAYOUT;
}
