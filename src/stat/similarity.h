/* similarity: how two tensors a (the input, or the reference) and m (the merge, or the model looked
 * at) resemble each other, seen from a base b: every figure as a formula over moments, sums over
 * elements that add up over blocks, tensors and groups. Exact, closed and sampled figures use the
 * same formula.
 * Plain values and pure functions; any thread. */
#ifndef CUPEL_STAT_SIMILARITY_H
#define CUPEL_STAT_SIMILARITY_H
#include <stdint.h>
#include "stat/sample.h"
#include "stat/stats.h"

enum moment {
	MO_N,       /* elements */
	MO_NX,      /* |x|^2 */
	MO_NM,      /* |m|^2 */
	MO_D,       /* |m-x|^2 */
	MO_DX,      /* |x-b|^2 */
	MO_DM,      /* |m-b|^2 */
	MO_BOTH,    /* elements with x != b and m != b … */
	MO_AGREE,   /* … of these, sign(x-b) = sign(m-b) */
	MO_AGREE0,  /* sign(x) = sign(m) */
	MO_MULTI,   /* elements that two inputs or more move … */
	MO_OPPOSED, /* … of these, not all in one direction */
	MO_SUM,     /* sum m */
	MO_ZERO,    /* m = 0 */
	MO_SHIFT,   /* sum |m-b| */
	MO_CHANGED, /* elements to be changed (stats.def, frozen) … */
	MO_FROZEN,  /* … of these, stored as b would be */
	MO_ROUND,   /* |stored-m|^2 */
	MO_FULL,    /* |x-b| <= t */
	MO_COUNT
};
/* Bits of the moments a figure is made of; 0 for those that are not sums (extremes, counts of
 * NaN). */
uint32_t similarity_needs(enum stat_id s);
/* against_base: sign figures compare moves from the base, else the values themselves. NaN where it
 * has no meaning (a norm is zero). */
double similarity_value(enum stat_id s, const double m[MO_COUNT], bool against_base);
struct figure similarity_figure(enum stat_id s, const double m[MO_COUNT], bool against_base,
	enum figure_state state);
/* Of tensors together as one vector, sampled (rows of MO_COUNT sums per block, sample.h) or known
 * (a stratum of similarity_known). */
struct figure similarity_estimate(enum stat_id s, const struct stratum *v, size_t n,
	bool against_base);
/* A stratum of one row, the totals: nothing of it is uncertain. */
struct stratum similarity_known(const double totals[MO_COUNT]);
#endif
