/* rate: how fast this machine merges, learned from the last run, for estimates. Any thread. */
#ifndef CUPEL_ENGINE_RATE_H
#define CUPEL_ENGINE_RATE_H
#include "engine/plan.h"

uint64_t rate_bytes(const struct plan *p);      /* read and written for it */
double rate_known(void);                        /* bytes per second; a guess before the first run */
void rate_learn(const struct plan *p, uint64_t resumed, double seconds);
#endif
