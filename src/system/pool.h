/* pool: worker threads. pool_for splits work over them and waits; pool_submit queues background
 * work and returns. Results never depend on the number of workers: items are numbered, folds are in
 * order. The pool is owned by whoever made it; any thread may submit. */
#ifndef CUPEL_SYSTEM_POOL_H
#define CUPEL_SYSTEM_POOL_H
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct pool;
struct pool *pool_new(unsigned threads);       /* 0 = all cores this process may use */
void pool_free(struct pool *p);                /* waits for what runs; drops what has not begun */
unsigned pool_threads(const struct pool *p);

/* Calls fn(ctx, i, worker) for i in [0,n), worker in [0, threads); i's are handed out in order.
 * The caller works too, as the last worker index. Stops handing out when *stop becomes true (stop
 * may be NULL).
 * Several threads may call at once. Not re-entrant from fn itself; from a background task it is. */
void pool_for(struct pool *p, size_t n, void (*fn)(void *ctx, size_t i, unsigned worker),
	void *ctx, atomic_bool *stop);
/* Background: fn(ctx) on a worker, FIFO within a priority (lower runs first). */
void pool_submit(struct pool *p, int priority, void (*fn)(void *ctx), void *ctx);
void pool_drain(struct pool *p);               /* waits until nothing is queued or running */
unsigned pool_default_threads(void);
#endif
