/* codec_iq_impl: decoders of ggml's IQ1, IQ2 and IQ3 blocks for one CPU path (every_path.h). A
 * block is 256 elements, eight groups of 32; elements are points of a grid (iq_grids.h), eight or
 * four at a time, times signs, times the scale of their group: x = (scale * point) * sign.
 *
 *	IQ2_XXS | d 2 | 8 x (index 8 x4, word 4) |       signs 7 bits x4, scale 4 in the word
 *	IQ2_XS  | d 2 | (index 9, signs 7) x32: 64 | sc 4 bits x16: 8 |
 *	IQ2_S   | d 2 | index 32 | signs 32 | index bits 8,9: 8 | sc 4 bits x16: 8 |
 *	IQ3_XXS | d 2 | index 64 | word 4 x8 |           words as in IQ2_XXS
 *	IQ3_S   | d 2 | index 64 | index bit 8: 8 | signs 32 | sc 4 bits x8: 4 |
 *	IQ1_S   | d 2 | index 32 | (index 8-10 x4, sc 3 bits, sign of the shift) 2 x8 |
 *	IQ1_M   | index 32 | (index 8-10, sign of the shift) x32: 16 | sc 3 bits x16 and d 8 |
 *
 * Seven sign bits stand for eight signs: the eighth makes the number of minuses even.
 * Digits of a point: IQ2 8, 25, 43; IQ3_XXS 4, 12 … 52, 62; IQ3_S 1, 3 … 15; IQ1 -1, 0, 1 (and a
 * shift of 1/8 up or down). */

PATH_INLINE unsigned PATH(even)(unsigned signs)
{
	return signs | (unsigned)__builtin_parity(signs) << 7;
}

PATH_INLINE void PATH(point2)(float *dst, unsigned point, unsigned signs, float scale)
{
	PATH_UNROLL
	for (unsigned i = 0; i < 8; i++) {
		unsigned c = point >> 2 * i & 3;
		float x = scale * (float)(int)(8 + 17 * c + (c >> 1));
		dst[i] = signs >> i & 1 ? -x : x;
	}
}

/* Two points of four. */
PATH_INLINE void PATH(point3)(float *dst, unsigned first, unsigned second, unsigned signs,
	float scale, bool odd)
{
	unsigned points = first | second << 16;

	PATH_UNROLL
	for (unsigned i = 0; i < 8; i++) {
		unsigned c = points >> 4 * i & 15;
		unsigned v = odd ? 2 * c + 1 : 4 + 8 * c + (c + 1) / 8 * 2;
		float x = scale * (float)(int)v;
		dst[i] = signs >> i & 1 ? -x : x;
	}
}

PATH_INLINE void PATH(point1)(float *dst, unsigned point, float shift, float scale)
{
	PATH_UNROLL
	for (unsigned i = 0; i < 8; i++)
		dst[i] = scale * ((float)((int)(point >> 2 * i & 3) - 1) + shift);
}

static void PATH(iq2_xxs)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *b = src;

	for (; n; n -= 256, b += 66) {
		float d = f16_f32(le16(b));
		for (int g = 0; g < 8; g++) {
			const uint8_t *at = b + 2 + 8 * g;
			uint32_t w = le32(at + 4);
			float scale = d * (0.5f + (float)(w >> 28)) * 0.25f;
			for (int l = 0; l < 4; l++, dst += 8)
				PATH(point2)(dst, iq2_xxs_grid[at[l]],
					PATH(even)(w >> 7 * l & 127), scale);
		}
	}
}

static void PATH(iq2_xs)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *b = src;

	for (; n; n -= 256, b += 74) {
		float d = f16_f32(le16(b));
		for (int l = 0; l < 32; l++, dst += 8) {
			unsigned q = le16(b + 2 + 2 * l), s = b[66 + l / 4] >> 2 * (l & 2) & 15;
			PATH(point2)(dst, iq2_xs_grid[q & 511], PATH(even)(q >> 9),
				d * (0.5f + (float)s) * 0.25f);
		}
	}
}

static void PATH(iq2_s)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *b = src;

	for (; n; n -= 256, b += 82) {
		float d = f16_f32(le16(b));
		for (int l = 0; l < 32; l++, dst += 8) {
			unsigned high = b[66 + l / 4] << (8 - 2 * (l % 4)) & 0x300;
			unsigned s = b[74 + l / 4] >> 2 * (l & 2) & 15;
			PATH(point2)(dst, iq2_s_grid[b[2 + l] | high], b[34 + l],
				d * (0.5f + (float)s) * 0.25f);
		}
	}
}

static void PATH(iq3_xxs)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *b = src;

	for (; n; n -= 256, b += 98) {
		float d = f16_f32(le16(b));
		for (int g = 0; g < 8; g++) {
			const uint8_t *at = b + 2 + 8 * g;
			uint32_t w = le32(b + 66 + 4 * g);
			float scale = d * (0.5f + (float)(w >> 28)) * 0.5f;
			for (int l = 0; l < 4; l++, dst += 8)
				PATH(point3)(dst, iq3_xxs_grid[at[2 * l]],
					iq3_xxs_grid[at[2 * l + 1]], PATH(even)(w >> 7 * l & 127),
					scale, false);
		}
	}
}

static void PATH(iq3_s)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *b = src;

	for (; n; n -= 256, b += 110) {
		float d = f16_f32(le16(b));
		for (int l = 0; l < 32; l++, dst += 8) {
			unsigned qh = b[66 + l / 4], s = b[106 + l / 8] >> (l & 4) & 15;
			unsigned first = b[2 + 2 * l] | (qh << (8 - 2 * (l % 4)) & 256);
			unsigned second = b[3 + 2 * l] | (qh << (7 - 2 * (l % 4)) & 256);
			PATH(point3)(dst, iq3_s_grid[first], iq3_s_grid[second], b[74 + l],
				d * (float)(int)(1 + 2 * s), true);
		}
	}
}

static void PATH(iq1_s)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *b = src;

	for (; n; n -= 256, b += 50) {
		float d = f16_f32(le16(b));
		for (int l = 0; l < 32; l++, dst += 8) {
			unsigned qh = le16(b + 34 + l / 4 * 2);
			unsigned point = b[2 + l] | (qh >> 3 * (l % 4) & 7) << 8;
			PATH(point1)(dst, iq1_s_grid[point], qh & 0x8000 ? -0.125f : 0.125f,
				d * (float)(int)(2 * (qh >> 12 & 7) + 1));
		}
	}
}

static void PATH(iq1_m)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *b = src;

	for (; n; n -= 256, b += 56) {
		const uint8_t *sc = b + 48;
		float d = f16_f32((uint16_t)(sc[1] >> 4 | (sc[3] & 0xf0) | (sc[5] & 0xf0) << 4 |
			(sc[7] & 0xf0) << 8));
		for (int l = 0; l < 32; l++, dst += 8) {
			unsigned h = b[32 + l / 2] >> 4 * (l & 1) & 15;
			unsigned s = le16(sc + l / 8 * 2) >> 3 * (l % 8 / 2) & 7;
			PATH(point1)(dst, iq1_s_grid[b[l] | (h & 7) << 8],
				h & 8 ? -0.125f : 0.125f, d * (float)(int)(2 * s + 1));
		}
	}
}
