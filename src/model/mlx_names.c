/* MLX stacks a layer's experts in switch_mlp; families that write one tensor to an expert are given
 * theirs, so that such a folder compares with its source. granitemoe's and gpt-oss's halves, which
 * MLX takes apart, keep MLX's names. */
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
		l->kind == LAYOUT_BLOCKS)
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

void mlx_name_experts(struct model_build *b)
{
	const char *family = json_text(b->m.config, "text_config.model_type",
		json_text(b->m.config, "model_type", NULL));
	struct tensor *t = b->tensors.v;
	struct layout *l = b->layouts.v;
	size_t n = b->tensors.n;
	struct str name = STR_INIT;
	struct stack s;

	b->tensors.v = NULL;
	b->layouts.v = NULL;
	b->tensors.n = b->tensors.cap = b->layouts.n = b->layouts.cap = 0;
	for (size_t i = 0; i < n; i++) {
		str_clear(&name);
		bool each = is_stack(t[i].name, &s) && sliceable(&t[i], &l[i]) &&
			!role_hf_name(&name, family, s.stem, s.ending, s.layer, -1) &&
			role_hf_name(&name, family, s.stem, s.ending, s.layer, 0);
		for (uint64_t k = 0; each && k < t[i].shape[0]; k++) {
			str_clear(&name);
			role_hf_name(&name, family, s.stem, s.ending, s.layer, (int)k);
			add_slice(b, &t[i], &l[i], k, name.s);
		}
		if (each)
			continue;
		*vec_push(&b->tensors) = t[i];
		*vec_push(&b->layouts) = l[i];
	}
	str_fini(&name);
	free(t);
	free(l);
}
