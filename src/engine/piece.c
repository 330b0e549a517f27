#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "engine/inputs.h"
#include "engine/piece.h"
#include "merge/kernels.h"

struct making { /* one piece at work */
	const struct work *w;
	struct piece_sums *sums;
	unsigned char *out;
	uint64_t first, end;       /* elements */
	struct hash_stream *out_hash, *in_hash[MERGE_MAX_INPUTS];
	/* stored bytes hashed so far, from the tensor's start */
	uint64_t out_at, in_at[MERGE_MAX_INPUTS];
	uint64_t nonfinite;
};

uint64_t piece_elements(const struct work *w)
{
	uint32_t least = dtype_info(w->t->dtype)->bytes;

	for (int k = 0; k < w->t->spec.n_inputs; k++) {
		const struct tensor *t = work_source(w, k);

		if (work_plain(work_model(w, k), t) && dtype_info(t->dtype)->bytes < least)
			least = dtype_info(t->dtype)->bytes;
		/* what a recipe inside is made of may be so narrow, and is hashed by it */
		if (w->plan->inputs->v[w->t->input[k]].made_by && least > 2)
			least = 2;
	}
	return HASH_PIECE / least;
}

static size_t pieces_of(uint64_t bytes)
{
	return (size_t)((bytes + HASH_PIECE - 1) / HASH_PIECE);
}

void piece_sums_init(struct piece_sums *s, const struct work *w)
{
	struct hash known;

	memset(s, 0, sizeof *s);
	s->n_out = pieces_of(w->t->bytes);
	s->out = xnew(struct hash, s->n_out + 1);
	for (int k = 0; k < w->t->spec.n_inputs; k++) {
		struct model *m = work_model(w, k);
		const struct tensor *t = work_source(w, k);

		if (!work_plain(m, t) || model_hash_cached(m, (size_t)w->t->source[k], &known))
			continue;
		s->n_in[k] = pieces_of(t->bytes);
		s->in[k] = xnew(struct hash, s->n_in[k] + 1);
	}
}

void piece_sums_fini(struct piece_sums *s)
{
	free(s->out);
	for (int k = 0; k < MERGE_MAX_INPUTS; k++)
		free(s->in[k]);
	memset(s, 0, sizeof *s);
}

/* Adds bytes at *at, and closes a digest at each multiple of HASH_PIECE. */
static void hash_on(struct hash_stream **h, uint64_t *at, const void *bytes, size_t n,
	struct hash *digests)
{
	const unsigned char *b = bytes;

	while (n > 0) {
		size_t room = HASH_PIECE - (size_t)(*at % HASH_PIECE), m = n < room ? n : room;

		if (!*h)
			*h = hash_stream_new();
		hash_stream_add(*h, b, m);
		*at += m;
		b += m;
		n -= m;
		if (m == room) {
			digests[*at / HASH_PIECE - 1] = hash_stream_end(*h);
			*h = NULL;
		}
	}
}

static void hash_end(struct hash_stream **h, uint64_t at, struct hash *digests)
{
	if (*h)
		digests[at / HASH_PIECE] = hash_stream_end(*h);
	*h = NULL;
}

/* Stored input bytes as they come by; rows may reach beyond the piece. */
static void input_bytes(void *ctx, int k, uint64_t first, size_t n, const void *stored)
{
	struct making *m = ctx;
	size_t size = dtype_info(work_source(m->w, k)->dtype)->bytes;
	uint64_t from = first < m->first ? m->first : first;
	uint64_t to = first + n < m->end ? first + n : m->end;

	if (m->sums->in[k] && from < to)
		hash_on(&m->in_hash[k], &m->in_at[k],
			(const unsigned char *)stored + (from - first) * size,
			(size_t)(to - from) * size, m->sums->in[k]);
}

static bool output_part(void *ctx, uint64_t first, size_t n, const float *const *in,
	const float *out, struct err *e)
{
	struct making *m = ctx;
	const struct dtype_info *d = dtype_info(m->w->t->dtype);
	unsigned char *to = m->out + (first - m->first) * d->bytes;

	(void)e;
	d->encode(out, to, n);
	hash_on(&m->out_hash, &m->out_at, to, n * d->bytes, m->sums->out);
	for (int k = 0; k < m->w->t->spec.n_inputs; k++)
		m->nonfinite += kernels()->count_nonfinite(in[k], n);
	return true;
}

/* --- integers: the same in every input, or an error --- */

static bool agree(const struct making *m, const struct input_row *row, uint64_t offset, size_t n,
	unsigned char *scratch, struct err *e)
{
	const struct inputs *in = m->w->plan->inputs;
	int from = m->w->t->input[0];

	for (size_t i = 0; i < in->n; i++) {
		if ((int)i == from || row->source[i] < 0)
			continue;
		if (!source_read_raw(&in->v[i].model->source, (size_t)row->source[i], offset, n,
			scratch, e))
			return false;
		if (memcmp(scratch, m->out + offset - m->first * dtype_info(m->w->t->dtype)->bytes,
			n))
			return err_set(e, ERR_INPUT, row->like->name,
				"merge models whose integer tensors agree",
				"whole numbers are not merged, and %s and %s hold different ones",
				in->v[from].label, in->v[i].label);
	}
	return true;
}

static bool copy_piece(struct making *m, struct err *e)
{
	size_t rows, size = dtype_info(m->w->t->dtype)->bytes;
	const struct input_row *row = &inputs_rows(m->w->plan->inputs, &rows)[m->w->index];
	uint64_t offset = m->first * size, end = m->end * size;
	size_t step = 1 << 16;
	unsigned char *scratch = xmalloc(step);
	bool ok = true;

	for (uint64_t at = offset; ok && at < end; at += step) {
		size_t n = end - at < step ? (size_t)(end - at) : step;

		ok = source_read_raw(&work_model(m->w, 0)->source, (size_t)m->w->t->source[0], at,
			n,
			m->out + (at - offset), e) && agree(m, row, at, n, scratch, e);
		if (!ok)
			break;
		hash_on(&m->out_hash, &m->out_at, m->out + (at - offset), n, m->sums->out);
		if (m->sums->in[0])
			hash_on(&m->in_hash[0], &m->in_at[0], m->out + (at - offset), n,
				m->sums->in[0]);
	}
	free(scratch);
	return ok;
}

/* --- weights that stay as they are --- */

static bool stays(const struct work *w)
{
	const struct method *m = w->m;
	const struct tensor *t = work_source(w, 0);

	return m->copies && m->copies(&w->t->spec) && t->dtype == w->t->dtype &&
		(t->dtype == DT_F32 || t->dtype == DT_BF16 || t->dtype == DT_F16) &&
		work_plain(work_model(w, 0), t);
}

static size_t nonfinite(const struct dtype_info *d, const unsigned char *stored, size_t bytes)
{
	float x[KERNEL_CHUNK];
	size_t found = 0, n;

	for (size_t left = bytes / d->bytes; left > 0; left -= n, stored += n * d->bytes) {
		n = left < KERNEL_CHUNK ? left : KERNEL_CHUNK;
		d->decode(stored, x, n);
		found += kernels()->count_nonfinite(x, n);
	}
	return found;
}

/* Stored bytes as the kernels would leave them, hashed once for both ends. NaN are not kept to the
 * bit by arithmetic: where there are any, *odd says so and the kernels take over. */
static bool keep_piece(struct making *m, bool *odd, struct err *e)
{
	const struct dtype_info *d = dtype_info(m->w->t->dtype);
	uint64_t begin = m->first * d->bytes, end = m->end * d->bytes;
	size_t step = (size_t)256 << 10;

	*odd = false;
	for (uint64_t at = begin; at < end && !*odd; at += step) {
		size_t n = end - at < step ? (size_t)(end - at) : step;
		unsigned char *to = m->out + (at - begin);

		if (!source_read_raw(&work_model(m->w, 0)->source, (size_t)m->w->t->source[0], at,
			n, to, e))
			return false;
		*odd = nonfinite(d, to, n) > 0;
		hash_on(&m->out_hash, &m->out_at, to, n, m->sums->out);
	}
	hash_end(&m->out_hash, m->out_at, m->sums->out);
	if (*odd)
		m->out_at = begin;
	else if (m->sums->in[0])
		for (uint64_t i = begin / HASH_PIECE; i * HASH_PIECE < end; i++)
			m->sums->in[0][i] = m->sums->out[i];
	return true;
}

/* --- the piece --- */

static bool buffer_fit(unsigned char **buffer, size_t *capacity, size_t n, struct err *e)
{
	if (*capacity >= n)
		return true;
	free(*buffer);
	*buffer = xtry_malloc(n);
	*capacity = *buffer ? n : 0;
	return *buffer || err_set(e, ERR_MEMORY, "merge", "use fewer --threads",
		"no memory for a piece of the output");
}

bool piece_make(const struct work *w, uint64_t i, struct desk *d, unsigned char **buffer,
	size_t *capacity, size_t *bytes, struct piece_sums *s, struct err *e)
{
	uint64_t each = piece_elements(w), all = w->t->spec.elements;
	struct making m = {.w = w, .sums = s, .first = i * each};
	size_t size = dtype_info(w->t->dtype)->bytes;
	bool ok = true, odd = true;

	m.end = all - m.first < each ? all : m.first + each;
	*bytes = (size_t)(m.end - m.first) * size;
	if (!buffer_fit(buffer, capacity, *bytes + 64, e))
		return false;
	m.out = *buffer;
	m.out_at = m.first * size;
	for (int k = 0; k < w->t->spec.n_inputs; k++)
		m.in_at[k] = m.first * dtype_info(work_source(w, k)->dtype)->bytes;
	if (w->t->verbatim)
		ok = copy_piece(&m, e);
	else if (stays(w))
		ok = keep_piece(&m, &odd, e);
	if (!w->t->verbatim && ok && odd)
		ok = work_apply(w, m.first, m.end - m.first, d, output_part, input_bytes, &m, e);
	hash_end(&m.out_hash, m.out_at, s->out);
	for (int k = 0; k < w->t->spec.n_inputs; k++)
		hash_end(&m.in_hash[k], m.in_at[k], s->in[k]);
	atomic_fetch_add(&s->nonfinite, m.nonfinite);
	return ok;
}

struct hash piece_hashes(const struct work *w, const struct piece_sums *s, struct hash *input)
{
	const struct tensor *like = w->t->like;

	for (int k = 0; k < w->t->spec.n_inputs; k++) {
		struct model *m = work_model(w, k);
		const struct tensor *t = work_source(w, k);

		memset(&input[k], 0, sizeof input[k]);
		if (!s->in[k]) {
			model_hash_cached(m, (size_t)w->t->source[k], &input[k]);
			continue;
		}
		input[k] = hash_tensor(dtype_name(t->dtype), t->shape, t->rank, s->in[k],
			s->n_in[k]);
		model_hash_store(m, (size_t)w->t->source[k], input[k]);
	}
	return hash_tensor(dtype_name(w->t->dtype), like->shape, like->rank, s->out, s->n_out);
}
