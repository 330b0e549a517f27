/* filter_words: what the catalog knows that a filter may name. The caller holds the connection's
 * lock; names belong to the struct: filter_names_fini. Private to src/catalog. */
#ifndef CUPEL_CATALOG_FILTER_WORDS_H
#define CUPEL_CATALOG_FILTER_WORDS_H
#include "catalog/db.h"
#include "catalog/filter.h"

struct filter_words {
	struct db *d;
	struct filter_names names;
	bool read;
};
const struct filter_names *filter_words_names(void *words); /* for filter_parse */
#endif
