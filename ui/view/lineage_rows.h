/* lineage_rows: the rows of view Models: the registered models as a forest, by lineage or by
 * folder, and what the list shows of each. Owned by the view; strings of a row live as long as the
 * rows. */
#ifndef CUPEL_UI_LINEAGE_ROWS_H
#define CUPEL_UI_LINEAGE_ROWS_H
#include "base/arena.h"
#include "base/vec.h"
#include "catalog/catalog.h"

struct model_row {
	const struct catalog_model *model; /* NULL: a folder */
	const char *label;                 /* "granite-4.1-3b", "…-q8-hi" */
	const char *how;                   /* "nuslerp", "partial 3/7", "dropped" */
	long parent;                       /* row number, -1 */
	uint64_t id;
	double score;                      /* NAN */
};
struct model_rows {
	vec(struct model_row) rows;
	struct arena text;
};
/* models stay borrowed until the next call. parents: id of
 * the model each hangs under, 0 for none. */
void model_rows_build(struct model_rows *r, const struct catalog_model *models, size_t n,
	const int64_t *parents, bool by_folder);
void model_rows_fini(struct model_rows *r);
/* The longest folder that holds them all, "" if there is none. */
char *model_common_folder(const struct catalog_model *models, size_t n);
#endif
