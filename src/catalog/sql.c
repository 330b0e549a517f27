#include "config.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "catalog/db.h"

#define SQL_ROWS 100000
#define SQL_BYTES ((size_t)256 << 20)  /* of all values together */
#define SQL_SECONDS 10

/* What a question may do; everything else is refused by the parser already. */
static int may_read(void *ctx, int action, const char *a, const char *b, const char *schema,
	const char *trigger)
{
	static const struct { const char *name; bool argument; } pragmas[] = {
		{ "table_list", true }, { "table_info", true }, { "table_xinfo", true },
		{ "index_list", true }, { "index_info", true }, { "foreign_key_list", true },
		{ "user_version", false }, { "application_id", false }, { "data_version", false },
	};

	(void)ctx, (void)schema, (void)trigger;
	switch (action) {
	case SQLITE_SELECT: case SQLITE_READ: case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_FUNCTION:
		return b && strcasecmp(b, "load_extension") == 0 ? SQLITE_DENY : SQLITE_OK;
	case SQLITE_PRAGMA:
		for (size_t i = 0; i < sizeof pragmas / sizeof *pragmas; i++)
			if (a && strcasecmp(a, pragmas[i].name) == 0 && (!b || pragmas[i].argument))
				return SQLITE_OK;
		return SQLITE_DENY;
	default:
		return SQLITE_DENY;
	}
}

static int too_long(void *ctx)
{
	const time_t *until = ctx;

	return time(NULL) > *until;
}

static json_t *value_of(sqlite3_stmt *s, int i, size_t *bytes)
{
	*bytes += (size_t)sqlite3_column_bytes(s, i) + 16;
	switch (sqlite3_column_type(s, i)) {
	case SQLITE_INTEGER:
		return json_integer(sqlite3_column_int64(s, i));
	case SQLITE_FLOAT:
		return json_number(sqlite3_column_double(s, i));
	case SQLITE_TEXT:
		return json_textn((const char *)sqlite3_column_text(s, i));
	case SQLITE_BLOB: {
		const unsigned char *b = sqlite3_column_blob(s, i);
		struct str hex = STR_INIT;
		json_t *j;

		str_add(&hex, "");
		for (int k = 0, n = sqlite3_column_bytes(s, i); k < n; k++)
			str_addf(&hex, "%02x", b[k]);
		j = json_string(hex.s);
		str_fini(&hex);
		return j;
	}
	default:
		return json_null();
	}
}

/* Two columns of one name would be one key: the second is called NAME:2. */
static void set_column(json_t *row, const char *name, json_t *value)
{
	char *safe = str_safe(name ? name : "");

	for (int k = 2; json_object_get(row, safe) && k < 1000; k++) {
		free(safe);
		safe = xasprintf("%s:%d", name, k);
	}
	json_object_set_new(row, safe, value);
	free(safe);
}

/* What SQLite says of the question, as opposed to what it says of the file. */
static bool fail(struct db *d, int code, struct err *e)
{
	static const char views[] = "cupel-catalog(7) lists the views and their columns";

	switch (code & 0xff) {
	case SQLITE_AUTH:
		return err_set(e, ERR_USAGE, "sql", "the catalog is only read here", "%s",
			sqlite3_errmsg(d->handle));
	case SQLITE_ERROR: case SQLITE_TOOBIG: case SQLITE_RANGE: case SQLITE_MISMATCH:
		return err_set(e, ERR_USAGE, "sql", views, "%s", sqlite3_errmsg(d->handle));
	case SQLITE_INTERRUPT:
		return err_set(e, ERR_INPUT, "sql", "narrow the question", "took longer than %d s",
			SQL_SECONDS);
	default:
		return db_fail(d, code, "read", e);
	}
}

static bool answer(struct db *d, sqlite3_stmt *s, json_t *rows, struct err *e)
{
	size_t bytes = 0;
	int rc;

	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		json_t *row = json_object();

		for (int i = 0, n = sqlite3_column_count(s); i < n; i++)
			set_column(row, sqlite3_column_name(s, i), value_of(s, i, &bytes));
		json_array_append_new(rows, row);
		if (json_array_size(rows) > SQL_ROWS || bytes > SQL_BYTES)
			return err_set(e, ERR_INPUT, "sql", "add LIMIT, or ask for fewer columns",
				"more than %d rows or %zu MiB", SQL_ROWS, SQL_BYTES >> 20);
	}
	return rc == SQLITE_DONE || fail(d, rc, e);
}

static bool only_space(const char *tail)
{
	return !tail || strspn(tail, " \t\r\n;") == strlen(tail);
}

static json_t *ask(struct db *d, const char *sql, struct err *e)
{
	json_t *rows = json_array();
	sqlite3_stmt *s = NULL;
	const char *tail;
	bool ok = false;
	int rc = sqlite3_prepare_v2(d->handle, sql, -1, &s, &tail);

	if (rc != SQLITE_OK)
		fail(d, rc, e);
	else if (!s)
		err_set(e, ERR_USAGE, "sql", "write a SELECT", "nothing was asked");
	else if (!only_space(tail))
		err_set(e, ERR_USAGE, "sql", "ask them one by one", "more than one statement");
	else
		ok = answer(d, s, rows, e);
	sqlite3_finalize(s);
	if (ok)
		return rows;
	json_decref(rows);
	return NULL;
}

/* Virtual tables set themselves up when they are first used, in ways a question may not. */
static void set_up(struct db *d)
{
	static const char *const first[] = { "run_search", "card_search", "pragma_table_info('x')",
		"pragma_table_xinfo('x')", "pragma_table_list", "pragma_index_list('x')",
		"pragma_index_info('x')", "pragma_foreign_key_list('x')", "json_each('[]')",
		"json_tree('[]')" };

	for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
		char *sql = xasprintf("SELECT 1 FROM %s LIMIT 0", first[i]);

		sqlite3_exec(d->handle, sql, NULL, NULL, NULL);
		free(sql);
	}
}

json_t *catalog_sql(struct catalog *c, const char *sql, struct err *e)
{
	struct db own = { .path = c->path }, *d = &own;
	time_t until = time(NULL) + SQL_SECONDS;
	json_t *rows;

	runs_find_stopped(c);
	jobs_find_stopped(c);
	if (c->memory || c->apart) {
		d = db_reading(c, e);
		if (!d)
			return NULL;
	} else {
		int rc = db_open(d, c->file, SQLITE_OPEN_READONLY);

		if (rc != SQLITE_OK) {
			db_fail(d, rc, "open", e);
			return NULL;
		}
		sqlite3_limit(d->handle, SQLITE_LIMIT_LENGTH, 64 << 20);
	}
	set_up(d);
	sqlite3_set_authorizer(d->handle, may_read, NULL);
	sqlite3_progress_handler(d->handle, 10000, too_long, &until);
	rows = ask(d, sql, e);
	sqlite3_progress_handler(d->handle, 0, NULL, NULL);
	sqlite3_set_authorizer(d->handle, NULL, NULL);
	if (d == &own)
		db_close(d);
	else
		db_read_done(d);
	return rows;
}
