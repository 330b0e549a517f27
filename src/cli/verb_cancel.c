#include "config.h"
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>
#include "base/str.h"
#include "cli/history.h"
#include "engine/job.h"
#include "system/process.h"

#define POLL_MS 20
#define PATIENCE_MS 3000  /* then the flag is followed by a signal */
#define GIVE_UP_MS 20000

static bool ended(const struct catalog_job *j)
{
	return !str_eq(j->state, "running") && !str_eq(j->state, "waiting");
}

/* Waits until the job says that it ended. NULL on error. */
static struct catalog_job *wait_for_it(struct catalog *c, int64_t id, struct err *e)
{
	struct timespec nap = { .tv_nsec = POLL_MS * 1000000L };
	struct catalog_job *j = catalog_job_get(c, id, e);

	for (int waited = 0; j && !ended(j) && waited < GIVE_UP_MS && !process_cancelled;
	     waited += POLL_MS) {
		if (waited == PATIENCE_MS)
			job_cancel(c, id, NULL); /* it may end in this very moment */
		nanosleep(&nap, NULL);
		catalog_jobs_free(j, 1);
		j = catalog_job_get(c, id, e);
	}
	return j;
}

static void say(const struct catalog_job *j)
{
	if (ended(j))
		printf("job %" PRId64 ": %s\n", j->id, j->state);
	else
		printf("job %" PRId64 ": asked to stop, still at work\n", j->id);
}

static int run(struct cli *c, struct err *e)
{
	struct catalog *cat = cli_catalog(c, e);
	json_t *list = json_array();
	struct catalog_job *j;
	int64_t id;

	process_catch_signals();
	for (int i = 0; cat && i < c->argc && e->code == ERR_NONE; i++) {
		if (!history_job_id(c->argv[i], &id, e) || !job_cancel(cat, id, e))
			break;
		j = wait_for_it(cat, id, e);
		if (j && c->json)
			json_array_append_new(list, json_pack("{s:I, s:o}", "job",
				(json_int_t)j->id, "state", json_textn(j->state)));
		else if (j)
			say(j);
		catalog_jobs_free(j, j != NULL);
	}
	if (c->json && e->code == ERR_NONE)
		json_print(list);
	json_decref(list);
	return err_exit_status(e->code);
}

const struct verb verb_cancel = {
	.name = "cancel",
	.args = "JOB...",
	.help = "stop a job; what it has finished is kept for --resume",
	.detail = "The job is asked first and gets a signal after some seconds.",
	.min_args = 1,
	.max_args = -1,
	.run = run,
};
