/* What the program says and asks: the message line, prompts, menus, sheets, the clipboard. */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "ui/screen/clip.h"
#include "ui/shell.h"
#include "ui/widget/menu.h"
#include "ui/widget/prompt.h"
#include "ui/widget/sheet.h"

void app_say(struct app *a, const char *fmt, ...)
{
	struct shell *s = shell_of(a);
	va_list ap;

	str_clear(&s->message);
	va_start(ap, fmt);
	str_vaddf(&s->message, fmt, ap);
	va_end(ap);
	s->message_style = STYLE_message;
	log_line("said: %s", s->message.s);
	app_changed(a, CHANGED_SCREEN);
}

unsigned app_fail(struct app *a, const struct err *e)
{
	struct shell *s = shell_of(a);

	str_clear(&s->message);
	str_addf(&s->message, "%s%s%s%s%s", e->where, *e->where ? ": " : "", e->what,
		*e->hint ? "; " : "", e->hint);
	s->message_style = STYLE_error;
	log_line("failed: %s", s->message.s);
	return CHANGED_SCREEN;
}

void shell_push(struct shell *s, struct overlay *o)
{
	o->below = s->top;
	s->top = o;
	app_changed(&s->a, CHANGED_SCREEN);
}

/* --- a line --- */
struct asking {
	struct ask q;
	char *kind;
};
static struct asking asking; /* one line is asked at a time */

static unsigned ask_done(struct app *a, const char *text, void *ctx)
{
	(void)ctx;
	return asking.q.done ? asking.q.done(a, text, asking.q.ctx) : 0;
}

static void ask_changed(struct app *a, const char *text, void *ctx)
{
	(void)ctx;
	if (asking.q.changed)
		asking.q.changed(a, text, asking.q.ctx);
}

static unsigned ask_cancelled(struct app *a, void *ctx)
{
	(void)ctx;
	return asking.q.cancelled ? asking.q.cancelled(a, asking.q.ctx) : 0;
}

static void ask_fill(struct app *a, const char *text, struct candidates *out, void *ctx)
{
	(void)ctx;
	if (asking.kind)
		complete_word(shell_of(a), asking.kind, "", text, out);
}

unsigned app_ask(struct app *a, const struct ask *q)
{
	struct prompt_ops ops = { ask_done, ask_changed, ask_cancelled, ask_fill, NULL, false,
		NULL };

	free(asking.kind);
	asking.q = *q;
	asking.kind = q->complete ? xstrdup(q->complete) : NULL;
	shell_push(shell_of(a), prompt_new(a, q->label, q->text, q->history, &ops, NULL));
	return CHANGED_SCREEN;
}

/* --- one key --- */
static struct {
	unsigned (*done)(struct app *a, char key, void *ctx);
	void *ctx;
} choosing;

static unsigned choose_done(struct app *a, const char *text, void *ctx)
{
	(void)ctx;
	return choosing.done(a, *text, choosing.ctx);
}

unsigned app_choose(struct app *a, const char *question, const char *keys,
	unsigned (*done)(struct app *a, char key, void *ctx), void *ctx)
{
	struct prompt_ops ops = { .done = choose_done, .keys = keys };
	struct str label = STR_INIT;

	choosing.done = done;
	choosing.ctx = ctx;
	str_addf(&label, "%s ", question);
	for (const char *k = keys; *k; k++)
		str_addf(&label, "%c ", *k);
	str_add(&label, "Esc ");
	shell_push(shell_of(a), prompt_new(a, label.s, NULL, NULL, &ops, NULL));
	str_fini(&label);
	return CHANGED_SCREEN;
}

unsigned app_menu(struct app *a, const char *title, const struct choice *v, size_t n, size_t at,
	unsigned (*done)(struct app *a, size_t i, void *ctx), void *ctx)
{
	struct menu_item *items = xnew(struct menu_item, n ? n : 1);

	for (size_t i = 0; i < n; i++)
		items[i] = (struct menu_item){ v[i].text, v[i].help, v[i].on };
	if (n)
		shell_push(shell_of(a), menu_new(title, items, n, at, done, ctx));
	free(items);
	return CHANGED_SCREEN;
}

unsigned app_sheet(struct app *a, struct sheet *sheet)
{
	shell_push(shell_of(a), sheet_overlay(sheet));
	return CHANGED_SCREEN;
}

void app_copy(struct app *a, const char *what, const char *text)
{
	struct shell *s = shell_of(a);
	struct str seq = STR_INIT;
	size_t n = strlen(text);

	clip_sequence(&seq, text, n, clip_in_tmux());
	if (s->term)
		term_write(s->term, seq.s, seq.n);
	str_fini(&seq);
	if (n > CLIP_MAX)
		app_say(a, "copied the first %d bytes of %s: more does not fit through a terminal",
			CLIP_MAX, what);
	else
		app_say(a, "copied %s", what);
}
