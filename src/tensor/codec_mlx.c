#include "config.h"
#include "tensor/codec_mlx.h"
#include <math.h>
#include "base/bytes.h"
#include "tensor/codec.h"
#include "tensor/cpu.h"
#include "tensor/half.h"

static inline void scale_put(uint8_t *p, enum dtype t, float f)
{
	if (t == DT_BF16)
		put_le16(p, f32_bf16(f));
	else if (t == DT_F16)
		put_le16(p, f32_f16(f));
	else
		memcpy(p, &f, 4);
}

static inline float round_to(float f, enum dtype t)
{
	return t == DT_BF16 ? bf16_f32(f32_bf16(f)) : t == DT_F16 ? f16_f32(f32_f16(f)) : f;
}

int mlx_float_group(enum mlx_float f)
{
	return f == MLX_NVFP4 ? 16 : 32;
}

int mlx_float_bits(enum mlx_float f)
{
	return f == MLX_MXFP8 ? 8 : 4;
}

/* E4M3 of a number that is not negative: at most 448, nearest even. */
static uint8_t e4m3_of(float f)
{
	uint32_t u = f32_bits(f);

	if (u >= 0x43e00000)
		return 0x7e;
	if (u < 0x3c800000) /* below 2^-6; 2^14 has an ulp of 2^-9: the addition is the rounding */
		return (uint8_t)(f32_bits(f + 16384.0f) - 0x46800000);
	return (uint8_t)((u + 0x7ffff + (u >> 20 & 1) - (120u << 23)) >> 20);
}

/* The byte of a scale for a group's largest magnitude, and what to divide by. */
static float mlx_scale(enum mlx_float f, enum dtype t, float most, uint8_t *byte)
{
	float a = round_to(most / (f == MLX_MXFP8 ? 448.0f : 6.0f), t), back;
	int e = 0;

	if (f == MLX_NVFP4) {
		*byte = e4m3_of(a);
		decode_f8_e4m3(byte, &back, 1);
		return back;
	}
	if (a > 0.0f && frexpf(a, &e) == 0.5f) /* a power of two: its own exponent, not the next */
		e--;
	e = e < -127 ? -127 : e > 127 ? 127 : e;
	*byte = (uint8_t)(e + 127);
	return ldexpf(1.0f, e);
}

#define PATH_IMPL "tensor/codec_mlx_impl.h"
#include "tensor/every_path.h"

typedef void affine_fn(const struct affine *a, const float *src, size_t n, uint8_t *words,
	uint8_t *scales, uint8_t *biases);
typedef void float_fn(enum mlx_float f, enum dtype t, const float *src, size_t n, uint8_t *codes,
	uint8_t *scales);

void affine_encode(const struct affine *a, const float *src, size_t n, void *words, void *scales,
	void *biases)
{
	static affine_fn *const path[CPU_PATHS] = PATH_TABLE(affine_write);

	path[cpu_path()](a, src, n, words, scales, biases);
}

void mlx_float_encode(enum mlx_float f, enum dtype t, const float *src, size_t n, void *codes,
	void *scales)
{
	static float_fn *const path[CPU_PATHS] = PATH_TABLE(small_floats);

	path[cpu_path()](f, t, src, n, codes, scales);
}

void mlx_float_decode(enum mlx_float f, const void *codes, const void *scales, float *dst,
	size_t n)
{
	size_t group = (size_t)mlx_float_group(f);
	const uint8_t *byte = scales;
	float by;

	if (f == MLX_MXFP8)
		decode_f8_e4m3(codes, dst, n);
	else
		decode_f4(codes, dst, n);
	for (size_t i = 0; i < n; i += group, byte++) {
		if (f == MLX_NVFP4)
			decode_f8_e4m3(byte, &by, 1);
		else
			decode_f8_e8m0(byte, &by, 1);
		for (size_t k = 0; k < group; k++)
			dst[i + k] *= by;
	}
}
