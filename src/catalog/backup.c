#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "catalog/keep.h"
#include "catalog/schema.h"
#include "system/file.h"
#include "system/process.h"


char *keep_dated(const char *path, const char *what)
{
	time_t now = time(NULL);
	char *name = NULL;
	char date[32];
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(date, sizeof date, "%Y-%m-%dT%H%M%SZ", &tm);
	for (int i = 1; !name || file_exists(name); i++) {
		free(name);
		name = i == 1 ? xasprintf("%s.%s-%s", path, what, date)
			: xasprintf("%s.%s-%s-%d", path, what, date, i);
	}
	return name;
}

bool keep_on_disk(const char *path, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool ok = fd >= 0 && fsync(fd) == 0;

	if (!ok)
		err_errno(e, path, "put it on the disk");
	if (fd >= 0)
		close(fd);
	return ok;
}

void keep_folder_on_disk(const char *path)
{
	char *folder = xstrdup(path), *slash = strrchr(folder, '/');

	if (slash)
		slash[slash == folder] = '\0';
	keep_on_disk(slash ? folder : ".", NULL);
	free(folder);
}

static bool is_taken(const char *path, struct err *e)
{
	err_set(e, ERR_INPUT, path, "choose another name, or move it away",
		"is there already: a backup replaces nothing");
	return false;
}

/* Never over a file that came meanwhile: a link fails where a rename would replace. */
static bool name_it(const char *tmp, const char *to, struct err *e)
{
	if (link(tmp, to) == 0) {
		unlink(tmp);
		return true;
	}
	if (errno == EEXIST || file_exists(to))
		return is_taken(to, e);
	return rename(tmp, to) == 0 || err_errno(e, to, "rename the finished copy to its name");
}

void keep_sweep(const char *to)
{
	char *folder = file_folder(to), *name, *end;
	const char *at;
	size_t n = 0;
	char **names = file_list(folder, &n, NULL);

	for (size_t i = 0; names && i < n; i++) {
		long pid;

		at = strstr(names[i], KEEP_TEMPORARY);
		if (!at)
			continue;
		pid = strtol(at + strlen(KEEP_TEMPORARY), &end, 10);
		if ((*end && !str_eq(end, "-journal")) || pid <= 0 ||
			process_alive((pid_t)pid, process_boot_id()))
			continue;
		name = str_join_path(folder, names[i]);
		unlink(name);
		free(name);
	}
	file_list_free(names, n);
	free(folder);
}

static bool copy_beside(struct db *d, const char *tmp, struct err *e)
{
	bool ok = unlink(tmp) == 0 || errno == ENOENT || err_errno(e, tmp, "remove");

	return ok && db_run(d, e, "VACUUM INTO ?", "t", tmp) && keep_on_disk(tmp, e);
}

/* A whole copy, synced, under its final name only when it is whole; a name that is taken stays. */
static bool keep_copy(struct db *d, const char *to, struct err *e)
{
	char *tmp = xasprintf("%s" KEEP_TEMPORARY "%d", to, (int)getpid());
	bool ok;

	keep_sweep(to);
	ok = copy_beside(d, tmp, e) && name_it(tmp, to, e);
	if (ok)
		keep_folder_on_disk(to);
	else
		unlink(tmp);
	free(tmp);
	return ok;
}

/* --- before a migration --- */

static int64_t version_of(const char *path)
{
	struct db d = { .path = path };
	int64_t version = -1;

	if (db_open(&d, path, SQLITE_OPEN_READONLY) == SQLITE_OK)
		version = db_number(&d, "PRAGMA user_version", -1);
	db_close(&d);
	return version;
}

/* But for the header's count of changes. */
static bool same_copy(const char *a, const char *b)
{
	struct file *f = file_open(a, NULL), *g = file_open(b, NULL);
	bool same = f && g && f->id.size == g->id.size && f->id.size > 100;
	char x[4096], y[4096];

	for (uint64_t at = 100; same && at < f->id.size; at += sizeof x) {
		uint64_t left = f->id.size - at;
		size_t n = left < sizeof x ? (size_t)left : sizeof x;

		same = file_pread(f, x, n, at, NULL) && file_pread(g, y, n, at, NULL) &&
			memcmp(x, y, n) == 0;
	}
	file_close(f);
	file_close(g);
	return same;
}

bool keep_before(struct db *d, const char *path, int64_t version, struct err *e)
{
	char *to = xasprintf("%s.v%d-backup", path, (int)version), *dated;
	char *tmp = xasprintf("%s" KEEP_TEMPORARY "%d", to, (int)getpid());
	bool ok;

	keep_sweep(to);
	ok = copy_beside(d, tmp, e);
	/* Another program may have brought the file up to date meanwhile, and made its own copy. */
	if (ok && version_of(tmp) == version && !same_copy(tmp, to)) {
		if (link(tmp, to) != 0) {
			dated = keep_dated(path, to + strlen(path) + 1);
			ok = name_it(tmp, dated, e);
			free(dated);
		}
	}
	unlink(tmp);
	if (ok)
		keep_folder_on_disk(to);
	else if (e)
		snprintf(e->hint, sizeof e->hint, "the catalog is copied before it is brought up "
			"to date: make room beside it");
	free(tmp);
	free(to);
	return ok;
}

/* --- when asked --- */

static bool open_for_backup(struct db *d, const char *path, struct err *e)
{
	enum schema_state state;
	int version, code;

	if (!file_exists(path))
		return err_set(e, ERR_INPUT, path, "there is nothing to keep yet",
			"there is no catalog");
	/* Who may write leaves no empty log behind when it closes. */
	if (access(path, W_OK) != 0 || db_open(d, path, SQLITE_OPEN_READWRITE) != SQLITE_OK)
		state = db_open_to_read(d, path, &version, &code);
	else
		state = schema_look(d, schema_steps[schema_n_steps - 1].version, &version, &code);
	if (state == SCHEMA_FAILED)
		return db_fail(d, code, "read", e);
	if (state == SCHEMA_FOREIGN)
		return err_set(e, ERR_INPUT, path, "name another file with --catalog",
			"is a database of another program");
	return true;
}

/* What SQLite calls the copy's trouble is not the catalog's: the message names the copy. */
static bool copy_to(struct db *d, const char *to, struct err *e)
{
	struct err why = { 0 };

	if (file_exists(to))
		return is_taken(to, e);
	if (keep_copy(d, to, &why))
		return true;
	if (why.code == ERR_SPACE || (why.code == ERR_INPUT && strstr(why.what, "opened")))
		return err_set(e, why.code, to, why.code == ERR_SPACE ? why.hint :
			"name a FILE in a folder that can be written", "%s",
			why.code == ERR_SPACE ? why.what : "cannot be written");
	if (e)
		*e = why;
	return false;
}

static void count_copy(struct catalog_backup *b)
{
	struct db d = { .path = b->path };
	struct stat st;

	b->bytes = stat(b->path, &st) == 0 ? (uint64_t)st.st_size : 0;
	b->runs = b->models = b->scores = -1;
	if (db_open(&d, b->path, SQLITE_OPEN_READONLY) == SQLITE_OK) {
		b->runs = db_number(&d, "SELECT count(*) FROM runs", -1);
		b->models = db_number(&d, "SELECT count(*) FROM models", -1);
		b->scores = db_number(&d, "SELECT count(*) FROM scores", -1);
	}
	db_close(&d);
}

static char *name_of(const char *path, const char *to)
{
	char *in, *name;

	if (to && !file_is_dir(to))
		return xstrdup(to);
	in = to ? str_join_path(to, str_base(path)) : xstrdup(path);
	name = keep_dated(in, "backup");
	free(in);
	return name;
}

bool catalog_backup(const char *path, const char *to, struct catalog_backup *out, struct err *e)
{
	struct db d = { .path = path };
	struct timespec from, till;
	bool ok;

	memset(out, 0, sizeof *out);
	clock_gettime(CLOCK_MONOTONIC, &from);
	if (!open_for_backup(&d, path, e)) {
		db_close(&d);
		return false;
	}
	out->path = name_of(path, to);
	ok = copy_to(&d, out->path, e);
	db_close(&d);
	if (ok)
		count_copy(out);
	clock_gettime(CLOCK_MONOTONIC, &till);
	out->seconds = (double)(till.tv_sec - from.tv_sec) +
		(double)(till.tv_nsec - from.tv_nsec) / 1e9;
	if (!ok)
		catalog_backup_fini(out);
	return ok;
}

void catalog_backup_fini(struct catalog_backup *b)
{
	free(b->path);
	memset(b, 0, sizeof *b);
}
