#include "config.h"
#include "catalog/cards.h"
#include <stdlib.h>
#include "base/hash.h"
#include "base/str.h"
#include "base/vec.h"
#include "catalog/db.h"

/* --- what was made here --- */

struct makings {
	vec(struct catalog_making) v;
};

static bool read_runs(struct db *d, struct makings *m, struct err *e)
{
	sqlite3_stmt *s = db_prepare(d, "SELECT r.id, r.kind, r.name, r.started, r.method, "
		"r.output, r.output_hash, p.text, r.recipe_path FROM run r LEFT JOIN recipe p ON "
		"p.id = r.recipe WHERE r.status = 'done' AND r.output IS NOT NULL ORDER BY r.id "
		"DESC", e);
	bool failed = true;

	while (s && db_step(d, s, &failed, e)) {
		struct catalog_run *r = &vec_push(&m->v)->run;

		r->id = sqlite3_column_int64(s, 0);
		r->kind = db_text(s, 1);
		r->name = db_text(s, 2);
		r->started = db_text(s, 3);
		r->method = db_text(s, 4);
		r->output = db_text(s, 5);
		r->output_hash = db_text(s, 6);
		r->recipe_text = db_text(s, 7);
		r->recipe_path = db_text(s, 8);
		run_text_split(r);
	}
	return !failed;
}

/* Both lists descend by run, so one walk down the other serves all. */
static bool read_inputs(struct db *d, struct makings *m, struct err *e)
{
	sqlite3_stmt *s = db_prepare(d, "SELECT run, name, path, hash, role FROM run_input ORDER "
		"BY run DESC, position", e);
	bool failed = true;
	size_t at = 0, cap = 0;

	while (s && db_step(d, s, &failed, e)) {
		int64_t run = sqlite3_column_int64(s, 0);
		struct catalog_making *k;

		while (at < m->v.n && m->v.v[at].run.id > run) {
			at++;
			cap = 0;
		}
		k = at < m->v.n && m->v.v[at].run.id == run ? &m->v.v[at] : NULL;
		if (!k)
			continue;
		if (k->n_in == cap) {
			cap = cap ? cap * 2 : 4;
			k->in = xrealloc(k->in, cap * sizeof *k->in);
		}
		k->in[k->n_in++] = (struct catalog_input){ .name = db_text(s, 1),
			.path = db_text(s, 2), .hash = db_text(s, 3), .role = db_text(s, 4) };
	}
	return !failed;
}

struct catalog_making *catalog_makings(struct catalog *c, size_t *n, struct err *e)
{
	struct makings m = { 0 };
	struct db *d = db_reading(c, e);
	bool ok;

	*n = 0;
	if (!d)
		return NULL;
	vec_reserve(&m.v, 1);
	ok = read_runs(d, &m, e) && read_inputs(d, &m, e);
	db_read_done(d);
	if (!ok) {
		catalog_makings_free(m.v.v, m.v.n);
		return NULL;
	}
	*n = m.v.n;
	return m.v.v;
}

void catalog_makings_free(struct catalog_making *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct catalog_run *r = &v[i].run;

		catalog_inputs_free(v[i].in, v[i].n_in);
		free(r->kind);
		free(r->name);
		free(r->started);
		free(r->method);
		free(r->output);
		free(r->output_hash);
		free(r->recipe_text);
		free(r->plan_text);
		free(r->recipe_path);
	}
	free(v);
}

uint64_t catalog_lineage_version(struct catalog *c)
{
	static const char ask[] =
		"SELECT (SELECT count(*) || ' ' || total(id) || ' ' || total(length(output)) FROM "
		"run WHERE status = 'done'), (SELECT count(*) || ' ' || total(id + 3 * "
		"coalesce(parent, 0) + 5 * coalesce(run, 0) + 7 * unicode(state) + 11 * "
		"length(name) + 13 * (hash IS NOT NULL)) || max(seen) FROM model), (SELECT "
		"count(*) || ' ' || "
		"total(id + coalesce(model, 0)) FROM card), (SELECT count(*) || ' ' || total(id + "
		"coalesce(model, 0)) FROM edge)";
	struct db *d = db_reading(c, NULL);
	struct str s = STR_INIT;
	sqlite3_stmt *q;
	uint64_t version;
	bool failed;

	if (!d)
		return 0;
	q = db_prepare(d, ask, NULL);
	str_add(&s, "");
	if (q && db_step(d, q, &failed, NULL))
		for (int i = 0; i < 4; i++) {
			char *text = db_text(q, i);

			str_addf(&s, "%s\n", text ? text : "");
			free(text);
		}
	db_read_done(d);
	version = hash64_bytes(s.s, s.n);
	str_fini(&s);
	return version;
}
