#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "merge/kernels.h"
#include "merge/select.h"
#include "merge/task.h"

static const struct param_def params[] = {
	{ P_SELECT_TOPK, "select_topk", PARAM_GLOBAL, PARAM_FLOAT, false, 1.0, 0.0, 1.0, 0.05,
		"Share of the elements on which the models disagree that is merged; the rest "
		"keeps the base." },
	TASK_PARAM_INT8_MASK,
};

enum { PASS_COUNT, PASS_SELECT, PASS_SQUARES = PASS_SELECT + SELECT_PASSES, PASSES };
#define MAX_PAIRS ((size_t)8 << 20)

typedef double squares[3][KERNEL_LANES];

struct state {
	struct select sel;   /* of the variance over the models */
	uint64_t varied;     /* elements whose variance is not 0 */
	double sum[MERGE_MAX_INPUTS];
	float weight[MERGE_MAX_INPUTS];
};

static bool selects(const struct merge_spec *s)
{
	return s->global[P_SELECT_TOPK] < 1.0;
}

static size_t state_size(const struct merge_spec *s)
{
	(void)s;
	return sizeof(struct state);
}

static int passes(const struct merge_spec *s)
{
	(void)s;
	return PASSES;
}

static size_t span(const struct merge_spec *s, const void *state, int pass, uint64_t window)
{
	const struct state *st = state;

	if (pass == PASS_SQUARES)
		return SIZE_MAX;
	if (!selects(s))
		return 0;
	return pass == PASS_COUNT ? SIZE_MAX : select_span(&st->sel, pass - PASS_SELECT, window);
}

static size_t partial_size(const struct merge_spec *s, const void *state, int pass)
{
	(void)state;
	if (pass == PASS_COUNT)
		return sizeof(uint64_t);
	if (pass == PASS_SQUARES)
		return sizeof(squares) * (size_t)s->n_inputs;
	return select_partial_size(pass - PASS_SELECT);
}

static void open_partial(const struct merge_spec *s, const void *state, int pass, void *partial)
{
	if (pass == PASS_COUNT || pass == PASS_SQUARES)
		memset(partial, 0, partial_size(s, state, pass));
	else
		select_open(&((const struct state *)state)->sel, pass - PASS_SELECT, partial);
}

/* Task vectors of a chunk as rows, without the base; how many. */
static int rows_of(const struct merge_spec *s, const struct merge_window *w, size_t at, size_t n,
	float *rows)
{
	int m = 0;

	for (int k = 0; k < s->n_inputs; k++)
		if (k != s->base)
			kernels()->sub(rows + (size_t)m++ * KERNEL_CHUNK, w->in[k] + at,
				w->in[s->base] + at, n);
	return m;
}

/* Zeroes the elements that are not selected, in every row. */
static void keep_selected(const struct merge_spec *s, const struct state *st, float *rows, int m,
	size_t n, uint64_t first)
{
	float var[KERNEL_CHUNK];

	if (!selects(s))
		return;
	kernels()->variance(rows, m, var, n);
	select_apply(&st->sel, var, n, first);
	for (int r = 0; r < m; r++)
		kernels()->mask(rows + (size_t)r * KERNEL_CHUNK, var, n);
}

static void observe(const struct merge_spec *s, const void *state, int pass,
	const struct merge_window *w, void *partial)
{
	float rows[MERGE_MAX_INPUTS * KERNEL_CHUNK], var[KERNEL_CHUNK];
	const struct kernels *kn = kernels();
	const struct state *st = state;
	squares *acc = partial;
	size_t n;

	for (size_t at = 0; at < w->n; at += n) {
		uint64_t first = w->first + at;
		int m;

		n = w->n - at < KERNEL_CHUNK ? w->n - at : KERNEL_CHUNK;
		m = rows_of(s, w, at, n, rows);
		if (m == 0)
			continue;
		if (pass == PASS_SQUARES) {
			keep_selected(s, st, rows, m, n, first);
			for (int r = 0; r < m; r++) {
				const float *d = rows + (size_t)r * KERNEL_CHUNK;

				kn->dots(d, d, n, acc[r]);
			}
			continue;
		}
		kn->variance(rows, m, var, n);
		if (pass == PASS_COUNT)
			*(uint64_t *)partial += n - kn->count_key(var, 0, n);
		else
			select_observe(&st->sel, pass - PASS_SELECT, var, n, first, w->index,
				partial);
	}
}

static void close_partial(const struct merge_spec *s, const void *state, int pass, void *partial)
{
	const struct state *st = state;

	(void)s;
	if (pass != PASS_COUNT && pass != PASS_SQUARES)
		select_close(&st->sel, pass - PASS_SELECT, partial);
}

static void fold(const struct merge_spec *s, void *state, int pass, const void *partial,
	uint64_t window)
{
	struct state *st = state;
	const squares *acc = partial;

	if (pass == PASS_COUNT)
		st->varied += *(const uint64_t *)partial;
	else if (pass == PASS_SQUARES)
		for (int r = 0; r < s->n_inputs; r++)
			st->sum[r] += kernel_fold(acc[r][0]);
	else
		select_fold(&st->sel, pass - PASS_SELECT, partial, window);
}

/* A model's weight is its mean square change, as a share of all; alike where there is none. */
static void weigh(const struct merge_spec *s, struct state *st)
{
	int m = s->n_inputs - 1;
	float all = 0.0f;

	for (int r = 0; r < m; r++) {
		st->weight[r] = (float)(st->sum[r] / (double)s->elements);
		all += st->weight[r];
	}
	for (int r = 0; r < m; r++)
		st->weight[r] = all < 1e-6f ? 1.0f / (float)m : st->weight[r] / all;
}

static bool settle(const struct merge_spec *s, void *state, int pass, struct err *e)
{
	struct state *st = state;
	double share = s->global[P_SELECT_TOPK];

	(void)e;
	if (pass == PASS_COUNT)
		select_init(&st->sel, s->elements,
			share > 0.0 ? (uint64_t)((double)st->varied * share) : 0, MAX_PAIRS);
	else if (pass == PASS_SQUARES)
		weigh(s, st);
	else
		select_settle(&st->sel, pass - PASS_SELECT);
	return true;
}

/* out = base + sum of w_k d_k over those of the elected sign, over the sum of their w (at least
 * 1e-6): arXiv:2408.07990 as mergekit states it. */
static void apply(const struct merge_spec *s, const void *state, const struct merge_window *w,
	float *out)
{
	float rows[MERGE_MAX_INPUTS * KERNEL_CHUNK], mixed[KERNEL_CHUNK], div[KERNEL_CHUNK];
	const struct kernels *kn = kernels();
	const struct state *st = state;
	size_t n;

	for (size_t at = 0; at < w->n; at += n) {
		int m;

		n = w->n - at < KERNEL_CHUNK ? w->n - at : KERNEL_CHUNK;
		m = rows_of(s, w, at, n, rows);
		if (m > 0)
			keep_selected(s, st, rows, m, n, w->first + at);
		kn->elect_weighted(rows, st->weight, m, mixed, div, n);
		kn->floor_each(div, 1e-6f, n);
		kn->divide_each(mixed, div, n);
		kn->add(out + at, mixed, w->in[s->base] + at, n);
	}
}

static void fini(const struct merge_spec *s, void *state)
{
	(void)s;
	select_fini(&((struct state *)state)->sel);
}

const struct method method_sce = {
	.name = "sce",
	.title = "SCE",
	.paper = "arXiv:2408.07990",
	.help = "Merges the elements on which the models vary most, weighs each model by its mean "
		"square change and keeps the elected sign. The model trained hardest takes over, "
		"and where all agree select_topk drops what they share.",
	.base = 1,
	.min_inputs = 1,
	.count_base = true,
	.task_vector = true,
	.elects = true,
	.params = params,
	.n_params = sizeof params / sizeof *params,
	.state_size = state_size,
	.passes = passes,
	.span = span,
	.partial_size = partial_size,
	.open = open_partial,
	.observe = observe,
	.close = close_partial,
	.fold = fold,
	.settle = settle,
	.apply = apply,
	.fini = fini,
};
