#include "model/vocab_rows.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"
#include "model/virtual.h"

#define READ_ALIGN 256u         /* sources are read from multiples of this */
#define CHUNK ((size_t)64 * 1024)

/* What all models of one layout share. */
struct shared {
	atomic_int refs;
	struct vocab_layout *layout; /* NULL: rows are only cut */
	uint32_t rows;
	struct vocab_among among;
	size_t n;
	struct model **v;            /* as they were */
};
struct rows_tensor {
	uint64_t members;            /* models that have such a tensor */
	long *at;                    /* [model]: which of its tensors; -1 */
	uint64_t width;
	float *pad;                  /* mean row, once it is known */
};
struct rows { /* behind one virtual model */
	struct shared *s;
	int which;
	struct rows_tensor **t;      /* per tensor of the virtual model; NULL: passed on */
	size_t n;
	pthread_mutex_t lock;        /* over pad */
};

bool vocab_is_rows(const struct tensor *t)
{
	return (str_eq(t->role, "token_embd") || str_eq(t->role, "output")) && t->rank >= 1 &&
		t->rank <= 2 && t->layer < 0;
}

uint32_t vocab_rows_of(const struct model *m)
{
	int64_t said = json_int(m->config, "vocab_size",
		json_int(m->config, "text_config.vocab_size", -1));
	uint64_t rows = said > 0 ? (uint64_t)said : UINT64_MAX;
	bool any = false;

	for (size_t t = 0; t < m->source.n_tensors; t++)
		if (vocab_is_rows(&m->source.tensors[t])) {
			any = true;
			if (m->source.tensors[t].shape[0] < rows)
				rows = m->source.tensors[t].shape[0];
		}
	return !any ? 0 : rows < VOCAB_MAX ? (uint32_t)rows : VOCAB_MAX;
}

/* --- reading --- */

/* Elements [first, first+n), at any place. */
static bool read_span(struct source *s, size_t t, uint64_t first, size_t n, float *out,
	struct err *e)
{
	uint64_t all = s->tensors[t].elements;
	float *tmp = NULL;
	bool ok = true;

	while (ok && n) {
		size_t skip = (size_t)(first % READ_ALIGN), take;

		if (!skip && (n % READ_ALIGN == 0 || first + n == all)) {
			ok = source_read(s, t, first, n, out, e);
			break;
		}
		take = n < CHUNK - skip ? n : CHUNK - skip;
		uint64_t end = (first + take + READ_ALIGN - 1) / READ_ALIGN * READ_ALIGN;
		if (end > all)
			end = all;
		if (!tmp && !(tmp = xtry_malloc(CHUNK * sizeof *tmp))) {
			ok = err_set(e, ERR_MEMORY, s->label, "use fewer --threads",
				"no memory to read rows");
			break;
		}
		ok = source_read(s, t, first - skip, (size_t)(end - first + skip), tmp, e);
		if (ok)
			memcpy(out, tmp + skip, take * sizeof *out);
		first += take;
		out += take;
		n -= take;
	}
	free(tmp);
	return ok;
}

static struct vocab_row row_at(const struct rows *x, const struct rows_tensor *t, uint32_t row)
{
	if (!x->s->layout)
		return (struct vocab_row){ ROW_OWN, x->which, row };
	return vocab_layout_row(x->s->layout, t->members, x->which, row);
}

static bool read_from(const struct rows *x, const struct rows_tensor *t, int model, uint64_t first,
	size_t n, float *out, struct err *e)
{
	return read_span(&x->s->v[model]->source, (size_t)t->at[model], first, n, out, e);
}

/* mean = (x_1 + x_2 + …) / count, float32, in the order of the models */
static bool read_mean(const struct rows *x, const struct rows_tensor *t, uint32_t row,
	uint64_t column, size_t n, float *out, struct err *e)
{
	float *one = xtry_malloc(n * sizeof *one + 1), count = 0.0f;
	bool ok = one || err_set(e, ERR_MEMORY, "embedding", NULL, "no memory for a row");

	memset(out, 0, n * sizeof *out);
	for (size_t m = 0; ok && m < x->s->n; m++) {
		int32_t old = x->s->layout->old[m][row];

		if (!(t->members >> m & 1) || old < 0)
			continue;
		ok = read_from(x, t, (int)m, (uint64_t)old * t->width + column, n, one, e);
		for (size_t i = 0; ok && i < n; i++)
			out[i] += one[i];
		count += 1.0f;
	}
	for (size_t i = 0; ok && i < n; i++)
		out[i] /= count;
	free(one);
	return ok;
}

static bool read_row(const struct rows *x, const struct rows_tensor *t, const struct vocab_row *r,
	uint32_t row, uint64_t column, size_t n, float *out, struct err *e)
{
	switch (r->kind) {
	case ROW_OWN:
	case ROW_OF:
		return read_from(x, t, r->model, r->at * t->width + column, n, out, e);
	case ROW_MEAN:
		return read_mean(x, t, row, column, n, out, e);
	default:
		memset(out, 0, n * sizeof *out);
		return true;
	}
}

/* Lanes of float64 by row mod 16, folded 8-4-2-1. */
static float *pad_make(const struct rows *x, const struct rows_tensor *t, struct err *e)
{
	size_t w = (size_t)t->width;
	double *lane = xtry_malloc(16 * w * sizeof *lane);
	float *row = xtry_malloc(w * sizeof *row), *mean = xtry_malloc(w * sizeof *mean);
	bool ok = (lane && row && mean) ||
		err_set(e, ERR_MEMORY, "embedding", NULL, "no memory for the mean row");
	uint32_t n = x->s->layout->top;

	if (ok)
		memset(lane, 0, 16 * w * sizeof *lane);
	for (uint32_t r = 0; ok && r < n; r++) {
		struct vocab_row from = row_at(x, t, r);

		if (from.kind == ROW_PAD || from.kind == ROW_ZERO)
			continue;
		ok = read_row(x, t, &from, r, 0, w, row, e);
		for (size_t i = 0; ok && i < w; i++)
			lane[(r & 15) * w + i] += row[i];
	}
	for (size_t half = 8; ok && half; half /= 2)
		for (size_t i = 0; i < half * w; i++)
			lane[i] += lane[half * w + i];
	for (size_t i = 0; ok && i < w; i++)
		mean[i] = (float)(lane[i] / (double)x->s->layout->n);
	free(lane);
	free(row);
	if (ok)
		return mean;
	free(mean);
	return NULL;
}

static bool read_pad(struct rows *x, struct rows_tensor *t, uint64_t column, size_t n, float *out,
	struct err *e)
{
	bool ok;

	pthread_mutex_lock(&x->lock);
	if (!t->pad)
		t->pad = pad_make(x, t, e);
	ok = t->pad != NULL;
	pthread_mutex_unlock(&x->lock);
	if (ok)
		memcpy(out, t->pad + column, n * sizeof *out);
	return ok;
}

/* How many elements from there lie in one piece in the model they come from. */
static size_t run_of(const struct rows *x, const struct rows_tensor *t, struct vocab_row r,
	uint32_t row, uint64_t column, size_t n)
{
	uint64_t have = t->width - column;

	while (have < n && (r.kind == ROW_OWN || r.kind == ROW_OF)) {
		struct vocab_row next = row_at(x, t, ++row);

		if ((next.kind != ROW_OWN && next.kind != ROW_OF) || next.model != r.model ||
			next.at != r.at + 1)
			break;
		have += t->width;
		r = next;
	}
	return have < n ? (size_t)have : n;
}

static bool rows_read(void *ctx, size_t t, uint64_t first, size_t n, float *out, struct err *e)
{
	struct rows *x = ctx;
	struct rows_tensor *k = x->t[t];
	bool ok = true;

	while (ok && n) {
		uint32_t row = (uint32_t)(first / k->width);
		uint64_t column = first % k->width;
		struct vocab_row r = row_at(x, k, row);
		size_t m = run_of(x, k, r, row, column, n);

		ok = r.kind == ROW_PAD ? read_pad(x, k, column, m, out, e)
			: read_row(x, k, &r, row, column, m, out, e);
		first += m;
		out += m;
		n -= m;
	}
	return ok;
}

static struct hash rows_key(void *ctx, size_t t)
{
	const struct rows *x = ctx;
	struct hash_stream *s = hash_stream_new();
	uint32_t fixed[2] = { x->s->rows, (uint32_t)x->which };

	hash_stream_add(s, "rows", 4);
	hash_stream_add(s, fixed, sizeof fixed);
	if (x->s->layout)
		hash_stream_add(s, &x->s->layout->key, sizeof x->s->layout->key);
	for (size_t m = 0; m < x->s->n; m++) {
		long at = x->t[t]->at[m];
		struct hash h = { { 0 } };

		/* a cut model is made of nobody else */
		if (at >= 0 && ((x->s->layout && x->t[t]->members >> m & 1) ||
			(int)m == x->which))
			h = model_tensor_place(x->s->v[m], (size_t)at);
		hash_stream_add(s, &h, sizeof h);
	}
	return hash_stream_end(s);
}

/* --- making --- */

static struct shared *shared_new(struct vocab_layout *l, uint32_t rows, struct model **v, size_t n,
	const struct vocab_among *among)
{
	struct shared *s = xnew(struct shared, 1);

	atomic_init(&s->refs, 1);
	s->layout = l ? vocab_layout_ref(l) : NULL;
	s->rows = rows;
	s->among = *among;
	s->n = n;
	s->v = xnew(struct model *, n + 1);
	for (size_t i = 0; i < n; i++)
		s->v[i] = model_ref(v[i]);
	return s;
}

static void shared_unref(struct shared *s)
{
	if (atomic_fetch_sub(&s->refs, 1) > 1)
		return;
	for (size_t i = 0; i < s->n; i++)
		model_unref(s->v[i]);
	vocab_layout_unref(s->layout);
	free(s->v);
	free(s);
}

static void rows_free(void *ctx)
{
	struct rows *x = ctx;

	for (size_t t = 0; t < x->n; t++)
		if (x->t[t]) {
			free(x->t[t]->at);
			free(x->t[t]->pad);
			free(x->t[t]);
		}
	free(x->t);
	pthread_mutex_destroy(&x->lock);
	shared_unref(x->s);
	free(x);
}

static const struct virtual_ops rows_ops = { rows_read, rows_key, rows_free };

static long embedding_of(const struct model *m)
{
	for (size_t t = 0; t < m->source.n_tensors; t++)
		if (str_eq(m->source.tensors[t].role, "token_embd"))
			return (long)t;
	return -1;
}

/* Which tensor of a model stands for this one: by name, or the embedding for a head. */
static long stands_for(const struct model *m, const struct tensor *t)
{
	long at = source_find(&m->source, t->name);

	return at < 0 && m->tied_head && str_eq(t->role, "output") && t->rank == 2
		? embedding_of(m) : at;
}

static bool fits(const struct tensor *a, const struct tensor *b)
{
	return a->rank == b->rank && (a->rank == 1 || a->shape[1] == b->shape[1]);
}

static struct rows_tensor *tensor_new(const struct shared *s, const struct tensor *like)
{
	struct rows_tensor *k = xnew(struct rows_tensor, 1);

	k->at = xnew(long, s->n + 1);
	k->width = like->rank == 2 ? like->shape[1] : 1;
	for (size_t m = 0; m < s->n; m++) {
		long at = stands_for(s->v[m], like);

		if (at >= 0 && !(fits(&s->v[m]->source.tensors[at], like) &&
			s->v[m]->source.tensors[at].readable))
			at = -1; /* the planner says what does not fit */
		k->at[m] = at;
		k->members |= (uint64_t)(at >= 0) << m;
	}
	k->members &= str_eq(like->role, "output") ? s->among.head : s->among.embedding;
	return k;
}

/* What the tensor is with so many rows; quantized ones count as BF16, as they do elsewhere. */
static bool about_of(const struct tensor *t, uint32_t rows, struct tensor *to)
{
	*to = *t;
	to->stored = NULL;
	to->dtype_text = NULL;
	to->shape[0] = rows;
	if (!dtype_is_float(t->dtype) || !dtype_info(t->dtype)->encode)
		to->dtype = DT_BF16;
	return size_mul(rows, t->rank == 2 ? t->shape[1] : 1, &to->elements) &&
		dtype_bytes(to->dtype, to->elements, &to->bytes);
}

static bool unchanged(const struct shared *s, int which, const struct tensor *t)
{
	return t->shape[0] == s->rows && (!s->layout ||
		vocab_layout_same(s->layout, which, (uint32_t)t->shape[0]));
}

typedef vec(struct virtual_tensor) tensor_list;

/* Tensor `at` of the model, under the name of like. */
static bool add_rows(struct rows *x, const struct tensor *like, long at,
	const struct vocab_member *members, tensor_list *out, struct err *e)
{
	const struct tensor *t = &x->s->v[x->which]->source.tensors[at];
	struct virtual_tensor *v = vec_push(out);
	struct rows_tensor *k = x->t[x->n++] = tensor_new(x->s, like);

	if (!about_of(t, x->s->rows, &v->about))
		return err_set(e, ERR_INPUT, t->name, NULL, "its size overflows");
	v->about.name = like->name;
	v->about.role = like->role;
	k->members |= (uint64_t)1 << x->which;
	return !x->s->layout || vocab_layout_check(x->s->layout, k->members, members, t->name, e);
}

/* Its tensors, and the head of the first where it only uses its embedding for one. */
static bool list_tensors(struct rows *x, int first, const struct vocab_member *members,
	tensor_list *out, struct err *e)
{
	struct model *m = x->s->v[x->which], *f = x->s->v[first];

	x->t = xnew(struct rows_tensor *, m->source.n_tensors + f->source.n_tensors + 1);
	for (size_t t = 0; t < m->source.n_tensors; t++) {
		const struct tensor *k = &m->source.tensors[t];

		if (vocab_is_rows(k) && k->readable && !unchanged(x->s, x->which, k)) {
			if (!add_rows(x, k, (long)t, members, out, e))
				return false;
			continue;
		}
		*vec_push(out) = (struct virtual_tensor){ *k, m, t };
		x->n++;
	}
	for (size_t t = 0; x->s->layout && t < f->source.n_tensors; t++) {
		const struct tensor *k = &f->source.tensors[t];
		long at = source_find(&m->source, k->name) < 0 && vocab_is_rows(k)
			? stands_for(m, k) : -1;

		if (at >= 0 && !add_rows(x, k, at, members, out, e))
			return false;
	}
	return true;
}

static json_t *config_with(const struct model *m, uint32_t rows)
{
	json_t *c = m->config ? json_deep_copy(m->config) : NULL, *text = json_object_get(c,
		"text_config");

	if (json_object_get(text, "vocab_size"))
		json_object_set_new(text, "vocab_size", json_integer(rows));
	if (c && (json_object_get(c, "vocab_size") || !json_object_get(text, "vocab_size")))
		json_object_set_new(c, "vocab_size", json_integer(rows));
	return c;
}

static struct model *wrap(struct shared *s, int which, int first,
	const struct vocab_member *members, struct err *e)
{
	struct rows *x = xnew(struct rows, 1);
	struct model *m = s->v[which], *made = NULL;
	tensor_list v = { 0 };
	struct virtual_about about = { .like = m, .label = m->name ? m->name : m->source.label };

	x->s = s;
	x->which = which;
	atomic_fetch_add(&s->refs, 1);
	pthread_mutex_init(&x->lock, NULL);
	if (list_tensors(x, first, members, &v, e)) {
		about.config = config_with(m, s->rows);
		about.note = "its embedding is laid out for another vocabulary";
		made = model_virtual(&about, v.v, v.n, &rows_ops, x, e);
		json_decref(about.config);
	} else {
		rows_free(x);
	}
	vec_fini(&v);
	return made;
}

static bool all_same(const struct shared *s, int which)
{
	const struct model *m = s->v[which];

	for (size_t t = 0; t < m->source.n_tensors; t++)
		if (vocab_is_rows(&m->source.tensors[t]) &&
			!unchanged(s, which, &m->source.tensors[t]))
			return false;
	return true;
}

/* None or all: what was made is let go after a failure. */
static bool wrap_all(struct shared *s, struct model **v, int first,
	const struct vocab_member *members, struct err *e)
{
	struct model **made = xnew(struct model *, s->n + 1);
	bool ok = true;

	for (size_t i = 0; ok && i < s->n; i++) {
		if (all_same(s, (int)i))
			continue;
		made[i] = wrap(s, (int)i, first, members, e);
		ok = made[i] != NULL;
	}
	for (size_t i = 0; i < s->n; i++) {
		if (ok && made[i])
			model_unref(v[i]), v[i] = made[i];
		else if (made[i])
			model_unref(made[i]);
	}
	free(made);
	shared_unref(s);
	return ok;
}

bool vocab_rows_apply(struct vocab_layout *l, struct model **v, const struct vocab_member *members,
	size_t n, int first, const struct vocab_among *among, struct err *e)
{
	return wrap_all(shared_new(l, l->rows, v, n, among), v, first, members, e);
}

bool vocab_rows_cut(struct model **v, size_t n, int first, uint32_t *rows, struct err *e)
{
	*rows = UINT32_MAX;
	for (size_t i = 0; i < n; i++)
		for (size_t t = 0; t < v[i]->source.n_tensors; t++) {
			const struct tensor *k = &v[i]->source.tensors[t];

			if (vocab_is_rows(k) && k->shape[0] < *rows)
				*rows = (uint32_t)k->shape[0];
		}
	if (*rows == UINT32_MAX || !*rows)
		return err_set(e, ERR_INPUT, "unsafe_truncate_embeddings", "take it out",
			"no model has an embedding to cut");
	return wrap_all(shared_new(NULL, *rows, v, n, &(struct vocab_among){ 0, 0 }), v, first,
		NULL, e);
}
