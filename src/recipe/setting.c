#include "config.h"
#include "recipe/recipe.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

static bool bad_value(const struct setting *s, const char *wants, struct err *e)
{
	char where[64];

	snprintf(where, sizeof where, "%d:%d", s->mark.line, s->mark.column);
	return err_set(e, ERR_INPUT, where, wants, "%s%s%s is no value for this parameter",
		s->text ? "\"" : "this", s->text ? s->text : "", s->text ? "\"" : "");
}

static bool to_float(const struct setting *s, double *v, struct err *e)
{
	*v = s->number;
	return s->is_numeric || bad_value(s, "it takes a number", e);
}

static bool to_bool(const struct setting *s, double *v, struct err *e)
{
	static const char *const yes[] = { "1", "on", "t", "true", "y", "yes" };
	static const char *const no[] = { "0", "off", "f", "false", "n", "no" };

	*v = s->number;
	if (s->kind == SETTING_BOOL || (s->kind == SETTING_NUMBER && (*v == 0.0 || *v == 1.0)))
		return true;
	for (size_t i = 0; s->kind == SETTING_TEXT && i < sizeof yes / sizeof *yes; i++) {
		if (strcasecmp(s->text, yes[i]) == 0)
			*v = 1.0;
		else if (strcasecmp(s->text, no[i]) == 0)
			*v = 0.0;
		else
			continue;
		return true;
	}
	return bad_value(s, "it takes true or false", e);
}

static bool scalar_value(const struct setting *s, enum param_type type, double *v, struct err *e)
{
	if (s->kind > SETTING_TEXT)
		return bad_value(s, "it takes one value", e);
	if (type == PARAM_BOOL)
		return to_bool(s, v, e);
	if (!to_float(s, v, e))
		return false;
	return type != PARAM_INT || (isfinite(*v) && *v == floor(*v))
		|| bad_value(s, "it takes a whole number", e);
}

/* Linear between the two nearest entries for numbers; the entry itself for switches. */
static bool gradient_value(const struct setting *s, enum param_type type, double t, double *v,
	struct err *e)
{
	double at = t * (double)(s->n - 1), f, lo, hi;
	size_t i = at > 0.0 ? (size_t)at : 0, next;

	if (i >= s->n)
		i = s->n - 1;
	for (size_t k = 0; k < s->n; k++)
		if (!scalar_value(&s->values[k], type, v, e))
			return false;
	next = i + 1 < s->n ? i + 1 : i;
	f = at - (double)i;
	if (!scalar_value(&s->values[i], type, &lo, e) ||
		!scalar_value(&s->values[next], type, &hi, e))
		return false;
	*v = type == PARAM_BOOL ? lo : (1.0 - f) * lo + f * hi;
	return type != PARAM_INT || *v == floor(*v)
		|| bad_value(s, "it takes a whole number in every layer", e);
}

bool setting_eval(const struct setting *s, enum param_type type, const char *tensor, double t,
	double *value, struct err *e)
{
	if (s->kind == SETTING_BAD)
		return bad_value(s, NULL, e);
	if (s->kind == SETTING_GRADIENT)
		return s->n && gradient_value(s, type, t, value, e);
	if (s->kind != SETTING_FILTERS)
		return scalar_value(s, type, value, e);
	for (size_t i = 0; i < s->n; i++)
		if (!s->filters[i] || strcmp(s->filters[i], "*") == 0 ||
			strstr(tensor, s->filters[i]))
			return setting_eval(&s->values[i], type, tensor, t, value, e);
	return false;
}

static const struct setting *find(const struct recipe_params *ps, const char *name)
{
	for (size_t i = 0; i < ps->n; i++)
		if (str_eq(ps->v[i].name, name))
			return &ps->v[i].value;
	return NULL;
}

const struct setting *recipe_slice_setting(const struct recipe *r, const char *param, size_t slice)
{
	const struct setting *s = find(&r->slices[slice].params, param);

	if (!s)
		s = find(&r->modules[r->slices[slice].module].params, param);
	return s ? s : find(&r->params, param);
}

const struct setting *recipe_setting(const struct recipe *r, const char *param, int scope)
{
	const struct setting *s = NULL;
	size_t i = (size_t)scope;

	if (scope >= 0)
		return i < r->n_models ? find(&r->models[i].params, param) : NULL;
	if (RECIPE_IS_SLICE(scope)) {
		i = (size_t)(RECIPE_OF_SLICE(0) - scope);
		return i < r->n_slices ? find(&r->slices[i].params, param) : NULL;
	}
	if (scope != RECIPE_ALL) {
		i = (size_t)(RECIPE_OF_MODULE(0) - scope);
		return i < r->n_modules ? find(&r->modules[i].params, param) : NULL;
	}
	if (r->n_slices == 1)
		s = find(&r->slices[0].params, param);
	if (!s && r->n_modules == 1)
		s = find(&r->modules[0].params, param);
	return s ? s : find(&r->params, param);
}

static void missing(const struct recipe *r, const struct param_def *p, size_t slice, int source,
	const char *tensor, const struct setting *some, struct err *e)
{
	const char *whose = source < 0 ? "the recipe" : (size_t)source < r->n_models
		? r->models[source].model.text : recipe_slice_base(r, slice)->text;

	if (some) /* not all: filters of some scope name others */
		err_set(e, ERR_INPUT, r->path ? r->path : "recipe",
			"end the list of filters with {value: NUMBER} for the rest",
			"%s of %s is given by filters, and none names %s", p->name, whose, tensor);
	else
		err_set(e, ERR_INPUT, r->path ? r->path : "recipe",
			"give it under the model, or for all under parameters:",
			"%s is missing for %s (first needed by %s)", p->name, whose, tensor);
	if (some && some->mark.line)
		err_at(e, "%s:%d:%d", r->path ? r->path : "recipe", some->mark.line,
			some->mark.column);
}

double recipe_param_in(const struct recipe *r, const struct param_def *p, size_t slice, int source,
	const char *tensor, double t, struct err *e)
{
	const struct recipe_slice *sl = &r->slices[slice];
	const struct recipe_params *scopes[4] = {
		NULL, &sl->params, &r->modules[sl->module].params, &r->params };
	const struct setting *some = NULL;
	struct err local = { 0 };
	bool listed = source >= 0 && (size_t)source < r->n_models;
	bool is_base = source >= 0 && sl->base_input >= 0
		&& (listed ? r->models[source].input == sl->base_input : sl->adds_base);
	double v;

	if (p->scope == PARAM_NON_BASE && is_base)
		return NAN;
	if (p->scope != PARAM_GLOBAL && listed)
		scopes[0] = &r->models[source].params;
	for (size_t i = 0; i < 4; i++) {
		const struct setting *s = scopes[i] ? find(scopes[i], p->name) : NULL;

		if (s && setting_eval(s, p->type, tensor, t, &v, &local))
			return v;
		some = s && s->kind == SETTING_FILTERS && s->n ? s : some;
		if (local.code != ERR_NONE) {
			if (e) {
				*e = local;
				err_at(e, "%s:%s: %s", r->path ? r->path : "recipe", local.where,
					p->name);
			}
			return NAN;
		}
	}
	if (!p->required)
		return p->dflt;
	missing(r, p, slice, source, tensor, some, e);
	return NAN;
}

double recipe_param(const struct recipe *r, const struct param_def *p, int scope,
	const char *tensor, double t, struct err *e)
{
	size_t slice = 0;

	if (scope >= 0 && (size_t)scope < r->n_models)
		slice = (size_t)r->models[scope].slice;
	else if (RECIPE_IS_SLICE(scope))
		slice = (size_t)(RECIPE_OF_SLICE(0) - scope);
	return recipe_param_in(r, p, slice < r->n_slices ? slice : 0, scope < 0 ? -1 : scope,
		tensor, t, e);
}
