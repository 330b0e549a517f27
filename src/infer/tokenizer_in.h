/* The parts of a tokenizer, for its reader and its encoder. Internal to infer/tokenizer*.c. */
#ifndef CUPEL_INFER_TOKENIZER_IN_H
#define CUPEL_INFER_TOKENIZER_IN_H
#include "base/arena.h"
#include "infer/split.h"
#include "infer/tokenizer.h"

#define NO_TOKEN UINT32_MAX

struct merge { /* of a pair of tokens; hashed by it */
	uint32_t left, right, rank, into; /* into NO_TOKEN: an empty place */
};
struct piece_of { /* a token's bytes; n 0: none of that number */
	const char *s;
	uint32_t n;
};
struct added {
	const char *s;
	size_t n;
	uint32_t id;
	unsigned flags;            /* of vocab_table.h */
};
struct tokenizer {
	struct arena arena;
	char *where;
	struct piece_of *bytes;    /* per id */
	uint32_t size;
	uint32_t *slot;            /* ids hashed by their bytes; NO_TOKEN: empty */
	size_t slots;              /* a power of two, as are merge_slots */
	struct merge *merges;
	size_t merge_slots, n_merges;
	uint32_t single[256];      /* the tokens of single bytes */
	vec(struct added) added;   /* longest first */
	const struct split_rules *rules;
	bool whole;                /* a piece that is a token is not merged */
	bool nfc;
	int64_t bos;
	struct hash hash;
};
uint32_t tokenizer_find(const struct tokenizer *t, const char *s, size_t n);
const struct merge *tokenizer_merge(const struct tokenizer *t, uint32_t left, uint32_t right);
#endif
