#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "ui/view/knobs.h"

/* Label of entry i of the models: shortest tail that tells it apart once the inputs are open. */
static const char *knob_input_label(const struct doc *d, int i)
{
	const struct recipe *r = doc_recipe(d);

	size_t at = (size_t)i < r->n_models ? (size_t)r->models[i].input : SIZE_MAX;

	if (d->inputs && at < d->inputs->n && d->inputs->v[at].label)
		return d->inputs->v[at].label;
	return (size_t)i < r->n_models ? str_base(r->models[i].model.path) : "?";
}

static bool is_base(const struct recipe *r, int input)
{
	const struct recipe_input *in = &r->models[input];

	return in->input == r->slices[in->slice].base_input;
}

static const struct setting *part(const struct setting *s, const struct recipe_target *t)
{
	if (s && t->filter >= 0 && s->kind == SETTING_FILTERS && (size_t)t->filter < s->n)
		s = &s->values[t->filter];
	if (s && t->value >= 0 && s->kind == SETTING_GRADIENT && (size_t)t->value < s->n)
		s = &s->values[t->value];
	return s;
}

static double gradient_mean(const struct setting *s)
{
	double sum = 0;

	for (size_t i = 0; i < s->n; i++)
		sum += s->values[i].number;
	return s->n ? sum / (double)s->n : NAN;
}

static enum knob_kind kind_of(const struct param_def *p, const struct setting *s)
{
	if (!s)
		return p->type == PARAM_BOOL ? KNOB_FLAG : KNOB_NUMBER;
	if (s->kind == SETTING_GRADIENT)
		return KNOB_GRADIENT;
	if (s->kind == SETTING_FILTERS)
		return KNOB_FILTERS;
	if (p->type == PARAM_BOOL && (s->kind == SETTING_BOOL || s->is_numeric))
		return KNOB_FLAG;
	return s->is_numeric ? KNOB_NUMBER : KNOB_TEXT;
}

static double setting_value(const struct setting *s, enum knob_kind kind)
{
	if (!s)
		return NAN;
	if (kind == KNOB_GRADIENT)
		return gradient_mean(s);
	return kind == KNOB_NUMBER || kind == KNOB_FLAG ? s->number : NAN;
}

/* scope: of the setting; input: whose row it is in, see knob_row. */
static void knob_fill(struct knob *k, const struct doc *d, const struct param_def *p, int scope,
	int input, int filter)
{
	const struct recipe *r = doc_recipe(d);

	k->def = p;
	k->target = (struct recipe_target){ p->name, scope, filter, -1 };
	k->setting = part(recipe_setting(r, p->name, k->target.input), &k->target);
	k->kind = kind_of(p, k->setting);
	k->value = setting_value(k->setting, k->kind);
	k->fallback = input >= -1 ? recipe_param(r, p, k->target.input, "", 0, NULL) : p->dflt;
	k->ignored = input >= 0 && p->scope == PARAM_NON_BASE && is_base(r, input);
	if (d->saved && d->saved != r) {
		const struct setting *was =
			part(recipe_setting(d->saved, p->name, k->target.input), &k->target);
		double before = setting_value(was, kind_of(p, was));

		k->changed = (was == NULL) != (k->setting == NULL) ||
			(k->setting && isfinite(before) && before != k->value);
	}
}

static size_t filter_count(const struct doc *d, const struct param_def *p, int input)
{
	const struct setting *s = recipe_setting(doc_recipe(d), p->name, input);

	return s && s->kind == SETTING_FILTERS ? s->n : 0;
}

/* Parameters of inputs go by the names there. slice -1: any. */
static size_t filter_matches(const struct doc *d, const struct param_def *p, const char *filter,
	int slice)
{
	size_t n = 0;

	for (size_t i = 0; d->plan && i < d->plan->n; i++) {
		const struct plan_tensor *t = &d->plan->tensors[i];

		n += (slice < 0 || t->slice == slice) &&
			strstr(p->scope == PARAM_GLOBAL ? t->spec.name : t->from, filter) != NULL;
	}
	return n;
}

static char *filter_label(const struct doc *d, const struct param_def *p, const char *filter,
	int slice)
{
	if (!filter || !strcmp(filter, "*"))
		return xstrdup("everything else");
	if (!d->plan)
		return xstrdup(filter);
	return xasprintf("%s (%zu)", filter, filter_matches(d, p, filter, slice));
}

struct row_at { /* where rows are put */
	int scope, input, slice, depth;
};

static struct knob_row *row_new(struct knobs *k, const struct row_at *at, char *label, int n)
{
	struct knob_row *row = vec_push(&k->rows);

	*row = (struct knob_row){ .label = label, .input = at->input, .slice = at->slice,
		.depth = at->depth, .n = n };
	return row;
}

/* A row under an input (or a global) for every filter of one parameter. */
static void add_filters(struct knobs *k, const struct doc *d, const struct param_def *p,
	const struct row_at *at, int column)
{
	const struct setting *s = recipe_setting(doc_recipe(d), p->name, at->scope);
	size_t n = filter_count(d, p, at->scope);

	for (size_t i = 0; i < n; i++) {
		struct knob_row *row = row_new(k, at, filter_label(d, p, s->filters[i], at->slice),
			column + 1);

		row->depth++;
		row->filter = true;
		row->input = at->input == -2 ? -1 : at->input;
		for (int c = 0; c < column; c++)
			row->knob[c].kind = KNOB_NONE;
		knob_fill(&row->knob[column], d, p, at->scope, row->input, (int)i);
	}
}

static void add_input(struct knobs *k, const struct doc *d, const struct row_at *at, char *label)
{
	struct knob_row *row = row_new(k, at, label, k->n_columns);

	for (int c = 0; c < k->n_columns; c++)
		knob_fill(&row->knob[c], d, k->columns[c], at->scope, at->input, -1);
	for (int c = 0; c < k->n_columns; c++)
		add_filters(k, d, k->columns[c], at, c);
}

static void add_global(struct knobs *k, const struct doc *d, const struct param_def *p,
	const struct row_at *at)
{
	struct knob_row *row = row_new(k, at, xstrdup(p->name), 1);

	knob_fill(&row->knob[0], d, p, at->scope, -1, -1);
	add_filters(k, d, p, at, 0);
}

/* What is written for all sources of a scope: one row for what they have, one for each of the
 * parameters of the whole. `always`: the latter where nothing is written too. */
static void add_scope(struct knobs *k, const struct doc *d, struct row_at at, bool always)
{
	const struct recipe *r = doc_recipe(d);
	bool for_all = false;

	for (int c = 0; c < k->n_columns; c++)
		for_all |= recipe_setting(r, k->columns[c]->name, at.scope) != NULL;
	at.input = -2;
	if (for_all)
		add_input(k, d, &at, xstrdup(always ? "all inputs" : "all of these"));
	at.input = -1;
	for (size_t i = 0; r->method && i < r->method->n_params; i++) {
		const struct param_def *p = &r->method->params[i];

		if (p->scope == PARAM_GLOBAL
		    && (always || recipe_setting(r, p->name, at.scope) != NULL))
			add_global(k, d, p, &at);
	}
}

/* "layers 3-5", where the recipe has several slices: what a slice makes. Caller frees. */
static char *knob_slice_label(const struct recipe *r, size_t slice)
{
	const struct recipe_slice *s = &r->slices[slice];
	const char *module = r->n_modules > 1 ? r->modules[s->module].name : NULL;
	int64_t first, n = recipe_slice_layers(r, slice, &first);
	struct str out = STR_INIT;

	str_addf(&out, "%s%s", module ? module : "", module && n ? " " : "");
	if (n == 1)
		str_addf(&out, "layer %lld", (long long)first);
	else if (n)
		str_addf(&out, "layers %lld-%lld", (long long)first, (long long)(first + n - 1));
	return str_steal(&out);
}

static void add_slice(struct knobs *k, const struct doc *d, size_t slice)
{
	const struct recipe *r = doc_recipe(d);
	const struct recipe_slice *s = &r->slices[slice];
	bool several = r->n_slices > 1;
	struct row_at at = { RECIPE_OF_SLICE(slice), -2, (int)slice, 0 };

	if (several)
		row_new(k, &at, knob_slice_label(r, slice), 0);
	at.depth = several;
	for (size_t i = s->first; i < s->first + s->n_sources; i++) {
		at.scope = at.input = (int)i;
		add_input(k, d, &at, xstrdup(knob_input_label(d, (int)i)));
	}
	at.scope = RECIPE_OF_SLICE(slice);
	if (several)
		add_scope(k, d, at, false);
}

static bool writes(const struct recipe *r, int scope)
{
	for (size_t i = 0; r->method && i < r->method->n_params; i++)
		if (recipe_setting(r, r->method->params[i].name, scope))
			return true;
	return false;
}

void knobs_build(struct knobs *k, const struct doc *d)
{
	const struct recipe *r = doc_recipe(d);
	const struct method *m = r->method;
	struct row_at all = { RECIPE_ALL, -2, -1, 0 };

	knobs_fini(k);
	for (size_t i = 0; m && i < m->n_params; i++)
		if (m->params[i].scope != PARAM_GLOBAL && k->n_columns < KNOB_COLUMNS)
			k->columns[k->n_columns++] = &m->params[i];
	for (size_t s = 0; s < r->n_slices; s++)
		add_slice(k, d, s);
	for (size_t i = 0; r->n_modules > 1 && i < r->n_modules; i++) {
		struct row_at at = { RECIPE_OF_MODULE(i), -2, -1, 1 };

		if (!writes(r, at.scope))
			continue;
		row_new(k, &at, xasprintf("all of %s", r->modules[i].name), 0)->depth = 0;
		add_scope(k, d, at, false);
	}
	if (r->n_slices > 1)
		row_new(k, &all, xstrdup("all slices"), 0);
	all.depth = r->n_slices > 1;
	add_scope(k, d, all, true);
}

void knobs_fini(struct knobs *k)
{
	for (size_t i = 0; i < k->rows.n; i++)
		free(k->rows.v[i].label);
	vec_fini(&k->rows);
	memset(k, 0, sizeof *k);
}

struct slider knob_slider(const struct knob *k)
{
	const struct param_def *p = k->def;

	/* A step this small means a value that is thought of in decades: nearswap's t. */
	return (struct slider){ .value = k->value,
		.fallback = k->fallback,
		.min = p->min,
		.max = p->max,
		.step = p->step,
		.log = p->step > 0 && p->step < 1e-3,
		.flag = k->kind == KNOB_FLAG,
		.changed = k->changed,
		.ignored = k->ignored };
}

static struct recipe *gradient_shift(const struct recipe *r, const struct knob *k, double by,
	struct err *e)
{
	struct str s = STR_INIT;

	str_addc(&s, '[');
	for (size_t i = 0; i < k->setting->n; i++) {
		str_add(&s, i ? ", " : "");
		slider_format(k->setting->values[i].number + by, k->def->step, &s);
	}
	str_addc(&s, ']');
	struct recipe *out = recipe_edit_text(r, &k->target, s.s, e);
	str_fini(&s);
	return out;
}

struct recipe *knob_set(const struct recipe *r, const struct knob *k, double value, struct err *e)
{
	switch (k->kind) {
	case KNOB_FLAG:
		return recipe_edit_text(r, &k->target, value != 0 ? "true" : "false", e);
	case KNOB_GRADIENT:
		return gradient_shift(r, k, value - k->value, e);
	case KNOB_NUMBER:
		return recipe_edit_number(r, &k->target, value, k->def->step, e);
	case KNOB_FILTERS:
		err_set(e, ERR_USAGE, k->def->name, "turn one of the rows below it", "has filters");
		return NULL;
	case KNOB_TEXT:
	case KNOB_NONE:
		break;
	}
	err_set(e, ERR_USAGE, k->def ? k->def->name : "here",
		"type a value with =", "is not a number");
	return NULL;
}

struct recipe *knob_nudge(const struct recipe *r, const struct knob *k, int steps, bool coarse,
	struct err *e)
{
	struct slider s = knob_slider(k);

	if (k->kind == KNOB_FLAG)
		return knob_set(r, k, steps > 0, e);
	return knob_set(r, k, slider_nudge(&s, steps, coarse), e);
}

/* Which slice or module, where there are several. */
static void add_place(struct str *s, const struct doc *d, int scope)
{
	const struct recipe *r = doc_recipe(d);
	int slice = scope >= 0 ? r->models[scope].slice
		: RECIPE_IS_SLICE(scope) ? RECIPE_OF_SLICE(0) - scope : -1;
	char *label = slice >= 0 && r->n_slices > 1 ? knob_slice_label(r, (size_t)slice) : NULL;

	if (label)
		str_addf(s, " in %s", label);
	else if (scope < RECIPE_ALL && slice < 0)
		str_addf(s, " in %s", r->modules[RECIPE_OF_MODULE(0) - scope].name);
	free(label);
}

char *knob_say(const struct doc *d, const struct knob *k, const struct recipe *after)
{
	const struct setting *now =
		part(recipe_setting(after, k->target.param, k->target.input), &k->target);
	struct str s = STR_INIT;

	str_add(&s, k->def->name);
	if (k->target.input >= 0)
		str_addf(&s, " of %s", knob_input_label(d, k->target.input));
	add_place(&s, d, k->target.input);
	if (k->setting && k->setting->text && now && now->text)
		str_addf(&s, " %s → %s", k->setting->text, now->text);
	else if (now && now->text)
		str_addf(&s, " %s", now->text);
	return str_steal(&s);
}

bool knob_same(const struct knob *a, const struct recipe_target *t)
{
	return a->def && !strcmp(a->target.param, t->param) && a->target.input == t->input &&
		a->target.filter == t->filter;
}
