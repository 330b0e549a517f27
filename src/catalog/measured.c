#include "catalog/measured.h"
#include <stdlib.h>
#include "base/vec.h"
#include "catalog/db.h"

/* The model of a score: its own, or what its run wrote. */
#define MODEL_OF "coalesce(s.model, (SELECT min(m.id) FROM model m WHERE m.run = s.run), 0)"

struct catalog_measured *catalog_measured(struct catalog *c, size_t *n, struct err *e)
{
	static const char sql[] =
		"SELECT model, CASE WHEN model = 0 THEN run ELSE 0 END AS r, CASE WHEN model = 0 "
		"AND run = 0 THEN variant END AS word, sum(scores), max(newest) FROM (SELECT "
		MODEL_OF " AS model, coalesce(s.run, 0) AS run, s.variant, count(*) AS scores, "
		"max(s.id) AS newest FROM score s GROUP BY s.model, s.run, s.variant) GROUP BY 1, "
		"2, 3 ORDER BY 5 DESC";
	struct { struct catalog_measured *v; size_t n, cap; } found = { 0 };
	struct db *d = db_reading(c, e);
	bool failed = true;
	sqlite3_stmt *s;

	*n = 0;
	if (!d)
		return NULL;
	vec_reserve(&found, 1);
	s = db_prepare(d, sql, e);
	while (s && db_step(d, s, &failed, e)) {
		struct catalog_measured *m = vec_push(&found);

		m->model = sqlite3_column_int64(s, 0);
		m->run = sqlite3_column_int64(s, 1);
		m->word = db_text(s, 2);
		m->scores = sqlite3_column_int64(s, 3);
		m->newest = sqlite3_column_int64(s, 4);
		if (!m->model && !m->run && !m->word)
			found.n--; /* nobody's */
	}
	db_read_done(d);
	if (failed) {
		catalog_measured_free(found.v, found.n);
		return NULL;
	}
	*n = found.n;
	return found.v;
}

void catalog_measured_free(struct catalog_measured *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(v[i].word);
	free(v);
}

struct catalog_measured_task *catalog_measured_tasks(struct catalog *c, size_t *n, struct err *e)
{
	static const char sql[] = "SELECT task, count(DISTINCT model) FROM score WHERE model IS "
		"NOT NULL AND estimated = 0 GROUP BY task ORDER BY 2 DESC, 1";
	struct { struct catalog_measured_task *v; size_t n, cap; } found = { 0 };
	struct db *d = db_reading(c, e);
	bool failed = true;
	sqlite3_stmt *s;

	*n = 0;
	if (!d)
		return NULL;
	vec_reserve(&found, 1);
	s = db_prepare(d, sql, e);
	while (s && db_step(d, s, &failed, e)) {
		struct catalog_measured_task *t = vec_push(&found);

		t->task = db_text(s, 0);
		t->models = sqlite3_column_int64(s, 1);
	}
	db_read_done(d);
	if (failed) {
		catalog_measured_tasks_free(found.v, found.n);
		return NULL;
	}
	*n = found.n;
	return found.v;
}

void catalog_measured_tasks_free(struct catalog_measured_task *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(v[i].task);
	free(v);
}

struct catalog_figure *catalog_task_figures(struct catalog *c, const char *task, size_t *n,
	struct err *e)
{
	/* A bare column beside max() is of the row that has the maximum. */
	static const char sql[] = "SELECT model, value, stderr, max(id) FROM score WHERE task = ?1 "
		"AND model IS NOT NULL AND estimated = 0 AND value IS NOT NULL AND metric = "
		"(SELECT metric FROM score WHERE task = ?1 AND model IS NOT NULL AND estimated = 0 "
		"GROUP BY metric ORDER BY count(DISTINCT model) DESC, metric LIMIT 1) GROUP BY "
		"model ORDER BY model";
	struct { struct catalog_figure *v; size_t n, cap; } found = { 0 };
	struct db *d = db_reading(c, e);
	bool failed = true;
	sqlite3_stmt *s;

	*n = 0;
	if (!d)
		return NULL;
	vec_reserve(&found, 1);
	s = db_prepare(d, sql, e);
	if (s && db_bind(d, s, e, "t", task))
		while (db_step(d, s, &failed, e)) {
			struct catalog_figure *f = vec_push(&found);

			f->model = sqlite3_column_int64(s, 0);
			f->value = db_double(s, 1);
			f->stderr_ = db_double(s, 2);
		}
	db_read_done(d);
	if (failed) {
		free(found.v);
		return NULL;
	}
	*n = found.n;
	return found.v;
}

/* From word to word along the index, not over every score. */
#define EVERY_WORD "WITH RECURSIVE w (word) AS (SELECT min(variant) FROM score UNION ALL " \
	"SELECT (SELECT min(variant) FROM score WHERE variant > w.word) FROM w WHERE w.word " \
	"IS NOT NULL) SELECT word FROM w WHERE word IS NOT NULL"

static char **words_of(struct catalog *c, const char *sql, size_t *n, struct err *e)
{
	struct { char **v; size_t n, cap; } found = { 0 };
	struct db *d = db_reading(c, e);
	bool failed = true;
	sqlite3_stmt *s;

	*n = 0;
	if (!d)
		return NULL;
	vec_reserve(&found, 1);
	s = db_prepare(d, sql, e);
	while (s && db_step(d, s, &failed, e))
		*vec_push(&found) = db_text(s, 0);
	db_read_done(d);
	for (size_t i = 0; failed && i < found.n; i++)
		free(found.v[i]);
	if (failed)
		vec_fini(&found);
	*n = found.n;
	return found.v;
}

char **catalog_measured_words(struct catalog *c, size_t *n, struct err *e)
{
	return words_of(c, EVERY_WORD, n, e);
}

char **catalog_unclaimed_words(struct catalog *c, size_t *n, struct err *e)
{
	return words_of(c, EVERY_WORD " AND EXISTS (SELECT 1 FROM score s WHERE s.variant = "
		"w.word AND s.model IS NULL AND s.run IS NULL) UNION SELECT name FROM card WHERE "
		"model IS NULL", n, e);
}

bool catalog_claim_words(struct catalog *c, const struct catalog_claim *v, size_t n, struct err *e)
{
	struct db *d = db_writing(c, e);
	bool ok = d != NULL;

	for (size_t i = 0; i < n && ok; i++)
		ok = db_run(d, e, "UPDATE score SET model = ? WHERE variant = ? AND model IS NULL "
			"AND run IS NULL", "it", v[i].model, v[i].word) &&
			db_run(d, e, "UPDATE card SET model = ? WHERE name = ? AND model IS NULL",
			"it", v[i].model, v[i].word) &&
			db_run(d, e, "UPDATE edge SET model = ? WHERE child = ? AND model IS NULL",
			"it", v[i].model, v[i].word);
	return d && db_done(d, ok, e);
}
