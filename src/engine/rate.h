/* rate: how fast this machine merges, learned from the last run, for estimates. Any thread. */
#ifndef CUPEL_ENGINE_RATE_H
#define CUPEL_ENGINE_RATE_H
#include "engine/plan.h"

void rate_learn(const struct plan *p, uint64_t resumed, double seconds);
#endif
