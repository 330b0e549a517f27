/* What running a model takes, from its config: the weights as stored, and what is kept per token:
 * keys and values in binary16, recurrent states in float32. */
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "model/model.h"

/* The config's number, at its top or in the part of a multimodal one that is about text. */
static int64_t number(const struct model *m, const char *key)
{
	char nested[96];
	int64_t v = json_int(m->config, key, -1);

	snprintf(nested, sizeof nested, "text_config.%s", key);
	return v >= 0 ? v : json_int(m->config, nested, -1);
}

enum layer_kind { LAYER_FULL, LAYER_SLIDING, LAYER_STATE };

static enum layer_kind kind_of(const struct model *m, int64_t i)
{
	const json_t *kinds = json_at(m->config, "layer_types");
	int64_t every = number(m, "full_attention_interval");

	kinds = kinds ? kinds : json_at(m->config, "text_config.layer_types");
	const char *k = json_text(json_array_get(kinds, (size_t)i), "", NULL);
	if (k)
		return str_eq(k, "mamba") || str_eq(k, "linear_attention") ? LAYER_STATE :
			str_eq(k, "sliding_attention") ? LAYER_SLIDING : LAYER_FULL;
	if (every > 0)
		return (i + 1) % every ? LAYER_STATE : LAYER_FULL;
	if (number(m, "sliding_window") <= 0 || !json_flag(m->config, "use_sliding_window", true))
		return LAYER_FULL;
	if (str_eq(m->architecture, "gemma2"))
		return i % 2 ? LAYER_FULL : LAYER_SLIDING;
	if (str_starts(m->architecture, "gemma3"))
		return (i + 1) % 6 ? LAYER_SLIDING : LAYER_FULL;
	return LAYER_SLIDING;
}

/* Bytes kept for one token by one attention layer; -1 if the config does not say. */
static int64_t per_token(const struct model *m)
{
	int64_t heads = number(m, "num_attention_heads"), kv = number(m, "num_key_value_heads");
	int64_t dim = number(m, "head_dim"), hidden = number(m, "hidden_size");
	int64_t lora = number(m, "kv_lora_rank"), rope = number(m, "qk_rope_head_dim");

	if (lora > 0) /* latent attention keeps one compressed vector and one rope key */
		return 2 * (lora + (rope > 0 ? rope : 64));
	if (dim <= 0)
		dim = heads > 0 && hidden > 0 ? hidden / heads : -1;
	kv = kv > 0 ? kv : heads;
	if (kv <= 0 || dim <= 0 || kv > 1 << 20 || dim > 1 << 20)
		return -1;
	return 2 * 2 * kv * dim;
}

/* Bytes of the recurrent state of one layer; 0 if the config does not say. */
static int64_t per_state(const struct model *m)
{
	int64_t heads = number(m, "mamba_n_heads"), dim = number(m, "mamba_d_head");
	int64_t state = number(m, "mamba_d_state"), groups = number(m, "mamba_n_groups");
	int64_t conv = number(m, "mamba_d_conv");

	if (heads <= 0) { /* gated delta networks */
		heads = number(m, "linear_num_value_heads");
		dim = number(m, "linear_value_head_dim");
		state = number(m, "linear_key_head_dim");
		groups = number(m, "linear_num_key_heads");
		conv = number(m, "linear_conv_kernel_dim");
	}
	if (heads <= 0 || dim <= 0 || state <= 0 || heads > 1 << 20 || dim > 1 << 20 ||
		state > 1 << 20 || groups > 1 << 20 || conv > 1 << 10)
		return 0;
	int64_t channels = heads * dim + 2 * (groups > 0 ? groups : 1) * state;
	return 4 * (heads * dim * state + (conv > 1 ? conv - 1 : 0) * channels);
}

bool model_memory(const struct model *m, uint64_t context, uint64_t *weights, uint64_t *kv)
{
	int64_t token = per_token(m), state = per_state(m), window = number(m, "sliding_window");
	uint64_t total = 0;

	*weights = m->bytes;
	*kv = 0;
	if (token < 0 || m->layers <= 0 || m->layers > 100000)
		return false;
	for (int64_t i = 0; i < m->layers; i++) {
		enum layer_kind k = kind_of(m, i);
		uint64_t n = context, bytes = (uint64_t)state;
		if (k == LAYER_SLIDING && window > 0 && (uint64_t)window < n)
			n = (uint64_t)window;
		if (k != LAYER_STATE && !size_mul(n, (uint64_t)token, &bytes))
			return false;
		if (!size_add(total, bytes, &total))
			return false;
	}
	*kv = total;
	return true;
}
