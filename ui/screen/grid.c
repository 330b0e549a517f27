#include "config.h"
#include <string.h>
#include <utf8proc.h>
#include "base/xalloc.h"
#include "ui/screen/grid.h"

/* --- clusters of more than one code point --------------------------------------------------
 * Kept once for the whole program, numbered from CLUSTER_BASE, so that cells compare as integers.
 * Bounded: a hostile file can show at most CLUSTER_MAX different ones, the rest show as '?'. */
#define CLUSTER_BASE 0x200000u
#define CLUSTER_MAX 4096
#define CLUSTER_BYTES 64
static char *clusters[CLUSTER_MAX];
static size_t n_clusters;

static uint32_t cluster_id(const char *s, size_t n)
{
	if (n >= CLUSTER_BYTES)
		return '?';
	for (size_t i = 0; i < n_clusters; i++)
		if (strlen(clusters[i]) == n && !memcmp(clusters[i], s, n))
			return CLUSTER_BASE + (uint32_t)i;
	if (n_clusters == CLUSTER_MAX)
		return '?';
	clusters[n_clusters] = xstrndup(s, n);
	return CLUSTER_BASE + (uint32_t)n_clusters++;
}

const char *cell_text(const struct cell *c)
{
	static char buf[8];
	utf8proc_ssize_t n;

	if (c->width == 0)
		return "";
	if (c->ch >= CLUSTER_BASE)
		return clusters[c->ch - CLUSTER_BASE];
	n = utf8proc_encode_char((utf8proc_int32_t)c->ch, (utf8proc_uint8_t *)buf);
	buf[n > 0 ? n : 0] = 0;
	return buf;
}

static uint32_t cell_char(const struct cluster *c)
{
	utf8proc_int32_t cp;
	utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t *)c->s,
		(utf8proc_ssize_t)c->n, &cp);

	return n == (utf8proc_ssize_t)c->n ? (uint32_t)cp : cluster_id(c->s, c->n);
}

/* --- rectangles --- */
static int clamp(int v, int lo, int hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

struct rect rect_top(struct rect *r, int n)
{
	struct rect p = *r;

	p.h = clamp(n, 0, r->h);
	r->y += p.h;
	r->h -= p.h;
	return p;
}

struct rect rect_bottom(struct rect *r, int n)
{
	struct rect p = *r;

	p.h = clamp(n, 0, r->h);
	r->h -= p.h;
	p.y = r->y + r->h;
	return p;
}

struct rect rect_left(struct rect *r, int n)
{
	struct rect p = *r;

	p.w = clamp(n, 0, r->w);
	r->x += p.w;
	r->w -= p.w;
	return p;
}

struct rect rect_right(struct rect *r, int n)
{
	struct rect p = *r;

	p.w = clamp(n, 0, r->w);
	r->w -= p.w;
	p.x = r->x + r->w;
	return p;
}

static struct rect rect_cut(struct rect a, struct rect b)
{
	int x = a.x > b.x ? a.x : b.x, y = a.y > b.y ? a.y : b.y;
	int x2 = a.x + a.w < b.x + b.w ? a.x + a.w : b.x + b.w;
	int y2 = a.y + a.h < b.y + b.h ? a.y + a.h : b.y + b.h;

	return (struct rect){ x, y, x2 > x ? x2 - x : 0, y2 > y ? y2 - y : 0 };
}

/* --- the grid --- */
struct grid *grid_new(int w, int h)
{
	struct grid *g = xnew(struct grid, 1);

	grid_resize(g, w, h);
	return g;
}

void grid_free(struct grid *g)
{
	if (!g)
		return;
	free(g->cells);
	free(g);
}

void grid_resize(struct grid *g, int w, int h)
{
	g->w = clamp(w, 1, 2000);
	g->h = clamp(h, 1, 1000);
	free(g->cells);
	g->cells = xnew(struct cell, (size_t)g->w * (size_t)g->h);
	grid_clear(g);
}

void grid_clear(struct grid *g)
{
	for (int i = 0; i < g->w * g->h; i++)
		g->cells[i] = (struct cell){ ' ', STYLE_normal, 1 };
	g->clip = grid_area(g);
	g->cursor_x = g->cursor_y = -1;
	g->cursor_shown = false;
}

struct rect grid_area(const struct grid *g)
{
	return (struct rect){ 0, 0, g->w, g->h };
}

struct rect grid_clip(struct grid *g, struct rect r)
{
	struct rect old = g->clip;

	g->clip = rect_cut(rect_cut(r, grid_area(g)), old);
	return old;
}

struct cell *grid_at(struct grid *g, int x, int y)
{
	return rect_has(grid_area(g), x, y) ? &g->cells[y * g->w + x] : NULL;
}

/* Before a cell is overwritten: the other half of a wide cluster there becomes a blank. */
static void break_wide(struct grid *g, int x, int y)
{
	struct cell *c = &g->cells[y * g->w + x];

	if (c->width == 2 && x + 1 < g->w)
		c[1] = (struct cell){ ' ', c[1].style, 1 };
	if (c->width == 0 && x > 0)
		c[-1] = (struct cell){ ' ', c[-1].style, 1 };
	c->width = 1;
}

static void put(struct grid *g, int x, int y, uint32_t ch, int width, unsigned style)
{
	struct cell *c;

	if (!rect_has(g->clip, x, y))
		return;
	if (width == 2 && !rect_has(g->clip, x + 1, y)) { /* half of it would be cut: a blank */
		ch = ' ';
		width = 1;
	}
	break_wide(g, x, y);
	if (width == 2)
		break_wide(g, x + 1, y);
	c = &g->cells[y * g->w + x];
	c[0] = (struct cell){ ch, style, (int8_t)width };
	if (width == 2)
		c[1] = (struct cell){ ' ', style, 0 };
}

static int textn(struct grid *g, int x, int y, unsigned style, const char *s, size_t n)
{
	const char *end = s + n;
	struct cluster c;
	int at = x;

	while (at < g->w && text_next(&s, end, &c)) {
		if (c.ascii)
			for (size_t i = 0; i < c.n; i++)
				put(g, at + (int)i, y, (unsigned char)c.s[i], 1, style);
		else
			put(g, at, y, cell_char(&c), c.width, style);
		at += c.width;
	}
	return at - x;
}

int grid_text(struct grid *g, int x, int y, unsigned style, const char *text)
{
	return textn(g, x, y, style, text, strlen(text));
}

int grid_textf(struct grid *g, int x, int y, unsigned style, const char *fmt, ...)
{
	struct str t = STR_INIT;
	va_list ap;
	int w;

	va_start(ap, fmt);
	str_vaddf(&t, fmt, ap);
	va_end(ap);
	w = textn(g, x, y, style, t.s ? t.s : "", t.n);
	str_fini(&t);
	return w;
}

int grid_pad(struct grid *g, int x, int y, int width, int align, unsigned style, const char *text)
{
	struct str t = STR_INIT;

	text_pad(&t, text, width, align, CUT_END);
	if (t.n)
		textn(g, x, y, style, t.s, t.n);
	str_fini(&t);
	return width;
}

int grid_fit(struct grid *g, int x, int y, int width, unsigned style, const char *text,
	enum text_cut cut)
{
	struct str t = STR_INIT;
	int w = text_fit(&t, text, width, cut);

	if (t.n)
		textn(g, x, y, style, t.s, t.n);
	str_fini(&t);
	return w;
}

void grid_fill(struct grid *g, struct rect r, const char *cluster, unsigned style)
{
	for (int y = r.y; y < r.y + r.h; y++)
		for (int x = r.x; x < r.x + r.w; x++)
			textn(g, x, y, style, cluster, strlen(cluster));
}

void grid_rule(struct grid *g, int x, int y, int w, unsigned style, const char *title,
	const char *right)
{
	int used = 0;

	grid_fill(g, (struct rect){ x, y, w, 1 }, "─", style);
	if (title && *title && w > 8) {
		used = 3 + grid_fit(g, x + 3, y, w - 8, STYLE_heading, title, CUT_END);
		grid_text(g, x + 2, y, style, " ");
		grid_text(g, x + used, y, style, " ");
	}
	if (right && *right && text_width(right) + used + 8 < w) {
		int rx = x + w - 3 - text_width(right);

		grid_text(g, rx - 1, y, style, " ");
		rx += grid_text(g, rx, y, STYLE_dim, right);
		grid_text(g, rx, y, style, " ");
	}
}

void grid_paint(struct grid *g, struct rect r, unsigned style)
{
	r = rect_cut(r, g->clip);
	for (int y = r.y; y < r.y + r.h; y++)
		for (int x = r.x; x < r.x + r.w; x++)
			g->cells[y * g->w + x].style = style;
}

void grid_add_attr(struct grid *g, struct rect r, unsigned attrs)
{
	r = rect_cut(r, g->clip);
	for (int y = r.y; y < r.y + r.h; y++)
		for (int x = r.x; x < r.x + r.w; x++)
			g->cells[y * g->w + x].style |= attrs;
}

void grid_save(const struct grid *g, struct str *out)
{
	for (int y = 0; y < g->h; y++) {
		size_t keep = out->n;

		for (int x = 0; x < g->w; x++) {
			const struct cell *c = &g->cells[y * g->w + x];

			str_add(out, cell_text(c));
			if (c->ch != ' ')
				keep = out->n;
		}
		out->n = keep;
		str_addc(out, '\n');
	}
}
