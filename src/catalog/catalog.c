#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "catalog/db.h"
#include "catalog/schema.h"
#include "system/file.h"

#define SWEEP_EVERY 1.0 /* seconds */
#define COPY_MAX ((int64_t)256 << 20)  /* larger files are not copied into memory */
#define CHECK_ALWAYS ((int64_t)8 << 20) /* quick_check of this much takes some 10 ms */
#define CHECK_DAILY ((int64_t)128 << 20)

char *catalog_default_path(void)
{
	const char *given = getenv("CUPEL_CATALOG"), *data = getenv("XDG_DATA_HOME");
	const char *home = getenv("HOME");

	if (given && *given)
		return xstrdup(given);
	if (data && data[0] == '/')
		return str_join_path(data, "cupel/catalog.db");
	return str_join_path(home && *home ? home : ".", ".local/share/cupel/catalog.db");
}

static int latest(void)
{
	return schema_steps[schema_n_steps - 1].version;
}

/* A file name as SQLite's URI, for the flag that a path has no place for. */
static char *immutable_uri(const char *path)
{
	struct str s = STR_INIT;

	str_add(&s, "file:");
	for (const char *p = path; *p; p++)
		if (*p == '?' || *p == '#' || *p == '%')
			str_addf(&s, "%%%02x", (unsigned char)*p);
		else
			str_addc(&s, *p);
	str_add(&s, "?immutable=1");
	return str_steal(&s);
}

enum schema_state db_open_to_read(struct db *d, const char *path, int *version, int *code)
{
	enum schema_state state = SCHEMA_FAILED;
	char *uri;

	*code = db_open(d, path, SQLITE_OPEN_READONLY);
	if (*code == SQLITE_OK)
		state = schema_look(d, latest(), version, code);
	if (state != SCHEMA_FAILED || ((*code & 0xff) != SQLITE_CANTOPEN &&
	    (*code & 0xff) != SQLITE_READONLY) || access(path, R_OK) != 0)
		return state;
	db_close(d);
	uri = immutable_uri(path);
	*code = db_open(d, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
	free(uri);
	return *code == SQLITE_OK ? schema_look(d, latest(), version, code) : SCHEMA_FAILED;
}

static bool load_into_memory(struct catalog *c, struct db *from, struct err *e)
{
	struct db *to = &c->reader;
	sqlite3_backup *b;
	int rc;

	rc = db_open(to, ":memory:", SQLITE_OPEN_READWRITE);
	if (rc != SQLITE_OK)
		return db_fail(to, rc, "open", e);
	c->memory = true;
	if (!from)
		return schema_migrate(to, schema_steps, schema_n_steps, NULL, e);
	b = sqlite3_backup_init(to->handle, "main", from->handle, "main");
	if (!b)
		return db_fail(to, sqlite3_errcode(to->handle), "copy", e);
	sqlite3_backup_step(b, -1);
	rc = sqlite3_backup_finish(b);
	if (rc != SQLITE_OK)
		return db_fail(from, rc, "read", e);
	/* A copy still says it keeps a log in a file beside it. */
	sqlite3_exec(to->handle, "PRAGMA journal_mode = MEMORY", NULL, NULL, NULL);
	return true;
}

/* Without writing the file: from a copy in memory, or read-only where that would be too large. */
static bool open_unwritten(struct catalog *c, bool copy, struct err *e)
{
	struct db from = { .path = c->path };
	enum schema_state state;
	int version, code;
	bool ok;

	c->read_only = true;
	if (!file_exists(c->file))
		return load_into_memory(c, NULL, e);
	state = db_open_to_read(&from, c->file, &version, &code);
	if (state == SCHEMA_FAILED) {
		ok = db_fail(&from, code, "read", e);
	} else if (state == SCHEMA_FOREIGN) {
		ok = err_set(e, ERR_INPUT, c->path, "name another file with --catalog",
			"is a database of another program");
	} else if (state == SCHEMA_EMPTY) {
		ok = load_into_memory(c, NULL, e);
	} else if ((copy || state == SCHEMA_OLDER) &&
	    db_number(&from,
	    "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
		0) <= COPY_MAX) {
		ok = load_into_memory(c, &from, e) && (state != SCHEMA_OLDER ||
			schema_migrate(&c->reader, schema_steps, schema_n_steps, NULL, e));
	} else {
		c->apart = true;
		c->reader.handle = from.handle;
		return true;
	}
	db_close(&from);
	return ok;
}

static bool cannot_write(int code)
{
	switch (code & 0xff) {
	case SQLITE_CANTOPEN: case SQLITE_READONLY: case SQLITE_PERM: case SQLITE_FULL:
	case SQLITE_AUTH:
		return true;
	default:
		return code == SQLITE_IOERR_WRITE || code == SQLITE_IOERR_SHMSIZE ||
			code == SQLITE_IOERR_SHMOPEN || code == SQLITE_IOERR_SHMMAP ||
			code == SQLITE_IOERR_TRUNCATE || code == SQLITE_IOERR_FSYNC;
	}
}

static bool warn_unwritable(struct catalog *c, const char *why, const char *hint)
{
	err_set(&c->warning, ERR_INPUT, c->path, hint,
		"%s: nothing of this session will be remembered", why);
	return false;
}

/* The switch to a log asks for the whole file without waiting for it: that wait is ours. */
static int use_log(struct db *d)
{
	struct timespec nap = { .tv_nsec = 5000000 };
	int rc;

	for (int waited = 0;; waited += 5) {
		rc = sqlite3_exec(d->handle, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
		if ((rc & 0xff) != SQLITE_BUSY || waited >= db_patience())
			return rc;
		nanosleep(&nap, NULL);
	}
}

/* *write false: it can be read but not written, and the warning says why. */
static bool open_to_write(struct catalog *c, bool *write, struct err *e)
{
	struct db *d = &c->reader;
	enum schema_state state = SCHEMA_FAILED;
	struct err why = { 0 };
	int version, code;

	*write = true;
	code = db_open(d, c->file, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	if (code == SQLITE_OK)
		state = schema_look(d, latest(), &version, &code);
	if (state == SCHEMA_FOREIGN)
		return err_set(e, ERR_INPUT, c->path, "name another file with --catalog",
			"is a database of another program");
	if (state == SCHEMA_NEWER) {
		*write = warn_unwritable(c, "was made by a newer version of cupel",
			"use that version, or another file with --catalog");
		return true;
	}
	if (state != SCHEMA_FAILED && sqlite3_db_readonly(d->handle, "main") == 1)
		state = SCHEMA_FAILED, code = SQLITE_READONLY;
	if (state == SCHEMA_EMPTY || state == SCHEMA_OLDER) {
		code = use_log(d);
		if (code == SQLITE_OK &&
			!schema_migrate(d, schema_steps, schema_n_steps, c->file, &why))
			code = sqlite3_extended_errcode(d->handle);
		else if (code == SQLITE_OK)
			state = SCHEMA_CURRENT;
	}
	if (state == SCHEMA_CURRENT)
		return sqlite3_exec(d->handle, "PRAGMA query_only = ON", NULL, NULL, NULL) ==
			SQLITE_OK;
	if (!cannot_write(code) && why.code != ERR_SPACE)
		return why.code ? (e ? *e = why, false : false) : db_fail(d, code, "open", e);
	db_fail(d, code, "open", &why);
	*write = warn_unwritable(c, why.what, why.hint);
	return true;
}

static bool check_day(struct catalog *c, bool write)
{
	static const char due[] = "SELECT NOT EXISTS (SELECT 1 FROM meta WHERE key = 'checked' AND "
		"value > strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-1 day'))";
	struct db *d;

	if (!write)
		return db_number(&c->reader, due, 0) != 0;
	d = db_writing_within(c, DB_SWEEP_PATIENCE, NULL);
	return d && db_done(d, db_run(d, NULL, "INSERT INTO meta (key, value) VALUES ('checked', "
		"strftime('%Y-%m-%dT%H:%M:%SZ', 'now')) ON CONFLICT (key) DO UPDATE "
		"SET value = excluded.value", ""), NULL);
}

static bool quick_check(struct db *d, struct err *e)
{
	sqlite3_stmt *s;
	bool ok, failed;
	int rc = sqlite3_prepare_v2(d->handle, "PRAGMA quick_check(1)", -1, &s, NULL);

	if (rc != SQLITE_OK)
		return db_fail(d, rc, "check", e);
	ok = db_step(d, s, &failed, e);
	if (ok && !str_eq((const char *)sqlite3_column_text(s, 0), "ok"))
		ok = db_fail(d, SQLITE_CORRUPT, "check", e);
	sqlite3_finalize(s);
	return ok;
}

/* A small file is checked whenever it is opened, a larger one once a day, a huge one when asked. */
static bool check_at_open(struct catalog *c, struct err *e)
{
	struct db *d = &c->reader;
	int64_t size = db_number(d,
		"SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", 0);

	if (size > CHECK_ALWAYS && (size > CHECK_DAILY || c->read_only || !check_day(c, false)))
		return true;
	if (!quick_check(d, e))
		return false;
	if (size > CHECK_ALWAYS)
		check_day(c, true);
	return true;
}

static bool make_folder(struct catalog *c)
{
	char *folder = xstrdup(c->file), *slash = strrchr(folder, '/');
	struct err why = { 0 };
	bool ok = true;

	if (slash && slash != folder) {
		*slash = '\0';
		ok = file_is_dir(folder) || file_mkdirs(folder, &why);
	}
	if (!ok)
		warn_unwritable(c, why.what, "name a file that can be written with --catalog");
	free(folder);
	return ok;
}

static char *from_root(const char *path)
{
	char *folder = path[0] == '/' ? NULL : getcwd(NULL, 0), *file;

	file = folder ? str_join_path(folder, path) : xstrdup(path);
	free(folder);
	return file;
}

struct catalog *catalog_open(const char *path, bool read_only, struct err *e)
{
	struct catalog *c = xnew(struct catalog, 1);
	bool write = !read_only, ok = true;

	c->path = xstrdup(path);
	c->file = from_root(path);
	c->reader.path = c->writer.path = c->path;
	pthread_mutex_init(&c->reader.lock, NULL);
	pthread_mutex_init(&c->writer.lock, NULL);
	if (str_eq(path, ":memory:")) {
		ok = load_into_memory(c, NULL, e);
	} else {
		write = write && make_folder(c);
		if (write)
			ok = open_to_write(c, &write, e);
		if (ok && !write) {
			db_close(&c->reader);
			ok = open_unwritten(c, !read_only, e);
		}
		ok = ok && check_at_open(c, e);
	}
	if (ok)
		return c;
	catalog_close(c);
	return NULL;
}

struct catalog *catalog_stand_in(const char *path, const struct err *why)
{
	struct catalog *c = catalog_open(":memory:", false, NULL);

	if (!c)
		return NULL;
	free(c->path);
	c->path = xstrdup(path);
	c->reader.path = c->writer.path = c->path;
	c->read_only = true;
	warn_unwritable(c, why->what, why->hint);
	return c;
}

void catalog_close(struct catalog *c)
{
	if (!c)
		return;
	db_close(&c->writer);
	db_close(&c->reader);
	pthread_mutex_destroy(&c->writer.lock);
	pthread_mutex_destroy(&c->reader.lock);
	free(c->file);
	free(c->path);
	free(c);
}

const char *catalog_path(const struct catalog *c)
{
	return c->path;
}

bool catalog_is_read_only(const struct catalog *c)
{
	return c->read_only;
}

const struct err *catalog_warning(const struct catalog *c)
{
	return c->warning.code ? &c->warning : NULL;
}

uint64_t catalog_version(struct catalog *c)
{
	struct db *d = &c->reader;
	uint64_t version;
	bool due;

	/* Whoever holds the lock is reading: the next poll is soon enough. */
	if (pthread_mutex_trylock(&d->lock) != 0)
		return __atomic_load_n(&c->version, __ATOMIC_RELAXED);
	version = c->memory ? (uint64_t)sqlite3_total_changes64(d->handle)
		: (uint64_t)db_number(d, "PRAGMA data_version", 0);
	__atomic_store_n(&c->version, version, __ATOMIC_RELAXED);
	due = db_due(&c->swept, SWEEP_EVERY);
	pthread_mutex_unlock(&d->lock);
	/* A process that dies commits nothing: whoever looks next does it for it. */
	if (due) {
		runs_find_stopped(c);
		jobs_find_stopped(c);
	}
	return version;
}

bool catalog_check(struct catalog *c, struct err *e)
{
	struct db *d = db_reading(c, e);
	bool ok = d && quick_check(d, e);

	if (d)
		db_read_done(d);
	return ok;
}
