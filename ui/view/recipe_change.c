#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "ui/view/view_recipe.h"

/* --- changing values --- */

static struct recipe_view *here(struct app *a)
{
	return app_view_of(a, &view_recipe);
}

static bool is_list(const char *text)
{
	while (*text == ' ')
		text++;
	return *text == '[';
}

/* "2%" on nearswap's t: the t at which that share of the weights is swapped whole. */
static bool solve(struct recipe_view *v, const struct knob *k, double percent, double *value,
	struct err *e)
{
	const struct inputs *in = v->doc->inputs;
	int other = -1;

	if (strcmp(k->def->name, "t") || !in || !v->view.app->preview || !knob_slider(k).log)
		return err_set(e, ERR_USAGE, k->def->name, "type the value itself",
			"a percentage has a meaning for nearswap's t only");
	for (size_t i = 0; i < in->n; i++)
		if ((int)i != in->base)
			other = (int)i;
	*value = preview_swap_solve(v->view.app->preview, NULL, 0, other, percent / 100);
	if (!isfinite(*value))
		return err_set(e, ERR_USAGE, k->def->name, "wait until the models are read",
			"the swap curve is not known yet");
	/* Two digits: what a person would write. */
	char digits[32];
	snprintf(digits, sizeof digits, "%.2g", *value);
	*value = strtod(digits, NULL);
	return true;
}

static struct recipe *changed_by_text(struct recipe_view *v, const struct recipe *r,
	const struct knob *k, const char *text, struct err *e)
{
	struct slider s = knob_slider(k);
	double value, percent = NAN;

	if (is_list(text) || k->kind == KNOB_TEXT || k->kind == KNOB_FILTERS)
		return recipe_edit_text(r, &k->target, text, e);
	if (k->kind == KNOB_FLAG)
		return knob_set(
			r, k, str_eq(text, "true") || str_eq(text, "1") || str_eq(text, "yes"), e);
	if (!slider_type(&s, text, &value, &percent, e))
		return NULL;
	if (isfinite(percent) && !solve(v, k, percent, &value, e))
		return NULL;
	if (k->kind == KNOB_GRADIENT) { /* one number ends the gradient */
		struct str t = STR_INIT;

		slider_format(value, k->def->step, &t);
		struct recipe *out = recipe_edit_text(r, &k->target, t.s, e);
		str_fini(&t);
		return out;
	}
	return knob_set(r, k, value, e);
}

static struct recipe *change_one(struct recipe_view *v, const struct recipe *r,
	const struct knob *k, const struct recipe_change *c, struct err *e)
{
	if (c->text)
		return changed_by_text(v, r, k, c->text, e);
	return knob_nudge(r, k, c->steps, c->coarse, e);
}

static struct recipe *change_layer(struct recipe_view *v, const struct recipe *r,
	const struct knob *k, const struct recipe_change *c, struct err *e)
{
	struct recipe_target t = k->target;
	struct slider s = knob_slider(k);
	double value, percent;

	t.value = (int)v->layer;
	s.value = k->setting->values[v->layer].number;
	if (!c->text)
		value = slider_nudge(&s, c->steps, c->coarse);
	else if (!slider_type(&s, c->text, &value, &percent, e))
		return NULL;
	return recipe_edit_number(r, &t, value, k->def->step, e);
}

static struct recipe *change_marked(struct recipe_view *v, const struct recipe_change *c, size_t *n,
	struct err *e)
{
	struct recipe *r = recipe_ref(doc_recipe(v->doc));

	*n = 0;
	for (size_t i = 0; i < v->knobs.rows.n; i++)
		for (int j = 0; j < v->knobs.rows.v[i].n; j++) {
			const struct knob *k = &v->knobs.rows.v[i].knob[j];

			if (k->kind == KNOB_NONE || !recipe_is_marked(v, k))
				continue;
			struct recipe *next = change_one(v, r, k, c, e);

			recipe_unref(r);
			if (!next)
				return NULL;
			r = next;
			++*n;
		}
	return r;
}

unsigned recipe_change(struct app *a, const struct recipe_change *c)
{
	struct recipe_view *v = here(a);
	const struct knob *k = v->doc ? recipe_knob(v) : NULL;
	struct err e = { 0 };
	struct recipe *next;
	char *what, *key = NULL;
	size_t n = 1;

	if (!k)
		return 0;
	if (v->marks.n && v->focus != FOCUS_GRADIENT)
		next = change_marked(v, c, &n, &e);
	else if (v->focus == FOCUS_GRADIENT && v->layer < k->setting->n)
		next = change_layer(v, doc_recipe(v->doc), k, c, &e);
	else
		next = change_one(v, doc_recipe(v->doc), k, c, &e);
	if (!next)
		return app_fail(a, &e);
	if (next->text_n == doc_recipe(v->doc)->text_n &&
		!memcmp(next->text, doc_recipe(v->doc)->text, next->text_n)) {
		recipe_unref(next);
		app_say(a, "%s is at its end", k->def->name);
		return CHANGED_SCREEN;
	}
	what = n > 1 ? xasprintf("%zu marked values", n) : knob_say(v->doc, k, next);
	if (!c->text)
		key = xasprintf("%s %d %d %zu %zu", k->def->name, k->target.input, k->target.filter,
			v->marks.n, v->focus == FOCUS_GRADIENT ? v->layer + 1 : 0);
	unsigned bits = app_edit(a, next, what, key);
	/* The next key may come before the next update. */
	recipe_follow(v);
	free(what);
	free(key);
	return bits;
}

unsigned cmd_nudge_up(struct app *a, const char *args)
{
	(void)args;
	return recipe_change(a, &(struct recipe_change){ .steps = 1 });
}

unsigned cmd_nudge_down(struct app *a, const char *args)
{
	(void)args;
	return recipe_change(a, &(struct recipe_change){ .steps = -1 });
}

unsigned cmd_coarse_up(struct app *a, const char *args)
{
	(void)args;
	return recipe_change(a, &(struct recipe_change){ .steps = 1, .coarse = true });
}

unsigned cmd_coarse_down(struct app *a, const char *args)
{
	(void)args;
	return recipe_change(a, &(struct recipe_change){ .steps = -1, .coarse = true });
}

static unsigned typed(struct app *a, const char *text, void *ctx)
{
	(void)ctx;
	return *text ? recipe_change(a, &(struct recipe_change){ .text = text }) : 0;
}

unsigned cmd_type_value(struct app *a, const char *args)
{
	struct recipe_view *v = here(a);
	const struct knob *k = v->doc ? recipe_knob(v) : NULL;

	if (!k)
		return 0;
	if (args && *args)
		return typed(a, args, NULL);
	char *label = xasprintf("%s = ", k->def->name);
	unsigned bits =
		app_ask(a, &(struct ask){ .label = label, .history = "value", .done = typed });
	free(label);
	return bits;
}

static unsigned shape_chosen(struct app *a, size_t i, void *ctx)
{
	static const double shapes[][5] = { { 1, 1, 1, 1, 1 }, { .5, .75, 1, 1.25, 1.5 },
		{ 1.5, 1.25, 1, .75, .5 }, { 1.5, 1, .5, 1, 1.5 }, { .5, 1, 1.5, 1, .5 } };
	struct recipe_view *v = ctx;
	const struct knob *k = recipe_knob(v);
	struct str s = STR_INIT;

	if (!k || k->kind == KNOB_TEXT || k->kind == KNOB_FLAG || k->kind == KNOB_FILTERS)
		return 0;
	double x = isnan(k->value) ? k->fallback : k->value;
	x = isnan(x) || x == 0 ? 0.5 : x;
	str_addc(&s, '[');
	for (int j = 0; j < 5; j++) {
		str_add(&s, j ? ", " : "");
		slider_format(x * shapes[i][j], k->def->step, &s);
	}
	str_addc(&s, ']');
	unsigned bits = recipe_change(a, &(struct recipe_change){ .text = s.s });
	str_fini(&s);
	return bits;
}

unsigned cmd_presets(struct app *a, const char *args)
{
	static const struct choice shapes[] = {
		{ "flat", "the same value on every layer", false },
		{ "ramp up", "half at the first layer, one and a half times at the last", false },
		{ "ramp down", "the reverse", false },
		{ "valley", "more at both ends", false },
		{ "bell", "more in the middle", false },
	};

	(void)args;
	if (!here(a)->doc || !recipe_knob(here(a)))
		return 0;
	return app_menu(a, "shape over the layers", shapes, 5, 0, shape_chosen, here(a));
}

/* --- other commands --- */

unsigned cmd_view_recipe(struct app *a, const char *args)
{
	(void)args;
	return app_go(a, 3);
}

unsigned cmd_mark_knob(struct app *a, const char *args)
{
	struct recipe_view *v = here(a);
	const struct knob *k = v->doc ? recipe_knob(v) : NULL;

	(void)args;
	if (v->focus == FOCUS_FIGURES) {
		table_mark(&v->table);
		return CHANGED_SCREEN;
	}
	if (!k)
		return 0;
	for (size_t i = 0; i < v->marks.n; i++)
		if (knob_same(k, &v->marks.v[i])) {
			v->marks.v[i] = v->marks.v[--v->marks.n];
			return CHANGED_SCREEN;
		}
	*vec_push(&v->marks) = k->target;
	/* The name in a target belongs to a snapshot; the method's row outlives them all. */
	v->marks.v[v->marks.n - 1].param = k->def->name;
	return CHANGED_SCREEN;
}

unsigned cmd_arrange_figures(struct app *a, const char *args)
{
	struct recipe_view *v = here(a);

	(void)args;
	v->by = v->by == GROUP_ROLE ? GROUP_LAYER : v->by == GROUP_LAYER ? GROUP_NONE : GROUP_ROLE;
	if (v->doc)
		recipe_figures_rows(v);
	recipe_figures_update(v);
	return CHANGED_ROWS | CHANGED_LAYOUT | CHANGED_SCREEN;
}

/* A method that needs a base gets the one the figures are
 * taken against, if the recipe names none. */
static struct recipe *with_base(
	const struct recipe_view *v, struct recipe *r, const struct method *m, struct err *e)
{
	const struct inputs *in = v->doc->inputs;

	if (m->base < 1 || r->base.text || !in || !in->figure_base_name)
		return r;
	struct recipe *next = recipe_edit_top(r, "base_model", in->figure_base_name, e);
	recipe_unref(r);
	return next;
}

static unsigned method_chosen(struct app *a, size_t i, void *ctx)
{
	struct recipe_view *v = ctx;
	struct err e = { 0 };
	struct recipe *next =
		recipe_edit_top(doc_recipe(v->doc), "merge_method", method_at(i)->name, &e);

	if (next)
		next = with_base(v, next, method_at(i), &e);
	if (!next)
		return app_fail(a, &e);
	char *what = xasprintf("method %s", method_at(i)->name);
	unsigned bits = app_edit(a, next, what, NULL);
	free(what);
	return bits;
}

unsigned cmd_method(struct app *a, const char *args)
{
	struct recipe_view *v = here(a);
	struct choice choices[64];
	size_t n = method_count(), at = 0;

	if (!v->doc)
		return 0;
	for (size_t i = 0; i < n && i < 64; i++) {
		const struct method *m = method_at(i);

		if (args && *args && !strcmp(args, m->name))
			return method_chosen(a, i, v);
		choices[i] = (struct choice){ m->name, m->help, m == doc_recipe(v->doc)->method };
		at = choices[i].on ? i : at;
	}
	if (args && *args) {
		struct err e = { 0 };

		err_set(&e, ERR_USAGE, args, method_nearest(args),
			"no such method; the nearest is");
		return app_fail(a, &e);
	}
	return app_menu(a, "method", choices, n, at, method_chosen, v);
}

unsigned cmd_branch(struct app *a, const char *args)
{
	struct recipe_view *v = here(a);

	(void)args;
	if (!v->doc)
		return 0;
	char *name = xasprintf("%s %zu", v->doc->name, a->docs.n + 1);
	unsigned bits = app_add_recipe(a, recipe_ref(doc_recipe(v->doc)), name,
		v->doc->from_run);
	free(name);
	return bits;
}

static unsigned switch_by(struct app *a, size_t by)
{
	for (size_t i = 0; i < a->docs.n; i++)
		if (a->docs.v[i] == a->doc)
			return app_select_doc(a, (i + by) % a->docs.n);
	return 0;
}

unsigned cmd_next_variant(struct app *a, const char *args)
{
	(void)args;
	return switch_by(a, 1);
}

unsigned cmd_previous_variant(struct app *a, const char *args)
{
	(void)args;
	return switch_by(a, a->docs.n ? a->docs.n - 1 : 0);
}

unsigned cmd_next_document(struct app *a, const char *args)
{
	const struct recipe *r = doc_recipe(a->doc);
	long named = *args ? recipe_document_called(r, args) : (long)(r->document + 1);

	if (named < 0) {
		app_say(a, "no document is called %s", args);
		return CHANGED_SCREEN;
	}
	return app_show_document(a, (size_t)named % r->documents);
}

unsigned cmd_previous_document(struct app *a, const char *args)
{
	const struct recipe *r = doc_recipe(a->doc);

	(void)args;
	return app_show_document(a, (r->document + r->documents - 1) % r->documents);
}

/* Input i's recipe: a document of the file, or a file of its own. 0: it is a stored model. */
static unsigned go_input(struct app *a, const struct recipe *r, size_t i)
{
	const struct recipe *to = recipe_of_ref(r, recipe_input_ref(r, i));
	const struct inputs *in = a->doc->inputs;

	if (to)
		return app_show_document(a, to->document);
	if (in && i < in->n && in->v[i].made_by && in->v[i].made_by->recipe->path)
		return app_open_recipe(a, in->v[i].made_by->recipe->path);
	return 0;
}

/* That of the input under the cursor; on a value of the whole recipe the first there is. */
unsigned cmd_go_inner(struct app *a, const char *args)
{
	struct recipe_view *v = here(a);
	const struct recipe *r = doc_recipe(v->doc);
	int row = v->row < v->knobs.rows.n ? v->knobs.rows.v[v->row].input : -1;
	unsigned bits = 0;

	(void)args;
	if (row >= 0 && row < (int)r->n_models)
		bits = go_input(a, r, (size_t)r->models[row].input);
	for (size_t i = 0; row < 0 && !bits && i < recipe_inputs(r); i++)
		bits = go_input(a, r, i);
	if (bits)
		return bits;
	app_say(a, "%s made by a recipe here", row < 0 ? "no input is" : "this input is not");
	return CHANGED_SCREEN;
}

static unsigned go_finding(struct recipe_view *v)
{
	int line = v->finding < v->doc->findings.n ? v->doc->findings.v[v->finding].line : 0;

	for (size_t i = 0; i < v->knobs.rows.n && line; i++)
		for (int j = 0; j < v->knobs.rows.v[i].n; j++) {
			const struct knob *k = &v->knobs.rows.v[i].knob[j];

			if (k->kind != KNOB_NONE && k->setting && k->setting->mark.line == line) {
				v->row = i;
				v->column = j;
				recipe_set_focus(v, FOCUS_KNOBS);
				return CHANGED_SCREEN | CHANGED_LAYOUT;
			}
		}
	return cmd_edit(v->view.app, "");
}

unsigned cmd_open_knob(struct app *a, const char *args)
{
	struct recipe_view *v = here(a);
	const struct knob *k = v->doc ? recipe_knob(v) : NULL;

	(void)args;
	if (v->focus == FOCUS_FINDINGS)
		return go_finding(v);
	if (v->focus == FOCUS_FIGURES) {
		long row = table_selected(&v->table);

		if (row < 0 || v->groups.nodes.v[row].leaf >= 0)
			return 0;
		table_fold(&v->table, v->groups.nodes.v[row].id,
			!id_set_has(&v->table.folded, v->groups.nodes.v[row].id));
		return CHANGED_ROWS | CHANGED_SCREEN;
	}
	if (k && k->kind == KNOB_GRADIENT) {
		recipe_set_focus(v, v->focus == FOCUS_GRADIENT ? FOCUS_KNOBS : FOCUS_GRADIENT);
		if (v->layer >= k->setting->n)
			v->layer = 0;
		return CHANGED_SCREEN | CHANGED_LAYOUT;
	}
	if (k && k->kind == KNOB_FLAG) {
		bool on = (isnan(k->value) ? k->fallback : k->value) != 0;

		return recipe_change(a, &(struct recipe_change){ .text = on ? "false" : "true" });
	}
	return cmd_type_value(a, "");
}

