/* pump: background work of one owner on a shared pool: a step function that does one small piece
 * and says whether there was one. Steps run on several workers at once, give way to other users of
 * the pool every few milliseconds, and start again when kicked.
 * The owner makes, kicks and frees it; kick may be called by any thread. */
#ifndef CUPEL_ENGINE_PUMP_H
#define CUPEL_ENGINE_PUMP_H
#include "system/pool.h"

struct pump;
/* pool NULL: only pump_help works. Lower priorities run first (pool.h). */
struct pump *pump_new(struct pool *pool, int priority, bool (*step)(void *ctx), void *ctx);
void pump_free(struct pump *p);  /* waits for the steps that run; no step begins any more */
void pump_kick(struct pump *p);  /* there may be work again */
/* The caller works too, until no step finds anything and none runs, or *stop. */
void pump_help(struct pump *p, atomic_bool *stop);
bool pump_idle(struct pump *p);
#endif
