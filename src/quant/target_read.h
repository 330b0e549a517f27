/* target_read: the numbers of a target, as float32, in the order of the quantized file: experts
 * joined, halves taken apart, rows of queries and keys reordered, values mapped. Nothing of the
 * whole tensor is held. Any thread. */
#ifndef CUPEL_QUANT_TARGET_READ_H
#define CUPEL_QUANT_TARGET_READ_H
#include "quant/target.h"

/* Rows are handed out in whole units (but the last run of a tensor): of so many rows. More than one
 * where rows change places. */
uint64_t target_unit(const struct quant_target *t);
uint64_t target_rows(const struct quant_target *t);
/* Rows [row, row+n) of target number i: n * t->row floats; row is a multiple of the unit. */
bool target_read(const struct quant_targets *t, size_t i, uint64_t row, uint64_t n, float *out,
	struct err *e);
/* The expert that a row belongs to: for importance. */
uint64_t target_expert(const struct quant_target *t, uint64_t row);
/* Of everything that decides the target's numbers: content keys of its sources, and what is done
 * with them. Equal for equal numbers of one model, whatever the container. */
struct hash target_key(const struct quant_targets *t, size_t i);
/* The stored bytes of a source may stand as they are: same type, same order. The tensor's number
 * in *at. */
bool target_verbatim(const struct quant_targets *t, size_t i, size_t *at);
#endif
