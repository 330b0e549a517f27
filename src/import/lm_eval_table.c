/* What lm-eval prints at its end, as people keep it in a log:
 *	hf (pretrained=owner/model), gen_kwargs: (None), limit: None, num_fewshot: None, …
 *	| Tasks  |Version|Filter|n-shot| Metric |   |Value |   |Stderr|
 *	|--------|------:|------|-----:|--------|---|-----:|---|-----:|
 *	|arc_easy|      1|none  |     0|acc     |↑  |0.6305|±  |0.0099|
 * A row without a task goes on with the one above it. */
#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "import/reading.h"

enum { COL_TASK, COL_VERSION, COL_FILTER, COL_SHOTS, COL_METRIC, COL_VALUE, COL_STDERR, N_COLUMNS };
#define CELLS 16

struct printed {
	struct import_file *f;
	json_t *base;              /* protocol of the tables that follow */
	char *model;
	int column[N_COLUMNS];     /* -1: the table has none; all -1: no table */
	bool groups;
	char task[128], version[32];
	json_t *seen;              /* "task metric filter": a table of groups repeats them */
};

/* The cells between bars, blanks cut; false if the line is no row. */
static bool cells(char *line, char *out[CELLS], int *n)
{
	char *s = line + strspn(line, " \t");

	*n = 0;
	if (*s != '|')
		return false;
	for (s++; *n < CELLS; s++) {
		char *bar = strchr(s, '|'), *end;

		if (!bar)
			return *n > 3;
		*bar = '\0';
		s += strspn(s, " ");
		for (end = bar; end > s && end[-1] == ' ';)
			*--end = '\0';
		out[(*n)++] = s;
		s = bar;
	}
	return true;
}

static bool header(struct printed *p, char *const cell[CELLS], int n)
{
	static const char *const names[N_COLUMNS] = { "Tasks", "Version", "Filter", "n-shot",
		"Metric", "Value", "Stderr" };

	if (n < 4 || (strcmp(cell[0], "Tasks") && strcmp(cell[0], "Task") &&
		strcmp(cell[0], "Groups")))
		return false;
	for (int k = 0; k < N_COLUMNS; k++) {
		p->column[k] = k == COL_TASK ? 0 : -1;
		for (int i = 1; i < n; i++)
			if (!strcmp(cell[i], names[k]))
				p->column[k] = i;
	}
	p->groups = !strcmp(cell[0], "Groups");
	p->task[0] = p->version[0] = '\0';
	return p->column[COL_METRIC] > 0 && p->column[COL_VALUE] > 0;
}

bool lm_eval_table_is(const struct import_text *t)
{
	struct import_lines l;
	struct printed p = { 0 };
	char *cell[CELLS];
	int n;
	bool found = false;

	/* A card that has such a table says more than the table. */
	if (t->json || !memmem(t->s, t->n, "Metric", 6) ||
		!memmem(t->s, t->n, "), gen_kwargs: (", 16) || str_starts(t->s, "---\n") ||
		str_starts(t->s, "# ") || memmem(t->s, t->n, "\n# ", 3))
		return false;
	import_lines_init(&l, t);
	while (!found && import_lines_next(&l)) {
		char *line = xstrndup(l.s, l.n < 2000 ? l.n : 2000);

		found = cells(line, cell, &n) && header(&p, cell, n);
		free(line);
	}
	return found;
}

/* --- the line above the table --- */

/* "pretrained=a/b" or "'pretrained': 'a/b'", free(); NULL: not there. */
static char *argument(const char *line, const char *name)
{
	char *plain = xasprintf("%s=", name), *quoted = xasprintf("'%s': '", name), *found = NULL;
	const char *s;

	if ((s = strstr(line, quoted)))
		found = xstrndup(s + strlen(quoted), strcspn(s + strlen(quoted), "'"));
	else if ((s = strstr(line, plain)))
		found = xstrndup(s + strlen(plain), strcspn(s + strlen(plain), ",) "));
	free(plain);
	free(quoted);
	return found;
}

static void set(json_t *o, const char *key, char *value)
{
	if (value && *value)
		json_object_set_new(o, key, json_textn(value));
	free(value);
}

static bool settings(struct printed *p, const char *line)
{
	const char *at = strstr(line, "), gen_kwargs: ("), *limit = strstr(line, "), limit: ");
	char *given, *end;
	double number;

	if (!at)
		return false;
	json_decref(p->base);
	free(p->model);
	p->base = json_object();
	json_object_set_new(p->base, "tool", json_string("lm-eval"));
	set(p->base, "engine", xstrndup(line, strcspn(line, " (")));
	set(p->base, "dtype", argument(line, "dtype"));
	p->model = argument(line, "pretrained");
	if (!p->model)
		p->model = argument(line, "model");
	if (p->model && !p->f->model)
		p->f->model = xstrdup(p->model);
	at += strlen("), gen_kwargs: (");
	given = xstrndup(at, strcspn(at, ")"));
	if (strcmp(given, "None") && strcmp(given, "{}"))
		set(p->base, "generation", xstrdup(given));
	free(given);
	number = limit ? strtod(limit + strlen("), limit: "), &end) : 0;
	if (number > 0)
		json_object_set_new(p->base, "limit", json_number(number));
	return true;
}

/* --- rows --- */

static const char *at(const struct printed *p, char *const cell[CELLS], int n, int k)
{
	return p->column[k] >= 0 && p->column[k] < n ? cell[p->column[k]] : "";
}

static json_t *protocol(const struct printed *p, char *const cell[CELLS], int n)
{
	json_t *j = p->base ? json_copy(p->base) : json_object();
	const char *shots = at(p, cell, n, COL_SHOTS), *filter = at(p, cell, n, COL_FILTER);
	char *end;
	long k = strtol(shots, &end, 10);

	if (end > shots)
		json_object_set_new(j, "shots", json_integer(k));
	if (*p->version && strcmp(p->version, "N/A") && strcmp(p->version, "Yaml"))
		json_object_set_new(j, "task_version", json_number(strtod(p->version, NULL)));
	if (*filter && strcmp(filter, "none"))
		json_object_set_new(j, "filter", json_textn(filter));
	if (p->groups)
		json_object_set_new(j, "group", json_true());
	return j;
}

/* A table of groups says again what the first said. */
static bool again(struct printed *p, const char *metric, const char *filter)
{
	char *raw = xasprintf("%s %s %s", p->task, metric, filter), *key = str_safe(raw);
	bool known = json_object_get(p->seen, key) != NULL;

	json_object_set_new(p->seen, key, json_true());
	free(key);
	free(raw);
	return known && p->groups;
}

static void row(struct printed *p, char *const cell[CELLS], int n, const struct import_lines *l)
{
	const char *task = at(p, cell, n, COL_TASK), *metric = at(p, cell, n, COL_METRIC);
	const char *stated = at(p, cell, n, COL_VALUE), *error = at(p, cell, n, COL_STDERR);
	struct import_figure x = { .variant = p->model, .task = p->task, .metric = metric,
		.line = l->line, .text = l->s, .text_n = l->n };
	char *end;

	task += strspn(task, " -");
	if (*task) {
		snprintf(p->task, sizeof p->task, "%s", task);
		snprintf(p->version, sizeof p->version, "%s", at(p, cell, n, COL_VERSION));
	}
	if (!*metric || !p->task[0] || again(p, metric, at(p, cell, n, COL_FILTER)))
		return;
	x.value = strtod(stated, &end);
	if (end == stated) {
		import_unread(p->f, l->line, l->s, l->n, "%s has no number for %s", p->task,
			metric);
		return;
	}
	x.stderr_ = strtod(error, &end);
	if (end == error)
		x.stderr_ = NAN;
	import_fact(p->f, &x, protocol(p, cell, n));
}

static bool is_rule(const char *cell)
{
	return *cell && !cell[strspn(cell, "-:")];
}

void lm_eval_table_read(const struct import_text *t, struct import_file *f)
{
	struct printed p = { .f = f, .seen = json_object(), .column = { -1 } };
	struct import_lines l;
	char *cell[CELLS];
	int n;

	p.column[COL_METRIC] = -1;
	import_lines_init(&l, t);
	while (import_lines_next(&l)) {
		char *line = xstrndup(l.s, l.n < 8000 ? l.n : 8000);

		if (settings(&p, line))
			json_object_clear(p.seen);
		else if (!cells(line, cell, &n))
			p.column[COL_METRIC] = -1;
		else if (!header(&p, cell, n) && p.column[COL_METRIC] > 0 && !is_rule(cell[0]))
			row(&p, cell, n, &l);
		free(line);
	}
	json_decref(p.base);
	json_decref(p.seen);
	free(p.model);
}
