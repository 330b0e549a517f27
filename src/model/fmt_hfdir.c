/* A Hugging Face folder: config.json and friends, and one or many safetensors files. */
#include <stdlib.h>
#include "base/str.h"
#include "model/build.h"
#include "model/hub.h"
#include "model/tokenizer_files.h"

#define JSON_MAX ((size_t)64 << 20)
#define INDEX_NAME "model.safetensors.index.json"

struct listing {
	const char *dir;
	char **v; /* file names, sorted */
	size_t n;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool has(const struct listing *l, const char *name)
{
	return bsearch(&name, l->v, l->n, sizeof *l->v, by_name);
}

static bool any_ends(const struct listing *l, const char *suffix)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_ends(l->v[i], suffix))
			return true;
	return false;
}

/* The file, parsed; NULL if absent. Broken: an error if `needed`, else a note. */
static json_t *side_file(struct model_build *b, const struct listing *l, const char *name,
	bool needed, bool *ok, struct err *e)
{
	struct err soft;
	json_t *j;

	if (!has(l, name))
		return NULL;
	char *path = str_join_path(l->dir, name);
	err_clear(&soft);
	j = json_parse_file(path, JSON_MAX, needed ? e : &soft);
	free(path);
	if (j && json_is_object(j))
		return j;
	if (needed)
		*ok = j ? err_set(e, ERR_INPUT, l->dir, "fetch it again", "%s is not a JSON object",
				  name)
			: false;
	else
		build_note(b, "%s cannot be read: %s", name, j ? "not a JSON object" : soft.what);
	json_decref(j);
	return NULL;
}

static bool side_files(struct model_build *b, const struct listing *l, struct err *e)
{
	bool ok = true;

	b->m.config = side_file(b, l, "config.json", true, &ok, e);
	b->m.generation_config = side_file(b, l, "generation_config.json", false, &ok, e);
	b->m.tokenizer_config = side_file(b, l, "tokenizer_config.json", false, &ok, e);
	if (ok)
		tokenizer_folder(b, l->dir);
	return ok;
}

static bool no_weights(const struct listing *l, struct err *e)
{
	if (any_ends(l, ".incomplete"))
		return err_set(e, ERR_INPUT, l->dir,
			"run the download again: it goes on where it stopped",
			"the download was not finished: no weights yet");
	for (size_t i = 0; i < l->n; i++)
		if (str_ends(l->v[i], ".bin") || str_ends(l->v[i], ".pt") ||
			str_ends(l->v[i], ".pth") || str_ends(l->v[i], ".ckpt")) {
			char *path = str_join_path(l->dir, l->v[i]);
			refuse_pickle(path, e);
			free(path);
			return false;
		}
	return err_set(e, ERR_INPUT, l->dir,
		"name a folder with .safetensors files, a .safetensors or a .gguf file",
		"there are no weights in this folder");
}

/* Without an index: model.safetensors alone, or all files, or those of one "-of-N" set. */
static bool load_by_name(struct model_build *b, const struct listing *l, struct err *e)
{
	static char name[] = "model.safetensors";
	static char *const single[] = { name };
	vec(char *) names = { 0 };
	int of = 0;

	if (has(l, single[0]))
		return shards_load(b, l->dir, single, 1, 1, e);
	for (size_t i = 0; i < l->n; i++)
		if (is_weights_name(l->v[i]) && !of)
			of = shard_count(l->v[i]);
	for (int loose = 0; loose < 2 && !names.n; loose++)
		for (size_t i = 0; i < l->n; i++)
			if (loose ? str_ends(l->v[i], ".safetensors") :
				is_weights_name(l->v[i]) && shard_count(l->v[i]) == of)
				*vec_push(&names) = l->v[i];
	bool ok = names.n ? shards_load(b, l->dir, names.v, names.n,
		of ? (size_t)of : names.n, e) : no_weights(l, e);
	vec_fini(&names);
	return ok;
}

static bool load_weights(struct model_build *b, const struct listing *l, struct err *e)
{
	const char *index = has(l, INDEX_NAME) ? INDEX_NAME : NULL;

	for (size_t i = 0; !index && i < l->n; i++)
		if (str_ends(l->v[i], ".safetensors.index.json"))
			index = l->v[i];
	if (!index)
		return load_by_name(b, l, e);
	char *path = str_join_path(l->dir, index);
	bool ok = shards_load_index(b, l->dir, path, e);
	free(path);
	return ok;
}

/* The .gguf of a folder without safetensors, if there is just one model: projectors of vision
 * models are no model by themselves, and parts of one go together. */
static bool find_gguf(const struct listing *l, const char **found, struct err *e)
{
	struct str names = STR_INIT;
	size_t n = 0;

	*found = NULL;
	for (size_t i = 0; i < l->n; i++)
		if (is_weights_name(l->v[i]) || str_ends(l->v[i], ".safetensors.index.json"))
			return true;
	for (size_t i = 0; i < l->n; i++) {
		const char *part = strstr(l->v[i], "-of-");
		if (!str_ends(l->v[i], ".gguf") || strstr(l->v[i], "mmproj") ||
			(part && part - l->v[i] >= 6 && !str_starts(part - 6, "-00001")))
			continue;
		*found = l->v[i];
		str_addf(&names, "%s%s", n++ ? ", " : "", l->v[i]);
	}
	bool ok = n <= 1 || err_set(e, ERR_INPUT, l->dir, "name one of them",
		"the folder holds %zu models: %s", n, names.s);
	str_fini(&names);
	return ok;
}

bool hfdir_load(struct model_build *b, const char *dir, const char *only, struct err *e)
{
	struct listing l = { .dir = dir };
	const char *gguf = NULL;

	l.v = file_list(dir, &l.n, e);
	bool ok = l.v && (only || find_gguf(&l, &gguf, e));
	if (gguf)
		only = gguf;
	ok = ok && (gguf || side_files(b, &l, e));
	if (ok && only) {
		char *path = str_join_path(dir, only);
		ok = gguf ? gguf_load(b, path, e) : safetensors_load(b, path, e);
		free(path);
	} else if (ok) {
		ok = load_weights(b, &l, e);
	}
	file_list_free(l.v, l.n);
	return ok && (gguf || packed_fold(b, e));
}
