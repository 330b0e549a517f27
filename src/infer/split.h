/* split: how a tokenizer of the byte-level kind cuts a text into pieces before it merges inside
 * each. The known ways are rows of a table; what is not known is refused by name, for a text that
 * is cut otherwise has another perplexity.
 * Pure functions over bytes: invalid UTF-8 is pieces of single bytes of class "other". Any thread.
 * Rules: GPT-2's, the cl100k family's; Unicode classes are utf8proc's. */
#ifndef CUPEL_INFER_SPLIT_H
#define CUPEL_INFER_SPLIT_H
#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"
#include "base/json.h"

struct split_rules {
	const char *name;      /* GGUF's name of it */
	bool words;            /* GPT-2: a piece is a blank and a run of one class */
	bool lone_digits;      /* every digit is cut out first */
	int digits;            /* else at most so many in a piece */
	bool marks;            /* combining marks go with letters */
};
/* The pre_tokenizer of a tokenizer.json. NULL with a message that names what is not known. */
const struct split_rules *split_of_json(const json_t *file, const char *where, struct err *e);
/* tokenizer.ggml.pre of a GGUF; NULL name is an error too. */
const struct split_rules *split_of_gguf(const char *name, const char *where, struct err *e);

struct splitter {
	const struct split_rules *rules;
	const char *text;
	size_t n, at;
	size_t fence;          /* where the fragment ends that is being cut: lone_digits */
};
void splitter_init(struct splitter *s, const struct split_rules *r, const char *text, size_t n);
/* The next piece, never empty; false at the end. The pieces make up the text. */
bool splitter_next(struct splitter *s, const char **piece, size_t *n);
#endif
