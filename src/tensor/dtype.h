/* dtype: the table of number formats: names, ids, block and byte sizes, decode and encode.
 * Constant data; any thread. */
#ifndef CUPEL_TENSOR_DTYPE_H
#define CUPEL_TENSOR_DTYPE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dtype {
#define DTYPE(id, ...) DT_##id,
#include "tensor/dtypes.def"
#undef DTYPE
	DT_UNKNOWN, /* known by name only; no size, no decode */
	DT_COUNT
};
enum dtype_kind { DTYPE_FLOAT, DTYPE_INT, DTYPE_QUANT, DTYPE_OTHER /* packed or complex */ };

/* decode: n elements (a multiple of block) from stored bytes to float32.
 * encode: the reverse: floats round to nearest even, once; quantized formats search as their
 * reference does without importance.
 * weighted: rows * row elements with the importance of each of the row's columns, as an importance
 * matrix has it. Whole rows only: some formats look at a row's mean square.
 * Quantized formats want finite numbers; encode.h is the way that sees to that. */
typedef void dtype_decode_fn(const void *src, float *dst, size_t n);
typedef void dtype_encode_fn(const float *src, void *dst, size_t n);
typedef void dtype_weighted_fn(const float *src, void *dst, size_t rows, size_t row,
	const float *importance);

struct dtype_info {
	const char *name;    /* "BF16", "Q4_K" */
	const char *st_name; /* as safetensors writes it, or NULL */
	int ggml;            /* ggml type id, or -1 */
	uint32_t block, bytes;
	enum dtype_kind kind;
	dtype_decode_fn *decode;
	dtype_encode_fn *encode;
	dtype_weighted_fn *weighted; /* NULL: the format knows no importance */
};
const struct dtype_info *dtype_info(enum dtype t);
const char *dtype_name(enum dtype t);
enum dtype dtype_by_name(const char *name);       /* cupel's, any case; DT_UNKNOWN if none */
enum dtype dtype_by_safetensors(const char *name);
enum dtype dtype_by_ggml(uint32_t id);
enum dtype dtype_by_torch(const char *name);      /* "bfloat16", "torch.float32", "float16" … */
const char *dtype_torch_name(enum dtype t);       /* "bfloat16"; NULL if torch has none */
/* Bytes of n elements; false if n is not whole blocks or it overflows. */
bool dtype_bytes(enum dtype t, uint64_t n, uint64_t *bytes);
bool dtype_is_float(enum dtype t);                /* F64 F32 F16 BF16 F8_* */
/* torch's promotion: BF16+F16 → F32, integer+BF16 → BF16 … Where torch refuses (F8 with another
 * type, U16 with I32) or has no such type (quantized, unknown): F32, or F64 if one of them is. */
enum dtype dtype_promote(enum dtype a, enum dtype b);
#endif
