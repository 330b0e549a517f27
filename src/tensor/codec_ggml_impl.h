/* codec_ggml_impl: decoders of ggml's block formats for one CPU path (every_path.h). Loops have
 * constant trip counts for the vectoriser; every value is (scale * code) [- offset] in float32, as
 * drawn.
 *
 *  32 elements:                     d, m: binary16; x_j in the low nibbles, x_{j+16} in the high
 *	Q4_0  | d 2 | qs 16 |                      d*(q-8)
 *	Q4_1  | d 2 | m 2 | qs 16 |                d*q + m
 *	Q5_0  | d 2 | qh 4 | qs 16 |               d*(q-16), bit j of qh is bit 4 of q_j
 *	Q5_1  | d 2 | m 2 | qh 4 | qs 16 |         d*q + m
 *	Q8_0  | d 2 | qs 32 signed |               d*q
 *
 *  256 elements:                    sub-blocks j with small integer scales sc_j and offsets m_j
 *	Q2_K  | sc:4 m:4 x16 | qs 64 | d 2 | dmin 2 |          (d*sc)*q - dmin*m, 16 x 16
 *	Q3_K  | hmask 32 | qs 64 | sc 6-bit x16: 12 | d 2 |    (d*(sc-32))*q,     16 x 16
 *	Q4_K  | d 2 | dmin 2 | k4 12 | qs 128 |                (d*sc)*q - dmin*m,  8 x 32
 *	Q5_K  | d 2 | dmin 2 | k4 12 | qh 32 | qs 128 |        (d*sc)*q - dmin*m,  8 x 32
 *	Q6_K  | ql 128 | qh 64 | sc 16 signed | d 2 |          (d*sc)*(q-32),     16 x 16
 */

static void PATH(q4_0)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *b = src;

	for (; n; n -= 32, b += 18, dst += 32) {
		float d = f16_f32(le16(b));
		for (int j = 0; j < 16; j++) {
			dst[j] = d * (float)((b[2 + j] & 15) - 8);
			dst[j + 16] = d * (float)((b[2 + j] >> 4) - 8);
		}
	}
}

static void PATH(q4_1)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *b = src;

	for (; n; n -= 32, b += 20, dst += 32) {
		float d = f16_f32(le16(b)), m = f16_f32(le16(b + 2));
		for (int j = 0; j < 16; j++) {
			dst[j] = d * (float)(b[4 + j] & 15) + m;
			dst[j + 16] = d * (float)(b[4 + j] >> 4) + m;
		}
	}
}

static void PATH(q5_0)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *b = src;

	for (; n; n -= 32, b += 22, dst += 32) {
		float d = f16_f32(le16(b));
		uint32_t qh = le32(b + 2);
		for (int j = 0; j < 16; j++) {
			int lo = (b[6 + j] & 15) | (qh >> j & 1) << 4;
			int hi = b[6 + j] >> 4 | (qh >> (j + 16) & 1) << 4;
			dst[j] = d * (float)(lo - 16);
			dst[j + 16] = d * (float)(hi - 16);
		}
	}
}

static void PATH(q5_1)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *b = src;

	for (; n; n -= 32, b += 24, dst += 32) {
		float d = f16_f32(le16(b)), m = f16_f32(le16(b + 2));
		uint32_t qh = le32(b + 4);
		for (int j = 0; j < 16; j++) {
			int lo = (b[8 + j] & 15) | (qh >> j & 1) << 4;
			int hi = b[8 + j] >> 4 | (qh >> (j + 16) & 1) << 4;
			dst[j] = d * (float)lo + m;
			dst[j + 16] = d * (float)hi + m;
		}
	}
}

static void PATH(q8_0)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *b = src;

	for (; n; n -= 32, b += 34, dst += 32) {
		float d = f16_f32(le16(b));
		for (int j = 0; j < 32; j++)
			dst[j] = d * (float)(int8_t)b[2 + j];
	}
}

static void PATH(q2_k)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *b = src;

	for (; n; n -= 256, b += 84, dst += 256) {
		float d = f16_f32(le16(b + 80)), dmin = f16_f32(le16(b + 82));
		for (int j = 0; j < 16; j++) {
			const uint8_t *q = b + 16 + 32 * (j / 8) + 16 * (j % 2);
			int shift = 2 * (j % 8 / 2);
			float scale = d * (float)(b[j] & 15), offset = dmin * (float)(b[j] >> 4);
			for (int l = 0; l < 16; l++)
				dst[16 * j + l] = scale * (float)(q[l] >> shift & 3) - offset;
		}
	}
}

static void PATH(q3_k)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *b = src;

	for (; n; n -= 256, b += 110, dst += 256) {
		const uint8_t *s = b + 96;
		float d = f16_f32(le16(b + 108));
		for (int j = 0; j < 16; j++) {
			const uint8_t *q = b + 32 + 32 * (j / 8) + 16 * (j % 2);
			const uint8_t *h = b + 16 * (j % 2);
			int low = (j < 8 ? s[j] : s[j - 8] >> 4) & 15;
			int high = s[8 + j % 4] >> 2 * (j / 4) & 3;
			int shift = 2 * (j % 8 / 2), bit = j / 2;
			float scale = d * (float)((low | high << 4) - 32);
			for (int l = 0; l < 16; l++) {
				int v = (q[l] >> shift & 3) | (h[l] >> bit & 1) << 2;
				dst[16 * j + l] = scale * (float)(v - 4);
			}
		}
	}
}

/* "k4": eight 6-bit scales and eight 6-bit offsets in 12 bytes; the last four of each borrow their
 * top bits from the bytes of the first four. */
PATH_INLINE void PATH(k4)(const uint8_t *s, int j, float d, float dmin, float *scale, float *offset)
{
	int sc = j < 4 ? s[j] & 63 : (s[j + 4] & 15) | s[j - 4] >> 6 << 4;
	int m = j < 4 ? s[j + 4] & 63 : s[j + 4] >> 4 | s[j] >> 6 << 4;

	*scale = d * (float)sc;
	*offset = dmin * (float)m;
}

static void PATH(q4_k)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *b = src;

	for (; n; n -= 256, b += 144, dst += 256) {
		float d = f16_f32(le16(b)), dmin = f16_f32(le16(b + 2));
		for (int j = 0; j < 8; j++) {
			const uint8_t *q = b + 16 + 32 * (j / 2);
			int shift = 4 * (j % 2);
			float scale, offset;
			PATH(k4)(b + 4, j, d, dmin, &scale, &offset);
			for (int l = 0; l < 32; l++)
				dst[32 * j + l] = scale * (float)(q[l] >> shift & 15) - offset;
		}
	}
}

static void PATH(q5_k)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *b = src;

	for (; n; n -= 256, b += 176, dst += 256) {
		const uint8_t *h = b + 16;
		float d = f16_f32(le16(b)), dmin = f16_f32(le16(b + 2));
		for (int j = 0; j < 8; j++) {
			const uint8_t *q = b + 48 + 32 * (j / 2);
			int shift = 4 * (j % 2);
			float scale, offset;
			PATH(k4)(b + 4, j, d, dmin, &scale, &offset);
			for (int l = 0; l < 32; l++) {
				int v = (q[l] >> shift & 15) | (h[l] >> j & 1) << 4;
				dst[32 * j + l] = scale * (float)v - offset;
			}
		}
	}
}

static void PATH(q6_k)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *b = src;

	for (; n; n -= 256, b += 210, dst += 256) {
		float d = f16_f32(le16(b + 208));
		for (int j = 0; j < 16; j++) {
			/* quarter of a half: 32 elements share a shift of qh and a nibble of ql */
			int half = j / 8, quarter = j % 8 / 2;
			const uint8_t *l4 = b + 64 * half + 32 * (quarter % 2) + 16 * (j % 2);
			const uint8_t *h2 = b + 128 + 32 * half + 16 * (j % 2);
			int ls = 4 * (quarter / 2), hs = 2 * quarter;
			float scale = d * (float)(int8_t)b[192 + j];
			for (int l = 0; l < 16; l++) {
				int v = (l4[l] >> ls & 15) | (h2[l] >> hs & 3) << 4;
				dst[16 * j + l] = scale * (float)(v - 32);
			}
		}
	}
}
