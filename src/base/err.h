/* err: what went wrong, where, and what to do about it; the text a person and --json both get.
 * Owned by the caller, usually on its stack; fixed buffers so that it works when memory is gone.
 * Any thread, one err per thread. Fallible functions take `struct err *e` last; e may be NULL. */
#ifndef CUPEL_BASE_ERR_H
#define CUPEL_BASE_ERR_H
#include <stdbool.h>
#include <stdarg.h>

enum err_code {
	ERR_NONE = 0,
	ERR_NO,        /* the answer is "no": exit 1 */
	ERR_USAGE,     /* wrong usage: exit 2 */
	ERR_INPUT,     /* bad or missing input: exit 3 */
	ERR_SPACE,     /* out of disk: exit 4 */
	ERR_MEMORY,    /* out of memory: exit 4 */
	ERR_CANCELLED, /* exit 130 */
	ERR_INTERNAL,  /* a bug or the system failing oddly: exit 3 */
};

struct err {
	enum err_code code;
	char where[512]; /* file, line, tensor, key */
	char what[512];
	char hint[512];  /* what to do; may be empty */
};

/* Both return false, so `return err_set(…)` reads well. hint may be NULL. Control bytes in the
 * result are escaped: text from files passes through here on its way to a terminal. */
bool err_set(struct err *e, enum err_code code, const char *where, const char *hint,
	const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* The same from errno (ENOSPC and ENOMEM choose the code): what = "cannot VERB: strerror". */
bool err_errno(struct err *e, const char *where, const char *verb);
/* Replace `where` when the caller knows better; keeps the rest. Returns false. */
bool err_at(struct err *e, const char *where_fmt, ...) __attribute__((format(printf, 2, 3)));
void err_clear(struct err *e);
int err_exit_status(enum err_code code);
const char *err_code_name(enum err_code code); /* "input", "space" … as in --json */
/* One line: "cupel: WHERE: WHAT; HINT\n" on stderr. */
void err_print(const struct err *e);
#endif
