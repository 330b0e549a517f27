#include "config.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/hash.h"
#include "base/str.h"
#include "base/vec.h"
#include "base/xalloc.h"
#include "catalog/db.h"
#include "catalog/filter_words.h"
#include "system/process.h"

/* --- a recipe and a plan in one text --- */

#define PLAN_FOLLOWS "\n--- # quantization plan\n"

static char *text_join(const struct catalog_run *r)
{
	if (r->recipe_text && r->plan_text)
		return xasprintf("%s" PLAN_FOLLOWS "%s", r->recipe_text, r->plan_text);
	return r->recipe_text || r->plan_text
		? xstrdup(r->recipe_text ? r->recipe_text : r->plan_text) : NULL;
}

/* At the last of such lines: a recipe may have one of its own. */
void run_text_split(struct catalog_run *r)
{
	char *at = NULL;

	if (!r->recipe_text || !str_eq(r->kind, "quantize"))
		return;
	for (char *p = r->recipe_text; (p = strstr(p, PLAN_FOLLOWS)); p++)
		at = p;
	if (at) {
		*at = '\0';
		r->plan_text = xstrdup(at + strlen(PLAN_FOLLOWS));
	} else {
		r->plan_text = r->recipe_text;
		r->recipe_text = NULL;
	}
}

/* --- beginning and end --- */

bool db_put_recipe(struct db *d, const char *text, const char *hash, int64_t *id,
	struct err *e)
{
	struct hash text_hash;
	sqlite3_stmt *s;
	bool failed = true, added;

	*id = 0;
	if (!text)
		return true;
	text_hash = hash_bytes(text, strlen(text));
	if (!db_run(d, e, "INSERT INTO recipe (hash, text_hash, text) VALUES (coalesce(?, ''), ?, "
	    "?) ON CONFLICT DO NOTHING", "tht", hash, &text_hash, text))
		return false;
	added = sqlite3_changes(d->handle) > 0;
	s = db_prepare(d, "SELECT id FROM recipe WHERE text_hash = ? AND hash = coalesce(?, '')",
		e);
	if (s && db_bind(d, s, e, "ht", &text_hash, hash) && db_step(d, s, &failed, e))
		*id = sqlite3_column_int64(s, 0);
	if (s)
		sqlite3_reset(s);
	return !failed && (!added || db_index_recipe(d, *id, text, e));
}

static bool put_run(struct db *d, const struct catalog_run *r, int64_t recipe, struct err *e)
{
	char start[32] = "";

	process_own_start(start);
	return db_run(d, e,
		"INSERT INTO run (kind, name, status, recipe, recipe_path, method, output, bytes, "
		"tensors, seed, command, version, arithmetic, parent, pid, boot, start, started) "
		"VALUES (?, "
		"coalesce(?, ''), 'running', nullif(?, 0), ?, ?, ?, ?, ?, ?, ?, ?, ?, nullif(?, "
		"0), ?, ?, ?, coalesce(?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now')))",
		"ttittt" "iiittti" "ittt", r->kind, r->name, recipe, r->recipe_path, r->method,
		r->output,
		(int64_t)r->bytes, (int64_t)r->tensors, (int64_t)r->seed, r->command, r->version,
		r->arithmetic, r->parent, (int64_t)getpid(), process_boot_id(), start,
		r->started);
}

static bool put_inputs(struct db *d, int64_t run, const struct catalog_input *in, size_t n,
	struct err *e)
{
	for (size_t i = 0; i < n; i++)
		if (!db_run(d, e, "INSERT INTO run_input (run, position, name, path, hash, role) "
		    "VALUES (?, ?, ?, ?, ?, coalesce(?, 'input'))", "iitttt", run, (int64_t)i,
		    in[i].name,
		    in[i].path, in[i].hash, in[i].role))
			return false;
	return true;
}

int64_t catalog_run_begin(struct catalog *c, const struct catalog_run *r,
	const struct catalog_input *in, size_t n_in, struct err *e)
{
	struct db *d = db_writing(c, e);
	int64_t recipe, id = 0;
	char *text;
	bool ok;

	if (!d)
		return 0;
	text = text_join(r);
	ok = db_put_recipe(d, text, r->recipe_hash, &recipe, e) && put_run(d, r, recipe, e);
	free(text);
	if (ok) {
		/* The index's own tables were written last, by the trigger. */
		id = db_number(d, "SELECT seq FROM sqlite_sequence WHERE name = 'run'", 0);
		ok = put_inputs(d, id, in, n_in, e);
	}
	return db_done(d, ok, e) ? id : 0;
}

static bool is_there(struct db *d, const char *kind, int64_t id, struct err *e)
{
	if (sqlite3_changes(d->handle) > 0)
		return true;
	return err_set(e, ERR_INPUT, d->path, "`cupel runs` lists them", "there is no %s %lld",
		kind,
		(long long)id);
}

bool catalog_run_end(struct catalog *c, int64_t id, const char *status, double seconds,
	const char *output, const char *output_hash, uint64_t bytes, uint64_t tensors,
	const char *error, struct err *e)
{
	struct db *d = db_writing(c, e);

	return d && db_done(d, db_run(d, e, "UPDATE run SET status = ?2, seconds = ?3, "
		"output = coalesce(?4, output), output_hash = ?5, bytes = ?6, tensors = ?7, error "
		"= ?8 WHERE id = ?1", "itdttiit", id, status, seconds, output, output_hash,
		(int64_t)bytes,
		(int64_t)tensors, error) && is_there(d, "run", id, e), e);
}

bool catalog_run_input_hash(struct catalog *c, int64_t id, const char *name, const char *hash,
	struct err *e)
{
	struct db *d = db_writing(c, e);

	return d && db_done(d, db_run(d, e, "UPDATE run_input SET hash = ?3 WHERE run = ?1 AND "
		"name = ?2", "itt", id, name, hash), e);
}

/* --- finding them again --- */

static bool end_stopped(struct catalog *c, int64_t id)
{
	struct db *d = db_writing_within(c, DB_SWEEP_PATIENCE, NULL);

	return d && db_done(d, db_run(d, NULL, "UPDATE run SET status = 'stopped', error = 'its "
		"process ended without a word' WHERE id = ? AND status = 'running'", "i", id),
		NULL);
}

/* A run whose process died says "running" until somebody looks. */
void runs_find_stopped(struct catalog *c)
{
	vec(int64_t) gone = { 0 };
	struct db *d = db_reading(c, NULL);
	sqlite3_stmt *s;
	bool failed;

	if (!d)
		return;
	s = db_prepare(d, "SELECT id, pid, boot, start FROM run WHERE status = 'running'", NULL);
	while (s && db_step(d, s, &failed, NULL))
		if (!process_is((pid_t)sqlite3_column_int64(s, 1),
			(const char *)sqlite3_column_text(s, 2),
		    (const char *)sqlite3_column_text(s, 3)))
			*vec_push(&gone) = sqlite3_column_int64(s, 0);
	db_read_done(d);
	for (size_t i = 0; i < gone.n && end_stopped(c, gone.v[i]); i++)
		;
	vec_fini(&gone);
}

#define RUN_COLUMNS(recipe_text, command) \
	"SELECT r.id, r.kind, r.name, r.status, r.started, r.seconds, " recipe_text ", " \
	"nullif(p.hash, ''), r.recipe_path, r.method, r.output, r.output_hash, r.bytes, " \
	"r.tensors, r.seed, " command ", r.version, r.arithmetic, r.error, r.parent, " \
	"(SELECT group_concat(tag, ' ') FROM tag WHERE run = r.id), " \
	"(SELECT text FROM note WHERE run = r.id ORDER BY id DESC LIMIT 1), r.archived, " \
	"EXISTS (SELECT 1 FROM run later WHERE later.output = r.output AND later.id > r.id AND " \
	"later.status = 'done' AND (r.output_hash IS NULL OR later.output_hash IS NOT " \
	"r.output_hash)), " \
	"EXISTS (SELECT 1 FROM model m WHERE m.path = r.output AND m.state = 'dropped') " \
	"FROM run r LEFT JOIN recipe p ON p.id = r.recipe WHERE "

static void read_run(sqlite3_stmt *s, void *row)
{
	struct catalog_run *r = row;

	r->id = sqlite3_column_int64(s, 0);
	r->kind = db_text(s, 1);
	r->name = db_text(s, 2);
	r->status = db_text(s, 3);
	r->started = db_text(s, 4);
	r->seconds = db_double(s, 5);
	r->recipe_text = db_text(s, 6);
	r->recipe_hash = db_text(s, 7);
	r->recipe_path = db_text(s, 8);
	r->method = db_text(s, 9);
	r->output = db_text(s, 10);
	r->output_hash = db_text(s, 11);
	r->bytes = (uint64_t)sqlite3_column_int64(s, 12);
	r->tensors = (uint64_t)sqlite3_column_int64(s, 13);
	r->seed = (uint64_t)sqlite3_column_int64(s, 14);
	r->command = db_text(s, 15);
	r->version = db_text(s, 16);
	r->arithmetic = db_text(s, 17);
	r->error = db_text(s, 18);
	r->parent = sqlite3_column_int64(s, 19);
	r->tags = db_text(s, 20);
	r->note = db_text(s, 21);
	r->archived = sqlite3_column_int(s, 22) != 0;
	r->replaced = sqlite3_column_int(s, 23) != 0;
	r->dropped = sqlite3_column_int(s, 24) != 0;
	run_text_split(r);
}

static void run_fini(void *row)
{
	struct catalog_run *r = row;
	char *const texts[] = { r->kind, r->name, r->status, r->started, r->recipe_text,
		r->plan_text, r->recipe_hash, r->recipe_path, r->method, r->output,
		r->output_hash, r->command,
		r->version, r->arithmetic, r->error, r->tags, r->note };

	for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
		free(texts[k]);
}

static const struct db_rows run_rows = { sizeof(struct catalog_run), read_run, run_fini };

static struct catalog_run *read_runs(struct db *d, const struct filter *f, size_t *n,
	struct err *e)
{
	struct str sql = STR_INIT;
	struct catalog_run *v;
	sqlite3_stmt *s = NULL;
	int rc;

	str_addf(&sql, "%s%s ORDER BY r.id DESC", RUN_COLUMNS("NULL", "NULL"), f->where.s);
	rc = sqlite3_prepare_v2(d->handle, sql.s, -1, &s, NULL);
	str_fini(&sql);
	for (size_t i = 0; i < f->values.n && rc == SQLITE_OK; i++)
		rc = sqlite3_bind_text(s, (int)i + 1, f->values.v[i], -1, SQLITE_STATIC);
	if (rc != SQLITE_OK)
		db_fail(d, rc, "search", e);
	v = db_read_rows(d, rc == SQLITE_OK ? s : NULL, &run_rows, n, e);
	sqlite3_finalize(s);
	return v;
}

struct catalog_run *catalog_runs(struct catalog *c, const char *filter, size_t *n, struct err *e)
{
	struct filter_words words = { 0 };
	struct catalog_run *v = NULL;
	struct filter f;
	struct db *d;

	*n = 0;
	runs_find_stopped(c);
	d = words.d = db_reading(c, e);
	if (!d)
		return NULL;
	if (filter_parse(&f, filter, filter_words_names, &words, e))
		v = read_runs(d, &f, n, e);
	db_read_done(d);
	filter_names_fini(&words.names);
	filter_fini(&f);
	return v;
}

struct catalog_run *catalog_run_users(struct catalog *c, int64_t id, size_t *n, struct err *e)
{
	struct filter f = { 0 };
	struct catalog_run *v;
	struct db *d;

	*n = 0;
	runs_find_stopped(c);
	d = db_reading(c, e);
	if (!d)
		return NULL;
	str_addf(&f.where, "r.id <> %lld AND r.id IN (SELECT i.run FROM run o JOIN run_input i ON "
		"i.path = o.output WHERE o.id = %lld UNION SELECT i.run FROM run o JOIN run_input "
		"i ON i.hash = o.output_hash WHERE o.id = %lld)", (long long)id, (long long)id,
		(long long)id);
	v = read_runs(d, &f, n, e);
	db_read_done(d);
	filter_fini(&f);
	return v;
}

struct catalog_run *catalog_run_get(struct catalog *c, int64_t id, struct err *e)
{
	struct catalog_run *r = NULL;
	bool failed = true;
	sqlite3_stmt *s;
	struct db *d;

	runs_find_stopped(c);
	d = db_reading(c, e);
	if (!d)
		return NULL;
	s = db_prepare(d, RUN_COLUMNS("p.text", "r.command") "r.id = ?", e);
	if (s && db_bind(d, s, e, "i", id) && db_step(d, s, &failed, e)) {
		r = xnew(struct catalog_run, 1);
		read_run(s, r);
	} else if (!failed) {
		err_set(e, ERR_INPUT, c->path, "`cupel runs` lists them", "there is no run %lld",
			(long long)id);
	}
	db_read_done(d);
	return r;
}

void catalog_runs_free(struct catalog_run *v, size_t n)
{
	db_list_free(&run_rows, v, n);
}

static void read_input(sqlite3_stmt *s, void *row)
{
	struct catalog_input *in = row;

	in->name = db_text(s, 0);
	in->path = db_text(s, 1);
	in->hash = db_text(s, 2);
	in->role = db_text(s, 3);
}

static void input_fini(void *row)
{
	struct catalog_input *in = row;

	free(in->name);
	free(in->path);
	free(in->hash);
	free(in->role);
}

static const struct db_rows input_rows =
	{ sizeof(struct catalog_input), read_input, input_fini };

struct catalog_input *catalog_run_inputs(struct catalog *c, int64_t id, size_t *n, struct err *e)
{
	return db_list(c, &input_rows, n, e, "SELECT name, path, hash, role FROM run_input WHERE "
		"run = ? ORDER BY position", "i", id);
}

void catalog_inputs_free(struct catalog_input *v, size_t n)
{
	db_list_free(&input_rows, v, n);
}
