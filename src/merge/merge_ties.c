#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "merge/kernels.h"
#include "merge/select.h"
#include "merge/task.h"

static const struct param_def params[] = {
	TASK_PARAM_WEIGHT,
	TASK_PARAM_DENSITY,
	TASK_PARAM_LAMBDA,
	TASK_PARAM_NORMALIZE(1.0),
	TASK_PARAM_RESCALE(0.0),
	TASK_PARAM_INT8_MASK,
};

#define PASS_SCALE SELECT_PASSES /* Σ|d| before and after, for rescale */
#define MAX_PAIRS ((size_t)8 << 20)

struct side { /* of one input that is trimmed */
	struct select sel;
	double whole, kept;
	float ratio; /* 0: no rescale */
};
struct state {
	struct side *side; /* per input; made when the first pass is asked for */
};
typedef double lanes[2][KERNEL_LANES];

static bool trims(const struct merge_spec *s, int k)
{
	return k != s->base && s->input[k][P_DENSITY] < 1.0;
}

/* trunc(density n), but at least one element; none at density 0. */
static uint64_t kept_elements(const struct merge_spec *s, int k)
{
	double density = s->input[k][P_DENSITY];
	uint64_t keep = density > 0.0 ? (uint64_t)(density * (double)s->elements) : 0;

	return density > 0.0 && keep == 0 && s->elements > 0 ? 1 : keep;
}

static size_t state_size(const struct merge_spec *s)
{
	(void)s;
	return sizeof(struct state);
}

static int passes(const struct merge_spec *s)
{
	for (int k = 0; k < s->n_inputs; k++)
		if (trims(s, k))
			return s->global[P_RESCALE] != 0.0 ? PASS_SCALE + 1 : PASS_SCALE;
	return 0;
}

static bool begin(const struct merge_spec *s, void *state, struct err *e)
{
	struct state *st = state;

	(void)e;
	st->side = xnew(struct side, (size_t)s->n_inputs);
	for (int k = 0; k < s->n_inputs; k++)
		if (trims(s, k))
			select_init(&st->side[k].sel, s->elements, kept_elements(s, k),
				MAX_PAIRS / (size_t)s->n_inputs);
	return true;
}

static size_t span(const struct merge_spec *s, const void *state, int pass, uint64_t window)
{
	const struct state *st = state;
	size_t most = 0;

	if (pass == PASS_SCALE)
		return SIZE_MAX;
	for (int k = 0; k < s->n_inputs; k++) {
		size_t one = trims(s, k) ? select_span(&st->side[k].sel, pass, window) : 0;

		most = one > most ? one : most;
	}
	return most;
}

static size_t part_size(int pass)
{
	size_t n = pass == PASS_SCALE ? sizeof(lanes) : select_partial_size(pass);

	return (n + 63) / 64 * 64;
}

static size_t partial_size(const struct merge_spec *s, const void *state, int pass)
{
	(void)state;
	return part_size(pass) * (size_t)s->n_inputs;
}

static void *part_of(const void *partial, int pass, int k)
{
	return (char *)partial + part_size(pass) * (size_t)k;
}

/* Whether input k takes part in the pass: a select that has its answer does not. */
static bool busy(const struct merge_spec *s, const struct state *st, int pass, int k)
{
	return trims(s, k) && (pass == PASS_SCALE || !st->side[k].sel.placed);
}

static void open_partial(const struct merge_spec *s, const void *state, int pass, void *partial)
{
	for (int k = 0; k < s->n_inputs; k++) {
		if (!busy(s, state, pass, k))
			continue;
		if (pass == PASS_SCALE)
			memset(part_of(partial, pass, k), 0, sizeof(lanes));
		else
			select_open(pass, part_of(partial, pass, k));
	}
}

static void observe(const struct merge_spec *s, const void *state, int pass,
	const struct merge_window *w, void *partial)
{
	const struct kernels *kn = kernels();
	const struct state *st = state;
	float d[KERNEL_CHUNK];
	size_t n;

	for (int k = 0; k < s->n_inputs; k++) {
		void *part = part_of(partial, pass, k);

		for (size_t at = 0; busy(s, st, pass, k) && at < w->n; at += n) {
			uint64_t first = w->first + at;

			n = w->n - at < KERNEL_CHUNK ? w->n - at : KERNEL_CHUNK;
			kn->sub(d, w->in[k] + at, w->in[s->base] + at, n);
			if (pass != PASS_SCALE) {
				select_observe(&st->side[k].sel, pass, d, n, first, w->index, part);
				continue;
			}
			kn->sum_abs(d, n, ((double(*)[KERNEL_LANES])part)[0]);
			select_apply(&st->side[k].sel, d, n, first);
			kn->sum_abs(d, n, ((double(*)[KERNEL_LANES])part)[1]);
		}
	}
}

static void close_partial(const struct merge_spec *s, const void *state, int pass, void *partial)
{
	const struct state *st = state;

	for (int k = 0; pass != PASS_SCALE && k < s->n_inputs; k++)
		if (busy(s, st, pass, k))
			select_close(&st->side[k].sel, pass, part_of(partial, pass, k));
}

static void fold(const struct merge_spec *s, void *state, int pass, const void *partial,
	uint64_t window)
{
	struct state *st = state;

	for (int k = 0; k < s->n_inputs; k++) {
		const void *part = part_of(partial, pass, k);
		const double (*acc)[KERNEL_LANES] = part;

		if (!busy(s, st, pass, k))
			continue;
		if (pass != PASS_SCALE) {
			select_fold(&st->side[k].sel, pass, part, window);
			continue;
		}
		st->side[k].whole += kernel_fold(acc[0]);
		st->side[k].kept += kernel_fold(acc[1]);
	}
}

static bool settle(const struct merge_spec *s, void *state, int pass, struct err *e)
{
	struct state *st = state;

	(void)e;
	for (int k = 0; k < s->n_inputs; k++) {
		struct side *side = &st->side[k];

		if (!busy(s, st, pass, k))
			continue;
		if (pass == PASS_SCALE)
			side->ratio = task_rescale(side->whole, side->kept);
		else
			select_settle(&side->sel, pass);
	}
	return true;
}

static void sparsify(const struct merge_spec *s, const void *state, int k, const float *x,
	const float *base, float *d, size_t n, uint64_t first)
{
	const struct kernels *kn = kernels();
	const struct state *st = state;

	kn->sub(d, x, base, n);
	if (trims(s, k)) {
		select_apply(&st->side[k].sel, d, n, first);
		if (st->side[k].ratio != 0.0f)
			kn->scale(d, d, st->side[k].ratio, n);
	}
	kn->scale(d, d, (float)s->input[k][P_WEIGHT], n);
}

static void apply(const struct merge_spec *s, const void *state, const struct merge_window *w,
	float *out)
{
	task_apply(s, state, w, true, sparsify, out);
}

static void fini(const struct merge_spec *s, void *state)
{
	struct state *st = state;

	for (int k = 0; st->side && k < s->n_inputs; k++)
		select_fini(&st->side[k].sel);
	free(st->side);
}

const struct method method_ties = {
	.name = "ties",
	.title = "TIES",
	.paper = "arXiv:2306.01708",
	.help = "Keeps the largest changes of each model, elects a sign per element and averages "
		"those that agree. Low densities lose what many small changes do together.",
	.base = 1,
	.min_inputs = 1,
	.count_base = true,
	.task_vector = true,
	.random = false,
	.params = params,
	.n_params = sizeof params / sizeof *params,
	.check = task_check,
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
	.apply = apply,
	.fini = fini,
};
