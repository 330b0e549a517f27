/* Tokenizers in written GGUF files: every key as llama.cpp's converter writes it; ways of splitting
 * text that have a name, and what happens to the others. */
#include <unistd.h>
#include "engine/quantize.h"
#include "formula.h"
#include "gguf_raw.h"
#include "golden.h"
#include "quant/gguf_make.h"

static struct fixture fx;
static json_t *golden;
static struct pool *pool;

static int setup(void **state)
{
	(void)state;
	fixture_init(&fx);
	golden = golden_load("tests/golden/quant/tokens.json");
	pool = pool_new(1);
	return golden ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	pool_free(pool);
	json_decref(golden);
	fixture_fini(&fx);
	return 0;
}

static void remove_in(const char *folder, const char *name)
{
	char *path = xasprintf("%s/%s/%s", fx.dir, folder, name);

	assert_int_equal(unlink(path), 0);
	free(path);
}

static void folder_make(const char *name, const json_t *of)
{
	const char *file;
	json_t *content;

	formula_model(&fx, name, json_object_get(of, "config"), json_object_get(of, "tensors"));
	remove_in(name, "tokenizer.json");
	remove_in(name, "tokenizer_config.json");
	json_object_foreach(json_object_get(of, "files"), file, content) {
		char *at = xasprintf("%s/%s", name, file);
		if (json_is_string(content)) {
			size_t n;
			void *bytes = golden_base64(content, &n);
			fixture_write(&fx, at, bytes, n);
			free(bytes);
		} else {
			char *text = json_dumps(content, 0);
			fixture_text(&fx, at, text);
			free(text);
		}
		free(at);
	}
}

static bool write_it(const char *folder, const char *out, struct err *e)
{
	char *path = str_join_path(fx.dir, folder);
	struct quantize_options o = { .output = out, .force = true };
	struct model *m = model_open(path, e);
	struct quant_spec *s = quant_spec_load("BF16", e);
	struct quant_targets *t = quant_targets_new(m, QUANT_GGUF, e);
	struct run_result r;

	assert_non_null(t);
	struct quant_plan *p = quant_plan_make(s, t, false, NULL, e);
	assert_non_null(p);
	bool ok = quantize_run(p, NULL, pool, &o, NULL, NULL, &r, e);
	quant_plan_unref(p);
	quant_targets_unref(t);
	quant_spec_unref(s);
	model_unref(m);
	free(path);
	return ok;
}

static void test_keys_as_the_converter_writes_them(void **state)
{
	char *out = str_join_path(fx.dir, "x.gguf");
	const char *name;
	json_t *of;

	(void)state;
	json_object_foreach(golden, name, of) {
		struct err e = { 0 };
		struct raw r;

		folder_make(name, of);
		if (!write_it(name, out, &e))
			fail_msg("%s: %s: %s", name, e.where, e.what);
		raw_open(&r, out);
		raw_check_keys(&r, json_object_get(of, "keys"), name);
		raw_close(&r);
	}
	free(out);
}

/* The converter leaves rows of the embedding without tokens here, which nobody can load. */
static void test_rows_without_tokens(void **state)
{
	char *out = str_join_path(fx.dir, "p.gguf");
	json_t *of = json_deep_copy(json_object_get(golden, "fallback"));
	json_t *rows = json_array_get(json_array_get(json_array_get(json_object_get(of,
		"tensors"), 0), 1), 0);
	json_int_t tokens = json_integer_value(rows);
	struct err e = { 0 };
	struct raw r;

	(void)state;
	json_integer_set(rows, tokens + 7);
	folder_make("padded", of);
	assert_true(write_it("padded", out, &e));
	raw_open(&r, out);
	json_t *written = json_object_get(r.keys, "tokenizer.ggml.tokens");
	assert_int_equal(json_integer_value(json_array_get(written, 2)), tokens + 7);
	raw_close(&r);
	json_decref(of);
	free(out);
}

/* --- ways of splitting --- */

#define SPLIT(regex) "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"" regex "\"}," \
	"\"behavior\":\"Isolated\",\"invert\":false}"
#define BYTES "{\"type\":\"ByteLevel\",\"use_regex\":false}"
#define WORDS "{\"type\":\"ByteLevel\",\"use_regex\":true}"
#define DIGITS "{\"type\":\"Digits\",\"individual_digits\":true}"
#define ALL(parts) "{\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[" parts "]}"
#define CL(digits) "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?\\\\p{L}+|" digits \
	"| ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+"
#define CASE(after) "[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?[\\\\p{Lu}\\\\p{Lt}\\\\p{Lm}\\\\p{Lo}\\\\p{M}]*" \
	"[\\\\p{Ll}\\\\p{Lm}\\\\p{Lo}\\\\p{M}]+" after "|[^\\\\r\\\\n\\\\p{L}\\\\p{N}]?[\\\\p{Lu}" \
	"\\\\p{Lt}\\\\p{Lm}\\\\p{Lo}\\\\p{M}]+[\\\\p{Ll}\\\\p{Lm}\\\\p{Lo}\\\\p{M}]*" after "|"
#define SLASH "| ?[^\\\\s\\\\p{L}\\\\p{N}]+[\\\\r\\\\n/]*|\\\\s*[\\\\r\\\\n]+|\\\\s+(?!\\\\S)|\\\\s+"
#define HAN "\\u4e00-\\u9fa5"

static const struct {
	const char *architecture, *json, *name;
} splits[] = {
	{ "llama", ALL(SPLIT(CL("\\\\p{N}{1,3}")) "," BYTES) ",\"model\":{\"ignore_merges\":true}}",
		"llama-bpe" },
	{ "granitehybrid", ALL(SPLIT(CL("\\\\p{N}{1,3}")) "," BYTES) "}", "dbrx" },
	{ "glm4", ALL(SPLIT(CL("\\\\p{N}{1,3}")) "," BYTES) "}", "glm4" },
	{ "qwen2", ALL(SPLIT(CL("\\\\p{N}")) "," BYTES) "}", "qwen2" },
	{ "llama", ALL(SPLIT(CASE("(?i:'s|'t|'re|'ve|'m|'ll|'d)?") "\\\\p{N}{1,3}" SLASH) "," BYTES)
		"}", "gpt-4o" },
	{ "llama", "{\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\","
		"\"pattern\":{\"Regex\":\"" CASE("") "\\\\p{N}" SLASH "\"},\"behavior\":\"Removed\","
		"\"invert\":true}," BYTES "]},\"model\":{\"ignore_merges\":true}}", "tekken" },
	{ "llama", ALL(DIGITS "," WORDS) "}", "smollm" },
	{ "granite", ALL(DIGITS "," WORDS) "}", "refact" },
	{ "starcoder2", ALL(DIGITS "," WORDS) "}", "starcoder" },
	{ "llama", "{\"pre_tokenizer\":" WORDS "}", "gpt-2" },
	{ "llama", ALL(SPLIT("[\\r\\n]") "," SPLIT("\\\\s?\\\\p{L}+") "," SPLIT("\\\\s?\\\\p{P}+") ","
		SPLIT("[" HAN "\\u0800-\\u4e00\\uac00-\\ud7ff]+") "," DIGITS "," BYTES) "}",
		"deepseek-coder" },
	{ "llama", ALL(SPLIT("[\\r\\n]") "," SPLIT("\\\\s?[A-Za-z\\u00b5\\u00c0-\\u00d6]+") ","
		SPLIT("\\\\s?[!-/:-~\\uff01-\\uff0f\\uff1a-\\uff5e\\u2018-\\u201f\\u3000-\\u3002]+") ","
		SPLIT("\\\\s+$") "," SPLIT("[" HAN "\\u0800-\\u4e00\\uac00-\\ud7ff]+") "," DIGITS ","
		BYTES) "}", "deepseek-llm" },
	{ "deepseek2", ALL(SPLIT("\\\\p{N}{1,3}") "," SPLIT("[" HAN "\\u3040-\\u309f\\u30a0-\\u30ff]+")
		"," SPLIT("[!\\\"#$%&'()*+,\\\\-./:;<=>?@\\\\[\\\\\\\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n"
		"\\\\p{L}\\\\p{P}\\\\p{S}]?[\\\\p{L}\\\\p{M}]+| ?[\\\\p{P}\\\\p{S}]+[\\r\\n]*|"
		"\\\\s*[\\r\\n]+|\\\\s+(?!\\\\S)|\\\\s+") "," BYTES) "}", "deepseek-v3" },
	{ "llama", ALL(SPLIT("\\\\w+") "," BYTES) "}", NULL },
	{ "llama", ALL(SPLIT(CL("\\\\p{N}"))) "}", NULL },
	{ "llama", "{\"pre_tokenizer\":{\"type\":\"Metaspace\"}}", NULL },
	{ "llama", "{}", NULL },
};

static void test_names_of_ways_to_split(void **state)
{
	struct model m = { .source = { .label = "m" } };

	(void)state;
	for (size_t i = 0; i < sizeof splits / sizeof *splits; i++) {
		struct quant_targets t = { .model = &m, .architecture = splits[i].architecture };
		json_t *file = json_loads(splits[i].json, 0, NULL);
		struct err e = { 0 };
		const char *name;

		if (!file)
			fail_msg("%s", splits[i].json);
		name = gguf_pre_name(&t, file, &e);
		if (!str_eq(name, splits[i].name))
			fail_msg("%zu: %s for %s: %s", i, name ? name : "none", splits[i].name
				? splits[i].name : "none", e.what);
		json_decref(file);
	}
}

/* --- what is wrong with a tokenizer is said --- */

static void refused(const char *file, const void *bytes, size_t n, const char *why)
{
	char *out = str_join_path(fx.dir, "no.gguf"), *at = xasprintf("bad/%s", file);
	struct err e = { 0 };

	folder_make("bad", json_object_get(golden, strcmp(file, "tokenizer.model") ? "gpt-2"
		: "pieces"));
	fixture_write(&fx, at, bytes, n);
	assert_false(write_it("bad", out, &e));
	if (!strstr(e.what, why))
		fail_msg("%s: %s", file, e.what);
	assert_false(file_exists(out));
	free(at);
	free(out);
}

static void test_bad_tokenizers(void **state)
{
	static const char *const json[][2] = {
		{ "{\"model\":{\"type\":\"Unigram\"}}", "Unigram" },
		{ "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":9}},\"pre_tokenizer\":"
			"{\"type\":\"Whitespace\"}}", "Whitespace" },
		{ "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":900}},\"pre_tokenizer\":"
			"{\"type\":\"ByteLevel\"}}", "id 900" },
		{ "{\"model\":{\"type\":\"BPE\",\"byte_fallback\":true,\"vocab\":{\"a\":900}}}",
			"id 900" },
		{ "{\"model\":{\"type\":\"BPE\",\"byte_fallback\":true,\"vocab\":{\"a\":0,\"b\":0}}}",
			"no token has the id 1" },
		{ "{\"model\":{\"type\":\"BPE\",\"byte_fallback\":true}}", "no tokens" },
	};
	unsigned char cut[] = { 0x0a, 0x7f, 0x0a, 0x01, 'a' };

	(void)state;
	for (size_t i = 0; i < sizeof json / sizeof *json; i++)
		refused("tokenizer.json", json[i][0], strlen(json[i][0]), json[i][1]);
	refused("tokenizer.model", cut, sizeof cut, "no SentencePiece");
	refused("tokenizer.model", "", 0, "no SentencePiece");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_as_the_converter_writes_them),
		cmocka_unit_test(test_rows_without_tokens),
		cmocka_unit_test(test_names_of_ways_to_split),
		cmocka_unit_test(test_bad_tokenizers),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
