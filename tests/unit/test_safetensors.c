#include "fixture.h"

static struct fixture fx;

static int setup(void **state)
{
	(void)state;
	fixture_init(&fx);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fixture_fini(&fx);
	return 0;
}

static void test_reads_values(void **state)
{
	(void)state;
	unsigned char data[16];
	const float want[4] = { 1.0f, -2.5f, 0.15625f, 3.0f };
	struct str s = STR_INIT;
	const char *h = "{\"__metadata__\":{\"format\":\"pt\"},"
		"\"b\":{\"dtype\":\"BF16\",\"shape\":[2,2],\"data_offsets\":[16,24]},"
		"\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":[0,16]}}   ";
	put_le64(data, strlen(h));
	str_addn(&s, (char *)data, 8);
	str_add(&s, h);
	str_addn(&s, (const char *)want, 16);
	for (int i = 0; i < 4; i++) {
		put_le16(data, (uint16_t)(f32_bits(want[i]) >> 16));
		str_addn(&s, (char *)data, 2);
	}
	fixture_write(&fx, "m.safetensors", s.s, s.n);
	str_fini(&s);

	struct model *m = fixture_open(&fx, "m.safetensors");
	float out[4];
	assert_int_equal(m->source.n_tensors, 2);
	assert_string_equal(m->source.tensors[0].name, "a"); /* the order of the data */
	assert_int_equal(source_find(&m->source, "b"), 1);
	assert_int_equal(source_find(&m->source, "c"), -1);
	assert_int_equal(m->parameters, 8);
	assert_int_equal(m->bytes, 24);
	assert_true(m->bits_per_weight == 24.0);
	assert_string_equal(json_text(m->metadata, "format", ""), "pt");
	for (size_t t = 0; t < 2; t++) {
		assert_true(source_read(&m->source, t, 0, 4, out, NULL));
		assert_memory_equal(out, want, sizeof want);
	}
	assert_true(source_read_raw(&m->source, 1, 2, 4, out, NULL));
	assert_int_equal(le16(out), f32_bits(want[1]) >> 16);
	assert_false(source_read(&m->source, 1, 3, 2, out, NULL));
	model_unref(m);
}

#define T(name, dtype, shape, from, to)                                                      \
	"\"" name "\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[" #from \
	"," #to "]}"

static void test_refuses_hostile_headers(void **state)
{
	(void)state;
	static const struct {
		const char *name, *header;
		size_t data;
		const char *where, *what, *hint;
	} bad[] = {
		{ "overlap", "{" T("a", "F32", "[4]", 0, 16) "," T("b", "F32", "[4]", 8, 24) "}",
			24, "overlap.safetensors: tensor b", "its data overlaps that of tensor a",
			"fetch" },
		{ "past", "{" T("a", "F32", "[4]", 0, 16) "}", 8, "past.safetensors: tensor a",
			"its data ends at byte 16 of the data, the file has 8", "cut short" },
		{ "backwards", "{" T("a", "F32", "[4]", 16, 0) "}", 16, "tensor a",
			"before it begins", "fetch" },
		{ "size", "{" T("a", "F32", "[3]", 0, 16) "}", 16, "size.safetensors: tensor a",
			"its shape and dtype F32 need 12 bytes, its data_offsets hold 16",
			"damaged" },
		{ "product", "{" T("a", "F32", "[4294967296,4294967296]", 0, 16) "}", 16,
			"tensor a", "more elements than 64 bits count", "damaged" },
		{ "bytes", "{" T("a", "F64", "[4611686018427387904]", 0, 16) "}", 16, "tensor a",
			"whole number of bytes", "damaged" },
		{ "offset",
			"{" T("a", "F32", "[4]", 18446744073709551600, 18446744073709551615) "}",
			16, "tensor a", "15", "damaged" },
		{ "number", "{" T("a", "F32", "[4]", 0, 18446744073709551616) "}", 16,
			"number.safetensors", "larger than 64 bits", "damaged" },
		{ "negative", "{" T("a", "F32", "[-4]", 0, 16) "}", 16, "negative.safetensors",
			"not negative", "damaged" },
		{ "fraction", "{" T("a", "F32", "[4.0]", 0, 16) "}", 16, NULL, "whole number",
			"damaged" },
		{ "rank", "{" T("a", "F32", "[1,1,1,1,1,1,1,1,4]", 0, 16) "}", 16, "tensor a",
			"more than 8 dimensions", "damaged" },
		{ "twice", "{" T("a", "F32", "[4]", 0, 16) "," T("a", "F32", "[4]", 16, 32) "}", 32,
			"twice.safetensors", "tensor a is there twice", "damaged" },
		{ "triple", "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4,8]}}", 4,
			"tensor a", "not a pair", "damaged" },
		{ "missing", "{\"a\":{\"dtype\":\"U8\",\"shape\":[4]}}", 4, "tensor a",
			"data_offsets is missing", "damaged" },
		{ "cut", "{\"a\":{\"dtype\":\"U8\",\"shape\":[4", 4, "cut.safetensors", "expected",
			"damaged" },
		{ "control", "{" T("a\x1b[2J", "U8", "[4]", 0, 4) "}", 4, NULL, "control byte 0x1b",
			"damaged" },
		{ "nul", "{" T("a\\u0000b", "U8", "[4]", 0, 4) "}", 4, NULL, "not UTF-8",
			"damaged" },
		{ "utf8", "{" T("a\xff", "U8", "[4]", 0, 4) "}", 4, NULL, "not UTF-8", "damaged" },
		{ "array", "[]", 0, NULL, "expected '{'", "damaged" },
		{ "tail", "{}x", 0, NULL, "more text", "damaged" },
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char *name = xasprintf("%s.safetensors", bad[i].name);
		fixture_safetensors(&fx, name, bad[i].header, bad[i].data);
		fixture_refused(&fx, name, bad[i].where, bad[i].what, bad[i].hint);
		free(name);
	}
}

static void test_refuses_bad_lengths(void **state)
{
	(void)state;
	unsigned char head[32] = { 0 };
	fixture_write(&fx, "empty.safetensors", "", 0);
	fixture_refused(&fx, "empty.safetensors", NULL, "0 bytes are too few", "fetch");
	put_le64(head, 1000);
	fixture_write(&fx, "long.safetensors", head, sizeof head);
	fixture_refused(&fx, "long.safetensors", NULL,
		"the header claims 1000 bytes, the file has 32", "cut short");
	put_le64(head, UINT64_MAX);
	fixture_write(&fx, "max.safetensors", head, sizeof head);
	fixture_refused(&fx, "max.safetensors", NULL, "the header claims", "cut short");
}

static void test_refuses_deep_json(void **state)
{
	(void)state;
	struct str s = STR_INIT;
	str_add(&s, "{\"__metadata__\":{\"a\":");
	for (int i = 0; i < 100000; i++)
		str_addc(&s, '[');
	fixture_safetensors(&fx, "deep.safetensors", s.s, 0);
	fixture_refused(&fx, "deep.safetensors", NULL, "nested deeper than 64 levels", "damaged");
	str_fini(&s);
}

static void test_notes_harmless_oddities(void **state)
{
	(void)state;
	fixture_safetensors(&fx, "odd.safetensors",
		"{" T("\\u001b[2J\\uD83D\\uDE00", "U8", "[4]", 0, 4) "," T(
			"x", "NF4", "[4]", 6, 8) "," T("none", "F32", "[0,7]", 8, 8) "}",
		9);
	struct model *m = fixture_open(&fx, "odd.safetensors");
	assert_string_equal(m->source.tensors[0].name, "\x1b[2J\xf0\x9f\x98\x80");
	assert_true(has_note(m, "2 bytes between tensors"));
	assert_true(has_note(m, "1 bytes after the last tensor"));
	assert_string_equal(m->source.tensors[1].dtype_text, "NF4");
	assert_false(m->source.tensors[1].readable);
	assert_int_equal(m->source.tensors[2].elements, 0);
	struct err e;
	float out[4];
	err_clear(&e);
	assert_false(source_read(&m->source, 1, 0, 4, out, &e));
	assert_non_null(strstr(e.what, "stored as NF4"));
	model_unref(m);
}

static const char half_a[] = "{" T("a", "U8", "[4]", 0, 4) "}";
static const char half_b[] = "{" T("b", "U8", "[4]", 0, 4) "}";

static void test_shards(void **state)
{
	(void)state;
	const char *index = "{\"metadata\":{\"total_size\":8},\"weight_map\":{"
			    "\"b\":\"model-00002-of-00002.safetensors\",\"a\":\"model-00001-of-"
			    "00002.safetensors\"}}";
	fixture_safetensors(&fx, "s/model-00001-of-00002.safetensors", half_a, 4);
	fixture_safetensors(&fx, "s/model-00002-of-00002.safetensors", half_b, 4);
	fixture_text(&fx, "s/model.safetensors.index.json", index);
	static const char *const ways[] = { "s", "s/model.safetensors.index.json",
		"s/model-00001-of-00002.safetensors" };
	for (size_t i = 0; i < 3; i++) {
		struct model *m = fixture_open(&fx, ways[i]);
		assert_int_equal(m->source.n_tensors, 2);
		assert_int_equal(m->source.tensors[1].file, 1);
		assert_null(m->partial);
		model_unref(m);
	}

	fixture_safetensors(&fx, "p/model-00001-of-00002.safetensors", half_a, 4);
	fixture_text(&fx, "p/model.safetensors.index.json", index);
	struct model *m = fixture_open(&fx, "p");
	assert_string_equal(m->partial, "partial 1/2");
	assert_true(has_note(m, "1 of 2 weight files are missing, the first is "
		"model-00002-of-00002.safetensors"));
	model_unref(m);

	fixture_safetensors(&fx, "n/model-00001-of-00003.safetensors", half_a, 4);
	m = fixture_open(&fx, "n");
	assert_string_equal(m->partial, "partial 1/3");
	model_unref(m);

	fixture_text(&fx, "none/model.safetensors.index.json", index);
	fixture_refused(&fx, "none", "none", "none of its 2 weight files is here", "hf download");
}

static void test_refuses_bad_indexes(void **state)
{
	(void)state;
	static const char dir[] = "x/model.safetensors.index.json";
	fixture_safetensors(&fx, "x/model-00001-of-00001.safetensors", half_a, 4);
	fixture_text(&fx, dir, "{\"weight_map\":{\"q\":\"model-00001-of-00001.safetensors\"}}");
	fixture_refused(&fx, "x", "model.safetensors.index.json",
		"tensor q is in model-00001-of-00001.safetensors, which does not hold it",
		"together");
	fixture_text(&fx, dir, "{\"weight_map\":{\"a\":\"../secret.safetensors\"}}");
	fixture_refused(&fx, "x", dir, "not a file of this folder", "fetch");
	fixture_text(&fx, dir, "{\"weight_map\":{}}");
	fixture_refused(&fx, "x", dir, "it names no tensor", "fetch");
	fixture_text(&fx, dir, "{}");
	fixture_refused(&fx, "x", dir, "no weight_map", "fetch");
	fixture_text(&fx, dir, "{\"weight_map\":{\"a\":1}}");
	fixture_refused(&fx, "x", dir, "expected a string", "fetch");

	fixture_safetensors(&fx, "dup/model-00001-of-00002.safetensors", half_a, 4);
	fixture_safetensors(&fx, "dup/model-00002-of-00002.safetensors", half_a, 4);
	fixture_refused(&fx, "dup", "model-00002-of-00002.safetensors", "tensor a is there twice",
		"different models");
}

static void test_refuses_folders_without_weights(void **state)
{
	(void)state;
	fixture_text(&fx, "w/config.json", "{}");
	fixture_refused(&fx, "w", NULL, "no weights in this folder", ".safetensors");
	fixture_text(&fx, "w/pytorch_model.bin", "PK");
	fixture_refused(&fx, "w", "pytorch_model.bin",
		"is a pickle, and reading one runs whatever code", "safetensors.torch.save_file");
	fixture_refused(&fx, "w/pytorch_model.bin", NULL, "is a pickle", "convert");
	fixture_text(&fx, "i/config.json", "{}");
	fixture_text(&fx, "i/abcdef.incomplete", "");
	fixture_refused(&fx, "i", NULL, "download was not finished", "run the download again");
	fixture_refused(&fx, "nowhere", NULL, "no such file or folder", "check the path");
	fixture_text(&fx, "c/config.json", "{\"a\":");
	fixture_safetensors(&fx, "c/model.safetensors", half_a, 4);
	fixture_refused(&fx, "c", "config.json", "", NULL);
}

static void test_demo_family(void **state)
{
	(void)state;
	char *path = xasprintf("%s/share/demo/base", getenv("top_srcdir"));
	struct err e;
	err_clear(&e);
	struct model *m = model_open(path, &e);
	assert_non_null(m);
	assert_int_equal(m->format, MODEL_HF);
	assert_string_equal(m->architecture, "llama");
	assert_string_equal(m->arch_class, "LlamaForCausalLM");
	assert_int_equal(m->layers, 4);
	assert_int_equal(m->parameters, 2885888);
	long t = source_find(&m->source, "model.layers.3.mlp.down_proj.weight");
	assert_true(t >= 0);
	assert_int_equal(m->source.tensors[t].shape[1], 512);
	float out[512];
	unsigned char raw[1024];
	assert_true(source_read(&m->source, (size_t)t, 1024, 512, out, &e));
	assert_true(source_read_raw(&m->source, (size_t)t, 2048, 1024, raw, &e));
	for (int i = 0; i < 512; i++)
		assert_int_equal(f32_bits(out[i]), (uint32_t)le16(raw + 2 * i) << 16);
	model_unref(m);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_values),
		cmocka_unit_test(test_refuses_hostile_headers),
		cmocka_unit_test(test_refuses_bad_lengths),
		cmocka_unit_test(test_refuses_deep_json),
		cmocka_unit_test(test_notes_harmless_oddities),
		cmocka_unit_test(test_shards),
		cmocka_unit_test(test_refuses_bad_indexes),
		cmocka_unit_test(test_refuses_folders_without_weights),
		cmocka_unit_test(test_demo_family),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
