#include "catalog/measured.h"
#include <stdlib.h>
#include "catalog/db.h"

/* The model of a score: its own, or what its run wrote. */
#define MODEL_OF "coalesce(s.model, (SELECT min(m.id) FROM model m WHERE m.run = s.run), 0)"

static void read_measured(sqlite3_stmt *s, void *row)
{
	struct catalog_measured *m = row;

	m->model = sqlite3_column_int64(s, 0);
	m->run = sqlite3_column_int64(s, 1);
	m->word = db_text(s, 2);
	m->scores = sqlite3_column_int64(s, 3);
}

static void measured_fini(void *row)
{
	free(((struct catalog_measured *)row)->word);
}

static const struct db_rows measured_rows =
	{ sizeof(struct catalog_measured), read_measured, measured_fini };

struct catalog_measured *catalog_measured(struct catalog *c, size_t *n, struct err *e)
{
	static const char sql[] =
		"SELECT model, CASE WHEN model = 0 THEN run ELSE 0 END AS r, CASE WHEN model = 0 "
		"AND run = 0 THEN variant END AS word, sum(scores), max(newest) FROM (SELECT "
		MODEL_OF " AS model, coalesce(s.run, 0) AS run, s.variant, count(*) AS scores, "
		"max(s.id) AS newest FROM score s GROUP BY s.model, s.run, s.variant) WHERE model "
		"<> 0 OR run <> 0 OR variant IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 5 DESC";

	return db_list(c, &measured_rows, n, e, sql, "");
}

void catalog_measured_free(struct catalog_measured *v, size_t n)
{
	db_list_free(&measured_rows, v, n);
}

static void read_task(sqlite3_stmt *s, void *row)
{
	struct catalog_measured_task *t = row;

	t->task = db_text(s, 0);
	t->models = sqlite3_column_int64(s, 1);
}

static void task_fini(void *row)
{
	free(((struct catalog_measured_task *)row)->task);
}

static const struct db_rows task_rows =
	{ sizeof(struct catalog_measured_task), read_task, task_fini };

struct catalog_measured_task *catalog_measured_tasks(struct catalog *c, size_t *n, struct err *e)
{
	return db_list(c, &task_rows, n, e, "SELECT task, count(DISTINCT model) FROM score WHERE "
		"model IS NOT NULL AND estimated = 0 GROUP BY task ORDER BY 2 DESC, 1", "");
}

void catalog_measured_tasks_free(struct catalog_measured_task *v, size_t n)
{
	db_list_free(&task_rows, v, n);
}

static void read_figure(sqlite3_stmt *s, void *row)
{
	struct catalog_figure *f = row;

	f->model = sqlite3_column_int64(s, 0);
	f->value = db_double(s, 1);
	f->stderr_ = db_double(s, 2);
}

struct catalog_figure *catalog_task_figures(struct catalog *c, const char *task, size_t *n,
	struct err *e)
{
	static const struct db_rows figure_rows =
		{ sizeof(struct catalog_figure), read_figure, NULL };
	/* A bare column beside max() is of the row that has the maximum. */
	static const char sql[] = "SELECT model, value, stderr, max(id) FROM score WHERE task = ?1 "
		"AND model IS NOT NULL AND estimated = 0 AND value IS NOT NULL AND metric = "
		"(SELECT metric FROM score WHERE task = ?1 AND model IS NOT NULL AND estimated = 0 "
		"GROUP BY metric ORDER BY count(DISTINCT model) DESC, metric LIMIT 1) GROUP BY "
		"model ORDER BY model";

	return db_list(c, &figure_rows, n, e, sql, "t", task);
}

/* From word to word along the index, not over every score. */
#define EVERY_WORD "WITH RECURSIVE w (word) AS (SELECT min(variant) FROM score UNION ALL " \
	"SELECT (SELECT min(variant) FROM score WHERE variant > w.word) FROM w WHERE w.word " \
	"IS NOT NULL) SELECT word FROM w WHERE word IS NOT NULL"

static void read_word(sqlite3_stmt *s, void *row)
{
	*(char **)row = db_text(s, 0);
}

static void word_fini(void *row)
{
	free(*(char **)row);
}

static const struct db_rows word_rows = { sizeof(char *), read_word, word_fini };

char **catalog_measured_words(struct catalog *c, size_t *n, struct err *e)
{
	return db_list(c, &word_rows, n, e, EVERY_WORD, "");
}

char **catalog_unclaimed_words(struct catalog *c, size_t *n, struct err *e)
{
	return db_list(c, &word_rows, n, e, EVERY_WORD " AND EXISTS (SELECT 1 FROM score s WHERE "
		"s.variant = w.word AND s.model IS NULL AND s.run IS NULL) UNION SELECT name FROM "
		"card WHERE model IS NULL", "");
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
