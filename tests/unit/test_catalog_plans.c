/* Speed without a clock: every question of the catalog is listened to, and how SQLite means to
 * answer it looked at. What there are many of (scores, tensors, inputs, values of recipes, notes,
 * statistics) is searched through an index, never read from end to end. */
#include "config.h"
#include <math.h>
#include "catalog_test.h"
#include "base/vec.h"
#include "catalog/cards.h"
#include "catalog/db.h"
#include "catalog/measured.h"

static struct catalog *c;
static vec(char *) asked;

static int listen(unsigned type, void *ctx, void *statement, void *x)
{
	const char *sql = sqlite3_sql(statement);

	(void)type, (void)ctx, (void)x;
	for (size_t i = 0; i < asked.n; i++)
		if (str_eq(asked.v[i], sql))
			return 0;
	/* SQLite's full-text index asks its own small tables. */
	if (sql && !strstr(sql, "'main'.") &&
		(str_starts(sql, "SELECT") || str_starts(sql, "WITH")))
		*vec_push(&asked) = xstrdup(sql);
	return 0;
}

static int fill(void **state)
{
	struct catalog_model m = { .name = "one", .path = "/m/one", .hash = "aa", .run = 1 };
	struct catalog_score s = { .run = 1, .task = "arc_challenge", .metric = "acc",
		.value = 0.5, .stderr_ = NAN, .fact = "f" };
	struct catalog_tensor t = { "t", "BF16", "4", 8, "h" };

	(void)state;
	c = open_ok(":memory:");
	end_run(c, add_run(c, "one", "nearswap", "parameters: {t: 0.1}\n"), "done");
	assert_true(catalog_model_put(c, &m, NULL, NULL));
	assert_true(catalog_score_put(c, &s, 1, NULL));
	assert_true(catalog_tensors_put(c, "aa", &t, 1, NULL));
	sqlite3_trace_v2(c->reader.handle, SQLITE_TRACE_STMT, listen, NULL);
	return 0;
}

static int empty(void **state)
{
	(void)state;
	catalog_close(c);
	for (size_t i = 0; i < asked.n; i++)
		free(asked.v[i]);
	vec_fini(&asked);
	return 0;
}

/* What may be read whole: there are thousands of them at most, and a list shows them all. */
static bool may_be_read_whole(const char *what)
{
	static const char *const fine[] = { "r", "run", "p", "recipe", "model", "m", "card", "c",
		"edge", "e", "job", "t", "run_search", "card_search", "CONSTANT" };
	size_t n = strcspn(what, " ");

	if (*what == '(') /* what is inside has steps of its own */
		return true;

	for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
		if (strlen(fine[i]) == n && !strncmp(fine[i], what, n))
			return true;
	return false;
}

static void check_plan(const char *question)
{
	char *sql = xasprintf("EXPLAIN QUERY PLAN %s", question);
	sqlite3_stmt *s;

	assert_int_equal(sqlite3_prepare_v2(c->reader.handle, sql, -1, &s, NULL), SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW) {
		const char *step = (const char *)sqlite3_column_text(s, 3);

		/* "0:M…": by the words that were asked for */
		if (str_starts(step, "SCAN ") && !strstr(step, "VIRTUAL TABLE INDEX 0:M") &&
			!may_be_read_whole(step + 5))
			fail_msg("%s\n  in: %s", step, question);
		if (strstr(step, "AUTOMATIC"))
			fail_msg("%s\n  in: %s", step, question);
	}
	sqlite3_finalize(s);
	free(sql);
}

static void check_all(size_t least)
{
	sqlite3_trace_v2(c->reader.handle, 0, NULL, NULL);
	assert_true(asked.n >= least);
	for (size_t i = 0; i < asked.n; i++)
		check_plan(asked.v[i]);
	for (size_t i = 0; i < asked.n; i++)
		free(asked.v[i]);
	asked.n = 0;
	sqlite3_trace_v2(c->reader.handle, SQLITE_TRACE_STMT, listen, NULL);
}

static void filters(void **state)
{
	static const char *const all[] = { "", "word", "tag:x", "input:x", "note:x", "t<1",
		"t!=1", "-t<1", "arc>0.5", "arc_challenge.acc>45", "perplexity<9", "bits<5",
		"name:x or (started<3d size>5G)", "archived:all", "from:1", "id:1..4", "seed:1" };

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		look_for(c, all[i]);
	check_all(sizeof all / sizeof *all);
}

#define ASK(release, question) do { \
	void *answer_ = question; \
	assert_non_null(answer_); \
	release(answer_, n); } while (0)

static void lists(void **state)
{
	struct catalog_answers answers;
	size_t n;

	(void)state;
	ASK(catalog_models_free, catalog_models(c, &n, NULL));
	catalog_stat_any(c, "pair", (struct hash){ { 1 } });
	free(catalog_model_path(c, "one"));
	ASK(catalog_tensors_free, catalog_tensors(c, "aa", &n, NULL));
	catalog_runs_free(catalog_run_get(c, 1, NULL), 1);
	ASK(catalog_inputs_free, catalog_run_inputs(c, 1, &n, NULL));
	ASK(catalog_notes_free, catalog_notes(c, 1, &n, NULL));
	ASK(catalog_scores_free, catalog_scores(c, 1, 0, &n, NULL));
	ASK(catalog_scores_free, catalog_scores(c, 0, 1, &n, NULL));
	ASK(catalog_cards_free, catalog_cards(c, 0, &n, NULL));
	ASK(catalog_cards_free, catalog_cards(c, 1, &n, NULL));
	ASK(catalog_runs_free, catalog_run_users(c, 1, &n, NULL));
	for (int i = 0; i < 3; i++) {
		struct catalog_measured of = { .model = i == 0, .run = i == 1, .word = "w" };

		ASK(catalog_scores_free, catalog_measured_scores(c, &of, &n, NULL));
		ASK(catalog_scores_free, catalog_task_scores(c, "arc_challenge", &of, &n, NULL));
	}
	free(catalog_task_figures(c, "arc_challenge", &n, NULL));
	free(catalog_run_values(c, "arc", &n));
	ASK(catalog_edges_free, catalog_edges(c, &n, NULL));
	assert_true(catalog_answers(c, 1, &answers, NULL));
	catalog_answers_fini(&answers);
	ASK(catalog_jobs_free, catalog_jobs(c, &n, NULL));
	check_all(12);
}

/* Most scores may have no model: those of a run are not looked for among all of them. */
static void by_the_better_index(void **state)
{
	struct catalog_measured of = { .model = 1 };
	bool by_run = false;
	size_t n;

	(void)state;
	ASK(catalog_scores_free, catalog_measured_scores(c, &of, &n, NULL));
	for (size_t i = 0; i < asked.n; i++) {
		char *sql = xasprintf("EXPLAIN QUERY PLAN %s", asked.v[i]);
		sqlite3_stmt *s;

		assert_int_equal(sqlite3_prepare_v2(c->reader.handle, sql, -1, &s, NULL),
			SQLITE_OK);
		while (sqlite3_step(s) == SQLITE_ROW)
			by_run |= strstr((const char *)sqlite3_column_text(s, 3), "score_run") !=
				NULL;
		sqlite3_finalize(s);
		free(sql);
	}
	assert_true(by_run);
	check_all(1);
}

/* The test itself would see a question that reads all scores. */
static void sees(void **state)
{
	sqlite3_stmt *s;
	bool scan = false;

	(void)state;
	assert_int_equal(sqlite3_prepare_v2(c->reader.handle, "EXPLAIN QUERY PLAN SELECT 1 FROM "
		"score s WHERE s.value > 0.5", -1, &s, NULL), SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW) {
		const char *step = (const char *)sqlite3_column_text(s, 3);

		scan |= str_starts(step, "SCAN ") && !may_be_read_whole(step + 5);
	}
	sqlite3_finalize(s);
	assert_true(scan);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(filters), cmocka_unit_test(lists),
		cmocka_unit_test(by_the_better_index),		cmocka_unit_test(sees) };
	const char *top = getenv("top_srcdir");
	char *share = str_join_path(top ? top : "..", "share");

	setenv("CUPEL_DATA", share, 0);
	free(share);
	return cmocka_run_group_tests_name("catalog_plans", tests, fill, empty);
}
