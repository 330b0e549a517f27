/* gguf_tokens: the tokens of a GGUF file to be written, as llama.cpp's converter takes them from
 * the files of a tokenizer. Internal to quant/; one thread. */
#ifndef CUPEL_QUANT_GGUF_TOKENS_H
#define CUPEL_QUANT_GGUF_TOKENS_H
#include "base/arena.h"
#include "quant/gguf_make.h"

#define GGUF_TOKENS_MAX ((uint64_t)1 << 22)

enum token_type { /* as in the file */
	TOKEN_NORMAL = 1, TOKEN_UNKNOWN, TOKEN_CONTROL, TOKEN_USER, TOKEN_UNUSED, TOKEN_BYTE,
};
struct gguf_token {
	const char *text;          /* size bytes; NULL: nobody has that id */
	size_t size;
	float score;
	enum token_type type;
};
struct gguf_tokens {
	struct gguf_token *v;
	uint64_t n;
	bool scored;               /* their scores are written */
	json_t *file, *config;     /* tokenizer.json, tokenizer_config.json; NULL: absent. Owned */
	struct arena arena;
	const char *where;         /* for errors */
	const struct model *model; /* borrowed */
};
/* Byte-level BPE; SentencePiece's tokenizer.model; BPE of characters with bytes to fall back on.
 * False: not that many tokens can be, or one has an id beyond the embedding's rows; e says so. */
bool gguf_tokens_bpe(struct gguf_tokens *k, uint64_t rows, struct err *e);
bool gguf_tokens_pieces(struct gguf_tokens *k, const char *path, uint64_t rows, struct err *e);
bool gguf_tokens_fallback(struct gguf_tokens *k, uint64_t rows, struct err *e);
void gguf_tokens_fini(struct gguf_tokens *k);
/* A file of the tokenizer, beside the model; allocated. */
char *gguf_tokens_path(const struct model *m, const char *name);
/* It, parsed; NULL if it is not there, or cannot be read (then e says why). */
json_t *gguf_tokens_load(const struct model *m, const char *name, struct err *e);
/* A special token of tokenizer_config.json, "bos_token": its text, NULL if none. Borrowed. */
const char *gguf_token_named(const json_t *config, const char *key);
#endif
