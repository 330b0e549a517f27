#include "config.h"
#include <math.h>
#include "merge/kernels.h"
#include "merge/task.h"

static const struct param_def params[] = {
	RAM_PARAM_EPSILON,
	{ P_R, "r", PARAM_GLOBAL, PARAM_FLOAT, false, 0.1, 0.0, 1.0, 0.01,
		"How much a model's lone changes gain per unit of its shared-to-lone ratio." },
	{ P_ALPHA, "alpha", PARAM_GLOBAL, PARAM_FLOAT, false, 0.2, 0.0, 2.0, 0.05,
		"Ceiling of the shared-to-lone ratio: lone changes gain at most r times this." },
};

struct counts { /* of active elements, per model other than the base */
	uint64_t unique[MERGE_MAX_INPUTS], shared[MERGE_MAX_INPUTS];
};
struct state {
	struct counts n;
	float factor[MERGE_MAX_INPUTS];
};

static size_t state_size(const struct merge_spec *s)
{
	(void)s;
	return sizeof(struct state);
}

static int passes(const struct merge_spec *s)
{
	(void)s;
	return 1;
}

static size_t partial_size(const struct merge_spec *s, const void *state, int pass)
{
	(void)s;
	(void)state;
	(void)pass;
	return sizeof(struct counts);
}

static void observe(const struct merge_spec *s, const void *state, int pass,
	const struct merge_window *w, void *partial)
{
	const float *x[MERGE_MAX_INPUTS];
	struct counts *c = partial;
	int m = ram_models(s, w, x);

	(void)state;
	(void)pass;
	kernels()->count_moves(x, m, w->in[s->base], (float)s->global[P_EPSILON], w->n, c->unique,
		c->shared);
}

static void fold(const struct merge_spec *s, void *state, int pass, const void *partial,
	uint64_t window)
{
	struct state *st = state;
	const struct counts *c = partial;

	(void)pass;
	(void)window;
	for (int r = 0; r < s->n_inputs; r++) {
		st->n.unique[r] += c->unique[r];
		st->n.shared[r] += c->shared[r];
	}
}

/* factor = 1 + r clamp(shared / max(unique, epsilon), 0, alpha); no lone change, no factor used. */
static bool settle(const struct merge_spec *s, void *state, int pass, struct err *e)
{
	const float r = (float)s->global[P_R], alpha = (float)s->global[P_ALPHA];
	struct state *st = state;

	(void)pass;
	(void)e;
	for (int k = 0; k < s->n_inputs; k++) {
		float unique = fmaxf((float)st->n.unique[k], (float)s->global[P_EPSILON]);
		float ratio = st->n.unique[k] ? (float)st->n.shared[k] / unique : 0.0f;

		st->factor[k] = 1.0f + r * (ratio < alpha ? ratio : alpha);
	}
	return true;
}

static void apply(const struct merge_spec *s, const void *state, const struct merge_window *w,
	float *out)
{
	ram_apply(s, ((const struct state *)state)->factor, w, out);
}

const struct method method_ramplus_tl = {
	.name = "ramplus_tl",
	.title = "Reinforced agent merging plus, per tensor",
	.paper = "arXiv:2601.13572",
	.help = "As ram, and strengthens the lone changes of models whose other changes are mostly "
		"shared. It overshoots with large r and alpha, where a few lone changes are noise.",
	.base = 1,
	.min_inputs = 1,
	.count_base = true,
	.task_vector = true,
	.params = params,
	.n_params = sizeof params / sizeof *params,
	.check = ram_check,
	.state_size = state_size,
	.passes = passes,
	.partial_size = partial_size,
	.observe = observe,
	.fold = fold,
	.settle = settle,
	.apply = apply,
};
