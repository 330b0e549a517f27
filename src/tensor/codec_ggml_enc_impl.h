/* codec_ggml_enc_impl: encoders of ggml's blocks without super-blocks (layouts: codec_ggml_impl.h)
 * for one CPU path. Without importance a block's scale follows from its range, and codes from the
 * scale before it is rounded to binary16:
 *	Q4_0, Q5_0       d = -farthest / 8, / 16    trunc(x/d + 8.5), trunc(x/d + 16.5)
 *	Q4_1, Q5_1       d = range / 15, / 31       trunc((x - least)/d + 0.5)
 *	Q8_0             d = largest / 127          round(x/d), halves away from zero
 *	Q2_0 TQ1_0 TQ2_0 d = largest                round(x/d), halves away from zero
 *	Q1_0             d = mean |x|               whether x >= 0
 *	MXFP4            d = 2^(floor(log2 largest) - 2)      the nearest of 0 ½ 1 1½ 2 3 4 6, ±
 *	NVFP4            d = largest / 6 as a float of 8 bits  the same
 * With importance q the weights are q * sqrt(mean x² of the row + x²), scales are searched and
 * codes are the search's own. */
#include "tensor/codec_ggml_fit_impl.h"

#define EACH_VECTOR PATH_UNROLL for (int v = 0; v < 32 / PATH_LANES; v++)

PATH_INLINE void PATH(put_f16)(uint8_t *to, float f)
{
#if defined(PATH_AVX2) || defined(PATH_AVX512)
	put_le16(to, (uint16_t)_cvtss_sh(f, _MM_FROUND_TO_NEAREST_INT));
#else
	put_le16(to, f32_f16(f));
#endif
}

/* Codes of 32 elements: nibbles of element j and j + 16 share a byte. */
PATH_INLINE void PATH(put_nibbles)(uint8_t *to, const uint8_t *code)
{
	PATH(sixteen) both = (PATH(load16)(code) & 15) | PATH(load16)(code + 16) << 4;

	memcpy(to, &both, 16);
}

/* The fifth bits, element j's at bit j. */
PATH_INLINE void PATH(put_fifths)(uint8_t *to, const uint8_t *code)
{
#if defined(__x86_64__)
	__m128i lo = _mm_slli_epi16(_mm_loadu_si128((const void *)code), 3);
	__m128i hi = _mm_slli_epi16(_mm_loadu_si128((const void *)(code + 16)), 3);
	put_le32(to, (uint32_t)_mm_movemask_epi8(lo) | (uint32_t)_mm_movemask_epi8(hi) << 16);
#else
	uint32_t bits = 0;
	for (int j = 0; j < 32; j++)
		bits |= (uint32_t)(code[j] >> 4 & 1) << j;
	put_le32(to, bits);
#endif
}

/* The first of 32 elements that is `what`, which one of them is: zeros differ in sign. */
PATH_INLINE float PATH(first_equal)(const float *x, const vf *have, float what)
{
	uint32_t bits = 0;

	EACH_VECTOR bits |= vi_bits(have[v] == what) << v * PATH_LANES;
	return bits ? x[__builtin_ctz(bits)] : what;
}

PATH_INLINE float PATH(largest)(const vf *x, int n)
{
	vf most = vf_abs(x[0]);

	PATH_UNROLL
	for (int v = 1; v < n; v++)
		most = vf_max(vf_abs(x[v]), most);
	return vf_most(most);
}

/* trunc(v), of which a byte is kept, at most top. */
PATH_INLINE void PATH(put_codes)(uint8_t *code, vf v, int top)
{
	vi l = vf_truncate(v) & 255;

	vi_store_bytes(code, (vi)vu_pick(l < top, (vu)l, (vu)((vi){ 0 } + top)));
}

/* Q4_0, Q5_0 */
PATH_INLINE void PATH(enc_signed)(const float *src, uint8_t *dst, size_t n, int bits)
{
	int half = 1 << (bits - 1), bytes = bits == 4 ? 18 : 22;

	for (; n; n -= 32, src += 32, dst += bytes) {
		vf x[32 / PATH_LANES], a[32 / PATH_LANES];
		uint8_t code[32];
		EACH_VECTOR x[v] = vf_load(src + v * PATH_LANES);
		EACH_VECTOR a[v] = vf_abs(x[v]);
		float most = PATH(largest)(x, 32 / PATH_LANES);
		float d = (most > 0 ? PATH(first_equal)(src, a, most) : 0) / (float)-half;
		float id = d != 0 ? 1 / d : 0;
		EACH_VECTOR PATH(put_codes)(code + v * PATH_LANES,
			x[v] * id + ((float)half + 0.5f), 2 * half - 1);
		PATH(put_f16)(dst, d);
		if (bits == 5)
			PATH(put_fifths)(dst + 2, code);
		PATH(put_nibbles)(dst + bytes - 16, code);
	}
}

/* Q4_1, Q5_1 */
PATH_INLINE void PATH(enc_range)(const float *src, uint8_t *dst, size_t n, int bits)
{
	int top = (1 << bits) - 1, bytes = bits == 4 ? 20 : 24;

	for (; n; n -= 32, src += 32, dst += bytes) {
		vf x[32 / PATH_LANES], lo, hi;
		uint8_t code[32];
		EACH_VECTOR x[v] = vf_load(src + v * PATH_LANES);
		lo = hi = x[0];
		EACH_VECTOR lo = vf_min(x[v], lo);
		EACH_VECTOR hi = vf_max(x[v], hi);
		float least = vf_least(lo), d = (vf_most(hi) - least) / (float)top;
		float id = d != 0 ? 1 / d : 0;
		if (least == 0)
			least = PATH(first_equal)(src, x, least);
		EACH_VECTOR PATH(put_codes)(code + v * PATH_LANES,
			(x[v] - least) * id + 0.5f, top);
		PATH(put_f16)(dst, d);
		PATH(put_f16)(dst + 2, least);
		if (bits == 5)
			PATH(put_fifths)(dst + 4, code);
		PATH(put_nibbles)(dst + bytes - 16, code);
	}
}

static void PATH(enc_q4_0)(const float *src, void *dst, size_t n)
{
	PATH(enc_signed)(src, dst, n, 4);
}
static void PATH(enc_q5_0)(const float *src, void *dst, size_t n)
{
	PATH(enc_signed)(src, dst, n, 5);
}
static void PATH(enc_q4_1)(const float *src, void *dst, size_t n)
{
	PATH(enc_range)(src, dst, n, 4);
}
static void PATH(enc_q5_1)(const float *src, void *dst, size_t n)
{
	PATH(enc_range)(src, dst, n, 5);
}

/* Nearest, halves away from zero, |v| < 2^22: adding the number below ½ leaves what is below a half
 * below it. */
PATH_INLINE vi PATH(half_away)(vf v)
{
	vu sign = (vu)v & 0x80000000u;

	return vf_truncate(v + (vf)(sign | f32_bits(0x1.fffffep-2f)));
}

static void PATH(enc_q8_0)(const float *restrict src, void *restrict dst, size_t n)
{
	uint8_t *out = dst;

	for (; n; n -= 32, src += 32, out += 34) {
		vf x[32 / PATH_LANES];
		EACH_VECTOR x[v] = vf_load(src + v * PATH_LANES);
		float d = PATH(largest)(x, 32 / PATH_LANES) / 127;
		float id = d != 0 ? 1 / d : 0;
		PATH(put_f16)(out, d);
		EACH_VECTOR vi_store_bytes(out + 2 + v * PATH_LANES, PATH(half_away)(x[v] * id));
	}
}

/* The largest of n elements, and round(x/largest) + 1 of each as bytes. */
PATH_INLINE float PATH(ternary)(const float *src, uint8_t *code, int n)
{
	vf most = { 0 };

	for (int i = 0; i < n; i += PATH_LANES)
		most = vf_max(vf_abs(vf_load(src + i)), most);
	float d = vf_most(most), id = d > 0 ? 1 / d : 0;
	for (int i = 0; i < n; i += PATH_LANES)
		vi_store_bytes(code + i, PATH(half_away)(vf_load(src + i) * id) + 1);
	return d;
}

static void PATH(enc_q2_0)(const float *src, void *dst, size_t n)
{
	uint8_t *out = dst, code[64];

	for (; n; n -= 64, src += 64, out += 18) {
		PATH(put_f16)(out, PATH(ternary)(src, code, 64));
		for (int j = 0; j < 16; j++)
			out[2 + j] = (uint8_t)(code[4 * j] | code[4 * j + 1] << 2 |
				code[4 * j + 2] << 4 | code[4 * j + 3] << 6);
	}
}

static void PATH(enc_tq1_0)(const float *src, void *dst, size_t n)
{
	uint8_t *out = dst, code[256];

	for (; n; n -= 256, src += 256, out += 54) {
		PATH(put_f16)(out + 52, PATH(ternary)(src, code, 256));
		for (int m = 0; m < 32; m++)
			out[m] = five_trits(code + m, 32, 5);
		for (int m = 0; m < 16; m++)
			out[32 + m] = five_trits(code + 160 + m, 16, 5);
		for (int m = 0; m < 4; m++)
			out[48 + m] = five_trits(code + 240 + m, 4, 4);
	}
}

static void PATH(enc_tq2_0)(const float *src, void *dst, size_t n)
{
	uint8_t *out = dst, code[256];

	for (; n; n -= 256, src += 256, out += 66) {
		PATH(put_f16)(out + 64, PATH(ternary)(src, code, 256));
		for (int c = 0; c < 2; c++)
			for (int m = 0; m < 32; m++) {
				const uint8_t *q = code + 128 * c + m;
				out[32 * c + m] = (uint8_t)((q[0] & 3) | (q[32] & 3) << 2 |
					(q[64] & 3) << 4 | (q[96] & 3) << 6);
			}
	}
}

static void PATH(enc_q1_0)(const float *src, void *dst, size_t n)
{
	uint8_t *out = dst;

	for (size_t at = 0; at < n; at += 128 * PATH_LANES) {
		const float *row[PATH_LANES];
		float unit[PATH_LANES];
		vf sum = { 0 }, v[PATH_LANES];
		for (size_t i = 0; i < PATH_LANES; i++)
			row[i] = src + (at + 128 * i < n ? at + 128 * i : at);
		for (size_t from = 0; from < 128; from += PATH_LANES) {
			vf_turn(row, from, v);
			for (int i = 0; i < PATH_LANES; i++)
				sum += vf_abs(v[i]);
		}
		vf_store(unit, sum / 128);
		for (size_t i = 0; i < PATH_LANES && at + 128 * i < n; i++, out += 18) {
			PATH(put_f16)(out, unit[i]);
			memset(out + 2, 0, 16);
			for (int j = 0; j < 128; j++)
				out[2 + j / 8] |= (uint8_t)((row[i][j] >= 0) << j % 8);
		}
	}
}

/* The nearest of 0 1 2 3 4 6 8 12 times d, the lower of two as near; negative from 8 on, never
 * -0. */
static void PATH(enc_mxfp4)(const float *src, void *dst, size_t n)
{
	static const float middle[7] = { 0.5f, 1.5f, 2.5f, 3.5f, 5.0f, 7.0f, 10.0f };
	uint8_t *out = dst, code[32];

	for (; n; n -= 32, src += 32, out += 17) {
		vf x[32 / PATH_LANES];
		EACH_VECTOR x[v] = vf_load(src + v * PATH_LANES);
		float d = mxfp4_unit(PATH(largest)(x, 32 / PATH_LANES), out);
		EACH_VECTOR {
			vf a = vf_abs(x[v]);
			vi q = { 0 };
			PATH_UNROLL
			for (int k = 0; k < 7; k++)
				q -= a > middle[k] * d;
			q |= (x[v] < 0) & (q > 0) & 8;
			vi_store_bytes(code + v * PATH_LANES, q);
		}
		PATH(put_nibbles)(out + 1, code);
	}
}

static void PATH(enc_nvfp4)(const float *src, void *dst, size_t n)
{
	uint8_t *out = dst;

	for (; n; n -= 64, src += 64, out += 36)
		for (int s = 0; s < 4; s++) {
			vf most = { 0 };
			uint8_t code[16];
			for (int i = 0; i < 16; i += PATH_LANES)
				most = vf_max(vf_abs(vf_load(src + 16 * s + i)), most);
			out[s] = f32_ue4m3(vf_most(most) / 6);
			float d = ue4m3_f32(out[s]);
			for (int i = 0; i < 16; i += PATH_LANES) {
				vf x = vf_load(src + 16 * s + i), least = vf_abs(x);
				vi best = { 0 };
				/* compared as rounded: far beyond 12d all differences are alike */
				for (int k = 1; k < 16; k++) {
					vf e = vf_abs(e2m1_step[k] * d - x);
					vi less = e < least;
					least = vf_pick(less, e, least);
					best = (best & ~less) | (less & k);
				}
				vi_store_bytes(code + i, best);
			}
			for (int j = 0; j < 8; j++)
				out[4 + 8 * s + j] = (uint8_t)(code[j] | code[j + 8] << 4);
		}
}

/* Mean squares of PATH_LANES rows, each summed in the order of its elements. */
PATH_INLINE void PATH(row_squares)(const float *x, size_t rows, size_t row, float *out)
{
	const float *at[PATH_LANES];
	vf sum = { 0 }, v[PATH_LANES];

	for (size_t i = 0; i < PATH_LANES; i++)
		at[i] = x + (i < rows ? i : 0) * row;
	for (size_t from = 0; from < row; from += PATH_LANES) {
		vf_turn(at, from, v);
		PATH_UNROLL
		for (int i = 0; i < PATH_LANES; i++)
			sum += v[i] * v[i];
	}
	vf_store(out, sum / (float)row);
}

struct PATH(rows) {
	const float *x, *importance;
	size_t rows, row;
	float s2[PATH_LANES]; /* mean squares of the rows */
};

/* Blocks k … of 32 elements, a lane each, with their weights; lanes beyond the last repeat it. */
PATH_INLINE void PATH(load_blocks)(const struct PATH(rows) *r, size_t k, vf (*x)[MOST],
	vf (*w)[MOST], const float *at[WAYS][PATH_LANES])
{
	size_t last = r->rows * r->row / 32 - 1;

	EACH_WAY {
		const float *imp[PATH_LANES];
		vf s2;
		for (size_t i = 0; i < PATH_LANES; i++) {
			size_t b = k + (size_t)g * PATH_LANES + i;
			b = b < last ? b : last;
			at[g][i] = r->x + 32 * b;
			imp[i] = r->importance + 32 * b % r->row;
			s2[i] = r->s2[32 * b / r->row];
		}
		for (size_t from = 0; from < 32; from += PATH_LANES) {
			vf_turn(at[g], from, x[g] + from);
			vf_turn(imp, from, w[g] + from);
		}
		for (int i = 0; i < 32; i++)
			w[g][i] *= vf_sqrt(s2 + x[g][i] * x[g][i]);
	}
}

/* One block from its fit. */
PATH_INLINE void PATH(put_fitted)(uint8_t *out, const float *x, int bits, bool line, float scale,
	float less, float inverse, float from)
{
	float top = (float)((1 << bits) - 1), low = line ? 0 : -(float)(1 << (bits - 1));
	uint8_t code[32];

	memset(code, 0, 32);
	for (int i = 0; i < 32 && inverse != 0; i += PATH_LANES) {
		vf c = inverse * (vf_load(x + i) - from);
		vi_store_bytes(code + i, vf_truncate(PATH(code_of_any)(c, low, low + top) - low));
	}
	PATH(put_f16)(out, scale);
	out += 2;
	if (line) {
		PATH(put_f16)(out, -less);
		out += 2;
	}
	if (bits == 5) {
		PATH(put_fifths)(out, code);
		out += 4;
	}
	PATH(put_nibbles)(out, code);
}

PATH_INLINE void PATH(enc_fitted)(const float *src, uint8_t *dst, size_t rows, size_t row,
	const float *importance, int bits, bool line)
{
	size_t bytes = 18 + (bits == 5 ? 4 : 0) + (line ? 2 : 0);

	for (size_t at = 0; at < rows; at += PATH_LANES) {
		struct PATH(rows) r = { src + at * row, importance,
			rows - at < PATH_LANES ? rows - at : PATH_LANES, row, { 0 } };
		size_t blocks = r.rows * row / 32;
		PATH(row_squares)(r.x, r.rows, row, r.s2);
		for (size_t k = 0; k < blocks; k += WAYS * PATH_LANES) {
			vf x[WAYS][MOST], w[WAYS][MOST];
			const float *from[WAYS][PATH_LANES];
			struct PATH(line) f = { 0 };
			PATH(load_blocks)(&r, k, x, w, from);
			if (line)
				PATH(fit_line)(32, (const vf (*)[MOST])x, (const vf (*)[MOST])w,
					(float)((1 << bits) - 1), -0.9f, 0.05f, 36, false, &f);
			EACH_WAY
				if (!line)
					PATH(fit_scale)(32, x[g], w[g], (float)(1 << (bits - 1)),
						&f.scale[g], &f.inverse[g]);
			for (size_t i = 0; i < WAYS * PATH_LANES && k + i < blocks; i++) {
				size_t g = i / PATH_LANES, l = i % PATH_LANES;
				PATH(put_fitted)(dst, from[g][l], bits, line, f.scale[g][l],
					f.less[g][l], f.inverse[g][l], f.from[g][l]);
				dst += bytes;
			}
		}
	}
}

#define FITTED(type, bits, line) \
	static void PATH(weigh_##type)(const float *src, void *dst, size_t rows, size_t row, \
		const float *importance) \
	{ \
		PATH(enc_fitted)(src, dst, rows, row, importance, bits, line); \
	}
FITTED(q4_0, 4, false)
FITTED(q4_1, 4, true)
FITTED(q5_0, 5, false)
FITTED(q5_1, 5, true)
#undef FITTED
#undef EACH_VECTOR
