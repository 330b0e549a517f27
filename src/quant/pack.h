/* pack: rows of numbers into the stored bytes of a type, and back. Pure functions of borrowed
 * memory; any thread. Rows stand alone, so any whole rows may be packed together. */
#ifndef CUPEL_QUANT_PACK_H
#define CUPEL_QUANT_PACK_H
#include "quant/type.h"

/* Where the bytes go: MLX's types have three arrays, the others codes alone. */
struct pack {
	unsigned char *codes, *scales, *biases;
};
/* Bytes of `elements` in each array. */
struct pack_bytes {
	uint64_t codes, scales, biases;
};
struct pack_bytes pack_bytes(struct quant_type t, uint64_t elements);
/* rows * row finite numbers. floats: the dtype of the weights, to which MLX's types round first.
 * importance: row floats, one to a column, or NULL. scratch: rows * row floats; x is kept.
 * Returns how many blocks are too large for the format: their scale came out infinite. */
uint64_t pack_rows(struct quant_type t, enum dtype floats, const float *x, uint64_t rows,
	uint64_t row, const float *importance, float *scratch, const struct pack *to);
/* Elements as a reader of the file would see them. */
void pack_read(struct quant_type t, const struct pack *from, uint64_t elements, float *out);
#endif
