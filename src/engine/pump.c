#include "config.h"
#include "engine/pump.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include "base/xalloc.h"

#define SLICE_NS 8000000

struct pump {
	struct pool *pool;
	int priority;
	bool (*step)(void *ctx);
	void *ctx;
	pthread_mutex_t lock;
	pthread_cond_t settled;  /* running or kicks changed */
	unsigned queued, running, most;
	unsigned long kicks;
	bool stopped;
	unsigned refs;           /* the owner and every task in the pool */
};

struct pump *pump_new(struct pool *pool, int priority, bool (*step)(void *ctx), void *ctx)
{
	struct pump *p = xnew(struct pump, 1);

	p->pool = pool;
	p->priority = priority;
	p->step = step;
	p->ctx = ctx;
	/* one for the owner */
	p->most = !pool ? 0 : pool_threads(pool) > 1 ? pool_threads(pool) - 1 : 1;
	p->refs = 1;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->settled, NULL);
	return p;
}

static void unref_locked(struct pump *p)
{
	bool last = --p->refs == 0;

	pthread_mutex_unlock(&p->lock);
	if (!last)
		return;
	pthread_cond_destroy(&p->settled);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void task(void *ctx);

static void submit_locked(struct pump *p)
{
	p->queued++;
	p->refs++;
	pthread_mutex_unlock(&p->lock);
	pool_submit(p->pool, p->priority, task, p);
	pthread_mutex_lock(&p->lock);
}

/* Steps until nothing is found (false) or the time slice ends (true). Called and left with the
 * lock. */
static bool work_locked(struct pump *p, int64_t until, atomic_bool *stop)
{
	p->running++;
	while (!p->stopped && !(stop && atomic_load(stop))) {
		unsigned long kicks = p->kicks;
		pthread_mutex_unlock(&p->lock);
		bool did = p->step(p->ctx);
		bool late = until && did && now_ns() > until;
		pthread_mutex_lock(&p->lock);
		if (late || (!did && kicks == p->kicks)) {
			p->running--;
			pthread_cond_broadcast(&p->settled);
			return late;
		}
	}
	p->running--;
	pthread_cond_broadcast(&p->settled);
	return false;
}

static void task(void *ctx)
{
	struct pump *p = ctx;

	pthread_mutex_lock(&p->lock);
	p->queued--;
	if (!p->stopped && work_locked(p, now_ns() + SLICE_NS, NULL) && !p->stopped)
		submit_locked(p);
	pthread_cond_broadcast(&p->settled);
	unref_locked(p);
}

void pump_kick(struct pump *p)
{
	pthread_mutex_lock(&p->lock);
	p->kicks++;
	while (!p->stopped && p->queued + p->running < p->most)
		submit_locked(p);
	pthread_cond_broadcast(&p->settled);
	pthread_mutex_unlock(&p->lock);
}

void pump_help(struct pump *p, atomic_bool *stop)
{
	pthread_mutex_lock(&p->lock);
	unsigned most = p->most;
	p->most = p->pool ? pool_threads(p->pool) - 1 : 0; /* the caller is one of them */
	for (;;) {
		unsigned long kicks = p->kicks;
		work_locked(p, 0, stop);
		if (p->stopped || (stop && atomic_load(stop)))
			break;
		while (p->running && kicks == p->kicks)
			pthread_cond_wait(&p->settled, &p->lock);
		if (!p->running && kicks == p->kicks)
			break;
	}
	p->most = most;
	pthread_mutex_unlock(&p->lock);
}

bool pump_idle(struct pump *p)
{
	pthread_mutex_lock(&p->lock);
	bool idle = !p->running && !p->queued;
	pthread_mutex_unlock(&p->lock);
	return idle;
}

void pump_free(struct pump *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->stopped = true;
	while (p->running)
		pthread_cond_wait(&p->settled, &p->lock);
	/* Tasks that wait in a busy pool only look and leave: give them a moment, else the last one
	 * frees the pump. */
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec++;
	while (p->queued && pthread_cond_timedwait(&p->settled, &p->lock, &until) == 0)
		;
	unref_locked(p);
}
