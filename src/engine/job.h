/* job: a verb as a process of its own that reports through the catalog and outlives the program that
 * started it. Any thread. */
#ifndef CUPEL_ENGINE_JOB_H
#define CUPEL_ENGINE_JOB_H
#include "catalog/catalog.h"

/* args: the verb and its arguments, without the program name. Returns the job id, 0 on error. */
int64_t job_start(struct catalog *c, const char *what, const char *const *args, size_t n,
	struct err *e);
bool job_cancel(struct catalog *c, int64_t id, struct err *e);
bool job_resume(struct catalog *c, int64_t id, struct err *e); /* starts it again with --resume */
char *job_log_text(struct catalog *c, int64_t id, size_t max, struct err *e); /* tail; free() */
#endif
