/* lowrank: a product of two thin matrices added to a wide one: what an adapter does to a weight.
 * Pure function of its arguments; any thread. */
#ifndef CUPEL_TENSOR_LOWRANK_H
#define CUPEL_TENSOR_LOWRANK_H
#include <stddef.h>
#include <stdint.h>

/* x[e] += scale * (l r)[first + e] for e < n, where l has `rank` columns, r has `rank` rows of
 * `columns`, and elements are counted along the rows of l r:
 *	sum = 0;  sum = sum + l[i][k] * r[k][j] for k = 0, 1, …;  x = x + scale * sum
 * in float32, multiply and add apart: an element's bits depend on nothing but its row and
 * column. */
void lowrank_add(const float *l, const float *r, size_t rank, size_t columns, float scale,
	uint64_t first, size_t n, float *x);
#endif
