/* pattern_in: what reading and filling in a pattern share. Private to src/report. */
#ifndef CUPEL_REPORT_PATTERN_IN_H
#define CUPEL_REPORT_PATTERN_IN_H
#include "base/arena.h"
#include "base/vec.h"
#include "report/pattern.h"

#define PATTERN_MAX_DEPTH 32      /* of tags in tags, includes counted */
#define PATTERN_MAX_FILTERS 8
#define PATTERN_MAX_INCLUDES 200

enum part_kind { PART_TEXT, PART_VALUE, PART_FOR, PART_IF };
struct part_filter {
	const struct pattern_filter *f;
	int n;
	const char *arg;
};
struct part {
	enum part_kind kind;
	const char *where;        /* of the text it stands in */
	int line;
	const char *text;         /* TEXT; of a VALUE that is a literal */
	size_t n;
	const char *path;         /* VALUE, FOR, IF */
	const char *name;         /* FOR: the element's */
	const char *is;           /* IF: the text it is compared with, or NULL */
	bool negated;
	struct part_filter filters[PATTERN_MAX_FILTERS];
	size_t n_filters;
	struct parts *body, *other;
};
struct parts {
	vec(struct part) v;
};
struct pattern {
	struct arena arena;
	struct parts *parts;
	vec(struct parts *) all;  /* to be freed */
	size_t includes;
};
#endif
