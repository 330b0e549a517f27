/* The size-error front of the Quant view: what the solver reaches at a dozen sizes, on a worker. */
#include "config.h"
#include <math.h>
#include <stdlib.h>
#include "base/xalloc.h"
#include "quant/best.h"
#include "ui/view/view_quant.h"

#define TYPES_MAX 64

struct fronting {
	struct quant_plan *plan;
	struct quant_type types[TYPES_MAX];
	size_t n_types;
	double *errors;            /* of target i in type k */
	uint64_t over;             /* the file's bytes beside the weights */
	struct quant_front front;
};

static void drop(void *ctx)
{
	struct fronting *f = ctx;

	quant_plan_unref(f->plan);
	free(f->errors);
	free(f);
}

/* Sum of squared errors over those of the weights, as the plan has them. */
static double relative(const struct fronting *f, const struct quant_plan *p, double all)
{
	double sum = 0;

	for (size_t i = 0; i < p->targets->n; i++)
		for (size_t k = 0; k < f->n_types; k++)
			if (p->targets->v[i].quantizable &&
				quant_type_same(p->v[i].type, f->types[k]))
				sum += f->errors[i * f->n_types + k];
	return all > 0 ? sqrt(sum / all) : NAN;
}

static void work(void *ctx)
{
	struct fronting *f = ctx;
	const struct quant_targets *t = f->plan->targets;
	struct quant_errors x = { .types = f->types, .n_types = f->n_types, .v = f->errors };
	double all = f->errors[t->n * f->n_types]; /* squares of all weights */
	uint64_t least = 0, most = 0;
	struct err e = { 0 };
	bool exact;

	for (size_t i = 0; i < t->n; i++) {
		uint64_t one;

		if (t->v[i].quantizable && quant_type_bytes(f->types[f->n_types - 1],
			t->v[i].elements, t->v[i].row, &one))
			most += one;
		else
			most += f->plan->bytes[i];
	}
	quant_best(f->plan, &x, 0, 1, &exact, &least, &e); /* refused: says the least */
	for (size_t k = 0; k < QUANT_FRONT && least && most > least; k++) {
		/* a little above the least, then evenly */
		uint64_t budget = least + (most - least) * k / (QUANT_FRONT - 1);
		struct quant_spec *s = quant_best(f->plan, &x, budget, 1, &exact, &least, &e);
		struct quant_plan *p = s ? quant_plan_make(s, f->plan->targets, false, NULL, &e)
			: NULL;

		if (p) {
			f->front.size[f->front.n] = (double)(p->weight_bytes + f->over);
			f->front.error[f->front.n++] = relative(f, p, all);
		}
		quant_plan_unref(p);
		quant_spec_unref(s);
	}
}

static unsigned done(struct app *a, void *ctx)
{
	struct quant_view *v = app_view_of(a, &view_quant);
	struct fronting *f = ctx;

	v->fronting = false;
	if (v->front_of == f->plan->targets)
		v->front = f->front;
	drop(f);
	return CHANGED_SCREEN;
}

void quant_front_ask(struct quant_view *v)
{
	const struct quant_doc *d = &v->doc;
	struct fronting *f;
	double exact, all = 0;
	size_t n;

	if (!quant_doc_is_open(d) || v->front_of == d->plan->targets ||
		quant_look_failed(d->look, NULL) || quant_look_progress(d->look, &exact) < 1.0)
		return;
	v->front_of = d->plan->targets;
	v->fronting = true;
	v->front.n = 0;
	n = d->plan->targets->n;
	f = xnew(struct fronting, 1);
	f->plan = quant_plan_ref(d->plan);
	f->n_types = quant_best_types(d->plan->targets, f->types, TYPES_MAX);
	f->errors = xnew(double, n * f->n_types + 1);
	f->over = d->bytes - d->plan->weight_bytes;
	for (size_t i = 0; i < n; i++) {
		struct quant_sums s = { 0 };
		double ww = 0;

		for (size_t k = 0; k < f->n_types; k++) {
			bool known = quant_look_sample(d->look, i, f->types[k], &s);

			f->errors[i * f->n_types + k] = known ? quant_error_of(&s) : NAN;
			if (known && s.elements)
				ww = s.ww / (double)s.elements *
					(double)d->plan->targets->v[i].elements;
		}
		all += ww;
	}
	f->errors[n * f->n_types] = all;
	app_work(v->view.app, work, done, drop, f);
}
