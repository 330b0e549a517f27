/* Jobs: this program, started again as a process of its own, reports through the catalog.
 * The test and the job meet at a named pipe: the job holds its end open for as long as it lives. */
#include "config.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include "catalog_test.h"
#include "engine/job.h"
#include "system/process.h"

/* --- the job: what `TEST work --catalog FILE --job ID [--resume] HOW PIPE` does --- */

static void nap(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

static bool told_to_stop(struct catalog *c, int64_t id, bool deaf)
{
	bool cancel = false;

	if (deaf)
		return process_cancelled;
	catalog_job_progress(c, id, 1, 2, 1, 1, "at work", &cancel, NULL);
	return cancel;
}

static int work(int argc, char **argv)
{
	struct err e = { 0 };
	struct catalog *c = argc > 7 ? catalog_open(argv[3], false, &e) : NULL;
	int64_t id = argc > 7 ? atoll(argv[5]) : 0;
	bool again = argc > 7 && str_eq(argv[6], "--resume");
	const char *how = again ? "quick" : argc > 7 ? argv[6] : "";
	int meet = argc > 7 ? open(argv[argc - 1], O_WRONLY) : -1;
	char cwd[256];

	alarm(60);
	process_catch_signals();
	if (!c || !job_attach(c, id, &e)) {
		printf("no: %s\n", e.what);
		return 1;
	}
	printf("%s in %s%s\n", how, getcwd(cwd, sizeof cwd), again ? ", resumed" : "");
	fflush(stdout);
	if (write(meet, "r", 1) != 1)
		return 1;
	if (str_eq(how, "quick")) {
		catalog_job_end(c, id, "done", 0, NULL, NULL);
	} else if (str_eq(how, "hang")) {
		for (;;)
			pause();
	} else if (!str_eq(how, "die")) {
		while (!told_to_stop(c, id, str_eq(how, "deaf")))
			nap();
		catalog_job_end(c, id, "cancelled", 0, "cancelled", NULL);
	}
	catalog_close(c);
	return 0;
}

/* --- the tests --- */

static struct catalog *c;
static const char *meeting;

static int setup(void **state)
{
	if (folder_setup(state) != 0)
		return -1;
	alarm(120);
	setenv("XDG_STATE_HOME", test_folder, 1);
	meeting = xstrdup(in_folder("meeting"));
	c = open_ok(in_folder("catalog.db"));
	return mkfifo(meeting, 0600);
}

static int teardown(void **state)
{
	catalog_close(c);
	free((char *)meeting);
	return folder_teardown(state);
}

static int64_t start(const char *how)
{
	const char *args[] = { "work", how, meeting };
	struct err e = { 0 };
	int64_t id = job_start(c, how, args, 3, &e);

	if (!id)
		fail_msg("%s: %s", e.where, e.what);
	return id;
}

/* The job has attached; the end of this pipe is its end. */
static int meet(void)
{
	int fd = open(meeting, O_RDONLY);
	char byte;

	assert_true(fd >= 0);
	assert_int_equal(read(fd, &byte, 1), 1);
	return fd;
}

static void wait_end(int fd)
{
	char byte;

	assert_int_equal(read(fd, &byte, 1), 0);
	close(fd);
}

static struct catalog_job *job(int64_t id)
{
	struct err e = { 0 };
	struct catalog_job *j = catalog_job_get(c, id, &e);

	if (!j)
		fail_msg("%s", e.what);
	return j;
}

/* A process that has closed the pipe may need a moment to be gone. */
static void expect(int64_t id, const char *state)
{
	struct catalog_job *j = job(id);

	while (str_eq(j->state, "running") && !str_eq(state, "running")) {
		nap();
		catalog_jobs_free(j, 1);
		j = job(id);
	}
	assert_string_equal(j->state, state);
	catalog_jobs_free(j, 1);
}

static void expect_log(int64_t id, const char *text)
{
	struct err e = { 0 };
	char *log = job_log_text(c, id, 1 << 20, &e);

	if (!log)
		fail_msg("%s", e.what);
	if (!strstr(log, text))
		fail_msg("'%s' is not in: %s", text, log);
	free(log);
}

static void runs_to_its_end(void **state)
{
	int64_t id = start("quick");
	struct catalog_job *j;
	struct err e = { 0 };

	(void)state;
	wait_end(meet());
	expect(id, "done");
	expect_log(id, "quick in ");
	j = job(id);
	assert_non_null(strstr(j->command, "\"quick\""));
	assert_true(str_starts(j->log, test_folder));
	assert_true(j->pid != getpid());
	catalog_jobs_free(j, 1);
	assert_false(job_cancel(c, id, &e));
	assert_non_null(strstr(e.what, "done already"));
	assert_false(job_resume(c, id, &e));
	assert_false(job_cancel(c, 999, &e));
	assert_false(job_resume(c, 999, &e));
	assert_null(job_log_text(c, 999, 10, &e));
}

static void cancelled_by_flag(void **state)
{
	int64_t id = start("listen");
	struct err e = { 0 };
	int fd = meet();

	(void)state;
	expect(id, "running");
	assert_true(job_cancel(c, id, &e));
	wait_end(fd);
	expect(id, "cancelled");
}

static void cancelled_by_signal(void **state)
{
	int64_t id = start("deaf");
	struct err e = { 0 };
	int fd = meet();

	(void)state;
	assert_true(job_cancel(c, id, &e));
	expect(id, "running");
	assert_true(job_cancel(c, id, &e));
	wait_end(fd);
	expect(id, "cancelled");
}

/* A number that another process has now is not signalled. */
static void not_another(void **state)
{
	int64_t id = start("hang");
	struct catalog_job *j;
	struct err e = { 0 };
	int fd = meet();
	pid_t pid;

	(void)state;
	j = job(id);
	pid = (pid_t)j->pid;
	assert_true(process_is(pid, j->boot, j->start));
	assert_false(process_end(pid, j->boot, "12345"));
	assert_false(process_end(pid, "another-boot", j->start));
	catalog_jobs_free(j, 1);
	expect(id, "running");
	assert_int_equal(kill(pid, SIGKILL), 0);
	wait_end(fd);
	expect(id, "stopped");
	assert_false(job_cancel(c, id, &e));
}

static void resumed_in_its_folder(void **state)
{
	const char *args[] = { "merge", "hang", meeting };
	char cwd[256], *back = getcwd(cwd, sizeof cwd);
	struct catalog_job *j;
	struct err e = { 0 };
	int64_t id;
	int fd;

	(void)state;
	assert_int_equal(chdir(test_folder), 0);
	id = job_start(c, "merge", args, 3, &e);
	fd = meet();
	assert_int_equal(chdir(back), 0);
	j = job(id);
	kill((pid_t)j->pid, SIGKILL);
	catalog_jobs_free(j, 1);
	wait_end(fd);
	expect(id, "stopped");
	assert_true(job_resume(c, id, &e));
	wait_end(meet());
	expect(id, "done");
	expect_log(id, ", resumed");
	{
		char *line = xasprintf("quick in %s", test_folder);

		expect_log(id, line);
		free(line);
	}
	j = job(id);
	assert_string_equal(j->folder, test_folder);
	assert_non_null(strstr(j->command, "\"merge\",\"--resume\",\"hang\""));
	catalog_jobs_free(j, 1);
}

static void outlives_its_starter(void **state)
{
	pid_t starter = fork();
	int fd;

	(void)state;
	if (starter == 0) {
		const char *args[] = { "work", "quick", meeting };
		struct catalog *own = catalog_open(in_folder("catalog.db"), false, NULL);

		job_start(own, "orphan", args, 3, NULL);
		kill(getpid(), SIGKILL);
	}
	fd = meet();
	waitpid(starter, NULL, 0);
	wait_end(fd);
	{
		size_t n;
		struct catalog_job *v = catalog_jobs(c, &n, NULL);

		assert_string_equal(v[0].what, "orphan");
		expect(v[0].id, "done");
		catalog_jobs_free(v, n);
	}
}

static void died_without_a_word(void **state)
{
	int64_t id = start("die");

	(void)state;
	wait_end(meet());
	expect(id, "stopped");
}

static void cancelled_before_it_began(void **state)
{
	struct catalog_job in = { .what = "x", .command = "[\"work\"]" };
	struct err e = { 0 };
	int64_t id = catalog_job_new(c, &in, &e);

	(void)state;
	assert_true(job_cancel(c, id, &e));
	assert_false(job_attach(c, id, &e));
	assert_int_equal(e.code, ERR_CANCELLED);
	expect(id, "cancelled");
	/* One that this very process was about to start. */
	id = catalog_job_new(c, &in, &e);
	assert_true(job_cancel(c, id, &e));
	assert_true(job_cancel(c, id, &e));
	expect(id, "cancelled");
}

static void nowhere_to_report(void **state)
{
	struct catalog *memory = open_ok(":memory:");
	const char *args[] = { "work" }, *bad[] = { "wo\xff" };
	struct err e = { 0 };

	(void)state;
	assert_int_equal(job_start(memory, "x", args, 1, &e), 0);
	assert_non_null(strstr(e.what, "cannot be written"));
	catalog_close(memory);
	assert_int_equal(job_start(c, "x", bad, 1, &e), 0);
	assert_non_null(strstr(e.what, "UTF-8"));
	/* A state folder that is a file. */
	assert_true(file_write_all(in_folder("file"), "x", 1, NULL));
	setenv("XDG_STATE_HOME", in_folder("file"), 1);
	assert_int_equal(job_start(c, "x", args, 1, &e), 0);
	setenv("XDG_STATE_HOME", test_folder, 1);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_to_its_end),
		cmocka_unit_test(cancelled_by_flag),
		cmocka_unit_test(cancelled_by_signal),
		cmocka_unit_test(not_another),
		cmocka_unit_test(resumed_in_its_folder),
		cmocka_unit_test(outlives_its_starter),
		cmocka_unit_test(died_without_a_word),
		cmocka_unit_test(cancelled_before_it_began),
		cmocka_unit_test(nowhere_to_report),
	};

	if (argc > 1)
		return work(argc, argv);
	return cmocka_run_group_tests_name("job", tests, setup, teardown);
}
