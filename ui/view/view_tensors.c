#include "config.h"
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "ui/view/figure_text.h"
#include "ui/view/view_tensors.h"

const struct group_node *tensors_node(const struct tensors_view *v)
{
	long row = table_selected(&v->table);

	return row >= 0 && (size_t)row < v->groups.nodes.n ? &v->groups.nodes.v[row] : NULL;
}

static struct figure tensors_figure(
	const struct tensors_view *v, const struct group_node *node, int column)
{
	const struct tensors_column *c = &v->figures[column];

	if (!v->look)
		return figure_none();
	return node->leaf >= 0 ? look_figure(v->look, (size_t)node->leaf, c->stat, c->model) :
		look_group(v->look, groups_rows(&v->groups, node), node->n, c->stat, c->model);
}

int tensors_strip_column(const struct tensors_view *v)
{
	if (v->n_columns < 3)
		return -1;
	return v->table.sort >= 2 && v->table.sort < v->n_columns ? v->table.sort : 2;
}

/* --- the table --- */

static void add_shape(const struct tensor *t, struct str *out)
{
	for (int i = 0; i < t->rank; i++)
		str_addf(out, "%s%llu", i ? "×" : "", (unsigned long long)t->shape[i]);
	if (!t->rank)
		str_add(out, "scalar");
}

static void tensor_cell(void *ctx, size_t row, int column, struct table_cell *out)
{
	const struct tensors_view *v = ctx;
	const struct group_node *node = &v->groups.nodes.v[row];

	if (column == 0) {
		str_add(&out->text, node->label);
	} else if (column == 1 && node->leaf >= 0) {
		add_shape(v->like[node->leaf], &out->text);
	} else if (column == 1) {
		str_addf(&out->text, "%zu", node->children);
		out->style = STYLE_dim;
	} else {
		struct figure f = tensors_figure(v, node, column);

		figure_text(f, v->figures[column].stat, &out->text);
		if (f.state <= FIG_NONE || f.state == FIG_FAILED)
			out->style = STYLE_dim;
	}
}

static double tensor_value(void *ctx, size_t row, int column)
{
	const struct tensors_view *v = ctx;
	const struct group_node *node = &v->groups.nodes.v[row];

	if (column == 1)
		return (double)(node->leaf >= 0 ? v->like[node->leaf]->elements : node->n);
	if (column < 1)
		return NAN;
	struct figure f = tensors_figure(v, node, column);
	return f.state == FIG_NONE || f.state == FIG_FAILED ? NAN : f.value;
}

static uint64_t tensor_id(void *ctx, size_t row)
{
	return ((const struct tensors_view *)ctx)->groups.nodes.v[row].id;
}

static long tensor_parent(void *ctx, size_t row)
{
	return ((const struct tensors_view *)ctx)->groups.nodes.v[row].parent;
}

static const struct table_source source = { tensor_cell, tensor_value, tensor_id, tensor_parent };

static void columns_clear(struct tensors_view *v)
{
	for (int i = 0; i < v->n_columns; i++) {
		free(v->figures[i].title);
		free(v->figures[i].name);
	}
	v->n_columns = 0;
}

/* Two models side by side: A is the one named first. */
static void column_title(const struct tensors_view *v, enum stat_id s, int model, struct str *out)
{
	bool plain = text_tier() == TEXT_ASCII;
	char letter[3] = { ' ', (char)('A' + model), 0 };

	if (s == STAT_DELTA_COSINE)
		str_add(out, plain ? "d COS" : "Δ COS");
	else if (s == STAT_INPUT_CONFLICT)
		str_add(out, "CONFLICT");
	else if (s == STAT_DELTA_RATIO)
		str_addf(out, plain ? "|d| %c/A" : "|Δ| %c/A", 'A' + model);
	else
		figure_title(s, NULL, out);
	if (v->n > 2 && s != STAT_DELTA_RATIO && stat_info(s)->per_input)
		str_add(out, letter);
}

static void add_column(struct tensors_view *v, enum stat_id s, int model, int priority)
{
	if (v->n_columns == TENSORS_COLUMNS)
		return;
	int i = v->n_columns++;
	struct tensors_column *c = &v->figures[i];
	struct str title = STR_INIT;

	c->stat = s;
	c->model = model;
	column_title(v, s, model, &title);
	c->title = str_steal(&title);
	c->name = v->n > 2 && stat_info(s)->per_input ?
		xasprintf("%s_%c", stat_info(s)->name, 'a' + model) : xstrdup(stat_info(s)->name);
	v->columns[i] = (struct column){ .name = c->name, .title = c->title, .align = 1, .width = 8,
		.priority = priority, .number = true, .help = stat_info(s)->help };
}

/* What tells two models apart comes first; a model alone shows what its weights are like. */
static void columns_choose(struct tensors_view *v)
{
	static const enum stat_id pair[] = { STAT_ONE_MINUS_COSINE, STAT_RELATIVE_L2, STAT_MAX_ABS,
		STAT_MEAN_SHIFT };
	static const enum stat_id based[] = { STAT_ONE_MINUS_COSINE, STAT_RELATIVE_L2,
		STAT_INPUT_CONFLICT, STAT_DELTA_COSINE, STAT_DELTA_RATIO, STAT_MAX_ABS };
	static const enum stat_id alone[] = { STAT_NORM, STAT_STD, STAT_ABS_MAX, STAT_ZEROS,
		STAT_NONFINITE };
	bool have_base = v->base != NULL;

	columns_clear(v);
	v->columns[0] = (struct column){ .name = "tensor",
		.title = "TENSOR",
		.align = -1,
		.width = 16,
		.max = 52,
		.priority = 9,
		.match = true,
		.cut = CUT_MIDDLE,
		.help = "Layer, module and tensor." };
	v->columns[1] = (struct column){ .name = "shape",
		.title = "SHAPE",
		.align = 1,
		.width = 9,
		.priority = 5,
		.number = true,
		.help = "Logical shape, outermost first; groups: parts." };
	v->n_columns = 2;
	for (size_t m = v->n > 1 ? 1 : 0; m < v->n && (v->n > 1 || have_base); m++) {
		bool task = have_base && v->n > 1;
		size_t n = task ? sizeof based / sizeof *based : sizeof pair / sizeof *pair;

		for (size_t i = 0; i < n; i++)
			add_column(v, task ? based[i] : pair[i], (int)m, i < 5 ? 8 - (int)i : 2);
	}
	for (size_t i = 0; i < sizeof alone / sizeof *alone; i++)
		add_column(v, alone[i], 0, v->n > 1 || have_base ? 0 : 8 - (int)i);
}

static void rows_build(struct tensors_view *v)
{
	size_t n = v->look ? look_rows(v->look) : 0;

	free(v->like);
	v->like = xnew(const struct tensor *, n + 1);
	for (size_t i = 0; i < n; i++)
		v->like[i] = look_row(v->look, i)->like;
	groups_build(&v->groups, v->by, v->like, n);
	table_set_rows(&v->table, v->groups.nodes.n);
}

/* The stack begins unfolded, its layers folded: the shape of a model in one screen. */
static void unfold_roots(struct tensors_view *v)
{
	for (size_t i = 0; i < v->groups.nodes.n; i++)
		if (v->groups.nodes.v[i].parent < 0 && v->by == GROUP_LAYER)
			table_fold(&v->table, v->groups.nodes.v[i].id, false);
}

/* --- opening what is to be shown --- */

struct opening {
	struct app *app;
	char *names[LOOK_MAX], *base_name;
	size_t n;
	struct model *models[LOOK_MAX], *base;
	struct err error;
};

static void opening_drop(void *ctx)
{
	struct opening *o = ctx;

	for (size_t i = 0; i < LOOK_MAX; i++) {
		free(o->names[i]);
		if (o->models[i])
			model_unref(o->models[i]);
	}
	if (o->base)
		model_unref(o->base);
	free(o->base_name);
	free(o);
}

static char *alias(void *ctx, const char *name)
{
	return catalog_model_path(ctx, name);
}

static struct model *open_one(struct app *a, const char *name, struct err *e)
{
	char *path = model_resolve(a->roots, name, NULL, alias, a->catalog, e);
	struct model *m = path ? model_open(path, e) : NULL;

	free(path);
	return m;
}

static void opening_work(void *ctx)
{
	struct opening *o = ctx;

	for (size_t i = 0; i < o->n; i++) {
		o->models[i] = open_one(o->app, o->names[i], &o->error);
		if (!o->models[i])
			return;
	}
	/* A base that cannot be opened only costs the figures against it. */
	if (o->base_name && *o->base_name)
		o->base = open_one(o->app, o->base_name, NULL);
}

static void changed(void *ctx)
{
	event_wake(((struct app *)ctx)->events);
}

static void close_models(struct tensors_view *v)
{
	if (v->look)
		look_free(v->look);
	v->look = NULL;
	for (size_t i = 0; i < v->n; i++) {
		model_unref(v->models[i]);
		v->models[i] = NULL;
		free(v->labels[i]);
	}
	if (v->base)
		model_unref(v->base);
	free(v->base_label);
	v->base = NULL;
	v->base_label = NULL;
	v->n = 0;
	tensors_strip_fini(&v->strip);
}

static unsigned opening_done(struct app *a, void *ctx)
{
	struct opening *o = ctx;
	struct tensors_view *v = app_view_of(a, &view_tensors);

	close_models(v);
	v->opening = false;
	v->error = o->error;
	if (o->n && o->models[o->n - 1]) {
		v->n = o->n;
		for (size_t i = 0; i < o->n; i++) {
			v->models[i] = model_ref(o->models[i]);
			v->labels[i] = xstrdup(str_base(o->models[i]->name));
		}
		v->base = o->base ? model_ref(o->base) : NULL;
		v->base_label = o->base ? xstrdup(str_base(o->base->name)) : NULL;
		v->look = look_new(a->pool, a->catalog, v->models, v->n, v->base, changed, a);
	}
	columns_choose(v);
	table_fini(&v->table);
	table_init(&v->table, v->columns, v->n_columns, &source, v);
	v->table.fold_new = true;
	v->table.empty =
		v->error.code
			? v->error.what
			: "Mark models with Space in view 1, then d: they stand here side by side.";
	v->view.table = &v->table;
	rows_build(v);
	unfold_roots(v);
	opening_drop(o);
	return CHANGED_SCREEN | CHANGED_LAYOUT;
}

/* Where a catalogued model comes from, if the catalog knows: its lineage parent. */
static char *lineage_parent(const struct app *a, const char *name)
{
	char full[PATH_MAX];

	if (!realpath(name, full))
		full[0] = 0;
	for (size_t i = 0; i < a->n_models; i++) {
		const struct catalog_model *m = &a->models[i];

		if (!str_eq(m->name, name) && !str_eq(m->path, name) && !str_eq(m->path, full))
			continue;
		for (size_t j = 0; m->parent && j < a->n_models; j++)
			if (a->models[j].id == m->parent && a->models[j].path)
				return xstrdup(a->models[j].path);
	}
	return NULL;
}

static void start_opening(struct tensors_view *v)
{
	struct app *a = v->view.app;
	struct opening *o = xnew(struct opening, 1);

	o->app = a;
	o->n = a->n_shown;
	for (size_t i = 0; i < o->n; i++)
		o->names[i] = xstrdup(a->shown[i]);
	o->base_name = v->want_base ? xstrdup(v->want_base)
		       : o->n       ? lineage_parent(a, a->shown[0])
				    : NULL;
	v->opening = true;
	app_work(a, opening_work, opening_done, opening_drop, o);
}

static void tensors_open(struct view *view)
{
	struct tensors_view *v = (struct tensors_view *)view;

	columns_choose(v);
	table_init(&v->table, v->columns, v->n_columns, &source, v);
	v->table.fold_new = true;
	v->table.empty = "Mark models with Space in view 1, then d: they stand here side by side.";
	view->table = &v->table;
}

static void tensors_close(struct view *view)
{
	struct tensors_view *v = (struct tensors_view *)view;

	close_models(v);
	columns_clear(v);
	groups_fini(&v->groups);
	table_fini(&v->table);
	free(v->like);
	free(v->want_base);
}

static void tensors_update(struct view *view, unsigned bits)
{
	struct tensors_view *v = (struct tensors_view *)view;

	if (bits & CHANGED_SHOWN) {
		free(v->want_base);
		v->want_base = NULL;
		start_opening(v);
	}
	/* The catalog came to know where the model is from. */
	if ((bits & CHANGED_MODELS) && v->look && !v->base && !v->want_base && !v->opening) {
		char *parent = lineage_parent(v->view.app, v->view.app->shown[0]);

		if (parent)
			start_opening(v);
		free(parent);
	}
	/* Nothing chosen yet: the first model is better company than an empty screen. */
	if (!v->view.app->n_shown && !v->opening && !v->look && v->view.app->n_models &&
		v->view.app->view == view && v->view.app->models[0].path) {
		v->view.app->shown[0] = xstrdup(v->view.app->models[0].path);
		v->view.app->n_shown = 1;
		start_opening(v);
	}
}

static bool tensors_busy(const struct view *view)
{
	const struct tensors_view *v = (const struct tensors_view *)view;
	struct look_progress p;

	if (v->opening)
		return true;
	if (!v->look)
		return false;
	look_progress(v->look, &p);
	return !look_idle(v->look) || (strcmp(p.phase, "ready") && strcmp(p.phase, "failed"));
}

/* --- drawing --- */

static void focus_rows(struct tensors_view *v)
{
	size_t rows[256], n = groups_in_sight(&v->groups, &v->table, rows, 256);

	if (n)
		look_focus(v->look, rows, n);
}

static void tensors_layout(struct view *view, struct rect r)
{
	struct tensors_view *v = (struct tensors_view *)view;

	if (v->look && look_generation(v->look) != v->generation) {
		v->generation = look_generation(v->look);
		table_refresh(&v->table);
	}
	tensors_strip_update(v);
	v->title_area = rect_top(&r, 1);
	int plot = r.h >= 40 ? 7 : r.h >= 18 ? 4 : r.h >= 14 ? 3 : 0;
	int strip_rows = v->strip.n_roles && v->strip.lo <= v->strip.hi ? (int)v->strip.n_roles : 0;
	int strip = r.h >= 18 && strip_rows ? strip_rows + 1 : 0;

	if (strip > r.h / 3)
		strip = r.h / 3;
	v->plot_area = rect_bottom(&r, plot);
	v->strip_area = rect_bottom(&r, strip);
	table_place(&v->table, r);
	if (v->look)
		focus_rows(v);
}

static void title_text(const struct tensors_view *v, struct str *s)
{
	struct look_progress p;

	for (size_t i = 0; i < v->n; i++)
		str_addf(s, "%s%s", i ? " │ " : "", v->labels[i]);
	if (v->base_label)
		str_addf(s, " │ base %s", v->base_label);
	str_addf(s, " · %zu tensors", look_rows(v->look));
	look_progress(v->look, &p);
	if (!strcmp(p.phase, "failed"))
		str_addf(s, " · %s", p.error);
	else if (strcmp(p.phase, "ready"))
		str_addf(s, " · %s %.0f%%", !strcmp(p.phase, "sample") ? "sampling" : "reading",
			p.done * 100);
	else if (isnan(p.read_seconds_ago))
		str_add(s, " · exact, remembered");
	else
		str_addf(s, " · exact, read %.0f s ago", p.read_seconds_ago);
	if (p.nonfinite)
		str_addf(s, " · %llu NaN or infinite", (unsigned long long)p.nonfinite);
}

static void tensors_draw(const struct view *view, struct grid *g)
{
	const struct tensors_view *v = (const struct tensors_view *)view;
	struct str s = STR_INIT;

	if (v->opening)
		str_add(&s, "opening …");
	else if (v->error.code)
		str_addf(&s, "%s: %s", v->error.where, v->error.what);
	else if (v->look)
		title_text(v, &s);
	grid_fit(g, v->title_area.x + 1, v->title_area.y, v->title_area.w - 1,
		v->error.code ? STYLE_error : STYLE_normal, s.s ? s.s : "", CUT_END);
	str_fini(&s);
	table_draw(&v->table, g, true);
	tensors_draw_strip(v, g, v->strip_area);
	tensors_draw_plot(v, g, v->plot_area);
}

/* --- commands --- */

static struct tensors_view *here(struct app *a)
{
	return app_view_of(a, &view_tensors);
}

unsigned cmd_view_tensors(struct app *a, const char *args)
{
	(void)args;
	return app_go(a, 2);
}

unsigned cmd_arrange_tensors(struct app *a, const char *args)
{
	struct tensors_view *v = here(a);

	(void)args;
	v->by = (enum grouping)((v->by + 1) % GROUP_COUNT);
	rows_build(v);
	unfold_roots(v);
	return CHANGED_ROWS | CHANGED_LAYOUT | CHANGED_SCREEN;
}

unsigned cmd_open_tensor(struct app *a, const char *args)
{
	struct tensors_view *v = here(a);
	const struct group_node *node = tensors_node(v);

	(void)args;
	if (!node || node->leaf >= 0)
		return 0;
	table_fold(&v->table, node->id, !id_set_has(&v->table.folded, node->id));
	return CHANGED_ROWS | CHANGED_SCREEN;
}

static unsigned base_chosen(struct app *a, const char *text, void *ctx)
{
	struct tensors_view *v = ctx;

	(void)a;
	free(v->want_base);
	v->want_base = xstrdup(str_eq(text, "none") ? "" : text);
	start_opening(v);
	return CHANGED_SCREEN;
}

unsigned cmd_base_tensors(struct app *a, const char *args)
{
	struct tensors_view *v = here(a);

	if (args && *args)
		return base_chosen(a, args, v);
	return app_ask(a, &(struct ask){ .label = "base (none for no base): ",
				  .history = "model",
				  .text = v->base ? v->base->path : NULL,
				  .complete = "MODEL",
				  .done = base_chosen,
				  .ctx = v });
}

static const char *tensors_label(const struct view *view, const struct command *c)
{
	const struct tensors_view *v = (const struct tensors_view *)view;

	if (!strcmp(c->name, "arrange-tensors"))
		return v->by == GROUP_LAYER ? "by role" : v->by == GROUP_ROLE ? "flat" : "by layer";
	return NULL;
}

static bool tensors_command(const struct view *view, struct str *out)
{
	const struct tensors_view *v = (const struct tensors_view *)view;

	if (!v->n)
		return false;
	if (v->n == 1) {
		str_addf(out, "cupel inspect %s", v->models[0]->path);
		return true;
	}
	str_addf(out, "cupel diff %s %s", v->models[0]->path, v->models[1]->path);
	if (v->base)
		str_addf(out, " --base %s", v->base->path);
	return true;
}

const struct view_ops view_tensors = {
	.digit = 2,
	.title = "Tensors",
	.context = CTX_TENSORS,
	.size = sizeof(struct tensors_view),
	.open = tensors_open,
	.close = tensors_close,
	.update = tensors_update,
	.layout = tensors_layout,
	.draw = tensors_draw,
	.busy = tensors_busy,
	.copy_command = tensors_command,
	.label = tensors_label,
};
