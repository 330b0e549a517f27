/* gguf_keys: the metadata of a GGUF file to be written: taken over from a GGUF source, or made from
 * config.json and the tokenizer of a folder, under the names and with the meaning that llama.cpp's
 * converter gives them. Known before a weight is read, so the size of the file is too.
 * The holder owns them: gguf_keys_fini. One thread. */
#ifndef CUPEL_QUANT_GGUF_KEYS_H
#define CUPEL_QUANT_GGUF_KEYS_H
#include "quant/imatrix.h"
#include "quant/layout.h"

/* imatrix: what is said of it in the file; NULL none. False: the tokenizer or the config is of a
 * kind that GGUF has no words for; e says which. */
bool gguf_keys_make(const struct quant_plan *p, const struct imatrix *imatrix,
	struct gguf_keys *out, struct err *e);
void gguf_keys_fini(struct gguf_keys *k);
#endif
