#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "catalog/db.h"

void *catalog_stat_get(struct catalog *c, const char *kind, struct hash a, struct hash b,
	struct hash base, size_t *n)
{
	struct db *d = db_reading(c, NULL);
	void *bytes = NULL;
	sqlite3_stmt *s;
	bool failed;

	*n = 0;
	if (!d)
		return NULL;
	s = db_prepare(d, "SELECT data FROM stat WHERE a = ? AND b = ? AND base = ? AND kind = ?",
		NULL);
	if (s && db_bind(d, s, NULL, "hhht", &a, &b, &base, kind) && db_step(d, s, &failed, NULL)) {
		*n = (size_t)sqlite3_column_bytes(s, 0);
		bytes = xmalloc(*n ? *n : 1);
		if (*n)
			memcpy(bytes, sqlite3_column_blob(s, 0), *n);
	}
	db_read_done(d);
	return bytes;
}

bool catalog_stat_any(struct catalog *c, const char *kind, struct hash key)
{
	struct db *d = db_reading(c, NULL);
	sqlite3_stmt *s;
	bool failed, any;

	if (!d)
		return false;
	s = db_prepare(d, "SELECT 1 FROM stat WHERE (a = ?1 OR b = ?1) AND kind = ?2 LIMIT 1",
		NULL);
	any = s && db_bind(d, s, NULL, "ht", &key, kind) && db_step(d, s, &failed, NULL);
	db_read_done(d);
	return any;
}

bool catalog_stat_put(struct catalog *c, const struct catalog_stat *v, size_t n, struct err *e)
{
	static const char put[] = "INSERT INTO stat (kind, a, b, base, data) VALUES (?, ?, ?, ?, "
		"?) ON CONFLICT (a, b, base, kind) DO UPDATE SET data = excluded.data";
	struct db *d;
	bool ok = true;

	if (n == 0)
		return true;
	/* They are a memory of what can be computed again: nobody waits twice for it. */
	d = db_writing_within(c, c->stats_wait ? 0 : db_patience(), e);
	c->stats_wait = !d;
	if (!d)
		return false;
	for (size_t i = 0; i < n && ok; i++)
		ok = db_run(d, e, put, "thhhb", v[i].kind, &v[i].a, &v[i].b, &v[i].base, v[i].blob,
			v[i].n);
	return db_done(d, ok, e);
}
