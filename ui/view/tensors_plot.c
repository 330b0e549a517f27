#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "ui/view/figure_text.h"
#include "ui/view/view_tensors.h"
#include "ui/widget/plot.h"

void tensors_strip_fini(struct tensors_strip *s)
{
	free(s->roles);
	free(s->v);
	memset(s, 0, sizeof *s);
}

static size_t role_number(struct tensors_strip *s, const char *role)
{
	for (size_t i = 0; i < s->n_roles; i++)
		if (!strcmp(s->roles[i], role))
			return i;
	s->roles = xrealloc(s->roles, (s->n_roles + 1) * sizeof *s->roles);
	s->roles[s->n_roles] = role;
	return s->n_roles++;
}

/* Roles of matrices in the stack: a norm has too few weights to colour a map by. */
static bool in_strip(const struct tensor *t)
{
	return t->layer >= 0 && t->rank >= 2 && strcmp(t->role, "other");
}

struct cell_rows {
	size_t *v, n;
};

static int compare_roles(const void *x, const void *y)
{
	return role_order(*(const char *const *)x) - role_order(*(const char *const *)y);
}

static struct cell_rows *strip_cells(struct tensors_view *v)
{
	struct tensors_strip *s = &v->strip;
	size_t rows = v->look ? look_rows(v->look) : 0;

	for (size_t i = 0; i < rows; i++)
		if (in_strip(v->like[i])) {
			role_number(s, v->like[i]->role);
			if (v->like[i]->layer >= s->layers)
				s->layers = v->like[i]->layer + 1;
		}
	if (s->n_roles)
		qsort(s->roles, s->n_roles, sizeof *s->roles, compare_roles);
	struct cell_rows *cells = xnew(struct cell_rows, s->n_roles * (size_t)s->layers + 1);
	for (size_t i = 0; i < rows; i++) {
		const struct tensor *t = v->like[i];

		if (!in_strip(t))
			continue;
		struct cell_rows *c =
			&cells[role_number(s, t->role) * (size_t)s->layers + (size_t)t->layer];
		c->v = xrealloc(c->v, (c->n + 1) * sizeof *c->v);
		c->v[c->n++] = i;
	}
	return cells;
}

void tensors_strip_update(struct tensors_view *v)
{
	int column = tensors_strip_column(v);
	struct tensors_strip *s = &v->strip;
	uint64_t generation = v->look ? look_generation(v->look) : 0;

	if (s->v && s->generation == generation && s->column == column)
		return;
	tensors_strip_fini(s);
	s->generation = generation;
	s->column = column;
	if (!v->look || column < 0)
		return;
	struct cell_rows *cells = strip_cells(v);
	size_t n = s->n_roles * (size_t)s->layers;

	s->v = xnew(double, n + 1);
	s->lo = INFINITY;
	s->hi = -INFINITY;
	for (size_t i = 0; i < n; i++) {
		struct figure f = cells[i].n ? look_group(v->look, cells[i].v, cells[i].n,
			v->figures[column].stat, v->figures[column].model) : figure_none();

		s->v[i] = f.state == FIG_NONE || f.state == FIG_FAILED ? NAN : f.value;
		if (!isnan(s->v[i])) {
			s->lo = fmin(s->lo, s->v[i]);
			s->hi = fmax(s->hi, s->v[i]);
		}
		free(cells[i].v);
	}
	free(cells);
}

/* Rows are dropped from the end when there is no room for all; two columns when there is room. */
void tensors_draw_strip(const struct tensors_view *v, struct grid *g, struct rect r)
{
	const struct tensors_strip *s = &v->strip;
	struct str title = STR_INIT, lo = STR_INIT, hi = STR_INIT;
	const char *unit;

	if (r.h < 2 || !s->v || s->lo > s->hi)
		return;
	unit = stat_info(v->figures[s->column].stat)->unit;
	str_addf(&title, "role × layer · %s", v->figures[s->column].title);
	figure_number(s->lo, unit, &lo);
	figure_number(s->hi, unit, &hi);
	grid_rule(g, r.x, r.y, r.w, STYLE_rule, title.s, NULL);
	plot_heat_legend(g, r.x + r.w - (int)lo.n - (int)hi.n - 12, r.y, lo.s, hi.s);
	rect_top(&r, 1);

	int halves = r.w >= 76 && (int)s->n_roles > r.h ? 2 : 1, shown = 0;
	for (int half = 0; half < halves; half++) {
		int left = (int)s->n_roles - shown, rows = left < r.h ? left : r.h;
		const struct group_node *node = tensors_node(v);
		struct plot_heat h = { .v = s->v + (size_t)shown * (size_t)s->layers, .rows = rows,
			.cols = (int)s->layers, .labels = s->roles + shown, .label_w = 14,
			.lo = s->lo, .hi = s->hi, .hot_row = -1, .hot_col = -1 };

		for (int i = 0; node && node->leaf >= 0 && i < rows; i++)
			if (!strcmp(s->roles[shown + i], v->like[node->leaf]->role)) {
				h.hot_row = i;
				h.hot_col = v->like[node->leaf]->layer;
			}
		plot_heat(g, (struct rect){ r.x + half * (r.w / 2), r.y, r.w / halves - 1, rows },
			&h);
		shown += rows;
	}
	str_fini(&title);
	str_fini(&lo);
	str_fini(&hi);
}

static void draw_facts(struct grid *g, struct rect r, const struct look_histogram *h, bool delta)
{
	int y = r.y;
	struct str s = STR_INIT;

	str_addf(&s, "median %.2g", h->median);
	grid_text(g, r.x, y++, STYLE_normal, s.s);
	str_clear(&s);
	str_addf(&s, "99%% %.2g", h->p99);
	if (!isnan(h->max))
		str_addf(&s, "  max %.3g", h->max);
	if (y < r.y + r.h)
		grid_text(g, r.x, y++, STYLE_normal, s.s);
	str_clear(&s);
	figure_number(h->zero, "%", &s);
	str_add(&s, delta ? " unchanged" : " zero");
	if (h->state == FIG_SAMPLED)
		str_add(&s, " (sample)");
	if (y < r.y + r.h)
		grid_text(g, r.x, y, STYLE_normal, s.s);
	str_fini(&s);
}

void tensors_draw_plot(const struct tensors_view *v, struct grid *g, struct rect r)
{
	const struct group_node *node = tensors_node(v);
	double bins[256];
	struct look_histogram h;
	bool delta = v->n > 1 || v->base;
	int facts = 30, w = r.w - facts - 10;

	if (r.h < 2 || !v->look)
		return;
	if (!node || node->leaf < 0) {
		grid_rule(g, r.x, r.y, r.w, STYLE_rule, delta ? "|Δ| of a tensor: move onto one" :
			"magnitudes of a tensor: move onto one", NULL);
		return;
	}
	const struct tensor *t = v->like[node->leaf];
	struct str title = STR_INIT;

	str_addf(&title, "%s · %s · %s", t->name, t->dtype_text, delta ? "|Δ|" : "|w|");
	grid_rule(g, r.x, r.y, r.w, STYLE_rule, title.s, NULL);
	str_fini(&title);
	rect_top(&r, 1);
	if (w < 8 || w > 256)
		w = w < 8 ? 8 : 256;
	int model = v->n > 1 ? 1 : 0;
	if (!look_histogram(v->look, (size_t)node->leaf, model, delta, bins, (size_t)w, &h))
		return;
	grid_textf(g, r.x, r.y + r.h - 1, STYLE_dim, "%7.0e", h.from);
	grid_textf(g, r.x + 8 + w, r.y + r.h - 1, STYLE_dim, "%.0e", h.to);
	plot_histogram(
		g, (struct rect){ r.x + 8, r.y, w, r.h }, STYLE_plot, bins, (size_t)w, false);
	draw_facts(g, (struct rect){ r.x + r.w - facts + 6, r.y, facts - 6, r.h }, &h, delta);
}
