#include "config.h"
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>
#include "ui/widget/prompt.h"

#define CANDIDATES_SHOWN 8

struct prompt {
	struct overlay o;
	char *label;
	struct str text;
	size_t at;                /* byte of the cursor in text */
	struct prompt_ops ops;
	void *ctx;
	struct candidates list;
	size_t pick;
	bool picked;              /* by arrow or Tab, not just the first */
	struct history *history;
	size_t past;              /* 0 = what is being typed, 1 = the last line … */
	char *typed;
};

/* --- lines typed before, kept for the session --- */
struct history {
	char *name;
	vec(char *) lines;
	struct history *next;
};
static struct history *histories;

static struct history *history_of(const char *name)
{
	struct history *h;

	for (h = histories; h; h = h->next)
		if (str_eq(h->name, name))
			return h;
	h = xnew(struct history, 1);
	h->name = xstrdup(name);
	h->next = histories;
	histories = h;
	return h;
}

static void history_add(struct history *h, const char *line)
{
	if (!h || !*line || (h->lines.n && str_eq(h->lines.v[h->lines.n - 1], line)))
		return;
	*vec_push(&h->lines) = xstrdup(line);
}

/* --- candidates --- */
void candidates_add(struct candidates *c, const char *text, const char *label, const char *right,
	const char *help, uint64_t hits)
{
	struct candidate *n = vec_push(&c->list);

	n->text = xstrdup(text);
	n->label = xstrdup(label);
	n->right = right ? xstrdup(right) : NULL;
	n->help = help ? xstrdup(help) : NULL;
	n->hits = hits;
}

static void candidates_clear(struct candidates *c)
{
	for (size_t i = 0; i < c->list.n; i++) {
		free(c->list.v[i].text);
		free(c->list.v[i].label);
		free(c->list.v[i].right);
		free(c->list.v[i].help);
	}
	c->list.n = 0;
}

static void refill(struct prompt *p, struct app *a)
{
	candidates_clear(&p->list);
	p->pick = 0;
	p->picked = false;
	if (p->ops.fill)
		p->ops.fill(a, p->text.s, &p->list, p->ctx);
}

/* --- editing --- */
static size_t step_back(const struct prompt *p)
{
	const char *s = p->text.s, *end = s + p->at;
	size_t before = 0;
	struct cluster c;

	while (text_next(&s, end, &c))
		if (s < end)
			before = (size_t)(s - p->text.s);
	return before;
}

static size_t step_on(const struct prompt *p)
{
	const char *s = p->text.s + p->at;
	struct cluster c;

	text_next(&s, p->text.s + p->text.n, &c);
	return (size_t)(s - p->text.s);
}

static void cut(struct prompt *p, size_t from, size_t to)
{
	memmove(p->text.s + from, p->text.s + to, p->text.n - to + 1);
	p->text.n -= to - from;
	p->at = from;
}

static void insert(struct prompt *p, const char *s, size_t n)
{
	struct str t = STR_INIT;

	str_addn(&t, p->text.s, p->at);
	for (size_t i = 0; i < n; i++)
		str_addc(&t, s[i] == '\n' || s[i] == '\t' || s[i] == '\r' ? ' ' : s[i]);
	str_add(&t, p->text.s + p->at);
	p->at += n;
	str_fini(&p->text);
	p->text = t;
}

static void set_text(struct prompt *p, const char *s)
{
	str_clear(&p->text);
	str_add(&p->text, s);
	p->at = p->text.n;
}

static void walk_history(struct prompt *p, int step)
{
	size_t n = p->history ? p->history->lines.n : 0;

	if (step > 0 ? p->past >= n : p->past == 0)
		return;
	if (p->past == 0) {
		free(p->typed);
		p->typed = xstrdup(p->text.s);
	}
	p->past += (size_t)step;
	set_text(p, p->past ? p->history->lines.v[n - p->past] : p->typed);
}

static size_t word_start(const struct prompt *p)
{
	size_t i = p->at;

	while (i && p->text.s[i - 1] == ' ')
		i--;
	while (i && !strchr(" /:", p->text.s[i - 1]))
		i--;
	return i == p->at && i ? i - 1 : i;
}

static unsigned edited(struct prompt *p, struct app *a, bool fill)
{
	if (fill)
		refill(p, a);
	if (p->ops.changed)
		p->ops.changed(a, p->text.s, p->ctx);
	return CHANGED_SCREEN;
}

static unsigned pick(struct prompt *p, struct app *a, int step)
{
	size_t n = p->list.list.n;

	if (!n) {
		walk_history(p, -step);
		return edited(p, a, true);
	}
	if (!p->picked && !p->ops.must_pick && step > 0) {
		p->picked = true;
		return CHANGED_SCREEN;
	}
	p->picked = true;
	p->pick = (p->pick + n + (size_t)(long)step) % n;
	return CHANGED_SCREEN;
}

static unsigned complete(struct prompt *p, struct app *a)
{
	if (!p->list.list.n)
		return CHANGED_SCREEN;
	set_text(p, p->list.list.v[p->pick].text);
	return edited(p, a, true);
}

unsigned prompt_edit(struct overlay *o, struct app *a, enum edit e)
{
	struct prompt *p = (struct prompt *)o;

	switch (e) {
	case EDIT_LEFT: p->at = step_back(p); return CHANGED_SCREEN;
	case EDIT_RIGHT: p->at = step_on(p); return CHANGED_SCREEN;
	case EDIT_START: p->at = 0; return CHANGED_SCREEN;
	case EDIT_END: p->at = p->text.n; return CHANGED_SCREEN;
	case EDIT_BACKSPACE:
		if (!p->text.n && !p->ops.keys) { /* nothing left to delete: leave */
			o->closing = true;
			return CHANGED_SCREEN |
			       (p->ops.cancelled ? p->ops.cancelled(a, p->ctx) : 0);
		}
		cut(p, step_back(p), p->at);
		break;
	case EDIT_DELETE: cut(p, p->at, step_on(p)); break;
	case EDIT_CLEAR: cut(p, 0, p->text.n); break;
	case EDIT_CUT: cut(p, p->at, p->text.n); break;
	case EDIT_WORD: cut(p, word_start(p), p->at); break;
	case EDIT_PREVIOUS: return pick(p, a, -1);
	case EDIT_NEXT: return pick(p, a, 1);
	case EDIT_COMPLETE: return complete(p, a);
	}
	return edited(p, a, true);
}

/* --- as an overlay --- */
static unsigned prompt_input(struct overlay *o, struct app *a, const struct key_input *in)
{
	struct prompt *p = (struct prompt *)o;
	char utf8[8];
	utf8proc_ssize_t n;

	if (in->type == INPUT_PASTE) {
		insert(p, in->text, strlen(in->text));
		return edited(p, a, true);
	}
	if (in->type != INPUT_KEY || in->key >= KEY_FIRST)
		return COMMAND_REFUSED;
	n = utf8proc_encode_char((utf8proc_int32_t)in->key, (utf8proc_uint8_t *)utf8);
	if (n <= 0 || in->key < ' ')
		return 0;
	if (p->ops.keys) {
		utf8[n] = 0;
		if (!strstr(p->ops.keys, utf8))
			return 0;
		o->closing = true;
		return CHANGED_SCREEN | p->ops.done(a, utf8, p->ctx);
	}
	insert(p, utf8, (size_t)n);
	return edited(p, a, true);
}

static unsigned prompt_accept(struct overlay *o, struct app *a)
{
	struct prompt *p = (struct prompt *)o;
	bool use = p->list.list.n && (p->picked || p->ops.must_pick);
	const char *line = use ? p->list.list.v[p->pick].text : p->text.s;
	unsigned bits;
	char *copy;

	if (p->ops.keys)
		return 0;
	if (use && p->ops.takes && !p->ops.takes(a, line, p->ctx))
		return complete(p, a);
	copy = xstrdup(line);
	history_add(p->history, copy);
	o->closing = true;
	bits = p->ops.done(a, copy, p->ctx);
	free(copy);
	return CHANGED_SCREEN | bits;
}

static unsigned prompt_cancel(struct overlay *o, struct app *a)
{
	struct prompt *p = (struct prompt *)o;

	return CHANGED_SCREEN | (p->ops.cancelled ? p->ops.cancelled(a, p->ctx) : 0);
}

static void prompt_free(struct overlay *o)
{
	struct prompt *p = (struct prompt *)o;

	candidates_clear(&p->list);
	vec_fini(&p->list.list);
	str_fini(&p->text);
	free(p->label);
	free(p->typed);
	free(p);
}

static void draw_label(
	struct grid *g, int x, int y, int w, const struct candidate *c, unsigned style)
{
	const char *s = c->label, *end = s + strlen(s);
	struct cluster k;

	for (int at = 0; text_next(&s, end, &k) && at + k.width <= w; at += k.width) {
		size_t byte = (size_t)(k.s - c->label);
		char one[64];

		if (k.n >= sizeof one || k.s == k.own) {
			grid_text(g, x + at, y, style, "?");
			continue;
		}
		memcpy(one, k.s, k.n);
		one[k.n] = 0;
		grid_text(g, x + at, y, byte < 64 && c->hits >> byte & 1 ?
			style | ATTR_BOLD | ATTR_UNDERLINE : style, one);
	}
}

static void draw_candidates(const struct prompt *p, struct grid *g, struct rect area)
{
	size_t n = p->list.list.n, top = 0;
	int rows = (int)(n < CANDIDATES_SHOWN ? n : CANDIDATES_SHOWN), label_w = 0;
	bool chosen = p->picked || p->ops.must_pick;
	const char *help = chosen ? p->list.list.v[p->pick].help : NULL;
	struct rect box;

	if (rows > area.h - 3)
		rows = area.h - 3;
	if (rows < 1)
		return;
	if (p->pick >= (size_t)rows)
		top = p->pick - (size_t)rows + 1;
	for (size_t i = 0; i < n; i++) {
		int w = text_width(p->list.list.v[i].label);

		label_w = w > label_w ? w : label_w;
	}
	if (label_w > area.w / 2)
		label_w = area.w / 2;
	box = (struct rect){ area.x, area.y + area.h - 1 - rows - (help ? 1 : 0), area.w, rows };
	grid_fill(g, (struct rect){ box.x, box.y - 1, box.w, rows + (help ? 2 : 1) }, " ",
		STYLE_normal);
	grid_rule(g, box.x, box.y - 1, box.w, STYLE_rule, NULL, NULL);
	for (int i = 0; i < rows; i++) {
		const struct candidate *c = &p->list.list.v[top + (size_t)i];
		bool here = chosen && top + (size_t)i == p->pick;
		unsigned style = here ? STYLE_cursor : STYLE_normal;

		if (here)
			grid_paint(g, (struct rect){ box.x, box.y + i, box.w, 1 }, STYLE_cursor);
		draw_label(g, box.x + 2, box.y + i, label_w, c, style);
		if (c->right)
			grid_fit(g, box.x + 4 + label_w, box.y + i, 6, here ? style : STYLE_key,
				c->right, CUT_END);
		if (c->help)
			grid_fit(g, box.x + 11 + label_w, box.y + i, box.w - 12 - label_w,
				here ? style : STYLE_dim, c->help, CUT_END);
	}
	if (help)
		grid_fit(g, box.x + 2, box.y + rows, box.w - 3, STYLE_note, help, CUT_END);
}

static void prompt_draw(const struct overlay *o, struct grid *g, struct rect area)
{
	const struct prompt *p = (const struct prompt *)o;
	int y = area.y + area.h - 1, x = area.x + 1, room, before;
	const char *s = p->text.s;

	draw_candidates(p, g, area);
	grid_fill(g, (struct rect){ area.x, y, area.w, 1 }, " ", STYLE_normal);
	x += grid_text(g, x, y, STYLE_prompt, p->label);
	room = area.x + area.w - x - 2;
	before = text_widthn(s, p->at);
	while (before > room) { /* keep the cursor in sight: the start scrolls out */
		const char *from = s;
		struct cluster c;

		text_next(&from, p->text.s + p->text.n, &c);
		before -= c.width;
		s = from;
	}
	grid_text(g, x, y, STYLE_normal, s);
	g->cursor_x = x + before;
	g->cursor_y = y;
	g->cursor_shown = true;
}

static const struct overlay_ops ops = {
	.context = CTX_PROMPT,
	.draw = prompt_draw,
	.input = prompt_input,
	.accept = prompt_accept,
	.cancel = prompt_cancel,
	.free = prompt_free,
};

struct overlay *prompt_new(struct app *a, const char *label, const char *text, const char *history,
	const struct prompt_ops *prompt_ops, void *ctx)
{
	struct prompt *p = xnew(struct prompt, 1);

	p->o.ops = &ops;
	p->label = xstrdup(label);
	p->ops = *prompt_ops;
	p->ctx = ctx;
	p->history = history ? history_of(history) : NULL;
	str_add(&p->text, text ? text : "");
	p->at = p->text.n;
	refill(p, a);
	return &p->o;
}
