/* CSV and TSV with a header, in one of three shapes:
 *	model,task,metric,value[,stderr,n,shots,…]     a figure a line
 *	model,arc_easy,hellaswag,…                     a column a task
 *	task,base,merge,…                              a column a model
 * The separator is that of comma, semicolon and tab which the header has most of. */
#include "import/reading.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/vec.h"
#include "catalog/task.h"

#define COLUMNS_MAX 256

enum column { OTHER, MODEL, TASK, METRIC, VALUE, STDERR, N, SHOTS, ESTIMATED, WIDE, ACROSS };
struct table {
	struct import_file *f;
	const char *p, *end;
	int64_t line, row_line;
	const char *row;                 /* where the row begins */
	char separator;
	vec(char *) cells, head;
	enum column column[COLUMNS_MAX];
	size_t columns;
	bool large[COLUMNS_MAX];         /* a share above 1 stands in the column: all are points */
	bool percent[COLUMNS_MAX];       /* the header says so */
};

static char separator_of(const char *s, size_t n)
{
	static const char all[] = ",;\t";
	size_t best = 0;
	char c = 0;

	for (int i = 0; i < 3; i++) {
		size_t count = 0;

		for (size_t k = 0; k < n && s[k] != '\n'; k++)
			count += s[k] == all[i];
		if (count > best) {
			best = count;
			c = all[i];
		}
	}
	return c;
}

static void clear(struct table *t)
{
	for (size_t i = 0; i < t->cells.n; i++)
		free(t->cells.v[i]);
	t->cells.n = 0;
}

/* The cell's text, and past it. False if its quote is never closed. */
static bool cell_text(struct table *t, struct str *s, bool quoted)
{
	t->p += quoted;
	while (t->p < t->end) {
		char c = *t->p;

		if (quoted && c == '"') {
			t->p++;
			if (t->p >= t->end || *t->p != '"') {
				quoted = false;
				continue;
			}
		} else if (!quoted && (c == t->separator || c == '\n')) {
			break;
		}
		t->line += c == '\n';
		if (c && c != '\r')
			str_addc(s, c);
		t->p++;
	}
	return !quoted;
}

/* A link of a web page or of Markdown is its text. */
static void plain(char *s)
{
	char *to = s, *end;

	if (*s == '[' && (end = strstr(s, "](")) && str_ends(s, ")")) {
		*end = 0;
		memmove(s, s + 1, strlen(s));
	} else if (*s == '<' && strchr(s, '>')) {
		for (bool tag = false; *s; s++) {
			tag = tag || *s == '<';
			if (!tag)
				*to++ = *s;
			tag = tag && *s != '>';
		}
		*to = 0;
	}
}

/* One cell; true if another follows in the row. */
static bool cell(struct table *t)
{
	struct str s = STR_INIT;
	const char *start = t->p;
	int64_t line = t->line;

	str_add(&s, "");
	if (!cell_text(t, &s, t->p < t->end && *t->p == '"')) {
		/* The quote is a character like others: the rest of the file is not one cell. */
		str_clear(&s);
		t->p = start;
		t->line = line;
		cell_text(t, &s, false);
	}
	while (s.n && isspace((uint8_t)s.s[s.n - 1]))
		s.s[--s.n] = 0;
	memmove(s.s, s.s + strspn(s.s, " \t"), s.n + 1 - strspn(s.s, " \t"));
	plain(s.s);
	*vec_push(&t->cells) = str_steal(&s);
	bool more = t->p < t->end && *t->p == t->separator;
	t->p += more;
	return more;
}

/* The next row that is not empty; false at the end. */
static bool next_row(struct table *t)
{
	while (t->p < t->end) {
		clear(t);
		t->row = t->p;
		t->row_line = t->line;
		while (cell(t) && t->cells.n < COLUMNS_MAX)
			;
		while (t->p < t->end && *t->p != '\n') /* beyond the columns that are kept */
			t->p++;
		if (t->p < t->end) {
			t->p++;
			t->line++;
		}
		if (t->cells.n > 1 || t->cells.v[0][0])
			return true;
	}
	return false;
}

static enum column column_of(const char *head)
{
	static const struct { const char *name; enum column is; } names[] = {
		{ "model", MODEL }, { "variant", MODEL }, { "name", MODEL }, { "task", TASK },
		{ "benchmark", TASK }, { "dataset", TASK }, { "metric", METRIC },
		{ "value", VALUE }, { "score", VALUE }, { "result", VALUE }, { "stderr", STDERR },
		{ "se", STDERR }, { "std_err", STDERR }, { "n", N }, { "questions", N },
		{ "samples", N }, { "shots", SHOTS }, { "n-shot", SHOTS }, { "num_fewshot", SHOTS },
		{ "estimated", ESTIMATED },
	};
	size_t n = strcspn(head, "(%");

	while (n && head[n - 1] == ' ')
		n--;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strlen(names[i].name) == n && !strncasecmp(names[i].name, head, n))
			return names[i].is;
	return OTHER;
}

/* "arc_easy", "arc_easy acc_norm", "arc_easy (acc_norm)": the task, and the metric or NULL.
 * free(). */
static char *wide_task(const char *head, char **metric)
{
	size_t n = strcspn(head, "(%:,"), k;
	const char *more;
	char *task;

	/* All of it may be a name: "MATH Lvl 5"; signs behind it are for the eye. */
	while (n && !isalnum((uint8_t)head[n - 1]) && head[n - 1] != '+')
		n--;
	task = xstrndup(head, n);
	*metric = NULL;
	if (task_find(task) && !strchr(head + n, '('))
		return task;
	free(task);
	n = strcspn(head, " (%:,");
	more = head + n + strspn(head + n, " (%:,");
	k = strspn(more, "abcdefghijklmnopqrstuvwxyz0123456789_@");
	if (k && (!more[k] || strchr(" )%", more[k])))
		*metric = xstrndup(more, k);
	return xstrndup(head, n);
}

static bool wide(const char *head)
{
	char *metric, *task = wide_task(head, &metric);
	bool known = task_find(task) != NULL;

	free(task);
	free(metric);
	return known;
}

/* A column a model, if the first row is of a task that is known. */
static bool across(struct table *t)
{
	const char *p = t->p;
	int64_t line = t->line;
	bool is = false;

	for (size_t i = 0; i < t->columns; i++)
		if (t->column[i] == OTHER && t->head.v[i][0])
			t->column[i] = ACROSS;
	if (next_row(t))
		for (size_t i = 0; i < t->columns && i < t->cells.n; i++)
			is = is || (t->column[i] == TASK && wide(t->cells.v[i]));
	t->p = p;
	t->line = line;
	return is;
}

static bool header(struct table *t)
{
	bool have[WIDE + 1] = { false };

	if (!next_row(t))
		return false;
	t->columns = t->cells.n;
	for (size_t i = t->head.n; i < t->columns; i++)
		*vec_push(&t->head) = xstrdup(t->cells.v[i]);
	for (size_t i = 0; i < t->columns; i++) {
		enum column c = column_of(t->cells.v[i]);

		if (c != OTHER && have[c])
			c = OTHER;
		have[c] = true;
		t->column[i] = c;
		t->percent[i] = strchr(t->cells.v[i], '%') || strstr(t->cells.v[i], "(points)");
	}
	if (have[TASK] && have[VALUE])
		return true;
	if (have[TASK] && !have[MODEL] && !have[METRIC])
		return across(t);
	for (size_t i = 0; have[MODEL] && i < t->columns; i++)
		if (wide(t->cells.v[i])) {
			t->column[i] = WIDE;
			have[WIDE] = true;
		}
	return have[MODEL] && have[WIDE];
}

static void start(struct table *t, const struct import_text *text)
{
	bool bom = text->n >= 3 && !memcmp(text->s, "\xef\xbb\xbf", 3);

	t->p = text->s + (bom ? 3 : 0);
	t->end = text->s + text->n;
	t->line = 1;
	t->separator = separator_of(t->p, (size_t)(t->end - t->p));
}

static void finish(struct table *t)
{
	clear(t);
	vec_fini(&t->cells);
	for (size_t i = 0; i < t->head.n; i++)
		free(t->head.v[i]);
	vec_fini(&t->head);
}

bool table_file_is(const struct import_text *text)
{
	struct table t = { 0 };
	bool is;

	if (text->json)
		return false;
	start(&t, text);
	is = t.separator && header(&t);
	finish(&t);
	return is;
}

static const char *get(const struct table *t, enum column c)
{
	for (size_t i = 0; i < t->columns && i < t->cells.n; i++)
		if (t->column[i] == c)
			return t->cells.v[i];
	return "";
}

static const char *metric_of(const struct table *t)
{
	const char *m = get(t, METRIC);

	return *m ? m : "score";
}

/* "45.3", "45.3 %", "~0.45", "0.45 (est)", "0.45 ± 0.01" */
static bool number(const struct table *t, const char *s, struct import_figure *x)
{
	char *end, own[64];

	/* "0,756" where no comma parts the columns */
	if (t->separator != ',' && strchr(s, ',') && !strchr(s, '.') && strlen(s) < sizeof own) {
		snprintf(own, sizeof own, "%s", s);
		for (char *c = own; *c; c++)
			if (*c == ',' && c > own && isdigit((uint8_t)c[-1]) &&
				isdigit((uint8_t)c[1]))
				*c = '.';
		s = own;
	}
	x->estimated = *s == '~' || strstr(s, "est");
	s += *s == '~';
	x->value = strtod(s, &end);
	if (end == s)
		return false;
	end += strspn(end, " ");
	if (str_starts(end, "\302\261") || str_starts(end, "+/-")) {
		s = end + (*end == '+' ? 3 : 2);
		x->stderr_ = strtod(s, &end);
		end += strspn(end, " ");
	}
	x->unit = *end == '%' ? UNIT_PERCENT : UNIT_BARE;
	end += strspn(end, "% ");
	return !*end || str_starts(end, "(est") || str_starts(end, "est");
}

static void put(struct table *t, size_t column, const char *task, const char *metric,
	const char *text)
{
	struct import_figure x = { .variant = t->column[column] == ACROSS ? t->head.v[column]
		: get(t, MODEL), .task = task, .metric = metric,
		.stderr_ = NAN, .n = strtoll(get(t, N), NULL, 10), .line = t->row_line,
		.text = t->row, .text_n = (size_t)(t->end - t->row) };
	const char *error = get(t, STDERR), *shots = get(t, SHOTS), *est = get(t, ESTIMATED);
	char *end;

	if (!*task || !number(t, text, &x)) {
		import_unread(t->f, t->row_line, t->row, x.text_n,
			*task ? "no number in column %zu" : "no task in this row (column %zu)",
			column + 1);
		return;
	}
	if (*error)
		x.stderr_ = strtod(error, &end);
	x.estimated |= *est && !strchr("0fFnN", *est);
	if (x.unit == UNIT_BARE && t->percent[column])
		x.unit = UNIT_PERCENT;
	else if (x.unit == UNIT_BARE && import_is_share(task, metric) && t->large[column]) {
		if (x.value > 0 && x.value <= 1) {
			import_unread(t->f, t->row_line, t->row, x.text_n,
				"the column is in points; this could be a fraction of 1");
			return;
		}
		x.unit = UNIT_PERCENT;
	}
	json_t *p = json_object();
	if (*shots && isdigit((uint8_t)*shots))
		json_object_set_new(p, "shots", json_integer(strtoll(shots, NULL, 10)));
	import_fact(t->f, &x, p);
}

static bool is_hole(const char *s)
{
	static const char *const holes[] = { "", "-", "--", "\342\200\223", "\342\200\224", "N/A",
		"n/a", "NA", "nan", "NaN", "null", "None" };

	for (size_t i = 0; i < sizeof holes / sizeof holes[0]; i++)
		if (!strcmp(s, holes[i]))
			return true;
	return false;
}

static void figures(struct table *t, void (*take)(struct table *, size_t, const char *,
	const char *, const char *))
{
	for (size_t i = 0; i < t->columns && i < t->cells.n; i++)
		if (t->column[i] == VALUE) {
			take(t, i, get(t, TASK), metric_of(t), t->cells.v[i]);
		} else if ((t->column[i] == WIDE || t->column[i] == ACROSS) &&
			!is_hole(t->cells.v[i])) {
			char *metric, *task = wide_task(t->column[i] == WIDE ? t->head.v[i] :
				get(t, TASK), &metric);

			take(t, i, task, metric ? metric : "score", t->cells.v[i]);
			free(task);
			free(metric);
		}
}

static void measure(struct table *t, size_t column, const char *task, const char *metric,
	const char *text)
{
	struct import_figure x = { 0 };

	if (import_is_share(task, metric) && number(t, text, &x) && x.unit == UNIT_BARE &&
		x.value > 1)
		t->large[column] = true;
}

void table_file_read(const struct import_text *text, struct import_file *f)
{
	struct table t = { .f = f };

	for (int pass = 0; pass < 2; pass++) {
		start(&t, text);
		if (!header(&t))
			break;
		while (next_row(&t))
			figures(&t, pass ? put : measure);
	}
	finish(&t);
}
