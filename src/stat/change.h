/* change: what a merge does to each element of its base, and what the rounding to the output dtype
 * leaves of it. m is the merge before rounding, stored what a reader of the file sees, base_stored
 * the base as the output dtype would hold it. Values and pure functions; any thread.
 * Sums as in sums.h: 16 lanes by index in the window, windows folded in order; elements that are
 * not finite in any of the arrays are left out. */
#ifndef CUPEL_STAT_CHANGE_H
#define CUPEL_STAT_CHANGE_H
#include <stddef.h>
#include <stdint.h>

struct change_sums {
	double shift;        /* Σ |stored - base|; with a swap Σ min(|other - base|, t) */
	double round2;       /* Σ (stored - m)² */
	uint64_t changed;    /* m ≠ base, or, with a swap, other ≠ base … */
	uint64_t frozen;     /* … of these, stored = base_stored */
	uint64_t full;       /* swap: |other - base| <= t */
};
struct change_swap { /* NearSwap from the base to other */
	const float *other;
	double t;
};
/* base and base_stored NULL: only round2. swap NULL: none. */
void change_sums_add(struct change_sums *s, const float *m, const float *stored, const float *base,
	const float *base_stored, const struct change_swap *swap, size_t n);
void change_sums_fold(struct change_sums *s, const struct change_sums *window);
#endif
