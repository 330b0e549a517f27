#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "engine/run.h"
#include "engine/work.h"

/* One output tensor, window after window, as the run writes it: the same work, in batches of as
 * many windows as there are workers, delivered in order. */
struct seat { /* one worker's share of a batch */
	struct desk desk;
	void *partial;
	float *in[MERGE_MAX_INPUTS], *merged, *stored;
	unsigned char *bytes;
	uint64_t window, first;
	size_t n;
	bool ok;
	struct err e;
};
struct exact {
	struct work w;
	int pass;
	const uint64_t *windows;   /* of the batch */
	struct seat *seats;
	size_t n_seats;
	atomic_bool *stop;
};

static bool stopped(const struct exact *x)
{
	return x->stop && atomic_load_explicit(x->stop, memory_order_relaxed);
}

static void observe_one(void *ctx, size_t i, unsigned worker)
{
	struct exact *x = ctx;
	struct seat *s = &x->seats[i];

	(void)worker;
	s->ok = work_observe(&x->w, x->pass, x->windows[i], s->partial, &s->desk, &s->e);
}

static bool keep_part(void *ctx, uint64_t first, size_t n, const float *const *in,
	const float *out, struct err *e)
{
	struct seat *s = ctx;
	size_t at = (size_t)(first - s->first);

	(void)e;
	for (int k = 0; k < MERGE_MAX_INPUTS && s->in[k]; k++)
		memcpy(s->in[k] + at, in[k], n * sizeof **in);
	memcpy(s->merged + at, out, n * sizeof *out);
	return true;
}

static void apply_one(void *ctx, size_t i, unsigned worker)
{
	struct exact *x = ctx;
	struct seat *s = &x->seats[i];
	const struct dtype_info *d = dtype_info(x->w.t->dtype);
	uint64_t left;

	(void)worker;
	s->window = x->windows[i];
	s->first = s->window * WINDOW_ELEMS;
	left = x->w.t->spec.elements - s->first;
	s->n = left < WINDOW_ELEMS ? (size_t)left : WINDOW_ELEMS;
	s->ok = work_apply(&x->w, s->first, s->n, &s->desk, keep_part, NULL, s, &s->e);
	if (!s->ok)
		return;
	if (!d->encode) { /* integers are not rounded */
		memcpy(s->stored, s->merged, s->n * sizeof *s->stored);
		return;
	}
	d->encode(s->merged, s->bytes, s->n);
	d->decode(s->bytes, s->stored, s->n);
}

static bool batch(struct exact *x, struct pool *pool, size_t n,
	void (*one)(void *ctx, size_t i, unsigned worker), struct err *e)
{
	if (stopped(x))
		return err_set(e, ERR_CANCELLED, x->w.t->like->name, NULL, "cancelled");
	if (pool && n > 1)
		pool_for(pool, n, one, x, NULL);
	else
		for (size_t i = 0; i < n; i++)
			one(x, i, 0);
	for (size_t i = 0; i < n; i++)
		if (!x->seats[i].ok) {
			if (e)
				*e = x->seats[i].e;
			return false;
		}
	return true;
}

static bool run_pass(struct exact *x, struct pool *pool, struct err *e)
{
	const struct merge_spec *spec = &x->w.t->spec;
	size_t size = x->w.m->partial_size(spec, x->w.state, x->pass) + 1, n = 0;
	uint64_t *windows = xnew(uint64_t, x->n_seats);
	bool ok = true, any = false;

	x->windows = windows;
	for (size_t i = 0; i < x->n_seats; i++) {
		free(x->seats[i].partial);
		x->seats[i].partial = xtry_malloc(size);
		ok = ok && x->seats[i].partial;
	}
	if (!ok)
		err_set(e, ERR_MEMORY, spec->name, NULL, "no memory for partial results");
	for (uint64_t i = 0; ok && i < x->w.pass_windows; i++) {
		if (work_span(&x->w, x->pass, i))
			windows[n++] = i;
		if (n == 0 || (n < x->n_seats && i + 1 < x->w.pass_windows))
			continue;
		ok = batch(x, pool, n, observe_one, e);
		for (size_t k = 0; ok && k < n; k++)
			x->w.m->fold(spec, x->w.state, x->pass, x->seats[k].partial, windows[k]);
		any = true;
		n = 0;
	}
	if (ok && any)
		ok = x->w.m->settle(spec, x->w.state, x->pass, e);
	free(windows);
	return ok;
}

static bool run_apply(struct exact *x, struct pool *pool, run_window_fn *fn, void *ctx,
	struct err *e)
{
	uint64_t *windows = xnew(uint64_t, x->n_seats);
	bool ok = true;
	size_t n;

	x->windows = windows;
	for (uint64_t i = 0; ok && i < x->w.windows; i += n) {
		for (n = 0; n < x->n_seats && i + n < x->w.windows; n++)
			windows[n] = i + n;
		ok = batch(x, pool, n, apply_one, e);
		for (size_t k = 0; ok && k < n; k++) {
			struct seat *s = &x->seats[k];
			struct merge_window w = {.first = s->first, .n = s->n, .index = s->window,
				.in = (const float *const *)s->in};

			ok = fn(ctx, x->w.t, &w, s->merged, s->stored, e);
		}
	}
	free(windows);
	return ok;
}

static bool seats_make(struct exact *x, struct err *e)
{
	const struct merge_spec *spec = &x->w.t->spec;
	size_t n = spec->elements < WINDOW_ELEMS ? (size_t)spec->elements + 1 : WINDOW_ELEMS;

	for (size_t i = 0; i < x->n_seats; i++) {
		struct seat *s = &x->seats[i];
		bool ok;

		s->merged = xtry_malloc(n * sizeof(float));
		s->stored = xtry_malloc(n * sizeof(float));
		s->bytes = xtry_malloc(n * 8);
		ok = s->merged && s->stored && s->bytes;
		for (int k = 0; k < spec->n_inputs; k++) {
			s->in[k] = xtry_malloc(n * sizeof(float));
			ok = ok && s->in[k];
		}
		if (!ok)
			return err_set(e, ERR_MEMORY, spec->name, NULL,
				"no memory for its windows");
	}
	return true;
}

static void seats_free(struct exact *x)
{
	for (size_t i = 0; i < x->n_seats; i++) {
		struct seat *s = &x->seats[i];

		desk_fini(&s->desk);
		free(s->partial);
		free(s->merged);
		free(s->stored);
		free(s->bytes);
		for (int k = 0; k < MERGE_MAX_INPUTS; k++)
			free(s->in[k]);
	}
	free(x->seats);
}

bool run_tensor(const struct plan *p, size_t t, struct pool *pool, run_window_fn *fn, void *ctx,
	atomic_bool *stop, struct err *e)
{
	struct exact x = {.stop = stop};
	bool ok;

	if (!work_begin(&x.w, p, t, e))
		return false;
	x.n_seats = pool ? pool_threads(pool) : 1;
	if (x.n_seats > x.w.windows)
		x.n_seats = x.w.windows ? (size_t)x.w.windows : 1;
	x.seats = xnew(struct seat, x.n_seats);
	ok = seats_make(&x, e);
	for (x.pass = 0; ok && x.pass < x.w.passes; x.pass++)
		ok = run_pass(&x, pool, e);
	ok = ok && run_apply(&x, pool, fn, ctx, e);
	seats_free(&x);
	work_end(&x.w);
	return ok;
}
