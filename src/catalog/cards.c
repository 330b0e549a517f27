#include "catalog/cards.h"
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "base/xalloc.h"
#include "catalog/db.h"
#include "catalog/filter.h"

/* --- cards --- */

/* ?1 is the statement's own, ?2 whether the card's text is wanted. */
#define NO_TEXT ((int64_t)0)
#define WITH_TEXT ((int64_t)1)
#define CARD_COLUMNS "SELECT c.id, c.model, c.name, c.source, c.hash, c.license, p.text, " \
	"c.facts, c.imported, iif(?2, c.text, NULL) FROM card c LEFT JOIN recipe p ON p.id = " \
	"c.recipe WHERE "

static int64_t known_card(struct db *d, const char *hash, struct err *e)
{
	sqlite3_stmt *s = db_prepare(d, "SELECT id FROM card WHERE hash = ?", e);
	bool failed;
	int64_t id = 0;

	if (s && db_bind(d, s, e, "t", hash) && db_step(d, s, &failed, e))
		id = sqlite3_column_int64(s, 0);
	if (s)
		sqlite3_reset(s);
	return id;
}

static bool put_edge(struct db *d, const struct catalog_edge *v, int64_t card, struct err *e)
{
	return db_run(d, e, "INSERT INTO edge (card, model, child, parent, relation, source, "
		"position, weight) VALUES (nullif(?, 0), nullif(?, 0), ?, ?, ?, ?, ?, ?)",
		"iittttid", card, v->model, v->child, v->parent, v->relation, v->source,
		v->position, v->weight);
}

static bool put_card(struct db *d, const struct catalog_card *v, const struct catalog_edge *edges,
	size_t n_edges, int64_t *id, struct err *e)
{
	int64_t recipe;

	if (!db_put_recipe(d, v->recipe_text, NULL, &recipe, e) ||
		!db_run(d, e, "INSERT INTO card (model, name, source, hash, text, license, recipe, "
			"facts) VALUES (nullif(?, 0), ?, ?, ?, ?, ?, nullif(?, 0), coalesce(?, "
			"'{}'))", "itttttit", v->model, v->name, v->source, v->hash, v->text,
			v->license, recipe, v->facts))
		return false;
	*id = sqlite3_last_insert_rowid(d->handle);
	for (size_t i = 0; i < n_edges; i++)
		if (!put_edge(d, &edges[i], *id, e))
			return false;
	return true;
}

bool catalog_card_put(struct catalog *c, const struct catalog_card *card,
	const struct catalog_edge *edges, size_t n_edges, int64_t *id, bool *added, struct err *e)
{
	struct db *d = db_writing(c, e);
	struct err failed = { 0 };
	bool ok;

	*added = false;
	if (!d)
		return false;
	*id = known_card(d, card->hash, &failed);
	ok = failed.code == ERR_NONE;
	if (!ok && e)
		*e = failed;
	if (ok && *id) {
		ok = db_run(d, e, "UPDATE card SET model = coalesce(model, nullif(?, 0)) WHERE id "
			"= ?", "ii", card->model, *id) &&
			db_run(d, e, "UPDATE edge SET model = coalesce(model, nullif(?, 0)) WHERE "
			"card = ?", "ii", card->model, *id);
	} else if (ok) {
		ok = put_card(d, card, edges, n_edges, id, e);
		*added = ok;
	}
	return db_done(d, ok, e);
}

static void read_card(sqlite3_stmt *s, void *row)
{
	*(struct catalog_card *)row = (struct catalog_card){
		.id = sqlite3_column_int64(s, 0), .model = sqlite3_column_int64(s, 1),
		.name = db_text(s, 2), .source = db_text(s, 3), .hash = db_text(s, 4),
		.license = db_text(s, 5), .recipe_text = db_text(s, 6), .facts = db_text(s, 7),
		.imported = db_text(s, 8), .text = db_text(s, 9),
	};
}

static void card_fini(void *row)
{
	struct catalog_card *v = row;

	free(v->name);
	free(v->source);
	free(v->hash);
	free(v->text);
	free(v->license);
	free(v->recipe_text);
	free(v->facts);
	free(v->imported);
}

static const struct db_rows card_rows = { sizeof(struct catalog_card), read_card, card_fini };

struct catalog_card *catalog_cards(struct catalog *c, int64_t model, size_t *n, struct err *e)
{
	return db_list(c, &card_rows, n, e, CARD_COLUMNS "(?1 = 0 OR c.model = ?1) ORDER BY c.id "
		"DESC", "ii", model, NO_TEXT);
}

struct catalog_card *catalog_cards_named(struct catalog *c, const char *name, size_t *n,
	struct err *e)
{
	return db_list(c, &card_rows, n, e, CARD_COLUMNS "c.id IN (SELECT id FROM card INDEXED BY "
		"card_name WHERE name = ?1 OR substr(name, -length(?1) - 1) = '/' || ?1) ORDER BY "
		"c.name = ?1 DESC, c.id DESC", "ti", name, NO_TEXT);
}

struct catalog_card *catalog_cards_found(struct catalog *c, const char *filter, size_t *n,
	struct err *e)
{
	struct catalog_card *v;
	struct filter f;

	*n = 0;
	if (filter_parse(&f, filter, NULL, NULL, NULL) && f.words.n)
		v = db_list(c, &card_rows, n, e, CARD_COLUMNS "c.id IN (SELECT rowid FROM "
			"card_search WHERE card_search MATCH ?1) ORDER BY c.id DESC LIMIT 100",
			"ti", f.words.s, NO_TEXT);
	else
		v = xnew(struct catalog_card, 1);
	filter_fini(&f);
	return v;
}

struct catalog_card *catalog_card_get(struct catalog *c, int64_t id, struct err *e)
{
	size_t n;
	struct catalog_card *v = db_list(c, &card_rows, &n, e, CARD_COLUMNS "c.id = ?1", "ii", id,
		WITH_TEXT);

	if (v && n == 0) {
		catalog_cards_free(v, 0);
		err_set(e, ERR_INPUT, c->path,
			"`cupel sql 'SELECT id, name FROM cards'` lists them",
			"there is no card %lld", (long long)id);
		return NULL;
	}
	return v;
}

void catalog_cards_free(struct catalog_card *v, size_t n)
{
	db_list_free(&card_rows, v, n);
}

/* --- what comes from what --- */

bool catalog_edges_put(struct catalog *c, int64_t model, const char *source,
	const struct catalog_edge *v, size_t n, struct err *e)
{
	struct db *d = db_writing(c, e);
	bool ok;

	if (!d)
		return false;
	ok = db_run(d, e, "DELETE FROM edge WHERE model = ? AND source = ? AND card IS NULL", "it",
		model, source);
	for (size_t i = 0; i < n && ok; i++) {
		struct catalog_edge edge = v[i];

		edge.model = model;
		edge.source = (char *)source;
		ok = put_edge(d, &edge, 0, e);
	}
	return db_done(d, ok, e);
}

static void read_edge(sqlite3_stmt *s, void *row)
{
	*(struct catalog_edge *)row = (struct catalog_edge){
		.id = sqlite3_column_int64(s, 0), .card = sqlite3_column_int64(s, 1),
		.model = sqlite3_column_int64(s, 2), .child = db_text(s, 3),
		.parent = db_text(s, 4), .relation = db_text(s, 5), .source = db_text(s, 6),
		.position = sqlite3_column_int64(s, 7), .weight = db_double(s, 8),
	};
}

static void edge_fini(void *row)
{
	struct catalog_edge *v = row;

	free(v->child);
	free(v->parent);
	free(v->relation);
	free(v->source);
}

static const struct db_rows edge_rows = { sizeof(struct catalog_edge), read_edge, edge_fini };

struct catalog_edge *catalog_edges(struct catalog *c, size_t *n, struct err *e)
{
	return db_list(c, &edge_rows, n, e, "SELECT id, card, model, child, parent, relation, "
		"source, position, weight FROM edge ORDER BY child, card, position, id", "");
}

void catalog_edges_free(struct catalog_edge *v, size_t n)
{
	db_list_free(&edge_rows, v, n);
}
