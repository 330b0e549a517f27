#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/bytes.h"
#include "base/xalloc.h"
#include "stat/finite.h"
#include "stat/histogram.h"
#include "tensor/cpu.h"

enum {
	LOW_BITS = 18,
	BINS = 1 << (31 - LOW_BITS),
	BIN_EQUAL = BINS - 1, /* where |d| = 0 wraps to; no finite |d| gets there */
	COPY_BITS = 2,
	COPIES = 1 << COPY_BITS,
	BLOCK = 1024,
	EXPONENT_EQUAL = 255, /* no finite number has it */
	OCTAVES = 24,
};
#define LOW_MASK ((1u << LOW_BITS) - 1)
/* A packed bin: low sum below, count above. */
#define ONE_SHIFT 40
#define ONE ((uint64_t)1 << ONE_SHIFT)
/* Elements before a low sum could carry. */
#define PACKED_MAX ((uint64_t)1 << (ONE_SHIFT - LOW_BITS))

/* Copies stand side by side: a page apart they would collide in the store buffer. */
struct histogram_scratch {
	uint64_t bin[BINS][COPIES];
	uint64_t exponent[256];
	uint64_t packed;   /* elements in the above */
	uint64_t skipped;  /* of those: not finite, counted as equal */
	struct histogram wide;
};

#define PATH_IMPL "stat/histogram_impl.h"
#include "tensor/every_path.h"

typedef void scatter_fn(struct histogram_scratch *s, const float *a, const float *b, size_t n);

void histogram_init(struct histogram *h)
{
	memset(h, 0, sizeof *h);
}

void histogram_fini(struct histogram *h)
{
	free(h->bin);
	free(h->below);
	free(h->sum);
	histogram_init(h);
}

/* Make room for bins [first, end). */
static void cover(struct histogram *h, uint32_t first, uint32_t end)
{
	struct histogram_bin *bin;

	if (h->n) {
		first = first < h->first ? first : h->first;
		end = end > h->first + h->n ? end : h->first + h->n;
	}
	if (end - first == h->n)
		return;
	bin = xnew(struct histogram_bin, end - first);
	if (h->n)
		memcpy(bin + (h->first - first), h->bin, h->n * sizeof *bin);
	free(h->bin);
	h->bin = bin;
	h->first = first;
	h->n = end - first;
}

static void unsettle(struct histogram *h)
{
	free(h->below);
	free(h->sum);
	h->below = NULL;
	h->sum = NULL;
}

void histogram_merge(struct histogram *into, const struct histogram *h)
{
	unsettle(into);
	into->elements += h->elements;
	into->equal += h->equal;
	for (int i = 0; i < 256; i++)
		into->exponent[i] += h->exponent[i];
	if (!h->n)
		return;
	cover(into, h->first, h->first + h->n);
	for (uint32_t i = 0; i < h->n; i++) {
		struct histogram_bin *b = &into->bin[h->first - into->first + i];
		b->count += h->bin[i].count;
		b->low += h->bin[i].low;
	}
}

/* Σ |d| of a bin: |d| = edge + low units of the last place, which all share (subnormals
 * included). */
static double bin_sum(uint32_t k, const struct histogram_bin *b)
{
	uint32_t exponent = k >> (23 - LOW_BITS);
	double unit = ldexp(1.0, (exponent ? (int)exponent : 1) - 150);

	return (double)b->count * histogram_edge(k) + (double)b->low * unit;
}

void histogram_settle(struct histogram *h)
{
	unsettle(h);
	h->below = xnew(uint64_t, h->n + 1);
	h->sum = xnew(double, h->n + 1);
	h->below[0] = h->equal;
	for (uint32_t i = 0; i < h->n; i++) {
		h->below[i + 1] = h->below[i] + h->bin[i].count;
		h->sum[i + 1] = h->sum[i] + bin_sum(h->first + i, &h->bin[i]);
	}
}

double histogram_edge(uint32_t k)
{
	return k < 255u << (23 - LOW_BITS) ? (double)bits_f32(k << LOW_BITS) : 0x1p128;
}

struct histogram_scratch *histogram_scratch_new(void)
{
	return xnew(struct histogram_scratch, 1);
}

void histogram_scratch_free(struct histogram_scratch *s)
{
	if (s)
		histogram_fini(&s->wide);
	free(s);
}

static uint64_t take_bin(struct histogram_scratch *s, uint32_t k)
{
	uint64_t sum = 0;

	for (int c = 0; c < COPIES; c++) {
		sum += s->bin[k][c];
		s->bin[k][c] = 0;
	}
	return sum;
}

/* Packed counts into wide ones. */
static void spill(struct histogram_scratch *s)
{
	struct histogram *h = &s->wide;
	uint64_t equal = take_bin(s, BIN_EQUAL) >> ONE_SHIFT, moved;

	h->elements += s->packed - s->skipped;
	h->equal += equal - s->skipped;
	for (uint32_t k = 0; k < BIN_EQUAL; k++) {
		uint64_t v = take_bin(s, k);
		uint64_t count = v >> ONE_SHIFT;
		if (!count)
			continue;
		cover(h, k, k + 1);
		h->bin[k - h->first].count += count;
		/* keys are one less than the bits of |d| */
		h->bin[k - h->first].low += (v & (ONE - 1)) + count;
	}
	/* What no other exponent has belongs to the lowest: a = 0 moving to the other sign. */
	moved = s->packed - equal;
	for (int k = 255; k >= 0; k--) {
		h->exponent[k] += k ? s->exponent[k] : moved;
		moved -= s->exponent[k];
		s->exponent[k] = 0;
	}
	s->packed = s->skipped = 0;
}

void histogram_scratch_add(struct histogram_scratch *s, const float *a, const float *b, size_t n)
{
	static scatter_fn *const path[CPU_PATHS] = PATH_TABLE(scatter);
	scatter_fn *scatter = path[cpu_path()];
	float ca[BLOCK], cb[BLOCK];

	for (size_t i = 0; i < n; i += BLOCK) {
		size_t m = n - i < BLOCK ? n - i : BLOCK;
		if (s->packed + m > PACKED_MAX)
			spill(s);
		s->packed += m;
		if (finite_all(a + i, m) && finite_all(b + i, m)) {
			scatter(s, a + i, b + i, m);
		} else {
			const float *from[2] = { a + i, b + i };
			float *to[2] = { ca, cb };
			s->skipped += finite_copy(to, from, 2, m);
			scatter(s, ca, cb, m);
		}
	}
}

void histogram_fold(struct histogram *h, struct histogram_scratch *s)
{
	spill(s);
	histogram_merge(h, &s->wide);
	histogram_fini(&s->wide);
}
