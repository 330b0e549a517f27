#include "config.h"
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>
#include "ui/command/fuzzy.h"
#include "ui/widget/help.h"

struct line {
	const struct command *command; /* NULL: a heading */
	const char *heading;
	bool enabled;
};
struct help {
	struct overlay o;
	unsigned context;
	char *view;
	vec(struct line) all, shown;
	struct str search;
	size_t at;                     /* into shown; never a heading */
	unsigned (*run)(struct app *a, const struct command *c);
};

/* What somebody who opens this for the first time wants to know, in this order. */
static const char *const essential[] = { "down", "up", "open-model", "open-run", "open-job", "mark",
	"nudge-up", "nudge-down", "type-value", "undo", "write", "palette", "quit" };

static bool is_essential(const struct command *c)
{
	for (size_t i = 0; i < sizeof essential / sizeof *essential; i++)
		if (str_eq(c->name, essential[i]))
			return true;
	return false;
}

static void add(struct help *h, const struct app *a, const struct command *c)
{
	if (!c || !(c->contexts & h->context))
		return;
	*vec_push(&h->all) = (struct line){ c, NULL, command_is_enabled(c, a) };
}

static void heading(struct help *h, const char *text)
{
	vec_push(&h->all)->heading = text;
}

static bool everywhere(const struct command *c)
{
	return (c->contexts & CTX_VIEWS) == CTX_VIEWS;
}

static void collect(struct help *h, const struct app *a)
{
	heading(h, "first");
	for (size_t i = 0; i < sizeof essential / sizeof *essential; i++)
		add(h, a, command_by_name(essential[i]));
	for (int pass = 0; pass < 2; pass++) {
		heading(h, pass ? "everywhere" : h->view);
		for (size_t i = 0; i < command_count(); i++) {
			const struct command *c = command_at(i);

			if (everywhere(c) == (pass == 1) && !is_essential(c))
				add(h, a, c);
		}
	}
}

static bool matches(const struct help *h, const struct command *c)
{
	struct str keys = STR_INIT;
	uint64_t hits;
	bool ok;

	command_keys(c, false, &keys);
	ok = str_eq(keys.s, h->search.s) || fuzzy_score(h->search.s, c->name, c->help, &hits) > 0;
	str_fini(&keys);
	return ok;
}

static void refill(struct help *h)
{
	bool searching = h->search.n > 0;

	h->shown.n = 0;
	for (size_t i = 0; i < h->all.n; i++) {
		const struct line *l = &h->all.v[i];

		if (!searching || (l->command && matches(h, l->command)))
			*vec_push(&h->shown) = *l;
	}
	for (h->at = 0; h->at + 1 < h->shown.n && !h->shown.v[h->at].command;)
		h->at++;
}

static unsigned help_input(struct overlay *o, struct app *a, const struct key_input *in)
{
	struct help *h = (struct help *)o;
	char utf8[8];
	utf8proc_ssize_t n;

	(void)a;
	if (in->type != INPUT_KEY)
		return COMMAND_REFUSED;
	if (in->key == KEY_BS || in->key == ('u' | KEY_CTRL)) {
		do {
			while (h->search.n &&
				((unsigned char)h->search.s[h->search.n - 1] & 0xc0) == 0x80)
				h->search.n--;
			if (h->search.n)
				h->search.n--;
			h->search.s[h->search.n] = 0;
		} while (in->key != KEY_BS && h->search.n);
		refill(h);
		return CHANGED_SCREEN;
	}
	if (in->key >= KEY_FIRST || in->key < ' ')
		return COMMAND_REFUSED;
	n = utf8proc_encode_char((utf8proc_int32_t)in->key, (utf8proc_uint8_t *)utf8);
	str_addn(&h->search, utf8, n > 0 ? (size_t)n : 0);
	refill(h);
	return CHANGED_SCREEN;
}

static void step(struct help *h, int d)
{
	size_t at = h->at;

	while (d > 0 ? at + 1 < h->shown.n : at > 0) {
		at += (size_t)(long)d;
		if (h->shown.v[at].command) {
			h->at = at;
			return;
		}
	}
}

static unsigned help_move(struct overlay *o, struct app *a, enum move m, int count)
{
	struct help *h = (struct help *)o;
	int n = m == MOVE_PAGE_UP || m == MOVE_PAGE_DOWN ? 10 * count :
		m == MOVE_FIRST || m == MOVE_LAST ? (int)h->shown.n : count;
	bool up = m == MOVE_UP || m == MOVE_PAGE_UP || m == MOVE_FIRST;

	(void)a;
	for (int i = 0; i < n; i++)
		step(h, up ? -1 : 1);
	return CHANGED_SCREEN;
}

static unsigned help_accept(struct overlay *o, struct app *a)
{
	struct help *h = (struct help *)o;
	const struct command *c = h->at < h->shown.n ? h->shown.v[h->at].command : NULL;

	o->closing = true;
	return CHANGED_SCREEN | (c ? h->run(a, c) : 0);
}

static void help_free(struct overlay *o)
{
	struct help *h = (struct help *)o;

	vec_fini(&h->all);
	vec_fini(&h->shown);
	str_fini(&h->search);
	free(h->view);
	free(h);
}

static void draw_line(const struct line *l, bool here, struct grid *g, struct rect in, int y)
{
	struct str keys = STR_INIT;
	unsigned style = here ? STYLE_cursor : l->enabled ? STYLE_normal : STYLE_dim;

	if (!l->command) {
		grid_text(g, in.x, y, STYLE_heading, l->heading);
		return;
	}
	if (here) {
		grid_paint(g, (struct rect){ in.x, y, in.w, 1 }, STYLE_cursor);
		g->cursor_x = in.x;
		g->cursor_y = y;
	}
	command_keys(l->command, false, &keys);
	grid_pad(g, in.x + 1, y, 10, -1, here || !l->enabled ? style : STYLE_key,
		keys.n ? keys.s : ":");
	grid_pad(g, in.x + 12, y, 15, -1, style, l->command->name);
	grid_fit(g, in.x + 28, y, in.w - 28, here ? style : STYLE_dim, l->command->help, CUT_END);
	str_fini(&keys);
}

static void wrapped(void *ctx, const char *s, size_t n)
{
	struct { struct grid *g; struct rect r; } *c = ctx;
	char *line = xstrndup(s, n);

	if (c->r.h > 0)
		grid_text(c->g, c->r.x, c->r.y, STYLE_note, line);
	c->r.y++;
	c->r.h--;
	free(line);
}

static void help_draw(const struct overlay *o, struct grid *g, struct rect area)
{
	const struct help *h = (const struct help *)o;
	struct { struct grid *g; struct rect r; } below = { .g = g };
	struct rect in = overlay_box(g, area, "keys");
	const struct command *c = h->at < h->shown.n ? h->shown.v[h->at].command : NULL;
	struct str cli = STR_INIT;
	size_t top = 0;
	int rows, x;

	below.r = rect_bottom(&in, 3);
	rows = in.h - 1;
	x = in.x + grid_text(g, in.x, in.y, STYLE_dim, "search: ");
	x += grid_text(g, x, in.y, STYLE_prompt, h->search.s ? h->search.s : "");
	if (rows > 0 && h->at >= (size_t)rows)
		top = h->at - (size_t)rows + 1;
	for (int i = 0; i < rows && top + (size_t)i < h->shown.n; i++)
		draw_line(&h->shown.v[top + (size_t)i], top + (size_t)i == h->at, g, in,
			in.y + 1 + i);
	if (!h->shown.n)
		grid_text(g, in.x, in.y + 2, STYLE_dim, "no command has these words");
	if (c) {
		str_addf(&cli, "%s", c->help);
		text_wrap(cli.s, below.r.w, wrapped, &below);
		str_clear(&cli);
		str_addf(&cli, ":%s%s%s%s%s", c->name, *c->args ? " " : "", c->args,
			*c->cli ? "   cupel " : "", c->cli);
		wrapped(&below, cli.s, cli.n);
	}
	str_fini(&cli);
}

static const struct overlay_ops ops = {
	.context = CTX_HELP,
	.draw = help_draw,
	.input = help_input,
	.move = help_move,
	.accept = help_accept,
	.free = help_free,
	.hint = "type to search  Enter run  Esc leave",
};

struct overlay *help_new(const struct app *a, unsigned context, const char *view,
	unsigned (*run)(struct app *a, const struct command *c))
{
	struct help *h = xnew(struct help, 1);

	h->o.ops = &ops;
	h->context = context;
	h->view = xstrdup(view);
	h->run = run;
	str_add(&h->search, "");
	collect(h, a);
	refill(h);
	return &h->o;
}
