#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include "base/bytes.h"
#include "model/build.h"

/* One buffer for stored bytes to a thread, kept between windows: a fresh mapping for each would
 * cost more in page faults than the decoding. Freed when the thread ends. */
struct scratch {
	size_t size;
	unsigned char *bytes;
};
static pthread_key_t scratch_key;
static pthread_once_t scratch_once = PTHREAD_ONCE_INIT;

static void scratch_free(void *p)
{
	struct scratch *s = p;
	free(s->bytes);
	free(s);
}

static void scratch_make_key(void)
{
	pthread_key_create(&scratch_key, scratch_free);
}

static void *scratch(size_t n, const char *where, struct err *e)
{
	pthread_once(&scratch_once, scratch_make_key);
	struct scratch *s = pthread_getspecific(scratch_key);
	if (!s) {
		s = xnew(struct scratch, 1);
		pthread_setspecific(scratch_key, s);
	}
	if (s->size < n) {
		free(s->bytes);
		s->bytes = xtry_malloc(n);
		s->size = s->bytes ? n : 0;
	}
	if (!s->bytes)
		err_set(e, ERR_MEMORY, where, "close something or use fewer --threads",
			"no memory for a buffer of %zu bytes", n);
	return s->bytes;
}

/* Bytes [offset, offset+n) of a span. */
static bool span_read(const struct model_build *b, const struct span *s, uint64_t offset, size_t n,
	void *out, struct err *e)
{
	return file_pread(b->files.v[s->file], out, n, s->offset + offset, e);
}

/* Elements [first, first+n) of a span that holds them in order; first starts a block. */
static bool run_read(const struct model_build *b, const struct span *s, uint64_t first, size_t n,
	float *out, struct err *e)
{
	const struct dtype_info *d = dtype_info(s->type);
	size_t whole = n / d->block * d->block, rest = n - whole;
	uint64_t offset = first / d->block * d->bytes;
	size_t bytes = (n + d->block - 1) / d->block * d->bytes;

	if (s->type == DT_F32)
		return span_read(b, s, offset, bytes, out, e);
	unsigned char *raw = scratch(bytes, b->m.source.label, e);
	if (!raw || !span_read(b, s, offset, bytes, raw, e))
		return false;
	d->decode(raw, out, whole);
	if (rest) {
		float last[256]; /* the largest block */
		d->decode(raw + whole / d->block * d->bytes, last, d->block);
		memcpy(out + whole, last, rest * sizeof *out);
	}
	return true;
}

const struct span *layout_span(const struct layout *l, int i)
{
	for (int k = 0; k < l->n_parts; k++) {
		if (i < l->part[k].n_spans)
			return &l->part[k].span[i];
		i -= l->part[k].n_spans;
	}
	return !l->n_parts && i < l->n_spans ? &l->span[i] : NULL;
}

/* Where logical row r stands: part and row in it; *run = how many rows from r follow each other
 * there. */
static void row_place(const struct layout *l, uint64_t r, int *part, uint64_t *at, uint64_t *run)
{
	uint64_t g = l->group, in = g ? r % g : 0;

	*part = 0;
	*at = r;
	*run = 1;
	switch ((enum row_order)l->order) {
	case ROWS_ROPE:
		*at = r - in + in % (g / 2) * 2 + in / (g / 2);
		return;
	case ROWS_HALVES:
		*part = r / g % 2;
		*at = r / (2 * g) * g + in;
		*run = g - in;
		return;
	case ROWS_ALTERNATE:
		*part = r % 2;
		*at = r / 2;
		return;
	case ROWS_SAME:
		*run = UINT64_MAX;
	}
}

static bool part_read(const struct model_build *b, const struct layout *l, uint64_t first,
	size_t n, float *out, struct err *e);

static bool rows_read(const struct model_build *b, const struct layout *l, uint64_t first,
	size_t n, float *out, struct err *e)
{
	while (n) {
		uint64_t r = first / l->row, col = first % l->row, at, run;
		int part;
		row_place(l, r, &part, &at, &run);
		uint64_t most = run > UINT64_MAX / l->row ? UINT64_MAX : run * l->row - col;
		size_t m = most < n ? (size_t)most : n;
		if (!part_read(b, &l->part[part], at * l->row + col, m, out, e))
			return false;
		first += m;
		out += m;
		n -= m;
	}
	return true;
}

static bool affine_read(const struct model_build *b, const struct layout *l, uint64_t first,
	size_t n, float *out, struct err *e)
{
	const struct affine *a = &l->affine;
	size_t g = (size_t)a->group, groups = (n + g - 1) / g, each = dtype_info(a->scale)->bytes;
	size_t words = groups * g * (size_t)a->bits / 8, scales = groups * each;
	unsigned char *raw = scratch(words + 2 * scales, b->m.source.label, e);

	if (!raw ||
		!span_read(b, &l->span[0], first / g * g * (size_t)a->bits / 8, words, raw, e) ||
		!span_read(b, &l->span[1], first / g * each, scales, raw + words, e) ||
		!span_read(b, &l->span[2], first / g * each, scales, raw + words + scales, e))
		return false;
	affine_decode(a, raw, raw + words, raw + words + scales, out, n / g * g);
	if (n % g) {
		float last[128];
		size_t k = n / g;
		affine_decode(a, raw + k * g * (size_t)a->bits / 8, raw + words + k * each,
			raw + words + scales + k * each, last, g);
		memcpy(out + k * g, last, n % g * sizeof *out);
	}
	return true;
}

/* Codes of 4 or 8 bits, the lowest bits first, around the middle of their range. */
static bool codes_read(const struct model_build *b, const struct layout *l, uint64_t first,
	size_t n, float *out, struct err *e)
{
	size_t per = 8 / l->code_bits, bytes = (n + per - 1) / per;
	unsigned char *raw = scratch(bytes, b->m.source.label, e);

	if (!raw || !span_read(b, &l->span[0], first / per, bytes, raw, e))
		return false;
	for (size_t i = 0; i < n; i++)
		out[i] = per == 1 ? (float)raw[i] - 128.0f :
			(float)(raw[i / 2] >> 4 * (i % 2) & 15) - 8.0f;
	return true;
}

static bool scaled_read(const struct model_build *b, const struct layout *l, uint64_t first,
	size_t n, float *out, struct err *e)
{
	size_t g = l->scale_group, groups = (n + first % g + g - 1) / g;
	const struct dtype_info *d = dtype_info(l->span[1].type);
	float *scale = xtry_malloc(groups * sizeof *scale);
	unsigned char *raw = scratch(groups * d->bytes, b->m.source.label, e);
	bool ok = raw && (scale || err_set(e, ERR_MEMORY, b->m.source.label, NULL,
		"no memory for %zu scales", groups));

	ok = ok && span_read(b, &l->span[1], first / g * d->bytes, groups * d->bytes, raw, e);
	if (ok)
		d->decode(raw, scale, groups);
	for (size_t k = 0; ok && k < groups; k++)
		scale[k] = scale[k] * (l->scale_by ? l->scale_by : 1.0f) /
			(l->scale_over ? l->scale_over : 1.0f);
	ok = ok && (l->code_bits ? codes_read(b, l, first, n, out, e) :
		run_read(b, &l->span[0], first, n, out, e));
	/* a group may be of any size: the first can begin before `first` */
	for (size_t i = 0, at = (size_t)(first % g); ok && i < n; i++, at++)
		out[i] *= scale[at / g];
	free(scale);
	return ok;
}

/* Scales of one row of blocks at a time; `group` rows by `scale_group` columns make a block. */
static bool blocks_read(const struct model_build *b, const struct layout *l, uint64_t first,
	size_t n, float *out, struct err *e)
{
	uint64_t row = l->row, per_row = (row + l->scale_group - 1) / l->scale_group;
	uint64_t loaded = UINT64_MAX;
	float *scale = xtry_malloc(per_row * sizeof *scale);
	bool ok = scale || err_set(e, ERR_MEMORY, b->m.source.label, NULL, "no memory for scales");

	ok = ok && run_read(b, &l->span[0], first, n, out, e);
	for (size_t i = 0; ok && i < n; ) {
		uint64_t r = (first + i) / row, block = r / l->group;
		size_t stop = (size_t)((r + 1) * row - first);
		if (block != loaded)
			ok = run_read(b, &l->span[1], block * per_row, per_row, scale, e);
		loaded = block;
		for (; ok && i < n && i < stop; i++)
			out[i] *= scale[(first + i) % row / l->scale_group];
	}
	free(scale);
	return ok;
}

/* The writer stored float32 -exp(x) of an x that was nearly always bfloat16. log brings x back to
 * within the rounding of both; the bfloat16 number nearby, if there is one, is what it was. */
static float log_negated(float y)
{
	float x = (float)log(-(double)y);
	float near = bits_f32((f32_bits(x) + 0x8000) & 0xFFFF0000);

	return fabsf(near - x) <= 2.5e-7f * (1 + fabsf(x)) ? near : x;
}

static void map_values(enum value_map v, float *x, size_t n)
{
	if (v == VALUE_LOG_NEGATED)
		for (size_t i = 0; i < n; i++)
			x[i] = log_negated(x[i]);
	if (v == VALUE_LESS_ONE)
		for (size_t i = 0; i < n; i++)
			x[i] -= 1.0f;
}

static bool part_read(const struct model_build *b, const struct layout *l, uint64_t first,
	size_t n, float *out, struct err *e)
{
	switch ((enum layout_kind)l->kind) {
	case LAYOUT_PLAIN:
		return run_read(b, &l->span[0], first, n, out, e);
	case LAYOUT_ROWS:
		return rows_read(b, l, first, n, out, e);
	case LAYOUT_AFFINE:
		return affine_read(b, l, first, n, out, e);
	case LAYOUT_SCALED:
		return scaled_read(b, l, first, n, out, e);
	case LAYOUT_EXL2:
		return exl2_read(b, l, first, n, out, e);
	case LAYOUT_BLOCKS:
		return blocks_read(b, l, first, n, out, e);
	}
	return false;
}

bool layout_read(struct source *s, size_t t, uint64_t first, size_t n, float *out, struct err *e)
{
	const struct model_build *b = (struct model_build *)s;
	const struct layout *l = &b->layouts.v[t];

	if (!part_read(b, l, first, n, out, e))
		return err_at(e, "%s: tensor %s", s->label, s->tensors[t].name);
	map_values((enum value_map)l->value, out, n);
	return true;
}

bool layout_read_raw(struct source *s, size_t t, uint64_t offset, size_t n, void *out,
	struct err *e)
{
	const struct model_build *b = (struct model_build *)s;
	const struct span *x;
	unsigned char *p = out;

	for (int i = 0; n && (x = layout_span(&b->layouts.v[t], i)); i++) {
		if (offset >= x->bytes) {
			offset -= x->bytes;
			continue;
		}
		size_t m = n < x->bytes - offset ? n : (size_t)(x->bytes - offset);
		if (!span_read(b, x, offset, m, p, e))
			return err_at(e, "%s: tensor %s", s->label, s->tensors[t].name);
		p += m;
		n -= m;
		offset = 0;
	}
	return true;
}
