/* Opening a catalog: new, older, newer, foreign, damaged, cut short, locked, not writable, full. */
#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "catalog_test.h"
#include "catalog/schema.h"

#define NOW ((int)schema_n_steps) /* the version that is written */

static void script(const char *path, const char *sql)
{
	sqlite3 *db;
	char *message = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s", message);
	sqlite3_close(db);
}

static int64_t number(const char *path, const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *s;
	int64_t v;

	assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(s), SQLITE_ROW);
	v = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return v;
}

static void write_bytes(const char *path, const char *bytes, size_t n)
{
	assert_true(file_write_all(path, bytes, n, NULL));
}

static void expect_refusal(const char *path, const char *word)
{
	struct err e = { 0 };
	struct catalog *c = catalog_open(path, false, &e);

	assert_null(c);
	assert_string_equal(e.where, path);
	if (!strstr(e.what, word))
		fail_msg("'%s' is not in: %s", word, e.what);
	assert_true(e.hint[0]);
}

static size_t count_runs(struct catalog *c)
{
	size_t n;
	struct catalog_run *v = catalog_runs(c, NULL, &n, NULL);

	assert_non_null(v);
	catalog_runs_free(v, n);
	return n;
}

static void new_file(void **state)
{
	const char *path = in_folder("a/b/c.db");
	struct catalog *c;

	(void)state;
	c = open_ok(path);
	assert_null(catalog_warning(c));
	assert_false(catalog_is_read_only(c));
	assert_string_equal(catalog_path(c), path);
	assert_true(catalog_check(c, NULL));
	end_run(c, add_run(c, "one", "linear", "x: 1\n"), "done");
	catalog_close(c);
	assert_int_equal(number(path, "PRAGMA application_id"), SCHEMA_APPLICATION);
	assert_int_equal(number(path, "PRAGMA user_version"), NOW);
	c = open_ok(path);
	assert_int_equal(count_runs(c), 1);
	catalog_close(c);
	/* An empty file is a catalog not yet made. */
	write_bytes(in_folder("empty.db"), "", 0);
	c = open_ok(in_folder("empty.db"));
	assert_int_equal(count_runs(c), 0);
	catalog_close(c);
}

/* A name that is relative stays that file when the process goes elsewhere. */
static void relative_path(void **state)
{
	char cwd[256], *back = getcwd(cwd, sizeof cwd);
	struct catalog *c;

	(void)state;
	assert_int_equal(chdir(test_folder), 0);
	c = open_ok("relative.db");
	assert_int_equal(chdir("/"), 0);
	end_run(c, add_run(c, "one", "linear", "x: 1\n"), "done");
	json_decref(catalog_sql(c, "SELECT 1", NULL));
	assert_string_equal(catalog_path(c), "relative.db");
	catalog_close(c);
	assert_int_equal(chdir(back), 0);
	assert_int_equal(number(in_folder("relative.db"), "SELECT count(*) FROM run"), 1);
}

static void default_path(void **state)
{
	char *path;

	(void)state;
	setenv("CUPEL_CATALOG", "/x/y.db", 1);
	path = catalog_default_path();
	assert_string_equal(path, "/x/y.db");
	free(path);
	unsetenv("CUPEL_CATALOG");
	setenv("XDG_DATA_HOME", "/data", 1);
	path = catalog_default_path();
	assert_string_equal(path, "/data/cupel/catalog.db");
	free(path);
	setenv("XDG_DATA_HOME", "relative", 1);
	setenv("HOME", "/home/me", 1);
	path = catalog_default_path();
	assert_string_equal(path, "/home/me/.local/share/cupel/catalog.db");
	free(path);
	unsetenv("XDG_DATA_HOME");
}

static void migration(void **state)
{
	struct schema_step steps[3] = { { NOW, "SELECT nothing" },
		{ NOW + 1, "ALTER TABLE run ADD COLUMN mood TEXT NOT NULL DEFAULT 'fine'" },
		{ NOW + 2, "CREATE TABLE later (x INTEGER) STRICT; INSERT INTO later VALUES (3)" } };
	const char *path = in_folder("old.db");
	struct db d = { .path = path };
	struct catalog *c = open_ok(path);
	struct err e = { 0 };
	int version, code;
	char *backup;

	(void)state;
	end_run(c, add_run(c, "kept", "linear", "x: 1\n"), "done");
	catalog_close(c);
	assert_int_equal(db_open(&d, path, SQLITE_OPEN_READWRITE), SQLITE_OK);
	assert_int_equal(schema_look(&d, NOW + 2, &version, &code), SCHEMA_OLDER);
	assert_true(schema_migrate(&d, steps, 3, path, &e));
	assert_int_equal(schema_look(&d, NOW + 2, &version, &code), SCHEMA_CURRENT);
	assert_int_equal(db_number(&d, "SELECT count(*) FROM run WHERE mood = 'fine'", -1), 1);
	/* Once more does nothing. */
	assert_true(schema_migrate(&d, steps, 3, NULL, &e));
	assert_int_equal(db_number(&d, "SELECT count(*) FROM later", -1), 1);
	db_close(&d);
	backup = xasprintf("%s.v%d-backup", path, NOW);
	assert_int_equal(number(backup, "PRAGMA user_version"), NOW);
	assert_int_equal(number(backup, "SELECT count(*) FROM run WHERE name = 'kept'"), 1);
	free(backup);
}

/* A catalog of the first version, with a score in it, is brought up to date. */
static void first_version(void **state)
{
	const char *path = in_folder("first.db");
	struct db d = { .path = path };
	struct catalog_score *v, s = { .task = "t", .metric = "m", .fact = "f" };
	struct catalog *c;
	size_t n, added;

	(void)state;
	assert_int_equal(db_open(&d, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE), SQLITE_OK);
	assert_true(schema_migrate(&d, schema_steps, 1, NULL, NULL));
	assert_true(db_script(&d, "INSERT INTO score (task, metric, value) VALUES ('a', 'b', 1)",
		NULL));
	db_close(&d);
	c = open_ok(path);
	assert_null(catalog_warning(c));
	assert_true(catalog_score_import(c, &s, 1, &added, NULL));
	assert_int_equal(added, 1);
	assert_true(catalog_score_import(c, &s, 1, &added, NULL));
	assert_int_equal(added, 0);
	v = catalog_scores(c, 0, 0, &n, NULL);
	assert_non_null(v);
	catalog_scores_free(v, n);
	catalog_close(c);
	assert_int_equal(number(path, "SELECT count(*) FROM score"), 2);
	assert_int_equal(number(in_folder("first.db.v1-backup"), "PRAGMA user_version"), 1);
}

static void migration_fails_whole(void **state)
{
	struct schema_step steps[2] = { { NOW + 1, "CREATE TABLE half (x INTEGER) STRICT" },
		{ NOW + 2, "CREATE TABLE half (x INTEGER) STRICT" } };
	const char *path = in_folder("half.db");
	struct db d = { .path = path };
	struct err e = { 0 };

	(void)state;
	catalog_close(open_ok(path));
	assert_int_equal(db_open(&d, path, SQLITE_OPEN_READWRITE), SQLITE_OK);
	assert_false(schema_migrate(&d, steps, 2, NULL, &e));
	assert_int_equal(db_number(&d, "PRAGMA user_version", -1), NOW);
	assert_int_equal(db_number(&d, "SELECT count(*) FROM sqlite_schema WHERE name = 'half'",
		-1), 0);
	db_close(&d);
}

static void newer(void **state)
{
	const char *path = in_folder("newer.db");
	struct catalog *c = open_ok(path);
	struct err e = { 0 };
	struct stat before, after;
	int64_t id;

	(void)state;
	end_run(c, add_run(c, "one", "linear", "x: 1\n"), "done");
	catalog_close(c);
	script(path, "ALTER TABLE run ADD COLUMN later TEXT; PRAGMA user_version = 99");
	assert_int_equal(stat(path, &before), 0);
	c = open_ok(path);
	assert_non_null(catalog_warning(c));
	assert_non_null(strstr(catalog_warning(c)->what, "newer version"));
	assert_true(catalog_is_read_only(c));
	assert_int_equal(count_runs(c), 1);
	/* Work goes on, in memory; what a person adds is refused. */
	id = add_run(c, "two", "linear", "x: 1\n");
	assert_int_equal(count_runs(c), 2);
	assert_false(catalog_note(c, id, "text", &e));
	assert_non_null(strstr(e.what, "newer version"));
	catalog_close(c);
	assert_int_equal(number(path, "SELECT count(*) FROM run"), 1);
	assert_int_equal(number(path, "PRAGMA user_version"), 99);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
}

static void foreign(void **state)
{
	const char *path = in_folder("foreign.db");

	(void)state;
	script(path, "CREATE TABLE theirs (x)");
	expect_refusal(path, "another program");
	assert_int_equal(number(path, "SELECT count(*) FROM sqlite_schema"), 1);
	path = in_folder("foreign2.db");
	script(path, "PRAGMA application_id = 77; PRAGMA user_version = 1");
	expect_refusal(path, "another program");
	write_bytes(in_folder("text.db"),
		"this is my diary, not a database, please do not touch it\n", 57);
	expect_refusal(in_folder("text.db"), "not a catalog");
}

static char *slurp(const char *path, size_t *n)
{
	struct err e = { 0 };
	char *s = file_read_all(path, 1 << 26, n, &e);

	if (!s)
		fail_msg("%s: %s", e.where, e.what);
	return s;
}

static void damaged(void **state)
{
	const char *path = in_folder("damaged.db");
	struct catalog *c = open_ok(path);
	char *bytes, *after;
	size_t n, n_after;

	(void)state;
	for (int i = 0; i < 50; i++)
		end_run(c, add_run(c, "name", "linear", "a recipe: of some length\n"), "done");
	catalog_close(c);
	bytes = slurp(path, &n);
	/* Pages in the middle overwritten: the header is whole, the trees are not. */
	memset(bytes + 8 * 4096, 0xa5, 12 * 4096);
	write_bytes(path, bytes, n);
	expect_refusal(path, "damaged");
	after = slurp(path, &n_after);
	assert_int_equal(n, n_after);
	assert_memory_equal(bytes, after, n);
	free(after);
	/* Cut off in the middle of a page. */
	write_bytes(path, bytes, 4096 * 3 + 100);
	expect_refusal(path, "damaged");
	/* Only the first bytes. */
	write_bytes(path, bytes, 60);
	expect_refusal(path, "damaged");
	free(bytes);
}

static void folder_in_its_place(void **state)
{
	struct catalog *c;

	(void)state;
	assert_true(file_mkdirs(in_folder("dir.db"), NULL));
	c = catalog_open(in_folder("dir.db"), false, NULL);
	/* A folder holds no catalog: refused, or nothing remembered, but no crash and nothing
	 * removed. */
	if (c)
		assert_true(catalog_is_read_only(c));
	catalog_close(c);
	assert_true(file_is_dir(in_folder("dir.db")));
}

/* A writer killed in the middle leaves its log; then the log itself is cut short. */
static void cut_log(void **state)
{
	const char *path = in_folder("cut.db");
	char *wal = xasprintf("%s-wal", path);
	struct stat st;
	struct catalog *c;
	pid_t child;
	size_t n;

	(void)state;
	catalog_close(open_ok(path));
	child = fork();
	if (child == 0) {
		c = catalog_open(path, false, NULL);
		for (int i = 0; i < 10; i++)
			end_run(c, add_run(c, "name", "linear", "x: 1\n"), "done");
		kill(getpid(), SIGKILL);
	}
	waitpid(child, NULL, 0);
	assert_int_equal(stat(wal, &st), 0);
	assert_true(st.st_size > 4096);
	assert_int_equal(truncate(wal, st.st_size / 2), 0);
	c = open_ok(path);
	n = count_runs(c);
	assert_true(n >= 1 && n < 10);
	end_run(c, add_run(c, "after", "linear", "x: 1\n"), "done");
	assert_int_equal(count_runs(c), n + 1);
	assert_true(catalog_check(c, NULL));
	catalog_close(c);
	free(wal);
}

static void locked(void **state)
{
	const char *path = in_folder("locked.db");
	struct catalog *c;
	sqlite3 *db;

	(void)state;
	catalog_close(open_ok(path));
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; "
		"INSERT INTO meta VALUES ('k', 'v')", NULL, NULL, NULL), SQLITE_OK);
	catalog_patience(20);
	expect_refusal(path, "locked");
	sqlite3_close(db);
	/* Another's write transaction: reading goes on, writing says so. */
	c = open_ok(path);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(count_runs(c), 0);
	{
		struct err e = { 0 };
		struct catalog_model m = { .path = "/x", .name = "x" };

		assert_false(catalog_model_put(c, &m, NULL, &e));
		assert_non_null(strstr(e.what, "locked"));
	}
	sqlite3_close(db);
	catalog_close(c);
	catalog_patience(10000);
}

/* Runs fn as somebody without root's rights, who may not write everywhere. */
static void as_nobody(void (*fn)(const char *path), const char *path)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
			_exit(77);
		fn(path);
		_exit(0);
	}
	waitpid(child, &status, 0);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(WEXITSTATUS(status), 0);
}

#define CHECK(condition) do { if (!(condition)) { \
	fprintf(stderr, "line %d: %s\n", __LINE__, #condition); _exit(1); } } while (0)

static void use_unwritable(const char *path)
{
	struct err e = { 0 };
	struct catalog *c = catalog_open(path, false, &e);
	struct catalog_run r = { .kind = "merge", .name = "new" }, *v;
	size_t n;
	int64_t id;

	CHECK(c);
	CHECK(catalog_is_read_only(c));
	CHECK(catalog_warning(c) && strstr(catalog_warning(c)->what, "nothing of this session"));
	v = catalog_runs(c, NULL, &n, &e);
	CHECK(v && n == 1 && strcmp(v[0].name, "old") == 0);
	catalog_runs_free(v, n);
	id = catalog_run_begin(c, &r, NULL, 0, &e);
	CHECK(id > 1);
	CHECK(catalog_run_end(c, id, "done", 1, NULL, NULL, 0, 0, NULL, &e));
	CHECK(!catalog_note(c, id, "text", &e));
	CHECK(strstr(e.what, "nothing of this session"));
	catalog_close(c);
	/* Asked for reading, there is nothing to warn of. */
	c = catalog_open(path, true, &e);
	CHECK(c && !catalog_warning(c));
	v = catalog_runs(c, NULL, &n, &e);
	CHECK(v && n == 1);
	catalog_runs_free(v, n);
	json_decref(catalog_sql(c, "SELECT * FROM runs", &e));
	catalog_close(c);
}

static void read_only_folder(void **state)
{
	const char *path = in_folder("ro/catalog.db");
	struct catalog *c = open_ok(path);

	(void)state;
	end_run(c, add_run(c, "old", "linear", "x: 1\n"), "done");
	catalog_close(c);
	assert_int_equal(chmod(test_folder, 0755), 0);
	assert_int_equal(chmod(path, 0444), 0);
	assert_int_equal(chmod(in_folder("ro"), 0555), 0);
	as_nobody(use_unwritable, path);
	assert_int_equal(chmod(path, 0644), 0);
	as_nobody(use_unwritable, path);
	/* A folder that can be written does not help a file that cannot. */
	assert_int_equal(chmod(in_folder("ro"), 0777), 0);
	assert_int_equal(chmod(path, 0444), 0);
	as_nobody(use_unwritable, path);
	assert_int_equal(number(path, "SELECT count(*) FROM run"), 1);
}

static void use_without_folder(const char *path)
{
	struct err e = { 0 };
	struct catalog *c = catalog_open(path, false, &e);
	struct catalog_run r = { .kind = "merge", .name = "new" };

	CHECK(c);
	CHECK(catalog_warning(c) && strstr(catalog_warning(c)->what, "nothing of this session"));
	CHECK(catalog_run_begin(c, &r, NULL, 0, &e) == 1);
	catalog_close(c);
}

static void folder_that_cannot_be_made(void **state)
{
	(void)state;
	assert_true(file_mkdirs(in_folder("closed"), NULL));
	assert_int_equal(chmod(test_folder, 0755), 0);
	assert_int_equal(chmod(in_folder("closed"), 0555), 0);
	as_nobody(use_without_folder, in_folder("closed/deeper/catalog.db"));
	as_nobody(use_without_folder, in_folder("closed/catalog.db"));
}

/* A disk that is full, as a limit on the size of files. */
static void fill_disk(const char *path)
{
	struct rlimit limit = { 300000, 300000 };
	struct err e = { 0 };
	struct catalog *c = catalog_open(path, false, &e);
	char *blob = calloc(1, 100000);
	struct catalog_stat s = { .kind = "hist", .blob = blob, .n = 100000 };
	bool ok = true;
	size_t n;
	int i;

	CHECK(c && !catalog_warning(c));
	signal(SIGXFSZ, SIG_IGN);
	CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
	for (i = 0; i < 20 && ok; i++) {
		s.a.b[0] = (uint8_t)(i + 1);
		ok = catalog_stat_put(c, &s, 1, &e);
	}
	CHECK(!ok);
	CHECK(e.code == ERR_SPACE);
	CHECK(strstr(e.what, "full"));
	/* What was committed before is there, and reading goes on. */
	s.a.b[0] = 1;
	free(catalog_stat_get(c, "hist", s.a, s.b, s.base, &n));
	CHECK(i < 2 || n == 100000);
	free(blob);
	catalog_close(c);
}

static void full_disk(void **state)
{
	const char *path = in_folder("full.db");
	struct catalog *c = open_ok(path);
	pid_t child;
	int status;

	(void)state;
	end_run(c, add_run(c, "old", "linear", "x: 1\n"), "done");
	catalog_close(c);
	child = fork();
	if (child == 0) {
		fill_disk(path);
		_exit(0);
	}
	waitpid(child, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	c = open_ok(path);
	assert_null(catalog_warning(c));
	assert_true(catalog_check(c, NULL));
	assert_int_equal(count_runs(c), 1);
	catalog_close(c);
}

static void new_on_full_disk(void **state)
{
	struct rlimit limit = { 1000, 1000 };
	pid_t child = fork();
	int status;

	(void)state;
	if (child == 0) {
		struct catalog *c;

		signal(SIGXFSZ, SIG_IGN);
		CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
		c = catalog_open(in_folder("nospace.db"), false, NULL);
		CHECK(c && catalog_warning(c) && catalog_is_read_only(c));
		CHECK(strstr(catalog_warning(c)->what, "full"));
		catalog_close(c);
		_exit(0);
	}
	waitpid(child, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void read_only_of_nothing(void **state)
{
	struct err e = { 0 };
	struct catalog *c = catalog_open(in_folder("none.db"), true, &e);

	(void)state;
	assert_non_null(c);
	assert_null(catalog_warning(c));
	assert_int_equal(count_runs(c), 0);
	catalog_close(c);
	assert_false(file_exists(in_folder("none.db")));
}

/* Read where it is, because that was asked for or because it is too large to copy: what is written
 * goes nowhere, under numbers that mean nothing else. */
static void written_apart(void **state)
{
	const char *path = in_folder("apart.db");
	struct catalog *c = open_ok(path);
	struct catalog_model m = { .path = "/x" };
	struct err e = { 0 };

	(void)state;
	end_run(c, add_run(c, "one", "linear", "x: 1\n"), "done");
	end_run(c, add_run(c, "two", "linear", "x: 1\n"), "done");
	catalog_close(c);
	c = catalog_open(path, true, &e);
	assert_non_null(c);
	assert_true(catalog_is_read_only(c));
	assert_int_equal(add_run(c, "three", "linear", "x: 1\n"), 3);
	end_run(c, 3, "done");
	assert_true(catalog_model_put(c, &m, NULL, &e));
	assert_int_equal(count_runs(c), 2);
	assert_false(catalog_note(c, 1, "text", &e));
	assert_false(catalog_tag(c, 1, "tag", true, &e));
	catalog_close(c);
	assert_int_equal(number(path, "SELECT count(*) FROM run"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_file),
		cmocka_unit_test(default_path),
		cmocka_unit_test(relative_path),
		cmocka_unit_test(migration),
		cmocka_unit_test(first_version),
		cmocka_unit_test(migration_fails_whole),
		cmocka_unit_test(newer),
		cmocka_unit_test(foreign),
		cmocka_unit_test(damaged),
		cmocka_unit_test(folder_in_its_place),
		cmocka_unit_test(cut_log),
		cmocka_unit_test(locked),
		cmocka_unit_test(read_only_folder),
		cmocka_unit_test(folder_that_cannot_be_made),
		cmocka_unit_test(full_disk),
		cmocka_unit_test(new_on_full_disk),
		cmocka_unit_test(read_only_of_nothing),
		cmocka_unit_test(written_apart),
	};

	return cmocka_run_group_tests_name("catalog_open", tests, folder_setup, folder_teardown);
}
