#include "fixture.h"
#include "model/role.h"

static void check(const char *family, bool gguf, const char *name, const char *role, int layer,
	int expert)
{
	struct arena a;
	struct tensor t = {
		.name = name, .stored = name, .role = "other", .layer = -1, .expert = -1
	};
	/* A router beside it, so that shared experts keep their name. */
	struct tensor v[2] = { t, { .name = "model.layers.0.mlp.gate.weight" } };

	arena_init(&a);
	role_classify(v, 2, family, gguf, &a);
	if (strcmp(v[0].role, role) || v[0].layer != layer || v[0].expert != expert)
		fail_msg("%s of %s: %s, layer %d, expert %d", name, family ? family : "?",
			v[0].role, v[0].layer, v[0].expert);
	arena_fini(&a);
}

static const struct {
	const char *family, *name, *role;
	int layer, expert;
} language[] = {
	{ "llama", "model.embed_tokens.weight", "token_embd", -1, -1 },
	{ "llama", "lm_head.weight", "output", -1, -1 },
	{ "llama", "model.norm.weight", "output_norm", -1, -1 },
	{ "llama", "model.layers.79.self_attn.q_proj.weight", "attn_q", 79, -1 },
	{ "qwen2", "model.layers.7.self_attn.q_proj.bias", "attn_q", 7, -1 },
	{ "mistral", "model.layers.7.self_attn.o_proj.weight", "attn_output", 7, -1 },
	{ "qwen3", "model.layers.7.self_attn.k_norm.weight", "attn_k_norm", 7, -1 },
	{ "llama", "model.layers.7.post_attention_layernorm.weight", "ffn_norm", 7, -1 },
	{ "gemma2", "model.layers.7.post_attention_layernorm.weight", "post_attention_norm",
		7, -1 },
	{ "gemma3_text", "model.layers.7.pre_feedforward_layernorm.weight", "ffn_norm", 7,
		-1 },
	{ "gemma2", "model.layers.7.post_feedforward_layernorm.weight", "post_ffw_norm", 7,
		-1 },
	{ "phi3", "model.layers.0.self_attn.qkv_proj.weight", "attn_qkv", 0, -1 },
	{ "phi3", "model.layers.0.mlp.gate_up_proj.weight", "ffn_up", 0, -1 },
	{ "mixtral", "model.layers.3.block_sparse_moe.experts.7.w1.weight", "ffn_gate_exps",
		3, 7 },
	{ "mixtral", "model.layers.3.block_sparse_moe.experts.7.w3.weight", "ffn_up_exps",
		3, 7 },
	{ "mixtral", "model.layers.3.block_sparse_moe.experts.7.w2.weight", "ffn_down_exps",
		3, 7 },
	{ "mixtral", "model.layers.3.block_sparse_moe.gate.weight", "ffn_gate_inp", 3, -1 },
	{ "qwen2_moe", "model.layers.3.mlp.shared_expert.up_proj.weight", "ffn_up_shexp", 3,
		-1 },
	{ "qwen2_moe", "model.layers.3.mlp.shared_expert_gate.weight", "ffn_gate_inp_shexp",
		3, -1 },
	{ "qwen3_moe", "model.layers.3.mlp.experts.127.down_proj.weight", "ffn_down_exps",
		3, 127 },
	{ "olmoe", "model.layers.3.mlp.gate.weight", "ffn_gate_inp", 3, -1 },
	{ "qwen3_next", "model.layers.0.linear_attn.in_proj_qkvz.weight", "ssm_in", 0, -1 },
	{ "qwen3_next", "model.layers.0.linear_attn.dt_bias", "ssm_dt", 0, -1 },
	{ "qwen3_next", "mtp.layers.0.self_attn.q_proj.weight", "nextn_attn_q", -1, -1 },
	{ "qwen3_next", "mtp.layers.0.mlp.experts.5.up_proj.weight", "nextn_ffn_up_exps",
		-1, -1 },
	{ "qwen3_next", "mtp.fc.weight", "nextn_eh_proj", -1, -1 },
	{ "deepseek_v3", "model.layers.61.eh_proj.weight", "nextn_eh_proj", 61, -1 },
	{ "deepseek_v3", "model.layers.61.shared_head.norm.weight",
		"nextn_shared_head_norm", 61, -1 },
	{ "deepseek_v3", "model.layers.5.self_attn.kv_a_proj_with_mqa.weight",
		"attn_kv_a_mqa", 5, -1 },
	{ "deepseek_v3", "model.layers.5.mlp.gate.e_score_correction_bias", "exp_probs_b",
		5, -1 },
	{ "deepseek_v3", "model.layers.5.mlp.experts.255.gate_proj.weight", "ffn_gate_exps",
		5, 255 },
	{ "deepseek_v2", "model.layers.5.mlp.shared_experts.gate_proj.weight",
		"ffn_gate_shexp", 5, -1 },
	{ "glm4_moe", "model.layers.5.post_attention_layernorm.weight",
		"post_attention_norm", 5, -1 },
	{ "gpt_oss", "model.layers.5.mlp.experts.gate_up_proj", "ffn_gate_up_exps", 5, -1 },
	{ "gpt_oss", "model.layers.5.mlp.experts.down_proj_bias", "ffn_down_exps", 5, -1 },
	{ "gpt_oss", "model.layers.5.mlp.router.weight", "ffn_gate_inp", 5, -1 },
	{ "gpt_oss", "model.layers.5.self_attn.sinks", "attn_sinks", 5, -1 },
	{ "granitemoe", "model.layers.1.block_sparse_moe.input_linear.weight",
		"ffn_gate_up_exps", 1, -1 },
	{ "granitemoehybrid", "model.layers.1.mamba.A_log", "ssm_a", 1, -1 },
	{ "granitemoehybrid", "model.layers.1.mamba.D", "ssm_d", 1, -1 },
	{ "granitemoehybrid", "model.layers.1.mamba.conv1d.bias", "ssm_conv1d", 1, -1 },
	{ "granitemoehybrid", "model.layers.1.shared_mlp.input_linear.weight",
		"ffn_gate_up_shexp", 1, -1 },
	{ "granitemoehybrid", "model.layers.1.block_sparse_moe.switch_mlp.up_proj.weight",
		"ffn_up_exps", 1, -1 },
	/* wrapped, unknown and foreign */
	{ "gemma3", "language_model.model.layers.7.self_attn.q_proj.weight", "attn_q", 7,
		-1 },
	{ "gemma3", "model.language_model.layers.7.self_attn.q_proj.weight", "attn_q", 7,
		-1 },
	{ NULL, "something.blocks.12.attn.qkv.weight", "attn_qkv", 12, -1 },
	{ "gpt2", "transformer.h.11.mlp.c_fc.weight", "ffn_up", 11, -1 },
	{ "strange", "model.layers.4.frobnicator.weight", "other", 4, -1 },
	{ "strange", "frobnicator.4.weight", "other", -1, -1 },
	{ NULL, "", "other", -1, -1 },
	{ NULL, "....", "other", -1, -1 },
};

static void test_language(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof language / sizeof *language; i++)
		check(language[i].family, false, language[i].name, language[i].role, language[i].layer,
			language[i].expert);
}

static void test_towers(void **state)
{
	(void)state;
	check("gemma3", false,
		"vision_tower.vision_model.encoder.layers.26.self_attn.q_proj.weight",
		"vision_attn_q", -1, -1);
	check("gemma3", false, "multi_modal_projector.mm_input_projection_weight", "vision_proj",
		-1, -1);
	check("qwen2_5_vl", false, "visual.blocks.31.attn.qkv.bias", "vision_attn_qkv", -1, -1);
	check("qwen2_5_vl", false, "model.visual.merger.mlp.0.weight", "vision_proj", -1, -1);
	check("qwen3_vl", false, "model.visual.blocks.3.mlp.linear_fc1.weight", "vision_ffn_up", -1,
		-1);
	check("llava", false, "vision_tower.strange.thing", "vision", -1, -1);
	check(NULL, true, "v.blk.3.attn_q.weight", "vision_attn_q", -1, -1);
	check(NULL, true, "mm.0.weight", "vision_proj", -1, -1);
}

static void test_gguf(void **state)
{
	(void)state;
	check("llama", true, "token_embd.weight", "token_embd", -1, -1);
	check("llama", true, "output.weight", "output", -1, -1);
	check("llama", true, "blk.31.attn_q.weight", "attn_q", 31, -1);
	check("granitemoehybrid", true, "blk.3.ssm_a", "ssm_a", 3, -1);
	check("granitemoehybrid", true, "blk.3.ssm_dt.bias", "ssm_dt", 3, -1);
	check("qwen3_moe", true, "blk.3.ffn_down_exps.weight", "ffn_down_exps", 3, -1);
	check("deepseek_v3", true, "blk.61.nextn.eh_proj.weight", "nextn_eh_proj", 61, -1);
	check("unheard_of", true, "blk.3.brand_new.weight", "brand_new", 3, -1);
	check("mixtral", true, "blk.3.ffn_gate.7.weight", "ffn_gate_exps", 3, 7);
}

static void test_hf_names(void **state)
{
	(void)state;
	static const struct {
		const char *family, *stem, *ending;
		int expert;
		const char *want;
	} rows[] = {
		{ "llama", "token_embd", ".weight", -1, "model.embed_tokens.weight" },
		{ "llama", "output", ".weight", -1, "lm_head.weight" },
		{ "qwen2", "attn_q", ".bias", -1, "model.layers.9.self_attn.q_proj.bias" },
		{ "gemma2", "ffn_norm", ".weight", -1,
			"model.layers.9.pre_feedforward_layernorm.weight" },
		{ "gemma2", "post_attention_norm", ".weight", -1,
			"model.layers.9.post_attention_layernorm.weight" },
		{ "phi3", "ffn_up", ".weight", -1, "model.layers.9.mlp.gate_up_proj.weight" },
		{ "llama", "ffn_up", ".weight", -1, "model.layers.9.mlp.up_proj.weight" },
		{ "mixtral", "ffn_up_exps", ".weight", 3,
			"model.layers.9.block_sparse_moe.experts.3.w3.weight" },
		{ "qwen3_moe", "ffn_up_exps", ".weight", 3,
			"model.layers.9.mlp.experts.3.up_proj.weight" },
		{ "qwen2_moe", "ffn_up_shexp", ".weight", -1,
			"model.layers.9.mlp.shared_expert.up_proj.weight" },
		{ "deepseek_v3", "ffn_up_shexp", ".weight", -1,
			"model.layers.9.mlp.shared_experts.up_proj.weight" },
		{ "deepseek_v3", "exp_probs_b", ".bias", -1,
			"model.layers.9.mlp.gate.e_score_correction_bias" },
		{ "deepseek_v3", "nextn.enorm", ".weight", -1, "model.layers.9.enorm.weight" },
		{ "granitemoehybrid", "ssm_a", "", -1, "model.layers.9.mamba.A_log" },
		{ "granitemoehybrid", "ssm_d", "", -1, "model.layers.9.mamba.D" },
		{ "granitemoehybrid", "ssm_dt", ".bias", -1, "model.layers.9.mamba.dt_bias" },
		{ "granitemoehybrid", "ssm_conv1d", ".bias", -1,
			"model.layers.9.mamba.conv1d.bias" },
		{ "gpt_oss", "ffn_gate_up_exps", ".weight", -1,
			"model.layers.9.mlp.experts.gate_up_proj" },
		{ "gpt_oss", "ffn_down_exps", ".bias", -1,
			"model.layers.9.mlp.experts.down_proj_bias" },
		{ "gpt_oss", "attn_sinks", ".weight", -1, "model.layers.9.self_attn.sinks" },
		{ "llama", "brand_new", ".weight", -1, NULL },
	};
	struct str out = STR_INIT;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		str_clear(&out);
		bool ok = role_hf_name(&out, rows[i].family, rows[i].stem, rows[i].ending, 9,
			rows[i].expert);
		assert_int_equal(ok, rows[i].want != NULL);
		if (ok)
			assert_string_equal(out.s, rows[i].want);
	}
	str_fini(&out);
}

static struct fixture fx;

/* A person's own file adds a family and changes a row. */
static int own_rows(void **state)
{
	(void)state;
	fixture_init(&fx);
	fixture_text(&fx, "cupel/roles/mine.role",
		"# mine\nmodel.layers.{L}.frob.a  attn_frob  odd\n"
		"*.twist ffn_twist\nmodel.layers.{L}.mlp.gate_proj ffn_mine odd\n");
	setenv("XDG_CONFIG_HOME", fx.dir, 1);
	return 0;
}

static int own_rows_end(void **state)
{
	(void)state;
	fixture_fini(&fx);
	return 0;
}

static void test_own_rows(void **state)
{
	(void)state;
	assert_null(role_problem());
	check("odd", false, "model.layers.2.frob.a.weight", "attn_frob", 2, -1);
	check("even", false, "model.layers.2.frob.a.weight", "other", 2, -1);
	check("even", false, "x.layers.2.twist", "ffn_twist", 2, -1);
	check("odd", false, "model.layers.2.mlp.gate_proj.weight", "ffn_mine", 2, -1);
	check("llama", false, "model.layers.2.mlp.gate_proj.weight", "ffn_gate", 2, -1);
}

static void test_dense_shared(void **state)
{
	(void)state;
	struct arena a;
	struct tensor t = { .name = "model.layers.0.shared_mlp.input_linear.weight" };
	arena_init(&a);
	role_classify(&t, 1, "granitemoehybrid", false, &a);
	assert_string_equal(t.role, "ffn_gate_up");
	arena_fini(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_own_rows),
		cmocka_unit_test(test_language),
		cmocka_unit_test(test_towers),
		cmocka_unit_test(test_gguf),
		cmocka_unit_test(test_hf_names),
		cmocka_unit_test(test_dense_shared),
	};
	return cmocka_run_group_tests(tests, own_rows, own_rows_end);
}
