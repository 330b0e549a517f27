/* Comparisons: which cells there are, what may be subtracted, what of it is real. */
#include "config.h"
#include "compare_test.h"
#include "compare/making.h"
#include "golden.h"

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

static void near(double got, double want)
{
	if (!(fabs(got - want) < 1e-9))
		fail_msg("%.12g, not %.12g", got, want);
}

/* The table of a card: every figure of it recomputed elsewhere. */
static void seven_tasks(void **state)
{
	json_t *golden = golden_load("tests/golden/compare/significance.json"), *want;
	struct comparison *x;
	size_t n, i;

	(void)state;
	const struct figure *figures = card_seven(&n);
	put(c, figures, n);
	x = compare_words(c, "q4-hi", "qx63-hi");
	assert_int_equal(x->n_variants, 2);
	assert_int_equal(x->baseline, 0);
	assert_string_equal(x->variants[0].label, "q4-hi");
	assert_string_equal(x->variants[1].label, "qx63-hi");
	assert_string_equal(x->variants[1].quantization, "qx63-hi");
	assert_int_equal(x->n_rows, 8);
	assert_int_equal(x->n_differences, 1);
	json_array_foreach(json_object_get(golden, "card"), i, want) {
		const struct compare_row *row = row_of(x, json_string_value(json_object_get(want,
			"task")));
		const struct compare_difference *d = &row->differences[0];

		assert_true(d->known && d->bound && !d->paired && !d->across);
		assert_int_equal(row->n, json_integer_value(json_object_get(want, "n")));
		near(d->value, json_number_value(json_object_get(want, "difference")));
		near(d->stderr_, json_number_value(json_object_get(want, "stderr")));
		near(d->z, json_number_value(json_object_get(want, "z")));
		near(d->p, json_number_value(json_object_get(want, "p")));
		near(row->resolves, json_number_value(json_object_get(want, "resolves")));
		assert_int_equal(d->items, json_integer_value(json_object_get(want, "items")));
		assert_int_equal(d->verdict, !strcmp(row->task, "hellaswag") ? VERDICT_REAL :
			!strcmp(row->task, "boolq") ? VERDICT_NO_INFORMATION : VERDICT_NOISE);
		if (json_object_get(want, "holm"))
			near(d->p_holm, json_number_value(json_object_get(want, "holm")));
	}
	json_decref(golden);
	assert_int_equal(row_of(x, "boolq")->cells[0].sense, SENSE_MAJORITY);
	assert_string_equal(row_of(x, "boolq")->cells[0].source, "README.md:7");
	const struct compare_row *mean = row_of(x, "mean");
	assert_true(mean->mean && mean->tasks == 7);
	assert_true(fabs(mean->cells[0].value - .5459) < 5e-5);
	assert_true(fabs(mean->cells[1].value - .5416) < 5e-5);
	assert_true(fabs(mean->differences[0].stderr_ - .0068) < 5e-5);
	assert_int_equal(mean->differences[0].verdict, VERDICT_NOISE);
	assert_true(isnan(mean->differences[0].p_holm));
	assert_true(says(x, "1 of 7 differences is real: q4-hi is better on hellaswag by 2.1 points "
		"(3.3%)."));
	assert_true(says(x, "No task here resolves .006: arc_challenge would need about 100,000 "
		"questions."));
	compare_free(x);
}

static const struct compare_difference *first(const struct comparison *x, const char *task)
{
	return &row_of(x, task)->differences[0];
}

/* A merge, two parents of which one is measured in another quantization, an estimate. */
static void family(void)
{
	static const struct figure v[] = {
		{ "me/Mix-q8-hi-mlx", "arc_easy", NULL, .686, 0, 0, "{\"quantization\": \"q8-hi\"}", false },
		{ "me/Mix-q8-hi-mlx", "boolq", NULL, .842, 0, 0, "{\"quantization\": \"q8-hi\"}", false },
		{ "me/Mix-q8-hi-mlx", "hellaswag", NULL, .679, 0, 0, "{\"quantization\": \"q8-hi\"}", false },
		{ "me/Mix-q8-hi-mlx", "piqa", NULL, .772, 0, 0, "{\"quantization\": \"q8-hi\"}", false },
		{ "one/Code", "arc_easy", NULL, .642, 0, 0, "{\"quantization\": \"q8-hi\"}", false },
		{ "one/Code", "boolq", NULL, .835, 0, 0, "{\"quantization\": \"q8-hi\"}", false },
		{ "one/Code", "hellaswag", NULL, .642, 0, 0, "{\"quantization\": \"q8-hi\"}", true },
		{ "two/Tune", "arc_easy", NULL, .587, 0, 0, "{\"quantization\": \"mxfp8\"}", false },
		{ "two/Tune", "boolq", NULL, .587, 0, 0, "{\"quantization\": \"mxfp8\"}", false },
		{ "two/Tune", "hellaswag", NULL, .634, 0, 0, "{\"quantization\": \"mxfp8\"}", false },
	};
	static const struct catalog_edge edges[] = {
		{ .child = "me/Mix-q8-hi-mlx", .parent = "one/Code", .relation = "merge",
			.source = "card", .weight = 1.4 },
		{ .child = "me/Mix-q8-hi-mlx", .parent = "two/Tune", .relation = "merge",
			.source = "card", .position = 1, .weight = .6 },
	};
	struct catalog_card card = { .name = "me/Mix-q8-hi-mlx", .source = "/x/README.md",
		.hash = "0123", .text = "", .recipe_text = "models:\n  - model: one/Code\n",
		.facts = "{\"quantization\": {\"bytes\": 3600000000, \"bits_per_weight\": 9.0}}" };
	struct err e = { 0 };
	int64_t id;
	bool added;

	put(c, v, sizeof v / sizeof v[0]);
	assert_true(catalog_card_put(c, &card, edges, 2, &id, &added, &e));
}

static void best_parent(void **state)
{
	const char *words[] = { "Mix-q8-hi" };
	struct compare_ask ask = { .words = words, .n = 1, .against = AGAINST_PARENT };
	struct comparison *x;

	(void)state;
	family();
	x = compare(c, &ask);
	assert_true(x->synergy && x->baseline == SIZE_MAX);
	assert_int_equal(x->n_variants, 3);
	assert_int_equal(x->n_differences, 1);
	assert_int_equal(x->variants[0].bytes, 3600000000);
	assert_true(x->variants[0].bits == 9);
	near(first(x, "arc_easy")->value, .044);
	assert_int_equal(first(x, "arc_easy")->verdict, VERDICT_REAL);
	assert_int_equal(first(x, "boolq")->verdict, VERDICT_NOISE);
	/* The estimate is no parent's figure, the other one is in another quantization. */
	assert_false(first(x, "hellaswag")->known);
	assert_string_equal(first(x, "hellaswag")->why_not, "other quantization");
	assert_true(row_of(x, "hellaswag")->cells[1].estimated);
	assert_string_equal(first(x, "piqa")->why_not, "not measured");
	assert_true(says(x, "boolq of Tune (.587) is below"));
	assert_true(says(x, "1 in another quantization"));
	assert_int_equal(row_of(x, "boolq")->cells[2].sense, SENSE_BELOW);
	compare_free(x);
	ask.across_protocols = true;
	x = compare(c, &ask);
	near(first(x, "hellaswag")->value, .045);
	assert_true(first(x, "hellaswag")->across);
	assert_true(fabs(first(x, "hellaswag")->z - 6.7) < .1);
	assert_true(says(x, "marked !"));
	compare_free(x);
}

/* Of one variant alone the parent that can be subtracted, not the better one that cannot. */
static void default_baseline(void **state)
{
	static const struct figure source[] = {
		{ "me/Mix", "arc_easy", NULL, .69, 0, 0, "{\"quantization\": \"bf16\"}", false } };
	struct comparison *x;

	(void)state;
	family();
	x = compare_words(c, "Mix-q8-hi", NULL);
	assert_int_equal(x->n_variants, 2);
	assert_string_equal(x->variants[x->baseline].name, "one/Code");
	assert_string_equal(first(x, "hellaswag")->why_not, "an estimate");
	compare_free(x);
	x = compare_words(c, "Mix-q8-hi", "two/Tune"); /* the one that the other comes from */
	assert_int_equal(x->baseline, 1);
	compare_free(x);
	/* The source of a quantization comes before a parent of the merge. */
	put(c, source, 1);
	x = compare_words(c, "Mix-q8-hi-mlx", NULL);
	assert_string_equal(x->variants[x->baseline].name, "me/Mix");
	assert_true(first(x, "arc_easy")->known);
	compare_free(x);
}

static void protocols(void **state)
{
	static const struct figure v[] = {
		{ "m/a", "piqa", NULL, .70, .01, 1838, "{\"tool\": \"lm-eval\", \"shots\": 0}", false },
		{ "m/b", "piqa", NULL, .75, .01, 1838, "{\"tool\": \"lm-eval\", \"shots\": 5}", false },
		{ "m/a", "boolq", NULL, .80, .01, 3270, "{\"tool\": \"lm-eval\", \"shots\": 0}", false },
		{ "m/a", "boolq", NULL, .90, .01, 3270, "{\"tool\": \"lm-eval\", \"shots\": 5}", false },
		{ "m/b", "boolq", NULL, .81, .01, 3270, "{\"tool\": \"lm-eval\", \"shots\": 0}", false },
		{ "m/b", "boolq", "acc_norm", .5, .01, 3270, NULL, false },
		{ "m/a", "arc_easy", NULL, .60, .01, 2376, NULL, false },
		{ "m/a", "arc_easy", NULL, .61, .01, 2376, NULL, false },
		{ "m/b", "arc_easy", NULL, .62, .01, 2376, NULL, false },
		{ "m/a", "text", "perplexity", 8.31, .05, 4096, NULL, false },
		{ "m/b", "text", "perplexity", 9.02, .06, 4096, NULL, false },
		{ "m/a", "gsm8k", "exact_match", .2, .02, 0, NULL, false },
		{ "m/b", "gsm8k", "exact_match", .3, .02, 0, NULL, false },
	};
	struct comparison *x;

	(void)state;
	put(c, v, sizeof v / sizeof v[0]);
	x = compare_words(c, "m/a", "m/b");
	assert_string_equal(first(x, "piqa")->why_not, "other protocol");
	assert_string_equal(row_of(x, "piqa")->cells[1].protocol, "lm-eval 5-shot");
	/* What both have, though one has a newer one; never another metric. */
	near(first(x, "boolq")->value, .01);
	near(row_of(x, "boolq")->cells[0].value, .80);
	near(first(x, "arc_easy")->value, .01); /* the newest */
	near(first(x, "gsm8k")->value, .1);
	/* Lower is better there: the first one is. */
	assert_true(row_of(x, "text")->lower_better && !row_of(x, "text")->share);
	assert_int_equal(first(x, "text")->verdict, VERDICT_REAL);
	assert_true(says(x, "a is better on text by 0.71 of perplexity (8.5%)"));
	assert_true(x->rows[x->n_rows - 1].lower_better); /* after the mean */
	assert_int_equal(row_of(x, "mean")->tasks, 4);
	assert_string_equal(first(x, "mean")->why_not, "other protocol");
	compare_free(x);
}

/* Answers to some of the questions: those of both are paired, and it says how many. */
static void paired(void **state)
{
	static const struct figure v[] = { { "m/a", "arc_easy", NULL, .5, 0, 100, NULL, false },
		{ "m/b", "arc_easy", NULL, .6, 0, 100, NULL, false } };
	uint64_t keys[100];
	float right[2][100];
	struct comparison *x;
	struct err e = { 0 };

	(void)state;
	for (int i = 0; i < 100; i++) {
		keys[i] = (uint64_t)i * 7;
		right[0][i] = i < 50;
		right[1][i] = i < 45 || (i >= 50 && i < 65); /* loses 5, gains 15 */
	}
	for (size_t i = 0; i < 2; i++) {
		struct catalog_score s = { .task = "arc_easy", .metric = "acc", .value = v[i].value,
			.stderr_ = NAN, .n = 100, .variant = (char *)v[i].variant,
			.fact = i ? "f1" : "f0" };
		/* The first did not answer the last 20. */
		struct catalog_answers a = { i ? 100 : 80, keys, right[i] };

		assert_true(catalog_score_put(c, &s, 1, &e));
		assert_true(catalog_answers_put(c, s.fact, &a, &e));
	}
	x = compare_words(c, "m/a", "m/b");
	const struct compare_difference *d = first(x, "arc_easy");
	assert_true(d->paired && !d->bound);
	assert_int_equal(d->n, 80);
	assert_int_equal(d->items, 10);
	near(d->value, 10.0 / 80);
	near(d->stderr_, sqrt(20 - 100.0 / 80) / 80);
	near(d->p, 0.04138946533203125); /* scipy.stats.binomtest(5, 20) */
	assert_int_equal(d->verdict, VERDICT_REAL);
	assert_true(d->low > 0 && d->low < d->value && d->high > d->value && d->high < .25);
	assert_true(row_of(x, "arc_easy")->cells[0].answers);
	assert_true(says(x, "of 100 questions the 80 that"));
	compare_free(x);
}

static void each_and_front(void **state)
{
	static const double values[] = { .60, .70, .65 };
	static const uint64_t bytes[] = { 100, 300, 400 };
	const char *words[] = { "s", "m", "l" };
	struct compare_ask ask = { .words = words, .n = 3, .against = AGAINST_EACH };
	struct comparison *x;
	struct err e = { 0 };
	char path[] = "/m/?";

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct catalog_score s[2];
		struct catalog_model m = { .path = path, .name = (char *)words[i],
			.bytes = bytes[i], .bits = 16 };
		int64_t id;

		path[3] = words[i][0];
		assert_true(catalog_model_put(c, &m, &id, &e));
		for (int k = 0; k < 2; k++)
			s[k] = (struct catalog_score){ .model = id, .task = k ? "piqa" : "arc_easy",
				.metric = "acc", .value = values[i], .stderr_ = NAN };
		assert_true(catalog_score_put(c, s, 2, &e));
	}
	x = compare(c, &ask);
	assert_int_equal(x->n_differences, 3);
	assert_true(x->variants[0].front && x->variants[1].front && !x->variants[2].front);
	assert_true(says(x, "Not smaller or better than the others: l"));
	near(row_of(x, "piqa")->differences[2].value, -.05);
	assert_int_equal(row_of(x, "piqa")->differences[2].of, 2);
	assert_int_equal(row_of(x, "piqa")->differences[2].against, 1);
	compare_free(x);
	ask.only_differences = true;
	ask.task = "arc";
	x = compare(c, &ask);
	assert_int_equal(x->n_rows, 1);
	compare_free(x);
}

/* One name in a card's table, two quantizations: two variants. */
static void one_name(void **state)
{
	static const struct figure v[] = {
		{ "m/a", "piqa", NULL, .70, 0, 0, "{\"quantization\": \"q4-hi\"}", false },
		{ "m/a", "piqa", NULL, .75, 0, 0, "{\"quantization\": \"q8\"}", false },
	};
	struct comparison *x;

	(void)state;
	put(c, v, 2);
	x = compare_words(c, "m/a", NULL);
	assert_int_equal(x->n_variants, 2);
	assert_string_equal(x->variants[0].label, "a q8"); /* newest first */
	assert_string_equal(x->variants[1].label, "a q4-hi");
	near(first(x, "piqa")->value, -.05);
	compare_free(x);
}

static void stem(const char *name, const char *want, const char *quantization)
{
	char *q, *s = protocol_stem(name, &q);

	assert_string_equal(s, want);
	if (quantization)
		assert_string_equal(q ? q : "NULL", quantization);
	else
		assert_null(q);
	free(s);
	free(q);
}

static void names(void **state)
{
	(void)state;
	stem("owner/Ember-8B-qx63-hi-mlx", "ember-8b", "qx63-hi");
	stem("Ember-8B-V2-Hybrid", "ember-8b-v2-hybrid", NULL);
	stem("owner/Ember-8B-Instruct.Q4_K_M.gguf", "ember-8b-instruct", "q4_k_m");
	stem("Ember-2.5-8B-IQ3_XXS", "ember-2.5-8b", "iq3_xxs");
	stem("Ember-H-Small-GGUF", "ember-h-small", NULL);
	stem("Ember-70B-t0.0001-b4.6-h8-exl2", "ember-70b-t0.0001", "b4.6-h8-exl2");
	stem("Ember-4bit-mlx", "ember", "4bit");
	stem("Ember-4.6bpw", "ember", "4.6bpw");
	stem("Ember-bf16", "ember", "");
	stem("Q8", "q8", NULL);
	stem("m", "m", NULL);
	stem("", "", NULL);
	stem("a/", "a/", NULL);
	stem("....", "....", NULL);
}

static void measured(const char *json, const char *want)
{
	json_t *p = json ? json_parse(json, strlen(json), "test", false, NULL) : NULL;
	char *s = protocol_measured(p);

	assert_string_equal(s, want);
	free(s);
	json_decref(p);
}

static void fingerprints(void **state)
{
	(void)state;
	measured(NULL, "");
	measured("{\"quantization\": \"q8\", \"dtype\": \"auto\", \"filter\": \"x\"}", "");
	measured("{\"shots\": 5, \"tool\": \"lm-eval\", \"tool_version\": \"0.4.9.1\", "
		"\"limit\": 100.0, \"engine\": \"hf\"}", "lm-eval 0.4 hf 5-shot limit:100");
	measured("{\"tool\": \"lm-eval\", \"tool_version\": \"1.2\", \"template\": \"none\"}",
		"lm-eval 1 no-template");
	measured("{\"tool\": \"mlx_lm.evaluate\", \"lm_eval_version\": \"0.4.8\", \"template\": "
		"\"0123456789abcdef\"}", "mlx 0.4 template:01234567");
	measured("{\"tool\": \"\\u001b[31mx\", \"z\": 2, \"a\": [1], \"b\": null}",
		"\\x1B[31mx a=[1] z=2");
	measured("[1]", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(seven_tasks, open_memory, close_memory),
		cmocka_unit_test(names), cmocka_unit_test(fingerprints),
		cmocka_unit_test_setup_teardown(best_parent, open_memory, close_memory),
		cmocka_unit_test_setup_teardown(default_baseline, open_memory, close_memory),
		cmocka_unit_test_setup_teardown(protocols, open_memory, close_memory),
		cmocka_unit_test_setup_teardown(paired, open_memory, close_memory),
		cmocka_unit_test_setup_teardown(each_and_front, open_memory, close_memory),
		cmocka_unit_test_setup_teardown(one_name, open_memory, close_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
