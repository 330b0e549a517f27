#include "config.h"
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "catalog/schema.h"

#define SCHEMA_RECIPE_VALUES 3 /* the first that keeps the numbers of recipes */

const struct schema_step schema_steps[] = {
#include "catalog/schema_sql.h"
};
const size_t schema_n_steps = sizeof schema_steps / sizeof *schema_steps;

/* db_number with the code kept: a file that cannot be read must not look new. */
static int look_number(struct db *d, const char *sql, int64_t *value)
{
	sqlite3_stmt *s;
	int rc = sqlite3_prepare_v2(d->handle, sql, -1, &s, NULL);

	if (rc != SQLITE_OK)
		return rc;
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW) {
		*value = sqlite3_column_int64(s, 0);
		rc = SQLITE_OK;
	}
	sqlite3_finalize(s);
	return rc;
}

enum schema_state schema_look(struct db *d, int latest, int *version, int *code)
{
	int64_t application = 0, user = 0, things = 0;

	*code = look_number(d, "PRAGMA application_id", &application);
	if (*code == SQLITE_OK)
		*code = look_number(d, "PRAGMA user_version", &user);
	if (*code == SQLITE_OK)
		*code = look_number(d, "SELECT count(*) FROM sqlite_schema", &things);
	if (*code != SQLITE_OK)
		return SCHEMA_FAILED;
	*version = (int)user;
	if (application == 0 && user == 0 && things == 0)
		return SCHEMA_EMPTY;
	if (application != SCHEMA_APPLICATION || user <= 0)
		return SCHEMA_FOREIGN;
	return user < latest ? SCHEMA_OLDER : user > latest ? SCHEMA_NEWER : SCHEMA_CURRENT;
}

static bool take_steps(struct db *d, const struct schema_step *steps, size_t n, int64_t version,
	struct err *e)
{
	struct str s = STR_INIT;
	bool ok = true;

	for (size_t i = 0; i < n && ok; i++)
		if (steps[i].version > version) {
			ok = db_script(d, steps[i].sql, e);
			version = steps[i].version;
		}
	str_addf(&s, "PRAGMA application_id = %d; PRAGMA user_version = %d", SCHEMA_APPLICATION,
		(int)version);
	ok = ok && db_script(d, s.s, e);
	str_fini(&s);
	return ok;
}

bool schema_migrate(struct db *d, const struct schema_step *steps, size_t n, const char *backup,
	struct err *e)
{
	int64_t before = db_number(d, "PRAGMA user_version", 0), now;
	bool ok;

	if (before > 0 && backup && !keep_before(d, backup, before, e))
		return false;
	if (!db_script(d, "BEGIN IMMEDIATE", e))
		return false;
	/* Another program may have come first; then there is nothing left to do. */
	now = db_number(d, "PRAGMA user_version", 0);
	ok = take_steps(d, steps, n, now, e) &&
		(now == 0 || now >= SCHEMA_RECIPE_VALUES || db_index_recipes(d, e)) &&
		db_script(d, "COMMIT", e);
	if (!ok && !sqlite3_get_autocommit(d->handle))
		sqlite3_exec(d->handle, "ROLLBACK", NULL, NULL, NULL);
	return ok;
}
