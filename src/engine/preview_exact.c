#include "config.h"
#include "engine/preview_work.h"
#include "engine/run.h"
#include "stat/change.h"

#include <math.h>
#include <string.h>

/* Exact figures of one tensor: the run's own kernels and rounding, window by window, and the same
 * sums over the stored values that a comparison of the written file would take. */

struct collect {
	const struct plan_tensor *p;
	const struct view_tensor *t;
	size_t n;                      /* vectors */
	/* vector that is no input of the spec (the figures' base), or -1 */
	int extra;
	const float **x;               /* the merge, then the vectors */
	float *floats;                 /* the extra vector; the base as stored */
	char *bytes;
	uint64_t window;
	/* totals: index 0 is the merge, 1 + v the vectors */
	struct norm_sums *norm;
	struct pair_sums *pair;
	struct sign_sums *sign;        /* per vector, with the merge */
	struct conflict_sums conflict;
	struct change_sums change;
};

static void add_signs(struct collect *c, const float *stored, size_t n)
{
	const float *base = c->x[1];

	for (size_t v = 1; v < c->n; v++) {
		struct sign_sums s = { 0 };
		sign_sums_add(&s, c->x[1 + v], stored, base, n);
		sign_sums_fold(&c->sign[v], &s);
	}
	if (c->n > 2) {
		struct conflict_sums s = { 0 };
		conflict_sums_add(&s, c->x + 2, (int)c->n - 1, base, n);
		conflict_sums_fold(&c->conflict, &s);
	}
}

static void add_change(struct collect *c, const float *merged, const float *stored, size_t n)
{
	bool based = c->t->slot->based;
	const struct dtype_info *d = dtype_info(c->p->dtype);
	float *base_stored = c->floats + WINDOW_ELEMS;
	struct change_swap swap = { 0 };
	struct change_sums s = { 0 };

	if (based && d->encode && d->decode && d->block == 1) {
		d->encode(c->x[1], c->bytes, n);
		d->decode(c->bytes, base_stored, n);
	} else if (based) {
		memcpy(base_stored, c->x[1], n * sizeof *base_stored);
	}
	if (c->t->swap)
		swap = (struct change_swap){ c->x[1 + c->t->other], c->p->spec.global[P_T] };
	change_sums_add(&s, merged, stored, based ? c->x[1] : NULL, base_stored,
		c->t->swap ? &swap : NULL, n);
	change_sums_fold(&c->change, &s);
}

static bool on_window(void *ctx, const struct plan_tensor *p, const struct merge_window *w,
	const float *merged, const float *stored, struct err *e)
{
	struct collect *c = ctx;
	size_t all = c->n + 1, pairs = pair_count((int)all);
	struct norm_sums *norm = xnew(struct norm_sums, all);
	struct pair_sums *pair = xnew(struct pair_sums, pairs);
	bool ok = true;

	c->x[0] = stored;
	for (int k = 0; k < p->spec.n_inputs; k++)
		c->x[1 + c->t->spec_vector[k]] = w->in[k];
	if (c->extra >= 0) {
		const struct memo_vector *v = &c->t->slot->v[c->extra];
		c->x[1 + c->extra] = c->floats;
		ok = source_read(&v->model->source, (size_t)v->tensor, w->first, w->n, c->floats,
			e);
	}
	if (ok) {
		all_sums_add(norm, pair, NULL, c->x, (int)all, w->n);
		for (size_t i = 0; i < all; i++)
			norm_sums_fold(&c->norm[i], &norm[i]);
		for (size_t i = 0; i < pairs; i++)
			pair_sums_fold(&c->pair[i], &pair[i]);
		if (c->t->slot->based)
			add_signs(c, stored, w->n);
		add_change(c, merged, stored, w->n);
	}
	free(norm);
	free(pair);
	return ok;
}

static void moments(const struct collect *c, size_t v, double *m)
{
	const struct pair_sums *to = &c->pair[pair_index(0, 1 + (int)v)];

	m[MO_N] = (double)c->t->slot->like->elements;
	m[MO_NX] = c->norm[1 + v].n2;
	m[MO_NM] = c->norm[0].n2;
	m[MO_D] = to->d2;
	m[MO_AGREE0] = (double)to->agree;
	m[MO_SUM] = c->norm[0].sum;
	m[MO_ZERO] = (double)c->norm[0].zeros;
	m[MO_ROUND] = c->change.round2;
	if (!c->t->slot->based)
		return;
	m[MO_DX] = v ? c->pair[pair_index(1, 1 + (int)v)].d2 : 0;
	m[MO_DM] = c->pair[pair_index(0, 1)].d2;
	m[MO_BOTH] = (double)c->sign[v].both;
	m[MO_AGREE] = (double)c->sign[v].agree;
	m[MO_MULTI] = (double)c->conflict.several;
	m[MO_OPPOSED] = (double)c->conflict.conflict;
	m[MO_SHIFT] = c->change.shift;
	m[MO_CHANGED] = (double)c->change.changed;
	m[MO_FROZEN] = (double)c->change.frozen;
	m[MO_FULL] = (double)c->change.full;
}

static struct tensor_exact *finish(const struct collect *c)
{
	struct tensor_exact *x = xnew(struct tensor_exact, 1);

	x->m = xcalloc(c->n, sizeof *x->m);
	x->max_abs = xnew(double, c->n);
	x->nonfinite_in = xnew(uint64_t, c->n);
	for (size_t v = 0; v < c->n; v++) {
		moments(c, v, x->m[v]);
		x->max_abs[v] = c->pair[pair_index(0, 1 + (int)v)].max_abs;
		x->nonfinite_in[v] = c->norm[1 + v].nonfinite;
	}
	x->abs_max = c->norm[0].max_abs;
	x->nonfinite = c->norm[0].nonfinite;
	return x;
}

static int extra_vector(const struct plan_tensor *p, const struct view_tensor *t)
{
	if (!t->slot->based)
		return -1;
	for (int k = 0; k < p->spec.n_inputs; k++)
		if (t->spec_vector[k] == 0)
			return -1;
	return 0;
}

struct tensor_exact *exact_make(const struct plan *plan, size_t t, const struct view_tensor *vt,
	atomic_bool *stop, struct err *e)
{
	struct collect c = { .p = &plan->tensors[t], .t = vt, .n = vt->slot->n };
	struct tensor_exact *x = NULL;

	c.extra = extra_vector(c.p, vt);
	c.x = xnew(const float *, c.n + 1);
	c.norm = xnew(struct norm_sums, c.n + 1);
	c.pair = xnew(struct pair_sums, pair_count((int)c.n + 1));
	c.sign = xnew(struct sign_sums, c.n);
	c.floats = xtry_malloc(2 * WINDOW_ELEMS * sizeof(float));
	c.bytes = xtry_malloc(WINDOW_ELEMS * 8);
	if (!c.floats || !c.bytes)
		err_set(e, ERR_MEMORY, c.p->spec.name, NULL, "no memory for a window");
	else if (run_tensor(plan, t, NULL, on_window, &c, stop, e))
		x = finish(&c);
	free(c.x);
	free(c.norm);
	free(c.pair);
	free(c.sign);
	free(c.floats);
	free(c.bytes);
	return x;
}

void exact_free(struct tensor_exact *x)
{
	if (!x)
		return;
	free(x->m);
	free(x->max_abs);
	free(x->nonfinite_in);
	free(x);
}
