#include "config.h"
#include "engine/leaves.h"
#include <math.h>
#include <stdlib.h>
#include "base/str.h"
#include "base/vec.h"
#include "base/xalloc.h"

struct search {
	vec(struct leaf) found;
	vec(const struct plan *) seen;
};

static bool known(const struct search *s, const struct leaf *l)
{
	const char *text = l->plan->inputs->v[l->at].text;

	for (size_t i = 0; i < s->found.n; i++) {
		const struct leaf *o = &s->found.v[i];

		if (l->inner && str_eq(o->model->path, l->model->path) &&
			!o->model->virtual == !l->model->virtual &&
			str_eq(o->plan->inputs->v[o->at].text, text))
			return true;
	}
	return false;
}

static void gather(struct search *s, const struct plan *p, bool inner)
{
	for (size_t i = 0; i < s->seen.n; i++)
		if (s->seen.v[i] == p)
			return;
	*vec_push(&s->seen) = p;
	for (size_t i = 0; i < p->inputs->n; i++) {
		struct leaf l = {.plan = p, .at = i, .inner = inner,
			.model = p->inputs->v[i].stored};

		if (!p->inputs->v[i].made_by && l.model && !known(s, &l))
			*vec_push(&s->found) = l;
	}
	for (size_t i = 0; i < p->inputs->n; i++)
		if (p->inputs->v[i].made_by)
			gather(s, p->inputs->v[i].made_by, true);
}

struct leaves leaves_find(const struct plan *p)
{
	struct search s = {0};
	struct leaves l;

	gather(&s, p, false);
	l = (struct leaves){.v = s.found.v, .n = s.found.n, .recipes = s.seen.n - 1};
	for (size_t i = 1; i < s.seen.n; i++)
		l.inputs += s.seen.v[i]->inputs->n;
	vec_fini(&s.seen);
	return l;
}

void leaves_fini(struct leaves *l)
{
	free(l->v);
	*l = (struct leaves){0};
}

const struct leaf *leaves_of_input(const struct leaves *l, size_t i)
{
	for (size_t k = 0; k < l->n && !l->v[k].inner; k++)
		if (l->v[k].at == i)
			return &l->v[k];
	return NULL;
}

/* --- coefficients --- */

#define STEPS_AT_MOST 200000 /* recipes may use each other many times over */

struct sum {
	const struct leaves *l;
	double *to;                /* per leaf */
	size_t steps;
};

static bool is_linear(const struct plan_tensor *t)
{
	const char *name = t->spec.method->name;

	return t->spec.method->coefficients && (str_eq(name, "linear") ||
		str_eq(name, "passthrough") || str_eq(name, "task_arithmetic"));
}

static double *place_of(const struct sum *s, const struct input *in)
{
	for (size_t i = 0; i < s->l->n; i++) {
		const struct leaf *l = &s->l->v[i];

		if (l->model == in->stored || (str_eq(l->model->path, in->stored->path) &&
			str_eq(l->plan->inputs->v[l->at].text, in->text)))
			return &s->to[i];
	}
	return NULL;
}

/* Depth is bounded by that of recipes within each other. */
static bool add(struct sum *s, const struct plan *p, size_t tensor, double factor)
{
	const struct plan_tensor *t = &p->tensors[tensor];
	double c[MERGE_MAX_INPUTS];

	if (++s->steps > STEPS_AT_MOST || !is_linear(t) ||
		!t->spec.method->coefficients(&t->spec, NULL, c))
		return false;
	for (int k = 0; k < t->spec.n_inputs; k++) {
		const struct input *in = &p->inputs->v[t->input[k]];
		const struct plan *made = in->made_by;
		size_t at = (size_t)t->source[k];
		double *to = made ? NULL : place_of(s, in);

		if (in->model != in->stored ||
			(made && recipe_input_ref(p->recipe, (size_t)t->input[k])->n_loras))
			return false;
		if (made && (in->model->source.n_tensors != made->n || !str_eq(
			in->model->source.tensors[at].name, made->tensors[at].like->name)))
			return false;
		if (made ? !add(s, made, at, factor * c[k]) : !to)
			return false;
		if (to)
			*to += factor * c[k];
	}
	return true;
}

bool leaves_coefficients(const struct plan *p, struct leaves *l)
{
	struct sum s = {.l = l, .to = xnew(double, l->n + 1)};
	bool ok = l->n > 0, first = true;

	for (size_t t = 0; ok && t < p->n; t++) {
		if (p->tensors[t].verbatim)
			continue;
		for (size_t i = 0; i < l->n; i++)
			s.to[i] = 0.0;
		ok = add(&s, p, t, 1.0);
		for (size_t i = 0; ok && i < l->n; i++) {
			if (first)
				l->v[i].coefficient = fabs(s.to[i]) < 1e-12 ? 0 : s.to[i];
			ok = fabs(l->v[i].coefficient - s.to[i]) <= 1e-9;
		}
		first = false;
	}
	free(s.to);
	return ok && !first;
}
