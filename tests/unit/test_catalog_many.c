/* Several programs at once, programs that are killed, jobs, and many runs. */
#include "config.h"
#include <signal.h>
#include <sys/wait.h>
#include "catalog_test.h"
#include "system/process.h"

static size_t count(struct catalog *c, const char *filter)
{
	size_t n;
	struct catalog_run *v = catalog_runs(c, filter, &n, NULL);

	assert_non_null(v);
	catalog_runs_free(v, n);
	return n;
}

/* Four programs write runs, statistics and notes into one file. */
static void writers(void **state)
{
	const char *path = in_folder("writers.db");
	pid_t child[4];
	struct catalog *c;
	int status;

	(void)state;
	for (int k = 0; k < 4; k++) {
		child[k] = fork();
		if (child[k])
			continue;
		/* The file itself is made by whoever comes first. */
		c = catalog_open(path, false, NULL);
		for (int i = 0; c && i < 25; i++) {
			struct catalog_run r =
				{ .kind = "merge", .name = "x", .recipe_text = "x: 1\n" };
			struct catalog_stat s = { .kind = "norm", .blob = "b", .n = 1,
				.a = { { (uint8_t)k, (uint8_t)i } } };
			int64_t id = catalog_run_begin(c, &r, NULL, 0, NULL);

			if (!id || !catalog_note(c, id, "noted", NULL) ||
				!catalog_stat_put(c, &s, 1, NULL) ||
			    !catalog_run_end(c, id, "done", 1, NULL, NULL, 0, 0, NULL, NULL))
				_exit(1);
		}
		catalog_close(c);
		_exit(c ? 0 : 2);
	}
	for (int k = 0; k < 4; k++) {
		waitpid(child[k], &status, 0);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	c = open_ok(path);
	assert_int_equal(count(c, "status:done"), 100);
	assert_int_equal(count(c, "noted"), 100);
	assert_true(catalog_check(c, NULL));
	catalog_close(c);
}

/* The writer says each id after the commit; killed anywhere, what it said is there. */
static void killed(void **state)
{
	const char *path = in_folder("killed.db");

	(void)state;
	catalog_close(open_ok(path));
	for (int round = 0; round < 8; round++) {
		int64_t id = 0, last = 0, said = 0;
		struct catalog *c;
		struct err e = { 0 };
		int pipes[2];
		pid_t child;

		assert_int_equal(pipe(pipes), 0);
		child = fork();
		if (child == 0) {
			struct catalog_run r =
				{ .kind = "merge", .name = "x", .recipe_text = "x: 1\n" };

			c = catalog_open(path, false, NULL);
			while ((id = catalog_run_begin(c, &r, NULL, 0, NULL)) != 0)
				if (write(pipes[1], &id, sizeof id) != sizeof id)
					_exit(1);
			_exit(2);
		}
		close(pipes[1]);
		for (int i = 0; i < 5 + round * 3 && read(pipes[0], &id, sizeof id) == sizeof id;
			i++)
			said++, last = id;
		kill(child, SIGKILL);
		while (read(pipes[0], &id, sizeof id) == sizeof id)
			said++, last = id;
		waitpid(child, NULL, 0);
		close(pipes[0]);
		assert_true(said >= 5);
		c = open_ok(path);
		assert_true(catalog_check(c, &e));
		{
			struct catalog_run *r = catalog_run_get(c, last, &e);

			assert_non_null(r);
			assert_string_equal(r->status, "stopped");
			catalog_runs_free(r, 1);
		}
		/* Numbers without a gap: not one that was said is missing. At most one more was
		 * committed. */
		assert_in_range(count(c, ""), (size_t)last, (size_t)last + 1);
		catalog_close(c);
	}
}

static struct catalog_job *job(struct catalog *c, int64_t id)
{
	struct err e = { 0 };
	struct catalog_job *j = catalog_job_get(c, id, &e);

	if (!j)
		fail_msg("%s", e.what);
	return j;
}

#define STATE(c, id, text) do { struct catalog_job *j_ = job(c, id); \
	assert_string_equal(j_->state, text); catalog_jobs_free(j_, 1); } while (0)

static void jobs(void **state)
{
	struct catalog *c = open_ok(in_folder("jobs.db")), *other;
	struct catalog_job in = { .what = "merge r.yml", .command = "[\"merge\",\"r.yml\"]",
		.folder = "/tmp", .threads = 3 }, *j, *v;
	struct err e = { 0 };
	bool cancel = true;
	int64_t id, run;
	size_t n;

	(void)state;
	id = catalog_job_new(c, &in, &e);
	assert_int_equal(id, 1);
	STATE(c, id, "waiting");
	assert_true(catalog_job_log(c, id, "/logs/1.log", &e));
	assert_true(catalog_job_claim(c, id, &e));
	assert_false(catalog_job_claim(c, id, &e)); /* it is taken */
	assert_true(catalog_job_progress(c, id, 10, 100, 5, 18, "layers.0", &cancel, &e));
	assert_false(cancel);
	j = job(c, id);
	assert_string_equal(j->state, "running");
	assert_true(j->done == 10 && j->total == 100 && j->rate == 5 && j->left == 18);
	assert_string_equal(j->message, "layers.0");
	assert_int_equal(j->pid, getpid());
	assert_int_equal(j->threads, 3);
	assert_string_equal(j->log, "/logs/1.log");
	assert_string_equal(j->folder, "/tmp");
	catalog_jobs_free(j, 1);
	/* Within half a second the row is not written again, but the flag is read. */
	other = open_ok(in_folder("jobs.db"));
	assert_true(catalog_job_cancel(other, id, &e));
	assert_true(catalog_job_progress(c, id, 20, 100, 5, 16, "layers.1", &cancel, &e));
	assert_true(cancel);
	j = job(other, id);
	assert_true(j->cancel);
	assert_true(j->done == 10);
	catalog_jobs_free(j, 1);
	run = add_run(c, "r", "linear", "x: 1\n");
	assert_true(catalog_job_end(c, id, "cancelled", run, "cancelled", &e));
	v = catalog_jobs(other, &n, &e);
	assert_int_equal(n, 1);
	assert_string_equal(v[0].state, "cancelled");
	assert_int_equal(v[0].run, run);
	catalog_jobs_free(v, n);
	assert_true(catalog_job_again(c, id, "[\"merge\",\"--resume\",\"r.yml\"]", &e));
	assert_false(catalog_job_again(c, id, "[]", &e)); /* it waits already */
	j = job(c, id);
	assert_string_equal(j->state, "waiting");
	assert_false(j->cancel);
	assert_string_equal(j->command, "[\"merge\",\"--resume\",\"r.yml\"]");
	catalog_jobs_free(j, 1);
	assert_null(catalog_job_get(c, 99, &e));
	assert_non_null(strstr(e.what, "no job 99"));
	assert_false(catalog_job_cancel(c, 99, &e));
	assert_false(catalog_job_end(c, 99, "done", 0, NULL, &e));
	catalog_close(other);
	catalog_close(c);
}

static void jobs_of_the_dead(void **state)
{
	const char *path = in_folder("dead-jobs.db");
	struct catalog *c = open_ok(path);
	struct err e = { 0 };
	char start[32] = "";
	int64_t id;
	pid_t child;

	(void)state;
	catalog_close(c);
	child = fork();
	if (child == 0) {
		struct catalog_job in = { .what = "x" };

		c = catalog_open(path, false, NULL);
		catalog_job_new(c, &in, NULL);                             /* 1: starter dies */
		catalog_job_claim(c, catalog_job_new(c, &in, NULL), NULL); /* 2: dies at work */
		/* 3: asked to stop first */
		id = catalog_job_new(c, &in, NULL);
		catalog_job_claim(c, id, NULL);
		catalog_job_cancel(c, id, NULL);
		kill(getpid(), SIGKILL);
	}
	waitpid(child, NULL, 0);
	c = open_ok(path);
	STATE(c, 1, "stopped");
	STATE(c, 2, "stopped");
	STATE(c, 3, "cancelled");
	/* The process that was started just before its starter died may still come. */
	assert_true(catalog_job_claim(c, 1, &e));
	STATE(c, 1, "running");
	/* A pid of now with the start of another: that process is gone. */
	assert_true(process_own_start(start));
	assert_true(process_is(getpid(), process_boot_id(), start));
	assert_false(process_is(getpid(), process_boot_id(), "1"));
	assert_false(process_is(getpid(), "another boot", start));
	assert_false(process_end(getpid(), process_boot_id(), "1"));
	catalog_close(c);
}

static void five_thousand(void **state)
{
	struct catalog *c = open_ok(":memory:");
	struct catalog_run *v;
	size_t n;

	(void)state;
	for (int i = 0; i < 5000; i++) {
		char name[32], recipe[64];
		int64_t id;

		snprintf(name, sizeof name, "variant-%d", i);
		snprintf(recipe, sizeof recipe, "weight: %d\n", i % 100);
		id = add_run(c, name, i % 2 ? "linear" : "dare_ties", recipe);
		if (i % 7 == 0)
			assert_true(catalog_tag(c, id, "seventh", true, NULL));
		if (i % 11 == 0)
			assert_true(catalog_note(c, id, "eleventh of them", NULL));
		end_run(c, id, i % 5 ? "done" : "failed");
	}
	v = catalog_runs(c, NULL, &n, NULL);
	assert_int_equal(n, 5000);
	for (size_t i = 0; i < n; i++) {
		int k = 4999 - (int)i;
		char name[32];

		snprintf(name, sizeof name, "variant-%d", k);
		assert_string_equal(v[i].name, name);
		assert_string_equal(v[i].status, k % 5 ? "done" : "failed");
		assert_true((v[i].tags != NULL) == (k % 7 == 0));
		assert_true((v[i].note != NULL) == (k % 11 == 0));
	}
	catalog_runs_free(v, n);
	assert_int_equal(count(c, "tag:seventh"), 715);
	assert_int_equal(count(c, "eleventh"), 455);
	assert_int_equal(count(c, "method:linear status:failed"), 500);
	assert_int_equal(count(c, "variant-4999"), 1);
	assert_int_equal(count(c, "\"weight: 42\""), 50);
	catalog_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writers),
		cmocka_unit_test(killed),
		cmocka_unit_test(jobs),
		cmocka_unit_test(jobs_of_the_dead),
		cmocka_unit_test(five_thousand),
	};

	return cmocka_run_group_tests_name("catalog_many", tests, folder_setup, folder_teardown);
}
