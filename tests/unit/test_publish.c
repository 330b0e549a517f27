/* Recipes on their way out: paths become names, nothing else changes. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "recipe/publish.h"

static const struct publish_input inputs[] = {
	{ "/home/me/models/code", "owner/code", "00112233445566778899aabbccddeeff" },
	{ "/home/me/models/kjv/", NULL, NULL },
	{ "owner/known", "owner/known", "ffffffffffffffffffffffffffffffff" },
};

static void becomes(const char *text, const char *want)
{
	struct err e = { 0 };
	char *got = recipe_publish(text, inputs, sizeof inputs / sizeof *inputs, &e);

	if (!got)
		fail_msg("%s: %s", e.where, e.what);
	assert_string_equal(got, want);
	free(got);
}

static void paths(void **state)
{
	(void)state;
	becomes("models:\n"
		"  - model: /home/me/models/code   # mine\n"
		"    parameters: {weight: 1.40}\n"
		"  - model: '/home/me/models/kjv/'\n"
		"base_model: owner/known\n"
		"merge_method: linear\n",
		"models:\n"
		"  - model: owner/code   # mine # hash 00112233445566778899aabbccddeeff\n"
		"    parameters: {weight: 1.40}\n"
		"  - model: kjv\n"
		"base_model: owner/known\n"
		"merge_method: linear\n");
	/* No end of line at the end, and Windows' ones. */
	becomes("base_model: /home/me/models/code",
		"base_model: owner/code # hash 00112233445566778899aabbccddeeff");
	becomes("base_model: /home/me/models/code\r\ndtype: x\r\n",
		"base_model: owner/code # hash 00112233445566778899aabbccddeeff\r\ndtype: x\r\n");
	/* Two in one line, flow style, one known to nobody. */
	becomes("models: [{model: /a/b/one}, {model: \"/home/me/models/code\"}]\n",
		"models: [{model: one}, {model: owner/code}] # hash "
		"00112233445566778899aabbccddeeff\n");
	becomes("tokenizer_source: ~/secret/tok\n", "tokenizer_source: tok\n");
	becomes("base_model: /a/base@rev+/b/lora:0.5\n", "base_model: base@rev+lora:0.5\n");
	becomes("base_model: owner/x+/b/lora\n", "base_model: owner/x+lora\n");
	becomes("base_model: {model: {path: /a/deep/name, revision: r}}\n",
		"base_model: {model: {path: name, revision: r}}\n");
	becomes("base_model: /hub/models--own--na--me/snapshots/abc123\n",
		"base_model: own/na--me\n");
	/* An alias says what its anchor says. */
	becomes("x: &p /a/b\ny: *p\n", "x: &p b\ny: *p\n");
}

static void everything_else(void **state)
{
	static const char *const same[] = { "", "a: 1\n", "# /a/path in a comment\nmodels: []\n",
		"models:\n- model: ../relative\n", "t: |\n  /in/a/block\n", "a: b+c\n",
		"a: '+'\n" };

	(void)state;
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		becomes(same[i], same[i]);
}

static void not_yaml(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_null(recipe_publish("a: [", NULL, 0, &e));
	assert_true(e.what[0]);
}

static void names(void **state)
{
	static const struct { const char *path, *name, *revision; } cases[] = {
		{ "/a/b", "b", NULL }, { "/a/b///", "b", NULL }, { "b", "b", NULL },
			{ "/", "/", NULL },
		{ "", "", NULL },
		{ "/h/models--o--n/snapshots/r1", "o/n", "r1" },
		{ "/h/models--o--n/snapshots/r1/model.safetensors", "o/n", "r1" },
		{ "/h/models--gpt2/snapshots/r1", "gpt2", "r1" },
		{ "/h/models--o--n", "o/n", NULL }, { "/h/models--o--n/snapshots/", "o/n", NULL },
		{ "/h/models--/x", "x", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *name = publish_name(cases[i].path),
			*revision = publish_revision(cases[i].path);

		assert_string_equal(name, cases[i].name);
		if (cases[i].revision)
			assert_string_equal(revision, cases[i].revision);
		else
			assert_null(revision);
		free(name);
		free(revision);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths),
		cmocka_unit_test(everything_else),
		cmocka_unit_test(not_yaml),
		cmocka_unit_test(names),
	};

	return cmocka_run_group_tests_name("publish", tests, NULL, NULL);
}
