/* vocab: a tokenizer's entries gathered for counting and hashing. The holder owns it: vocab_fini.
 * One thread. */
#ifndef CUPEL_MODEL_VOCAB_H
#define CUPEL_MODEL_VOCAB_H
#include "base/arena.h"
#include "base/hash.h"
#include "base/vec.h"

struct vocab_entry {
	const char *text;
	size_t n;
	int64_t id;
};
struct vocab {
	struct arena arena;
	vec(struct vocab_entry) entries;
};
void vocab_init(struct vocab *v);
void vocab_fini(struct vocab *v);
void vocab_add(struct vocab *v, const char *text, size_t n, int64_t id);
/* XXH3-128 over entries sorted by text, then id, equal ones once: text, 0, id as u64 LE. *n: how
 * many different ones there are. Zero hash for none. */
struct hash vocab_hash(struct vocab *v, size_t *n);
#endif
