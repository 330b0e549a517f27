#include <stdio.h>
#include <stdlib.h>
#include "base/str.h"
#include "model/gguf.h"
#include "model/role.h"

#define MAX_EXPERTS 4096

struct naming {
	struct model_build *b;
	const struct gguf_arch *a;
	struct source in;    /* the tensors as stored, findable by name */
	unsigned char *done; /* joined to another already */
	bool dense_shared;   /* the family's shared block is the plain feed-forward */
};
/* A stored name taken apart: "blk.3.attn_q.weight" → 3, "attn_q", ".weight". */
struct part_name {
	int layer; /* -1 outside blocks */
	char stem[256];
	const char *ending;
};

static bool take_apart(const char *name, struct part_name *p)
{
	int used = 0;

	p->layer = -1;
	if (sscanf(name, "blk.%6d.%n", &p->layer, &used) != 1 || !used || p->layer < 0) {
		p->layer = -1;
		used = 0;
	}
	name += used;
	size_t n = strlen(name);
	p->ending = str_ends(name, ".weight") ? ".weight" : str_ends(name, ".bias") ? ".bias" : "";
	n -= strlen(p->ending);
	if (!n || n >= sizeof p->stem)
		return false;
	memcpy(p->stem, name, n);
	p->stem[n] = 0;
	return true;
}

static struct span whole(const struct tensor *t)
{
	return (struct span){ t->file, t->offset, t->bytes, t->dtype };
}

static struct layout *last_layout(struct model_build *b)
{
	return &b->layouts.v[b->layouts.n - 1];
}

static void set_shape(struct model_build *b, struct tensor *t, int rank, const uint64_t *shape)
{
	t->rank = rank;
	memcpy(t->shape, shape, (size_t)rank * sizeof *shape);
	last_layout(b)->row = rank ? shape[rank - 1] : 1;
}

static struct tensor *emit(struct naming *x, const struct tensor *from, const char *name)
{
	struct tensor *t = build_tensor(x->b, name, strlen(name), from->rank, from->shape,
		whole(from));

	t->dtype_text = from->dtype_text;
	t->stored = from->stored;
	return t;
}

/* --- values and dimensions --- */

static void fix_shape(struct naming *x, struct tensor *t, const struct part_name *p)
{
	uint64_t s[3];

	if (t->rank == 2 && t->shape[1] == 1 &&
		(str_eq(p->stem, "ssm_a") || str_eq(p->stem, "ssm_d"))) {
		s[0] = t->shape[0];
		set_shape(x->b, t, 1, s);
	} else if (t->rank == 2 && str_eq(p->stem, "ssm_conv1d")) {
		s[0] = t->shape[0];
		s[1] = 1;
		s[2] = t->shape[1];
		set_shape(x->b, t, 3, s);
	} else if (t->rank == 2 && str_eq(p->stem, "ssm_norm")) {
		s[0] = t->elements;
		set_shape(x->b, t, 1, s);
	} else if (t->rank == 1 && str_eq(p->stem, "ffn_gate_inp_shexp")) {
		s[0] = 1;
		s[1] = t->shape[0];
		set_shape(x->b, t, 2, s);
	}
}

static void undo_rope(struct naming *x, const struct tensor *t, const struct part_name *p)
{
	bool q = str_eq(p->stem, "attn_q");
	int64_t heads;

	if (!(x->a->how & GGUF_ROPE_ROWS) || !t->rank || (!q && !str_eq(p->stem, "attn_k")))
		return;
	heads = gguf_layer_int(x->b, "attention.head_count", p->layer, 0);
	if (!q)
		heads = gguf_layer_int(x->b, "attention.head_count_kv", p->layer, heads);
	if (heads <= 0 || t->shape[0] % (uint64_t)heads || t->shape[0] / (uint64_t)heads % 2) {
		build_note(x->b,
			"%s: %lld heads do not divide its rows; they stay in the file's order",
			t->stored, (long long)heads);
		return;
	}
	if (!t->elements)
		return;
	struct layout plain = *last_layout(x->b);
	build_rows(x->b, ROWS_ROPE, t->elements / t->shape[0], t->shape[0] / (uint64_t)heads,
		&plain, NULL);
}

static void undo_values(struct naming *x, const struct part_name *p)
{
	struct layout *l = last_layout(x->b);

	if (str_eq(p->stem, "ssm_a") && !*p->ending)
		l->value = VALUE_LOG_NEGATED;
	if ((x->a->how & GGUF_NORM_PLUS) && str_ends(p->stem, "norm") &&
		!str_eq(p->stem, "ssm_norm") && str_eq(p->ending, ".weight"))
		l->value = VALUE_LESS_ONE;
}

/* --- joining and slicing --- */

static const struct {
	const char *gate, *up, *joined;
	bool shared;
} pairs[] = {
	{ "ffn_gate_exps", "ffn_up_exps", "ffn_gate_up_exps", false },
	{ "ffn_gate_shexp", "ffn_up_shexp", "ffn_gate_up_shexp", true },
	{ "ffn_gate", "ffn_up", "ffn_gate_up_shexp", true },
};

static bool same_shape(const struct tensor *a, const struct tensor *b)
{
	return a->rank == b->rank &&
	       !memcmp(a->shape, b->shape, (size_t)a->rank * sizeof *a->shape);
}

/* Rows of gate, then rows of up, of each expert; or row by row in turn. */
static void emit_joined(struct naming *x, const struct tensor *gate, const struct tensor *up,
	const char *name)
{
	struct tensor *t = emit(x, gate, name);
	struct layout one = *last_layout(x->b), two = one;
	/* A bias has one row to an expert, of numbers that take turns. */
	bool rows = str_ends(gate->stored, ".weight");
	int axis = rows ? t->rank - 2 : t->rank - 1;

	two.span[0] = whole(up);
	t->stored = arena_printf(&x->b->arena, "%s + %s", gate->stored, up->stored);
	t->shape[axis] *= 2;
	t->elements *= 2;
	t->bytes += up->bytes;
	t->readable = t->readable && up->dtype != DT_UNKNOWN && dtype_info(up->dtype)->decode;
	if (gate->dtype != up->dtype)
		t->dtype_text = arena_printf(&x->b->arena, "%s+%s", gate->dtype_text,
			up->dtype_text);
	build_rows(x->b, x->a->how & GGUF_ALTERNATE ? ROWS_ALTERNATE : ROWS_HALVES,
		rows ? gate->shape[gate->rank - 1] : 1, gate->shape[axis], &one, &two);
}

/* The tensor that goes with this gate, its family's name for both in *name; -1: they stay apart. */
static long partner(const struct naming *x, const struct tensor *gate, const struct part_name *p,
	struct str *name)
{
	size_t k = 0, n = sizeof pairs / sizeof *pairs;
	int least = str_eq(p->ending, ".weight") ? 2 : 1;

	while (k < n && !str_eq(p->stem, pairs[k].gate))
		k++;
	if (k == n || p->layer < 0 ||
		!(x->a->how & (pairs[k].shared ? GGUF_HALVES : GGUF_HALVES | GGUF_ALTERNATE)))
		return -1;
	str_clear(name);
	str_addf(name, "blk.%d.%s%s", p->layer, pairs[k].up, p->ending);
	long up = source_find(&x->in, name->s);
	const struct tensor *other = up < 0 ? NULL : &x->in.tensors[up];
	str_clear(name);
	if (!other || !same_shape(gate, other) || gate->rank < least || !gate->elements ||
		gate->elements > UINT64_MAX / 4 ||
		!role_hf_name(name, x->a->family, pairs[k].joined, p->ending, p->layer, -1))
		return -1;
	return up;
}

/* [experts, out, in] as one tensor to an expert, where the family's name has a place for its
 * number. */
static bool slice(struct naming *x, const struct tensor *t, const struct part_name *p,
	struct str *name)
{
	uint64_t n = t->rank == 3 && t->elements ? t->shape[0] : 0;

	str_clear(name);
	if (!n || n > MAX_EXPERTS || t->bytes % n ||
		role_hf_name(name, x->a->family, p->stem, p->ending, p->layer, -1) ||
		!role_hf_name(name, x->a->family, p->stem, p->ending, p->layer, 0))
		return false;
	for (uint64_t i = 0; i < n; i++) {
		struct tensor one = *t;
		one.rank = 2;
		one.shape[0] = t->shape[1];
		one.shape[1] = t->shape[2];
		one.bytes = t->bytes / n;
		one.offset = t->offset + i * one.bytes;
		str_clear(name);
		role_hf_name(name, x->a->family, p->stem, p->ending, p->layer, (int)i);
		emit(x, &one, name->s);
	}
	return true;
}

static void emit_plain(struct naming *x, const struct tensor *t, const struct part_name *p,
	struct str *name)
{
	const char *stem =
		x->dense_shared && str_eq(p->stem, "ffn_down") ? "ffn_down_shexp" : p->stem;

	str_clear(name);
	if (!role_hf_name(name, x->a->family, stem, p->ending, p->layer, -1)) {
		emit(x, t, t->name);
		return;
	}
	struct tensor *n = emit(x, t, name->s);
	fix_shape(x, n, p);
	undo_rope(x, n, p);
	undo_values(x, p);
}

static void name_one(struct naming *x, size_t i)
{
	const struct tensor *t = &x->in.tensors[i];
	struct str name = STR_INIT;
	struct part_name p;

	if (!take_apart(t->name, &p)) {
		emit(x, t, t->name);
	} else {
		long up = partner(x, t, &p, &name);
		if (up >= 0)
			emit_joined(x, t, &x->in.tensors[up], name.s);
		else if (!slice(x, t, &p, &name))
			emit_plain(x, t, &p, &name);
	}
	str_fini(&name);
}

/* Up halves appear with their gates, wherever they stand. */
static void mark_partners(struct naming *x)
{
	struct str name = STR_INIT;
	struct part_name p;

	for (size_t i = 0; i < x->in.n_tensors; i++) {
		const struct tensor *t = &x->in.tensors[i];
		long up = take_apart(t->name, &p) ? partner(x, t, &p, &name) : -1;
		if (up >= 0)
			x->done[up] = 1;
	}
	str_fini(&name);
}

void gguf_name_tensors(struct model_build *b, const struct gguf_arch *a, const struct tensor *v,
	size_t n)
{
	struct naming x = { .b = b, .a = a, .in = { .tensors = v, .n_tensors = n } };

	x.done = xcalloc(n + 1, 1);
	source_index_init(&x.in);
	x.dense_shared = str_eq(a->family, "granitemoehybrid") &&
		source_find(&x.in, "blk.0.ffn_gate_inp.weight") < 0;
	mark_partners(&x);
	for (size_t i = 0; i < n; i++)
		if (!x.done[i])
			name_one(&x, i);
	source_index_fini(&x.in);
	free(x.done);
}
