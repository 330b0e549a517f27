#include "fixture_gguf.h"
#include <math.h>

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

#define SHAPE(...) ((const uint64_t[]){ __VA_ARGS__, 0 })

static float count[4096]; /* 0, 1, 2 … */

static void fill_count(void)
{
	for (int i = 0; i < 4096; i++)
		count[i] = (float)i;
}

/* Reads a whole tensor and compares with want. */
static void check_values(struct model *m, const char *name, const char *role, const uint64_t *shape,
	const float *want)
{
	struct err e;
	float out[4096];
	long t = source_find(&m->source, name);

	err_clear(&e);
	if (t < 0)
		fail_msg("%s is not there", name);
	const struct tensor *x = &m->source.tensors[t];
	assert_string_equal(x->role, role);
	for (int i = 0; i < x->rank; i++)
		assert_int_equal(x->shape[i], shape[i]);
	assert_int_equal(shape[x->rank], 0);
	if (!source_read(&m->source, (size_t)t, 0, x->elements, out, &e))
		fail_msg("%s: %s", e.where, e.what);
	for (uint64_t i = 0; i < x->elements; i++)
		if (out[i] != want[i])
			fail_msg("%s[%d]: %g, not %g", name, (int)i, (double)out[i],
				(double)want[i]);
}

static void llama_keys(struct gguf_file *g, const char *arch)
{
	char key[100];
	gguf_text(g, "general.architecture", arch);
	snprintf(key, sizeof key, "%s.block_count", arch);
	gguf_u32(g, key, 1);
	snprintf(key, sizeof key, "%s.attention.head_count", arch);
	gguf_u32(g, key, 2);
	snprintf(key, sizeof key, "%s.attention.head_count_kv", arch);
	gguf_u32(g, key, 1);
}

static void test_rope_rows(void **state)
{
	(void)state;
	struct gguf_file g;
	/* Two heads of four rows of three; stored 0 2 1 3
	 * within a head as the family counts them. */
	float want[24];
	gguf_init(&g);
	llama_keys(&g, "llama");
	gguf_f32(&g, "blk.0.attn_q.weight", SHAPE(8, 3), count);
	gguf_f32(&g, "blk.0.attn_k.bias", SHAPE(4), count);
	gguf_f32(&g, "blk.0.attn_v.weight", SHAPE(4, 3), count);
	gguf_f32(&g, "token_embd.weight", SHAPE(5, 3), count);
	gguf_f32(&g, "rope_freqs.weight", SHAPE(2), count);
	gguf_write(&g, &fx, "llama.gguf");
	gguf_fini(&g);

	struct model *m = fixture_open(&fx, "llama.gguf");
	static const int row[8] = { 0, 2, 1, 3, 4, 6, 5, 7 };
	for (int i = 0; i < 24; i++)
		want[i] = (float)(row[i / 3] * 3 + i % 3);
	check_values(m, "model.layers.0.self_attn.q_proj.weight", "attn_q", SHAPE(8, 3), want);
	check_values(m, "model.layers.0.self_attn.k_proj.bias", "attn_k", SHAPE(4),
		(float[]){ 0, 2, 1, 3 });
	check_values(m, "model.layers.0.self_attn.v_proj.weight", "attn_v", SHAPE(4, 3), count);
	check_values(m, "rope_freqs.weight", "rope_freqs", SHAPE(2), count);
	assert_string_equal(m->architecture, "llama");
	assert_true(m->tied_head);
	assert_int_equal(m->layers, 1);
	assert_int_equal(m->format, MODEL_GGUF);
	assert_string_equal(m->format_text, "gguf");
	model_unref(m);
}

/* The same rows are left alone where the family does not reorder them. */
static void test_plain_rows(void **state)
{
	(void)state;
	struct gguf_file g;
	gguf_init(&g);
	llama_keys(&g, "qwen2");
	gguf_f32(&g, "blk.0.attn_q.weight", SHAPE(8, 3), count);
	gguf_f32(&g, "blk.0.mystery.weight", SHAPE(2), count);
	gguf_write(&g, &fx, "qwen2.gguf");
	gguf_fini(&g);
	struct model *m = fixture_open(&fx, "qwen2.gguf");
	check_values(m, "model.layers.0.self_attn.q_proj.weight", "attn_q", SHAPE(8, 3), count);
	check_values(m, "blk.0.mystery.weight", "mystery", SHAPE(2), count);
	model_unref(m);
}

static void test_hybrid(void **state)
{
	(void)state;
	struct gguf_file g;
	float a_log[4] = { -0.33984375f, 0.59765625f, 1.078125f, 3.0f }, stored[4], want[48];
	gguf_init(&g);
	llama_keys(&g, "granitehybrid");
	for (int i = 0; i < 4; i++)
		stored[i] = -expf(a_log[i]);
	/* two experts, two rows each half, three columns */
	gguf_f32(&g, "blk.0.ffn_up_exps.weight", SHAPE(2, 2, 3), count + 100);
	gguf_f32(&g, "blk.0.ffn_gate_exps.weight", SHAPE(2, 2, 3), count);
	gguf_f32(&g, "blk.0.ffn_down_exps.weight", SHAPE(2, 3, 2), count);
	gguf_f32(&g, "blk.0.ffn_gate_inp.weight", SHAPE(2, 3), count);
	gguf_f32(&g, "blk.0.ffn_gate_shexp.weight", SHAPE(2, 3), count);
	gguf_f32(&g, "blk.0.ffn_up_shexp.weight", SHAPE(2, 3), count + 6);
	gguf_f32(&g, "blk.0.ssm_a", SHAPE(4, 1), stored);
	gguf_f32(&g, "blk.0.ssm_d", SHAPE(4, 1), count);
	gguf_f32(&g, "blk.0.ssm_dt.bias", SHAPE(4), count);
	gguf_f32(&g, "blk.0.ssm_conv1d.weight", SHAPE(6, 4), count);
	gguf_f32(&g, "blk.0.ssm_norm.weight", SHAPE(2, 4), count);
	gguf_write(&g, &fx, "hybrid.gguf");
	gguf_fini(&g);

	struct model *m = fixture_open(&fx, "hybrid.gguf");
#define L "model.layers.0."
	for (int i = 0; i < 24; i++) /* expert, half, then row and column */
		want[i] = (float)(i / 12 * 6 + i % 6 + (i / 6 % 2 ? 100 : 0));
	check_values(m, L "block_sparse_moe.input_linear.weight", "ffn_gate_up_exps",
		SHAPE(2, 4, 3), want);
	check_values(m, L "block_sparse_moe.output_linear.weight", "ffn_down_exps", SHAPE(2, 3, 2),
		count);
	check_values(
		m, L "block_sparse_moe.router.layer.weight", "ffn_gate_inp", SHAPE(2, 3), count);
	check_values(
		m, L "shared_mlp.input_linear.weight", "ffn_gate_up_shexp", SHAPE(4, 3), count);
	check_values(m, L "mamba.A_log", "ssm_a", SHAPE(4), a_log);
	check_values(m, L "mamba.D", "ssm_d", SHAPE(4), count);
	check_values(m, L "mamba.dt_bias", "ssm_dt", SHAPE(4), count);
	check_values(m, L "mamba.conv1d.weight", "ssm_conv1d", SHAPE(6, 1, 4), count);
	check_values(m, L "mamba.norm.weight", "ssm_norm", SHAPE(8), count);

	/* stored bytes of the joined tensor: gate's, then up's */
	long t = source_find(&m->source, L "block_sparse_moe.input_linear.weight");
	float raw[4];
	assert_int_equal(m->source.tensors[t].bytes, 96);
	assert_true(source_read_raw(&m->source, (size_t)t, 40, 16, raw, NULL));
	assert_true(raw[0] == 10 && raw[1] == 11 && raw[2] == 100 && raw[3] == 101);
	model_unref(m);
}

static void test_experts_and_norms(void **state)
{
	(void)state;
	struct gguf_file g;
	float ones[3] = { 1, 1.5f, 0.5f };
	gguf_init(&g);
	llama_keys(&g, "qwen3moe");
	gguf_u32(&g, "qwen3moe.expert_count", 3);
	gguf_f32(&g, "blk.0.ffn_gate_exps.weight", SHAPE(3, 2, 4), count);
	gguf_write(&g, &fx, "moe.gguf");
	gguf_fini(&g);
	struct model *m = fixture_open(&fx, "moe.gguf");
	assert_int_equal(m->source.n_tensors, 3);
	check_values(
		m, L "mlp.experts.2.gate_proj.weight", "ffn_gate_exps", SHAPE(2, 4), count + 16);
	assert_int_equal(m->source.tensors[2].expert, 2);
	assert_int_equal(json_int(m->config, "num_experts", -1), 3);
	model_unref(m);

	gguf_init(&g);
	llama_keys(&g, "gemma2");
	gguf_f32(&g, "blk.0.ffn_norm.weight", SHAPE(3), ones);
	gguf_f32(&g, "output_norm.weight", SHAPE(3), ones);
	gguf_write(&g, &fx, "gemma.gguf");
	gguf_fini(&g);
	m = fixture_open(&fx, "gemma.gguf");
	check_values(m, L "pre_feedforward_layernorm.weight", "ffn_norm", SHAPE(3),
		(float[]){ 0, 0.5f, -0.5f });
	check_values(m, "model.norm.weight", "output_norm", SHAPE(3), (float[]){ 0, 0.5f, -0.5f });
	model_unref(m);

	gguf_init(&g);
	llama_keys(&g, "gpt-oss");
	gguf_f32(&g, "blk.0.ffn_gate_exps.weight", SHAPE(2, 2, 2), count);
	gguf_f32(&g, "blk.0.ffn_gate_exps.bias", SHAPE(2, 2), count);
	gguf_f32(&g, "blk.0.ffn_up_exps.weight", SHAPE(2, 2, 2), count + 100);
	gguf_f32(&g, "blk.0.ffn_up_exps.bias", SHAPE(2, 2), count + 100);
	gguf_write(&g, &fx, "oss.gguf");
	gguf_fini(&g);
	m = fixture_open(&fx, "oss.gguf");
	check_values(m, L "mlp.experts.gate_up_proj", "ffn_gate_up_exps", SHAPE(2, 4, 2), (float[]){
		0, 1, 100, 101, 2, 3, 102, 103, 4, 5, 104, 105, 6, 7, 106, 107 });
	check_values(m, L "mlp.experts.gate_up_proj_bias", "ffn_gate_up_exps", SHAPE(2, 4),
		(float[]){ 0, 100, 1, 101, 2, 102, 3, 103 });
	model_unref(m);
}

static void test_tokenizer_and_keys(void **state)
{
	(void)state;
	struct gguf_file g;
	gguf_init(&g);
	llama_keys(&g, "llama");
	gguf_text(&g, "tokenizer.ggml.model", "gpt2");
	gguf_key_begin(&g, "tokenizer.ggml.tokens", 9);
	put32(&g.keys, 8);
	put64(&g.keys, 3);
	put_text(&g.keys, "a");
	put_text(&g.keys, "b");
	put_text(&g.keys, "</s>");
	gguf_u32(&g, "tokenizer.ggml.eos_token_id", 2);
	gguf_text(&g, "tokenizer.chat_template", "{{x}}");
	gguf_key_begin(&g, "general.tiny", 6);
	put32(&g.keys, f32_bits(1e-5f));
	gguf_key_begin(&g, "general.yes", 7);
	str_addc(&g.keys, 1);
	gguf_key_begin(&g, "general.wide", 10);
	put64(&g.keys, 1ull << 40);
	gguf_key_begin(&g, "general.minus", 11);
	put64(&g.keys, (uint64_t)-5);
	gguf_key_begin(&g, "general.small", 1);
	str_addc(&g.keys, (char)-3);
	gguf_key_begin(&g, "general.list", 9);
	put32(&g.keys, 5);
	put64(&g.keys, 2);
	put32(&g.keys, 7);
	put32(&g.keys, 8);
	gguf_write(&g, &fx, "keys.gguf");
	gguf_fini(&g);

	struct model *m = fixture_open(&fx, "keys.gguf");
	assert_int_equal(m->source.n_tensors, 0);
	assert_string_equal(m->tokenizer.kind, "gpt2");
	assert_int_equal(m->tokenizer.vocab_size, 3);
	assert_int_equal(m->tokenizer.eos_id, 2);
	assert_string_equal(m->tokenizer.eos_token, "</s>");
	assert_string_equal(m->tokenizer.chat_template, "{{x}}");
	assert_false(hash_is_zero(m->tokenizer.vocab_hash));
	assert_true(json_num(m->metadata, "general.tiny", 0) == 1e-5);
	assert_true(json_flag(m->metadata, "general.yes", false));
	assert_int_equal(json_int(m->metadata, "general.wide", 0), 1ll << 40);
	assert_int_equal(json_int(m->metadata, "general.minus", 0), -5);
	assert_int_equal(json_int(m->metadata, "general.small", 0), -3);
	assert_int_equal(json_array_size(json_at(m->metadata, "general.list")), 2);
	assert_int_equal(json_int(json_at(m->metadata, "tokenizer.ggml.tokens"), "count", 0), 3);
	struct hash first = m->tokenizer.vocab_hash;
	model_unref(m);
	m = fixture_open(&fx, "keys.gguf"); /* as remembered */
	assert_true(hash_eq(m->tokenizer.vocab_hash, first));
	assert_string_equal(m->tokenizer.eos_token, "</s>");
	assert_int_equal(m->tokenizer.vocab_size, 3);
	model_unref(m);
}

/* A folder of .gguf files is the one model in it. */
static void test_folder(void **state)
{
	(void)state;
	struct gguf_file g;
	gguf_init(&g);
	llama_keys(&g, "llama");
	gguf_f32(&g, "output_norm.weight", SHAPE(3), count);
	gguf_write(&g, &fx, "d/m-Q4_K_M.gguf");
	gguf_write(&g, &fx, "d/mmproj-m.gguf");
	gguf_fini(&g);
	struct model *m = fixture_open(&fx, "d");
	assert_int_equal(m->format, MODEL_GGUF);
	assert_int_equal(m->source.n_tensors, 1);
	model_unref(m);
	fixture_text(&fx, "d/m-Q8_0.gguf", "");
	fixture_refused(&fx, "d", "d", "the folder holds 2 models: m-Q4_K_M.gguf, m-Q8_0.gguf",
		"name one of them");
}

static void part(const char *name, uint16_t no, uint16_t of, bool all)
{
	struct gguf_file g;
	char tensor[40];
	gguf_init(&g);
	if (all)
		llama_keys(&g, "llama");
	gguf_key_begin(&g, "split.no", 2);
	str_addn(&g.keys, (char[]){ (char)no, 0 }, 2);
	gguf_key_begin(&g, "split.count", 2);
	str_addn(&g.keys, (char[]){ (char)of, 0 }, 2);
	snprintf(tensor, sizeof tensor, "blk.0.t%u.weight", no);
	gguf_f32(&g, tensor, SHAPE(3), count + no);
	gguf_write(&g, &fx, name);
	gguf_fini(&g);
}

static void test_split(void **state)
{
	(void)state;
	part("s/m-00001-of-00002.gguf", 0, 2, true);
	part("s/m-00002-of-00002.gguf", 1, 2, false);
	struct model *m = fixture_open(&fx, "s/m-00002-of-00002.gguf");
	assert_int_equal(m->source.n_tensors, 2);
	assert_int_equal(m->n_files, 2);
	check_values(m, "blk.0.t1.weight", "t1", SHAPE(3), count + 1);
	assert_null(m->partial);
	model_unref(m);

	part("p/m-00001-of-00003.gguf", 0, 3, true);
	m = fixture_open(&fx, "p/m-00001-of-00003.gguf");
	assert_string_equal(m->partial, "partial 1/3");
	model_unref(m);
	part("f/m-00002-of-00002.gguf", 1, 2, false);
	fixture_refused(&fx, "f/m-00002-of-00002.gguf", "m-00001-of-00002.gguf", "first part",
		"fetch the missing part");
	part("w/m-00001-of-00002.gguf", 0, 2, true);
	part("w/m-00002-of-00002.gguf", 0, 2, false);
	fixture_refused(&fx, "w/m-00001-of-00002.gguf", "m-00002-of-00002.gguf",
		"by its name it is part 2 of 2, by its keys 1 of 2", "rename");
}

/* --- hostile files --- */

static void refuse(struct gguf_file *g, const char *what, const char *hint)
{
	gguf_write(g, &fx, "bad.gguf");
	gguf_fini(g);
	fixture_refused(&fx, "bad.gguf", "bad.gguf", what, hint);
	gguf_init(g);
}

static void test_refuses_bad_headers(void **state)
{
	(void)state;
	struct gguf_file g;
	fixture_write(&fx, "bad.gguf", "GGUF", 4);
	fixture_refused(&fx, "bad.gguf", NULL, "too short", "fetch");
	gguf_init(&g);
	g.version = 1;
	refuse(&g, "GGUF version 1; versions 2 and 3", "convert");
	g.version = 4;
	refuse(&g, "GGUF version 4", "newer cupel");
	g.version = 3u << 24;
	refuse(&g, "big-endian", "machine of its kind");
	g.n_keys = UINT64_MAX;
	refuse(&g, "it claims 18446744073709551615 keys", "damaged");
	g.n_tensors = 1ull << 40;
	refuse(&g, "it claims 0 keys and 1099511627776 tensors", "damaged");
	gguf_text(&g, "", "x");
	refuse(&g, "a key whose name is empty", "damaged");
	gguf_text(&g, "a", "x");
	gguf_text(&g, "a", "y");
	refuse(&g, "key a is there twice", "damaged");
	gguf_key_begin(&g, "a", 13);
	put64(&g.keys, 0);
	refuse(&g, "key a has unknown type 13", "damaged");
	gguf_key_begin(&g, "a", 8);
	put64(&g.keys, 1ull << 62);
	refuse(&g, "a string of the keys claims 4611686018427387904 bytes", "damaged");
	gguf_key_begin(&g, "a", 9);
	put32(&g.keys, 4);
	put64(&g.keys, 1ull << 62);
	put64(&g.keys, 0);
	refuse(&g, "key a claims 4611686018427387904 elements", "damaged");
	gguf_key_begin(&g, "a", 9);
	put32(&g.keys, 9);
	put64(&g.keys, 1);
	put64(&g.keys, 0);
	refuse(&g, "key a is an array of array", "damaged");
	static const uint32_t alignments[] = { 0, 3, 48, 1u << 31 };
	for (int i = 0; i < 4; i++) {
		gguf_u32(&g, "general.alignment", alignments[i]);
		refuse(&g, "which is no power of two", "damaged");
	}
	gguf_text(&g, "general.alignment", "32");
	refuse(&g, "general.alignment", "damaged");
}

static void test_refuses_bad_tensors(void **state)
{
	(void)state;
	struct gguf_file g;
	const uint64_t ne[4] = { 8, 1, 1, 1 }, huge[4] = { 1ull << 33, 1ull << 33, 1, 1 };
	gguf_init(&g);
	gguf_info(&g, "a", 5, (uint64_t[]){ 1, 1, 1, 1, 1 }, 0, 0);
	refuse(&g, "tensor a has 5 dimensions", "damaged");
	gguf_info(&g, "a", 2, huge, 0, 0);
	refuse(&g, "more elements than 64 bits count", "damaged");
	gguf_info(&g, "a", 1, (uint64_t[]){ 1ull << 62 }, 0, 0);
	refuse(&g, "overflow", "damaged");
	gguf_info(&g, "a", 1, ne, 12, 0);
	refuse(&g, "its rows of 8 elements are no whole blocks of Q4_K", "damaged");
	gguf_info(&g, "a", 1, ne, 0, 0);
	refuse(&g, "its data ends at byte 32 of the data, the file has 0", "cut short");
	gguf_info(&g, "a", 1, ne, 0, UINT64_MAX - 31);
	refuse(&g, "the file has 0", "damaged");
	gguf_info(&g, "a", 1, ne, 0, 4);
	str_addn(&g.data, (char *)count, 64);
	refuse(&g, "its data at 4 is not aligned to 32", "damaged");
	gguf_info(&g, "a", 1, (uint64_t[]){ 16 }, 0, 0);
	gguf_info(&g, "b", 1, ne, 0, 32);
	str_addn(&g.data, (char *)count, 64);
	refuse(&g, "its data overlaps that of the tensor before it", "damaged");
	gguf_info(&g, "a", 1, ne, 0, 0);
	gguf_info(&g, "a", 1, ne, 0, 32);
	str_addn(&g.data, (char *)count, 64);
	refuse(&g, "tensor a is there twice", "damaged");
	gguf_info(&g, "", 1, ne, 0, 0);
	refuse(&g, "a tensor whose name is empty", "damaged");
	gguf_info(&g, "a\xff", 1, ne, 0, 0);
	refuse(&g, "a tensor whose name is no text", "damaged");
}

static void test_unknown_types_are_listed(void **state)
{
	(void)state;
	struct gguf_file g;
	gguf_init(&g);
	llama_keys(&g, "llama");
	gguf_info(&g, "blk.0.attn_v.weight", 1, (uint64_t[]){ 8 }, 137, 0);
	gguf_info(&g, "blk.0.attn_output.weight", 1, (uint64_t[]){ 256 }, 16, 64);
	gguf_info(&g, "scalar", 0, NULL, 0, 160);
	str_addn(&g.data, (char *)count, 192);
	gguf_write(&g, &fx, "odd.gguf");
	gguf_fini(&g);
	struct model *m = fixture_open(&fx, "odd.gguf");
	const struct tensor *t = m->source.tensors;
	assert_string_equal(t[0].dtype_text, "ggml-137");
	assert_int_equal(t[0].bytes, 64); /* up to the next tensor */
	assert_false(t[0].readable);
	assert_string_equal(t[1].dtype_text, "IQ2_XXS");
	assert_int_equal(t[1].bytes, 66);
	assert_int_equal(t[2].elements, 1);
	assert_int_equal(t[2].rank, 0);
	model_unref(m);
}

/* Every prefix of a good file is refused or opens; none may crash. */
static void test_every_truncation(void **state)
{
	(void)state;
	struct gguf_file g;
	size_t n;
	struct err e;
	gguf_init(&g);
	llama_keys(&g, "granitehybrid");
	gguf_f32(&g, "blk.0.ffn_gate_exps.weight", SHAPE(2, 2, 3), count);
	gguf_f32(&g, "blk.0.ffn_up_exps.weight", SHAPE(2, 2, 3), count);
	gguf_write(&g, &fx, "full.gguf");
	gguf_fini(&g);
	char *path = str_join_path(fx.dir, "full.gguf");
	char *bytes = file_read_all(path, 1 << 20, &n, &e);
	free(path);
	path = str_join_path(fx.dir, "cut.gguf");
	for (size_t k = 0; k < n - 16; k++) {
		fixture_write(&fx, "cut.gguf", bytes, k);
		err_clear(&e);
		assert_null(model_open(path, &e));
		assert_true(*e.what && *e.where && *e.hint);
	}
	free(bytes);
	free(path);
}

int main(void)
{
	fill_count();
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rope_rows),
		cmocka_unit_test(test_plain_rows),
		cmocka_unit_test(test_hybrid),
		cmocka_unit_test(test_experts_and_norms),
		cmocka_unit_test(test_tokenizer_and_keys),
		cmocka_unit_test(test_folder),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_refuses_bad_headers),
		cmocka_unit_test(test_refuses_bad_tensors),
		cmocka_unit_test(test_unknown_types_are_listed),
		cmocka_unit_test(test_every_truncation),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
