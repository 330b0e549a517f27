/* diff_files: how two models differ beside their weights: configs, generation config, tokenizer,
 * chat template. Any thread. */
#ifndef CUPEL_CLI_DIFF_FILES_H
#define CUPEL_CLI_DIFF_FILES_H
#include "model/model.h"

/* [{file, key, a, b}], values as they are in the files, null where one has none. */
json_t *diff_files(const struct model *a, const struct model *b);
#endif
