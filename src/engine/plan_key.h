/* plan_key: what decides the values of an output tensor, as one hash: method, parameters, shape,
 * dtype, and what the caller says of the sources. Any thread. */
#ifndef CUPEL_ENGINE_PLAN_KEY_H
#define CUPEL_ENGINE_PLAN_KEY_H
#include "engine/plan.h"

/* source: per spec input, of its content or of its place. */
struct hash plan_key(const struct plan_tensor *t, const struct hash *source);
/* With the sources by their place (model_tensor_place): the same before and after they are hashed.
 */
struct hash plan_place(const struct plan *p, size_t tensor);
#endif
