#include "config.h"
#include "engine/pair_figure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/vec.h"
#include "merge/kernels.h"
#include "stat/change.h"
#include "system/pool.h"
#include "system/process.h"

/* Swapping counted element by element, for stated t: every window of a row is read once and tried
 * with every t by NearSwap's own kernel. */

#define BATCH 256 /* windows between folds */

struct unit {
	struct slot_pair pair;
	uint64_t window;
	enum dtype out;
};
struct counted {
	struct change_sums *at;        /* per t */
	uint64_t elements;
	struct err e;
	bool ok;
};
struct stream {
	const struct unit *units;
	struct counted *counted;       /* of a batch */
	size_t first;
	const struct swap_point *points;
	size_t n;
};

static bool read_vector(const struct slot_pair *p, int v, uint64_t first, size_t n, float *to,
	struct err *e)
{
	const struct memo_vector *m = &p->slot->v[v];

	return source_read(&m->model->source, (size_t)m->tensor, first, n, to, e);
}

static void round_to(enum dtype type, const float *x, void *bytes, float *to, size_t n)
{
	const struct dtype_info *d = dtype_info(type);

	if (d->encode && d->decode && d->block == 1) {
		d->encode(x, bytes, n);
		d->decode(bytes, to, n);
	} else {
		memcpy(to, x, n * sizeof *to);
	}
}

static void count_window(const struct stream *s, const struct unit *u, struct counted *c,
	float *room,
	size_t n)
{
	float *a = room, *b = a + WINDOW_ELEMS, *m = b + WINDOW_ELEMS, *stored = m + WINDOW_ELEMS;
	float *base = stored + WINDOW_ELEMS;
	void *bytes = base + WINDOW_ELEMS;

	round_to(u->out, a, bytes, base, n);
	/* elements that are not numbers are left out of both counts */
	for (size_t i = 0; i < n; i++)
		c->elements += isfinite(a[i]) && isfinite(b[i]);
	for (size_t k = 0; k < s->n; k++) {
		struct change_swap swap = { b, s->points[k].t };
		kernels()->near(m, a, b, (float)s->points[k].t, n);
		round_to(u->out, m, bytes, stored, n);
		change_sums_add(&c->at[k], m, stored, a, base, &swap, n);
	}
}

static void count_one(void *ctx, size_t i, unsigned worker)
{
	struct stream *s = ctx;
	const struct unit *u = &s->units[s->first + i];
	struct counted *c = &s->counted[i];
	uint64_t first = u->window * WINDOW_ELEMS, left = u->pair.slot->like->elements - first;
	size_t n = left < WINDOW_ELEMS ? (size_t)left : WINDOW_ELEMS;
	float *room = xtry_malloc(7 * WINDOW_ELEMS * sizeof *room);

	(void)worker;
	c->ok = room != NULL;
	if (!room)
		err_set(&c->e, ERR_MEMORY, u->pair.slot->like->name, NULL,
			"no memory for its windows");
	c->ok = c->ok && read_vector(&u->pair, u->pair.x, first, n, room, &c->e)
		&& read_vector(&u->pair, u->pair.m, first, n, room + WINDOW_ELEMS, &c->e);
	if (c->ok)
		count_window(s, u, c, room, n);
	free(room);
}

static bool run_units(struct stream *s, size_t n_units, struct pool *pool,
	struct change_sums *total,
	uint64_t *elements, struct err *e)
{
	bool ok = true;

	s->counted = xnew(struct counted, BATCH);
	for (size_t i = 0; i < BATCH; i++)
		s->counted[i].at = xnew(struct change_sums, s->n);
	for (s->first = 0; ok && s->first < n_units; s->first += BATCH) {
		size_t n = n_units - s->first < BATCH ? n_units - s->first : BATCH;
		for (size_t i = 0; i < n; i++) {
			memset(s->counted[i].at, 0, s->n * sizeof *s->counted[i].at);
			s->counted[i].elements = 0;
		}
		if (pool)
			pool_for(pool, n, count_one, s, &process_cancelled);
		for (size_t i = 0; !pool && i < n; i++)
			count_one(s, i, 0);
		if (atomic_load(&process_cancelled))
			ok = err_set(e, ERR_CANCELLED, "swap curve", NULL, "cancelled");
		for (size_t i = 0; ok && i < n; i++) {
			ok = s->counted[i].ok;
			if (!ok && e)
				*e = s->counted[i].e;
			*elements += s->counted[i].elements;
			for (size_t k = 0; k < s->n; k++)
				change_sums_fold(&total[k], &s->counted[i].at[k]);
		}
	}
	for (size_t i = 0; i < BATCH; i++)
		free(s->counted[i].at);
	free(s->counted);
	return ok;
}

bool pair_swap_count(const struct slot_pair *pairs, const enum dtype *out, size_t n_pairs,
	struct pool *pool, struct swap_point *p, size_t n, struct err *e)
{
	vec(struct unit) units = { 0 };
	struct change_sums *total = xnew(struct change_sums, n + 1);
	uint64_t elements = 0;

	for (size_t k = 0; k < n_pairs; k++)
		for (uint64_t w = 0; w < pairs[k].slot->windows; w++)
			*vec_push(&units) = (struct unit){ pairs[k], w, out[k] };
	struct stream s = { .units = units.v, .points = p, .n = n };
	bool ok = run_units(&s, units.n, pool, total, &elements, e);
	for (size_t k = 0; ok && k < n; k++) {
		double all = (double)elements;
		p[k].full = elements ? figure_at((double)total[k].full / all, FIG_EXACT)
			: figure_failed();
		p[k].mean_shift = elements ? figure_at(total[k].shift / all, FIG_EXACT)
			: figure_failed();
		p[k].frozen = total[k].changed ? figure_at((double)total[k].frozen
			/ (double)total[k].changed, FIG_EXACT) : figure_failed();
	}
	free(total);
	vec_fini(&units);
	return ok;
}
