/* gguf_put: key-value pairs of a GGUF file, appended to a string.
 *
 *	| u64 length | key | i32 type | value |      string: u64 length, bytes
 *	                                             array:  i32 type, u64 count, values
 * One thread at a time. */
#ifndef CUPEL_QUANT_GGUF_PUT_H
#define CUPEL_QUANT_GGUF_PUT_H
#include "base/str.h"

enum put_type { PUT_U16 = 2, PUT_U32 = 4, PUT_I32 = 5, PUT_F32 = 6, PUT_BOOL = 7, PUT_TEXT = 8,
	PUT_ARRAY = 9 };
struct gguf_put {
	struct str s;
	uint64_t count;
	const char *arch;  /* what "%s." at the beginning of a key stands for */
};
void put_u32(struct gguf_put *p, const char *key, uint64_t v);
void put_f32(struct gguf_put *p, const char *key, double v);
void put_bool(struct gguf_put *p, const char *key, bool v);
void put_text(struct gguf_put *p, const char *key, const char *text);
/* The head of an array; its values follow through put_array_*. */
void put_array(struct gguf_put *p, const char *key, enum put_type of, uint64_t n);
void put_array_text(struct gguf_put *p, const char *text, size_t n);
void put_array_i32(struct gguf_put *p, int32_t v);
void put_array_f32(struct gguf_put *p, float v);
void put_raw(struct gguf_put *p, const void *bytes, size_t n, uint64_t pairs);
#endif
