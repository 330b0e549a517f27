/* sums: what one sweep over a window of several inputs leaves: squared norms, pairwise squared
 * distances, extremes and counts. Values, owned by whoever declares them; kernels are pure. Any
 * thread.
 *
 * Reductions are float64 in 16 lanes by element index mod 16 inside the window, folded 8-4-2-1, and
 * windows are folded in order: *_add is called once for each whole window (starting at a multiple
 * of
 * WINDOW_ELEMS) into a zeroed struct, and *_fold joins those in window order. Then the bits depend
 * on neither threads nor CPU path.
 *
 * An element that is NaN or infinite in any input a sum looks at is left out of that sum and
 * counted in `nonfinite`; `elements` counts the rest. */
#ifndef CUPEL_STAT_SUMS_H
#define CUPEL_STAT_SUMS_H
#include <stddef.h>
#include <stdint.h>

struct histogram_scratch;

struct norm_sums {           /* of one input x */
	double n2;           /* Σ x² */
	double sum;          /* Σ x */
	double max_abs;      /* max |x| */
	uint64_t elements, zeros, nonfinite;
};
struct pair_sums {           /* of two inputs a, b */
	double d2;           /* Σ (a-b)² */
	double max_abs;      /* max |a-b| */
	uint64_t elements, nonfinite;
	uint64_t equal;      /* a = b */
	uint64_t agree;      /* sign(a) = sign(b); 0 equals only 0 */
};
struct sign_sums {           /* of a and b seen from a base c */
	uint64_t elements, nonfinite;
	uint64_t moved_a;    /* a ≠ c */
	uint64_t moved_b;
	uint64_t both;       /* a ≠ c and b ≠ c */
	uint64_t agree;      /* of those: sign(a-c) = sign(b-c) */
};
struct conflict_sums {       /* of all inputs seen from a base */
	uint64_t elements, nonfinite;
	uint64_t moved;      /* by one input or more */
	uint64_t several;    /* by two or more */
	uint64_t conflict;   /* of those: not all to the same side */
};

void norm_sums_add(struct norm_sums *s, const float *x, size_t n);
void norm_sums_fold(struct norm_sums *s, const struct norm_sums *window);
/* h, if not NULL, also collects |b-a| seen from a (histogram.h). */
void pair_sums_add(struct pair_sums *s, struct histogram_scratch *h, const float *a,
	const float *b, size_t n);
void pair_sums_fold(struct pair_sums *s, const struct pair_sums *window);
void sign_sums_add(struct sign_sums *s, const float *a, const float *b, const float *base,
	size_t n);
void sign_sums_fold(struct sign_sums *s, const struct sign_sums *window);
/* x: the inputs without the base. */
void conflict_sums_add(struct conflict_sums *s, const float *const *x, int n_inputs,
	const float *base, size_t n);
void conflict_sums_fold(struct conflict_sums *s, const struct conflict_sums *window);

static inline size_t pair_count(int n_inputs)
{
	return (size_t)n_inputs * (n_inputs - 1) / 2;
}
static inline size_t pair_index(int i, int j) /* i ≠ j, either order */
{
	return i < j ? (size_t)j * (j - 1) / 2 + i : (size_t)i * (i - 1) / 2 + j;
}
/* Norms of all inputs and all pairs in one sweep, block by block while they are in the cache; the
 * same bits as norm_sums_add and pair_sums_add one after another. norm has n_inputs entries, pair
 * has pair_count(n_inputs); h is n_inputs x n_inputs: entry [a * n_inputs + b] collects |x_b - x_a|
 * seen from a. Any of the three may be NULL, and single entries of h. */
void all_sums_add(struct norm_sums *norm, struct pair_sums *pair,
	struct histogram_scratch *const *h, const float *const *x, int n_inputs, size_t n);

/* The same for a window that comes in pieces, so that what was just decoded is still in the
 * cache: each piece but the last is a multiple of 16 elements. The bits are those of the
 * window at once. end adds into norm and pair, and frees. One thread per sweep. */
#define SUMS_PIECE ((size_t)32 * 1024)
struct sums_sweep;
struct sums_sweep *sums_sweep_begin(struct norm_sums *norm, struct pair_sums *pair,
	struct histogram_scratch *const *h, int n_inputs);
void sums_sweep_add(struct sums_sweep *w, const float *const *x, size_t n);
void sums_sweep_end(struct sums_sweep *w);
#endif
