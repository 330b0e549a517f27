/* combine: squared length of Σ c_i x_i from stored sums: s is n×n float64, row major, ‖x_i‖² on the
 * diagonal and ‖x_i − x_j‖² beside it. No dot product of large vectors is ever subtracted from
 * another, so close fine-tunes keep all their digits. Pure functions; any thread. */
#ifndef CUPEL_STAT_COMBINE_H
#define CUPEL_STAT_COMBINE_H
#include <stddef.h>

double combine_norm2(const double *s, size_t n, const double *c);
#endif
