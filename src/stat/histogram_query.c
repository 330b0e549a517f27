#include "config.h"
#include <math.h>
#include "base/bytes.h"
#include "base/xalloc.h"
#include "stat/histogram.h"

enum { LOW_BITS = 18, WIDTH = 1 << LOW_BITS, BINS = 1 << (31 - LOW_BITS) };
#define INF_BITS 0x7f800000u

/* A place in the histogram: all |d| ≤ t are those whose bits are ≤ `bits`. */
struct place {
	uint32_t bits;                    /* of the largest float32 ≤ t */
	uint64_t before, count, after;    /* elements below the bin, in it, above it */
	double sum_before;                /* Σ |d| below the bin */
	uint64_t low;                     /* of the bin */
	uint64_t in;                      /* units from the bin's edge to t, 1 … WIDTH */
	double edge, next;                /* of the bin */
};

static uint32_t floor_bits(double t)
{
	float f;

	if (!(t > 0))
		return 0;
	if (t >= 0x1p128)
		return INF_BITS;
	f = (float)t;
	if (isinf(f) || (double)f > t)
		return f32_bits(f) - 1;
	return f32_bits(f);
}

static struct place place_at(const struct histogram *h, double t)
{
	struct place p = { .bits = floor_bits(t) };
	uint32_t k = p.bits ? (p.bits - 1) >> LOW_BITS : 0;
	uint64_t all = h->below[h->n];

	p.edge = histogram_edge(k);
	p.next = histogram_edge(k + 1);
	p.in = p.bits ? (p.bits - 1) % WIDTH + 1 : 0;
	if (!p.bits || k < h->first) {
		p.before = h->equal;
	} else if (k >= h->first + h->n) {
		p.before = all;
		p.sum_before = h->sum[h->n];
	} else {
		const struct histogram_bin *b = &h->bin[k - h->first];
		p.before = h->below[k - h->first];
		p.sum_before = h->sum[k - h->first];
		p.count = b->count;
		p.low = b->low;
	}
	p.after = all - p.before - p.count;
	return p;
}

static double clamp(double v, double lo, double hi)
{
	return v < lo ? lo : v > hi ? hi : v;
}

/* Of a bin's `count` values (1 … WIDTH units above its edge, `low` in all) how many can be above
 * `in`
 * units: those above need in + 1 units or more and the others one at least; those above have at
 * most WIDTH and the others `in`. */
static struct amount above(const struct place *p)
{
	double count = (double)p->count, low = (double)p->low, in = (double)p->in;
	struct amount a = { 0 };

	if (!p->count || p->in == WIDTH)
		return a;
	if (!p->in)
		return (struct amount){ count, count, count };
	a.hi = clamp(floor((low - count) / in), 0, count);
	a.lo = clamp(ceil((low - count * in) / (WIDTH - in)), 0, a.hi);
	a.value = clamp(count * (1 - in / WIDTH), a.lo, a.hi);
	return a;
}

struct amount histogram_full(const struct histogram *h, double t)
{
	struct place p;
	struct amount a;
	double top;

	if (!(t >= 0))
		return (struct amount){ 0, 0, 0 };
	p = place_at(h, t);
	a = above(&p);
	top = (double)(p.before + p.count);
	return (struct amount){ top - a.value, top - a.hi, top - a.lo };
}

/* min(·, t) is concave: at most what all values at their mean would give, at least what values at
 * the two ends of the bin would. */
struct amount histogram_shift(const struct histogram *h, double t)
{
	struct place p;
	double rest, count, sum, width, lo, hi, even;

	if (!(t > 0))
		return (struct amount){ 0, 0, 0 };
	p = place_at(h, t);
	if (p.bits == INF_BITS)
		return (struct amount){ h->sum[h->n], h->sum[h->n], h->sum[h->n] };
	rest = p.sum_before + (p.after ? (double)p.after * t : 0);
	count = (double)p.count;
	width = p.next - p.edge;
	sum = count * p.edge + (double)p.low / WIDTH * width;
	hi = fmin(sum, count * t);
	lo = fmin(hi, count * p.edge + (double)p.low / WIDTH * (t - p.edge));
	if (p.in == WIDTH) /* every value counts whole */
		lo = hi = sum;
	even = count * (t - (t - p.edge) * (t - p.edge) / (2 * width));
	return (struct amount){ rest + clamp(even, lo, hi), rest + lo, rest + hi };
}

/* Mantissa bits and the float32 exponent of the smallest normal number: below it the ulp stays. */
static bool precision(enum dtype t, int *mantissa, int *lowest)
{
	static const struct {
		enum dtype t;
		int mantissa, lowest;
	} row[] = { { DT_BF16, 7, 1 }, { DT_F16, 10, 113 }, { DT_F32, 23, 1 },
		{ DT_F8_E4M3, 3, 121 },
		{ DT_F8_E5M2, 2, 113 } };

	for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
		if (row[i].t != t)
			continue;
		*mantissa = row[i].mantissa;
		*lowest = row[i].lowest;
		return true;
	}
	return false;
}

struct amount histogram_frozen(const struct histogram *h, double t, enum dtype out)
{
	struct amount a = { 0, 0, 0 };
	int mantissa, lowest;

	if (!precision(out, &mantissa, &lowest))
		return (struct amount){ NAN, 0, (double)(h->elements - h->equal) };
	for (int e = 0; e < 256; e++) {
		double half = ldexp(1.0, (e > lowest ? e : lowest) - 127 - mantissa - 1);
		double count = (double)h->exponent[e];
		if (!(t >= half)) {
			a.value += count;
			a.lo += count;
			a.hi += count;
		} else if (t == half) { /* to even: about half of them move */
			a.value += count / 2;
			a.hi += count;
		}
	}
	return a;
}

double histogram_solve(const struct histogram *const *h, size_t n, double fraction)
{
	uint32_t lo = 0, hi = INF_BITS;
	double elements = 0, equal = 0;

	for (size_t i = 0; i < n; i++) {
		elements += (double)h[i]->elements;
		equal += (double)h[i]->equal;
	}
	if (!(elements > 0) || !(fraction >= 0 && fraction <= 1))
		return NAN;
	if (equal >= fraction * elements)
		return 0;
	while (hi - lo > 1) { /* lo: too few; hi: enough */
		uint32_t mid = lo + (hi - lo) / 2;
		double got = 0;
		for (size_t i = 0; i < n; i++)
			got += histogram_full(h[i], (double)bits_f32(mid)).value;
		if (got < fraction * elements)
			lo = mid;
		else
			hi = mid;
	}
	return hi == INF_BITS ? 0x1p128 : (double)bits_f32(hi);
}

/* Stored form: a version byte, then integers of 7 bits a byte, lowest first:
 *	elements equal first n | count [low if count] … n times | exponents first, n, counts */
#define STORED_VERSION 1

static void put_int(struct str *out, uint64_t v)
{
	for (; v >= 128; v >>= 7)
		str_addc(out, (char)(v | 128));
	str_addc(out, (char)v);
}

void histogram_store(const struct histogram *h, struct str *out)
{
	int first = 0, last = 255;

	str_addc(out, STORED_VERSION);
	put_int(out, h->elements);
	put_int(out, h->equal);
	put_int(out, h->first);
	put_int(out, h->n);
	for (uint32_t i = 0; i < h->n; i++) {
		put_int(out, h->bin[i].count);
		if (h->bin[i].count)
			put_int(out, h->bin[i].low);
	}
	while (first < 255 && !h->exponent[first])
		first++;
	while (last > first && !h->exponent[last])
		last--;
	put_int(out, (uint64_t)first);
	put_int(out, (uint64_t)(last - first + 1));
	for (int e = first; e <= last; e++)
		put_int(out, h->exponent[e]);
}

struct stored {
	const uint8_t *p, *end;
	bool bad;
};

static uint64_t get_int(struct stored *s)
{
	uint64_t v = 0;

	for (int shift = 0; shift < 64 && s->p < s->end; shift += 7) {
		uint8_t b = *s->p++;
		if (shift == 63 && b > 1)
			break;
		v |= (uint64_t)(b & 127) << shift;
		if (b < 128)
			return v;
	}
	s->bad = true;
	return 0;
}

static uint64_t get_bounded(struct stored *s, uint64_t max)
{
	uint64_t v = get_int(s);

	if (v <= max)
		return v;
	s->bad = true;
	return 0;
}

/* Counts must add up to what is said to be there, which also bounds every sum. */
static void get_bins(struct stored *s, struct histogram *h, uint64_t left)
{
	h->bin = xnew(struct histogram_bin, h->n + 1);
	for (uint32_t i = 0; i < h->n && !s->bad; i++) {
		struct histogram_bin *b = &h->bin[i];
		b->count = get_bounded(s, left);
		left -= b->count;
		if (b->count)
			b->low = get_bounded(s, b->count * WIDTH);
		s->bad |= b->low < b->count;
	}
	s->bad |= left != 0;
}

static void get_exponents(struct stored *s, struct histogram *h, uint64_t left)
{
	uint64_t first = get_bounded(s, 255), n = get_bounded(s, 256 - first);

	for (uint64_t e = first; e < first + n && !s->bad; e++) {
		h->exponent[e] = get_bounded(s, left);
		left -= h->exponent[e];
	}
	s->bad |= left != 0;
}

bool histogram_load(struct histogram *h, const void *bytes, size_t n, struct err *e)
{
	struct stored s = { bytes, (const uint8_t *)bytes + n, n == 0 };

	histogram_init(h);
	if (!s.bad)
		s.bad = *s.p++ != STORED_VERSION;
	h->elements = get_bounded(&s, (uint64_t)1 << 45);
	h->equal = get_bounded(&s, h->elements);
	h->first = (uint32_t)get_bounded(&s, BINS - 1);
	h->n = (uint32_t)get_bounded(&s, BINS - 1 - h->first);
	if (!s.bad)
		get_bins(&s, h, h->elements - h->equal);
	if (!s.bad)
		get_exponents(&s, h, h->elements - h->equal);
	if (s.bad || s.p != s.end) {
		histogram_fini(h);
		return err_set(e, ERR_INPUT, "statistics", "they are computed again when asked for",
			"a stored histogram is damaged or of another version");
	}
	histogram_settle(h);
	return true;
}
