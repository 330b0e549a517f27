/* report: model cards out of the catalog. What is known of the models becomes a tree of data, whose
 * names cupel-card(5) lists, and a layout (a pattern, share/cards or the user's own) makes text of
 * it. No figure is written by hand, so none can contradict another; nothing names a path, a user or
 * a host of this machine.
 * Results are the caller's. Any thread that may read the catalog; models that are on disk are
 * opened for their headers, no weight is read. */
#ifndef CUPEL_REPORT_REPORT_H
#define CUPEL_REPORT_REPORT_H
#include "base/json.h"
#include "catalog/catalog.h"

struct report_ask {
	/* a run's number or name, a model's name or path, a file's word for one; several stand side
	 * by side */
	const char *const *words;
	size_t n;
	const char *baseline;   /* NULL: the default of a comparison; of two, the second */
	const char *layout;     /* its name; NULL: "default" */
	/* What a run's quantization cost: {"ROLE TYPE": {"error": relative, "half": of its 95 %
	 * interval or null}}, a new reference; NULL: not known. May be NULL. */
	json_t *(*errors)(void *ctx, int64_t run);
	void *ctx;
};
char *report_card(struct catalog *c, const struct report_ask *ask, struct err *e);
json_t *report_data(struct catalog *c, const struct report_ask *ask, struct err *e);
/* Names of the layouts there are, the user's included, sorted; each free(), then the list. */
char **report_layouts(size_t *n);
#endif
