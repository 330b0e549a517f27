/* diff_report: two models side by side as a person reads it. Main thread. */
#ifndef CUPEL_CLI_DIFF_REPORT_H
#define CUPEL_CLI_DIFF_REPORT_H
#include "cli/figures.h"
#include "engine/look.h"

struct diff {
	struct look *look;             /* a, b */
	struct model *a, *b, *base;    /* base may be NULL */
	struct swap_point *swap;
	size_t n_swap;
	json_t *files;
};
void report_diff(const struct diff *d);
#endif
