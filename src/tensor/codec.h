/* codec: the functions behind the decode and encode columns of dtypes.def: stored bytes ↔ float32.
 * Stored bytes need no alignment, floats do; the two must not overlap. n is a multiple of the
 * block.
 * Any length of single-element types. Any thread; the CPU path is chosen at run time (cpu.h). */
#ifndef CUPEL_TENSOR_CODEC_H
#define CUPEL_TENSOR_CODEC_H
#include <stddef.h>

/* Floats. F64 and the integers are rounded to the nearest float32; the rest is exact. */
void decode_f32(const void *src, float *dst, size_t n);
void decode_f16(const void *src, float *dst, size_t n);
void decode_bf16(const void *src, float *dst, size_t n);
void decode_f64(const void *src, float *dst, size_t n);
void decode_f8_e4m3(const void *src, float *dst, size_t n);     /* bias 7, no infinity, 0x7F NaN */
void decode_f8_e5m2(const void *src, float *dst, size_t n);     /* bias 15, IEEE-like */
void decode_f8_e4m3fnuz(const void *src, float *dst, size_t n); /* bias 8, only NaN is 0x80 */
void decode_f8_e5m2fnuz(const void *src, float *dst, size_t n); /* bias 16, only NaN is 0x80 */
void decode_f8_e8m0(const void *src, float *dst, size_t n);     /* 2^(b-127), 0xFF NaN */
void decode_f4(const void *src, float *dst, size_t n);          /* E2M1, low nibble first */
void decode_bool(const void *src, float *dst, size_t n);        /* any byte but 0 is 1 */
void decode_u8(const void *src, float *dst, size_t n);
void decode_i8(const void *src, float *dst, size_t n);
void decode_u16(const void *src, float *dst, size_t n);
void decode_i16(const void *src, float *dst, size_t n);
void decode_u32(const void *src, float *dst, size_t n);
void decode_i32(const void *src, float *dst, size_t n);
void decode_u64(const void *src, float *dst, size_t n);
void decode_i64(const void *src, float *dst, size_t n);

void encode_f32(const float *src, void *dst, size_t n);
void encode_f16(const float *src, void *dst, size_t n);
void encode_bf16(const float *src, void *dst, size_t n);
void encode_f64(const float *src, void *dst, size_t n);

/* ggml blocks; layouts are drawn in codec_ggml_impl.h. */
void decode_q4_0(const void *src, float *dst, size_t n);
void decode_q4_1(const void *src, float *dst, size_t n);
void decode_q5_0(const void *src, float *dst, size_t n);
void decode_q5_1(const void *src, float *dst, size_t n);
void decode_q8_0(const void *src, float *dst, size_t n);
void decode_q8_1(const void *src, float *dst, size_t n);
void decode_q8_k(const void *src, float *dst, size_t n);
void decode_q2_k(const void *src, float *dst, size_t n);
void decode_q3_k(const void *src, float *dst, size_t n);
void decode_q4_k(const void *src, float *dst, size_t n);
void decode_q5_k(const void *src, float *dst, size_t n);
void decode_q6_k(const void *src, float *dst, size_t n);
void decode_iq4_nl(const void *src, float *dst, size_t n);
void decode_iq4_xs(const void *src, float *dst, size_t n);
void decode_mxfp4(const void *src, float *dst, size_t n);
void decode_nvfp4(const void *src, float *dst, size_t n);
void decode_q1_0(const void *src, float *dst, size_t n);
void decode_q2_0(const void *src, float *dst, size_t n);
void decode_tq1_0(const void *src, float *dst, size_t n);
void decode_tq2_0(const void *src, float *dst, size_t n);

/* ggml blocks that choose from a grid; layouts in codec_iq_impl.h. */
void decode_iq2_xxs(const void *src, float *dst, size_t n);
void decode_iq2_xs(const void *src, float *dst, size_t n);
void decode_iq2_s(const void *src, float *dst, size_t n);
void decode_iq3_xxs(const void *src, float *dst, size_t n);
void decode_iq3_s(const void *src, float *dst, size_t n);
void decode_iq1_s(const void *src, float *dst, size_t n);
void decode_iq1_m(const void *src, float *dst, size_t n);

void encode_q4_0(const float *src, void *dst, size_t n);
void encode_q4_1(const float *src, void *dst, size_t n);
void encode_q5_0(const float *src, void *dst, size_t n);
void encode_q5_1(const float *src, void *dst, size_t n);
void encode_q8_0(const float *src, void *dst, size_t n);
void encode_mxfp4(const float *src, void *dst, size_t n);
void encode_nvfp4(const float *src, void *dst, size_t n);
void encode_q1_0(const float *src, void *dst, size_t n);
void encode_q2_0(const float *src, void *dst, size_t n);
void encode_tq1_0(const float *src, void *dst, size_t n);
void encode_tq2_0(const float *src, void *dst, size_t n);
void encode_iq4_nl(const float *src, void *dst, size_t n);
void encode_iq4_xs(const float *src, void *dst, size_t n);
void encode_q2_k(const float *src, void *dst, size_t n);
void encode_q3_k(const float *src, void *dst, size_t n);
void encode_q4_k(const float *src, void *dst, size_t n);
void encode_q5_k(const float *src, void *dst, size_t n);
void encode_q6_k(const float *src, void *dst, size_t n);
#define WEIGHTED(type) \
	void weighted_##type(const float *src, void *dst, size_t rows, size_t row, \
		const float *importance);
WEIGHTED(q4_0)
WEIGHTED(q4_1)
WEIGHTED(q5_0)
WEIGHTED(q5_1)
WEIGHTED(iq4_nl)
WEIGHTED(iq4_xs)
WEIGHTED(q2_k)
WEIGHTED(q3_k)
WEIGHTED(q4_k)
WEIGHTED(q5_k)
WEIGHTED(q6_k)
#undef WEIGHTED
#endif
