/* Answers to single questions. Numbers stand in the database as this machine has them in memory,
 * little endian, which is all that the program runs on. */
#include "catalog/cards.h"
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "base/xalloc.h"
#include "catalog/db.h"

static bool in_order(const struct catalog_answers *a)
{
	for (size_t i = 1; i < a->n; i++)
		if (a->keys[i - 1] >= a->keys[i])
			return false;
	return true;
}

bool catalog_answers_put(struct catalog *c, const char *fact, const struct catalog_answers *a,
	struct err *e)
{
	struct db *d;
	char hex[HASH_HEX_SIZE];
	bool ok;

	if (!a->n || !in_order(a))
		return err_set(e, ERR_INPUT, "answers", "each question once, by ascending key",
			"%zu answers that cannot be kept", a->n);
	d = db_writing(c, e);
	if (!d)
		return false;
	hash_hex(hash_bytes(a->keys, a->n * sizeof *a->keys), hex);
	ok = db_run(d, e, "INSERT INTO question_set (hash, n, keys) VALUES (?, ?, ?) ON CONFLICT "
		"DO NOTHING", "tib", hex, (int64_t)a->n, a->keys, a->n * sizeof *a->keys) &&
		db_run(d, e, "INSERT INTO answer (score, questions, data) SELECT s.id, q.id, ? "
		"FROM score s, question_set q WHERE s.fact = ? AND q.hash = ? ON CONFLICT (score) "
		"DO UPDATE SET questions = excluded.questions, data = excluded.data", "btt",
		a->values, a->n * sizeof *a->values, fact, hex);
	return db_done(d, ok, e);
}

static void *copied(sqlite3_stmt *s, int column, size_t n)
{
	void *v = NULL;

	if ((size_t)sqlite3_column_bytes(s, column) == n && (v = xtry_malloc(n)))
		memcpy(v, sqlite3_column_blob(s, column), n);
	return v;
}

bool catalog_answers(struct catalog *c, int64_t score, struct catalog_answers *a, struct err *e)
{
	struct db *d = db_reading(c, e);
	bool failed = true, whole = true;
	sqlite3_stmt *s;

	*a = (struct catalog_answers){ 0 };
	if (!d)
		return false;
	s = db_prepare(d, "SELECT q.n, q.keys, a.data FROM answer a JOIN question_set q ON q.id = "
		"a.questions WHERE a.score = ?", e);
	if (s && db_bind(d, s, e, "i", score) && db_step(d, s, &failed, e)) {
		a->n = (size_t)(sqlite3_column_bytes(s, 1) / (int)sizeof *a->keys);
		a->keys = copied(s, 1, a->n * sizeof *a->keys);
		a->values = copied(s, 2, a->n * sizeof *a->values);
		whole = a->n && a->keys && a->values && in_order(a) &&
			sqlite3_column_int64(s, 0) == (int64_t)a->n;
		failed = false;
	}
	db_read_done(d);
	if (!whole) {
		err_set(e, ERR_INPUT, c->path, "import the file with the answers again",
			"the answers of score %lld are damaged", (long long)score);
		failed = true;
	}
	if (failed)
		catalog_answers_fini(a);
	return !failed;
}

void catalog_answers_fini(struct catalog_answers *a)
{
	free(a->keys);
	free(a->values);
	*a = (struct catalog_answers){ 0 };
}
