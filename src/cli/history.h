/* history: what the verbs over runs and jobs share: how an ID is written, a run as JSON and as
 * text.
 * Main thread; JSON is the caller's, other results are borrowed unless they say free(). */
#ifndef CUPEL_CLI_HISTORY_H
#define CUPEL_CLI_HISTORY_H
#include "catalog/catalog.h"
#include "cli/verb.h"

/* A run's number, or the newest run of that name. */
bool history_run_id(struct catalog *c, const char *text, int64_t *id, struct err *e);
bool history_job_id(const char *text, int64_t *id, struct err *e);

/* Where a run's output is now: "on disk", "dropped", "gone", "replaced" by a later run, "" if it
 * has none. */
const char *history_output(const struct catalog_run *r);
char *history_when(const char *iso);              /* "2026-11-19 14:03", local time; free() */
json_t *history_tags(const struct catalog_run *r); /* array */
/* What is known of a run's results and of those of the model it wrote, in the order they came:
 * catalog_scores_free. NULL on error. */
struct catalog_score *history_results(struct catalog *c, int64_t run, size_t *n, struct err *e);
/* A row of `runs`. */
json_t *history_run(const struct catalog_run *r);
/* `show`: everything known of a run. NULL on error. */
json_t *history_whole(struct catalog *c, const struct catalog_run *r, struct err *e);
/* Print it and let it go; returns 0, the exit status. */
int history_print(json_t *j);
#endif
