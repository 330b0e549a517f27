/* codec_float_impl: kernels of the unquantized formats for one CPU path (every_path.h). */

/* A small float with `m` mantissa bits in the low bits of each lane, without its sign:
 * exponent 0 counts units of 2^(1-bias-m), the rest is rebiased into float32. Special values are
 * the caller's. */
PATH_INLINE vu PATH(widen)(vu em, int m, int bias)
{
	vu normal = (em << (23 - m)) + (uint32_t)((127 - bias) << 23);
	float unit = bits_f32((uint32_t)(127 + 1 - bias - m) << 23);
	vu small = (vu)(__builtin_convertvector((vi)em, vf) * unit);

	return vu_pick((vi)em < (1 << m), small, normal);
}

static void PATH(bf16_decode)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *s = src;
	size_t i = 0;

	for (; i + PATH_LANES <= n; i += PATH_LANES) {
		vu b = __builtin_convertvector(vh_load(s + 2 * i), vu) << 16;
		vf_store(dst + i, (vf)b);
	}
	for (; i < n; i++)
		dst[i] = bf16_f32(le16(s + 2 * i));
}

static void PATH(bf16_encode)(const float *restrict src, void *restrict dst, size_t n)
{
	uint8_t *d = dst;
	size_t i = 0;

	for (; i + PATH_LANES <= n; i += PATH_LANES) {
		vu b = vu_load(src + i);
		vu round = (b + 0x7fff + ((b >> 16) & 1)) >> 16;
		vi nan = (vi)(b & 0x7fffffff) > 0x7f800000;
		vu r = vu_pick(nan, (b >> 16) | 0x40, round);
		vu_store_low16(d + 2 * i, r);
	}
	for (; i < n; i++)
		put_le16(d + 2 * i, f32_bf16(src[i]));
}

static void PATH(f16_decode)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *s = src;
	size_t i = 0;

	for (; i + PATH_LANES <= n; i += PATH_LANES) {
#if defined(PATH_AVX512)
		__m256i h;
		memcpy(&h, s + 2 * i, sizeof h);
		_mm512_storeu_ps(dst + i, _mm512_cvtph_ps(h));
#elif defined(PATH_AVX2)
		__m128i h;
		memcpy(&h, s + 2 * i, sizeof h);
		_mm256_storeu_ps(dst + i, _mm256_cvtph_ps(h));
#else
		vu h = __builtin_convertvector(vh_load(s + 2 * i), vu);
		vu em = h & 0x7fff;
		vu special = (em << 13) | 0x7f800000 | ((vu)((vi)em > 0x7c00) & 0x00400000);
		vu r = vu_pick((vi)em >= 0x7c00, special, PATH(widen)(em, 10, 15));
		vf_store(dst + i, (vf)(r | (h & 0x8000) << 16));
#endif
	}
	for (; i < n; i++)
		dst[i] = f16_f32(le16(s + 2 * i));
}

static void PATH(f16_encode)(const float *restrict src, void *restrict dst, size_t n)
{
	uint8_t *d = dst;
	size_t i = 0;

	for (; i + PATH_LANES <= n; i += PATH_LANES) {
		vu b = vu_load(src + i), u = b & 0x7fffffff;
		vi nan = (vi)u > 0x7f800000;
		vu sign = (b >> 16) & 0x8000;
#if defined(PATH_AVX512) || defined(PATH_AVX2)
		/* The hardware keeps payloads; the format's rule is one NaN per sign. */
		vu clean = vu_pick(nan, sign << 16 | 0x7fc00000, b);
#if defined(PATH_AVX512)
		__m256i h = _mm512_cvtps_ph((__m512)clean, _MM_FROUND_TO_NEAREST_INT);
#else
		__m128i h = _mm256_cvtps_ph((__m256)clean, _MM_FROUND_TO_NEAREST_INT);
#endif
		memcpy(d + 2 * i, &h, sizeof h);
#else
		vu tiny = (vu)((vf)u + 0.5f) - 0x3f000000;
		vu mid = (u + 0xfff + ((u >> 13) & 1) - (112u << 23)) >> 13;
		vu r = vu_pick((vi)u < 0x38800000, tiny, mid);
		r = vu_pick((vi)u >= 0x477ff000, (vu){ 0 } + 0x7c00, r);
		r = vu_pick(nan, (vu){ 0 } + 0x7e00, r);
		vu_store_low16(d + 2 * i, r | sign);
#endif
	}
	for (; i < n; i++)
		put_le16(d + 2 * i, f32_f16(src[i]));
}

static void PATH(f64_decode)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *s = src;

	for (size_t i = 0; i < n; i++) {
		double d;
		memcpy(&d, s + 8 * i, 8);
		dst[i] = (float)d;
	}
}

static void PATH(f64_encode)(const float *restrict src, void *restrict dst, size_t n)
{
	uint8_t *out = dst;

	for (size_t i = 0; i < n; i++) {
		double d = src[i];
		memcpy(out + 8 * i, &d, 8);
	}
}

/* Which of the 256 bytes are not plain values. */
enum PATH(f8_special) { PATH(F8_FN), PATH(F8_IEEE), PATH(F8_UZ) };

PATH_INLINE vu PATH(f8_lanes)(vu b, int m, int bias, enum PATH(f8_special) special)
{
	vu em = b & 0x7f, sign = (b & 0x80) << 24;
	vu r = PATH(widen)(em, m, bias) | sign;

	if (special == PATH(F8_FN))
		return vu_pick((vi)em == 0x7f, sign | 0x7fc00000, r);
	if (special == PATH(F8_IEEE)) {
		vu wide = (em << 21) | 0x7f800000 | ((vu)((vi)em > 0x7c) & 0x00400000);
		return vu_pick((vi)em >= 0x7c, wide | sign, r);
	}
	return vu_pick((vi)b == 0x80, (vu){ 0 } + 0x7fc00000, r);
}

PATH_INLINE void PATH(f8_decode)(const void *restrict src, float *restrict dst, size_t n, int m,
	int bias, enum PATH(f8_special) special)
{
	const uint8_t *s = src;
	size_t i = 0;

	for (; i + PATH_LANES <= n; i += PATH_LANES)
		vf_store(dst + i, (vf)PATH(f8_lanes)(vu_load_bytes(s + i), m, bias, special));
	if (i < n) {
		uint8_t tail[PATH_LANES] = { 0 };
		float out[PATH_LANES];
		memcpy(tail, s + i, n - i);
		vf_store(out, (vf)PATH(f8_lanes)(vu_load_bytes(tail), m, bias, special));
		memcpy(dst + i, out, (n - i) * sizeof *dst);
	}
}

static void PATH(f8_e4m3_decode)(const void *restrict src, float *restrict dst, size_t n)
{
	PATH(f8_decode)(src, dst, n, 3, 7, PATH(F8_FN));
}
static void PATH(f8_e5m2_decode)(const void *restrict src, float *restrict dst, size_t n)
{
	PATH(f8_decode)(src, dst, n, 2, 15, PATH(F8_IEEE));
}
static void PATH(f8_e4m3fnuz_decode)(const void *restrict src, float *restrict dst, size_t n)
{
	PATH(f8_decode)(src, dst, n, 3, 8, PATH(F8_UZ));
}
static void PATH(f8_e5m2fnuz_decode)(const void *restrict src, float *restrict dst, size_t n)
{
	PATH(f8_decode)(src, dst, n, 2, 16, PATH(F8_UZ));
}
