/* half: 16-bit floats one at a time: for scales inside quantized blocks and for tails. The vector
 * codecs give the same bits. Pure functions; any thread. */
#ifndef CUPEL_TENSOR_HALF_H
#define CUPEL_TENSOR_HALF_H
#include "base/bytes.h"

/* IEEE binary16 → float32, exact. A NaN keeps its payload and becomes quiet, as the hardware
 * does. */
static inline float f16_f32(uint16_t h)
{
	uint32_t sign = (uint32_t)(h & 0x8000) << 16, em = h & 0x7fff;

	if (em < 0x400) /* zero and subnormals: em counts units of 2^-24 */
		return bits_f32(f32_bits((float)em * 0x1p-24f) | sign);
	if (em < 0x7c00)
		return bits_f32(sign | ((em << 13) + (112u << 23)));
	return bits_f32(sign | 0x7f800000 | em << 13 | (em > 0x7c00 ? 0x00400000 : 0));
}

/* float32 → binary16, nearest even; from 65520 on infinite; every NaN becomes sign|0x7E00. */
static inline uint16_t f32_f16(float f)
{
	uint32_t b = f32_bits(f), u = b & 0x7fffffff, sign = b >> 16 & 0x8000;

	if (u > 0x7f800000)
		return (uint16_t)(sign | 0x7e00);
	if (u >= 0x477ff000)
		return (uint16_t)(sign | 0x7c00);
	if (u < 0x38800000) /* 0.5 has an ulp of 2^-24: the addition is the rounding */
		return (uint16_t)(sign | (f32_bits(bits_f32(u) + 0.5f) - 0x3f000000));
	return (uint16_t)(sign | ((u + 0xfff + (u >> 13 & 1) - (112u << 23)) >> 13));
}

static inline float bf16_f32(uint16_t h)
{
	return bits_f32((uint32_t)h << 16);
}

/* float32 → bfloat16, nearest even; a NaN keeps its top payload bits and becomes quiet. */
static inline uint16_t f32_bf16(float f)
{
	uint32_t b = f32_bits(f);

	if ((b & 0x7fffffff) > 0x7f800000)
		return (uint16_t)(b >> 16 | 0x40);
	return (uint16_t)((b + 0x7fff + (b >> 16 & 1)) >> 16);
}
#endif
