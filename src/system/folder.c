/* The part of file.h that is about folders, space and where the program's own data lies. */
#include "config.h"
#include "system/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/str.h"
#include "base/vec.h"
#include "base/xalloc.h"
#include "system/process.h"

bool file_mkdirs(const char *path, struct err *e)
{
	char *p = xstrdup(path);
	bool ok = true;

	for (char *s = p + 1; ok && *path; s++) {
		char c = *s;

		if (c != '/' && c != '\0')
			continue;
		*s = '\0';
		if (mkdir(p, 0777) != 0 && !file_is_dir(p)) {
			ok = err_errno(e, p, "create the folder");
			break;
		}
		*s = c;
		if (c == '\0')
			break;
	}
	free(p);
	return ok;
}

bool file_free_space(const char *path, uint64_t *bytes)
{
	char *p = xstrdup(path), *slash;
	struct statvfs v;
	int rc;

	while ((rc = statvfs(*p ? p : ".", &v)) != 0 && errno == ENOENT && *p) {
		slash = strrchr(p, '/');
		if (slash == p && p[1])
			p[1] = '\0';
		else
			*(slash ? slash : p) = '\0';
	}
	free(p);
	if (rc != 0 || __builtin_mul_overflow((uint64_t)v.f_bavail, (uint64_t)v.f_frsize, bytes))
		return false;
	return true;
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char **file_list(const char *dir, size_t *n, struct err *e)
{
	DIR *d = opendir(dir);
	struct dirent *ent;
	vec(char *) names = { 0 };

	if (!d) {
		err_errno(e, dir, "read the folder");
		return NULL;
	}
	while ((ent = readdir(d)) != NULL)
		if (strcmp(ent->d_name, ".") != 0 && strcmp(ent->d_name, "..") != 0)
			*vec_push(&names) = xstrdup(ent->d_name);
	closedir(d);
	vec_reserve(&names, 1);
	qsort(names.v, names.n, sizeof *names.v, by_bytes);
	*n = names.n;
	return names.v;
}

void file_list_free(char **names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

#define TREE_DEPTH 64

static bool remove_at(int parent, const char *name, const char *where, int depth, struct err *e);

static bool remove_inside(int fd, const char *where, int depth, struct err *e)
{
	DIR *d = fdopendir(fd);
	struct dirent *ent;
	bool ok = true;

	if (!d) {
		close(fd);
		return err_errno(e, where, "read the folder");
	}
	while (ok && (ent = readdir(d)) != NULL) {
		if (strcmp(ent->d_name, ".") != 0 && strcmp(ent->d_name, "..") != 0)
			ok = remove_at(dirfd(d), ent->d_name, where, depth + 1, e);
	}
	closedir(d);
	return ok;
}

/* Links are removed, never followed. */
static bool remove_at(int parent, const char *name, const char *where, int depth, struct err *e)
{
	int fd;

	if (depth > TREE_DEPTH)
		return err_set(e, ERR_INPUT, where, "remove it by hand",
			"folders nest deeper than %d", TREE_DEPTH);
	if (unlinkat(parent, name, 0) == 0)
		return true;
	if (errno != EISDIR && errno != EPERM)
		return err_errno(e, where, "remove");
	fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, where, "remove");
	if (!remove_inside(fd, where, depth, e))
		return false;
	return unlinkat(parent, name, AT_REMOVEDIR) == 0 || err_errno(e, where, "remove");
}

bool file_remove_tree(const char *path, struct err *e)
{
	return remove_at(AT_FDCWD, path, path, 0, e);
}

/* The folder that holds config.status and share is the build's: its programs, tests included,
 * lie at most three below it. */
static char *build_share(const char *rel)
{
	char *dir = xstrdup(process_self_path()), *slash, *found = NULL, *mark;

	for (int up = 0; up < 4 && !found && (slash = strrchr(dir, '/')) != NULL; up++) {
		*slash = '\0';
		mark = xasprintf("%s/config.status", dir);
		if (file_exists(mark))
			found = xasprintf("%s/share/%s", dir, rel);
		free(mark);
	}
	free(dir);
	return found;
}

char *file_data_path(const char *rel)
{
	const char *env = getenv("CUPEL_DATA");
	char *path;

	if (env && *env)
		return str_join_path(env, rel);
	path = build_share(rel);
	if (path && file_exists(path))
		return path;
	free(path);
	return str_join_path(CUPEL_DATADIR, rel);
}
