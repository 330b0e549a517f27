/* Whose scores the catalog has, and one task's figure of every model. */
#include "config.h"
#include <math.h>
#include "catalog_test.h"
#include "catalog/measured.h"

static int64_t model(struct catalog *c, const char *name, int64_t run)
{
	char path[64];
	struct catalog_model m = { .name = (char *)name, .path = path, .run = run };
	int64_t id = 0;

	snprintf(path, sizeof path, "/models/%s", name);
	assert_true(catalog_model_put(c, &m, &id, NULL));
	return id;
}

static void score(struct catalog *c, struct catalog_score s)
{
	s.metric = s.metric ? s.metric : "acc";
	assert_true(catalog_score_put(c, &s, 1, NULL));
}

/* a: of a model's two words; other: a run that made no model; C: a word. */
static void everything_of(struct catalog *c, int64_t a, int64_t other)
{
	const struct catalog_measured of[] = { { .model = a }, { .run = other }, { .word = "C" },
		{ .word = "c" } };
	static const size_t many[] = { 2, 1, 1, 0 };
	char **words;
	size_t n;

	for (size_t i = 0; i < 4; i++) {
		struct catalog_score *s = catalog_measured_scores(c, &of[i], &n, NULL);

		assert_non_null(s);
		assert_int_equal(n, many[i]);
		assert_true(n < 2 || s[0].id > s[1].id);
		catalog_scores_free(s, n);
	}
	words = catalog_measured_words(c, &n, NULL);
	assert_int_equal(n, 2);
	assert_string_equal(words[0], "A");
	assert_string_equal(words[1], "C");
	free(words[0]);
	free(words[1]);
	free(words);
}

static void whose(void **state)
{
	struct catalog *c = open_ok(":memory:");
	int64_t run = add_run(c, "made", "linear", "x: 1\n"), other = add_run(c, "x", "ties", "y: 2");
	int64_t a = model(c, "a", 0), b = model(c, "b", run);
	static const double values[] = { .4, .5, .7, .6 };
	struct catalog_measured *v;
	struct catalog_score *s;
	size_t n;

	(void)state;
	v = catalog_measured(c, &n, NULL);
	assert_non_null(v);
	assert_int_equal(n, 0);
	catalog_measured_free(v, n);
	score(c, (struct catalog_score){ .model = a, .task = "piqa", .value = .7, .variant = "A" });
	score(c, (struct catalog_score){ .run = run, .task = "piqa", .value = .6 }); /* b's */
	score(c, (struct catalog_score){ .model = a, .task = "boolq", .value = .8 });
	score(c, (struct catalog_score){ .run = other, .task = "piqa", .value = .5 });
	score(c, (struct catalog_score){ .variant = "C", .task = "piqa", .value = .4 });
	v = catalog_measured(c, &n, NULL);
	assert_int_equal(n, 4);
	assert_string_equal(v[0].word, "C");
	assert_int_equal(v[1].run, other);
	assert_null(v[1].word);
	assert_int_equal(v[2].model, a); /* two words of the file, one model */
	assert_int_equal(v[2].scores, 2);
	assert_int_equal(v[3].model, b);
	assert_int_equal(v[3].run, 0);
	for (size_t i = 0; i < 4; i++) {
		size_t k;

		s = catalog_task_scores(c, "piqa", &v[i], &k, NULL);
		assert_int_equal(k, 1);
		assert_true(s[0].value == values[i]);
		catalog_scores_free(s, k);
	}
	catalog_measured_free(v, n);
	s = catalog_task_scores(c, "piqa", &(struct catalog_measured){ 0 }, &n, NULL);
	assert_int_equal(n, 4);
	assert_true(s[0].value == .4); /* newest first */
	catalog_scores_free(s, n);
	everything_of(c, a, other);
	catalog_close(c);
}

static void column(void **state)
{
	struct catalog *c = open_ok(":memory:");
	int64_t a = model(c, "a", 0), b = model(c, "b", 0), d = model(c, "d", 0);
	struct catalog_measured_task *t;
	struct catalog_figure *f;
	size_t n;

	(void)state;
	score(c, (struct catalog_score){ .model = a, .task = "piqa", .value = .7, .stderr_ = .01 });
	score(c, (struct catalog_score){ .model = a, .task = "piqa", .value = .71, .stderr_ = NAN });
	score(c, (struct catalog_score){ .model = b, .task = "piqa", .value = .6, .stderr_ = .02 });
	score(c, (struct catalog_score){ .model = b, .task = "piqa", .value = .9, .estimated = true });
	score(c, (struct catalog_score){ .model = d, .task = "piqa", .value = .9, .estimated = true });
	score(c, (struct catalog_score){ .model = b, .task = "piqa", .metric = "acc_norm",
		.value = .1 });
	score(c, (struct catalog_score){ .model = b, .task = "boolq", .value = .5 });
	f = catalog_task_figures(c, "piqa", &n, NULL);
	assert_int_equal(n, 2);
	assert_int_equal(f[0].model, a);
	assert_true(f[0].value == .71 && isnan(f[0].stderr_)); /* the newest of it */
	assert_int_equal(f[1].model, b);
	assert_true(f[1].value == .6 && f[1].stderr_ == .02);  /* no estimate, no other metric */
	free(f);
	f = catalog_task_figures(c, "none", &n, NULL);
	assert_non_null(f);
	assert_int_equal(n, 0);
	free(f);
	t = catalog_measured_tasks(c, &n, NULL);
	assert_int_equal(n, 2);
	assert_string_equal(t[0].task, "piqa");
	assert_int_equal(t[0].models, 2);
	assert_string_equal(t[1].task, "boolq");
	catalog_measured_tasks_free(t, n);
	catalog_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whose),
		cmocka_unit_test(column),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
