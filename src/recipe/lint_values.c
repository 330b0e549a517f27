#include "config.h"
#include "recipe/lint_in.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "base/xalloc.h"

#define MOST_NAMES 64  /* told apart by filters */
#define MOST_PLACES 256 /* told apart by gradients */

/* Where the values of a slice change: what filters name, and the knees of gradients. */
struct places {
	const char *name[MOST_NAMES];
	double t[MOST_PLACES];
	size_t names, ts;
	const struct setting *varies; /* the first setting that does */
};

static void add_name(struct places *p, const char *filter)
{
	if (!filter || strcmp(filter, "*") == 0 || p->names == MOST_NAMES)
		return;
	for (size_t i = 0; i < p->names; i++)
		if (strcmp(p->name[i], filter) == 0)
			return;
	p->name[p->names++] = filter;
}

static void add_place(struct places *p, double t)
{
	for (size_t i = 0; i < p->ts; i++)
		if (p->t[i] == t)
			return;
	if (p->ts < MOST_PLACES)
		p->t[p->ts++] = t;
}

static void add_setting(struct places *p, const struct setting *s)
{
	if (!p->varies && (s->kind == SETTING_FILTERS || s->kind == SETTING_GRADIENT))
		p->varies = s;
	for (size_t i = 0; s->kind == SETTING_FILTERS && i < s->n; i++) {
		add_name(p, s->filters[i]);
		add_setting(p, &s->values[i]);
	}
	for (size_t i = 0; s->kind == SETTING_GRADIENT && s->n > 1 && i < s->n
	     && p->ts < MOST_PLACES; i++)
		add_place(p, (double)i / (double)(s->n - 1));
}

static void add_scope(struct places *p, const struct method *m, const struct recipe_params *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		if (method_param(m, ps->v[i].name))
			add_setting(p, &ps->v[i].value);
}

static void places_of(const struct lint *l, struct places *p)
{
	const struct recipe_slice *s = &l->r->slices[l->slice];

	add_name(p, "");
	add_place(p, 0.5);
	for (size_t i = 0; i < s->n_sources; i++)
		add_scope(p, l->r->method, &s->sources[i].params);
	add_scope(p, l->r->method, &s->params);
	add_scope(p, l->r->method, &l->r->modules[s->module].params);
	add_scope(p, l->r->method, &l->r->params);
}

/* False where a value is wrong or missing by itself: that is another finding. */
static bool evaluate(const struct lint *l, const char *name, double t, double *global,
	double (*input)[P_COUNT])
{
	const struct method *m = l->r->method;

	for (size_t i = 0; i < m->n_params; i++) {
		const struct param_def *d = &m->params[i];

		for (int k = d->scope == PARAM_GLOBAL ? -1 : 0;
		     k < (d->scope == PARAM_GLOBAL ? 0 : (int)l->n); k++) {
			struct err e = { 0 };
			double v = recipe_param_in(l->r, d, l->slice, k < 0 ? -1 :
				recipe_slice_source(l->r, l->slice, (size_t)k), name, t, &e);

			if (e.code != ERR_NONE)
				return false;
			*(k < 0 ? &global[d->id] : &input[k][d->id]) = v;
		}
	}
	return true;
}

static bool breaks(const struct lint *l, const char *name, const struct lint_tensor *v, double t,
	struct err *e)
{
	static const uint64_t some[2] = { 64, 64 };
	double global[P_COUNT], (*input)[P_COUNT] = xcalloc(l->n + 1, sizeof *input);
	struct merge_spec s = { .method = l->r->method, .name = name, .rank = 2, .shape = some,
		.elements = 64 * 64, .n_inputs = (int)l->n,
		.base = l->r->method->base < 0 ? -1 : l->base, .global = global,
		.input = (const double (*)[P_COUNT])input };
	bool bad;

	if (v) {
		s.rank = v->like->rank;
		s.shape = v->like->shape;
		s.elements = v->like->elements;
	}
	bad = evaluate(l, name, t, global, input) && !l->r->method->check(&s, e);
	free(input);
	return bad;
}

static bool said_already(const struct lint *l)
{
	for (size_t i = 0; i < l->out->n; i++)
		if (l->out->v[i].severity == SEV_ERROR
		    && str_eq(l->out->v[i].code, "weights-zero"))
			return true;
	return false;
}

static void say(struct lint *l, const struct places *p, const char *where, size_t n,
	const struct err *e)
{
	struct str m = STR_INIT, hint = STR_INIT;

	str_addf(&m, "%s: %s", where, e->what);
	if (n > 1)
		str_addf(&m, " (and in %zu other places)", n - 1);
	str_add(&hint, e->hint);
	lint_say(l, SEV_ERROR, p->varies ? &p->varies->mark : &l->r->method_mark, "parameters",
		"breaks-rule", &m, &hint);
}

static void in_text(struct lint *l, const struct places *p)
{
	struct err first = { 0 };
	struct str where = STR_INIT;
	size_t n = 0;

	for (size_t i = 0; i < p->names; i++)
		for (size_t k = 0; k < p->ts; k++) {
			struct err e = { 0 };

			if (!breaks(l, p->name[i], NULL, p->t[k], &e))
				continue;
			if (!n++) {
				first = e;
				str_addf(&where, "%s%s", p->name[i][0] ? "tensors with " : "",
					p->name[i][0] ? p->name[i] : "most tensors");
				if (p->ts > 1)
					str_addf(&where, ", %.3g%% of the way along the layers",
						100.0 * p->t[k]);
			}
		}
	if (n)
		say(l, p, where.s, n, &first);
	str_fini(&where);
}

static void in_tensors(struct lint *l, const struct places *p, const struct lint_tensor *v,
	size_t n_tensors)
{
	struct err first = { 0 };
	const char *where = NULL;
	size_t n = 0;

	for (size_t i = 0; i < n_tensors; i++) {
		struct err e = { 0 };

		if (breaks(l, v[i].like->name, &v[i], v[i].t, &e) && !n++) {
			first = e;
			where = v[i].like->name;
		}
	}
	if (n)
		say(l, p, where, n, &first);
}

void lint_values(struct lint *l, const struct lint_tensor *v, size_t n)
{
	struct places p = { .names = 0 };

	if (!l->r->method || !l->r->method->check || !l->n || l->n > MERGE_MAX_INPUTS
	    || said_already(l))
		return;
	places_of(l, &p);
	if (n)
		in_tensors(l, &p, v, n);
	else
		in_text(l, &p);
}
