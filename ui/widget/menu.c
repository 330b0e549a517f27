#include "config.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "ui/widget/menu.h"

struct item {
	char *text, *help;
	bool on;
	char letter;
};
struct menu {
	struct overlay o;
	char *title;
	struct item *v;
	size_t n, at, top;
	unsigned (*done)(struct app *a, size_t i, void *ctx);
	void *ctx;
};

/* The first letter of its text that is still free, else any free one. */
static void give_letters(struct menu *m)
{
	char used[27] = "";

	for (size_t i = 0; i < m->n; i++) {
		const char *p = m->v[i].text;

		while (*p && (!isalpha((unsigned char)*p) ||
			strchr(used, tolower((unsigned char)*p))))
			p++;
		if (*p)
			m->v[i].letter = (char)tolower((unsigned char)*p);
		for (char c = 'a'; !m->v[i].letter && c <= 'z'; c++)
			if (!strchr(used, c))
				m->v[i].letter = c;
		if (m->v[i].letter)
			used[strlen(used)] = m->v[i].letter;
	}
}

static unsigned choose(struct menu *m, struct app *a, size_t i)
{
	m->o.closing = true;
	return CHANGED_SCREEN | m->done(a, i, m->ctx);
}

static unsigned menu_input(struct overlay *o, struct app *a, const struct key_input *in)
{
	struct menu *m = (struct menu *)o;

	if (in->type != INPUT_KEY || in->key > 'z')
		return COMMAND_REFUSED;
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].letter && (uint32_t)m->v[i].letter == in->key)
			return choose(m, a, i);
	return COMMAND_REFUSED;
}

static unsigned menu_move(struct overlay *o, struct app *a, enum move mv, int count)
{
	struct menu *m = (struct menu *)o;

	(void)a;
	(void)count;
	if (mv == MOVE_DOWN)
		m->at = (m->at + 1) % m->n;
	else if (mv == MOVE_UP)
		m->at = (m->at + m->n - 1) % m->n;
	return CHANGED_SCREEN;
}

static unsigned menu_accept(struct overlay *o, struct app *a)
{
	struct menu *m = (struct menu *)o;

	return choose(m, a, m->at);
}

static void menu_free(struct overlay *o)
{
	struct menu *m = (struct menu *)o;

	for (size_t i = 0; i < m->n; i++) {
		free(m->v[i].text);
		free(m->v[i].help);
	}
	free(m->v);
	free(m->title);
	free(m);
}

static void menu_draw(const struct overlay *o, struct grid *g, struct rect area)
{
	const struct menu *m = (const struct menu *)o;
	int text_w = text_width(m->title), help_w = 0, rows;
	size_t top = 0;
	struct rect in;

	for (size_t i = 0; i < m->n; i++) {
		int w = text_width(m->v[i].text), h = m->v[i].help ? text_width(m->v[i].help) : 0;

		text_w = w > text_w ? w : text_w;
		help_w = h > help_w ? h : help_w;
	}
	in = overlay_box(g, overlay_centre(area, text_w + (help_w ? help_w + 2 : 0) + 9,
		(int)m->n + 2), m->title);
	rows = in.h;
	if (rows > 0 && m->at >= (size_t)rows)
		top = m->at - (size_t)rows + 1;
	for (int i = 0; i < rows && top + (size_t)i < m->n; i++) {
		const struct item *it = &m->v[top + (size_t)i];
		bool here = top + (size_t)i == m->at;
		char key[2] = { it->letter ? it->letter : ' ', 0 };
		int y = in.y + i, x = in.x;

		if (here) {
			grid_paint(g, (struct rect){ in.x, y, in.w, 1 }, STYLE_cursor);
			g->cursor_x = in.x;
			g->cursor_y = y;
		}
		x += grid_text(g, x, y, here ? STYLE_cursor : STYLE_key, key) + 1;
		x += grid_text(g, x, y, here ? STYLE_cursor : STYLE_mark, it->on ? "●" : " ") + 1;
		grid_fit(g, x, y, in.w - 4, here ? STYLE_cursor : STYLE_normal, it->text,
			CUT_MIDDLE);
		if (it->help)
			grid_fit(g, x + text_w + 2, y, in.x + in.w - x - text_w - 2,
				here ? STYLE_cursor : STYLE_dim, it->help, CUT_END);
	}
}

static const struct overlay_ops ops = {
	.context = CTX_SHEET,
	.draw = menu_draw,
	.input = menu_input,
	.move = menu_move,
	.accept = menu_accept,
	.free = menu_free,
	.hint = "letter or Enter pick  Esc leave",
};

struct overlay *menu_new(const char *title, const struct menu_item *v, size_t n, size_t at,
	unsigned (*done)(struct app *a, size_t i, void *ctx), void *ctx)
{
	struct menu *m = xnew(struct menu, 1);

	m->o.ops = &ops;
	m->title = xstrdup(title);
	m->v = xnew(struct item, n ? n : 1);
	m->n = n;
	m->at = at < n ? at : 0;
	m->done = done;
	m->ctx = ctx;
	for (size_t i = 0; i < n; i++) {
		m->v[i].text = xstrdup(v[i].text);
		m->v[i].help = v[i].help ? xstrdup(v[i].help) : NULL;
		m->v[i].on = v[i].on;
	}
	give_letters(m);
	return &m->o;
}
