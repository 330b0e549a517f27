/* job: a verb as a process of its own that reports through the catalog and outlives the program that
 * started it. Any thread. */
#ifndef CUPEL_ENGINE_JOB_H
#define CUPEL_ENGINE_JOB_H
#include "catalog/catalog.h"

/* args: the verb and its arguments, without the program name. Returns the job id, 0 on error. */
int64_t job_start(struct catalog *c, const char *what, const char *const *args, size_t n,
	struct err *e);
/* The verb that runs as job `id` calls this first: the row names this process now, and the working
 * directory is the one it was asked for in. */
bool job_attach(struct catalog *c, int64_t id, struct err *e);
/* Asks it to stop, and returns at once. Asked again a second later it gets SIGTERM. A job whose
 * process is gone is cancelled right away; one that has ended is an error. */
bool job_cancel(struct catalog *c, int64_t id, struct err *e);
bool job_resume(struct catalog *c, int64_t id, struct err *e); /* starts it again with --resume */
char *job_log_text(struct catalog *c, int64_t id, size_t max, struct err *e); /* tail; free() */
#endif
