/* cupel-catalog(7): its views have the columns it lists, and its example questions are answered. */
#include "config.h"
#include "catalog_test.h"
#include "catalog/cards.h"

static struct catalog *c;
static char *page;

static int setup(void **state)
{
	const char *top = getenv("top_srcdir");
	char *path = str_join_path(top ? top : "..", "man/cupel-catalog.7");
	struct catalog_model m = { .name = "granite", .path = "/m/granite", .hash = "aa" };
	struct catalog_score s = { .run = 1, .task = "arc", .metric = "acc", .value = 0.5 };
	struct catalog_tensor t[2] =
		{ { "t.0", "BF16", "4", 8, "h0" }, { "t.1", "BF16", "4", 8, "h1" } };
	struct catalog_card card = { .name = "granite", .source = "README.md", .hash = "cc",
		.text = "A rare synergy." };
	struct catalog_edge edge = { .child = "granite", .parent = "owner/granite-3b",
		.relation = "base", .source = "card", .weight = 1 };
	int64_t id;
	bool added;
	size_t n;

	(void)state;
	page = file_read_all(path, 1 << 20, &n, NULL);
	free(path);
	c = open_ok(":memory:");
	for (int i = 0; i < 2; i++) {
		struct catalog_run r = { .kind = "merge", .name = "granite", .method = "nuslerp",
			.recipe_text = "merge_method: nuslerp\nt: 1e-4\n", .recipe_hash = "aa" };
		struct catalog_input in = { "owner/granite-3b", NULL, NULL, "base" };

		assert_int_equal(catalog_run_begin(c, &r, &in, 1, NULL), i + 1);
		assert_true(catalog_run_end(c, i + 1, "done", i, NULL, i ? "out2" : "out1", 1, 1,
			NULL, NULL));
		t[1].hash = i ? "other" : "h1";
		assert_true(catalog_tensors_put(c, i ? "out2" : "out1", t, 2, NULL));
	}
	assert_true(catalog_model_put(c, &m, &m.parent, NULL));
	m.path = "/m/tune";
	assert_true(catalog_model_put(c, &m, NULL, NULL));
	assert_true(catalog_score_put(c, &s, 1, NULL));
	assert_true(catalog_card_put(c, &card, &edge, 1, &id, &added, NULL));
	assert_true(catalog_stat_put(c,
		&(struct catalog_stat){ .kind = "norm", .blob = "x", .n = 1 }, 1,
		NULL));
	return page ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	catalog_close(c);
	free(page);
	return 0;
}

static json_t *ask(const char *sql)
{
	struct err e = { 0 };
	json_t *rows = catalog_sql(c, sql, &e);

	if (!rows)
		fail_msg("%s: %s", sql, e.what);
	return rows;
}

/* The columns of a view as the page writes them, and as they are. */
static void check_view(const char *view)
{
	char *heading = xasprintf("\n.SS %s\n", view), *sql, *at;
	struct str have = STR_INIT, listed = STR_INIT;
	json_t *rows, *row;
	size_t i;

	at = strstr(page, heading);
	if (!at)
		fail_msg("no heading for the view %s", view);
	str_add(&listed, "");
	for (at += strlen(heading); str_starts(at, ".I "); at += strcspn(at, "\n") + 1) {
		str_add(&listed, listed.n ? " " : "");
		str_addn(&listed, at + 3, strcspn(at + 3, "\n"));
	}
	sql = xasprintf("SELECT name FROM pragma_table_info('%s')", view);
	rows = ask(sql);
	json_array_foreach(rows, i, row)
		str_addf(&have, "%s%s", i ? " " : "", json_text(row, "name", ""));
	assert_string_equal(listed.s, have.s);
	json_decref(rows);
	str_fini(&have);
	free(sql);
	str_fini(&listed);
	free(heading);
}

static void views(void **state)
{
	json_t *rows = ask("SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name"),
		*row;
	size_t i;

	(void)state;
	assert_int_equal(json_array_size(rows), 13);
	json_array_foreach(rows, i, row)
		check_view(json_text(row, "name", ""));
	json_decref(rows);
}

static void examples(void **state)
{
	static const char open[] = ".EX\ncupel sql \"", close[] = "\"\n.EE";
	size_t n = 0;

	(void)state;
	for (char *at = page; (at = strstr(at, open)) != NULL; n++) {
		char *end = strstr(at, close), *sql;
		json_t *rows;

		assert_non_null(end);
		at += sizeof open - 1;
		sql = xstrndup(at, (size_t)(end - at));
		rows = ask(sql);
		/* The catalog was filled so that each has something to say. */
		if (json_array_size(rows) == 0)
			fail_msg("nothing: %s", sql);
		json_decref(rows);
		free(sql);
	}
	assert_true(n >= 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(views), cmocka_unit_test(examples) };

	return cmocka_run_group_tests_name("catalog_man", tests, setup, teardown);
}
