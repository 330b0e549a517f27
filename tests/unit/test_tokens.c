/* Tokens of a text as the tokenizers library makes them, for every way of cutting that is known, and
 * back; what is not known is refused by name. */
#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include "base/json.h"
#include "infer/split.h"
#include "infer/tokenizer.h"
#include "infer_test.h"

static float one(uint64_t i, unsigned which)
{
	(void)i, (void)which;
	return 1;
}

/* A model whose tokenizer is this file. */
static struct model *with_tokenizer(const char *name, const json_t *file)
{
	struct scratch_tensor t = scratch_tensor("x", DT_F32, 0, 4, one, 0);
	char *path = scratch_model(folder, name, &t, 1, "{\"model_type\": \"llama\"}");
	char *text = json_dumps(file, JSON_COMPACT);
	struct err e = { 0 };
	struct model *m;

	scratch_free(&t, 1);
	scratch_write(path, "tokenizer.json", text, strlen(text));
	m = model_open(path, &e);
	if (!m)
		fail_msg("%s: %s", e.where, e.what);
	free(text);
	free(path);
	return m;
}

static void check(const struct tokenizer *t, const char *name, const json_t *x, bool special)
{
	const json_t *want = json_object_get(x, special ? "special" : "plain");
	const json_t *text = json_object_get(x, "text");
	struct tokens got = { 0 };

	if (!json_is_array(want))
		return;
	assert_true(tokenizer_encode(t, json_string_value(text), json_string_length(text), special,
		&got, NULL));
	for (size_t i = 0; i < got.n && i < json_array_size(want); i++)
		if (got.v[i] != json_integer_value(json_array_get(want, i)))
			fail_msg("%s, '%s': token %zu is %u, not %lld", name,
				json_string_value(text), i, got.v[i],
				json_integer_value(json_array_get(want, i)));
	assert_int_equal(got.n, json_array_size(want));
	free(got.v);
}

/* Merges as files before 2024 have them: "a b" for ["a", "b"]. */
static json_t *older(const json_t *file)
{
	json_t *copy = json_deep_copy(file), *list = json_array(), *j;
	size_t i;

	json_array_foreach(json_at(copy, "model.merges"), i, j)
		json_array_append_new(list, json_sprintf("%s %s",
			json_string_value(json_array_get(j, 0)),
			json_string_value(json_array_get(j, 1))));
	json_object_set_new(json_object_get(copy, "model"), "merges", list);
	return copy;
}

static void as_the_library(void **state)
{
	size_t i, k;
	json_t *c, *x;

	(void)state;
	json_array_foreach(cases, i, c) {
		const char *name = json_text(c, "name", "");
		json_t *old = older(json_object_get(c, "file"));
		struct model *m[2] = { with_tokenizer(name, json_object_get(c, "file")),
			with_tokenizer("old", old) };
		struct hash first = { { 0 } };

		for (int form = 0; form < 2; form++) {
			struct err e = { 0 };
			struct tokenizer *t = tokenizer_open(m[form], &e);

			if (!t)
				fail_msg("%s: %s", name, e.what);
			assert_int_equal(tokenizer_bos(t), json_int(c, "bos", 0));
			json_array_foreach(json_object_get(c, "texts"), k, x) {
				check(t, name, x, true);
				check(t, name, x, false);
			}
			if (form)
				assert_true(hash_eq(first, tokenizer_hash(t)));
			first = tokenizer_hash(t);
			tokenizer_free(t);
			model_unref(m[form]);
		}
		json_decref(old);
	}
	assert_int_equal(i, 5);
}

/* What comes back is what was put in, control tokens read as text and bytes that are no UTF-8. */
static void there_and_back(void **state)
{
	static const char odd[] = "a\xff\xfe \xc3( \xe2\x82 end \xf0\x9f\xa6 <|end|>\0x \x80\n\n ";
	size_t i;
	json_t *c;

	(void)state;
	json_array_foreach(cases, i, c) {
		struct model *m = with_tokenizer("back", json_object_get(c, "file"));
		struct tokenizer *t = tokenizer_open(m, NULL);
		struct tokens ids = { 0 };
		struct str back = STR_INIT;

		assert_true(tokenizer_encode(t, odd, sizeof odd - 1, false, &ids, NULL));
		for (size_t k = 0; k < ids.n; k++) {
			size_t n = 0;
			const char *s = tokenizer_bytes(t, ids.v[k], &n);

			assert_non_null(s);
			assert_string_not_equal(s, "<|end|>");
			str_addn(&back, s, n);
		}
		assert_int_equal(back.n, sizeof odd - 1);
		assert_memory_equal(back.s, odd, back.n);
		str_fini(&back);
		free(ids.v);
		tokenizer_free(t);
		model_unref(m);
	}
}

static void refuses(const char *name, const char *path, const char *value, const char *said)
{
	json_t *file = json_deep_copy(json_object_get(json_array_get(cases, 3), "file"));
	char *dot = strrchr(path, '.');
	char *outer = dot ? xstrndup(path, (size_t)(dot - path)) : NULL;
	json_t *at = outer ? json_at(file, outer) : file;
	struct err e = { 0 };
	struct model *m;

	json_object_set_new(at, dot ? dot + 1 : path, json_loads(value, JSON_DECODE_ANY, NULL));
	m = with_tokenizer(name, file);
	if (tokenizer_open(m, &e))
		fail_msg("%s = %s was taken", path, value);
	if (!strstr(e.what, said))
		fail_msg("%s: %s", path, e.what);
	model_unref(m);
	json_decref(file);
	free(outer);
}

static void what_is_not_known(void **state)
{
	(void)state;
	refuses("cut", "pre_tokenizer", "{\"type\": \"Whitespace\"}", "Whitespace");
	refuses("cut2", "pre_tokenizer", "{\"type\": \"Split\", \"pattern\": {\"Regex\": \"x+\"}, "
		"\"behavior\": \"Isolated\"}", "x+");
	refuses("norm", "normalizer", "{\"type\": \"Lowercase\"}", "Lowercase");
	refuses("merges", "model.merges", "7", "no merges");
}

static void names_of_gguf(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_int_equal(split_of_gguf("dbrx", "x", NULL)->digits, 3);
	assert_int_equal(split_of_gguf("qwen2", "x", NULL)->digits, 1);
	assert_true(split_of_gguf("starcoder", "x", NULL)->lone_digits);
	assert_null(split_of_gguf("nobody", "x", &e));
	assert_non_null(strstr(e.what, "nobody"));
	assert_null(split_of_gguf(NULL, "x", &e));
}

static int setup(void **state)
{
	return infer_setup(state, "tests/golden/infer/tokens.json");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_the_library), cmocka_unit_test(there_and_back),
		cmocka_unit_test(what_is_not_known), cmocka_unit_test(names_of_gguf),
	};

	return cmocka_run_group_tests_name("tokens", tests, setup, infer_teardown);
}
