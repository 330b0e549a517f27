/* Rows of the Open LLM Leaderboard as its data set has them: CSV with a column a benchmark, or
 *JSON,
 *	{"rows": [{"row": {"fullname": "maker/model", "Average ⬆️": 27.1, "IFEval Raw": 0.45,
 *		"IFEval": 45.1, …}}]}
 * Columns with "Raw" are shares of 1, those without are points; of the second leaderboard these are
 * points above guessing. */
#include "import/card_reading.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/vec.h"

#define COLUMNS_MAX 256

/* How the leaderboards measured; shots of the first, of the second. */
static const struct {
	const char *task, *metric;
	int shots;
	bool second;
} known[] = {
	{ "arc_challenge", "acc_norm", 25, false },
	{ "hellaswag", "acc_norm", 10, false },
	{ "mmlu", "acc", 5, false },
	{ "truthfulqa", "mc2", 0, false },
	{ "winogrande", "acc", 5, false },
	{ "gsm8k", "acc", 5, false },
	{ "ifeval", "score", 0, true },
	{ "bbh", "acc_norm", 3, true },
	{ "leaderboard_math_hard", "exact_match", 4, true },
	{ "gpqa", "acc_norm", 0, true },
	{ "musr", "acc_norm", 0, true },
	{ "mmlu_pro", "acc", 5, true },
};

static bool is_model(const char *head)
{
	return !strcasecmp(head, "fullname") || !strcasecmp(head, "model_name_for_query");
}

static bool is_average(const char *head)
{
	return str_starts(head, "Average");
}

struct place {
	struct import_file *f;
	const char *model, *precision, *text;
	bool template_;
	bool second;
	int64_t line;
	size_t text_n;
};

static void figure(const struct place *x, const char *head, double value)
{
	char *name = xstrdup(head), *raw = strstr(name, " Raw");
	const struct task *task;
	struct import_figure g = { .variant = x->model,
		.value = value,
		.stderr_ = NAN,
		.unit = raw ? UNIT_FRACTION : UNIT_PERCENT,
		.line = x->line,
		.text = x->text,
		.text_n = x->text_n };
	json_t *p = json_pack("{s:s}", "tool", "open-llm-leaderboard");
	bool take = false;

	if (raw)
		*raw = 0;
	task = is_average(name) ? task_find("average") : task_find(name);
	for (size_t i = 0; task && i < sizeof known / sizeof known[0]; i++) {
		if (strcmp(known[i].task, task->name) != 0 || known[i].second != x->second)
			continue;
		take = true;
		g.metric = x->second && !raw ? "normalized" : known[i].metric;
		json_object_set_new(p, "shots", json_integer(known[i].shots));
	}
	if (is_average(name)) {
		take = true;
		g.metric = x->second ? "normalized" : "score";
	}
	if (x->precision && *x->precision)
		json_object_set_new(p, "dtype", json_textn(x->precision));
	if (x->template_)
		json_object_set_new(p, "template", json_string("chat"));
	if (take) {
		g.task = task ? task->name : "average";
		import_fact(x->f, &g, p);
	} else {
		json_decref(p);
	}
	free(name);
}

/* --- JSON --- */

static const char *model_of(const json_t *row)
{
	return json_text(row, "fullname", json_text(row, "model_name_for_query", NULL));
}

static bool second(const json_t *row)
{
	return json_object_get(row, "IFEval") || json_object_get(row, "BBH");
}

static bool average_in(const json_t *row)
{
	const char *key;
	json_t *v;

	json_object_foreach((json_t *)row, key, v) if (is_average(key)) return true;
	return false;
}

static void json_rows(const struct import_text *t, struct import_file *f)
{
	const char *at = t->s, *head;
	int64_t line = 1;
	json_t *x, *v;
	size_t i;

	json_array_foreach(json_object_get(t->json, "rows"), i, x)
	{
		const json_t *row = json_object_get(x, "row");
		const char *model = model_of(row), *found = model ? strstr(at, model) : NULL;

		for (; found && at < found; at++)
			line += *at == '\n';
		if (!model) {
			import_unread(f, line, "", 0, "row %zu names no model", i);
			continue;
		}
		struct place p = { .f = f,
			.model = model,
			.line = line,
			.text = model,
			.text_n = strlen(model),
			.precision = json_text(row, "Precision", NULL),
			.template_ = json_flag(row, "Chat Template", false),
			.second = second(row) };

		json_object_foreach((json_t *)row, head, v) if (json_is_number(v))
			figure(&p, head, json_number_value(v));
	}
}

/* --- CSV --- */

struct csv {
	const char *p, *end;
	int64_t line, row_line;
	vec(char *) cells;
};

static void clear(struct csv *c)
{
	for (size_t i = 0; i < c->cells.n; i++)
		free(c->cells.v[i]);
	c->cells.n = 0;
}

/* A cell; a quote that is never closed ends with its line. */
static void cell(struct csv *c)
{
	struct str s = STR_INIT;
	const char *eol = memchr(c->p, '\n', (size_t)(c->end - c->p));
	bool quoted = c->p < c->end && *c->p == '"';

	if (!eol)
		eol = c->end;
	str_add(&s, "");
	c->p += quoted;
	while (c->p < eol && (quoted || *c->p != ',')) {
		if (quoted && *c->p == '"') {
			c->p++;
			if (c->p >= eol || *c->p != '"') {
				quoted = false;
				continue;
			}
		}
		if (*c->p && *c->p != '\r')
			str_addc(&s, *c->p);
		c->p++;
	}
	*vec_push(&c->cells) = str_steal(&s);
}

static bool next_row(struct csv *c)
{
	clear(c);
	if (c->p >= c->end)
		return false;
	c->row_line = c->line;
	for (;;) {
		cell(c);
		if (c->p >= c->end || *c->p != ',' || c->cells.n >= COLUMNS_MAX)
			break;
		c->p++;
	}
	while (c->p < c->end && *c->p != '\n')
		c->p++;
	c->p += c->p < c->end;
	c->line++;
	return true;
}

static void start(struct csv *c, const struct import_text *t)
{
	bool bom = t->n >= 3 && !memcmp(t->s, "\xef\xbb\xbf", 3);

	*c = (struct csv){ .p = t->s + (bom ? 3 : 0), .end = t->s + t->n, .line = 1 };
}

static void csv_rows(const struct import_text *t, struct import_file *f)
{
	struct csv head, c;
	size_t model = SIZE_MAX, precision = SIZE_MAX, chat = SIZE_MAX;
	bool two = false;

	start(&head, t);
	next_row(&head);
	for (size_t i = 0; i < head.cells.n; i++) {
		const char *s = head.cells.v[i];

		if (is_model(s))
			model = i;
		else if (!strcmp(s, "Precision"))
			precision = i;
		else if (!strcmp(s, "Chat Template"))
			chat = i;
		two |= !strcmp(s, "IFEval") || !strcmp(s, "BBH");
	}
	start(&c, t);
	next_row(&c);
	for (const char *row = c.p; next_row(&c); row = c.p) {
		struct place p = { .f = f,
			.line = c.row_line,
			.text = row,
			.second = two,
			.text_n = (size_t)(c.p - row) };

		if (c.cells.n <= model || !*c.cells.v[model]) {
			import_unread(f, p.line, row, p.text_n, "names no model");
			continue;
		}
		p.model = c.cells.v[model];
		p.precision = precision < c.cells.n ? c.cells.v[precision] : NULL;
		p.template_ = chat < c.cells.n && (*c.cells.v[chat] | 32) == 't';
		for (size_t i = 0; i < c.cells.n && i < head.cells.n; i++) {
			struct card_value v;

			if (card_value(c.cells.v[i], &v) && !*v.unit)
				figure(&p, head.cells.v[i], v.value);
		}
	}
	clear(&c);
	vec_fini(&c.cells);
	clear(&head);
	vec_fini(&head.cells);
}

static bool csv_is(const struct import_text *t)
{
	struct csv c;
	bool model = false, average = false;

	start(&c, t);
	if (next_row(&c))
		for (size_t i = 0; i < c.cells.n; i++) {
			model |= is_model(c.cells.v[i]);
			average |= is_average(c.cells.v[i]);
		}
	clear(&c);
	vec_fini(&c.cells);
	return model && average;
}

bool leaderboard_is(const struct import_text *t)
{
	const json_t *row;

	if (!t->json)
		return csv_is(t);
	row = json_object_get(json_array_get(json_object_get(t->json, "rows"), 0), "row");
	return model_of(row) && average_in(row);
}

void leaderboard_read(const struct import_text *t, struct import_file *f)
{
	if (t->json)
		json_rows(t, f);
	else
		csv_rows(t, f);
}
