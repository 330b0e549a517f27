/* figures: how the command line writes figures, for the verbs that have them: cells of a table,
 * JSON, lists of t, progress of a pass. Main thread, except figures_progress. */
#ifndef CUPEL_CLI_FIGURES_H
#define CUPEL_CLI_FIGURES_H
#include "base/str.h"
#include "cli/verb.h"
#include "stat/stats.h"

/* "27.4%", ".9571", "3.1e-03 ±2e-04": a sampled figure always shows its interval; none and failed
 * are "·". Caller frees. */
char *figure_words(struct figure f, enum stat_id stat);
json_t *figure_json(struct figure f);                    /* number, null if there is none */
/* [lo, hi], null where there is no width */
json_t *figure_interval(struct figure f);
/* "0.0001,3e-4" as numbers, ascending as given; caller frees. The default list where text is
 * NULL. */
double *figures_list(const char *text, size_t *n, struct err *e);
json_t *figures_swap(const struct swap_point *p);
void figures_swap_table(const struct swap_point *p, size_t n);

/* Progress on stderr of `done` of 1, of so many bytes; any thread. */
struct figures_pass {
	uint64_t bytes;
	double began;
};
void figures_begin(struct figures_pass *p, uint64_t bytes);
void figures_progress(struct figures_pass *p, double done, const char *what);
#endif
