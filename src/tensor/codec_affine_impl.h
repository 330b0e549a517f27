/* codec_affine_impl: MLX affine groups for one CPU path (every_path.h). */

/* Eight codes from `bits` bytes: for every width eight codes fill whole bytes. */
PATH_INLINE void PATH(codes)(const uint8_t *restrict s, float *restrict dst, int bits, int group)
{
	for (int i = 0; i < group; i += 8, s += bits) {
		uint64_t w = 0;
		for (int k = 0; k < bits; k++)
			w |= (uint64_t)s[k] << 8 * k;
		for (int k = 0; k < 8; k++)
			dst[i + k] = (float)(w >> bits * k & ((1u << bits) - 1));
	}
}

static void PATH(affine_codes)(const uint8_t *s, float *dst, int bits, int group)
{
	switch (bits) { /* a constant width unrolls */
	case 2:
		PATH(codes)(s, dst, 2, group);
		return;
	case 3:
		PATH(codes)(s, dst, 3, group);
		return;
	case 4:
		PATH(codes)(s, dst, 4, group);
		return;
	case 5:
		PATH(codes)(s, dst, 5, group);
		return;
	case 6:
		PATH(codes)(s, dst, 6, group);
		return;
	default:
		PATH(codes)(s, dst, 8, group);
		return;
	}
}

/* A product or sum of ordinary weights is never NaN, so the plain integer rounding would do; NaN and
 * infinite scales are kept apart so that they stay what they are. */
PATH_INLINE vf PATH(round_bf16)(vf x)
{
	vu b = (vu)x;
	vu r = (b + 0x7fff + ((b >> 16) & 1)) & 0xffff0000;

	return (vf)vu_pick((vi)(b & 0x7fffffff) > 0x7f800000, (b | 0x400000) & 0xffff0000, r);
}

static void PATH(affine_scale)(float *x, int group, enum dtype t, float s, float b)
{
	int i = 0;

	if (t == DT_F16) {
		for (; i < group; i++)
			x[i] = f16_f32(f32_f16(f16_f32(f32_f16(x[i] * s)) + b));
		return;
	}
	for (; i < group; i += PATH_LANES) {
		vf v = vf_load(x + i) * s;
		if (t == DT_BF16)
			v = PATH(round_bf16)(PATH(round_bf16)(v) + b);
		else
			v = v + b;
		vf_store(x + i, v);
	}
}

static void PATH(affine)(const struct affine *a, const uint8_t *words, const uint8_t *scales,
	const uint8_t *biases, float *dst, size_t n)
{
	const struct dtype_info *t = dtype_info(a->scale);
	size_t step = (size_t)a->group * a->bits / 8;

	for (size_t i = 0; i < n; i += a->group, words += step) {
		float s, b;
		t->decode(scales, &s, 1);
		t->decode(biases, &b, 1);
		PATH(affine_codes)(words, dst + i, a->bits, a->group);
		PATH(affine_scale)(dst + i, a->group, a->scale, s, b);
		scales += t->bytes;
		biases += t->bytes;
	}
}
