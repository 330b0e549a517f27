/* codec_affine_impl: MLX affine groups for one CPU path (every_path.h). For every width eight codes
 * fill `bits` whole bytes, and four of them fit a 32-bit word; WIDE of the eight are worked on at
 * once. */
#if defined(PATH_AVX2) || defined(PATH_AVX512)
#define WIDE 8
#else
#define WIDE 4
#endif
typedef float PATH(fw) __attribute__((vector_size(4 * WIDE)));
typedef uint32_t PATH(uw) __attribute__((vector_size(4 * WIDE)));
typedef int32_t PATH(iw) __attribute__((vector_size(4 * WIDE)));

/* Codes from number `first` of the eight in w. */
PATH_INLINE PATH(fw) PATH(codes)(uint64_t w, uint32_t first, uint32_t bits)
{
	uint32_t mask = (1u << bits) - 1;
#if WIDE == 8
	uint32_t lo = (uint32_t)w, hi = (uint32_t)(w >> 4 * bits);
	PATH(uw) word = { lo, lo, lo, lo, hi, hi, hi, hi };
	PATH(uw) shift = { 0, bits, 2 * bits, 3 * bits, 0, bits, 2 * bits, 3 * bits };
	word = (word >> (shift + first)) & mask;
#else
	uint32_t v = (uint32_t)(w >> first * bits);
	PATH(uw) word = { v & mask, v >> bits & mask, v >> 2 * bits & mask, v >> 3 * bits & mask };
#endif
	return __builtin_convertvector((PATH(iw))word, PATH(fw));
}

/* NaN and infinite scales stay what they are. */
PATH_INLINE PATH(fw) PATH(round_bf16)(PATH(fw) x)
{
	PATH(uw) b = (PATH(uw))x, nan = (PATH(uw))((PATH(iw))(b & 0x7fffffff) > 0x7f800000);
	PATH(uw) r = b + 0x7fff + ((b >> 16) & 1);

	return (PATH(fw))(((nan & (b | 0x400000)) | (~nan & r)) & 0xffff0000);
}

PATH_INLINE PATH(fw) PATH(round_f16)(PATH(fw) x)
{
#if WIDE == 8
	return (PATH(fw))_mm256_cvtph_ps(_mm256_cvtps_ph((__m256)x, _MM_FROUND_TO_NEAREST_INT));
#else
	for (int i = 0; i < WIDE; i++)
		x[i] = f16_f32(f32_f16(x[i]));
	return x;
#endif
}

PATH_INLINE PATH(fw) PATH(round_to)(PATH(fw) x, enum dtype t)
{
	return t == DT_BF16 ? PATH(round_bf16)(x) : t == DT_F16 ? PATH(round_f16)(x) : x;
}

PATH_INLINE void PATH(group)(const uint8_t *words, float *dst, int n, uint32_t bits, enum dtype t,
	float s, float b)
{
	for (int i = 0; i < n; i += 8, words += bits) {
		uint64_t w = eight(words, bits);
		PATH_UNROLL
		for (uint32_t k = 0; k < 8; k += WIDE) {
			PATH(fw) x = PATH(round_to)(PATH(codes)(w, k, bits) * s, t);
			x = PATH(round_to)(x + b, t);
			memcpy(dst + i + k, &x, sizeof x);
		}
	}
}

PATH_INLINE void PATH(group_of)(const uint8_t *words, float *dst, int n, uint32_t bits,
	enum dtype t,
	float s, float b)
{
	switch (t) { /* constants in each case, so that each is a loop of its own */
	case DT_BF16:
		PATH(group)(words, dst, n, bits, DT_BF16, s, b);
		return;
	case DT_F16:
		PATH(group)(words, dst, n, bits, DT_F16, s, b);
		return;
	default:
		PATH(group)(words, dst, n, bits, DT_F32, s, b);
		return;
	}
}

static void PATH(affine_group)(const uint8_t *words, float *dst, const struct affine *a, float s,
	float b)
{
	switch (a->bits) {
	case 2:
		PATH(group_of)(words, dst, a->group, 2, a->scale, s, b);
		return;
	case 3:
		PATH(group_of)(words, dst, a->group, 3, a->scale, s, b);
		return;
	case 4:
		PATH(group_of)(words, dst, a->group, 4, a->scale, s, b);
		return;
	case 5:
		PATH(group_of)(words, dst, a->group, 5, a->scale, s, b);
		return;
	case 6:
		PATH(group_of)(words, dst, a->group, 6, a->scale, s, b);
		return;
	default:
		PATH(group_of)(words, dst, a->group, 8, a->scale, s, b);
		return;
	}
}

static void PATH(affine)(const struct affine *a, const uint8_t *words, const uint8_t *scales,
	const uint8_t *biases, float *dst, size_t n)
{
	size_t step = (size_t)a->group * a->bits / 8, size = dtype_info(a->scale)->bytes;

	for (size_t i = 0; i < n; i += a->group, words += step, scales += size, biases += size)
		PATH(affine_group)(words, dst + i, a, scale_at(scales, a->scale),
			scale_at(biases, a->scale));
}
#undef WIDE
