/* Which bits mlx-lm gives a module. Source: mlx-lm 0.32.2, its mixed recipes and what its models
 * say of themselves. */
#include "config.h"
#include <string.h>
#include "quant/preset.h"

/* Modules that their model wants in 8 bits, groups of 64, whatever the rest is in; a recipe that
 * names bits itself (mixed_*, qx) takes no notice. whole: the path is just that. */
static const struct {
	const char *family, *end;
	bool whole;
} eight[] = {
	{ "granite", "self_attn.o_proj", false }, { "granite", "mlp.down_proj", false },
	{ "granite", "lm_head", true }, { "granitemoe", "block_sparse_moe.router.layer", false },
	{ "granitemoe", "self_attn.o_proj", false }, { "granitemoe", "mlp.down_proj", false },
	{ "granitemoe", "lm_head", true }, { "granitemoehybrid", "router.layer", false },
	{ "qwen3_moe", "mlp.gate", false },
};

static bool wants_eight(const struct quant_targets *t, const struct quant_target *x)
{
	size_t n, k;
	const char *module = quant_target_module(x, &n);

	for (size_t i = 0; i < sizeof eight / sizeof *eight; i++) {
		k = strlen(eight[i].end);
		if (!strcmp(eight[i].family, t->family) && n >= k &&
			!strncmp(module + n - k, eight[i].end, k) && (!eight[i].whole || n == k))
			return true;
	}
	return false;
}

static bool mixed_high(const struct quant_targets *t, const struct quant_target *x)
{
	bool more = quant_more_bits(x->layer >= 0 ? x->layer : 0, t->layers);
	bool v = strstr(x->name, "v_proj") || strstr(x->name, "v_a_proj") ||
		strstr(x->name, "v_b_proj");

	return ((v || strstr(x->name, "down_proj")) && more) || strstr(x->name, "lm_head");
}

static bool qx_high(const struct quant_targets *t, const struct quant_target *x)
{
	if (!strcmp(x->role, "token_embd") || !strcmp(x->role, "output") ||
		!strcmp(x->role, "attn_v"))
		return true;
	return (!strcmp(x->role, "attn_q") || !strcmp(x->role, "attn_k") ||
		!strcmp(x->role, "attn_output")) && quant_more_bits(x->layer, t->layers);
}

static struct quant_type wanted(const struct quant_targets *t, const struct quant_preset *p,
	const struct quant_target *x)
{
	bool high;

	if (p->kind == MLX_UNIFORM)
		return wants_eight(t, x) ? quant_affine(8, 64, DT_BF16) : p->base;
	high = p->kind == MLX_MIXED ? mixed_high(t, x) : qx_high(t, x);
	return high ? p->high : p->base;
}

static bool has_down(const struct quant_targets *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (strstr(t->v[i].name, "down_proj"))
			return true;
	return false;
}

bool quant_policy_mlx(const struct quant_targets *t, const struct quant_preset *p,
	struct quant_choice *out, struct err *e)
{
	if (p->kind == MLX_MIXED && !has_down(t))
		return err_set(e, ERR_INPUT, p->name, "take q4, or write the rules yourself",
			"this recipe raises the bits of down_proj, and a %s model has none",
			t->family);
	for (size_t i = 0; i < t->n; i++) {
		const struct quant_target *x = &t->v[i];
		struct quant_choice *c = &out[i];
		struct quant_type type = wanted(t, p, x);

		*c = (struct quant_choice){ .type = quant_plain(x->keep), .why = QUANT_KEPT,
			.rule = -1 };
		c->wanted = c->type;
		if (!x->quantizable)
			continue;
		c->why = quant_type_same(type, p->base) ? QUANT_BASE : QUANT_MIXED;
		/* The global group decides whether a module is quantized at all. */
		if (x->row % p->base.group)
			type = p->base;
		quant_fit(x, QUANT_MLX, type, c);
		if (c->type.mode == QUANT_AFFINE)
			c->type.dtype = c->wanted.dtype = x->keep;
	}
	return true;
}
