/* best: the plan of least error under a budget, from measured errors: a type to each layer of each
 * role, written down as rules. The caller owns what it gets. Any thread. */
#ifndef CUPEL_QUANT_BEST_H
#define CUPEL_QUANT_BEST_H
#include "quant/plan.h"
#include "quant/solve.h"

struct quant_errors {
	const struct quant_type *types; /* what may be chosen */
	size_t n_types;
	const double *v;         /* of target i in type k: v[i * n_types + k]; NaN: not to be had */
};
/* The types that quant_best may choose from: those smaller than what the model has. */
size_t quant_best_types(const struct quant_targets *t, struct quant_type *out, size_t max);
/* budget: bytes of all weights, `pad` the multiple that each tensor takes (1: none). Tensors that
 * are never quantized stay as `start` has them, and so do routers and what no type fits. False with
 * the *least bytes that there must be, before anything is solved. */
struct quant_spec *quant_best(const struct quant_plan *start, const struct quant_errors *x,
	uint64_t budget, uint32_t pad, bool *exact, uint64_t *least, struct err *e);
#endif
