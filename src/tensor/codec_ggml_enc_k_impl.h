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
		float mean[PATH_LANES];
		for (int i = 0; i < PATH_LANES; i++)
			row[i] = b->x + (k + g * PATH_LANES + i) * n;
		for (int from = 0; from < n; from += PATH_LANES)
			vf_turn(row, (size_t)from, x[g] + from);
		s2[g] = PATH(all)(0);
		if (!b->weighted)
			continue;
		for (int i = 0; i < PATH_LANES; i++) {
			int at = (k + g * PATH_LANES + i) * n;
			imp[i] = b->q[at / 256] + at % 256;
			mean[i] = b->s2[at / 256];
		}
		s2[g] = vf_load(mean);
		for (int from = 0; from < n; from += PATH_LANES)
			vf_turn(imp, (size_t)from, q[g] + from);
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

/* Columns of a table of n numbers a super-block: lane k of to[j] is from[n*k + j]. */
PATH_INLINE void PATH(turn_table)(int n, const float *from, vf *to)
{
	const float *row[PATH_LANES];

	for (int i = 0; i < PATH_LANES; i++)
		row[i] = from + n * i;
	for (int j = 0; j < n; j += PATH_LANES)
		vf_turn(row, (size_t)j, to + j);
}

/* And back, as bytes. */
PATH_INLINE void PATH(turn_back)(int n, const vi *from, uint8_t *to)
{
	for (int j = 0; j < n; j++) {
		uint8_t lane[PATH_LANES];
		vi_store_bytes(lane, from[j]);
		for (int i = 0; i < PATH_LANES; i++)
			to[n * i + j] = lane[i];
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
	uint8_t level[2][PATH(GROUPS)];
	float unit[2][PATH_LANES];
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
	vf x[2][MOST], w[2][MOST], l[2][MOST], unit[2];

	PATH(turn_table)(n, f->weight, w[0]);
	memcpy(w[1], w[0], sizeof w[0]);
	PATH(turn_table)(n, f->scale, x[0]);
	PATH(turn_table)(n, f->less, x[1]);
	PATH(fit_positive)(n, (const vf (*)[MOST])x, (const vf (*)[MOST])w, top, l, unit);
	EACH_TABLE {
		vi level[16];
		for (int j = 0; j < n; j++)
			level[j] = vf_truncate(l[g][j]);
		vf_store(out->unit[g], unit[g]);
		PATH(turn_back)(n, level, out->level[g]);
	}
}

/* Without: each super-block's largest is the top level. */
PATH_INLINE void PATH(divide_levels)(const struct PATH(fits) *f, int n, int top,
	struct PATH(levels) *out)
{
	EACH_TABLE {
		vf x[16], most = PATH(all)(0), inverse;
		vi level[16], some;
		PATH(turn_table)(n, g ? f->less : f->scale, x);
		for (int j = 0; j < n; j++)
			most = vf_max(x[j], most);
		some = most > 0;
		inverse = vf_pick(some, (float)top / most, PATH(all)(0));
		for (int j = 0; j < n; j++)
			level[j] = PATH(at_most)(PATH(nint)(inverse * x[j]) & 255, top);
		vf_store(out->unit[g], vf_pick(some, most / (float)top, PATH(all)(0)));
		PATH(turn_back)(n, level, out->level[g]);
	}
}

/* Levels -top … top-1 of each super-block's 16 scales, the one of largest magnitude at -top, their
 * unit and that magnitude. Without any scale but 0 they are -top, which Q3_K stores as zero
 * bits. */
PATH_INLINE void PATH(signed_levels)(const struct PATH(fits) *f, float top, int8_t *level,
	float *unit, float *magnitude)
{
	vf x[16], most, at, inverse;
	vi l[16], none;

	PATH(turn_table)(16, f->scale, x);
	at = PATH(farthest)(16, x, &most);
	none = at == 0;
	inverse = -top / vf_pick(none, PATH(all)(1), at);
	for (int j = 0; j < 16; j++) {
		vf c = PATH(code_of_any)(inverse * x[j], -top, top - 1);
		l[j] = vf_truncate(vf_pick(none, PATH(all)(-top), c));
	}
	vf_store(magnitude, most);
	vf_store(unit, vf_pick(none, PATH(all)(0), 1 / inverse));
	PATH(turn_back)(16, l, (uint8_t *)level);
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
PATH_INLINE void PATH(pack2)(const uint8_t *code, uint8_t *out)
{
	for (int i = 0; i < 64; i += 16) {
		const uint8_t *c = code + (i & 32) * 4 + (i & 16);
		PATH(sixteen) v = (PATH(load16)(c) & 3) | (PATH(load16)(c + 32) & 3) << 2 |
			(PATH(load16)(c + 64) & 3) << 4 | PATH(load16)(c + 96) << 6;
		memcpy(out + i, &v, 16);
	}
}

/* Low nibbles: elements 32 apart share a byte. */
PATH_INLINE void PATH(pack4)(const uint8_t *code, uint8_t *out)
{
	for (int i = 0; i < 128; i += 16) {
		const uint8_t *c = code + (i & 96) * 2 + (i & 16);
		PATH(sixteen) v = (PATH(load16)(c) & 15) | PATH(load16)(c + 32) << 4;
		memcpy(out + i, &v, 16);
	}
}

/* One bit a code, the one at `shift`: those of elements 32 apart share a byte. */
PATH_INLINE void PATH(pack1)(const uint8_t *code, uint8_t *out, int shift)
{
	for (int i = 0; i < 32; i += 16) {
		PATH(sixteen) v = { 0 };
		PATH_UNROLL
		for (int j = 0; j < 8; j++)
			v |= (PATH(load16)(code + 32 * j + i) >> shift & 1) << j;
		memcpy(out + i, &v, 16);
	}
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
			PATH(pack1)(code, dst + 16, 4);
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
		vf x[WAYS][MOST], w[WAYS][MOST], s2[WAYS], sum[WAYS], scale, inverse;
		PATH(load_groups)(b, k, 16, x, w, s2);
		if (b->weighted && !plain) {
			PATH(weigh)(16, (const vf (*)[MOST])x, w, s2, sum);
			EACH_WAY vf_store(f->weight + k + g * PATH_LANES, sum[g]);
		}
		EACH_WAY {
			for (int i = 0; !b->weighted && i < 16; i++)
				w[g][i] = x[g][i] * x[g][i];
			PATH(fit_scale)(16, x[g], w[g], top, &scale, &inverse);
			vf_store(f->scale + k + g * PATH_LANES, scale);
			vf_store(f->inverse + k + g * PATH_LANES, inverse);
		}
	}
}

/* Low nibbles of elements 64 apart share a byte, high pairs of bits of elements 32 apart. */
PATH_INLINE void PATH(pack6)(const uint8_t *code, uint8_t *out)
{
	for (int i = 0; i < 64; i += 16) {
		const uint8_t *c = code + (i & 32) * 4 + (i & 16);
		PATH(sixteen) a = PATH(load16)(c), b = PATH(load16)(c + 32);
		PATH(sixteen) e = PATH(load16)(c + 64), f = PATH(load16)(c + 96);
		PATH(sixteen) high = a >> 4 | b >> 4 << 2 | e >> 4 << 4 | f >> 4 << 6;
		a = (a & 15) | e << 4;
		b = (b & 15) | f << 4;
		memcpy(out + (i & 32) * 2 + (i & 16), &a, 16);
		memcpy(out + (i & 32) * 2 + 32 + (i & 16), &b, 16);
		memcpy(out + 128 + i, &high, 16);
	}
}

static void PATH(enc_q6_k)(struct PATH(batch) *b, uint8_t *dst, size_t count)
{
	struct PATH(fits) f;
	int8_t levels[16 * PATH_LANES], *level = levels;
	float unit[PATH_LANES], most[PATH_LANES];

	PATH(fit_scales)(b, 32, true, &f);
	PATH(signed_levels)(&f, 128, levels, unit, most);
	for (size_t i = 0; i < count; i++, dst += 210, level += 16) {
		const float *x = b->x + 256 * i, *inverse = f.inverse + 16 * i;
		uint8_t code[256];
		uint16_t h = f32_f16(unit[i]);
		float d = f16_f32(h);
		if (most[i] < GROUP_IS_ZERO) {
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
		PATH(pack6)(code, dst);
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
	vf x[16], w[16], scale, inverse, most;
	vi l[16];

	PATH(turn_table)(16, f->scale, x);
	PATH(turn_table)(16, f->weight, w);
	PATH(fit_scale)(16, x, w, 32, &scale, &inverse);
	vf_store(unit, scale);
	PATH(farthest)(16, x, &most);
	for (int j = 0; j < 16; j++) {
		vf c = PATH(code_of_any)(inverse * x[j], -32, 31);
		l[j] = vf_truncate(vf_pick(most < GROUP_IS_ZERO, PATH(all)(-32), c));
	}
	PATH(turn_back)(16, l, (uint8_t *)level);
}

static void PATH(enc_q3_k)(struct PATH(batch) *b, uint8_t *dst, size_t count)
{
	struct PATH(fits) f;
	struct PATH(moved) m;
	int8_t level[16 * PATH_LANES];
	float unit[PATH_LANES], most[PATH_LANES];

	if (b->weighted) {
		PATH(mean_squares)(b, 2);
		PATH(fit_scales)(b, 4, false, &f);
		PATH(fit_signed_levels)(&f, level, unit);
	} else {
		PATH(move_groups)(b, &f, &m);
		PATH(signed_levels)(&f, 32, level, unit, most);
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
		PATH(pack1)(code, dst, 2);
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
				: NULL;
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
