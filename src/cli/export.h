/* export: a run's facts in the forms that others read. Nothing here names a path, a user or a host
 * of this machine. Printed to stdout; main thread. */
#ifndef CUPEL_CLI_EXPORT_H
#define CUPEL_CLI_EXPORT_H
#include "catalog/catalog.h"

struct export_run { /* borrowed; filled by the verb */
	struct catalog_run *run;
	struct catalog_input *inputs;
	size_t n_inputs;
	struct catalog_score *scores;
	size_t n_scores;
};
/* plan: what `quantize --plan` takes, the rest as comments. */
bool export_plan(const struct export_run *r, struct err *e);
bool export_recipe(struct catalog *c, const struct export_run *r, struct err *e);
bool export_markdown(const struct export_run *r, struct err *e);
void export_csv(const struct export_run *v, size_t n); /* a row a run, results as columns */
/* report_ask.errors; ctx is the struct cli. NULL where the inputs are not known to be what they
 * were. */
json_t *export_errors(void *ctx, int64_t run);
#endif
