#include "fixture.h"
#include "model/tokenizer_files.h"

static struct fixture fx;
static const char weights[] = "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}";

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

static void test_facts(void **state)
{
	(void)state;
	fixture_safetensors(&fx, "m/model.safetensors", weights, 4);
	fixture_text(&fx, "m/config.json", "{\"model_type\":\"llama\",\"vocab_size\":8,"
		"\"bos_token_id\":1,\"eos_token_id\":[5,6]}");
	fixture_text(&fx, "m/generation_config.json", "{\"eos_token_id\":7}");
	fixture_text(&fx, "m/tokenizer_config.json", "{\"eos_token\":{\"content\":\"<e>\"},"
		"\"chat_template\":[{\"name\":\"tool\",\"template\":\"T\"},"
		"{\"name\":\"default\",\"template\":\"D\"}]}");
	fixture_text(&fx, "m/tokenizer.json", "{\"version\":\"1.0\",\"added_tokens\":["
		"{\"id\":3,\"content\":\"<e>\",\"special\":true}],\"model\":{\"type\":\"BPE\","
		"\"vocab\":{\"b\":1,\"a\":0,\"\\u00e9\":2,\"<e>\":3},\"merges\":[[\"a\",\"b\"]]}}");
	struct model *m = fixture_open(&fx, "m");
	const struct model_tokenizer *t = &m->tokenizer;
	assert_string_equal(t->kind, "BPE");
	assert_int_equal(t->vocab_size, 4); /* the added one is in the vocabulary too */
	assert_int_equal(t->added, 1);
	assert_int_equal(t->config_vocab_size, 8);
	assert_int_equal(t->bos_id, 1);
	assert_int_equal(t->eos_id, 5);
	assert_int_equal(t->eos_generation, 7);
	assert_string_equal(t->eos_token, "<e>");
	assert_string_equal(t->chat_template, "D");
	assert_string_equal(t->chat_template_from, "tokenizer_config.json");
	struct hash first = t->vocab_hash;
	assert_false(hash_is_zero(first));
	model_unref(m);

	/* again, from the cache; and the order of entries does not matter */
	m = fixture_open(&fx, "m");
	assert_true(hash_eq(m->tokenizer.vocab_hash, first));
	assert_int_equal(m->tokenizer.vocab_size, 4);
	model_unref(m);
	fixture_text(&fx, "m/tokenizer.json", "{\"model\":{\"vocab\":{\"a\":0,\"b\":1,\"<e>\":3,"
		"\"\xc3\xa9\":2}}}");
	m = fixture_open(&fx, "m");
	assert_true(hash_eq(m->tokenizer.vocab_hash, first));
	model_unref(m);
	fixture_text(&fx, "m/tokenizer.json", "{\"model\":{\"vocab\":{\"a\":0,\"b\":1,\"<e>\":2,"
		"\"\xc3\xa9\":3}}}");
	fixture_text(&fx, "m/chat_template.jinja", "JINJA");
	m = fixture_open(&fx, "m");
	assert_false(hash_eq(m->tokenizer.vocab_hash, first));
	assert_string_equal(m->tokenizer.chat_template, "JINJA");
	assert_string_equal(m->tokenizer.chat_template_from, "chat_template.jinja");
	model_unref(m);
}

static void test_broken_side_files_are_notes(void **state)
{
	(void)state;
	fixture_safetensors(&fx, "b/model.safetensors", weights, 4);
	fixture_text(&fx, "b/tokenizer.json", "{\"model\":{\"vocab\":{\"a\":-1}}}");
	fixture_text(&fx, "b/tokenizer_config.json", "{");
	fixture_text(&fx, "b/generation_config.json", "[]");
	struct model *m = fixture_open(&fx, "b");
	assert_true(has_note(m, "tokenizer.json cannot be read"));
	assert_true(has_note(m, "tokenizer_config.json cannot be read"));
	assert_true(has_note(m, "generation_config.json cannot be read: not a JSON object"));
	assert_int_equal(m->tokenizer.vocab_size, -1);
	assert_null(m->tokenizer.chat_template);
	model_unref(m);
}

static int64_t count(const char *text, const char **kind)
{
	struct vocab v;
	struct err e;
	int64_t added = -1;
	size_t n;

	vocab_init(&v);
	if (!tokenizer_json_read(&v, text, strlen(text), "t", kind, &added, &e))
		n = (size_t)-1;
	else
		vocab_hash(&v, &n);
	vocab_fini(&v);
	return (int64_t)n;
}

static void test_shapes_of_vocabularies(void **state)
{
	(void)state;
	const char *kind;
	assert_int_equal(
		count("{\"model\":{\"vocab\":[[\"a\",-1.5],[\"b\",0]],\"type\":\"Unigram\"}}",
			&kind),
		2);
	assert_string_equal(kind, "Unigram");
	assert_int_equal(count("{}", &kind), 0);
	assert_int_equal(count("{\"model\":null,\"added_tokens\":null}", &kind), 0);
	assert_int_equal(count("{\"model\":{\"vocab\":{\"a\":1e99}}}", &kind), -1);
	assert_int_equal(count("{\"model\":{\"vocab\":[[[]]]}}", &kind), -1);

	/* pieces { piece: "ab" score: 0 } pieces { piece: "c"
	 * }, and a field that is not asked for */
	static const unsigned char proto[] = { 10, 9, 10, 2, 'a', 'b', 21, 0, 0, 0, 0, 10, 3, 10, 1,
		'c', 18, 2, 8, 1 };
	struct vocab v;
	vocab_init(&v);
	assert_true(tokenizer_model_read(&v, proto, sizeof proto));
	assert_int_equal(v.entries.n, 2);
	assert_string_equal(v.entries.v[1].text, "c");
	assert_int_equal(v.entries.v[1].id, 1);
	vocab_fini(&v);
	for (size_t n = 0; n < sizeof proto; n++) {
		vocab_init(&v);
		tokenizer_model_read(&v, proto, n);
		vocab_fini(&v);
	}
	vocab_init(&v);
	assert_false(
		tokenizer_model_read(&v, (const unsigned char *)"\x0a\xff\xff\xff\xff\xff\x7f", 7));
	vocab_fini(&v);
}

static void memory(const char *config, uint64_t context, uint64_t want)
{
	uint64_t w, kv;
	fixture_text(&fx, "k/config.json", config);
	fixture_safetensors(&fx, "k/model.safetensors", weights, 4);
	struct model *m = fixture_open(&fx, "k");
	bool ok = model_memory(m, context, &w, &kv);
	assert_int_equal(ok, want != 0);
	assert_int_equal(kv, want);
	assert_int_equal(w, 4);
	model_unref(m);
}

static void test_memory(void **state)
{
	(void)state;
	/* Llama 3 8B: 32 layers, 8 heads of 128, keys and values in two bytes */
	memory("{\"model_type\":\"llama\",\"num_hidden_layers\":32,\"num_attention_heads\":32,"
		"\"num_key_value_heads\":8,\"hidden_size\":4096}", 8192, 1ull << 30);
	memory("{\"model_type\":\"llama\",\"num_hidden_layers\":32}", 8192, 0);
	/* a window of 100 in one of two layers */
	memory("{\"model_type\":\"gemma2\",\"num_hidden_layers\":2,\"num_attention_heads\":1,"
		"\"head_dim\":2,\"sliding_window\":100}", 1000, 8 * 1100);
	/* latent attention: 512 + 64 numbers */
	memory("{\"model_type\":\"deepseek_v3\",\"num_hidden_layers\":1,\"kv_lora_rank\":512,"
		"\"qk_rope_head_dim\":64,\"num_attention_heads\":128}", 10, 11520);
	/* one attention layer, one state of 2 heads x 3 x 4 and 3 columns of 2*3 + 2*4 channels */
	memory("{\"model_type\":\"granitemoehybrid\",\"num_hidden_layers\":2,\"num_attention_"
	       "heads\":1,"
	       "\"head_dim\":2,\"layer_types\":[\"attention\",\"mamba\"],\"mamba_n_heads\":2,"
	       "\"mamba_d_head\":3,\"mamba_d_state\":4,\"mamba_n_groups\":1,\"mamba_d_conv\":4}",
		10, 80 + 4 * (24 + 3 * 14));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_facts),
		cmocka_unit_test(test_broken_side_files_are_notes),
		cmocka_unit_test(test_shapes_of_vocabularies),
		cmocka_unit_test(test_memory),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
