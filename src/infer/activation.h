/* activation: the elementwise arithmetic of a forward pass, in float32. Each element is computed by
 * itself and sums go through 16 lanes by index mod 16, folded 8-4-2-1, so that every path of the
 * CPU gives the same bits. exp: relative error below 2e-7; below -87.3 it is 0.
 * Pure functions; any thread. */
#ifndef CUPEL_INFER_ACTIVATION_H
#define CUPEL_INFER_ACTIVATION_H
#include <stddef.h>

void act_exp(float *x, size_t n);
/* x = x / (1 + exp(-x)) */
void act_silu(float *x, size_t n);
/* gate = silu(gate) * up */
void act_silu_times(float *gate, const float *up, size_t n);
/* x = exp(x - max x) / sum of these; n > 0 */
void act_softmax(float *x, size_t n);
/* The largest, and the sum of exp(x - it). */
void act_max_sum(const float *x, size_t n, float *max, float *sum);
/* out = x / sqrt(mean x² + eps) * weight; the mean in float64 */
void act_rms(const float *x, const float *weight, size_t n, double eps, float *out);
/* h = h + scale * x */
void act_add(float *h, const float *x, float scale, size_t n);
/* One step of a state: s = keep * s + add * b, and the sum of s * c. */
float act_state(float *s, const float *b, const float *c, float keep, float add, size_t n);
#endif
