#include "config.h"
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "merge/kernels.h"
#include "merge/task.h"

/* Drawing costs more than all the rest, so what the pass for the sums drew is kept, a bit an
 * element, while all tensors at work have room for it; else it is drawn once more. */
#define BITS_ROOM ((uint64_t)128 << 20)

struct state {
	double whole[MERGE_MAX_INPUTS], kept[MERGE_MAX_INPUTS]; /* Σ|d| before and after dropping */
	float ratio[MERGE_MAX_INPUTS];                          /* 0 until settled: no rescale */
	uint8_t *bits[MERGE_MAX_INPUTS];                        /* of the whole tensor, or NULL */
	uint64_t room;                                          /* taken */
};
typedef double lanes[2][KERNEL_LANES];

static const unsigned char *const *injected;
static atomic_ullong room_taken;

void dare_inject(const unsigned char *const *masks)
{
	injected = masks;
}

const unsigned char *dare_injected(int k)
{
	return injected ? injected[k] : NULL;
}

uint8_t *dare_bits(uint64_t elements, uint64_t *taken)
{
	uint64_t each = elements / 8 + 64;
	uint8_t *bits = NULL;

	if (atomic_fetch_add(&room_taken, each) + each <= BITS_ROOM)
		bits = xtry_malloc((size_t)each);
	if (bits)
		*taken += each;
	else
		atomic_fetch_sub(&room_taken, each);
	return bits;
}

void dare_room(uint64_t taken)
{
	atomic_fetch_sub(&room_taken, taken);
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

bool dare_begin(const struct merge_spec *s, void *state, struct err *e)
{
	struct state *st = state;

	(void)e;
	for (int k = 0; k < s->n_inputs && dare_passes(s); k++)
		if (drops(s, k))
			st->bits[k] = dare_bits(s->elements, &st->room);
	return true;
}

void dare_fini(const struct merge_spec *s, void *state)
{
	struct state *st = state;

	for (int k = 0; k < s->n_inputs; k++)
		free(st->bits[k]);
	dare_room(st->room);
}

size_t dare_partial_size(const struct merge_spec *s, const void *state, int pass)
{
	(void)state;
	(void)pass;
	return (size_t)s->n_inputs * sizeof(lanes);
}

/* An element is kept with probability density, as float32: uniform24 < density. */
static void draw(const struct merge_spec *s, int k, uint8_t *bits, size_t n, uint64_t first)
{
	const float p = (float)s->input[k][P_DENSITY];

	if (!injected || !injected[k]) {
		kernels()->draw(bits, n, first, s->seed, s->name_hash, (uint32_t)s->rng_index[k],
			(uint32_t)ceil((double)p * 0x1p24));
		return;
	}
	memset(bits, 0, (n + 7) / 8);
	for (size_t i = 0; i < n; i++)
		bits[i / 8] |= (uint8_t)((injected[k][first + i] != 0) << i % 8);
}

/* Windows are observed by different threads; each fills its own bytes of bits. */
void dare_observe(const struct merge_spec *s, const void *state, int pass,
	const struct merge_window *w, void *partial)
{
	const struct state *st = state;
	lanes *acc = partial;
	size_t n;

	(void)pass;
	for (int k = 0; k < s->n_inputs; k++) {
		if (!drops(s, k))
			continue;
		for (size_t at = 0; at < w->n; at += n) {
			uint8_t own[KERNEL_CHUNK / 8], *bits = own;
			uint64_t first = w->first + at;

			if (st->bits[k])
				bits = st->bits[k] + first / 8;
			n = w->n - at < KERNEL_CHUNK ? w->n - at : KERNEL_CHUNK;
			draw(s, k, bits, n, first);
			kernels()->sum_bits(w->in[k] + at, w->in[s->base] + at, bits, n, acc[k][0],
				acc[k][1]);
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

void dare_sparsify(const struct merge_spec *s, const void *state, int k, const float *x,
	const float *base, float *d, size_t n, uint64_t first)
{
	const struct kernels *kn = kernels();
	const struct state *st = state;
	const float ratio = st->ratio[k] != 0.0f ? st->ratio[k] : 1.0f;
	const float weight = (float)s->input[k][P_WEIGHT];
	uint8_t own[KERNEL_CHUNK / 8];

	if (!drops(s, k)) {
		kn->sub(d, x, base, n);
		kn->scale(d, d, weight, n);
		return;
	}
	if (!st->bits[k])
		draw(s, k, own, n, first);
	kn->keep_bits(d, x, base, st->bits[k] ? st->bits[k] + first / 8 : own, ratio, weight, n);
}
