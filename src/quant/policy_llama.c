/* Which type llama-quantize gives a tensor. Source: llama.cpp's tool of libggml 0.25; all of it is
 * names, shapes and counts. Rules are rows: of those that fit, the first decides. */
#include "config.h"
#include <stdio.h>
#include <string.h>
#include "quant/preset.h"

enum category { /* by the first part of the name that fits */
	CAT_OUTPUT, CAT_EMBEDDING, CAT_V, CAT_K, CAT_Q, CAT_O, CAT_UP, CAT_GATE, CAT_DOWN, CAT_OTHER
};
/* What the mixture of one tensor is decided by. */
struct look {
	const struct quant_targets *t;
	const struct quant_target *x;
	const struct quant_policy *o;
	enum ftype f;
	enum dtype base;
	enum category cat;
	int64_t i, n;  /* of V: among the V-like; of DOWN, GATE, UP: of the layer */
	int64_t down;  /* DOWN: how many came before */
	int64_t gqa;   /* query heads to a key head in layer 0; 0 if that has none */
	bool falcon;
};
enum when {
	ALWAYS, GQA4, NO_IMATRIX, FIRST2, FIRST4, EIGHTH, EIGHTH_NO_IMATRIX,
	EIGHTH_IMATRIX, SIXTEENTH, MORE, EXPERTS8, EXPERTS8_MORE, NOT_8
};
enum who { ANY, FALCON, OTHERS };
struct rule {
	enum ftype f;
	enum when when;
	enum dtype type;
	enum who who;
};
#define R(f, when, type) { FTYPE_##f, when, DT_##type, ANY }
#define ONLY(who, f, when, type) { FTYPE_##f, when, DT_##type, who }

static const struct rule v_rules[] = {
	R(Q2_K, GQA4, Q4_K), R(Q2_K, ALWAYS, Q3_K),
	R(Q2_K_S, GQA4, Q4_K),
	R(IQ3_XXS, GQA4, Q4_K), R(IQ3_XXS, NO_IMATRIX, IQ3_S),
	R(IQ3_XS, GQA4, Q4_K),
	R(IQ3_S, GQA4, Q4_K),
	R(IQ3_M, ALWAYS, Q4_K),
	R(Q3_K_M, FIRST2, Q5_K), R(Q3_K_M, ALWAYS, Q4_K),
	R(Q3_K_L, ALWAYS, Q5_K),
	R(IQ4_NL, GQA4, Q5_K),
	R(IQ4_XS, GQA4, Q5_K),
	R(Q4_K_M, MORE, Q6_K),
	R(Q5_K_M, MORE, Q6_K),
	R(Q4_K_S, FIRST4, Q5_K),
};
static const struct rule k_rules[] = {
	R(IQ3_XS, ALWAYS, IQ3_XXS), R(IQ3_XXS, ALWAYS, IQ2_S),
};
static const struct rule down_rules[] = {
	R(Q2_K, ALWAYS, Q3_K),
	R(Q2_K_S, EIGHTH, Q4_K),
	R(IQ3_XXS, EIGHTH_NO_IMATRIX, Q4_K), R(IQ3_XXS, NO_IMATRIX, Q3_K),
	R(Q3_K_M, SIXTEENTH, Q5_K), ONLY(FALCON, Q3_K_M, MORE, Q4_K),
	ONLY(FALCON, Q3_K_M, ALWAYS, Q3_K),
	R(Q3_K_M, ALWAYS, Q4_K),
	R(IQ3_M, EIGHTH, Q4_K), R(IQ3_M, EXPERTS8_MORE, Q4_K),
	ONLY(FALCON, Q3_K_L, ALWAYS, Q4_K), R(Q3_K_L, ALWAYS, Q5_K),
	ONLY(FALCON, Q4_K_M, SIXTEENTH, Q6_K), ONLY(FALCON, Q4_K_M, MORE, Q5_K),
	ONLY(FALCON, Q4_K_M, ALWAYS, Q4_K), R(Q4_K_M, MORE, Q6_K),
	R(IQ4_NL, EIGHTH_NO_IMATRIX, Q5_K),
	R(IQ4_XS, EIGHTH_NO_IMATRIX, Q5_K),
	R(Q5_K_M, MORE, Q6_K),
	ONLY(OTHERS, Q4_K_S, EIGHTH, Q5_K),
	R(Q4_0, EIGHTH_IMATRIX, Q4_1),
	R(Q5_0, EIGHTH_IMATRIX, Q5_1),
};
static const struct rule o_rules[] = {
	ONLY(FALCON, Q3_K_L, ALWAYS, Q4_K),
	ONLY(OTHERS, Q2_K, EXPERTS8, Q5_K), ONLY(OTHERS, IQ3_XS, EXPERTS8, Q5_K),
	ONLY(OTHERS, IQ3_XXS, EXPERTS8, Q5_K), ONLY(OTHERS, Q3_K_S, EXPERTS8, Q5_K),
	ONLY(OTHERS, Q3_K_M, EXPERTS8, Q5_K), ONLY(OTHERS, IQ4_NL, EXPERTS8, Q5_K),
	ONLY(OTHERS, Q4_K_S, EXPERTS8, Q5_K), ONLY(OTHERS, Q4_K_M, EXPERTS8, Q5_K),
	ONLY(OTHERS, IQ3_S, EXPERTS8, Q5_K), ONLY(OTHERS, IQ3_M, EXPERTS8, Q5_K),
	ONLY(OTHERS, IQ4_XS, EXPERTS8, Q5_K),
	ONLY(OTHERS, Q2_K, NOT_8, Q3_K), ONLY(OTHERS, IQ3_XXS, NOT_8, IQ3_S),
	ONLY(OTHERS, Q3_K_M, NOT_8, Q4_K), ONLY(OTHERS, Q3_K_L, NOT_8, Q5_K),
	ONLY(OTHERS, IQ3_M, NOT_8, Q4_K),
};
#define COUNT(a) (sizeof(a) / sizeof *(a))

static bool holds(const struct look *l, enum when when)
{
	bool im = l->o->imatrix, eighth = l->i < l->n / 8;

	switch (when) {
	case ALWAYS: return true;
	case GQA4: return l->gqa >= 4;
	case NO_IMATRIX: return !im;
	case FIRST2: return l->i < 2;
	case FIRST4: return l->i < 4;
	case EIGHTH: return eighth;
	case EIGHTH_NO_IMATRIX: return eighth && !im;
	case EIGHTH_IMATRIX: return eighth && im;
	case SIXTEENTH: return l->i < l->n / 16;
	case MORE: return quant_more_bits(l->i, l->n);
	case EXPERTS8: return l->t->experts == 8;
	case NOT_8: return l->t->experts != 8;
	case EXPERTS8_MORE: return l->t->experts == 8 && quant_more_bits(l->i, l->n);
	}
	return false;
}

/* Rules of a falcon count for that alone, and go before the general ones. A SIXTEENTH of Q3_K_M is
 * everybody's. */
static enum dtype by_rules(const struct look *l, const struct rule *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (v[i].f == l->f && (v[i].who != FALCON || l->falcon) &&
			(v[i].who != OTHERS || !l->falcon) && holds(l, v[i].when))
			return v[i].type;
	return l->base;
}

/* --- the kinds of tensors --- */

static enum category category(const char *name)
{
	static const struct {
		const char *part;
		enum category c;
	} parts[] = {
		/* what fuses q, k and v, or k and v, counts as v */
		{ "attn_qkv.weight", CAT_V }, { "attn_kv_b.weight", CAT_V },
		{ "attn_v.weight", CAT_V }, { "attn_k.weight", CAT_K }, { "attn_q.weight", CAT_Q },
		{ "attn_output.weight", CAT_O }, { "ffn_up", CAT_UP }, { "ffn_gate", CAT_GATE },
		{ "ffn_down", CAT_DOWN },
	};

	if (!strcmp(name, "output.weight"))
		return CAT_OUTPUT;
	if (!strcmp(name, "token_embd.weight") || !strcmp(name, "per_layer_token_embd.weight"))
		return CAT_EMBEDDING;
	for (size_t i = 0; i < COUNT(parts); i++)
		if (strstr(name, parts[i].part))
			return parts[i].c;
	return CAT_OTHER;
}

/* Tiny lattices: their own rules for everything. */
static bool is_tiny(enum ftype f)
{
	return f == FTYPE_IQ1_S || f == FTYPE_IQ1_M || f == FTYPE_IQ2_XXS || f == FTYPE_IQ2_XS ||
		f == FTYPE_IQ2_S || f == FTYPE_IQ2_M;
}

static enum dtype tiny(const struct look *l)
{
	bool s_or_m = l->f == FTYPE_IQ2_S || l->f == FTYPE_IQ2_M;
	bool one_bit = l->f == FTYPE_IQ1_S || l->f == FTYPE_IQ1_M;

	if (l->cat == CAT_V)
		return l->gqa >= 4 || l->t->experts >= 4 ? DT_Q4_K : s_or_m ? DT_IQ3_S : DT_Q2_K;
	if (l->cat == CAT_K && l->t->experts == 8)
		return DT_Q4_K;
	if (l->cat == CAT_DOWN && l->down < l->n / 8)
		return s_or_m ? DT_IQ3_S : DT_Q2_K;
	if (l->cat == CAT_O)
		return l->t->experts == 8 ? DT_Q5_K : one_bit ? DT_IQ2_XXS :
			s_or_m ? DT_IQ3_S : l->base;
	return l->base;
}

static enum dtype head_type(const struct look *l)
{
	static const enum ftype q5[] = { FTYPE_IQ1_S, FTYPE_IQ1_M, FTYPE_IQ2_XXS, FTYPE_IQ2_XS,
		FTYPE_IQ2_S, FTYPE_IQ2_M, FTYPE_IQ3_XXS };

	if (l->o->has_output)
		return l->o->output;
	if (l->f == FTYPE_MXFP4 || l->falcon || l->x->row % dtype_info(l->base)->block)
		return DT_Q8_0;
	for (size_t i = 0; i < COUNT(q5); i++)
		if (l->f == q5[i])
			return DT_Q5_K;
	return l->base == DT_Q8_0 ? DT_Q8_0 : DT_Q6_K;
}

static enum dtype embedding_type(const struct look *l)
{
	switch (l->f) {
	case FTYPE_IQ1_S: case FTYPE_IQ1_M: case FTYPE_IQ2_XXS: case FTYPE_IQ2_XS:
		return DT_Q2_K;
	case FTYPE_IQ2_S: case FTYPE_IQ2_M: case FTYPE_IQ3_XXS:
		return DT_IQ3_S;
	case FTYPE_TQ1_0: case FTYPE_TQ2_0: case FTYPE_Q2_0:
		return DT_Q4_K;
	default:
		return l->base;
	}
}

static enum dtype v_type(const struct look *l)
{
	const struct quant_targets *t = l->t;
	enum dtype type = by_rules(l, v_rules, COUNT(v_rules));

	/* The one model of that shape: Llama 2 and 3, 70B. */
	if (!strcmp(t->architecture, "llama") && t->layers == 80 && t->heads != t->heads_kv &&
		(type == DT_Q3_K || type == DT_Q4_K))
		type = DT_Q5_K;
	return t->experts == 8 ? DT_Q8_0 : type;
}

static enum dtype mixture(const struct look *l)
{
	if (l->cat == CAT_OUTPUT || (l->cat == CAT_EMBEDDING && l->t->tied))
		return head_type(l);
	if (l->f == FTYPE_MXFP4)
		return l->x->rank > 2 && l->x->shape[l->x->rank - 3] > 1 ? DT_MXFP4 : DT_Q8_0;
	if (l->cat == CAT_EMBEDDING)
		return embedding_type(l);
	if (is_tiny(l->f))
		return tiny(l);
	switch (l->cat) {
	case CAT_V:
		return v_type(l);
	case CAT_K:
		if (l->t->experts == 8)
			return DT_Q8_0;
		return by_rules(l, k_rules, COUNT(k_rules));
	case CAT_Q:
		return by_rules(l, k_rules, COUNT(k_rules));
	case CAT_O:
		return by_rules(l, o_rules, COUNT(o_rules));
	case CAT_DOWN:
		return by_rules(l, down_rules, COUNT(down_rules));
	case CAT_GATE: case CAT_UP:
		if (l->f == FTYPE_IQ3_XS && l->i >= l->n / 8 && l->i < 7 * l->n / 8)
			return DT_IQ3_XXS;
		return l->base;
	default:
		return l->base;
	}
}

/* --- all tensors, with what is counted on the way --- */

struct counters {
	int64_t n_v, v, down, gate, up;
};

static void place(struct look *l, struct counters *c)
{
	int64_t *count = l->cat == CAT_DOWN ? &c->down : l->cat == CAT_GATE ? &c->gate :
		l->cat == CAT_UP ? &c->up : NULL;

	l->n = l->t->layers;
	l->i = 0;
	l->down = c->down;
	if (l->cat == CAT_V) {
		l->n = c->n_v;
		l->i = c->v++;
	} else if (count) {
		/* With experts there may be several to a layer, or none. */
		l->i = l->t->experts > 1 ? l->x->layer : *count;
		++*count;
	}
}

static bool by_pattern(const struct quant_policy *o, const char *name, enum dtype *type)
{
	for (size_t i = 0; i < o->n_patterns; i++)
		if (!regexec(o->patterns[i].re, name, 0, NULL, 0)) {
			*type = o->patterns[i].type;
			return true;
		}
	return false;
}

static struct quant_choice chosen(enum dtype t, enum quant_why why)
{
	struct quant_type type = quant_plain(t);

	return (struct quant_choice){ .type = type, .wanted = type, .why = why, .rule = -1 };
}

static bool choose(struct look *l, struct counters *c, struct quant_choice *out)
{
	const struct quant_policy *o = l->o;
	enum dtype type;

	l->cat = category(l->x->name);
	if (!l->x->quantizable || (o->leave_output && l->cat == CAT_OUTPUT)) {
		*out = chosen(l->x->keep, l->x->quantizable ? QUANT_OPTION : QUANT_KEPT);
		return true;
	}
	if (l->cat == CAT_EMBEDDING && o->has_embedding) {
		*out = chosen(o->embedding, QUANT_OPTION);
		return true;
	}
	if (l->cat == CAT_OUTPUT && o->has_output) {
		*out = chosen(o->output, QUANT_OPTION);
		return true;
	}
	if (dtype_is_float(l->base)) {
		*out = chosen(l->base, QUANT_BASE);
		return true;
	}
	if (by_pattern(o, l->x->name, &type)) {
		*out = chosen(type, QUANT_OPTION);
	} else if (o->pure) {
		*out = chosen(l->base, QUANT_BASE);
	} else {
		place(l, c);
		type = mixture(l);
		*out = chosen(type, type == l->base ? QUANT_BASE : QUANT_MIXED);
	}
	return quant_fit(l->x, QUANT_GGUF, out->wanted, out);
}

bool quant_policy_llama(const struct quant_targets *t, const struct quant_preset *p,
	const struct quant_policy *o, struct quant_choice *out, struct err *e)
{
	struct counters c = { 0 };
	struct look l = { .t = t, .o = o, .f = p->ftype, .base = p->base.dtype };

	l.gqa = t->heads_kv > 0 ? t->heads / t->heads_kv : 0;
	l.falcon = !strcmp(t->architecture, "falcon");
	for (size_t i = 0; i < t->n; i++)
		c.n_v += category(t->v[i].name) == CAT_V;
	for (size_t i = 0; i < t->n; i++) {
		l.x = &t->v[i];
		if (!choose(&l, &c, &out[i]))
			return err_set(e, ERR_INPUT, l.x->name,
				"choose a preset with blocks of 32",
				"rows of %llu are no multiple of %u, which %s needs",
				(unsigned long long)l.x->row, dtype_info(l.base)->block, p->name);
	}
	return true;
}

/* --- rows that are no whole blocks --- */

static enum dtype smaller_blocks(enum dtype t)
{
	switch (t) {
	case DT_IQ1_S: case DT_IQ1_M: case DT_IQ2_XXS: case DT_IQ2_XS: case DT_IQ2_S:
	case DT_IQ3_XXS: case DT_IQ3_S: case DT_IQ4_XS:
		return DT_IQ4_NL;
	case DT_Q2_0: case DT_Q2_K: case DT_Q3_K: case DT_TQ1_0: case DT_TQ2_0:
		return DT_Q4_0;
	case DT_Q4_K:
		return DT_Q5_0;
	case DT_Q5_K:
		return DT_Q5_1;
	case DT_Q6_K:
		return DT_Q8_0;
	default:
		return t;
	}
}

static bool fit_gguf(const struct quant_target *t, struct quant_choice *out)
{
	enum dtype type = smaller_blocks(out->wanted.dtype);

	if (dtype_info(type)->block > 32)
		return false;
	if (t->row % dtype_info(type)->block)
		type = DT_F16;
	out->type = quant_plain(type);
	return true;
}

bool quant_fit(const struct quant_target *t, enum quant_container c, struct quant_type wanted,
	struct quant_choice *out)
{
	uint64_t bytes;

	out->wanted = out->type = wanted;
	out->fallback = false;
	if (quant_type_bytes(wanted, t->elements, t->row, &bytes))
		return true;
	out->fallback = true;
	if (c == QUANT_GGUF)
		return fit_gguf(t, out);
	/* mlx-lm leaves such a module as it is. */
	out->type = quant_plain(t->keep);
	return true;
}
