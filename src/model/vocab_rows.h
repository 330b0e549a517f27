/* vocab_rows: models whose embeddings and heads are laid out for another vocabulary, as virtual
 * models: rows are taken, filled and averaged while they are read, in float32, in a fixed order.
 * A mean adds in the order of the models, then divides once; padding is the mean of a model's rows
 * in float64, 16 lanes by row mod 16, found by one pass over them when it is first asked for.
 * Called by one thread; the models it makes are read by any. */
#ifndef CUPEL_MODEL_VOCAB_ROWS_H
#define CUPEL_MODEL_VOCAB_ROWS_H
#include "model/vocab_layout.h"

/* A tensor with a row to a token: its embedding, its head, the head's bias. */
bool vocab_is_rows(const struct tensor *t);
/* The fewest rows of a model's embedding and heads, and of what its config says; 0 if it has
 * none. */
uint32_t vocab_rows_of(const struct model *m);
/* Models whose rows may stand for each other, as masks: those that the output's embedding, and its
 * head, are merged from. In a stack of slices they differ. */
struct vocab_among {
	uint64_t embedding, head;
};
/* v[i] becomes a virtual model, where anything changes at all (the reference is traded in). first:
 * whose tensors the output has: where it has a head of its own, models that use their embedding
 * for one get it too. The models hold a reference to the layout. */
bool vocab_rows_apply(struct vocab_layout *l, struct model **v, const struct vocab_member *members,
	size_t n, int first, const struct vocab_among *among, struct err *e);
/* All of v cut to the fewest rows, whatever their tokens are. */
bool vocab_rows_cut(struct model **v, size_t n, int first, uint32_t *rows, struct err *e);
#endif
