/* pattern: a text with holes, and what goes into them. Cards are such texts (share/cards).
 *
 *	{{PATH}}  {{PATH | FILTER [N|"text"] | …}}     a value; {{"text"}} is that text
 *	{{for NAME in PATH}} … {{else}} … {{end}}      once an element; else: there was none
 *	{{if [not] PATH [is "text"]}} … {{else}} … {{end}}
 *	{{include NAME}}   {{# remark}}
 *
 * PATH is names and numbers joined by points: of a loop's element, else of the data. A loop gives
 * loop.first, loop.last, loop.number (from 1). if holds for what is neither null, false, 0, "" nor
 * empty. A line with nothing but one of for, if, else, end, include, a remark vanishes. A name that
 * the data has not is an error, null is nothing; text goes into Markdown as text, whatever it holds
 * (the filter raw asks for the opposite). Filters are the rows of pattern_filters.def.
 * A pattern is immutable and its holder's: pattern_free. Any thread may render it. */
#ifndef CUPEL_REPORT_PATTERN_H
#define CUPEL_REPORT_PATTERN_H
#include "base/err.h"
#include "base/json.h"

#define PATTERN_MAX_BYTES ((size_t)1 << 20)

struct pattern;
/* The text of another one, for include: the caller frees it and *where; NULL with a message. */
typedef char *pattern_load_fn(void *ctx, const char *name, char **where, struct err *e);
/* where names the text in messages: "where:LINE". load NULL: nothing can be included. */
struct pattern *pattern_parse(const char *text, size_t n, const char *where, pattern_load_fn *load,
	void *ctx, struct err *e);
void pattern_free(struct pattern *p);
bool pattern_render(const struct pattern *p, const json_t *data, struct str *out, struct err *e);

struct pattern_filter {
	const char *name;
	bool verbatim;                 /* its text is not escaped */
	const char *arg, *help;        /* arg: "N", "TEXT" or NULL */
	/* v: what was there, NULL after another filter; text: as it is so far. Adds to out. */
	void (*apply)(const json_t *v, const char *text, int n, const char *arg, struct str *out);
};
const struct pattern_filter *pattern_filter_at(size_t i); /* NULL past the end */

/* What filters do, for those who put text together themselves. */
void pattern_add_markdown(struct str *out, const char *text); /* one line, nothing is markup */
#endif
