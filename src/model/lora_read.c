/* Changed tensors as they are read: the model's window, the two factors' product, one rounding. */
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "model/lora_in.h"
#include "tensor/lowrank.h"

#define KEEP_FLOATS ((size_t)32 << 20) /* of factors nobody is using */
#define ROUND_AT_ONCE 4096
#define READ_ALIGN 256u /* sources are read from multiples of this */

struct factors { /* of one change, while somebody reads it and a while longer */
	size_t change, floats;
	float *left, *right;
	unsigned users;
	uint64_t used;             /* when last: a count */
};
struct lora_reader {
	struct model *base, *adapter;
	struct lora_change *v;
	size_t n;
	size_t *change_of;         /* per tensor of the virtual model */
	pthread_mutex_t lock;
	vec(struct factors *) kept;
	size_t floats;
	uint64_t clock;
};

struct lora_reader *lora_reader_new(struct model *base, struct model *adapter,
	struct lora_change *v, size_t n, const size_t *change_of)
{
	struct lora_reader *r = xnew(struct lora_reader, 1);

	*r = (struct lora_reader){ .base = model_ref(base), .adapter = model_ref(adapter), .v = v,
		.n = n, .change_of = (size_t *)change_of };
	pthread_mutex_init(&r->lock, NULL);
	return r;
}

static void factors_free(struct factors *f)
{
	free(f->left);
	free(f->right);
	free(f);
}

static void reader_free(void *ctx)
{
	struct lora_reader *r = ctx;

	for (size_t i = 0; i < r->kept.n; i++)
		factors_free(r->kept.v[i]);
	vec_fini(&r->kept);
	pthread_mutex_destroy(&r->lock);
	model_unref(r->base);
	model_unref(r->adapter);
	free(r->v);
	free(r->change_of);
	free(r);
}

/* --- factors --- */

static void turn(const float *in, uint64_t rows, uint64_t columns, float *out)
{
	for (uint64_t i = 0; i < rows; i++)
		for (uint64_t j = 0; j < columns; j++)
			out[j * rows + i] = in[i * columns + j];
}

/* Elements [first, first+n) of a tensor, wherever they begin; caller frees. */
static float *elements_read(const struct source *s, size_t t, uint64_t first, uint64_t n,
	struct err *e)
{
	uint64_t lead = first % READ_ALIGN, all = n + lead;
	float *v = all <= SIZE_MAX / sizeof *v ? xtry_malloc(all * sizeof *v) : NULL;
	bool ok = v || err_set(e, ERR_MEMORY, s->label, "use fewer --threads",
		"no memory for a factor of the adapter");

	first -= lead;
	for (uint64_t at = 0; ok && at < all; at += WINDOW_ELEMS)
		ok = source_read((struct source *)s, t, first + at,
			all - at < WINDOW_ELEMS ? (size_t)(all - at) : WINDOW_ELEMS, v + at, e);
	if (ok && lead)
		memmove(v, v + lead, n * sizeof *v);
	if (ok)
		return v;
	free(v);
	return NULL;
}

/* A factor as [rows, columns] of float32, once for each expert. turned: stored [columns, rows]. */
static float *factor_read(const struct lora_reader *r, long t, const struct lora_change *c,
	uint64_t rows, uint64_t columns, bool turned, struct err *e)
{
	uint64_t each = rows * columns, n = c->expert < 0 ? c->experts : 1;
	uint64_t first = c->expert < 0 ? 0 : (uint64_t)c->expert * each;
	float *v = elements_read(&r->adapter->source, (size_t)t, first, n * each, e), *w;

	if (!v || !turned)
		return v;
	w = xtry_malloc(n * each * sizeof *w);
	for (uint64_t k = 0; w && k < n; k++)
		turn(v + k * each, columns, rows, w + k * each);
	if (!w)
		err_set(e, ERR_MEMORY, r->adapter->source.label, "use fewer --threads",
			"no memory for a factor of the adapter");
	free(v);
	return w;
}

static struct factors *factors_read(const struct lora_reader *r, size_t change, struct err *e)
{
	const struct lora_change *c = &r->v[change];
	struct factors *f = xnew(struct factors, 1);

	f->change = change;
	f->left = factor_read(r, c->left, c, c->rows, c->rank, c->left_turned, e);
	f->right = f->left ?
		factor_read(r, c->right, c, c->rank, c->columns, c->right_turned, e) : NULL;
	f->floats = (size_t)((c->rows + c->columns) * c->rank * (c->expert < 0 ? c->experts : 1));
	if (f->right)
		return f;
	factors_free(f);
	return NULL;
}

/* Under the lock: those nobody uses, longest unused first, until they are few. */
static void forget(struct lora_reader *r)
{
	while (r->floats > KEEP_FLOATS) {
		size_t oldest = r->kept.n;

		for (size_t i = 0; i < r->kept.n; i++)
			if (!r->kept.v[i]->users && (oldest == r->kept.n ||
				r->kept.v[i]->used < r->kept.v[oldest]->used))
				oldest = i;
		if (oldest == r->kept.n)
			return;
		r->floats -= r->kept.v[oldest]->floats;
		factors_free(r->kept.v[oldest]);
		r->kept.v[oldest] = r->kept.v[--r->kept.n];
	}
}

static struct factors *factors_get(struct lora_reader *r, size_t change, struct err *e)
{
	struct factors *f = NULL;

	pthread_mutex_lock(&r->lock);
	for (size_t i = 0; !f && i < r->kept.n; i++)
		if (r->kept.v[i]->change == change)
			f = r->kept.v[i];
	if (!f && (f = factors_read(r, change, e))) {
		*vec_push(&r->kept) = f;
		r->floats += f->floats;
	}
	if (f) {
		f->users++;
		f->used = ++r->clock;
		forget(r);
	}
	pthread_mutex_unlock(&r->lock);
	return f;
}

static void factors_put(struct lora_reader *r, struct factors *f)
{
	pthread_mutex_lock(&r->lock);
	f->users--;
	forget(r);
	pthread_mutex_unlock(&r->lock);
}

/* --- reading --- */

static void round_to(enum dtype t, float *v, size_t n)
{
	const struct dtype_info *d = dtype_info(t);
	unsigned char stored[ROUND_AT_ONCE * 8];

	if (t == DT_F32)
		return;
	for (size_t at = 0; at < n; at += ROUND_AT_ONCE) {
		size_t m = n - at < ROUND_AT_ONCE ? n - at : ROUND_AT_ONCE;

		d->encode(v + at, stored, m);
		d->decode(stored, v + at, m);
	}
}

/* Of one pair of matrices. */
static void add_product(const struct lora_change *c, const float *left, const float *right,
	uint64_t first, size_t n, float *out)
{
	float part[ROUND_AT_ONCE];

	if (!c->twice)
		lowrank_add(left, right, (size_t)c->rank, (size_t)c->columns, c->factor, first, n,
			out);
	for (size_t at = 0; c->twice && at < n; at += ROUND_AT_ONCE) {
		size_t m = n - at < ROUND_AT_ONCE ? n - at : ROUND_AT_ONCE;

		memset(part, 0, m * sizeof *part);
		lowrank_add(left, right, (size_t)c->rank, (size_t)c->columns, c->factor,
			first + at, m, part);
		round_to(c->dtype, part, m);
		for (size_t i = 0; i < m; i++)
			out[at + i] += part[i];
	}
}

static void add(const struct lora_change *c, const struct factors *f, uint64_t first, size_t n,
	float *out)
{
	uint64_t each = c->rows * c->columns;

	while (n) {
		uint64_t k = c->experts > 1 && c->expert < 0 ? first / each : 0;
		uint64_t in = first - k * each;
		size_t m = each - in < n ? (size_t)(each - in) : n;

		add_product(c, f->left + k * c->rows * c->rank,
			f->right + k * c->rank * c->columns, in, m, out);
		first += m;
		out += m;
		n -= m;
	}
}

static bool change_read(void *ctx, size_t t, uint64_t first, size_t n, float *out, struct err *e)
{
	struct lora_reader *r = ctx;
	size_t change = r->change_of[t];
	const struct lora_change *c = &r->v[change];
	const struct source *s = c->saved >= 0 ? &r->adapter->source : &r->base->source;

	if (!source_read((struct source *)s, c->saved >= 0 ? (size_t)c->saved : c->t, first, n,
		out, e))
		return false;
	if (c->left >= 0) {
		struct factors *f = factors_get(r, change, e);

		if (!f)
			return false;
		add(c, f, first, n, out);
		factors_put(r, f);
	}
	round_to(c->dtype, out, n);
	return true;
}

static struct hash change_key(void *ctx, size_t t)
{
	struct lora_reader *r = ctx;
	const struct lora_change *c = &r->v[r->change_of[t]];
	struct hash_stream *s = hash_stream_new();
	long parts[3] = { c->saved, c->left, c->right };
	struct hash h = model_tensor_place(r->base, c->t);
	uint64_t facts[4] = { (uint64_t)c->dtype, (uint64_t)(c->expert + 1),
		c->left_turned + 2u * c->right_turned, 0 };

	memcpy(&facts[3], &c->factor, sizeof c->factor);
	hash_stream_add(s, "adapter 1", 9);
	hash_stream_add(s, &h, sizeof h);
	hash_stream_add(s, facts, sizeof facts);
	for (int i = 0; i < 3; i++) {
		h = parts[i] < 0 ? (struct hash){ { 0 } } :
			model_tensor_place(r->adapter, (size_t)parts[i]);
		hash_stream_add(s, &h, sizeof h);
	}
	return hash_stream_end(s);
}

const struct virtual_ops lora_reader_ops = {
	.read = change_read,
	.key = change_key,
	.free = reader_free,
};
