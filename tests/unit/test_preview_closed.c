/* Closed-form figures against merges computed in float64 (tests/golden/engine/generate.py). */
#include "config.h"
#include <math.h>
#include "base/json.h"
#include "preview_test.h"

static const struct { const char *name; enum stat_id stat; bool per_input; } columns[] = {
	{ "cosine", STAT_COSINE, true },
	{ "one_minus_cosine", STAT_ONE_MINUS_COSINE, true },
	{ "relative_l2", STAT_RELATIVE_L2, true },
	{ "delta_ratio", STAT_DELTA_RATIO, true },
	{ "delta_cosine", STAT_DELTA_COSINE, true },
	{ "norm", STAT_NORM, false },
	{ "delta_norm", STAT_DELTA_NORM, false },
	{ "input_norm", STAT_INPUT_NORM, true },
	{ "input_delta_norm", STAT_INPUT_DELTA_NORM, true },
};

static char *golden(const char *name)
{
	return xasprintf("%s/tests/golden/engine/%s", getenv("top_srcdir"), name);
}

static void add_param(struct str *s, const char *indent, const char *name, const json_t *v)
{
	if (json_is_number(v))
		str_addf(s, "%s%s: %.17g\n", indent, name, json_number_value(v));
	else if (json_is_boolean(v))
		str_addf(s, "%s%s: %s\n", indent, name, json_is_true(v) ? "true" : "false");
}

static char *recipe_of(const json_t *c)
{
	const json_t *p = json_at(c, "case"), *inputs = json_at(c, "inputs");
	const char *method = json_text(p, "method", "");
	bool base = json_flag(p, "base", false) || !strcmp(method, "task_arithmetic")
		|| !strcmp(method, "slerp");
	struct str s = STR_INIT;

	str_addf(&s, "merge_method: %s\ndtype: float32\nmodels:\n", method);
	for (size_t i = 0; i < json_array_size(inputs); i++) {
		const char *name = json_string_value(json_array_get(inputs, i));
		str_addf(&s, "  - model: %s/tests/golden/engine/%s.safetensors\n",
			getenv("top_srcdir"), name);
		const json_t *w = json_object_get(p, i ? "w2" : "w1");
		if (w || json_object_get(p, "scale"))
			str_add(&s, "    parameters:\n");
		add_param(&s, "      ", "weight", w);
		add_param(&s, "      ", "scale", json_object_get(p, "scale"));
	}
	if (base)
		str_addf(&s, "base_model: %s/tests/golden/engine/base.safetensors\n",
			getenv("top_srcdir"));
	if (json_object_get(p, "t") || json_object_get(p, "lambda") ||
		json_object_get(p, "normalize"))
		str_add(&s, "parameters:\n");
	add_param(&s, "  ", "t", json_object_get(p, "t"));
	add_param(&s, "  ", "lambda", json_object_get(p, "lambda"));
	add_param(&s, "  ", "normalize", json_object_get(p, "normalize"));
	return str_steal(&s);
}

static void check(struct figure f, const json_t *row, size_t column, const char *what,
	const struct plan *p)
{
	const json_t *want = json_object_get(row, columns[column].name);
	enum stat_id s = columns[column].stat;
	bool delta = s == STAT_DELTA_RATIO || s == STAT_DELTA_COSINE || s == STAT_DELTA_NORM
		|| s == STAT_INPUT_DELTA_NORM;

	if (delta && !p->inputs->figure_base) {
		assert_int_equal(f.state, FIG_FAILED);
		return;
	}
	if (json_is_null(want)) {
		if (f.state != FIG_FAILED)
			fail_msg("%s %s: expected none, got %g", what, columns[column].name,
				f.value);
		return;
	}
	double v = json_number_value(want), room = 1e-6 * fabs(v);
	if (s == STAT_ONE_MINUS_COSINE)
		room += 1e-15; /* identical directions: rounding is all there is */
	if (s == STAT_RELATIVE_L2 || delta)
		room += 1e-12;
	if (f.state < FIG_CLOSED || f.state == FIG_FAILED || !(fabs(f.value - v) <= room))
		fail_msg("%s %s %s: expected %.17g, got %.17g (%s)", p->recipe->method_name, what,
			columns[column].name, v, f.value, figure_state_name(f.state));
}

static void check_case(const json_t *c)
{
	char *text = recipe_of(c);
	struct plan *p = test_plan(text);
	struct pool *pool = pool_new(2);
	struct preview *v = preview_new(pool, NULL, NULL, NULL);
	const json_t *inputs = json_at(c, "inputs"), *tensors = json_object_get(c, "tensors");
	struct err e;

	preview_show(v, p);
	if (!preview_wait(v, false, &e))
		fail_msg("%s: %s", e.where, e.what);
	for (size_t i = 0; i < json_array_size(inputs); i++) {
		const char *name = json_string_value(json_array_get(inputs, i));
		for (size_t k = 0; k < sizeof columns / sizeof *columns; k++) {
			for (size_t t = 0; t < p->n; t++) {
				const char *tensor = p->tensors[t].like->name;
				check(preview_figure(v, t, columns[k].stat, (int)i),
					json_object_get(json_object_get(tensors, tensor), name), k,
					tensor, p);
			}
			check(preview_group(v, NULL, 0, columns[k].stat, (int)i),
				json_object_get(json_object_get(c, "total"), name), k, "total", p);
		}
	}
	preview_free(v);
	plan_unref(p);
	pool_free(pool);
	free(text);
}

static void closed_figures(void **state)
{
	char *path = golden("figures.json");
	struct err e;
	json_t *cases = json_parse_file(path, 1 << 20, &e), *c;
	size_t i;

	(void)state;
	assert_non_null(cases);
	json_array_foreach(cases, i, c)
		check_case(c);
	json_decref(cases);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(closed_figures),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
