#include "import/claims.h"
#include <ctype.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/vec.h"

#define TEXT_MAX_BYTES ((size_t)512 << 10) /* the rest of a longer card is not looked at */
#define SENTENCE_MAX_BYTES 1000            /* nor that of a longer sentence */
#define CLAIMS_MAX 4000
#define MAX_GROUPS 12

static const struct claim_row rows[] = {
#define CLAIM(kind, members, pattern, help) { kind, members, pattern, help },
#include "import/claims.def"
#undef CLAIM
};
#define N_ROWS (sizeof rows / sizeof rows[0])

const struct claim_row *claim_row_at(size_t i)
{
	return i < N_ROWS ? &rows[i] : NULL;
}

/* Lines that belong together, with the place where each begins. */
struct passage {
	struct str s;
	struct { struct { size_t at; int64_t line; } *v; size_t n, cap; } starts;
};
struct reading {
	struct card *c;
	regex_t re[N_ROWS];
	struct passage p;
	bool *table;               /* lines of tables; [n_lines + 2] */
	int64_t n_lines, recipe_end;
};

static int64_t line_of(const struct passage *p, size_t at)
{
	int64_t line = 0;

	for (size_t i = 0; i < p->starts.n && p->starts.v[i].at <= at; i++)
		line = p->starts.v[i].line;
	return line;
}

/* --- members --- */

static json_t *member(const char *s, size_t n)
{
	static const char *const words[] =
		{ "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten" };
	char *text = xstrndup(s, n), *end;
	double v = strtod(text, &end);
	json_t *j;

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (!strcasecmp(words[i], text)) {
			free(text);
			return json_integer((json_int_t)i + 1);
		}
	if (n && !*end && (isdigit((uint8_t)text[n - 1]) || text[n - 1] == '.')) {
		free(text);
		return json_number(v);
	}
	for (char *q = text; *q; q++)
		*q = (char)tolower((uint8_t)*q);
	j = json_textn(text);
	free(text);
	return j;
}

static json_t *members(const struct claim_row *row, const char *s, const regmatch_t *m)
{
	json_t *o = json_object();
	const char *p = row->members;

	for (size_t g = 1; g < MAX_GROUPS && *p; g++) {
		size_t n = strcspn(p, ",");

		if (n && *p != '-' && m[g].rm_so >= 0) {
			char *name = xstrndup(p, n);

			json_object_set_new(o, name, member(s + m[g].rm_so,
				(size_t)(m[g].rm_eo - m[g].rm_so)));
			free(name);
		}
		p += n + (p[n] == ',');
	}
	json_object_set_new(o, "at", json_integer(m[0].rm_so));
	json_object_set_new(o, "n", json_integer(m[0].rm_eo - m[0].rm_so));
	return o;
}

/* --- sentences --- */

/* Was that place of the sentence taken for the same kind? Claims of the sentence are the last. */
static bool taken(const struct card *c, size_t first, const char *kind, int64_t at, int64_t n)
{
	for (size_t i = first; i < c->claims.n; i++) {
		const struct card_claim *x = &c->claims.v[i];
		int64_t from = json_int(x->what, "at", 0);

		if (x->kind == kind && at < from + json_int(x->what, "n", 0) && from < at + n)
			return true;
	}
	return false;
}

static const char *kind_of(size_t row) /* equal kinds, equal pointers */
{
	for (size_t i = 0; i < row; i++)
		if (!strcmp(rows[i].kind, rows[row].kind))
			return rows[i].kind;
	return rows[row].kind;
}

static void match_row(struct reading *r, size_t row, const char *s, size_t at, size_t first)
{
	regmatch_t m[MAX_GROUPS];
	size_t from = 0;

	while (r->c->claims.n < CLAIMS_MAX &&
		!regexec(&r->re[row], s + from, MAX_GROUPS, m, from ? REG_NOTBOL : 0)) {
		for (size_t g = 0; g < MAX_GROUPS; g++)
			if (m[g].rm_so >= 0) {
				m[g].rm_so += (regoff_t)from;
				m[g].rm_eo += (regoff_t)from;
			}
		if (m[0].rm_eo <= m[0].rm_so)
			return;
		if (!taken(r->c, first, kind_of(row), m[0].rm_so, m[0].rm_eo - m[0].rm_so))
			*vec_push(&r->c->claims) = (struct card_claim){ kind_of(row),
				line_of(&r->p, at + (size_t)m[0].rm_so), xstrdup(s),
				members(&rows[row], s, m) };
		from = (size_t)m[0].rm_eo;
	}
}

static void sentence(struct reading *r, size_t at, size_t n)
{
	size_t first = r->c->claims.n;
	char *s;

	while (n && r->p.s.s[at] == ' ') {
		at++;
		n--;
	}
	while (n && r->p.s.s[at + n - 1] == ' ')
		n--;
	if (n < 3)
		return;
	s = xstrndup(r->p.s.s + at, n < SENTENCE_MAX_BYTES ? n : SENTENCE_MAX_BYTES);
	for (size_t row = 0; row < N_ROWS; row++)
		match_row(r, row, s, at, first);
	free(s);
}

/* A mark, a blank, and a letter that begins something new. "vs. The" is rare enough. */
static bool ends_here(const char *s, size_t i, size_t n)
{
	size_t k = i + 1;

	if (!strchr(".!?", s[i]))
		return false;
	if (k < n && strchr("\"')", s[k]))
		k++;
	if (k >= n || s[k] != ' ' || k + 1 >= n)
		return false;
	if (i >= 2 && !strncasecmp(s + i - 2, "vs", 2))
		return false;
	k++;
	return isupper((uint8_t)s[k]) || strchr("\"'([+-", s[k]) || (uint8_t)s[k] >= 0x80 ||
		(isdigit((uint8_t)s[k]) && i && !isdigit((uint8_t)s[i - 1]));
}

static void passage_done(struct reading *r)
{
	struct passage *p = &r->p;
	size_t from = 0;

	for (size_t i = 0; i < p->s.n; i++)
		if (ends_here(p->s.s, i, p->s.n)) {
			sentence(r, from, i + 1 - from);
			from = i + 1;
		}
	if (p->s.n)
		sentence(r, from, p->s.n - from);
	str_clear(&p->s);
	p->starts.n = 0;
}

/* --- lines --- */

static void add_plain(struct str *s, const char *p, size_t n)
{
	static const struct { const char *from, *to; } other[] = {
		{ "\u2014", "-" }, { "\u2013", "-" }, { "\u2212", "-" }, { "\u2010", "-" },
		{ "\u2011", "-" }, { "\u2019", "'" }, { "\u2018", "'" }, { "\u201c", "\"" },
		{ "\u201d", "\"" }, { "\u00a0", " " }, { "\u202f", " " }, { "\u2009", " " },
		{ "\u00b1", "+-" }, { "\u00d7", "x" }, { "\u2248", "~" }, { "\t", " " },
		{ "*", "" }, { "`", "" }, { "\r", "" },
	};

	for (size_t i = 0; i < n;) {
		bool found = false;

		if (n - i >= 8 && !strncasecmp(p + i, " percent", 8) &&
			(n - i == 8 || !isalpha((uint8_t)p[i + 8]))) {
			str_addc(s, '%');
			i += 8;
			continue;
		}

		for (size_t k = 0; !found && k < sizeof other / sizeof other[0]; k++) {
			size_t len = strlen(other[k].from);

			if (len <= n - i && !memcmp(p + i, other[k].from, len)) {
				str_add(s, other[k].to);
				i += len;
				found = true;
			}
		}
		if (!found)
			str_addc(s, p[i++]);
	}
}

/* The entry of a list, a heading, a quotation: without its mark. */
static size_t mark_length(const char *s, size_t n)
{
	static const char *const marks[] = { "- ", "* ", "+ ", "\u2022 ", "> ", "# ", "## ", "### ",
		"#### ", "\u2705 ", "\u274c " };
	size_t i = 0;

	while (i < n && (s[i] == ' ' || s[i] == '\t'))
		i++;
	for (size_t k = 0; k < sizeof marks / sizeof marks[0]; k++)
		if (strlen(marks[k]) <= n - i && !memcmp(s + i, marks[k], strlen(marks[k])))
			return i + strlen(marks[k]);
	if (n - i > 3 && isdigit((uint8_t)s[i]) && s[i + 1] == '.' && s[i + 2] == ' ')
		return i + 3;
	return 0;
}

static bool is_blank(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!isspace((uint8_t)s[i]))
			return false;
	return true;
}

static void add_line(struct reading *r, const char *s, size_t n, int64_t line)
{
	if (r->p.s.n)
		str_addc(&r->p.s, ' ');
	vec_reserve(&r->p.starts, r->p.starts.n + 1);
	r->p.starts.v[r->p.starts.n].at = r->p.s.n;
	r->p.starts.v[r->p.starts.n++].line = line;
	add_plain(&r->p.s, s, n);
}

/* Of a line of YAML the comment: each is a passage of its own. */
static void comment(struct reading *r, const char *s, size_t n, int64_t line)
{
	for (size_t i = 0; i < n; i++)
		if (s[i] == '#' && (!i || s[i - 1] == ' ')) {
			passage_done(r);
			add_line(r, s + i + 1, n - i - 1, line);
			passage_done(r);
			return;
		}
}

static void prose(struct reading *r, const char *s, size_t n, int64_t line)
{
	size_t mark = mark_length(s, n);
	bool heading = mark && memchr(s, '#', mark);

	/* Pages of a browser have a line for a paragraph. */
	if (is_blank(s, n) || mark || r->c->rendered)
		passage_done(r);
	if (!is_blank(s, n))
		add_line(r, s + mark, n - mark, line);
	if (heading)
		passage_done(r);
}

static bool is_fence(const char *s, size_t n)
{
	size_t i = 0;

	while (i < n && s[i] == ' ')
		i++;
	return n - i >= 3 && (!memcmp(s + i, "```", 3) || !memcmp(s + i, "~~~", 3));
}

static void read_lines(struct reading *r)
{
	const char *p = r->c->text;
	const char *end = p + (r->c->n < TEXT_MAX_BYTES ? r->c->n : TEXT_MAX_BYTES);
	bool fence = false, front = false;

	for (int64_t line = 1; p < end; line++) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		size_t n = (size_t)((nl ? nl : end) - p);
		bool recipe = r->c->recipe && line >= r->c->recipe_line && line <= r->recipe_end;

		if (line == 1 && n >= 3 && !memcmp(p, "---", 3)) {
			front = true;
		} else if (front) {
			front = !(n >= 3 && !memcmp(p, "---", 3));
		} else if (is_fence(p, n)) {
			passage_done(r);
			fence = !fence;
		} else if (recipe) {
			comment(r, p, n, line);
		} else if (fence || (line <= r->n_lines && r->table[line])) {
			passage_done(r);
		} else {
			prose(r, p, n, line);
		}
		p = nl ? nl + 1 : end;
	}
	passage_done(r);
}

/* Lines of tables that are figures; others may hold sentences. */
static void mark_tables(struct reading *r)
{
	for (size_t i = 0; i < r->c->tables.n; i++) {
		const struct card_table *t = &r->c->tables.v[i];
		size_t k;
		json_t *row;

		if (!strcmp(t->kind, "other") || !strcmp(t->kind, "steps"))
			continue;
		if (t->line > 0 && t->line <= r->n_lines)
			r->table[t->line] = true;
		json_array_foreach(t->rows, k, row) {
			int64_t line = json_int(row, "line", 0);

			if (line > 0 && line <= r->n_lines)
				r->table[line] = true;
		}
	}
}

static int by_place(const void *pa, const void *pb)
{
	const struct card_claim *a = pa, *b = pb;
	int64_t at_a = json_int(a->what, "at", 0), at_b = json_int(b->what, "at", 0);
	int by_text;

	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	by_text = strcmp(a->text, b->text); /* sentences of one line */
	if (by_text)
		return by_text;
	return at_a != at_b ? (at_a < at_b ? -1 : 1) : strcmp(a->kind, b->kind);
}

void card_read_claims(struct card *c, struct import_file *f)
{
	struct reading r = { .c = c, .n_lines = 1 };

	(void)f;
	for (size_t i = 0; i < c->n; i++)
		r.n_lines += c->text[i] == '\n';
	r.recipe_end = c->recipe_line;
	for (const char *p = c->recipe; p && *p; p++)
		r.recipe_end += *p == '\n' && p[1];
	r.table = xnew(bool, (size_t)r.n_lines + 2);
	mark_tables(&r);
	for (size_t i = 0; i < N_ROWS; i++)
		if (regcomp(&r.re[i], rows[i].pattern, REG_EXTENDED | REG_ICASE))
			xalloc_failed(); /* a test compiles them all */
	read_lines(&r);
	for (size_t i = 0; i < N_ROWS; i++)
		regfree(&r.re[i]);
	if (c->claims.n)
		qsort(c->claims.v, c->claims.n, sizeof *c->claims.v, by_place);
	str_fini(&r.p.s);
	vec_fini(&r.p.starts);
	free(r.table);
}
