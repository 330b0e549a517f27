/* build: a model while it is put together, and how each tensor lies in the files. Internal to
 * model/; readers append tensors, model.c finishes. Everything belongs to the build, which is the
 * allocation behind struct model and lives until the last model_unref.
 * One thread until model_open returns; then immutable, any thread. */
#ifndef CUPEL_MODEL_BUILD_H
#define CUPEL_MODEL_BUILD_H
#include "base/arena.h"
#include "base/vec.h"
#include "model/model.h"
#include "tensor/codec_affine.h"

/* A run of bytes in a file. A tensor's stored bytes are its spans, one after the other. */
struct span {
	int file;
	uint64_t offset, bytes;
	enum dtype type; /* nearly always the tensor's; joined halves may differ */
};
enum layout_kind {
	LAYOUT_PLAIN,  /* elements in order, one span */
	LAYOUT_ROWS,   /* whole rows of other layouts, in another order than the file's */
	LAYOUT_AFFINE, /* MLX: words, scales, biases; groups run through row ends */
	LAYOUT_SCALED, /* codes, then one scale to each group (mxfp4, mxfp8, nvfp4, int4) */
	LAYOUT_EXL2,   /* exl2: see exl2.c */
	LAYOUT_BLOCKS, /* numbers, then one scale to each block of rows and columns (fp8, int8) */
};
enum row_order {
	ROWS_SAME,
	/* A head of `group` rows is stored pairwise: 0, h/2, 1, h/2+1 …: ggml's rope order. */
	ROWS_ROPE,
	/* `group` rows from part 0, then `group` rows from part 1, over and over: halves joined. */
	ROWS_HALVES,
	/* Even rows from part 0, odd rows from part 1. */
	ROWS_ALTERNATE,
};
enum value_map {
	VALUE_SAME,
	VALUE_LOG_NEGATED, /* stored -exp(x) */
	VALUE_LESS_ONE,    /* stored x + 1 */
};
struct layout {
	uint8_t kind, order, value, n_spans, n_parts;
	struct span span[5];
	uint64_t row, group;     /* elements of a row; rows of a group (see row_order) */
	struct affine affine;    /* LAYOUT_AFFINE */
	uint64_t scale_group;    /* LAYOUT_SCALED: elements; LAYOUT_BLOCKS: columns of a block */
	/* LAYOUT_SCALED: codes of so many bits, half their range below zero, instead of the span's
	 * type; 0 */
	uint8_t code_bits;
	float scale_by, scale_over; /* LAYOUT_SCALED: of all scales, times and divided by; 0: 1 */
	const struct layout *part; /* LAYOUT_ROWS: one or two others, which have the spans */
};
/* The stored bytes in order: those of the layout, or of its parts; NULL after the last. */
const struct span *layout_span(const struct layout *l, int i);

struct model_build {
	struct model m; /* first: a struct model * is a struct model_build * */
	struct arena arena;
	vec(struct tensor) tensors;
	vec(struct layout) layouts; /* one to a tensor */
	vec(struct file *) files;
	vec(const char *) notes;
	struct hash_cache *hashes;  /* content hashes known or learned; its own lock */
};
static inline struct model_build *build_of(const struct model *m)
{
	return (struct model_build *)m;
}
/* A tensor of `rank` and `shape` whose stored bytes are `at`, plain. Sets elements (checked by the
 * caller), dtype_text, readable and the layout; role is found later. */
struct tensor *build_tensor(struct model_build *b, const char *name, size_t name_len, int rank,
	const uint64_t *shape, struct span at);
/* Takes the file; its number. */
int build_file(struct model_build *b, struct file *f);
void build_note(struct model_build *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The last tensor's rows become those of two layouts (b NULL: one) in another order; what it says
 * of itself is the caller's to set. */
void build_rows(struct model_build *m, enum row_order order, uint64_t row, uint64_t group,
	const struct layout *a, const struct layout *b);
bool shape_elements(int rank, const uint64_t *shape, uint64_t *elements); /* false: overflow */

/* packed.c: folds weights that lie in several tensors (codes and their scales) into one logical
 * tensor each. Sets the format to MLX where it is that. */
bool packed_fold(struct model_build *b, struct err *e);
/* Elements a tensor stands for where codes are packed in a way that is only counted: those of the
 * matrix for the codes, none for its scales. */
uint64_t packed_elements(const struct model_build *b, size_t t);

void mlx_names(struct model_build *b); /* mlx_names.c: the family's names and places again */

struct hash virtual_key(const struct model *m, size_t t); /* virtual.c: of a computed tensor */

/* layout.c: the reads of struct source_ops. */
bool layout_read(struct source *s, size_t t, uint64_t first, size_t n, float *out, struct err *e);
bool layout_read_raw(struct source *s, size_t t, uint64_t offset, size_t n, void *out,
	struct err *e);

/* exl2.c: elements of a matrix of exl2, as layout_read. */
bool exl2_read(const struct model_build *b, const struct layout *l, uint64_t first, size_t n,
	float *out, struct err *e);

/* Readers: append what the file or folder holds. */
bool safetensors_load(struct model_build *b, const char *path, struct err *e);
/* The folder with its side files; only: this file of it alone, or NULL. */
bool hfdir_load(struct model_build *b, const char *dir, const char *only, struct err *e);
/* shards.c */
bool shards_load(struct model_build *b, const char *dir, char *const *names, size_t n, size_t total,
	struct err *e);
bool shards_load_index(struct model_build *b, const char *dir, const char *path, struct err *e);
/* A .gguf file, all parts if it is one of several; their tensors under Hugging Face names. */
bool gguf_load(struct model_build *b, const char *path, struct err *e);
/* How many of the index's files are in dir, of how many; 0 of 0 if it cannot be read. */
size_t shards_count_index(const char *path, const char *dir, size_t *total);
int shard_count(const char *name); /* "…-00002-of-00007.safetensors": 7, else 0 */
bool refuse_pickle(const char *path, struct err *e);
#endif
