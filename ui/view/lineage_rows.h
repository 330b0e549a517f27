/* lineage_rows: the rows of view Models: the registered models as a forest, by lineage or by
 * folder, with those known by name only where others hang together by them, and what the list
 * shows of each. Owned by the view; strings of a row live as long as the
 * rows. */
#ifndef CUPEL_UI_LINEAGE_ROWS_H
#define CUPEL_UI_LINEAGE_ROWS_H
#include "base/arena.h"
#include "base/vec.h"
#include "catalog/catalog.h"
#include "lineage/lineage.h"

struct model_row {
	const struct catalog_model *model; /* NULL: a folder, or known by name only */
	bool elsewhere;                    /* known by name only: node of the graph */
	size_t node;
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
/* models stay borrowed until the next call. graph NULL: not made yet; then parents are what the
 * catalog's rows say. */
void model_rows_build(struct model_rows *r, const struct catalog_model *models, size_t n,
	const struct lineage *graph, bool by_folder);
void model_rows_fini(struct model_rows *r);
/* The longest folder that holds them all, "" if there is none. */
char *model_common_folder(const struct catalog_model *models, size_t n);
#endif
