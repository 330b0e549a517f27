/* Cards, edges and answers: kept as given, once; looked for by text; damage is said. */
#include "config.h"
#include <math.h>
#include <sqlite3.h>
#include "catalog_test.h"
#include "catalog/cards.h"

static struct catalog_card card(const char *hash)
{
	return (struct catalog_card){ .name = "maker/small-merge", .source = "/cards/README.md",
		.hash = (char *)hash, .text = "# small-merge\nA z\xc3\xa9phyr of two.\n",
		.license = "apache-2.0", .recipe_text = "merge_method: linear\n",
		.facts = "{\"library\": \"mlx\"}" };
}

static int64_t number(struct catalog *c, const char *sql)
{
	json_t *rows = catalog_sql(c, sql, NULL);
	int64_t n = json_integer_value(json_object_get(json_array_get(rows, 0), "n"));

	json_decref(rows);
	return n;
}

static void a_card_is_kept_once(void **state)
{
	struct catalog *c = open_ok(in_folder("cards.db"));
	struct catalog_edge in[2] = {
		{ .child = "maker/small-merge", .parent = "maker/a", .relation = "merge",
			.source = "card", .weight = 0.7 },
		{ .child = "maker/small-merge", .parent = "maker/b", .relation = "merge",
			.source = "card", .position = 1, .weight = NAN },
	};
	struct catalog_model m = { .name = "small-merge", .path = "/m/small-merge" };
	struct catalog_card given = card("h1"), *got;
	struct catalog_edge *edges;
	int64_t id, again;
	bool added;
	size_t n;

	(void)state;
	assert_true(catalog_card_put(c, &given, in, 2, &id, &added, NULL));
	assert_true(added);
	assert_true(catalog_model_put(c, &m, &given.model, NULL));
	assert_true(catalog_card_put(c, &given, in, 2, &again, &added, NULL));
	assert_false(added);
	assert_int_equal(id, again);
	edges = catalog_edges(c, &n, NULL);
	assert_int_equal(n, 2);
	assert_string_equal(edges[0].parent, "maker/a");
	assert_true(edges[0].weight == 0.7 && isnan(edges[1].weight));
	assert_int_equal(edges[1].position, 1);
	assert_int_equal(edges[1].model, given.model); /* known only later */
	catalog_edges_free(edges, n);

	got = catalog_cards(c, given.model, &n, NULL);
	assert_int_equal(n, 1);
	assert_null(got->text);
	assert_string_equal(got->license, "apache-2.0");
	catalog_cards_free(got, n);
	got = catalog_card_get(c, id, NULL);
	assert_string_equal(got->text, given.text);
	assert_string_equal(got->recipe_text, given.recipe_text);
	assert_string_equal(got->facts, given.facts);
	catalog_cards_free(got, 1);
	assert_int_equal(number(c, "SELECT count(*) AS n FROM card_search WHERE card_search MATCH "
		"'zephyr'"), 1);
	assert_null(catalog_card_get(c, id + 1, NULL));
	catalog_close(c);
}

static void what_a_file_says_is_replaced(void **state)
{
	struct catalog *c = open_ok(in_folder("edges.db"));
	struct catalog_model m = { .name = "x", .path = "/m/x" };
	struct catalog_edge e = { .child = "x", .parent = "old", .relation = "base" };
	struct catalog_edge *v;
	int64_t model, id;
	bool added;
	size_t n;
	struct catalog_card other = card("h2");

	(void)state;
	assert_true(catalog_model_put(c, &m, &model, NULL));
	other.model = model;
	e.source = "metadata";
	assert_true(catalog_card_put(c, &other, &e, 1, &id, &added, NULL));
	assert_true(catalog_edges_put(c, model, "metadata", &e, 1, NULL));
	e.parent = "new";
	assert_true(catalog_edges_put(c, model, "metadata", &e, 1, NULL));
	v = catalog_edges(c, &n, NULL);
	assert_int_equal(n, 2); /* the card's own stays */
	assert_int_equal((v[0].card == id) + (v[1].card == id), 1);
	assert_string_equal(v[v[0].card == id].parent, "new");
	catalog_edges_free(v, n);
	assert_true(catalog_edges_put(c, model, "metadata", NULL, 0, NULL));
	v = catalog_edges(c, &n, NULL);
	assert_int_equal(n, 1);
	catalog_edges_free(v, n);
	catalog_close(c);
}

static void answers_share_their_questions(void **state)
{
	struct catalog *c = open_ok(in_folder("answers.db"));
	uint64_t keys[3] = { 3, 9, UINT64_MAX };
	float right[3] = { 1, 0, 1 }, other[3] = { 0, 0, 0.25f };
	struct catalog_score s[2] = {
		{ .task = "piqa", .metric = "acc", .value = 0.5, .stderr_ = NAN, .fact = "f1" },
		{ .task = "piqa", .metric = "acc", .value = 0.6, .stderr_ = NAN, .fact = "f2" },
	};
	struct catalog_answers a = { 3, keys, right }, b = { 3, keys, other }, got;
	struct err e = { 0 };

	(void)state;
	assert_true(catalog_score_put(c, s, 2, NULL));
	assert_true(catalog_answers_put(c, "f1", &b, NULL));
	assert_true(catalog_answers_put(c, "f1", &a, NULL)); /* the last is kept */
	assert_true(catalog_answers_put(c, "f2", &b, NULL));
	assert_int_equal(number(c, "SELECT count(*) AS n FROM question_set"), 1);
	assert_true(catalog_answers(c, 1, &got, NULL));
	assert_int_equal(got.n, 3);
	assert_memory_equal(got.keys, keys, sizeof keys);
	assert_memory_equal(got.values, right, sizeof right);
	catalog_answers_fini(&got);
	assert_true(catalog_answers(c, 2, &got, NULL));
	assert_true(got.values[2] == 0.25f);
	catalog_answers_fini(&got);
	assert_true(catalog_answers(c, 99, &got, NULL));
	assert_int_equal(got.n, 0);

	keys[1] = 3; /* a question twice */
	assert_false(catalog_answers_put(c, "f2", &b, &e));
	assert_non_null(strstr(e.hint, "once"));
	catalog_close(c);
}

static void damaged_answers_are_said(void **state)
{
	struct catalog *c = open_ok(in_folder("damaged.db"));
	uint64_t keys[2] = { 1, 2 };
	float values[2] = { 1, 1 };
	struct catalog_score s = { .task = "piqa", .metric = "acc", .fact = "f" };
	struct catalog_answers a = { 2, keys, values };
	struct err e = { 0 };
	sqlite3 *db;

	(void)state;
	assert_true(catalog_score_put(c, &s, 1, NULL));
	assert_true(catalog_answers_put(c, "f", &a, NULL));
	catalog_close(c);
	assert_int_equal(sqlite3_open(in_folder("damaged.db"), &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "UPDATE answer SET data = x'0000'", NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(db);
	c = open_ok(in_folder("damaged.db"));
	assert_false(catalog_answers(c, 1, &a, &e));
	assert_non_null(strstr(e.what, "damaged"));
	catalog_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_card_is_kept_once),
		cmocka_unit_test(what_a_file_says_is_replaced),
		cmocka_unit_test(answers_share_their_questions),
		cmocka_unit_test(damaged_answers_are_said),
	};

	return cmocka_run_group_tests_name("catalog_cards", tests, folder_setup, folder_teardown);
}
