/* process: jobs that outlive the program that started them, locks that name their owner, and the
 * signals a verb must honour. Any thread unless said. */
#ifndef CUPEL_SYSTEM_PROCESS_H
#define CUPEL_SYSTEM_PROCESS_H
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>
#include "base/err.h"

/* Start argv as a process of its own: setsid, nice 10, idle I/O, stdin from /dev/null, stdout and
 * stderr appended to log_path. Returns the pid, 0 on error. argv[0] is a path. */
pid_t process_detach(char *const argv[], const char *log_path, struct err *e);
bool process_alive(pid_t pid, const char *boot_id); /* same boot and the pid exists */
const char *process_boot_id(void);                  /* borrowed, constant in a boot */
const char *process_self_path(void);                /* path of this executable, borrowed */
bool process_start_of(pid_t pid, char out[32]);     /* false if there is no such live process */
/* start time token of this process, against pid reuse */
bool process_own_start(char out[32]);
/* The very process that wrote these three still runs. start may be NULL: any process of that
 * pid. */
bool process_is(pid_t pid, const char *boot_id, const char *start);
/* SIGTERM to that very process; false if it is gone or not ours to end. */
bool process_end(pid_t pid, const char *boot_id, const char *start);

/* Set by SIGINT, SIGTERM (verbs install these); polled by pool_for users. */
extern atomic_bool process_cancelled;
void process_catch_signals(void);

/* A lock file holding "pid boot start"; a dead owner's is taken over. While a live one holds it:
 * NULL, and e says which process. */
struct process_lock;
struct process_lock *process_lock_take(const char *path, struct err *e);
void process_lock_drop(struct process_lock *l);
#endif
