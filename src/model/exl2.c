/* exl2: a matrix of K inputs and N outputs, its inputs put in another order and cut into groups,
 * each with a width of its own. Groups stand one below the other; a column of a group is a stream
 * of bits, the lowest first, down its words.
 *
 *	q_weight    I32 [words, N]   word w of column n, group after group
 *	q_groups    I16 [2 * groups] bits, first word of each group
 *	q_scale     I32 [groups, N/8] a code of 4 bits to each column, the lowest bits first
 *	q_scale_max F16 [groups]
 *	q_invperm   I32 [K]          input j is row q_invperm[j]
 *
 * scale = f16((code + 1)^2 * f16(q_scale_max / 256)); w = (q - 2^(bits-1)) * scale. A group ends
 * where the next begins, the last with K. The weight at Hugging Face is [N, K], one row to an
 * output; N was made a multiple of 32, so a head may have rows of nobody at its end. */
#include <stdlib.h>
#include "base/bytes.h"
#include "model/packed_in.h"
#include "tensor/half.h"

#define ROWS_AT_ONCE 64u /* columns of codes that are read together */
#define GROUPS_MAX 65536u

enum { CODES, SCALES, MAXIMA, GROUPS, INVERSE };
struct group {
	uint32_t bits, word, row, rows; /* first word, first row */
	float max;
};
struct exl2 { /* what a read needs of a matrix, beside its codes and scales */
	const struct model_build *b;
	const struct layout *l;
	uint64_t k, n, words;
	struct group *groups;
	size_t n_groups;
	uint32_t *inverse;
};

static bool wrong(const struct exl2 *x, const char *what, struct err *e)
{
	return err_set(e, ERR_INPUT, x->b->m.source.label, "fetch the model again",
		"an exl2 matrix whose %s", what);
}

static bool take(const struct exl2 *x, int what, uint64_t at, size_t n, void *out, struct err *e)
{
	const struct span *s = &x->l->span[what];

	return file_pread(x->b->files.v[s->file], out, n, s->offset + at, e);
}

static bool width_known(uint32_t bits)
{
	return bits == 2 || bits == 3 || bits == 4 || bits == 5 || bits == 6 || bits == 8;
}

static bool read_groups(struct exl2 *x, struct err *e)
{
	size_t n = x->n_groups;
	unsigned char *raw = xtry_malloc(n * 6);
	uint32_t row = 0;
	bool ok = raw ? take(x, GROUPS, 0, n * 4, raw, e) &&
		take(x, MAXIMA, 0, n * 2, raw + n * 4, e)
		: err_set(e, ERR_MEMORY, x->b->m.source.label, NULL, "no memory for its groups");

	for (size_t g = 0; ok && g < n; g++) {
		struct group *q = &x->groups[g];
		uint64_t end = g + 1 < n ? le16(raw + 4 * g + 6) : x->words, rows;

		*q = (struct group){ le16(raw + 4 * g), le16(raw + 4 * g + 2), row, 0,
			f16_f32(f32_f16(f16_f32(le16(raw + n * 4 + 2 * g)) / 256.0f)) };
		ok = (width_known(q->bits) && q->word < end && end <= x->words &&
			(g || !q->word)) || wrong(x, "groups are not in order", e);
		if (!ok)
			break;
		rows = (end - q->word) * 32 / q->bits;
		if (g + 1 == n) /* its last word may be filled up */
			rows = rows >= x->k - row ? x->k - row : 0;
		ok = (rows && rows <= x->k - row) || wrong(x, "groups are not its rows", e);
		q->rows = (uint32_t)rows;
		row += (uint32_t)rows;
	}
	free(raw);
	return ok;
}

static bool read_inverse(struct exl2 *x, struct err *e)
{
	unsigned char *seen = xtry_malloc((size_t)x->k);
	bool ok = seen ? take(x, INVERSE, 0, (size_t)x->k * 4, x->inverse, e)
		: err_set(e, ERR_MEMORY, x->b->m.source.label, NULL, "no memory for its order");

	if (ok)
		memset(seen, 0, (size_t)x->k);
	for (uint64_t j = 0; ok && j < x->k; j++) {
		ok = (x->inverse[j] < x->k && !seen[x->inverse[j]]) ||
			wrong(x, "inputs are not its rows", e);
		if (ok)
			seen[x->inverse[j]] = 1;
	}
	free(seen);
	return ok;
}

/* Also of one that could not be begun. */
static void matrix_fini(struct exl2 *x)
{
	free(x->groups);
	free(x->inverse);
}

static bool matrix_init(struct exl2 *x, const struct model_build *b, const struct layout *l,
	struct err *e)
{
	*x = (struct exl2){ .b = b, .l = l, .k = l->row, .n = l->group,
		.words = l->span[CODES].bytes / 4 / l->group,
		.n_groups = (size_t)(l->span[MAXIMA].bytes / 2) };
	x->groups = xtry_malloc(x->n_groups * sizeof *x->groups);
	x->inverse = xtry_malloc((size_t)x->k * sizeof *x->inverse);
	if (!x->groups || !x->inverse)
		err_set(e, ERR_MEMORY, b->m.source.label, NULL, "no memory for its order");
	else
		return read_groups(x, e) && read_inverse(x, e);
	return false;
}

/* Columns [at, at+n) of a group, its scales and rows, into dst[n][K], in the matrix's own order. */
static bool group_read(const struct exl2 *x, size_t which, uint64_t at, size_t n, uint32_t *words,
	float *dst, struct err *e)
{
	const struct group *g = &x->groups[which];
	size_t count = ((size_t)g->rows * g->bits + 31) / 32;
	uint32_t middle = 1u << (g->bits - 1), mask = 2 * middle - 1;
	uint32_t scales[ROWS_AT_ONCE / 8 + 2];
	uint64_t first = at / 8, last = (at + n + 7) / 8;

	if (!take(x, SCALES, (which * (x->n / 8) + first) * 4, (size_t)(last - first) * 4, scales,
		e))
		return false;
	for (size_t w = 0; w < count; w++)
		if (!take(x, CODES, ((g->word + w) * x->n + at) * 4, n * 4, words + w * n, e))
			return false;
	for (size_t c = 0; c < n; c++) {
		uint64_t of = at + c - first * 8;
		uint32_t code = (scales[of / 8] >> 4 * (of % 8) & 15) + 1;
		float scale = f16_f32(f32_f16((float)(code * code) * g->max));

		for (uint32_t r = 0; r < g->rows; r++) {
			uint64_t bit = (uint64_t)r * g->bits;
			uint32_t shift = bit % 32, q = words[bit / 32 * n + c] >> shift;

			if (shift + g->bits > 32)
				q |= words[(bit / 32 + 1) * n + c] << (32 - shift);
			dst[c * x->k + g->row + r] = ((float)(q & mask) - (float)middle) * scale;
		}
	}
	return true;
}

/* What is wanted of rows [at, at+n), of which only elements [first, first+count) go out. */
static bool rows_out(const struct exl2 *x, uint64_t at, size_t n, uint64_t first, size_t count,
	uint32_t *words, float *own, float *out, struct err *e)
{
	for (size_t g = 0; g < x->n_groups; g++)
		if (!group_read(x, g, at, n, words, own, e))
			return false;
	for (size_t i = 0; i < count; i++) {
		uint64_t place = first + i - at * x->k;

		out[i] = own[place / x->k * x->k + x->inverse[place % x->k]];
	}
	return true;
}

bool exl2_read(const struct model_build *b, const struct layout *l, uint64_t first, size_t n,
	float *out, struct err *e)
{
	size_t each = (size_t)l->row * ROWS_AT_ONCE;
	float *own = xtry_malloc(each * sizeof *own);
	uint32_t *words = xtry_malloc(each * sizeof *words); /* codes have at most 8 bits */
	struct exl2 x = { 0 };
	bool ok = own && words ? matrix_init(&x, b, l, e)
		: err_set(e, ERR_MEMORY, b->m.source.label, NULL, "no memory for its rows");

	while (ok && n) {
		uint64_t at = first / x.k, end = (first + n + x.k - 1) / x.k;
		size_t rows = end - at < ROWS_AT_ONCE ? (size_t)(end - at) : ROWS_AT_ONCE;
		uint64_t left = (at + rows) * x.k - first;
		size_t count = left < n ? (size_t)left : n;

		ok = rows_out(&x, at, rows, first, count, words, own, out, e);
		first += count;
		out += count;
		n -= count;
	}
	matrix_fini(&x);
	free(own);
	free(words);
	return ok;
}

/* --- folding --- */

static bool is(const struct tensor *t, enum dtype type, int rank, uint64_t a, uint64_t b)
{
	return t && t->dtype == type && t->rank == rank && t->shape[0] == a &&
		(rank < 2 || t->shape[1] == b);
}

/* A head has as many rows as there are tokens, not those that it was filled up to. */
static uint64_t rows_of(const struct fold *f, const char *name, uint64_t n)
{
	int64_t vocab = json_int(f->b->m.config, "vocab_size", -1);

	return str_starts(name, "lm_head.") && vocab > 0 &&
		((uint64_t)vocab + 31) / 32 * 32 == n ? (uint64_t)vocab : n;
}

bool fold_exl2(struct fold *f, size_t wt)
{
	static const char *const ends[] = { ".q_scale", ".q_scale_max", ".q_groups", ".q_invperm" };
	struct tensor *w = &f->b->tensors.v[wt];
	const struct tensor *part[4];
	struct layout *l = &f->b->layouts.v[wt];
	size_t base = strlen(w->name) - 9;
	long at[4], perm;
	uint64_t n, k, groups;

	for (int i = 0; i < 4; i++) {
		part[i] = fold_sibling(f, w->name, base, ends[i], &at[i]);
		if (!part[i]) /* of an older kind */
			return true;
	}
	n = w->rank == 2 ? w->shape[1] : 0;
	k = part[3]->elements;
	groups = part[1]->elements;
	if (w->dtype != DT_I32 || !w->elements || n % 8 || !groups || groups > GROUPS_MAX || !k ||
		k > UINT32_MAX / ROWS_AT_ONCE / 4 || !is(part[0], DT_I32, 2, groups, n / 8) ||
		!is(part[1], DT_F16, 1, groups, 0) || !is(part[2], DT_I16, 1, 2 * groups, 0) ||
		!is(part[3], DT_I32, 1, k, 0))
		return fold_bad(f, w, "its codes, scales and groups are of different matrices");
	w->stored = w->name;
	w->name = arena_printf(&f->b->arena, "%.*s.weight", (int)base, w->name);
	w->dtype_text = arena_printf(&f->b->arena, "exl2b%.2f",
		32.0 * (double)w->shape[0] / (double)k);
	w->shape[0] = rows_of(f, w->name, n);
	l->kind = LAYOUT_EXL2;
	l->group = n;
	fold_columns(f, wt, k);
	for (int i = 0; i < 4; i++)
		fold_take(f, wt, (size_t)at[i]);
	if (fold_sibling(f, w->stored, base, ".q_perm", &perm))
		f->dead[perm] = 1;
	return true;
}
