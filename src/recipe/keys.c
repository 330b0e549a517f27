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

const char *key_level_name(enum key_level level)
{
	static const char *const names[] = {
		[LEVEL_TOP] = "at the top level",
		[LEVEL_MODEL] = "in an entry of models",
		[LEVEL_SLICE] = "in an entry of slices",
		[LEVEL_SOURCE] = "in an entry of sources",
		[LEVEL_MODULE] = "in a module",
		[LEVEL_TOKENIZER] = "under tokenizer",
		[LEVEL_REFERENCE] = "in a model reference",
		[LEVEL_PLACE] = "in a model reference",
		[LEVEL_FILTER] = "in a {filter, value} entry",
	};

	return names[level];
}
