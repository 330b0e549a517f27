/* inspect: what a model's files say, as a page and as JSON. Nothing is kept; any thread. */
#ifndef CUPEL_CLI_INSPECT_H
#define CUPEL_CLI_INSPECT_H
#include "base/json.h"
#include "model/model.h"

/* whole: the content hash, or NULL if it is not known. */
/* INTERFACE's fields and more; new reference. */
json_t *inspect_json(const struct model *m, uint64_t context, const struct hash *whole);
void inspect_page(const struct model *m, uint64_t context, const struct hash *whole, bool tensors);
/* The tokens that memory is told for: those asked for, else 8192 or what the model takes. */
uint64_t inspect_context(const struct model *m, uint64_t asked);
#endif
