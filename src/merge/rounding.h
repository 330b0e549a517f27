/* rounding: --arithmetic mergekit: every step rounds to the dtype that mergekit works in, inputs
 * included, as its tensors do. Without it these leave things as they are. Pure functions. */
#ifndef CUPEL_MERGE_ROUNDING_H
#define CUPEL_MERGE_ROUNDING_H
#include "merge/method.h"

static inline bool rounding_on(const struct merge_spec *s)
{
	return s->arithmetic == ARITH_MERGEKIT;
}
void rounding_step(const struct merge_spec *s, float *x, size_t n);
float rounding_value(const struct merge_spec *s, float v);
/* An input as mergekit loads it: x itself, or rounded in scratch (n floats). */
const float *rounding_input(const struct merge_spec *s, const float *x, size_t n, float *scratch);
/* d = x - base; n at most KERNEL_CHUNK. */
void rounding_delta(const struct merge_spec *s, float *d, const float *x, const float *base,
	size_t n);
#endif
