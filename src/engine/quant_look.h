/* quant_look: what types would do to the weights of a model, live: for the Quant view. Every target
 * in every candidate type is measured on a sample of rows, those of the focus first; then the types
 * that are in use over all weights, in the background. Exact sums are kept in the catalog under the
 * content of the weights and the type, and never measured again.
 * `changed` is called from a worker, at most every 16 ms. Holds references to its targets; the
 * importance matrix is borrowed. One owner thread calls; getters never read and never wait. */
#ifndef CUPEL_ENGINE_QUANT_LOOK_H
#define CUPEL_ENGINE_QUANT_LOOK_H
#include "catalog/catalog.h"
#include "quant/measure.h"
#include "quant/plan.h"
#include "system/pool.h"

struct quant_look;
/* types: the candidates. c may be NULL. */
struct quant_look *quant_look_new(struct pool *pool, struct catalog *c, struct quant_targets *t,
	const struct imatrix *m, const struct quant_type *types, size_t n,
	void (*changed)(void *ctx), void *ctx);
void quant_look_free(struct quant_look *l);  /* waits for the steps that run */
/* What is in use: measured first, and then exactly. Nothing is measured before. */
void quant_look_plan(struct quant_look *l, const struct quant_plan *p);
/* Of one target in a type, of the sample alone, whatever else is known: types compare evenly. False
 * where nothing is known yet, or the type does not fit. */
bool quant_look_sample(const struct quant_look *l, size_t target, struct quant_type t,
	struct quant_sums *out);
/* Targets together as one long vector, each in the type the plan gives it (type NULL) or all in
 * one. NaN where one of them is not known yet. */
struct quant_figure quant_look_figure(const struct quant_look *l, const struct quant_plan *p,
	const uint32_t *v, size_t n, const struct quant_type *type);
/* Share of the work that is done: of samples; *exact of the pass. 1: nothing is left. */
double quant_look_progress(const struct quant_look *l, double *exact);
/* Nothing is being measured and nothing is left to. */
bool quant_look_idle(const struct quant_look *l);
bool quant_look_failed(const struct quant_look *l, struct err *e);
#endif
