/* One frame: tabs, the view, the message line, the footer, and what lies over them. */
#include "config.h"
#include <stdlib.h>
#include "base/xalloc.h"
#include "ui/screen/width.h"
#include "ui/shell.h"
#include "ui/widget/footer.h"

#define MIN_W 60
#define MIN_H 16
#define TABS_X 7
#define MARKS 3 /* columns for * and the number of running jobs */

/* The open view has its name; on a narrow screen the others have what there is room for. */
int shell_tab_width(const struct shell *s, int digit)
{
	const struct view *v = s->a.views[digit];
	int all = TABS_X + MARKS, here = text_width(s->a.view->ops->title), n = 0, room, w;

	if (!v)
		return 0;
	for (int i = 0; i < APP_VIEWS; i++)
		if (s->a.views[i]) {
			all += text_width(s->a.views[i]->ops->title) + 4;
			n++;
		}
	w = text_width(v->ops->title);
	room = n > 1 ? (s->grid->w - TABS_X - here - 4) / (n - 1) - 4 : w;
	if (all <= s->grid->w || v == s->a.view || room >= w)
		return w + 4;
	return (room > 0 ? room : 0) + 4;
}

static void draw_tabs(const struct shell *s, struct grid *g)
{
	int x = 1;

	x += grid_text(g, x, 0, STYLE_heading, "cupel") + 1;
	for (int i = 0; i < APP_VIEWS; i++) {
		const struct view *v = s->a.views[i];
		bool here = v && v == s->a.view, marked = false;

		if (!v)
			continue;
		x += grid_textf(g, x, 0, here ? STYLE_tab_here : STYLE_tab, here ? "[%d " : " %d ",
			i);
		x += grid_textf(g, x, 0, here ? STYLE_tab_here : STYLE_tab, "%.*s",
			shell_tab_width(s, i) - 4, v->ops->title);
		if (i == 5 && s->jobs_running)
			x += grid_textf(g, x, 0, here ? STYLE_tab_here : STYLE_note, "·%zu",
				s->jobs_running);
		marked = i == 3 && s->a.doc && doc_is_dirty(s->a.doc);
		if (marked)
			x += grid_text(g, x, 0, here ? STYLE_tab_here : STYLE_changed, "*");
		/* Where every column is taken a mark has that of the blank behind it. */
		if (here || !marked || shell_tab_width(s, i) - 4 == text_width(v->ops->title))
			x += grid_text(g, x, 0, here ? STYLE_tab_here : STYLE_tab, here ? "]" :
				" ");
	}
}

/* "" hides a hint: undo works everywhere, but is worth a place only where its effect is seen. */
static const char *view_label(const void *ctx, const struct command *c)
{
	const struct view *v = ctx;

	if (!(v->ops->context & (CTX_RECIPE | CTX_QUANT)) &&
		(c->run == cmd_undo || c->run == cmd_flip))
		return "";
	return v->ops->label ? v->ops->label(v, c) : NULL;
}

/* A message that is too long for its line takes more of them, upwards: what to do stands at its
 * end. */
struct message_lines {
	struct grid *g;       /* NULL: only counted */
	unsigned style;
	int n, most;
};

static void message_line(void *ctx, const char *text, size_t n)
{
	struct message_lines *m = ctx;
	char *line;
	int y;

	if (m->n < m->most && m->g) {
		y = m->g->h - 1 - m->most + m->n;
		line = xstrndup(text, n);
		grid_fill(m->g, (struct rect){ 0, y, m->g->w, 1 }, " ", STYLE_normal);
		grid_fit(m->g, 1, y, m->g->w - 2, m->style, line, CUT_END);
		free(line);
	}
	m->n++;
}

static void draw_long_message(const struct shell *s, struct grid *g)
{
	struct message_lines m = { .most = 0 };

	text_wrap(s->message.s, g->w - 2, message_line, &m);
	m.most = m.n < g->h / 3 ? m.n : g->h / 3;
	m.n = 0;
	m.g = g;
	m.style = s->message_style;
	text_wrap(s->message.s, g->w - 2, message_line, &m);
}

static void draw_message(const struct shell *s, struct grid *g)
{
	const struct table *t = s->a.view->table;

	if (s->message.n) {
		draw_long_message(s, g);
	} else if (t && t->filter.text) {
		int x = 1 + grid_text(g, 1, g->h - 2, STYLE_key, "/");

		x += grid_fit(g, x, g->h - 2, g->w - 30, STYLE_value, t->filter.text, CUT_END);
		grid_textf(g, x + 2, g->h - 2, STYLE_dim, "%zu of %zu · Esc shows all", t->shown.n,
			t->n);
	}
}

static void draw_overlays(const struct overlay *o, struct grid *g, struct rect area)
{
	if (!o)
		return;
	draw_overlays(o->below, g, area);
	o->ops->draw(o, g, area);
}

static void draw_too_small(struct shell *s)
{
	struct grid *g = s->grid;

	grid_textf(g, 0, 0, STYLE_normal, "cupel needs %d×%d, this is %d×%d", MIN_W, MIN_H, g->w,
		g->h);
}

void shell_draw(struct shell *s)
{
	struct grid *g = s->grid;
	struct view *v = s->a.view;
	struct rect area = { 0, 1, g->w, g->h - 3 };
	struct rect all = { 0, 1, g->w, g->h - 2 };

	grid_clear(g);
	if (g->w < MIN_W || g->h < MIN_H) {
		draw_too_small(s);
	} else {
		v->ops->layout(v, area);
		grid_clip(g, area);
		v->ops->draw(v, g);
		g->clip = grid_area(g);
		draw_tabs(s, g);
		draw_message(s, g);
		draw_overlays(s->top, g, all);
		if (s->top && s->top->ops->hint)
			grid_fit(g, 1, g->h - 1, g->w - 2, STYLE_dim, s->top->ops->hint, CUT_END);
		else if (!s->top)
			footer_draw(g, g->h - 1, &s->a, v->ops->context, view_label, v);
		if (g->cursor_x < 0) {
			g->cursor_x = 0;
			g->cursor_y = g->h - 1;
		}
	}
	if (s->term)
		term_present(s->term, g);
	s->drawn = event_now();
	s->changed = 0;
}

void shell_resize(struct shell *s, int w, int h)
{
	grid_resize(s->grid, w, h);
	s->a.w = s->grid->w;
	s->a.h = s->grid->h;
	app_changed(&s->a, CHANGED_LAYOUT);
}
