/* encode: rows of float32 → the stored bytes of any format: the one way a quantizer, a preview and
 * a test take, so that what is shown is what is written. The bytes are those of the formats'
 * reference quantizers, the same on every CPU path, thread count and window as long as windows hold
 * whole rows. The caller owns all memory. Any thread. */
#ifndef CUPEL_TENSOR_ENCODE_H
#define CUPEL_TENSOR_ENCODE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "tensor/dtype.h"

/* What NaN and infinite numbers mean to a quantized format, which has none. (Floats keep them.) */
enum encode_nonfinite {
	ENCODE_REFUSE, /* encode_rows fails */
	ENCODE_AS_ZERO /* they are encoded as 0, and counted */
};

struct encode {
	enum dtype dtype;
	enum encode_nonfinite nonfinite;
	/* of each column of a row, or NULL; ignored where the format knows none (dtype_info) */
	const float *importance;
};

struct encode_count {
	uint64_t nonfinite; /* numbers that were NaN or infinite */
	uint64_t first;     /* where the first of them was, if there was one */
	uint64_t overflow;  /* blocks too large for the format: their scale is stored as infinite */
};

/* Whether rows of this length can be stored so: there is an encoder and the blocks fit. */
bool encode_possible(enum dtype t, uint64_t row);

/* Encodes rows * row elements and adds to *count, whose positions are relative to `at`, the
 * position of src in the caller's tensor. False, and dst undefined: a number was not finite and
 * may not be; count says which. */
bool encode_rows(const struct encode *c, const float *src, void *dst, size_t rows, size_t row,
	uint64_t at, struct encode_count *count);

/* The first number that is NaN or infinite; n if none. */
size_t encode_find_nonfinite(const float *x, size_t n);
/* Blocks of stored bytes whose scales are not finite, which other programs refuse to load. */
uint64_t encode_overflows(enum dtype t, const void *stored, uint64_t blocks);
#endif
