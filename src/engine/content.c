#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/vec.h"
#include "base/xalloc.h"
#include "engine/content.h"
#include "model/virtual.h"

struct unread { /* a tensor nobody has hashed */
	struct model *m;
	size_t t, n;
	struct hash *pieces, whole;
	bool computed;             /* of a virtual model: hashed as it would be written */
};
struct piece { size_t of, number; };
struct content {
	vec(struct unread) v;
	vec(struct piece) pieces;
	atomic_bool failed;
	struct err error;
};

/* A piece of a computed tensor, in its dtype. The first element is a multiple of 256, for a piece
 * is. */
static bool write_piece(const struct unread *u, uint64_t at, size_t n, unsigned char *out,
	struct err *e)
{
	const struct dtype_info *d = dtype_info(u->m->source.tensors[u->t].dtype);
	float *v = xtry_malloc(WINDOW_ELEMS * sizeof *v);
	uint64_t first = at / d->bytes, end = first + n / d->bytes;
	bool ok = v || err_set(e, ERR_MEMORY, "hash", "use fewer --threads", "no memory");

	while (ok && first < end) {
		size_t m = end - first < WINDOW_ELEMS ? (size_t)(end - first) : WINDOW_ELEMS;

		ok = source_read(&u->m->source, u->t, first, m, v, e);
		if (ok)
			d->encode(v, out, m);
		out += m * d->bytes;
		first += m;
	}
	free(v);
	return ok;
}

static void read_piece(void *ctx, size_t i, unsigned worker)
{
	struct content *c = ctx;
	struct unread *u = &c->v.v[c->pieces.v[i].of];
	uint64_t at = (uint64_t)c->pieces.v[i].number * HASH_PIECE;
	uint64_t left = u->m->source.tensors[u->t].bytes - at;
	size_t n = left < HASH_PIECE ? (size_t)left : HASH_PIECE;
	unsigned char *b = xmalloc(n + 1);
	struct err e = {0};

	(void)worker;
	if (u->computed ? write_piece(u, at, n, b, &e)
		: source_read_raw(&u->m->source, u->t, at, n, b, &e))
		u->pieces[c->pieces.v[i].number] = hash_bytes(b, n);
	else if (!atomic_exchange(&c->failed, true))
		c->error = e;
	free(b);
}

static void list_unread(struct content *c, struct model *m)
{
	struct hash known;
	size_t at;

	for (size_t t = 0; t < m->source.n_tensors; t++) {
		size_t n = (size_t)((m->source.tensors[t].bytes + HASH_PIECE - 1) / HASH_PIECE);

		if (model_hash_cached(m, t, &known))
			continue;
		*vec_push(&c->v) = (struct unread){.m = m, .t = t, .n = n,
			.pieces = xnew(struct hash, n + 1),
			.computed = !model_origin(m, t, &at)};
		for (size_t k = 0; k < n; k++)
			*vec_push(&c->pieces) = (struct piece){c->v.n - 1, k};
	}
}

static void store(struct unread *u)
{
	const struct tensor *t = &u->m->source.tensors[u->t];

	u->whole = hash_tensor(t->dtype == DT_UNKNOWN ? t->dtype_text : dtype_name(t->dtype),
		t->shape, t->rank, u->pieces, u->n);
	if (!u->computed)
		model_hash_store(u->m, u->t, u->whole);
}

/* From the tensors' digests; zero if one cannot be remembered. The computed ones stand among the
 * unread in the order of the model. */
static struct hash whole(const struct content *c, const struct model *m)
{
	size_t n = m->source.n_tensors, next = 0;
	const char **names = xnew(const char *, n + 1);
	struct hash *h = xnew(struct hash, n + 1), all = {{0}};
	bool known = true;

	for (size_t t = 0; known && t < n; t++) {
		names[t] = m->source.tensors[t].name;
		known = model_hash_cached(m, t, &h[t]);
		while (next < c->v.n && (c->v.v[next].m != m || c->v.v[next].t < t))
			next++;
		if (!known && next < c->v.n && c->v.v[next].t == t) {
			h[t] = c->v.v[next].whole;
			known = true;
		}
	}
	if (known)
		all = hash_model(names, h, n);
	free(names);
	free(h);
	return all;
}

bool content_hashes(struct model *const *models, size_t n, struct pool *pool, atomic_bool *stop,
	struct hash *out, struct err *e)
{
	struct content c = {0};
	bool ok;

	for (size_t i = 0; i < n; i++)
		list_unread(&c, models[i]);
	pool_for(pool, c.pieces.n, read_piece, &c, stop);
	ok = !atomic_load(&c.failed);
	if (!ok && e)
		*e = c.error;
	if (ok && stop && atomic_load(stop))
		ok = err_set(e, ERR_CANCELLED, "hash", NULL, "cancelled");
	for (size_t k = 0; k < c.v.n; k++) {
		if (ok)
			store(&c.v.v[k]);
		free(c.v.v[k].pieces);
	}
	for (size_t i = 0; ok && i < n; i++)
		out[i] = whole(&c, models[i]);
	vec_fini(&c.v);
	vec_fini(&c.pieces);
	return ok;
}
