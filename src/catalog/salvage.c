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

struct page_rows { struct record *v; size_t n; unsigned broken; };

static void page_rows_fini(struct page_rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		record_fini(&rows->v[i]);
	free(rows->v);
}

/* Everything that a page holds; false if none of it fits, or something else is on it. */
static bool rows_of(struct salvage *s, const struct page *g, const struct salvage_walk *w,
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

static bool take_rows(struct salvage *s, struct salvage_walk *w, const struct page_rows *rows,
	struct err *e)
{
	w->broken_rows += rows->broken;
	for (size_t i = 0; i < rows->n; i++)
		if (!w->take(s, w->ctx, &rows->v[i], e))
			return false;
	return true;
}

static bool walk(struct salvage *s, uint32_t no, struct salvage_walk *w, int depth, struct err *e)
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

bool salvage_walk(struct salvage *s, uint32_t root, struct salvage_walk *w, struct err *e)
{
	return walk(s, root, w, 0, e);
}

/* Pages that no tree led to, as far as they are of this kind of rows. */
static bool walk_orphans(struct salvage *s, struct salvage_walk *w, struct err *e)
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

/* --- rows of tables --- */

static bool table_fits(const void *ctx, const struct record *r)
{
	return salvage_fits(ctx, r);
}

static bool table_take(struct salvage *s, void *ctx, const struct record *r, struct err *e)
{
	struct salvage_table *t = ctx;
	struct record own = *r;
	struct hash hash;
	char *marked;
	uint64_t before = t->saved;
	bool ok;

	if (!salvage_sound(t, r)) {
		t->unsound++;
		return true;
	}
	marked = salvage_mark(t, &own, &hash);
	ok = salvage_put(s, t, &own, e);
	if (marked) {
		t->marked += t->saved - before;
		t->saved = before;
	}
	free(marked);
	return ok;
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
	struct salvage_walk w = { .numbered = t->numbered, .fits = table_fits, .ctx = t,
		.take = t->shadow ? shadow_take : table_take };
	bool ok = walk(s, t->root, &w, 0, e);

	/* A tree that could be followed to every leaf has no page elsewhere. */
	if (ok && w.broken_pages)
		ok = walk_orphans(s, &w, e);
	t->broken_rows = w.broken_rows + t->unsound;
	t->broken_pages = w.broken_pages;
	return ok;
}

bool salvage_rows(struct salvage *s, struct err *e)
{
	struct salvage_walk schema = { .numbered = true, .fits = is_schema, .take = take_schema };
	bool ok;

	s->seen = xcalloc((size_t)s->pages.n + 1, 1);
	salvage_describe(s);
	salvage_describe_indices(s);
	ok = db_script(s->to, "CREATE TEMP TABLE words (id INTEGER PRIMARY KEY, name TEXT, output "
		"TEXT); CREATE TEMP TABLE numbers (name TEXT, seq INTEGER); CREATE TEMP TABLE "
		"spoken (tab TEXT, id INTEGER, PRIMARY KEY (tab, id)) WITHOUT ROWID; CREATE TEMP "
		"TABLE piece (id INTEGER, col TEXT, value, PRIMARY KEY (id, col)) WITHOUT ROWID",
		e) &&
		walk(s, 1, &schema, 0, e) &&
		(!schema.broken_pages || walk_orphans(s, &schema, e));
	/* Shadows fit nearly anything: they come when the pages of the others are taken. */
	for (int shadow = 0; shadow < 2; shadow++)
		for (size_t i = 0; i < s->n_tables && ok; i++)
			if (s->tables[i].shadow == shadow)
				ok = read_table(s, &s->tables[i], e);
	for (size_t i = 0; i < s->n_tables && ok; i++)
		if (!s->tables[i].shadow && s->tables[i].numbered)
			ok = salvage_count_lost(s, &s->tables[i], e);
	return ok && salvage_bind(s, e);
}

void salvage_fini(struct salvage *s)
{
	for (size_t i = 0; i < s->n_tables; i++)
		salvage_table_fini(&s->tables[i]);
	for (size_t i = 0; i < s->n_indices; i++)
		salvage_index_fini(&s->indices[i]);
	free(s->tables);
	free(s->indices);
	free(s->seen);
	pages_close(&s->pages);
}
