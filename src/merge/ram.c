#include "config.h"
#include "merge/kernels.h"
#include "merge/task.h"

bool ram_check(const struct merge_spec *s, struct err *e)
{
	if (s->global[P_EPSILON] >= 0.0)
		return true;
	return err_set(e, ERR_INPUT, s->name, "give an epsilon of 0 or more, such as 1.0e-5",
		"%s counts changes larger than epsilon, and %g is no size", s->method->name,
		s->global[P_EPSILON]);
}

_Static_assert(KERNEL_INPUTS >= MERGE_MAX_INPUTS, "the kernels take all inputs at once");

int ram_models(const struct merge_spec *s, const struct merge_window *w, const float **x)
{
	int m = 0;

	for (int k = 0; k < s->n_inputs; k++)
		if (k != s->base)
			x[m++] = w->in[k];
	return m;
}

/* out = base + sum of active d_k, times factor_k where alone, over their number where not:
 * arXiv:2601.13572, in the order of operations of mergekit. */
void ram_apply(const struct merge_spec *s, const float *factors, const struct merge_window *w,
	float *out)
{
	const float *x[MERGE_MAX_INPUTS];
	float ones[MERGE_MAX_INPUTS];
	int m = ram_models(s, w, x);

	for (int r = 0; r < m; r++)
		ones[r] = 1.0f;
	kernels()->add_moves(out, x, m, w->in[s->base], (float)s->global[P_EPSILON],
		factors ? factors : ones, w->n);
}
