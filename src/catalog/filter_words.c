/* What the catalog knows that a filter may name, and what may complete one that is being typed. */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "catalog/db.h"
#include "catalog/filter_words.h"

/* Distinct values by hopping through the index: some steps each, however many rows there are. */
#define HOP(column, table) "WITH RECURSIVE t (x) AS (SELECT min(" column ") FROM " table \
	" UNION ALL SELECT (SELECT min(" column ") FROM " table " WHERE " column " > x) FROM t " \
	"WHERE x IS NOT NULL) SELECT x FROM t WHERE x IS NOT NULL LIMIT 10000"

#define READ(d, sql, out) do { \
	sqlite3_stmt *s_ = db_prepare((d), (sql), NULL); \
	bool failed_; \
	while (s_ && db_step((d), s_, &failed_, NULL)) \
		*vec_push(out) = db_text(s_, 0); \
	} while (0)

const struct filter_names *filter_words_names(void *ctx)
{
	static const char keys[] = HOP("key", "recipe_value"), tasks[] = HOP("task", "score"),
		/* of each task, again by hopping */
		metrics[] = "WITH RECURSIVE t (x) AS (SELECT min(task) FROM score UNION ALL "
			"SELECT (SELECT min(task) FROM score WHERE task > x) FROM t WHERE x IS NOT "
			"NULL), m (task, x) AS (SELECT x, (SELECT min(metric) FROM score WHERE "
			"task = t.x) FROM t WHERE x IS NOT NULL UNION ALL SELECT task, (SELECT "
			"min(s.metric) FROM score s WHERE s.task = m.task AND s.metric > m.x) FROM "
			"m WHERE x IS NOT NULL) SELECT DISTINCT x FROM m WHERE x IS NOT NULL LIMIT "
			"10000";
	struct filter_words *w = ctx;

	if (!w->read) {
		READ(w->d, keys, &w->names.keys);
		READ(w->d, tasks, &w->names.tasks);
		READ(w->d, metrics, &w->names.metrics);
		w->read = true;
	}
	return &w->names;
}
