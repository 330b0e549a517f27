#include "system/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xalloc.h"

static struct file_id id_of(const struct stat *st)
{
	return (struct file_id){
		.dev = st->st_dev,
		.ino = st->st_ino,
		.size = (uint64_t)st->st_size,
		.mtime_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
	};
}

/* O_NONBLOCK: opening a pipe that nobody writes must not hang; plain files ignore it. */
struct file *file_open(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct file *f;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0) {
		err_errno(e, path, "open");
		goto fail;
	}
	if (!S_ISREG(st.st_mode)) {
		err_set(e, ERR_INPUT, path, "name a file", "%s",
			S_ISDIR(st.st_mode) ? "is a folder, not a file" : "is not a plain file");
		goto fail;
	}
	f = xnew(struct file, 1);
	f->fd = fd;
	f->path = xstrdup(path);
	f->id = id_of(&st);
	return f;
fail:
	if (fd >= 0)
		close(fd);
	return NULL;
}

void file_close(struct file *f)
{
	if (!f)
		return;
	close(f->fd);
	free(f->path);
	free(f);
}

bool file_pread(const struct file *f, void *buf, size_t n, uint64_t offset, struct err *e)
{
	uint64_t end;
	size_t done = 0;
	ssize_t k;

	if (__builtin_add_overflow(offset, (uint64_t)n, &end) || end > INT64_MAX)
		return err_set(e, ERR_INPUT, f->path, "the file is damaged: get a good copy",
			"an offset in it is beyond any file");
	while (done < n) {
		k = pread(f->fd, (char *)buf + done, n - done, (off_t)(offset + done));
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return err_errno(e, f->path, "read");
		if (k == 0)
			return err_set(e, ERR_INPUT, f->path, "it is cut short or still arriving: "
				"fetch it again", "ends %zu bytes too early (wanted %zu at %llu)",
				n - done, n, (unsigned long long)offset);
		done += (size_t)k;
	}
	return true;
}

char *file_read_all(const char *path, size_t max, size_t *n, struct err *e)
{
	struct file *f = file_open(path, e);
	struct str text = STR_INIT;
	char buf[16384];
	ssize_t k = 0;

	if (!f)
		return NULL;
	while (text.n <= max) {
		k = read(f->fd, buf, sizeof buf);
		if (k < 0 && errno == EINTR)
			continue;
		if (k <= 0)
			break;
		str_addn(&text, buf, (size_t)k);
	}
	if (k < 0)
		err_errno(e, path, "read");
	else if (text.n > max)
		err_set(e, ERR_INPUT, path, "check that it is the file you meant",
			"larger than the %zu bytes such a file may have", max);
	file_close(f);
	if (k < 0 || text.n > max) {
		str_fini(&text);
		return NULL;
	}
	if (n)
		*n = text.n;
	return str_steal(&text);
}

bool file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

bool file_is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

char *file_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (file_is_dir(path))
		return xstrdup(path);
	return slash ? xstrndup(path, (size_t)(slash - path) + (slash == path)) : xstrdup(".");
}

bool file_stat_id(const char *path, struct file_id *id)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return false;
	*id = id_of(&st);
	return true;
}

static bool write_at(int fd, const char *path, const void *buf, size_t n, uint64_t offset,
	struct err *e)
{
	size_t done = 0;
	ssize_t k;

	while (done < n) {
		k = pwrite(fd, (const char *)buf + done, n - done, (off_t)(offset + done));
		if (k < 0 && errno == EINTR)
			continue;
		if (k < 0)
			return err_errno(e, path, "write");
		done += (size_t)k;
	}
	return true;
}

/* Opens and locks the temporary file: one writer per output. The lock goes with its holder, so what
 * a killed one left behind is simply begun again. Between open and lock another writer may have
 * renamed the file to its final name: then this is no longer ours to cut. */
static int open_locked(const char *tmp, const char *path, struct err *e)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct stat mine, there;
	int fd;

	for (;;) {
		fd = open(tmp, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
		if (fd < 0) {
			err_errno(e, path, "create");
			return -1;
		}
		if (fcntl(fd, F_OFD_SETLK, &lock) != 0 && (errno == EAGAIN || errno == EACCES)) {
			err_set(e, ERR_INPUT, path, "wait for it or choose another name",
				"another process is writing this file");
			break;
		}
		if (fstat(fd, &mine) == 0 && lstat(tmp, &there) == 0 &&
			mine.st_ino == there.st_ino &&
			mine.st_dev == there.st_dev) {
			if (ftruncate(fd, 0) == 0)
				return fd;
			err_errno(e, path, "create");
			break;
		}
		close(fd);
	}
	close(fd);
	return -1;
}

static void out_free(struct file_out *o)
{
	if (o->fd >= 0)
		close(o->fd);
	free(o->path);
	free(o->tmp);
	free(o);
}

struct file_out *file_out_open(const char *path, struct err *e)
{
	const char *base = str_base(path);
	struct file_out *o = xnew(struct file_out, 1);

	o->path = xstrdup(path);
	o->tmp = xasprintf("%.*s.%s.cupel-tmp", (int)(base - path), path, base);
	o->fd = open_locked(o->tmp, path, e);
	if (o->fd >= 0)
		return o;
	out_free(o);
	return NULL;
}

bool file_out_pwrite(struct file_out *o, const void *buf, size_t n, uint64_t offset, struct err *e)
{
	return write_at(o->fd, o->path, buf, n, offset, e);
}

/* The folder entry itself reaches the disk only with its folder. */
static bool sync_parent(const char *path, struct err *e)
{
	const char *base = str_base(path);
	char *dir = base == path ? xstrdup(".") : xstrndup(path, (size_t)(base - path));
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;

	if (!ok)
		err_errno(e, dir, "sync");
	if (fd >= 0)
		close(fd);
	free(dir);
	return ok;
}

bool file_out_commit(struct file_out *o, bool sync, struct err *e)
{
	bool ok = !sync || fsync(o->fd) == 0;

	if (!ok)
		err_errno(e, o->path, "sync");
	if (ok && rename(o->tmp, o->path) != 0)
		ok = err_errno(e, o->path, "rename the finished file to its name");
	if (ok && sync)
		ok = sync_parent(o->path, e);
	else if (!ok)
		unlink(o->tmp);
	/* After the rename: closing first would let another writer lock and cut it. */
	if (close(o->fd) != 0 && ok)
		ok = err_errno(e, o->path, "close");
	o->fd = -1;
	out_free(o);
	return ok;
}

void file_out_abort(struct file_out *o)
{
	if (!o)
		return;
	unlink(o->tmp);
	out_free(o);
}

bool file_write_all(const char *path, const void *buf, size_t n, struct err *e)
{
	struct file_out *o = file_out_open(path, e);

	if (!o)
		return false;
	if (file_out_pwrite(o, buf, n, 0, e))
		return file_out_commit(o, false, e);
	file_out_abort(o);
	return false;
}

bool file_copy(const char *from, const char *to, struct err *e)
{
	struct file *in = file_open(from, e);
	struct file_out *out = in ? file_out_open(to, e) : NULL;
	char *buf = xmalloc(1 << 18);
	uint64_t at = 0;
	bool ok = out != NULL;

	while (ok && at < in->id.size) {
		size_t n = in->id.size - at < 1 << 18 ? (size_t)(in->id.size - at) : 1 << 18;

		ok = file_pread(in, buf, n, at, e) && file_out_pwrite(out, buf, n, at, e);
		at += n;
	}
	if (ok)
		ok = file_out_commit(out, false, e);
	else
		file_out_abort(out);
	free(buf);
	file_close(in);
	return ok;
}
