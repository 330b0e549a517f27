#include "config.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "cli/history.h"
#include "engine/job.h"
#include "system/file.h"
#include "system/process.h"

#define TAIL ((size_t)4 << 20)
#define POLL_MS 100

/* What a program wrote for a terminal, made safe: line ends stay, a bar's carriage returns become
 * lines. *at is how much was printed of it. */
static void print_safe(const char *text, size_t n)
{
	while (n) {
		size_t k = 0;
		struct str line = STR_INIT;

		while (k < n && text[k] != '\n' && text[k] != '\r')
			k++;
		str_add(&line, "");
		str_add_safe(&line, text, k);
		fputs(line.s, stdout);
		str_fini(&line);
		if (k < n) {
			putchar('\n');
			k++;
		}
		text += k;
		n -= k;
	}
}

/* What was added to the log since *at. */
static bool print_new(const char *path, uint64_t *at, struct err *e)
{
	struct file *f = file_open(path, e);
	bool ok = f != NULL;
	char *text;
	size_t n;

	if (ok && f->id.size > *at) {
		n = (size_t)(f->id.size - *at < TAIL ? f->id.size - *at : TAIL);
		text = xmalloc(n);
		ok = file_pread(f, text, n, *at, e);
		if (ok)
			print_safe(text, n);
		*at += n;
		free(text);
		fflush(stdout);
	}
	file_close(f);
	return ok;
}

/* A job says that it is done before its last words are written: its process has to be gone too. */
static bool at_work(struct catalog *c, int64_t id)
{
	struct catalog_job *j = catalog_job_get(c, id, NULL);
	bool yes = j && (str_eq(j->state, "running") || str_eq(j->state, "waiting") ||
		process_is((pid_t)j->pid, j->boot, j->start));

	catalog_jobs_free(j, j != NULL);
	return yes;
}

static void follow(struct catalog *c, const struct catalog_job *j, uint64_t at, struct err *e)
{
	struct timespec nap = { .tv_nsec = POLL_MS * 1000000L };
	bool more = true;

	process_catch_signals();
	while (more && !process_cancelled && print_new(j->log, &at, e)) {
		more = at_work(c, j->id);
		if (more)
			nanosleep(&nap, NULL);
		else
			print_new(j->log, &at, e); /* its last words */
	}
}

static int run(struct cli *c, struct err *e)
{
	struct catalog *cat = cli_catalog(c, e);
	struct catalog_job *j = NULL;
	struct file_id size;
	char *text = NULL;
	int64_t id;

	if (cat && history_job_id(c->argv[0], &id, e))
		j = catalog_job_get(cat, id, e);
	if (j)
		text = job_log_text(cat, id, TAIL, e);
	if (text && c->json) {
		history_print(json_pack("{s:I, s:s, s:o, s:o}", "job", (json_int_t)id, "state",
			j->state,
			"log", json_textn(j->log), "text", json_textn(text)));
	} else if (text) {
		print_safe(text, strlen(text));
		fflush(stdout);
		if (cli_option(c, "--follow") && file_stat_id(j->log, &size))
			follow(cat, j, strlen(text) < TAIL ? strlen(text) : size.size, e);
	}
	free(text);
	catalog_jobs_free(j, j != NULL);
	return err_exit_status(e->code);
}

static const struct verb_option options[] = {
	{ "--follow", NULL, false, "go on until the job ends" },
	{ 0 },
};

const struct verb verb_log = {
	.name = "log",
	.args = "JOB",
	.help = "print what a job wrote",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
};
