/* line_file: a text file that grows by whole lines below a head, and can be gone on with after a
 * crash: a torn last line is as if it were not there.
 * One owner; line_file_add by one thread at a time. */
#ifndef CUPEL_SYSTEM_LINE_FILE_H
#define CUPEL_SYSTEM_LINE_FILE_H
#include <stdbool.h>
#include <stddef.h>
#include "base/err.h"

struct line_file {
	int fd;                /* -1: closed */
	char *path;
};
struct line_reader {
	/* A line with its end, and what follows it; false: this is where the file was torn. */
	bool (*line)(void *ctx, const char *line);
	/* The file begins otherwise: say what that means. Returns false. */
	bool (*other_head)(void *ctx, const char *have, const char *want, struct err *e);
	void *ctx;
};
/* Whole lines below the head are given to r->line; *keep: bytes up to the first that is torn. line
 * NULL: only the head is looked at. */
bool line_file_read(const char *path, const char *head, const struct line_reader *r, size_t *keep,
	struct err *e);
/* An empty one with this head, or with `resume` the one there, read and cut where it is torn. l is
 * closed on error. */
bool line_file_open(struct line_file *l, const char *path, const char *head,
	const struct line_reader *resume, struct err *e);
bool line_file_add(const struct line_file *l, const char *text, size_t n, struct err *e);
void line_file_close(struct line_file *l); /* also one that is all zero but for fd -1 */
#endif
