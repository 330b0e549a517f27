/* task: what is known of a benchmark: its usual name, its size, what guessing gives. The table is
 * share/tasks/tasks, read once. Constant after that: any thread. */
#ifndef CUPEL_CATALOG_TASK_H
#define CUPEL_CATALOG_TASK_H
#include <stdbool.h>
#include <stdint.h>

struct task {
	const char *name;
	int64_t questions;  /* of the split that is scored; 0 unknown */
	double chance;      /* of guessing evenly; NaN: none */
	double majority;    /* of always giving the commonest answer; NaN unknown */
	const char *brief;  /* a shorter name, for narrow columns; NULL: none */
};
/* By its name or another one, in any case and with '-', '/' or a blank for '_'; NULL: unknown. */
const struct task *task_find(const char *name);
/* Is this metric a share of the questions: 45 points are .45? */
bool task_is_share(const char *task, const char *metric);
extern const char *const task_share_metrics[]; /* of any task; ended by NULL */
#endif
