/* task: what the methods on task vectors (x - base) share: their parameters and kernels.
 * Constant data and pure functions; any thread. */
#ifndef CUPEL_MERGE_TASK_H
#define CUPEL_MERGE_TASK_H
#include "merge/method.h"

/* Rows of the parameters common to the family; a method lists those it reads. */
#define TASK_PARAM_WEIGHT \
	{ P_WEIGHT, "weight", PARAM_NON_BASE, PARAM_FLOAT, true, 1.0, -1.0, 2.0, 0.05, \
		"How much of this model's task vector is added; a negative weight subtracts it." }
#define TASK_PARAM_DENSITY \
	{ P_DENSITY, "density", PARAM_NON_BASE, PARAM_FLOAT, false, 1.0, 0.0, 1.0, 0.05, \
		"Share of the task vector's elements that is kept." }
#define TASK_PARAM_DENSITY_UNUSED \
	{ P_DENSITY, "density", PARAM_NON_BASE, PARAM_FLOAT, false, 1.0, 0.0, 1.0, 0.05, \
		"Accepted and without effect: this method keeps every element." }
#define TASK_PARAM_NORMALIZE(on) \
	{ P_NORMALIZE, "normalize", PARAM_GLOBAL, PARAM_BOOL, false, on, 0.0, 1.0, 1.0, \
		"Divide by the sum of the weights that take part, so that only their ratio counts." }
#define TASK_PARAM_LAMBDA \
	{ P_LAMBDA, "lambda", PARAM_GLOBAL, PARAM_FLOAT, false, 1.0, 0.0, 2.0, 0.05, \
		"Factor on the combined task vector, after normalization." }
#define TASK_PARAM_RESCALE(on) \
	{ P_RESCALE, "rescale", PARAM_GLOBAL, PARAM_BOOL, false, on, 0.0, 1.0, 1.0, \
		"Scale what is kept so that its sum of magnitudes equals that of the whole." }
#define TASK_PARAM_RESCALE_UNUSED \
	{ P_RESCALE, "rescale", PARAM_GLOBAL, PARAM_BOOL, false, 0.0, 0.0, 1.0, 1.0, \
		"Accepted and without effect: nothing is dropped, so nothing is to be rescaled." }
#define TASK_PARAM_INT8_MASK \
	{ P_INT8_MASK, "int8_mask", PARAM_GLOBAL, PARAM_BOOL, false, 0.0, 0.0, 1.0, 1.0, \
		"Accepted and without effect on the result: a memory hint of other tools." }
#endif
