/* codec_ggml_enc_k_impl: encoders of the K formats (layouts: codec_ggml_impl.h) for one CPU path.
 *
 * A batch is PATH_LANES super-blocks of 256. First each sub-block is fitted, then the scales of
 * each super-block are made small integers, then elements are coded anew with what these integers
 * say; a sub-block whose scale became 0 keeps the codes of its fit. Weights of elements:
 *	                         without importance               with importance q
 *	Q2_K                     |x|, absolute errors             q * sqrt(mean x² + x²)
 *	Q3_K                     x²                               q * sqrt(2 mean x² + x²)
 *	Q4_K, Q5_K               sqrt(mean x² of the 32) + |x|    q * sqrt(2 mean x² + x²)
 *	Q6_K                     x²                               q */
#include "tensor/codec_ggml_fit_impl.h"

struct PATH(batch) {
	const float *x;
	const float *q[PATH_LANES]; /* importance of each super-block's columns */
	bool weighted;
	float s2[PATH_LANES];       /* the mean of x², as the format wants it */
};

/* Sums of squares in the order of elements, a lane for a super-block. */
PATH_INLINE void PATH(mean_squares)(struct PATH(batch) *b, float factor)
{
	const float *row[PATH_LANES];
	vf sum = { 0 }, v[PATH_LANES];

	for (int i = 0; i < PATH_LANES; i++)
		row[i] = b->x + 256 * i;
	for (size_t from = 0; from < 256; from += PATH_LANES) {
		vf_turn(row, from, v);
		PATH_UNROLL
		for (int i = 0; i < PATH_LANES; i++)
			sum += v[i] * v[i];
	}
	vf_store(b->s2, factor * sum / 256);
}

/* Elements of WAYS * PATH_LANES sub-blocks of n from number k on, and their importance or mean
 * square. */
PATH_INLINE void PATH(load_groups)(const struct PATH(batch) *b, int k, int n, vf (*x)[MOST],
	vf (*q)[MOST], vf *s2)
{
	const float *row[PATH_LANES], *imp[PATH_LANES];

	EACH_WAY {
		for (int i = 0; i < PATH_LANES; i++) {
			int at = (k + g * PATH_LANES + i) * n;
			row[i] = b->x + at;
			imp[i] = b->q[at / 256] + at % 256;
			s2[g][i] = b->s2[at / 256];
		}
		for (int from = 0; from < n; from += PATH_LANES) {
			vf_turn(row, (size_t)from, x[g] + from);
			if (b->weighted)
				vf_turn(imp, (size_t)from, q[g] + from);
		}
	}
}

/* The importance of elements and its sum over each group. */
PATH_INLINE void PATH(weigh)(int n, const vf (*x)[MOST], vf (*q)[MOST], const vf *s2, vf *sum)
{
	EACH_WAY {
		vf total = PATH(all)(0);
		for (int i = 0; i < n; i++) {
			q[g][i] *= vf_sqrt(s2[g] + x[g][i] * x[g][i]);
			total += q[g][i];
		}
		sum[g] = total;
	}
}

/* Columns j of WAYS tables of n numbers a super-block: lane k of to[g][j] is from[g][n*k + j]. */
PATH_INLINE void PATH(turn_tables)(int n, const float *const *from, vf (*to)[MOST])
{
	EACH_WAY {
		const float *row[PATH_LANES];
		for (int i = 0; i < PATH_LANES; i++)
			row[i] = from[g] + n * i;
		for (int j = 0; j < n; j += PATH_LANES)
			vf_turn(row, (size_t)j, to[g] + j);
	}
}

/* clamp(nint((x + offset) / scale), low, high) - low, as bytes. */
PATH_INLINE void PATH(recode)(const float *x, uint8_t *code, int n, float scale, float offset,
	float low, float high)
{
	for (int i = 0; i < n; i += PATH_LANES) {
		vf v = (vf_load(x + i) + offset) / scale;
		vf c = PATH(code_of_any)(v, low, high) - low;
		vi_store_bytes(code + i, vf_truncate(c));
	}
}

/* What the fit of a group coded: inverse * (x - from). */
PATH_INLINE void PATH(fit_codes)(const float *x, uint8_t *code, int n, float inverse, float from,
	float low, float high)
{
	for (int i = 0; i < n; i += PATH_LANES) {
		vf v = inverse * (vf_load(x + i) - from);
		vi_store_bytes(code + i, vf_truncate(PATH(code_of_any)(v, low, high) - low));
	}
}

enum { PATH(GROUPS) = 16 * PATH_LANES, PATH(ROOM) = 16 * PATH_LANES + PATH_LANES };

/* What the fits of a batch found, sub-blocks in their order. */
struct PATH(fits) {
	float scale[PATH(ROOM)], less[PATH(ROOM)], weight[PATH(ROOM)];
	float inverse[PATH(ROOM)], from[PATH(ROOM)];
};

/* Scales and offsets as integers of a batch: level[0] scales, level[1] offsets. */
struct PATH(levels) {
	uint8_t level[WAYS][PATH(GROUPS)];
	float unit[WAYS][PATH_LANES];
};

PATH_INLINE void PATH(fit_groups)(const struct PATH(batch) *b, int n, int top, struct PATH(fits) *f)
{
	for (int k = 0; k < 256 / n * PATH_LANES; k += WAYS * PATH_LANES) {
		vf x[WAYS][MOST], w[WAYS][MOST], s2[WAYS], sum[WAYS];
		struct PATH(line) line;
		PATH(load_groups)(b, k, n, x, w, s2);
		const vf (*cx)[MOST] = (const vf (*)[MOST])x, (*cw)[MOST] = (const vf (*)[MOST])w;
		if (b->weighted) {
			PATH(weigh)(n, cx, w, s2, sum);
			PATH(fit_line)(n, cx, cw, (float)top, -0.9f, 0.05f, 36, false, &line);
			EACH_WAY vf_store(f->weight + k + g * PATH_LANES, sum[g]);
		} else {
			EACH_WAY {
				vf a = PATH(all)(0);
				for (int i = 0; n == 32 && i < n; i++)
					a += x[g][i] * x[g][i];
				a = n == 32 ? vf_sqrt(a / 32) : a;
				for (int i = 0; i < n; i++)
					w[g][i] = n == 32 ? a + vf_abs(x[g][i]) : vf_abs(x[g][i]);
			}
			PATH(fit_line)(n, cx, cw, (float)top, top == 15 ? -1.0f : -0.5f, 0.1f,
				top == 15 ? 20 : 15, n == 16, &line);
		}
		EACH_WAY {
			int at = k + g * PATH_LANES;
			vf_store(f->scale + at, line.scale[g]);
			vf_store(f->less + at, line.less[g]);
			vf_store(f->inverse + at, line.inverse[g]);
			vf_store(f->from + at, line.from[g]);
		}
	}
}

/* With importance: the levels of a batch by fit_positive, super-blocks as lanes. */
PATH_INLINE void PATH(fit_levels)(const struct PATH(fits) *f, int n, float top,
	struct PATH(levels) *out)
{
	const float *const tables[WAYS] = { f->scale, f->less };
	const float *const weights[WAYS] = { f->weight, f->weight };
	vf x[WAYS][MOST], w[WAYS][MOST], l[WAYS][MOST], unit[WAYS];

	PATH(turn_tables)(n, tables, x);
	PATH(turn_tables)(n, weights, w);
	PATH(fit_positive)(n, (const vf (*)[MOST])x, (const vf (*)[MOST])w, top, l, unit);
	EACH_WAY {
		vf_store(out->unit[g], unit[g]);
		for (int j = 0; j < n; j++) {
			uint8_t lanes[PATH_LANES];
			vi_store_bytes(lanes, vf_truncate(l[g][j]));
			for (int i = 0; i < PATH_LANES; i++)
				out->level[g][n * i + j] = lanes[i];
		}
	}
}

/* Without: each super-block's largest is the top level. */
PATH_INLINE void PATH(divide_levels)(const struct PATH(fits) *f, int n, int top,
	struct PATH(levels) *out)
{
	const float *const tables[WAYS] = { f->scale, f->less };

	for (int i = 0; i < PATH_LANES; i++)
		for (int g = 0; g < WAYS; g++)
			out->unit[g][i] = levels_of(tables[g] + n * i, n, top,
				out->level[g] + n * i);
}

/* Codes of one super-block. */
PATH_INLINE void PATH(line_recode)(const float *x, const struct PATH(fits) *f,
	const struct PATH(levels) *v, int i, int n, int top, int mask, float d, float dmin,
	uint8_t *code)
{
	int groups = 256 / n;

	for (int j = 0; j < groups; j++) {
		int k = groups * i + j;
		float scale = d * (float)(v->level[0][k] & mask);
		float offset = dmin * (float)(v->level[1][k] & mask);
		if (scale != 0)
			PATH(recode)(x + n * j, code + n * j, n, scale, offset, 0, (float)top);
		else
			PATH(fit_codes)(x + n * j, code + n * j, n, f->inverse[k], f->from[k], 0,
				(float)top);
	}
}

/* Four codes of two bits to a byte: elements 32 apart share one. */
PATH_INLINE void PATH(pack2)(const uint8_t *restrict code, uint8_t *restrict out)
{
	for (int h = 0; h < 2; h++, code += 128, out += 32)
		for (int i = 0; i < 32; i++)
			out[i] = (uint8_t)((code[i] & 3) | (code[i + 32] & 3) << 2 |
				(code[i + 64] & 3) << 4 | code[i + 96] << 6);
}

/* Low nibbles: elements 32 apart share a byte. */
PATH_INLINE void PATH(pack4)(const uint8_t *restrict code, uint8_t *restrict out)
{
	for (int h = 0; h < 4; h++, code += 64, out += 32)
		for (int i = 0; i < 32; i++)
			out[i] = (uint8_t)((code[i] & 15) | code[i + 32] << 4);
}

static void PATH(enc_q2_k)(struct PATH(batch) *b, uint8_t *dst, size_t count)
{
	struct PATH(fits) f;
	struct PATH(levels) v;

	if (b->weighted)
		PATH(mean_squares)(b, 1);
	PATH(fit_groups)(b, 16, 3, &f);
	if (b->weighted)
		PATH(fit_levels)(&f, 16, 15, &v);
	else
		PATH(divide_levels)(&f, 16, 15, &v);
	for (size_t i = 0; i < count; i++, dst += 84) {
		uint16_t d = f32_f16(v.unit[0][i]), dmin = f32_f16(v.unit[1][i]);
		uint8_t code[256];
		PATH(line_recode)(b->x + 256 * i, &f, &v, (int)i, 16, 3, 15, f16_f32(d),
			f16_f32(dmin), code);
		for (int j = 0; j < 16; j++)
			dst[j] = (uint8_t)(v.level[0][16 * i + j] | v.level[1][16 * i + j] << 4);
		PATH(pack2)(code, dst + 16);
		put_le16(dst + 80, d);
		put_le16(dst + 82, dmin);
	}
}

PATH_INLINE void PATH(enc_q45_k)(struct PATH(batch) *b, uint8_t *dst, size_t count, int bits)
{
	struct PATH(fits) f;
	struct PATH(levels) v;
	int top = (1 << bits) - 1, bytes = bits == 4 ? 144 : 176;

	if (b->weighted)
		PATH(mean_squares)(b, 2);
	PATH(fit_groups)(b, 32, top, &f);
	if (b->weighted)
		PATH(fit_levels)(&f, 8, 63, &v);
	else
		PATH(divide_levels)(&f, 8, 63, &v);
	for (size_t i = 0; i < count; i++, dst += bytes) {
		uint16_t d = f32_f16(v.unit[0][i]), dmin = f32_f16(v.unit[1][i]);
		uint8_t code[256];
		PATH(line_recode)(b->x + 256 * i, &f, &v, (int)i, 32, top, 63, f16_f32(d),
			f16_f32(dmin), code);
		put_le16(dst, d);
		put_le16(dst + 2, dmin);
		put_k4(dst + 4, v.level[0] + 8 * i, v.level[1] + 8 * i);
		PATH(pack4)(code, dst + bytes - 128);
		if (bits == 5)
			for (int k = 0; k < 32; k++) {
				uint8_t h = 0;
				for (int j = 0; j < 8; j++)
					h |= (uint8_t)(code[32 * j + k] >> 4 << j);
				dst[16 + k] = h;
			}
	}
}

static void PATH(enc_q4_k)(struct PATH(batch) *b, uint8_t *dst, size_t count)
{
	PATH(enc_q45_k)(b, dst, count, 4);
}

static void PATH(enc_q5_k)(struct PATH(batch) *b, uint8_t *dst, size_t count)
{
	PATH(enc_q45_k)(b, dst, count, 5);
}

/* Fits scales alone: sub-blocks of 16, codes -top … top-1. */
PATH_INLINE void PATH(fit_scales)(const struct PATH(batch) *b, float top, bool plain,
	struct PATH(fits) *f)
{
	for (int k = 0; k < 16 * PATH_LANES; k += WAYS * PATH_LANES) {
		vf x[WAYS][MOST], w[WAYS][MOST], s2[WAYS], sum[WAYS], inverse;
		PATH(load_groups)(b, k, 16, x, w, s2);
		if (b->weighted && !plain) {
			PATH(weigh)(16, (const vf (*)[MOST])x, w, s2, sum);
			EACH_WAY vf_store(f->weight + k + g * PATH_LANES, sum[g]);
		}
		EACH_WAY {
			for (int i = 0; !b->weighted && i < 16; i++)
				w[g][i] = x[g][i] * x[g][i];
			vf scale = PATH(fit_scale)(16, x[g], w[g], top, true, &inverse);
			vf_store(f->scale + k + g * PATH_LANES, scale);
			vf_store(f->inverse + k + g * PATH_LANES, inverse);
		}
	}
}

static void PATH(enc_q6_k)(struct PATH(batch) *b, uint8_t *dst, size_t count)
{
	struct PATH(fits) f;

	PATH(fit_scales)(b, 32, true, &f);
	for (size_t i = 0; i < count; i++, dst += 210) {
		const float *x = b->x + 256 * i, *inverse = f.inverse + 16 * i;
		uint8_t code[256];
		int8_t level[16];
		float most, unit = signed_levels(f.scale + 16 * i, 128, level, &most);
		uint16_t h = f32_f16(unit);
		float d = f16_f32(h);
		if (most < GROUP_IS_ZERO) {
			memset(dst, 0, 210);
			continue;
		}
		for (int j = 0; j < 16; j++) {
			float scale = d * (float)level[j];
			if (scale != 0)
				PATH(recode)(x + 16 * j, code + 16 * j, 16, scale, 0, -32, 31);
			else if (inverse[j] != 0)
				PATH(fit_codes)(x + 16 * j, code + 16 * j, 16, inverse[j], 0, -32,
					31);
			else
				memset(code + 16 * j, 0, 16);
		}
		for (int c = 0; c < 2; c++)
			for (int l = 0; l < 32; l++) {
				const uint8_t *q = code + 128 * c + l;
				dst[64 * c + l] = (uint8_t)((q[0] & 15) | (q[64] & 15) << 4);
				dst[64 * c + 32 + l] = (uint8_t)((q[32] & 15) | (q[96] & 15) << 4);
				dst[128 + 32 * c + l] = (uint8_t)(q[0] >> 4 |
					q[32] >> 4 << 2 | q[64] >> 4 << 4 | q[96] >> 4 << 6);
			}
		memcpy(dst + 192, level, 16);
		put_le16(dst + 208, h);
	}
}

/* Codes -4 … 3 of a batch, as fit_moving leaves them: lane k % PATH_LANES of [k / PATH_LANES][i]
 * is element i of sub-block k. */
struct PATH(moved) {
	vf code[16][16];
};

PATH_INLINE void PATH(move_groups)(const struct PATH(batch) *b, struct PATH(fits) *f,
	struct PATH(moved) *m)
{
	for (int k = 0; k < 16 * PATH_LANES; k += WAYS * PATH_LANES) {
		vf x[WAYS][MOST], q[WAYS][MOST], l[WAYS][MOST], s2[WAYS], scale[WAYS];
		PATH(load_groups)(b, k, 16, x, q, s2);
		PATH(fit_moving)(16, (const vf (*)[MOST])x, 4, l, scale);
		EACH_WAY {
			vf_store(f->scale + k + g * PATH_LANES, scale[g]);
			memcpy(m->code[k / PATH_LANES + g], l[g], sizeof m->code[0]);
		}
	}
}

/* With importance: the levels of a batch by fit_scale, super-blocks as lanes. */
PATH_INLINE void PATH(fit_signed_levels)(const struct PATH(fits) *f, int8_t *level, float *unit)
{
	const float *const tables[WAYS] = { f->scale, f->weight };
	vf xw[WAYS][MOST], inverse, u, most;

	PATH(turn_tables)(16, tables, xw);
	u = PATH(fit_scale)(16, xw[0], xw[1], 32, false, &inverse);
	vf_store(unit, u);
	PATH(farthest)(16, xw[0], &most);
	for (int j = 0; j < 16; j++) {
		int8_t lanes[PATH_LANES];
		vf c = PATH(code_of_any)(inverse * xw[0][j], -32, 31);
		c = vf_pick(most < GROUP_IS_ZERO, PATH(all)(-32), c);
		vi_store_bytes((uint8_t *)lanes, vf_truncate(c));
		for (int i = 0; i < PATH_LANES; i++)
			level[16 * i + j] = lanes[i];
	}
}

static void PATH(enc_q3_k)(struct PATH(batch) *b, uint8_t *dst, size_t count)
{
	struct PATH(fits) f;
	struct PATH(moved) m;
	int8_t level[16 * PATH_LANES];
	float unit[PATH_LANES], most;

	if (b->weighted) {
		PATH(mean_squares)(b, 2);
		PATH(fit_scales)(b, 4, false, &f);
		PATH(fit_signed_levels)(&f, level, unit);
	} else {
		PATH(move_groups)(b, &f, &m);
		for (int i = 0; i < PATH_LANES; i++)
			unit[i] = signed_levels(f.scale + 16 * i, 32, level + 16 * i, &most);
	}
	for (size_t i = 0; i < count; i++, dst += 110) {
		const float *x = b->x + 256 * i;
		uint16_t h = f32_f16(unit[i]);
		float d = f16_f32(h);
		uint8_t code[256];
		for (int j = 0; j < 16; j++) {
			int k = 16 * (int)i + j;
			float scale = d * (float)level[k], inverse = b->weighted ? f.inverse[k] : 1;
			if (scale != 0)
				PATH(recode)(x + 16 * j, code + 16 * j, 16, scale, 0, -4, 3);
			else if (inverse == 0)
				memset(code + 16 * j, 0, 16);
			else if (b->weighted)
				PATH(fit_codes)(x + 16 * j, code + 16 * j, 16, inverse, 0, -4, 3);
			else
				for (int l = 0; l < 16; l++)
					code[16 * j + l] = (uint8_t)(4 +
						m.code[k / PATH_LANES][l][k % PATH_LANES]);
		}
		memset(dst, 0, 32);
		for (int j = 0; j < 8; j++)
			for (int l = 0; l < 32; l++)
				dst[l] |= (uint8_t)(code[32 * j + l] >> 2 << j);
		PATH(pack2)(code, dst + 32);
		put_q3_levels(dst + 96, level + 16 * i);
		put_le16(dst + 108, h);
	}
}

/* Runs one of the above over n elements in rows of `row`. */
PATH_INLINE void PATH(batches)(void (*encode)(struct PATH(batch) *, uint8_t *, size_t),
	const float *src, uint8_t *dst, size_t n, size_t row, const float *importance, size_t bytes)
{
	float tail[256 * PATH_LANES];
	struct PATH(batch) b = { .weighted = importance };

	for (size_t at = 0; at < n; at += 256 * PATH_LANES, dst += PATH_LANES * bytes) {
		size_t count = (n - at) / 256 < PATH_LANES ? (n - at) / 256 : PATH_LANES;
		b.x = src + at;
		if (count < PATH_LANES) {
			memset(tail, 0, sizeof tail);
			memcpy(tail, src + at, count * 256 * sizeof *tail);
			b.x = tail;
		}
		for (size_t i = 0; i < PATH_LANES; i++)
			b.q[i] = importance ? importance + (at + 256 * (i < count ? i : 0)) % row
				: b.x;
		encode(&b, dst, count);
	}
}

#define K_ENCODER(type, bytes) \
	static void PATH(type##_encode)(const float *src, void *dst, size_t n, size_t row, \
		const float *importance) \
	{ \
		PATH(batches)(PATH(enc_##type), src, dst, n, row, importance, bytes); \
	}
K_ENCODER(q2_k, 84)
K_ENCODER(q3_k, 110)
K_ENCODER(q4_k, 144)
K_ENCODER(q5_k, 176)
K_ENCODER(q6_k, 210)
#undef K_ENCODER
