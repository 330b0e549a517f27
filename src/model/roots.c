#include "model/roots.h"
#include <stdlib.h>
#include <unistd.h>
#include "base/str.h"
#include "model/hub.h"

static void add(struct model_roots *r, enum root_kind kind, char *path)
{
	if (path)
		*vec_push(&r->v) = (struct root){ kind, path };
}

static char *under(const char *env, const char *rest)
{
	const char *v = getenv(env);

	return v && *v ? xasprintf("%s%s", v, rest) : NULL;
}

static void add_defaults(struct model_roots *r)
{
	char *llama = under("LLAMA_CACHE", ""), *ollama = under("OLLAMA_MODELS", "");

	add(r, ROOT_HERE, xstrdup("."));
	add(r, ROOT_HUB, hub_cache_dir());
	add(r, ROOT_FOLDER, under("HOME", "/.lmstudio/models"));
	add(r, ROOT_FOLDER, under("HOME", "/.cache/lm-studio/models"));
	llama = llama ? llama : under("XDG_CACHE_HOME", "/llama.cpp");
	add(r, ROOT_FOLDER, llama ? llama : under("HOME", "/.cache/llama.cpp"));
	add(r, ROOT_OLLAMA, ollama ? ollama : under("HOME", "/.ollama/models"));
}

struct model_roots *model_roots_new(const char *const *roots, size_t n)
{
	struct model_roots *r = xnew(struct model_roots, 1);

	r->given = roots != NULL && n;
	for (size_t i = 0; r->given && i < n; i++)
		add(r, ROOT_FOLDER, xstrdup(roots[i]));
	if (!r->given)
		add_defaults(r);
	return r;
}

void model_roots_free(struct model_roots *r)
{
	for (size_t i = 0; r && i < r->v.n; i++)
		free(r->v.v[i].path);
	if (r)
		vec_fini(&r->v);
	free(r);
}

/* --- names to paths --- */

struct search {
	const char *name;      /* without @revision */
	const char *revision;  /* or NULL */
	struct str where;      /* places asked, for the message */
	char *incomplete;      /* "partial 3/7" of a hit in a cache */
};

static bool ends_like_weights(const char *name)
{
	return str_ends(name, ".safetensors") || str_ends(name, ".gguf") ||
		str_ends(name, ".index.json") || str_ends(name, ".bin") || str_ends(name, ".pth") ||
		str_ends(name, ".pt");
}

/* A file, or a folder in which a model can be. */
static bool looks_like_model(const char *path)
{
	size_t n = 0;
	bool found = false;

	if (!file_is_dir(path))
		return file_exists(path);
	char **names = file_list(path, &n, NULL);
	for (size_t i = 0; names && i < n && !found; i++)
		found = str_eq(names[i], "config.json") || ends_like_weights(names[i]);
	file_list_free(names, n);
	return found;
}

static char *try_in(struct search *s, const char *dir, const char *shown)
{
	char *path = dir ? str_join_path(dir, s->name) : xstrdup(s->name);

	if (looks_like_model(path))
		return path;
	free(path);
	str_addf(&s->where, "%s%s", s->where.n ? ", " : "", shown);
	return NULL;
}

static char *try_hub(struct search *s, const char *cache)
{
	char *path = hub_snapshot(cache, s->name, s->revision);
	size_t n = 0;

	str_addf(&s->where, "%s%s", s->where.n ? ", " : "", cache);
	if (!path)
		return NULL;
	char **names = file_list(path, &n, NULL);
	char *partial = names ? folder_partial(path, names, n) : NULL;
	file_list_free(names, n);
	if (!partial)
		return path;
	free(path);
	free(s->incomplete);
	s->incomplete = partial;
	return NULL;
}

static char *try_root(struct search *s, const struct root *root)
{
	char *path = NULL;

	if (root->kind == ROOT_HERE)
		return NULL; /* asked first */
	if (root->kind == ROOT_HUB)
		return try_hub(s, root->path);
	if (root->kind == ROOT_OLLAMA) {
		path = ollama_blob(root->path, s->name);
		if (!path)
			str_addf(&s->where, "%s%s", s->where.n ? ", " : "", root->path);
		return path;
	}
	if (!s->revision)
		path = try_in(s, root->path, root->path);
	if (!path && (path = hub_snapshot(root->path, s->name, s->revision)))
		return path;
	return path ? path : ollama_blob(root->path, s->name);
}

static bool not_found(struct search *s, const char *name, struct err *e)
{
	const char *slash = strchr(name, '/');
	bool repo = slash && slash > name && slash[1] && !strchr(slash + 1, '/') && *name != '.' &&
		*name != '~' && !strpbrk(name, " \\:");
	char hint[512];

	snprintf(hint, sizeof hint,
		repo ? "to fetch it: hf download %s%s%s"
		     : "give a path, or name its folder with --root",
		s->name, s->revision ? " --revision " : "", s->revision ? s->revision : "");
	if (s->incomplete)
		return err_set(e, ERR_INPUT, name, hint, "half-downloaded: %s", s->incomplete);
	return err_set(e, ERR_INPUT, name, hint, "no such model in %s",
		s->where.n ? s->where.s : "the roots");
}

static bool is_explicit(const char *name)
{
	return *name == '/' || str_starts(name, "./") || str_starts(name, "../") ||
		str_eq(name, ".") || str_eq(name, "..") || *name == '~';
}

static char *expand(const char *name)
{
	const char *home = getenv("HOME");

	return *name == '~' && (name[1] == '/' || !name[1]) && home ?
		xasprintf("%s%s", home, name + 1) : xstrdup(name);
}

/* "./x" and "../x" of a recipe are meant from its folder if not from here. */
static char *resolve_explicit(const char *name, const char *near_dir, struct err *e)
{
	char *path = expand(name);

	if (!file_exists(path) && near_dir && *path == '.') {
		char *beside = str_join_path(near_dir, path);
		free(path);
		path = beside;
	}
	if (file_exists(path))
		return path;
	free(path);
	err_set(e, ERR_INPUT, name, "check the path", "there is no such file or folder");
	return NULL;
}

static char *search_all(struct search *s, const struct model_roots *r, const char *name,
	const char *near_dir, char *(*alias)(void *ctx, const char *name), void *ctx)
{
	char *path = s->revision ? NULL : try_in(s, NULL, "the working directory");

	if (!path && near_dir && !s->revision)
		path = try_in(s, near_dir, near_dir);
	if (!path && alias) {
		path = alias(ctx, name);
		if (!path)
			str_addf(&s->where, "%sthe catalog", s->where.n ? ", " : "");
	}
	bool hub = false;
	for (size_t i = 0; r && !path && i < r->v.n; i++) {
		path = try_root(s, &r->v.v[i]);
		hub |= r->v.v[i].kind == ROOT_HUB;
	}
	char *cache = hub ? NULL : hub_cache_dir();
	if (!path && cache)
		path = try_hub(s, cache);
	free(cache);
	return path;
}

char *model_resolve(const struct model_roots *r, const char *name, const char *near_dir,
	char *(*alias)(void *ctx, const char *name), void *ctx, struct err *e)
{
	struct search s = { .where = STR_INIT };

	if (!*name) {
		err_set(e, ERR_INPUT, "model", "name a folder, a file, or owner/name",
			"an empty name");
		return NULL;
	}
	if (is_explicit(name))
		return resolve_explicit(name, near_dir, e);
	char *plain = xstrdup(name), *at = strrchr(plain, '@');
	if (at && at > plain && at[1] && !file_exists(plain)) {
		*at = 0;
		s.revision = at + 1;
	}
	s.name = plain;
	char *path = search_all(&s, r, name, near_dir, alias, ctx);
	if (!path)
		not_found(&s, name, e);
	free(plain);
	free(s.incomplete);
	str_fini(&s.where);
	return path;
}
