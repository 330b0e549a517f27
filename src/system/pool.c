/* threads - 1 helpers and the caller share the items of a pool_for; one more thread runs nothing
 * but background work, so that work submitted to a pool of one thread still runs. */
#include "system/pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"

struct batch { /* one pool_for, on its caller's stack */
	struct batch *next;
	void (*fn)(void *ctx, size_t i, unsigned worker);
	void *ctx;
	atomic_bool *stop;
	size_t at, n;    /* next item, number of items */
	unsigned inside; /* helpers at work on it */
};
struct task {
	struct task *next;
	int priority;
	void (*fn)(void *ctx);
	void *ctx;
};
struct worker {
	struct pool *pool;
	unsigned index;
	pthread_t thread;
};
struct pool {
	pthread_mutex_t lock;
	pthread_cond_t work, finished;
	struct batch *batches;
	struct task *tasks;
	unsigned running; /* background tasks */
	unsigned threads;
	bool quit;
	struct worker *workers;
};

static bool batch_open(const struct batch *b)
{
	return b->at < b->n && !(b->stop && atomic_load(b->stop));
}

/* Takes items until there are none. Called and left with the lock held. */
static void batch_work(struct pool *p, struct batch *b, unsigned worker)
{
	while (batch_open(b)) {
		size_t i = b->at++;

		pthread_mutex_unlock(&p->lock);
		b->fn(b->ctx, i, worker);
		pthread_mutex_lock(&p->lock);
	}
}

static struct batch *open_batch(const struct pool *p)
{
	struct batch *b = p->batches;

	while (b && !batch_open(b))
		b = b->next;
	return b;
}

static void run_task(struct pool *p)
{
	struct task *t = p->tasks;

	p->tasks = t->next;
	p->running++;
	pthread_mutex_unlock(&p->lock);
	t->fn(t->ctx);
	free(t);
	pthread_mutex_lock(&p->lock);
	p->running--;
	pthread_cond_broadcast(&p->finished);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;
	struct pool *p = w->pool;
	bool helper = w->index + 1 < p->threads;
	struct batch *b;

	pthread_mutex_lock(&p->lock);
	for (;;) {
		b = helper ? open_batch(p) : NULL;
		if (b) {
			b->inside++;
			batch_work(p, b, w->index);
			b->inside--;
			pthread_cond_broadcast(&p->finished);
		} else if (p->quit) {
			break;
		} else if (p->tasks) {
			run_task(p);
		} else {
			pthread_cond_wait(&p->work, &p->lock);
		}
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

struct pool *pool_new(unsigned threads)
{
	struct pool *p = xnew(struct pool, 1);
	sigset_t all, old;

	p->threads = threads ? threads : pool_default_threads();
	if (p->threads > 1024)
		p->threads = 1024;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->finished, NULL);
	p->workers = xnew(struct worker, p->threads);
	sigfillset(&all); /* signals belong to the main thread */
	pthread_sigmask(SIG_SETMASK, &all, &old);
	for (unsigned i = 0; i < p->threads; i++) {
		p->workers[i].pool = p;
		p->workers[i].index = i;
		if (pthread_create(&p->workers[i].thread, NULL, worker_main, &p->workers[i]) != 0)
			xalloc_failed();
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return p;
}

void pool_free(struct pool *p)
{
	struct task *t;

	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->quit = true;
	while ((t = p->tasks) != NULL) {
		p->tasks = t->next;
		free(t);
	}
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->threads; i++)
		pthread_join(p->workers[i].thread, NULL);
	pthread_cond_destroy(&p->work);
	pthread_cond_destroy(&p->finished);
	pthread_mutex_destroy(&p->lock);
	free(p->workers);
	free(p);
}

unsigned pool_threads(const struct pool *p)
{
	return p->threads;
}

void pool_for(struct pool *p, size_t n, void (*fn)(void *ctx, size_t i, unsigned worker),
	void *ctx, atomic_bool *stop)
{
	struct batch b = { .fn = fn, .ctx = ctx, .stop = stop, .n = n }, **at;

	pthread_mutex_lock(&p->lock);
	for (at = &p->batches; *at; at = &(*at)->next)
		;
	*at = &b;
	if (n > 1)
		pthread_cond_broadcast(&p->work);
	batch_work(p, &b, p->threads - 1);
	while (b.inside)
		pthread_cond_wait(&p->finished, &p->lock);
	for (at = &p->batches; *at != &b; at = &(*at)->next)
		;
	*at = b.next;
	pthread_mutex_unlock(&p->lock);
}

void pool_submit(struct pool *p, int priority, void (*fn)(void *ctx), void *ctx)
{
	struct task *t = xnew(struct task, 1), **at;

	*t = (struct task){ NULL, priority, fn, ctx };
	pthread_mutex_lock(&p->lock);
	for (at = &p->tasks; *at && (*at)->priority <= priority; at = &(*at)->next)
		;
	t->next = *at;
	*at = t;
	pthread_cond_broadcast(&p->work);
	pthread_mutex_unlock(&p->lock);
}

void pool_drain(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	while (p->tasks || p->running)
		pthread_cond_wait(&p->finished, &p->lock);
	pthread_mutex_unlock(&p->lock);
}

/* A container's share of the processor, rounded up; 0 if nothing limits it. */
static unsigned quota_threads(void)
{
	FILE *f = fopen("/sys/fs/cgroup/cpu.max", "re");
	long long quota = 0, period = 0;
	int got;

	if (!f)
		return 0;
	got = fscanf(f, "%lld %lld", &quota, &period);
	fclose(f);
	if (got != 2 || quota <= 0 || period <= 0)
		return 0;
	return (unsigned)((quota + period - 1) / period);
}

unsigned pool_default_threads(void)
{
	unsigned n = 1, quota = quota_threads();
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof set, &set) == 0)
		n = (unsigned)CPU_COUNT(&set);
	if (quota && quota < n)
		n = quota;
	return n ? n : 1;
}
