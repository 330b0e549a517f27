/* hub: the layout of the Hugging Face cache, and where other programs keep models.
 *
 *	CACHE/models--OWNER--NAME/refs/main                  text: a revision
 *	                          snapshots/REVISION/FILE    link to ../../blobs/HASH
 *	                          blobs/HASH, HASH.incomplete
 *
 * Functions return strings the caller frees, NULL if there is none. Any thread. */
#ifndef CUPEL_MODEL_HUB_H
#define CUPEL_MODEL_HUB_H
#include <stdbool.h>
#include <stddef.h>

char *hub_cache_dir(void);                /* by HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME, HOME */
char *hub_repo_name(const char *folder);  /* "models--a--b" → "a/b" */
/* The snapshot of owner/name at a revision (branch, tag, or the start of a hash; NULL: main, or the
 * only one). */
char *hub_snapshot(const char *cache, const char *name, const char *revision);
/* "a/b" if path lies in a repository of such a cache. */
char *hub_name_of_path(const char *path);
bool hub_incomplete(const char *repo);    /* a download of it was broken off */
/* "partial 3/7" if the folder's index or the names of its shards ask for more than is there, or if
 * it holds a config and no weights; NULL if it is whole or no model. */
char *folder_partial(const char *dir, char *const *names, size_t n);
/* config.json says that the weights are packed as MLX does. */
bool folder_is_mlx(const char *dir);
/* Weights of a model, as opposed to adapters, optimizer states and other layouts of the same. */
bool is_weights_name(const char *name);
/* Ollama: DIR/manifests/HOST/library/MODEL/TAG names the blob. The .gguf blob of "model:tag" (tag
 * "latest" if there is none). */
char *ollama_blob(const char *dir, const char *name);
char *ollama_manifest_blob(const char *dir, const char *manifest);
#endif
