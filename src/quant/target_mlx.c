/* What an MLX folder of the model holds: the modules of mlx-lm. */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "quant/target_build.h"

/* Families whose modules are named as their tensors are, but for what `moved` says. */
static const char *const families[] = { "llama", "mistral", "smollm3", "mixtral", "qwen2",
	"qwen2_moe", "qwen3", "qwen3_moe", "granite", "granitemoe", "granitemoehybrid", "olmo2",
	"olmoe", "gemma", "gemma2", "phi3" };
/* Ends of module names there and here; halves: gate and up out of one. */
static const struct move {
	const char *family, *from, *to;
	bool halves, stack, dense; /* stack: experts; dense: in models without a router */
} moves[] = {
	{ "mixtral", ".w1", ".switch_mlp.gate_proj", false, true, false },
	{ "mixtral", ".w2", ".switch_mlp.down_proj", false, true, false },
	{ "mixtral", ".w3", ".switch_mlp.up_proj", false, true, false },
	{ NULL, ".gate_proj", ".switch_mlp.gate_proj", false, true, false },
	{ NULL, ".up_proj", ".switch_mlp.up_proj", false, true, false },
	{ NULL, ".down_proj", ".switch_mlp.down_proj", false, true, false },
	{ "granitemoe", ".block_sparse_moe.input_linear", ".block_sparse_moe.switch_mlp.", true,
		false, false },
	{ "granitemoe", ".block_sparse_moe.output_linear",
		".block_sparse_moe.switch_mlp.down_proj", false, false, false },
	{ "granitemoehybrid", ".block_sparse_moe.input_linear", ".block_sparse_moe.switch_mlp.",
		true, false, false },
	{ "granitemoehybrid", ".block_sparse_moe.output_linear",
		".block_sparse_moe.switch_mlp.down_proj", false, false, false },
	{ "granitemoehybrid", ".shared_mlp.input_linear", ".mlp.", true, false, true },
	{ "granitemoehybrid", ".shared_mlp.output_linear", ".mlp.down_proj", false, false, true },
};

static const struct move *move_of(const struct targets_build *b, const struct tensor *s,
	const char *module, size_t *at)
{
	for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
		const struct move *m = &moves[i];
		if ((m->family && !str_eq(m->family, b->t.family)) ||
			m->stack != (s->expert >= 0) ||
			(m->dense && b->t.experts > 0) || !str_ends(module, m->from))
			continue;
		*at = strlen(module) - strlen(m->from);
		return m;
	}
	return NULL;
}

/* Linear layers, embeddings and stacks of experts have quantized forms. */
static bool quantizable(const struct quant_target *t)
{
	return t->rank >= 2 && str_ends(t->name, ".weight") && !strstr(t->name, "conv1d") &&
		!strstr(t->name, "norm");
}

/* mlx-lm casts every float to what the config names, when it does. */
static enum dtype kept(const struct targets_build *b, const struct quant_target *t)
{
	const char *named = json_text(b->t.model->config, "torch_dtype", NULL);
	enum dtype d = named ? dtype_by_torch(named) : DT_UNKNOWN;

	if (t->source != DT_UNKNOWN && dtype_info(t->source)->kind == DTYPE_INT)
		return t->source;
	if (d == DT_F16 || d == DT_BF16 || d == DT_F32)
		return d;
	return t->source == DT_F16 || t->source == DT_BF16 || t->source == DT_F32 ? t->source :
		b->t.floats;
}

static void settle(struct targets_build *b, struct quant_target *t)
{
	uint64_t k;

	if (t->rank == 3 && str_ends(t->name, ".conv1d.weight")) { /* [C, 1, k] → [C, k, 1] */
		k = t->shape[1];
		t->shape[1] = t->shape[2];
		t->shape[2] = k;
	}
	t->quantizable = quantizable(t);
	t->keep = kept(b, t);
}

static bool add_moved(struct targets_build *b, size_t i, const struct move *m, const char *prefix,
	const char *ending, struct err *e)
{
	static const char *const halves[] = { "gate_proj", "up_proj" };
	static const char *const roles[] = { "ffn_gate", "ffn_up" };
	const char *role = b->t.model->source.tensors[i].role;

	for (int part = 0; part < (m->halves ? 2 : 1); part++) {
		size_t n = b->v.n;
		char *name = xasprintf("%s%s%s%s", prefix, m->to, m->halves ? halves[part] : "",
			ending);
		bool ok = true;
		if (m->stack) {
			ok = target_stack(b, i, name, e);
		} else {
			struct quant_target *t = target_add(b, i, name);
			if (m->halves) {
				target_half(t, part);
				t->role = arena_printf(&b->arena, "%s%s", roles[part],
					str_ends(role, "_exps") ? "_exps" :
					str_ends(role, "_shexp") ? "_shexp" : "");
			}
		}
		free(name);
		if (!ok)
			return false;
		if (b->v.n > n && !m->stack)
			settle(b, &b->v.v[n]);
	}
	return true;
}

static bool add_one(struct targets_build *b, size_t i, struct err *e)
{
	const struct tensor *s = &b->t.model->source.tensors[i];
	const char *ending = str_ends(s->name, ".weight") ? ".weight" :
		str_ends(s->name, ".bias") ? ".bias" : "";
	size_t at = 0;

	if (strstr(s->name, "rotary_emb.inv_freq") ||
		(str_eq(s->name, "lm_head.weight") &&
			json_flag(b->t.model->config, "tie_word_embeddings", false)))
		return true;
	char *module = xstrndup(s->name, strlen(s->name) - strlen(ending));
	const struct move *m = move_of(b, s, module, &at);
	bool ok = true;
	if (m) {
		module[at] = 0;
		/* "….experts.7" goes with the number. */
		char *experts = m->stack ? strstr(module, ".experts.") : NULL;
		if (experts)
			*experts = 0;
		ok = add_moved(b, i, m, module, ending, e);
	} else {
		settle(b, target_add(b, i, s->name));
	}
	free(module);
	return ok;
}

bool targets_mlx(struct targets_build *b, struct err *e)
{
	struct model *m = b->t.model;
	bool known = false, ok = true;

	for (size_t i = 0; i < sizeof families / sizeof *families; i++)
		known |= str_eq(families[i], b->t.family);
	if (!known)
		return err_set(e, ERR_INPUT, m->source.label, "a GGUF preset may do",
			"MLX folders of %s models are not among those that can be written",
			b->t.family);
	if (json_flag(m->config, "tie_word_embeddings", false))
		b->t.tied = true;
	for (size_t i = 0; ok && i < m->source.n_tensors; i++)
		ok = add_one(b, i, e);
	for (size_t i = 0; i < b->n_stacks; i++)
		settle(b, &b->v.v[b->stacks[i].at]);
	return ok;
}
