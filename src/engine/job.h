/* job: a verb as a process of its own that reports through the catalog and outlives the program
 * that started it. Any thread. */
#ifndef CUPEL_ENGINE_JOB_H
#define CUPEL_ENGINE_JOB_H
#include "catalog/catalog.h"

/* args: the verb and its arguments, without the program name; paths may be relative to the working
 * directory. The new process is this program with --catalog FILE and --job ID behind the verb,
 * which calls job_attach. Returns the job id, 0 on error. */
int64_t job_start(struct catalog *c, const char *what, const char *const *args, size_t n,
	struct err *e);
/* A verb that writes its last word, with the roots and threads (0: all) of who asks. */
int64_t job_start_verb(struct catalog *c, const char *const *words, size_t n,
	const char *const *roots, size_t n_roots, unsigned threads, struct err *e);
/* The verb that runs as job `id` calls this first: the row names this process now, and the working
 * directory is the one it was asked for in. */
bool job_attach(struct catalog *c, int64_t id, struct err *e);
/* Asks it to stop, and returns at once. Asked once more, it gets SIGTERM. One that has ended, its
 * process being gone included, is an error. */
bool job_cancel(struct catalog *c, int64_t id, struct err *e);
/* again, with --resume where there is one */
bool job_resume(struct catalog *c, int64_t id, struct err *e);
char *job_log_text(struct catalog *c, int64_t id, size_t max, struct err *e); /* tail; free() */
#endif
