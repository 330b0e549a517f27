/* shared: a run as the one file that others can make it again from: its recipe under names that
 * mean the same elsewhere, and what is known of it as comments (recipe/share.h).
 * Results are the caller's. Any thread that may read the catalog. */
#ifndef CUPEL_REPORT_SHARED_H
#define CUPEL_REPORT_SHARED_H
#include "catalog/catalog.h"
#include "recipe/share.h"

/* The name under which an input is told to others: the recipe's string, unless that is a path. */
char *shared_input_name(const struct catalog_input *in);
/* The recipe's text for others, without the comments; NULL: the run has none, or it is no YAML. */
char *shared_recipe_text(const struct catalog_run *r, const struct catalog_input *in, size_t n,
	struct err *e);
/* All of it; NULL with a message. */
char *shared_run(struct catalog *c, const struct catalog_run *r, const struct catalog_input *in,
	size_t n, struct err *e);
#endif
