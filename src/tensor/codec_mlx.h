/* codec_mlx: writes MLX's groups: affine codes (read by codec_affine.h) and the small floats mxfp4,
 * mxfp8 and nvfp4. Pure functions of borrowed memory; any thread. Every group stands alone, so any
 * whole groups may be encoded together; the bits do not depend on the CPU path.
 *
 *	affine  s = (hi-lo)/(2^bits-1), at least 1e-7, negative where |hi| >= |lo|; the end of the
 *	        range with the larger magnitude gets a whole code: q0 = rint(end/s), s = end/q0,
 *	        b = end (q0 = 0: b = 0); code = clamp(rint((x-b)/s)), with s and b unrounded
 *	mxfp4   32: E = ceil(log2(max|x|/6)), byte E+127; code of the nearest E2M1 to x/2^E, ties
 *	        to the smaller magnitude
 *	mxfp8   32: the same with 448 and E4M3, ties to even
 *	nvfp4   16: byte s = E4M3(max|x|/6); E2M1 of x/s
 *
 * Source: MLX 0.32.4 on a CPU. T is the dtype of the weights (F32, F16 or BF16), which src holds
 * widened: scales and biases are stored in it, and the small floats' quotients are rounded to it on
 * the way (the logarithm is not). Weights must be finite. */
#ifndef CUPEL_TENSOR_CODEC_MLX_H
#define CUPEL_TENSOR_CODEC_MLX_H
#include "tensor/codec_affine.h"

/* n elements, whole groups, into n*bits/8 bytes of codes and a scale and a bias (of a->scale) to a
 * group. */
void affine_encode(const struct affine *a, const float *src, size_t n, void *words, void *scales,
	void *biases);

enum mlx_float { MLX_MXFP4, MLX_MXFP8, MLX_NVFP4 };
int mlx_float_group(enum mlx_float f); /* 32 or 16 elements to a scale */
int mlx_float_bits(enum mlx_float f);  /* of a code: 4 (two to a byte, low nibble first) or 8 */
/* n elements, whole groups, into n*bits/8 bytes of codes and a byte of scale to a group. */
void mlx_float_encode(enum mlx_float f, enum dtype t, const float *src, size_t n, void *codes,
	void *scales);
/* The reverse: code times scale, exact. */
void mlx_float_decode(enum mlx_float f, const void *codes, const void *scales, float *dst,
	size_t n);
#endif
