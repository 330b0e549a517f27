/* tokenizer: text to the numbers of its tokens and back, as the model was taught: byte-level BPE of
 * a tokenizer.json or a GGUF file. What would be cut or merged in a way that is not known here is
 * refused, with the name of it.
 * Owned by its holder: tokenizer_free. Constant once open: any number of threads. */
#ifndef CUPEL_INFER_TOKENIZER_H
#define CUPEL_INFER_TOKENIZER_H
#include "base/vec.h"
#include "model/model.h"

struct tokenizer;
struct tokens { uint32_t *v; size_t n, cap; };

struct tokenizer *tokenizer_open(const struct model *m, struct err *e);
void tokenizer_free(struct tokenizer *t);
/* Appends the tokens of a text; none is put in front. special: names of control tokens that stand
 * in the text are those tokens, else they are text as any other. False: it has bytes that the
 * vocabulary cannot spell. */
bool tokenizer_encode(const struct tokenizer *t, const char *text, size_t n, bool special,
	struct tokens *out, struct err *e);
/* The bytes a token stands for; NULL if there is none of that number. */
const char *tokenizer_bytes(const struct tokenizer *t, uint32_t id, size_t *n);
/* What is put in front of a text; -1: nothing. */
int64_t tokenizer_bos(const struct tokenizer *t);
/* Of all that decides the numbers of a text: equal ones count tokens alike. */
struct hash tokenizer_hash(const struct tokenizer *t);
#endif
