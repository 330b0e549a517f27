/* filter: what a person types to find runs, as a condition in SQL with its values beside it.
 * The maker owns it: filter_fini. One thread.
 *
 *	filter = { ["-"] ( word | field ":" word ) }     all must hold; "-" excludes
 *	word   = characters without space | '"' anything '"'
 *
 * A word without a field is a prefix of a word in the name, recipe, inputs, output, notes or tags,
 * or the run's number. Fields are the rows of a table in filter.c. */
#ifndef CUPEL_CATALOG_FILTER_H
#define CUPEL_CATALOG_FILTER_H
#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"

struct filter {
	struct str where;      /* condition over the table run, as r; never empty */
	vec(char *) values;    /* for its ?s, in order */
};
/* An unknown field is an error that names the nearest one. */
bool filter_parse(struct filter *f, const char *text, struct err *e);
void filter_fini(struct filter *f);
#endif
