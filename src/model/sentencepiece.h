/* sentencepiece: the pieces of a SentencePiece tokenizer.model, which is a protobuf:
 *	ModelProto.pieces = field 1, each { piece = 1: text; score = 2; type = 3 }
 * A piece's id is its place. Borrows the bytes; no state. Any thread. */
#ifndef CUPEL_MODEL_SENTENCEPIECE_H
#define CUPEL_MODEL_SENTENCEPIECE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum piece_type { /* GGUF's tokenizer.ggml.token_type has the same numbers */
	PIECE_NORMAL = 1, PIECE_UNKNOWN, PIECE_CONTROL, PIECE_USER, PIECE_UNUSED, PIECE_BYTE,
};
struct piece {
	uint64_t id;
	const char *text; /* n bytes, borrowed */
	size_t n;
	uint64_t type;
	float score;
};
/* false stops the walk. */
typedef bool piece_fn(void *ctx, const struct piece *p);
/* false: it is none, or fn stopped it. */
bool sentencepiece_walk(const unsigned char *p, size_t n, piece_fn *fn, void *ctx);
#endif
