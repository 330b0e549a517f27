#include "config.h"
#include "catalog/salvage.h"
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"
#include "base/xalloc.h"

static void describe_columns(struct db *d, struct salvage_index *x)
{
	struct { char **v; size_t n, cap; } found = { 0 };
	sqlite3_stmt *q = NULL;

	sqlite3_prepare_v2(d->handle, "SELECT name FROM pragma_index_info(?) ORDER BY seqno", -1,
		&q, NULL);
	sqlite3_bind_text(q, 1, x->name, -1, SQLITE_STATIC);
	while (q && sqlite3_step(q) == SQLITE_ROW)
		*vec_push(&found) = db_text(q, 0);
	sqlite3_finalize(q);
	x->columns = found.v;
	x->n = found.n;
}

void salvage_describe_indices(struct salvage *s)
{
	struct { struct salvage_index *v; size_t n, cap; } found = { 0 };
	sqlite3_stmt *q = NULL;

	sqlite3_prepare_v2(s->to->handle, "SELECT m.name, m.tbl_name FROM sqlite_schema m JOIN "
		"pragma_table_list l ON l.name = m.tbl_name AND l.schema = 'main' WHERE m.type = "
		"'index' AND NOT l.wr", -1, &q, NULL);
	while (q && sqlite3_step(q) == SQLITE_ROW) {
		struct salvage_index *x = vec_push(&found);

		x->name = db_text(q, 0);
		x->table = db_text(q, 1);
	}
	sqlite3_finalize(q);
	for (size_t i = 0; i < found.n; i++)
		describe_columns(s->to, &found.v[i]);
	s->indices = found.v;
	s->n_indices = found.n;
}

void salvage_index_fini(struct salvage_index *x)
{
	for (size_t i = 0; i < x->n; i++)
		free(x->columns[i]);
	free(x->columns);
	free(x->name);
	free(x->table);
}

/* --- what is lost --- */

static bool entry_fits(const void *ctx, const struct record *r)
{
	const struct salvage_index *x = ctx;

	return r->n == x->n + 1 && r->v[r->n - 1].kind == VALUE_INTEGER && r->v[r->n - 1].i > 0;
}

static bool put_piece(struct salvage *s, int64_t id, const char *column, const struct value *v,
	struct err *e)
{
	sqlite3_stmt *q = db_prepare(s->to, "INSERT OR IGNORE INTO temp.piece (id, col, value) "
		"VALUES (?, ?, ?)", e);
	bool failed;

	if (!q || !db_bind(s->to, q, e, "it", id, column) ||
		salvage_bind_value(q, 3, v) != SQLITE_OK)
		return false;
	db_step(s->to, q, &failed, e);
	sqlite3_reset(q);
	return !failed;
}

static bool entry_take(struct salvage *s, void *ctx, const struct record *r, struct err *e)
{
	const struct salvage_index *x = ctx;
	int64_t id = r->v[r->n - 1].i;

	for (size_t i = 0; i < x->n; i++)
		if (x->columns[i] && r->v[i].kind != VALUE_NULL &&
			!put_piece(s, id, x->columns[i], &r->v[i], e))
			return false;
	return db_run(s->to, e, "INSERT OR IGNORE INTO temp.spoken (tab, id) VALUES (?, ?)", "ti",
		x->table, id);
}

static bool is_known(const struct salvage *s, const struct salvage_table *t, const char *column)
{
	for (size_t i = 0; i < s->n_indices; i++)
		for (size_t k = 0; str_eq(s->indices[i].table, t->name) && k < s->indices[i].n; k++)
			if (str_eq(s->indices[i].columns[k], column))
				return true;
	return false;
}

/* A column that must be there and has no default must be in an index. */
static bool can_be_pieced(struct salvage *s, const struct salvage_table *t)
{
	struct err ignored = { 0 };
	sqlite3_stmt *q = db_prepare(s->to, "SELECT name FROM pragma_table_xinfo(?) WHERE "
		"\"notnull\" AND dflt_value IS NULL AND NOT pk", &ignored);
	bool ok = q && db_bind(s->to, q, &ignored, "t", t->name), failed = false;

	while (ok && db_step(s->to, q, &failed, &ignored))
		ok = is_known(s, t, (const char *)sqlite3_column_text(q, 0));
	if (q)
		sqlite3_reset(q);
	return ok && !failed;
}

/* One row for each number that is spoken of, from its pieces; a row that lacks what it must have,
 * or takes what another has, is refused by the table. */
static bool piece_together(struct salvage *s, struct salvage_table *t, struct err *e)
{
	struct str names = STR_INIT, values = STR_INIT;
	char *sql;
	bool ok;

	for (size_t i = 0; i < t->n; i++) {
		const struct salvage_column *c = &t->columns[i];

		if (!c->number && !is_known(s, t, c->name))
			continue;
		str_addf(&names, "%s\"%s\"", names.n ? ", " : "", c->name);
		if (c->number)
			str_addf(&values, "%sp.id", values.n ? ", " : "");
		else
			str_addf(&values, "%smax(CASE p.col WHEN '%s' THEN p.value END)",
				values.n ? ", " : "", c->name);
	}
	sql = xasprintf("INSERT OR IGNORE INTO \"%s\" (%s) SELECT %s FROM temp.piece p WHERE p.id "
		"NOT IN (SELECT rowid FROM \"%s\") GROUP BY p.id", t->name, names.s, values.s,
		t->name);
	ok = db_script(s->to, sql, e);
	t->pieced = ok ? (uint64_t)sqlite3_changes(s->to->handle) : 0;
	free(sql);
	str_fini(&names);
	str_fini(&values);
	return ok;
}

static uint64_t count(struct salvage *s, const char *fmt, const char *table)
{
	char *sql = sqlite3_mprintf(fmt, table, table);
	int64_t n = db_number(s->to, sql, 0);

	sqlite3_free(sql);
	return n > 0 ? (uint64_t)n : 0;
}

bool salvage_count_lost(struct salvage *s, struct salvage_table *t, struct err *e)
{
	uint64_t more;
	bool ok = db_script(s->to, "DELETE FROM temp.piece", e);

	for (size_t i = 0; i < s->n_indices && ok; i++) {
		struct salvage_walk w = { .fits = entry_fits, .take = entry_take,
			.ctx = &s->indices[i] };

		if (str_eq(s->indices[i].table, t->name))
			ok = salvage_walk(s, s->indices[i].root, &w, e);
	}
	if (ok && can_be_pieced(s, t))
		ok = piece_together(s, t, e);
	t->pieced += t->marked;
	t->lost = count(s, "SELECT count(*) FROM temp.spoken WHERE tab = %Q AND id NOT IN (SELECT "
		"rowid FROM \"%w\")", t->name);
	if (str_eq(t->name, "run")) {
		more = count(s, "SELECT count(*) FROM (SELECT id FROM temp.words UNION SELECT id "
			"FROM temp.spoken WHERE tab = %Q) WHERE id NOT IN (SELECT id FROM \"%w\")",
			t->name);
		t->lost = more > t->lost ? more : t->lost;
	}
	if (t->lost + t->pieced < t->broken_rows)
		t->lost = t->broken_rows - t->pieced;
	return ok;
}
