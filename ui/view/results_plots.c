/* Figures of the Results view as pictures: intervals of differences, one task of all variants, the
 * front of size and score. */
#include "config.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "ui/view/view_results.h"
#include "ui/widget/plot.h"

#define Z95 1.959963984540054
#define LABEL 24 /* columns of a name before an interval, at most */

/* --- intervals --- */

struct axis {
	double lo, hi;
	const char *unit;
};

/* The difference the pane is about: of the variant under the cursor; on the tasks' names the first
 * that there is something to draw of. */
static size_t difference_at(const struct results_view *v)
{
	const struct comparison *c = v->c;
	size_t at = results_variant_at(v);

	for (size_t k = 0; c->n_rows && k < c->n_differences; k++)
		if (v->at ? c->rows[0].differences[k].of == at : results_has_interval(c, k))
			return k;
	return c->n_differences ? 0 : SIZE_MAX;
}

/* Shares in points; what has a unit of its own in percent of what it is against. */
static bool interval_of(const struct compare_row *r, const struct compare_difference *d,
	double *value, double *low, double *high)
{
	double by = r->share ? 100 : 0;

	if (!d->known || isnan(d->low) || isnan(d->high))
		return false;
	if (!r->share && r->cells[d->against].known && r->cells[d->against].value != 0)
		by = 100 / fabs(r->cells[d->against].value);
	*value = by * d->value;
	*low = by * d->low;
	*high = by * d->high;
	return by > 0;
}

static double round_up(double x)
{
	static const double steps[] = { 1, 2, 3, 5, 8, 10 };
	double ten = x > 0 ? pow(10, floor(log10(x))) : 1;

	for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
		if (steps[i] * ten >= x * 0.999)
			return steps[i] * ten;
	return 10 * ten;
}

/* Of the rows that are shares, or of the others: points and percent have nothing in common. */
static struct axis difference_axis(const struct results_view *v, size_t k, bool shares)
{
	double most = 0;
	bool any = false;

	for (size_t i = 0; i < v->rows.n; i++) {
		const struct compare_row *r = &v->c->rows[v->rows.v[i].i];
		double value, low, high;

		if (v->rows.v[i].kind == ROW_TASK && r->share == shares &&
			interval_of(r, &r->differences[k], &value, &low, &high)) {
			most = fmax(most, fmax(fabs(low), fabs(high)));
			any = true;
		}
	}
	most = most > 0 ? round_up(most) : any ? 1 : 0;
	return (struct axis){ -most, most, shares ? "points" : "%" };
}

/* "── title ──── -5 ──── 0 ──── +5 points ──" with the numbers where they belong, as far as the
 * title leaves room. */
static void draw_axis(struct grid *g, struct rect r, int from, const char *title,
	const struct axis *x)
{
	int w = r.x + r.w - from, at, left = r.x + (title ? text_width(title) + 4 : 0);
	char text[3][48];

	grid_rule(g, r.x, r.y, r.w, STYLE_rule, title, NULL);
	if (w < 24)
		return;
	snprintf(text[0], sizeof text[0], " %+.3g ", x->lo);
	snprintf(text[1], sizeof text[1], " 0 ");
	snprintf(text[2], sizeof text[2], " %+.3g %s ", x->hi, x->unit);
	at = from + (int)lround(-x->lo / (x->hi - x->lo) * (w - 1)) - 1;
	if (left <= from)
		grid_text(g, from, r.y, STYLE_dim, text[0]);
	if (left <= at)
		grid_text(g, at, r.y, STYLE_dim, text[1]);
	grid_text(g, r.x + r.w - text_width(text[2]), r.y, STYLE_dim, text[2]);
}

static void draw_difference(const struct results_view *v, struct grid *g, struct rect r, size_t row,
	size_t k, const struct axis *x)
{
	const struct compare_row *t = &v->c->rows[row];
	const struct compare_difference *d = &t->differences[k];
	double value, low, high;

	if (!interval_of(t, d, &value, &low, &high)) {
		int zero = r.x + (int)lround((r.w - 1) / 2.0);

		grid_text(g, zero, r.y, STYLE_rule, "│");
		return;
	}
	plot_interval(g, r.x, r.y, r.w, results_style(t, d) == STYLE_normal ? STYLE_plot :
		results_style(t, d), value, low, high, x->lo, x->hi);
}

/* Rows of the table in sight that have an interval, the cursor's among them. */
static size_t rows_to_draw(const struct results_view *v, size_t k, bool shares, size_t room,
	size_t *rows)
{
	const struct table *t = &v->table;
	size_t n = 0, at = 0, *all = xnew(size_t, t->shown.n + 1), from;

	for (size_t i = 0; i < t->shown.n; i++) {
		const struct results_row *row = &v->rows.v[t->shown.v[i].row];
		const struct compare_row *r;
		double value, low, high;

		if (row->kind != ROW_TASK)
			continue;
		r = &v->c->rows[row->i];
		if (r->share != shares || !interval_of(r, &r->differences[k], &value, &low, &high))
			continue;
		if (i <= t->cursor)
			at = n;
		all[n++] = row->i;
	}
	from = at >= room ? at - room + 1 : 0;
	n = n - from < room ? n - from : room;
	memcpy(rows, all + from, n * sizeof *rows);
	free(all);
	return n;
}

static void pair_title(const struct results_view *v, size_t k, struct str *s)
{
	const struct compare_difference *d = &v->c->rows[0].differences[k];

	if (v->c->n_differences < 2)
		str_add(s, "difference");
	else if (v->c->baseline < v->c->n_variants || v->c->synergy)
		str_addf(s, "%s", v->c->variants[d->of].label);
	else
		str_addf(s, "%s to %s", v->c->variants[d->of].label,
			v->c->variants[d->against].label);
	str_add(s, ", 95 %");
}

/* The numbers of an axis stand in the rule, behind its title. */
static int label_width(const char *title, int label, int w)
{
	int want = text_width(title) + 5;

	return want <= label ? label : want < w * 2 / 3 ? want : w * 2 / 3;
}

/* A rule with its axis, and rows under it; returns the lines it took. */
static int draw_section(const struct results_view *v, struct grid *g, struct rect r, size_t k,
	bool shares)
{
	size_t rows[64], n = rows_to_draw(v, k, shares, r.h - 1 < 64 ? (size_t)(r.h - 1) : 64,
		rows);
	struct axis x = difference_axis(v, k, shares);
	int label = r.w / 3 < LABEL ? r.w / 3 : LABEL;
	struct str s = STR_INIT;

	if (!n)
		return 0;
	pair_title(v, k, &s);
	label = label_width(s.s, label, r.w);
	draw_axis(g, r, r.x + label, s.s, &x);
	for (size_t i = 0; i < n; i++) {
		int y = r.y + 1 + (int)i;

		str_clear(&s);
		results_title(v->c, rows[i], &s);
		grid_fit(g, r.x + 1, y, label - 2, STYLE_normal, s.s, CUT_MIDDLE);
		draw_difference(v, g, (struct rect){ r.x + label, y, r.w - label - 1, 1 }, rows[i],
			k, &x);
	}
	str_fini(&s);
	return (int)n + 1;
}

/* Below the table, under their names: shares in points, then what has units of its own. */
void results_draw_differences(const struct results_view *v, struct grid *g, struct rect r)
{
	size_t k = difference_at(v);
	int taken;

	if (k == SIZE_MAX || r.h < 2)
		return;
	taken = draw_section(v, g, r, k, true);
	rect_top(&r, taken);
	if (r.h >= 2)
		taken += draw_section(v, g, r, k, false);
	if (!taken) {
		grid_rule(g, r.x, r.y, r.w, STYLE_rule, "difference, 95 %", NULL);
		grid_fit(g, r.x + 1, r.y + 1, r.w - 2, STYLE_dim, "of this variant nothing can be "
			"subtracted whose error is known", CUT_END);
	}
}

/* Beside the table, each on the line of its row. */
void results_draw_beside(const struct results_view *v, struct grid *g)
{
	const struct table *t = &v->table;
	struct rect r = v->beside;
	size_t k = difference_at(v);
	struct str s = STR_INIT;
	struct axis x;
	bool shares = true;

	if (k == SIZE_MAX || r.w < 30)
		return;
	x = difference_axis(v, k, true);
	if (!(x.hi > 0)) {
		shares = false;
		x = difference_axis(v, k, false);
	}
	if (!(x.hi > 0))
		return;
	pair_title(v, k, &s);
	draw_axis(g, r, r.x + 1, v->c->n_differences > 1 ? s.s : NULL, &x);
	for (size_t i = t->top; i < t->shown.n && (int)(i - t->top) < t->area.h - 1; i++) {
		const struct results_row *row = &v->rows.v[t->shown.v[i].row];

		if (row->kind == ROW_TASK && v->c->rows[row->i].share == shares)
			draw_difference(v, g, (struct rect){ r.x + 1, t->area.y + 1 +
				(int)(i - t->top), r.w - 2, 1 }, row->i, k, &x);
	}
	str_fini(&s);
}

/* --- one task of all variants --- */

static void reach(const struct compare_cell *cell, struct axis *x)
{
	double by = isnan(cell->stderr_) ? 0 : Z95 * cell->stderr_;

	if (!cell->known)
		return;
	x->lo = fmin(x->lo, cell->value - by);
	x->hi = fmax(x->hi, cell->value + by);
}

static void draw_value(const struct results_view *v, struct grid *g, struct rect r, size_t variant,
	const struct axis *x)
{
	const struct compare_row *t = &v->c->rows[v->chosen];
	const struct compare_cell *cell = &t->cells[variant];
	const struct compare_difference *d = results_difference(v, v->chosen, variant);
	unsigned style = d && d->known && d->verdict > VERDICT_NOISE ? results_style(t, d) :
		STYLE_plot;
	size_t base = results_reference(v->c);
	double by;

	if (t->cells[base].known)
		grid_text(g, r.x + (int)lround((t->cells[base].value - x->lo) / (x->hi - x->lo) *
			(r.w - 1)), r.y, STYLE_rule, "│");
	if (!cell->known)
		return;
	by = isnan(cell->stderr_) ? 0 : Z95 * cell->stderr_;
	plot_interval(g, r.x, r.y, r.w, style, cell->value, cell->value - by, cell->value + by,
		x->lo, x->hi);
}

#define FIGURE 12 /* columns of ".468 ±.010" before its interval, where there is room */

/* The title, and the ends of the axis over where it stands. */
static void draw_value_axis(const struct results_view *v, struct grid *g, struct rect r, int from,
	const struct axis *x)
{
	const struct compare_row *t = &v->c->rows[v->chosen];
	struct str s = STR_INIT;
	int left;

	results_title(v->c, v->chosen, &s);
	str_add(&s, ", 95 %");
	grid_rule(g, r.x, r.y, r.w, STYLE_rule, s.s, NULL);
	left = r.x + text_width(s.s) + 4;
	str_clear(&s);
	str_addc(&s, ' ');
	results_number(t, x->lo, &s);
	str_addc(&s, ' ');
	if (left <= from && from + text_width(s.s) < r.x + r.w)
		grid_text(g, from, r.y, STYLE_dim, s.s);
	str_clear(&s);
	str_addc(&s, ' ');
	results_number(t, x->hi, &s);
	str_addc(&s, ' ');
	grid_text(g, r.x + r.w - text_width(s.s), r.y, STYLE_dim, s.s);
	str_fini(&s);
}

static void draw_value_figure(const struct compare_row *t, const struct compare_cell *cell,
	struct grid *g, int x, int y)
{
	struct str s = STR_INIT;

	if (cell->known) {
		if (cell->estimated)
			str_addc(&s, '~');
		results_number(t, cell->value, &s);
		if (!isnan(cell->stderr_))
			str_add(&s, " ±");
		results_number(t, cell->stderr_, &s);
		grid_pad(g, x, y, FIGURE - 1, 1, STYLE_dim, s.s);
	}
	str_fini(&s);
}

/* Those in sight of the table that have the figure, the cursor's among them. */
static size_t variants_to_draw(const struct results_view *v, const struct compare_row *t,
	size_t room, size_t *rows)
{
	size_t all[RESULTS_VARIANTS_MAX], n = 0, at = 0, from;

	for (size_t i = 0; i < v->table.shown.n && n < RESULTS_VARIANTS_MAX; i++) {
		size_t variant = v->rows.v[v->table.shown.v[i].row].i;

		if (!t->cells[variant].known)
			continue;
		at = i <= v->table.cursor ? n : at;
		all[n++] = variant;
	}
	from = at >= room ? at - room + 1 : 0;
	n = n - from < room ? n - from : room;
	memcpy(rows, all + from, n * sizeof *rows);
	return n;
}

void results_draw_values(const struct results_view *v, struct grid *g, struct rect r)
{
	const struct compare_row *t = v->chosen < v->c->n_rows ? &v->c->rows[v->chosen] : NULL;
	int label = r.w / 3 < LABEL ? r.w / 3 : LABEL, figure = r.w >= 70 ? FIGURE : 0;
	size_t rows[RESULTS_VARIANTS_MAX], n, at = results_variant_at(v);
	int from;
	struct axis x = { HUGE_VAL, -HUGE_VAL, "" };

	if (!t || r.h < 2)
		return;
	for (size_t i = 0; i < v->c->n_variants; i++)
		reach(&t->cells[i], &x);
	if (!(x.hi > x.lo)) {
		x.lo -= 0.5 * fabs(x.lo);
		x.hi += 0.5 * fabs(x.hi);
	}
	from = r.x + label + figure;
	if (x.lo < x.hi)
		draw_value_axis(v, g, r, from, &x);
	n = x.lo < x.hi ? variants_to_draw(v, t, (size_t)r.h - 1, rows) : 0;
	for (size_t i = 0; i < n; i++) {
		int y = r.y + 1 + (int)i;

		grid_fit(g, r.x + 1, y, label - 2, rows[i] == at ? STYLE_value : STYLE_normal,
			v->c->variants[rows[i]].label, CUT_MIDDLE);
		if (figure)
			draw_value_figure(t, &t->cells[rows[i]], g, r.x + label, y);
		draw_value(v, g, (struct rect){ from, y, r.x + r.w - from - 1, 1 }, rows[i], &x);
	}
}

/* --- size against score --- */

static const char *fraction(double v, char buf[16])
{
	snprintf(buf, 16, "%.3f", v);
	return buf;
}

static int by_size(const void *pa, const void *pb)
{
	const struct plot_point *a = pa, *b = pb;

	return a->x < b->x ? -1 : a->x > b->x;
}

struct front {
	struct plot_point *points, *best; /* all; those that nothing beats, by size */
	size_t n, n_best;
	struct plot_axis x, y;
};

static void gather(const struct results_view *v, struct front *f)
{
	const struct compare_row *r = &v->c->rows[v->chosen];
	size_t at = results_variant_at(v);

	f->points = xnew(struct plot_point, v->c->n_variants + 1);
	f->best = xnew(struct plot_point, v->c->n_variants + 1);
	f->x.lo = f->y.lo = HUGE_VAL;
	f->x.hi = f->y.hi = -HUGE_VAL;
	for (size_t i = 0; i < v->c->n_variants; i++) {
		const struct compare_variant *m = &v->c->variants[i];
		bool best;
		struct plot_point p = { (double)m->bytes, r->cells[i].value, m->label, STYLE_plot,
			false };

		if (!m->bytes || !r->cells[i].known || isnan(p.y))
			continue;
		best = results_beaten_by(v->c, v->chosen, i) == SIZE_MAX;
		p.hollow = !best;
		p.style = i == at ? STYLE_value : best ? STYLE_plot2 : STYLE_plot;
		f->x.lo = fmin(f->x.lo, p.x);
		f->x.hi = fmax(f->x.hi, p.x);
		f->y.lo = fmin(f->y.lo, p.y);
		f->y.hi = fmax(f->y.hi, p.y);
		if (best)
			f->best[f->n_best++] = p;
		f->points[f->n++] = p;
	}
	if (f->n_best > 1)
		qsort(f->best, f->n_best, sizeof *f->best, by_size);
}

/* A point at the edge of its own picture is hard to see. */
static void widen(struct plot_axis *a, double least)
{
	double by = a->hi > a->lo ? 0.08 * (a->hi - a->lo) : least;

	a->lo -= by;
	a->hi += by;
}

void results_draw_front(const struct results_view *v, struct grid *g, struct rect r)
{
	struct front f = { 0 };
	struct str s = STR_INIT;
	double x[2 * RESULTS_VARIANTS_MAX], y[2 * RESULTS_VARIANTS_MAX];
	struct plot_line line = { x, y, 0, STYLE_rule };
	struct plot_curve c = { .lines = &line, .n_lines = 1, .mark_x = NAN,
		.format_x = plot_gigabytes, .format_y = fraction };

	if (v->chosen >= v->c->n_rows || r.h < 6 || r.w < 20)
		return;
	gather(v, &f);
	results_title(v->c, v->chosen, &s);
	str_add(&s, v->arrangement == RESULTS_SIZES ? " by size · ← → another" : " by size");
	grid_rule(g, r.x, r.y, r.w, STYLE_rule, s.s, f.n > 1 ? "● nothing smaller is as good" :
		NULL);
	rect_top(&r, 1);
	rect_left(&r, 1);
	if (f.n < 2) {
		grid_fit(g, r.x, r.y, r.w, STYLE_dim, "fewer than two variants have this figure "
			"and a size", CUT_END);
	} else {
		/* what is between two of them in size is as good as the smaller: a stair */
		for (size_t i = 0; i < f.n_best && i < RESULTS_VARIANTS_MAX; i++) {
			if (i) {
				x[line.n] = f.best[i].x;
				y[line.n++] = f.best[i - 1].y;
			}
			x[line.n] = f.best[i].x;
			y[line.n++] = f.best[i].y;
		}
		widen(&f.x, 0.1 * f.x.lo);
		widen(&f.y, 0.01);
		c.x = f.x;
		c.y = f.y;
		c.points = f.points;
		c.n_points = f.n;
		plot_curve(g, r, &c);
	}
	free(f.points);
	free(f.best);
	str_fini(&s);
}
