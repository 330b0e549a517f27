#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "merge/kernels.h"
#include "merge/select.h"
#include "model/source.h"

#define SAMPLE_SHIFT 18                   /* 8 exponent and 5 mantissa bits: 32 bins an octave */
#define SAMPLE_BINS (1u << (31 - SAMPLE_SHIFT))
#define SAMPLE_SPAN 16384                 /* of each window; a quarter where there are many */
#define SAMPLE_PICKS 64
#define HIGH_SHIFT 15
#define HIGH_BINS (1u << (31 - HIGH_SHIFT))
#define LOW_BINS (1u << HIGH_SHIFT)
#define RAW_CAP 16384
#define PAIR_CAP 16384

struct sample_partial {
	uint32_t n, n_picks, picks[SAMPLE_PICKS];
	union {
		uint32_t bins[SAMPLE_BINS];
		uint32_t keys[SAMPLE_SPAN]; /* of a small tensor */
	};
};
struct bracket_partial {
	uint64_t above, equal;
	size_t n_raw, n_pairs;
	bool overflow;
	struct select_pair pairs[PAIR_CAP];
	uint32_t raw[RAW_CAP + KERNEL_CHUNK + 16];
	uint32_t spare[RAW_CAP + KERNEL_CHUNK + 16];
};
struct edge_partial { uint64_t count, edge; };

static int forced;

void select_force(int how)
{
	forced = how;
}

static uint32_t key_of(float x)
{
	uint32_t u;

	memcpy(&u, &x, 4);
	return u & 0x7fffffffu;
}

void select_init(struct select *s, uint64_t n, uint64_t keep, size_t limit)
{
	memset(s, 0, sizeof *s);
	s->n = n;
	s->keep = keep < n ? keep : n;
	s->limit = limit;
	s->edge = UINT64_MAX;
	s->small = n <= SAMPLE_SPAN && !forced;
	s->n_windows = (size_t)((n + WINDOW_ELEMS - 1) / WINDOW_ELEMS);
	if (s->keep == 0 || s->keep == n) {
		s->cut = s->keep ? 0 : SELECT_NONE;
		s->found = s->placed = true;
	}
}

void select_init_place(struct select *s, uint64_t n, uint64_t place, size_t limit)
{
	select_init(s, n, n - place, limit);
	s->bare = true;
	s->found = s->placed = false;
}

void select_windows(struct select *s, uint64_t window)
{
	s->n_windows = (size_t)((s->n + window - 1) / window);
}

void select_fini(struct select *s)
{
	free(s->bins);
	free(s->picks);
	free(s->pairs);
	free(s->ends);
	free(s->equals);
	s->bins = NULL;
	s->picks = NULL;
	s->pairs = NULL;
	s->ends = NULL;
	s->equals = NULL;
}

size_t select_span(const struct select *s, enum select_pass p, uint64_t window)
{
	if (s->placed)
		return 0;
	switch (p) {
	case SELECT_SAMPLE:
		return s->n_windows > 64 ? SAMPLE_SPAN / 4 : SAMPLE_SPAN;
	case SELECT_BRACKET:
		return SIZE_MAX;
	case SELECT_HIGH:
	case SELECT_LOW:
		return s->found ? 0 : SIZE_MAX;
	case SELECT_EQUAL:
		return s->counted ? 0 : SIZE_MAX;
	case SELECT_EDGE:
		return window == s->edge_window ? SIZE_MAX : 0;
	case SELECT_PASSES:
		break;
	}
	return 0;
}

size_t select_partial_size(enum select_pass p)
{
	switch (p) {
	case SELECT_SAMPLE:
		return sizeof(struct sample_partial);
	case SELECT_BRACKET:
		return sizeof(struct bracket_partial);
	case SELECT_HIGH:
		return HIGH_BINS * sizeof(uint32_t);
	case SELECT_LOW:
		return LOW_BINS * sizeof(uint32_t);
	case SELECT_EQUAL:
		return sizeof(uint64_t);
	case SELECT_EDGE:
	case SELECT_PASSES:
		break;
	}
	return sizeof(struct edge_partial);
}

void select_open(const struct select *s, enum select_pass p, void *partial)
{
	if (p == SELECT_SAMPLE && s->small) {
		((struct sample_partial *)partial)->n = 0;
		return;
	}
	if (p == SELECT_BRACKET) { /* its arrays are large and need no zeros */
		struct bracket_partial *b = partial;

		b->above = b->equal = 0;
		b->n_raw = b->n_pairs = 0;
		b->overflow = false;
		return;
	}
	memset(partial, 0, select_partial_size(p));
}

/* --- the distinct keys of a bracket --- */

/* Ascending, by 11 bits at a time of what the bracket's width needs. */
static uint32_t *radix_sort(uint32_t *v, uint32_t *spare, size_t n, uint32_t lo, uint32_t width)
{
	for (int shift = 0; shift < 32 && (shift == 0 || width >> shift); shift += 11) {
		uint32_t count[2048] = {0}, at = 0, *swap = v;

		for (size_t i = 0; i < n; i++)
			count[((v[i] - lo) >> shift) & 2047]++;
		for (int b = 0; b < 2048; b++) {
			uint32_t c = count[b];

			count[b] = at;
			at += c;
		}
		for (size_t i = 0; i < n; i++)
			spare[count[((v[i] - lo) >> shift) & 2047]++] = v[i];
		v = spare;
		spare = swap;
	}
	return v;
}

/* Sorted keys into the sorted pairs, from behind, in place. */
static void pairs_merge(struct bracket_partial *b, const uint32_t *v, size_t n)
{
	struct select_pair fresh[RAW_CAP + KERNEL_CHUNK + 16];
	size_t n_fresh = 0, both = 0, i, j, to;

	for (i = 0; i < n; i++)
		if (n_fresh && fresh[n_fresh - 1].key == v[i])
			fresh[n_fresh - 1].count++;
		else
			fresh[n_fresh++] = (struct select_pair){v[i], 1};
	for (i = j = 0; i < b->n_pairs && j < n_fresh;) {
		both += b->pairs[i].key == fresh[j].key;
		if (b->pairs[i].key <= fresh[j].key)
			i++;
		else
			j++;
	}
	to = b->n_pairs + n_fresh - both;
	if (to > PAIR_CAP) {
		b->overflow = true;
		return;
	}
	i = b->n_pairs;
	j = n_fresh;
	b->n_pairs = to;
	while (j > 0) {
		if (i > 0 && b->pairs[i - 1].key == fresh[j - 1].key)
			fresh[--j].count += b->pairs[--i].count, b->pairs[--to] = fresh[j];
		else if (i > 0 && b->pairs[i - 1].key > fresh[j - 1].key)
			b->pairs[--to] = b->pairs[--i];
		else
			b->pairs[--to] = fresh[--j];
	}
}

static void bracket_flush(const struct select *s, struct bracket_partial *b)
{
	if (b->n_raw && !b->overflow) {
		uint32_t *v = radix_sort(b->raw, b->spare, b->n_raw, s->lo, s->hi - s->lo);

		pairs_merge(b, v, b->n_raw);
	}
	b->n_raw = 0;
}

/* --- observe --- */

static void sample_observe(const float *x, size_t n, struct sample_partial *p)
{
	for (size_t i = 0; i < n; i++)
		p->bins[key_of(x[i]) >> SAMPLE_SHIFT]++;
	p->n += (uint32_t)n;
	/* every 61st: neighbours are alike */
	for (size_t i = 0; i < n && p->n_picks < SAMPLE_PICKS; i += 61)
		p->picks[p->n_picks++] = key_of(x[i]);
}

static void small_observe(const float *x, size_t n, struct sample_partial *p)
{
	kernels()->keys(p->keys + p->n, x, n);
	p->n += (uint32_t)n;
}

static void edge_observe(const struct select *s, const float *x, size_t n, uint64_t first,
	struct edge_partial *p)
{
	size_t here = p->count <= s->edge_rank ? kernels()->count_key(x, s->cut, n) : 0;

	if (p->count + here <= s->edge_rank) {
		p->count += here;
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (key_of(x[i]) == s->cut && p->count++ == s->edge_rank)
			p->edge = first + i;
}

void select_observe(const struct select *s, enum select_pass p, const float *x, size_t n,
	uint64_t first, uint64_t window, void *partial)
{
	struct bracket_partial *b = partial;
	uint32_t *bins = partial;

	switch (p) {
	case SELECT_SAMPLE:
		if (s->small)
			small_observe(x, n, partial);
		else
			sample_observe(x, n, partial);
		break;
	case SELECT_BRACKET:
		b->n_raw += kernels()->collect(x, n, s->lo, s->hi, s->pivot, &b->above, &b->equal,
			b->raw + b->n_raw);
		if (b->n_raw > RAW_CAP)
			bracket_flush(s, b);
		break;
	case SELECT_HIGH:
		for (size_t i = 0; !s->found && i < n; i++)
			bins[key_of(x[i]) >> HIGH_SHIFT]++;
		break;
	case SELECT_LOW:
		for (size_t i = 0; !s->found && i < n; i++)
			if (key_of(x[i]) >> HIGH_SHIFT == s->high)
				bins[key_of(x[i]) & (LOW_BINS - 1)]++;
		break;
	case SELECT_EQUAL:
		*(uint64_t *)partial += kernels()->count_key(x, s->cut, n);
		break;
	case SELECT_EDGE:
		if (window == s->edge_window)
			edge_observe(s, x, n, first, partial);
		break;
	case SELECT_PASSES:
		break;
	}
}

void select_close(const struct select *s, enum select_pass p, void *partial)
{
	if (p == SELECT_BRACKET)
		bracket_flush(s, partial);
}

/* --- fold --- */

static void fold_bins(struct select *s, const uint32_t *bins, size_t n)
{
	if (!s->bins)
		s->bins = xcalloc(n, sizeof *s->bins);
	for (size_t i = 0; i < n; i++)
		s->bins[i] += bins[i];
}

static void sample_fold(struct select *s, const struct sample_partial *p)
{
	if (s->small) {
		s->n_picks = p->n;
		s->picks = xmalloc((s->n_picks + 1) * sizeof *s->picks);
		memcpy(s->picks, p->keys, s->n_picks * sizeof *s->picks);
		return;
	}
	fold_bins(s, p->bins, SAMPLE_BINS);
	s->seen += p->n;
	if (s->n_picks + p->n_picks > s->cap_picks) {
		s->cap_picks = 2 * (s->cap_picks + SAMPLE_PICKS);
		s->picks = xrealloc(s->picks, s->cap_picks * sizeof *s->picks);
	}
	memcpy(s->picks + s->n_picks, p->picks, p->n_picks * sizeof *p->picks);
	s->n_picks += p->n_picks;
}

static void bracket_fold(struct select *s, const struct bracket_partial *p, uint64_t window)
{
	if (!s->ends) {
		s->ends = xcalloc(s->n_windows, sizeof *s->ends);
		s->equals = xcalloc(s->n_windows, sizeof *s->equals);
	}
	s->above += p->above;
	s->equals[window] = p->equal;
	if (p->overflow || s->overflow || s->n_pairs + p->n_pairs > s->limit) {
		s->overflow = true;
		return;
	}
	if (s->n_pairs + p->n_pairs > s->cap_pairs) {
		s->cap_pairs = 2 * s->cap_pairs + p->n_pairs + 1024;
		s->pairs = xrealloc(s->pairs, s->cap_pairs * sizeof *s->pairs);
	}
	if (p->n_pairs)
		memcpy(s->pairs + s->n_pairs, p->pairs, p->n_pairs * sizeof *p->pairs);
	s->n_pairs += p->n_pairs;
	s->ends[window] = s->n_pairs;
}

void select_fold(struct select *s, enum select_pass p, const void *partial, uint64_t window)
{
	const struct edge_partial *edge = partial;

	if (s->placed)
		return;
	switch (p) {
	case SELECT_SAMPLE:
		sample_fold(s, partial);
		break;
	case SELECT_BRACKET:
		bracket_fold(s, partial, window);
		break;
	case SELECT_HIGH:
		if (!s->found)
			fold_bins(s, partial, HIGH_BINS);
		break;
	case SELECT_LOW:
		if (!s->found)
			fold_bins(s, partial, LOW_BINS);
		break;
	case SELECT_EQUAL:
		if (s->counted)
			break;
		if (!s->equals)
			s->equals = xcalloc(s->n_windows, sizeof *s->equals);
		s->equals[window] = *(const uint64_t *)partial;
		break;
	case SELECT_EDGE:
		if (window == s->edge_window)
			s->edge = edge->edge;
		break;
	case SELECT_PASSES:
		break;
	}
}

/* --- settle --- */

static int by_key(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? 1 : x > y ? -1 : 0;
}

/* The bin in which the rank-th largest (from 1) lies; *above = how many are in higher bins. */
static uint32_t bin_of_rank(const uint64_t *bins, uint32_t n, uint64_t rank, uint64_t *above)
{
	uint64_t sum = 0;

	for (uint32_t b = n; b-- > 0;) {
		if (sum + bins[b] >= rank) {
			*above = sum;
			return b;
		}
		sum += bins[b];
	}
	*above = sum;
	return 0;
}

/* The keys from cut on, less than range above it. */
static size_t keys_within(const uint32_t *key, size_t n, uint32_t cut, uint32_t range,
	uint32_t *out)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		out[found] = key[i];
		found += key[i] - cut < range;
	}
	return found;
}

/* The largest key that keep keys reach, bit by bit; then where those equal to it run out. Any cut
 * that exactly keep keys reach does as well. Once the exponent is known few keys are in question:
 * the later bits look at those alone. */
static void small_settle(struct select *s)
{
	const size_t n = s->n_picks;
	size_t reach = n, equal, at = 0, all = n, m = n;
	uint32_t *some = NULL;

	s->cut = 0;
	for (uint32_t bit = 1u << 30; bit && (s->bare || reach > s->keep); bit >>= 1) {
		if (bit == 1u << 21) {
			some = xmalloc((n + 1) * sizeof *some);
			m = keys_within(s->picks, n, s->cut, 2 * bit, some);
			all = reach;
		}
		size_t here = all - kernels()->count_less(some ? some : s->picks, s->cut | bit, m);

		if (here >= s->keep) {
			s->cut |= bit;
			reach = here;
		}
	}
	free(some);
	s->found = s->counted = s->placed = true;
	if (reach > s->keep && s->cut > 0) { /* a zero that goes is still a zero */
		equal = kernels()->count_less(s->picks, s->cut + 1, n) - (n - reach);
		equal -= reach - (size_t)s->keep;
		for (at = 0; equal > (s->picks[at] == s->cut); at++)
			equal -= s->picks[at] == s->cut;
		s->edge = at;
	}
	free(s->picks);
	s->picks = NULL;
}

/* Ranks in the sample, widened by what a sample of runs may be off: a bracket that misses costs
 * two passes, nothing else. */
static void sample_settle(struct select *s)
{
	double q = (double)s->keep / (double)s->n, m = (double)s->seen, wide, hi;
	uint64_t rank_hi, rank_lo, above;

	wide = s->seen == s->n ? 0.0 : m * 0.004 + 16.0;
	hi = q * m - wide;
	rank_hi = hi < 1.0 ? 1 : (uint64_t)hi;
	rank_lo = q * m + wide + 1.0 > m ? s->seen : (uint64_t)(q * m + wide + 1.0);
	if (s->seen == s->n)
		rank_hi = rank_lo = s->keep;
	s->hi = ((bin_of_rank(s->bins, SAMPLE_BINS, rank_hi, &above) + 1) << SAMPLE_SHIFT) - 1;
	s->lo = bin_of_rank(s->bins, SAMPLE_BINS, rank_lo, &above) << SAMPLE_SHIFT;
	if (s->n_picks) {
		qsort(s->picks, s->n_picks, sizeof *s->picks, by_key);
		s->pivot = s->picks[(size_t)(q * (double)(s->n_picks - 1))];
	}
	if (s->pivot < s->lo || s->pivot > s->hi)
		s->pivot = s->lo;
	if (forced == 1)
		s->lo = s->hi = s->pivot = 0x7fffffffu;
	free(s->bins);
	free(s->picks);
	s->bins = NULL;
	s->picks = NULL;
}

static int by_pair(const void *a, const void *b)
{
	return by_key(a, b); /* the key is its first field */
}

/* Window and rank within it of the last equal key that stays. */
static void place_edge(struct select *s)
{
	uint64_t left = s->equal, all = 0;

	s->counted = true;
	for (size_t w = 0; w < s->n_windows; w++)
		all += s->equals[w];
	s->placed = true;
	if (s->equal < all && s->cut > 0) { /* a zero that goes is still a zero */
		size_t w = 0;

		while (left > s->equals[w])
			left -= s->equals[w++];
		s->edge_window = w;
		s->edge_rank = left - 1;
		s->placed = false;
	}
	free(s->equals);
	s->equals = NULL;
}

/* Counts per window of the cut, from that window's pairs (the pivot's are there already). */
static void equals_from_pairs(struct select *s)
{
	size_t i = 0;

	for (size_t w = 0; s->cut != s->pivot && w < s->n_windows; w++) {
		s->equals[w] = 0;
		for (; i < s->ends[w]; i++)
			if (s->pairs[i].key == s->cut)
				s->equals[w] = s->pairs[i].count;
	}
}

/* The cut among the listed keys: coarse bins first, then those of one bin in order. */
static void pairs_settle(struct select *s, uint64_t pivots)
{
	uint64_t bins[4096] = {0}, at, rank = s->keep - s->above;
	struct select_pair *v = xcalloc(s->n_pairs + 1, sizeof *v);
	int shift = 0;
	uint32_t bin;
	size_t n = 0;

	while ((s->hi - s->lo) >> shift >= 4096)
		shift++;
	for (size_t i = 0; i < s->n_pairs; i++)
		bins[(s->pairs[i].key - s->lo) >> shift] += s->pairs[i].count;
	bins[(s->pivot - s->lo) >> shift] += pivots;
	bin = bin_of_rank(bins, 4096, rank, &at);
	for (size_t i = 0; i < s->n_pairs; i++)
		if ((s->pairs[i].key - s->lo) >> shift == bin)
			v[n++] = s->pairs[i];
	if ((s->pivot - s->lo) >> shift == bin)
		v[n++] = (struct select_pair){s->pivot, 0};
	qsort(v, n, sizeof *v, by_pair);
	for (size_t i = 0; i < n && !s->found;) {
		uint32_t key = v[i].key;
		uint64_t c = key == s->pivot ? pivots : 0;

		for (; i < n && v[i].key == key; i++)
			c += v[i].count;
		if (at + c >= rank) {
			s->cut = key;
			s->equal = rank - at;
			s->found = true;
		}
		at += c;
	}
	free(v);
}

static void bracket_settle(struct select *s)
{
	uint64_t pivots = 0, inside = 0;

	for (size_t w = 0; w < s->n_windows; w++)
		pivots += s->equals[w];
	for (size_t i = 0; i < s->n_pairs; i++)
		inside += s->pairs[i].count;
	if (s->overflow || forced == 2 || s->keep <= s->above ||
		s->keep > s->above + inside + pivots) {
		free(s->equals);
		s->equals = NULL;
	} else {
		pairs_settle(s, pivots);
		equals_from_pairs(s);
		place_edge(s);
	}
	s->placed = s->placed || (s->bare && s->found);
	free(s->pairs);
	free(s->ends);
	s->pairs = NULL;
	s->ends = NULL;
}

void select_settle(struct select *s, enum select_pass p)
{
	uint64_t above;

	if (s->placed)
		return;
	switch (p) {
	case SELECT_SAMPLE:
		if (s->small)
			small_settle(s);
		else
			sample_settle(s);
		break;
	case SELECT_BRACKET:
		bracket_settle(s);
		break;
	case SELECT_HIGH:
		if (s->found)
			break;
		s->high = bin_of_rank(s->bins, HIGH_BINS, s->keep, &s->above);
		free(s->bins);
		s->bins = NULL;
		break;
	case SELECT_LOW:
		if (s->found)
			break;
		s->cut = bin_of_rank(s->bins, LOW_BINS, s->keep - s->above, &above);
		s->cut |= s->high << HIGH_SHIFT;
		s->equal = s->keep - s->above - above;
		s->found = true;
		s->placed = s->bare;
		free(s->bins);
		s->bins = NULL;
		break;
	case SELECT_EQUAL:
		if (!s->counted)
			place_edge(s);
		break;
	case SELECT_EDGE:
		s->placed = true;
		break;
	case SELECT_PASSES:
		break;
	}
}

/* How many elements of a run stay already at a key that equals the cut. */
static size_t head_of(const struct select *s, size_t n, uint64_t first)
{
	if (s->edge < first)
		return 0;
	return s->edge - first < n - (n > 0) ? (size_t)(s->edge - first) + 1 : n;
}

void select_apply(const struct select *s, float *x, size_t n, uint64_t first)
{
	size_t head = head_of(s, n, first);

	if (head)
		kernels()->keep_from(x, s->cut, head);
	if (head < n)
		kernels()->keep_from(x + head, s->cut + 1, n - head);
}

void select_apply_rest(const struct select *s, float *x, size_t n, uint64_t first)
{
	size_t head = head_of(s, n, first);

	if (head)
		kernels()->keep_below(x, s->cut, head);
	if (head < n)
		kernels()->keep_below(x + head, s->cut + 1, n - head);
}
