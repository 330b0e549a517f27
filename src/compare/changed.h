/* changed: which tensors of two models differ, by their hashes, as a strip of roles by layers.
 * Made from what the catalog knows of both contents; owned by the holder: changed_free. Made on any
 * thread that may read the catalog; constant after that. */
#ifndef CUPEL_COMPARE_CHANGED_H
#define CUPEL_COMPARE_CHANGED_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/err.h"
#include "catalog/catalog.h"

enum changed_state {
	CHANGED_NONE,           /* no such tensor in either */
	CHANGED_SAME,           /* the same bytes, dtype and shape */
	CHANGED_SOME,           /* some of several (experts, weight and bias) */
	CHANGED_ALL,
	CHANGED_ONLY_A, CHANGED_ONLY_B,
	CHANGED_SHAPE,          /* other dtype or shape: the values may still be alike */
};
struct changed_cell {
	enum changed_state state;
	uint32_t same, changed; /* tensors; changed: other bytes, or another dtype or shape */
	uint32_t only_a, only_b;
	uint64_t bytes;         /* of what changed or is new, in b */
};
struct changed {
	size_t n_roles, n_layers;
	char **roles;           /* "attn_q" …, in the order of a, then what only b has */
	/* [n_roles][1 + n_layers]: column 0 is of tensors outside of layers, 1 + i of layer i */
	struct changed_cell *cells;
	uint32_t same, changed, only_a, only_b; /* in all */
	uint64_t bytes;
};
/* hash_a, hash_b: of models (catalog_run.output_hash, catalog_model.hash). NULL with a message when
 * the tensors of one are not known. */
struct changed *compare_tensors(struct catalog *c, const char *hash_a, const char *hash_b,
	struct err *e);
void changed_free(struct changed *x);
static inline const struct changed_cell *changed_at(const struct changed *x, size_t role,
	size_t column)
{
	return &x->cells[role * (1 + x->n_layers) + column];
}
#endif
