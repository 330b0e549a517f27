#include "config.h"
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "engine/leaves.h"
#include "engine/piece.h"
#include "engine/stream.h"

/* A tensor at work: its passes one after the other, then its pieces. All under the stream's lock,
 * but for partials (each its worker's) and the state while `folding` (the folder's). */
struct lane {
	struct work w;
	struct piece_sums sums;
	bool used, begun, folding;
	int pass;                  /* w.passes: the pieces */
	uint64_t next, finished;   /* window or piece to hand out; pieces that are whole */
	uint64_t pieces;
	/* partials in flight: numbered in window order, folded in that order */
	struct flight { void *partial; uint64_t window; bool ready; } *ring;
	uint64_t handed, folded;
	bool any;                  /* the pass had a window */
	size_t partial_size;
};
struct job { /* what a worker was given */
	struct lane *lane;
	int pass;
	uint64_t number, flight;   /* window or piece; place among the pass's partials */
};
struct stream {
	const struct plan *p;
	const uint32_t *order;
	size_t n, next, left;      /* tensors; next to begin; not yet whole */
	struct lane *lanes;        /* oldest first in `queue` */
	struct lane **queue;
	size_t n_lanes, n_queue, n_ring;
	const struct stream_sink *sink;
	atomic_bool *stop;
	pthread_mutex_t lock, done_lock;
	pthread_cond_t changed;
	bool failed;
	struct err error;
};
struct bench { /* one worker's own */
	struct desk desk;
	unsigned char *buffer;
	size_t capacity;
};

/* --- under the lock --- */

static void fail(struct stream *s, const struct err *e)
{
	if (!s->failed)
		s->error = *e;
	s->failed = true;
	pthread_cond_broadcast(&s->changed);
}

static void lane_close(struct stream *s, struct lane *l)
{
	size_t i = 0;

	while (s->queue[i] != l)
		i++;
	memmove(&s->queue[i], &s->queue[i + 1], (s->n_queue - i - 1) * sizeof *s->queue);
	s->n_queue--;
	if (l->begun)
		work_end(&l->w);
	piece_sums_fini(&l->sums);
	for (size_t k = 0; k < s->n_ring; k++)
		free(l->ring[k].partial);
	memset(l->ring, 0, s->n_ring * sizeof *l->ring);
	l->used = l->begun = false;
}

/* The pass as it begins; passes without windows were skipped by pass_over. */
static void pass_begin(struct lane *l)
{
	const struct merge_spec *spec = &l->w.t->spec;

	l->next = l->handed = l->folded = 0;
	l->any = false;
	if (l->pass < l->w.passes)
		l->partial_size = l->w.m->partial_size(spec, l->w.state, l->pass) + 1;
}

static bool lane_open(struct stream *s, struct lane *l)
{
	struct flight *ring = l->ring;
	struct err e = {0};

	memset(l, 0, sizeof *l);
	l->ring = ring;
	l->used = true;
	s->queue[s->n_queue++] = l;
	if (!work_begin(&l->w, s->p, s->order[s->next++], &e)) {
		fail(s, &e);
		return false;
	}
	l->begun = true;
	if (l->w.t->verbatim)
		l->w.passes = 0;
	piece_sums_init(&l->sums, &l->w);
	l->pieces = l->w.t->spec.elements ? (l->w.t->spec.elements - 1) / piece_elements(&l->w) + 1
		: 1;
	pass_begin(l);
	return true;
}

/* Moves on to the next window that the pass reads. */
static bool window_left(struct lane *l)
{
	while (l->next < l->w.pass_windows && work_span(&l->w, l->pass, l->next) == 0)
		l->next++;
	return l->next < l->w.pass_windows;
}

static bool take_window(struct stream *s, struct lane *l, struct job *j)
{
	struct flight *f = &l->ring[l->handed % s->n_ring];

	if (l->handed - l->folded >= s->n_ring || !window_left(l))
		return false;
	*j = (struct job){.lane = l, .pass = l->pass, .number = l->next++, .flight = l->handed++};
	f->window = j->number;
	f->ready = false;
	l->any = true;
	return true;
}

/* Passes that turn out to have no window are over at once. */
static void pass_over(struct lane *l)
{
	while (l->pass < l->w.passes && !l->folding && l->handed == 0 && !window_left(l)) {
		l->pass++;
		pass_begin(l);
	}
}

static bool take_from(struct stream *s, struct lane *l, struct job *j)
{
	pass_over(l);
	if (l->pass < l->w.passes)
		return take_window(s, l, j);
	if (l->next >= l->pieces)
		return false;
	*j = (struct job){.lane = l, .pass = l->pass, .number = l->next++};
	return true;
}

static bool take(struct stream *s, struct job *j)
{
	for (size_t i = 0; i < s->n_queue; i++)
		if (take_from(s, s->queue[i], j))
			return true;
	for (size_t i = 0; i < s->n_lanes && s->next < s->n; i++)
		if (!s->lanes[i].used)
			return lane_open(s, &s->lanes[i]) && take_from(s, &s->lanes[i], j);
	return false;
}

/* --- work --- */

/* Folds what is ready, in order, then settles a pass that is complete. Entered with the lock held;
 * the lock is open while folding. */
static bool fold_ready(struct stream *s, struct lane *l, struct err *e)
{
	const struct merge_spec *spec = &l->w.t->spec;
	struct flight *f;
	bool ok = true;

	if (l->folding)
		return true;
	l->folding = true;
	while (f = &l->ring[l->folded % s->n_ring], l->folded < l->handed && f->ready) {
		pthread_mutex_unlock(&s->lock);
		l->w.m->fold(spec, l->w.state, l->pass, f->partial, f->window);
		pthread_mutex_lock(&s->lock);
		f->ready = false;
		l->folded++;
	}
	if (l->folded == l->handed && l->any && !window_left(l)) {
		pthread_mutex_unlock(&s->lock);
		ok = l->w.m->settle(spec, l->w.state, l->pass, e);
		pthread_mutex_lock(&s->lock);
		for (size_t k = 0; k < s->n_ring; k++) {
			free(l->ring[k].partial);
			l->ring[k].partial = NULL;
		}
		l->pass++;
		pass_begin(l);
	}
	l->folding = false;
	pthread_cond_broadcast(&s->changed);
	return ok;
}

static bool do_window(struct stream *s, const struct job *j, struct bench *b, struct err *e)
{
	struct lane *l = j->lane;
	struct flight *f = &l->ring[j->flight % s->n_ring];
	bool ok = true;

	if (!f->partial)
		f->partial = xtry_malloc(l->partial_size);
	if (!f->partial)
		return err_set(e, ERR_MEMORY, l->w.t->like->name, "use fewer --threads",
			"no memory for a partial result of %zu bytes", l->partial_size);
	ok = work_observe(&l->w, j->pass, j->number, f->partial, &b->desk, e);
	pthread_mutex_lock(&s->lock);
	f->ready = ok;
	ok = ok && fold_ready(s, l, e);
	pthread_mutex_unlock(&s->lock);
	return ok;
}

static bool tensor_done(struct stream *s, struct lane *l, struct err *e)
{
	struct hash input[MERGE_MAX_INPUTS];
	struct stream_done d = {.tensor = l->w.index, .input = input,
		.nonfinite = atomic_load(&l->sums.nonfinite)};
	bool ok;

	d.hash = piece_hashes(&l->w, &l->sums, input);
	pthread_mutex_lock(&s->done_lock);
	ok = s->sink->done(s->sink->ctx, &d, e);
	pthread_mutex_unlock(&s->done_lock);
	pthread_mutex_lock(&s->lock);
	lane_close(s, l);
	s->left--;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	return ok;
}

static bool do_piece(struct stream *s, const struct job *j, struct bench *b, struct err *e)
{
	struct lane *l = j->lane;
	uint64_t offset = j->number * piece_elements(&l->w) * dtype_info(l->w.t->dtype)->bytes;
	size_t bytes = 0;
	bool last;

	if (!piece_make(&l->w, j->number, &b->desk, &b->buffer, &b->capacity, &bytes, &l->sums,
		e) ||
		!s->sink->piece(s->sink->ctx, l->w.index, offset, b->buffer, bytes, e))
		return false;
	pthread_mutex_lock(&s->lock);
	last = ++l->finished == l->pieces;
	pthread_mutex_unlock(&s->lock);
	return !last || tensor_done(s, l, e);
}

static bool stopped(const struct stream *s)
{
	return s->stop && atomic_load_explicit(s->stop, memory_order_relaxed);
}

static void worker(void *ctx, size_t i, unsigned index)
{
	struct stream *s = ctx;
	struct bench b = {0};
	struct err e = {0};
	struct job j;

	(void)index;
	pthread_mutex_lock(&s->lock);
	while (s->left > 0 && !s->failed) {
		bool ok;

		if (stopped(s)) {
			err_set(&e, ERR_CANCELLED, "merge", NULL, "cancelled");
			fail(s, &e);
			break;
		}
		if (!take(s, &j)) {
			if (!s->failed)
				pthread_cond_wait(&s->changed, &s->lock);
			continue;
		}
		pthread_mutex_unlock(&s->lock);
		ok = j.pass < j.lane->w.passes ? do_window(s, &j, &b, &e) : do_piece(s, &j, &b, &e);
		if (ok && i == 0 && s->sink->tick && !s->sink->tick(s->sink->ctx, s->order[0]))
			ok = err_set(&e, ERR_CANCELLED, "merge", NULL, "cancelled");
		pthread_mutex_lock(&s->lock);
		if (!ok)
			fail(s, &e);
	}
	pthread_mutex_unlock(&s->lock);
	desk_fini(&b.desk);
	free(b.buffer);
}

/* --- the whole --- */

static size_t lanes_for(unsigned threads)
{
	return 8 + 2 * (size_t)threads;
}

uint64_t stream_memory(const struct plan *p, unsigned threads)
{
	uint64_t inputs = p->inputs->n, part = WORK_PART * sizeof(float);
	struct leaves l = leaves_find(p);
	/* every recipe inside has parts of its inputs too, and a result in the making */
	uint64_t inside = threads * ((l.inputs + 3 * l.recipes) * part);

	leaves_fini(&l);

	/* per worker: parts of every input, a piece of output; per lane: partials in flight, mostly
	 * few */
	return threads * ((inputs + 3) * part + 2 * HASH_PIECE) +
		2 * threads * (inputs * ((uint64_t)512 << 10)) + ((uint64_t)24 << 20) + inside;
}

bool stream_run(const struct plan *p, const uint32_t *order, size_t n, struct pool *pool,
	const struct stream_sink *sink, atomic_bool *stop, struct err *e)
{
	unsigned threads = pool_threads(pool);
	struct stream s = {.p = p, .order = order, .n = n, .left = n, .sink = sink, .stop = stop,
		.n_lanes = lanes_for(threads), .n_ring = threads + 2};

	s.lanes = xnew(struct lane, s.n_lanes);
	s.queue = xnew(struct lane *, s.n_lanes);
	for (size_t i = 0; i < s.n_lanes; i++)
		s.lanes[i].ring = xnew(struct flight, s.n_ring);
	pthread_mutex_init(&s.lock, NULL);
	pthread_mutex_init(&s.done_lock, NULL);
	pthread_cond_init(&s.changed, NULL);
	pool_for(pool, threads, worker, &s, NULL);
	while (s.n_queue)
		lane_close(&s, s.queue[0]);
	for (size_t i = 0; i < s.n_lanes; i++)
		free(s.lanes[i].ring);
	free(s.lanes);
	free(s.queue);
	pthread_cond_destroy(&s.changed);
	pthread_mutex_destroy(&s.done_lock);
	pthread_mutex_destroy(&s.lock);
	if (s.failed && e)
		*e = s.error;
	return !s.failed;
}
