#include "config.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/str.h"
#include "golden.h"
#include "recipe/recipe.h"

static struct recipe *parse(const char *text)
{
	struct err e = { 0 };
	struct recipe *r = recipe_parse(text, strlen(text), "r.yml", &e);

	if (!r)
		print_message("%s: %s\n", e.where, e.what);
	return r;
}

static double value_of(const json_t *v)
{
	const char *word = json_string_value(json_object_get(v, "float"));

	if (word)
		return strcmp(word, "nan") == 0 ? NAN : strtod(word, NULL);
	return json_is_true(v) ? 1.0 : json_number_value(v);
}

static void scalars_mean_what_the_loader_makes_of_them(void **state)
{
	static const char *const kinds[] = { "null", "bool", "int", "float", "text", "date" };
	json_t *all = golden_load("tests/golden/recipe/scalars.json"), *rec;
	size_t i;

	(void)state;
	assert_true(json_array_size(all) > 100);
	json_array_foreach(all, i, rec) {
		const char *text = json_string_value(json_object_get(rec, "text"));
		const char *kind = json_string_value(json_object_get(rec, "kind"));
		double number, want = value_of(json_object_get(rec, "value"));
		enum yaml_kind k = yaml_resolve(text, &number);

		if (strcmp(kinds[k], kind) != 0)
			fail_msg("%s is %s, not %s", text, kind, kinds[k]);
		if (k >= Y_BOOL && k <= Y_FLOAT && number != want && !(isnan(number) && isnan(want)))
			fail_msg("%s is %.17g, not %.17g", text, want, number);
	}
	json_decref(all);
}

static void settings_evaluate_like_the_peer(void **state)
{
	json_t *all = golden_load("tests/golden/recipe/settings.json"), *rec;
	size_t i, n_error = 0, n_none = 0;

	(void)state;
	assert_true(json_array_size(all) > 208);
	json_array_foreach(all, i, rec) {
		const char *kind = json_string_value(json_object_get(rec, "type"));
		const json_t *want = json_object_get(rec, "value");
		enum param_type type = *kind == 'f' ? PARAM_FLOAT : *kind == 'b' ? PARAM_BOOL : PARAM_INT;
		struct err e = { 0 };
		double v = NAN, w = want ? value_of(want) : NAN;
		char text[512];
		struct recipe *r;
		bool ok;

		snprintf(text, sizeof text, "merge_method: slerp\nmodels: [{model: a}]\nparameters: {p: %s}\n",
			json_string_value(json_object_get(rec, "yaml")));
		r = parse(text);
		assert_non_null(r);
		ok = setting_eval(&r->params.v[0].value, type,
			json_string_value(json_object_get(rec, "tensor")),
			json_number_value(json_object_get(rec, "t")), &v, &e);
		n_error += !want;
		n_none += json_is_null(want);
		if (!want ? ok || e.code == ERR_NONE : json_is_null(want) ? ok || e.code != ERR_NONE
		    : !ok || (v != w && !(isnan(v) && isnan(w))))
			fail_msg("record %zu: %s → %.17g, want %.17g (%s)", i, text, v, w, e.what);
		recipe_unref(r);
	}
	assert_true(n_error > 50 && n_none > 20);
	json_decref(all);
}

static void marks_count_bytes_and_characters(void **state)
{
	/* é and 好 before and on the line of the value; CRLF; a byte order mark. */
	static const char text[] = "\xEF\xBB\xBF# caf\xC3\xA9 \xE5\xA5\xBD\r\nmodels:\r\n"
		"- {model: \xC3\xA9\xE5\xA5\xBD, parameters: {weight: &w 0.25}}\r\n"
		"- model: b\r\n  parameters: {weight: *w, density: !!float '1.5'}\r\nmerge_method: linear";
	struct recipe *r = parse(text);
	const struct setting *s;

	(void)state;
	assert_non_null(r);
	assert_int_equal(r->n_models, 2);
	s = recipe_setting(r, "weight", 0);
	assert_memory_equal(text + s->mark.begin, "0.25", 4);
	assert_int_equal(s->mark.end - s->mark.begin, 4);
	assert_int_equal(s->mark.line, 3);
	assert_int_equal(s->mark.column, 39);
	assert_memory_equal(text + r->models[0].model.mark.begin, "\xC3\xA9\xE5\xA5\xBD,", 6);
	s = recipe_setting(r, "weight", 1);
	assert_memory_equal(text + s->mark.begin, "*w,", 3);
	assert_true(s->number == 0.25);
	s = recipe_setting(r, "density", 1);
	assert_memory_equal(text + s->mark.begin, "'1.5'}", 6);
	assert_true(s->number == 1.5);
	assert_int_equal(r->method_mark.line, 6);
	assert_memory_equal(text + r->method_mark.begin, "linear", 7);
	recipe_unref(r);
}

static void merge_keys_and_duplicates(void **state)
{
	struct recipe *r = parse("x: &x {weight: 0.1, density: 0.2}\ny: &y {density: 0.3, gamma: 0.4}\n"
		"models:\n- model: a\n  parameters:\n    <<: [*x, *y]\n    weight: 0.5\n"
		"- model: b\n  parameters: {<<: *y, <<: *x, weight: 1, weight: 2}\nmerge_method: ties\n");
	const struct yaml_node *p;

	(void)state;
	assert_non_null(r);
	assert_true(recipe_setting(r, "weight", 0)->number == 0.5);
	assert_true(recipe_setting(r, "density", 0)->number == 0.2); /* the first of a list wins */
	assert_true(recipe_setting(r, "gamma", 0)->number == 0.4);
	assert_true(recipe_setting(r, "weight", 1)->number == 2);    /* the last of equal keys wins */
	assert_true(recipe_setting(r, "density", 1)->number == 0.2);
	assert_int_equal(r->models[0].params.n, 3);
	p = yaml_get(yaml_get(r->tree, "models")->items[1], "parameters");
	assert_int_equal(p->pairs[2].kind, Y_SHADOWED);
	recipe_unref(r);
}

static double param(const struct recipe *r, const char *name, int input, const char *tensor, double t)
{
	struct err e = { 0 };
	double v = recipe_param(r, method_param(r->method, name), input, tensor, t, &e);

	if (e.code != ERR_NONE)
		print_message("%s: %s\n", e.where, e.what);
	return v;
}

static void precedence_goes_outwards(void **state)
{
	struct recipe *r = parse("modules:\n  default:\n    parameters: {density: 0.6, lambda: 0.5}\n"
		"    slices:\n    - parameters: {weight: 0.7}\n      sources:\n"
		"      - {model: base, layer_range: ['0', 4.0]}\n"
		"      - {model: a, layer_range: [0, 4], parameters: {weight: [{filter: mlp, value: 0.1}], "
		"lambda: 9, normalize: false}}\n"
		"merge_method: ties\nbase_model: base\nparameters: {density: 0.9, rescale: yes}\n");

	(void)state;
	assert_non_null(r);
	assert_int_equal(r->n_problems, 0);
	assert_int_equal(recipe_base(r), 0);
	assert_int_equal(recipe_inputs(r), 2);
	assert_true(param(r, "weight", 1, "x.mlp.y", 0) == 0.1);
	assert_true(param(r, "weight", 1, "x.attn.y", 0) == 0.7);   /* no filter matches: look outwards */
	assert_true(isnan(param(r, "weight", 0, "x.mlp.y", 0)));    /* the base has none */
	assert_true(param(r, "density", 1, "x", 0) == 0.6);
	assert_true(param(r, "lambda", -1, "x", 0) == 0.5);         /* not the one under a model */
	assert_true(param(r, "normalize", -1, "x", 0) == 1.0);      /* default */
	assert_true(param(r, "rescale", -1, "x", 0) == 1.0);
	recipe_unref(r);
}

static void the_base_comes_last_if_not_listed(void **state)
{
	struct recipe *r = parse("models: [{model: a, parameters: {weight: 1}}, {model: b}]\n"
		"base_model: {model: {path: c, revision: r1}}\nmerge_method: ties\n");
	struct err e = { 0 };

	(void)state;
	assert_int_equal(recipe_inputs(r), 3);
	assert_int_equal(recipe_base(r), 2);
	assert_string_equal(recipe_input_ref(r, 2)->text, "c@r1");
	assert_null(recipe_input_ref(r, 3));
	assert_true(isnan(recipe_param(r, method_param(r->method, "weight"), 1, "t.w", 0, &e)));
	assert_int_equal(e.code, ERR_INPUT);
	assert_non_null(strstr(e.what, "weight is missing for b"));
	recipe_unref(r);
}

static void references_split_as_the_peer_does(void **state)
{
	struct recipe *r = parse("models: [{model: a/b@v1+lo/ra@v2:0.7+c}, {model: 'x@y@z'}, {model: +l}, {}, s]\n"
		"merge_method: linear\n");
	const struct recipe_ref_text *m = &r->models[0].model;

	(void)state;
	assert_string_equal(m->text, "a/b@v1+lo/ra@v2:0.7+c");
	assert_string_equal(m->path, "a/b");
	assert_string_equal(m->revision, "v1");
	assert_int_equal(m->n_loras, 2);
	assert_string_equal(m->loras[0].path, "lo/ra");
	assert_string_equal(m->loras[0].revision, "v2");
	assert_true(m->loras[0].scale == 0.7);
	assert_true(m->loras[1].scale == 1.0);
	assert_int_equal(r->n_problems, 4);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(r->problems[i].code, "bad-model");
	recipe_unref(r);
}

struct wrong {
	const char *text, *where, *what;
};
static void text_that_is_no_recipe(void **state)
{
	static const struct wrong cases[] = {
		{ "", "r.yml", "empty" }, { "# nothing\n", "r.yml", "empty" }, { "- a\n", "r.yml", "not a recipe" },
		{ "a: [1, 2\nb: 3\n", "r.yml:2:", "not YAML" }, { "a: 1\n\tb: 2\n", "r.yml:2:1", "tab" },
		{ "a:\tb\n", "r.yml:1:3", "tab" }, { "a: b\t# c\n", "r.yml:1:5", "tab" },
		{ "a: '\t' #\t\nb: [c,\td]\n", "r.yml:2:7", "tab" },
		{ "a: *b\n", "r.yml:1:4", "not defined" }, { "a: &b [*b]\n", "r.yml:1:8", "contains itself" },
		{ "a: &b 1\nc: &b 2\n", "r.yml:2:4", "defined twice" },
		{ "a: !!python/object:os.system x\n", "r.yml:1:4", "tag" },
		{ "a: !!int x\n", "r.yml:1:4", "tag" }, { "a: \x01\n", "r.yml", "control" },
		{ "a: \xFF\xFE\n", "r.yml", "UTF-8" }, { "? [a]\n: b\n", "r.yml:1:3", "key" },
		{ "a: \"\\0\"\n", "r.yml:1:4", "NUL" }, { "a: 1\n---\nb: [\n", "r.yml", "not YAML" },
		{ "<<: 5\na: 1\n", "r.yml:1:5", "only a map" }, { "a: 'x\n", "r.yml", "not YAML" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err e = { 0 };
		struct recipe *r = recipe_parse(cases[i].text, strlen(cases[i].text), "r.yml", &e);

		if (r || !str_starts(e.where, cases[i].where) || !strstr(e.what, cases[i].what))
			fail_msg("case %zu: %s: %s", i, e.where, e.what);
		assert_int_equal(e.code, ERR_INPUT);
	}
}

static void documents_are_counted(void **state)
{
	struct recipe *r = parse("---\nmodels: [{model: a}]\nmerge_method: linear\n---\nname: x\n---\n");

	(void)state;
	assert_int_equal(r->documents, 2);
	assert_int_equal(r->document, 0);
	assert_int_equal(r->n_models, 1);
	assert_int_equal(r->n_problems, 0);
	assert_string_equal(r->file[1]->name, "x");
	assert_int_equal(recipe_document_called(r, "x"), 1);
	assert_int_equal(recipe_document_called(r, "y"), -1);
	recipe_unref(r);
}

/* Each of these is small and would be huge, deep or slow if it were taken at its word. */
static void hostile_text_is_refused_early(void **state)
{
	struct str s = STR_INIT;
	struct err e = { 0 };

	(void)state;
	str_add(&s, "a: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (int i = 1; i < 12; i++)
		str_addf(&s, "b%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i, i - 1, i - 1,
			i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	assert_null(recipe_parse(s.s, s.n, NULL, &e));
	assert_non_null(strstr(e.what, "expand"));
	str_clear(&s);
	for (int i = 0; i < 1000000; i++)
		str_addc(&s, '[');
	assert_null(recipe_parse(s.s, s.n, NULL, &e));
	assert_non_null(strstr(e.what, "nested"));
	str_clear(&s);
	str_add(&s, "a: 1\n---\n");
	for (int i = 0; i < 1000000; i++)
		str_add(&s, "{a: ");
	assert_null(recipe_parse(s.s, s.n, NULL, &e));
	str_clear(&s);
	str_add(&s, "a: [");
	for (int i = 0; i < 300000; i++)
		str_add(&s, "\xC3\xA9,");
	assert_null(recipe_parse(s.s, s.n, NULL, &e));
	assert_non_null(strstr(e.what, "more than"));
	str_clear(&s);
	for (int i = 0; i < 1100; i++)
		str_addf(&s, "k%d: &n%d 1\n", i, i);
	assert_null(recipe_parse(s.s, s.n, NULL, &e));
	assert_non_null(strstr(e.what, "anchors"));
	str_fini(&s);
}

static void a_hundred_megabytes_are_refused(void **state)
{
	size_t n = (size_t)100 << 20;
	char *text = malloc(n + 1);
	struct err e = { 0 };

	(void)state;
	assert_non_null(text);
	memset(text, ' ', n);
	text[n] = '\0';
	assert_null(recipe_parse(text, n, "big.yml", &e));
	assert_string_equal(e.where, "big.yml");
	assert_non_null(strstr(e.what, "16 MB"));
	free(text);
}

static void structure_problems_are_listed(void **state)
{
	static const struct { const char *text, *code, *path; } cases[] = {
		{ "merge_method: linear\n", "missing-models", "models" },
		{ "models: []\nmerge_method: linear\n", "missing-models", "models" },
		{ "models: 5\n", "missing-models", "models" },
		{ "models: [{model: a}]\nslices: [{sources: [{model: a, layer_range: [0, 1]}]}]\n", "models-twice",
			"slices" },
		{ "models: [{model: 5}]\n", "bad-model", "models[0].model" },
		{ "models: [{model: a, parameters: 5}]\n", "bad-type", "models[0].parameters" },
		{ "models: [{model: a, parameters: {w: [1, [2]]}}]\n", "bad-value", "models[0].parameters.w" },
		{ "models: [{model: a}]\nmerge_method: [x]\n", "bad-type", "merge_method" },
		{ "models: [{model: a}]\nseed: -1\n", "bad-value", "seed" },
		{ "slices: [{sources: [{model: a}]}]\n", "bad-range", "slices[0].sources[0].layer_range" },
		{ "slices: [{sources: [{model: a, layer_range: [0, 1.5]}]}]\n", "bad-range",
			"slices[0].sources[0].layer_range" },
		{ "slices: [{sources: [{model: a, layer_range: [0, 1]}]}, {sources: []}]\n", "missing-models",
			"slices[1]" },
		{ "modules: {default: {}}\n", "missing-models", "modules.default" },
		{ "models: [{model: a}]\ntokenizer: {tokens: 5}\n", "bad-type", "tokenizer.tokens" },
		{ "modules: {text: {models: [{model: a}], slices: [{sources: [{model: a, layer_range: [0, 1]}]}]}}\n",
			"models-twice", "modules.text" },
		{ "modules: {text: 5}\n", "bad-type", "modules.text" },
		{ "modules: [text]\n", "bad-type", "modules" },
		{ "slices: [{sources: [{model: a, layer_range: [2, 2]}]}]\n", "bad-range",
			"slices[0].sources[0].layer_range" },
		{ "slices: [{sources: [{model: a, layer_range: [0, 2]}, {model: b, layer_range: [0, 3]}]}]\n",
			"layers-differ", "slices[0].sources[1].layer_range" },
		{ "models: [{model: a}]\ntokenizer_source: a\ntokenizer: {source: b}\n", "tokenizer-twice",
			"tokenizer" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct recipe *r = parse(cases[i].text);
		struct err e = { 0 };
		bool found = false;

		assert_non_null(r);
		for (size_t k = 0; k < r->n_problems; k++)
			found |= str_eq(r->problems[k].code, cases[i].code)
				&& str_eq(r->problems[k].path, cases[i].path);
		if (!found)
			fail_msg("case %zu: no %s at %s", i, cases[i].code, cases[i].path);
		assert_false(recipe_valid(r, &e));
		assert_true(str_starts(e.where, "r.yml:"));
		recipe_unref(r);
	}
}

static void a_new_recipe_reads_back(void **state)
{
	static const char *const models[] = { "owner/a", "./b c", "yes" };
	struct recipe *r = recipe_new("dare_ties", models, 3, "owner/base", NULL);
	struct err e = { 0 };

	(void)state;
	assert_int_equal(r->n_problems, 0);
	assert_int_equal(recipe_inputs(r), 4);
	assert_string_equal(r->models[1].model.text, "./b c");
	assert_string_equal(r->models[2].model.text, "yes");
	assert_true(recipe_setting(r, "weight", 2)->number == 1.0);
	recipe_unref(r);
	r = recipe_new(NULL, models, 2, NULL, NULL);
	assert_string_equal(r->method_name, "linear");
	recipe_unref(r);
	assert_null(recipe_new("dare-ties", models, 2, NULL, &e));
	assert_non_null(strstr(e.what, "dare_ties"));
}

static struct hash hash_of(const char *text)
{
	struct recipe *r = parse(text);
	struct hash h = recipe_hash(r);

	recipe_unref(r);
	return h;
}

static void the_hash_is_of_the_meaning(void **state)
{
	static const char plain[] = "models:\n- model: a\n  parameters: {weight: 0.5, density: 0.25}\n- model: b\n"
		"  parameters: {weight: 1}\nmerge_method: ties\nbase_model: c\nparameters: {normalize: true}\n";
	static const char *const same[] = {
		"# x\nparameters:\n  normalize: yes\nbase_model: 'c'\nname: x\nmerge_method: ties\nmodels:\n"
		"- parameters:\n    density: '2.5e-1'\n    weight: 0.50\n  model: a\n"
		"- {model: b, parameters: {weight: 1.0, t: 5}}\nfoo: 1\n",
		"x: &x {weight: 0.5, density: 0.25}\nmodels: [{model: a, parameters: *x}, {model: b, "
		"parameters: {<<: *x, weight: 1, density: 1, density: 1}}]\nmerge_method: ties\nbase_model: c\n"
		"parameters: {normalize: 1}\n",
	};
	static const char *const other[] = {
		"models:\n- model: b\n  parameters: {weight: 1}\n- model: a\n  parameters: {weight: 0.5, "
			"density: 0.25}\n"
		"merge_method: ties\nbase_model: c\nparameters: {normalize: true}\n",
		"models:\n- model: a\n  parameters: {weight: 0.5, density: 0.25}\n- model: b\n"
		"  parameters: {weight: 1}\nmerge_method: dare_ties\nbase_model: c\nparameters: {normalize: true}\n",
		"models:\n- model: a\n  parameters: {weight: 0.5, density: 0.25}\n- model: b\n"
		"  parameters: {weight: 1}\nmerge_method: ties\nbase_model: c\nparameters: {normalize: "
			"true}\nseed: 0\n",
		"models:\n- model: a\n  parameters: {weight: 0.5, density: [{filter: m, value: 0.25}]}\n- model: b\n"
		"  parameters: {weight: 1}\nmerge_method: ties\nbase_model: c\nparameters: {normalize: true}\n",
	};

	(void)state;
	assert_true(hash_eq(hash_of(plain), hash_of(same[0])));
	assert_false(hash_eq(hash_of(plain), hash_of(same[1]))); /* b has a density of its own there */
	for (size_t i = 0; i < sizeof other / sizeof *other; i++)
		assert_false(hash_eq(hash_of(plain), hash_of(other[i])));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalars_mean_what_the_loader_makes_of_them),
		cmocka_unit_test(settings_evaluate_like_the_peer),
		cmocka_unit_test(marks_count_bytes_and_characters),
		cmocka_unit_test(merge_keys_and_duplicates),
		cmocka_unit_test(precedence_goes_outwards),
		cmocka_unit_test(the_base_comes_last_if_not_listed),
		cmocka_unit_test(references_split_as_the_peer_does),
		cmocka_unit_test(text_that_is_no_recipe),
		cmocka_unit_test(documents_are_counted),
		cmocka_unit_test(hostile_text_is_refused_early),
		cmocka_unit_test(a_hundred_megabytes_are_refused),
		cmocka_unit_test(structure_problems_are_listed),
		cmocka_unit_test(a_new_recipe_reads_back),
		cmocka_unit_test(the_hash_is_of_the_meaning),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
