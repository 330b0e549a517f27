#include "config.h"
#include <math.h>
#include "base/bytes.h"
#include "tensor/codec.h"
#include "tensor/codec_ggml.h"
#include "tensor/cpu.h"
#include "tensor/dtype.h"
#include "tensor/half.h"

/* Ternary digits 0 … 2 in a byte, the first the most significant, as ⌈256/243 * their number⌉: then
 * multiplying by 3 shifts the next digit out at the top. */
static uint8_t five_trits(const uint8_t *code, int step, int n)
{
	uint8_t q = 0;

	for (int i = 0; i < 5; i++)
		q = (uint8_t)(3 * q + (i < n ? code[i * step] : 0));
	return (uint8_t)((q * 256 + 242) / 243);
}

/* floor(log2 a) as float arithmetic sees it: a hair below a power of two its logarithm rounds up
 * to the integer. */
static int floor_log2(float a)
{
	uint32_t bits = f32_bits(a);

	if (bits >= 0x00800000 && (bits & 0x7fffff) < 0x7fff00)
		return (int)(bits >> 23) - 127;
	return (int)floorf((float)log2((double)a));
}

/* The exponent byte of a block whose largest element is this; returns its unit, 2^(byte - 128). */
static float mxfp4_unit(float largest, uint8_t *byte)
{
	*byte = (uint8_t)(largest > 0 ? floor_log2(largest) - 2 + 127 : 0);
	return e8m0_half_f32(*byte);
}

#define PATH_IMPL "tensor/codec_ggml_enc_impl.h"
#include "tensor/every_path.h"

#define ENCODER(type) \
	void encode_##type(const float *src, void *dst, size_t n) \
	{ \
		static dtype_encode_fn *const path[CPU_PATHS] = PATH_TABLE(enc_##type); \
		path[cpu_path()](src, dst, n); \
	}
#define WEIGHTED(type) \
	void weighted_##type(const float *src, void *dst, size_t rows, size_t row, \
		const float *importance) \
	{ \
		static dtype_weighted_fn *const path[CPU_PATHS] = PATH_TABLE(weigh_##type); \
		path[cpu_path()](src, dst, rows, row, importance); \
	}
ENCODER(q4_0)
ENCODER(q4_1)
ENCODER(q5_0)
ENCODER(q5_1)
ENCODER(q8_0)
ENCODER(q1_0)
ENCODER(q2_0)
ENCODER(tq1_0)
ENCODER(tq2_0)
ENCODER(mxfp4)
ENCODER(nvfp4)
WEIGHTED(q4_0)
WEIGHTED(q4_1)
WEIGHTED(q5_0)
WEIGHTED(q5_1)
