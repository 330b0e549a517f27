#include "config.h"
#include "engine/warm.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "base/vec.h"
#include "base/xalloc.h"

#define KEEP 32          /* tensors that nobody uses, with what their method knows of them */
#define RING 8           /* partial results in flight */
#define SMALL_STATE 4096 /* bytes that may stay for good */

struct warm_tensor {
	struct work w;
	size_t tensor;
	bool lasting;              /* without passes: nothing to find out, stays to the end */
	/* under the warm's lock */
	unsigned users;
	uint64_t used;             /* when it was given back last */
	/* under its own: a pass at work, as in stream.c */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool folding, any;
	atomic_bool ready, failed; /* written under the lock */
	struct err error;
	int pass;
	uint64_t next, handed, folded;
	struct { void *partial; uint64_t window; bool ready; } ring[RING];
	size_t partial_size;
};
struct warm {
	const struct plan *plan;
	/* per tensor: the lasting ones, found without a lock */
	_Atomic(struct warm_tensor *) *lasting;
	pthread_mutex_t lock;
	vec(struct warm_tensor *) v;
	uint64_t clock;
};

static void tensor_free(struct warm_tensor *t)
{
	for (size_t i = 0; i < RING; i++)
		free(t->ring[i].partial);
	work_end(&t->w);
	pthread_cond_destroy(&t->changed);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

static void pass_begin(struct warm_tensor *t)
{
	t->next = t->handed = t->folded = 0;
	t->any = false;
	if (t->pass < t->w.passes)
		t->partial_size =
			t->w.m->partial_size(&t->w.t->spec, t->w.state, t->pass) + 1;
	else
		t->ready = true;
}

static struct warm_tensor *tensor_new(const struct plan *p, size_t tensor, struct err *e)
{
	struct warm_tensor *t = xnew(struct warm_tensor, 1);

	t->tensor = tensor;
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->changed, NULL);
	if (!work_begin(&t->w, p, tensor, e)) {
		tensor_free(t);
		return NULL;
	}
	t->lasting = t->w.passes == 0 && !t->w.m->begin && (!t->w.m->state_size ||
		t->w.m->state_size(&t->w.t->spec) <= SMALL_STATE);
	pass_begin(t);
	return t;
}

struct warm *warm_new(const struct plan *p)
{
	struct warm *w = xnew(struct warm, 1);

	w->plan = p;
	w->lasting = xcalloc(p->n + 1, sizeof *w->lasting);
	pthread_mutex_init(&w->lock, NULL);
	return w;
}

void warm_free(struct warm *w)
{
	for (size_t i = 0; i < w->plan->n; i++) {
		struct warm_tensor *t = atomic_load(&w->lasting[i]);

		if (t)
			tensor_free(t);
	}
	for (size_t i = 0; i < w->v.n; i++)
		tensor_free(w->v.v[i]);
	vec_fini(&w->v);
	free(w->lasting);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

/* --- the passes, by all who wait for them; under the tensor's lock --- */

static bool window_left(struct warm_tensor *t)
{
	while (t->next < t->w.windows && work_span(&t->w, t->pass, t->next) == 0)
		t->next++;
	return t->next < t->w.windows;
}

/* Folds what is ready, in order, and settles a pass that is complete. The lock is open meanwhile.
 */
static bool fold_ready(struct warm_tensor *t, struct err *e)
{
	const struct merge_spec *spec = &t->w.t->spec;
	bool ok = true;

	if (t->folding)
		return true;
	t->folding = true;
	while (t->folded < t->handed && t->ring[t->folded % RING].ready) {
		size_t i = t->folded % RING;

		pthread_mutex_unlock(&t->lock);
		t->w.m->fold(spec, t->w.state, t->pass, t->ring[i].partial, t->ring[i].window);
		pthread_mutex_lock(&t->lock);
		t->ring[i].ready = false;
		t->folded++;
	}
	if (t->folded == t->handed && !window_left(t)) {
		bool any = t->any;

		pthread_mutex_unlock(&t->lock);
		ok = !any || t->w.m->settle(spec, t->w.state, t->pass, e);
		pthread_mutex_lock(&t->lock);
		for (size_t i = 0; i < RING; i++) {
			free(t->ring[i].partial);
			t->ring[i].partial = NULL;
		}
		t->pass++;
		pass_begin(t);
	}
	t->folding = false;
	pthread_cond_broadcast(&t->changed);
	return ok;
}

static bool observe_next(struct warm_tensor *t, struct desk *d, struct err *e)
{
	size_t i = t->handed % RING;
	uint64_t window = t->next++;
	bool ok;

	t->handed++;
	t->any = true;
	t->ring[i].window = window;
	if (!t->ring[i].partial)
		t->ring[i].partial = xtry_malloc(t->partial_size);
	if (!t->ring[i].partial)
		return err_set(e, ERR_MEMORY, t->w.t->like->name, "use fewer --threads",
			"no memory for a partial result of %zu bytes", t->partial_size);
	pthread_mutex_unlock(&t->lock);
	ok = work_observe(&t->w, t->pass, window, t->ring[i].partial, d, e);
	pthread_mutex_lock(&t->lock);
	t->ring[i].ready = ok;
	return ok && fold_ready(t, e);
}

static bool make_ready(struct warm_tensor *t, struct desk *d, struct err *e)
{
	struct err why = {0};
	bool ok = true;

	if (atomic_load_explicit(&t->ready, memory_order_acquire))
		return true;
	pthread_mutex_lock(&t->lock);
	while (ok && !t->ready && !t->failed) {
		if (t->handed - t->folded < RING && window_left(t))
			ok = observe_next(t, d, &why);
		else if (t->folded == t->handed && !t->folding)
			ok = fold_ready(t, &why);
		else
			pthread_cond_wait(&t->changed, &t->lock);
	}
	if (!ok && !t->failed) {
		t->failed = true;
		t->error = why;
		pthread_cond_broadcast(&t->changed);
	}
	ok = !t->failed;
	if (!ok && e)
		*e = t->error;
	pthread_mutex_unlock(&t->lock);
	return ok;
}

/* --- taking and giving --- */

/* Under the lock: those longest unused go; a failed one at once, so that it is tried again. */
static void drop_old(struct warm *w)
{
	size_t idle = 0, oldest = 0;

	for (size_t i = 0; i < w->v.n; i++)
		idle += w->v.v[i]->users == 0;
	for (size_t i = 0; idle > KEEP && i < w->v.n; i++)
		if (w->v.v[i]->users == 0 && (w->v.v[oldest]->users ||
			w->v.v[i]->used < w->v.v[oldest]->used))
			oldest = i;
	if (idle > KEEP) {
		tensor_free(w->v.v[oldest]);
		w->v.v[oldest] = w->v.v[--w->v.n];
	}
}

static struct warm_tensor *find(const struct warm *w, size_t tensor)
{
	for (size_t i = 0; i < w->v.n; i++)
		if (w->v.v[i]->tensor == tensor && !w->v.v[i]->failed)
			return w->v.v[i];
	return NULL;
}

struct warm_tensor *warm_take(struct warm *w, size_t tensor, struct desk *d, struct err *e)
{
	struct warm_tensor *t = atomic_load_explicit(&w->lasting[tensor], memory_order_acquire);

	if (t)
		return t;
	pthread_mutex_lock(&w->lock);
	t = atomic_load(&w->lasting[tensor]);
	if (!t)
		t = find(w, tensor);
	if (!t && (t = tensor_new(w->plan, tensor, e)) != NULL) {
		if (t->lasting)
			atomic_store_explicit(&w->lasting[tensor], t, memory_order_release);
		else
			*vec_push(&w->v) = t;
	}
	if (t && !t->lasting)
		t->users++;
	pthread_mutex_unlock(&w->lock);
	if (!t || t->lasting || make_ready(t, d, e))
		return t;
	warm_give(w, t);
	return NULL;
}

const struct work *warm_work(const struct warm_tensor *t)
{
	return &t->w;
}

void warm_give(struct warm *w, struct warm_tensor *t)
{
	if (t->lasting)
		return;
	pthread_mutex_lock(&w->lock);
	t->users--;
	t->used = ++w->clock;
	if (!t->users && t->failed) {
		for (size_t i = 0; i < w->v.n; i++)
			if (w->v.v[i] == t)
				w->v.v[i] = w->v.v[--w->v.n];
		tensor_free(t);
	} else {
		drop_old(w);
	}
	pthread_mutex_unlock(&w->lock);
}
