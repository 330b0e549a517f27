#include "config.h"
#include <stdlib.h>
#include <unistd.h>
#include "base/str.h"
#include "base/vec.h"
#include "catalog/db.h"
#include "system/process.h"

#define PROGRESS_EVERY 0.5 /* seconds between two writes of a job's row */
#define NOW "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"

static bool job_there(struct db *d, int64_t id, struct err *e)
{
	if (sqlite3_changes(d->handle) > 0)
		return true;
	return err_set(e, ERR_INPUT, d->path, "`cupel jobs` lists them", "there is no job %lld",
		(long long)id);
}

/* Until the job's own process claims it, the row belongs to whoever is about to start that: should
 * the starter die in between, the job is found stopped and not waiting for ever. */
int64_t catalog_job_new(struct catalog *c, const struct catalog_job *j, struct err *e)
{
	char start[32] = "";
	struct db *d;
	int64_t id;
	bool ok;

	if (!db_keeps(c, e) || !(d = db_writing(c, e)))
		return 0;
	process_own_start(start);
	ok = db_run(d, e, "INSERT INTO job (what, state, command, folder, log, message, run, "
		"total, threads, pid, boot, start) VALUES (coalesce(?, 'job'), 'waiting', "
		"coalesce(?, '[]'), ?, ?, ?, nullif(?, 0), ?, ?, ?, ?, ?)", "ttttt" "iiiitt",
		j->what, j->command, j->folder,
		j->log, j->message, j->run, (int64_t)j->total, (int64_t)j->threads,
		(int64_t)getpid(),
		process_boot_id(), start);
	id = sqlite3_last_insert_rowid(d->handle);
	return db_done(d, ok, e) ? id : 0;
}

bool catalog_job_log(struct catalog *c, int64_t id, const char *log, struct err *e)
{
	struct db *d = db_writing(c, e);

	return d && db_done(d,
		db_run(d, e, "UPDATE job SET log = ?2 WHERE id = ?1", "it", id, log) &&
		job_there(d, id, e), e);
}

bool catalog_job_given(struct catalog *c, int64_t id, int64_t pid, struct err *e)
{
	char start[32] = "", own[32] = "";
	struct db *d = db_writing(c, e);

	if (!d)
		return false;
	process_start_of((pid_t)pid, start);
	process_own_start(own);
	/* Only while it is still this process's: the new one may have claimed it, or even ended. */
	return db_done(d, db_run(d, e, "UPDATE job SET pid = ?2, boot = ?3, start = ?4 WHERE id = "
		"?1 AND state = 'waiting' AND pid = ?5 AND start = ?6", "iittit", id, pid,
		process_boot_id(),
		start, (int64_t)getpid(), own), e);
}

bool catalog_job_claim(struct catalog *c, int64_t id, struct err *e)
{
	char start[32] = "";
	struct db *d = db_writing(c, e);
	bool ok;

	if (!d)
		return false;
	process_own_start(start);
	/* Stopped: its starter died before it came here, and somebody looked in between. */
	ok = db_run(d, e, "UPDATE job SET state = 'running', pid = ?2, boot = ?3, start = ?4, "
		"updated = " NOW " WHERE id = ?1 AND state IN ('waiting', 'stopped')", "iitt", id,
		(int64_t)getpid(), process_boot_id(), start);
	if (ok && sqlite3_changes(d->handle) == 0)
		ok = err_set(e, ERR_INPUT, c->path, "`cupel jobs` lists them",
			"there is no job %lld that waits for its process", (long long)id);
	return db_done(d, ok, e);
}

bool catalog_job_again(struct catalog *c, int64_t id, const char *command, struct err *e)
{
	char start[32] = "";
	struct db *d;
	bool ok;

	if (!db_keeps(c, e) || !(d = db_writing(c, e)))
		return false;
	process_own_start(start);
	ok = db_run(d, e, "UPDATE job SET state = 'waiting', cancel = 0, message = NULL, command = "
		"?2, pid = ?3, boot = ?4, start = ?5, updated = " NOW " WHERE id = ?1 AND state IN "
		"('stopped', 'failed', 'cancelled')", "ititt", id, command, (int64_t)getpid(),
		process_boot_id(), start);
	if (ok && sqlite3_changes(d->handle) == 0)
		ok = err_set(e, ERR_INPUT, c->path, "`cupel jobs` shows its state",
			"job %lld cannot be resumed: it is not stopped, failed or cancelled",
			(long long)id);
	return db_done(d, ok, e);
}

static bool cancel_asked(struct catalog *c, int64_t id)
{
	struct db *d = db_reading(c, NULL);
	bool failed, asked = false;
	sqlite3_stmt *s;

	if (!d)
		return false;
	s = db_prepare(d, "SELECT cancel FROM job WHERE id = ?", NULL);
	if (s && db_bind(d, s, NULL, "i", id) && db_step(d, s, &failed, NULL))
		asked = sqlite3_column_int(s, 0) != 0;
	db_read_done(d);
	return asked;
}

bool catalog_job_progress(struct catalog *c, int64_t id, uint64_t done, uint64_t total,
	double rate, double left, const char *message, bool *cancel, struct err *e)
{
	struct db *d;

	if (cancel)
		*cancel = cancel_asked(c, id);
	/* A write waits for the disk: two a second are enough, however often this is called. */
	if (!db_due(&c->progress_at, PROGRESS_EVERY))
		return true;
	/* Nor does the work wait for whoever holds the catalog: half a second later it says
	 * more. */
	d = db_writing_within(c, 0, e);
	return d && db_done(d, db_run(d, e, "UPDATE job SET done = ?2, total = ?3, rate = ?4, left "
		"= ?5, message = ?6, updated = " NOW " WHERE id = ?1", "iiiddt", id, (int64_t)done,
		(int64_t)total, rate, left, message) && job_there(d, id, e), e);
}

bool catalog_job_end(struct catalog *c, int64_t id, const char *state, int64_t run,
	const char *message, struct err *e)
{
	struct db *d = db_writing(c, e);

	return d && db_done(d, db_run(d, e, "UPDATE job SET state = ?2, run = coalesce(nullif(?3, "
		"0), run), message = ?4, left = NULL, done = CASE WHEN ?2 = 'done' AND total > 0 "
		"THEN total ELSE done END, updated = " NOW " WHERE id = ?1", "itit", id, state, run,
		message) &&
		job_there(d, id, e), e);
}

bool catalog_job_cancel(struct catalog *c, int64_t id, struct err *e)
{
	struct db *d;

	if (!db_keeps(c, e) || !(d = db_writing(c, e)))
		return false;
	return db_done(d, db_run(d, e, "UPDATE job SET cancel = 1 WHERE id = ?", "i", id) &&
		job_there(d, id, e), e);
}

/* --- reading --- */

struct orphan { int64_t id, pid; };

/* The row must still name the dead process: a new one may just have taken it. */
static bool end_orphan(struct catalog *c, const struct orphan *o)
{
	struct db *d = db_writing_within(c, DB_SWEEP_PATIENCE, NULL);

	return d && db_done(d, db_run(d, NULL, "UPDATE job SET left = NULL, state = CASE cancel "
		"WHEN 1 THEN 'cancelled' ELSE 'stopped' END, message = CASE cancel WHEN 1 THEN "
		"message ELSE 'its process is gone' END WHERE id = ? AND pid = ? AND state "
		"IN ('waiting', 'running')", "ii", o->id, o->pid), NULL);
}

void jobs_find_stopped(struct catalog *c)
{
	vec(struct orphan) gone = { 0 };
	struct db *d = db_reading(c, NULL);
	sqlite3_stmt *s;
	bool failed;

	if (!d)
		return;
	s = db_prepare(d, "SELECT id, pid, boot, start FROM job WHERE state IN ('waiting', "
		"'running')",
		NULL);
	while (s && db_step(d, s, &failed, NULL))
		if (!process_is((pid_t)sqlite3_column_int64(s, 1),
			(const char *)sqlite3_column_text(s, 2),
		    (const char *)sqlite3_column_text(s, 3)))
			*vec_push(&gone) = (struct orphan){ sqlite3_column_int64(s, 0),
				sqlite3_column_int64(s, 1) };
	db_read_done(d);
	for (size_t i = 0; i < gone.n && end_orphan(c, &gone.v[i]); i++)
		;
	vec_fini(&gone);
}

static void read_job(sqlite3_stmt *s, void *row)
{
	struct catalog_job *j = row;

	j->id = sqlite3_column_int64(s, 0);
	j->run = sqlite3_column_int64(s, 1);
	j->what = db_text(s, 2);
	j->state = db_text(s, 3);
	j->command = db_text(s, 4);
	j->folder = db_text(s, 5);
	j->log = db_text(s, 6);
	j->message = db_text(s, 7);
	j->pid = sqlite3_column_int64(s, 8);
	j->boot = db_text(s, 9);
	j->start = db_text(s, 10);
	j->done = (uint64_t)sqlite3_column_int64(s, 11);
	j->total = (uint64_t)sqlite3_column_int64(s, 12);
	j->rate = db_double(s, 13);
	j->left = db_double(s, 14);
	j->threads = sqlite3_column_int(s, 15);
	j->created = db_text(s, 16);
	j->updated = db_text(s, 17);
	j->cancel = sqlite3_column_int(s, 18) != 0;
}

static void job_fini(void *row)
{
	struct catalog_job *j = row;
	char *const texts[] = { j->what, j->state, j->command, j->folder, j->log, j->message,
		j->boot, j->start, j->created, j->updated };

	for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
		free(texts[k]);
}

static const struct db_rows job_rows = { sizeof(struct catalog_job), read_job, job_fini };

#define JOB_COLUMNS "SELECT id, run, what, state, command, folder, log, message, pid, boot, " \
	"start, done, total, rate, left, threads, created, updated, cancel FROM job "

struct catalog_job *catalog_jobs(struct catalog *c, size_t *n, struct err *e)
{
	jobs_find_stopped(c);
	return db_list(c, &job_rows, n, e, JOB_COLUMNS "ORDER BY id DESC", "");
}

struct catalog_job *catalog_job_get(struct catalog *c, int64_t id, struct err *e)
{
	struct catalog_job *j = NULL;
	bool failed = true;
	sqlite3_stmt *s;
	struct db *d;

	jobs_find_stopped(c);
	d = db_reading(c, e);
	if (!d)
		return NULL;
	s = db_prepare(d, JOB_COLUMNS "WHERE id = ?", e);
	if (s && db_bind(d, s, e, "i", id) && db_step(d, s, &failed, e)) {
		j = xnew(struct catalog_job, 1);
		read_job(s, j);
	} else if (!failed) {
		err_set(e, ERR_INPUT, c->path, "`cupel jobs` lists them", "there is no job %lld",
			(long long)id);
	}
	db_read_done(d);
	return j;
}

void catalog_jobs_free(struct catalog_job *v, size_t n)
{
	db_list_free(&job_rows, v, n);
}
