/* The object that lm-eval and mlx_lm.evaluate have in common:
 *	{ "arc_easy": { "alias": "arc_easy", "acc,none": 0.63, "acc_stderr,none": 0.01, … } } */
#include "import/reading.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"

/* Members that are no metric. */
static bool aside(const char *key)
{
	static const char *const words[] = { "alias", "name", "sample_len", "samples",
		"sample_count", "task", " ", "" };

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (!strcmp(key, words[i]))
			return true;
	return false;
}

bool import_results_is(const json_t *tasks)
{
	const char *task, *key;
	json_t *row, *value;

	json_object_foreach((json_t *)tasks, task, row)
		json_object_foreach(row, key, value)
			if (!aside(key) && (json_is_number(value) || strchr(key, ',')))
				return true;
	return false;
}

/* "acc_norm,none" → "acc_norm" and "none"; without a comma the filter is NULL. */
static const char *split(const char *key, char **metric)
{
	const char *comma = strchr(key, ',');

	*metric = comma ? xstrndup(key, (size_t)(comma - key)) : xstrdup(key);
	return comma ? comma + 1 : NULL;
}

static double beside(const json_t *row, const char *metric, const char *filter)
{
	char *key = xasprintf("%s_stderr%s%s", metric, filter ? "," : "", filter ? filter : "");
	json_t *v = json_object_get(row, key);

	free(key);
	return json_is_number(v) ? json_number_value(v) : NAN;
}

static void copy(json_t *to, const char *name, json_t *from)
{
	if (from && !json_is_null(from) && !json_is_object(from) && !json_is_array(from))
		json_object_set(to, name, from);
}

/* Of a group, what all of its tasks have. */
static json_t *shots(const struct import_results *r, const char *task)
{
	json_t *all = json_object_get(r->all, "n-shot"), *own = json_object_get(all, task), *sub;
	size_t i;

	if (own)
		return own;
	if (!all) /* versions before 0.4 */
		return json_at(r->all, "config.num_fewshot");
	json_array_foreach(json_object_get(json_object_get(r->all, "group_subtasks"), task), i,
		sub) {
		json_t *n = json_object_get(all, json_string_value(sub) ? json_string_value(sub) :
			"");

		if (!n || (own && !json_equal(n, own)))
			return NULL;
		own = n;
	}
	return own;
}

static json_t *protocol_of(const struct import_results *r, const char *task, const char *filter)
{
	json_t *p = r->base ? json_deep_copy(r->base) : json_object();

	copy(p, "shots", shots(r, task));
	copy(p, "task_version", json_object_get(json_object_get(r->all, "versions"), task));
	if (filter && strcmp(filter, "none"))
		json_object_set_new(p, "filter", json_textn(filter));
	if (r->group)
		json_object_set_new(p, "group", json_true());
	return p;
}

/* A group has no n-samples; newer versions count in the row itself. */
static int64_t questions(const struct import_results *r, const char *task, const json_t *row,
	const char *key)
{
	json_t *n = json_object_get(json_object_get(r->all, "n-samples"), task);
	json_t *own = json_object_get(json_object_get(row, "sample_count"), key);

	if (json_is_object(n))
		return json_int(n, "effective", json_int(n, "original", 0));
	return json_is_integer(own) ? json_integer_value(own) : json_int(row, "sample_len", 0);
}

static void metric(struct import_file *f, const struct import_walk *w, const char *task,
	const json_t *row, const struct import_results *r)
{
	char *name;
	const char *filter = split(w->key, &name);

	if (aside(w->key) || str_ends(name, "_stderr")) {
		free(name);
		return;
	}
	if (json_is_number(w->value))
		import_fact(f, &(struct import_figure){ .variant = r->variant, .task = task,
			.metric = name, .value = json_number_value(w->value),
			.stderr_ = beside(row, name, filter), .n = questions(r, task, row, w->key),
			.line = w->key_line, .text = w->key_text, .text_n = w->n },
			protocol_of(r, task, filter));
	else
		import_unread(f, w->key_line, w->key_text, w->n, "%s has no number for %s", task,
			name);
	free(name);
}

/* In `results` of the same file: groups stand there too. */
static bool again(const struct import_results *r, const char *task, const char *key)
{
	return r->group && json_object_get(json_object_get(json_object_get(r->all, "results"),
		task), key);
}

void import_results(struct import_file *f, struct import_walk t,
	const struct import_results *r)
{
	struct import_walk m;

	while (import_walk_next(&t)) {
		if (!json_is_object(t.value)) {
			import_unread(f, t.key_line, t.key_text, t.n,
				"not a task with its metrics");
			continue;
		}
		import_walk_inside(&m, &t);
		while (import_walk_next(&m))
			if (!again(r, t.key, m.key))
				metric(f, &m, t.key, t.value, r);
	}
}
