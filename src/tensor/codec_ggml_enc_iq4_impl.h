/* codec_ggml_enc_iq4_impl: encoders of IQ4_NL and IQ4_XS (layouts: codec_ggml_impl.h) for one CPU
 * path. Codes name one of 16 uneven steps; a block's scale is the one of 16 around farthest / 127
 * that explains most, with weights x², or q * sqrt(2 mean x² + x²) with importance q, the mean over
 * a block (IQ4_NL) or a super-block (IQ4_XS). Blocks are the lanes. */
#include "tensor/codec_ggml_fit_impl.h"

/* The nearest step, the upper of two as near, and its number; the last for a NaN. */
PATH_INLINE vf PATH(step)(vf v, vi *number)
{
#if defined(PATH_AVX512)
	__m512 middle = _mm512_loadu_ps(iq4_middle), x = (__m512)v;
	__m512i at = _mm512_maskz_set1_epi32(_mm512_cmp_ps_mask(x, _mm512_set1_ps(iq4_middle[7]),
		_CMP_NLT_UQ), 8);
	for (int half = 4; half; half /= 2) {
		__m512i mid = _mm512_add_epi32(at, _mm512_set1_epi32(half - 1));
		__mmask16 up = _mm512_cmp_ps_mask(x, _mm512_permutexvar_ps(mid, middle),
			_CMP_NLT_UQ);
		at = _mm512_mask_add_epi32(at, up, at, _mm512_set1_epi32(half));
	}
	*number = (vi)at;
	return (vf)_mm512_permutexvar_ps(at, _mm512_loadu_ps(iq4_step));
#elif defined(PATH_AVX2)
	/* what to compare with after two and after three comparisons */
	__m256 third = _mm256_setr_ps(-93.5f, -28.5f, 19.0f, 79.0f, 0, 0, 0, 0);
	__m256 last = _mm256_setr_ps(-115.5f, -74.0f, -42.0f, -16.0f, 7.0f, 31.5f, 61.0f, 101.0f);
	vi up = ~(v < iq4_middle[7]);
	vi at = up & 2;
	up = ~(v < vf_pick(up, PATH(all)(iq4_middle[11]), PATH(all)(iq4_middle[3])));
	at = 2 * (at - up);
	up = ~(v < (vf)_mm256_permutevar8x32_ps(third, (__m256i)(at >> 1)));
	at -= up;
	up = ~(v < (vf)_mm256_permutevar8x32_ps(last, (__m256i)at));
	at = 2 * at - up;
	*number = at;
	__m256 low = _mm256_permutevar8x32_ps(_mm256_loadu_ps(iq4_step), (__m256i)at);
	__m256 high = _mm256_permutevar8x32_ps(_mm256_loadu_ps(iq4_step + 8), (__m256i)at);
	return (vf)_mm256_blendv_ps(low, high, (__m256)(at << 28));
#else
	vf value = PATH(all)(iq4_step[0]);
	vi at = { 0 };
	PATH_UNROLL
	for (int k = 0; k < 15; k++) {
		vi up = ~(v < iq4_middle[k]);
		vi more = up & (vi)PATH(all)(iq4_step[k + 1] - iq4_step[k]);
		value += (vf)more;
		at -= up;
	}
	*number = at;
	return value;
#endif
}

PATH_INLINE vf PATH(fit_steps)(const vf *x, const vf *w)
{
	vf amax, far = PATH(farthest)(32, x, &amax), scale = PATH(all)(0), best = scale;
	vi dead = amax < GROUP_IS_ZERO, number;

	far = vf_pick(dead, PATH(all)(1), far);
	for (int t = -8; t <= 7; t++) {
		vf inverse = t == -8 ? 1 / (far / -iq4_step[0]) : ((float)t + iq4_step[0]) / far;
		vf a = PATH(all)(0), b = a;
		for (int i = 0; i < 32; i++) {
			vf q = PATH(step)(inverse * x[i], &number), wq = w[i] * q;
			a += wq * x[i];
			b += wq * q;
		}
		vi better = (b > 0) & (t == -8 ? (vi){ 0 } - 1 : a * a > best * b);
		scale = vf_pick(better, a / b, scale);
		best = vf_pick(better, scale * a, best);
	}
	return vf_pick(dead, PATH(all)(0), scale);
}

/* Nibbles of one block of 32 with this inverse scale. */
PATH_INLINE void PATH(put_steps)(uint8_t *to, const float *x, float inverse)
{
	uint8_t code[32];
	vi number;

	for (int i = 0; i < 32; i += PATH_LANES) {
		PATH(step)(inverse * vf_load(x + i), &number);
		vi_store_bytes(code + i, number);
	}
	for (int j = 0; j < 16; j++)
		to[j] = (uint8_t)(code[j] | code[j + 16] << 4);
}

/* Scales of PATH_LANES blocks from number k on, of `blocks`, of which the first is number `first`
 * of its tensor. s2 NULL: of each block itself. */
PATH_INLINE void PATH(step_scales)(const float *src, size_t k, size_t blocks, size_t row,
	size_t first, const float *importance, const float *s2, float *scale)
{
	const float *at[PATH_LANES], *imp[PATH_LANES];
	vf x[32], w[32], mean = { 0 };

	for (size_t i = 0; i < PATH_LANES; i++) {
		size_t b = k + i < blocks ? k + i : blocks - 1;
		at[i] = src + 32 * b;
		imp[i] = importance ? importance + 32 * (first + b) % row : at[i];
		mean[i] = s2 ? s2[b / 8] : 0;
	}
	for (size_t from = 0; from < 32; from += PATH_LANES) {
		vf_turn(at, from, x + from);
		vf_turn(imp, from, w + from);
	}
	if (importance && !s2) {
		for (int i = 0; i < 32; i++)
			mean += x[i] * x[i];
		mean *= 2.0f / 32;
	}
	for (int i = 0; i < 32; i++)
		w[i] = importance ? w[i] * vf_sqrt(mean + x[i] * x[i]) : x[i] * x[i];
	vf_store(scale, PATH(fit_steps)(x, w));
}

static void PATH(enc_iq4_nl)(const float *src, void *dst, size_t n, size_t row,
	const float *importance)
{
	uint8_t *out = dst;

	for (size_t k = 0; k < n / 32; k += PATH_LANES) {
		float scale[PATH_LANES];
		PATH(step_scales)(src, k, n / 32, row, 0, importance, NULL, scale);
		for (size_t i = 0; i < PATH_LANES && k + i < n / 32; i++, out += 18) {
			put_le16(out, f32_f16(scale[i]));
			PATH(put_steps)(out + 2, src + 32 * (k + i),
				scale[i] != 0 ? 1 / scale[i] : 0);
		}
	}
}

/* One super-block from the scales of its eight blocks. */
PATH_INLINE void PATH(put_iq4_xs)(uint8_t *out, const float *x, const float *scale)
{
	float most = 0, at = 0, d, id;

	for (int j = 0; j < 8; j++)
		if (fabsf(scale[j]) > most) {
			most = fabsf(scale[j]);
			at = scale[j];
		}
	d = -at / 32;
	id = d != 0 ? 1 / d : 0;
	memset(out, 0, 8);
	put_le16(out, f32_f16(d));
	unsigned high = 0;
	for (int j = 0; j < 8; j++) {
		int l = nint(id * scale[j]);
		l = l < -32 ? -32 : l > 31 ? 31 : l;
		float unit = d * (float)l;
		PATH(put_steps)(out + 8 + 16 * j, x + 32 * j, unit != 0 ? 1 / unit : 0);
		out[4 + j / 2] |= (uint8_t)(((l + 32) & 15) << 4 * (j % 2));
		high |= (unsigned)(l + 32) >> 4 << 2 * j;
	}
	put_le16(out + 2, (uint16_t)high);
}

static void PATH(enc_iq4_xs)(const float *src, void *dst, size_t n, size_t row,
	const float *importance)
{
	size_t supers = n / 256;
	uint8_t *out = dst;

	for (size_t s = 0; s < supers; s += PATH_LANES) {
		size_t count = supers - s < PATH_LANES ? supers - s : PATH_LANES;
		float s2[PATH_LANES], scale[8 * PATH_LANES + PATH_LANES];
		const float *x = src + 256 * s, *at[PATH_LANES];
		vf sum = { 0 }, v[PATH_LANES];
		for (size_t i = 0; i < PATH_LANES; i++)
			at[i] = x + 256 * (i < count ? i : 0);
		for (size_t from = 0; importance && from < 256; from += PATH_LANES) {
			vf_turn(at, from, v);
			for (int i = 0; i < PATH_LANES; i++)
				sum += v[i] * v[i];
		}
		vf_store(s2, sum * (2.0f / 256));
		for (size_t k = 0; k < 8 * count; k += PATH_LANES)
			PATH(step_scales)(x, k, 8 * count, row, 8 * s, importance, s2, scale + k);
		for (size_t i = 0; i < count; i++, out += 136)
			PATH(put_iq4_xs)(out, x + 256 * i, scale + 8 * i);
	}
}
