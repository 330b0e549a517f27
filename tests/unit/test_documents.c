#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "base/str.h"
#include "recipe/lint.h"

#define STEP(name, a, b) "name: " name "\nmodels:\n  - model: " a "\n    parameters: {weight: 1}\n" \
	"  - model: " b "\n    parameters: {weight: 2} # of " name "\nmerge_method: linear\n"

static struct recipe *parse(const char *text, size_t document)
{
	struct err e = { 0 };
	struct recipe *r = recipe_parse_document(text, strlen(text), "r.yml", document, &e);

	if (!r)
		print_message("%s: %s\n%s\n", e.where, e.what, text);
	assert_non_null(r);
	return r;
}

/* Which document a file is for. */
static void the_result_is_the_one_nobody_uses(void **state)
{
	static const struct { const char *text; size_t final; } cases[] = {
		{ STEP("x", "a", "b"), 0 },
		{ STEP("x", "a", "b") "---\n" STEP("y", "x", "c"), 1 },
		{ STEP("y", "x", "c") "---\n" STEP("x", "a", "b"), 0 },
		{ STEP("x", "a", "b") "---\n" STEP("y", "a", "c"), 1 },
		{ "models: [{model: x}]\nmerge_method: linear\n---\n" STEP("x", "a", "b") "---\n"
			STEP("z", "a", "b"), 0 },
		/* documents of nothing are none */
		{ "---\n---\n" STEP("x", "a", "b") "---\n# nothing\n---\n" STEP("y", "x", "c") "---\n", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct recipe *r = parse(cases[i].text, RECIPE_FINAL);

		if (r->document != cases[i].final || recipe_final(r) != cases[i].final)
			fail_msg("case %zu: %zu", i, r->document);
		recipe_unref(r);
	}
}

static void names_mean_documents(void **state)
{
	struct recipe *r = parse(STEP("x", "a", "b") "---\n" STEP("y", "x", "c") "base_model: {model: {path: x}}\n",
		RECIPE_FINAL);
	bool used[2];

	(void)state;
	assert_ptr_equal(recipe_of_ref(r, &r->models[0].model), r->file[0]);
	assert_ptr_equal(recipe_of_ref(r, &r->base), r->file[0]);
	assert_null(recipe_of_ref(r, &r->models[1].model));
	recipe_uses(r, used);
	assert_true(used[0] && used[1]);
	recipe_uses(r->file[0], used);
	assert_true(used[0] && !used[1]);
	recipe_unref(r);
	/* alone, a name is nobody's */
	r = parse("name: a\nmodels: [{model: a}]\nmerge_method: linear\n", RECIPE_FINAL);
	assert_null(recipe_of_ref(r, &r->models[0].model));
	assert_int_equal(r->n_problems, 0);
	recipe_unref(r);
}

/* One value of one document, every other byte as it was; the number of the document stays. */
static void every_document_can_be_edited(void **state)
{
	static const char before[] = "# first\r\n" STEP("x", "a", "b") "---\n\n# second\n" STEP("y", "x", "c")
		"...\n--- # third\n{models: [{model: y}], merge_method: linear}\n";
	static const struct { size_t document; const char *param; int input; const char *value, *part; } cases[] = {
		{ 0, "weight", 1, "0.5", "{weight: 0.5} # of x" },
		{ 1, "weight", 0, "[0, 1]", "- model: x\n    parameters: {weight: [0, 1]}" },
		{ 1, "normalize", -1, "false",
			"merge_method: linear\nparameters:\n  normalize: false\n...\n--- # third" },
		{ 0, "normalize", -1, "false",
			"merge_method: linear\nparameters:\n  normalize: false\n---\n\n# second" },
		{ 2, "weight", 0, "3", "{models: [{model: y, parameters: {weight: 3}}], merge" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct recipe *r = parse(before, cases[i].document), *next;
		struct recipe_target t = { cases[i].param, cases[i].input, -1, -1 };
		struct err e = { 0 };
		const char *at;
		size_t n;

		next = recipe_edit_text(r, &t, cases[i].value, &e);
		if (!next)
			fail_msg("case %zu: %s", i, e.what);
		assert_int_equal(next->document, cases[i].document);
		assert_int_equal(next->documents, 3);
		at = strstr(next->text, cases[i].part);
		if (!at)
			fail_msg("case %zu:\n%s", i, next->text);
		/* what stands before and behind is as before */
		for (n = 0; before[n] == next->text[n]; n++)
			;
		assert_true(n >= (size_t)(at - next->text));
		assert_string_equal(before + strlen(before) - (strlen(at) - strlen(cases[i].part)),
			at + strlen(cases[i].part));
		recipe_unref(next);
		recipe_unref(r);
	}
}

static void edits_do_not_merge_documents(void **state)
{
	struct recipe *r = parse("merge_method: linear\n---\n" STEP("y", "x", "c"), 0);
	struct err e = { 0 };

	(void)state;
	assert_null(recipe_edit_top(r, "merge_method", NULL, &e)); /* it would be no document */
	recipe_unref(r);
}

/* The hash is of what is done: another name changes nothing, another weight inside does. */
static void the_hash_knows_what_is_inside(void **state)
{
	struct recipe *a = parse(STEP("x", "a", "b") "---\n" STEP("y", "x", "c"), RECIPE_FINAL);
	struct recipe *b = parse(STEP("z", "a", "b") "---\n" STEP("y", "z", "c"), RECIPE_FINAL);
	struct recipe *c = parse(STEP("x", "a", "d") "---\n" STEP("y", "x", "c"), RECIPE_FINAL);
	struct recipe *alone = parse(STEP("y", "x", "c"), RECIPE_FINAL);

	(void)state;
	assert_true(hash_eq(recipe_hash(a), recipe_hash(b)));
	assert_false(hash_eq(recipe_hash(a), recipe_hash(c)));
	assert_false(hash_eq(recipe_hash(a), recipe_hash(alone)));
	assert_false(hash_eq(recipe_hash(a), recipe_hash(a->file[0])));
	recipe_unref(a);
	recipe_unref(b);
	recipe_unref(c);
	recipe_unref(alone);
}

static void rings_and_crowds_are_refused_early(void **state)
{
	struct str s = STR_INIT;
	struct err e = { 0 };
	struct recipe *r;

	(void)state;
	for (int i = 0; i < RECIPE_MAX_DOCUMENTS; i++)
		str_addf(&s, "---\nname: n%d\nmodels: [{model: n%d}, {model: n%d}]\nmerge_method: linear\n", i,
			(i + 1) % RECIPE_MAX_DOCUMENTS, (i + 2) % RECIPE_MAX_DOCUMENTS);
	r = parse(s.s, RECIPE_FINAL);
	assert_false(recipe_valid(r, &e));
	assert_non_null(strstr(e.what, "circular dependency: n0 needs"));
	assert_false(hash_is_zero(recipe_hash(r)));
	recipe_unref(r);
	str_add(&s, "---\nmodels: [{model: n0}]\n");
	assert_null(recipe_parse(s.s, s.n, NULL, &e));
	assert_non_null(strstr(e.what, "257 documents"));
	str_fini(&s);
	assert_null(recipe_parse("a: b\n---\n- c\n", 13, "r.yml", &e));
	assert_string_equal(e.where, "r.yml:3:1");
}

/* Each use computes it again: 1, 1, 2, 3, 5 … from the result down. */
static void uses_multiply(void **state)
{
	static const double expected[] = { 8, 5, 3, 2, 1, 1, 0 };
	struct str s = STR_INIT;
	struct findings f = { 0 };
	double times[12];
	struct recipe *r;
	size_t often = 0;

	(void)state;
	r = parse(STEP("f0", "a", "b") "---\n" STEP("f1", "f0", "b") "---\n" STEP("f2", "f1", "f0") "---\n"
		STEP("f3", "f2", "f1") "---\n" STEP("f4", "f3", "f2") "---\n" STEP("f5", "f4", "f3") "---\n"
		STEP("alone", "f5", "a"), 5);
	recipe_times(r, times);
	for (size_t i = 0; i < 7; i++)
		assert_true(times[i] == expected[i]);
	recipe_unref(r);
	for (int i = 0; i < 12; i++)
		str_addf(&s, "---\nname: f%d\nmodels: [{model: %s%d, parameters: {weight: 1}}, {model: f%d, "
			"parameters: {weight: 2}}]\nmerge_method: linear\n", i, i < 2 ? "a" : "f", i < 2 ? i
			: i - 2, i ? i - 1 : 99);
	r = parse(s.s, RECIPE_FINAL);
	lint_file(r, &f);
	for (size_t i = 0; i < f.n; i++)
		often += str_eq(f.v[i].code, "document-often");
	assert_true(often >= 4 && often < 8);
	findings_fini(&f);
	recipe_unref(r);
	str_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_result_is_the_one_nobody_uses),
		cmocka_unit_test(names_mean_documents),
		cmocka_unit_test(every_document_can_be_edited),
		cmocka_unit_test(edits_do_not_merge_documents),
		cmocka_unit_test(the_hash_knows_what_is_inside),
		cmocka_unit_test(rings_and_crowds_are_refused_early),
		cmocka_unit_test(uses_multiply),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
