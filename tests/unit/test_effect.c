#include "config.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/rng.h"
#include "base/str.h"
#include "golden.h"
#include "recipe/effect.h"

static struct recipe *load(const char *name)
{
	const char *top = getenv("top_srcdir");
	char path[4096];
	struct err e = { 0 };
	struct recipe *r;

	snprintf(path, sizeof path, "%s/tests/golden/recipe/%s", top ? top : ".", name);
	r = recipe_load(path, &e);
	if (!r)
		print_message("%s: %s\n", e.where, e.what);
	return r;
}

static struct recipe *parse(const char *text)
{
	return recipe_parse(text, strlen(text), NULL, NULL);
}

static bool says(const struct effect *ef, const char *part)
{
	for (size_t i = 0; i < ef->n_sentences; i++)
		if (strstr(ef->sentences[i], part))
			return true;
	for (size_t i = 0; i < ef->n_sentences; i++)
		print_message("  %s\n", ef->sentences[i]);
	return false;
}

static void four_models_by_dare_ties(void **state)
{
	static const double coverage[] = { .4781, .4031, .1094, .0094 }, gain[] = { .820, .820, .747 };
	static const double alone[] = { 4.0, 4.0, 1 / 0.15 };
	struct recipe *r = load("card001.yml");
	struct effect ef;
	json_t *j;

	(void)state;
	assert_non_null(r);
	effect_of(r, &ef);
	assert_int_equal(ef.n_coverage, 4);
	assert_int_equal(ef.n_gain, 3);
	for (size_t i = 0; i < 4; i++)
		assert_true(fabs(ef.coverage[i] - coverage[i]) < 6e-5);
	for (size_t i = 0; i < 3; i++) {
		assert_true(fabs(ef.gain[i].gain - gain[i]) < 6e-4);
		assert_true(fabs(ef.gain[i].alone - alone[i]) < 1e-12);
		assert_int_equal(ef.gain[i].index, i + 1);
	}
	assert_true(fabs(ef.gain_sum - 2.386) < 6e-4);
	assert_true(fabs(ef.weight_sum - 0.70) < 1e-12);
	assert_true(says(&ef, "47.8% keep the base, 40.3% take one model alone, 11.9% mix two or more"));
	assert_true(says(&ef, "2.39 task vectors in sum, not 0.70: survivors are rescaled and normalized"));
	assert_true(says(&ef, "lambda 0.42 would make 1.00"));
	assert_true(says(&ef, "×4.0 Slate-3.2-3B-Instruct"));
	j = effect_json(&ef);
	assert_int_equal(json_array_size(json_object_get(j, "coverage")), 4);
	assert_true(json_is_real(json_object_get(json_object_get(j, "gain"),
		"fourthlab/slate-3.2-3b-thinking")));
	json_decref(j);
	effect_fini(&ef);
	recipe_unref(r);
}

static void two_models_by_nuslerp(void **state)
{
	struct recipe *r = load("card000.yml");
	struct effect ef;

	(void)state;
	effect_of(r, &ef);
	assert_true(says(&ef, "70% quartz-3B-Code-Tools + 30% Quartz-3B-SFT-Reasoning: t = 0.300; only the "
		"ratio matters"));
	assert_int_equal(ef.n_coverage, 0);
	effect_fini(&ef);
	recipe_unref(r);
}

static void every_method_has_a_sentence(void **state)
{
	static const struct { const char *text, *part; } cases[] = {
		{ "models: [{model: a, parameters: {weight: 3}}, {model: b, parameters: {weight: 1}}]\n"
			"merge_method: linear\n", "75% a + 25% b; only the ratio" },
		{ "models: [{model: a, parameters: {weight: 0.5}}, {model: b, parameters: {weight: 0.25}}]\n"
			"merge_method: linear\nparameters: {normalize: false}\n", "scaled to about 75%" },
		{ "models: [{model: a, parameters: {weight: 1}}, {model: b, parameters: {weight: -1}}]\n"
			"merge_method: linear\n", "sum to zero" },
		{ "models: [{model: a}, {model: b}]\nmerge_method: slerp\nbase_model: b\nparameters: {t: 0.3}\n",
			"30% of the way from b to a along the arc (t = 0.300)" },
		{ "models: [{model: a}, {model: b}]\nmerge_method: slerp\nbase_model: b\nparameters: {t: [0, 1, "
			"0.5]}\n",
			"(t = 1.000 in the middle; along the layers 0, 1, 0.5)" },
		{ "models: [{model: x/a}]\nmerge_method: nearswap\nbase_model: b\nparameters: {t: 0.002}\n",
			"elements of b within 0.002 of a" },
		{ "models: [{model: a, parameters: {scale: 0.5}}]\nmerge_method: passthrough\n", "times 0.5" },
		{ "models: [{model: a}]\nmerge_method: passthrough\n", "a copy of a" },
		{ "models: [{model: a, parameters: {weight: 0.5}}, {model: b, parameters: {weight: 0.5}}]\n"
			"merge_method: task_arithmetic\nbase_model: c\n", "1.00 task vectors in sum" },
		{ "models: [{model: a, parameters: {weight: 2}}, {model: b, parameters: {weight: 2}}]\n"
			"merge_method: task_arithmetic\nbase_model: c\nparameters: {normalize: true, lambda: 0.5}\n",
			"0.50 task vectors in sum, not 4.00: normalize divides" },
		{ "models: [{model: a, parameters: {weight: 1, density: 0.5}}]\nmerge_method: dare_linear\n"
			"base_model: c\nparameters: {rescale: false}\n", "0.50 task vectors in sum, not 1.00" },
		{ "models: [{model: a, parameters: {weight: 1, density: 0.5}}, {model: b, parameters: {weight: 1, "
			"density: 0.5}}]\nmerge_method: ties\nbase_model: c\n", "where they are kept" },
		{ "models: [{model: a, parameters: {weight: 1}}, {model: b, parameters: {weight: 0.5}}]\n"
			"merge_method: nuslerp\nbase_model: c\n", "on what differs from c" },
		{ "models: [{model: x/a, parameters: {weight: [0, 1]}}, {model: y/a, parameters: {weight: 0.5}}]\n"
			"merge_method: linear\n", "50% x/a + 50% y/a" },
		{ "models: [{model: a, parameters: {weight: [{filter: mlp, value: 3}]}}, {model: b, parameters: "
			"{weight: 1}}]\nmerge_method: linear\n", "75% a" },
		{ "models: [{model: a, parameters: {weight: [{filter: mlp, value: 3}]}}, {model: b, parameters: "
			"{weight: 1}}]\nmerge_method: linear\n", "no filter names" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct recipe *r = parse(cases[i].text);
		struct effect ef;

		effect_of(r, &ef);
		if (!says(&ef, cases[i].part))
			fail_msg("case %zu: no \"%s\"", i, cases[i].part);
		effect_fini(&ef);
		recipe_unref(r);
	}
}

/* Nothing of a broken recipe may reach a formula. */
static void broken_recipes_have_no_figures(void **state)
{
	static const char *const texts[] = {
		"models: [{model: a}]\nmerge_method: nonsense\n", "models: []\nmerge_method: linear\n",
		"models: [{model: a, parameters: {weight: x}}]\nmerge_method: ties\nbase_model: c\n",
		"models: [{model: a, parameters: {weight: 1}}]\nmerge_method: dare_ties\n",
		"models: [{model: a, parameters: {weight: .nan}}]\nmerge_method: ties\nbase_model: c\n",
		"models: [{model: c}]\nmerge_method: ties\nbase_model: c\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct recipe *r = parse(texts[i]);
		struct effect ef;

		effect_of(r, &ef);
		assert_int_equal(ef.n_gain, 0);
		effect_fini(&ef);
		recipe_unref(r);
	}
}

static uint32_t drawn;
static double uniform(void)
{
	float u[1];

	rng_uniform(7, 1, 0, drawn++, 1, u);
	return u[0];
}

/* 200 000 elements drawn: five standard errors cover every gain. */
static void gains_agree_with_drawing_them(void **state)
{
	static const double w[] = { 0.3, 1.2, 0.05, 0.7 }, d[] = { 0.2, 0.5, 0.9, 1.0 };
	double gain[4], coverage[5], sum[4] = { 0 }, squares[4] = { 0 }, count[4] = { 0 }, seen[5] = { 0 };
	const int draws = 200000;

	(void)state;
	assert_true(effect_gains(w, d, 4, gain));
	effect_coverage(d, 4, coverage);
	for (int i = 0; i < draws; i++) {
		bool alive[4];
		double total = 0.0;
		int n = 0;

		for (int k = 0; k < 4; k++) {
			alive[k] = uniform() < d[k];
			total += alive[k] ? w[k] : 0.0;
			n += alive[k];
		}
		seen[n]++;
		for (int k = 0; k < 4; k++)
			if (alive[k]) {
				sum[k] += w[k] / total;
				squares[k] += w[k] / total * (w[k] / total);
				count[k]++;
			}
	}
	for (int k = 0; k < 4; k++) {
		double mean = sum[k] / count[k], var = squares[k] / count[k] - mean * mean;

		assert_true(fabs(mean - gain[k]) < 5 * sqrt(var / count[k]) + 1e-12);
	}
	for (int k = 0; k < 5; k++)
		assert_true(fabs(seen[k] / draws - coverage[k]) < 5 * sqrt(0.25 / draws));
}

/* Eleven models go through the integral; a twelfth of no weight and density 1 changes nothing, and ten
 * of them counted must agree with the integral of the same ten. */
static void both_ways_of_gains_agree(void **state)
{
	double w[64], d[64], few[64], many[64];

	(void)state;
	for (int i = 0; i < 64; i++) {
		w[i] = exp(6.0 * uniform() - 3.0);
		d[i] = uniform();
	}
	w[10] = 0.0;
	d[10] = 1.0;
	assert_true(effect_gains(w, d, 10, few));
	assert_true(effect_gains(w, d, 11, many));
	for (int i = 0; i < 10; i++)
		assert_true(fabs(few[i] - many[i]) < 1e-9);
	assert_true(many[10] == 0.0);
	assert_true(effect_gains(w, d, 64, many));
	for (int i = 0; i < 64; i++)
		assert_true(many[i] >= 0.0 && many[i] <= 1.0 + 1e-12);
	w[3] = -1.0;
	assert_false(effect_gains(w, d, 64, many));
	assert_true(effect_gains(w, d, 12, many));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(four_models_by_dare_ties),
		cmocka_unit_test(two_models_by_nuslerp),
		cmocka_unit_test(every_method_has_a_sentence),
		cmocka_unit_test(broken_recipes_have_no_figures),
		cmocka_unit_test(gains_agree_with_drawing_them),
		cmocka_unit_test(both_ways_of_gains_agree),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
