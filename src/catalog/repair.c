#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/str.h"
#include "base/vec.h"
#include "base/xalloc.h"
#include "catalog/keep.h"
#include "catalog/salvage.h"
#include "catalog/schema.h"
#include "system/file.h"

static const struct { const char *table, *what; } words[] = {
	{ "run", "runs" }, { "run_input", "inputs of runs" }, { "recipe", "recipes" },
	{ "model", "models" }, { "content", "contents of models" }, { "tensor", "tensors" },
	{ "stat", "statistics" }, { "score", "scores" }, { "note", "notes" }, { "tag", "tags" },
	{ "job", "jobs" }, { "card", "cards" }, { "edge", "parents in cards and files" },
	{ "question_set", "sets of questions" }, { "answer", "answers to questions" },
	{ "meta", "settings" },
};

const char *keep_words(const char *table)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (str_eq(words[i].table, table))
			return words[i].what;
	return NULL;
}

/* SQLite's locks are on bytes behind the first GiB: who has the file open holds one of the last 510
 * for reading. Another close of the file in this process does not drop an open-file lock. */
static bool lock_alone(const char *path, int *fd, struct err *e)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0x40000000,
		.l_len = 512 };

	*fd = open(path, O_RDWR | O_CLOEXEC);
	if (*fd < 0)
		return err_errno(e, path, "open for repair");
#ifdef F_OFD_SETLK
	if (fcntl(*fd, F_OFD_SETLK, &lock) != 0 && (errno == EAGAIN || errno == EACCES)) {
		close(*fd);
		return err_set(e, ERR_INPUT, path, "end it first: a workbench, a job, another "
			"verb", "is open in another program");
	}
#else
	(void)lock;
#endif
	return true;
}

static int latest(void)
{
	return schema_steps[schema_n_steps - 1].version;
}

static bool make_empty(struct db *d, int version, struct err *e)
{
	size_t n = 0;
	int rc = db_open(d, d->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);

	while (n < schema_n_steps && schema_steps[n].version <= version)
		n++;
	/* Whoever kills this loses a file that nobody knows yet. */
	return (rc == SQLITE_OK || db_fail(d, rc, "open", e)) && db_script(d, "PRAGMA journal_mode "
		"= MEMORY; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF", e) &&
		schema_migrate(d, schema_steps, n, NULL, e);
}

static bool may_repair(const struct salvage *s, const char *path, struct err *e)
{
	const struct pages *p = &s->pages;

	if (p->whole_start && p->application == SCHEMA_APPLICATION &&
		p->version > (uint32_t)latest())
		return err_set(e, ERR_INPUT, path, "repair it with that, or put a backup in its "
			"place", "was made by a newer version of cupel");
	return true;
}

/* Rows of ours, under a first page that is ours or says so of its tables, or is gone. */
static bool is_ours(const struct salvage *s, const char *path, struct err *e)
{
	const struct pages *p = &s->pages;
	uint64_t saved = 0;

	for (size_t i = 0; i < s->n_tables; i++)
		saved += s->tables[i].shadow ? 0 : s->tables[i].saved;
	if (p->whole_start && p->application != SCHEMA_APPLICATION && s->known < 5)
		return err_set(e, ERR_INPUT, path, "name the catalog with --catalog",
			"is a database of another program");
	if (saved == 0 && !(p->whole_start && p->application == SCHEMA_APPLICATION))
		return err_set(e, ERR_INPUT, path, "move it away, or put a backup in its place",
			"no row of a catalog can be found in it");
	return true;
}

static bool whole(struct db *d, struct err *e)
{
	if (db_number(d, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> "
		"'ok'", 1) == 0 && db_number(d, "SELECT count(*) FROM pragma_foreign_key_check",
		1) == 0)
		return true;
	return err_set(e, ERR_INTERNAL, d->path, "put a backup in its place",
		"what was saved does not fit together");
}

static bool save_rows(struct salvage *s, struct db *to, struct err *e)
{
	int version = s->pages.whole_start && s->pages.version > 0 ? (int)s->pages.version
		: latest();

	if (version > latest())
		version = latest();
	s->to = to;
	if (!make_empty(to, version, e) || !db_script(to, "BEGIN", e) || !salvage_rows(s, e) ||
		!db_script(to, "COMMIT", e))
		return false;
	/* What follows from recipes is made of them again. */
	return schema_migrate(to, schema_steps, schema_n_steps, NULL, e) &&
		db_script(to, "BEGIN", e) && db_index_recipes(to, e) && db_script(to, "COMMIT", e)
		&& whole(to, e);
}

static bool move_tail(const char *path, const char *aside, const char *tail, struct err *e)
{
	char *from = xasprintf("%s%s", path, tail), *to = xasprintf("%s%s", aside, tail);
	bool ok = rename(from, to) == 0 || errno == ENOENT || err_errno(e, from, "move it aside");

	free(from);
	free(to);
	return ok;
}

/* The damaged file under its new name, with its log; then the new one in its place. The damaged one
 * has both names until then, and is whole under its new one at any moment. */
static bool change_places(const char *path, const char *tmp, const char *aside, struct err *e)
{
	struct stat st;
	bool linked, ok;

	if (stat(path, &st) == 0 && chmod(tmp, st.st_mode & 07777) != 0)
		return err_errno(e, tmp, "give it the mode of the old one");
	linked = link(path, aside) == 0;
	ok = move_tail(path, aside, "-wal", e) && move_tail(path, aside, "-shm", e) &&
		(linked || rename(path, aside) == 0 || err_errno(e, path, "move it aside"));
	if (ok && rename(tmp, path) != 0)
		ok = err_errno(e, path, "put the new file in its place");
	keep_folder_on_disk(path);
	return ok;
}

static void tell(const struct salvage *s, struct catalog_repair *out)
{
	struct { struct catalog_repaired *v; size_t n, cap; } found = { 0 };

	for (size_t i = 0; i < s->n_tables; i++) {
		const struct salvage_table *t = &s->tables[i];
		struct catalog_repaired *r;

		if (t->shadow ||
			!(t->saved || t->lost || t->pieced || t->bereft || t->broken_pages))
			continue;
		r = vec_push(&found);
		r->table = xstrdup(t->name);
		r->what = keep_words(t->name) ? keep_words(t->name) : r->table;
		r->saved = t->saved;
		r->lost = t->lost;
		r->pieced = t->pieced;
		r->bereft = t->bereft;
		r->pages = t->broken_pages;
	}
	out->v = found.v;
	out->n = found.n;
	out->returned = s->returned;
	out->start_lost = !s->pages.whole_start;
}

static bool repair(const char *path, const char *tmp, struct catalog_repair *out, struct err *e)
{
	struct salvage s = { 0 };
	struct db to = { .path = tmp };
	struct stat st;
	bool ok;

	if (!pages_open(&s.pages, path, e))
		return false;
	ok = may_repair(&s, path, e) && save_rows(&s, &to, e) && is_ours(&s, path, e);
	tell(&s, out);
	salvage_fini(&s);
	db_close(&to);
	ok = ok && keep_on_disk(tmp, e);
	if (ok) {
		out->aside = keep_dated(path, "damaged");
		out->bytes = stat(tmp, &st) == 0 ? (uint64_t)st.st_size : 0;
		ok = change_places(path, tmp, out->aside, e);
	}
	unlink(tmp);
	return ok;
}

bool catalog_repair(const char *given, struct catalog_repair *out, struct err *e)
{
	struct stat st;
	/* Where a link leads to: the file is exchanged, not the link. */
	char *path = lstat(given, &st) == 0 && S_ISLNK(st.st_mode) ? realpath(given, NULL)
		: xstrdup(given), *tmp;
	struct timespec from, till;
	bool ok;
	int fd;

	memset(out, 0, sizeof *out);
	if (!path)
		return err_errno(e, given, "open for repair");
	tmp = xasprintf("%s" KEEP_TEMPORARY "%d", path, (int)getpid());
	clock_gettime(CLOCK_MONOTONIC, &from);
	ok = lock_alone(path, &fd, e);
	if (ok) {
		keep_sweep(path);
		unlink(tmp);
		ok = repair(path, tmp, out, e);
		close(fd);
	}
	clock_gettime(CLOCK_MONOTONIC, &till);
	out->seconds = (double)(till.tv_sec - from.tv_sec) +
		(double)(till.tv_nsec - from.tv_nsec) / 1e9;
	if (!ok)
		catalog_repair_fini(out);
	free(tmp);
	free(path);
	return ok;
}

void catalog_repair_fini(struct catalog_repair *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->v[i].table);
	free(r->v);
	free(r->aside);
	memset(r, 0, sizeof *r);
}
