#include "config.h"
#include "engine/overhear.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/vec.h"
#include "base/xalloc.h"

#define TENSORS 64 /* listened to at once; the one unheard for longest goes */
#define STREAMS 64 /* pieces of one tensor that are open */

struct stream { /* a piece that is being heard */
	struct hash_stream *hash;
	uint64_t next;             /* the byte to come */
	bool busy;                 /* somebody adds to it, outside the lock */
};
struct heard {
	const struct model *m;     /* compared, never used: the plan behind the caller holds it */
	size_t t;
	bool known;                /* hashed before, or now: nothing to do */
	unsigned busy;
	uint64_t used;
	size_t n, left;            /* pieces; those not learned */
	struct hash *piece;
	bool *has;
	vec(struct stream) open;
};
struct overhear {
	pthread_mutex_t lock;
	uint64_t clock;
	struct heard *v[TENSORS];
	size_t n;
};

struct overhear *overhear_new(void)
{
	struct overhear *o = xnew(struct overhear, 1);

	pthread_mutex_init(&o->lock, NULL);
	return o;
}

static void heard_free(struct heard *h)
{
	for (size_t i = 0; i < h->open.n; i++)
		hash_stream_end(h->open.v[i].hash);
	vec_fini(&h->open);
	free(h->piece);
	free(h->has);
	free(h);
}

void overhear_free(struct overhear *o)
{
	for (size_t i = 0; i < o->n; i++)
		heard_free(o->v[i]);
	pthread_mutex_destroy(&o->lock);
	free(o);
}

/* --- under the lock --- */

static struct heard *heard_new(const struct model *m, size_t t)
{
	struct heard *h = xnew(struct heard, 1);
	struct hash ignored;

	h->m = m;
	h->t = t;
	h->known = model_hash_cached(m, t, &ignored);
	h->n = h->left = (size_t)((m->source.tensors[t].bytes + HASH_PIECE - 1) / HASH_PIECE);
	if (h->known)
		return h;
	h->piece = xnew(struct hash, h->n + 1);
	h->has = xnew(bool, h->n + 1);
	return h;
}

static struct heard *find(struct overhear *o, const struct model *m, size_t t)
{
	size_t oldest = TENSORS;

	for (size_t i = 0; i < o->n; i++) {
		if (o->v[i]->m == m && o->v[i]->t == t)
			return o->v[i];
		if (!o->v[i]->busy && (oldest == TENSORS || o->v[i]->used < o->v[oldest]->used))
			oldest = i;
	}
	if (o->n < TENSORS)
		return o->v[o->n++] = heard_new(m, t);
	if (oldest == TENSORS)
		return NULL;
	heard_free(o->v[oldest]);
	return o->v[oldest] = heard_new(m, t);
}

/* The stream that waits for this byte; a new one at the beginning of a piece. -1: none. */
static long stream_at(struct heard *h, uint64_t offset)
{
	size_t i;

	for (i = 0; i < h->open.n; i++)
		if (h->open.v[i].next == offset && !h->open.v[i].busy)
			return (long)i;
	if (offset % HASH_PIECE || h->has[offset / HASH_PIECE])
		return -1;
	for (i = 0; i < h->open.n; i++) /* heard from its beginning once more: the later counts */
		if (h->open.v[i].next / HASH_PIECE == offset / HASH_PIECE && !h->open.v[i].busy)
			break;
	if (i == h->open.n && h->open.n == STREAMS)
		return -1;
	if (i < h->open.n)
		hash_stream_end(h->open.v[i].hash);
	else
		vec_push(&h->open);
	h->open.v[i] = (struct stream){.hash = hash_stream_new(), .next = offset};
	return (long)i;
}

static void learned(struct heard *h, const struct tensor *about)
{
	h->known = true;
	model_hash_store(h->m, h->t, hash_tensor(about->dtype == DT_UNKNOWN ? about->dtype_text
		: dtype_name(about->dtype), about->shape, about->rank, h->piece, h->n));
}

/* One run within one piece. The lock is open while it is hashed. */
static void hear(struct overhear *o, struct heard *h, uint64_t offset, const void *bytes, size_t n)
{
	const struct tensor *about = &h->m->source.tensors[h->t];
	size_t p = (size_t)(offset / HASH_PIECE);
	uint64_t end = (uint64_t)(p + 1) * HASH_PIECE;
	long i = h->known ? -1 : stream_at(h, offset);
	struct hash_stream *s;

	if (i < 0)
		return;
	end = end < about->bytes ? end : about->bytes;
	s = h->open.v[i].hash;
	h->open.v[i].busy = true;
	h->busy++;
	pthread_mutex_unlock(&o->lock);
	hash_stream_add(s, bytes, n);
	pthread_mutex_lock(&o->lock);
	h->busy--;
	for (i = 0; h->open.v[i].hash != s; i++)
		; /* others may have come and gone */
	h->open.v[i].busy = false;
	h->open.v[i].next += n;
	if (h->open.v[i].next < end)
		return;
	h->open.v[i] = h->open.v[--h->open.n];
	if (h->has[p]) {
		hash_stream_end(s);
		return;
	}
	h->piece[p] = hash_stream_end(s);
	h->has[p] = true;
	if (--h->left == 0)
		learned(h, about);
}

void overhear(struct overhear *o, const struct model *m, size_t t, uint64_t offset,
	const void *bytes, size_t n)
{
	const unsigned char *b = bytes;
	struct heard *h;

	pthread_mutex_lock(&o->lock);
	h = find(o, m, t);
	if (h)
		h->used = ++o->clock;
	while (h && !h->known && n > 0) {
		size_t room = HASH_PIECE - (size_t)(offset % HASH_PIECE), k = n < room ? n : room;

		hear(o, h, offset, b, k);
		offset += k;
		b += k;
		n -= k;
	}
	pthread_mutex_unlock(&o->lock);
}
