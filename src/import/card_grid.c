/* Tables with pipes, with tabs and with wide gaps. */
#include "import/card_grid.h"
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"

void card_grid_fini(struct card_grid *g)
{
	for (size_t i = 0; i < g->rows.n; i++) {
		for (size_t k = 0; k < g->n_columns; k++)
			free(g->rows.v[i].cells[k]);
		free(g->rows.v[i].cells);
	}
	for (size_t k = 0; k < g->n_columns; k++)
		free(g->columns[k]);
	free(g->columns);
	vec_fini(&g->rows);
	*g = (struct card_grid){ 0 };
}

void card_grid_row(struct card_grid *g, size_t line, char **cells, size_t n)
{
	struct grid_row *row = vec_push(&g->rows);

	row->line = line;
	row->cells = xnew(char *, g->n_columns);
	for (size_t i = 0; i < g->n_columns; i++)
		row->cells[i] = i < n ? cells[i] : xstrdup("");
	for (size_t i = g->n_columns; i < n; i++)
		free(cells[i]);
}

/* --- cells of a line --- */

struct cells {
	char *v[GRID_MAX_COLUMNS + 1];
	size_t n;
};

static void add(struct cells *c, const char *s, size_t n)
{
	if (c->n <= GRID_MAX_COLUMNS)
		c->v[c->n++] = card_plain(s, n);
}

static void drop(struct cells *c)
{
	while (c->n)
		free(c->v[--c->n]);
}

static void by_pipes(const char *s, struct cells *c)
{
	const char *start;

	s += strspn(s, " \t");
	s += *s == '|';
	for (start = s; *s; s++) {
		if (*s == '\\' && s[1] == '|') {
			s++;
		} else if (*s == '|') {
			add(c, start, (size_t)(s - start));
			start = s + 1;
		}
	}
	if (!card_blank(start))
		add(c, start, (size_t)(s - start));
}

/* Apart by tabs, and where there are none by two blanks or more. */
static void by_gaps(const char *s, struct cells *c)
{
	const char *gap = strchr(s, '\t') ? "\t" : "  ";

	if (*gap == ' ')
		s += strspn(s, " ");
	while (*s || c->n == 0) {
		const char *end = strstr(s, gap);
		size_t n = end ? (size_t)(end - s) : strlen(s);

		add(c, s, n);
		s += n;
		if (!*s)
			break;
		s += *gap == ' ' ? strspn(s, " ") : 1;
		if (!*s)
			add(c, "", 0);
	}
}

/* |---|:--:| */
static bool separator(const char *s)
{
	s += strspn(s, " \t");
	return *s && strspn(s, "|-: \t") == strlen(s) && strstr(s, "--") && strchr(s, '|');
}

/* --- a table --- */

static bool open_line(const struct card_reader *r, size_t i)
{
	return i < r->line.n && (r->line.v[i].use == LINE_TEXT || r->line.v[i].use == LINE_CODE) &&
	       *r->line.v[i].s;
}

static bool piped(const struct card_reader *r, size_t i)
{
	const char *s, *p;

	if (!open_line(r, i))
		return false;
	s = r->line.v[i].s + strspn(r->line.v[i].s, " \t");
	p = strchr(s, '|');
	return p && (*s == '|' || strchr(p + 1, '|') ||
			    (i + 1 < r->line.n && separator(r->line.v[i + 1].s)) ||
			    (i > 0 && separator(r->line.v[i - 1].s)));
}

static void begin(struct card_grid *g, size_t line, struct cells *c)
{
	*g = (struct card_grid){ .line = line, .n_columns = c->n };
	g->columns = xnew(char *, c->n + 1);
	memcpy(g->columns, c->v, c->n * sizeof c->v[0]);
	c->n = 0;
}

/* One more row. What has no column is told. */
static void put(struct card_reader *r, struct card_grid *g, size_t line, struct cells *c)
{
	size_t more = g->n_columns;
	const char *s = r->line.v[line].s;

	while (more < c->n && !*c->v[more])
		more++;
	if (more < c->n)
		import_unread(r->f, (int64_t)line + 1, s, strlen(s), "%zu cells under %zu columns",
			c->n, g->n_columns);
	if (g->rows.n < GRID_MAX_ROWS) {
		card_grid_row(g, line, c->v, c->n);
		c->n = 0;
	} else if (g->rows.n == GRID_MAX_ROWS) {
		import_unread(r->f, (int64_t)line + 1, s, strlen(s),
			"a table of more than %d rows: the rest of it", GRID_MAX_ROWS);
		*vec_push(&g->rows) = (struct grid_row){ line, xnew(char *, g->n_columns) };
	}
	drop(c);
}

/* A row with nothing in it marks the end of what is kept. */
static void settle(struct card_grid *g)
{
	while (g->rows.n > GRID_MAX_ROWS)
		free(g->rows.v[--g->rows.n].cells);
}

static bool pipe_table(struct card_reader *r, size_t i, struct card_grid *g)
{
	struct cells c = { .n = 0 };
	size_t k = i + 1;

	if (!piped(r, i) || !piped(r, k) || separator(r->line.v[i].s))
		return false;
	if (!separator(r->line.v[k].s) && r->line.v[i].s[strspn(r->line.v[i].s, " \t")] != '|')
		return false;
	by_pipes(r->line.v[i].s, &c);
	if (c.n < 2 || c.n > GRID_MAX_COLUMNS) {
		drop(&c);
		return false;
	}
	begin(g, i, &c);
	r->line.v[i].use = LINE_TABLE;
	for (; piped(r, k); k++) {
		if (!separator(r->line.v[k].s)) {
			by_pipes(r->line.v[k].s, &c);
			put(r, g, k, &c);
		}
		r->line.v[k].use = LINE_TABLE;
	}
	settle(g);
	return true;
}

static size_t gaps(const struct card_reader *r, size_t i)
{
	struct cells c = { .n = 0 };
	size_t n;

	if (!open_line(r, i) || card_bullet(r->line.v[i].s) || strchr(r->line.v[i].s, '|') ||
		(strlen(r->line.v[i].s) > 200 && !strchr(r->line.v[i].s, '\t')))
		return 0;
	by_gaps(r->line.v[i].s, &c);
	n = c.n;
	drop(&c);
	return n;
}

static bool has_values(const struct card_reader *r, size_t i)
{
	struct cells c = { .n = 0 };
	struct card_value v;
	bool has = false;

	by_gaps(r->line.v[i].s, &c);
	for (size_t k = 1; k < c.n; k++)
		has |= card_is_value(c.v[k], &v);
	drop(&c);
	return has;
}

/* Rows of two cells or more; with blanks in place of tabs, or between fences, one of them has to be
 * a number, else it is prose or a program. */
static bool gap_table(struct card_reader *r, size_t i, struct card_grid *g)
{
	struct cells c = { .n = 0 };
	size_t head = gaps(r, i), width = gaps(r, i + 1), k, end;
	bool tabs;

	if (head < 2 || width < 2)
		return false;
	tabs = strchr(r->line.v[i + 1].s, '\t') != NULL;
	if ((!tabs || r->line.v[i].use == LINE_CODE || width == 2) && !has_values(r, i + 1))
		return false;
	for (end = i + 1; gaps(r, end) >= 2; end++)
		if (gaps(r, end) > width)
			width = gaps(r, end);
	if (width > GRID_MAX_COLUMNS) {
		import_unread(r->f, (int64_t)i + 1, r->line.v[i].s, strlen(r->line.v[i].s),
			"a table of more than %d columns", GRID_MAX_COLUMNS);
		for (; i < end; i++)
			r->line.v[i].use = LINE_TABLE;
		return false;
	}
	if (head < width && (r->line.v[i].s[0] == ' ' || head + 1 == width))
		add(&c, "", 0);
	by_gaps(r->line.v[i].s, &c);
	while (c.n < width)
		add(&c, "", 0);
	begin(g, i, &c);
	r->line.v[i].use = LINE_TABLE;
	for (k = i + 1; k < end; k++) {
		by_gaps(r->line.v[k].s, &c);
		put(r, g, k, &c);
		r->line.v[k].use = LINE_TABLE;
	}
	settle(g);
	return true;
}

void card_read_tables(struct card_reader *r)
{
	struct card_grid g;

	for (size_t i = 0; i < r->line.n; i++) {
		if (!open_line(r, i))
			continue;
		if (card_full(r, i))
			return;
		if (!card_grid_html(r, i, &g) && !pipe_table(r, i, &g) && !gap_table(r, i, &g) &&
			!card_grid_blank(r, i, &g))
			continue;
		card_table_take(r, &g);
		card_grid_fini(&g);
	}
}
