/* audit: what a model card claims, computed again: averages, differences, percents against points,
 * counts, sizes and bits, sums of weights, keys of recipes, what is told by chance and what by a
 * benchmark's majority. A finding says what was stated, what it is, and how that was computed.
 * audit_card fills a struct audit, which is its holder's: audit_fini. One thread per audit. */
#ifndef CUPEL_AUDIT_AUDIT_H
#define CUPEL_AUDIT_AUDIT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/json.h"
#include "import/import.h"

struct model;

enum audit_verdict {
	AUDIT_WRONG,       /* the card's own figures, or the files, say otherwise */
	AUDIT_MISLEADING,  /* true as a figure, not as what it is used for */
	AUDIT_UNSUPPORTED, /* nothing measured stands behind it, or chance alone would do it */
	AUDIT_RIGHT,
	AUDIT_VERDICTS,
};
const char *audit_verdict_name(enum audit_verdict v);

struct audit_finding {
	int64_t line;              /* of the card, from 1 */
	enum audit_verdict verdict;
	const char *check;         /* a row of checks.def; constant */
	char *claim;               /* in the card's words, short */
	json_t *stated, *computed; /* number, text or null */
	char *message;
};
struct audit {
	struct { struct audit_finding *v; size_t n, cap; } findings; /* by line, the worst first */
	size_t count[AUDIT_VERDICTS];
};
/* What stands beside the card. open: a model by a name of the card (a parent), or NULL; the audit
 * takes the reference. */
struct audit_known {
	struct model *(*open)(void *ctx, const char *name);
	void *ctx;
};
/* f is a card (f->card). known may be NULL. */
void audit_card(const struct import_file *f, const struct audit_known *known, struct audit *out);
void audit_fini(struct audit *a);
json_t *audit_json(const struct audit *a, const char *path);

#endif
