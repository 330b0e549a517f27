#include "config.h"
#include <string.h>
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

int ram_rows(const struct merge_spec *s, const struct merge_window *w, size_t at, size_t n,
	float *rows, float *count)
{
	const struct kernels *kn = kernels();
	int m = 0;

	memset(count, 0, n * sizeof *count);
	for (int k = 0; k < s->n_inputs; k++) {
		float *d = rows + (size_t)m * KERNEL_CHUNK;

		if (k == s->base)
			continue;
		kn->sub(d, w->in[k] + at, w->in[s->base] + at, n);
		kn->count_active(count, d, (float)s->global[P_EPSILON], n);
		m++;
	}
	return m;
}

/* out = base + sum of active d_k, times factor_k where alone, over their number where not:
 * arXiv:2601.13572, in the order of operations of mergekit. */
void ram_apply(const struct merge_spec *s, const float *factors, const struct merge_window *w,
	float *out)
{
	const struct kernels *kn = kernels();
	const float eps = (float)s->global[P_EPSILON];
	float rows[MERGE_MAX_INPUTS * KERNEL_CHUNK], count[KERNEL_CHUNK], mixed[KERNEL_CHUNK];
	size_t n;

	for (size_t at = 0; at < w->n; at += n) {
		int m;

		n = w->n - at < KERNEL_CHUNK ? w->n - at : KERNEL_CHUNK;
		m = ram_rows(s, w, at, n, rows, count);
		memset(mixed, 0, n * sizeof *mixed);
		for (int r = 0; r < m; r++)
			kn->add_active(mixed, rows + (size_t)r * KERNEL_CHUNK, count, eps,
				factors ? factors[r] : 1.0f, n);
		kn->add(out + at, mixed, w->in[s->base] + at, n);
	}
}
