#include "config.h"
#include "quant/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "model/role.h"
#include "quant/target_build.h"

/* --- putting one together --- */

struct quant_target *target_add(struct targets_build *b, size_t i, const char *name)
{
	const struct tensor *s = &b->t.model->source.tensors[i];
	struct quant_target *t = vec_push(&b->v);
	uint32_t *from = arena_new(&b->arena, uint32_t, 1);

	*from = (uint32_t)i;
	*t = (struct quant_target){ .name = arena_strdup(&b->arena, name), .role = s->role,
		.layer = s->layer, .rank = s->rank, .from = from, .n_from = 1, .parts = 1,
		.keep = s->dtype, .source = s->dtype, .source_text = s->dtype_text };
	memcpy(t->shape, s->shape, sizeof t->shape);
	return t;
}

bool target_stack(struct targets_build *b, size_t i, const char *name, struct err *e)
{
	const struct tensor *s = &b->t.model->source.tensors[i];
	size_t k = b->n_stacks;

	/* Experts of a stack stand together, mostly: the latest first. */
	while (k && strcmp(b->stacks[k - 1].key, name))
		k--;
	if (!k) {
		if (b->n_stacks == b->cap_stacks) {
			b->cap_stacks = b->cap_stacks ? 2 * b->cap_stacks : 64;
			b->stacks = xrealloc(b->stacks, b->cap_stacks * sizeof *b->stacks);
		}
		struct quant_target *t = target_add(b, i, name);
		memmove(t->shape + 1, t->shape, (TENSOR_MAX_RANK - 1) * sizeof *t->shape);
		t->shape[0] = 1;
		t->rank++;
		b->stacks[b->n_stacks].key = (char *)t->name;
		b->stacks[b->n_stacks++].at = b->v.n - 1;
		return true;
	}
	struct quant_target *t = &b->v.v[b->stacks[k - 1].at];
	if (t->rank != s->rank + 1 ||
		memcmp(t->shape + 1, s->shape, (size_t)s->rank * sizeof *s->shape))
		return err_set(e, ERR_INPUT, s->name, NULL,
			"its shape is another than that of the experts before it");
	uint32_t *from = (uint32_t *)t->from;
	if (!(t->n_from & (t->n_from - 1))) { /* full: they double */
		from = arena_new(&b->arena, uint32_t, 2 * t->n_from);
		memcpy(from, t->from, t->n_from * sizeof *from);
		t->from = from;
	}
	from[t->n_from++] = (uint32_t)i;
	t->shape[0] = t->n_from;
	return true;
}

static int by_expert(const void *a, const void *b, void *tensors)
{
	const struct tensor *t = tensors;

	return t[*(const uint32_t *)a].expert - t[*(const uint32_t *)b].expert;
}

/* Experts in the order of their numbers, all of them. */
static bool sort_stacks(struct targets_build *b, struct err *e)
{
	const struct tensor *tensors = b->t.model->source.tensors;

	for (size_t i = 0; i < b->n_stacks; i++) {
		struct quant_target *t = &b->v.v[b->stacks[i].at];
		qsort_r((uint32_t *)t->from, t->n_from, sizeof *t->from, by_expert,
			(void *)tensors);
		for (size_t k = 0; k < t->n_from; k++)
			if (tensors[t->from[k]].expert != (int)k)
				return err_set(e, ERR_INPUT, t->name, "fetch the model again",
					"expert %zu of it is missing", k);
	}
	return true;
}

void target_half(struct quant_target *t, int part)
{
	t->part = (uint8_t)part;
	t->parts = 2;
	t->shape[t->rank > 1 ? t->rank - 2 : 0] /= 2;
}

/* Outer dimensions of 1 are dropped, elements and row set. */
static void target_finish(struct quant_target *t)
{
	t->elements = 1;
	for (int i = 0; i < t->rank; i++)
		t->elements *= t->shape[i];
	/* A bias whose heads are stored pairwise is moved number by number. */
	t->row = t->rank && !(t->rank == 1 && t->rope_heads) ? t->shape[t->rank - 1] : 1;
}

int64_t target_config(const struct model *m, const char *key)
{
	char nested[96];
	int64_t v = json_int(m->config, key, -1);

	snprintf(nested, sizeof nested, "text_config.%s", key);
	return v >= 0 ? v : json_int(m->config, nested, -1);
}

/* --- order --- */

/* The number behind "blk.", -1 without one. */
static long block(const char *name)
{
	int n;

	return sscanf(name, "blk.%6d.", &n) == 1 ? n : -1;
}

int quant_name_order(const char *a, const char *b)
{
	long x = block(a), y = block(b);

	return x != y ? (x < y ? -1 : 1) : strcmp(a, b);
}

static int by_order(const void *a, const void *b)
{
	const struct quant_target *x = a, *y = b;

	return quant_name_order(x->name, y->name);
}

/* --- what the policies ask --- */

static bool first_layer_is_state(const struct model *m)
{
	const json_t *kinds = json_at(m->config, "layer_types");

	kinds = kinds ? kinds : json_at(m->config, "text_config.layer_types");
	const char *k = json_text(json_array_get(kinds, 0), "", "");
	return str_eq(k, "mamba") || str_eq(k, "linear_attention");
}

static enum dtype most_floats(const struct model *m)
{
	uint64_t n[DT_COUNT] = { 0 };
	enum dtype best = DT_BF16;

	for (size_t i = 0; i < m->source.n_tensors; i++)
		n[m->source.tensors[i].dtype] += m->source.tensors[i].elements;
	if (n[DT_F16] > n[best])
		best = DT_F16;
	return n[DT_F32] > n[best] ? DT_F32 : best;
}

static void facts(struct quant_targets *t)
{
	static const char *const experts[] = { "num_local_experts", "num_experts",
		"n_routed_experts" };
	const struct model *m = t->model;
	int64_t extra = target_config(m, "num_nextn_predict_layers");

	t->layers = m->layers + (extra > 0 ? extra : 0);
	t->heads = target_config(m, "num_attention_heads");
	t->heads_kv = target_config(m, "num_key_value_heads");
	if (t->heads_kv < 0)
		t->heads_kv = t->heads;
	if (first_layer_is_state(m))
		t->heads_kv = 0;
	for (size_t i = 0; i < sizeof experts / sizeof *experts && t->experts <= 0; i++)
		t->experts = target_config(m, experts[i]);
	if (t->experts < 0)
		t->experts = 0;
	t->tied = m->tied_head;
	t->parameters = m->parameters;
	t->floats = most_floats(m);
}

struct quant_targets *quant_targets_new(struct model *m, enum quant_container c, struct err *e)
{
	struct targets_build *b;

	if (!role_ready(e))
		return NULL;
	b = xnew(struct targets_build, 1);
	atomic_init(&b->refs, 1);
	arena_init(&b->arena);
	b->t.container = c;
	b->t.model = model_ref(m);
	b->t.family = b->t.architecture = m->architecture;
	facts(&b->t);
	bool ok = (c == QUANT_GGUF ? targets_gguf(b, e) : targets_mlx(b, e)) && sort_stacks(b, e);
	for (size_t i = 0; i < b->v.n; i++)
		target_finish(&b->v.v[i]);
	if (ok && c == QUANT_GGUF && b->v.n)
		qsort(b->v.v, b->v.n, sizeof *b->v.v, by_order);
	b->t.v = b->v.v;
	b->t.n = b->v.n;
	if (ok)
		return &b->t;
	quant_targets_unref(&b->t);
	return NULL;
}

struct quant_targets *quant_targets_ref(struct quant_targets *t)
{
	atomic_fetch_add(&((struct targets_build *)t)->refs, 1);
	return t;
}

void quant_targets_unref(struct quant_targets *t)
{
	struct targets_build *b = (struct targets_build *)t;

	if (!b || atomic_fetch_sub(&b->refs, 1) > 1)
		return;
	model_unref(b->t.model);
	arena_fini(&b->arena);
	vec_fini(&b->v);
	free(b->stacks);
	free(b);
}

const char *quant_target_module(const struct quant_target *t, size_t *n)
{
	*n = strlen(t->name) - (str_ends(t->name, ".weight") ? 7 : 0);
	return t->name;
}
