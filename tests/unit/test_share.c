/* One run as one file: what is written is read again, line by line; what is odd is passed over. */
#include "config.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "base/str.h"
#include "recipe/publish.h"
#include "recipe/share.h"
#include "system/file.h"

static char *golden(size_t *n)
{
	const char *top = getenv("top_srcdir");
	char *path = xasprintf("%s/tests/golden/recipe/shared.yml", top ? top : ".");
	char *text = file_read_all(path, 1 << 20, n, NULL);

	free(path);
	assert_non_null(text);
	return text;
}

static void reads(void **state)
{
	size_t n;
	char *text = golden(&n);
	struct share s;

	(void)state;
	assert_true(share_read(&s, text, n));
	assert_true(s.quantized && s.has_seed && s.seed == UINT64_MAX);
	assert_string_equal(s.name, "agent \"3\"");
	assert_string_equal(s.version, "0.1.0");
	assert_string_equal(s.output_hash, "fedcba9876543210fedcba9876543210");
	assert_int_equal(s.inputs.n, 3);
	assert_string_equal(s.inputs.v[0].name, "maker/code-3b");
	assert_int_equal(strlen(s.inputs.v[0].revision), 40);
	assert_int_equal(s.inputs.v[0].files.n, 2);
	assert_true(s.inputs.v[0].files.v[0].bytes == 4976698672u);
	assert_int_equal(strlen(s.inputs.v[0].files.v[1].sha256), 64);
	assert_string_equal(s.inputs.v[1].role, "base");
	assert_null(s.inputs.v[1].hash);
	assert_true(s.inputs.v[2].made);
	assert_int_equal(s.results.n, 3);
	assert_true(s.results.v[0].value == 0.686 && s.results.v[0].stderr_ == 0.0095);
	assert_int_equal(s.results.v[0].n, 2376);
	assert_string_equal(json_text(s.results.v[0].protocol, "tool", ""), "lm-eval");
	assert_true(s.results.v[1].estimated && isnan(s.results.v[1].stderr_));
	assert_string_equal(s.results.v[1].variant, "the q8-hi");
	assert_int_equal(s.results.v[2].line, 16);
	assert_string_equal(s.plan, "preset: Q4_K_M\n\nrules:\n  - {role: ffn_down, type: Q6_K}\n");
	assert_true(str_starts(text + s.body, "# my mix\nmodels:"));
	share_fini(&s);
	free(text);
}

static void writes_what_it_read(void **state)
{
	size_t n;
	char *text = golden(&n);
	struct str out = STR_INIT;
	struct share s;

	(void)state;
	assert_true(share_read(&s, text, n));
	share_write(&s, &out);
	str_add(&out, text + s.body);
	assert_string_equal(out.s, text);
	share_fini(&s);
	str_fini(&out);
	free(text);
}

/* Names end neither their field nor their line. */
static void keeps_to_its_line(void **state)
{
	struct share s = { .version = xstrdup("1"), .name = xstrdup("a\n# seed 9\n  b   c ") }, got;
	struct share_input *in = vec_push(&s.inputs);
	struct str out = STR_INIT;

	(void)state;
	in->role = xstrdup("input");
	in->name = xstrdup("x  hash 00000000000000000000000000000000");
	share_write(&s, &out);
	assert_true(share_read(&got, out.s, out.n));
	assert_false(got.has_seed);
	assert_null(strchr(got.name, '\n'));
	assert_int_equal(got.inputs.n, 1);
	assert_string_equal(got.inputs.v[0].name, "x hash 00000000000000000000000000000000");
	assert_null(got.inputs.v[0].hash);
	share_fini(&s);
	share_fini(&got);
	str_fini(&out);
}

static void is_none(void **state)
{
	static const char *const texts[] = { "", "#", "# merged by hand\n", "models: []\n",
		"# name x\n# merged by cupel 1\n", "#merged by cupel 1", "# merged by cupel \n" };
	struct share s;

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		assert_int_equal(share_read(&s, texts[i], strlen(texts[i])), i == 5);
		share_fini(&s);
	}
}

static void text_without_paths(void **state)
{
	static const struct { const char *text, *want; } cases[] = {
		{ "pretrained=/home/me/models/x,dtype=auto", "pretrained=x,dtype=auto" },
		{ "~/a/b.gguf and \"/mnt/c d\"", "b.gguf and \"c d\"" },
		{ "file:///srv/m/n", "n" }, { "C:\\Users\\me\\m.gguf", "m.gguf" },
		{ "arc/e 3/5 a / b http://x.org/y", "arc/e 3/5 a / b http://x.org/y" },
		{ "", "" }, { "/", "/" },
		{ "/x/models--o--n/snapshots/abc", "o/n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct str s = STR_INIT;

		publish_text(&s, cases[i].text);
		assert_string_equal(s.s, cases[i].want);
		str_fini(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads),
		cmocka_unit_test(writes_what_it_read),
		cmocka_unit_test(keeps_to_its_line),
		cmocka_unit_test(is_none),
		cmocka_unit_test(text_without_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
