/* What the catalog knows that a filter may name, and what may complete one that is being typed. */
#include "config.h"
#include <stdlib.h>
#include <string.h>
#include "catalog/db.h"
#include "base/xalloc.h"
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

/* --- completing --- */

struct offer {
	struct { struct catalog_word *v; size_t n, cap; } found;
	const char *before;    /* all but the last word, or the part of it that is complete */
	size_t n_before;
	const char *typed;     /* what is to be completed */
};

static void offer(struct offer *o, const char *word, const char *relation, const char *example,
	const char *help)
{
	struct catalog_word *w;

	if (!str_starts(word, o->typed))
		return;
	w = vec_push(&o->found);
	w->word = xasprintf("%s%s", word, relation);
	w->text = xasprintf("%.*s%s", (int)o->n_before, o->before, w->word);
	w->example = example ? xstrdup(example) : NULL;
	w->help = help ? xstrdup(help) : NULL;
}

static void offer_fields(struct offer *o, struct filter_words *w)
{
	const struct filter_names *n = filter_words_names(w);
	struct filter_help h;

	for (size_t i = 0; filter_help_at(i, &h); i++) {
		size_t name = strlen(h.name), relation = strcspn(h.example + name,
			"abcdefghijklmnopqrstuvwxyz0123456789");
		char *sign = xstrndup(h.example + name, relation);

		offer(o, h.name, sign, h.example, h.help);
		free(sign);
	}
	for (size_t i = 0; i < n->tasks.n; i++)
		offer(o, n->tasks.v[i], ">", NULL, "a result: .45, 45 or 45%, of the run or of "
			"what it wrote");
	for (size_t i = 0; i < n->keys.n; i++)
		offer(o, n->keys.v[i], "=", NULL, "a number in the recipe: weight<0.5, t=1e-4");
	for (size_t i = 0; i < n->metrics.n; i++)
		offer(o, n->metrics.v[i], "<", NULL, "a result of any task in this metric");
}

/* The values of a field that has few of them. */
static void offer_values(struct offer *o, struct db *d, const char *field)
{
	static const struct { const char *field, *values, *sql; } all[] = {
		{ "tag", NULL, HOP("tag", "tag") },
		{ "method", NULL, "SELECT DISTINCT method FROM run WHERE method IS NOT NULL "
			"ORDER BY 1" },
		{ "kind", NULL, "SELECT DISTINCT kind FROM run ORDER BY 1" },
		{ "status", "done failed cancelled stopped running imported", NULL },
		{ "started", "today yesterday", NULL },
		{ "disk", "yes no", NULL },
		{ "archived", "yes no all", NULL },
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct filter_names found = { 0 };

		if (!str_eq(all[i].field, field))
			continue;
		if (all[i].sql)
			READ(d, all[i].sql, &found.keys);
		for (size_t k = 0; k < found.keys.n; k++)
			offer(o, found.keys.v[k], "", NULL, NULL);
		filter_names_fini(&found);
		for (const char *p = all[i].values; p && *p; p += strspn(p, " ")) {
			char *value = xstrndup(p, strcspn(p, " "));

			offer(o, value, "", NULL, NULL);
			p += strlen(value);
			free(value);
		}
	}
}

/* Where the last word begins: behind a blank, a parenthesis or a minus, outside quotes. */
static const char *last_word(const char *filter)
{
	const char *start = filter;
	bool quoted = false;

	for (const char *p = filter; *p; p++) {
		quoted ^= *p == '"';
		if (!quoted && (*p == ' ' || (*p == '(' && p == start) ||
			(*p == '-' && p == start)))
			start = p + 1;
	}
	return quoted ? NULL : start;
}

struct catalog_word *catalog_filter_words(struct catalog *c, const char *filter, size_t *n)
{
	struct filter_words w = { .d = db_reading(c, NULL) };
	const char *word = last_word(filter);
	struct offer o = { .before = filter };

	*n = 0;
	if (w.d && word) {
		size_t field = strcspn(word, ":=<>!"), relation = strspn(word + field, ":=<>!");
		char *name = xstrndup(word, field);

		o.typed = relation ? word + field + relation : word;
		o.n_before = (size_t)(o.typed - filter);
		if (relation)
			offer_values(&o, w.d, name);
		else
			offer_fields(&o, &w);
		free(name);
	}
	if (w.d)
		db_read_done(w.d);
	filter_names_fini(&w.names);
	*n = o.found.n;
	return o.found.v;
}

void catalog_words_free(struct catalog_word *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(v[i].text);
		free(v[i].word);
		free(v[i].example);
		free(v[i].help);
	}
	free(v);
}
