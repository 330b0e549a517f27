#include "config.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "ui/screen/glyph.h"
#include "ui/widget/plot.h"

static double unit(double v, double lo, double hi)
{
	double u = hi > lo ? (v - lo) / (hi - lo) : 0;

	return isnan(v) ? NAN : u < 0 ? 0 : u > 1 ? 1 : u;
}

/* Mean of the values that fall into column c of w; NAN if none is known. */
static double bucket(const double *v, size_t n, int c, int w)
{
	size_t from = (size_t)c * n / (size_t)w, to = ((size_t)c + 1) * n / (size_t)w;
	double sum = 0;
	size_t k = 0;

	if (to <= from)
		to = from + 1;
	for (size_t i = from; i < to && i < n; i++)
		if (!isnan(v[i])) {
			sum += v[i];
			k++;
		}
	return k ? sum / (double)k : NAN;
}

void plot_spark(struct grid *g, int x, int y, int w, unsigned style, const double *v, size_t n,
	double lo, double hi)
{
	for (int c = 0; c < w && n; c++) {
		double u = unit(bucket(v, n, c, w), lo, hi);

		if (!isnan(u))
			grid_text(g, x + c, y, style, glyph_eighth(1 + (int)lround(u * 7)));
	}
}

void plot_bars(struct grid *g, struct rect r, unsigned style, const double *v, size_t n, double lo,
	double hi)
{
	for (int c = 0; c < r.w && n; c++) {
		double u = unit(bucket(v, n, c, r.w), lo, hi);
		int eighths = isnan(u) ? 0 : (int)lround(u * r.h * 8);

		if (!isnan(u) && u > 0 && !eighths)
			eighths = 1;
		for (int row = 0; row < r.h && eighths > 0; row++, eighths -= 8)
			grid_text(g, r.x + c, r.y + r.h - 1 - row, style,
				glyph_eighth(eighths > 8 ? 8 : eighths));
	}
}

void plot_bar_text(struct str *out, int w, double u)
{
	int eighths = isnan(u) ? 0 : (int)lround((u < 0 ? 0 : u > 1 ? 1 : u) * w * 8);

	for (int c = 0; c < w; c++, eighths -= 8)
		str_add(out, eighths > 0 ? glyph_left_eighth(eighths > 8 ? 8 : eighths) :
			glyph_shade(1));
}

/* --- curves: a canvas of dots, two by four in a cell --- */
struct canvas {
	struct rect r;
	unsigned char *dots;   /* glyph_dots bits per cell */
	unsigned *style;
};

static void dot(struct canvas *c, int px, int py, unsigned style)
{
	int x = px / 2, y = py / 4;

	if (px < 0 || py < 0 || x >= c->r.w || y >= c->r.h)
		return;
	c->dots[y * c->r.w + x] |= (unsigned char)(1u << (py % 4 + (px % 2 ? 4 : 0)));
	c->style[y * c->r.w + x] = style;
}

static void segment(struct canvas *c, double x0, double y0, double x1, double y1, unsigned style)
{
	double len = fmax(fabs(x1 - x0), fabs(y1 - y0));
	int n = len < 1 ? 1 : len > 4000 ? 4000 : (int)ceil(len);

	for (int i = 0; i <= n; i++) {
		double k = (double)i / n;

		dot(c, (int)lround(x0 + (x1 - x0) * k), (int)lround(y0 + (y1 - y0) * k), style);
	}
}

static double place(const struct plot_axis *a, double v)
{
	if (!a->log)
		return a->hi > a->lo ? (v - a->lo) / (a->hi - a->lo) : NAN;
	return v > 0 && a->lo > 0 && a->hi > a->lo ? log(v / a->lo) / log(a->hi / a->lo) : NAN;
}

static void draw_line(struct canvas *c, const struct plot_curve *p, const struct plot_line *l)
{
	double px = NAN, py = NAN;

	for (size_t i = 0; i < l->n; i++) {
		double u = place(&p->x, l->x[i]), v = place(&p->y, l->y[i]);
		double x = u * (c->r.w * 2 - 1), y = (1 - v) * (c->r.h * 4 - 1);

		if (isnan(x) || isnan(y) || u < -0.01 || u > 1.01) {
			px = py = NAN;
			continue;
		}
		if (!isnan(px))
			segment(c, px, py, x, y, l->style);
		else
			dot(c, (int)lround(x), (int)lround(y), l->style);
		px = x;
		py = y;
	}
}

static const char *plain(double v, char buf[16])
{
	snprintf(buf, 16, "%.3g", v);
	return buf;
}

static int axis_labels_y(struct grid *g, struct rect r, const struct plot_curve *c)
{
	const char *(*fmt)(double, char *) = c->format_y ? c->format_y : plain;
	char hi[16], lo[16];
	int w;

	fmt(c->y.hi, hi);
	fmt(c->y.lo, lo);
	w = text_width(hi) > text_width(lo) ? text_width(hi) : text_width(lo);
	grid_pad(g, r.x, r.y, w, 1, STYLE_dim, hi);
	grid_pad(g, r.x, r.y + r.h - 2, w, 1, STYLE_dim, lo);
	return w;
}

static void axis_labels_x(struct grid *g, struct rect r, int y, const struct plot_curve *c)
{
	const char *(*fmt)(double, char *) = c->format_x ? c->format_x : plain;
	double decades = c->x.log && c->x.lo > 0 ? log10(c->x.hi / c->x.lo) : 0;
	int n = decades >= 1 ? (int)lround(decades) : 2, last = -1;

	for (int i = 0; i <= n; i++) {
		double v = c->x.log ? c->x.lo * pow(c->x.hi / c->x.lo, (double)i / n) :
			c->x.lo + (c->x.hi - c->x.lo) * i / n;
		char buf[16];
		int w, x;

		fmt(v, buf);
		w = text_width(buf);
		x = r.x + (int)lround((double)i / n * (r.w - 1)) - w / 2;
		if (x + w > r.x + r.w)
			x = r.x + r.w - w;
		if (x <= last)
			continue;
		grid_text(g, x, y, STYLE_dim, buf);
		last = x + w;
	}
}

static bool is_blank(struct grid *g, struct rect r, int x, int y, int w)
{
	for (int i = 0; i < w; i++) {
		struct cell *c = rect_has(r, x + i, y) ? grid_at(g, x + i, y) : NULL;

		if (!c || !str_eq(cell_text(c), " "))
			return false;
	}
	return true;
}

/* Beside its point on the right, on the left, above or below, or nowhere. */
static void draw_label(struct grid *g, struct rect r, const struct plot_point *p, int x, int y)
{
	int w = text_width(p->label);
	const int at[4][2] = { { x + 2, y }, { x - w - 1, y }, { x - w / 2, y - 1 },
		{ x - w / 2, y + 1 } };

	for (int i = 0; i < 4; i++)
		if (is_blank(g, r, at[i][0] - 1, at[i][1], w + 2)) {
			grid_text(g, at[i][0], at[i][1], p->style, p->label);
			return;
		}
}

static void draw_points(struct grid *g, struct rect r, const struct plot_curve *c)
{
	for (int labels = 0; labels < 2; labels++)
		for (size_t i = c->n_points; i-- > 0;) {
			const struct plot_point *p = &c->points[labels ? c->n_points - 1 - i : i];
			double u = place(&c->x, p->x), v = place(&c->y, p->y);
			int x, y;

			if (!(u >= 0 && u <= 1 && v >= 0 && v <= 1))
				continue;
			x = r.x + (int)lround(u * (r.w - 1));
			y = r.y + (int)lround((1 - v) * (r.h - 1));
			if (!labels)
				grid_text(g, x, y, p->style, p->hollow ? "○" : "●");
			else if (p->label)
				draw_label(g, r, p, x, y);
		}
}

void plot_curve(struct grid *g, struct rect r, const struct plot_curve *c)
{
	struct canvas cv = { 0 };
	int label_w, mark = -1;
	double m;

	if (r.w < 12 || r.h < 4)
		return;
	label_w = axis_labels_y(g, r, c);
	cv.r = (struct rect){ r.x + label_w + 1, r.y, r.w - label_w - 1, r.h - 2 };
	cv.dots = xnew(unsigned char, (size_t)(cv.r.w * cv.r.h));
	cv.style = xnew(unsigned, (size_t)(cv.r.w * cv.r.h));
	for (size_t i = 0; i < c->n_lines; i++)
		draw_line(&cv, c, &c->lines[i]);
	m = isnan(c->mark_x) ? NAN : place(&c->x, c->mark_x);
	if (m >= 0 && m <= 1)
		mark = (int)lround(m * (cv.r.w - 1));
	for (int y = 0; y < cv.r.h; y++) {
		grid_text(g, cv.r.x - 1, cv.r.y + y, STYLE_rule, "│");
		for (int x = 0; x < cv.r.w; x++) {
			int i = y * cv.r.w + x;

			if (cv.dots[i])
				grid_text(g, cv.r.x + x, cv.r.y + y, cv.style[i],
					glyph_dots(cv.dots[i]));
			else if (x == mark)
				grid_text(g, cv.r.x + x, cv.r.y + y, STYLE_plot2, "│");
		}
	}
	draw_points(g, cv.r, c);
	grid_fill(g, (struct rect){ cv.r.x, cv.r.y + cv.r.h, cv.r.w, 1 }, "─", STYLE_rule);
	grid_text(g, cv.r.x - 1, cv.r.y + cv.r.h, STYLE_rule, "└");
	if (mark >= 0)
		grid_text(g, cv.r.x + mark, cv.r.y + cv.r.h, STYLE_rule, "┴");
	axis_labels_x(g, cv.r, cv.r.y + cv.r.h + 1, c);
	free(cv.dots);
	free(cv.style);
}

/* --- heat --- */
static int heat_level(const struct plot_heat *h, double v)
{
	if (isnan(v))
		return 0;
	if (h->diverging) {
		double end = fmax(fabs(h->lo), fabs(h->hi));

		return RAMP_DIVERGING + ramp_level(end > 0 ? (v / end + 1) / 2 : 0.5);
	}
	return ramp_level(h->hi > h->lo ? (v - h->lo) / (h->hi - h->lo) : 0);
}

void plot_heat(struct grid *g, struct rect r, const struct plot_heat *h)
{
	int room = r.w - h->label_w - 1, stretch = h->cols && room >= 2 * h->cols ? 2 : 1;
	int cols = h->cols * stretch < room ? h->cols * stretch : room;
	struct rect old = grid_clip(g, r);

	for (int row = 0; row < h->rows && row < r.h; row++) {
		grid_pad(g, r.x, r.y + row, h->label_w, -1,
			row == h->hot_row ? STYLE_value : STYLE_dim,
			h->labels ? h->labels[row] : "");
		for (int c = 0; c < cols; c++) {
			int col = cols < h->cols ? c * h->cols / cols : c / stretch;
			double v = h->v[row * h->cols + col];
			int level = heat_level(h, v), x = r.x + h->label_w + 1 + c;
			bool hot = row == h->hot_row && col == h->hot_col;
			double u = h->hi > h->lo ? (v - h->lo) / (h->hi - h->lo) : 0;

			if (!level)
				grid_text(g, x, r.y + row, STYLE_dim, "·");
			else /* the shade says it too where there are no colours */
				grid_text(g, x, r.y + row,
					STYLE_plot | STYLE_RAMP(level, 0) |
						(hot ? ATTR_REVERSE : 0),
					style_is_mono() || graph_tier() == GRAPH_ASCII
						? glyph_shade(1 + (int)lround((u < 0          ? 0
										      : u > 1 ? 1
											      : u) *
									      3))
						: "█");
		}
	}
	g->clip = old;
}

int plot_heat_legend(struct grid *g, int x, int y, const char *lo, const char *hi)
{
	int start = x;

	x += grid_text(g, x, y, STYLE_dim, lo) + 1;
	for (int i = 1; i <= 4; i++)
		x += grid_text(g, x, y, STYLE_plot | STYLE_RAMP(ramp_level((i - 1) / 3.0), 0),
			glyph_shade(i));
	x += 1 + grid_text(g, x + 1, y, STYLE_dim, hi);
	return x - start;
}

/* --- histogram and intervals --- */
void plot_histogram(struct grid *g, struct rect r, unsigned style, const double *bins, size_t n,
	bool log_y)
{
	double *v = xnew(double, n ? n : 1), hi = 0;

	for (size_t i = 0; i < n; i++) {
		v[i] = bins[i] > 0 ? log_y ? log1p(bins[i]) : bins[i] : 0;
		hi = fmax(hi, v[i]);
	}
	if (graph_tier() == GRAPH_BRAILLE && r.h >= 2) {
		for (int x = 0; x < r.w * 2 && n && hi > 0; x++) {
			double u = bucket(v, n, x, r.w * 2) / hi;
			int dots = (int)lround(u * r.h * 4);

			if (u > 0 && !dots)
				dots = 1;
			for (int cell = 0; cell < r.h && x % 2 == 0; cell++) {
				double u2 = bucket(v, n, x + 1, r.w * 2) / hi;
				int d2 = u2 > 0 && lround(u2 * r.h * 4) == 0 ? 1 :
					(int)lround(u2 * r.h * 4);
				unsigned bits = 0;

				for (int k = 0; k < 4; k++) {
					if (dots > cell * 4 + k)
						bits |= 1u << (3 - k);
					if (d2 > cell * 4 + k)
						bits |= 0x10u << (3 - k);
				}
				if (bits)
					grid_text(g, r.x + x / 2, r.y + r.h - 1 - cell, style,
						glyph_dots(bits));
			}
		}
	} else {
		plot_bars(g, r, style, v, n, 0, hi > 0 ? hi : 1);
	}
	free(v);
}

void plot_interval(struct grid *g, int x, int y, int w, unsigned style, double value, double lo,
	double hi, double axis_lo, double axis_hi)
{
	int a, b, p, zero;

	if (w < 3 || !(axis_hi > axis_lo) || isnan(value))
		return;
	a = (int)lround(unit(lo, axis_lo, axis_hi) * (w - 1));
	b = (int)lround(unit(hi, axis_lo, axis_hi) * (w - 1));
	p = (int)lround(unit(value, axis_lo, axis_hi) * (w - 1));
	zero = axis_lo <= 0 && axis_hi >= 0 ? (int)lround(unit(0, axis_lo, axis_hi) * (w - 1)) : -1;
	if (zero >= 0)
		grid_text(g, x + zero, y, STYLE_rule, "│");
	for (int i = a; i <= b; i++)
		grid_text(g, x + i, y, style, i == p ? "●" : i == a ? "├" : i == b ? "┤" : "─");
}

const char *plot_gigabytes(double v, char buf[16])
{
	if (v >= 1e9)
		snprintf(buf, 16, "%.2f GB", v / 1e9);
	else
		snprintf(buf, 16, "%.2f MB", v / 1e6);
	return buf;
}
