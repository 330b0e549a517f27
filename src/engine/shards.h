/* shards: how a plan's tensors lie in safetensors files: which file, at which offset, and the
 * header's bytes, all known before a weight is read. Owned by the caller: shards_free. Any thread
 * may read. */
#ifndef CUPEL_ENGINE_SHARDS_H
#define CUPEL_ENGINE_SHARDS_H
#include "engine/plan.h"

#define SHARD_SIZE_DEFAULT UINT64_C(5000000000)
struct shard {
	char *name;                /* "model.safetensors", "model-00001-of-00003.safetensors" */
	char *header;              /* length word, JSON, padding */
	size_t header_n;
	uint64_t bytes;            /* of the whole file */
	const uint32_t *tensors;   /* plan indices in file order */
	size_t n;
};
struct shards {
	struct shard *v;
	size_t n;
	uint64_t *offset;          /* per plan tensor: of its bytes in its file */
	uint32_t *of;              /* per plan tensor: its shard */
	uint32_t *order;           /* all plan indices, file after file: the order of work */
	uint64_t total;            /* of all files */
	uint64_t data;             /* tensors alone */
};
/* Greedy: a file is closed when the next tensor would take it over shard_size (0 = default). */
struct shards *shards_make(const struct plan *p, uint64_t shard_size);
void shards_free(struct shards *s);
/* model.safetensors.index.json; NULL when there is one file. Caller frees. */
char *shards_index(const struct plan *p, const struct shards *s);
#endif
