#include "base/xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void (*abort_hook)(void);

void xalloc_on_abort(void (*hook)(void))
{
	abort_hook = hook;
}

/* No stdio here: its buffers may need the memory that is gone. */
void xalloc_failed(void)
{
	static const char msg[] = "cupel: memory: none left for a small allocation; "
		"close other programs or use fewer threads\n";
	void (*hook)(void) = abort_hook;
	ssize_t ignored;

	abort_hook = NULL;
	if (hook)
		hook();
	ignored = write(STDERR_FILENO, msg, sizeof msg - 1);
	(void)ignored;
	_exit(4);
}

void *xmalloc(size_t n)
{
	void *p = malloc(n ? n : 1);

	if (!p)
		xalloc_failed();
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (!p)
		xalloc_failed();
	return p;
}

void *xrealloc(void *old, size_t n)
{
	void *p = realloc(old, n ? n : 1);

	if (!p)
		xalloc_failed();
	return p;
}

char *xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

char *xstrndup(const char *s, size_t n)
{
	size_t len = strnlen(s, n);
	char *p = xmalloc(len + 1);

	memcpy(p, s, len);
	p[len] = '\0';
	return p;
}

char *xasprintf(const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&p, fmt, ap);
	va_end(ap);
	if (n < 0)
		xalloc_failed();
	return p;
}

void *xtry_malloc(size_t n)
{
	size_t rounded;

	if (__builtin_add_overflow(n, (size_t)63, &rounded))
		return NULL;
	rounded &= ~(size_t)63;
	return aligned_alloc(64, rounded ? rounded : 64);
}
