/* pretokenizer: how a tokenizer.json cuts text before it merges, written down in one way, and the
 * name that GGUF has for it. Pure functions; any thread. */
#ifndef CUPEL_MODEL_PRETOKENIZER_H
#define CUPEL_MODEL_PRETOKENIZER_H
#include <stdbool.h>
#include "base/json.h"

/* One line a step: "split REGEX", "digits", "words", "bytes" or the step's type. Caller frees. */
char *pretokenizer_steps(const json_t *file);
/* GGUF's name for such steps, NULL if it has none. whole: a text that is a token as a whole is not
 * merged (model.ignore_merges); some names differ in that alone. Constant text. */
const char *pretokenizer_name(const char *steps, bool whole);
#endif
