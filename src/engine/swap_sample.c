#include "config.h"
#include "engine/swap_sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"

struct block {
	size_t n, changed;             /* elements; with d > 0 */
	float d[SAMPLE_BLOCK];         /* |b - a|, ascending */
	/* per changed element the t below which rounding undoes it, ascending */
	float lost[SAMPLE_BLOCK];
	double sum[SAMPLE_BLOCK + 1];  /* of the d before */
};
struct swap_sample {
	struct swap_sample *next;
	int x, m;
	enum dtype out;
	size_t n;
	struct block *block;
};

/* Bits of numbers that are not negative order them: four rounds of counting by bytes. */
static void sort_up(float *v, size_t n)
{
	uint32_t a[SAMPLE_BLOCK], b[SAMPLE_BLOCK], *from = a, *to = b;

	memcpy(a, v, n * sizeof *v);
	for (int shift = 0; shift < 32; shift += 8) {
		size_t at[257] = { 0 };
		for (size_t i = 0; i < n; i++)
			at[(from[i] >> shift & 255) + 1]++;
		for (int i = 0; i < 256; i++)
			at[i + 1] += at[i];
		for (size_t i = 0; i < n; i++)
			to[at[from[i] >> shift & 255]++] = from[i];
		uint32_t *t = from;
		from = to;
		to = t;
	}
	memcpy(v, from, n * sizeof *v);
}

static bool is_short(const struct dtype_info *d)
{
	return d->encode && d->decode && d->block == 1 && d->bytes <= 2;
}

/* What each of v is stored as, and the next number of that format in the direction of b: in the
 * bits of a small float, one step away from zero or towards it. */
static void neighbours(const struct dtype_info *d, const float *v, const float *b, size_t n,
	float *stored, float *next)
{
	uint16_t wide[SAMPLE_BLOCK];
	uint8_t *bytes = (uint8_t *)wide;
	unsigned sign = d->bytes == 2 ? 0x8000 : 0x80;

	if (!is_short(d)) {
		for (size_t i = 0; i < n; i++) {
			stored[i] = v[i];
			next[i] = nextafterf(v[i], b[i]);
		}
		return;
	}
	d->encode(v, wide, n);
	d->decode(wide, stored, n);
	for (size_t i = 0; i < n; i++) {
		unsigned bits = d->bytes == 2 ? wide[i] : bytes[i];
		bool up = b[i] > v[i];
		if (up == !signbit(stored[i]))
			bits++;
		else if (bits & (sign - 1))
			bits--;
		else
			bits = up ? 1 : sign | 1; /* from zero to the other side */
		if (d->bytes == 2)
			wide[i] = (uint16_t)bits;
		else
			bytes[i] = (uint8_t)bits;
	}
	d->decode(wide, next, n);
}

/* A move from a towards b by t is stored as a would be while t stays below `lost`: up to the middle
 * between what a is stored as and the next number, and forever if b lies on this side of it. */
static void fill(struct block *k, const struct dtype_info *d, const float *a, const float *b,
	size_t n)
{
	float stored[SAMPLE_BLOCK], next[SAMPLE_BLOCK];

	neighbours(d, a, b, n, stored, next);
	for (size_t i = 0; i < n; i++) {
		float v = fabsf(b[i] - a[i]);
		if (!isfinite(v))
			continue;
		k->d[k->n++] = v;
		if (!(v > 0))
			continue;
		double middle = ((double)stored[i] + (double)next[i]) / 2;
		double room = b[i] > a[i] ? middle - (double)a[i] : (double)a[i] - middle;
		room = room > 0 ? room : 0;
		k->lost[k->changed++] = (double)v < room ? INFINITY : (float)room;
	}
	sort_up(k->d, k->n);
	sort_up(k->lost, k->changed);
	for (size_t i = 0; i < k->n; i++)
		k->sum[i + 1] = k->sum[i] + (double)k->d[i];
}

const struct swap_sample *swap_sample_of(struct slot_pair p, enum dtype out)
{
	const struct slot_sample *x = atomic_load(&p.slot->sample);
	/* what is prepared is no part of what others see */
	struct slot *slot = (struct slot *)p.slot;

	for (struct swap_sample *s = slot->swaps; s; s = s->next)
		if (s->x == p.x && s->m == p.m && s->out == out)
			return s;
	if (!x)
		return NULL;
	struct swap_sample *s = xnew(struct swap_sample, 1);
	*s = (struct swap_sample){ slot->swaps, p.x, p.m, out, x->at.n, NULL };
	s->block = xnew(struct block, x->at.n + 1);
	for (size_t j = 0; j < x->at.n; j++)
		fill(&s->block[j], dtype_info(out), x->x[p.x] + j * SAMPLE_BLOCK,
			x->x[p.m] + j * SAMPLE_BLOCK, sample_len(&x->at, j));
	slot->swaps = s;
	return s;
}

/* How many of n ascending values are at most t. */
static size_t at_most(const float *v, size_t n, double t)
{
	size_t lo = 0;

	while (lo < n) {
		size_t mid = lo + (n - lo) / 2;
		if ((double)v[mid] <= t)
			lo = mid + 1;
		else
			n = mid;
	}
	return lo;
}

void swap_sample_rows(const struct swap_sample *s, double t, double (*rows)[MO_COUNT])
{
	for (size_t j = 0; j < s->n; j++) {
		const struct block *k = &s->block[j];
		size_t full = at_most(k->d, k->n, t);
		memset(rows[j], 0, sizeof rows[j]);
		rows[j][MO_N] = (double)k->n;
		rows[j][MO_FULL] = (double)full;
		rows[j][MO_SHIFT] = k->sum[full] + t * (double)(k->n - full);
		rows[j][MO_CHANGED] = (double)k->changed;
		rows[j][MO_FROZEN] = (double)(k->changed - at_most(k->lost, k->changed, t));
	}
}

void swap_samples_free(struct swap_sample *s)
{
	while (s) {
		struct swap_sample *next = s->next;
		free(s->block);
		free(s);
		s = next;
	}
}
