#include "config.h"
#include "recipe/lint_in.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "recipe/effect.h"

static const struct mark *key_mark(const struct lint *l, const char *key)
{
	const struct yaml_pair *p = yaml_pair(l->r->tree, key);

	return p ? &p->key->mark : &l->r->tree->mark;
}

static const struct mark *models_mark(const struct lint *l)
{
	static const char *const keys[] = { "models", "slices", "modules" };

	for (size_t i = 0; i < 3; i++)
		if (yaml_pair(l->r->tree, keys[i]))
			return key_mark(l, keys[i]);
	return &l->r->tree->mark;
}

/* ---- a slice's inputs: k counts them ---- */

static bool listed(const struct lint *l, int k)
{
	return k < (int)l->r->slices[l->slice].n_sources;
}

static int source_of(const struct lint *l, int k)
{
	return k < 0 ? -1 : recipe_slice_source(l->r, l->slice, (size_t)k);
}

static const struct recipe_ref_text *ref_of(const struct lint *l, int k)
{
	return listed(l, k) ? &l->r->slices[l->slice].sources[k].model
		: recipe_slice_base(l->r, l->slice);
}

static double param_of(const struct lint *l, const struct param_def *d, int k, double t)
{
	return recipe_param_in(l->r, d, l->slice, source_of(l, k), "", t, NULL);
}

static const struct setting *setting_of(const struct lint *l, const char *name, int k)
{
	return k < 0 ? recipe_slice_setting(l->r, name, l->slice)
		: recipe_setting(l->r, name, source_of(l, k));
}

/* ---- the method ---- */

static void check_method(struct lint *l)
{
	const struct recipe *r = l->r;
	const char *near = method_nearest(r->method_name);
	struct str hint = STR_INIT;

	if (r->method)
		return;
	if (near)
		str_addf(&hint, "did you mean %s?", near);
	else
		str_add(&hint, "`cupel methods` lists the methods");
	if (r->method_name)
		findings_add(l->out, SEV_ERROR, &r->method_mark, "merge_method", "unknown-method",
			hint.s, "there is no method %s", r->method_name);
	else if (!yaml_get(r->tree, "merge_method"))
		findings_add(l->out, SEV_ERROR, &r->tree->mark, "merge_method", "missing-method",
			"write merge_method: linear, or another of `cupel methods`",
			"the recipe names no method");
	str_fini(&hint);
}

/* ---- who takes part ---- */

/* The base of a slice that does not name it among its sources. */
static void base_outside(struct lint *l, const struct recipe_ref_text *base)
{
	const struct recipe_slice *s = &l->r->slices[l->slice];
	bool needed = l->r->method->base > 0, alone = l->r->n_slices == 1 || s->base.text;
	char *path = s->base.text && *s->path ? xasprintf("%s.base_model", s->path)
		: xstrdup(alone ? "base_model" : s->path);

	findings_add(l->out, needed ? SEV_ERROR : SEV_WARNING, alone ? &base->mark : &s->mark, path,
		"base-not-in-slice", "add it to the sources",
		"the base model %s is not among the sources of the slice%s", base->text,
		needed ? "" : ": it has no effect on the weights");
	free(path);
}

static void check_base(struct lint *l)
{
	const struct method *m = l->r->method;
	const struct recipe_ref_text *base = recipe_slice_base(l->r, l->slice);

	if (base->text && l->base < 0 && l->n)
		base_outside(l, base);
	else if (m->base > 0 && !base->text)
		findings_add(l->out, SEV_ERROR, &l->r->method_mark, "merge_method", "missing-base",
			"write base_model: NAME", "%s needs a base model", m->name);
	else if (m->base < 0 && l->r->slices[l->slice].adds_base)
		findings_add(l->out, SEV_WARNING, &l->r->base.mark, "base_model", "base-averaged",
			"list it under models, or take it out",
			"%s has no use for a base: it becomes one more model of the merge",
			m->name);
}

static void check_count(struct lint *l)
{
	const struct method *m = l->r->method;
	size_t n = l->n - (!m->count_base && l->base >= 0);
	struct str s = STR_INIT, hint = STR_INIT;
	const char *how = "exactly", *base = "";
	const struct recipe_slice *sl = &l->r->slices[l->slice];
	int wanted;

	if (!l->n)
		return;
	if (m->task_vector && l->n == 1 && l->base == 0)
		findings_add(l->out, SEV_WARNING, models_mark(l), "models", "nothing-to-merge",
			NULL, "the base is the only model: the output is a copy of it");
	if (n >= (size_t)m->min_inputs && (!m->max_inputs || n <= (size_t)m->max_inputs))
		return;
	if (!m->count_base && l->base >= 0 && listed(l, l->base)) {
		findings_add(l->out, SEV_ERROR, &recipe_slice_base(l->r, l->slice)->mark,
			"base_model", "base-is-input",
			"take base_model out, or name another model",
			"the base of %s cannot be one of the models that are merged", m->name);
		return;
	}
	wanted = n < (size_t)m->min_inputs ? m->min_inputs : m->max_inputs;
	if (m->min_inputs != m->max_inputs)
		how = n < (size_t)m->min_inputs ? "at least" : "at most";
	if (m->base >= 0)
		base = m->count_base ? ", the base included" : ", the base not counted";
	str_addf(&s, "%s takes %s %d model%s%s; the %s has %zu", m->name, how, wanted,
		wanted == 1 ? "" : "s", base, sl->ranged ? "slice" : "recipe", n);
	if (m->max_inputs == 2)
		str_add(&hint, "linear and task_arithmetic take any number");
	if (sl->ranged)
		lint_say(l, SEV_ERROR, &sl->mark, sl->path, "model-count", &s, &hint);
	else
		lint_say(l, SEV_ERROR, models_mark(l), "models", "model-count", &s, &hint);
}

static void check_duplicates(struct lint *l)
{
	const struct recipe_slice *s = &l->r->slices[l->slice];

	for (size_t i = 0; i < s->n_sources; i++)
		for (size_t k = 0; k < i; k++)
			if (s->sources[i].input == s->sources[k].input) {
				char *path = lint_model_path(l->r, (int)(s->first + i));

				findings_add(l->out, SEV_ERROR, &s->sources[i].model.mark, path,
					"duplicate-model", "add the weights up in one entry",
					"%s is listed already, on line %d",
					s->sources[i].model.text, s->sources[k].model.mark.line);
				free(path);
				break;
			}
}

/* ---- what must be given ---- */

/* The setting that would be asked first, whatever it says. */
static const struct setting *written(const struct lint *l, const struct param_def *d, int k)
{
	const struct setting *s = d->scope != PARAM_GLOBAL && k >= 0
		? setting_of(l, d->name, k) : NULL;

	return s ? s : setting_of(l, d->name, -1);
}

static void check_missing(struct lint *l, const struct param_def *d, int input)
{
	const struct setting *s = written(l, d, input);
	const struct mark *at = &l->r->method_mark;
	char *prefix = lint_scope_path(l->r, input >= 0 && listed(l, input) ? source_of(l, input)
		: RECIPE_ALL);
	char *path = xasprintf("%s.%s", prefix, d->name);

	if (input >= 0)
		at = &ref_of(l, input)->mark;
	if (s && s->kind == SETTING_GRADIENT && !s->n)
		findings_add(l->out, SEV_ERROR, &s->mark, path, "missing-parameter",
			"write a number, or a list of at least one",
			input < 0 ? "an empty list is no value, and %s needs %s"
			: "an empty list is no value, and %s needs %s of %s", l->r->method->name,
			d->name, input < 0 ? "" : ref_of(l, input)->text);
	else if (!s)
		findings_add(l->out, SEV_ERROR, at, path, "missing-parameter",
			input < 0 ? "write it under parameters:"
			: "write it under the model's parameters:, or once for all",
			input < 0 ? "%s needs %s" : "%s needs %s of %s", l->r->method->name,
			d->name, input < 0 ? "" : ref_of(l, input)->text);
	else if (s->kind == SETTING_FILTERS && s->n)
		findings_add(l->out, SEV_WARNING, &s->mark, path, "filter-rest",
			"end the list with {value: NUMBER} for the rest",
			"tensors that no filter names have no %s", d->name);
	free(path);
	free(prefix);
}

static void check_required(struct lint *l)
{
	const struct method *m = l->r->method;

	for (size_t k = 0; k < m->n_params; k++) {
		const struct param_def *d = &m->params[k];
		bool global = d->scope == PARAM_GLOBAL;

		for (int i = global ? -1 : 0; d->required && i < (global ? 0 : (int)l->n); i++)
			if (!(d->scope == PARAM_NON_BASE && i == l->base)
			    && isnan(param_of(l, d, i, 0.0)))
				check_missing(l, d, i);
	}
}

/* ---- weights ---- */

static double at_middle(const struct lint *l, const char *name, int input)
{
	const struct param_def *d = method_param(l->r->method, name);

	return d ? param_of(l, d, input, 0.5) : NAN;
}

/* The first weight that counts: where a finding about all of them stands. */
static const struct mark *weight_mark(const struct lint *l, char **path)
{
	for (int i = 0; i < (int)l->n; i++) {
		const struct setting *s = setting_of(l, "weight", i);

		if (s && !isnan(at_middle(l, "weight", i))) {
			char *prefix = lint_scope_path(l->r, source_of(l, i));

			*path = xasprintf("%s.weight", prefix);
			free(prefix);
			return &s->mark;
		}
	}
	*path = xstrdup("models");
	return models_mark(l);
}

struct sums {
	double sum, magnitude, skipped; /* skipped: written for the base, which has none */
	size_t n;
	double last;
};

static struct sums weight_sums(const struct lint *l)
{
	struct sums s = { 0 };

	for (size_t i = 0; i < l->n; i++) {
		double w = at_middle(l, "weight", (int)i);
		const struct setting *base =
			(int)i == l->base ? setting_of(l, "weight", (int)i) : NULL;

		if (base && isnan(w) && base->is_numeric)
			s.skipped += base->number;
		if (isnan(w))
			continue;
		s.sum += w;
		s.magnitude += fabs(w);
		s.last = w;
		s.n++;
	}
	return s;
}

static void say_ratio(struct lint *l, const struct mark *at, const char *path, const struct sums *s)
{
	struct str m = STR_INIT, hint = STR_INIT;
	size_t k = 0;

	for (size_t i = 0; i < l->n; i++) {
		double w = at_middle(l, "weight", (int)i);

		if (!isnan(w))
			str_addf(&m, "%s%g", k++ ? "/" : "", w);
	}
	if (l->r->method->max_inputs == 2) {
		str_addf(&m, " means t = %.2f: only the ratio of the weights matters",
			s->last / s->sum);
	} else {
		str_add(&m, " means");
		k = 0;
		for (size_t i = 0; i < l->n; i++) {
			double w = at_middle(l, "weight", (int)i);

			if (!isnan(w))
				str_addf(&m, "%s %.2f", k++ ? "," : "", w / s->sum);
		}
		str_add(&m, ": normalize divides by the sum of the weights");
	}
	lint_say(l, SEV_NOTE, at, path, "weights-ratio", &m, &hint);
}

static void say_sum(struct lint *l, const struct mark *at, const char *path, const struct sums *s)
{
	struct str m = STR_INIT, hint = STR_INIT;
	bool task = l->r->method->task_vector, normalize = at_middle(l, "normalize", -1) != 0.0;
	struct effect ef;

	str_addf(&m, "effective weights sum to %.2f, not 1.00", s->sum);
	if (s->skipped != 0.0)
		str_addf(&m, ": the base's %g is skipped", s->skipped);
	if (!task) {
		str_addf(&hint, "every tensor is scaled to about %.0f%%", 100.0 * s->sum);
		lint_say(l, SEV_WARNING, at, path, "weights-sum", &m, &hint);
		return;
	}
	effect_of(l->r, &ef);
	if (normalize && ef.n_gain)
		str_addf(&hint, "with normalize they act as %.2f task vectors in sum", ef.gain_sum);
	effect_fini(&ef);
	lint_say(l, s->skipped != 0.0 ? SEV_WARNING : SEV_NOTE, at, path, "weights-sum", &m, &hint);
}

static void check_weights(struct lint *l)
{
	bool normalize = at_middle(l, "normalize", -1) != 0.0, task = l->r->method->task_vector;
	struct sums s = weight_sums(l);
	const struct mark *at;
	char *path;

	if (!s.n || !isfinite(s.sum))
		return;
	at = weight_mark(l, &path);
	if (s.magnitude == 0.0 && task)
		findings_add(l->out, SEV_WARNING, at, path, "weights-zero", NULL,
			"all weights are 0: the output is a copy of the base");
	else if (fabs(s.sum) < 1e-8 && !task && method_param(l->r->method, "normalize") &&
		 normalize)
		findings_add(l->out, SEV_ERROR, at, path, "weights-zero",
			"change a weight, or set normalize: false",
			"the weights sum to zero, and normalize divides by their sum");
	else if (fabs(s.sum) < 1e-6 && !task && !method_param(l->r->method, "normalize"))
		findings_add(l->out, SEV_WARNING, at, path, "weights-zero", NULL,
			"the weights sum to zero: t = 0.5 is taken");
	else if (fabs(s.sum - 1.0) < 1e-6 && s.skipped == 0.0)
		;
	else if (!task && (normalize || !method_param(l->r->method, "normalize")))
		say_ratio(l, at, path, &s);
	else if (s.n > 1 || s.skipped != 0.0)
		say_sum(l, at, path, &s);
	free(path);
}

/* ---- switches that another switch makes idle ---- */

static void check_idle(struct lint *l)
{
	const struct recipe *r = l->r;
	const struct setting *row = setting_of(l, "nuslerp_row_wise", -1);
	const struct setting *lambda = setting_of(l, "lambda", -1);
	bool drops = false;

	if (row && at_middle(l, "nuslerp_row_wise", -1) == 1.0 &&
		at_middle(l, "nuslerp_flatten", -1) == 1.0)
		findings_add(l->out, SEV_WARNING, &row->mark, "parameters.nuslerp_row_wise",
			"no-effect", "set nuslerp_flatten: false",
			"nuslerp_row_wise has no effect while nuslerp_flatten is on");
	if (lambda && at_middle(l, "lambda", -1) == 0.0)
		findings_add(l->out, SEV_WARNING, &lambda->mark, "parameters.lambda", "lambda-zero",
			NULL,
			"lambda 0 leaves nothing of the task vectors: the output is a copy of the "
			"base");
	if (!r->method->random)
		return;
	for (size_t i = 0; i < l->n; i++) {
		const struct setting *s = written(l, method_param(r->method, "density"), (int)i);

		drops = drops || ((int)i != l->base && s
			&& (s->kind >= SETTING_GRADIENT || !s->is_numeric || s->number < 1.0));
	}
	if (!drops && l->n > 1)
		findings_add(l->out, SEV_NOTE, &r->method_mark, "merge_method", "nothing-dropped",
			"give the models a density below 1", "every density is 1: %s drops nothing",
			r->method->name);
}

void lint_meaning(struct lint *all)
{
	struct lint l = *all;

	l.n = recipe_slice_inputs(l.r, l.slice, &l.base);
	if (l.slice == 0)
		check_method(&l);
	check_duplicates(&l);
	if (!l.r->method)
		return;
	check_base(&l);
	check_count(&l);
	check_required(&l);
	check_weights(&l);
	check_idle(&l);
	lint_values(&l, NULL, 0);
}
