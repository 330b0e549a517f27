#include "base/err.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

static void put(char *dst, size_t cap, const char *text)
{
	str_safe_copy(dst, cap, text ? text : "", text ? strlen(text) : 0);
}

bool err_set(struct err *e, enum err_code code, const char *where, const char *hint,
	const char *fmt, ...)
{
	char raw[sizeof e->what];
	va_list ap;

	if (!e)
		return false;
	va_start(ap, fmt);
	vsnprintf(raw, sizeof raw, fmt, ap);
	va_end(ap);
	e->code = code;
	put(e->what, sizeof e->what, raw);
	if (where != e->where)
		put(e->where, sizeof e->where, where);
	if (hint != e->hint)
		put(e->hint, sizeof e->hint, hint);
	return false;
}

static const struct {
	int number;
	enum err_code code;
	const char *hint;
} known_errno[] = {
	{ ENOSPC, ERR_SPACE, "free some space or write elsewhere" },
	{ EDQUOT, ERR_SPACE, "your disk quota is used up: free some space or write elsewhere" },
	{ EFBIG, ERR_SPACE, "files may not be that large here: write elsewhere, or split it" },
	{ ENOMEM, ERR_MEMORY, "close other programs or use fewer threads" },
	{ ENOENT, ERR_INPUT, "check the path" },
	{ EACCES, ERR_INPUT, "check the permissions" },
	{ EPERM, ERR_INPUT, "check the permissions" },
	{ EROFS, ERR_INPUT, "the file system is read-only: write elsewhere" },
	{ ENOTDIR, ERR_INPUT, "a part of the path is not a folder" },
	{ EISDIR, ERR_INPUT, "it is a folder" },
	{ ENAMETOOLONG, ERR_INPUT, "use a shorter name" },
	{ EMFILE, ERR_INTERNAL, "too many files are open: raise the limit with ulimit -n" },
	{ EIO, ERR_INTERNAL, "the disk reports a fault: check it and your backups" },
};

bool err_errno(struct err *e, const char *where, const char *verb)
{
	int number = errno;
	char text[128];
	const char *said = strerror_r(number, text, sizeof text);

	for (size_t i = 0; i < sizeof known_errno / sizeof known_errno[0]; i++) {
		if (known_errno[i].number == number)
			return err_set(e, known_errno[i].code, where, known_errno[i].hint,
				"cannot %s: %s", verb, said);
	}
	return err_set(e, ERR_INPUT, where, NULL, "cannot %s: %s", verb, said);
}

bool err_at(struct err *e, const char *where_fmt, ...)
{
	char raw[sizeof e->where];
	va_list ap;

	if (!e)
		return false;
	va_start(ap, where_fmt);
	vsnprintf(raw, sizeof raw, where_fmt, ap);
	va_end(ap);
	put(e->where, sizeof e->where, raw);
	return false;
}

void err_clear(struct err *e)
{
	if (!e)
		return;
	e->code = ERR_NONE;
	e->where[0] = e->what[0] = e->hint[0] = '\0';
}

static const struct {
	int status;
	const char *name;
} codes[] = {
	[ERR_NONE] = { 0, "none" },
	[ERR_NO] = { 1, "no" },
	[ERR_USAGE] = { 2, "usage" },
	[ERR_INPUT] = { 3, "input" },
	[ERR_SPACE] = { 4, "space" },
	[ERR_MEMORY] = { 4, "memory" },
	[ERR_CANCELLED] = { 130, "cancelled" },
	[ERR_INTERNAL] = { 3, "internal" },
};

int err_exit_status(enum err_code code)
{
	return codes[code].status;
}

const char *err_code_name(enum err_code code)
{
	return codes[code].name;
}

void err_print(const struct err *e)
{
	fprintf(stderr, "cupel: %s%s%s%s%s\n", e->where, e->where[0] ? ": " : "", e->what,
		e->hint[0] ? "; " : "", e->hint);
}
