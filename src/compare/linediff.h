/* linediff: two texts of YAML line by line: what both have, what only one has. Lines are compared
 * by what they say: indentation counts as depth, comments and blanks do not count, 1.40 is 1.4;
 * lines that say nothing are passed over. Owned by the holder: linediff_fini. Pure; any thread. */
#ifndef CUPEL_COMPARE_LINEDIFF_H
#define CUPEL_COMPARE_LINEDIFF_H
#include <stddef.h>

struct linediff_line {
	char sign;              /* ' ' both, '-' only a, '+' only b */
	size_t a, b;            /* line numbers from 1; 0 where it has none */
	const char *text;       /* of b where both have it; not terminated: n bytes of the text */
	size_t n;
};
struct linediff {
	struct linediff_line *v;
	size_t n;
	size_t removed, added;
};
/* The texts must outlive d. Removed lines stand before those added in their place. */
void linediff(struct linediff *d, const char *a, const char *b);
void linediff_fini(struct linediff *d);
#endif
