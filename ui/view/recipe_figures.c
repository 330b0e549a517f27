#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "ui/view/figure_text.h"
#include "ui/view/view_recipe.h"
#include "ui/widget/plot.h"

static const struct group_node *node_at(const struct recipe_view *v, size_t row)
{
	return &v->groups.nodes.v[row];
}

static struct figure figure_of(
	const struct recipe_view *v, const struct group_node *node, int column)
{
	const struct recipe_column *c = &v->figures[column];
	struct preview *p = v->view.app->preview;

	if (!p)
		return figure_none();
	return node->leaf >= 0 ? preview_figure(p, (size_t)node->leaf, c->stat, c->input) :
		preview_group(p, groups_rows(&v->groups, node), node->n, c->stat, c->input);
}

static void figure_cell(void *ctx, size_t row, int column, struct table_cell *out)
{
	const struct recipe_view *v = ctx;
	const struct group_node *node = node_at(v, row);

	if (column == 0) {
		str_add(&out->text, node->label);
		return;
	}
	struct figure f = figure_of(v, node, column);
	figure_text(f, v->figures[column].stat, &out->text);
	if (f.state == FIG_NONE || f.state == FIG_FAILED)
		out->style = STYLE_dim;
}

static double figure_value(void *ctx, size_t row, int column)
{
	const struct recipe_view *v = ctx;

	if (column < 1)
		return NAN;
	struct figure f = figure_of(v, node_at(v, row), column);
	return f.state == FIG_NONE || f.state == FIG_FAILED ? NAN : f.value;
}

static uint64_t figure_id(void *ctx, size_t row)
{
	return node_at(ctx, row)->id;
}

static long figure_parent(void *ctx, size_t row)
{
	return node_at(ctx, row)->parent;
}

static const struct table_source source = { figure_cell, figure_value, figure_id, figure_parent };

static void add_column(struct recipe_view *v, enum stat_id s, int input, int priority)
{
	const struct inputs *in = v->doc->inputs;
	const char *label = stat_info(s)->per_input && in && (size_t)input < in->n ?
		in->v[input].label : NULL;
	struct str title = STR_INIT, cut = STR_INIT;

	if (v->n_columns == RECIPE_COLUMNS)
		return;
	int i = v->n_columns++;
	if (label)
		text_fit(&cut, label, 8, CUT_END);
	figure_title(s, label ? cut.s : NULL, &title);
	v->figures[i] = (struct recipe_column){ s, input, str_steal(&title),
		label ? xasprintf("%s_%d", stat_info(s)->name, input + 1)
		      : xstrdup(stat_info(s)->name) };
	v->columns[i] = (struct column){ .name = v->figures[i].name, .title = v->figures[i].title,
		.align = 1, .width = 7, .priority = priority, .number = true,
		.help = stat_info(s)->help };
	str_fini(&cut);
}

static bool is_nearswap(const struct recipe_view *v)
{
	const struct recipe *r = doc_recipe(v->doc);

	return r->method && method_param(r->method, "t") && !strcmp(r->method->name, "nearswap");
}

/* The figures that move first: of task vectors where
 * there is a base, of whole weights where not. */
static void columns_choose(struct recipe_view *v)
{
	const struct inputs *in = v->doc->inputs;
	bool based = in->figure_base != NULL;
	int first = -1, priority = 8;

	if (is_nearswap(v)) {
		add_column(v, STAT_SWAPPED, 0, 9);
		add_column(v, STAT_FROZEN, 0, 8);
		add_column(v, STAT_MEAN_SHIFT, 0, 7);
	}
	for (size_t i = 0; i < in->n && based; i++) {
		if (!in->v[i].model || in->v[i].model == in->figure_base)
			continue;
		if (first < 0)
			add_column(v, STAT_DELTA_RATIO, first = (int)i, is_nearswap(v) ? 4 : 9);
		add_column(v, STAT_DELTA_COSINE, (int)i, priority > 4 ? priority-- : 4);
	}
	if (based)
		add_column(v, STAT_CONFLICT, 0, 6);
	for (size_t i = 0; i < in->n; i++)
		add_column(v, STAT_ONE_MINUS_COSINE, (int)i,
			based          ? 3
			: priority > 4 ? priority--
				       : 4);
	for (size_t i = 0; i < in->n; i++)
		add_column(v, STAT_RELATIVE_L2, (int)i, based ? 2 : 5);
	add_column(v, STAT_ROUNDING, 0, 3);
	add_column(v, STAT_NORM, 0, 1);
	if (!is_nearswap(v))
		add_column(v, STAT_FROZEN, 0, 2);
}

static void columns_clear(struct recipe_view *v)
{
	for (int i = 1; i < v->n_columns; i++) {
		free(v->figures[i].title);
		free(v->figures[i].name);
	}
	v->n_columns = 0;
}

void recipe_figures_rows(struct recipe_view *v)
{
	const struct plan *p = v->doc ? v->doc->plan : NULL;
	int sort = v->table.sort;
	bool reverse = v->table.reverse, had = v->table.columns != NULL;

	columns_clear(v);
	free(v->like);
	v->like = NULL;
	v->n_like = p ? p->n : 0;
	v->like = xnew(const struct tensor *, v->n_like + 1);
	for (size_t i = 0; i < v->n_like; i++)
		v->like[i] = p->tensors[i].like;
	groups_build(&v->groups, v->by, v->like, v->n_like);
	v->columns[0] = (struct column){ .name = "tensor",
		.title = v->by == GROUP_ROLE    ? "ROLE"
			 : v->by == GROUP_LAYER ? "LAYER"
						: "TENSOR",
		.align = -1,
		.width = 12,
		.max = 44,
		.priority = 9,
		.match = true,
		.cut = CUT_MIDDLE,
		.help = "Role, layer or tensor." };
	v->n_columns = 1;
	if (p)
		columns_choose(v);
	if (had)
		table_fini(&v->table);
	table_init(&v->table, v->columns, v->n_columns, &source, v);
	v->table.fold_new = true;
	v->table.empty = v->doc && v->doc->opening ? "opening the models …" : "no figures";
	if (had && sort < v->n_columns) {
		v->table.sort = sort;
		v->table.reverse = reverse;
	}
	table_set_rows(&v->table, v->groups.nodes.n);
	v->generation = 0;
}

/* --- a figure by layer --- */

static void trend_choose(struct recipe_view *v, struct recipe_trend *t)
{
	const struct inputs *in = v->doc->inputs;

	t->stat = in->figure_base ? STAT_DELTA_COSINE : STAT_ONE_MINUS_COSINE;
	t->input = -1;
	for (size_t i = 0; i < in->n; i++)
		if (in->v[i].model && in->v[i].model != in->figure_base)
			t->input = (int)i;
	int here = v->row < v->knobs.rows.n ? v->knobs.rows.v[v->row].input : -1;
	here = here >= 0 ? doc_recipe(v->doc)->models[here].input : -1;
	if (here >= 0 && (size_t)here < in->n && in->v[here].model != in->figure_base)
		t->input = here;
}

static void trend_update(struct recipe_view *v)
{
	struct recipe_trend *t = &v->trend;
	struct preview *p = v->view.app->preview;
	size_t *rows = xnew(size_t, v->n_like + 1);

	free(t->v);
	memset(t, 0, sizeof *t);
	t->lowest = NAN;
	trend_choose(v, t);
	for (size_t i = 0; i < v->n_like; i++)
		if (v->like[i]->layer >= (int)t->layers)
			t->layers = (size_t)v->like[i]->layer + 1;
	t->v = xnew(double, t->layers + 1);
	for (size_t l = 0; l < t->layers && t->input >= 0; l++) {
		size_t n = 0;

		for (size_t i = 0; i < v->n_like; i++)
			if (v->like[i]->layer == (int)l)
				rows[n++] = i;
		struct figure f = preview_group(p, rows, n, t->stat, t->input);
		t->v[l] = f.state == FIG_NONE || f.state == FIG_FAILED ? NAN : f.value;
	}
	for (size_t i = 0; i < v->n_like && t->input >= 0; i++) {
		struct figure f = preview_figure(p, i, t->stat, t->input);
		double sign = t->stat == STAT_DELTA_COSINE ? 1 : -1;

		/* A norm's few weights say little; the figure worth a look is that of a matrix. */
		if (f.state == FIG_NONE || f.state == FIG_FAILED || v->like[i]->rank < 2)
			continue;
		if (isnan(t->lowest) || f.value * sign < t->lowest * sign) {
			t->lowest = f.value;
			t->lowest_name = v->like[i]->name;
		}
	}
	free(rows);
}

static void curve_update(struct recipe_view *v)
{
	struct recipe_curve *c = &v->curve;
	struct preview *p = v->view.app->preview;
	const struct recipe *r = doc_recipe(v->doc);
	const struct inputs *in = v->doc->inputs;
	int other = -1;

	memset(c, 0, sizeof *c);
	for (size_t i = 0; i < in->n; i++)
		if ((int)i != in->base)
			other = (int)i;
	if (other < 0)
		return;
	c->at = recipe_param(r, method_param(r->method, "t"), -1, "", 0, NULL);
	c->known = true;
	for (int i = 0; i < 64; i++) {
		struct swap_point s;
		double t = pow(10, -6 + 5.0 * i / 63);

		if (!preview_swap(p, NULL, 0, other, t, &s))
			continue;
		c->t[c->n] = t;
		c->full[c->n++] = s.full.value;
	}
	for (int i = 0; i < 3; i++)
		c->known &= preview_swap(p, NULL, 0, other, c->at * (i == 0 ? 1 : i == 1 ? 3 : 10),
			&c->points[i]);
}

void recipe_figures_update(struct recipe_view *v)
{
	struct preview *p = v->view.app->preview;
	uint64_t generation = p && v->doc && v->doc->plan ? preview_generation(p) : 0;

	if (!generation || generation == v->generation)
		return;
	v->generation = generation;
	table_refresh(&v->table);
	trend_update(v);
	if (is_nearswap(v))
		curve_update(v);
	else
		v->curve.n = 0;
}

void recipe_figures_fini(struct recipe_view *v)
{
	columns_clear(v);
	groups_fini(&v->groups);
	table_fini(&v->table);
	free(v->like);
	free(v->trend.v);
}

void recipe_draw_trend(const struct recipe_view *v, struct grid *g, struct rect r)
{
	const struct recipe_trend *t = &v->trend;
	struct str s = STR_INIT;
	double lo = INFINITY, hi = -INFINITY;

	if (r.h < 1 || !t->v || t->input < 0 || !t->layers || !v->doc->inputs)
		return;
	for (size_t i = 0; i < t->layers; i++)
		if (!isnan(t->v[i])) {
			lo = fmin(lo, t->v[i]);
			hi = fmax(hi, t->v[i]);
		}
	if (lo > hi)
		return;
	figure_title(t->stat, v->doc->inputs->v[t->input].label, &s);
	str_add(&s, " by layer ");
	int x = r.x + grid_fit(g, r.x, r.y, r.w / 2, STYLE_dim, s.s, CUT_MIDDLE);
	int w = (int)t->layers < r.x + r.w - x ? (int)t->layers : r.x + r.w - x;

	/* From a floor below the lowest, or a flat model would look like a cliff. */
	plot_spark(g, x, r.y, w, STYLE_plot, t->v, t->layers,
		hi > lo ? lo - (hi - lo) * 0.15 : lo - 1, hi);
	str_clear(&s);
	if (r.h >= 2 && t->lowest_name) {
		const char *name = str_starts(t->lowest_name, "model.layers.") ? t->lowest_name + 13
									       : t->lowest_name;

		str_add(&s, t->stat == STAT_DELTA_COSINE ? "lowest " : "most ");
		figure_number(t->lowest, "1", &s);
		str_addf(&s, "  %s", name);
		if (str_ends(s.s, ".weight"))
			s.s[s.n -= 7] = 0;
		grid_fit(g, r.x, r.y + 1, r.w, STYLE_normal, s.s, CUT_MIDDLE);
	}
	str_fini(&s);
}

static const char *format_t(double x, char buf[16])
{
	snprintf(buf, 16, "%.0e", x);
	return buf;
}

static const char *format_share(double x, char buf[16])
{
	snprintf(buf, 16, "%.0f%%", x * 100);
	return buf;
}

static void pad_to(struct str *s, int column)
{
	while (text_width(s->s ? s->s : "") < column)
		str_addc(s, ' ');
}

static void fact_cell(struct str *s, int column, double v)
{
	pad_to(s, column);
	str_addf(s, "%.1e", v);
}

static void figure_cell_text(struct str *s, int column, struct figure f, enum stat_id id)
{
	pad_to(s, column);
	figure_text(f, id, s);
}

/* Of the share that does not swap: the same interval the other way round. */
static struct figure figure_rest(struct figure f)
{
	return (struct figure){ 1 - f.value, 1 - f.hi, 1 - f.lo, f.state };
}

void recipe_draw_curve(const struct recipe_view *v, struct grid *g, struct rect r)
{
	const struct recipe_curve *c = &v->curve;
	struct str s = STR_INIT;

	if (r.h < 4 || !c->n)
		return;
	grid_rule(g, r.x, r.y, r.w, STYLE_rule, "swapped fully, over t", NULL);
	rect_top(&r, 1);
	struct rect facts = rect_bottom(&r, r.h >= 9 ? 4 : r.h >= 6 ? 2 : 0);
	struct plot_line line = { c->t, c->full, c->n, STYLE_plot };
	struct plot_curve plot = { .lines = &line,
		.n_lines = 1,
		.x = { 1e-6, 1e-1, true },
		.y = { 0, 1, false },
		.mark_x = c->at,
		.format_x = format_t,
		.format_y = format_share };

	plot_curve(g, r, &plot);
	if (!facts.h || !c->known)
		return;
	int w = facts.w / 5;
	static const char *const heads[] = { "at t", "full", "moved", "frozen", "shift" };
	for (int i = 0; i < 5; i++)
		grid_fit(g, facts.x + i * w, facts.y, w, STYLE_dim, heads[i], CUT_END);
	for (int i = 0; i < 3 && i + 1 < facts.h; i++) {
		const struct swap_point *p = &c->points[i];

		str_clear(&s);
		fact_cell(&s, 0, p->t);
		figure_cell_text(&s, w, p->full, STAT_SWAPPED);
		figure_cell_text(&s, 2 * w, figure_rest(p->full), STAT_MOVED);
		figure_cell_text(&s, 3 * w, p->frozen, STAT_FROZEN);
		figure_cell_text(&s, 4 * w, p->mean_shift, STAT_MEAN_SHIFT);
		grid_fit(g, facts.x, facts.y + 1 + i, facts.w, i ? STYLE_normal : STYLE_value, s.s,
			CUT_END);
	}
	str_fini(&s);
}
