/* What a config says of a forward pass, and the tensors it takes. */
#include "config.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "infer/net_in.h"

/* --- architectures --- */

static const struct architecture {
	const char *name;
	bool scaled;      /* granite's four numbers */
	bool hybrid;      /* layers of state space; rope only where it is said */
} architectures[] = {
	{ .name = "llama" }, { .name = "mistral" }, { .name = "qwen2" }, { .name = "qwen3" },
	{ .name = "granite", .scaled = true }, { .name = "granitemoe", .scaled = true },
	{ .name = "granitemoeshared", .scaled = true },
	{ .name = "granitemoehybrid", .scaled = true, .hybrid = true },
};

static bool refuse(const struct net *n, struct err *e, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
static bool refuse(const struct net *n, struct err *e, const char *fmt, ...)
{
	struct str s = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&s, fmt, ap);
	va_end(ap);
	err_set(e, ERR_INPUT, n->model->source.label, "measure it in another tool", "%s", s.s);
	str_fini(&s);
	return false;
}

static const struct architecture *known(const struct net *n, const json_t *c, struct err *e)
{
	/* what changes the result and is not computed here */
	static const char *const others[] = { "final_logit_softcapping", "attn_logit_softcapping",
		"logits_soft_cap", "query_pre_attn_scalar", "no_rope_layers", "clip_qkv" };
	const char *type = json_text(c, "model_type", n->model->architecture);
	const char *act = json_text(c, "hidden_act", "silu");

	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		const json_t *j = json_object_get(c, others[i]);

		if (j && !json_is_null(j)) {
			refuse(n, e, "its config has %s, which is not computed here", others[i]);
			return NULL;
		}
	}
	if (!str_eq(act, "silu") && !str_eq(act, "swish")) {
		refuse(n, e, "its hidden_act is %.40s, which is not computed here", act);
		return NULL;
	}
	for (size_t i = 0; i < sizeof architectures / sizeof *architectures; i++)
		if (str_eq(architectures[i].name, type))
			return &architectures[i];
	refuse(n, e, "its architecture is %.60s: llama, mistral, qwen2, qwen3 and granite are what "
		"is computed here", type);
	return NULL;
}

/* --- numbers --- */

#define SIZE_MOST ((int64_t)1 << 24)

/* A size that must be there; 0 is an error. */
static bool size_of(const struct net *n, const json_t *c, const char *key, int64_t dflt, size_t *v,
	struct err *e)
{
	int64_t x = json_int(c, key, dflt);

	if (x <= 0 || x > SIZE_MOST)
		return err_set(e, ERR_INPUT, n->model->source.label, "fetch its config.json again",
			"%s is %lld", key, (long long)x);
	*v = (size_t)x;
	return true;
}

static float scale_of(const json_t *c, const char *key, double dflt)
{
	double x = json_num(c, key, 0);

	return (float)(x != 0 && isfinite(x) ? x : dflt);
}

static bool ssm_sizes(struct net *n, const json_t *c, struct err *e)
{
	const json_t *limit = json_object_get(c, "time_step_limit");

	n->ssm.least = json_num(json_array_get(limit, 0), "", 0);
	n->ssm.most = json_num(json_array_get(limit, 1), "", INFINITY);
	if (!(n->ssm.most > n->ssm.least))
		n->ssm.most = INFINITY;
	return size_of(n, c, "mamba_n_heads", 0, &n->ssm.heads, e) &&
		size_of(n, c, "mamba_d_head", 0, &n->ssm.head, e) &&
		size_of(n, c, "mamba_d_state", 0, &n->ssm.state, e) &&
		size_of(n, c, "mamba_n_groups", 1, &n->ssm.groups, e) &&
		size_of(n, c, "mamba_d_conv", 0, &n->ssm.conv, e) &&
		(n->ssm.heads % n->ssm.groups == 0 || refuse(n, e, "its %zu heads are not shared "
			"evenly by %zu groups", n->ssm.heads, n->ssm.groups));
}

static bool layer_kinds(struct net *n, const json_t *c, struct err *e)
{
	const json_t *list = json_object_get(c, "layer_types");
	bool any = false;

	for (size_t i = 0; i < n->layers; i++) {
		const char *kind = json_text(json_array_get(list, i), "", "attention");

		if (str_eq(kind, "mamba") || str_eq(kind, "linear_attention"))
			n->layer[i].mamba = any = true;
		else if (!str_eq(kind, "attention") && !str_eq(kind, "full_attention"))
			return refuse(n, e, "its layer %zu is of the kind %.40s, which is not "
				"computed here", i, kind);
	}
	return !any || ssm_sizes(n, c, e);
}

static bool sizes(struct net *n, const json_t *c, const struct architecture *a, struct err *e)
{
	if (!size_of(n, c, "num_hidden_layers", 0, &n->layers, e) ||
		!size_of(n, c, "hidden_size", 0, &n->width, e) ||
		!size_of(n, c, "num_attention_heads", 0, &n->heads, e) ||
		!size_of(n, c, "num_key_value_heads", (int64_t)n->heads, &n->kv_heads, e) ||
		!size_of(n, c, "head_dim", (int64_t)(n->width / n->heads), &n->head, e))
		return false;
	if (n->layers > 4096 || n->heads % n->kv_heads || n->head % 2)
		return refuse(n, e, "%zu layers, %zu heads of %zu on %zu of keys", n->layers,
			n->heads, n->head, n->kv_heads);
	n->layer = xnew(struct net_layer, n->layers);
	n->inner = (size_t)json_int(c, "intermediate_size", 0);
	n->widest = n->width;
	n->eps = json_num(c, "rms_norm_eps", 1e-6);
	n->longest = (size_t)json_int(c, "max_position_embeddings", 0);
	n->embedding_scale = a->scaled ? scale_of(c, "embedding_multiplier", 1) : 1;
	n->residual_scale = a->scaled ? scale_of(c, "residual_multiplier", 1) : 1;
	n->logit_scale = a->scaled ? scale_of(c, "logits_scaling", 1) : 1;
	n->score_scale = a->scaled ? scale_of(c, "attention_multiplier", 1 / sqrt((double)n->head))
		: (float)(1 / sqrt((double)n->head));
	n->experts = (size_t)json_int(c, "num_local_experts", 0);
	n->experts_used = (size_t)json_int(c, "num_experts_per_tok", 0);
	n->shared_inner = (size_t)json_int(c, "shared_intermediate_size", 0);
	n->expert_inner = n->inner;
	if (n->experts > 65536 || (n->experts && (!n->experts_used ||
		n->experts_used > n->experts || n->experts_used > 64)))
		return refuse(n, e, "it has %zu experts and uses %zu", n->experts, n->experts_used);
	return !a->hybrid || layer_kinds(n, c, e);
}

/* --- rope --- */

/* What llama3's scaling divides an angle by. */
static double llama3_divisor(const json_t *s, double frequency)
{
	double length = 2 * M_PI / frequency, factor = json_num(s, "factor", 8);
	double low = json_num(s, "low_freq_factor", 1), high = json_num(s, "high_freq_factor", 4);
	double original = json_num(s, "original_max_position_embeddings", 8192), m;

	if (length < original / high)
		return 1;
	if (length > original / low)
		return factor;
	m = (original / length - low) / (high - low);
	return 1 / ((1 - m) / factor + m);
}

/* GGUF keeps the divisors as a tensor. */
static bool stored_divisors(struct net *n, struct err *e)
{
	long t = source_find(&n->model->source, "rope_freqs.weight");
	float *v;

	if (t < 0)
		return true;
	v = net_vector(n, t, n->turned / 2, e);
	for (size_t i = 0; v && i < n->turned / 2; i++)
		n->angle[i] /= v[i];
	free(v);
	return v != NULL;
}

static bool rope(struct net *n, const json_t *c, const struct architecture *a, struct err *e)
{
	const json_t *p = json_object_get(c, "rope_parameters"), *s = p;
	double theta, factor = 1, part;
	const char *type;

	if (!json_is_object(s))
		s = json_object_get(c, "rope_scaling");
	type = json_text(s, "rope_type", json_text(s, "type", "default"));
	theta = json_num(p, "rope_theta", json_num(c, "rope_theta", 10000));
	part = json_num(p, "partial_rotary_factor", json_num(c, "partial_rotary_factor", 1));
	n->rope = !a->hybrid || str_eq(json_text(c, "position_embedding_type", ""), "rope");
	n->turned = (size_t)((double)n->head * part);
	if (str_eq(type, "linear"))
		factor = json_num(s, "factor", 1);
	else if (!str_eq(type, "default") && !str_eq(type, "llama3") && n->rope)
		return refuse(n, e, "its rope is scaled by %.40s, which is not computed here",
			type);
	if (!(theta > 0) || !(factor > 0) || n->turned % 2 || n->turned > n->head || !n->turned)
		return refuse(n, e, "its rope has the base %g, turning %zu of %zu dimensions",
			theta, n->turned, n->head);
	n->angle = xnew(double, n->turned / 2);
	for (size_t i = 0; i < n->turned / 2; i++) {
		n->angle[i] = pow(theta, -2.0 * (double)i / (double)n->turned) / factor;
		if (str_eq(type, "llama3"))
			n->angle[i] /= llama3_divisor(s, n->angle[i]);
	}
	return stored_divisors(n, e);
}

/* --- tensors --- */

enum dim { ONE, WIDTH, QUERIES, KEYS, HEAD, INNER, EXPERTS, EXPERTS_X_2_INNER, EXPERTS_X_WIDTH,
	EXPERT_INNER, SHARED_X_2, SHARED, SSM_ROWS, SSM_INNER, SSM_MIXED, SSM_CONV, SSM_HEADS };
enum part { ATTENTION = 1, MAMBA = 2, DENSE = 4, MIXTURE = 8, SHARED_PART = 16, ALWAYS = 31,
	OPTIONAL = 32 };
static const struct {
	const char *name;
	enum dim rows, columns;
	unsigned part;
} roles[NET_ROLES] = {
	[N_ATTN_NORM] = { "input_layernorm.weight", ONE, WIDTH, ALWAYS },
	[N_Q] = { "self_attn.q_proj.weight", QUERIES, WIDTH, ATTENTION },
	[N_K] = { "self_attn.k_proj.weight", KEYS, WIDTH, ATTENTION },
	[N_V] = { "self_attn.v_proj.weight", KEYS, WIDTH, ATTENTION },
	[N_O] = { "self_attn.o_proj.weight", WIDTH, QUERIES, ATTENTION },
	[N_Q_BIAS] = { "self_attn.q_proj.bias", ONE, QUERIES, ATTENTION | OPTIONAL },
	[N_K_BIAS] = { "self_attn.k_proj.bias", ONE, KEYS, ATTENTION | OPTIONAL },
	[N_V_BIAS] = { "self_attn.v_proj.bias", ONE, KEYS, ATTENTION | OPTIONAL },
	[N_O_BIAS] = { "self_attn.o_proj.bias", ONE, WIDTH, ATTENTION | OPTIONAL },
	[N_Q_NORM] = { "self_attn.q_norm.weight", ONE, HEAD, ATTENTION | OPTIONAL },
	[N_K_NORM] = { "self_attn.k_norm.weight", ONE, HEAD, ATTENTION | OPTIONAL },
	[N_FFN_NORM] = { "post_attention_layernorm.weight", ONE, WIDTH, ALWAYS },
	[N_GATE] = { "mlp.gate_proj.weight", INNER, WIDTH, DENSE },
	[N_UP] = { "mlp.up_proj.weight", INNER, WIDTH, DENSE },
	[N_DOWN] = { "mlp.down_proj.weight", WIDTH, INNER, DENSE },
	[N_GATE_BIAS] = { "mlp.gate_proj.bias", ONE, INNER, DENSE | OPTIONAL },
	[N_UP_BIAS] = { "mlp.up_proj.bias", ONE, INNER, DENSE | OPTIONAL },
	[N_DOWN_BIAS] = { "mlp.down_proj.bias", ONE, WIDTH, DENSE | OPTIONAL },
	[N_ROUTER] = { "block_sparse_moe.router.layer.weight", EXPERTS, WIDTH, MIXTURE },
	[N_EXPERTS_IN] = { "block_sparse_moe.input_linear.weight", EXPERTS_X_2_INNER, WIDTH,
		MIXTURE },
	[N_EXPERTS_OUT] = { "block_sparse_moe.output_linear.weight", EXPERTS_X_WIDTH, EXPERT_INNER,
		MIXTURE },
	[N_SHARED_IN] = { "shared_mlp.input_linear.weight", SHARED_X_2, WIDTH, SHARED_PART },
	[N_SHARED_OUT] = { "shared_mlp.output_linear.weight", WIDTH, SHARED, SHARED_PART },
	[N_SSM_IN] = { "mamba.in_proj.weight", SSM_ROWS, WIDTH, MAMBA },
	[N_SSM_CONV] = { "mamba.conv1d.weight", SSM_MIXED, SSM_CONV, MAMBA },
	[N_SSM_CONV_BIAS] = { "mamba.conv1d.bias", ONE, SSM_MIXED, MAMBA | OPTIONAL },
	[N_SSM_DT] = { "mamba.dt_bias", ONE, SSM_HEADS, MAMBA },
	[N_SSM_A] = { "mamba.A_log", ONE, SSM_HEADS, MAMBA },
	[N_SSM_D] = { "mamba.D", ONE, SSM_HEADS, MAMBA },
	[N_SSM_NORM] = { "mamba.norm.weight", ONE, SSM_INNER, MAMBA },
	[N_SSM_OUT] = { "mamba.out_proj.weight", WIDTH, SSM_INNER, MAMBA },
};

static uint64_t dim_of(const struct net *n, enum dim d)
{
	size_t inner = n->ssm.heads * n->ssm.head, mixed = inner + 2 * n->ssm.groups * n->ssm.state;

	switch (d) {
	case ONE: return 1;
	case WIDTH: return n->width;
	case QUERIES: return n->heads * n->head;
	case KEYS: return n->kv_heads * n->head;
	case HEAD: return n->head;
	case INNER: return n->inner;
	case EXPERTS: return n->experts;
	case EXPERTS_X_2_INNER: return n->experts * 2 * n->expert_inner;
	case EXPERTS_X_WIDTH: return n->experts * n->width;
	case EXPERT_INNER: return n->expert_inner;
	case SHARED_X_2: return 2 * n->shared_inner;
	case SHARED: return n->shared_inner;
	case SSM_ROWS: return inner + mixed + n->ssm.heads;
	case SSM_INNER: return inner;
	case SSM_MIXED: return mixed;
	case SSM_CONV: return n->ssm.conv;
	case SSM_HEADS: return n->ssm.heads;
	}
	return 0;
}

static bool fits(const struct net *n, long at, uint64_t rows, uint64_t columns, struct err *e)
{
	const struct tensor *t = &n->model->source.tensors[at];
	struct str s = STR_INIT;
	bool ok = t->rank > 0 && t->shape[t->rank - 1] == columns && columns &&
		t->elements == rows * columns;

	if (ok && t->readable)
		return true;
	for (int i = 0; i < t->rank; i++)
		str_addf(&s, "%s%llu", i ? "x" : "", (unsigned long long)t->shape[i]);
	if (ok)
		refuse(n, e, "%s is stored as %s, which cannot be decoded", t->name, t->dtype_text);
	else
		err_set(e, ERR_INPUT, n->model->source.label, "fetch its files again",
			"%s is %s, the config asks for %llux%llu", t->name, s.s ? s.s : "empty",
			(unsigned long long)rows, (unsigned long long)columns);
	str_fini(&s);
	return false;
}

/* used[t]: the tensor has a place. */
static bool find_layer(struct net *n, size_t i, bool *used, struct err *e)
{
	struct net_layer *l = &n->layer[i];
	unsigned has = (l->mamba ? MAMBA : ATTENTION) | (n->experts ? MIXTURE : 0) |
		(n->shared_inner ? SHARED_PART : n->experts ? 0 : DENSE);
	char name[160];

	for (int r = 0; r < NET_ROLES; r++) {
		snprintf(name, sizeof name, "model.layers.%zu.%s", i, roles[r].name);
		l->at[r] = -1;
		if (!(roles[r].part & has))
			continue;
		l->at[r] = source_find(&n->model->source, name);
		if (l->at[r] < 0 && !(roles[r].part & OPTIONAL))
			return err_set(e, ERR_INPUT, n->model->source.label,
				"fetch its files again", "it has no tensor %s", name);
		if (l->at[r] < 0)
			continue;
		used[l->at[r]] = true;
		if (dim_of(n, roles[r].columns) > n->widest)
			n->widest = dim_of(n, roles[r].columns);
		if (!fits(n, l->at[r], dim_of(n, roles[r].rows), dim_of(n, roles[r].columns), e))
			return false;
	}
	return true;
}

static bool outer(struct net *n, const char *name, uint64_t rows, long *at, bool *used,
	struct err *e)
{
	*at = source_find(&n->model->source, name);
	if (*at < 0)
		return err_set(e, ERR_INPUT, n->model->source.label, "fetch its files again",
			"it has no tensor %s", name);
	used[*at] = true;
	return fits(n, *at, rows ? rows : n->model->source.tensors[*at].shape[0], n->width, e);
}

/* What a forward pass does not need though it is there. */
static bool idle(const struct net *n, const char *name)
{
	return str_ends(name, "rotary_emb.inv_freq") || str_eq(name, "rope_freqs.weight") ||
		(str_eq(name, "lm_head.weight") && n->output == n->embedding);
}

static bool find_tensors(struct net *n, const json_t *c, struct err *e)
{
	const struct source *s = &n->model->source;
	bool *used = xnew(bool, s->n_tensors + 1), ok;
	bool tied = json_flag(c, "tie_word_embeddings", n->model->tied_head);

	ok = outer(n, "model.embed_tokens.weight", 0, &n->embedding, used, e) &&
		outer(n, "model.norm.weight", 1, &n->norm, used, e);
	n->output = n->embedding;
	if (ok && !tied)
		ok = outer(n, "lm_head.weight", 0, &n->output, used, e);
	for (size_t i = 0; i < n->layers && ok; i++)
		ok = find_layer(n, i, used, e);
	for (size_t t = 0; t < s->n_tensors && ok; t++)
		if (!used[t] && !idle(n, s->tensors[t].name))
			ok = refuse(n, e, "its tensor %s has no place in what is computed here",
				s->tensors[t].name);
	if (ok)
		n->vocabulary = s->tensors[n->output].shape[0];
	free(used);
	return ok;
}

struct net *net_open(struct model *m, const json_t *config, struct err *e)
{
	struct net *n = xnew(struct net, 1);
	const json_t *c = config ? config : m->config;
	const struct architecture *a;

	n->model = model_ref(m);
	a = c ? known(n, c, e) : NULL;
	if (!c)
		err_set(e, ERR_INPUT, m->source.label, "put its config.json beside it",
			"nothing says how it is computed");
	if (a && sizes(n, c, a, e) && rope(n, c, a, e) && find_tensors(n, c, e))
		return n;
	net_free(n);
	return NULL;
}

void net_free(struct net *n)
{
	if (!n)
		return;
	model_unref(n->model);
	free(n->layer);
	free(n->angle);
	free(n);
}
