#include "config.h"
#include "quant/gguf_make.h"
#include <string.h>
#include "base/str.h"

json_t *gguf_hparam(const struct model *m, const char *name)
{
	json_t *inner = json_object_get(json_object_get(m->config, "text_config"), name);
	json_t *j = inner && !json_is_null(inner) ? inner : json_object_get(m->config, name);

	return json_is_null(j) ? NULL : j;
}

static int64_t whole(const struct model *m, const char *name, int64_t dflt)
{
	const json_t *j = gguf_hparam(m, name);

	return json_is_integer(j) ? json_integer_value(j) : dflt;
}

/* Keys that are a number of the config under another name: the first of the names that is there. */
enum as { AS_U32, AS_F32 };
static const struct simple {
	const char *key;
	enum as as;
	const char *names[6];
} simple[] = {
	{ "%s.context_length", AS_U32, { "max_position_embeddings", "n_ctx", "n_positions" } },
	{ "%s.embedding_length", AS_U32, { "hidden_size", "n_embd" } },
	{ "%s.feed_forward_length", AS_U32, { "intermediate_size", "n_inner" } },
	{ "%s.attention.head_count", AS_U32, { "num_attention_heads", "n_head" } },
	{ "%s.attention.layer_norm_rms_epsilon", AS_F32, { "rms_norm_eps", "norm_eps" } },
	{ "%s.attention.layer_norm_epsilon", AS_F32, { "layer_norm_eps", "layer_norm_epsilon" } },
	{ "%s.expert_count", AS_U32, { "num_local_experts", "num_experts", "n_routed_experts" } },
	{ "%s.expert_used_count", AS_U32, { "num_experts_per_tok", "num_experts_per_token" } },
	{ "%s.expert_feed_forward_length", AS_U32, { "moe_intermediate_size" } },
	{ "%s.expert_shared_feed_forward_length", AS_U32,
		{ "shared_expert_intermediate_size", "shared_intermediate_size" } },
	{ "%s.attention.scale", AS_F32, { "attention_multiplier" } },
	{ "%s.embedding_scale", AS_F32, { "embedding_multiplier" } },
	{ "%s.residual_scale", AS_F32, { "residual_multiplier" } },
	{ "%s.logit_scale", AS_F32, { "logits_scaling" } },
	{ "%s.vocab_size", AS_U32, { "vocab_size" } },
};

static bool is_granite(const char *arch)
{
	return str_starts(arch, "granite");
}

static bool has_states(const struct quant_targets *t)
{
	return str_eq(t->architecture, "granitehybrid");
}

/* Layers of states do without positions, but for Bamba's attention; those without states have
 * them. */
static bool has_rope(const struct quant_targets *t)
{
	return !has_states(t) || str_eq(t->model->arch_class, "BambaForCausalLM");
}

/* What only some architectures have a word for. */
static bool left_out(const struct quant_targets *t, const char *key)
{
	if (str_ends(key, "vocab_size"))
		return !str_eq(t->architecture, "llama") && !is_granite(t->architecture);
	if (str_ends(key, ".scale") || str_ends(key, "_scale"))
		return !is_granite(t->architecture);
	return str_ends(key, "context_length") && !has_rope(t);
}

static void put_simple(struct gguf_put *p, const struct quant_targets *t)
{
	for (size_t i = 0; i < sizeof simple / sizeof *simple; i++) {
		const json_t *j = NULL;

		for (int k = 0; k < 6 && !j && simple[i].names[k]; k++)
			j = gguf_hparam(t->model, simple[i].names[k]);
		if (!json_is_number(j) || left_out(t, simple[i].key))
			continue;
		if (simple[i].as == AS_F32)
			put_f32(p, simple[i].key, json_number_value(j));
		else
			put_u32(p, simple[i].key, (uint64_t)json_integer_value(j));
	}
}

/* "rope_parameters" of today's configs, "rope_scaling" of older ones. */
static const json_t *rope_of(const struct model *m)
{
	const json_t *r = gguf_hparam(m, "rope_parameters"), *full;

	r = r ? r : gguf_hparam(m, "rope_scaling");
	full = json_object_get(r, "full_attention");
	return full ? full : r;
}

static void put_rope_scaling(struct gguf_put *p, const struct model *m, const json_t *r)
{
	static const struct { const char *name, *key; } yarn[] = {
		{ "extrapolation_factor", "%s.rope.scaling.yarn_ext_factor" },
		{ "attention_factor", "%s.rope.scaling.yarn_attn_factor" },
		{ "beta_fast", "%s.rope.scaling.yarn_beta_fast" },
		{ "beta_slow", "%s.rope.scaling.yarn_beta_slow" },
	};
	const char *type = json_text(r, "rope_type", json_text(r, "type", ""));
	double factor = json_num(r, "factor", 0.0);

	if (str_eq(type, "linear") && factor > 0) {
		put_text(p, "%s.rope.scaling.type", "linear");
		put_f32(p, "%s.rope.scaling.factor", factor);
	} else if (str_eq(type, "yarn") && factor > 0) {
		put_text(p, "%s.rope.scaling.type", "yarn");
		put_f32(p, "%s.rope.scaling.factor", factor);
		put_u32(p, "%s.rope.scaling.original_context_length",
			(uint64_t)json_int(r, "original_max_position_embeddings",
			whole(m, "original_max_position_embeddings", 0)));
		for (size_t i = 0; i < sizeof yarn / sizeof *yarn; i++)
			if (json_is_number(json_object_get(r, yarn[i].name)))
				put_f32(p, yarn[i].key, json_num(r, yarn[i].name, 0));
		if (!json_object_get(r, "attention_factor") &&
			json_is_number(json_object_get(r, "attn_factor")))
			put_f32(p, "%s.rope.scaling.yarn_attn_factor",
				json_num(r, "attn_factor", 0));
	} else if (str_eq(type, "longrope") || str_eq(type, "su")) {
		put_text(p, "%s.rope.scaling.type", "longrope");
	}
}

/* What the config says, or leaves to its family. */
static int64_t head_size(const struct quant_targets *t)
{
	int64_t heads = whole(t->model, "num_attention_heads", 0);
	int64_t size = whole(t->model, "head_dim", 0);

	if (size > 0 || is_granite(t->architecture))
		return is_granite(t->architecture) ? 0 : size;
	if (str_eq(t->family, "llama") || str_eq(t->family, "mistral"))
		return heads > 0 ? whole(t->model, "hidden_size", 0) / heads : 0;
	return str_eq(t->family, "qwen3") ? 128 : 0;
}

static void put_heads(struct gguf_put *p, const struct quant_targets *t)
{
	const struct model *m = t->model;
	int64_t heads = whole(m, "num_attention_heads", 0);
	int64_t kv = whole(m, "num_key_value_heads", -1);
	int64_t size = head_size(t);

	if (kv >= 0 && !str_eq(t->family, "granitemoehybrid"))
		put_u32(p, "%s.attention.head_count_kv", (uint64_t)kv);
	if (size > 0) {
		put_u32(p, "%s.attention.key_length", (uint64_t)size);
		put_u32(p, "%s.attention.value_length", (uint64_t)size);
	}
	if (size <= 0 && heads > 0)
		size = whole(m, "hidden_size", 0) / heads;
	if (size > 0 && (str_eq(t->architecture, "llama") || is_granite(t->architecture)))
		put_u32(p, "%s.rope.dimension_count", (uint64_t)size);
}

/* Layers of attention among those of state spaces. */
static bool is_attention(const struct model *m, int64_t layer)
{
	const json_t *types = gguf_hparam(m, "layer_types"), *at;
	const char *type = json_string_value(json_array_get(types, (size_t)layer));
	int64_t period = whole(m, "attn_layer_period", 0);
	size_t i;
	json_t *j;

	if (json_is_array(types))
		return type && (str_eq(type, "attention") || str_eq(type, "full_attention"));
	at = gguf_hparam(m, "attn_layer_indices");
	json_array_foreach(at, i, j)
		if (json_integer_value(j) == layer)
			return true;
	return period > 0 && layer % period == whole(m, "attn_layer_offset", 0);
}

static void put_hybrid(struct gguf_put *p, const struct quant_targets *t)
{
	const struct model *m = t->model;
	int64_t kv = whole(m, "num_key_value_heads", 0), width = whole(m, "hidden_size", 0);

	if (!has_rope(t))
		put_u32(p, "%s.context_length", UINT64_C(1) << 20);
	put_u32(p, "%s.ssm.conv_kernel", (uint64_t)whole(m, "mamba_d_conv", 4));
	put_u32(p, "%s.ssm.state_size", (uint64_t)whole(m, "mamba_d_state", 128));
	put_u32(p, "%s.ssm.group_count", (uint64_t)whole(m, "mamba_n_groups", 1));
	put_u32(p, "%s.ssm.inner_size", (uint64_t)(whole(m, "mamba_expand", 2) * width));
	put_u32(p, "%s.ssm.time_step_rank", (uint64_t)whole(m, "mamba_n_heads", 0));
	put_array(p, "%s.attention.head_count_kv", PUT_I32, (uint64_t)t->layers);
	for (int64_t i = 0; i < t->layers; i++)
		put_array_i32(p, is_attention(m, i) ? (int32_t)kv : 0);
	put_bool(p, "%s.rope.scaling.finetuned", has_rope(t));
}

bool gguf_put_config(struct gguf_put *p, const struct quant_targets *t, struct err *e)
{
	const struct model *m = t->model;
	const json_t *rope = rope_of(m);
	double theta = json_num(rope, "rope_theta", json_number_value(
		gguf_hparam(m, "rope_theta")));

	if (t->layers <= 0 || whole(m, "hidden_size", 0) <= 0)
		return err_set(e, ERR_INPUT, m->source.label,
			"quantize from a folder with a whole config.json",
			"its config does not say how many layers it has, or how wide they are");
	put_u32(p, "%s.block_count", (uint64_t)t->layers);
	put_simple(p, t);
	put_heads(p, t);
	put_rope_scaling(p, m, rope);
	if (theta > 0)
		put_f32(p, "%s.rope.freq_base", theta);
	if (str_eq(t->family, "granitemoehybrid"))
		put_hybrid(p, t);
	return true;
}
