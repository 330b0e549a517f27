/* Tables of HTML inside a card: <table>, <tr>, <th>, <td>, over as many lines as they take. */
#include "import/card_grid.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/vec.h"

#define TABLE_MAX_LINES 20000

struct html {
	struct card_reader *r;
	struct card_grid *g;
	char *cells[GRID_MAX_COLUMNS];
	size_t n, row_line;
	struct str text; /* of the cell that is open */
	bool open, row;
};

static void close_cell(struct html *h)
{
	if (!h->open)
		return;
	if (h->n < GRID_MAX_COLUMNS)
		h->cells[h->n++] = card_plain(h->text.s ? h->text.s : "", h->text.n);
	str_clear(&h->text);
	h->open = false;
}

static void close_row(struct html *h)
{
	close_cell(h);
	if (h->row && h->n && !h->g->columns) {
		h->g->line = h->row_line;
		h->g->n_columns = h->n;
		h->g->columns = xnew(char *, h->n);
		memcpy(h->g->columns, h->cells, h->n * sizeof h->cells[0]);
	} else if (h->row && h->n && h->g->rows.n < GRID_MAX_ROWS) {
		card_grid_row(h->g, h->row_line, h->cells, h->n);
	} else {
		while (h->n)
			free(h->cells[--h->n]);
	}
	h->n = 0;
	h->row = false;
}

static bool is_tag(const char *s, const char *name)
{
	size_t n = strlen(name);

	return !strncasecmp(s, name, n) && (s[n] == '>' || s[n] == ' ' || s[n] == '\t' || !s[n]);
}

/* What a tag of the table does; false: it is text of a cell. */
static bool tag(struct html *h, const char *s, size_t line)
{
	if (is_tag(s, "<tr") || is_tag(s, "</tr") || is_tag(s, "</table")) {
		close_row(h);
		h->row = is_tag(s, "<tr");
		h->row_line = line;
	} else if (is_tag(s, "<td") || is_tag(s, "<th")) {
		close_cell(h);
		if (!h->row) {
			h->row = true;
			h->row_line = line;
		}
		h->open = true;
	} else if (is_tag(s, "</td") || is_tag(s, "</th")) {
		close_cell(h);
	} else {
		return is_tag(s, "<thead") || is_tag(s, "</thead") || is_tag(s, "<tbody") ||
		       is_tag(s, "</tbody") || is_tag(s, "<table");
	}
	return true;
}

/* One line; true if the table ends in it. */
static bool line_of(struct html *h, size_t i)
{
	const char *s = h->r->line.v[i].s;

	while (*s) {
		const char *end = *s == '<' ? strchr(s, '>') : NULL;
		bool last = is_tag(s, "</table");

		if (end && tag(h, s, i)) {
			s = end + 1;
			if (last)
				return true;
		} else {
			if (h->open)
				str_addc(&h->text, *s);
			s++;
		}
	}
	if (h->open)
		str_addc(&h->text, ' ');
	return false;
}

bool card_grid_html(struct card_reader *r, size_t i, struct card_grid *g)
{
	const char *s = r->line.v[i].s;
	struct html h = { .r = r, .g = g };
	size_t end;

	*g = (struct card_grid){ .line = i };
	s = card_find(s, "<table");
	if (!s || !is_tag(s, "<table") || r->line.v[i].use != LINE_TEXT)
		return false;
	for (end = i; end < r->line.n && end - i < TABLE_MAX_LINES; end++) {
		r->line.v[end].use = LINE_TABLE;
		if (line_of(&h, end))
			break;
	}
	close_row(&h);
	str_fini(&h.text);
	if (g->rows.n)
		return true;
	card_grid_fini(g);
	return false;
}
