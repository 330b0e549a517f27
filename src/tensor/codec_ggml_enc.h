/* codec_ggml_enc: what the encoders of ggml's blocks share: their rounding and their thresholds.
 * Pure; any thread. */
#ifndef CUPEL_TENSOR_CODEC_GGML_ENC_H
#define CUPEL_TENSOR_CODEC_GGML_ENC_H
#include "base/bytes.h"

#define NINT_MAGIC 12582912.0f /* 1.5 * 2^23: adding it rounds to an integer, nearest even */
#define GROUP_IS_ZERO 1e-15f   /* groups smaller than this have no scale */

/* Nearest even for |v| < 2^22; beyond, what the bits of the sum say. */
static inline int32_t nint(float v)
{
	return (int32_t)(f32_bits(v + NINT_MAGIC) & 0x7fffff) - 0x400000;
}
#endif
