/* preview_report: a preview as a person reads it: what the recipe does, inputs, roles, the tensors
 * that move most, the NearSwap curve. Main thread. */
#ifndef CUPEL_CLI_PREVIEW_REPORT_H
#define CUPEL_CLI_PREVIEW_REPORT_H
#include "cli/figures.h"
#include "engine/preview.h"

struct curve { /* of nearswap; empty under other methods */
	struct swap_point *v;
	size_t n;
};
void report_preview(struct preview *v, const struct plan *p, const char *path,
	const struct curve *c);
/* The input that is swapped in under nearswap, -1 under other methods. */
int report_swap_input(const struct plan *p);
#endif
