/* filter: the language behind '/':
 *	q_proj            a regular expression (letters without a capital match either case)
 *	a b               both
 *	!norm             not
 *	kind:merge        in that column (a unique prefix of its name will do)
 *	cos<0.98 size>5G conflict>=30%   by value
 * What is no valid expression is searched for as it stands. Owned by the holder. UI thread only. */
#ifndef CUPEL_UI_FILTER_H
#define CUPEL_UI_FILTER_H
#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"

enum filter_op { FILTER_MATCH, FILTER_LT, FILTER_LE, FILTER_GT, FILTER_GE, FILTER_EQ };
struct filter_term {
	bool negated;
	int column;          /* -1 any */
	enum filter_op op;
	double value;
	regex_t rx;
	bool has_rx;
};
struct row_filter {
	char *text;          /* as typed; NULL = none */
	struct filter_term *terms;
	size_t n;
};
/* A name to a column number, -1 unknown, -2 several. */
struct filter_columns {
	int (*find)(void *ctx, const char *name);
	void *ctx;
};
bool row_filter_parse(
	struct row_filter *f, const char *text, const struct filter_columns *c, struct err *e);
void row_filter_fini(struct row_filter *f);
/* text: of a column (-1: everything a plain expression looks at); value: NAN if none. */
struct filter_row {
	const char *(*text)(void *ctx, int column);
	double (*value)(void *ctx, int column);
	void *ctx;
};
bool row_filter_match(const struct row_filter *f, const struct filter_row *row);
#endif
