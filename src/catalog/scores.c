#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"
#include "catalog/db.h"
#include "catalog/measured.h"
#include "catalog/task.h"

bool catalog_score_import(struct catalog *c, const struct catalog_score *v, size_t n, size_t *added,
	struct err *e)
{
	static const char count[] = "SELECT count(*) FROM score";
	static const char put[] =
		"INSERT INTO score (run, model, task, metric, value, stderr, n, protocol, "
		"estimated, source, variant, line, text, fact) VALUES (nullif(?, 0), nullif(?, 0), "
		"?, ?, ?, ?, nullif(?, 0), ?, ?, ?, ?, nullif(?, 0), ?, ?) ON CONFLICT (fact) DO "
		"UPDATE SET run = coalesce(run, excluded.run), model = coalesce(model, "
		"excluded.model)";
	struct db *d = db_writing(c, e);
	bool ok = true;
	int64_t before;

	*added = 0;
	if (!d)
		return false;
	before = db_number(d, count, 0);
	for (size_t i = 0; i < n && ok; i++)
		ok = db_run(d, e, put, "iittddi" "tit" "titt", v[i].run, v[i].model, v[i].task,
			v[i].metric, v[i].value, v[i].stderr_, v[i].n, v[i].protocol,
			(int64_t)v[i].estimated, v[i].source, v[i].variant, v[i].line, v[i].text,
			v[i].fact);
	*added = (size_t)(db_number(d, count, before) - before);
	return db_done(d, ok, e);
}

bool catalog_score_put(struct catalog *c, const struct catalog_score *v, size_t n, struct err *e)
{
	size_t added;

	return catalog_score_import(c, v, n, &added, e);
}

#define COLUMNS "id, run, model, task, metric, value, stderr, n, protocol, estimated, source, " \
	"variant, line, text"

static void read_score(sqlite3_stmt *s, void *row)
{
	struct catalog_score *score = row;

	score->id = sqlite3_column_int64(s, 0);
	score->run = sqlite3_column_int64(s, 1);
	score->model = sqlite3_column_int64(s, 2);
	score->task = db_text(s, 3);
	score->metric = db_text(s, 4);
	score->value = db_double(s, 5);
	score->stderr_ = db_double(s, 6);
	score->n = sqlite3_column_int64(s, 7);
	score->protocol = db_text(s, 8);
	score->estimated = sqlite3_column_int(s, 9) != 0;
	score->source = db_text(s, 10);
	score->variant = db_text(s, 11);
	score->line = sqlite3_column_int64(s, 12);
	score->text = db_text(s, 13);
}

static void score_fini(void *row)
{
	struct catalog_score *score = row;

	free(score->task);
	free(score->metric);
	free(score->protocol);
	free(score->source);
	free(score->variant);
	free(score->text);
}

static const struct db_rows score_rows =
	{ sizeof(struct catalog_score), read_score, score_fini };

struct catalog_score *catalog_scores(struct catalog *c, int64_t run, int64_t model, size_t *n,
	struct err *e)
{
	return db_list(c, &score_rows, n, e, "SELECT " COLUMNS " FROM score WHERE run = ?1 OR "
		"(?1 = 0 AND model = ?2) ORDER BY id", "ii", run, model);
}

struct catalog_score *catalog_task_scores(struct catalog *c, const char *task,
	const struct catalog_measured *of, size_t *n, struct err *e)
{
	static const char sql[] = "SELECT " COLUMNS " FROM score WHERE task = ?1 AND (CASE WHEN ?2 "
		"THEN model = ?2 OR (model IS NULL AND run = (SELECT run FROM model WHERE id = "
		"?2)) WHEN ?3 THEN run = ?3 WHEN ?4 IS NOT NULL THEN model IS NULL AND run IS "
		"NULL AND variant = ?4 ELSE 1 END) ORDER BY id DESC";

	return db_list(c, &score_rows, n, e, sql, "tiit", task, of->model, of->run, of->word);
}

/* One statement for each, so that each is looked up by its index. */
struct catalog_score *catalog_measured_scores(struct catalog *c, const struct catalog_measured *of,
	size_t *n, struct err *e)
{
	static const char of_model[] =
		"SELECT " COLUMNS " FROM score WHERE model = ?1 UNION SELECT "
		COLUMNS " FROM score WHERE run = (SELECT run FROM model WHERE id = ?1) AND +model "
		"IS NULL ORDER BY id DESC"; /* +: not by the index of the many without one */
	static const char of_run[] = "SELECT " COLUMNS " FROM score WHERE run = ?1 UNION SELECT "
		COLUMNS " FROM score WHERE id IN (SELECT s.id FROM run o JOIN model m ON m.path = "
		"o.output JOIN score s ON s.model = m.id WHERE o.id = ?1 AND o.status = 'done' AND "
		DB_OF_THESE_WEIGHTS " UNION ALL SELECT s.id FROM run o JOIN model m ON m.run = "
		"o.id JOIN score s ON s.model = m.id WHERE o.id = ?1 AND o.output IS NOT m.path) "
		"ORDER BY id DESC";
	static const char of_word[] = "SELECT " COLUMNS " FROM score WHERE variant = ?1 ORDER BY "
		"id DESC";

	if (of->model || of->run)
		return db_list(c, &score_rows, n, e, of->model ? of_model : of_run, "i",
			of->model ? of->model : of->run);
	return db_list(c, &score_rows, n, e, of_word, "t", of->word);
}

void catalog_scores_free(struct catalog_score *v, size_t n)
{
	db_list_free(&score_rows, v, n);
}

/* --- one task as a column --- */

static bool lower_is_better(const char *metric)
{
	return strstr(metric, "perplexity") || strstr(metric, "divergence") ||
		str_starts(metric, "kl") || str_eq(metric, "nll");
}

/* The statement gives: of whom, metric, largest, smallest; ordered by the first two. */
static struct catalog_value *read_values(struct catalog *c, const char *sql, const char *task,
	size_t *n)
{
	struct { struct catalog_value *v; size_t n, cap; } found = { 0 };
	const struct task *known = task_find(task);
	struct db *d = db_reading(c, NULL);
	sqlite3_stmt *s;
	bool failed;

	*n = 0;
	if (!d)
		return NULL;
	s = db_prepare(d, sql, NULL);
	if (s && db_bind(d, s, NULL, "t", known ? known->name : task))
		while (db_step(d, s, &failed, NULL)) {
			int64_t of = sqlite3_column_int64(s, 0);
			const char *metric = (const char *)sqlite3_column_text(s, 1);

			if (found.n && found.v[found.n - 1].of == of)
				continue;
			*vec_push(&found) = (struct catalog_value){ of,
				db_double(s, metric && lower_is_better(metric) ? 3 : 2) };
		}
	db_read_done(d);
	*n = found.n;
	return found.v;
}

struct catalog_value *catalog_run_values(struct catalog *c, const char *task, size_t *n)
{
	static const char sql[] =
		"SELECT of, metric, max(value), min(value) FROM (SELECT s.run AS of, s.metric, "
		"s.value FROM score s WHERE s.task = ?1 AND NOT s.estimated AND s.run IS NOT NULL "
		"UNION ALL SELECT o.id, s.metric, s.value FROM score s JOIN model m ON m.id = "
		"s.model JOIN run o ON o.output = m.path WHERE s.task = ?1 AND NOT s.estimated AND "
		"o.status = 'done' AND " DB_OF_THESE_WEIGHTS " UNION ALL SELECT o.id, s.metric, "
		"s.value FROM score s JOIN model m ON m.id = s.model JOIN run o ON o.id = m.run "
		"WHERE s.task = ?1 AND NOT s.estimated AND o.output IS NOT m.path) GROUP BY of, "
		"metric "
		"ORDER BY of, metric";

	return read_values(c, sql, task, n);
}

double catalog_value_of(const struct catalog_value *v, size_t n, int64_t of)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (v[mid].of < of)
			low = mid + 1;
		else
			high = mid;
	}
	return low < n && v[low].of == of ? v[low].value : NAN;
}
