/* gguf_make: the parts of gguf_keys. Internal to quant/. */
#ifndef CUPEL_QUANT_GGUF_MAKE_H
#define CUPEL_QUANT_GGUF_MAKE_H
#include "quant/gguf_put.h"
#include "quant/target.h"

/* "ARCH.*": sizes, rope, experts, state spaces. */
bool gguf_put_config(struct gguf_put *p, const struct quant_targets *t, struct err *e);
/* "tokenizer.*" from tokenizer.json and what stands beside it; nothing where a model has none. */
bool gguf_put_tokenizer(struct gguf_put *p, const struct quant_targets *t, struct err *e);
/* What GGUF calls the way that a tokenizer.json splits text; NULL: it has no name for it. */
const char *gguf_pre_name(const struct quant_targets *t, const json_t *file, struct err *e);
/* config.json's value, looked for in text_config first. Borrowed; NULL if absent or null. */
json_t *gguf_hparam(const struct model *m, const char *name);
#endif
