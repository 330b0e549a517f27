/* grid: what the screen should look like, as cells. Views draw here and nowhere else; a terminal, a
 * test or nothing shows it. Everything is clipped; text is escaped as it is drawn.
 * The holder owns it: grid_new/grid_free. UI thread only. */
#ifndef CUPEL_UI_GRID_H
#define CUPEL_UI_GRID_H
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"
#include "ui/screen/style.h"
#include "ui/screen/width.h"

struct rect {
	int x, y, w, h;
};
static inline bool rect_has(struct rect r, int x, int y)
{
	return x >= r.x && x < r.x + r.w && y >= r.y && y < r.y + r.h;
}
/* Cut rows or columns off a side: returns the piece, *r keeps the rest. Never negative. */
struct rect rect_top(struct rect *r, int n);
struct rect rect_bottom(struct rect *r, int n);
struct rect rect_left(struct rect *r, int n);
struct rect rect_right(struct rect *r, int n);

/* One column. A wide cluster has width 2 and is followed by a cell of width 0. */
struct cell {
	uint32_t ch;    /* a code point, or a cluster: see cell_text */
	uint32_t style; /* role and attributes, see style.h */
	int8_t width;
};
struct grid {
	int w, h;
	struct cell *cells;
	struct rect clip;
	int cursor_x, cursor_y; /* where the hardware cursor rests: the selected row; -1 nowhere */
	bool cursor_shown;      /* true in a line editor */
};
struct grid *grid_new(int w, int h);
void grid_free(struct grid *g);
void grid_resize(struct grid *g, int w, int h);
void grid_clear(struct grid *g);
struct rect grid_area(const struct grid *g);
/* Drawing outside `r` and the present clip is dropped. Returns the old clip; g->clip = old restores
 * it. */
struct rect grid_clip(struct grid *g, struct rect r);
struct cell *grid_at(struct grid *g, int x, int y);        /* NULL outside */
/* UTF-8 of a cell, up to 5 clusters' bytes; "" for the right half of a wide one. Borrowed. */
const char *cell_text(const struct cell *c);

/* Each returns the columns the text took (or would take, clipped), so that x += grid_text(…). */
int grid_text(struct grid *g, int x, int y, unsigned style, const char *text);
int grid_textf(struct grid *g, int x, int y, unsigned style, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* Cut to `width` with "…", padded to it; align < 0 left, > 0 right. Returns width. */
int grid_pad(struct grid *g, int x, int y, int width, int align, unsigned style, const char *text);
/* Cut to `width`, not padded. */
int grid_fit(struct grid *g, int x, int y, int width, unsigned style, const char *text,
	enum text_cut cut);
void grid_fill(struct grid *g, struct rect r, const char *cluster, unsigned style);
/* "── title ─────── right ──" over one row. Either text may be NULL. */
void grid_rule(struct grid *g, int x, int y, int w, unsigned style, const char *title,
	const char *right);
/* Give cells a role or add attributes to what is there; keeps the text. */
void grid_paint(struct grid *g, struct rect r, unsigned style);
void grid_add_attr(struct grid *g, struct rect r, unsigned attrs);
/* As text, trailing blanks cut, a line per row: what screen tests compare. */
void grid_save(const struct grid *g, struct str *out);
#endif
