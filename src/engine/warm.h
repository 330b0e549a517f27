/* warm: kernels kept ready for tensors that are read at random. What a method has to know of a
 * whole tensor first (norms, magnitudes at a cut) is found once, by all threads that ask for that
 * tensor meanwhile, and kept while it is in use and for a while after: the oldest go first.
 * The same bits as the run's: windows are folded in order.
 * Holds no reference to the plan; any thread may take and give. */
#ifndef CUPEL_ENGINE_WARM_H
#define CUPEL_ENGINE_WARM_H
#include "engine/work.h"

struct warm;
struct warm *warm_new(const struct plan *p);
void warm_free(struct warm *w);  /* nothing is taken any more */
struct warm_tensor;
/* The tensor's work, ready for work_apply until it is given back. NULL with a reason. */
struct warm_tensor *warm_take(struct warm *w, size_t tensor, struct desk *d, struct err *e);
const struct work *warm_work(const struct warm_tensor *t);
void warm_give(struct warm *w, struct warm_tensor *t);
#endif
