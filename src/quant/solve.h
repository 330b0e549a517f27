/* solve: the best plan under a budget: to each group one of its types, so that the sum of errors is
 * least and the sum of bytes stays within the budget. Pure arithmetic on arrays; the caller owns
 * everything. Any thread. */
#ifndef CUPEL_QUANT_SOLVE_H
#define CUPEL_QUANT_SOLVE_H
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"

struct solve_option {
	uint64_t bytes;
	double error;            /* of the group in this type: a sum of squares, weighted or not */
};
struct solve_group {
	const struct solve_option *v; /* one to a type; bytes UINT64_MAX: not to be had */
	size_t n;
};
struct solve_result {
	size_t *choice;          /* per group: which option; xcalloc'ed by the caller, n of them */
	uint64_t bytes;
	double error;
	double bound;            /* nothing under the budget has less error than this */
	bool exact;              /* error is the least there is */
};
/* False when even the smallest options exceed the budget: *least is what they take, and e says
 * so. */
bool solve(const struct solve_group *g, size_t n, uint64_t budget, struct solve_result *out,
	uint64_t *least, struct err *e);
/* "14.2GB", "13GiB", "4.5bpw": a budget of bytes for weights, given the logical parameters.
 * is_bits: it was bits per weight, so it is about weights alone, not about the file. */
bool solve_target(const char *text, uint64_t parameters, uint64_t *bytes, bool *is_bits,
	struct err *e);
#endif
