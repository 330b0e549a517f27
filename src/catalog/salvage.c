/* A tree is followed from its root as far as it can be; then every page that no tree led to is read
 * for itself, and its rows go to the one table that they fit: all tables of the catalog are told
 * apart by the number and the types of their columns. */
#include "config.h"
#include "catalog/salvage.h"
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"
#include "base/xalloc.h"

#define DEEPEST 32

typedef bool row_fn(struct salvage *s, void *ctx, const struct record *r, struct err *e);
struct walk {
	bool numbered;             /* rows under numbers, or records in every cell */
	bool (*fits)(const void *ctx, const struct record *r);
	row_fn *take;
	void *ctx;
	uint64_t broken_rows, broken_pages;
};

struct page_rows { struct record *v; size_t n; unsigned broken; };

static void page_rows_fini(struct page_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		record_fini(&rows->v[i]);
	free(rows->v);
}

/* Everything that a page holds; false if none of it fits, or something else is on it. */
static bool rows_of(struct salvage *s, const struct page *g, const struct walk *w,
	struct page_rows *rows)
{
	bool fit = true;

	*rows = (struct page_rows){ .v = xcalloc((size_t)g->cells + 1, sizeof *rows->v) };
	for (unsigned i = 0; i < g->cells && fit; i++) {
		struct record *r = &rows->v[rows->n];

		if (!page_record(&s->pages, g, i, r)) {
			rows->broken++;
			continue;
		}
		rows->n++;
		fit = w->fits(w->ctx, r);
	}
	if (fit && (rows->n || g->cells == 0))
		return true;
	page_rows_fini(rows);
	return false;
}

static bool take_rows(struct salvage *s, struct walk *w, const struct page_rows *rows,
	struct err *e)
{
	w->broken_rows += rows->broken;
	for (size_t i = 0; i < rows->n; i++)
		if (!w->take(s, w->ctx, &rows->v[i], e))
			return false;
	return true;
}

/* true also where the page is none of this tree's: then it is counted and left for later. */
static bool walk(struct salvage *s, uint32_t no, struct walk *w, int depth, struct err *e)
{
	struct page_rows rows = { 0 };
	struct page g = { 0 };
	bool ok = true, mine;

	if (no == 0 || no > s->pages.n || s->seen[no] || depth > DEEPEST ||
		!page_load(&s->pages, no, &g)) {
		w->broken_pages++;
		return true;
	}
	mine = w->numbered == (g.kind == PAGE_ROWS || g.kind == PAGE_ROWS_INNER);
	if (mine && g.kind != PAGE_ROWS_INNER)
		mine = rows_of(s, &g, w, &rows);
	if (mine) {
		s->seen[no] = 1;
		ok = take_rows(s, w, &rows, e);
		for (unsigned i = 0; ok && page_is_inner(&g) && i <= g.cells; i++)
			ok = walk(s, page_child(&s->pages, &g, i), w, depth + 1, e);
		page_rows_fini(&rows);
	} else {
		w->broken_pages++;
	}
	page_fini(&g);
	return ok;
}

/* Pages that no tree led to, as far as they are of this kind of rows. */
static bool walk_orphans(struct salvage *s, struct walk *w, struct err *e)
{
	bool ok = true;

	for (uint32_t no = 2; no <= s->pages.n && ok; no++) {
		struct page_rows rows = { 0 };
		struct page g;

		if (s->seen[no] || s->pages.free[no] || !page_load(&s->pages, no, &g))
			continue;
		if (g.cells && g.kind != PAGE_ROWS_INNER && w->numbered == (g.kind == PAGE_ROWS) &&
			rows_of(s, &g, w, &rows)) {
			s->seen[no] = 1;
			ok = take_rows(s, w, &rows, e);
			page_rows_fini(&rows);
		}
		page_fini(&g);
	}
	return ok;
}

/* --- where the trees begin --- */

static bool is_schema(const void *ctx, const struct record *r)
{
	(void)ctx;
	return r->n == 5 && r->v[0].kind == VALUE_TEXT && r->v[1].kind == VALUE_TEXT &&
		r->v[2].kind == VALUE_TEXT && r->v[3].kind == VALUE_INTEGER;
}

static bool says(const struct value *v, const char *text)
{
	return v->n == strlen(text) && memcmp(v->b, text, v->n) == 0;
}

static bool take_schema(struct salvage *s, void *ctx, const struct record *r, struct err *e)
{
	uint32_t root = r->v[3].i > 0 && r->v[3].i <= UINT32_MAX ? (uint32_t)r->v[3].i : 0;

	(void)ctx, (void)e;
	for (size_t i = 0; i < s->n_tables && says(&r->v[0], "table"); i++)
		if (says(&r->v[1], s->tables[i].name)) {
			s->tables[i].root = root;
			s->known += !s->tables[i].shadow;
		}
	for (size_t i = 0; i < s->n_indices && says(&r->v[0], "index"); i++)
		if (says(&r->v[1], s->indices[i].name))
			s->indices[i].root = root;
	return true;
}

static void describe_indices(struct salvage *s)
{
	size_t cap = 0;
	sqlite3_stmt *q = NULL;

	sqlite3_prepare_v2(s->to->handle, "SELECT m.name, m.tbl_name, (SELECT count(*) FROM "
		"pragma_index_info(m.name)) FROM sqlite_schema m JOIN pragma_table_list l ON "
		"l.name = m.tbl_name AND l.schema = 'main' WHERE m.type = 'index' AND NOT l.wr", -1,
		&q,
		NULL);
	while (q && sqlite3_step(q) == SQLITE_ROW) {
		if (s->n_indices == cap) {
			cap = cap ? cap * 2 : 32;
			s->indices = xrealloc(s->indices, cap * sizeof *s->indices);
		}
		s->indices[s->n_indices].name = db_text(q, 0);
		s->indices[s->n_indices].table = db_text(q, 1);
		s->indices[s->n_indices].columns = (size_t)sqlite3_column_int(q, 2);
		s->indices[s->n_indices++].root = 0;
	}
	sqlite3_finalize(q);
}

/* --- rows of tables --- */

static bool table_fits(const void *ctx, const struct record *r)
{
	return salvage_fits(ctx, r);
}

static bool table_take(struct salvage *s, void *ctx, const struct record *r, struct err *e)
{
	struct salvage_table *t = ctx;

	if (salvage_sound(t, r))
		return salvage_put(s, t, r, e);
	t->unsound++;
	return true;
}

/* Shadows are read for what they say of rows that are lost. */
static bool shadow_take(struct salvage *s, void *ctx, const struct record *r, struct err *e)
{
	const struct salvage_table *t = ctx;

	if (str_eq(t->name, "sqlite_sequence") && r->n == 2 && r->v[0].kind == VALUE_TEXT &&
		r->v[1].kind == VALUE_INTEGER && r->v[1].i > 0)
		return db_run(s->to, e, "INSERT INTO temp.numbers (name, seq) VALUES (CAST(? AS "
			"TEXT), ?)", "bi", r->v[0].b, r->v[0].n, r->v[1].i);
	if (!str_eq(t->name, "run_search_content") || r->n < 5 || r->v[1].kind != VALUE_TEXT ||
		r->v[4].kind != VALUE_TEXT)
		return true;
	return db_run(s->to, e, "INSERT OR IGNORE INTO temp.words (id, name, output) VALUES (?, "
		"CAST(? AS TEXT), CAST(? AS TEXT))", "ibb", r->row, r->v[1].b, r->v[1].n,
		r->v[4].b, r->v[4].n);
}

static bool read_table(struct salvage *s, struct salvage_table *t, struct err *e)
{
	struct walk w = { .numbered = t->numbered, .fits = table_fits, .ctx = t,
		.take = t->shadow ? shadow_take : table_take };
	bool ok = walk(s, t->root, &w, 0, e);

	/* A tree that could be followed to every leaf has no page elsewhere. */
	if (ok && w.broken_pages)
		ok = walk_orphans(s, &w, e);
	t->broken_rows = w.broken_rows + t->unsound;
	t->broken_pages = w.broken_pages;
	return ok;
}

/* --- rows that indices speak of --- */

struct spoken { size_t columns; const char *table; };

static bool entry_fits(const void *ctx, const struct record *r)
{
	const struct spoken *k = ctx;

	return r->n == k->columns + 1 && r->v[r->n - 1].kind == VALUE_INTEGER;
}

static bool entry_take(struct salvage *s, void *ctx, const struct record *r, struct err *e)
{
	const struct spoken *k = ctx;

	return db_run(s->to, e, "INSERT OR IGNORE INTO temp.spoken (tab, id) VALUES (?, ?)", "ti",
		k->table, r->v[r->n - 1].i);
}

static bool count_lost(struct salvage *s, struct salvage_table *t, struct err *e)
{
	char *sql;
	bool ok = true;

	for (size_t i = 0; i < s->n_indices && ok; i++) {
		struct spoken k = { s->indices[i].columns, t->name };
		struct walk w = { .fits = entry_fits, .take = entry_take, .ctx = &k };

		if (str_eq(s->indices[i].table, t->name))
			ok = walk(s, s->indices[i].root, &w, 0, e);
	}
	sql = xasprintf("SELECT count(*) FROM temp.spoken WHERE tab = '%s' AND id NOT IN (SELECT "
		"rowid FROM \"%s\")", t->name, t->name);
	t->lost = (uint64_t)db_number(s->to, sql, 0);
	free(sql);
	if (str_eq(t->name, "run") && ok) {
		uint64_t more = (uint64_t)db_number(s->to, "SELECT count(*) FROM (SELECT id FROM "
			"temp.words UNION SELECT id FROM temp.spoken WHERE tab = 'run') WHERE id "
			"NOT IN (SELECT id FROM run)", 0);

		t->lost = more > t->lost ? more : t->lost;
	}
	if (t->lost < t->broken_rows)
		t->lost = t->broken_rows;
	return ok;
}

bool salvage_rows(struct salvage *s, struct err *e)
{
	struct walk schema = { .numbered = true, .fits = is_schema, .take = take_schema };
	bool ok;

	s->seen = xcalloc((size_t)s->pages.n + 1, 1);
	salvage_describe(s);
	describe_indices(s);
	ok = db_script(s->to, "CREATE TEMP TABLE words (id INTEGER PRIMARY KEY, name TEXT, output "
		"TEXT); CREATE TEMP TABLE numbers (name TEXT, seq INTEGER); CREATE TEMP TABLE "
		"spoken (tab TEXT, id INTEGER, PRIMARY KEY (tab, id)) WITHOUT ROWID", e) &&
		walk(s, 1, &schema, 0, e) &&
		(!schema.broken_pages || walk_orphans(s, &schema, e));
	/* Shadows fit nearly anything: they come when the pages of the others are taken. */
	for (int shadow = 0; shadow < 2; shadow++)
		for (size_t i = 0; i < s->n_tables && ok; i++)
			if (s->tables[i].shadow == shadow)
				ok = read_table(s, &s->tables[i], e);
	for (size_t i = 0; i < s->n_tables && ok; i++)
		if (!s->tables[i].shadow && s->tables[i].numbered)
			ok = count_lost(s, &s->tables[i], e);
	return ok && salvage_bind(s, e);
}

void salvage_fini(struct salvage *s)
{
	for (size_t i = 0; i < s->n_tables; i++)
		salvage_table_fini(&s->tables[i]);
	for (size_t i = 0; i < s->n_indices; i++) {
		free(s->indices[i].name);
		free(s->indices[i].table);
	}
	free(s->tables);
	free(s->indices);
	free(s->seen);
	pages_close(&s->pages);
}
