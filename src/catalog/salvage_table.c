#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"
#include "base/xalloc.h"
#include "catalog/salvage.h"

/* --- what the tables are --- */

static char letter(const char *type)
{
	static const struct { const char *name; char letter; } types[] = { { "INTEGER", 'I' },
		{ "INT", 'I' }, { "REAL", 'R' }, { "TEXT", 'T' }, { "BLOB", 'B' } };

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (str_eq(type, types[i].name))
			return types[i].letter;
	return 'a';
}

/* A record has the columns of the key first where the key is the table's order. */
static void describe_columns(struct db *d, struct salvage_table *t)
{
	struct { struct salvage_column *v; size_t n, cap; } found = { 0 };
	sqlite3_stmt *s = NULL;
	int keys = 0;

	sqlite3_prepare_v2(d->handle, "SELECT name, type, \"notnull\", pk FROM "
		"pragma_table_xinfo(?1) WHERE hidden = 0 ORDER BY iif(?2, 0, iif(pk, pk, 1000)), "
		"cid", -1, &s, NULL);
	sqlite3_bind_text(s, 1, t->name, -1, SQLITE_STATIC);
	sqlite3_bind_int(s, 2, t->numbered);
	while (s && sqlite3_step(s) == SQLITE_ROW) {
		struct salvage_column *c = vec_push(&found);
		bool key = sqlite3_column_int(s, 3) != 0;

		c->name = db_text(s, 0);
		c->type = letter((const char *)sqlite3_column_text(s, 1));
		c->number = t->numbered && key && c->type == 'I';
		c->needed = !c->number && (sqlite3_column_int(s, 2) != 0 || (key && !t->numbered));
		keys += key;
	}
	sqlite3_finalize(s);
	for (size_t i = 0; i < found.n; i++)
		found.v[i].number = found.v[i].number && keys == 1;
	t->columns = found.v;
	t->n = found.n;
}

void salvage_describe(struct salvage *s)
{
	struct { struct salvage_table *v; size_t n, cap; } found = { 0 };
	sqlite3_stmt *q = NULL;

	/* In the order they were made: what is looked up comes before what looks it up. */
	sqlite3_prepare_v2(s->to->handle, "SELECT l.name, l.type, l.wr FROM pragma_table_list l "
		"JOIN sqlite_schema m ON m.name = l.name WHERE l.schema = 'main' AND l.type IN "
		"('table', 'shadow') ORDER BY m.rowid", -1, &q, NULL);
	while (q && sqlite3_step(q) == SQLITE_ROW) {
		struct salvage_table *t = vec_push(&found);

		t->name = db_text(q, 0);
		t->shadow = str_eq((const char *)sqlite3_column_text(q, 1), "shadow") ||
			str_starts(t->name, "sqlite_") || str_eq(t->name, "recipe_value");
		t->numbered = !sqlite3_column_int(q, 2);
	}
	sqlite3_finalize(q);
	for (size_t i = 0; i < found.n; i++)
		describe_columns(s->to, &found.v[i]);
	s->tables = found.v;
	s->n_tables = found.n;
}

void salvage_table_fini(struct salvage_table *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->columns[i].name);
	free(t->columns);
	free(t->name);
	sqlite3_finalize(t->put);
}

/* --- rows --- */

static bool value_fits(const struct salvage_column *c, const struct value *v)
{
	if (c->number)
		return v->kind == VALUE_NULL;
	if (v->kind == VALUE_NULL)
		return !c->needed;
	switch (c->type) {
	case 'I':
		return v->kind == VALUE_INTEGER;
	case 'R': /* whole numbers are stored as such */
		return v->kind == VALUE_REAL || v->kind == VALUE_INTEGER;
	case 'T':
		return v->kind == VALUE_TEXT;
	case 'B':
		return v->kind == VALUE_BLOB;
	default:
		return true;
	}
}

/* A row is shorter than its table where columns were added later; those may be null. */
bool salvage_fits(const struct salvage_table *t, const struct record *r)
{
	if (r->n > t->n)
		return false;
	for (size_t i = 0; i < t->n; i++)
		if (i < r->n ? !value_fits(&t->columns[i], &r->v[i]) : t->columns[i].needed)
			return false;
	return true;
}

/* The end of a long value lies on pages of its own, which have no mark: one that was overwritten
 * shows only in what the value is. */
static bool text_is_sound(const struct value *v)
{
	return v->kind != VALUE_TEXT || (!memchr(v->b, 0, v->n) &&
		(v->n < 256 || utf8_valid((const char *)v->b, v->n)));
}

bool salvage_sound(const struct salvage_table *t, const struct record *r)
{
	for (size_t i = 0; i < r->n; i++)
		if (!text_is_sound(&r->v[i]))
			return false;
	if (str_eq(t->name, "question_set") && r->n >= 4)
		return r->v[2].i >= 0 && (uint64_t)r->v[2].i == r->v[3].n / 8 &&
			r->v[3].n % 8 == 0;
	return true;
}

/* A recipe that does not have the hash it was stored with has lost some of its bytes: for a person
 * it is still worth having, with a first line that says so. free() what comes back, if anything. */
char *salvage_mark(const struct salvage_table *t, struct record *r, struct hash *hash)
{
	static const char mark[] = "# damaged in the catalog: some of this text may be wrong\n";
	char *text;

	if (!str_eq(t->name, "recipe") || r->n < 4)
		return NULL;
	*hash = hash_bytes(r->v[3].b, r->v[3].n);
	if (r->v[2].n == sizeof hash->b && memcmp(r->v[2].b, hash->b, sizeof hash->b) == 0)
		return NULL;
	text = xasprintf("%s%.*s", mark, (int)r->v[3].n, (const char *)r->v[3].b);
	r->v[3].b = (uint8_t *)text;
	r->v[3].n = strlen(text);
	*hash = hash_bytes(text, r->v[3].n);
	r->v[2].b = hash->b;
	r->v[2].n = sizeof hash->b;
	return text;
}

static bool prepare_put(struct salvage *s, struct salvage_table *t, size_t n, struct err *e)
{
	struct str sql = STR_INIT;
	int rc;

	if (t->put && t->put_n == n)
		return true;
	sqlite3_finalize(t->put);
	t->put = NULL;
	t->put_n = n;
	str_addf(&sql, "INSERT OR IGNORE INTO \"%s\" (", t->name);
	for (size_t i = 0; i < n; i++)
		str_addf(&sql, "%s\"%s\"", i ? ", " : "", t->columns[i].name);
	str_add(&sql, ") VALUES (?");
	for (size_t i = 1; i < n; i++)
		str_add(&sql, ", ?");
	str_add(&sql, ")");
	rc = sqlite3_prepare_v2(s->to->handle, sql.s, -1, &t->put, NULL);
	str_fini(&sql);
	return rc == SQLITE_OK || db_fail(s->to, rc, "write", e);
}

int salvage_bind_value(sqlite3_stmt *s, int i, const struct value *v)
{
	switch (v->kind) {
	case VALUE_INTEGER:
		return sqlite3_bind_int64(s, i, v->i);
	case VALUE_REAL:
		return sqlite3_bind_double(s, i, v->d);
	case VALUE_TEXT:
		return sqlite3_bind_text64(s, i, (const char *)v->b, v->n, SQLITE_STATIC,
			SQLITE_UTF8);
	case VALUE_BLOB:
		return sqlite3_bind_blob64(s, i, v->n ? (const void *)v->b : "", v->n,
			SQLITE_STATIC);
	default:
		return sqlite3_bind_null(s, i);
	}
}

bool salvage_put(struct salvage *s, struct salvage_table *t, const struct record *r,
	struct err *e)
{
	int rc = SQLITE_OK, before;

	if (!prepare_put(s, t, r->n, e))
		return false;
	for (size_t i = 0; i < r->n && rc == SQLITE_OK; i++)
		rc = t->columns[i].number ? sqlite3_bind_int64(t->put, (int)i + 1, r->row)
			: salvage_bind_value(t->put, (int)i + 1, &r->v[i]);
	before = sqlite3_total_changes(s->to->handle);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(t->put);
	sqlite3_reset(t->put);
	/* A row that the table itself refuses (a check, a double) is no reason to stop. */
	if (rc != SQLITE_DONE && (rc & 0xff) != SQLITE_CONSTRAINT)
		return db_fail(s->to, rc, "write", e);
	if (rc == SQLITE_DONE && sqlite3_total_changes(s->to->handle) != before)
		t->saved++;
	else
		t->doubled++;
	return true;
}

/* --- what belongs to what --- */

static struct salvage_table *table_of(struct salvage *s, const char *name)
{
	for (size_t i = 0; i < s->n_tables; i++)
		if (str_eq(s->tables[i].name, name))
			return &s->tables[i];
	return NULL;
}

static bool put_back(struct salvage *s, struct err *e)
{
	/* What the index of words remembers of it; its children find it again. */
	static const char returned[] =
		"INSERT OR IGNORE INTO run (id, kind, name, status, output, error) SELECT k.id, "
		"'unknown', coalesce(w.name, ''), 'stopped', nullif(w.output, ''), 'its own row "
		"was lost when the catalog was damaged' FROM temp.orphan k LEFT JOIN temp.words w "
		"ON w.id = k.id";
	/* Put in once more, so that triggers see a run that is there. */
	static const char again[] =
		"CREATE TEMP TABLE i AS SELECT * FROM run_input WHERE run IN orphan;"
		"DELETE FROM run_input WHERE run IN orphan; INSERT INTO run_input SELECT * FROM i;"
		"CREATE TEMP TABLE n AS SELECT * FROM note WHERE run IN orphan;"
		"DELETE FROM note WHERE run IN orphan; INSERT INTO note SELECT * FROM n;"
		"CREATE TEMP TABLE t AS SELECT * FROM tag WHERE run IN orphan;"
		"DELETE FROM tag WHERE run IN orphan; INSERT INTO tag SELECT * FROM t;"
		"DROP TABLE i; DROP TABLE n; DROP TABLE t;";

	if (!db_script(s->to, "CREATE TEMP TABLE orphan (id INTEGER PRIMARY KEY);"
		"INSERT OR IGNORE INTO orphan SELECT run FROM run_input UNION SELECT run FROM note "
		"UNION SELECT run FROM tag UNION SELECT run FROM score WHERE run IS NOT NULL;"
		"INSERT OR IGNORE INTO orphan SELECT id FROM words;"
		"DELETE FROM orphan WHERE id IN (SELECT id FROM run) OR id <= 0", e) ||
		!db_script(s->to, returned, e))
		return false;
	s->returned = (uint64_t)db_number(s->to, "SELECT count(*) FROM orphan", 0);
	return db_script(s->to, again, e) && db_script(s->to, "DROP TABLE orphan", e);
}

/* One reference of a table: what it points to that is not there. */
static bool cut_loose(struct salvage *s, struct salvage_table *t, const char *column,
	const char *parent, const char *to, struct err *e)
{
	bool needed = false;
	char *sql;
	bool ok;

	for (size_t i = 0; i < t->n; i++)
		if (str_eq(t->columns[i].name, column))
			needed = t->columns[i].needed || t->columns[i].number;
	sql = needed ? xasprintf("DELETE FROM \"%s\" WHERE \"%s\" NOT IN (SELECT \"%s\" FROM "
		"\"%s\")", t->name, column, to, parent)
		: xasprintf("UPDATE \"%s\" SET \"%s\" = NULL WHERE \"%s\" IS NOT NULL AND \"%s\" "
		"NOT IN (SELECT \"%s\" FROM \"%s\")", t->name, column, column, column, to, parent);
	ok = db_script(s->to, sql, e);
	if (ok)
		t->bereft += (uint64_t)sqlite3_changes(s->to->handle);
	free(sql);
	return ok;
}

/* Numbers that were given once are not given again. */
static bool set_numbers(struct salvage *s, struct err *e)
{
	return db_script(s->to, "DELETE FROM temp.numbers WHERE name NOT IN (SELECT name FROM "
		"main.sqlite_schema WHERE sql LIKE '%AUTOINCREMENT%');"
		"INSERT INTO sqlite_sequence (name, seq) SELECT DISTINCT name, 0 FROM temp.numbers "
		"WHERE name NOT IN (SELECT name FROM sqlite_sequence);"
		"UPDATE sqlite_sequence SET seq = max(seq, coalesce((SELECT max(n.seq) FROM "
		"temp.numbers n WHERE n.name = sqlite_sequence.name), 0))", e);
}

bool salvage_bind(struct salvage *s, struct err *e)
{
	sqlite3_stmt *q = NULL;
	bool ok = put_back(s, e) && set_numbers(s, e);
	int rc;

	/* Twice: what was dropped may have been what others belong to. */
	for (int turn = 0; turn < 2 && ok; turn++) {
		rc = sqlite3_prepare_v2(s->to->handle, "SELECT l.name, f.\"from\", f.\"table\", "
			"coalesce(f.\"to\", 'id') FROM pragma_table_list l JOIN "
			"pragma_foreign_key_list(l.name) f WHERE l.schema = 'main' AND l.type = "
			"'table'", -1, &q, NULL);
		ok = rc == SQLITE_OK || db_fail(s->to, rc, "read", e);
		while (ok && sqlite3_step(q) == SQLITE_ROW) {
			struct salvage_table *t =
				table_of(s, (const char *)sqlite3_column_text(q, 0));

			ok = !t || cut_loose(s, t, (const char *)sqlite3_column_text(q, 1),
				(const char *)sqlite3_column_text(q, 2),
				(const char *)sqlite3_column_text(q, 3), e);
		}
		sqlite3_finalize(q);
	}
	return ok;
}
