/* The rows of tables about a plan: tensors of one role. */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/vec.h"
#include "quant/plan.h"

/* From the embedding through the layers to the head. */
static int rank_of(const char *role)
{
	static const char *const begins[] = { "token_embd", "attn_", "ssm_", "ffn_", "", "vision",
		"output_norm", "output" };
	int n = sizeof begins / sizeof *begins, any = 4;

	for (int i = n - 1; i >= 0; i--)
		if (*begins[i] && !strncmp(begins[i], role, strlen(begins[i])))
			return i;
	return any;
}

static int by_place(const void *a, const void *b)
{
	const struct quant_group *x = a, *y = b;
	int d = rank_of(x->role) - rank_of(y->role);

	return d ? d : strcmp(x->role, y->role);
}

static void gather(const struct quant_plan *p, struct quant_groups *out, uint32_t *of)
{
	struct { struct quant_group *v; size_t n, cap; } g = { 0 };
	const struct quant_targets *t = p->targets;

	for (size_t i = 0; i < t->n; i++) {
		const struct quant_target *x = &t->v[i];
		size_t k = 0;
		while (k < g.n && (strcmp(g.v[k].role, x->role) ||
			g.v[k].quantizable != x->quantizable))
			k++;
		if (k == g.n)
			*vec_push(&g) = (struct quant_group){ .role = x->role,
				.type = p->v[i].type, .quantizable = x->quantizable };
		g.v[k].tensors++;
		g.v[k].parameters += x->elements;
		g.v[k].bytes += p->bytes[i];
		g.v[k].mixed |= !quant_type_same(g.v[k].type, p->v[i].type);
		of[i] = (uint32_t)k;
	}
	out->v = g.v;
	out->n = g.n;
}

void quant_groups_of(const struct quant_plan *p, struct quant_groups *out)
{
	uint32_t *of = xnew(uint32_t, p->targets->n + 1), at = 0;

	out->members = xnew(uint32_t, p->targets->n + 1);
	gather(p, out, of);
	for (size_t k = 0; k < out->n; k++) {
		out->v[k].v = out->members + at;
		for (size_t i = 0; i < p->targets->n; i++)
			if (of[i] == k)
				out->members[at++] = (uint32_t)i;
	}
	free(of);
	if (out->n)
		qsort(out->v, out->n, sizeof *out->v, by_place);
}

void quant_groups_fini(struct quant_groups *g)
{
	free(g->v);
	free(g->members);
	*g = (struct quant_groups){ 0 };
}
