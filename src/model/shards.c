/* Weights that lie in several safetensors files: by the index, or by what the names say. */
#include <stdlib.h>
#include "base/str.h"
#include "model/build.h"
#include "model/jscan.h"

#define INDEX_MAX ((size_t)256 << 20)

/* "…-00002-of-00007.safetensors": the 7, else 0. */
int shard_count(const char *name)
{
	const char *of = strstr(name, "-of-");
	char *end;

	if (!of)
		return 0;
	unsigned long n = strtoul(of + 4, &end, 10);
	return end > of + 4 && *end == '.' && n <= 100000 ? (int)n : 0;
}

struct index_name {
	char *name;
	size_t shard;
};
struct index {
	vec(char *) shards; /* each once, in order of mention */
	vec(struct index_name) names;
};

static void index_fini(struct index *x)
{
	for (size_t i = 0; i < x->shards.n; i++)
		free(x->shards.v[i]);
	for (size_t i = 0; i < x->names.n; i++)
		free(x->names.v[i].name);
	vec_fini(&x->shards);
	vec_fini(&x->names);
}

static size_t index_shard(struct index *x, struct jtext file)
{
	for (size_t i = x->shards.n; i-- > 0; )
		if (jtext_eq(file, x->shards.v[i]))
			return i;
	*vec_push(&x->shards) = xstrndup(file.s, file.n);
	return x->shards.n - 1;
}

static bool index_map(struct index *x, struct jscan *s)
{
	struct jtext name, file;

	for (jscan_open(s, '{'); jscan_more(s, '}') && jscan_key(s, &name); ) {
		char *n = xstrndup(name.s, name.n);
		vec_push(&x->names)->name = n;
		if (!jscan_string(s, &file))
			return false;
		if (!file.n || memchr(file.s, '/', file.n) || memchr(file.s, 0, file.n))
			return jscan_fail(s, "a shard that is not a file of this folder");
		x->names.v[x->names.n - 1].shard = index_shard(x, file);
	}
	return jscan_ok(s);
}

static bool index_read(struct index *x, const char *path, struct err *e)
{
	size_t n;
	char *text = file_read_all(path, INDEX_MAX, &n, e);
	struct jscan s;
	struct jtext key;
	bool map = false;

	if (!text)
		return false;
	jscan_init(&s, text, n, path, e);
	for (jscan_open(&s, '{'); jscan_more(&s, '}') && jscan_key(&s, &key); ) {
		if (jtext_eq(key, "weight_map")) {
			map = true;
			index_map(x, &s);
		} else {
			jscan_skip(&s);
		}
	}
	jscan_end(&s);
	if (jscan_ok(&s) && !map)
		jscan_fail(&s, "no weight_map");
	jscan_fini(&s);
	free(text);
	return jscan_ok(&s);
}

/* Loads those of n files of dir that are there; says in m.partial which share it is. */
bool shards_load(struct model_build *b, const char *dir, char *const *names, size_t n, size_t total,
	struct err *e)
{
	size_t here = 0;
	const char *absent = NULL;

	for (size_t i = 0; i < n; i++) {
		char *path = str_join_path(dir, names[i]);
		bool there = file_exists(path), ok = !there || safetensors_load(b, path, e);
		free(path);
		if (!ok)
			return false;
		here += there;
		if (!there && !absent)
			absent = names[i];
	}
	if (here == total)
		return true;
	if (!here)
		return err_set(e, ERR_INPUT, dir, "fetch the weights: hf download OWNER/NAME",
			"none of its %zu weight files is here, not even %s", total, absent);
	b->m.partial = arena_printf(&b->arena, "partial %zu/%zu", here, total);
	build_note(b, "%zu of %zu weight files are missing%s%s", total - here, total,
		absent ? ", the first is " : "", absent ? absent : "");
	return true;
}

/* Every tensor the index names must be in the file it names, unless that file is missing. */
static bool index_check(struct model_build *b, const struct index *x, const char *path,
	struct err *e)
{
	struct source s = { .tensors = b->tensors.v, .n_tensors = b->tensors.n };
	size_t named = 0;
	bool ok = true;

	source_index_init(&s);
	for (size_t i = 0; ok && i < x->names.n; i++) {
		const char *shard = x->shards.v[x->names.v[i].shard];
		long t = source_find(&s, x->names.v[i].name);
		bool there = t >= 0 &&
			str_eq(str_base(b->files.v[b->tensors.v[t].file]->path), shard);
		named += there;
		if (there)
			continue;
		bool loaded = false;
		for (size_t f = 0; f < b->files.n; f++)
			loaded |= str_eq(str_base(b->files.v[f]->path), shard);
		if (loaded)
			ok = err_set(e, ERR_INPUT, path,
				"index and shards are of different models: fetch them again "
				"together",
				"it says that tensor %s is in %s, which does not hold it",
				x->names.v[i].name, shard);
	}
	if (ok && named < b->tensors.n)
		build_note(b, "%s does not name %zu of the tensors that its shards hold",
			str_base(path), b->tensors.n - named);
	source_index_fini(&s);
	return ok;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

bool shards_load_index(struct model_build *b, const char *dir, const char *path, struct err *e)
{
	struct index x = { .names.n = 0 };
	bool ok = index_read(&x, path, e);

	if (ok && !x.shards.n)
		ok = err_set(e, ERR_INPUT, path, "fetch it again", "it names no tensor");
	if (ok) {
		char **order = xnew(char *, x.shards.n);
		memcpy(order, x.shards.v, x.shards.n * sizeof *order);
		qsort(order, x.shards.n, sizeof *order, by_name);
		ok = shards_load(b, dir, order, x.shards.n, x.shards.n, e) &&
			index_check(b, &x, path, e);
		free(order);
	}
	index_fini(&x);
	return ok;
}

size_t shards_count_index(const char *path, const char *dir, size_t *total)
{
	struct index x = { .names.n = 0 };
	struct err ignored;
	size_t here = 0;

	err_clear(&ignored);
	*total = index_read(&x, path, &ignored) ? x.shards.n : 0;
	for (size_t i = 0; i < *total; i++) {
		char *shard = str_join_path(dir, x.shards.v[i]);
		here += file_exists(shard);
		free(shard);
	}
	index_fini(&x);
	return here;
}
