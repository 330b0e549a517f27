#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "merge/kernels.h"
#include "merge/select.h"
#include "merge/task.h"
#include "model/source.h"

/* An element's importance is its change times the divergence of its row: |x - b| Σ p log(p / q),
 * p and q the softmax of the two rows, each plus 1e-8. What reaches median + 1.5 (upper quartile
 * - lower quartile) of a tensor's importances is taken from the model. */
#define SOFTEN 1e-8
enum { QUARTER, HALF, THREE_QUARTERS, QUANTILES };
enum { PASS_ROWS, PASS_SELECT, PASSES = PASS_SELECT + SELECT_PASSES };
#define MAX_PAIRS ((size_t)2 << 20) /* per quantile */

struct state {
	float *rows;       /* divergence of each row; observe fills its own */
	uint64_t n_rows;
	struct select at[QUANTILES];
	float least;       /* importance from which on the model is taken */
};

static uint64_t unit(const struct merge_spec *s)
{
	return s->rank > 0 && s->elements > 0 ? s->shape[s->rank - 1] : 1;
}

static int model_of(const struct merge_spec *s)
{
	return s->base == 0 ? 1 : 0;
}

static size_t state_size(const struct merge_spec *s)
{
	(void)s;
	return sizeof(struct state);
}

static bool begin(const struct merge_spec *s, void *state, struct err *e)
{
	struct state *st = state;
	uint64_t bytes = 0;

	st->n_rows = s->elements / unit(s);
	if (size_mul(st->n_rows, sizeof *st->rows, &bytes))
		st->rows = xtry_malloc(bytes + 1);
	for (int i = 0; i < QUANTILES && s->elements; i++) {
		uint64_t place = (uint64_t)(0.25 * (i + 1) * (double)(s->elements - 1));

		select_init_place(&st->at[i], s->elements, place, MAX_PAIRS);
		select_windows(&st->at[i], method_window(s));
	}
	return st->rows || err_set(e, ERR_MEMORY, s->name, "use fewer --threads",
		"no memory for the divergence of %llu rows", (unsigned long long)st->n_rows);
}

static int passes(const struct merge_spec *s)
{
	(void)s;
	return PASSES;
}

static size_t span(const struct merge_spec *s, const void *state, int pass, uint64_t window)
{
	const struct state *st = state;
	const size_t row = (size_t)unit(s);
	size_t most = 0;

	if (pass == PASS_ROWS)
		return SIZE_MAX;
	for (int i = 0; i < QUANTILES; i++) {
		size_t one = select_span(&st->at[i], pass - PASS_SELECT, window);

		most = one > most ? one : most;
	}
	return most == SIZE_MAX ? most : (most + row - 1) / row * row;
}

static size_t part_size(int pass)
{
	return (select_partial_size(pass - PASS_SELECT) + 63) / 64 * 64;
}

static size_t partial_size(const struct merge_spec *s, const void *state, int pass)
{
	(void)s;
	(void)state;
	return pass == PASS_ROWS ? 0 : QUANTILES * part_size(pass);
}

static void open_partial(const struct merge_spec *s, const void *state, int pass, void *partial)
{
	(void)s;
	(void)state;
	for (int i = 0; pass != PASS_ROWS && i < QUANTILES; i++)
		select_open(&((const struct state *)state)->at[i], pass - PASS_SELECT,
			(char *)partial + (size_t)i * part_size(pass));
}

/* --- divergence --- */

struct scratch { double *p, *q; };

/* Softmax without its divisor; returns 1 / the divisor. */
static double soften(const float *x, double *e, size_t n)
{
	double sum[KERNEL_LANES] = { 0 };

	kernels()->exp_below(e, x, kernels()->most(x, n), n, sum);
	return 1.0 / kernel_fold(sum);
}

static float divergence(const float *x, const float *base, size_t n, const struct scratch *s)
{
	double sum[KERNEL_LANES] = { 0 }, fp = soften(x, s->p, n), fq = soften(base, s->q, n), kl;

	kernels()->divergence(s->p, fp, s->q, fq, SOFTEN, n, sum);
	kl = kernel_fold(sum);
	return kl < 0.0 ? 0.0f : (float)kl; /* rounding of what is 0 */
}

static void observe_rows(const struct merge_spec *s, const struct state *st,
	const struct merge_window *w)
{
	const size_t row = (size_t)unit(s);
	const size_t room = (row + KERNEL_LANES) / KERNEL_LANES * KERNEL_LANES;
	struct scratch x = { .p = xmalloc(2 * room * sizeof *x.p) };

	x.q = x.p + room;
	for (size_t at = 0; at < w->n; at += row)
		st->rows[(w->first + at) / row] = divergence(w->in[model_of(s)] + at,
			w->in[s->base] + at, row, &x);
	free(x.p);
}

/* --- quantiles --- */

static void observe(const struct merge_spec *s, const void *state, int pass,
	const struct merge_window *w, void *partial)
{
	const struct state *st = state;
	const size_t row = (size_t)unit(s);
	const float *x = w->in[model_of(s)], *base = w->in[s->base];
	float importance[KERNEL_CHUNK];
	size_t n, m, done;

	if (pass == PASS_ROWS) {
		observe_rows(s, st, w);
		return;
	}
	for (size_t at = 0; at < w->n; at += n) {
		n = w->n - at < KERNEL_CHUNK ? w->n - at : KERNEL_CHUNK;
		for (done = 0; done < n; done += m) {
			uint64_t i = w->first + at + done, left = row - i % row;

			m = n - done < left ? n - done : (size_t)left;
			kernels()->sub_abs(importance + done, x + at + done, base + at + done,
				st->rows[i / row], m);
		}
		for (int i = 0; i < QUANTILES; i++)
			if (!st->at[i].placed)
				select_observe(&st->at[i], pass - PASS_SELECT, importance, n,
					w->first + at, w->index,
					(char *)partial + (size_t)i * part_size(pass));
	}
}

static void close_partial(const struct merge_spec *s, const void *state, int pass, void *partial)
{
	const struct state *st = state;

	(void)s;
	for (int i = 0; pass != PASS_ROWS && i < QUANTILES; i++)
		if (!st->at[i].placed)
			select_close(&st->at[i], pass - PASS_SELECT,
				(char *)partial + (size_t)i * part_size(pass));
}

static void fold(const struct merge_spec *s, void *state, int pass, const void *partial,
	uint64_t window)
{
	struct state *st = state;

	(void)s;
	for (int i = 0; pass != PASS_ROWS && i < QUANTILES; i++)
		select_fold(&st->at[i], pass - PASS_SELECT,
			(const char *)partial + (size_t)i * part_size(pass), window);
}

static float value_of(const struct select *at)
{
	float v;

	memcpy(&v, &at->cut, sizeof v);
	return v;
}

static bool settle(const struct merge_spec *s, void *state, int pass, struct err *e)
{
	struct state *st = state;

	(void)s;
	(void)e;
	for (int i = 0; pass != PASS_ROWS && i < QUANTILES; i++)
		select_settle(&st->at[i], pass - PASS_SELECT);
	st->least = value_of(&st->at[HALF]) + 1.5f * (value_of(&st->at[THREE_QUARTERS]) -
		value_of(&st->at[QUARTER]));
	return true;
}

static void apply(const struct merge_spec *s, const void *state, const struct merge_window *w,
	float *out)
{
	const struct state *st = state;
	const size_t row = (size_t)unit(s);

	for (size_t at = 0; at < w->n; at += row)
		kernels()->take_from(out + at, w->in[model_of(s)] + at, w->in[s->base] + at,
			st->rows[(w->first + at) / row], st->least, row);
}

static void fini(const struct merge_spec *s, void *state)
{
	struct state *st = state;

	(void)s;
	for (int i = 0; i < QUANTILES; i++)
		select_fini(&st->at[i]);
	free(st->rows);
}

const struct method method_arcee_fusion = {
	.name = "arcee_fusion",
	.title = "Arcee Fusion",
	.paper = NULL,
	.help = "Takes from the other model the elements whose change stands out of its tensor, "
		"and keeps the base elsewhere. A fine-tune of many small changes is mostly lost.",
	.base = 1,
	.min_inputs = 2,
	.max_inputs = 2,
	.count_base = true,
	.task_vector = true,
	.state_size = state_size,
	.begin = begin,
	.passes = passes,
	.span = span,
	.partial_size = partial_size,
	.open = open_partial,
	.observe = observe,
	.close = close_partial,
	.fold = fold,
	.settle = settle,
	.unit = unit,
	.apply = apply,
	.fini = fini,
};
