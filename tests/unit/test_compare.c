/* Comparisons: which cells there are, what may be subtracted, what of it is real. */
#include "config.h"
#include "compare_test.h"
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(seven_tasks, open_memory, close_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
