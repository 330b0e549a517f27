/* An adapter laid over a model: which tensors it changes, and whether it fits. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "model/lora_in.h"
#include "model/role.h"
#include "model/text_part.h"

struct laying {
	const struct lora *l;
	struct model *base;
	const char *label;
	double scale;
	vec(struct lora_change) changes;
	long *of;                  /* per tensor of base: its change, -1 */
	size_t fitting;            /* pairs and saved tensors that have their place */
	vec(const char *) lost;    /* those that have none */
	lora_say_fn *say;
	void *ctx;
	struct err *e;
	struct str buf;
};

static const struct tensor *tensor_at(const struct laying *y, size_t t)
{
	return &y->base->source.tensors[t];
}

/* --- refusals --- */

static void add_shape(struct str *s, const uint64_t *shape, int rank)
{
	for (int d = 0; d < rank; d++)
		str_addf(s, "%s%" PRIu64, d ? " x " : "", shape[d]);
}

static bool unfit(struct laying *y, const char *module, const struct tensor *ours, bool saved,
	const uint64_t *shape, int rank)
{
	struct str s = STR_INIT;

	str_addf(&s, "%s is ", ours->name);
	add_shape(&s, ours->shape, ours->rank);
	str_addf(&s, " in the model; the adapter's %s is for ", module);
	add_shape(&s, shape, rank);
	err_set(y->e, ERR_INPUT, y->label, saved ?
		"give the model as many rows first (transformers: resize_token_embeddings), and "
		"name the result" : "name the model that the adapter was trained on", "%s", s.s);
	str_fini(&s);
	return false;
}

static bool tied(struct laying *y)
{
	return err_set(y->e, ERR_INPUT, y->label,
		"merge it where it was trained, with an untied head, and name the result",
		"the adapter changes lm_head, which this model ties to its embedding: one tensor "
		"cannot be both");
}

/* --- changes --- */

static struct lora_change *change_at(struct laying *y, size_t t)
{
	const struct tensor *x = tensor_at(y, t);

	if (y->of[t] < 0) {
		bool keeps = dtype_is_float(x->dtype) && dtype_info(x->dtype)->encode;

		y->of[t] = (long)y->changes.n;
		*vec_push(&y->changes) = (struct lora_change){ .t = t, .saved = -1, .left = -1,
			.right = -1, .experts = 1, .expert = -1,
			.dtype = keeps ? x->dtype : DT_BF16 };
	}
	return &y->changes.v[y->of[t]];
}

static void swap_sides(struct lora_change *c)
{
	long t = c->left;

	c->left = c->right;
	c->right = t;
	c->left_turned = c->right_turned = true;
}

/* The factors as they are stored, put on the side where they belong:
 *
 *	PEFT   A [r, in]   B [out, r]     W [out, in] = B A;  of an embedding, and of a weight
 *	                                  stored [in, out], its transpose
 *	MLX    a [in, r]   b [r, out]     W [out, in] = b' a'; an embedding [in, out] = a b
 *	       a [E, r, in]  b [E, out, r]   as PEFT's, to an expert */
static bool set_sides(struct laying *y, const struct lora_pair *p, struct lora_change *c)
{
	const struct tensor *w = tensor_at(y, c->t), *l, *r;
	const struct tensor *all = y->l->adapter->source.tensors;
	bool mlx = y->l->config.kind == LORA_MLX, stack = all[p->a].rank == 3;
	bool embedding = str_eq(w->role, "token_embd");
	int d = w->rank;

	c->left = (long)p->b;
	c->right = (long)p->a;
	if (mlx && !stack && embedding) {
		c->left = (long)p->a;
		c->right = (long)p->b;
	} else if (mlx && !stack) {
		c->left_turned = c->right_turned = true;
	} else if (p->embedding || (!mlx && y->l->config.transposed)) {
		swap_sides(c);
	}
	l = &all[c->left];
	r = &all[c->right];
	c->rank = p->rank;
	c->twice = p->embedding;
	c->rows = l->shape[l->rank - (c->left_turned ? 1 : 2)];
	c->columns = r->shape[r->rank - (c->right_turned ? 2 : 1)];
	c->experts = p->experts;
	if (d != (c->expert < 0 && stack ? 3 : 2) || w->shape[d - 2] != c->rows ||
		w->shape[d - 1] != c->columns || (d == 3 && w->shape[0] != c->experts))
		return unfit(y, p->module, w, false, (uint64_t[]){ c->rows, c->columns }, 2);
	return true;
}

static bool lay_on(struct laying *y, const struct lora_pair *p, size_t t, long expert)
{
	struct lora_change *c = change_at(y, t);

	if (c->left >= 0)
		return err_set(y->e, ERR_INPUT, y->label, "fetch the adapter again",
			"the adapter changes %s twice", tensor_at(y, t)->name);
	c->expert = expert;
	c->factor = (float)(y->scale * (double)p->factor);
	if (!isfinite(c->factor))
		return err_set(y->e, ERR_INPUT, y->label, "write a smaller scale",
			"the scale makes no number of the adapter's factor");
	return set_sides(y, p, c);
}

/* MLX stacks experts that the family stores one by one. */
static bool lay_experts(struct laying *y, const struct lora_pair *p, bool *found)
{
	static const char *const stems[][2] = { { ".gate_proj", "ffn_gate_exps" },
		{ ".up_proj", "ffn_up_exps" }, { ".down_proj", "ffn_down_exps" } };
	const char *layers = strstr(p->module, "layers.");
	int layer;

	*found = false;
	if (!strstr(p->module, ".switch_mlp.") || !layers ||
		sscanf(layers, "layers.%6d.", &layer) != 1 || p->experts > 4096)
		return true;
	for (size_t i = 0; i < 3; i++)
		for (long k = 0; str_ends(p->module, stems[i][0]) && k < (long)p->experts; k++) {
			struct str name = STR_INIT;
			long t = role_hf_name(&name, json_text(y->base->config,
				"text_config.model_type", y->base->architecture), stems[i][1],
				".weight", layer, (int)k) ?
				text_part_find(&y->base->source, name.s, &y->buf) : -1;

			str_fini(&name);
			if (t < 0)
				return true;
			*found = true;
			if (!lay_on(y, p, (size_t)t, k))
				return false;
		}
	return true;
}

static bool is_head(const char *name)
{
	struct str buf = STR_INIT;
	bool is = str_starts(text_part_plain(name, &buf), "lm_head");

	str_fini(&buf);
	return is;
}

static bool lay_pair(struct laying *y, const struct lora_pair *p)
{
	char *name = xasprintf("%s.weight", p->module);
	long t = text_part_find(&y->base->source, name, &y->buf);
	bool found = t >= 0, ok = true;

	free(name);
	if (found)
		ok = lay_on(y, p, (size_t)t, -1);
	else if (is_head(p->module) && y->base->tied_head)
		return tied(y);
	else
		ok = lay_experts(y, p, &found);
	if (ok && !found)
		*vec_push(&y->lost) = p->module;
	y->fitting += found;
	return ok;
}

/* --- tensors kept whole --- */

/* Saved beside a tied embedding, a head is the same again, or cannot be kept. */
static bool same_as_embedding(struct laying *y, const struct lora_saved *head)
{
	const struct source *s = &y->l->adapter->source;
	const struct tensor *h = &s->tensors[head->at];
	const size_t step = (size_t)1 << 20;
	unsigned char *a = xmalloc(2 * step);
	bool same = false;

	for (size_t i = 0; i < y->l->saved.n && !same; i++) {
		size_t t = y->l->saved.v[i].at;
		const struct tensor *x = &s->tensors[t];

		if (!strstr(x->name, "embed_tokens") && !strstr(x->name, "wte"))
			continue;
		same = x->dtype == h->dtype && x->bytes == h->bytes;
		for (uint64_t at = 0; same && at < h->bytes; at += step) {
			size_t n = h->bytes - at < step ? (size_t)(h->bytes - at) : step;

			same = source_read_raw((struct source *)s, t, at, n, a, NULL) &&
				source_read_raw((struct source *)s, head->at, at, n, a + step,
				NULL) && !memcmp(a, a + step, n);
		}
	}
	free(a);
	return same || tied(y);
}

static bool lay_saved(struct laying *y, const struct lora_saved *v)
{
	const struct tensor *x = &y->l->adapter->source.tensors[v->at];
	long t = text_part_find(&y->base->source, v->name, &y->buf);

	if (t < 0 && is_head(v->name) && y->base->tied_head) {
		y->fitting++;
		return same_as_embedding(y, v);
	}
	if (t < 0) {
		*vec_push(&y->lost) = v->name;
		return true;
	}
	const struct tensor *ours = tensor_at(y, (size_t)t);
	struct lora_change *c = change_at(y, (size_t)t);
	if (x->rank != ours->rank ||
		memcmp(x->shape, ours->shape, (size_t)x->rank * sizeof *x->shape))
		return unfit(y, v->name, ours, true, x->shape, x->rank);
	if (!dtype_is_float(x->dtype) || !x->readable || c->saved >= 0)
		return err_set(y->e, ERR_INPUT, y->label, "fetch the adapter again",
			"the adapter keeps %s %s", v->name, c->saved >= 0 ? "twice" :
			"in a format that is no weight's");
	c->saved = (long)v->at;
	y->fitting++;
	return true;
}

/* --- what was found --- */

static bool lost_enough(struct laying *y)
{
	struct str s = STR_INIT;
	size_t n = y->lost.n;

	for (size_t i = 0; i < n && i < 3; i++)
		str_addf(&s, "%s%s", i ? ", " : "", y->lost.v[i]);
	if (n > 3)
		str_add(&s, " …");
	if (n > y->fitting)
		err_set(y->e, ERR_INPUT, y->label, "name the model that the adapter was trained on",
			"the adapter is for another architecture: %zu of its %zu modules are not "
			"in %s: %s", n, n + y->fitting, y->base->name, s.s);
	else if (n && y->say) {
		char *text = xasprintf("%s: %zu of the adapter's %zu modules are not in the model "
			"and are left out: %s", y->label, n, n + y->fitting, s.s);

		y->say(y->ctx, true, text, "see that it is the model the adapter was trained on");
		free(text);
	}
	str_fini(&s);
	return n <= y->fitting;
}

static void say_facts(struct laying *y)
{
	const struct lora_facts *f = &y->l->facts;
	char *facts = lora_text(y->l), *text;
	size_t n = 0;

	for (size_t i = 0; i < y->changes.n; i++)
		n += y->changes.v[i].dtype != tensor_at(y, y->changes.v[i].t)->dtype;
	text = xasprintf("%s: %s%s", y->label, facts, n ?
		"; what it changes counts as bfloat16, for the model is quantized" : "");
	if (y->say) {
		y->say(y->ctx, false, text, NULL);
		if (f->caution)
			y->say(y->ctx, true, f->caution, NULL);
		if (f->absent) {
			char *absent = xasprintf("%s: the adapter's config lists %s, of which it "
				"has no tensors", y->label, f->absent);

			y->say(y->ctx, true, absent, "see that its files are whole");
			free(absent);
		}
		if (f->base && y->base->name &&
			!str_eq(str_base(f->base), str_base(y->base->name))) {
			char *other = xasprintf("%s: the adapter was trained on %s", y->label,
				str_base(f->base));

			y->say(y->ctx, false, other, NULL);
			free(other);
		}
	}
	free(text);
	free(facts);
}

/* --- the model --- */

static struct virtual_tensor about_tensor(struct laying *y, size_t t)
{
	struct virtual_tensor v = { .about = *tensor_at(y, t), .origin = y->base, .at = t };
	const struct lora_change *c = y->of[t] < 0 ? NULL : &y->changes.v[y->of[t]];

	if (!c)
		return v;
	v.origin = NULL;
	if (c->dtype != v.about.dtype) {
		v.about.dtype = c->dtype;
		v.about.dtype_text = NULL;
		v.about.readable = true;
		dtype_bytes(c->dtype, v.about.elements, &v.about.bytes);
	}
	if (c->left < 0 && y->l->adapter->source.tensors[c->saved].dtype == c->dtype) {
		v.origin = y->l->adapter;
		v.at = (size_t)c->saved;
	}
	return v;
}

static struct model *make(struct laying *y)
{
	size_t n = y->base->source.n_tensors;
	struct virtual_tensor *v = xnew(struct virtual_tensor, n + 1);
	size_t *of = xnew(size_t, n + 1);
	char *facts = lora_text(y->l), *note = xasprintf("with an adapter: %s", facts);
	struct virtual_about about = { .like = y->base, .label = y->label, .note = note };
	struct model *m;

	for (size_t t = 0; t < n; t++) {
		v[t] = about_tensor(y, t);
		of[t] = y->of[t] < 0 ? 0 : (size_t)y->of[t];
	}
	m = model_virtual(&about, v, n, &lora_reader_ops, lora_reader_new(y->base, y->l->adapter,
		y->changes.v, y->changes.n, of), y->e);
	y->changes.v = NULL;
	free(note);
	free(facts);
	free(v);
	return m;
}

struct model *lora_apply(struct model *base, const char *path, double scale, const char *label,
	lora_say_fn *say, void *ctx, struct err *e)
{
	struct err own = { 0 };
	struct lora *l = lora_open(path, e);
	struct laying y = { .l = l, .base = base, .label = label, .scale = scale, .say = say,
		.ctx = ctx, .e = e ? e : &own };
	struct model *m = NULL;
	bool ok = l != NULL;

	y.of = xnew(long, base->source.n_tensors + 1);
	for (size_t t = 0; t < base->source.n_tensors; t++)
		y.of[t] = -1;
	if (ok && !isfinite(scale))
		ok = err_set(y.e, ERR_INPUT, label, "write a number, 1 for the adapter as it is",
			"the scale of an adapter is no number");
	for (size_t i = 0; ok && i < l->pairs.n; i++)
		ok = lay_pair(&y, &l->pairs.v[i]);
	for (size_t i = 0; ok && i < l->saved.n; i++)
		ok = lay_saved(&y, &l->saved.v[i]);
	if (ok && lost_enough(&y)) {
		say_facts(&y);
		m = make(&y);
	}
	free(y.of);
	free(y.changes.v);
	vec_fini(&y.lost);
	str_fini(&y.buf);
	lora_free(l);
	return m;
}
