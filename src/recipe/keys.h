/* keys: the table of a recipe's keys (keys.def), by the place where they may stand. Constant data.
 */
#ifndef CUPEL_RECIPE_KEYS_H
#define CUPEL_RECIPE_KEYS_H
#include <stdbool.h>
#include <stddef.h>

enum key_level {
	LEVEL_TOP, LEVEL_MODEL, LEVEL_SLICE, LEVEL_SOURCE, LEVEL_MODULE, LEVEL_TOKENIZER,
	LEVEL_TOKEN, LEVEL_TOKEN_SOURCE, LEVEL_REFERENCE, LEVEL_PLACE, LEVEL_FILTER,
	/* whose keys are names, not words of the table */
	LEVEL_MODULES, LEVEL_PARAMETERS, LEVEL_TOKENS,
};
struct recipe_key {
	enum key_level level;
	const char *name;
	bool dead;
	const char *help; /* a clause without a full stop */
};
const struct recipe_key *recipe_key(enum key_level level, const char *name);
const struct recipe_key *recipe_key_at(size_t i); /* NULL past the end */
const char *recipe_key_nearest(enum key_level level, const char *name);
/* A level that has this key although the given one has not; NULL if none. */
const struct recipe_key *recipe_key_elsewhere(enum key_level not_here, const char *name);
/* Where the entries, or the keys, of what stands under this key are; false: none of the table's. */
bool key_level_below(enum key_level level, const char *key, enum key_level *below);
bool key_level_named(enum key_level level); /* its keys are names */
const char *key_level_name(enum key_level level); /* "at the top level", "in an entry of models" */
#endif
