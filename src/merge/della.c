#include "config.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "merge/kernels.h"
#include "merge/masks.h"
#include "merge/rescale.h"
#include "merge/rounding.h"
#include "merge/task.h"
#include "tensor/half.h"

/* A unit is what stands under one index of the first dimension, so that it holds whole rows:
 *
 *   [out, in]         one row of `in` elements
 *   [out, in, k]      k rows, interleaved: element i of row c is unit[i * k + c]
 *   [n]               one row
 *
 * Equal magnitudes rank by index, lowest first. A row of one element has no rank: its chance is the
 * density itself. Bits drawn in the pass are kept as those of dare are. */
struct state {
	uint32_t *below[MERGE_MAX_INPUTS]; /* by rank: kept where the number drawn is below */
	struct rescale *scale;             /* per input; made when a pass sums */
	uint8_t *bits[MERGE_MAX_INPUTS];                        /* of the whole tensor, or NULL */
	uint64_t room;
	struct masks masks[MERGE_MAX_INPUTS];  /* with mergekit's generator */
};
struct sums { /* of an input, in a window */
	double whole, kept;
	union rescale_part torch;
	bool drawing;
	struct mt19937 g;                      /* where the next element draws */
};
struct scratch { /* for a part of so many elements */
	uint64_t *order, *spare;           /* of a row: key << 32 | place */
	uint32_t *keys, most;              /* of a row; the largest */
	float *spread;                     /* a row that lay interleaved */
	float *d;
	uint32_t *below, *numbers;
};

static bool drops(const struct merge_spec *s, int k)
{
	return k != s->base && s->input[k][P_DENSITY] < 1.0;
}

uint64_t della_unit(const struct merge_spec *s)
{
	if (s->elements == 0)
		return 1;
	return s->rank > 1 ? s->elements / s->shape[0] : s->elements;
}

static uint64_t row_length(const struct merge_spec *s)
{
	return s->rank > 1 ? s->shape[1] : s->elements;
}

bool della_check(const struct merge_spec *s, struct err *e)
{
	for (int k = 0; k < s->n_inputs; k++) {
		double density = s->input[k][P_DENSITY], eps = s->input[k][P_EPSILON];
		char hint[96];

		if (!drops(s, k) || density <= 0.0)
			continue;
		if (density + eps < 1.0 && density - eps > 0.0 && eps >= 0.0)
			continue;
		snprintf(hint, sizeof hint, "give an epsilon from 0 to below %g, or a density of 1",
			fmin(density, 1.0 - density));
		return err_set(e, ERR_INPUT, s->name, hint,
			"%s keeps elements with a chance of density +- epsilon, and "
			"%g +- %g does not stay between 0 and 1", s->method->name, density,
			eps);
	}
	return task_check(s, e);
}

size_t della_state_size(const struct merge_spec *s)
{
	(void)s;
	return sizeof(struct state);
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

/* Before the sums: where mergekit's generator stands at each window. */
static bool marking(const struct merge_spec *s, int pass)
{
	return pass == 0 && s->streams && s->elements > method_window(s) && drops_any(s);
}

int della_passes(const struct merge_spec *s)
{
	return marking(s, 0) + sums(s);
}

size_t della_span(const struct merge_spec *s, const void *state, int pass, uint64_t window)
{
	(void)state;
	return !marking(s, pass) ? SIZE_MAX : window > 0;
}

static float rounded(const struct merge_spec *s, double v)
{
	return s->work == DT_BF16 ? bf16_f32(f32_bf16((float)v)) : (float)v;
}

/* The same as mergekit has it, each step in the dtype it draws in: bfloat16, or else float32. */
static float chance_of(const struct merge_spec *s, uint64_t r, uint64_t n, double density,
	double eps)
{
	float most = rounded(s, rounded(s, (double)(n - 1)) + 1.0f) - 1.0f;
	float rank = rounded(s, rounded(s, (double)r) + 1.0f) - 1.0f;

	if (n < 2)
		return rounded(s, density);
	rank = fminf(1.0f, rounded(s, rounded(s, rank) / rounded(s, most)));
	rank = rounded(s, rounded(s, rank * 2.0f) * (float)eps);
	return rounded(s, rank + rounded(s, density - eps));
}

/* p = (density - epsilon) + 2 epsilon (rank - 1) / (n - 1), as float32: arXiv:2406.11617 as
 * mergekit states it. */
static void chances(const struct merge_spec *s, int k, uint32_t *below)
{
	const double density = s->input[k][P_DENSITY], eps = s->input[k][P_EPSILON];
	const bool theirs = s->streams || rounding_on(s);
	const uint64_t n = row_length(s);

	for (uint64_t r = 0; r < n; r++) {
		double p = density;

		if (theirs)
			p = chance_of(s, r, n, density, eps);
		else if (n > 1)
			p = density - eps + (double)r / (double)(n - 1) * 2.0 * eps;
		below[r] = density > 0.0 ? (uint32_t)ceil((double)(float)p * 0x1p24) : 0;
	}
	below[n] = 0;
}

static size_t scratch_size(const struct merge_spec *s, size_t part)
{
	return 3 * ((size_t)row_length(s) + 8) * sizeof(uint64_t) +
		(3 * part + 64) * sizeof(uint32_t);
}

/* Returns what is to be freed. */
static void *scratch_make(struct scratch *x, const struct merge_spec *s, size_t part)
{
	size_t row = (size_t)row_length(s);
	uint64_t *room = xmalloc(scratch_size(s, part));

	x->order = room;
	x->spare = room + row;
	x->keys = (uint32_t *)(x->spare + row + 8);
	x->spread = (float *)(x->keys + row);
	x->d = x->spread + row;
	x->below = (uint32_t *)(x->d + part);
	x->numbers = x->below + part;
	return room;
}

bool della_begin(const struct merge_spec *s, void *state, struct err *e)
{
	struct state *st = state;
	bool ok = row_length(s) < UINT32_MAX && della_unit(s) < UINT32_MAX;

	if (sums(s))
		st->scale = xnew(struct rescale, (size_t)s->n_inputs);
	for (int k = 0; ok && k < s->n_inputs; k++) {
		if (!drops(s, k))
			continue;
		st->below[k] = xtry_malloc(((size_t)row_length(s) + 1) * sizeof(uint32_t));
		ok = st->below[k];
		if (ok)
			chances(s, k, st->below[k]);
		if (ok && s->streams)
			ok = masks_init(&st->masks[k], &s->streams[k], s, e);
		if (st->scale) /* as dare has it */
			rescale_init(&st->scale[k], s, s->work == DT_F16 ? DT_F32 : s->work);
		/* units begin at whole bytes, so that no two threads share one */
		if (ok && sums(s) && della_unit(s) % 8 == 0)
			st->bits[k] = dare_bits(s->elements, &st->room);
	}
	if (ok) { /* what each part will take */
		void *room = xtry_malloc(scratch_size(s, (size_t)della_unit(s)));

		ok = room;
		free(room);
	}
	return ok || err_set(e, ERR_MEMORY, s->name, "use dare_ties for this tensor",
		"no memory to rank rows of %llu elements", (unsigned long long)row_length(s));
}

void della_fini(const struct merge_spec *s, void *state)
{
	struct state *st = state;

	for (int k = 0; k < s->n_inputs; k++) {
		free(st->below[k]);
		free(st->bits[k]);
		masks_fini(&st->masks[k]);
	}
	free(st->scale);
	dare_room(st->room);
}

size_t della_partial_size(const struct merge_spec *s, const void *state, int pass)
{
	(void)state;
	return marking(s, pass) ? 1 : (size_t)s->n_inputs * sizeof(struct sums);
}

/* --- ranks --- */

/* Places by rising magnitude, equal ones by index: 11, 11 and 9 bits of the key at a time. */
static const uint64_t *sort_row(const uint32_t *key, size_t n, struct scratch *x)
{
	uint32_t count[3][2048] = { { 0 } };
	uint64_t *v = x->order, *to = x->spare;

	for (size_t i = 0; i < n; i++) {
		v[i] = (uint64_t)key[i] << 32 | i;
		for (int p = 0; p < 3; p++)
			count[p][key[i] >> 11 * p & 2047]++;
	}
	for (int p = 0; p < 3; p++) {
		uint32_t at = 0;
		uint64_t *swap = v;

		if (count[p][v[0] >> (32 + 11 * p) & 2047] == n)
			continue;
		for (int b = 0; b < 2048; b++) {
			uint32_t c = count[p][b];

			count[p][b] = at;
			at += c;
		}
		for (size_t i = 0; i < n; i++)
			to[count[p][v[i] >> (32 + 11 * p) & 2047]++] = v[i];
		v = to;
		to = swap;
	}
	return v;
}

static size_t rank_of(const uint32_t *key, size_t n, size_t i)
{
	return kernels()->count_less(key, key[i] + 1, i) +
		kernels()->count_less(key + i, key[i], n - i);
}

#define SHORT_ROW 32 /* where buckets would cost more than every rank */

static void short_row_chances(const uint32_t *below, const uint32_t *key, size_t n, size_t stride,
	uint32_t *to)
{
	for (size_t i = 0; i < n; i++)
		to[i * stride] = below[rank_of(key, n, i)];
}

#define BUCKETS 1024
#define BUCKET_SHIFT 17 /* 64 buckets an octave, 16 octaves below the largest */
#define MOST_DOUBTS 256

/* The numbers below which the elements of a row are kept. A number is mostly below, or above, those
 * of every rank that a bucket of magnitudes spans, so few elements need their own rank. Where many
 * do, the row is sorted. */
static void row_chances(const uint32_t *below, const uint32_t *numbers, size_t n, size_t stride,
	struct scratch *x, uint32_t *to)
{
	uint32_t start[BUCKETS + 1] = { 0 }, low[BUCKETS], high[BUCKETS], *key = x->keys;
	uint32_t base = x->most >> BUCKET_SHIFT, doubts = 0, *doubt = (uint32_t *)x->spare;
	const uint64_t *v;

	base = base > BUCKETS - 1 ? base - (BUCKETS - 1) : 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t b = key[i] >> BUCKET_SHIFT;

		start[b > base ? b - base + 1 : 1]++;
	}
	for (int b = 0; b < BUCKETS; b++) {
		start[b + 1] += start[b]; /* of an empty bucket nothing is asked */
		low[b] = below[start[b]];
		high[b] = below[start[b + 1] - (start[b + 1] > 0)];
	}
	for (size_t i = 0; i < n; i++) {
		uint32_t b = key[i] >> BUCKET_SHIFT;

		b = b > base ? b - base : 0;
		to[i * stride] = low[b];
		doubt[doubts] = (uint32_t)i; /* a change of 0 is 0 either way */
		doubts += (numbers[i * stride] - low[b] < high[b] - low[b]) & (key[i] != 0);
	}
	if (doubts <= MOST_DOUBTS) {
		for (size_t i = 0; i < doubts; i++)
			to[doubt[i] * stride] = below[rank_of(key, n, doubt[i])];
		return;
	}
	v = sort_row(key, n, x);
	for (size_t r = 0; r < n; r++)
		to[(uint32_t)v[r] * stride] = below[r];
}

/* What stays of the changes d, n elements of whole units from index first: a bit for each. g: with
 * mergekit's generator, which stands at first. */
static void draw(const struct merge_spec *s, const struct state *st, int k, const float *d,
	size_t n, uint64_t first, struct mt19937 *g, struct scratch *x, uint8_t *bits)
{
	const size_t row = (size_t)row_length(s), unit = (size_t)della_unit(s);
	const size_t stride = unit / row, lead = (size_t)(first % 4);
	const unsigned char *mask = dare_injected(k);

	if (mask) {
		memset(bits, 0, (n + 7) / 8);
		for (size_t i = 0; i < n; i++)
			bits[i / 8] |= (uint8_t)((mask[first + i] != 0) << i % 8);
		return;
	}
	if (!s->streams)
		kernels()->numbers(x->numbers, n + lead, first - lead, s->seed, s->name_hash,
			(uint32_t)s->rng_index[k]);
	else if (s->input[k][P_DENSITY] > 0.0) /* at 0 mergekit draws nothing */
		masks_numbers(g, x->numbers + lead, n);
	else
		memset(x->numbers, 0, (n + lead) * sizeof *x->numbers);
	for (size_t at = 0; at < n; at += at % unit + 1 < stride ? 1 : unit - stride + 1) {
		if (stride == 1) {
			x->most = kernels()->keys(x->keys, d + at, row);
		} else {
			for (size_t i = 0; i < row; i++)
				x->spread[i] = d[at + i * stride];
			x->most = kernels()->keys(x->keys, x->spread, row);
		}
		if (row <= SHORT_ROW)
			short_row_chances(st->below[k], x->keys, row, stride, x->below + at);
		else
			row_chances(st->below[k], x->numbers + lead + at, row, stride, x,
				x->below + at);
	}
	kernels()->bits_below(bits, x->numbers + lead, x->below, n);
}

/* --- steps --- */

/* Whether the bits of [first, first+n) have their place in the state: a sample's indices reach
 * beyond its elements. */
static bool stored(const struct merge_spec *s, const struct state *st, int k, uint64_t first,
	size_t n)
{
	return st->bits[k] && n <= s->elements && first <= s->elements - n;
}

/* Sums are taken unit by unit, so that the cuts of parts cannot show. */
static void sum_unit(const struct merge_spec *s, const struct state *st, int k, const float *in,
	const float *base, const float *d, const uint8_t *bits, struct sums *to)
{
	static const float zeros[KERNEL_CHUNK];
	const size_t unit = (size_t)della_unit(s);
	double acc[2][KERNEL_LANES] = { { 0 } };
	float kept[KERNEL_CHUNK];
	size_t n;

	if (!rounding_on(s)) {
		kernels()->sum_bits(in, base, bits, unit, acc[0], acc[1]);
		to->whole += kernel_fold(acc[0]);
		to->kept += kernel_fold(acc[1]);
		return;
	}
	for (size_t at = 0; at < unit; at += n) {
		n = unit - at < KERNEL_CHUNK ? unit - at : KERNEL_CHUNK;
		rescale_add(&st->scale[k], s, &to->torch, 0, d + at, n);
		kernels()->keep_bits(kept, d + at, zeros, bits + at / 8, 1.0f, 1.0f, n);
		rescale_add(&st->scale[k], s, &to->torch, 1, kept, n);
	}
}

static void delta(const struct merge_spec *s, float *d, const float *x, const float *base, size_t n)
{
	size_t m;

	for (size_t at = 0; at < n; at += m) {
		m = n - at < KERNEL_CHUNK ? n - at : KERNEL_CHUNK;
		rounding_delta(s, d + at, x + at, base + at, m);
	}
}

void della_observe(const struct merge_spec *s, const void *state, int pass,
	const struct merge_window *w, void *partial)
{
	const size_t unit = (size_t)della_unit(s);
	const struct state *st = state;
	struct sums *to = partial;
	struct scratch x;
	uint8_t *own;
	void *room;

	if (marking(s, pass))
		return;
	own = xmalloc(unit / 8 + 64);
	room = scratch_make(&x, s, unit);
	for (int k = 0; k < s->n_inputs; k++)
		for (size_t at = 0; drops(s, k) && at < w->n; at += unit) {
			const float *in = w->in[k] + at, *base = w->in[s->base] + at;
			uint64_t first = w->first + at;
			uint8_t *bits = own;

			if (s->streams && !to[k].drawing)
				masks_seek(&st->masks[k], first, &to[k].g);
			to[k].drawing = true;
			if (stored(s, st, k, first, unit))
				bits = st->bits[k] + first / 8;
			delta(s, x.d, in, base, unit);
			draw(s, st, k, x.d, unit, first, &to[k].g, &x, bits);
			sum_unit(s, st, k, in, base, x.d, bits, &to[k]);
		}
	free(room);
	free(own);
}

void della_fold(const struct merge_spec *s, void *state, int pass, const void *partial,
	uint64_t window)
{
	struct state *st = state;
	const struct sums *from = partial;

	for (int k = 0; k < s->n_inputs; k++) {
		if (!drops(s, k))
			continue;
		if (marking(s, pass)) {
			masks_mark(&st->masks[k], window);
			continue;
		}
		st->scale[k].whole += from[k].whole;
		st->scale[k].kept += from[k].kept;
		if (rounding_on(s))
			rescale_fold(&st->scale[k], s, &from[k].torch);
	}
}

bool della_settle(const struct merge_spec *s, void *state, int pass, struct err *e)
{
	struct state *st = state;

	(void)e;
	for (int k = 0; k < s->n_inputs && !marking(s, pass); k++)
		if (drops(s, k))
			rescale_settle(&st->scale[k], s);
	return true;
}

struct part { /* what apply knows of the part in hand */
	const struct state *st;
	uint64_t first;
	const uint8_t *bits[MERGE_MAX_INPUTS];
};

static void sparsify(const struct merge_spec *s, const void *state, int k, const float *x,
	const float *base, float *d, size_t n, uint64_t first)
{
	static const float zeros[KERNEL_CHUNK];
	const struct part *p = state;
	const struct rescale *scale = p->st->scale ? &p->st->scale[k] : NULL;
	const uint8_t *bits = p->bits[k] + (first - p->first) / 8;

	if (drops(s, k) && !rounding_on(s)) {
		kernels()->keep_bits(d, x, base, bits, scale && scale->ratio != 0.0f ?
			scale->ratio : 1.0f, (float)s->input[k][P_WEIGHT], n);
		return;
	}
	rounding_delta(s, d, x, base, n);
	if (drops(s, k)) {
		kernels()->keep_bits(d, d, zeros, bits, 1.0f, 1.0f, n);
		if (scale)
			rescale_apply(scale, s, d, n);
	}
	task_weigh(s, k, d, n);
}

void della_apply(const struct merge_spec *s, const void *state, const struct merge_window *w,
	bool elect, float *out)
{
	struct part p = { .st = state, .first = w->first };
	const size_t each = w->n / 8 + 64;
	uint8_t *own = NULL;
	void *room = NULL;
	struct scratch x;

	for (int k = 0; k < s->n_inputs; k++) {
		struct mt19937 g;

		if (!drops(s, k))
			continue;
		p.bits[k] = p.st->bits[k] + w->first / 8;
		if (stored(s, p.st, k, w->first, w->n))
			continue;
		if (!room) {
			room = scratch_make(&x, s, w->n);
			own = xmalloc(each * (size_t)s->n_inputs);
		}
		p.bits[k] = own + each * (size_t)k;
		if (s->streams)
			masks_seek(&p.st->masks[k], w->first, &g);
		delta(s, x.d, w->in[k], w->in[s->base], w->n);
		draw(s, p.st, k, x.d, w->n, w->first, &g, &x, own + each * (size_t)k);
	}
	task_apply(s, &p, w, elect, sparsify, out);
	free(room);
	free(own);
}
