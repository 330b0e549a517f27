#include "config.h"
#include "recipe/keys.h"

#include "base/str.h"

enum { KEY_LIVE, KEY_DEAD };
static const struct recipe_key keys[] = {
#define KEY(level, name, kind, help) { LEVEL_##level, #name, KEY_##kind == KEY_DEAD, help },
#include "recipe/keys.def"
#undef KEY
};
#define N_KEYS (sizeof keys / sizeof *keys)

const struct recipe_key *recipe_key_at(size_t i)
{
	return i < N_KEYS ? &keys[i] : NULL;
}

const struct recipe_key *recipe_key(enum key_level level, const char *name)
{
	for (size_t i = 0; i < N_KEYS; i++)
		if (keys[i].level == level && str_eq(keys[i].name, name))
			return &keys[i];
	return NULL;
}

const char *recipe_key_nearest(enum key_level level, const char *name)
{
	const char *names[N_KEYS];
	size_t n = 0;

	for (size_t i = 0; i < N_KEYS; i++)
		if (keys[i].level == level)
			names[n++] = keys[i].name;
	return str_nearest(name, names, n);
}

const struct recipe_key *recipe_key_elsewhere(enum key_level not_here, const char *name)
{
	for (size_t i = 0; i < N_KEYS; i++)
		if (keys[i].level != not_here && keys[i].level != LEVEL_PLACE
		    && str_eq(keys[i].name, name))
			return &keys[i];
	return NULL;
}

bool key_level_named(enum key_level level)
{
	return level == LEVEL_MODULES || level == LEVEL_PARAMETERS || level == LEVEL_TOKENS;
}

bool key_level_below(enum key_level level, const char *key, enum key_level *below)
{
	static const struct {
		enum key_level level;
		const char *key;
		enum key_level below;
	} rows[] = {
		{LEVEL_TOP, "models", LEVEL_MODEL},
		{LEVEL_TOP, "slices", LEVEL_SLICE},
		{LEVEL_TOP, "modules", LEVEL_MODULES},
		{LEVEL_TOP, "parameters", LEVEL_PARAMETERS},
		{LEVEL_TOP, "base_model", LEVEL_REFERENCE},
		{LEVEL_TOP, "tokenizer", LEVEL_TOKENIZER},
		{LEVEL_TOP, "tokenizer_source", LEVEL_REFERENCE},
		{LEVEL_TOKENIZER, "source", LEVEL_REFERENCE},
		{LEVEL_TOKENIZER, "tokens", LEVEL_TOKENS},
		{LEVEL_TOKEN, "source", LEVEL_TOKEN_SOURCE},
		{LEVEL_TOKEN_SOURCE, "model", LEVEL_REFERENCE},
		{LEVEL_MODEL, "model", LEVEL_REFERENCE},
		{LEVEL_MODEL, "parameters", LEVEL_PARAMETERS},
		{LEVEL_SLICE, "sources", LEVEL_SOURCE},
		{LEVEL_SLICE, "base_model", LEVEL_REFERENCE},
		{LEVEL_SLICE, "parameters", LEVEL_PARAMETERS},
		{LEVEL_SOURCE, "model", LEVEL_REFERENCE},
		{LEVEL_SOURCE, "parameters", LEVEL_PARAMETERS},
		{LEVEL_MODULE, "models", LEVEL_MODEL},
		{LEVEL_MODULE, "slices", LEVEL_SLICE},
		{LEVEL_MODULE, "parameters", LEVEL_PARAMETERS},
		{LEVEL_REFERENCE, "model", LEVEL_PLACE},
		{LEVEL_REFERENCE, "lora", LEVEL_PLACE},
	};

	*below = level == LEVEL_MODULES ? LEVEL_MODULE
		: level == LEVEL_TOKENS ? LEVEL_TOKEN : LEVEL_FILTER;
	if (key_level_named(level))
		return true;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].level == level && str_eq(rows[i].key, key)) {
			*below = rows[i].below;
			return true;
		}
	return false;
}

const char *key_level_name(enum key_level level)
{
	static const char *const names[] = {
		[LEVEL_TOP] = "at the top level",
		[LEVEL_MODEL] = "in an entry of models",
		[LEVEL_SLICE] = "in an entry of slices",
		[LEVEL_SOURCE] = "in an entry of sources",
		[LEVEL_MODULE] = "in a module",
		[LEVEL_TOKENIZER] = "under tokenizer",
		[LEVEL_TOKEN] = "in a rule for a token",
		[LEVEL_TOKEN_SOURCE] = "in the source of a token",
		[LEVEL_TOKENS] = "under tokens",
		[LEVEL_REFERENCE] = "in a model reference",
		[LEVEL_PLACE] = "in a model reference",
		[LEVEL_FILTER] = "in a {filter, value} entry",
		[LEVEL_MODULES] = "under modules",
		[LEVEL_PARAMETERS] = "under parameters",
	};

	return names[level];
}
