/* Nothing is lost: older catalogs, backups while others write, several programs, kill -9 and a full
 * disk at every single write, files that vanish. */
#include "config.h"
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "catalog/keep.h"
#include "catalog_keep.h"
#include "crash_vfs.h"
#include "sanitized.h"

static void whole(const char *path)
{
	struct catalog_checked k;
	struct err e = { 0 };

	if (!catalog_examine(path, &k, &e))
		fail_msg("%s: %s", e.where, e.what);
	if (k.n)
		fail_msg("%s: %s", path, k.v[0].text);
	catalog_checked_fini(&k);
}

/* As another program would make it: nothing of ours is asked. */
static void build(const char *path, const char *golden)
{
	const char *top = getenv("top_srcdir");
	char *file = xasprintf("%s/tests/golden/%s", top ? top : ".", golden), *sql, *message = NULL;
	struct err e = { 0 };
	sqlite3 *db;
	size_t n;

	sql = file_read_all(file, 1 << 20, &n, &e);
	if (!sql)
		fail_msg("%s: %s", e.where, e.what);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", golden, message);
	sqlite3_close(db);
	free(sql);
	free(file);
}

/* Every row of every table that the old one had, with every value. */
static void all_rows_are_in(const char *old, const char *now)
{
	static const char columns[] = "SELECT group_concat('\"' || x.name || '\"') FROM "
		"pragma_table_xinfo('%s') x WHERE hidden = 0";
	sqlite3 *db;
	sqlite3_stmt *s, *t;
	size_t tables = 0;

	assert_int_equal(sqlite3_open(old, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT name FROM pragma_table_list WHERE schema = "
		"'main' AND type = 'table' AND name NOT LIKE 'sqlite#_%' ESCAPE '#'", -1, &s, NULL),
		SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(s, 0), *list;
		char *ask = sqlite3_mprintf(columns, name), *sql;
		int64_t rows, same;

		assert_int_equal(sqlite3_prepare_v2(db, ask, -1, &t, NULL), SQLITE_OK);
		assert_int_equal(sqlite3_step(t), SQLITE_ROW);
		list = (const char *)sqlite3_column_text(t, 0);
		sql = sqlite3_mprintf("SELECT count(*) FROM \"%w\"", name);
		rows = ask_number(old, NULL, sql);
		sqlite3_free(sql);
		sql = sqlite3_mprintf("SELECT count(*) FROM (SELECT %s FROM main.\"%w\" INTERSECT "
			"SELECT %s FROM other.\"%w\")", list, name, list, name);
		same = ask_number(now, old, sql);
		if (rows == 0 || rows != same)
			fail_msg("%s: %s: %lld of %lld rows", now, name, (long long)same,
				(long long)rows);
		sqlite3_free(sql);
		sqlite3_free(ask);
		sqlite3_finalize(t);
		tables++;
	}
	sqlite3_finalize(s);
	sqlite3_close(db);
	assert_true(tables >= 12);
}

static void remove_all(const char *path)
{
	static const char *const tails[] = { "", "-wal", "-shm", ".v1-backup", ".v2-backup" };

	for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
		char *name = xasprintf("%s%s", path, tails[i]);

		unlink(name);
		free(name);
	}
}

/* --- older versions --- */

static void older_versions(void **state)
{
	static const char *const golden[] = { "catalog/v1.sql", "catalog/v2.sql" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		const char *path = in_folder(i ? "second.db" : "first.db");
		char *backup = xasprintf("%s.v%d-backup", path, i + 1);
		char *old = xasprintf("%s.old", path);
		struct catalog_run *v;
		struct catalog *c;
		size_t n;

		build(path, golden[i]);
		assert_true(file_copy(path, old, NULL));
		c = open_ok(path);
		assert_null(catalog_warning(c));
		v = catalog_runs(c, "nearswap", &n, NULL);
		assert_int_equal(n, 1);
		catalog_runs_free(v, n);
		/* What a new version adds is filled from what was there. */
		v = catalog_runs(c, "t<0.001", &n, NULL);
		assert_int_equal(n, 1);
		catalog_runs_free(v, n);
		assert_int_equal(add_run(c, "new", "linear", "x: 1\n"), 8);
		catalog_close(c);
		all_rows_are_in(old, path);
		all_rows_are_in(old, backup);
		assert_int_equal(ask_number(backup, NULL, "SELECT user_version FROM "
			"pragma_user_version"), i + 1);
		whole(path);
		free(backup);
		free(old);
	}
}

/* Read where nothing can be written: brought up to date in memory, the file as it is. */
static void older_to_read(void **state)
{
	const char *path = in_folder("read-old.db");
	struct catalog_run *v;
	struct catalog *c;
	size_t n;

	(void)state;
	build(path, "catalog/v1.sql");
	c = catalog_open(path, true, NULL);
	assert_non_null(c);
	v = catalog_runs(c, "t<0.001", &n, NULL);
	assert_int_equal(n, 1);
	catalog_runs_free(v, n);
	catalog_close(c);
	assert_int_equal(ask_number(path, NULL, "SELECT user_version FROM pragma_user_version"), 1);
}

static void two_migrate_at_once(void **state)
{
	const char *path = in_folder("both.db");

	(void)state;
	for (int round = 0; round < 4; round++) {
		pid_t child[3];
		int status;

		remove_all(path);
		build(path, round % 2 ? "catalog/v2.sql" : "catalog/v1.sql");
		for (int k = 0; k < 3; k++) {
			child[k] = fork();
			if (child[k] == 0) {
				struct catalog *c = catalog_open(path, false, NULL);

				_exit(c && !catalog_warning(c) &&
					add_run(c, "after", "linear", "x: 1\n") > 7 ? 0 : 1);
			}
		}
		for (int k = 0; k < 3; k++) {
			waitpid(child[k], &status, 0);
			assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		}
		whole(path);
		assert_int_equal(ask_number(path, NULL, "SELECT count(*) FROM run"), 5);
		{
			char *backup = xasprintf("%s.v%d-backup", path, round % 2 + 1);

			/* It is of the old version, whoever wrote it. */
			assert_int_equal(ask_number(backup, NULL, "SELECT user_version FROM "
				"pragma_user_version"), round % 2 + 1);
			assert_int_equal(ask_number(backup, NULL, "SELECT count(*) FROM run"), 2);
			free(backup);
		}
	}
}

/* Runs `work` in a child that dies, or is out of room, at its Nth write; true once it got through.
 */
static bool crashes_at(long n, bool full, int (*work)(const char *path), const char *path)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		crash_install(n, full);
		status = work(path);
		_exit(crash.left > 0 && !(full && crash.written >= n) ? 100 + status : status);
	}
	waitpid(child, &status, 0);
	if (!full && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return false;
	if (!WIFEXITED(status))
		fail_msg("write %ld: signal %d", n, WTERMSIG(status));
	if (WEXITSTATUS(status) != 0 && WEXITSTATUS(status) != 100)
		fail_msg("write %ld: status %d", n, WEXITSTATUS(status));
	return WEXITSTATUS(status) == 100;
}

static int migrate_work(const char *path)
{
	struct catalog *c = catalog_open(path, false, NULL);

	if (!c)
		return 2;
	catalog_close(c);
	return 0;
}

static void killed_in_migration(void **state)
{
	const char *path = in_folder("migrating.db"), *old = in_folder("migrating.old");
	long n = 1, step = 1;
	bool through = false;

	(void)state;
	build(old, "catalog/v1.sql");
	for (; !through; n += step) {
		remove_all(path);
		assert_true(file_copy(old, path, NULL));
		through = crashes_at(n, false, migrate_work, path);
		catalog_close(open_ok(path));
		whole(path);
		all_rows_are_in(old, path);
		step = 1 + n / (SANITIZED ? 3 : 12);
		assert_true(n < 5000);
	}
}

static void full_in_migration(void **state)
{
	const char *path = in_folder("filling.db"), *old = in_folder("filling.old");
	bool through = false;

	(void)state;
	build(old, "catalog/v2.sql");
	for (long n = 1; !through; n += 1 + n / (SANITIZED ? 3 : 8)) {
		remove_all(path);
		assert_true(file_copy(old, path, NULL));
		through = crashes_at(n, true, migrate_work, path);
		assert_true(n < 5000);
		/* With room again it goes on. */
		catalog_close(open_ok(path));
		whole(path);
		all_rows_are_in(old, path);
	}
}

/* --- kill -9 and a full disk in the middle of everything --- */

/* Appended to with one write each, outside SQLite: what was said to be kept. */
static int said;

static void say(char what)
{
	if (write(said, &what, 1) != 1)
		_exit(9);
}

static int write_work(const char *path)
{
	struct catalog *c = catalog_open(path, false, NULL);
	struct catalog_run r = { .kind = "merge", .name = "x", .recipe_text = "t: 1\n" };
	struct catalog_score s = { .task = "a", .metric = "b", .value = 1, .stderr_ = NAN };
	struct catalog_job j = { .what = "w" };
	struct catalog_card card = { .name = "n", .source = "s", .text = "t" };
	char fact[32], hash[40];
	bool added;

	if (!c)
		return 3;
	for (int i = 0; i < 3; i++) {
		int64_t id = catalog_run_begin(c, &r, NULL, 0, NULL);

		if (!id)
			break;
		/* Of what is not kept nothing is said: then it is in memory only. */
		if (catalog_is_read_only(c))
			break;
		say('r');
		snprintf(fact, sizeof fact, "%d-%lld", (int)getpid(), (long long)id);
		snprintf(hash, sizeof hash, "h%s", fact);
		s.fact = fact, s.run = id, card.hash = hash;
		if (catalog_note(c, id, "noted", NULL))
			say('n');
		if (catalog_tag(c, id, "tagged", true, NULL))
			say('t');
		if (catalog_score_put(c, &s, 1, NULL))
			say('s');
		if (catalog_job_new(c, &j, NULL))
			say('j');
		if (catalog_card_put(c, &card, NULL, 0, &id, &added, NULL))
			say('c');
	}
	catalog_close(c);
	return 0;
}

static const struct { char what; const char *sql; } kept[] = {
	{ 'r', "SELECT count(*) FROM run" }, { 'n', "SELECT count(*) FROM note" },
	{ 't', "SELECT count(*) FROM tag" }, { 's', "SELECT count(*) FROM score" },
	{ 'j', "SELECT count(*) FROM job" }, { 'c', "SELECT count(*) FROM card" },
};

static void all_said_is_there(const char *path, int more)
{
	char buffer[4096];
	int64_t n[256] = { 0 };
	ssize_t k;

	assert_int_equal(lseek(said, 0, SEEK_SET), 0);
	while ((k = read(said, buffer, sizeof buffer)) > 0)
		for (ssize_t i = 0; i < k; i++)
			n[(unsigned char)buffer[i]]++;
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
		int64_t there = ask_number(path, NULL, kept[i].sql);
		int64_t told = n[(unsigned char)kept[i].what];

		if (there < told || there > told + more)
			fail_msg("%s: %lld of %lld", kept[i].sql, (long long)there,
				(long long)told);
	}
	assert_int_equal(lseek(said, 0, SEEK_END) >= 0, 1);
}

static void at_every_write(const char *path, bool full)
{
	bool through = false;
	int rounds = 0;

	said = open(in_folder(full ? "said-full" : "said-killed"), O_CREAT | O_TRUNC | O_RDWR |
		O_APPEND, 0600);
	assert_true(said >= 0);
	catalog_close(open_ok(path));
	for (long n = 1; !through; n += 1 + n / (SANITIZED ? 3 : 10)) {
		through = crashes_at(n, full, write_work, path);
		rounds++;
		catalog_close(open_ok(path));
		whole(path);
		/* One more of each kind may have been committed before the process could say so. */
		all_said_is_there(path, full ? 0 : rounds);
		assert_true(n < 5000);
	}
	assert_true(rounds > 5);
	close(said);
}

static void killed_at_every_write(void **state)
{
	(void)state;
	at_every_write(in_folder("killed.db"), false);
}

static void full_at_every_write(void **state)
{
	(void)state;
	at_every_write(in_folder("full.db"), true);
}

/* --- backup --- */

static void backup_in_use(void **state)
{
	const char *path = in_folder("used.db"), *copy = in_folder("used.copy");
	struct catalog_backup b;
	struct err e = { 0 };
	int64_t id, before = 0, after = 0;
	int pipes[2], status;
	pid_t child;

	(void)state;
	catalog_close(open_ok(path));
	assert_int_equal(pipe(pipes), 0);
	child = fork();
	if (child == 0) {
		struct catalog *c = catalog_open(path, false, NULL);

		close(pipes[0]);
		for (int i = 0; i < 150 && (id = add_run(c, "x", "linear", "x: 1\n")) != 0; i++)
			if (write(pipes[1], &id, sizeof id) != sizeof id)
				_exit(1);
		catalog_close(c);
		_exit(0);
	}
	close(pipes[1]);
	/* It writes, and its log has not been taken in. */
	while (before < 20 && read(pipes[0], &before, sizeof before) == sizeof before)
		;
	if (!catalog_backup(path, copy, &b, &e))
		fail_msg("%s: %s", e.where, e.what);
	assert_string_equal(b.path, copy);
	assert_true(b.runs >= before);
	assert_true(b.bytes > 0);
	catalog_backup_fini(&b);
	while (read(pipes[0], &after, sizeof after) == sizeof after)
		;
	waitpid(child, &status, 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_int_equal(after, 150);
	assert_int_equal(ask_number(path, NULL, "SELECT count(*) FROM run"), 150);
	whole(path);
	whole(copy);
	assert_true(ask_number(copy, NULL, "SELECT count(*) FROM run") >= before);
	/* It opens as a catalog, and needs no other file. */
	catalog_close(open_ok(copy));
	close(pipes[0]);
}

/* Killed at any write, a backup leaves the catalog alone and nothing under its name but the whole;
 * the next one takes away what was left. */
static int backup_work(const char *path)
{
	struct catalog_backup b;
	char *to = xasprintf("%s.copy", path);

	/* Out of room it fails, which is an answer. */
	if (catalog_backup(path, to, &b, NULL))
		catalog_backup_fini(&b);
	free(to);
	return 0;
}

static size_t files_like(const char *part)
{
	size_t n, found = 0;
	char **names = file_list(test_folder, &n, NULL);

	for (size_t i = 0; i < n; i++)
		found += strstr(names[i], part) != NULL;
	file_list_free(names, n);
	return found;
}

static void backup_killed(void **state)
{
	const char *path = in_folder("kept.db");
	char *copy = xasprintf("%s.copy", path);
	struct catalog *c = open_ok(path);

	(void)state;
	for (int i = 0; i < 20; i++)
		end_run(c, add_run(c, "one", "linear", "x: 1\n"), "done");
	catalog_close(c);
	for (int full = 0; full < 2; full++) {
		bool through = false;

		for (long n = 1; !through; n += 1 + n / (SANITIZED ? 3 : 6)) {
			unlink(copy);
			through = crashes_at(n, full, backup_work, path);
			if (file_exists(copy))
				whole(copy);
			assert_true(through == file_exists(copy) || !full);
			assert_true(n < 5000);
		}
		assert_true(file_exists(copy));
		assert_int_equal(files_like("cupel-copy"), 0);
	}
	whole(path);
	assert_int_equal(ask_number(path, NULL, "SELECT count(*) FROM run"), 20);
	free(copy);
}

/* So does a repair: until the new file is whole, nothing has happened to the old one. */
static int repair_work(const char *path)
{
	struct catalog_repair r;

	if (catalog_repair(path, &r, NULL))
		catalog_repair_fini(&r);
	return 0;
}

static void repair_killed(void **state)
{
	const char *path = in_folder("hurt/c.db"), *link = in_folder("link.db");
	struct catalog *c = open_ok(path);
	size_t n, m;
	char *bytes;

	(void)state;
	for (int i = 0; i < 20; i++)
		end_run(c, add_run(c, "one", "linear", "x: 1\n"), "done");
	catalog_close(c);
	assert_int_equal(symlink(path, link), 0);
	bytes = file_read_all(path, 1 << 24, &n, NULL);
	memset(bytes + n - 4096, 0x77, 4096);
	for (int full = 0; full < 2; full++) {
		bool through = false;

		for (long k = 1; !through; k += 1 + k / (SANITIZED ? 2 : 4)) {
			char *after;

			assert_true(file_write_all(path, bytes, n, NULL));
			through = crashes_at(k, full, repair_work, link);
			after = file_read_all(path, 1 << 24, &m, NULL);
			if (!through)
				assert_true(n == m && memcmp(after, bytes, n) == 0);
			free(after);
			assert_true(k < 5000);
		}
		whole(path);
		assert_int_equal(ask_number(link, NULL, "SELECT count(*) FROM run"), 20);
	}
	free(bytes);
}

static void backup_refused(void **state)
{
	const char *path = in_folder("refused.db");
	struct catalog_backup b;
	struct err e = { 0 };

	(void)state;
	catalog_close(open_ok(path));
	assert_true(file_write_all(in_folder("taken"), "mine", 4, NULL));
	assert_false(catalog_backup(path, in_folder("taken"), &b, &e));
	assert_non_null(strstr(e.what, "replaces nothing"));
	{
		size_t n;
		char *bytes = file_read_all(in_folder("taken"), 10, &n, NULL);

		assert_true(n == 4 && memcmp(bytes, "mine", 4) == 0);
		free(bytes);
	}
	err_clear(&e);
	assert_false(catalog_backup(in_folder("no-such.db"), NULL, &b, &e));
	assert_non_null(strstr(e.what, "no catalog"));
	assert_false(file_exists(in_folder("no-such.db")));
}

/* --- several programs --- */

static void four_write_everything(void **state)
{
	const char *path = in_folder("four.db");
	pid_t child[4];
	int status;

	(void)state;
	said = open(in_folder("said-four"), O_CREAT | O_TRUNC | O_RDWR | O_APPEND, 0600);
	for (int k = 0; k < 4; k++) {
		child[k] = fork();
		if (child[k] == 0) {
			for (int i = 0; i < 6; i++)
				if (write_work(path) != 0)
					_exit(1);
			_exit(0);
		}
	}
	for (int k = 0; k < 4; k++) {
		waitpid(child[k], &status, 0);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	all_said_is_there(path, 0);
	for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
		assert_int_equal(ask_number(path, NULL, kept[i].sql), 4 * 6 * 3);
	whole(path);
	close(said);
}

/* --- files that go away --- */

static void vanished(void **state)
{
	const char *path = in_folder("gone/catalog.db");
	struct catalog *c = open_ok(path);
	struct err e = { 0 };
	struct catalog_run r = { .kind = "merge" }, *v;
	size_t n;

	(void)state;
	end_run(c, add_run(c, "one", "linear", "x: 1\n"), "done");
	assert_int_equal(rename(in_folder("gone"), in_folder("elsewhere")), 0);
	assert_int_equal(catalog_run_begin(c, &r, NULL, 0, &e), 0);
	assert_non_null(strstr(e.what, "moved"));
	/* Nor into another file that stands there now. */
	fill_catalog(in_folder("gone/catalog.db"), 3);
	err_clear(&e);
	assert_false(catalog_note(c, 1, "text", &e));
	assert_non_null(strstr(e.what, "moved"));
	v = catalog_runs(c, NULL, &n, &e);
	catalog_runs_free(v, n);
	catalog_close(c);
	whole(in_folder("elsewhere/catalog.db"));
	assert_int_equal(ask_number(in_folder("elsewhere/catalog.db"), NULL,
		"SELECT count(*) FROM run"), 1);
	whole(in_folder("gone/catalog.db"));
	/* Before the first write, too. */
	c = open_ok(in_folder("early/catalog.db"));
	assert_true(file_remove_tree(in_folder("early"), NULL));
	err_clear(&e);
	assert_int_equal(catalog_run_begin(c, &r, NULL, 0, &e), 0);
	assert_int_not_equal(e.code, ERR_NONE);
	catalog_close(c);
}

static void stand_in(void **state)
{
	struct err why = { .code = ERR_INPUT, .what = "is damaged", .hint = "mend it" }, e = { 0 };
	struct catalog *c = catalog_stand_in("/some/where.db", &why);
	struct catalog_run *v;
	size_t n;

	(void)state;
	assert_string_equal(catalog_path(c), "/some/where.db");
	assert_true(catalog_is_read_only(c));
	assert_string_equal(catalog_warning(c)->where, "/some/where.db");
	assert_non_null(strstr(catalog_warning(c)->what, "is damaged: nothing of this session"));
	assert_string_equal(catalog_warning(c)->hint, "mend it");
	end_run(c, add_run(c, "one", "linear", "x: 1\n"), "done");
	v = catalog_runs(c, NULL, &n, &e);
	assert_int_equal(n, 1);
	catalog_runs_free(v, n);
	assert_false(catalog_note(c, 1, "text", &e));
	assert_non_null(strstr(e.what, "is damaged"));
	catalog_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(older_versions),
		cmocka_unit_test(older_to_read),
		cmocka_unit_test(two_migrate_at_once),
		cmocka_unit_test(killed_in_migration),
		cmocka_unit_test(full_in_migration),
		cmocka_unit_test(killed_at_every_write),
		cmocka_unit_test(full_at_every_write),
		cmocka_unit_test(backup_in_use),
		cmocka_unit_test(backup_killed),
		cmocka_unit_test(repair_killed),
		cmocka_unit_test(backup_refused),
		cmocka_unit_test(four_write_everything),
		cmocka_unit_test(vanished),
		cmocka_unit_test(stand_in),
	};

	return cmocka_run_group_tests_name("catalog_keep", tests, folder_setup, folder_teardown);
}
