#include "config.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/str.h"
#include "base/vec.h"
#include "base/xalloc.h"
#include "catalog/keep.h"
#include "catalog/schema.h"
#include "system/file.h"

#define FAULTS 40 /* then it is enough */
#define COPY_MAX ((int64_t)256 << 20)

static void add(struct catalog_checked *c, bool mended, char *text)
{
	if (c->n == FAULTS) {
		free(text);
		return;
	}
	c->v = xrealloc(c->v, (c->n + 1) * sizeof *c->v);
	c->v[c->n++] = (struct catalog_fault){ text, mended };
	c->mended += mended;
}

static const char *words_of(const char *table)
{
	return keep_words(table) ? keep_words(table) : table;
}

/* --- the file --- */

static bool open_for_check(struct db *d, const char *path, struct catalog_checked *c, bool *ours,
	struct err *e)
{
	enum schema_state state = SCHEMA_FAILED;
	int version, code = SQLITE_CANTOPEN;

	if (!file_exists(path))
		return err_set(e, ERR_INPUT, path, "it is made when it is first needed",
			"there is no catalog");
	if (access(path, W_OK) == 0)
		code = db_open(d, path, SQLITE_OPEN_READWRITE);
	if (code == SQLITE_OK)
		state = schema_look(d, schema_steps[schema_n_steps - 1].version, &version, &code);
	else
		state = db_open_to_read(d, path, &version, &code);
	*ours = state == SCHEMA_CURRENT;
	if (state == SCHEMA_FOREIGN)
		return err_set(e, ERR_INPUT, path, "name another file with --catalog",
			"is a database of another program");
	if (state != SCHEMA_FAILED)
		return true;
	if ((code & 0xff) != SQLITE_CORRUPT && (code & 0xff) != SQLITE_NOTADB)
		return db_fail(d, code, "read", e);
	add(c, true, xstrdup("the file cannot be opened: its beginning is damaged, or it is no "
		"catalog"));
	db_close(d);
	return true;
}

/* Every table to its end. */
static void read_tables(struct db *d, struct catalog_checked *c)
{
	sqlite3_stmt *tables = NULL, *s;

	sqlite3_prepare_v2(d->handle, "SELECT name FROM pragma_table_list WHERE schema = 'main' "
		"AND type = 'table' AND name NOT LIKE 'sqlite#_%' ESCAPE '#'", -1, &tables, NULL);
	while (tables && sqlite3_step(tables) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(tables, 0);
		char *sql = xasprintf("SELECT * FROM \"%s\" NOT INDEXED", name);
		uint64_t rows = 0;
		int rc = sqlite3_prepare_v2(d->handle, sql, -1, &s, NULL);

		while (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
			rows++;
			rc = SQLITE_OK;
		}
		if (rc != SQLITE_DONE && rc != SQLITE_OK)
			add(c, true, xasprintf("%s cannot be read to the end: %" PRIu64 " rows "
				"come before the damage", words_of(name), rows));
		c->rows += rows;
		sqlite3_finalize(s);
		free(sql);
	}
	sqlite3_finalize(tables);
}

/* SQLite's findings, counted: they name pages, which nobody knows; what they mean for a person has
 * been said by reading the tables. */
static void check_file(struct db *d, struct catalog_checked *c)
{
	sqlite3_stmt *s = NULL;
	uint64_t n = 0;
	char *first = NULL;
	int rc = sqlite3_prepare_v2(d->handle, "PRAGMA integrity_check(1000)", -1, &s, NULL);

	while (rc == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW) {
		const char *text = (const char *)sqlite3_column_text(s, 0);

		if (!text || str_eq(text, "ok") || str_starts(text, "*** in database"))
			text = text ? strchr(text, '\n') : NULL;
		if (!text)
			continue;
		while (*text == '\n')
			text++;
		if (!first)
			first = xstrndup(text, strcspn(text, "\n"));
		n++;
	}
	sqlite3_finalize(s);
	if (rc != SQLITE_OK || (n == 0 && sqlite3_errcode(d->handle) == SQLITE_CORRUPT))
		add(c, true, xstrdup("the file cannot be checked to the end: it is damaged"));
	else if (n)
		add(c, true,
			xasprintf("the file's structure has %" PRIu64 " fault%s, the first: %s",
			n, n == 1 ? "" : "s", first));
	free(first);
}

static void check_links(struct db *d, struct catalog_checked *c)
{
	sqlite3_stmt *s = NULL;

	sqlite3_prepare_v2(d->handle, "SELECT \"table\", parent, count(*) FROM "
		"pragma_foreign_key_check GROUP BY 1, 2", -1, &s, NULL);
	while (s && sqlite3_step(s) == SQLITE_ROW)
		add(c, true, xasprintf("%s: %" PRId64 " belong to %s that are not there",
			words_of((const char *)sqlite3_column_text(s, 0)),
			(int64_t)sqlite3_column_int64(s, 2),
			words_of((const char *)sqlite3_column_text(s, 1))));
	sqlite3_finalize(s);
}

/* --- what the program promises --- */

static const struct promise {
	const char *sql;   /* counts what breaks it */
	const char *text;  /* after the number */
	bool mended;
} promises[] = {
	{ "SELECT count(*) FROM run r LEFT JOIN run_search s ON s.rowid = r.id WHERE s.rowid IS "
	  "NULL OR s.name IS NOT r.name", "runs cannot be found by their words", true },
	{ "SELECT count(*) FROM run_search WHERE rowid NOT IN (SELECT id FROM run)",
	  "entries of the index of words are of runs that are not there", true },
	{ "SELECT count(*) FROM card c LEFT JOIN card_search s ON s.rowid = c.id WHERE s.rowid IS "
	  "NULL OR s.name IS NOT c.name", "cards cannot be found by their words", true },
	{ "SELECT count(*) FROM score WHERE run IS NULL AND model IS NULL AND variant IS NULL",
	  "scores say of nothing what they measured", false },
	{ "SELECT count(*) FROM score WHERE protocol IS NOT NULL AND NOT json_valid(protocol)",
	  "scores have a protocol that is not JSON", false },
	{ "SELECT count(*) FROM card WHERE NOT json_valid(facts)",
	  "cards have facts that are not JSON", false },
	{ "SELECT count(*) FROM job WHERE NOT json_valid(command)",
	  "jobs have a command that is not JSON", false },
	{ "SELECT count(*) FROM question_set WHERE length(keys) <> 8 * n",
	  "sets of questions do not hold as many as they say", true },
	{ "SELECT count(*) FROM answer a JOIN question_set q ON q.id = a.questions WHERE "
	  "length(a.data) <> 4 * q.n", "scores have more or fewer answers than questions", false },
	{ "SELECT count(*) FROM recipe WHERE NOT recipe_is_sound(text, text_hash)",
	  "recipes are not what was stored", true },
	{ "SELECT count(*) FROM stat WHERE length(a) <> 16 OR length(b) <> 16 OR length(base) <> "
	  "16",
	  "statistics are stored under no key", false },
	{ "SELECT count(*) FROM run WHERE status NOT IN ('running', 'done', 'failed', 'cancelled', "
	  "'imported', 'stopped')", "runs have a state that there is not", false },
	{ "SELECT count(*) FROM run WHERE id > (SELECT seq FROM sqlite_sequence WHERE name = "
	  "'run')",
	  "runs have numbers that would be given again", true },
};

static void recipe_is_sound(sqlite3_context *s, int n, sqlite3_value **v)
{
	const void *text = sqlite3_value_text(v[0]), *hash = sqlite3_value_blob(v[1]);
	struct hash h = hash_bytes(text ? text : "", (size_t)sqlite3_value_bytes(v[0]));

	(void)n;
	sqlite3_result_int(s, hash && sqlite3_value_bytes(v[1]) == sizeof h.b &&
		memcmp(hash, h.b, sizeof h.b) == 0);
}

static void check_promises(struct db *d, struct catalog_checked *c)
{
	sqlite3_create_function(d->handle, "recipe_is_sound", 2, SQLITE_UTF8, NULL,
		 recipe_is_sound, NULL, NULL);
	for (size_t i = 0; i < sizeof promises / sizeof *promises; i++) {
		int64_t n = db_number(d, promises[i].sql, 0);

		if (n)
			add(c, promises[i].mended,
				xasprintf("%" PRId64 " %s", n, promises[i].text));
	}
}

static bool copy_into_memory(struct db *to, struct db *from)
{
	sqlite3_backup *b;

	if (db_number(from, "SELECT page_count * page_size FROM pragma_page_count, "
		"pragma_page_size", COPY_MAX + 1) > COPY_MAX ||
		db_open(to, ":memory:", SQLITE_OPEN_READWRITE) != SQLITE_OK)
		return false;
	b = sqlite3_backup_init(to->handle, "main", from->handle, "main");
	if (b)
		sqlite3_backup_step(b, -1);
	if (b && sqlite3_backup_finish(b) == SQLITE_OK &&
		sqlite3_exec(to->handle, "PRAGMA journal_mode = MEMORY", NULL, NULL, NULL) ==
		SQLITE_OK)
		return true;
	db_close(to);
	return false;
}

/* The index answers to a statement that looks like a write. */
static void check_words(struct db *d, struct catalog_checked *c)
{
	static const struct { const char *sql, *of; } indices[] = {
		{ "INSERT INTO run_search (run_search) VALUES ('integrity-check')", "runs" },
		{ "INSERT INTO card_search (card_search) VALUES ('integrity-check')", "cards" },
	};

	struct db copy = { .path = d->path };

	/* Where nothing can be written now, a copy answers. */
	if (sqlite3_exec(d->handle, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK) {
		if (!copy_into_memory(&copy, d))
			add(c, false, xstrdup("the index of words could not be looked at: the "
				"catalog cannot be written, and is too large to copy"));
		d = &copy;
	}
	for (size_t i = 0; d->handle && i < sizeof indices / sizeof *indices; i++)
		if ((sqlite3_exec(d->handle, indices[i].sql, NULL, NULL, NULL) & 0xff) ==
			SQLITE_CORRUPT)
			add(c, true, xasprintf("the index of words in %s is damaged: a search "
				"may miss some", indices[i].of));
	if (d->handle && !sqlite3_get_autocommit(d->handle))
		sqlite3_exec(d->handle, "ROLLBACK", NULL, NULL, NULL);
	db_close(&copy);
}

bool catalog_examine(const char *path, struct catalog_checked *out, struct err *e)
{
	struct db d = { .path = path };
	bool ours = false, ok;

	memset(out, 0, sizeof *out);
	ok = open_for_check(&d, path, out, &ours, e);
	if (ok && d.handle) {
		read_tables(&d, out);
		check_file(&d, out);
		check_links(&d, out);
	}
	if (ok && d.handle && ours) {
		check_promises(&d, out);
		check_words(&d, out);
	}
	db_close(&d);
	if (!ok)
		catalog_checked_fini(out);
	return ok;
}

void catalog_checked_fini(struct catalog_checked *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->v[i].text);
	free(c->v);
	memset(c, 0, sizeof *c);
}
