#include "config.h"
#include <stdlib.h>
#include "base/str.h"
#include "catalog/db.h"

bool catalog_model_put(struct catalog *c, const struct catalog_model *m, int64_t *id, struct err *e)
{
	static const char put[] =
		"INSERT INTO model (path, name, format, architecture, kind, hash, parameters, "
		"bytes, bits, partial, state, parent, relation, run, license, dtype) VALUES (?1, "
		"coalesce(?2, ?1), ?3, ?4, coalesce(?5, 'unknown'), ?6, ?7, ?8, ?9, ?10, "
		"coalesce(?11, 'on disk'), nullif(?12, 0), ?13, nullif(?14, 0), ?15, ?16) "
		"ON CONFLICT (path) DO UPDATE SET "
		"name = coalesce(?2, name), format = coalesce(?3, format), "
		"architecture = coalesce(?4, architecture), kind = coalesce(nullif(?5, 'unknown'), "
		"kind), hash = coalesce(?6, CASE WHEN bytes = ?8 OR ?8 = 0 THEN hash END), "
		"parameters = coalesce(nullif(?7, 0), parameters), bytes = coalesce(nullif(?8, 0), "
		"bytes), bits = coalesce(nullif(?9, 0.0), bits), partial = ?10, state = "
		"coalesce(?11, 'on disk'), parent = coalesce(nullif(?12, 0), parent), relation = "
		"coalesce(?13, relation), run = coalesce(nullif(?14, 0), run), license = "
		"coalesce(?15, license), dtype = coalesce(?16, dtype), seen = "
		"strftime('%Y-%m-%dT%H:%M:%SZ', 'now') RETURNING id";
	struct db *d;
	sqlite3_stmt *s;
	bool ok, failed = true;

	if (!m->path || !*m->path)
		return err_set(e, ERR_INTERNAL, c->path, NULL, "a model without a path");
	d = db_writing(c, e);
	if (!d)
		return false;
	s = db_prepare(d, put, e);
	ok = s && db_bind(d, s, e, "ttttttiidttititt", m->path, m->name, m->format, m->architecture,
		m->kind, m->hash, (int64_t)m->parameters, (int64_t)m->bytes, m->bits, m->partial,
		m->state, m->parent, m->relation, m->run, m->license, m->dtype);
	if (ok && db_step(d, s, &failed, e) && id)
		*id = sqlite3_column_int64(s, 0);
	/* The row is only written once the statement has been run to its end. */
	while (ok && !failed && db_step(d, s, &failed, e))
		;
	return db_done(d, ok && !failed, e);
}

bool catalog_model_state(struct catalog *c, const char *path, const char *state, struct err *e)
{
	struct db *d = db_writing(c, e);

	return d && db_done(d, db_run(d, e, "UPDATE model SET state = ? WHERE path = ?", "tt",
		state, path), e);
}

static void read_model(sqlite3_stmt *s, void *row)
{
	struct catalog_model *m = row;

	m->id = sqlite3_column_int64(s, 0);
	m->name = db_text(s, 1);
	m->path = db_text(s, 2);
	m->format = db_text(s, 3);
	m->architecture = db_text(s, 4);
	m->kind = db_text(s, 5);
	m->hash = db_text(s, 6);
	m->parameters = (uint64_t)sqlite3_column_int64(s, 7);
	m->bytes = (uint64_t)sqlite3_column_int64(s, 8);
	m->bits = sqlite3_column_double(s, 9);
	m->partial = db_text(s, 10);
	m->state = db_text(s, 11);
	m->parent = sqlite3_column_int64(s, 12);
	m->relation = db_text(s, 13);
	m->run = sqlite3_column_int64(s, 14);
	m->license = db_text(s, 15);
	m->dtype = db_text(s, 16);
}

static void model_fini(void *row)
{
	struct catalog_model *m = row;

	free(m->name);
	free(m->path);
	free(m->format);
	free(m->architecture);
	free(m->kind);
	free(m->hash);
	free(m->partial);
	free(m->state);
	free(m->relation);
	free(m->license);
	free(m->dtype);
}

static const struct db_rows model_rows =
	{ sizeof(struct catalog_model), read_model, model_fini };

struct catalog_model *catalog_models(struct catalog *c, size_t *n, struct err *e)
{
	return db_list(c, &model_rows, n, e, "SELECT id, name, path, format, architecture, kind, "
		"hash, parameters, bytes, bits, partial, state, parent, relation, run, license, "
		"dtype FROM model ORDER BY name, path", "");
}

void catalog_models_free(struct catalog_model *v, size_t n)
{
	db_list_free(&model_rows, v, n);
}

char *catalog_model_path(struct catalog *c, const char *name)
{
	/* The newest of that name that is there; a run's name stands for its output. */
	static const char find[] =
		"SELECT path FROM (SELECT path, 0 AS rank, state = 'on disk' AS here, seen AS at, "
		"id FROM model WHERE name = ?1 UNION ALL SELECT output, 1, status = 'done', "
		"started, id FROM run WHERE name = ?1 AND name <> '' AND output IS NOT NULL) "
		"ORDER BY here DESC, rank, at DESC, id DESC LIMIT 1";
	struct db *d = db_reading(c, NULL);
	char *path = NULL;
	sqlite3_stmt *s;
	bool failed;

	if (!d)
		return NULL;
	s = db_prepare(d, find, NULL);
	if (s && db_bind(d, s, NULL, "t", name) && db_step(d, s, &failed, NULL))
		path = db_text(s, 0);
	db_read_done(d);
	return path;
}

static bool put_tensors(struct db *d, int64_t content, const struct catalog_tensor *v, size_t n,
	struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (!db_run(d, e, "INSERT OR REPLACE INTO tensor (content, position, name, dtype, "
			"shape, bytes, hash) VALUES (?, ?, ?, ?, ?, ?, ?)", "iitttit", content,
			(int64_t)i,
			v[i].name, v[i].dtype, v[i].shape, (int64_t)v[i].bytes, v[i].hash))
			return false;
	return true;
}

bool catalog_tensors_put(struct catalog *c, const char *model_hash, const struct catalog_tensor *v,
	size_t n, struct err *e)
{
	struct db *d = db_writing(c, e);
	sqlite3_stmt *s;
	bool ok, failed = true;

	if (!d)
		return false;
	ok = db_run(d, e, "INSERT INTO content (hash) VALUES (?) ON CONFLICT DO NOTHING", "t",
		model_hash);
	s = ok ? db_prepare(d, "SELECT id FROM content WHERE hash = ?", e) : NULL;
	if (s && db_bind(d, s, e, "t", model_hash) && db_step(d, s, &failed, e)) {
		int64_t content = sqlite3_column_int64(s, 0);

		sqlite3_reset(s);
		failed = !put_tensors(d, content, v, n, e);
	}
	return db_done(d, ok && !failed, e);
}

static void read_tensor(sqlite3_stmt *s, void *row)
{
	struct catalog_tensor *t = row;

	t->name = db_text(s, 0);
	t->dtype = db_text(s, 1);
	t->shape = db_text(s, 2);
	t->bytes = (uint64_t)sqlite3_column_int64(s, 3);
	t->hash = db_text(s, 4);
}

static void tensor_fini(void *row)
{
	struct catalog_tensor *t = row;

	free(t->name);
	free(t->dtype);
	free(t->shape);
	free(t->hash);
}

static const struct db_rows tensor_rows =
	{ sizeof(struct catalog_tensor), read_tensor, tensor_fini };

struct catalog_tensor *catalog_tensors(struct catalog *c, const char *model_hash, size_t *n,
	struct err *e)
{
	return db_list(c, &tensor_rows, n, e, "SELECT t.name, t.dtype, t.shape, t.bytes, t.hash "
		"FROM tensor t JOIN content k ON k.id = t.content WHERE k.hash = ? ORDER BY "
		"t.position", "t", model_hash);
}

void catalog_tensors_free(struct catalog_tensor *v, size_t n)
{
	db_list_free(&tensor_rows, v, n);
}
