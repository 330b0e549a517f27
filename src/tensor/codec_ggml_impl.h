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
 *	Q8_1  | d 2 | sum 2 | qs 32 signed |       d*q; of programs, not of files
 *	IQ4_NL| d 2 | qs 16 |                      d*step[q]
 *	MXFP4 | e 1 | qs 16 |                      2^(e-128) * twice E2M1 q
 *  64:
 *	NVFP4 | d 1 x4 UE4M3 | qs 32 |             d/2 * twice E2M1 q, 4 x 16, as 32 above but of 16
 *	Q2_0  | d 2 | 2 bits x64 |                 d*(q-1)
 *  128:
 *	Q1_0  | d 2 | 1 bit x128 |                 set: d, clear: -d
 *
 *  256 elements:                    sub-blocks j with small integer scales sc_j and offsets m_j
 *	Q2_K  | sc:4 m:4 x16 | qs 64 | d 2 | dmin 2 |          (d*sc)*q - dmin*m, 16 x 16
 *	Q3_K  | hmask 32 | qs 64 | sc 6-bit x16: 12 | d 2 |    (d*(sc-32))*q,     16 x 16
 *	Q4_K  | d 2 | dmin 2 | k4 12 | qs 128 |                (d*sc)*q - dmin*m,  8 x 32
 *	Q5_K  | d 2 | dmin 2 | k4 12 | qh 32 | qs 128 |        (d*sc)*q - dmin*m,  8 x 32
 *	Q8_K  | d 4 | qs 256 signed | sums 2 x16 |            d*q, d is float32
 *	Q6_K  | ql 128 | qh 64 | sc 16 signed | d 2 |          (d*sc)*(q-32),     16 x 16
 *	IQ4_XS| d 2 | sc high 2 x8 | sc low 4 x8 | qs 128 |    (d*(sc-32))*step[q], 8 x 32
 *	TQ1_0 | qs 5 trits x48 | qh 4 trits x4 | d 2 |         d*(trit-1)
 *	TQ2_0 | qs 64 | d 2 |                                  d*(q-1)
 */

/* The numbers of a table for 16-byte runs of nibbles. */
PATH_INLINE void PATH(nibbles)(const uint8_t *q, int n, const float *table, float d, float *dst)
{
	for (int j = 0; j < n; j++) {
		dst[j] = d * table[q[j] & 15];
		dst[j + n] = d * table[q[j] >> 4];
	}
}

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

static void PATH(q8_1)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *b = src;

	for (; n; n -= 32, b += 36, dst += 32) {
		float d = f16_f32(le16(b));
		for (int j = 0; j < 32; j++)
			dst[j] = d * (float)(int8_t)b[4 + j];
	}
}

static void PATH(q8_k)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *b = src;

	for (; n; n -= 256, b += 292, dst += 256) {
		float d = bits_f32(le32(b));
		for (int j = 0; j < 256; j++)
			dst[j] = d * (float)(int8_t)b[4 + j];
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

static void PATH(iq4_nl)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *b = src;

	for (; n; n -= 32, b += 18, dst += 32)
		PATH(nibbles)(b + 2, 16, iq4_step, f16_f32(le16(b)), dst);
}

static void PATH(iq4_xs)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *b = src;

	for (; n; n -= 256, b += 136, dst += 256) {
		float d = f16_f32(le16(b));
		for (int j = 0; j < 8; j++) {
			int low = b[4 + j / 2] >> 4 * (j % 2) & 15, high = le16(b + 2) >> 2 * j & 3;
			PATH(nibbles)(b + 8 + 16 * j, 16, iq4_step,
				d * (float)((low | high << 4) - 32), dst + 32 * j);
		}
	}
}

static void PATH(mxfp4)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *b = src;

	for (; n; n -= 32, b += 17, dst += 32)
		PATH(nibbles)(b + 1, 16, e2m1_step, e8m0_half_f32(*b), dst);
}

static void PATH(nvfp4)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *b = src;

	for (; n; n -= 64, b += 36, dst += 64)
		for (int s = 0; s < 4; s++)
			PATH(nibbles)(b + 4 + 8 * s, 8, e2m1_step, ue4m3_f32(b[s]), dst + 16 * s);
}

static void PATH(q1_0)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *b = src;

	for (; n; n -= 128, b += 18, dst += 128) {
		float d = f16_f32(le16(b));
		for (int j = 0; j < 128; j++)
			dst[j] = b[2 + j / 8] >> j % 8 & 1 ? d : -d;
	}
}

static void PATH(q2_0)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *b = src;

	for (; n; n -= 64, b += 18, dst += 64) {
		float d = f16_f32(le16(b));
		for (int j = 0; j < 64; j++)
			dst[j] = (float)((b[2 + j / 4] >> 2 * (j % 4) & 3) - 1) * d;
	}
}

/* Digit k of the trits in a byte: multiplied by 3^k the digits before it are gone beyond the byte,
 * and it is what a further multiplication lifts out. */
PATH_INLINE void PATH(trits)(const uint8_t *q, int n, int digits, float d, float *dst)
{
	static const uint8_t power[5] = { 1, 3, 9, 27, 81 };

	for (int k = 0; k < digits; k++)
		for (int m = 0; m < n; m++) {
			unsigned rest = q[m] * (unsigned)power[k] & 255;
			dst[n * k + m] = (float)((int)(rest * 3 >> 8) - 1) * d;
		}
}

static void PATH(tq1_0)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *b = src;

	for (; n; n -= 256, b += 54, dst += 256) {
		float d = f16_f32(le16(b + 52));
		PATH(trits)(b, 32, 5, d, dst);
		PATH(trits)(b + 32, 16, 5, d, dst + 160);
		PATH(trits)(b + 48, 4, 4, d, dst + 240);
	}
}

static void PATH(tq2_0)(const void *restrict src, float *restrict dst, size_t n)
{
	const uint8_t *b = src;

	for (; n; n -= 256, b += 66, dst += 256) {
		float d = f16_f32(le16(b + 64));
		for (int j = 0; j < 8; j++)
			for (int m = 0; m < 32; m++)
				dst[32 * j + m] = d *
					(float)((b[32 * (j / 4) + m] >> 2 * (j % 4) & 3) - 1);
	}
}
