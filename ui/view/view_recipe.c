#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "ui/view/figure_text.h"
#include "ui/view/view_recipe.h"

/* --- following the document --- */

static void clamp_cursor(struct recipe_view *v)
{
	if (v->row >= v->knobs.rows.n)
		v->row = v->knobs.rows.n ? v->knobs.rows.n - 1 : 0;
	if (v->knobs.rows.n && v->column >= v->knobs.rows.v[v->row].n)
		v->column = v->knobs.rows.v[v->row].n ? v->knobs.rows.v[v->row].n - 1 : 0;
	while (v->knobs.rows.n && v->column > 0 && !recipe_knob(v))
		v->column--;
	/* A filter's row may have its knob in a later column only. */
	while (v->knobs.rows.n && !recipe_knob(v) && v->column + 1 < v->knobs.rows.v[v->row].n)
		v->column++;
	if (v->finding >= v->doc->findings.n)
		v->finding = v->doc->findings.n ? v->doc->findings.n - 1 : 0;
}

void recipe_set_focus(struct recipe_view *v, enum recipe_focus f)
{
	v->focus = f;
	v->view.table = f == FOCUS_FIGURES ? &v->table : NULL;
}

/* The first value there is: so that + works at once. */
static void first_knob(struct recipe_view *v)
{
	for (size_t i = 0; i < v->knobs.rows.n; i++) {
		v->row = i;
		v->column = 0;
		clamp_cursor(v);
		if (recipe_knob(v))
			return;
	}
	v->row = 0;
}

void recipe_follow(struct recipe_view *v)
{
	bool other = false;

	struct doc *d = v->view.app->doc;

	if (v->doc != d || (d && v->document != d->document)) {
		v->marks.n = 0;
		v->row = 0;
		v->column = 0;
		v->scroll = 0;
		recipe_set_focus(v, FOCUS_KNOBS);
		v->doc = d;
		v->document = d ? d->document : 0;
		v->plan = NULL;
		other = true;
		if (d)
			recipe_figures_rows(v);
	}
	if (!d)
		return;
	knobs_build(&v->knobs, d);
	if (other)
		first_knob(v);
	clamp_cursor(v);
	if (v->focus == FOCUS_GRADIENT &&
		(!recipe_knob(v) || recipe_knob(v)->kind != KNOB_GRADIENT))
		recipe_set_focus(v, FOCUS_KNOBS);
}

static void recipe_update(struct view *view, unsigned bits)
{
	struct recipe_view *v = (struct recipe_view *)view;

	if (bits & (CHANGED_DOC | CHANGED_PLAN | CHANGED_VIEW))
		recipe_follow(v);
	if (v->doc && v->doc->plan != v->plan) {
		v->plan = v->doc->plan;
		/* The same tensors and inputs after an edit: keep
		 * the table, its cursor and folds. */
		if (!v->plan || v->n_like != v->plan->n || v->n_columns < 2)
			recipe_figures_rows(v);
		else
			for (size_t i = 0; i < v->n_like; i++)
				if (v->like[i] != v->plan->tensors[i].like) {
					recipe_figures_rows(v);
					break;
				}
		v->generation = 0;
	}
	if (!v->doc)
		return;
	/* What has no closed form is streamed while a person reads the sample. */
	if (v->view.app->preview && v->plan)
		preview_want_exact(v->view.app->preview, !v->plan->recipe->method->coefficients);
	recipe_figures_update(v);
}

static void recipe_open(struct view *view)
{
	struct recipe_view *v = (struct recipe_view *)view;

	v->by = GROUP_ROLE;
}

static void recipe_close(struct view *view)
{
	struct recipe_view *v = (struct recipe_view *)view;

	knobs_fini(&v->knobs);
	vec_fini(&v->marks);
	recipe_figures_fini(v);
}

static bool recipe_busy(const struct view *view)
{
	struct app *a = view->app;
	struct preview_progress p;

	if (a->doc && a->doc->opening)
		return true;
	if (!a->doc || !a->doc->plan || !a->preview)
		return false;
	preview_progress(a->preview, &p);
	return strcmp(p.phase, "ready") && strcmp(p.phase, "failed");
}

/* --- places --- */

static void layout_left(struct recipe_view *v, struct rect r)
{
	const struct knob *k = recipe_knob(v);
	int rows = (int)v->knobs.rows.n + 1, effect, findings, gradient = 0, strip;

	v->grid.w = r.w;
	strip = recipe_strip_lines(v, r.h);
	if (k && k->kind == KNOB_GRADIENT && v->focus == FOCUS_GRADIENT) {
		gradient = r.h >= 16 ? 7 : 5;
		strip = r.h >= 22 ? strip : 0;
	}
	effect = recipe_effect_lines(v, r.w - 1) + 1;
	findings = v->doc->findings.n ? (int)v->doc->findings.n + 1 : 0;
	findings = findings > 4 && r.h < 30 ? 4 : findings;
	int most = doc_recipe(v->doc)->n_slices > 1 && r.h > 10 ? r.h / 2 : 5;
	int least = rows < most ? rows : most, room = r.h - least - gradient - strip;
	if (findings > room / 3 + 1)
		findings = room / 3 + 1 > 1 ? room / 3 + 1 : 0;
	if (effect > room - findings)
		effect = room - findings > 1 ? room - findings : 0;
	int grid = r.h - gradient - strip - effect - findings;
	v->grid = rect_top(&r, grid < rows ? grid : rows);
	v->gradient = rect_top(&r, gradient);
	v->strip = rect_top(&r, strip);
	v->effect = rect_top(&r, effect);
	v->findings = r;
	if (!v->doc->findings.n)
		v->findings.h = 0;
	int visible = v->grid.h - 1;
	if (v->row < v->scroll)
		v->scroll = v->row;
	if (visible > 0 && v->row >= v->scroll + (size_t)visible)
		v->scroll = v->row - (size_t)visible + 1;
	if (visible > 0 && v->knobs.rows.n <= (size_t)visible)
		v->scroll = 0;
}

static void layout_right(struct recipe_view *v, struct rect r)
{
	int curve = v->curve.n ? (r.h >= 24 ? 14 : r.h >= 12 ? r.h / 2 : 0) : 0;

	v->curve_area = rect_bottom(&r, curve);
	v->trend_area = rect_bottom(&r, r.h >= 8 ? 2 : r.h >= 5 ? 1 : 0);
	v->table_area = r;
	rect_top(&r, 1);
	table_place(&v->table, r);
}

static void focus_rows(struct recipe_view *v)
{
	size_t rows[256], n = groups_in_sight(&v->groups, &v->table, rows, 256);

	if (n && v->view.app->preview)
		preview_focus(v->view.app->preview, rows, n);
}

static void recipe_layout(struct view *view, struct rect r)
{
	struct recipe_view *v = (struct recipe_view *)view;

	if (!v->doc)
		return;
	v->head = rect_top(&r, 1 + (view->app->docs.n > 1) +
		(doc_recipe(v->doc)->documents > 1));
	v->yaml = rect_bottom(&r, r.h >= 40   ? 12
				  : r.h >= 26 ? 8
				  : r.h >= 17 ? 5
				  : r.h >= 13 ? 3
					      : 0);
	if (r.w >= 70) {
		struct rect left = rect_left(&r, r.w >= 120 ? r.w * 2 / 5 :
			v->knobs.n_columns > 1 ? r.w * 11 / 20 : r.w / 2);

		rect_left(&r, 1);
		layout_left(v, left);
		layout_right(v, r);
	} else {
		layout_right(v, rect_bottom(&r, r.h / 2));
		layout_left(v, r);
	}
	focus_rows(v);
}

/* A closed figure is of the merge before rounding, and
 * the rounding's own error stands beside it. */
static void state_text(const struct recipe_view *v, struct str *s)
{
	struct preview *p = v->view.app->preview;
	const struct recipe_column *c = &v->figures[1];
	struct figure f = preview_group(p, NULL, 0, c->stat, c->input);

	if (f.state == FIG_EXACT)
		str_add(s, "exact · ");
	else if (f.state == FIG_SAMPLED)
		str_add(s, text_tier() == TEXT_ASCII ? "sampled, ~ is 95% · "
						     : "sampled, ± is 95% · ");
	else if (f.state == FIG_CLOSED) {
		struct figure rounding = preview_group(p, NULL, 0, STAT_ROUNDING, 0);

		str_add(s, "before rounding");
		if (rounding.state != FIG_NONE && rounding.state != FIG_FAILED) {
			str_add(s, " of ");
			figure_text(rounding, STAT_ROUNDING, s);
		}
		str_add(s, " · ");
	}
}

static void figures_title(const struct recipe_view *v, struct str *s)
{
	struct preview_progress p = { .phase = "" };

	if (!v->doc->plan) {
		str_add(s, v->doc->opening ? "opening the models" : "no figures");
		return;
	}
	if (v->view.app->preview)
		preview_progress(v->view.app->preview, &p);
	if (!strcmp(p.phase, "failed"))
		str_addf(s, "%s · ", p.error);
	else if (!strcmp(p.phase, "sample") || !strcmp(p.phase, "sums") ||
		 !strcmp(p.phase, "exact"))
		str_addf(s, "%s %.0f%% · ", !strcmp(p.phase, "sample") ? "sampling" :
			!strcmp(p.phase, "sums") ? "reading" : "exact", p.done * 100);
	if (v->view.app->preview && v->n_columns > 1 && strcmp(p.phase, "exact"))
		state_text(v, s);
	str_addf(s, "%zu tensors", v->doc->plan->n);
	if (p.nonfinite)
		str_addf(s, " · %llu NaN", (unsigned long long)p.nonfinite);
}

static void recipe_draw(const struct view *view, struct grid *g)
{
	const struct recipe_view *v = (const struct recipe_view *)view;
	struct str s = STR_INIT;

	if (!v->doc) {
		grid_text(g, 2, 3, STYLE_normal, "No recipe is open.");
		grid_text(g, 2, 5, STYLE_normal,
			"n in view 1 starts one from the marked models; :open FILE reads one;");
		grid_text(g, 2, 6, STYLE_normal, "r in view 7 brings the recipe of a run back.");
		return;
	}
	recipe_draw_head(v, g, v->head);
	recipe_draw_knobs(v, g, v->grid);
	recipe_draw_gradient(v, g, v->gradient);
	recipe_draw_strip(v, g, v->strip);
	recipe_draw_effect(v, g, v->effect);
	recipe_draw_findings(v, g, v->findings);
	figures_title(v, &s);
	grid_rule(g, v->table_area.x, v->table_area.y, v->table_area.w, STYLE_rule, s.s, NULL);
	if (v->doc->plan)
		table_draw(&v->table, g, v->focus == FOCUS_FIGURES);
	else if (v->doc->error.code && !v->doc->opening)
		recipe_draw_error(v, g, v->table_area);
	if (v->doc->plan) {
		recipe_draw_trend(v, g, v->trend_area);
		recipe_draw_curve(v, g, v->curve_area);
	}
	recipe_draw_yaml(v, g, v->yaml);
	str_fini(&s);
}

/* --- moving --- */

static unsigned move_gradient(struct recipe_view *v, enum move m, int count)
{
	size_t n = recipe_knob(v)->setting->n;

	if (m == MOVE_UP || m == MOVE_DOWN)
		return recipe_change(v->view.app,
			&(struct recipe_change){ .steps = m == MOVE_UP ? count : -count });
	if (m == MOVE_LEFT || m == MOVE_FIRST)
		v->layer = m == MOVE_FIRST || v->layer == 0 ? 0 : v->layer - 1;
	else if (m == MOVE_RIGHT || m == MOVE_LAST)
		v->layer = m == MOVE_LAST || v->layer + 1 >= n ? n - 1 : v->layer + 1;
	return CHANGED_SCREEN;
}

/* Headings hold no value: the cursor goes on past them, at an end back. */
static void skip_heading(struct recipe_view *v, bool up)
{
	size_t n = v->knobs.rows.n, row = v->row;

	for (int turn = 0; turn < 2; turn++, up = !up)
		for (row = v->row; row < n; row += up ? (size_t)-1 : 1)
			if (v->knobs.rows.v[row].n) {
				v->row = row;
				return;
			}
}

/* Up and down go through rows and, past the last column, right goes to the next one; on the only
 * slider of a row left and right nudge. */
static unsigned move_knobs(struct recipe_view *v, enum move m, int count)
{
	size_t last = v->knobs.rows.n ? v->knobs.rows.n - 1 : 0, before = v->row;
	const struct knob_row *row = v->knobs.rows.n ? &v->knobs.rows.v[v->row] : NULL;

	switch (m) {
	case MOVE_UP:
		v->row = v->row < (size_t)count ? 0 : v->row - (size_t)count;
		break;
	case MOVE_DOWN:
		v->row = v->row + (size_t)count > last ? last : v->row + (size_t)count;
		break;
	case MOVE_PAGE_UP:
	case MOVE_FIRST:
		v->row = 0;
		break;
	case MOVE_PAGE_DOWN:
	case MOVE_LAST:
		v->row = last;
		break;
	case MOVE_LEFT:
	case MOVE_RIGHT:
		if (row && row->n > 1 && !row->filter) {
			v->column += m == MOVE_LEFT ? -1 : 1;
			v->column = v->column < 0         ? 0
				    : v->column >= row->n ? row->n - 1
							  : v->column;
			return CHANGED_SCREEN | CHANGED_LAYOUT;
		}
		return recipe_change(v->view.app,
			&(struct recipe_change){ .steps = m == MOVE_LEFT ? -count : count });
	}
	skip_heading(v, m == MOVE_UP || m == MOVE_LAST || m == MOVE_PAGE_DOWN);
	clamp_cursor(v);
	if (before != v->row)
		v->generation = 0; /* the trend is of the input under the cursor */
	recipe_figures_update(v);
	return CHANGED_SCREEN | CHANGED_LAYOUT;
}

static unsigned recipe_move(struct view *view, enum move m, int count)
{
	struct recipe_view *v = (struct recipe_view *)view;
	size_t n;

	if (!v->doc)
		return 0;
	switch (v->focus) {
	case FOCUS_GRADIENT:
		return move_gradient(v, m, count);
	case FOCUS_KNOBS:
		return move_knobs(v, m, count);
	case FOCUS_FINDINGS:
		n = v->doc->findings.n;
		if (m == MOVE_UP && v->finding)
			v->finding--;
		else if (m == MOVE_DOWN && v->finding + 1 < n)
			v->finding++;
		return CHANGED_SCREEN;
	case FOCUS_FIGURES:
		break;
	}
	return table_move(&v->table, m, count) ? CHANGED_SCREEN : 0;
}

static unsigned recipe_focus(struct view *view, int direction)
{
	struct recipe_view *v = (struct recipe_view *)view;
	int order[3] = { FOCUS_KNOBS, FOCUS_FIGURES, FOCUS_FINDINGS }, at = 0;
	int n = v->doc && v->doc->findings.n ? 3 : 2;

	for (int i = 0; i < n; i++)
		if (order[i] == (int)v->focus)
			at = i;
	recipe_set_focus(v, (enum recipe_focus)order[(at + direction + n) % n]);
	return CHANGED_SCREEN | CHANGED_LAYOUT;
}

static bool recipe_escape(struct view *view)
{
	struct recipe_view *v = (struct recipe_view *)view;

	if (v->focus != FOCUS_KNOBS) {
		recipe_set_focus(v, FOCUS_KNOBS);
		return true;
	}
	if (v->marks.n) {
		v->marks.n = 0;
		return true;
	}
	return false;
}

static unsigned click_knob(
	struct recipe_view *v, const struct key_input *in, size_t row, int column)
{
	const struct knob *k = &v->knobs.rows.v[row].knob[column];
	struct rect r = recipe_knob_rect(v, row, column);
	struct slider s = knob_slider(k);

	v->row = row;
	v->column = column;
	recipe_set_focus(v, FOCUS_KNOBS);
	if (k->kind == KNOB_FLAG)
		return cmd_open_knob(v->view.app, "");
	if (k->kind != KNOB_NUMBER || in->x >= r.x + r.w - recipe_number_width(r.w))
		return CHANGED_SCREEN | CHANGED_LAYOUT;
	struct str t = STR_INIT;
	slider_format(slider_at(&s, in->x - r.x, r.w, recipe_number_width(r.w)), k->def->step, &t);
	unsigned bits = recipe_change(v->view.app, &(struct recipe_change){ .text = t.s });
	str_fini(&t);
	return bits;
}

static unsigned recipe_mouse(struct view *view, const struct key_input *in, bool again)
{
	struct recipe_view *v = (struct recipe_view *)view;

	(void)again;
	if (!v->doc)
		return 0;
	if (rect_has(v->table_area, in->x, in->y)) {
		recipe_set_focus(v, FOCUS_FIGURES);
		return COMMAND_REFUSED;
	}
	if (rect_has(v->findings, in->x, in->y) && in->button == MOUSE_LEFT &&
		in->y > v->findings.y) {
		recipe_set_focus(v, FOCUS_FINDINGS);
		v->finding = (size_t)(in->y - v->findings.y - 1);
		clamp_cursor(v);
		return CHANGED_SCREEN;
	}
	if (in->button == MOUSE_WHEEL_UP || in->button == MOUSE_WHEEL_DOWN)
		return rect_has(v->grid, in->x, in->y)
			       ? recipe_change(view->app,
					 &(struct recipe_change){
						 .steps = in->button == MOUSE_WHEEL_UP ? 1 : -1 })
			       : 0;
	for (size_t i = v->scroll; i < v->knobs.rows.n && in->button == MOUSE_LEFT; i++)
		for (int c = 0; c < v->knobs.rows.v[i].n; c++)
			if (v->knobs.rows.v[i].knob[c].kind != KNOB_NONE &&
				rect_has(v->grid, in->x, in->y) &&
				rect_has(recipe_knob_rect(v, i, c), in->x, in->y))
				return click_knob(v, in, i, c);
	return 0;
}

static const char *recipe_label(const struct view *view, const struct command *c)
{
	const struct recipe_view *v = (const struct recipe_view *)view;
	const struct knob *k = v->doc ? recipe_knob(v) : NULL;

	if (!strcmp(c->name, "arrange-figures"))
		return v->by == GROUP_ROLE ? "by layer" : v->by == GROUP_LAYER ? "flat" : "by role";
	if (!strcmp(c->name, "open-knob"))
		return v->focus == FOCUS_FINDINGS      ? "go there"
		       : v->focus == FOCUS_FIGURES     ? "unfold"
		       : k && k->kind == KNOB_FLAG     ? "switch"
		       : k && k->kind == KNOB_GRADIENT ? "by layer"
						       : "type";
	return NULL;
}

static bool recipe_command(const struct view *view, struct str *out)
{
	const struct recipe_view *v = (const struct recipe_view *)view;

	if (!v->doc || !v->doc->path)
		return false;
	const struct recipe *r = doc_recipe(v->doc);

	str_addf(out, "cupel preview %s", v->doc->path);
	if (r->documents > 1 && r->name && recipe_final(r) != r->document)
		str_addf(out, " --document %s", r->name);
	return true;
}

const struct view_ops view_recipe = {
	.digit = 3,
	.title = "Recipe",
	.context = CTX_RECIPE,
	.size = sizeof(struct recipe_view),
	.open = recipe_open,
	.close = recipe_close,
	.update = recipe_update,
	.layout = recipe_layout,
	.draw = recipe_draw,
	.move = recipe_move,
	.focus = recipe_focus,
	.mouse = recipe_mouse,
	.escape = recipe_escape,
	.busy = recipe_busy,
	.copy_command = recipe_command,
	.label = recipe_label,
};
