#include "config.h"
#include "system/line_file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "system/file.h"

#define FILE_MAX ((size_t)256 << 20)

bool line_file_read(const char *path, const char *head, const struct line_reader *r, size_t *keep,
	struct err *e)
{
	size_t n;
	char *text = file_read_all(path, FILE_MAX, &n, e), *end;
	bool ok = text && (str_starts(text, head) || r->other_head(r->ctx, text, head, e));

	*keep = strlen(head);
	while (ok && r->line && (end = strchr(text + *keep, '\n')) &&
		r->line(r->ctx, text + *keep))
		*keep = (size_t)(end + 1 - text);
	free(text);
	return ok;
}

bool line_file_add(const struct line_file *l, const char *text, size_t n, struct err *e)
{
	ssize_t done;

	do
		done = write(l->fd, text, n);
	while (done < 0 && errno == EINTR);
	if (done == (ssize_t)n)
		return true;
	if (done >= 0)
		errno = ENOSPC;
	return err_errno(e, l->path, "write the journal");
}

bool line_file_open(struct line_file *l, const char *path, const char *head,
	const struct line_reader *resume, struct err *e)
{
	size_t keep = 0;
	bool ok;

	*l = (struct line_file){ .fd = -1 };
	if (resume && !line_file_read(path, head, resume, &keep, e))
		return false;
	l->path = xstrdup(path);
	l->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (resume ? 0 : O_TRUNC),
		0666);
	if (l->fd < 0)
		ok = err_errno(e, path, "create the journal");
	else if (resume)
		ok = ftruncate(l->fd, (off_t)keep) == 0 ||
			err_errno(e, path, "write the journal");
	else
		ok = line_file_add(l, head, strlen(head), e);
	if (!ok)
		line_file_close(l);
	return ok;
}

void line_file_close(struct line_file *l)
{
	if (l->fd >= 0)
		close(l->fd);
	free(l->path);
	*l = (struct line_file){ .fd = -1 };
}
