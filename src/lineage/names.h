/* names: which node a word means, by path, hash and name, in constant time for most words.
 * Private to src/lineage; embedded, names_fini. One thread. */
#ifndef CUPEL_LINEAGE_NAMES_H
#define CUPEL_LINEAGE_NAMES_H
#include <stdbool.h>
#include <stdint.h>
#include "base/arena.h"
#include "base/vec.h"

enum name_how { /* in the order in which they are asked */
	NAME_PATH, NAME_HASH,
	NAME_FULL,   /* as it is */
	NAME_FLAT,   /* owner_name for owner/name */
	NAME_TAIL,   /* the last part */
	NAME_FOLDED, /* the last part, in small letters */
	NAME_HOWS
};
struct name_entry {
	uint64_t key;
	size_t node, next; /* next: number of an entry + 1, 0 the last */
	const char *text;
};
struct names {
	vec(struct name_entry) v;
	size_t *heads, n_heads; /* a power of two */
	struct arena text;
};
void names_fini(struct names *n);
void names_add(struct names *n, enum name_how how, const char *text, size_t node);
/* FULL, FLAT, TAIL and FOLDED of one name. */
void names_add_all(struct names *n, const char *name, size_t node);
/* Nodes of that word, at most max; returns how many were found, max if there may be more. */
size_t names_find(const struct names *n, enum name_how how, const char *word, size_t *out,
	size_t max);
const char *name_owner(const char *name, size_t *n); /* of "owner/name"; NULL: none */
/* Of the same owner, or one does not say: "a/X" and "b/X" are two models, "X" may be either. */
bool names_agree(const char *a, const char *b);
const char *name_tail(const char *name); /* str_base, "/" at the end aside */
#endif
