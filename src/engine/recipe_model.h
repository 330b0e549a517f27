/* recipe_model: another recipe's result as a model, computed while it is read: the kernels of a
 * run, rounded to the output's dtype, so that what is read is what reading the written file would
 * give. Nothing is written; memory is bounded by threads and inputs, not by sizes.
 * The model holds the plan. Any thread may read. */
#ifndef CUPEL_ENGINE_RECIPE_MODEL_H
#define CUPEL_ENGINE_RECIPE_MODEL_H
#include "engine/plan.h"

/* label: what messages call it. Takes a reference to the plan. */
struct model *recipe_model(struct plan *p, const char *label, struct err *e);
#endif
