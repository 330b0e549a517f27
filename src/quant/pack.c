#include "config.h"
#include "quant/pack.h"
#include <string.h>
#include "tensor/codec_affine.h"
#include "tensor/codec_mlx.h"
#include "tensor/encode.h"

static struct affine affine_of(struct quant_type t)
{
	return (struct affine){ .bits = t.bits, .group = t.group, .scale = t.dtype };
}

static enum mlx_float float_of(struct quant_type t)
{
	return t.mode == QUANT_MXFP4 ? MLX_MXFP4 : t.mode == QUANT_MXFP8 ? MLX_MXFP8 : MLX_NVFP4;
}

struct pack_bytes pack_bytes(struct quant_type t, uint64_t elements)
{
	const struct dtype_info *d = dtype_info(t.dtype);
	struct pack_bytes b = { 0 };

	if (t.mode == QUANT_PLAIN) {
		b.codes = elements / d->block * d->bytes;
		return b;
	}
	b.codes = elements / 8 * t.bits;
	b.scales = elements / t.group * (t.mode == QUANT_AFFINE ? d->bytes : 1);
	b.biases = t.mode == QUANT_AFFINE ? b.scales : 0;
	return b;
}

static const float *rounded(enum dtype t, const float *x, uint64_t n, float *scratch)
{
	const struct dtype_info *d = dtype_info(t);
	unsigned char bytes[4 * 1024];

	if (t == DT_F32)
		return x;
	for (uint64_t i = 0; i < n; i += 1024) {
		size_t run = n - i < 1024 ? (size_t)(n - i) : 1024;

		d->encode(x + i, bytes, run);
		d->decode(bytes, scratch + i, run);
	}
	return scratch;
}

uint64_t pack_rows(struct quant_type t, enum dtype floats, const float *x, uint64_t rows,
	uint64_t row, const float *importance, float *scratch, const struct pack *to)
{
	struct encode plain = { .dtype = t.dtype, .nonfinite = ENCODE_AS_ZERO,
		.importance = importance };
	struct encode_count count = { 0 };
	size_t n = (size_t)(rows * row);
	struct affine a;

	if (t.mode == QUANT_PLAIN) {
		encode_rows(&plain, x, to->codes, (size_t)rows, (size_t)row, 0, &count);
		return count.overflow;
	}
	x = rounded(floats, x, n, scratch);
	if (t.mode != QUANT_AFFINE) {
		mlx_float_encode(float_of(t), floats, x, n, to->codes, to->scales);
		return 0;
	}
	a = affine_of(t);
	affine_encode(&a, x, n, to->codes, to->scales, to->biases);
	return 0;
}

void pack_read(struct quant_type t, const struct pack *from, uint64_t elements, float *out)
{
	struct affine a;

	if (t.mode == QUANT_PLAIN) {
		dtype_info(t.dtype)->decode(from->codes, out, (size_t)elements);
	} else if (t.mode != QUANT_AFFINE) {
		mlx_float_decode(float_of(t), from->codes, from->scales, out, (size_t)elements);
	} else {
		a = affine_of(t);
		affine_decode(&a, from->codes, from->scales, from->biases, out, (size_t)elements);
	}
}
