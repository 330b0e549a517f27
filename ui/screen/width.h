/* width: text as the columns it will take. Everything that measures, cuts or draws text goes
 * through text_next, so that wide, combining, joined and hostile text never shifts a column.
 * Constant tables and one process-wide tier, set once at start. UI thread only. */
#ifndef CUPEL_UI_WIDTH_H
#define CUPEL_UI_WIDTH_H
#include <stdbool.h>
#include <stddef.h>
#include "base/str.h"

/* What the terminal can show. Below UNICODE every cluster is replaced from a table or by '?'. */
enum text_tier { TEXT_ASCII, TEXT_UNICODE };
void text_set_tier(enum text_tier t);
enum text_tier text_tier(void);

/* One grapheme cluster as it will be shown. Control bytes, invalid UTF-8 and invisible direction
 * marks come as visible escapes (\x1b, \u202e), several columns wide and pure ASCII. */
struct cluster {
	const char *s; /* into the text, or own */
	size_t n;
	int width;     /* 1 or more */
	bool ascii;    /* one column a byte */
	char own[16];
};
bool text_next(const char **p, const char *end, struct cluster *c);

int text_width(const char *s);
int text_widthn(const char *s, size_t n);
enum text_cut { CUT_END, CUT_MIDDLE, CUT_START };
/* Append s cut to at most `width` columns, "…" where something went. Returns the columns used. */
int text_fit(struct str *out, const char *s, int width, enum text_cut cut);
/* The same, filled with blanks to exactly `width`; align < 0 left, > 0 right, 0 centre. */
void text_pad(struct str *out, const char *s, int width, int align, enum text_cut cut);
/* Break into lines of at most `width` columns at blanks; calls fn for each (n bytes at s). */
void text_wrap(const char *s, int width, void (*fn)(void *ctx, const char *s, size_t n), void *ctx);
#endif
