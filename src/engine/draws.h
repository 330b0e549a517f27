/* draws: --arithmetic mergekit and --rng mergekit as a plan sees them: for which methods they
 * exist, their names in records, and where in mergekit's one sequence of random numbers each tensor
 * and input begins. Called while a plan is made. */
#ifndef CUPEL_ENGINE_DRAWS_H
#define CUPEL_ENGINE_DRAWS_H
#include "base/arena.h"
#include "engine/plan.h"

/* False: the method has no such arithmetic; e says which have. */
bool draws_allowed(const struct method *m, enum arithmetic a, struct err *e);
/* Whether what the tensor is worked on in is a dtype that it covers. */
bool draws_work(const struct merge_spec *s, struct err *e);
/* The streams of every tensor that draws, from the arena: mergekit goes through the tensors by the
 * bytes of their names in the inputs, in each through the models in order; a density of 1 or more
 * draws nothing. Returns how many tensors of a stack share a name with another: in which order
 * mergekit goes through those is open. */
size_t draws_place(struct plan *p, struct arena *a);
#endif
