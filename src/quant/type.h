/* type: what a tensor is stored as in a quantized file: a number format of GGUF, a mode of MLX, or
 * plain floats. Small values, copied; constant tables. Any thread. */
#ifndef CUPEL_QUANT_TYPE_H
#define CUPEL_QUANT_TYPE_H
#include "base/err.h"
#include "base/str.h"
#include "tensor/dtype.h"

enum quant_container { QUANT_GGUF, QUANT_MLX };
const char *quant_container_name(enum quant_container c); /* "gguf", "mlx" */

enum quant_mode {
	QUANT_PLAIN,  /* dtype says it all: floats, and every type of GGUF */
	QUANT_AFFINE, /* MLX: codes, scales and biases; bits 2 3 4 5 6 8, groups 32 64 128 */
	QUANT_MXFP4,  /* MLX: groups of 32, a byte of exponent each */
	QUANT_MXFP8,
	QUANT_NVFP4,  /* MLX: groups of 16, an E4M3 scale each */
};
struct quant_type {
	enum quant_mode mode;
	enum dtype dtype;    /* PLAIN: the format. AFFINE: of scales and biases */
	uint8_t bits;        /* of a code; 0 for PLAIN */
	uint16_t group;      /* elements to a scale; 0 for PLAIN */
};
static inline struct quant_type quant_plain(enum dtype t)
{
	return (struct quant_type){ .mode = QUANT_PLAIN, .dtype = t };
}
struct quant_type quant_affine(int bits, int group, enum dtype scales);
struct quant_type quant_scaled(enum quant_mode mode); /* MXFP4, MXFP8, NVFP4 */
/* The same format; the dtype of MLX's scales, which is the model's, does not count. */
bool quant_type_same(struct quant_type a, struct quant_type b);
/* "Q4_K", "BF16", "affine4g64", "mxfp4". A buffer of QUANT_TYPE_NAME is always enough. */
#define QUANT_TYPE_NAME 24
const char *quant_type_name(struct quant_type t, char *buf);
/* A name as a person writes it, any case: those above, for MLX also "q4" and "q4-hi" (groups of
 * 64, of 32; `group` where it is not 0). False: no such type in this container; the hint of e has
 * the nearest names. Whether it can be written: quant_type_writable. */
bool quant_type_parse(const char *name, enum quant_container c, unsigned group,
	struct quant_type *out, struct err *e);
/* There is an encoder, or it is plain floats. Integers are never a choice. */
bool quant_type_writable(struct quant_type t, enum quant_container c);
/* The i-th type that can be written into c, from the smallest to the largest; false after it. */
bool quant_type_at(enum quant_container c, size_t i, struct quant_type *out);
/* Stored bytes of `elements` in rows of `row`; false: rows are no whole blocks, or overflow. */
bool quant_type_bytes(struct quant_type t, uint64_t elements, uint64_t row, uint64_t *bytes);
uint32_t quant_type_block(struct quant_type t); /* a row is a multiple of so many elements */
double quant_type_bits(struct quant_type t);    /* per weight, scales included */
bool quant_type_is_float(struct quant_type t);  /* plain floats: nothing is quantized */
#endif
