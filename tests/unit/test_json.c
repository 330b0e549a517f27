/* json: what Python writes, what an attacker writes, and text that reads back the same. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/xalloc.h"

static json_t *parse(const char *text, struct err *e)
{
	return json_parse(text, strlen(text), "t.json", true, e);
}

static void pythons_words_are_read(void **state)
{
	struct err e = { 0 };
	json_t *j = parse("{\"a\": NaN, \"b\": [Infinity, -Infinity, -1], \"NaN\": \"Infinity\\\" "
		"NaN\"}",
		&e);

	(void)state;
	assert_non_null(j);
	assert_true(isnan(json_num(j, "a", 1)));
	assert_true(json_num(json_array_get(json_at(j, "b"), 0), "", 0) == INFINITY);
	assert_true(json_num(json_array_get(json_at(j, "b"), 1), "", 0) == -INFINITY);
	assert_int_equal(json_int(json_array_get(json_at(j, "b"), 2), "", 0), -1);
	assert_string_equal(json_text(j, "NaN", ""), "Infinity\" NaN");
	json_decref(j);
}

static void getters_never_crash(void **state)
{
	struct err e = { 0 };
	json_t *j = parse("{\"text_config\": {\"vocab_size\": 32000, \"x\": 1.5}, \"a.b\": true, "
		"\"i\": 7.0, \"s\": \"v\"}", &e);

	(void)state;
	assert_int_equal(json_int(j, "text_config.vocab_size", -1), 32000);
	assert_int_equal(json_int(j, "text_config.x", -1), -1);
	assert_int_equal(json_int(j, "i", -1), 7);
	assert_true(json_flag(j, "a.b", false));
	assert_int_equal(json_int(j, "s.deeper.still", -1), -1);
	assert_string_equal(json_text(j, "i", "none"), "none");
	assert_string_equal(json_text(NULL, "i", "none"), "none");
	assert_true(json_num(NULL, "a", 2) == 2);
	assert_null(json_at(j, "text_config.nothing"));
	json_decref(j);
}

static void integers_beyond_64_bits_are_numbers(void **state)
{
	json_t *j = parse("{\"a\": 1000000000000000019884624838656, \"b\": [9223372036854775807,\n"
			  "-9223372036854775808, 0.12345678901234567890123], \"c\": "
			  "\"12345678901234567890\"}",
		NULL);

	(void)state;
	assert_non_null(j);
	assert_true(json_num(j, "a", 0) == 1000000000000000019884624838656.0);
	assert_true(json_integer_value(json_array_get(json_at(j, "b"), 0)) == INT64_MAX);
	assert_true(json_number_value(json_array_get(json_at(j, "b"), 1)) == (double)INT64_MIN);
	assert_true(
		json_real_value(json_array_get(json_at(j, "b"), 2)) == 0.12345678901234567890123);
	assert_string_equal(json_text(j, "c", ""), "12345678901234567890");
	json_decref(j);
}

static void bad_json_is_refused(void **state)
{
	static const char *const bad[] = { "", "{", "[1,]", "{\"a\": 1, \"a\": 2}", "nul", "NaNs",
		"\"\xff\"", "{\"a\": --Infinity}", "\"abc", "\"abc\\", "[1] x", "Infinit" };
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		memset(&e, 0, sizeof e);
		assert_null(parse(bad[i], &e));
		assert_int_equal(e.code, ERR_INPUT);
		assert_string_equal(e.where, "t.json");
		assert_true(e.what[0] && e.hint[0]);
	}
}

static void depth_is_limited(void **state)
{
	size_t n = 1000000;
	char *deep = xmalloc(n);
	struct err e = { 0 };
	json_t *j;

	(void)state;
	memset(deep, '[', n);
	assert_null(json_parse(deep, n, "deep", false, &e));
	assert_non_null(strstr(e.what, "256 levels"));
	memset(deep + 256, ']', 256);
	j = json_parse(deep, 512, "deep", false, &e);
	assert_non_null(j);
	json_decref(j);
	free(deep);
}

static void reals_are_shortest(void **state)
{
	static const struct {
		double v;
		const char *text;
	} rows[] = { { 0.1, "0.1" }, { 1, "1.0" }, { 1e300, "1e+300" }, { -2.5e-7, "-2.5e-07" },
		{ 0.30000000000000004, "0.30000000000000004" },
		{ 5e-324, "4.94065645841247e-324" } };
	struct str s = STR_INIT;
	json_t *j;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		j = json_real(rows[i].v);
		str_clear(&s);
		json_add(&s, j, 0);
		assert_string_equal(s.s, rows[i].text);
		json_decref(j);
	}
	j = json_number(NAN);
	assert_true(json_is_null(j));
	json_decref(j);
	str_fini(&s);
}

static void text_is_safe_and_whole(void **state)
{
	struct str s = STR_INIT;
	json_t *j = json_pack("{s:s, s:[], s:{}}", "k\033",
		"a\"\\\n\t\033[2J\xc2\x9b\xe2\x80\xae é", "e", "o");
	json_t *back, *bad = json_textn("x\xff");
	struct err e = { 0 };

	(void)state;
	json_add(&s, j, 0);
	assert_string_equal(s.s, "{\"k\\u001b\": \"a\\\"\\\\\\n\\t\\u001b[2J\\u009b\\u202e é\", "
		"\"e\": [], \"o\": {}}");
	back = json_parse(s.s, s.n, "back", true, &e);
	assert_true(json_equal(j, back));
	assert_string_equal(json_string_value(bad), "x\\xFF");
	json_decref(bad);
	json_decref(back);
	json_decref(j);
	str_fini(&s);
}

static void files_come_back(void **state)
{
	char dir[] = "json-test-XXXXXX", *path, *fifo;
	struct err e = { 0 };
	json_t *j = json_pack("{s:i, s:f}", "a", 1, "b", 0.25), *back;

	(void)state;
	assert_non_null(mkdtemp(dir));
	path = xasprintf("%s/x.json", dir);
	fifo = xasprintf("%s/fifo", dir);
	assert_true(json_write_file(path, j, 2, &e));
	back = json_parse_file(path, 1000, &e);
	assert_true(json_equal(j, back));
	json_decref(back);
	assert_null(json_parse_file(path, 4, &e));
	assert_non_null(strstr(e.what, "larger than the 4 bytes"));
	assert_null(json_parse_file("no/such/file", 4, &e));
	assert_null(json_parse_file(dir, 4000, &e));
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_null(json_parse_file(fifo, 4000, &e)); /* empty at once, never a wait */
	assert_false(json_write_file("no/such/dir/x.json", j, 2, &e));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(unlink(fifo), 0);
	assert_int_equal(rmdir(dir), 0); /* and no temporary file is left */
	json_decref(j);
	free(path);
	free(fifo);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pythons_words_are_read),
		cmocka_unit_test(getters_never_crash),
		cmocka_unit_test(integers_beyond_64_bits_are_numbers),
		cmocka_unit_test(bad_json_is_refused),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(reals_are_shortest),
		cmocka_unit_test(text_is_safe_and_whole),
		cmocka_unit_test(files_come_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
