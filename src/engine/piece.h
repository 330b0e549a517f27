/* piece: a run of stored output bytes that one worker makes: applies the kernels, encodes, hashes
 * input and output on the way. Pieces are whole HASH_PIECEs of every dtype involved.
 * A struct piece_sums belongs to a tensor; pieces write different entries of it, from any
 * thread. */
#ifndef CUPEL_ENGINE_PIECE_H
#define CUPEL_ENGINE_PIECE_H
#include "engine/work.h"

struct piece_sums { /* digests of a tensor's 4 MiB pieces, and of its inputs' */
	struct hash *out;
	size_t n_out;
	struct hash *in[MERGE_MAX_INPUTS]; /* NULL: that input is not hashed on the way */
	size_t n_in[MERGE_MAX_INPUTS];
	atomic_ullong nonfinite;
};
uint64_t piece_elements(const struct work *w);
void piece_sums_init(struct piece_sums *s, const struct work *w);
void piece_sums_fini(struct piece_sums *s);
/* Piece number i of the tensor: its stored bytes in *buffer (grown on demand), *bytes of them. */
bool piece_make(const struct work *w, uint64_t i, struct desk *d, unsigned char **buffer,
	size_t *capacity, size_t *bytes, struct piece_sums *s, struct err *e);
/* Of a finished tensor. input has room for the spec's inputs; what is learned is remembered. */
struct hash piece_hashes(const struct work *w, const struct piece_sums *s, struct hash *input);
#endif
