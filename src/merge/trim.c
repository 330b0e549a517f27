#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "merge/kernels.h"
#include "merge/rescale.h"
#include "merge/rounding.h"
#include "merge/select.h"
#include "merge/task.h"

#define PASS_SCALE SELECT_PASSES /* Σ|d| before and after, for rescale */
#define MAX_PAIRS ((size_t)8 << 20)

/* Of one input that is trimmed. In the order of falling magnitude, equal ones by index, its first
 * elements up to sel are kept, less the outliers at their head. */
struct side {
	struct select sel, out;
	struct rescale scale;
};
struct state {
	bool outliers;     /* the method has a gamma */
	struct side *side; /* per input; made when the first pass is asked for */
};

/* The two selections of a side: what is kept, what is too large. */
static struct select *cut_at(const struct side *side, int which)
{
	return (struct select *)(which ? &side->out : &side->sel);
}

static bool trims(const struct merge_spec *s, int k)
{
	return k != s->base && s->input[k][P_DENSITY] < 1.0;
}

static uint64_t share(const struct merge_spec *s, double of)
{
	uint64_t n = of > 0.0 ? (uint64_t)(fmin(of, 1.0) * (double)s->elements) : 0;

	return n < s->elements ? n : s->elements;
}

/* Without outliers trunc(density n), but at least one element; none at density 0. With them the
 * trunc(gamma n) largest go, but fewer where the rest would not fill the density. */
static void cuts(const struct merge_spec *s, const struct state *st, int k, uint64_t *keep,
	uint64_t *out)
{
	double density = s->input[k][P_DENSITY];
	uint64_t target = share(s, density), top = 0;

	if (st->outliers)
		top = share(s, s->input[k][P_GAMMA]);
	else if (density > 0.0 && target == 0 && s->elements > 0)
		target = 1;
	*out = top < s->elements - target ? top : s->elements - target;
	*keep = *out + target;
}

bool trim_check(const struct merge_spec *s, struct err *e)
{
	for (int k = 0; method_param(s->method, "gamma") && k < s->n_inputs; k++) {
		double gamma = s->input[k][P_GAMMA];

		if (k != s->base && !(gamma >= 0.0 && gamma <= 1.0))
			return err_set(e, ERR_INPUT, s->name, "give a gamma from 0 to 1",
				"%s drops a share of each task vector's largest changes, and %g is "
				"none", s->method->name, gamma);
	}
	return task_check(s, e);
}

size_t trim_state_size(const struct merge_spec *s)
{
	(void)s;
	return sizeof(struct state);
}

int trim_passes(const struct merge_spec *s)
{
	for (int k = 0; k < s->n_inputs; k++)
		if (trims(s, k))
			return s->global[P_RESCALE] != 0.0 ? PASS_SCALE + 1 : PASS_SCALE;
	return 0;
}

bool trim_begin(const struct merge_spec *s, void *state, struct err *e)
{
	struct state *st = state;

	(void)e;
	st->side = xnew(struct side, (size_t)s->n_inputs);
	st->outliers = method_param(s->method, "gamma");
	for (int k = 0; k < s->n_inputs; k++) {
		size_t limit = MAX_PAIRS / (size_t)s->n_inputs;
		uint64_t keep, out;

		if (!trims(s, k))
			continue;
		cuts(s, st, k, &keep, &out);
		select_init(&st->side[k].sel, s->elements, keep, limit);
		select_init(&st->side[k].out, s->elements, out, limit);
		rescale_init(&st->side[k].scale, s, s->work);
	}
	return true;
}

size_t trim_span(const struct merge_spec *s, const void *state, int pass, uint64_t window)
{
	const struct state *st = state;
	size_t most = 0;

	if (pass == PASS_SCALE)
		return SIZE_MAX;
	for (int k = 0; k < s->n_inputs; k++) {
		for (int which = 0; trims(s, k) && which < 2; which++) {
			size_t one = select_span(cut_at(&st->side[k], which), pass, window);

			most = one > most ? one : most;
		}
	}
	return most;
}

static size_t part_size(int pass)
{
	size_t n = pass == PASS_SCALE ? sizeof(union rescale_part) : select_partial_size(pass);

	return (n + 63) / 64 * 64;
}

size_t trim_partial_size(const struct merge_spec *s, const void *state, int pass)
{
	const struct state *st = state;

	return part_size(pass) * (size_t)s->n_inputs * (st->outliers ? 2 : 1);
}

/* Place of input k's selection in the partial; the sums stand in that of the first. */
static void *part_of(const struct merge_spec *s, const void *partial, int pass, int k, int which)
{
	return (char *)partial + part_size(pass) * (size_t)(which * s->n_inputs + k);
}

/* Whether a selection takes part in the pass: one that has its answer does not. */
static bool busy(const struct merge_spec *s, const struct state *st, int pass, int k, int which)
{
	if (!trims(s, k))
		return false;
	return pass == PASS_SCALE ? which == 0 : !cut_at(&st->side[k], which)->placed;
}

void trim_open(const struct merge_spec *s, const void *state, int pass, void *partial)
{
	for (int i = 0; i < 2 * s->n_inputs; i++) {
		int k = i / 2, which = i % 2;

		if (!busy(s, state, pass, k, which))
			continue;
		if (pass == PASS_SCALE)
			memset(part_of(s, partial, pass, k, 0), 0, sizeof(union rescale_part));
		else
			select_open(cut_at(&((const struct state *)state)->side[k], which), pass,
				part_of(s, partial, pass, k, which));
	}
}

static void keep_side(const struct side *side, float *d, size_t n, uint64_t first)
{
	if (side->out.keep)
		select_apply_rest(&side->out, d, n, first);
	select_apply(&side->sel, d, n, first);
}

void trim_observe(const struct merge_spec *s, const void *state, int pass,
	const struct merge_window *w, void *partial)
{
	const struct state *st = state;
	float d[KERNEL_CHUNK];
	size_t n;

	for (int k = 0; k < s->n_inputs; k++) {
		union rescale_part *sums = part_of(s, partial, pass, k, 0);
		bool kept = busy(s, st, pass, k, 0), out = busy(s, st, pass, k, 1);

		for (size_t at = 0; (kept || out) && at < w->n; at += n) {
			uint64_t first = w->first + at;

			n = w->n - at < KERNEL_CHUNK ? w->n - at : KERNEL_CHUNK;
			rounding_delta(s, d, w->in[k] + at, w->in[s->base] + at, n);
			if (pass == PASS_SCALE) {
				rescale_add(&st->side[k].scale, s, sums, 0, d, n);
				keep_side(&st->side[k], d, n, first);
				rescale_add(&st->side[k].scale, s, sums, 1, d, n);
				continue;
			}
			if (kept)
				select_observe(&st->side[k].sel, pass, d, n, first, w->index,
					part_of(s, partial, pass, k, 0));
			if (out)
				select_observe(&st->side[k].out, pass, d, n, first, w->index,
					part_of(s, partial, pass, k, 1));
		}
	}
}

void trim_close(const struct merge_spec *s, const void *state, int pass, void *partial)
{
	const struct state *st = state;

	for (int i = 0; pass != PASS_SCALE && i < 2 * s->n_inputs; i++)
		if (busy(s, st, pass, i / 2, i % 2))
			select_close(cut_at(&st->side[i / 2], i % 2), pass,
				part_of(s, partial, pass, i / 2, i % 2));
}

void trim_fold(const struct merge_spec *s, void *state, int pass, const void *partial,
	uint64_t window)
{
	struct state *st = state;

	for (int i = 0; i < 2 * s->n_inputs; i++) {
		struct side *side = &st->side[i / 2];
		const void *part = part_of(s, partial, pass, i / 2, i % 2);

		if (!busy(s, st, pass, i / 2, i % 2))
			continue;
		if (pass != PASS_SCALE) {
			select_fold(cut_at(side, i % 2), pass, part, window);
			continue;
		}
		rescale_fold(&side->scale, s, part);
	}
}

bool trim_settle(const struct merge_spec *s, void *state, int pass, struct err *e)
{
	struct state *st = state;

	(void)e;
	for (int i = 0; i < 2 * s->n_inputs; i++) {
		struct side *side = &st->side[i / 2];

		if (!busy(s, st, pass, i / 2, i % 2))
			continue;
		if (pass == PASS_SCALE)
			rescale_settle(&side->scale, s);
		else
			select_settle(cut_at(side, i % 2), pass);
	}
	return true;
}

void trim_sparsify(const struct merge_spec *s, const void *state, int k, const float *x,
	const float *base, float *d, size_t n, uint64_t first)
{
	const struct state *st = state;

	rounding_delta(s, d, x, base, n);
	if (trims(s, k)) {
		keep_side(&st->side[k], d, n, first);
		rescale_apply(&st->side[k].scale, s, d, n);
	}
	task_weigh(s, k, d, n);
}

void trim_fini(const struct merge_spec *s, void *state)
{
	struct state *st = state;

	for (int i = 0; st->side && i < 2 * s->n_inputs; i++)
		select_fini(cut_at(&st->side[i / 2], i % 2));
	free(st->side);
}
