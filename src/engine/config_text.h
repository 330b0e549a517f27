/* config_text: edits of a config.json as text, so that everything else stays byte for byte,
 * Python's
 * NaN and Infinity too. Pure functions; any thread. */
#ifndef CUPEL_ENGINE_CONFIG_TEXT_H
#define CUPEL_ENGINE_CONFIG_TEXT_H
#include <stdbool.h>
#include <stddef.h>
#include "base/str.h"

/* torch_dtype / dtype (also of the parts: text_config …) become `dtype`, one is put in where there
 * is none; what says that weights are quantized goes. Caller frees; NULL if it is no JSON
 * object. */
char *config_with_dtype(const char *text, size_t n, const char *dtype);
/* Asked for every value at the top (part "") and in the parts (part "text_config" …): false keeps
 * it, true puts what is in out (empty before) in its place. */
typedef bool config_value_fn(void *ctx, const char *part, const char *key, const char *value,
	size_t n, struct str *out);
/* Caller frees; NULL if nothing changes, or it is no JSON object. */
char *config_replaced(const char *text, size_t n, config_value_fn *fn, void *ctx);
/* `key`, at the top and in text_config, becomes `value`, which is JSON; add: put in at the top
 * where it stands in neither. Caller frees; NULL if nothing changes, or it is no JSON object. */
char *config_with_value(const char *text, size_t n, const char *key, const char *value, bool add);
#endif
