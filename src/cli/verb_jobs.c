#include "config.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "cli/history.h"
#include "engine/job.h"

static json_t *job_json(const struct catalog_job *j)
{
	json_t *o = json_object();
	json_t *command = j->command ? json_parse(j->command, strlen(j->command), "job", false,
		NULL)
		: NULL;

	json_object_set_new(o, "id", json_integer(j->id));
	json_object_set_new(o, "what", json_textn(j->what));
	json_object_set_new(o, "state", json_textn(j->state));
	json_object_set_new(o, "run", j->run ? json_integer(j->run) : json_null());
	json_object_set_new(o, "done", json_u64(j->done));
	json_object_set_new(o, "total", json_u64(j->total));
	json_object_set_new(o, "rate", json_number(j->rate));
	json_object_set_new(o, "left", json_number(j->left));
	json_object_set_new(o, "threads", j->threads ? json_integer(j->threads) : json_null());
	json_object_set_new(o, "message", json_textn(j->message));
	json_object_set_new(o, "pid", j->pid ? json_integer(j->pid) : json_null());
	json_object_set_new(o, "cancelling",
		json_boolean(j->cancel && (str_eq(j->state, "running") ||
		str_eq(j->state, "waiting"))));
	json_object_set_new(o, "created", json_textn(j->created));
	json_object_set_new(o, "updated", json_textn(j->updated));
	json_object_set_new(o, "log", json_textn(j->log));
	json_object_set_new(o, "command", command ? command : json_null());
	return o;
}

static void print_table(const struct catalog_job *v, size_t n)
{
	static const char *const headers[] =
		{ ">ID", "WHAT", "STATE", ">DONE", ">OF", ">RATE", ">LEFT",
		">RUN", "NOW" };
	struct table_out *t = table_new(headers, sizeof headers / sizeof *headers);

	for (size_t i = 0; i < n; i++) {
		const struct catalog_job *j = &v[i];
		struct str done = STR_INIT, of = STR_INIT, rate = STR_INIT, left = STR_INIT;
		bool at_work = str_eq(j->state, "running");
		char id[24], run[24] = "";

		snprintf(id, sizeof id, "%" PRId64, j->id);
		if (j->run)
			snprintf(run, sizeof run, "%" PRId64, j->run);
		if (j->total) {
			str_addf(&done, "%.0f%%", 100.0 * (double)j->done / (double)j->total);
			str_add_bytes(&of, j->total);
		}
		if (at_work && j->rate > 0) {
			str_add_bytes(&rate, (uint64_t)j->rate);
			str_add(&rate, "/s");
		}
		if (at_work && j->left >= 0)
			str_add_seconds(&left, j->left);
		table_row(t, (const char *[]){ id, j->what,
			at_work && j->cancel ? "cancelling" : j->state,
			done.s, of.s, rate.s, left.s, run, j->message });
		str_fini(&done);
		str_fini(&of);
		str_fini(&rate);
		str_fini(&left);
	}
	table_print(t);
}

static bool resume(struct cli *c, struct catalog *cat, struct err *e)
{
	const char *word;
	int64_t id;

	for (size_t i = 0; (word = cli_option_at(c, "--resume", i)) != NULL; i++)
		if (!history_job_id(word, &id, e) || !job_resume(cat, id, e))
			return false;
	return true;
}

static int run(struct cli *c, struct err *e)
{
	struct catalog *cat = cli_catalog(c, e);
	size_t n;
	struct catalog_job *v = cat && resume(c, cat, e) ? catalog_jobs(cat, &n, e) : NULL;

	if (!v)
		return err_exit_status(e->code);
	if (c->json) {
		json_t *list = json_array();

		for (size_t i = 0; i < n; i++)
			json_array_append_new(list, job_json(&v[i]));
		history_print(list);
	} else if (n) {
		print_table(v, n);
	} else {
		puts("No jobs. `cupel merge --detach RECIPE OUT` starts one.");
	}
	catalog_jobs_free(v, n);
	return 0;
}

static const struct verb_option options[] = {
	{ "--resume", "JOB", true, "start a stopped, failed or cancelled job again where it was" },
	{ 0 },
};

const struct verb verb_jobs = {
	.name = "jobs",
	.help = "list what runs in the background, from whatever shell it was started",
	.detail = "A job is a process of its own: it goes on when the terminal that started it is "
		"gone. \"stopped\" is one whose process ended without a word; it can be resumed.",
	.options = options,
	.run = run,
};
