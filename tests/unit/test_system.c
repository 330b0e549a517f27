/* system: files that are whole or absent, threads that divide work, processes that outlive us. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "system/file.h"
#include "system/pool.h"
#include "system/process.h"

static char dir[] = "system-test-XXXXXX";

static char *in_dir(const char *name)
{
	return str_join_path(dir, name);
}

static int setup(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int teardown(void **state)
{
	struct err e = { 0 };

	(void)state;
	return file_remove_tree(dir, &e) && !file_exists(dir) ? 0 : -1;
}

static void reads_are_exact(void **state)
{
	char *path = in_dir("r"), buf[16];
	struct err e = { 0 };
	struct file *f;
	size_t n;
	char *all;

	(void)state;
	assert_true(file_write_all(path, "0123456789", 10, &e));
	f = file_open(path, &e);
	assert_non_null(f);
	assert_int_equal(f->id.size, 10);
	assert_true(file_pread(f, buf, 3, 7, &e));
	assert_memory_equal(buf, "789", 3);
	assert_false(file_pread(f, buf, 4, 7, &e));
	assert_non_null(strstr(e.what, "ends 1 bytes too early"));
	assert_false(file_pread(f, buf, 4, UINT64_MAX - 1, &e));
	assert_false(file_pread(f, buf, 4, (uint64_t)INT64_MAX, &e));
	file_close(f);
	all = file_read_all(path, 10, &n, &e);
	assert_int_equal(n, 10);
	assert_string_equal(all, "0123456789");
	free(all);
	assert_null(file_read_all(path, 9, &n, &e));
	assert_null(file_open(dir, &e));
	assert_non_null(strstr(e.what, "folder"));
	assert_null(file_open("nowhere", &e));
	free(path);
	path = in_dir("fifo");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(file_open(path, &e)); /* and does not wait for a writer */
	free(path);
}

static void outputs_are_whole_or_absent(void **state)
{
	char *path = in_dir("out"), *tmp = in_dir(".out.cupel-tmp");
	struct err e = { 0 };
	struct file_out *o = file_out_open(path, &e), *second;

	(void)state;
	assert_non_null(o);
	assert_true(file_out_pwrite(o, "cd", 2, 2, &e));
	assert_true(file_out_pwrite(o, "ab", 2, 0, &e));
	assert_false(file_exists(path));
	second = file_out_open(path, &e);
	assert_null(second);
	assert_non_null(strstr(e.what, "another process"));
	assert_true(file_out_commit(o, true, &e));
	assert_false(file_exists(tmp));
	o = file_out_open(path, &e);
	file_out_abort(o);
	assert_false(file_exists(tmp));
	assert_true(file_exists(path));
	assert_null(file_out_open("no/such/dir/x", &e));
	free(path);
	free(tmp);
}

static void folders_come_and_go(void **state)
{
	char *deep = in_dir("a/b/c"), *file = in_dir("a/b/c/f"), *link = in_dir("a/link");
	char *copy = in_dir("copy"), *top = in_dir("a"), *text;
	struct err e = { 0 };
	uint64_t bytes = 0;
	struct file_id one, two;

	(void)state;
	assert_true(file_mkdirs(deep, &e));
	assert_true(file_mkdirs(deep, &e));
	assert_true(file_is_dir(deep));
	assert_true(file_write_all(file, "x", 1, &e));
	assert_false(file_mkdirs(file, &e));
	assert_true(file_copy(file, copy, &e));
	assert_false(file_copy("nowhere", copy, &e));
	text = file_read_all(copy, 10, NULL, &e);
	assert_string_equal(text, "x");
	free(text);
	assert_true(file_stat_id(file, &one) && file_stat_id(copy, &two));
	assert_true(one.ino != two.ino && one.size == two.size);
	assert_true(file_free_space("/no/such/folder/at/all", &bytes));
	assert_true(file_free_space(deep, &bytes) && bytes > 0);
	assert_int_equal(symlink("..", link), 0); /* must be removed, not followed */
	assert_true(file_remove_tree(top, &e));
	assert_false(file_exists(top));
	assert_true(file_exists(copy));
	free(deep);
	free(file);
	free(link);
	free(copy);
	free(top);
}

static void data_is_found(void **state)
{
	char *p;

	(void)state;
	setenv("CUPEL_DATA", "/elsewhere", 1);
	p = file_data_path("demo/x");
	assert_string_equal(p, "/elsewhere/demo/x");
	free(p);
	unsetenv("CUPEL_DATA");
	p = file_data_path("demo/README.md");
	assert_true(file_exists(p));
	free(p);
}

struct sum {
	atomic_long total;
	atomic_bool stop;
	atomic_uint seen; /* bit per worker */
	unsigned char done[5000];
	size_t stop_at;
};

static void add(void *ctx, size_t i, unsigned worker)
{
	struct sum *s = ctx;

	s->done[i]++;
	atomic_fetch_add(&s->total, (long)i);
	atomic_fetch_or(&s->seen, 1u << worker);
	if (i == s->stop_at)
		atomic_store(&s->stop, true);
}

static void pool_does_each_item_once(void **state)
{
	static const unsigned counts[] = { 1, 2, 7 };

	(void)state;
	for (size_t k = 0; k < 3; k++) {
		struct pool *p = pool_new(counts[k]);
		static struct sum s;

		memset(&s, 0, sizeof s);
		s.stop_at = SIZE_MAX;
		assert_int_equal(pool_threads(p), counts[k]);
		pool_for(p, 5000, add, &s, NULL);
		assert_int_equal(atomic_load(&s.total), 4999L * 5000 / 2);
		for (size_t i = 0; i < 5000; i++)
			assert_int_equal(s.done[i], 1);
		assert_int_equal(atomic_load(&s.seen) >> counts[k], 0);
		pool_for(p, 0, add, &s, NULL);
		memset(&s, 0, sizeof s);
		s.stop_at = 10;
		pool_for(p, 5000, add, &s, &s.stop);
		assert_true(s.done[10] == 1 && s.done[4999] == 0);
		pool_free(p);
	}
}

struct ordered_task {
	struct order *o;
	int id;
};
struct order {
	int at, seen[8];
	struct ordered_task task[8];
	atomic_bool go;
	struct pool *pool;
};

static void record(void *ctx)
{
	struct ordered_task *t = ctx;

	t->o->seen[t->o->at++] = t->id;
}

static void wait_for_go(void *ctx)
{
	struct order *o = ctx;

	while (!atomic_load(&o->go))
		poll(NULL, 0, 1);
}

static void nested(void *ctx)
{
	struct order *o = ctx;
	static struct sum s;

	s.stop_at = SIZE_MAX;
	pool_for(o->pool, 100, add, &s, NULL);
	o->at = (int)atomic_load(&s.total);
}

static void background_work_is_ordered(void **state)
{
	static const int priority[] = { 5, 1, 5, 0, 1 }, want[] = { 3, 1, 4, 0, 2 };
	struct pool *p = pool_new(1);
	struct order o = { 0 };

	(void)state;
	pool_submit(p, -1, wait_for_go, &o);
	for (int i = 0; i < 5; i++) {
		o.task[i].o = &o;
		o.task[i].id = i;
		pool_submit(p, priority[i], record, &o.task[i]);
	}
	atomic_store(&o.go, true);
	pool_drain(p);
	assert_int_equal(o.at, 5);
	assert_memory_equal(o.seen, want, sizeof want);
	o.pool = p;
	pool_submit(p, 0, nested, &o);
	pool_drain(p);
	assert_int_equal(o.at, 4950);
	pool_free(p);
}

/* Waits for text in a file: the detached process is not ours to wait for. */
static char *await(const char *path, const char *text)
{
	struct err e = { 0 };

	for (int i = 0; i < 2000; i++) {
		char *all = file_read_all(path, 10000, NULL, &e);

		if (all && strstr(all, text))
			return all;
		free(all);
		poll(NULL, 0, 5);
	}
	return NULL;
}

static void jobs_are_their_own_processes(void **state)
{
	char *log = in_dir("log"), *text;
	char *argv[] = { "/bin/sh", "-c",
		"echo pid $$; ps=/proc/$$/stat; cut -d' ' -f5-7,19 < $ps; read x || echo no input; "
		"echo oops >&2; kill -HUP $$; echo end", NULL };
	char *none[] = { "/no/such/program", NULL };
	struct err e = { 0 };
	pid_t pid = process_detach(argv, log, &e);
	int pgrp, session, tty, nice;
	long said;

	(void)state;
	assert_true(pid > 0);
	text = await(log, "end\n");
	assert_non_null(text);
	assert_int_equal(sscanf(text, "pid %ld\n%d %d %d %d", &said, &pgrp, &session, &tty, &nice),
		5);
	assert_int_equal(said, pid);
	assert_int_not_equal(session, getsid(0));
	assert_int_equal(tty, 0);
	assert_true(nice >= 10);
	assert_non_null(strstr(text, "no input\noops\nend\n"));
	free(text);
	assert_int_equal(process_detach(none, log, &e), 0);
	assert_non_null(strstr(e.what, "No such file"));
	assert_int_equal(process_detach(argv, "/no/such/dir/log", &e), 0);
	free(log);
}

static void the_living_are_told_from_the_dead(void **state)
{
	char start[32];
	pid_t pid;

	(void)state;
	assert_true(process_alive(getpid(), process_boot_id()));
	assert_false(process_alive(getpid(), "another boot"));
	assert_false(process_alive(0, process_boot_id()));
	assert_true(process_own_start(start) && start[0]);
	pid = fork();
	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	assert_false(process_alive(pid, process_boot_id()));
	assert_true(file_exists(process_self_path()));
}

static void locks_keep_others_out(void **state)
{
	char *path = in_dir("lock"), *text;
	struct err e = { 0 };
	struct process_lock *l = process_lock_take(path, &e), *again;
	int fd[2], status;
	char c;
	pid_t pid;

	(void)state;
	assert_non_null(l);
	assert_null(process_lock_take(path, &e));
	text = xasprintf("process %ld", (long)getpid());
	assert_non_null(strstr(e.what, text));
	free(text);
	process_lock_drop(l);
	assert_false(file_exists(path));
	/* A holder that was killed leaves the file; the next one takes it over. */
	assert_int_equal(pipe(fd), 0);
	pid = fork();
	if (pid == 0) {
		l = process_lock_take(path, &e);
		if (write(fd[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	assert_int_equal(read(fd[0], &c, 1), 1);
	assert_null(process_lock_take(path, &e));
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	assert_true(file_exists(path));
	again = process_lock_take(path, &e);
	assert_non_null(again);
	process_lock_drop(again);
	assert_true(file_write_all(path, "\xff garbage", 9, &e));
	again = process_lock_take(path, &e);
	assert_non_null(again);
	process_lock_drop(again);
	close(fd[0]);
	close(fd[1]);
	free(path);
}

static void signals_are_noted(void **state)
{
	(void)state;
	process_catch_signals();
	assert_false(atomic_load(&process_cancelled));
	raise(SIGINT);
	assert_true(atomic_load(&process_cancelled));
	atomic_store(&process_cancelled, false);
	signal(SIGINT, SIG_DFL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_are_exact),
		cmocka_unit_test(outputs_are_whole_or_absent),
		cmocka_unit_test(folders_come_and_go),
		cmocka_unit_test(data_is_found),
		cmocka_unit_test(pool_does_each_item_once),
		cmocka_unit_test(background_work_is_ordered),
		cmocka_unit_test(jobs_are_their_own_processes),
		cmocka_unit_test(the_living_are_told_from_the_dead),
		cmocka_unit_test(locks_keep_others_out),
		cmocka_unit_test(signals_are_noted),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
