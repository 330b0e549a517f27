#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "ui/widget/table.h"

static bool is_tree(const struct table *t)
{
	return t->source->parent != NULL;
}

/* Columns the tree's lines take in front of a name. */
static int indent(const struct table *t, const struct table_row *r)
{
	return is_tree(t) ? 2 * (r->depth < 20 ? r->depth : 20) + 2 : 0;
}

/* --- widths: wide enough for what is in sight, the least important columns dropped first --- */
static int natural_width(const struct table *t, int c)
{
	const struct column *col = &t->columns[c];
	int w = text_width(col->title), rows = t->area.h - 1;
	struct str s = STR_INIT;

	if (c == t->sort)
		w++;
	for (int i = 0; i < rows && t->top + (size_t)i < t->shown.n; i++) {
		const struct table_row *r = &t->shown.v[t->top + (size_t)i];
		int cw;

		str_clear(&s);
		table_cell_text(t, r->row, c, &s);
		cw = text_width(s.s ? s.s : "") + (c == 0 ? indent(t, r) : 0);
		w = cw > w ? cw : w;
	}
	str_fini(&s);
	if (col->width > w)
		w = col->width;
	return col->max && w > col->max ? col->max : w;
}

static int total_width(const struct table *t)
{
	int sum = -1;

	for (int c = 0; c < t->n_columns; c++)
		if (t->widths[c])
			sum += t->widths[c] + 1;
	return sum < 0 ? 0 : sum;
}

/* The first left-aligned column gives way down to this before others are dropped. */
static int least_width(const struct table *t, int c)
{
	int least = t->columns[c].width ? t->columns[c].width : 16;

	return t->widths[c] < least ? t->widths[c] : least;
}

static int stretch_column(const struct table *t)
{
	for (int c = 0; c < t->n_columns; c++)
		if (t->widths[c] && t->columns[c].align < 0)
			return c;
	return -1;
}

static int least_important(const struct table *t)
{
	int drop = -1;

	for (int c = 1; c < t->n_columns; c++)
		if (t->widths[c] &&
			(drop < 0 || t->columns[c].priority <= t->columns[drop].priority))
			drop = c;
	return drop;
}

static void fit_widths(struct table *t)
{
	int room = t->area.w, wide = stretch_column(t), drop;

	while (total_width(t) > room) {
		int over = total_width(t) - room;
		int give = wide >= 0 ? t->widths[wide] - least_width(t, wide) : 0;

		if (over <= give) {
			t->widths[wide] -= over;
			return;
		}
		drop = least_important(t);
		if (drop < 0)
			break;
		t->widths[drop] = 0;
	}
	if (total_width(t) > room && t->n_columns)
		t->widths[0] = room;
	if (wide >= 0 && t->widths[wide] && total_width(t) < room) {
		int more = room - total_width(t), max = t->columns[wide].max;

		if (max && t->widths[wide] + more > max)
			more = max > t->widths[wide] ? max - t->widths[wide] : 0;
		t->widths[wide] += more;
	}
}

void table_place(struct table *t, struct rect area)
{
	size_t rows = area.h > 1 ? (size_t)area.h - 1 : 0;

	t->area = area;
	if (t->cursor < t->top)
		t->top = t->cursor;
	if (rows && t->cursor >= t->top + rows)
		t->top = t->cursor - rows + 1;
	if (t->top && t->top + rows > t->shown.n)
		t->top = t->shown.n > rows ? t->shown.n - rows : 0;
	for (int c = 0; c < t->n_columns; c++)
		t->widths[c] = table_column_shown(t, c) ? natural_width(t, c) : 0;
	fit_widths(t);
}

/* --- drawing --- */
static void draw_header(const struct table *t, struct grid *g)
{
	int x = t->area.x;

	for (int c = 0; c < t->n_columns; c++) {
		struct str s = STR_INIT;

		if (!t->widths[c])
			continue;
		if (c == 0 && is_tree(t))
			str_add(&s, "");
		str_add(&s, t->columns[c].title);
		if (c == t->sort)
			str_add(&s, t->reverse ? "▴" : "▾");
		grid_pad(g, x, t->area.y, t->widths[c], t->columns[c].align,
			c == t->sort ? STYLE_header | ATTR_UNDERLINE : STYLE_header,
			s.s ? s.s : "");
		x += t->widths[c] + 1;
		str_fini(&s);
	}
}

/* "│ ├ ▸ ": the lines of the parents, then this row's own. */
static int draw_lines(const struct table_row *r, struct grid *g, int x, int y, unsigned style)
{
	int start = x;

	if (r->depth)
		x += grid_text(g, x, y, style, "  ");
	for (int d = 1; d < r->depth && d < 20; d++)
		x += grid_text(g, x, y, style, r->lines & (1ull << d) ? "│ " : "  ");
	if (r->depth && !r->has_children)
		x += grid_text(g, x, y, style, r->last ? "╰ " : "├ ");
	else if (r->depth)
		x += grid_text(g, x, y, style, r->folded ? "▸ " : "▾ ");
	else
		x += grid_text(g, x, y, style, r->has_children ? r->folded ? "▸ " : "▾ " : "  ");
	return x - start;
}

static void draw_cell(const struct table *t, struct grid *g, const struct table_row *r, int c,
	int x, int y, unsigned extra)
{
	struct table_cell cell = { STR_INIT, STYLE_normal, false };
	int w = t->widths[c], used = 0;
	struct str s = STR_INIT;
	unsigned style;

	t->source->cell(t->ctx, r->row, c, &cell);
	style = cell.stale || r->context ? STYLE_dim : cell.style;
	if (extra)
		style = (style & 0xff) == STYLE_normal || (extra & 0xff) != STYLE_normal ?
			extra | (style & ATTR_MASK) : style | (extra & ATTR_MASK);
	if (c == 0 && is_tree(t))
		used = draw_lines(r, g, x, y, extra ? extra : STYLE_rule);
	text_pad(&s, cell.text.s ? cell.text.s : "", w - used, t->columns[c].align,
		t->columns[c].cut);
	grid_text(g, x + used, y, style, s.s ? s.s : "");
	str_fini(&s);
	str_fini(&cell.text);
}

static void draw_row(const struct table *t, struct grid *g, size_t i, int y, bool focused)
{
	const struct table_row *r = &t->shown.v[i];
	bool here = i == t->cursor, marked = id_set_has(&t->marks, t->source->id(t->ctx, r->row));
	unsigned extra = here ? focused ? STYLE_cursor : STYLE_cursor_off : marked ? STYLE_mark : 0;
	struct rect line = { t->area.x, y, t->area.w, 1 };
	int x = t->area.x;

	if (here)
		grid_paint(g, line, extra);
	for (int c = 0; c < t->n_columns; c++) {
		if (!t->widths[c])
			continue;
		draw_cell(t, g, r, c, x, y, extra);
		x += t->widths[c] + 1;
	}
	if (here && focused) {
		g->cursor_x = t->area.x;
		g->cursor_y = y;
	}
	/* A mark is a sign, not a colour alone: it stands in the column before the row, or, where
	 * rows begin at the edge of the screen, in the blank before a name of the tree. */
	x = t->area.x > 0 ? t->area.x - 1 : indent(t, r) - 1;
	if (marked && x >= 0) {
		struct rect all = grid_area(g), old = g->clip;

		g->clip = all;
		grid_text(g, x, y, STYLE_mark, "*");
		g->clip = old;
	}
}

void table_draw(const struct table *t, struct grid *g, bool focused)
{
	struct rect old = grid_clip(g, t->area);

	draw_header(t, g);
	for (int i = 0; i < t->area.h - 1 && t->top + (size_t)i < t->shown.n; i++)
		draw_row(t, g, t->top + (size_t)i, t->area.y + 1 + i, focused);
	if (!t->shown.n && t->area.h > 1)
		grid_fit(g, t->area.x + 2, t->area.y + 1, t->area.w - 2, STYLE_dim,
			t->filter.n && t->n ? "nothing matches the filter; Esc shows all"
					    : t->empty,
			CUT_END);
	if (!t->shown.n && focused) {
		g->cursor_x = t->area.x;
		g->cursor_y = t->area.y + 1;
	}
	g->clip = old;
}
