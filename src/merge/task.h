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
#define TASK_PARAM_GAMMA \
	{ P_GAMMA, "gamma", PARAM_NON_BASE, PARAM_FLOAT, false, 0.01, 0.0, 0.5, 0.01, \
		"Share of the task vector's elements, the largest, that is dropped as outliers." }
#define TASK_PARAM_EPSILON \
	{ P_EPSILON, "epsilon", PARAM_NON_BASE, PARAM_FLOAT, false, 0.15, 0.0, 0.5, 0.01, \
		"How far the chance to be kept rises and falls with an element's rank in its " \
		"row: density plus and minus epsilon." }
#define TASK_PARAM_DENSITY_UNUSED \
	{ P_DENSITY, "density", PARAM_NON_BASE, PARAM_FLOAT, false, 1.0, 0.0, 1.0, 0.05, \
		"Accepted and without effect: this method keeps every element." }
#define TASK_PARAM_NORMALIZE(on) \
	{ P_NORMALIZE, "normalize", PARAM_GLOBAL, PARAM_BOOL, false, on, 0.0, 1.0, 1.0, \
		"Divide by the sum of the weights that take part: only their ratio counts." }
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

/* d = weight · sparse(x - base) of input k: what it drops is 0, the rest is scaled. n elements
 * from index first, at most KERNEL_CHUNK. NULL: keeps them all. */
typedef void task_sparsify_fn(const struct merge_spec *s, const void *state, int k, const float *x,
	const float *base, float *d, size_t n, uint64_t first);
/* The family's arithmetic: d_k = sparsify(x_k - base) · w_k; sum, or with elect only those of the
 * elected sign; normalize, lambda, base added. Formulas: generalized task arithmetic of
 * mergekit. */
void task_apply(const struct merge_spec *s, const void *state, const struct merge_window *w,
	bool elect, task_sparsify_fn *sparsify, float *out);
void task_weigh(const struct merge_spec *s, int k, float *d, size_t n); /* d times it */
bool task_check(const struct merge_spec *s, struct err *e);
bool task_coefficients(const struct merge_spec *s, const double *sums, double *coef);

/* Dropping by magnitude, shared by ties and the breadcrumbs: passes of select per input, one more
 * for the sums that rescale needs. Methods with a gamma drop that share of the largest too. */
bool trim_check(const struct merge_spec *s, struct err *e); /* task_check, and gamma */
size_t trim_state_size(const struct merge_spec *s);
bool trim_begin(const struct merge_spec *s, void *state, struct err *e);
int trim_passes(const struct merge_spec *s);
size_t trim_span(const struct merge_spec *s, const void *state, int pass, uint64_t window);
size_t trim_partial_size(const struct merge_spec *s, const void *state, int pass);
void trim_open(const struct merge_spec *s, const void *state, int pass, void *partial);
void trim_observe(const struct merge_spec *s, const void *state, int pass,
	const struct merge_window *w, void *partial);
void trim_close(const struct merge_spec *s, const void *state, int pass, void *partial);
void trim_fold(const struct merge_spec *s, void *state, int pass, const void *partial,
	uint64_t window);
bool trim_settle(const struct merge_spec *s, void *state, int pass, struct err *e);
void trim_fini(const struct merge_spec *s, void *state);
task_sparsify_fn trim_sparsify;

/* Random dropping, shared by the dare methods: a pass for the sums that rescale needs; before it
 * one for where mergekit's generator stands. */
size_t dare_state_size(const struct merge_spec *s);
bool dare_begin(const struct merge_spec *s, void *state, struct err *e);
void dare_fini(const struct merge_spec *s, void *state);
int dare_passes(const struct merge_spec *s);
size_t dare_span(const struct merge_spec *s, const void *state, int pass, uint64_t window);
size_t dare_partial_size(const struct merge_spec *s, const void *state, int pass);
void dare_observe(const struct merge_spec *s, const void *state, int pass,
	const struct merge_window *w, void *partial);
void dare_fold(const struct merge_spec *s, void *state, int pass, const void *partial,
	uint64_t window);
bool dare_settle(const struct merge_spec *s, void *state, int pass, struct err *e);
void dare_apply(const struct merge_spec *s, const void *state, const struct merge_window *w,
	bool elect, float *out);
/* Tests: masks (one byte per element, per input; NULL entries draw) instead of the generator. */
void dare_inject(const unsigned char *const *masks);
const unsigned char *dare_injected(int k);   /* that of input k, or NULL */
/* A bit for each of so many elements, from the room that all tensors share; NULL: none left. */
uint8_t *dare_bits(uint64_t elements, uint64_t *taken);
void dare_room(uint64_t taken);              /* gives it back */

/* Random dropping by rank, shared by the della methods: in each row the chance to be kept rises
 * with the magnitude, from density - epsilon to density + epsilon. A row runs along the second
 * dimension; a tensor of one is a row. One pass for the sums that rescale needs. */
bool della_check(const struct merge_spec *s, struct err *e);
size_t della_state_size(const struct merge_spec *s);
bool della_begin(const struct merge_spec *s, void *state, struct err *e);
int della_passes(const struct merge_spec *s);
size_t della_span(const struct merge_spec *s, const void *state, int pass, uint64_t window);
size_t della_partial_size(const struct merge_spec *s, const void *state, int pass);
void della_observe(const struct merge_spec *s, const void *state, int pass,
	const struct merge_window *w, void *partial);
void della_fold(const struct merge_spec *s, void *state, int pass, const void *partial,
	uint64_t window);
bool della_settle(const struct merge_spec *s, void *state, int pass, struct err *e);
uint64_t della_unit(const struct merge_spec *s);
void della_apply(const struct merge_spec *s, const void *state, const struct merge_window *w,
	bool elect, float *out);
void della_fini(const struct merge_spec *s, void *state);
/* The slots of struct method that these families fill. */
#define TRIM_SLOTS \
	.check = trim_check, .state_size = trim_state_size, .begin = trim_begin, \
	.passes = trim_passes, .span = trim_span, .partial_size = trim_partial_size, \
	.open = trim_open, .observe = trim_observe, .close = trim_close, .fold = trim_fold, \
	.settle = trim_settle, .fini = trim_fini, .mergekit = true
#define DARE_SLOTS \
	.check = task_check, .state_size = dare_state_size, .begin = dare_begin, \
	.passes = dare_passes, .span = dare_span, .partial_size = dare_partial_size, \
	.observe = dare_observe, .fold = dare_fold, .settle = dare_settle, .fini = dare_fini, \
	.mergekit = true
#define DELLA_SLOTS \
	.check = della_check, .state_size = della_state_size, .begin = della_begin, \
	.passes = della_passes, .span = della_span, .partial_size = della_partial_size, \
	.observe = della_observe, \
	.fold = della_fold, .settle = della_settle, .unit = della_unit, .fini = della_fini, \
	.mergekit = true
/* A row of the family: on task vectors, over a base that is one of at least one input. */
#define TASK_SLOTS \
	.base = 1, .min_inputs = 1, .count_base = true, .task_vector = true, .params = params, \
	.n_params = sizeof params / sizeof *params

/* Reinforced merging, shared by ram and ramplus_tl: an element that one model changes by more than
 * epsilon is added, times that model's factor; one that more change is averaged over them.
 * NULL: every factor is 1. */
#define RAM_PARAM_EPSILON \
	{ P_EPSILON, "epsilon", PARAM_GLOBAL, PARAM_FLOAT, false, 1e-5, 0.0, 0.001, 0.00001, \
		"A change of at most this size counts as none and is dropped." }
bool ram_check(const struct merge_spec *s, struct err *e);
/* The models other than the base, in order; returns how many. */
int ram_models(const struct merge_spec *s, const struct merge_window *w, const float **x);
void ram_apply(const struct merge_spec *s, const float *factors, const struct merge_window *w,
	float *out);
/* Σ|whole| / Σ|kept|, 1 where either is below 1e-7. */
float task_rescale(double whole, double kept);
#endif
