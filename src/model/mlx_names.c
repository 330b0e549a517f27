/* Names and places that MLX gives a family's tensors, brought back, so that such a folder compares
 * with its source: stacked experts become one tensor to an expert where the family has it so;
 * granite's gates and ups become halves again, gpt-oss's alternate rows; qwen3_next's norms lose
 * the 1 that was added. */
#include <stdlib.h>
#include "base/str.h"
#include "model/build.h"
#include "model/role.h"

#define MAX_EXPERTS 4096

struct stack {
	int layer;
	const char *stem;   /* ffn_gate_exps … */
	const char *ending; /* ".weight", ".bias" */
};

/* "….layers.3.….switch_mlp.gate_proj.weight" */
static bool is_stack(const char *name, struct stack *s)
{
	static const char *const parts[][2] = { { "gate_proj", "ffn_gate_exps" },
		{ "up_proj", "ffn_up_exps" }, { "down_proj", "ffn_down_exps" } };
	static const char *const endings[] = { ".weight", ".bias" };
	const char *at = strstr(name, ".switch_mlp."), *layers = strstr(name, "layers.");

	if (!at || !layers || sscanf(layers, "layers.%6d.", &s->layer) != 1)
		return false;
	at += strlen(".switch_mlp.");
	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 2; k++) {
			size_t n = strlen(parts[i][0]);
			if (strncmp(at, parts[i][0], n) || strcmp(at + n, endings[k]))
				continue;
			s->stem = parts[i][1];
			s->ending = endings[k];
			return true;
		}
	return false;
}

static bool sliceable(const struct tensor *t, const struct layout *l)
{
	uint64_t n = t->rank > 1 ? t->shape[0] : 0;

	if (!n || n > MAX_EXPERTS || !t->elements || l->kind == LAYOUT_ROWS ||
		l->kind == LAYOUT_BLOCKS || l->kind == LAYOUT_EXL2)
		return false;
	for (int i = 0; i < l->n_spans; i++)
		if (l->span[i].bytes % n)
			return false;
	return true;
}

static void add_slice(struct model_build *b, const struct tensor *whole, const struct layout *of,
	uint64_t i, const char *name)
{
	uint64_t n = whole->shape[0];
	struct tensor *t = vec_push(&b->tensors);
	struct layout *l = vec_push(&b->layouts);

	*t = *whole;
	*l = *of;
	t->name = arena_strdup(&b->arena, name);
	t->rank--;
	memmove(t->shape, t->shape + 1, (size_t)t->rank * sizeof *t->shape);
	t->elements /= n;
	t->bytes /= n;
	for (int k = 0; k < l->n_spans; k++) {
		l->span[k].bytes /= n;
		l->span[k].offset += i * l->span[k].bytes;
	}
	t->offset = l->span[0].offset;
}

/* --- gates and ups that the family holds in one tensor --- */

static const struct joint {
	const char *family, *gate, *up, *joined; /* ends of names, before .weight or .bias */
	enum row_order order;
	bool bare; /* the joined name ends so itself: "_bias" for .bias, nothing for .weight */
} joints[] = {
	{ "granitemoe", ".switch_mlp.gate_proj", ".switch_mlp.up_proj", ".input_linear",
		ROWS_HALVES, false },
	{ "granitemoehybrid", ".switch_mlp.gate_proj", ".switch_mlp.up_proj", ".input_linear",
		ROWS_HALVES, false },
	{ "granitemoehybrid", ".mlp.gate_proj", ".mlp.up_proj", ".shared_mlp.input_linear",
		ROWS_HALVES, false },
	{ "gpt_oss", ".experts.gate_proj", ".experts.up_proj", ".experts.gate_up_proj",
		ROWS_ALTERNATE, true },
};
/* Renamed only. */
static const struct {
	const char *family, *from, *to;
} renamed[] = {
	{ "granitemoe", ".switch_mlp.down_proj.weight", ".output_linear.weight" },
	{ "granitemoehybrid", ".switch_mlp.down_proj.weight", ".output_linear.weight" },
	{ "granitemoehybrid", ".mlp.down_proj.weight", ".shared_mlp.output_linear.weight" },
	{ "gpt_oss", ".experts.down_proj.weight", ".experts.down_proj" },
	{ "gpt_oss", ".experts.down_proj.bias", ".experts.down_proj_bias" },
};

struct mlx {
	struct model_build *b;
	const char *family;
	struct tensor *t;   /* as they were */
	struct layout *l;
	size_t n;
	struct source names;
	unsigned char *done;
	struct str name;
};

/* NAME with `from` at its end (before `tail`) replaced. */
static bool swap_end(struct str *out, const char *name, const char *from, const char *tail,
	const char *to)
{
	size_t n = strlen(name), k = strlen(from) + strlen(tail);

	str_clear(out);
	if (n < k || strncmp(name + n - k, from, strlen(from)) || !str_ends(name, tail))
		return false;
	str_addn(out, name, n - k);
	str_add(out, to);
	return true;
}

static bool same_shape(const struct tensor *a, const struct tensor *b)
{
	return a->rank == b->rank &&
		!memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape);
}

/* The number of the up that goes with gate i, the joined name in m->name; -1 if there is none. */
static long up_of(struct mlx *m, size_t i, const struct joint **with)
{
	static const char *const tails[] = { ".weight", ".bias" };

	for (size_t k = 0; k < sizeof joints / sizeof *joints; k++)
		for (int w = 0; w < 2; w++) {
			const struct joint *j = &joints[k];
			const struct tensor *gate = &m->t[i];
			if (!str_eq(j->family, m->family) ||
				!swap_end(&m->name, gate->name, j->gate, tails[w], j->up))
				continue;
			str_add(&m->name, tails[w]);
			long up = source_find(&m->names, m->name.s);
			if (up < 0 || !same_shape(gate, &m->t[up]) || !gate->elements ||
				gate->rank < 2 - w || m->l[i].kind == LAYOUT_ROWS)
				return -1;
			swap_end(&m->name, gate->name, j->gate, tails[w], j->joined);
			str_add(&m->name, !j->bare ? tails[w] : w ? "_bias" : "");
			*with = j;
			return up;
		}
	return -1;
}

static void join(struct mlx *m, size_t i, size_t up, const struct joint *j)
{
	struct tensor *t = vec_push(&m->b->tensors), *u = &m->t[up];
	bool bias = str_ends(m->t[i].name, ".bias");
	int axis;

	vec_push(&m->b->layouts);
	*t = m->t[i];
	axis = bias ? t->rank - 1 : t->rank - 2;
	build_rows(m->b, j->order, bias ? 1 : t->shape[t->rank - 1], t->shape[axis], &m->l[i],
		&m->l[up]);
	t->name = arena_strdup(&m->b->arena, m->name.s);
	t->stored = arena_printf(&m->b->arena, "%s + %s", t->stored, u->stored);
	if (!str_eq(t->dtype_text, u->dtype_text))
		t->dtype_text = arena_printf(&m->b->arena, "%s+%s", t->dtype_text, u->dtype_text);
	t->shape[axis] *= 2;
	t->elements *= 2;
	t->bytes += u->bytes;
	t->readable = t->readable && u->readable;
}

static bool slice(struct mlx *m, size_t i)
{
	struct stack s;
	const struct tensor *t = &m->t[i];

	str_clear(&m->name);
	if (!is_stack(t->name, &s) || !sliceable(t, &m->l[i]) ||
		role_hf_name(&m->name, m->family, s.stem, s.ending, s.layer, -1) ||
		!role_hf_name(&m->name, m->family, s.stem, s.ending, s.layer, 0))
		return false;
	for (uint64_t k = 0; k < t->shape[0]; k++) {
		str_clear(&m->name);
		role_hf_name(&m->name, m->family, s.stem, s.ending, s.layer, (int)k);
		add_slice(m->b, t, &m->l[i], k, m->name.s);
	}
	return true;
}

static void keep(struct mlx *m, size_t i)
{
	static const char *const norms[] = { ".input_layernorm.weight",
		".post_attention_layernorm.weight", "model.norm.weight", ".q_norm.weight",
		".k_norm.weight" };
	struct tensor *t = vec_push(&m->b->tensors);
	struct layout *l = vec_push(&m->b->layouts);

	*t = m->t[i];
	*l = m->l[i];
	for (size_t k = 0; k < sizeof renamed / sizeof *renamed; k++)
		if (str_eq(renamed[k].family, m->family) &&
			swap_end(&m->name, t->name, renamed[k].from, "", renamed[k].to))
			t->name = arena_strdup(&m->b->arena, m->name.s);
	for (size_t k = 0; k < sizeof norms / sizeof *norms; k++)
		if (str_eq(m->family, "qwen3_next") && t->rank == 1 && str_ends(t->name, norms[k]))
			l->value = VALUE_LESS_ONE;
}

void mlx_names(struct model_build *b)
{
	struct mlx m = { .b = b, .t = b->tensors.v, .l = b->layouts.v, .n = b->tensors.n };
	const struct joint *with;

	m.family = json_text(b->m.config, "text_config.model_type",
		json_text(b->m.config, "model_type", ""));
	m.names = (struct source){ .tensors = m.t, .n_tensors = m.n };
	m.done = xcalloc(m.n + 1, 1);
	source_index_init(&m.names);
	b->tensors.v = NULL;
	b->layouts.v = NULL;
	b->tensors.n = b->tensors.cap = b->layouts.n = b->layouts.cap = 0;
	for (size_t i = 0; i < m.n; i++) {
		long up = up_of(&m, i, &with);
		if (up >= 0)
			m.done[up] = 1;
	}
	for (size_t i = 0; i < m.n; i++) {
		long up = m.done[i] ? -1 : up_of(&m, i, &with);
		if (up >= 0)
			join(&m, i, (size_t)up, with);
		else if (!m.done[i] && !slice(&m, i))
			keep(&m, i);
	}
	source_index_fini(&m.names);
	str_fini(&m.name);
	free(m.done);
	free(m.t);
	free(m.l);
}
