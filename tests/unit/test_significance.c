/* Tails, tests and intervals against values computed by other means (tests/golden/compare). */
#include "config.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "compare/significance.h"
#include "golden.h"

static json_t *golden;

static int load(void **state)
{
	(void)state;
	golden = golden_load("tests/golden/compare/significance.json");
	return golden ? 0 : -1;
}

static int unload(void **state)
{
	(void)state;
	json_decref(golden);
	return 0;
}

static double at(const json_t *row, size_t i)
{
	return json_number_value(json_array_get(row, i));
}

static void near(double got, double want, double relative, const char *what)
{
	if (!(fabs(got - want) <= relative * fabs(want)) && got != want)
		fail_msg("%s: %.17g, not %.17g", what, got, want);
}

/* float64 against 50 digits. erfc is good to some units in the last place; where its argument is
 * large the rounding of z itself grows by z^2, so far tails have 1e-12. */
static void tails(void **state)
{
	size_t i;
	json_t *row;

	(void)state;
	json_array_foreach(json_object_get(golden, "normal_p"), i, row) {
		near(sig_normal_p(at(row, 0)), at(row, 1), 1e-12, "normal p");
		near(sig_normal_p(-at(row, 0)), at(row, 1), 1e-12, "normal p");
	}
	/* The fraction is summed to 1e-16 a step, lgamma loses some digits at large df. */
	json_array_foreach(json_object_get(golden, "t_p"), i, row)
		near(sig_t_p(at(row, 0), at(row, 1)), at(row, 2), 1e-10, "t p");
	assert_true(isnan(sig_t_p(1, 0)) && isnan(sig_t_p(NAN, 3)) && sig_t_p(INFINITY, 3) == 0);
}

static void quantiles(void **state)
{
	size_t i;
	json_t *row;

	(void)state;
	/* Halley's step squares an error of 1e-9 away; p near 1 is itself rounded to 1e-16. */
	json_array_foreach(json_object_get(golden, "normal_quantile"), i, row)
		near(sig_normal_quantile(at(row, 0)), at(row, 1), 1e-12, "normal quantile");
	json_array_foreach(json_object_get(golden, "t_quantile"), i, row) {
		near(sig_t_quantile(at(row, 0), at(row, 1)), at(row, 2), 1e-9, "t quantile");
		near(sig_t_quantile(1 - at(row, 0), at(row, 1)), -at(row, 2), 1e-9, "t quantile");
	}
	assert_true(isnan(sig_normal_quantile(-0.1)) && isnan(sig_normal_quantile(1.1)));
	assert_true(isinf(sig_normal_quantile(0)) && sig_t_quantile(0.5, 3) == 0);
}

/* Exact integers; logarithms of factorials lose digits as counts grow: 1e-10 at thousands. */
static void counts(void **state)
{
	size_t i;
	json_t *row;

	(void)state;
	json_array_foreach(json_object_get(golden, "binomial"), i, row) {
		uint64_t k = (uint64_t)at(row, 0), n = (uint64_t)at(row, 1);

		near(sig_binomial_p(k, n), at(row, 2), 1e-10, "binomial");
		near(sig_binomial_p(n - k, n), at(row, 2), 1e-10, "binomial");
	}
	json_array_foreach(json_object_get(golden, "fisher"), i, row)
		near(sig_fisher_p((uint64_t)at(row, 0), (uint64_t)at(row, 1), (uint64_t)at(row, 2),
			(uint64_t)at(row, 3)), at(row, 4), 1e-10, "fisher");
	assert_true(isnan(sig_binomial_p(3, 2)) && isnan(sig_fisher_p(3, 2, 0, 2)));
	/* A million discordant answers take no time and no overflow. */
	assert_true(sig_binomial_p(500000, 1000001) > 0.99);
	assert_true(sig_binomial_p(0, 1000000) == 0);
}

static void differences(void **state)
{
	size_t i;
	json_t *row;
	struct sig_test t;

	(void)state;
	json_array_foreach(json_object_get(golden, "unpaired"), i, row) {
		t = sig_unpaired(at(row, 0), at(row, 1), at(row, 2), at(row, 3));
		near(t.difference, at(row, 4), 1e-13, "difference");
		near(t.stderr_, at(row, 5), 1e-14, "stderr");
		near(t.z, at(row, 6), 1e-13, "z");
		near(t.p, at(row, 7), 1e-11, "p");
		near(t.high - t.low, 2 * SIG_95 * t.stderr_, 1e-12, "interval");
	}
	/* Shares of two runs with five questions: what a normal tail would call sure is not. */
	t = sig_shares(1, 5, 0, 5);
	near(t.p, 2.0 / 252, 1e-12, "few questions");
	t = sig_mcnemar(61, 40, 1000);
	near(t.difference, 0.021, 1e-13, "mcnemar");
	near(t.stderr_, sqrt(101 - 441 / 1000.0) / 1000, 1e-13, "mcnemar");
	near(t.p, sig_binomial_p(40, 101), 0, "mcnemar");
	t = sig_mcnemar(0, 0, 50);
	assert_true(t.difference == 0 && t.stderr_ == 0 && t.p == 1);
	assert_true(isnan(sig_mcnemar(0, 0, 0).p));
	t = sig_paired((const double[]){ 1, 2, 3, 4 }, 4);
	near(t.difference, 2.5, 1e-15, "paired");
	near(t.stderr_, 0.6454972243679028, 1e-14, "paired");
	near(t.p, 0.030466291662170977, 1e-10, "paired p"); /* scipy.stats.ttest_1samp */
	assert_true(isnan(sig_paired((const double[]){ 1 }, 1).p));
	/* Values without any spread say nothing, unless they are equal. */
	assert_true(isnan(sig_unpaired(1, 0, 2, 0).p) && sig_unpaired(1, 0, 1, 0).p == 1);
	assert_true(sig_share_stderr(1, 100) > 0 && isnan(sig_share_stderr(0.5, 1)));
}

/* The table of a card with seven tasks: the figures that its comparison must show. */
static void card(void **state)
{
	json_t *rows = json_object_get(golden, "card"), *row;
	double p[16];
	size_t i;

	(void)state;
	json_array_foreach(rows, i, row) {
		double a = json_number_value(json_object_get(row, "other"));
		double b = json_number_value(json_object_get(row, "base"));
		double n = json_number_value(json_object_get(row, "n"));
		struct sig_test t = sig_shares(a, n, b, n);

		near(t.stderr_, json_number_value(json_object_get(row, "stderr")), 1e-13, "se");
		assert_true(fabs(t.z - json_number_value(json_object_get(row, "z"))) < 1e-12);
		near(t.p, json_number_value(json_object_get(row, "p")), 1e-12, "p");
		near(sig_resolves(t.stderr_), json_number_value(json_object_get(row, "resolves")),
			1e-12, "resolves");
		assert_int_equal(llround(fabs(t.difference) * n),
			json_integer_value(json_object_get(row, "items")));
		p[i] = json_object_get(row, "holm") ? t.p : NAN;
	}
	sig_holm(p, json_array_size(rows));
	json_array_foreach(rows, i, row) {
		json_t *want = json_object_get(row, "holm");

		if (want)
			near(p[i], json_number_value(want), 1e-11, "holm");
		else
			assert_true(isnan(p[i]));
	}
	/* "arc_challenge would need about 100,000 questions" */
	near(sig_questions(0.006, 0.020184545668900968, 1172), 104104, 1e-3, "questions");
	assert_true(isinf(sig_questions(0, 1, 10)));
}

static void holm(void **state)
{
	size_t i, k;
	json_t *pair, *want;

	(void)state;
	json_array_foreach(json_object_get(golden, "holm"), i, pair) {
		json_t *in = json_array_get(pair, 0);
		double p[8];

		json_array_foreach(in, k, want)
			p[k] = json_number_value(want);
		sig_holm(p, json_array_size(in));
		json_array_foreach(json_array_get(pair, 1), k, want)
			near(p[k], json_number_value(want), 1e-14, "holm");
	}
	sig_holm(NULL, 0);
}

/* Ends of an interval of 2000 draws scatter by some 5 % of a standard error; both do. */
static void bootstrap(void **state)
{
	size_t i, k;
	json_t *row, *v;

	(void)state;
	json_array_foreach(json_object_get(golden, "bootstrap"), i, row) {
		json_t *values = json_object_get(row, "values");
		json_t *want = json_object_get(row, "interval");
		size_t n = json_array_size(values);
		double *d = calloc(n, sizeof *d), low, high, again[2], se = at(want, 2);

		json_array_foreach(values, k, v)
			d[k] = json_number_value(v);
		assert_true(sig_bootstrap(d, n, 0, 5, 2000, &low, &high));
		assert_true(fabs(low - at(want, 0)) < 0.2 * se);
		assert_true(fabs(high - at(want, 1)) < 0.2 * se);
		assert_true(sig_bootstrap(d, n, 0, 5, 2000, &again[0], &again[1]));
		assert_true(again[0] == low && again[1] == high);
		assert_true(sig_bootstrap(d, n, 1, 5, 2000, &again[0], &again[1]));
		/* Means of right and wrong lie on a grid: ends may meet. */
		assert_true(i == 0 || again[0] != low || again[1] != high);
		free(d);
	}
	double same[3] = { 2, 2, 2 }, low, high;
	assert_true(sig_bootstrap(same, 3, 0, 0, 100, &low, &high));
	assert_true(low == 2 && high == 2);
	assert_false(sig_bootstrap(same, 0, 0, 0, 100, &low, &high));
}

/* Half of a million questions moved, half not: counts are drawn, so it is done at once, and the
 * interval is the normal one. */
static void bootstrap_of_many(void **state)
{
	size_t n = 1000000;
	double *d = calloc(n, sizeof *d), low, high, se = sqrt(0.25 / 1e6);

	(void)state;
	for (size_t i = 0; i < n; i++)
		d[i] = (double)(i & 1);
	assert_true(sig_bootstrap(d, n, 0, 0, 2000, &low, &high));
	assert_true(fabs(low - (0.5 - SIG_95 * se)) < 0.2 * se);
	assert_true(fabs(high - (0.5 + SIG_95 * se)) < 0.2 * se);
	for (size_t i = 0; i < n; i++)
		d[i] = (double)i;
	assert_false(sig_bootstrap(d, n, 0, 0, 2000, &low, &high));
	free(d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tails), cmocka_unit_test(quantiles), cmocka_unit_test(counts),
		cmocka_unit_test(differences), cmocka_unit_test(card), cmocka_unit_test(holm),
		cmocka_unit_test(bootstrap), cmocka_unit_test(bootstrap_of_many),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
