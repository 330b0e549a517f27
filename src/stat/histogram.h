/* histogram: how |b-a| is distributed between two tensors, 32 bins to an octave, and where the
 * changes lie relative to what rounding resolves: everything NearSwap's curve over t needs, from
 * one pass.
 * The holder owns it (histogram_fini). One thread may change it; any thread may read a settled one.
 *
 * |d| is the float32 difference. Bin k holds (edge k, edge k+1], edge k the float32 whose bits are
 * k << 18 (exponent and top 5 mantissa bits). Counts and sums are integers (the sum of |d| as
 * mantissa units), so they are exact and any order of adding gives the same bits. Elements that are
 * NaN or infinite in a or b are left out. */
#ifndef CUPEL_STAT_HISTOGRAM_H
#define CUPEL_STAT_HISTOGRAM_H
#include "base/err.h"
#include "base/str.h"
#include "tensor/dtype.h"

struct histogram_bin {
	uint64_t count;
	uint64_t low;        /* Σ of what the bits of |d| exceed those of the bin's edge by */
};
struct histogram {
	uint64_t elements;   /* finite ones, equal ones included */
	uint64_t equal;      /* d = 0 */
	uint32_t first, n;   /* bins [first, first + n) may be non-zero */
	struct histogram_bin *bin;
	/* Elements with b ≠ a by the float32 exponent of the interval that a leaves towards b: that
	 * of a, one less where a is a power of two and b is nearer to zero. Half an ulp there is
	 * what rounding swallows. */
	uint64_t exponent[256];
	/* after histogram_settle: of bins before bin i, n + 1 entries */
	uint64_t *below;     /* elements, equal ones included */
	double *sum;         /* Σ |d| */
};
void histogram_init(struct histogram *h);
void histogram_fini(struct histogram *h);
void histogram_merge(struct histogram *into, const struct histogram *h);
void histogram_settle(struct histogram *h); /* before asking, after the last change */

/* Amounts over all elements; they add over tensors, shares are the caller's division. lo and hi
 * bound what is true; they equal value where t is an edge. */
struct amount {
	double value, lo, hi;
};
struct amount histogram_full(const struct histogram *h, double t);  /* elements with |d| ≤ t */
struct amount histogram_shift(const struct histogram *h, double t); /* Σ min(|d|, t) */
/* Elements with b ≠ a which moving a by t towards b leaves as they were, once rounded to `out`,
 * when a and b are of that type too (others: not known from here; t = 0 freezes all). */
struct amount histogram_frozen(const struct histogram *h, double t, enum dtype out);
/* t at which the share `fraction` of all elements is |d| ≤ t, inside a bin by interpolation. 0
 * where the equal ones suffice; NaN without elements or for a fraction outside [0, 1]. */
double histogram_solve(const struct histogram *const *h, size_t n, double fraction);
double histogram_edge(uint32_t k);

/* Where kernels add: one table to a worker, emptied into any histogram. */
struct histogram_scratch *histogram_scratch_new(void);
void histogram_scratch_free(struct histogram_scratch *s);
void histogram_scratch_add(struct histogram_scratch *s, const float *a, const float *b, size_t n);
void histogram_fold(struct histogram *h, struct histogram_scratch *s); /* and empties s */

/* Bytes for the catalog: bins as runs of variable-length integers. load refuses what store cannot
 * have written; h is initialised and settled by it. */
void histogram_store(const struct histogram *h, struct str *out);
bool histogram_load(struct histogram *h, const void *bytes, size_t n, struct err *e);
#endif
