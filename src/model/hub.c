#include "model/hub.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "base/json.h"
#include "base/vec.h"
#include "model/build.h"

#define SMALL_FILE ((size_t)4 << 20)

static char *below_env(const char *name, const char *rest)
{
	const char *v = getenv(name);

	return v && *v ? xasprintf("%s%s", v, rest) : NULL;
}

char *hub_cache_dir(void)
{
	char *d = below_env("HF_HUB_CACHE", "");

	d = d ? d : below_env("HUGGINGFACE_HUB_CACHE", "");
	d = d ? d : below_env("HF_HOME", "/hub");
	d = d ? d : below_env("XDG_CACHE_HOME", "/huggingface/hub");
	return d ? d : below_env("HOME", "/.cache/huggingface/hub");
}

char *hub_repo_name(const char *folder)
{
	if (!str_starts(folder, "models--") || !folder[8])
		return NULL;
	char *name = xstrdup(folder + 8), *sep = strstr(name, "--");
	if (sep) {
		*sep = '/';
		memmove(sep + 1, sep + 2, strlen(sep + 2) + 1);
	}
	return name;
}

static char *repo_folder(const char *cache, const char *name)
{
	const char *slash = strchr(name, '/');

	if (!slash)
		return xasprintf("%s/models--%s", cache, name);
	return strchr(slash + 1, '/') ? NULL :
		xasprintf("%s/models--%.*s--%s", cache, (int)(slash - name), name, slash + 1);
}

/* What refs/REVISION says. */
static char *read_ref(const char *repo, const char *revision)
{
	char *path = xasprintf("%s/refs/%s", repo, revision);
	size_t n;
	char *text =
		file_exists(path) && !file_is_dir(path) ? file_read_all(path, 256, &n, NULL) : NULL;

	free(path);
	if (text)
		text[strcspn(text, " \r\n/")] = 0;
	return text;
}

static bool is_hash_start(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if (!isxdigit((unsigned char)s[i]))
			return false;
	return n >= 4;
}

/* The one folder below snapshots/ whose name starts so; NULL if there are none or several. */
static char *only_snapshot(const char *repo, const char *start)
{
	char *dir = xasprintf("%s/snapshots", repo), *found = NULL;
	size_t n = 0, hits = 0;
	char **names = file_is_dir(dir) ? file_list(dir, &n, NULL) : NULL;

	for (size_t i = 0; names && i < n; i++)
		if (str_starts(names[i], start) && !hits++)
			found = str_join_path(dir, names[i]);
	file_list_free(names, n);
	free(dir);
	if (hits == 1)
		return found;
	free(found);
	return NULL;
}

char *hub_snapshot(const char *cache, const char *name, const char *revision)
{
	if (!*name || *name == '.' || strstr(name, "..") || (revision && strstr(revision, "..")))
		return NULL;
	char *repo = repo_folder(cache, name), *path = NULL;
	if (!repo || !file_is_dir(repo)) {
		free(repo);
		return NULL;
	}
	char *hash = read_ref(repo, revision ? revision : "main");
	if (hash && *hash)
		path = xasprintf("%s/snapshots/%s", repo, hash);
	if (!path && (!revision || is_hash_start(revision)))
		path = only_snapshot(repo, revision ? revision : "");
	free(hash);
	free(repo);
	if (path && !file_is_dir(path)) {
		free(path);
		path = NULL;
	}
	return path;
}

char *hub_name_of_path(const char *path)
{
	const char *at = strstr(path, "models--"), *next = NULL;

	while (at && (next = strstr(at + 1, "/models--")))
		at = next + 1;
	if (!at || (at > path && at[-1] != '/'))
		return NULL;
	size_t n = strcspn(at, "/");
	if (!str_starts(at + n, "/snapshots/"))
		return NULL;
	char *folder = xstrndup(at, n), *name = hub_repo_name(folder);
	free(folder);
	return name;
}

bool hub_incomplete(const char *repo)
{
	char *dir = xasprintf("%s/blobs", repo);
	size_t n = 0;
	char **names = file_is_dir(dir) ? file_list(dir, &n, NULL) : NULL;
	bool found = false;

	for (size_t i = 0; names && i < n; i++)
		found |= str_ends(names[i], ".incomplete");
	file_list_free(names, n);
	free(dir);
	return found;
}

bool is_weights_name(const char *name)
{
	return str_ends(name, ".safetensors") && !str_starts(name, "adapter_") &&
		!str_ends(name, "adapters.safetensors") &&
		!str_starts(name, "consolidated") && !str_starts(name, "optimizer") &&
		!str_starts(name, "training_") && *name != '.';
}

static bool there(const char *dir, const char *name)
{
	char *path = str_join_path(dir, name);
	bool ok = file_exists(path);

	free(path);
	return ok;
}

static char *share_of(size_t here, size_t total)
{
	return here < total ? xasprintf("partial %zu/%zu", here, total) : NULL;
}

char *folder_partial(const char *dir, char *const *names, size_t n)
{
	const char *index = NULL;
	size_t here = 0, total = 0, files = 0;
	bool config = false;

	for (size_t i = 0; i < n; i++) {
		if (str_ends(names[i], ".safetensors.index.json"))
			index = names[i];
		config |= str_eq(names[i], "config.json");
		if (is_weights_name(names[i]) && there(dir, names[i])) {
			int of = shard_count(names[i]);
			files++;
			here += of > 0;
			total = of > 0 ? (size_t)of : total;
		}
	}
	if (total)
		return share_of(here, total);
	if (index && !files) {
		char *path = str_join_path(dir, index);
		here = shards_count_index(path, dir, &total);
		free(path);
		return share_of(here, total);
	}
	return config && !files && hub_name_of_path(dir) ? xstrdup("partial 0/1") : NULL;
}

bool folder_is_mlx(const char *dir)
{
	char *path = str_join_path(dir, "config.json");
	json_t *j = file_exists(path) ? json_parse_file(path, SMALL_FILE, NULL) : NULL;
	bool mlx = json_is_object(json_at(j, "quantization")) &&
		json_at(j, "quantization.group_size");

	json_decref(j);
	free(path);
	return mlx;
}

char *ollama_manifest_blob(const char *dir, const char *manifest)
{
	json_t *j = json_parse_file(manifest, SMALL_FILE, NULL), *layer;
	char *blob = NULL;
	size_t i;

	json_array_foreach(json_at(j, "layers"), i, layer) {
		const char *digest = json_text(layer, "digest", "");
		if (blob || !str_eq(json_text(layer, "mediaType", ""),
			"application/vnd.ollama.image.model") || !str_starts(digest, "sha256:") ||
			strchr(digest, '/'))
			continue;
		blob = xasprintf("%s/blobs/sha256-%s", dir, digest + 7);
	}
	json_decref(j);
	return blob;
}

/* The manifest below one host's folder. */
static char *manifest_path(const char *dir, const char *host, const char *name, int n,
	const char *tag)
{
	char *path = xasprintf("%s/manifests/%s/%s%.*s/%s", dir, host,
		memchr(name, '/', (size_t)n) ? "" : "library/", n, name, tag);

	if (file_exists(path) && !file_is_dir(path))
		return path;
	free(path);
	return NULL;
}

char *ollama_blob(const char *dir, const char *name)
{
	const char *colon = strchr(name, ':'), *tag = colon ? colon + 1 : "latest";
	int n = colon ? (int)(colon - name) : (int)strlen(name);
	char *manifests = str_join_path(dir, "manifests"), *blob = NULL;
	size_t hosts = 0;
	bool sound = n && *tag && !strstr(name, "..") && file_is_dir(manifests);
	char **host = sound ? file_list(manifests, &hosts, NULL) : NULL;

	for (size_t i = 0; host && i < hosts && !blob; i++) {
		char *path = manifest_path(dir, host[i], name, n, tag);
		blob = path ? ollama_manifest_blob(dir, path) : NULL;
		free(path);
	}
	file_list_free(host, hosts);
	free(manifests);
	if (blob && !file_exists(blob)) {
		free(blob);
		blob = NULL;
	}
	return blob;
}
