#include "config.h"
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "catalog/schema.h"
#include "system/file.h"

static int patience = -1;

void catalog_patience(int milliseconds)
{
	patience = milliseconds;
}

int db_patience(void)
{
	const char *given = patience < 0 ? getenv("CUPEL_CATALOG_WAIT") : NULL;
	double seconds = given && *given ? strtod(given, NULL) : 10;

	if (patience < 0)
		patience = seconds >= 0 && seconds < 1e6 ? (int)(seconds * 1000) : 10000;
	return patience;
}

bool db_due(struct timespec *last, double seconds)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (last->tv_sec && (double)(now.tv_sec - last->tv_sec) +
	    (double)(now.tv_nsec - last->tv_nsec) / 1e9 < seconds)
		return false;
	*last = now;
	return true;
}

/* on_disk(PATH), for filters. */
static void on_disk(sqlite3_context *ctx, int n, sqlite3_value **v)
{
	const char *path = (const char *)sqlite3_value_text(v[0]);

	(void)n;
	sqlite3_result_int(ctx, path && file_exists(path));
}

int db_open(struct db *d, const char *path, int flags)
{
	int rc = sqlite3_open_v2(path, &d->handle, flags | SQLITE_OPEN_NOMUTEX, NULL);

	if (rc != SQLITE_OK) {
		int extended = d->handle ? sqlite3_extended_errcode(d->handle) : rc;

		db_close(d);
		return extended;
	}
	sqlite3_extended_result_codes(d->handle, 1);
	sqlite3_busy_timeout(d->handle, db_patience());
	sqlite3_db_config(d->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_create_function(d->handle, "on_disk", 1, SQLITE_UTF8 | SQLITE_DIRECTONLY, NULL,
		on_disk, NULL, NULL);
	rc = sqlite3_exec(d->handle, "PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY", NULL,
		NULL,
		NULL);
	return rc;
}

void db_close(struct db *d)
{
	for (size_t i = 0; i < d->n_kept; i++)
		sqlite3_finalize(d->kept[i].stmt);
	d->n_kept = 0;
	sqlite3_close_v2(d->handle);
	d->handle = NULL;
}

/* SQLite's codes as a person's next step. */
static const struct {
	int code;
	enum err_code as;
	const char *what, *hint;
} failures[] = {
	{ SQLITE_BUSY, ERR_INPUT, "is locked by another program",
	  "try again when that program is done (`cupel jobs` lists cupel's own)" },
	{ SQLITE_LOCKED, ERR_INPUT, "is locked by another program", "try again" },
	{ SQLITE_NOTADB, ERR_INPUT, "is not a catalog, or is damaged at its start",
	  "it was left as it is: `cupel doctor --repair` tells, or name another with --catalog" },
	{ SQLITE_CORRUPT, ERR_INPUT, "is damaged",
	  "it was left as it is: `cupel doctor --repair` saves what can be read" },
	{ SQLITE_FULL, ERR_SPACE, "cannot grow: the disk, a quota or a limit is full",
	  "free some space" },
	{ SQLITE_READONLY, ERR_INPUT, "cannot be written", "make it writable, or use --catalog" },
	{ SQLITE_CANTOPEN, ERR_INPUT, "cannot be opened",
		"check its folder's permissions, or use --catalog" },
	{ SQLITE_PERM, ERR_INPUT, "cannot be opened", "check its permissions, or use --catalog" },
	{ SQLITE_NOMEM, ERR_MEMORY, "out of memory", "free some memory" },
	{ SQLITE_TOOBIG, ERR_INPUT, "text too long for a catalog", "shorten it" },
	{ SQLITE_IOERR, ERR_INPUT, "cannot be read or written", "check the disk it is on" },
};

bool db_fail(struct db *d, int code, const char *verb, struct err *e)
{
	int system = d->handle ? sqlite3_system_errno(d->handle) : 0;

	/* SQLite knows ENOSPC only; a quota, a limit on file sizes and what it has forgotten end
	 * here. */
	if (code == SQLITE_IOERR_WRITE && system != EIO)
		code = SQLITE_FULL;
	for (size_t i = 0; i < sizeof failures / sizeof *failures; i++)
		if (failures[i].code == (code & 0xff)) {
			bool detail = (code & 0xff) == SQLITE_IOERR && system;

			return err_set(e, failures[i].as, d->path, failures[i].hint, "%s%s%s",
				failures[i].what, detail ? ": " : "",
				detail ? strerror(system) : "");
		}
	return err_set(e, ERR_INTERNAL, d->path, NULL, "cannot %s: %s", verb,
		d->handle ? sqlite3_errmsg(d->handle) : sqlite3_errstr(code));
}

/* Numbers of runs go on where the file's end, so that none means two. */
static int open_apart(struct catalog *c, struct db *d)
{
	struct str sql = STR_INIT;
	int64_t last;
	int rc = db_open(d, ":memory:", SQLITE_OPEN_READWRITE);

	if (rc != SQLITE_OK)
		return rc;
	if (!schema_migrate(d, schema_steps, schema_n_steps, NULL, NULL))
		return sqlite3_errcode(d->handle);
	pthread_mutex_lock(&c->reader.lock);
	last = db_number(&c->reader, "SELECT max(id) FROM run", 0);
	pthread_mutex_unlock(&c->reader.lock);
	str_addf(&sql, "PRAGMA foreign_keys = OFF; INSERT INTO sqlite_sequence (name, seq) "
		"VALUES ('run', %lld)", (long long)last);
	rc = sqlite3_exec(d->handle, sql.s, NULL, NULL, NULL);
	str_fini(&sql);
	return rc;
}

static int open_second(struct catalog *c, struct db *d, bool write)
{
	int rc;

	if (c->apart && write)
		return open_apart(c, d);
	rc = db_open(d, c->file, SQLITE_OPEN_READWRITE);
	if (rc != SQLITE_OK)
		return rc;
	/* NORMAL would lose the last commits when the power fails; a run is worth a sync. */
	return sqlite3_exec(d->handle, write ? "PRAGMA synchronous = FULL"
		: "PRAGMA query_only = ON", NULL, NULL, NULL);
}

struct db *db_reading(struct catalog *c, struct err *e)
{
	struct db *d = &c->reader;
	int rc = SQLITE_OK;

	pthread_mutex_lock(&d->lock);
	if (!d->handle)
		rc = open_second(c, d, false);
	if (rc == SQLITE_OK)
		return d;
	db_fail(d, rc, "open", e);
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

void db_read_done(struct db *d)
{
	/* A statement left in the middle would keep an old snapshot alive. */
	for (size_t i = 0; i < d->n_kept; i++)
		sqlite3_reset(d->kept[i].stmt);
	pthread_mutex_unlock(&d->lock);
}

/* What is written to a file that has no name any more is lost without a word. */
static bool is_gone(struct catalog *c, struct db *d)
{
	int moved = 0;

	return !c->memory && !c->apart && d->handle && sqlite3_file_control(d->handle, "main",
		SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved;
}

struct db *db_writing(struct catalog *c, struct err *e)
{
	return db_writing_within(c, db_patience(), e);
}

struct db *db_writing_within(struct catalog *c, int milliseconds, struct err *e)
{
	struct db *d = c->memory ? &c->reader : &c->writer;
	int rc = SQLITE_OK;

	pthread_mutex_lock(&d->lock);
	if (!d->handle)
		rc = open_second(c, d, true);
	if (is_gone(c, d)) {
		err_set(e, ERR_INPUT, c->path, "start again to go on with what is there now",
			"was moved, replaced or deleted while it was open");
		pthread_mutex_unlock(&d->lock);
		return NULL;
	}
	if (rc == SQLITE_OK) {
		sqlite3_busy_timeout(d->handle, milliseconds);
		rc = sqlite3_exec(d->handle, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	}
	if (rc == SQLITE_OK)
		return d;
	db_fail(d, rc, "write", e);
	pthread_mutex_unlock(&d->lock);
	return NULL;
}

bool db_done(struct db *d, bool ok, struct err *e)
{
	for (size_t i = 0; i < d->n_kept; i++)
		sqlite3_reset(d->kept[i].stmt);
	if (ok) {
		int rc = sqlite3_exec(d->handle, "COMMIT", NULL, NULL, NULL);

		if (rc != SQLITE_OK)
			ok = db_fail(d, rc, "commit", e);
	}
	if (!ok && !sqlite3_get_autocommit(d->handle))
		sqlite3_exec(d->handle, "ROLLBACK", NULL, NULL, NULL);
	pthread_mutex_unlock(&d->lock);
	return ok;
}

bool db_keeps(const struct catalog *c, struct err *e)
{
	if (!c->read_only)
		return true;
	return err_set(e, ERR_INPUT, c->path, c->warning.hint[0] ? c->warning.hint
		: "open it for writing", "%s", c->warning.what[0] ? c->warning.what
		: "is open for reading only");
}

sqlite3_stmt *db_prepare(struct db *d, const char *sql, struct err *e)
{
	sqlite3_stmt *s;
	int rc;

	for (size_t i = 0; i < d->n_kept; i++)
		if (d->kept[i].sql == sql) {
			sqlite3_reset(d->kept[i].stmt);
			sqlite3_clear_bindings(d->kept[i].stmt);
			return d->kept[i].stmt;
		}
	rc = sqlite3_prepare_v3(d->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL);
	if (rc != SQLITE_OK) {
		db_fail(d, rc, "read", e);
		return NULL;
	}
	if (d->n_kept == DB_STATEMENTS) {
		sqlite3_finalize(d->kept[0].stmt);
		memmove(d->kept, d->kept + 1, (DB_STATEMENTS - 1) * sizeof *d->kept);
		d->n_kept--;
	}
	d->kept[d->n_kept].sql = sql;
	d->kept[d->n_kept++].stmt = s;
	return s;
}

static int bind_one(sqlite3_stmt *s, int i, char type, va_list *ap)
{
	double v;

	switch (type) {
	case 'i':
		return sqlite3_bind_int64(s, i, va_arg(*ap, int64_t));
	case 't':
		return sqlite3_bind_text(s, i, va_arg(*ap, const char *), -1, SQLITE_TRANSIENT);
	case 'd':
		v = va_arg(*ap, double);
		return isnan(v) ? sqlite3_bind_null(s, i) : sqlite3_bind_double(s, i, v);
	case 'h':
		return sqlite3_bind_blob(s, i, va_arg(*ap, const struct hash *)->b, 16,
			SQLITE_TRANSIENT);
	case 'b': {
		const void *bytes = va_arg(*ap, const void *);
		size_t n = va_arg(*ap, size_t);

		/* A null pointer would bind null where no bytes are meant. */
		return sqlite3_bind_blob64(s, i, n ? bytes : "", n, SQLITE_STATIC);
	}
	default:
		return sqlite3_bind_null(s, i);
	}
}

static bool bind_all(struct db *d, sqlite3_stmt *s, struct err *e, const char *types, va_list *ap)
{
	for (int i = 0; types[i]; i++) {
		int rc = bind_one(s, i + 1, types[i], ap);

		if (rc != SQLITE_OK)
			return db_fail(d, rc, "write", e);
	}
	return true;
}

bool db_bind(struct db *d, sqlite3_stmt *s, struct err *e, const char *types, ...)
{
	va_list ap;
	bool ok;

	va_start(ap, types);
	ok = bind_all(d, s, e, types, &ap);
	va_end(ap);
	return ok;
}

bool db_step(struct db *d, sqlite3_stmt *s, bool *failed, struct err *e)
{
	int rc = sqlite3_step(s);

	*failed = rc != SQLITE_ROW && rc != SQLITE_DONE;
	if (*failed)
		db_fail(d, rc, sqlite3_stmt_readonly(s) ? "read" : "write", e);
	return rc == SQLITE_ROW;
}

bool db_run(struct db *d, struct err *e, const char *sql, const char *types, ...)
{
	sqlite3_stmt *s = db_prepare(d, sql, e);
	bool ok, failed = false;
	va_list ap;

	if (!s)
		return false;
	va_start(ap, types);
	ok = bind_all(d, s, e, types, &ap);
	va_end(ap);
	while (ok && db_step(d, s, &failed, e))
		;
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return ok && !failed;
}

void *db_read_rows(struct db *d, sqlite3_stmt *s, const struct db_rows *kind, size_t *n,
	struct err *e)
{
	size_t found = 0, cap = 8;
	char *v = xcalloc(cap, kind->size);
	bool failed = true;

	*n = 0;
	while (s && db_step(d, s, &failed, e)) {
		if (found == cap) {
			cap *= 2;
			v = xrealloc(v, cap * kind->size);
		}
		memset(v + found * kind->size, 0, kind->size);
		kind->read(s, v + found++ * kind->size);
	}
	if (failed) {
		db_list_free(kind, v, found);
		return NULL;
	}
	*n = found;
	return v;
}

void *db_list(struct catalog *c, const struct db_rows *kind, size_t *n, struct err *e,
	const char *sql, const char *types, ...)
{
	struct db *d = db_reading(c, e);
	sqlite3_stmt *s;
	va_list ap;
	void *v;

	*n = 0;
	if (!d)
		return NULL;
	s = db_prepare(d, sql, e);
	va_start(ap, types);
	v = db_read_rows(d, s && bind_all(d, s, e, types, &ap) ? s : NULL, kind, n, e);
	va_end(ap);
	db_read_done(d);
	return v;
}

void db_list_free(const struct db_rows *kind, void *v, size_t n)
{
	for (size_t i = 0; i < n && kind->fini; i++)
		kind->fini((char *)v + i * kind->size);
	free(v);
}

bool db_script(struct db *d, const char *sql, struct err *e)
{
	int rc = sqlite3_exec(d->handle, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK || db_fail(d, rc, "write", e);
}

int64_t db_number(struct db *d, const char *sql, int64_t dflt)
{
	sqlite3_stmt *s;

	if (sqlite3_prepare_v2(d->handle, sql, -1, &s, NULL) != SQLITE_OK)
		return dflt;
	if (sqlite3_step(s) == SQLITE_ROW)
		dflt = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return dflt;
}

char *db_text(sqlite3_stmt *s, int column)
{
	const unsigned char *text = sqlite3_column_text(s, column);

	return text ? xstrdup((const char *)text) : NULL;
}

double db_double(sqlite3_stmt *s, int column)
{
	return sqlite3_column_type(s, column) == SQLITE_NULL ? NAN
		: sqlite3_column_double(s, column);
}
