/* imatrix: an importance matrix: for each column of a weight the mean square of what it is
 * multiplied with, as llama-imatrix writes it (GGUF, or the older .dat).
 * Owned by the caller: imatrix_free. Immutable; any thread may read. */
#ifndef CUPEL_QUANT_IMATRIX_H
#define CUPEL_QUANT_IMATRIX_H
#include "quant/target.h"
#include "recipe/lint.h"

struct imatrix_entry {
	const char *name;        /* GGUF's, ending included: "blk.0.attn_q.weight" */
	const float *values;     /* matrices × columns, ready for use: sums divided by counts */
	uint64_t n;              /* of them */
	uint64_t columns;        /* n / matrices where the file says; else n */
	uint64_t matrices;       /* experts; 1 */
	uint64_t unseen;         /* matrices that no token reached: their values are 1 */
	double tokens;           /* most tokens any matrix saw; -1 if the file does not say */
};
struct imatrix {
	const char *path;
	struct imatrix_entry *v; /* by name */
	size_t n;
	const char *dataset;     /* what it was made of; NULL */
	int64_t chunks;          /* -1 unknown */
};
struct imatrix *imatrix_load(const char *path, struct err *e);
void imatrix_free(struct imatrix *m);
const struct imatrix_entry *imatrix_find(const struct imatrix *m, const char *name);

struct imatrix_cover {
	size_t wanted;           /* quantizable tensors, but for embedding and head */
	size_t found;
	size_t missing;
	size_t extra;            /* entries that no tensor asks for */
	size_t partial;          /* found, with experts that no token reached */
	const char *first_missing, *first_extra; /* borrowed */
};
/* Does it belong to this model? False when an entry has another length than its tensor's rows, or
 * no entry fits: an imatrix of another model. Only for targets of GGUF names; a model for MLX is
 * asked with its GGUF targets. */
bool imatrix_check(const struct imatrix *m, const struct quant_targets *t,
	struct imatrix_cover *out, struct err *e);
/* The weights of a target's columns, target->row floats (of that expert); NULL if it has none. */
const float *imatrix_row(const struct imatrix *m, const struct quant_target *t, uint64_t expert);
#endif
