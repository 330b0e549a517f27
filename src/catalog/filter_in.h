/* filter_in: what the files of filter share: a comparison as it was typed, an interval of numbers
 * or times, conditions added to the SQL. Private to src/catalog/filter*.c. */
#ifndef CUPEL_CATALOG_FILTER_IN_H
#define CUPEL_CATALOG_FILTER_IN_H
#include "catalog/filter.h"

enum filter_relation { REL_HAS, REL_EQ, REL_NE, REL_LT, REL_LE, REL_GT, REL_GE };
struct filter_term {           /* field relation value */
	const char *field, *value;
	enum filter_relation relation;
};
struct filter_asked {          /* names, once they were asked for */
	const struct filter_names *(*ask)(void *ctx);
	void *ctx;
	const struct filter_names *got;
};
/* Appends a condition to f->where; *archived is set where the term speaks of archived runs. */
bool filter_add_term(struct filter *f, const struct filter_term *t, struct filter_asked *names,
	bool *archived, struct err *e);
void filter_add_value(struct filter *f, const char *value);
const char *filter_relation_text(enum filter_relation r);

/* What a value means. */
enum filter_unit { UNIT_PLAIN, UNIT_SIZE, UNIT_SECONDS, UNIT_DATE };
struct filter_span {           /* [begin, end], or [begin, end) where half_open */
	double begin, end;
	bool half_open;
	bool age;              /* "3d": so long ago; < is younger */
	bool percent;          /* "45%", already divided by 100 */
	double digit;          /* half a unit of the last digit that was typed */
};
bool filter_span(struct filter_span *s, const struct filter_term *t, enum filter_unit unit,
	struct err *e);
/* "(expression < value)": times are texts in UTC. */
void filter_add_span(struct str *out, const char *expression, const struct filter_span *s,
	enum filter_relation r, enum filter_unit unit);
#endif
