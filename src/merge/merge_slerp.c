#include "config.h"
#include <math.h>
#include <string.h>
#include "merge/kernels.h"
#include "merge/method.h"

static const struct param_def params[] = {
	{ P_T, "t", PARAM_GLOBAL, PARAM_FLOAT, true, 0.5, 0.0, 1.0, 0.05,
		"Place between the two models: 0 is the base, 1 the other." },
};

struct state {
	double aa, bb, ab; /* a is the base, b the other */
	float sa, sb;
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
	return 3 * KERNEL_LANES * sizeof(double);
}

static void observe(const struct merge_spec *s, const void *state, int pass,
	const struct merge_window *w, void *partial)
{
	(void)state;
	(void)pass;
	kernels()->dots(w->in[s->base], w->in[1 - s->base], w->n, partial);
}

static void fold(const struct merge_spec *s, void *state, int pass, const void *partial,
	uint64_t window)
{
	const double (*acc)[KERNEL_LANES] = partial;
	struct state *st = state;

	(void)s;
	(void)pass;
	(void)window;
	st->aa += kernel_fold(acc[0]);
	st->bb += kernel_fold(acc[1]);
	st->ab += kernel_fold(acc[2]);
}

/* Factors on base and other: sin((1-t)θ)/sinθ and sin(tθ)/sinθ with cosθ between the two; a norm
 * up to 1e-8 counts as 1, and above |cos| 0.9995 it is a straight line (spec of mergekit's
 * slerp). */
static void factors(double aa, double bb, double ab, double t, double *sa, double *sb)
{
	double na = sqrt(aa), nb = sqrt(bb), c, theta;

	c = ab / ((na > 1e-8 ? na : 1.0) * (nb > 1e-8 ? nb : 1.0));
	c = fmin(1.0, fmax(-1.0, c));
	*sa = 1.0 - t;
	*sb = t;
	if (fabs(c) > 0.9995)
		return;
	theta = acos(c);
	*sa = sin((1.0 - t) * theta) / sin(theta);
	*sb = sin(t * theta) / sin(theta);
}

static bool settle(const struct merge_spec *s, void *state, int pass, struct err *e)
{
	struct state *st = state;
	double sa, sb;

	(void)pass;
	(void)e;
	factors(st->aa, st->bb, st->ab, s->global[P_T], &sa, &sb);
	st->sa = (float)sa;
	st->sb = (float)sb;
	return true;
}

static void apply(const struct merge_spec *s, const void *state, const struct merge_window *w,
	float *out)
{
	const struct state *st = state;

	kernels()->mix(out, w->in[s->base], st->sa, w->in[1 - s->base], st->sb, w->n);
}

static bool coefficients(const struct merge_spec *s, const double *sums, double *coef)
{
	int a = s->base, b = 1 - s->base;
	double aa = sums[a * 2 + a], bb = sums[b * 2 + b];

	factors(aa, bb, (aa + bb - sums[1]) / 2.0, s->global[P_T], &coef[a], &coef[b]);
	return true;
}

const struct method method_slerp = {
	.name = "slerp",
	.title = "SLERP",
	.paper = NULL,
	.help = "Moves along the arc from the base to the other model, tensor by tensor, so that "
		"lengths are kept. It takes exactly two models, and nearly parallel tensors "
		"(cosine above 0.9995) are averaged in a straight line.",
	.base = 1,
	.min_inputs = 2,
	.max_inputs = 2,
	.count_base = true,
	.params = params,
	.n_params = sizeof params / sizeof *params,
	.state_size = state_size,
	.passes = passes,
	.partial_size = partial_size,
	.observe = observe,
	.fold = fold,
	.settle = settle,
	.apply = apply,
	.coefficients = coefficients,
};
