/* Models, tensors, statistics, read-only SQL. */
#include "config.h"
#include <pthread.h>
#include "catalog_test.h"

static struct catalog *c;

static int open_memory(void **state)
{
	(void)state;
	c = open_ok(":memory:");
	return 0;
}

static int close_memory(void **state)
{
	(void)state;
	catalog_close(c);
	return 0;
}

static struct hash key(int i)
{
	return hash_bytes(&i, sizeof i);
}

static void models(void **state)
{
	struct catalog_model m = { .name = "owner/a", .path = "/m/a", .format = "hf",
		.architecture = "llama", .kind = "base", .hash = "aa", .parameters = 100,
		.bytes = 200,
		.bits = 16, .partial = "partial 3/7", .state = "partial" }, *v;
	int64_t a, b;
	struct err e = { 0 };
	char *path;
	size_t n;

	(void)state;
	assert_true(catalog_model_put(c, &m, &a, &e));
	m = (struct catalog_model){ .name = "owner/b", .path = "/m/b", .parent = a,
		.relation = "finetune", .bytes = 5, .hash = "bb" };
	assert_true(catalog_model_put(c, &m, &b, &e));
	assert_true(a != b);
	/* Seen again, with less: what is known stays, but partial and state are of now. */
	m = (struct catalog_model){ .path = "/m/a", .bytes = 200 };
	assert_true(catalog_model_put(c, &m, &b, &e));
	assert_int_equal(a, b);
	/* Other bytes, another hash: the old one is of something else. */
	m = (struct catalog_model){ .path = "/m/b", .bytes = 6 };
	assert_true(catalog_model_put(c, &m, NULL, &e));
	v = catalog_models(c, &n, &e);
	assert_int_equal(n, 2);
	assert_string_equal(v[0].name, "owner/a");
	assert_string_equal(v[0].kind, "base");
	assert_string_equal(v[0].hash, "aa");
	assert_true(v[0].parameters == 100 && v[0].bits == 16);
	assert_null(v[0].partial);
	assert_string_equal(v[0].state, "on disk");
	assert_null(v[1].hash);
	assert_int_equal(v[1].parent, a);
	assert_string_equal(v[1].relation, "finetune");
	assert_string_equal(v[1].kind, "unknown");
	catalog_models_free(v, n);
	path = catalog_model_path(c, "owner/b");
	assert_string_equal(path, "/m/b");
	free(path);
	assert_null(catalog_model_path(c, "nobody"));
	end_run(c, add_run(c, "a-run", "linear", "x: 1\n"), "done");
	path = catalog_model_path(c, "a-run");
	assert_string_equal(path, "/models/out");
	free(path);
	m = (struct catalog_model){ .name = "x" };
	assert_false(catalog_model_put(c, &m, NULL, &e));
}

static void tensors(void **state)
{
	struct catalog_tensor in[3] =
		{ { "t.0", "BF16", "4x4", 32, "h0" }, { "t.1", "F32", "", 4, "h1" },
		{ "t.0", "F32", "1", 4, "h2" } }, *v;
	struct err e = { 0 };
	size_t n;

	(void)state;
	assert_true(catalog_tensors_put(c, "model", in, 3, &e));
	assert_true(catalog_tensors_put(c, "model", in, 3, &e));
	v = catalog_tensors(c, "model", &n, &e);
	assert_int_equal(n, 3);
	assert_string_equal(v[1].name, "t.1");
	assert_string_equal(v[0].shape, "4x4");
	assert_string_equal(v[2].hash, "h2");
	assert_true(v[0].bytes == 32);
	catalog_tensors_free(v, n);
	catalog_tensors_free(catalog_tensors(c, "other", &n, &e), 0);
	assert_int_equal(n, 0);
}

static void statistics(void **state)
{
	static char big[100000];
	struct catalog_stat in[3] = { { "norm", key(1), { { 0 } }, { { 0 } }, "one", 3 },
		{ "pair", key(1), key(2), key(3), big, sizeof big },
		{ "hist", key(1), key(2), key(3), "", 0 } };
	struct err e = { 0 };
	struct hash none = { { 0 } };
	char *blob;
	size_t n;

	(void)state;
	memset(big, 0x5a, sizeof big);
	assert_true(catalog_stat_put(c, in, 3, &e));
	assert_true(catalog_stat_put(c, NULL, 0, &e));
	blob = catalog_stat_get(c, "norm", key(1), none, none, &n);
	assert_int_equal(n, 3);
	assert_memory_equal(blob, "one", 3);
	free(blob);
	blob = catalog_stat_get(c, "pair", key(1), key(2), key(3), &n);
	assert_int_equal(n, sizeof big);
	assert_memory_equal(blob, big, n);
	free(blob);
	blob = catalog_stat_get(c, "hist", key(1), key(2), key(3), &n);
	assert_non_null(blob);
	assert_int_equal(n, 0);
	free(blob);
	assert_null(catalog_stat_get(c, "pair", key(2), key(1), key(3), &n));
	assert_null(catalog_stat_get(c, "pairs", key(1), key(2), key(3), &n));
	/* The same key again replaces. */
	in[0].blob = "longer";
	in[0].n = 6;
	assert_true(catalog_stat_put(c, in, 1, &e));
	blob = catalog_stat_get(c, "norm", key(1), none, none, &n);
	assert_int_equal(n, 6);
	free(blob);
}

static json_t *sql_ok(const char *sql)
{
	struct err e = { 0 };
	json_t *rows = catalog_sql(c, sql, &e);

	if (!rows)
		fail_msg("%s: %s", sql, e.what);
	return rows;
}

static void refused(const char *sql)
{
	struct err e = { 0 };
	json_t *rows = catalog_sql(c, sql, &e);

	if (rows)
		fail_msg("not refused: %s", sql);
	assert_string_equal(e.where, "sql");
	assert_true(e.what[0]);
}

static void sql_values(void **state)
{
	json_t *rows, *row;

	(void)state;
	rows = sql_ok("SELECT 1 AS i, 2.5 AS d, 'te\xc3\xa9xt' AS t, x'00ff' AS b, NULL AS n, 1 AS "
		"i, 1e999 AS inf, 'bad\xff' AS bad ; ");
	row = json_array_get(rows, 0);
	assert_int_equal(json_int(row, "i", 0), 1);
	assert_true(json_num(row, "d", 0) == 2.5);
	assert_string_equal(json_text(row, "t", ""), "te\xc3\xa9xt");
	assert_string_equal(json_text(row, "b", ""), "00ff");
	assert_true(json_is_null(json_object_get(row, "n")));
	assert_true(json_is_null(json_object_get(row, "inf")));
	assert_non_null(json_object_get(row, "i:2"));
	assert_non_null(json_object_get(row, "bad"));
	json_decref(rows);
	rows = sql_ok("SELECT id FROM runs WHERE 0");
	assert_int_equal(json_array_size(rows), 0);
	json_decref(rows);
	json_decref(sql_ok("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x "
		"< 10) SELECT sum(x) FROM n"));
	json_decref(sql_ok("PRAGMA table_info(run)"));
	json_decref(sql_ok("SELECT rowid FROM run_search WHERE run_search MATCH 'llama'"));
}

static void sql_only_reads(void **state)
{
	static const char *const writes[] = { "DELETE FROM run", "INSERT INTO tag VALUES (1, 'x')",
		"UPDATE run SET name = 'x'", "DROP TABLE run", "CREATE TABLE t (x)",
		"CREATE TEMP TABLE t (x)",
		"ATTACH ':memory:' AS a", "DETACH main", "PRAGMA user_version = 5",
		"PRAGMA journal_mode = DELETE",
		"PRAGMA writable_schema = 1", "VACUUM", "VACUUM INTO '/tmp/cupel-never'", "BEGIN",
		"COMMIT",
		"SAVEPOINT s", "REINDEX", "ANALYZE", "ALTER TABLE run RENAME TO walk",
		"SELECT load_extension('x')", "WITH x AS (SELECT 1) DELETE FROM run",
		"SELECT 1; DELETE FROM run", "SELECT 1; SELECT 2", "", ";", "-- nothing", "SELEC 1",
		"SELECT * FROM nowhere", "SELECT 'open",
		"INSERT INTO run_search (run_search) VALUES ('delete-all')" };

	(void)state;
	end_run(c, add_run(c, "only", "linear", "x: 1\n"), "done");
	for (size_t i = 0; i < sizeof writes / sizeof *writes; i++)
		refused(writes[i]);
	refused("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n");
	refused("SELECT zeroblob(2000000000)");
	json_decref(sql_ok("SELECT count(*) FROM runs"));
}

/* The same on a file, where the question has a connection of its own. */
static void sql_on_a_file(void **state)
{
	struct catalog *memory = c;

	(void)state;
	c = open_ok(in_folder("sql.db"));
	sql_values(state);
	sql_only_reads(state);
	catalog_close(c);
	c = memory;
}

static void versions(void **state)
{
	struct catalog *one = open_ok(in_folder("version.db")),
		*two = open_ok(in_folder("version.db"));
	uint64_t a = catalog_version(one), b = catalog_version(two);

	(void)state;
	assert_true(catalog_version(one) == a);
	end_run(one, add_run(one, "x", "linear", "x: 1\n"), "done");
	assert_true(catalog_version(one) != a);
	assert_true(catalog_version(two) != b);
	a = catalog_version(one);
	assert_true(catalog_version(one) == a);
	catalog_close(one);
	catalog_close(two);
}

struct worker {
	struct catalog *c;
	int n;
};

static void *put_and_get(void *arg)
{
	struct worker *w = arg;
	struct hash none = { { 0 } };

	for (int i = 0; i < 50; i++) {
		int id = w->n * 1000 + i;
		struct catalog_stat s = { "norm", key(id), none, none, &id, sizeof id };
		int *back;
		size_t n;

		if (!catalog_stat_put(w->c, &s, 1, NULL))
			return "put";
		back = catalog_stat_get(w->c, "norm", key(id), none, none, &n);
		if (!back || *back != id)
			return "get";
		free(back);
		catalog_version(w->c);
		look_for(w->c, "x");
	}
	return NULL;
}

static void threads(void **state)
{
	struct catalog *file = open_ok(in_folder("threads.db"));
	struct worker w[4];
	pthread_t t[4];
	void *said;

	(void)state;
	for (int i = 0; i < 4; i++) {
		w[i] = (struct worker){ i % 2 ? file : c, i };
		assert_int_equal(pthread_create(&t[i], NULL, put_and_get, &w[i]), 0);
	}
	for (int i = 0; i < 4; i++) {
		pthread_join(t[i], &said);
		if (said)
			fail_msg("%s", (char *)said);
	}
	catalog_close(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_memory, close_memory)
		TEST(models),
		TEST(tensors),
		TEST(statistics),
		TEST(sql_values),
		TEST(sql_only_reads),
		TEST(sql_on_a_file),
		TEST(versions),
		TEST(threads),
	};

	return cmocka_run_group_tests_name("catalog_store", tests, folder_setup, folder_teardown);
}
