/* torch_sum: the sum of magnitudes of a tensor, bit for bit as torch adds it on one CPU thread: in
 * float32, in 32 lanes (8 wide, 4 apart), each a cascade of four levels. Windows may be observed by
 * any thread; folding them in order gives the same bits.
 *
 *   step    32 elements, one a lane; of 16-bit types 64, two of which are added first
 *   level   2^L steps into the first accumulator, 2^L of these into the second, …; L is 4 and grows
 *           with the tensor
 *   unit    what goes into the third accumulator at once, 2^2L steps: never across two windows
 * Source: cascade_sum of torch's SumKernel.cpp, with the AVX2 width that it has on every x86. */
#ifndef CUPEL_MERGE_TORCH_SUM_H
#define CUPEL_MERGE_TORCH_SUM_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TORCH_LANES 32
#define TORCH_UNITS 32 /* at most in a window */
struct torch_cascade { float acc[4][TORCH_LANES]; uint64_t steps; };
struct torch_sum {
	uint64_t n;                /* elements of the tensor */
	bool paired;               /* of a 16-bit type */
	bool single;               /* all in one window */
	unsigned level;            /* L */
	struct torch_cascade c;
	uint32_t n_rest;           /* of the last, incomplete step */
	float rest[2 * TORCH_LANES];
};
struct torch_sum_part { /* of a window; zeroed before the first element */
	struct torch_cascade c;    /* of steps after the last unit: two levels; of all if single */
	uint32_t units, n_rest;
	float unit[TORCH_UNITS][TORCH_LANES], rest[2 * TORCH_LANES];
};
/* Windows are of so many elements: whole torch_sum_units, or all. */
void torch_sum_init(struct torch_sum *s, uint64_t n, bool paired, uint64_t window);
uint64_t torch_sum_unit(uint64_t n);  /* of either type; a power of 2 */
/* Of |x|, in order. */
void torch_sum_add(const struct torch_sum *s, struct torch_sum_part *p, const float *x, size_t n);
void torch_sum_fold(struct torch_sum *s, const struct torch_sum_part *p);
float torch_sum_total(const struct torch_sum *s); /* before rounding to the tensor's type */
/* x[0], x[stride], … n of them, as torch adds a short row. */
float torch_sum_row(const float *x, size_t stride, size_t n);
#endif
