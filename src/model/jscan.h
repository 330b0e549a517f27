/* jscan: a pull scanner over JSON text for files that are large or hostile (safetensors headers,
 * shard indexes, tokenizer.json): no tree, no recursion, memory bounded by the longest string.
 * The scanner borrows text, `where` and the err; the holder owns it: jscan_fini. One thread.
 *
 * After a failure every call returns false, so a caller may check jscan_ok once per value:
 *	if (jscan_open(&s, '{'))
 *		while (jscan_more(&s, '}') && jscan_key(&s, &key))
 *			…read or jscan_skip the value…
 *	if (!jscan_ok(&s)) … */
#ifndef CUPEL_MODEL_JSCAN_H
#define CUPEL_MODEL_JSCAN_H
#include "base/err.h"
#include "base/str.h"

#define JSCAN_MAX_DEPTH 64

struct jscan {
	const char *start, *p, *end;
	const char *where;
	struct err *e;
	bool failed;
	bool first;         /* nothing read yet in the container just opened */
	struct str scratch; /* the last string, if it held escapes */
};
/* A string, valid until the next one is read; not NUL-terminated. */
struct jtext {
	const char *s;
	size_t n;
};
void jscan_init(struct jscan *s, const char *text, size_t n, const char *where, struct err *e);
void jscan_fini(struct jscan *s);
static inline bool jscan_ok(const struct jscan *s)
{
	return !s->failed;
}
char jscan_peek(struct jscan *s);               /* first byte of the next token; 0 at the end */
bool jscan_open(struct jscan *s, char bracket); /* '{' or '[' */
bool jscan_more(struct jscan *s, char close);   /* another member? takes the comma or `close` */
bool jscan_key(struct jscan *s, struct jtext *key); /* and its colon */
bool jscan_string(struct jscan *s, struct jtext *text);
bool jscan_u64(struct jscan *s, uint64_t *v);   /* digits only */
bool jscan_skip(struct jscan *s);               /* any value */
bool jscan_end(struct jscan *s);                /* only white space is left */
bool jscan_fail(struct jscan *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool jtext_eq(struct jtext t, const char *s);
#endif
