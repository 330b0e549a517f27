#include "config.h"
#include "recipe/lint_in.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* One parameter where it is written. */
struct here {
	struct lint *l;
	const struct recipe_param *p;
	const struct param_def *def;
	int scope;            /* see recipe_setting */
	const char *path;
};

__attribute__((format(printf, 6, 7)))
static void found(const struct here *h, enum severity sev, const struct mark *at, const char *code,
	const char *hint, const char *fmt, ...)
{
	struct str s = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&s, fmt, ap);
	va_end(ap);
	findings_add(h->l->out, sev, at, h->path, code, hint, "%s", s.s);
	str_fini(&s);
}

/* ---- the name ---- */

static void unknown_parameter(const struct here *h)
{
	const struct method *m = h->l->r->method;
	const char *names[P_COUNT + 1], *near;
	struct str message = STR_INIT, hint = STR_INIT;

	for (size_t i = 0; i < m->n_params && i < P_COUNT; i++)
		names[i] = m->params[i].name;
	near = str_nearest(h->p->name, names, m->n_params);
	str_addf(&message, "%s is no parameter of %s: it has no effect", h->p->name, m->name);
	if (near)
		str_addf(&hint, "did you mean %s?", near);
	for (size_t i = 0, n = 0; !near && method_at(i); i++)
		if (method_param(method_at(i), h->p->name))
			str_addf(&hint, "%s%s", n++ ? ", " : "it is known to ", method_at(i)->name);
	if (!hint.n) {
		str_addf(&hint, "%s has", m->name);
		for (size_t i = 0; i < m->n_params; i++)
			str_addf(&hint, "%s %s", i ? "," : "", names[i]);
	}
	lint_say(
		h->l, SEV_WARNING, &h->p->name_mark, h->path, "unknown-parameter", &message, &hint);
}

static bool is_base(const struct recipe *r, int source)
{
	return source >= 0
		&& r->models[source].input == r->slices[r->models[source].slice].base_input;
}

static void name_in_scope(const struct here *h)
{
	const struct param_def *d = h->def;
	const char *why = strchr(d->help, ':');

	if (d->scope == PARAM_GLOBAL && h->scope >= 0)
		found(h, SEV_WARNING, &h->p->name_mark, "global-only",
			"move it to parameters: at the top level",
			"%s is set for the whole recipe: under a model it has no effect", d->name);
	else if (d->scope == PARAM_NON_BASE && is_base(h->l->r, h->scope))
		found(h, SEV_WARNING, &h->p->name_mark, "base-skipped",
			"take it out, or give it to another model",
			"%s of the base model is skipped: the base has no difference to itself",
			d->name);
	else if (method_param_unused(d))
		found(h, strcmp(d->name, "int8_mask") == 0 ? SEV_NOTE : SEV_WARNING,
			&h->p->name_mark, "no-effect", "take it out",
			"%s has no effect with %s%.*s", d->name, h->l->r->method->name,
			why ? (int)strcspn(why, ".") : 0, why ? why : "");
}

/* ---- the value ---- */

static bool written_plain(const struct here *h, const struct setting *s)
{
	char c = s->mark.begin < h->l->r->text_n ? h->l->r->text[s->mark.begin] : '\'';

	return c != '\'' && c != '"' && c != '|' && c != '>' && c != '*' && c != '!';
}

static bool is_odd_number(const char *s)
{
	s += *s == '-' || *s == '+';
	return strchr(s, ':') ||
	       (s[0] == '0' && (isdigit((unsigned char)s[1]) || s[1] == 'x' || s[1] == 'b'));
}

static void spelling(const struct here *h, const struct setting *s)
{
	if (s->kind == SETTING_NUMBER && is_odd_number(s->text))
		found(h, SEV_WARNING, &s->mark, "odd-number", "write the number plainly",
			"YAML reads %s as %g", s->text, s->number);
	else if (s->kind == SETTING_TEXT && s->is_numeric && written_plain(h, s))
		found(h, SEV_NOTE, &s->mark, "number-as-text",
			"write 1.0e-5: with a point, and a sign in the exponent",
			"YAML reads %s as text; it still counts as %g", s->text, s->number);
	else if (s->kind == SETTING_BOOL && h->def->type != PARAM_BOOL)
		found(h, SEV_WARNING, &s->mark, "bool-as-number", "write a number",
			"%s counts as %g here", s->text, s->number);
}

static void range(const struct here *h, const struct setting *s, double v)
{
	const struct param_def *d = h->def;

	if (d->id == P_WEIGHT && v < 0.0)
		found(h, SEV_NOTE, &s->mark, "negative-weight", NULL,
			"a negative weight takes this model %s", h->l->r->method->task_vector
			? "away: its task vector is subtracted" : "away from the others");
	if (d->id == P_WEIGHT || (v >= d->min && v <= d->max))
		return;
	if (d->id == P_DENSITY)
		found(h, SEV_WARNING, &s->mark, "out-of-range", "densities are shares from 0 to 1",
			v > 1.0 ? "a density of %g keeps everything, as 1 does"
				: "a density of %g keeps nothing",
			v);
	else if (d->id == P_T && d->max == 1.0)
		found(h, SEV_WARNING, &s->mark, "out-of-range", "0 is the base, 1 the other model",
			"t = %g goes beyond the models", v);
	else
		found(h, SEV_WARNING, &s->mark, "out-of-range", d->help,
			"%s = %g is outside the usual %g to %g", d->name, v, d->min, d->max);
}

static void check_scalar(const struct here *h, const struct setting *s)
{
	struct err e = { 0 };
	double v;

	if (s->kind == SETTING_BAD)
		return; /* a problem already */
	if (!setting_eval(s, h->def->type, "", 0.0, &v, &e)) {
		found(h, SEV_ERROR, &s->mark, "bad-value", e.hint[0] ? e.hint : NULL,
			"%s: %s", h->def->name, e.what);
		return;
	}
	if (!isfinite(v)) {
		found(h, SEV_ERROR, &s->mark, "bad-value", "write a finite number", "%s is %g",
			h->def->name, v);
		return;
	}
	spelling(h, s);
	range(h, s, v);
}

/* Whether tensors outside the layers can have this in their names. */
static bool names_ends(const char *filter)
{
	static const char *const ends[] = { "model.embed_tokens.weight", "model.norm.weight",
		"lm_head.weight", "transformer.wte.weight", "transformer.ln_f.weight",
		"backbone.embeddings.weight", "backbone.norm_f.weight" };

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (!filter || strcmp(filter, "*") == 0 || strstr(ends[i], filter))
			return true;
	return false;
}

/* filter: of the entry it is the value of; NULL: of none. */
static void check_gradient(const struct here *h, const struct setting *s, const char *filter)
{
	if (!s->n) {
		found(h, SEV_WARNING, &s->mark, "empty-gradient", "give it a value, or take it out",
			"an empty list is no value: %s of the next outer scope counts, or the "
			"default",
			h->def->name);
		return;
	}
	for (size_t i = 0; i < s->n; i++)
		check_scalar(h, &s->values[i]);
	if (s->n > 1 && h->def->type == PARAM_BOOL)
		found(h, SEV_NOTE, &s->mark, "gradient-of-switch", NULL,
			"a switch is not blended: each layer takes the entry it falls on");
	else if (s->n > 1 && s->values[0].is_numeric && names_ends(filter) &&
		 s->values[0].number != s->values[s->n - 1].number)
		found(h, SEV_NOTE, &s->mark, "gradient-ends", NULL,
			"the embedding, the last norm and the head take the first value, %g",
			s->values[0].number);
}

/* ---- filters ---- */

static bool takes_all(const char *filter)
{
	return !filter || !*filter || strcmp(filter, "*") == 0;
}

static void pattern(const struct here *h, const struct setting *s, size_t i)
{
	const char *f = s->filters[i];
	struct str hint = STR_INIT;
	size_t n = strlen(f);

	if (strpbrk(f, "*?|[]()^$\\+{}")) {
		str_add(&hint, strchr(f, '|') ? "write one entry for each"
			: "write the piece of the name itself");
		found(h, SEV_WARNING, &s->filter_marks[i], "filter-pattern", hint.s,
			"a filter is a piece of a tensor's name, not a pattern: no name contains "
			"%s",
			f);
	} else if (n > 1 && isdigit((unsigned char)f[n - 1]) && strstr(f, "layers.")) {
		str_addf(&hint, "write %s.", f);
		found(h, SEV_WARNING, &s->filter_marks[i], "filter-prefix", hint.s,
			"%s is also in %s0 to %s9", f, f, f);
	}
	str_fini(&hint);
}

static void check_filters(const struct here *h, const struct setting *s)
{
	for (size_t i = 0; i < s->n; i++) {
		size_t above = i;

		for (size_t k = 0; k < i && k < 256 && above == i; k++)
			if (takes_all(s->filters[k]) || (!takes_all(s->filters[i])
			    && strstr(s->filters[i], s->filters[k])))
				above = k;
		if (above < i)
			found(h, SEV_WARNING, &s->filter_marks[i], "filter-shadowed",
				"put it above that one",
				"this entry is never reached: line %d takes every tensor that it "
				"would",
				s->filter_marks[above].line);
		else if (!takes_all(s->filters[i]))
			pattern(h, s, i);
		if (s->values[i].kind == SETTING_GRADIENT)
			check_gradient(h, &s->values[i], s->filters[i]);
		else
			check_scalar(h, &s->values[i]);
	}
}

/* ---- scopes ---- */

static void check_param(const struct here *h)
{
	const struct setting *s = &h->p->value;

	if (!h->def) {
		unknown_parameter(h);
		return;
	}
	name_in_scope(h);
	if (s->kind == SETTING_FILTERS)
		check_filters(h, s);
	else if (s->kind == SETTING_GRADIENT)
		check_gradient(h, s, NULL);
	else
		check_scalar(h, s);
}

static const char *dotted(const char *path)
{
	return *path ? "." : "";
}

char *lint_scope_path(const struct recipe *r, int scope)
{
	const struct recipe_slice *s;

	if (scope >= 0) {
		s = &r->slices[r->models[scope].slice];
		return xasprintf("%s%s%s[%d].parameters", s->path, dotted(s->path),
			s->ranged ? "sources" : "models", scope - (int)s->first);
	}
	if (RECIPE_IS_SLICE(scope))
		return xasprintf("%s.parameters", r->slices[RECIPE_OF_SLICE(0) - scope].path);
	if (scope != RECIPE_ALL)
		return xasprintf("modules.%s.parameters",
			r->modules[RECIPE_OF_MODULE(0) - scope].name);
	return xstrdup("parameters");
}

char *lint_model_path(const struct recipe *r, int source)
{
	char *path = source < (int)r->n_models ? lint_scope_path(r, source)
		: xstrdup("base_model");

	if (source < (int)r->n_models)
		strcpy(path + strlen(path) - strlen(".parameters"), ".model");
	return path;
}

static void check_scope(struct lint *l, const struct recipe_params *ps, int scope)
{
	char *prefix = lint_scope_path(l->r, scope);

	for (size_t i = 0; i < ps->n; i++) {
		char *path = xasprintf("%s.%s", prefix, ps->v[i].name);
		struct here h = {
			l, &ps->v[i], method_param(l->r->method, ps->v[i].name), scope, path};

		check_param(&h);
		free(path);
	}
	free(prefix);
}

void lint_params(struct lint *l)
{
	const struct recipe *r = l->r;

	if (!r->method)
		return;
	for (size_t i = 0; i < r->n_models; i++)
		check_scope(l, &r->models[i].params, (int)i);
	for (size_t i = 0; i < r->n_slices; i++)
		check_scope(l, &r->slices[i].params, RECIPE_OF_SLICE(i));
	for (size_t i = 0; i < r->n_modules; i++)
		check_scope(l, &r->modules[i].params, RECIPE_OF_MODULE(i));
	check_scope(l, &r->params, RECIPE_ALL);
}
