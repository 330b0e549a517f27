#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "lineage/build.h"

static bool varies(const struct recipe_params *ps, const struct method *m)
{
	for (size_t i = 0; i < ps->n; i++)
		if (method_param(m, ps->v[i].name) && (ps->v[i].value.kind == SETTING_GRADIENT ||
			ps->v[i].value.kind == SETTING_FILTERS))
			return true;
	return false;
}

static bool any_varies(const struct recipe *r)
{
	bool yes = varies(&r->params, r->method) || varies(&r->slices[0].params, r->method) ||
		varies(&r->modules[0].params, r->method);

	for (size_t i = 0; i < r->n_models; i++)
		yes |= varies(&r->models[i].params, r->method);
	return yes;
}

/* ".7", "1", "1.4", "-.5" */
static void add_short(struct str *s, double v)
{
	char text[32], *at = text;

	snprintf(text, sizeof text, fabs(v) >= 0.01 || v == 0.0 ? "%.2f" : "%.1e", v);
	if (!strchr(text, 'e')) {
		char *end = text + strlen(text);

		while (end > text && end[-1] == '0')
			*--end = 0;
		if (end > text && end[-1] == '.')
			*--end = 0;
	}
	if (str_starts(at, "-0.")) {
		str_addc(s, '-');
		at += 2;
	} else if (str_starts(at, "0.")) {
		at++;
	}
	str_add(s, *at ? at : "0");
}

/* Parameters of the recipe's only slice, evaluated. */
struct values {
	int n, base;
	double input[MERGE_MAX_INPUTS][P_COUNT], global[P_COUNT];
};

static bool evaluate(const struct recipe *r, struct values *v)
{
	v->n = (int)recipe_slice_inputs(r, 0, &v->base);
	for (int id = 0; id < P_COUNT; id++)
		v->global[id] = NAN;
	for (int k = 0; k < v->n; k++)
		for (int id = 0; id < P_COUNT; id++)
			v->input[k][id] = NAN;
	for (size_t i = 0; i < r->method->n_params; i++) {
		const struct param_def *p = &r->method->params[i];
		struct err e = { 0 };

		if (p->scope == PARAM_GLOBAL)
			v->global[p->id] = recipe_param_in(r, p, 0, -1, "", 0.5, &e);
		for (int k = 0; p->scope != PARAM_GLOBAL && k < v->n; k++)
			if (p->scope == PARAM_INPUT || k != v->base)
				v->input[k][p->id] = recipe_param_in(r, p, 0,
					recipe_slice_source(r, 0, (size_t)k), "", 0.5, &e);
		if (e.code)
			return false;
	}
	return true;
}

/* Methods that turn on an arc: of models whose weights are nearly parallel, as fine-tunes of one
 * base are, they are the sum that a straight line would be. With a base it is task vectors that
 * turn, and those are not. */
static bool near_a_sum(const struct recipe *r, const struct values *v)
{
	const char *m = r->method->name;

	return str_eq(m, "slerp") || str_eq(m, "karcher") ||
		((str_eq(m, "nuslerp") || str_eq(m, "multislerp")) && v->base < 0);
}

static bool is_a_sum(const struct recipe *r)
{
	const char *m = r->method->name;

	return str_eq(m, "linear") || str_eq(m, "passthrough") || str_eq(m, "task_arithmetic");
}

static bool coefficients(const struct recipe *r, const struct values *v, bool near, double *c)
{
	struct merge_spec spec = { .method = r->method, .name = "", .n_inputs = v->n,
		.base = v->base, .input = v->input, .global = v->global };
	double *sums = xnew(double, (size_t)v->n * (size_t)v->n);
	bool ok;

	for (int k = 0; k < v->n; k++) /* of one length, no distance apart */
		sums[k * v->n + k] = 1.0;
	ok = r->method->coefficients(&spec, near ? sums : NULL, c);
	free(sums);
	for (int k = 0; ok && k < v->n; k++)
		ok = isfinite(c[k]);
	return ok;
}

static void add_list(struct str *s, const double *v, int n)
{
	if (n > 4) {
		str_addf(s, " \xc3\x97%d", n);
		return;
	}
	for (int k = 0; k < n; k++) {
		str_addc(s, k ? '/' : ' ');
		add_short(s, v[k]);
	}
}

/* What was asked for, where there are no coefficients to show. */
static void add_asked(struct str *s, const struct recipe *r, const struct values *v)
{
	double w[MERGE_MAX_INPUTS];
	int n = 0;

	if (method_param(r->method, "t") && !isnan(v->global[P_T])) {
		str_add(s, " t ");
		add_short(s, v->global[P_T]);
		return;
	}
	for (int k = 0; k < v->n; k++)
		if (!isnan(v->input[k][P_WEIGHT]))
			w[n++] = v->input[k][P_WEIGHT];
	if (n)
		add_list(s, w, n);
}

/* Coefficients in the order of the models, the base left out where it is the rest. */
static void add_coefficients(struct str *s, const struct values *v, const double *c, bool all)
{
	double w[MERGE_MAX_INPUTS];
	int n = 0;

	for (int k = 0; k < v->n; k++)
		if (all || k != v->base)
			w[n++] = c[k];
	add_list(s, w, n);
}

/* As many models as the method takes, and the base it needs: kernels rely on that. */
static bool counts_right(const struct method *m, const struct values *v)
{
	int n = v->n - (v->base >= 0 && !m->count_base);

	return n >= m->min_inputs && (m->max_inputs == 0 || n <= m->max_inputs) &&
		(m->base != 1 || v->base >= 0);
}

static void work_out(const struct recipe *r, struct share *s, struct str *brief)
{
	struct values *v = xnew(struct values, 1);
	double c[MERGE_MAX_INPUTS];
	bool near;

	if (!evaluate(r, v)) {
		s->why = "its recipe lacks a value";
		free(v);
		return;
	}
	near = near_a_sum(r, v);
	if (any_varies(r)) {
		s->why = "its parameters differ by layer or tensor";
	} else if (!near && !is_a_sum(r)) {
		s->why = "its method is no sum of models";
		add_asked(brief, r, v);
	} else if (!counts_right(r->method, v) || !coefficients(r, v, near, c)) {
		s->why = "its weights give no sum";
	} else {
		s->approximate = near;
		s->why = !near ? NULL :
			"it turns on an arc: a sum where weights are nearly parallel";
		add_coefficients(brief, v, c, !str_eq(r->method->name, "task_arithmetic"));
		for (size_t i = 0; i < recipe_inputs(r); i++)
			s->c[i] = 0.0;
		for (int k = 0; k < v->n; k++)
			s->c[recipe_slice_input(r, 0, (size_t)k)] += c[k];
	}
	free(v);
}

void share_of(const struct recipe *r, struct share *s)
{
	struct str brief = STR_INIT;

	*s = (struct share){ 0 };
	for (int i = 0; i < MERGE_MAX_INPUTS; i++)
		s->c[i] = NAN;
	str_add(&brief, r->method_name ? r->method_name : "");
	if (!r->method)
		s->why = "its method is not known";
	else if (recipe_inputs(r) > MERGE_MAX_INPUTS || !r->n_slices)
		s->why = "its recipe cannot be read";
	else if (recipe_stacks(r) || r->n_slices > 1)
		s->why = "it stacks layers";
	else if (recipe_slice_inputs(r, 0, &(int){ 0 }) > MERGE_MAX_INPUTS)
		s->why = "its recipe cannot be read";
	else
		work_out(r, s, &brief);
	s->brief = str_steal(&brief);
}
