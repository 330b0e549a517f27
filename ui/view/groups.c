#include "config.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "ui/view/groups.h"

#define PATH_MAX_PARTS 5
struct path { /* where a tensor hangs, root first */
	const char *part[PATH_MAX_PARTS];
	int n;
	long root, layer; /* order: of the root by first appearance, then by layer */
	size_t row;
};

int role_order(const char *role)
{
	static const char *const order[] = { "token_embd", "attn_norm", "attn_q", "attn_k",
		"attn_v", "attn_qkv", "attn_output", "attn_q_norm", "attn_k_norm", "ssm_in",
		"ssm_conv1d", "ssm_dt", "ssm_a", "ssm_d", "ssm_norm", "ssm_out", "ffn_norm",
		"ffn_gate_inp", "ffn_gate", "ffn_up", "ffn_gate_up", "ffn_down", "ffn_gate_exps",
		"ffn_up_exps", "ffn_gate_up_exps", "ffn_down_exps", "ffn_gate_shexp",
		"ffn_up_shexp", "ffn_down_shexp" };
	int n = (int)(sizeof order / sizeof *order);

	for (int i = 0; i < n; i++)
		if (!strcmp(role, order[i]))
			return i;
	return n + (!strcmp(role, "output_norm") || !strcmp(role, "output")) +
	       2 * !strcmp(role, "other");
}

/* "model.layers.17.mlp.up_proj.weight" → prefix "model.layers", rest "mlp.up_proj". */
static const char *split_layer(struct arena *a, const char *name, const char **rest)
{
	for (const char *p = strchr(name, '.'); p; p = strchr(p + 1, '.'))
		if (isdigit((unsigned char)p[1])) {
			const char *end = p + 1;

			while (isdigit((unsigned char)*end))
				end++;
			if (*end == '.') {
				*rest = end + 1;
				return arena_strndup(a, name, (size_t)(p - name));
			}
		}
	*rest = name;
	return "";
}

static const char *without_weight(struct arena *a, const char *name)
{
	return str_ends(name, ".weight") ? arena_strndup(a, name, strlen(name) - 7) : name;
}

static const char *short_prefix(const char *prefix)
{
	return str_starts(prefix, "model.") ? prefix + 6 : prefix;
}

/* "mlp.experts.12.up_proj" → module "mlp", group "experts.up_proj", leaf "12". */
static void add_rest(struct arena *a, struct path *p, const struct tensor *t, const char *rest)
{
	const char *name = without_weight(a, rest), *dot = strchr(name, '.');

	if (t->expert >= 0) {
		const char *inner, *prefix = split_layer(a, name, &inner);

		p->part[p->n++] = arena_printf(a, "%s.*.%s", prefix, inner);
		p->part[p->n++] = arena_printf(a, "%d", t->expert);
	} else if (dot) {
		p->part[p->n++] = arena_strndup(a, name, (size_t)(dot - name));
		p->part[p->n++] = dot + 1;
	} else {
		p->part[p->n++] = name;
	}
}

static void path_by_layer(struct arena *a, struct path *p, const struct tensor *t)
{
	const char *rest, *prefix = split_layer(a, t->name, &rest);

	if (t->layer < 0 || !*prefix) {
		p->part[p->n++] = without_weight(a, short_prefix(t->name));
		return;
	}
	p->part[p->n++] = short_prefix(prefix);
	p->part[p->n++] = arena_printf(a, "%d", t->layer);
	add_rest(a, p, t, rest);
}

static void path_by_role(struct arena *a, struct path *p, const struct tensor *t)
{
	p->part[p->n++] = t->role;
	if (t->layer >= 0)
		p->part[p->n++] = arena_printf(a, "%d%s", t->layer,
			str_ends(t->name, ".bias") ? " bias" : "");
	if (t->expert >= 0)
		p->part[p->n++] = arena_printf(a, "expert %d", t->expert);
	if (t->layer < 0 || !strcmp(t->role, "other"))
		p->part[p->n++] = without_weight(a, short_prefix(t->name));
}

static long root_number(const char **roots, size_t *n, const char *root)
{
	for (size_t i = 0; i < *n; i++)
		if (!strcmp(roots[i], root))
			return (long)i;
	roots[*n] = root;
	return (long)(*n)++;
}

static int compare_paths(const void *x, const void *y)
{
	const struct path *a = x, *b = y;

	if (a->root != b->root)
		return a->root < b->root ? -1 : 1;
	if (a->layer != b->layer)
		return a->layer < b->layer ? -1 : 1;
	/* Tensors of one module stay together, in the file's order. */
	if (a->n > 3 && b->n > 3 && strcmp(a->part[2], b->part[2]))
		return strcmp(a->part[2], b->part[2]);
	return a->row < b->row ? -1 : a->row > b->row;
}

static uint64_t path_id(const struct path *p, int depth)
{
	struct str s = STR_INIT;

	for (int i = 0; i <= depth; i++) {
		str_add(&s, p->part[i]);
		str_addc(&s, '\n');
	}
	uint64_t id = hash64_bytes(s.s, s.n) | 1;

	str_fini(&s);
	return id;
}

static void add_nodes(struct groups *g, const struct path *paths, const struct tensor *const *t)
{
	long open[PATH_MAX_PARTS];

	for (size_t i = 0; i < g->n; i++) {
		const struct path *p = &paths[i];
		int same = 0;

		while (i && same < p->n - 1 && same < paths[i - 1].n - 1 &&
			!strcmp(p->part[same], paths[i - 1].part[same]))
			same++;
		for (int d = same; d < p->n; d++) {
			long parent = d ? open[d - 1] : -1;

			open[d] = (long)g->nodes.n;
			if (parent >= 0)
				g->nodes.v[parent].children++;
			*vec_push(&g->nodes) = (struct group_node){ .label = p->part[d],
				.parent = parent,
				.leaf = d == p->n - 1 ? (long)p->row : -1,
				.first = i,
				.layer = d ? t[p->row]->layer : -1,
				.id = d < p->n - 1 ? path_id(p, d)
						   : hash64_bytes(t[p->row]->name,
							     strlen(t[p->row]->name)) |
							     1 };
		}
		for (int d = 0; d < p->n; d++)
			g->nodes.v[open[d]].n++;
		g->order[i] = p->row;
	}
}

void groups_build(struct groups *g, enum grouping by, const struct tensor *const *t, size_t n)
{
	struct path *paths = xnew(struct path, n ? n : 1);
	const char **roots = xnew(const char *, n ? n : 1);
	size_t n_roots = 0;

	groups_fini(g);
	arena_init(&g->arena);
	g->n = n;
	g->order = xnew(size_t, n ? n : 1);
	for (size_t i = 0; i < n; i++) {
		struct path *p = &paths[i];

		p->row = i;
		p->layer = by == GROUP_NONE ? 0 : t[i]->layer;
		if (by == GROUP_LAYER)
			path_by_layer(&g->arena, p, t[i]);
		else if (by == GROUP_ROLE)
			path_by_role(&g->arena, p, t[i]);
		else
			p->part[p->n++] = without_weight(&g->arena,
				str_starts(t[i]->name, "model.layers.") ? t[i]->name + 13 :
				short_prefix(t[i]->name));
		p->root = by == GROUP_NONE ? 0 : root_number(roots, &n_roots, p->part[0]);
		if (by == GROUP_ROLE)
			p->root += (long)n * role_order(p->part[0]);
	}
	qsort(paths, n, sizeof *paths, compare_paths);
	add_nodes(g, paths, t);
	free(roots);
	free(paths);
}

void groups_fini(struct groups *g)
{
	if (g->order)
		arena_fini(&g->arena);
	free(g->order);
	vec_fini(&g->nodes);
	memset(g, 0, sizeof *g);
}

const size_t *groups_rows(const struct groups *g, const struct group_node *node)
{
	return g->order + node->first;
}

size_t groups_in_sight(const struct groups *g, const struct table *t, size_t *rows, size_t max)
{
	size_t n = 0;

	for (size_t i = t->top; i < t->shown.n && n < max; i++) {
		const struct group_node *node = &g->nodes.v[t->shown.v[i].row];

		if ((int)(i - t->top) >= t->area.h)
			break;
		if (node->leaf >= 0)
			rows[n++] = (size_t)node->leaf;
	}
	return n;
}
