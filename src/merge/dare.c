#include "config.h"
#include <math.h>
#include <string.h>
#include "merge/kernels.h"
#include "merge/task.h"

struct state {
	double whole[MERGE_MAX_INPUTS], kept[MERGE_MAX_INPUTS]; /* Σ|d| before and after dropping */
	float ratio[MERGE_MAX_INPUTS];                          /* 0 until settled: no rescale */
};
typedef double lanes[2][KERNEL_LANES];

static const unsigned char *const *injected;

void dare_inject(const unsigned char *const *masks)
{
	injected = masks;
}

static bool drops(const struct merge_spec *s, int k)
{
	return k != s->base && s->input[k][P_DENSITY] < 1.0;
}

size_t dare_state_size(const struct merge_spec *s)
{
	(void)s;
	return sizeof(struct state);
}

int dare_passes(const struct merge_spec *s)
{
	for (int k = 0; k < s->n_inputs; k++)
		if (s->global[P_RESCALE] != 0.0 && drops(s, k))
			return 1;
	return 0;
}

size_t dare_partial_size(const struct merge_spec *s, const void *state, int pass)
{
	(void)state;
	(void)pass;
	return (size_t)s->n_inputs * sizeof(lanes);
}

/* Keeps an element with probability density, as float32: uniform24 < density. */
static void drop(const struct merge_spec *s, int k, float *d, size_t n, uint64_t first)
{
	const float p = (float)s->input[k][P_DENSITY];

	if (injected && injected[k])
		for (size_t i = 0; i < n; i++)
			d[i] = injected[k][first + i] ? d[i] : 0.0f;
	else
		kernels()->drop(d, n, first, s->seed, s->name_hash, (uint32_t)s->rng_index[k],
			(uint32_t)ceil((double)p * 0x1p24));
}

void dare_observe(const struct merge_spec *s, const void *state, int pass,
	const struct merge_window *w, void *partial)
{
	const struct kernels *kn = kernels();
	lanes *acc = partial;
	float d[KERNEL_CHUNK];
	size_t n;

	(void)state;
	(void)pass;
	for (int k = 0; k < s->n_inputs; k++) {
		if (!drops(s, k))
			continue;
		for (size_t at = 0; at < w->n; at += n) {
			n = w->n - at < KERNEL_CHUNK ? w->n - at : KERNEL_CHUNK;
			kn->sub(d, w->in[k] + at, w->in[s->base] + at, n);
			kn->sum_abs(d, n, acc[k][0]);
			drop(s, k, d, n, w->first + at);
			kn->sum_abs(d, n, acc[k][1]);
		}
	}
}

void dare_fold(const struct merge_spec *s, void *state, int pass, const void *partial,
	uint64_t window)
{
	struct state *st = state;
	const lanes *acc = partial;

	(void)pass;
	(void)window;
	for (int k = 0; k < s->n_inputs; k++) {
		st->whole[k] += kernel_fold(acc[k][0]);
		st->kept[k] += kernel_fold(acc[k][1]);
	}
}

bool dare_settle(const struct merge_spec *s, void *state, int pass, struct err *e)
{
	struct state *st = state;

	(void)pass;
	(void)e;
	for (int k = 0; k < s->n_inputs; k++)
		st->ratio[k] = task_rescale(st->whole[k], st->kept[k]);
	return true;
}

void dare_sparsify(const struct merge_spec *s, const void *state, int k, float *d, size_t n,
	uint64_t first)
{
	const struct state *st = state;

	if (!drops(s, k))
		return;
	drop(s, k, d, n, first);
	if (st->ratio[k] != 0.0f)
		kernels()->scale(d, d, st->ratio[k], n);
}
