/* layout: how the targets of a plan lie in the files of its container: headers, offsets, sizes, all
 * known before a weight is read. Owned by the caller: quant_layout_free. Any thread may read. */
#ifndef CUPEL_QUANT_LAYOUT_H
#define CUPEL_QUANT_LAYOUT_H
#include "quant/plan.h"

struct quant_file {
	char *name;
	unsigned char *header; /* all that precedes the weights */
	size_t header_n;
	uint64_t bytes;        /* of the whole file */
};
struct quant_place {           /* of one array of a target */
	uint32_t file;
	uint64_t offset;
};
struct quant_layout {
	enum quant_container container;
	struct quant_file *files;
	size_t n_files;
	struct quant_place (*place)[3]; /* per target: codes, scales, biases */
	uint64_t total;        /* of all files */
	char *index;           /* MLX: model.safetensors.index.json; else NULL */
};
/* The keys of a GGUF file as they stand in it, after magic, version and counts. */
struct gguf_keys {
	unsigned char *bytes;
	size_t n;
	uint64_t count;
};
/* name: of the file, "x.gguf". split: a part is closed when the next tensor would take its weights
 * over so many bytes, 0 for one file; parts are named x-00001-of-00003.gguf, and the keys stand in
 * the first. */
struct quant_layout *quant_layout_gguf(const struct quant_plan *p, const struct gguf_keys *keys,
	const char *name, uint64_t split, struct err *e);
struct quant_layout *quant_layout_mlx(const struct quant_plan *p, uint64_t shard_bytes);
void quant_layout_free(struct quant_layout *l);
#endif
