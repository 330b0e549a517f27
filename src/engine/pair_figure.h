/* pair_figure: figures between two vectors of a slot, from its sums (exact) or its sample: what
 * previews and model comparisons share. x is the one divided by in relative figures. Any thread may
 * ask. */
#ifndef CUPEL_ENGINE_PAIR_FIGURE_H
#define CUPEL_ENGINE_PAIR_FIGURE_H
#include "engine/memo.h"
#include "stat/similarity.h"

struct slot_pair {
	const struct slot *slot;
	int x, m;             /* vectors */
};
/* Moments of the whole tensor; false where the sums are not there yet. */
bool slot_moments(struct slot_pair p, double m[MO_COUNT]);
/* Figure of several as one long vector; FIG_NONE while one has neither sums nor sample. */
struct figure pair_figure(const struct slot_pair *p, size_t n, enum stat_id s);

/* NearSwap from x to m at t, over several. out(k): output dtype for `frozen` of pair k. False while
 * one has neither sums nor sample. */
bool pair_swap(const struct slot_pair *p, const enum dtype *out, size_t n, double t,
	struct swap_point *point);
/* Whether exponents tell what freezes: both sides are stored as the output will be. */
bool slot_spacing_known(struct slot_pair p, enum dtype out);
/* The same by counting, at n points whose t are given: reads every window once. Blocking. */
struct pool;
bool pair_swap_count(const struct slot_pair *pairs, const enum dtype *out, size_t n_pairs,
	struct pool *pool, struct swap_point *p, size_t n, struct err *e);
double pair_swap_solve(const struct slot_pair *p, size_t n, double fraction);
#endif
