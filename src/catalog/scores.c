#include "config.h"
#include <stdlib.h>
#include "base/vec.h"
#include "catalog/db.h"

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

struct catalog_score *catalog_scores(struct catalog *c, int64_t run, int64_t model, size_t *n,
	struct err *e)
{
	struct { struct catalog_score *v; size_t n, cap; } found = { 0 };
	struct db *d = db_reading(c, e);
	bool failed = true;
	sqlite3_stmt *s;

	*n = 0;
	if (!d)
		return NULL;
	s = db_prepare(d, "SELECT id, run, model, task, metric, value, stderr, n, protocol, "
		"estimated, source, variant, line, text FROM score WHERE run = ?1 OR (?1 = 0 AND "
		"model = ?2) ORDER BY id", e);
	vec_reserve(&found, 1);
	if (s && db_bind(d, s, e, "ii", run, model))
		while (db_step(d, s, &failed, e)) {
			struct catalog_score *score = vec_push(&found);

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
	db_read_done(d);
	if (failed) {
		catalog_scores_free(found.v, found.n);
		return NULL;
	}
	*n = found.n;
	return found.v;
}

void catalog_scores_free(struct catalog_score *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(v[i].task);
		free(v[i].metric);
		free(v[i].protocol);
		free(v[i].source);
		free(v[i].variant);
		free(v[i].text);
	}
	free(v);
}
