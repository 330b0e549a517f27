/* config_text: edits of a config.json as text, so that everything else stays byte for byte,
 * Python's
 * NaN and Infinity too. Pure functions; any thread. */
#ifndef CUPEL_ENGINE_CONFIG_TEXT_H
#define CUPEL_ENGINE_CONFIG_TEXT_H
#include <stddef.h>

/* torch_dtype / dtype (also of the parts: text_config …) become `dtype`, one is put in where there
 * is none; what says that weights are quantized goes. Caller frees; NULL if it is no JSON
 * object. */
char *config_with_dtype(const char *text, size_t n, const char *dtype);
#endif
