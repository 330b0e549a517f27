/* blend: methods whose result is a linear combination of the inputs, with factors that follow from
 * the lengths of the inputs and the distances between them: one pass for those sums, one to mix. A
 * vector is the whole tensor or, with blend_rows, each row of it (the last dimension). Pure
 * functions of (spec, state, window); the method's own part is its `coefficients`. */
#ifndef CUPEL_MERGE_BLEND_H
#define CUPEL_MERGE_BLEND_H
#include "merge/method.h"

/* For the slots of struct method. The factors come from s->method->coefficients, asked with the
 * sums of each vector; where it says false the tensor is refused. */
size_t blend_state_size(const struct merge_spec *s);
bool blend_begin(const struct merge_spec *s, void *state, struct err *e);
int blend_passes(const struct merge_spec *s);
size_t blend_partial_size(const struct merge_spec *s, const void *state, int pass);
void blend_observe(const struct merge_spec *s, const void *state, int pass,
	const struct merge_window *w, void *partial);
void blend_fold(const struct merge_spec *s, void *state, int pass, const void *partial,
	uint64_t window);
bool blend_settle(const struct merge_spec *s, void *state, int pass, struct err *e);
uint64_t blend_unit(const struct merge_spec *s);
void blend_apply(const struct merge_spec *s, const void *state, const struct merge_window *w,
	float *out);
void blend_fini(const struct merge_spec *s, void *state);
/* Whether rows are asked for and the tensor has any: FILTER_WISE on, two dimensions or more. */
bool blend_rows(const struct merge_spec *s);

#define BLEND_SLOTS \
	.state_size = blend_state_size, .begin = blend_begin, .passes = blend_passes, \
	.partial_size = blend_partial_size, .observe = blend_observe, .fold = blend_fold, \
	.settle = blend_settle, .unit = blend_unit, .apply = blend_apply, .fini = blend_fini

/* ⟨x_i − o, x_j − o⟩ from the sums of coefficients(): o
 * is input `origin`, or zero if that is -1. */
double blend_dot(const double *sums, int n, int origin, int i, int j);
#endif
