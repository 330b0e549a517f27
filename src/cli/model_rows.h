/* model_rows: the catalog's models as `scan` and `models` show them. Called by one thread. */
#ifndef CUPEL_CLI_MODEL_ROWS_H
#define CUPEL_CLI_MODEL_ROWS_H
#include "catalog/catalog.h"
#include "cli/verb.h"
#include "lineage/lineage.h"

json_t *models_json(const struct catalog_model *v, size_t n);      /* an array; new reference */
void models_table(const struct catalog_model *v, size_t n);
/* By lineage: children inside parents; models that are known by name only, where others hang
 * together by them. */
json_t *models_tree_json(const struct catalog_model *v, size_t n, const struct lineage *l);
void models_tree(const struct catalog_model *v, size_t n, const struct lineage *l);
#endif
