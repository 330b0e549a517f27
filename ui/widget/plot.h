/* plot: figures as glyphs. Each is also a table somewhere: a plot never is the only place of a
 * number. Draws into the grid, keeps nothing. NAN is a gap. UI thread only. */
#ifndef CUPEL_UI_PLOT_H
#define CUPEL_UI_PLOT_H
#include "ui/screen/grid.h"

/* One row of ▁…█, n values spread over w columns (the mean of what falls into a column). */
void plot_spark(struct grid *g, int x, int y, int w, unsigned style, const double *v, size_t n,
	double lo, double hi);
/* Columns h rows high from the bottom. */
void plot_bars(struct grid *g, struct rect r, unsigned style, const double *v, size_t n, double lo,
	double hi);
/* One horizontal bar as text, `unit` 0…1 of w columns: "████████░░░░". */
void plot_bar_text(struct str *out, int w, double unit);

struct plot_axis {
	double lo, hi;
	bool log;
};
struct plot_line {
	const double *x, *y;
	size_t n;
	unsigned style;
};
struct plot_point {
	double x, y;
	const char *label;     /* beside it where there is room; or NULL */
	unsigned style;
	bool hollow;           /* ○ for ● */
};
/* Curves in dots, with the frame, the axes' ends and `ticks` decades or halves written; mark_x: a
 * vertical line at that x (NAN none). */
struct plot_curve {
	const struct plot_line *lines;
	size_t n_lines;
	struct plot_axis x, y;
	double mark_x;
	const char *(*format_x)(double v, char buf[16]); /* NULL: %g */
	const char *(*format_y)(double v, char buf[16]);
	const struct plot_point *points; /* over the curves, the first ones on top */
	size_t n_points;
};
void plot_curve(struct grid *g, struct rect r, const struct plot_curve *c);
const char *plot_gigabytes(double v, char buf[16]); /* a format: "1.25 GB", "3.40 MB" */

/* Heat: rows × cols values, each one column wide (stretched to two where there is room); lo…hi to
 * the sequential ramp, or, diverging, lo…0…hi. Rows have labels of label_w columns. The cell (row,
 * col) at hot_row, hot_col is underlined (-1 none). With colours two rows share a line as half
 * blocks if `dense`; without, shades ░▒▓█. */
struct plot_heat {
	const double *v;      /* row major */
	int rows, cols;
	const char *const *labels;
	int label_w;
	double lo, hi;
	bool diverging;
	int hot_row, hot_col;
};
void plot_heat(struct grid *g, struct rect r, const struct plot_heat *h);
/* ".2% ░▒▓█ 11.1%": the legend of a heat plot; returns its width. */
int plot_heat_legend(struct grid *g, int x, int y, const char *lo, const char *hi);

/* Histogram of counts in n bins as dots or bars filling r; log_y for heavy tails. */
void plot_histogram(struct grid *g, struct rect r, unsigned style, const double *bins, size_t n,
	bool log_y);
/* ├──●──┤ : interval lo…hi with its point, on an axis
 * axis_lo…axis_hi over w columns; a │ at zero. */
void plot_interval(struct grid *g, int x, int y, int w, unsigned style, double value, double lo,
	double hi, double axis_lo, double axis_hi);
#endif
