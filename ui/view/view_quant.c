/* View Quant: groups of tensors by types: what each takes, and what it costs, before it is
 * written. */
#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "engine/recipe_model.h"
#include "ui/view/view_quant.h"

enum { COL_GROUP, COL_N, COL_PARAMS, COL_TYPE, COL_BITS, COL_SIZE, COL_ERROR, COL_HALF, COL_RMSE,
	COL_COS, COL_WORST, COL_WEIGHTED, COL_TYPE_B, COL_BITS_B, COL_SIZE_B, COL_ERROR_B, N_PLAN };
static const struct column plan_columns[N_PLAN] = {
	{ "group", "GROUP", -1, 14, 0, 9, false, true, CUT_END, "Role, or tensor." },
	{ "n", "N", 1, 3, 0, 6, true, false, CUT_END, "Tensors in it." },
	{ "params", "PARAMS", 1, 7, 0, 5, true, false, CUT_END, "Weights in it." },
	{ "type", "TYPE", -1, 9, 0, 8, false, true, CUT_END, "What it is stored as." },
	{ "bits", "BITS", 1, 5, 0, 7, true, false, CUT_END, "Bits per weight, scales included." },
	{ "size", "SIZE", 1, 7, 0, 8, true, false, CUT_END, "Bytes; of TOTAL: of the whole file." },
	{ "error", "REL.ERR", 1, 7, 0, 8, true, false, CUT_END,
		"|w-q| / |w|: sampled until all weights were read." },
	{ "half", "±", 1, 5, 0, 4, true, false, CUT_END,
		"Half of its 95 % interval; none: exact." },
	{ "rmse", "RMSE", 1, 8, 0, 3, true, false, CUT_END, "Root mean square of w-q." },
	{ "cos", "1-COS", 1, 8, 0, 2, true, false, CUT_END, "1 - cosine of w and q." },
	{ "worst", "MAX|w-q|", 1, 8, 0, 1, true, false, CUT_END, "Largest |w-q| seen." },
	{ "weighted", "IMP.ERR", 1, 7, 0, 0, true, false, CUT_END,
		"Relative error, each column weighed by the importance matrix." },
	{ "type_b", "BESIDE", -1, 9, 0, 0, false, false, CUT_END, "Its type in the plan beside." },
	{ "bits_b", "BITS", 1, 5, 0, 0, true, false, CUT_END, "Its bits per weight there." },
	{ "size_b", "SIZE", 1, 7, 0, 0, true, false, CUT_END, "Its size there." },
	{ "error_b", "REL.ERR", 1, 7, 0, 0, true, false, CUT_END, "Its relative error there." },
};

enum { HEAT_FIRST = 2 }; /* GROUP and TYPE stand before the types */
static const char *const heat_names[QUANT_HEAT] = { "t1", "t2", "t3", "t4", "t5", "t6", "t7",
	"t8" };

static struct quant_view *here(struct app *a)
{
	return app_view_of(a, &view_quant);
}

static const struct quant_row *row_at(const struct quant_view *v, size_t i)
{
	return &v->doc.rows.v[i];
}

const struct quant_row *quant_selected(const struct quant_view *v)
{
	long i = quant_doc_is_open(&v->doc) ? table_selected(&v->table) : -1;

	return i >= 0 ? row_at(v, (size_t)i) : NULL;
}

/* --- the table --- */

static void add_percent(struct str *s, double v)
{
	if (!isnan(v))
		str_addf(s, v >= 0.0995 ? "%.1f%%" : "%.2f%%", 100 * v);
}

static void cell_error(const struct quant_view *v, const struct quant_row *r,
	const struct quant_plan *p, bool half, struct table_cell *out)
{
	struct quant_figure f = quant_row_error(&v->doc, r, p, NULL);

	if (isnan(f.relative)) {
		if (r->kind == QUANT_ROW_TOTAL || quant_row_changes(&v->doc, r))
			str_add(&out->text, half ? "" : "…");
		return;
	}
	if (!half)
		add_percent(&out->text, f.relative);
	else if (f.half > 0)
		add_percent(&out->text, f.half);
}

static const char *name_of(const struct quant_view *v, const struct quant_row *r)
{
	return r->kind == QUANT_ROW_TOTAL ? "TOTAL"
		: r->kind == QUANT_ROW_GROUP ? v->doc.groups.v[r->group].role
		: v->doc.plan->targets->v[r->target].name;
}

static double bits_of(const struct quant_view *v, const struct quant_row *r,
	const struct quant_plan *p)
{
	const struct quant_doc *d = &v->doc;
	uint64_t n = quant_row_parameters(d, r);

	if (r->kind == QUANT_ROW_TOTAL)
		return p->bits_per_weight;
	return n ? 8.0 * (double)quant_row_bytes(d, r, p) / (double)n : 0.0;
}

static void cell_plan(void *ctx, size_t i, int column, struct table_cell *out)
{
	const struct quant_view *v = ctx;
	const struct quant_doc *d = &v->doc;
	const struct quant_row *r = row_at(v, i);
	struct quant_figure f;
	size_t n;

	if (r->kind == QUANT_ROW_TOTAL)
		out->style = STYLE_value;
	else if (!quant_row_changes(d, r))
		out->style = STYLE_dim;
	switch (column) {
	case COL_GROUP: str_add(&out->text, name_of(v, r)); break;
	case COL_N:
		quant_row_targets(d, r, &n);
		if (r->kind != QUANT_ROW_TARGET)
			str_addf(&out->text, "%zu", n);
		break;
	case COL_PARAMS: str_add_count(&out->text, quant_row_parameters(d, r)); break;
	case COL_TYPE: quant_row_type(d, r, d->plan, &out->text); break;
	case COL_BITS:
		str_addf(&out->text, "%.2f", bits_of(v, r, d->plan));
		break;
	case COL_SIZE: str_add_bytes(&out->text, quant_row_bytes(d, r, d->plan)); break;
	case COL_ERROR: cell_error(v, r, d->plan, false, out); break;
	case COL_HALF: cell_error(v, r, d->plan, true, out); break;
	case COL_RMSE:
	case COL_COS:
	case COL_WORST:
		f = quant_row_error(d, r, d->plan, NULL);
		if (!isnan(f.relative))
			str_addf(&out->text, "%.2e", column == COL_RMSE ? f.rmse
				: column == COL_COS ? 1 - f.cosine : f.worst);
		break;
	case COL_WEIGHTED:
		if (quant_doc_importance(d))
			add_percent(&out->text, quant_row_error(d, r, d->plan, NULL).weighted);
		break;
	case COL_TYPE_B:
		if (d->beside)
			quant_row_type(d, r, d->beside, &out->text);
		break;
	case COL_BITS_B:
		if (d->beside)
			str_addf(&out->text, "%.2f", bits_of(v, r, d->beside));
		break;
	case COL_SIZE_B:
		if (d->beside)
			str_add_bytes(&out->text, quant_row_bytes(d, r, d->beside));
		break;
	case COL_ERROR_B:
		if (d->beside)
			cell_error(v, r, d->beside, false, out);
		break;
	}
}

static double value_plan(void *ctx, size_t i, int column)
{
	const struct quant_view *v = ctx;
	const struct quant_doc *d = &v->doc;
	const struct quant_row *r = row_at(v, i);
	struct quant_figure f;
	size_t n;

	switch (column) {
	case COL_N:
		quant_row_targets(d, r, &n);
		return (double)n;
	case COL_PARAMS: return (double)quant_row_parameters(d, r);
	case COL_BITS: return bits_of(v, r, d->plan);
	case COL_BITS_B: return d->beside ? bits_of(v, r, d->beside) : NAN;
	case COL_SIZE: return (double)quant_row_bytes(d, r, d->plan);
	case COL_SIZE_B: return d->beside ? (double)quant_row_bytes(d, r, d->beside) : NAN;
	case COL_ERROR_B: return d->beside ? quant_row_error(d, r, d->beside, NULL).relative : NAN;
	}
	f = quant_row_error(d, r, d->plan, NULL);
	return column == COL_HALF ? f.half : column == COL_RMSE ? f.rmse
		: column == COL_COS ? 1 - f.cosine : column == COL_ERROR ? f.relative
		: column == COL_WEIGHTED ? f.weighted : column == COL_WORST ? f.worst : NAN;
}

/* Types side by side: what is chosen stands in brackets; the larger the error, the louder. */
static void cell_heat(void *ctx, size_t i, int column, struct table_cell *out)
{
	const struct quant_view *v = ctx;
	const struct quant_doc *d = &v->doc;
	const struct quant_row *r = row_at(v, i);
	const struct quant_type *t;
	struct quant_figure f;
	struct str mine = STR_INIT;
	char name[QUANT_TYPE_NAME];

	if (column == 0) {
		cell_plan(ctx, i, COL_GROUP, out);
		return;
	}
	if (column == 1) {
		cell_plan(ctx, i, COL_TYPE, out);
		return;
	}
	t = &d->heat[column - HEAT_FIRST];
	f = quant_row_error(d, r, d->plan, t);
	if (isnan(f.relative))
		return;
	quant_row_type(d, r, d->plan, &mine);
	if (str_eq(mine.s ? mine.s : "", quant_type_name(*t, name))) {
		str_addc(&out->text, '[');
		add_percent(&out->text, f.relative);
		str_addc(&out->text, ']');
		out->style = STYLE_value;
	} else {
		add_percent(&out->text, f.relative);
		out->style = f.relative >= 0.10 ? STYLE_bad : f.relative >= 0.05 ? STYLE_warn
			: f.relative < 0.01 ? STYLE_good : STYLE_normal;
	}
	str_fini(&mine);
}

static double value_heat(void *ctx, size_t i, int column)
{
	const struct quant_view *v = ctx;

	return column < HEAT_FIRST ? NAN : quant_row_error(&v->doc, row_at(v, i), v->doc.plan,
		&v->doc.heat[column - HEAT_FIRST]).relative;
}

static uint64_t id(void *ctx, size_t i)
{
	const struct quant_view *v = ctx;
	const struct quant_row *r = row_at(v, i);
	const char *name = name_of(v, r);

	return hash64_bytes(name, strlen(name)) | 1;
}

static long parent(void *ctx, size_t i)
{
	return row_at(ctx, i)->parent;
}

static const struct table_source plan_source = { cell_plan, value_plan, id, parent };
static const struct table_source heat_source = { cell_heat, value_heat, id, parent };

static void heat_columns(struct quant_view *v)
{
	struct quant_doc *d = &v->doc;

	v->columns[0] = plan_columns[COL_GROUP];
	v->columns[1] = plan_columns[COL_TYPE];
	for (size_t k = 0; k < d->n_heat; k++) {
		quant_type_name(d->heat[k], v->titles[k]);
		v->columns[HEAT_FIRST + k] = (struct column){ heat_names[k], v->titles[k], 1, 7, 0,
			8, true, false, CUT_END, "Relative error of the group as this type." };
	}
}

/* Beside another plan, what both have comes before what is only of this one. */
static void two_plans(struct quant_view *v)
{
	static const int gone[] = { COL_N, COL_PARAMS, COL_HALF, COL_RMSE, COL_COS, COL_WORST };

	memcpy(v->columns, plan_columns, sizeof plan_columns);
	for (size_t k = 0; v->doc.beside && k < sizeof gone / sizeof *gone; k++)
		v->columns[gone[k]].priority = 1;
	if (quant_doc_is_open(&v->doc) && quant_doc_importance(&v->doc))
		v->columns[COL_WEIGHTED].priority = 8;
	for (int k = COL_TYPE_B; v->doc.beside && k < N_PLAN; k++)
		v->columns[k].priority = 8;
	v->columns[COL_BITS].priority = 7;
	v->columns[COL_BITS_B].priority = v->doc.beside ? 7 : 0;
}

/* Another arrangement or other rows; the cursor stays on its row. */
void quant_table_again(struct quant_view *v)
{
	uint64_t at = v->table.cursor_id;
	struct id_set folded = v->table.folded, seen = v->table.seen;
	struct rect area = v->table.area;
	bool moved = v->table.moved;

	v->table.folded = (struct id_set){ 0 };
	v->table.seen = (struct id_set){ 0 };
	table_fini(&v->table);
	if (v->by_type) {
		heat_columns(v);
		table_init(&v->table, v->columns, HEAT_FIRST + (int)v->doc.n_heat, &heat_source, v);
	} else {
		two_plans(v);
		table_init(&v->table, v->columns, N_PLAN, &plan_source, v);
	}
	v->table.fold_new = true;
	v->table.folded = folded;
	v->table.seen = seen;
	v->table.empty = v->error.code ? *v->error.hint ? v->error.hint : v->error.what
		: "4 in Models or Recipe shows what quantizing that model would be.";
	v->view.table = &v->table;
	table_set_rows(&v->table, quant_doc_is_open(&v->doc) ? v->doc.rows.n : 0);
	if (moved)
		table_select(&v->table, at);
	table_place(&v->table, area);
}

/* --- opening --- */

struct opening {
	struct app *app;
	char *name;
	struct plan *plan;      /* of a recipe: its result; NULL a model */
	struct quant_subject subject;
};

static void opening_drop(void *ctx)
{
	struct opening *o = ctx;

	quant_subject_fini(&o->subject);
	plan_unref(o->plan);
	free(o->name);
	free(o);
}

static char *alias(void *ctx, const char *name)
{
	return catalog_model_path(ctx, name);
}

static void opening_work(void *ctx)
{
	struct opening *o = ctx;
	struct app *a = o->app;
	struct model *m = NULL;
	char *path;

	if (o->plan) {
		m = recipe_model(o->plan, o->name, &o->subject.error);
	} else {
		path = model_resolve(a->roots, o->name, NULL, alias, a->catalog, &o->subject.error);
		m = path ? model_open(path, &o->subject.error) : NULL;
		free(path);
	}
	if (m)
		quant_subject_open(&o->subject, m);
	o->subject.name = xstrdup(o->name);
}

static void changed(void *ctx)
{
	event_wake(((struct app *)ctx)->events);
}

static unsigned opening_done(struct app *a, void *ctx)
{
	struct opening *o = ctx;
	struct quant_view *v = here(a);
	const char *preset = o->subject.targets[QUANT_GGUF] ? "Q4_K_M" : "q4";
	/* the plan at work goes along to the next model */
	struct quant_spec *kept = quant_doc_is_open(&v->doc)
		? quant_spec_ref(quant_doc_spec(&v->doc)) : NULL;
	struct err unfit;

	v->opening = false;
	v->error = o->subject.error;
	if (v->error.code || !quant_doc_open(&v->doc, &o->subject, preset, a->pool, a->catalog,
		changed, a, &v->error))
		quant_doc_close(&v->doc);
	else if (kept && quant_doc_edit(&v->doc, quant_spec_ref(kept), &unfit))
		quant_doc_begin(&v->doc);
	quant_spec_unref(kept);
	quant_table_again(v);
	opening_drop(o);
	return CHANGED_SCREEN | CHANGED_LAYOUT;
}

/* plan NULL: the model called so; else the recipe called so. */
static void open_subject(struct quant_view *v, const char *name, struct plan *plan)
{
	struct opening *o = xnew(struct opening, 1);

	o->app = v->view.app;
	o->name = xstrdup(name);
	o->plan = plan ? plan_ref(plan) : NULL;
	free(v->name);
	v->name = xstrdup(name);
	v->of = plan;
	v->opening = true;
	app_work(v->view.app, opening_work, opening_done, opening_drop, o);
}

/* What the view before was about: the model under its cursor, or the recipe at work. */
unsigned cmd_view_quant(struct app *a, const char *args)
{
	struct quant_view *v = here(a);
	int from = a->view->ops->digit;
	const char *name = NULL;
	struct plan *plan = NULL;

	if (*args) {
		name = args;
	} else if (from == 1) {
		name = app_selected_model(a);
	} else if (from == 3 && a->doc && a->doc->plan) {
		name = a->doc->path ? a->doc->path : a->doc->name;
		plan = a->doc->plan;
	} else if (from == 2 && a->n_shown) {
		name = a->shown[0];
	} else if (!v->name && a->n_shown) {
		name = a->shown[0];
	} else if (!v->name) {
		name = app_selected_model(a);
	}
	if (name && (!v->name || !str_eq(name, v->name) || v->of != plan))
		open_subject(v, name, plan);
	return app_go(a, 4);
}

/* --- life --- */

static void open_view(struct view *view)
{
	quant_table_again((struct quant_view *)view);
}

static void close_view(struct view *view)
{
	struct quant_view *v = (struct quant_view *)view;

	quant_doc_close(&v->doc);
	table_fini(&v->table);
	free(v->name);
}

static bool busy(const struct view *view)
{
	const struct quant_view *v = (const struct quant_view *)view;

	return v->opening || v->fronting || (quant_doc_is_open(&v->doc) &&
		!quant_look_failed(v->doc.look, NULL) && (!quant_look_idle(v->doc.look) ||
		v->front_of != v->doc.plan->targets));
}

static void layout(struct view *view, struct rect area)
{
	struct quant_view *v = (struct quant_view *)view;
	struct rect r = area;

	v->head = rect_top(&r, 1);
	v->foot = rect_bottom(&r, quant_doc_is_open(&v->doc) ? quant_panes_height(r.h) : 0);
	rect_left(&r, 1);
	quant_front_ask(v);
	table_refresh(&v->table);
	table_place(&v->table, r);
}

static void draw(const struct view *view, struct grid *g)
{
	const struct quant_view *v = (const struct quant_view *)view;

	quant_draw_head(v, g);
	table_draw(&v->table, g, true);
	if (quant_doc_is_open(&v->doc))
		quant_draw_panes(v, g);
}

static bool copy_command(const struct view *view, struct str *out)
{
	const struct quant_view *v = (const struct quant_view *)view;

	if (!quant_doc_is_open(&v->doc))
		return false;
	str_addf(out, "cupel plan %s --plan %s", v->name, quant_doc_spec(&v->doc)->n_rules
		? "PLAN.yml" : quant_doc_spec(&v->doc)->preset.name);
	return true;
}

static const char *label(const struct view *view, const struct command *c)
{
	const struct quant_view *v = (const struct quant_view *)view;

	if (str_eq(c->name, "arrange-quant"))
		return v->by_type ? "plan" : "by type";
	return NULL;
}

const struct view_ops view_quant = {
	.digit = 4,
	.title = "Quant",
	.context = CTX_QUANT,
	.size = sizeof(struct quant_view),
	.open = open_view,
	.close = close_view,
	.layout = layout,
	.draw = draw,
	.busy = busy,
	.step = quant_step,
	.can_step = quant_can_step,
	.copy_command = copy_command,
	.label = label,
};
