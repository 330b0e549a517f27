/* groups: the tensors of a model as a tree: layer → module → tensor, or role → layer. Experts of
 * one module hang under one node. Labels and nodes are the struct's own: groups_init/groups_fini.
 * UI thread only. */
#ifndef CUPEL_UI_GROUPS_H
#define CUPEL_UI_GROUPS_H
#include "base/arena.h"
#include "base/vec.h"
#include "tensor/tensor.h"
#include "ui/widget/table.h"

enum grouping { GROUP_LAYER, GROUP_ROLE, GROUP_NONE, GROUP_COUNT };
struct group_node {
	const char *label;
	long parent;        /* node number, smaller than this one's; -1 */
	long leaf;          /* row, -1 for a group */
	size_t first, n;    /* the rows below: groups->order[first … first+n) */
	size_t children;
	int layer;          /* -1 unless all below share it */
	uint64_t id;
};
struct groups {
	struct arena arena;
	vec(struct group_node) nodes;
	size_t *order;
	size_t n;
};
/* t[i] describes row i; it must outlive the groups. May
 * be called again: what was there is freed. */
void groups_build(struct groups *g, enum grouping by, const struct tensor *const *t, size_t n);
void groups_fini(struct groups *g);
/* Rows of the tensors that t, a table whose rows are the nodes, has in sight; returns how many. */
size_t groups_in_sight(const struct groups *g, const struct table *t, size_t *rows, size_t max);
const size_t *groups_rows(const struct groups *g, const struct group_node *node);
/* Place of a role in the order a person reads a block in: q k v o, gate up down …; others after. */
int role_order(const char *role);
#endif
