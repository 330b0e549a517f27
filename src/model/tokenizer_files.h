/* tokenizer_files: what the files beside a model's weights say about its tokenizer, as far as
 * merging cares. Fills the model's tokenizer; text in its arena. Broken files become notes. One
 * thread. */
#ifndef CUPEL_MODEL_TOKENIZER_FILES_H
#define CUPEL_MODEL_TOKENIZER_FILES_H
#include "model/build.h"
#include "model/vocab.h"

/* From a folder: tokenizer.json (or tokenizer.model, vocab.json), tokenizer_config.json,
 * chat_template.jinja or .json, and the ids of both configs, which must be read already. */
void tokenizer_folder(struct model_build *b, const char *dir);
/* Counts and hash of a tokenizer.json, a vocab.json or a tokenizer.model into v and *kind (a
 * literal), *added. */
bool tokenizer_json_read(struct vocab *v, const char *text, size_t n, const char *where,
	const char **kind, int64_t *added, struct err *e);
bool tokenizer_model_read(struct vocab *v, const unsigned char *p, size_t n);
#endif
