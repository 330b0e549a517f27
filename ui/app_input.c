/* Keys and clicks to commands: the overlay on top looks first, then the keymap. */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "ui/shell.h"
#include "ui/widget/footer.h"

static unsigned shell_context(const struct shell *s)
{
	return s->top ? s->top->ops->context : s->a.view->ops->context;
}

/* Overlays that asked for it are taken off, wherever they are in the stack. */
void shell_pop(struct shell *s)
{
	for (struct overlay **p = &s->top; *p;) {
		struct overlay *o = *p;

		if (!o->closing) {
			p = &o->below;
			continue;
		}
		*p = o->below;
		o->ops->free(o);
		app_changed(&s->a, CHANGED_SCREEN);
	}
}

unsigned shell_run(struct shell *s, const struct command *c, const char *args)
{
	unsigned bits;

	if (!command_is_enabled(c, &s->a)) {
		app_say(&s->a, "%s: %s", c->name, command_reason(c));
		return CHANGED_SCREEN;
	}
	bits = c->run(&s->a, args ? args : "");
	if (bits & COMMAND_REFUSED) {
		app_say(&s->a, "%s does nothing here", c->name);
		bits = CHANGED_SCREEN;
	}
	return bits;
}

unsigned shell_run_line(struct shell *s, const char *line)
{
	size_t n = strcspn(line, " ");
	char *name = xstrndup(line, n);
	const struct command *c = command_by_name(name);
	const char *args = line + n + strspn(line + n, " ");
	unsigned bits;

	if (c) {
		bits = shell_run(s, c, args);
	} else {
		struct err e = { 0 };

		err_set(&e, ERR_USAGE, name, ": lists them", "no such command");
		str_clear(&s->script_error);
		str_addf(&s->script_error, "%s: no such command", name);
		bits = app_fail(&s->a, &e);
	}
	free(name);
	return bits;
}

static unsigned shell_key(struct shell *s, uint32_t key)
{
	const struct binding *b = keymap_find(key, shell_context(s));

	if (!b)
		return 0;
	return shell_run(s, b->command, b->args);
}

static unsigned mouse_at_edge(struct shell *s, const struct key_input *in, bool *taken)
{
	const struct command *c;
	int x = 7;

	*taken = in->button == MOUSE_LEFT && (in->y == 0 || in->y == s->grid->h - 1) && !s->top;
	if (!*taken)
		return 0;
	if (in->y > 0) {
		if (in->x >= s->grid->w - 3)
			return shell_run(s, command_by_name("help"), "");
		c = footer_at(in->x);
		return c ? shell_run(s, c, "") : 0;
	}
	for (int i = 0; i < APP_VIEWS; i++) {
		int w = shell_tab_width(s, i);

		if (w && in->x >= x && in->x < x + w)
			return app_go(&s->a, i);
		x += w;
	}
	return 0;
}

static unsigned mouse(struct shell *s, const struct key_input *in)
{
	struct view *v = s->a.view;
	bool taken, again = false;
	unsigned bits = mouse_at_edge(s, in, &taken);

	if (taken || in->button == MOUSE_RELEASE)
		return bits;
	if (s->top) {
		if (in->button == MOUSE_WHEEL_UP || in->button == MOUSE_WHEEL_DOWN)
			return s->top->ops->move ? s->top->ops->move(s->top, &s->a,
				in->button == MOUSE_WHEEL_UP ? MOVE_UP : MOVE_DOWN, 1) : 0;
		return 0;
	}
	if (in->button == MOUSE_LEFT) {
		again = event_now() - s->clicked < 0.4 && in->x == s->click_x &&
			in->y == s->click_y;
		s->clicked = again ? 0 : event_now();
		s->click_x = in->x;
		s->click_y = in->y;
	}
	if (v->ops->mouse) {
		bits = v->ops->mouse(v, in, again);
		if (!(bits & COMMAND_REFUSED))
			return bits;
	}
	if (!v->table)
		return 0;
	if (in->button == MOUSE_WHEEL_UP || in->button == MOUSE_WHEEL_DOWN)
		return table_scroll(v->table, in->button == MOUSE_WHEEL_UP ? -3 : 3) ? CHANGED_ROWS
										     : 0;
	if (in->button == MOUSE_LEFT && again)
		return shell_key(s, KEY_ENTER_);
	return in->button == MOUSE_LEFT && table_click(v->table, in->x, in->y) ? CHANGED_ROWS : 0;
}

unsigned shell_input(struct shell *s, const struct key_input *in)
{
	unsigned bits = COMMAND_REFUSED;

	if (in->type == INPUT_KEY && s->message.n) {
		str_clear(&s->message);
		app_changed(&s->a, CHANGED_SCREEN);
	}
	if (s->top && s->top->ops->input)
		bits = s->top->ops->input(s->top, &s->a, in);
	if (bits & COMMAND_REFUSED)
		bits = in->type == INPUT_MOUSE ? mouse(s, in) :
			in->type == INPUT_KEY ? shell_key(s, in->key) : 0;
	shell_pop(s);
	app_changed(&s->a, bits);
	return bits;
}
