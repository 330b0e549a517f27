/* filter: what a person types to find runs, as a condition in SQL with its values beside it.
 * The maker owns it: filter_fini. One thread. Private to src/catalog.
 *
 *	filter = all { "or" all }
 *	all    = { [ "-" ] ( "(" filter ")" | word | field relation word ) }
 *	relation = ":" | "=" | "!=" | "<" | "<=" | ">" | ">="
 *	word   = characters without space | '"' anything '"'
 *
 * Words beside each other must all hold; "-" excludes. A word without a field is the beginning of a
 * word in the name, recipe, inputs, output, notes, tags or the card of what was written, or the
 * run's number. Fields are the rows of filter_field.c, then what the catalog's recipes and scores
 * know: keys of recipes with a number, tasks ("arc", "hellaswag.acc_norm"), metrics. Numbers may be
 * ranges: 0.1..0.5, 5.., ..2G */
#ifndef CUPEL_CATALOG_FILTER_H
#define CUPEL_CATALOG_FILTER_H
#include "base/err.h"
#include "base/str.h"
#include "base/vec.h"

struct filter {
	struct str where;      /* condition over the table run, as r; never empty */
	vec(char *) values;    /* for its ?s, in order */
	/* The same question to a full-text index, where the filter is nothing but words that must
	 * all be there; else empty. */
	struct str words;
};
/* What may be a field beside the fixed ones, in any order. */
struct filter_names {
	vec(char *) keys;      /* of stored recipes, in small letters */
	vec(char *) tasks, metrics; /* of stored scores */
};
void filter_names_fini(struct filter_names *n);
/* names is asked once at most, and only about what no fixed field is called; NULL: there are
 * none. An unknown field is an error that names the nearest one. */
bool filter_parse(struct filter *f, const char *text,
	const struct filter_names *(*names)(void *ctx), void *ctx, struct err *e);
void filter_fini(struct filter *f);

/* The fixed fields, for help and completion: what they are of, and an example. */
struct filter_help {
	const char *name, *example, *help;
};
bool filter_help_at(size_t i, struct filter_help *h); /* false after the last */
#endif
