/* What a GGUF file of the model holds: the names and shapes that llama.cpp's converter gives. */
#include "config.h"
#include <string.h>
#include "base/str.h"
#include "model/gguf_family.h"
#include "model/role.h"
#include "quant/target_build.h"

/* Parts of names that llama-quantize leaves alone. */
static const char *const untouched[] = { "_norm.weight", "ffn_gate_inp.weight",
	"ffn_gate_tid2eid.weight", "altup", "laurel", "per_layer_model_proj", "ssm_conv1d",
	"shortconv.conv.weight", "indexer.k_proj.weight", "indexer.q_proj.weight",
	"time_mix_first.weight", "time_mix_w0.weight", "time_mix_w1.weight", "time_mix_w2.weight",
	"time_mix_v0.weight", "time_mix_v1.weight", "time_mix_v2.weight", "time_mix_a0.weight",
	"time_mix_a1.weight", "time_mix_a2.weight", "time_mix_g1.weight", "time_mix_g2.weight",
	"time_mix_decay_w1.weight", "time_mix_decay_w2.weight", "time_mix_lerp_fused.weight",
	"attn_rel_b.weight", ".position_embd", "position_embd.weight", "token_types.weight",
	"sam.pos_embd", "sam.neck.", "sam.net_", ".rel_pos", ".patch_embd", ".patch_merger",
	"a.rvq.codebook", "mm.a.code_embd" };

bool quant_gguf_quantizable(const char *name, int dims)
{
	if (dims < 2 || !str_ends(name, "weight"))
		return false;
	for (size_t i = 0; i < sizeof untouched / sizeof *untouched; i++)
		if (strstr(name, untouched[i]))
			return false;
	return true;
}

static bool stem_is(const char *name, const char *stem)
{
	const char *at = strstr(name, stem);

	if (!at || (at != name && at[-1] != '.'))
		return false;
	at += strlen(stem);
	return !*at || *at == '.';
}

/* The converter keeps in 32 bits what is small or delicate. */
static enum dtype kept(const struct quant_targets *x, const struct quant_target *t)
{
	static const char *const wide[] = { "ffn_gate_inp", "ssm_conv1d", "ffn_gate_inp_shexp",
		"position_embd", "token_types" };

	if (x->model->format == MODEL_GGUF && t->source != DT_UNKNOWN)
		return t->source;
	if (t->rank < 2 || str_ends(t->name, "_norm.weight") || !str_ends(t->name, ".weight"))
		return DT_F32;
	for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
		if (stem_is(t->name, wide[i]))
			return DT_F32;
	return x->floats;
}

static void set_shape(struct quant_target *t, int rank, uint64_t a, uint64_t b)
{
	t->rank = rank;
	t->shape[0] = a;
	t->shape[1] = b;
}

/* As ggml has it: outer dimensions of 1 are dropped, but for the columns of ssm_a and ssm_d. */
static void fix_shape(struct quant_target *t, int64_t groups)
{
	if (t->rank == 1 && (stem_is(t->name, "ssm_a") || stem_is(t->name, "ssm_d")))
		set_shape(t, 2, t->shape[0], 1);
	else if (t->rank == 3 && stem_is(t->name, "ssm_conv1d") && t->shape[1] == 1)
		set_shape(t, 2, t->shape[0], t->shape[2]);
	else if (t->rank == 1 && stem_is(t->name, "ssm_norm") && groups > 1 &&
		t->shape[0] % (uint64_t)groups == 0)
		set_shape(t, 2, (uint64_t)groups, t->shape[0] / (uint64_t)groups);
	while (t->rank > 1 && t->shape[0] == 1) {
		t->rank--;
		memmove(t->shape, t->shape + 1, (size_t)t->rank * sizeof *t->shape);
	}
}

static void settle(struct targets_build *b, struct quant_target *t, const struct gguf_family *f)
{
	int64_t heads = stem_is(t->name, "attn_q") ? b->t.heads :
		stem_is(t->name, "attn_k") ? target_config(b->t.model, "num_key_value_heads") : 0;

	if (stem_is(t->name, "attn_k") && heads < 0)
		heads = b->t.heads;
	if (f->rope_rows && heads > 0 && t->rank && t->shape[0] % (2 * (uint64_t)heads) == 0)
		t->rope_heads = (uint32_t)heads;
	if (stem_is(t->name, "ssm_a"))
		t->value = TARGET_NEGATED_EXP;
	if (f->norm_plus && str_ends(t->name, "norm.weight") && !stem_is(t->name, "ssm_norm"))
		t->value = TARGET_PLUS_ONE;
	fix_shape(t, target_config(b->t.model, "mamba_n_groups"));
	t->quantizable = quant_gguf_quantizable(t->name, t->rank);
	t->keep = kept(&b->t, t);
}

/* A shared expert without a router is the plain feed-forward block. */
static bool is_dense(const struct targets_build *b, const struct tensor *s)
{
	(void)b;
	return str_eq(s->role, "ffn_gate_up") || str_eq(s->role, "ffn_gate") ||
		str_eq(s->role, "ffn_up") || str_eq(s->role, "ffn_down");
}

static void replace(struct str *s, const char *what, const char *with)
{
	char *at = strstr(s->s, what), *rest;

	if (!at)
		return;
	rest = xstrdup(at + strlen(what));
	s->n = (size_t)(at - s->s);
	str_add(s, with);
	str_add(s, rest);
	free(rest);
}

static void add_halves(struct targets_build *b, size_t i, const struct str *name,
	const struct gguf_family *f)
{
	static const char *const stems[] = { "ffn_gate", "ffn_up" };

	for (int part = 0; part < 2; part++) {
		struct str own = STR_INIT;
		str_add(&own, name->s);
		replace(&own, "ffn_gate_up", stems[part]);
		struct quant_target *t = target_add(b, i, own.s);
		str_fini(&own);
		target_half(t, part);
		/* The half's role, so that rules name it as the file does. */
		const char *stem = t->name + (t->layer >= 0 ? strcspn(t->name + 4, ".") + 5 : 0);
		t->role = arena_strndup(&b->arena, stem, strcspn(stem, "."));
		settle(b, t, f);
	}
}

static bool unknown(const struct targets_build *b, const struct tensor *s, struct err *e)
{
	return err_set(e, ERR_INPUT, s->name, "an MLX preset keeps its name",
		"GGUF has no name for this tensor of a %s model", b->t.family);
}

static bool add_one(struct targets_build *b, size_t i, const struct gguf_family *f,
	struct str *name, struct err *e)
{
	const struct tensor *s = &b->t.model->source.tensors[i];
	bool own = b->t.model->format == MODEL_GGUF;

	str_clear(name);
	if (str_ends(s->name, ".rotary_emb.inv_freq"))
		return true;
	if (!role_gguf_name(name, b->t.family, s->name)) {
		if (!own)
			return unknown(b, s, e);
		str_add(name, s->name);
	}
	if (is_dense(b, s))
		replace(name, "_shexp", "");
	if (name->n > 63)
		return err_set(e, ERR_INPUT, s->name, NULL, "names in GGUF have at most 63 bytes");
	if (s->expert >= 0)
		return target_stack(b, i, name->s, e);
	if (f->halves && strstr(name->s, "ffn_gate_up") && s->rank &&
		s->shape[s->rank > 1 ? s->rank - 2 : 0] % 2 == 0)
		add_halves(b, i, name, f);
	else
		settle(b, target_add(b, i, name->s), f);
	return b->v.v[b->v.n - 1].rank <= 4 || err_set(e, ERR_INPUT, s->name, NULL,
		"GGUF holds at most 4 dimensions");
}

/* rope_type llama3: half a head of factors, computed from the config. */
static void add_rope_factors(struct targets_build *b, const struct gguf_family *f)
{
	const struct model *m = b->t.model;
	const char *type = json_text(m->config, "rope_scaling.rope_type",
		json_text(m->config, "rope_parameters.rope_type", NULL));
	int64_t dim = target_config(m, "head_dim"), hidden = target_config(m, "hidden_size");

	if (!f->rope_rows || !str_eq(type, "llama3") || m->format == MODEL_GGUF)
		return;
	if (dim <= 0)
		dim = b->t.heads > 0 ? hidden / b->t.heads : 0;
	if (dim < 2)
		return;
	struct quant_target *t = vec_push(&b->v);
	*t = (struct quant_target){ .name = "rope_freqs.weight", .role = "rope_freqs", .layer = -1,
		.rank = 1, .shape = { (uint64_t)dim / 2 }, .parts = 1, .keep = DT_F32,
		.source = DT_F32, .source_text = "F32" };
}

/* A hybrid all of whose layers attend is a plain one. */
static const char *granite_arch(const struct targets_build *b, const char *hybrid)
{
	const struct model *m = b->t.model;

	for (size_t i = 0; i < m->source.n_tensors; i++)
		if (str_starts(m->source.tensors[i].role, "ssm_"))
			return hybrid;
	return target_config(m, "num_experts_per_tok") > 0 ? "granitemoe" : "granite";
}

bool targets_gguf(struct targets_build *b, struct err *e)
{
	struct model *m = b->t.model;
	struct gguf_family f = { 0 };
	struct str name = STR_INIT;
	bool ok = true;

	if (!gguf_family(b->t.family, &f) && m->format != MODEL_GGUF)
		return err_set(e, ERR_INPUT, m->source.label, "an MLX preset may do",
			"GGUF files of %s models are not among those that can be written",
			b->t.family);
	if (f.alternate)
		return err_set(e, ERR_INPUT, m->source.label,
			"its experts are 4-bit floats already",
			"a %s model cannot be laid out for GGUF", b->t.family);
	b->t.architecture = m->format == MODEL_GGUF ?
		json_text(m->metadata, "general.architecture", m->architecture) : f.arch;
	if (m->format != MODEL_GGUF && str_eq(b->t.family, "granitemoehybrid"))
		b->t.architecture = granite_arch(b, b->t.architecture);
	for (size_t i = 0; ok && i < m->source.n_tensors; i++)
		ok = add_one(b, i, &f, &name, e);
	for (size_t i = 0; i < b->n_stacks; i++)
		settle(b, &b->v.v[b->stacks[i].at], &f);
	if (ok)
		add_rope_factors(b, &f);
	str_fini(&name);
	return ok;
}
