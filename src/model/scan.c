/* Finding models: folders are listed, files are not opened (config.json excepted, for MLX). */
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/str.h"
#include "model/build.h"
#include "model/hub.h"
#include "model/lora.h"
#include "model/roots.h"

#define DEPTH_FOLDER 5
#define DEPTH_HERE 3
#define MOST_FOLDERS 50000 /* of one root: a wrong root must not walk a whole disk */

struct seen {
	dev_t dev;
	ino_t ino;
};
struct scan {
	model_found_fn *fn;
	void *ctx;
	atomic_bool *stop;
	const char *root;
	dev_t dev;          /* of the root: other file systems are left alone */
	size_t folders;
	vec(struct seen) folders_seen; /* along the way down, against loops */
	vec(struct seen) files_seen;   /* first weight files reported */
};
struct folder {
	const char *path;
	char **names;
	size_t n;
};

static bool stopped(const struct scan *s)
{
	return s->stop && atomic_load(s->stop);
}

/* Reports once whatever is reached by several links. */
static bool first_sight(struct scan *s, const char *file)
{
	struct stat st;

	if (stat(file, &st))
		return false;
	for (size_t i = 0; i < s->files_seen.n; i++)
		if (s->files_seen.v[i].dev == st.st_dev && s->files_seen.v[i].ino == st.st_ino)
			return false;
	*vec_push(&s->files_seen) = (struct seen){ st.st_dev, st.st_ino };
	return true;
}

static uint64_t bytes_of(const char *dir, const char *name)
{
	struct file_id id;
	char *path = str_join_path(dir, name);
	bool ok = file_stat_id(path, &id);

	free(path);
	return ok ? id.size : 0;
}

/* The name of something in the root: its way from there. */
static char *relative(const struct scan *s, const char *path)
{
	size_t n = strlen(s->root);

	if (str_eq(path, s->root)) {
		char full[PATH_MAX];
		return xstrdup(str_base(realpath(path, full) ? full : path));
	}
	return xstrdup(!strncmp(path, s->root, n) && path[n] == '/' ? path + n + 1 : path);
}

static void report(struct scan *s, char *path, char *name, enum model_format format, uint64_t bytes,
	char *partial)
{
	struct model_found f = { path, name, format, bytes, partial };

	s->fn(s->ctx, &f);
	free(path);
	free(name);
	free(partial);
}

/* A folder whose safetensors make one model; name is taken, NULL: the way from the root. */
static void found_folder(struct scan *s, const struct folder *d, char *name)
{
	uint64_t bytes = 0;
	const char *first = NULL;

	for (size_t i = 0; i < d->n; i++)
		if (is_weights_name(d->names[i])) {
			first = first ? first : d->names[i];
			bytes += bytes_of(d->path, d->names[i]);
		}
	char *file = first ? str_join_path(d->path, first) : NULL;
	if (!file || first_sight(s, file))
		report(s, xstrdup(d->path), name ? name : relative(s, d->path),
			folder_is_mlx(d->path) ? MODEL_MLX : MODEL_HF, bytes,
			folder_partial(d->path, d->names, d->n));
	else
		free(name);
	free(file);
}

/* A folder with an adapter alone; name is taken, NULL: the way from the root. */
static bool found_adapter(struct scan *s, const struct folder *d, char *name)
{
	for (size_t i = 0; i < d->n; i++) {
		if (!str_ends(d->names[i], ".safetensors"))
			continue;
		char *file = str_join_path(d->path, d->names[i]);
		if (lora_is(file) && first_sight(s, file)) {
			report(s, xstrdup(d->path), name ? name : relative(s, d->path), MODEL_HF,
				bytes_of(d->path, d->names[i]), NULL);
			name = NULL;
		}
		free(file);
	}
	free(name);
	return true;
}

static void found_file(struct scan *s, const struct folder *d, const char *name,
	enum model_format format, uint64_t bytes, char *partial)
{
	char *path = str_join_path(d->path, name);

	if (first_sight(s, path)) {
		char *shown = relative(s, path);
		report(s, path, shown, format, bytes, partial);
		return;
	}
	free(path);
	free(partial);
}

/* "x-00001-of-00003.gguf" stands for its set. */
static void found_gguf(struct scan *s, const struct folder *d, const char *name)
{
	int of = shard_count(name);
	size_t stem = strlen(name), here = 0;
	uint64_t bytes = 0;

	if (strstr(name, "mmproj") || strstr(name, "imatrix"))
		return;
	if (of <= 1 || stem < 20) {
		found_file(s, d, name, MODEL_GGUF, bytes_of(d->path, name), NULL);
		return;
	}
	stem -= 20; /* "-00001-of-00003.gguf" */
	const char *first = NULL;
	for (size_t i = 0; i < d->n; i++)
		if (str_ends(d->names[i], ".gguf") && strlen(d->names[i]) == stem + 20 &&
			!strncmp(d->names[i], name, stem) && shard_count(d->names[i]) == of) {
			first = first ? first : d->names[i];
			bytes += bytes_of(d->path, d->names[i]);
			here++;
		}
	if (first && str_eq(first, name))
		found_file(s, d, name, MODEL_GGUF, bytes, here < (size_t)of ?
			xasprintf("partial %zu/%d", here, of) : NULL);
}

static bool names_has(const struct folder *d, const char *name)
{
	for (size_t i = 0; i < d->n; i++)
		if (str_eq(d->names[i], name))
			return true;
	return false;
}

/* What lies in this folder itself. True if it is a model: what is below belongs to it. */
static bool folder_files(struct scan *s, const struct folder *d)
{
	bool config = names_has(d, "config.json"), several = false;
	size_t weights = 0;

	for (size_t i = 0; i < d->n; i++) {
		if (str_ends(d->names[i], ".gguf"))
			found_gguf(s, d, d->names[i]);
		weights += is_weights_name(d->names[i]);
		several |= is_weights_name(d->names[i]) && shard_count(d->names[i]) > 1;
	}
	if (weights && (config || several)) {
		found_folder(s, d, NULL);
		return true;
	}
	if (!weights && lora_is(d->path))
		return found_adapter(s, d, NULL);
	for (size_t i = 0; i < d->n; i++)
		if (is_weights_name(d->names[i]))
			found_file(s, d, d->names[i], MODEL_SAFETENSORS,
				bytes_of(d->path, d->names[i]), NULL);
	return false;
}

static void hub_repo(struct scan *s, const char *repo);
static void ollama(struct scan *s, const char *dir);

static bool enter(struct scan *s, const char *path)
{
	struct stat st;

	if (stopped(s) || s->folders >= MOST_FOLDERS || stat(path, &st) || !S_ISDIR(st.st_mode) ||
		st.st_dev != s->dev)
		return false;
	for (size_t i = 0; i < s->folders_seen.n; i++)
		if (s->folders_seen.v[i].dev == st.st_dev && s->folders_seen.v[i].ino == st.st_ino)
			return false;
	*vec_push(&s->folders_seen) = (struct seen){ st.st_dev, st.st_ino };
	s->folders++;
	return true;
}

static void visit(struct scan *s, const char *path, int depth)
{
	struct folder d = { .path = path };

	if (!enter(s, path))
		return;
	d.names = file_list(path, &d.n, NULL);
	bool store = d.names && names_has(&d, "manifests") && names_has(&d, "blobs");
	if (store)
		ollama(s, path);
	bool model = d.names && !store && folder_files(s, &d);
	for (size_t i = 0; d.names && !store && (!model || str_eq(path, s->root)) && i < d.n; i++) {
		if (*d.names[i] == '.' || depth <= 0 || str_starts(d.names[i], "datasets--") ||
			str_starts(d.names[i], "spaces--"))
			continue;
		char *below = str_join_path(path, d.names[i]);
		if (str_starts(d.names[i], "models--"))
			hub_repo(s, below);
		else
			visit(s, below, depth - 1);
		free(below);
	}
	file_list_free(d.names, d.n);
	s->folders_seen.n--;
}

static void hub_snapshot_found(struct scan *s, const char *path, char *name, const char *main,
	const char *revision)
{
	struct folder d = { .path = path };

	if (!enter(s, path)) {
		free(name);
		return;
	}
	if (!str_eq(revision, main)) {
		char *full = xasprintf("%s@%.8s", name, revision);
		free(name);
		name = full;
	}
	d.names = file_list(path, &d.n, NULL);
	size_t weights = 0;
	for (size_t i = 0; d.names && i < d.n; i++) {
		weights += is_weights_name(d.names[i]);
		if (str_ends(d.names[i], ".gguf"))
			found_gguf(s, &d, d.names[i]);
	}
	if (!weights && lora_is(path))
		found_adapter(s, &d, name);
	else if (weights || (d.names && names_has(&d, "config.json")))
		found_folder(s, &d, name);
	else
		free(name);
	file_list_free(d.names, d.n);
	s->folders_seen.n--;
}

/* The main snapshot first: others are reported only for weights of their own. */
static void hub_repo(struct scan *s, const char *repo)
{
	char *name = hub_repo_name(str_base(repo)), *dir = xasprintf("%s/snapshots", repo);
	char *cache = xstrndup(repo, (size_t)(str_base(repo) - repo - 1));
	char *main = hub_snapshot(cache, name, NULL);
	const char *main_rev = main ? str_base(main) : "";
	size_t n = 0;
	char **revisions = file_is_dir(dir) ? file_list(dir, &n, NULL) : NULL;

	for (int others = 0; others < 2; others++)
		for (size_t i = 0; revisions && i < n; i++) {
			char *path = str_join_path(dir, revisions[i]);
			if (str_eq(revisions[i], main_rev) != others)
				hub_snapshot_found(s, path, xstrdup(name), main_rev, revisions[i]);
			free(path);
		}
	if (!n && hub_incomplete(repo))
		report(s, xstrdup(repo), xstrdup(name), MODEL_HF, 0, xstrdup("partial 0/1"));
	file_list_free(revisions, n);
	free(main);
	free(cache);
	free(dir);
	free(name);
}

/* manifests/HOST/OWNER/MODEL/TAG; "library" is the owner that is not said. */
static void ollama_tags(struct scan *s, const char *dir, const char *path, int depth)
{
	size_t n = 0;
	char **names = file_is_dir(path) && depth <= 4 ? file_list(path, &n, NULL) : NULL;

	for (size_t i = 0; names && i < n && !stopped(s); i++) {
		char *below = str_join_path(path, names[i]);
		if (file_is_dir(below)) {
			ollama_tags(s, dir, below, depth + 1);
		} else if (depth == 3) {
			char *blob = ollama_manifest_blob(dir, below);
			struct file_id id;
			const char *model = str_base(path), *owner = model - 1;
			while (owner > path && owner[-1] != '/')
				owner--;
			if (str_starts(owner, "library/"))
				owner = model;
			if (blob && file_stat_id(blob, &id) && first_sight(s, blob))
				report(s, xstrdup(blob), xasprintf("%s:%s", owner, names[i]),
					MODEL_GGUF, id.size, NULL);
			free(blob);
		}
		free(below);
	}
	file_list_free(names, n);
}

static void ollama(struct scan *s, const char *dir)
{
	char *manifests = str_join_path(dir, "manifests");

	ollama_tags(s, dir, manifests, 0);
	free(manifests);
}

/* A home folder or the root of the disk is not walked: only what lies right in it. */
static int depth_here(void)
{
	char cwd[PATH_MAX], home[PATH_MAX];
	const char *h = getenv("HOME");

	if (!getcwd(cwd, sizeof cwd) || str_eq(cwd, "/"))
		return 0;
	return h && realpath(h, home) && str_eq(cwd, home) ? 0 : DEPTH_HERE;
}

void model_scan(const struct model_roots *r, model_found_fn *fn, void *ctx, atomic_bool *stop)
{
	struct scan s = { .fn = fn, .ctx = ctx, .stop = stop };
	struct stat st;

	for (size_t i = 0; i < r->v.n && !stopped(&s); i++) {
		const struct root *root = &r->v.v[i];
		if (stat(root->path, &st) || !S_ISDIR(st.st_mode))
			continue;
		s.root = root->path;
		s.dev = st.st_dev;
		s.folders = 0;
		visit(&s, root->path, root->kind == ROOT_HERE ? depth_here() : DEPTH_FOLDER);
	}
	vec_fini(&s.folders_seen);
	vec_fini(&s.files_seen);
}
