#include "config.h"
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "merge/kernels.h"
#include "merge/masks.h"
#include "merge/rescale.h"
#include "merge/rounding.h"
#include "merge/task.h"
#include "model/source.h"
#include "tensor/half.h"

/* Drawing costs more than all the rest, so what the pass for the sums drew is kept, a bit an
 * element, while all tensors at work have room for it; else it is drawn once more. */
#define BITS_ROOM ((uint64_t)128 << 20)

struct state {
	struct rescale *scale;                    /* per input; made when a pass sums */
	uint8_t *bits[MERGE_MAX_INPUTS];          /* of the whole tensor, or NULL */
	uint64_t room;                            /* taken */
	struct masks masks[MERGE_MAX_INPUTS];     /* with mergekit's generator */
};
struct part { /* of an input, in a window */
	union rescale_part sums;
	bool drawing;
	struct mt19937 g;                         /* where the next element draws */
};
struct applying { /* what dare_apply hands to sparsify */
	const struct state *st;
	const uint8_t *bits[MERGE_MAX_INPUTS];    /* of elements from `first` on; NULL: draw */
	uint64_t first;
};

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

static bool drops_any(const struct merge_spec *s)
{
	for (int k = 0; k < s->n_inputs; k++)
		if (drops(s, k))
			return true;
	return false;
}

static bool sums(const struct merge_spec *s)
{
	return s->global[P_RESCALE] != 0.0 && drops_any(s);
}

static bool marks(const struct merge_spec *s)
{
	return s->streams && s->elements > WINDOW_ELEMS && drops_any(s);
}

size_t dare_state_size(const struct merge_spec *s)
{
	(void)s;
	return sizeof(struct state);
}

int dare_passes(const struct merge_spec *s)
{
	return marks(s) + sums(s);
}

static bool marking(const struct merge_spec *s, int pass)
{
	return pass == 0 && marks(s);
}

bool dare_begin(const struct merge_spec *s, void *state, struct err *e)
{
	struct state *st = state;

	if (sums(s))
		st->scale = xnew(struct rescale, (size_t)s->n_inputs);
	for (int k = 0; k < s->n_inputs; k++) {
		if (!drops(s, k))
			continue;
		if (s->streams && !masks_init(&st->masks[k], &s->streams[k], s, e))
			return false;
		if (!sums(s))
			continue;
		/* mergekit's generator has no float16: it adds those in float32 */
		rescale_init(&st->scale[k], s, s->work == DT_F16 ? DT_F32 : s->work);
		st->bits[k] = dare_bits(s->elements, &st->room);
	}
	return true;
}

void dare_fini(const struct merge_spec *s, void *state)
{
	struct state *st = state;

	for (int k = 0; k < s->n_inputs; k++) {
		free(st->bits[k]);
		masks_fini(&st->masks[k]);
	}
	free(st->scale);
	dare_room(st->room);
}

/* One element is enough to be asked about a window. */
size_t dare_span(const struct merge_spec *s, const void *state, int pass, uint64_t window)
{
	(void)state;
	return !marking(s, pass) ? SIZE_MAX : window > 0;
}

size_t dare_partial_size(const struct merge_spec *s, const void *state, int pass)
{
	(void)state;
	return marking(s, pass) ? 1 : (size_t)s->n_inputs * sizeof(struct part);
}

/* An element is kept if its draw is below density, as a float of the type that mergekit draws in:
 * this many 2^-24. */
static uint32_t below(const struct merge_spec *s, int k)
{
	float p = (float)s->input[k][P_DENSITY];

	if ((rounding_on(s) || s->streams) && s->work == DT_BF16)
		p = bf16_f32(f32_bf16(p));
	return (uint32_t)ceil((double)p * 0x1p24);
}

/* g: with mergekit's generator, which stands at first. */
static void draw(const struct merge_spec *s, int k, uint8_t *bits, size_t n, uint64_t first,
	struct mt19937 *g)
{
	if (injected && injected[k]) {
		memset(bits, 0, (n + 7) / 8);
		for (size_t i = 0; i < n; i++)
			bits[i / 8] |= (uint8_t)((injected[k][first + i] != 0) << i % 8);
	} else if (s->streams) {
		masks_keep(g, below(s, k), bits, n);
	} else {
		kernels()->draw(bits, n, first, s->seed, s->name_hash, (uint32_t)s->rng_index[k],
			below(s, k));
	}
}

/* Σ|d| of all and of what the bits keep. */
static void sum_parts(const struct merge_spec *s, const struct state *st, int k, const float *x,
	const float *base, const uint8_t *bits, size_t n, union rescale_part *p)
{
	static const float zeros[KERNEL_CHUNK];
	float d[KERNEL_CHUNK], kept[KERNEL_CHUNK];

	if (!rounding_on(s)) {
		kernels()->sum_bits(x, base, bits, n, p->acc[0], p->acc[1]);
		return;
	}
	rounding_delta(s, d, x, base, n);
	rescale_add(&st->scale[k], s, p, 0, d, n);
	kernels()->keep_bits(kept, d, zeros, bits, 1.0f, 1.0f, n);
	rescale_add(&st->scale[k], s, p, 1, kept, n);
}

/* Windows are observed by different threads; each fills its own bytes of bits. */
void dare_observe(const struct merge_spec *s, const void *state, int pass,
	const struct merge_window *w, void *partial)
{
	const struct state *st = state;
	struct part *parts = partial;
	size_t n;

	for (int k = 0; k < s->n_inputs; k++) {
		struct part *p = &parts[k];

		if (!drops(s, k) || marking(s, pass))
			continue;
		if (s->streams && !p->drawing)
			masks_seek(&st->masks[k], w->first, &p->g);
		p->drawing = true;
		for (size_t at = 0; at < w->n; at += n) {
			uint8_t own[KERNEL_CHUNK / 8], *bits = own;
			uint64_t first = w->first + at;

			if (st->bits[k])
				bits = st->bits[k] + first / 8;
			n = w->n - at < KERNEL_CHUNK ? w->n - at : KERNEL_CHUNK;
			draw(s, k, bits, n, first, &p->g);
			sum_parts(s, st, k, w->in[k] + at, w->in[s->base] + at, bits, n, &p->sums);
		}
	}
}

void dare_fold(const struct merge_spec *s, void *state, int pass, const void *partial,
	uint64_t window)
{
	struct state *st = state;
	const struct part *parts = partial;

	for (int k = 0; k < s->n_inputs; k++) {
		if (!drops(s, k))
			continue;
		if (marking(s, pass))
			masks_mark(&st->masks[k], window);
		else
			rescale_fold(&st->scale[k], s, &parts[k].sums);
	}
}

bool dare_settle(const struct merge_spec *s, void *state, int pass, struct err *e)
{
	struct state *st = state;

	(void)e;
	for (int k = 0; k < s->n_inputs && !marking(s, pass); k++)
		if (drops(s, k))
			rescale_settle(&st->scale[k], s);
	return true;
}

static void sparsify(const struct merge_spec *s, const void *state, int k, const float *x,
	const float *base, float *d, size_t n, uint64_t first)
{
	static const float zeros[KERNEL_CHUNK];
	const struct kernels *kn = kernels();
	const struct applying *a = state;
	const uint8_t *bits = a->bits[k] ? a->bits[k] + (first - a->first) / 8 : NULL;
	uint8_t own[KERNEL_CHUNK / 8];
	float ratio;

	if (!drops(s, k)) {
		rounding_delta(s, d, x, base, n);
		task_weigh(s, k, d, n);
		return;
	}
	if (!bits) {
		draw(s, k, own, n, first, NULL);
		bits = own;
	}
	if (!rounding_on(s)) {
		ratio = a->st->scale && a->st->scale[k].ratio != 0.0f ? a->st->scale[k].ratio
			: 1.0f;
		kn->keep_bits(d, x, base, bits, ratio, (float)s->input[k][P_WEIGHT], n);
		return;
	}
	rounding_delta(s, d, x, base, n);
	kn->keep_bits(d, d, zeros, bits, 1.0f, 1.0f, n);
	if (a->st->scale)
		rescale_apply(&a->st->scale[k], s, d, n);
	task_weigh(s, k, d, n);
}

/* mergekit's generator cannot begin anywhere: what is not kept in memory is drawn for the whole
 * window of elements at once. */
void dare_apply(const struct merge_spec *s, const void *state, const struct merge_window *w,
	bool elect, float *out)
{
	struct applying a = {.st = state, .first = w->first};
	size_t each = w->n / 8 + 64;
	uint8_t *own = NULL;

	for (int k = 0; k < s->n_inputs; k++) {
		struct mt19937 g;

		if (!drops(s, k))
			continue;
		if (a.st->bits[k]) {
			a.bits[k] = a.st->bits[k] + w->first / 8;
		} else if (s->streams) {
			own = own ? own : xmalloc(each * (size_t)s->n_inputs);
			masks_seek(&a.st->masks[k], w->first, &g);
			draw(s, k, own + each * (size_t)k, w->n, w->first, &g);
			a.bits[k] = own + each * (size_t)k;
		}
	}
	task_apply(s, &a, w, elect, sparsify, out);
	free(own);
}
