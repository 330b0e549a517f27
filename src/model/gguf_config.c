/* What a GGUF file says about its model, in the words of config.json. */
#include <string.h>
#include "base/str.h"
#include "model/gguf.h"
#include "model/gguf_family.h"

static const struct gguf_arch archs[] = {
	{ "llama", "llama", "LlamaForCausalLM", GGUF_ROPE_ROWS },
	{ "mistral3", "mistral3", "Mistral3ForConditionalGeneration", GGUF_ROPE_ROWS },
	{ "smollm3", "smollm3", "SmolLM3ForCausalLM", GGUF_ROPE_ROWS },
	{ "qwen2", "qwen2", "Qwen2ForCausalLM", 0 },
	{ "qwen2moe", "qwen2_moe", "Qwen2MoeForCausalLM", 0 },
	{ "qwen3", "qwen3", "Qwen3ForCausalLM", 0 },
	{ "qwen3moe", "qwen3_moe", "Qwen3MoeForCausalLM", 0 },
	{ "qwen3next", "qwen3_next", "Qwen3NextForCausalLM", GGUF_NORM_PLUS },
	{ "granite", "granite", "GraniteForCausalLM", GGUF_ROPE_ROWS },
	{ "granitemoe", "granitemoe", "GraniteMoeForCausalLM", GGUF_ROPE_ROWS | GGUF_HALVES },
	{ "granitehybrid", "granitemoehybrid", "GraniteMoeHybridForCausalLM",
		GGUF_ROPE_ROWS | GGUF_HALVES },
	{ "gemma", "gemma", "GemmaForCausalLM", GGUF_NORM_PLUS },
	{ "gemma2", "gemma2", "Gemma2ForCausalLM", GGUF_NORM_PLUS },
	{ "gemma3", "gemma3_text", "Gemma3ForCausalLM", GGUF_NORM_PLUS },
	{ "phi3", "phi3", "Phi3ForCausalLM", 0 },
	{ "olmo2", "olmo2", "Olmo2ForCausalLM", 0 },
	{ "olmoe", "olmoe", "OlmoeForCausalLM", 0 },
	{ "gpt-oss", "gpt_oss", "GptOssForCausalLM", GGUF_ALTERNATE },
	{ "deepseek2", "deepseek_v2", "DeepseekV2ForCausalLM", 0 },
	{ "glm4", "glm4", "Glm4ForCausalLM", 0 },
	{ "glm4moe", "glm4_moe", "Glm4MoeForCausalLM", 0 },
};
/* Told apart by a key: the same architecture in ggml, another family at Hugging Face. */
static const struct gguf_arch mixtral = { "llama", "mixtral", "MixtralForCausalLM",
	GGUF_ROPE_ROWS };
static const struct gguf_arch deepseek_v3 = { "deepseek2", "deepseek_v3", "DeepseekV3ForCausalLM",
	0 };

const json_t *gguf_key(const struct model_build *b, const char *name)
{
	char key[160];

	snprintf(key, sizeof key, "%.80s.%s", json_text(b->m.metadata, "general.architecture", ""),
		name);
	return json_object_get(b->m.metadata, key);
}

int64_t gguf_layer_int(const struct model_build *b, const char *name, int layer, int64_t dflt)
{
	const json_t *v = gguf_key(b, name);

	return json_int(json_is_array(v) ? json_array_get(v, layer < 0 ? 0 : (size_t)layer) : v, "",
		dflt);
}

const struct gguf_arch *gguf_arch(struct model_build *b)
{
	const char *name = json_text(b->m.metadata, "general.architecture", "unknown");

	if (str_eq(name, "llama") && json_int(gguf_key(b, "expert_count"), "", 0) > 0)
		return &mixtral;
	/* 2: routing by sigmoid, which came with version 3 */
	if (str_eq(name, "deepseek2") && json_int(gguf_key(b, "expert_gating_func"), "", 1) == 2)
		return &deepseek_v3;
	for (size_t i = 0; i < sizeof archs / sizeof *archs; i++)
		if (str_eq(name, archs[i].gguf))
			return &archs[i];
	struct gguf_arch *a = arena_new(&b->arena, struct gguf_arch, 1);
	a->gguf = a->family = arena_strdup(&b->arena, name);
	return a;
}

static bool describe(const struct gguf_arch *a, struct gguf_family *out)
{
	*out = (struct gguf_family){ a->gguf, a->how & GGUF_ROPE_ROWS, a->how & GGUF_NORM_PLUS,
		a->how & GGUF_HALVES, a->how & GGUF_ALTERNATE };
	return true;
}

bool gguf_family(const char *model_type, struct gguf_family *out)
{
	/* What differs by its config alone. */
	if (str_eq(model_type, "mistral"))
		model_type = "llama";
	else if (str_eq(model_type, "granitemoeshared"))
		model_type = "granitemoe";
	for (size_t i = 0; i < sizeof archs / sizeof *archs; i++)
		if (str_eq(model_type, archs[i].family))
			return describe(&archs[i], out);
	if (str_eq(model_type, mixtral.family))
		return describe(&mixtral, out);
	return str_eq(model_type, deepseek_v3.family) && describe(&deepseek_v3, out);
}

/* Keys with one counterpart. A family in the third column narrows a row; the first row whose config
 * key is still free wins. */
static const struct {
	const char *key, *config, *families;
} rows[] = {
	{ "vocab_size", "vocab_size", NULL },
	{ "context_length", "max_position_embeddings", NULL },
	{ "embedding_length", "hidden_size", NULL },
	{ "feed_forward_length", "intermediate_size", NULL },
	{ "attention.head_count", "num_attention_heads", NULL },
	{ "attention.head_count_kv", "num_key_value_heads", NULL },
	{ "attention.layer_norm_rms_epsilon", "rms_norm_eps", NULL },
	{ "attention.layer_norm_epsilon", "layer_norm_eps", NULL },
	{ "attention.sliding_window", "sliding_window", NULL },
	{ "rope.freq_base", "rope_theta", NULL },
	{ "attn_logit_softcapping", "attn_logit_softcapping", NULL },
	{ "final_logit_softcapping", "final_logit_softcapping", NULL },
	{ "attention.scale", "attention_multiplier", "granite granitemoe granitemoehybrid" },
	{ "embedding_scale", "embedding_multiplier", "granite granitemoe granitemoehybrid" },
	{ "residual_scale", "residual_multiplier", "granite granitemoe granitemoehybrid" },
	{ "logit_scale", "logits_scaling", "granite granitemoe granitemoehybrid" },
	{ "expert_count", "num_local_experts", "mixtral granitemoe granitemoehybrid gpt_oss" },
	{ "expert_count", "n_routed_experts", "deepseek_v2 deepseek_v3 glm4_moe" },
	{ "expert_count", "num_experts", "qwen2_moe qwen3_moe qwen3_next olmoe" },
	{ "expert_used_count", "num_experts_per_tok", NULL },
	{ "expert_shared_count", "n_shared_experts", NULL },
	{ "expert_feed_forward_length", "moe_intermediate_size", NULL },
	{ "expert_shared_feed_forward_length", "shared_intermediate_size",
		"granitemoehybrid granitemoe" },
	{ "expert_shared_feed_forward_length", "shared_expert_intermediate_size",
		"qwen2_moe qwen3_moe qwen3_next" },
	{ "leading_dense_block_count", "first_k_dense_replace", NULL },
	{ "nextn_predict_layers", "num_nextn_predict_layers", NULL },
	{ "attention.q_lora_rank", "q_lora_rank", NULL },
	{ "attention.kv_lora_rank", "kv_lora_rank", NULL },
	{ "ssm.conv_kernel", "mamba_d_conv", "granitemoehybrid" },
	{ "ssm.state_size", "mamba_d_state", "granitemoehybrid" },
	{ "ssm.group_count", "mamba_n_groups", "granitemoehybrid" },
	{ "ssm.time_step_rank", "mamba_n_heads", "granitemoehybrid" },
};

static bool in_words(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *s = words; (s = strstr(s, word)); s += n)
		if ((s == words || s[-1] == ' ') && (!s[n] || s[n] == ' '))
			return true;
	return false;
}

/* One number for a key that may be given by layer: the largest. */
static json_t *one_number(const json_t *v)
{
	const json_t *best = json_is_array(v) ? json_array_get(v, 0) : v;

	for (size_t i = 1; json_is_array(v) && i < json_array_size(v); i++)
		if (json_number_value(json_array_get(v, i)) > json_number_value(best))
			best = json_array_get(v, i);
	return json_is_number(best) ? json_incref((json_t *)best) : NULL;
}

static void set_int(json_t *c, const char *key, int64_t v)
{
	if (v >= 0)
		json_object_set_new(c, key, json_integer(v));
}

static void layer_kinds(const struct model_build *b, json_t *c)
{
	const json_t *kv = gguf_key(b, "attention.head_count_kv");

	if (!json_is_array(kv) || !gguf_key(b, "ssm.state_size"))
		return;
	json_t *kinds = json_array();
	for (size_t i = 0; i < json_array_size(kv); i++)
		json_array_append_new(kinds, json_string(
			json_integer_value(json_array_get(kv, i)) ? "attention" : "mamba"));
	json_object_set_new(c, "layer_types", kinds);
}

static void mamba_sizes(const struct model_build *b, const struct gguf_arch *a, json_t *c)
{
	int64_t inner = json_int(gguf_key(b, "ssm.inner_size"), "", 0);
	int64_t heads = json_int(c, "mamba_n_heads", 0), hidden = json_int(c, "hidden_size", 0);

	if (!str_eq(a->family, "granitemoehybrid") || inner <= 0 || heads <= 0 || hidden <= 0)
		return;
	set_int(c, "mamba_d_head", inner / heads);
	set_int(c, "mamba_expand", inner / hidden);
}

static void rope(const struct model_build *b, json_t *c)
{
	const char *type = json_text(gguf_key(b, "rope.scaling.type"), "", NULL);

	if (str_eq(json_text(c, "model_type", ""), "granitemoehybrid"))
		json_object_set_new(c, "position_embedding_type",
			json_string(json_flag(gguf_key(b, "rope.scaling.finetuned"), "", true)
					    ? "rope"
					    : "nope"));
	if (!type || str_eq(type, "none"))
		return;
	json_t *s = json_object();
	json_object_set_new(s, "rope_type", json_string(type));
	json_object_set(s, "factor", (json_t *)gguf_key(b, "rope.scaling.factor"));
	json_object_set(s, "original_max_position_embeddings",
		(json_t *)gguf_key(b, "rope.scaling.original_context_length"));
	json_object_set_new(c, "rope_scaling", s);
}

static int64_t head_dim(const struct model_build *b, const json_t *c)
{
	int64_t heads = json_int(c, "num_attention_heads", 0),
		hidden = json_int(c, "hidden_size", 0);
	int64_t d = json_int(gguf_key(b, "attention.key_length"), "", -1);

	if (d < 0)
		d = json_int(gguf_key(b, "rope.dimension_count"), "", -1);
	return d < 0 && heads > 0 && hidden % heads == 0 ? hidden / heads : d;
}

json_t *gguf_config(const struct model_build *b, const struct gguf_arch *a, bool tied)
{
	json_t *c = json_object();
	const json_t *m = b->m.metadata;
	int64_t blocks = json_int(gguf_key(b, "block_count"), "", -1);
	int64_t nextn = json_int(gguf_key(b, "nextn_predict_layers"), "", 0);

	json_object_set_new(c, "model_type", json_string(a->family));
	if (a->arch_class)
		json_object_set_new(c, "architectures", json_pack("[s]", a->arch_class));
	if (blocks >= 0)
		set_int(c, "num_hidden_layers",
			nextn > 0 && nextn < blocks ? blocks - nextn : blocks);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		json_t *v = one_number(gguf_key(b, rows[i].key));
		if (v && !json_object_get(c, rows[i].config) &&
			(!rows[i].families || in_words(rows[i].families, a->family)))
			json_object_set(c, rows[i].config, v);
		json_decref(v);
	}
	set_int(c, "head_dim", head_dim(b, c));
	layer_kinds(b, c);
	mamba_sizes(b, a, c);
	rope(b, c);
	set_int(c, "bos_token_id", json_int(m, "tokenizer.ggml.bos_token_id", -1));
	set_int(c, "eos_token_id", json_int(m, "tokenizer.ggml.eos_token_id", -1));
	set_int(c, "pad_token_id", json_int(m, "tokenizer.ggml.padding_token_id", -1));
	json_object_set_new(c, "tie_word_embeddings", json_boolean(tied));
	return c;
}
