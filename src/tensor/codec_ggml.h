/* codec_ggml: what decoders and encoders of ggml's blocks share: rounding, thresholds, small floats
 * and the tables behind 4-bit codes. Pure functions and constants; any thread. */
#ifndef CUPEL_TENSOR_CODEC_GGML_H
#define CUPEL_TENSOR_CODEC_GGML_H
#include "base/bytes.h"

#define NINT_MAGIC 12582912.0f /* 1.5 * 2^23: adding it rounds to an integer, nearest even */
#define GROUP_IS_ZERO 1e-15f   /* groups smaller than this have no scale */

/* Twice the values of E2M1 (MXFP4, NVFP4); their scales have the other half. */
static const float e2m1_step[16] = { 0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12 };
/* The steps of IQ4_NL and IQ4_XS. */
static const float iq4_step[16] = { -127, -104, -83, -65, -49, -35, -22, -10,
	1, 13, 25, 38, 53, 69, 89, 113 };

/* Nearest even for |v| < 2^22; beyond, what the bits of the sum say. */
static inline int32_t nint(float v)
{
	return (int32_t)(f32_bits(v + NINT_MAGIC) & 0x7fffff) - 0x400000;
}

/* 2^(b - 128): half of what the byte says as E8M0. */
static inline float e8m0_half_f32(uint8_t b)
{
	return bits_f32(b < 2 ? 0x00200000u << b : (uint32_t)(b - 1) << 23);
}

/* An unsigned E4M3 (exponent bias 7), halved; 0 and 0x7F are 0, the top bit does not count. */
static inline float ue4m3_f32(uint8_t b)
{
	uint32_t exponent = b >> 3 & 15, mantissa = b & 7;

	if (b == 0 || b == 0x7f)
		return 0;
	if (exponent == 0)
		return (float)mantissa * 0x1p-10f;
	return (float)(8 + mantissa) * bits_f32((exponent + 116) << 23);
}

/* The reverse before halving, as NVFP4 wants it: halves round up by the next bit alone, what is
 * not above 0 is 0, and all from 256 on is 0x7E. */
static inline uint8_t f32_ue4m3(float x)
{
	uint32_t bits, exponent, up;

	if (!(x > 0))
		return 0;
	if (x > 448)
		x = 448;
	bits = f32_bits(x);
	exponent = bits >> 23;
	if (exponent <= 120) {
		int units = (int)(x * 512 + 0.5f);
		return (uint8_t)(units > 7 ? 7 : units);
	}
	up = ((exponent - 120) << 3 | (bits >> 20 & 7)) + (bits >> 19 & 1);
	return (uint8_t)(exponent >= 135 || up >= 15 << 3 ? 0x7e : up);
}
#endif
