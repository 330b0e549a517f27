#include "config.h"
#include "cli/diff_files.h"

#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"

/* Names that mean the same in files of different years. */
static const char *same_name(const char *key)
{
	static const char *const names[][2] = {
		{ "torch_dtype", "dtype" },
		{ "rope_parameters.rope_theta", "rope_theta" },
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(key, names[i][0]) == 0)
			return names[i][1];
	return key;
}

/* What tools note about themselves. */
static bool is_noise(const char *key)
{
	static const char *const names[] = { "transformers_version", "_name_or_path", "is_local",
		"local_files_only", "_from_model_config", "chat_template" };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(key, names[i]) == 0)
			return true;
	return false;
}

/* Objects become dotted keys; lists are values. */
static void flatten(json_t *out, const char *prefix, const json_t *o, int depth)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)o, key, v) {
		char *name = *prefix ? xasprintf("%s.%s", prefix, key) : xstrdup(key);
		if (json_is_object(v) && json_object_size(v) && depth < 8)
			flatten(out, name, v, depth + 1);
		else if (!json_is_null(v) && !is_noise(name))
			json_object_set(out, same_name(name), v);
		free(name);
	}
}

static json_t *flat(const json_t *o)
{
	json_t *out = json_object();

	if (json_is_object(o))
		flatten(out, "", o, 0);
	return out;
}

static void add(json_t *list, const char *file, const char *key, const json_t *a, const json_t *b)
{
	json_t *j = json_object();

	json_object_set_new(j, "file", json_textn(file));
	json_object_set_new(j, "key", json_textn(key));
	json_object_set_new(j, "a", a ? json_incref((json_t *)a) : json_null());
	json_object_set_new(j, "b", b ? json_incref((json_t *)b) : json_null());
	json_array_append_new(list, j);
}

static bool same_value(const json_t *a, const json_t *b)
{
	if (json_is_number(a) && json_is_number(b))
		return json_number_value(a) == json_number_value(b);
	return json_equal(a, b);
}

/* both: only keys that both files have (containers that keep different keys). */
static void compare(json_t *list, const char *file, const json_t *a, const json_t *b, bool both)
{
	json_t *x = flat(a), *y = flat(b), *v;
	const char *key;

	json_object_foreach(x, key, v) {
		const json_t *w = json_object_get(y, key);
		if (w ? !same_value(v, w) : !both)
			add(list, file, key, v, w);
	}
	json_object_foreach(y, key, v)
		if (!both && !json_object_get(x, key))
			add(list, file, key, NULL, v);
	json_decref(x);
	json_decref(y);
}

static void compare_text(json_t *list, const char *file, const char *key, const char *a,
	const char *b)
{
	if (str_eq(a, b))
		return;
	json_t *x = a ? json_textn(a) : NULL, *y = b ? json_textn(b) : NULL;
	add(list, file, key, x, y);
	json_decref(x);
	json_decref(y);
}

static void compare_count(json_t *list, const char *file, const char *key, int64_t a, int64_t b)
{
	if (a == b || a < 0 || b < 0)
		return;
	json_t *x = json_integer(a), *y = json_integer(b);
	add(list, file, key, x, y);
	json_decref(x);
	json_decref(y);
}

static void compare_tokenizer(json_t *list, const struct model_tokenizer *a,
	const struct model_tokenizer *b, bool both)
{
	static const char file[] = "tokenizer.json";
	char x[HASH_HEX_SIZE], y[HASH_HEX_SIZE];

	if (a->kind && b->kind && !both) /* containers name kinds differently */
		compare_text(list, file, "kind", a->kind, b->kind);
	compare_count(list, file, "vocab_size", a->vocab_size, b->vocab_size);
	compare_count(list, file, "added_tokens", a->added, b->added);
	hash_hex(a->vocab_hash, x);
	hash_hex(b->vocab_hash, y);
	if (!hash_is_zero(a->vocab_hash) && !hash_is_zero(b->vocab_hash))
		compare_text(list, file, "vocabulary", x, y);
}

json_t *diff_files(const struct model *a, const struct model *b)
{
	json_t *list = json_array();
	bool both = a->format != b->format;

	compare(list, "config.json", a->config, b->config, both || !a->config || !b->config);
	compare(list, "generation_config.json", a->generation_config, b->generation_config, both);
	compare(list, "tokenizer_config.json", a->tokenizer_config, b->tokenizer_config, both);
	compare_tokenizer(list, &a->tokenizer, &b->tokenizer, both);
	compare_text(list, "chat_template", "chat_template", a->tokenizer.chat_template,
		b->tokenizer.chat_template);
	return list;
}
