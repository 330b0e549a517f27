/* model: an opened model of any container: a source plus what its files say about it (config,
 * tokenizer, template, metadata). Headers only; weights are read through the source.
 * Reference counted: model_ref/model_unref. Immutable after model_open; any thread may read. */
#ifndef CUPEL_MODEL_MODEL_H
#define CUPEL_MODEL_MODEL_H
#include "base/json.h"
#include "model/source.h"
#include "system/file.h"

enum model_format { MODEL_SAFETENSORS, MODEL_HF, MODEL_GGUF, MODEL_MLX };

/* The tokenizer as far as merging cares; strings borrowed from the model. */
struct model_tokenizer {
	const char *kind;            /* "BPE", "Unigram", "WordPiece", "gpt2" …; NULL if none */
	int64_t vocab_size;          /* entries, added ones included; -1 unknown */
	int64_t added;               /* added tokens */
	int64_t config_vocab_size;   /* config.json's; -1 unknown */
	struct hash vocab_hash;      /* of sorted (token, id); zero if none */
	int64_t bos_id, eos_id;      /* by config.json; -1 unknown; first of a list */
	int64_t eos_generation;      /* by generation_config.json; -1 */
	const char *eos_token;       /* by tokenizer_config.json; NULL */
	const char *chat_template;   /* text, NULL if none */
	const char *chat_template_from; /* file it stands in */
};

struct model {
	struct source source;        /* first member: a model is a source */
	char *path;                  /* absolute; source.label is as it was opened */
	const char *name;            /* owner/name if known, else folder or file name */
	enum model_format format;
	const char *format_text;     /* "safetensors", "hf", "gguf", "mlx" */
	const char *architecture;    /* model_type: "llama", "granitemoehybrid" …; "unknown" */
	const char *arch_class;      /* "LlamaForCausalLM" or NULL */
	json_t *config; /* config.json or what the GGUF keys say, in its names; may be NULL */
	json_t *generation_config;   /* may be NULL */
	json_t *tokenizer_config;    /* may be NULL */
	json_t *metadata; /* safetensors __metadata__ / all GGUF keys (long arrays as counts) */
	struct model_tokenizer tokenizer;
	int64_t layers;              /* -1 unknown */
	bool tied_head;              /* head shares the embedding and is not stored */
	uint64_t parameters;         /* logical */
	uint64_t bytes;              /* of the weights as stored */
	double bits_per_weight;
	struct file **files;         /* weight files, in order */
	size_t n_files;
	const char *partial;         /* "partial 3/7" when shards are missing, else NULL */
	const char *const *notes;    /* findings while opening, for inspect: text, NULL-ended */
	struct virtual *virtual;     /* NULL: it is stored; else see model/virtual.h. No files then,
	                              * and path is that of the model it is like */
};
/* path: a folder, .safetensors, .gguf (any part of a split), *.index.json. */
struct model *model_open(const char *path, struct err *e);
struct model *model_ref(struct model *m);
void model_unref(struct model *m);
/* Content hashes, cached by file identity in $XDG_CACHE_HOME/cupel; a full read where unknown. */
bool model_hash_cached(const struct model *m, size_t t, struct hash *h);     /* no reading */
void model_hash_store(const struct model *m, size_t t, struct hash h); /* a pass that hashed */
bool model_hash(
	const struct model *m, struct hash *h); /* of the model, if all of its tensors' are known */
/* Key for statistics: the content hash if known, else (dev, inode, size, mtime, offset). */
struct hash model_tensor_key(const struct model *m, size_t t);
/* The latter in any case: what statistics taken before the hash was known are kept under. */
struct hash model_tensor_place(const struct model *m, size_t t);
/* Memory for `context` tokens: weights + KV cache or state, bytes; false if the config does not
 * say. */
bool model_memory(const struct model *m, uint64_t context, uint64_t *weights, uint64_t *kv);

/* Where names are looked for (see INTERFACE: working directory, the recipe's folder, catalog names,
 * roots, hub cache). */
struct model_roots;
struct model_roots *model_roots_new(const char *const *roots, size_t n); /* NULL: the defaults */
void model_roots_free(struct model_roots *r);
/* A name or path to a path; caller frees; NULL with a message saying where it was looked for and
 * how to fetch it, or that it is half-downloaded. near_dir may be NULL. alias (from the catalog) is
 * asked before the roots: returns a path the caller frees, or NULL. */
char *model_resolve(const struct model_roots *r, const char *name, const char *near_dir,
	char *(*alias)(void *ctx, const char *name), void *ctx, struct err *e);
/* Find models under the roots: headers are not read here, only names and sizes. */
struct model_found {
	char *path, *name;
	enum model_format format;
	uint64_t bytes;
	char *partial;    /* "partial 3/7" or NULL */
};
typedef void model_found_fn(void *ctx, const struct model_found *f);
void model_scan(const struct model_roots *r, model_found_fn *fn, void *ctx, atomic_bool *stop);
#endif
