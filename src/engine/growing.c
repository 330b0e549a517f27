#include "config.h"
#include "engine/growing.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/json.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "engine/output.h"
#include "system/file.h"

#define MARGIN ((uint64_t)16 << 20) /* room for the files beside the weights */

char *output_path(const char *path, struct err *e)
{
	char *copy = xstrdup(path), *name, *parent, *real, *out;
	size_t n = strlen(copy);

	while (n > 1 && copy[n - 1] == '/')
		copy[--n] = 0;
	name = strrchr(copy, '/');
	name = name ? name + 1 : copy;
	if (!*name || str_eq(name, ".") || str_eq(name, "..")) {
		err_set(e, ERR_USAGE, path, "name the folder to write",
			"this is no name for an output");
		free(copy);
		return NULL;
	}
	parent = name > copy ? xstrndup(copy, (size_t)(name - copy)) : xstrdup(".");
	real = realpath(parent, NULL);
	if (real)
		out = str_join_path(real, name);
	else if (*copy == '/')
		out = xstrdup(copy);
	else {
		char *cwd = getcwd(NULL, 0);

		out = str_join_path(cwd ? cwd : ".", copy);
		free(cwd);
	}
	free(real);
	free(parent);
	free(copy);
	return out;
}

char *growing_beside(const char *path, const char *suffix)
{
	const char *name = str_base(path);

	return xasprintf("%.*s.%s%s", (int)(name - path), path, name, suffix);
}

/* A folder that is an output itself, or what grows beside one: nobody's to replace. */
static bool is_own(const char *path, const char *name)
{
	char *folder = str_join_path(path, name), *list = str_join_path(folder, "cupel.json");
	bool own = (*name == '.' && strstr(name, ".cupel-")) ||
		(file_is_dir(folder) && file_exists(list));

	free(list);
	free(folder);
	return own;
}

bool growing_empty(const char *path)
{
	size_t n = 1;
	char **names = file_is_dir(path) ? file_list(path, &n, NULL) : NULL;

	if (names)
		file_list_free(names, n);
	return n == 0;
}

bool growing_steps(const char *path)
{
	size_t n = 0;
	char **names = file_is_dir(path) ? file_list(path, &n, NULL) : NULL;
	bool empty = names != NULL;

	for (size_t i = 0; empty && i < n; i++)
		empty = is_own(path, names[i]);
	if (names)
		file_list_free(names, n);
	return empty;
}

bool growing_keeps(const char *path, const char *inside)
{
	size_t n = strlen(path);
	char *name;
	bool keeps;

	if (strncmp(path, inside, n) != 0 || inside[n] != '/')
		return false;
	inside += n + 1;
	name = xstrndup(inside, strcspn(inside, "/"));
	keeps = is_own(path, name);
	free(name);
	return keeps;
}

/* Outputs in a folder that was replaced move into the new one. */
static bool take_along(const char *old, const char *path, struct err *e)
{
	size_t n = 0;
	char **names = file_list(old, &n, e);
	bool ok = names != NULL;

	for (size_t i = 0; ok && i < n; i++) {
		char *from = str_join_path(old, names[i]), *to = str_join_path(path, names[i]);

		if (is_own(old, names[i]) && !file_exists(to))
			ok = rename(from, to) == 0 || err_errno(e, to, "keep it");
		free(from);
		free(to);
	}
	if (names)
		file_list_free(names, n);
	return ok;
}

bool growing_foreign(const char *path, struct err *e)
{
	char *list = str_join_path(path, "cupel.json");
	json_t *j = file_exists(list) ? json_parse_file(list, (size_t)256 << 20, NULL) : NULL;
	const json_t *files = json_at(j, "files");
	size_t n = 0;
	char **names = file_list(path, &n, e);
	bool ok = names != NULL;

	for (size_t i = 0; ok && i < n; i++)
		if (!(j && str_eq(names[i], "cupel.json")) && !json_object_get(files, names[i]) &&
			!(j && is_own(path, names[i])))
			ok = err_set(e, ERR_INPUT, path,
				"choose another folder, or take that file away",
				"it holds %s, which no run of cupel wrote", names[i]);
	if (names)
		file_list_free(names, n);
	json_decref(j);
	free(list);
	return ok;
}

bool growing_write(int fd, const char *where, const void *bytes, size_t n, uint64_t offset,
	struct err *e)
{
	const char *b = bytes;

	while (n > 0) {
		ssize_t done = pwrite(fd, b, n, (off_t)offset);

		if (done < 0 && errno == EINTR)
			continue;
		if (done == 0)
			errno = ENOSPC;
		if (done <= 0)
			return err_errno(e, where, "write");
		b += done;
		n -= (size_t)done;
		offset += (uint64_t)done;
	}
	return true;
}

bool growing_room(const char *path, uint64_t bytes, struct err *e)
{
	uint64_t room = 0, need = bytes + MARGIN;
	struct str a = STR_INIT, b = STR_INIT;
	bool ok;

	if (!file_free_space(path, &room))
		return true;
	str_add_bytes(&a, need);
	str_add_bytes(&b, room);
	ok = room >= need || err_set(e, ERR_SPACE, path, "free some space or write elsewhere",
		"the output needs %s, and %s are free", a.s, b.s);
	str_fini(&a);
	str_fini(&b);
	return ok;
}

int growing_file(const char *path, const char *where, uint64_t bytes, struct err *e)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	bool ok = fd >= 0 || err_errno(e, where, "create a file");

	if (ok && ftruncate(fd, (off_t)bytes) != 0)
		ok = err_errno(e, where, "make room");
#ifdef HAVE_FALLOCATE
	if (ok && fallocate(fd, 0, 0, (off_t)bytes) != 0 &&
		(errno == ENOSPC || errno == EDQUOT || errno == EFBIG))
		ok = err_errno(e, where, "make room");
#endif
	if (ok || fd < 0)
		return fd;
	close(fd);
	return -1;
}

bool growing_parent(const char *path, struct err *e)
{
	char *parent = xstrndup(path, (size_t)(str_base(path) - path));
	bool ok = file_mkdirs(parent, e);

	free(parent);
	return ok;
}

bool growing_sync_name(const char *path, struct err *e)
{
	char *parent = xstrndup(path, (size_t)(str_base(path) - path));
	int dir = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = dir >= 0 && fsync(dir) == 0;

	if (dir >= 0)
		close(dir);
	free(parent);
	return ok || err_errno(e, path, "put its name on the disk");
}

bool growing_swap(const char *tmp, const char *path, struct err *e)
{
	char *old;
	bool ok;

	if (renameat2(AT_FDCWD, tmp, AT_FDCWD, path, RENAME_EXCHANGE) == 0)
		return take_along(tmp, path, e) && file_remove_tree(tmp, e);
	old = growing_beside(path, ".cupel-old");
	ok = (rename(path, old) == 0 && rename(tmp, path) == 0) ||
		err_errno(e, path, "replace the earlier output");
	ok = ok && take_along(old, path, e) && file_remove_tree(old, e);
	free(old);
	return ok;
}
