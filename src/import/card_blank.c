/* Tables as a browser's clipboard leaves them: cells apart by single blanks.
 *
 *	Metric Base Some-Tune SFT Your Merge The Delta
 *	ARC (Abstract Knowledge) 0.406 0.404 0.481 +0.075 higher than the base
 *
 * Numbers tell the columns of a row. How many there are, and whose values they repeat, tells where
 * the words of the head are to be parted. */
#include "import/card_grid.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/vec.h"

#define WORDS_MAX 40

struct words {
	const char *s[WORDS_MAX];
	size_t len[WORDS_MAX], n;
};

/* Words of a line; what stands in brackets belongs to the word before. */
static bool split(const char *s, struct words *w)
{
	w->n = 0;
	for (s += strspn(s, " "); *s; s += strspn(s, " ")) {
		size_t n = strcspn(s, " ");

		if (*s == '(' && strchr(s, ')')) {
			n = (size_t)(strchr(s, ')') - s) + 1;
			n += strcspn(s + n, " ");
			if (w->n) {
				w->len[w->n - 1] = (size_t)(s + n - w->s[w->n - 1]);
				s += n;
				continue;
			}
		}
		if (w->n == WORDS_MAX)
			return false;
		w->s[w->n] = s;
		w->len[w->n++] = n;
		s += n;
	}
	return true;
}

/* --- heads --- */

static const char *const heads[] = { "metric", "task", "tasks", "benchmark", "benchmarks", "group",
	"parameter", "type", "model", "quant", "name", "test", "dataset", "eval", "evaluation",
	"layer", "layers", "variant", "method", "category", "property", "setting", "feature",
	"format", "file", "quantization", "tensor", "tensors", "filename", "value", "score",
	"result", "results", "size", "author", "misc", "notes", "note", "verdict", "comment", "ppl",
	"ppl delta", "delta", "size saved", "saved", "difference", "diff", "shots", "n-shot",
	"version", "stderr", "description", "bits", "bpw", "bits per weight", "average", "avg",
	"rank", "tensor group", "perplexity", "accuracy", "recommendation", "type name", "link" };

static bool card_head_word(const char *words)
{
	for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
		if (!strcasecmp(heads[i], words))
			return true;
	return false;
}

static bool card_text_head(const char *word)
{
	static const char *const texts[] = { "verdict", "notes", "note", "comment", "comments",
		"description", "author", "why", "recommendation", "decision", "status", "remark",
		"remarks" };

	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (!strcasecmp(texts[i], word))
			return true;
	return false;
}

static bool head_at(const struct words *w, size_t from, size_t to)
{
	char *text = xstrndup(w->s[from], (size_t)(w->s[to - 1] + w->len[to - 1] - w->s[from]));
	bool is = card_head_word(text);

	free(text);
	return is;
}

/* --- rows --- */

struct blank_row {
	size_t line;
	const char *s;
	size_t label_n;                 /* bytes of the label */
	size_t at[GRID_MAX_COLUMNS], n; /* where values begin */
	struct card_value value[GRID_MAX_COLUMNS];
};

static bool is_number(const char *s, size_t n, struct card_value *v)
{
	char text[64];

	if (n >= sizeof text)
		return false;
	memcpy(text, s, n);
	text[n] = 0;
	if (!card_is_value(text, v))
		return false;
	v->unit = s + (v->unit - text);
	v->unit += strspn(v->unit, " ");
	return true;
}

static bool row_at(const struct card_reader *r, size_t i, struct blank_row *row)
{
	struct words w;

	*row = (struct blank_row){ .line = i, .s = r->line.v[i].s };
	if (strlen(row->s) > 400 || !split(row->s, &w))
		return false;
	for (size_t k = 1; k < w.n && row->n < GRID_MAX_COLUMNS; k++) {
		size_t n = strcspn(w.s[k], " ");

		if (!is_number(w.s[k], n, &row->value[row->n]))
			continue;
		row->at[row->n++] = (size_t)(w.s[k] - row->s);
	}
	row->label_n = row->n ? row->at[0] : strlen(row->s);
	while (row->label_n && row->s[row->label_n - 1] == ' ')
		row->label_n--;
	return row->n > 0;
}

static bool has_unit(const char *s)
{
	static const char *const units[] = { "GB", "MB", "GiB", "MiB", "TB", "B", "M", "K", "bpw",
		"bits" };
	size_t n = strcspn(s, " (,;");

	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
		if (strlen(units[i]) == n && !memcmp(s, units[i], n))
			return true;
	return false;
}

/* Bare, percent, a share, or with a unit: values of one column are alike. */
static int likeness(const struct blank_row *row, size_t i)
{
	const struct card_value *v = &row->value[i];

	if (v->percent)
		return 1;
	if (!isnan(v->value) && has_unit(v->unit))
		return 2;
	return v->value == trunc(v->value) && !v->signed_ ? 3 : 4;
}

/* --- parting the head --- */

static bool one_of(const struct words *w, size_t i, const char *const *list)
{
	for (; *list; list++)
		if (strlen(*list) == w->len[i] && !strncasecmp(*list, w->s[i], w->len[i]))
			return true;
	return false;
}

static bool starts(const struct words *w, size_t i)
{
	static const char *const list[] = { "the", "your", "my", "our", "base", "original", "this",
		"new", NULL };

	return one_of(w, i, list);
}

static bool ends(const struct words *w, size_t i)
{
	static const char *const list[] = { "model", "merge", "score", "scores", "value", "saved",
		"delta", "difference", "count", NULL };

	return one_of(w, i, list);
}

#define SPAN_MAX 8 /* words over one column */

struct parting {
	const struct words *w;
	bool head[WORDS_MAX][SPAN_MAX + 1], difference[WORDS_MAX][SPAN_MAX + 1];
	const char *whose[GRID_MAX_COLUMNS]; /* the variant that a column repeats, or NULL */
	bool signed_[GRID_MAX_COLUMNS];      /* all its values have a sign */
	size_t k;
};

static bool word_of(const struct words *w, size_t i, const char *name)
{
	char *word = xstrndup(w->s[i], w->len[i]);
	const char *at = name ? card_find(str_base(name), word) : NULL;
	bool is = at && strlen(word) > 1 && !isalnum((uint8_t)at[strlen(word)]);

	free(word);
	return is;
}

/* How ill words [from, to) sit over column c. */
static double ill(const struct parting *p, size_t from, size_t to, size_t c)
{
	double cost = 0.2 * (double)((to - from - 1) * (to - from - 1));
	bool named = false;

	cost -= p->head[from][to - from] ? 1.5 : 0;
	cost += c && p->difference[from][to - from] != p->signed_[c] ? 2 : 0;
	cost -= starts(p->w, from);
	if (from && ends(p->w, from - 1))
		cost -= 0.5;
	if (from && ends(p->w, from))
		cost += 1;
	for (size_t i = from; i < to; i++) {
		bool own = p->whose[c] && word_of(p->w, i, p->whose[c]);

		cost += i > from && starts(p->w, i) ? 2 : 0;
		cost -= own;
		named |= own;
		for (size_t k = 1; k < p->k && !own; k++)
			cost += p->whose[k] && word_of(p->w, i, p->whose[k]);
	}
	return cost + (p->whose[c] && !named ? 1.5 : 0);
}

static void know_spans(struct parting *p)
{
	for (size_t from = 0; from < p->w->n; from++)
		for (size_t n = 1; n <= SPAN_MAX && from + n <= p->w->n; n++) {
			const char *s = p->w->s[from], *last = p->w->s[from + n - 1];
			char *text = xstrndup(s, (size_t)(last + p->w->len[from + n - 1] - s));
			struct card_label l;

			card_label(text, &l);
			p->head[from][n] = card_head_word(text);
			p->difference[from][n] = l.difference;
			card_label_fini(&l);
			free(text);
		}
}

/* The best parting of all words into k columns: cut[c] is where column c begins. */
static void part(const struct parting *p, size_t cut[GRID_MAX_COLUMNS + 1])
{
	static const double none = 1e9;
	size_t n = p->w->n, k = p->k;
	double *best = xnew(double, (k + 1) * (n + 1));
	size_t *from = xnew(size_t, (k + 1) * (n + 1));

	for (size_t i = 0; i < (k + 1) * (n + 1); i++)
		best[i] = none;
	best[0] = 0;
	for (size_t c = 0; c < k; c++)
		for (size_t end = c + 1; end <= n; end++)
			for (size_t at = c; at < end; at++) {
				double cost = best[c * (n + 1) + at];

				if (cost >= none || end - at > SPAN_MAX)
					continue;
				cost += ill(p, at, end, c);
				if (cost < best[(c + 1) * (n + 1) + end]) {
					best[(c + 1) * (n + 1) + end] = cost;
					from[(c + 1) * (n + 1) + end] = at;
				}
			}
	cut[k] = n;
	for (size_t c = k; c > 0; c--)
		cut[c - 1] = from[c * (n + 1) + cut[c]];
	free(best);
	free(from);
}

/* --- a whole table --- */

struct blank_table {
	struct card_reader *r;
	size_t line;
	struct words head;
	struct {
		struct blank_row *v;
		size_t n, cap;
	} rows;
	size_t values; /* columns of numbers */
	bool tail;     /* the last column is text */
};

static bool may_begin(const struct card_reader *r, size_t i)
{
	const char *s = r->line.v[i].s;
	size_t n = strlen(s);

	return r->line.v[i].use == LINE_TEXT && n && n < 300 && !card_bullet(s) &&
	       !strchr(s, '\t') && *s != '#' && *s != '>' && !strchr(".:;,", s[n - 1]) &&
	       (i == 0 || !*r->line.v[i - 1].s || r->line.v[i - 1].use != LINE_TEXT ||
		       r->line.v[i - 1].s[0] == '#');
}

static bool is_prose(const char *s)
{
	size_t n = strlen(s);

	for (const char *p = s; (p = strstr(p, ". ")); p += 2)
		if (isupper((uint8_t)p[2]))
			return true;
	return n > 160 || (n && strchr(".;,", s[n - 1]));
}

/* Rows under the head, up to an empty line or one that is none. */
static void rows_of(struct blank_table *t)
{
	struct blank_row row;

	for (size_t i = t->line + 1; i < t->r->line.n && t->rows.n < GRID_MAX_ROWS; i++) {
		if (t->r->line.v[i].use != LINE_TEXT || !*t->r->line.v[i].s ||
			is_prose(t->r->line.v[i].s))
			break;
		if (!row_at(t->r, i, &row) && t->rows.n == 0)
			break;
		*vec_push(&t->rows) = row;
		if (row.n > t->values)
			t->values = row.n;
	}
}

/* A head begins with a word that heads do; else the labels have to be known tasks. */
static bool trusted(const struct blank_table *t)
{
	size_t known = 0;

	if (head_at(&t->head, 0, 1) || (t->head.n > 1 && head_at(&t->head, 0, 2)))
		return true;
	for (size_t i = 0; i < t->rows.n; i++) {
		char *label = card_plain(t->rows.v[i].s, t->rows.v[i].label_n);
		struct card_label l;

		card_label(label, &l);
		known += l.task != NULL;
		card_label_fini(&l);
		free(label);
	}
	return known >= 2 && known * 2 > t->rows.n;
}

/* Which column each value of a row is in: all of them, or by what they are alike. */
static void places(const struct blank_table *t, const struct blank_row *row, size_t *place)
{
	const struct blank_row *full = NULL;
	size_t c = 0;

	for (size_t i = 0; i < t->rows.n && !full; i++)
		if (t->rows.v[i].n == t->values)
			full = &t->rows.v[i];
	for (size_t i = 0; i < row->n; i++) {
		size_t at = c, left = row->n - i;

		while (row->n < t->values && at + left <= t->values &&
			likeness(full, at) != likeness(row, i))
			at++;
		if (at + left > t->values)
			at = c;
		place[i] = at;
		c = at + 1;
	}
}

static void fill(const struct blank_table *t, struct card_grid *g, const struct blank_row *row)
{
	char *cells[GRID_MAX_COLUMNS + 2] = { NULL };
	size_t place[GRID_MAX_COLUMNS], n = strlen(row->s);

	cells[0] = card_plain(row->s, row->label_n);
	places(t, row, place);
	for (size_t i = 0; i < row->n; i++) {
		size_t end = i + 1 < row->n ? row->at[i + 1] : n;

		if (t->tail && i + 1 == row->n) { /* the words behind the number and its unit */
			end = row->at[i] + strcspn(row->s + row->at[i], " ");
			if (row->s[end] == ' ' && likeness(row, i) == 2)
				end += 1 + strcspn(row->s + end + 1, " ");
			if (end < n)
				cells[1 + t->values] = card_plain(row->s + end, n - end);
		}
		cells[1 + place[i]] = card_plain(row->s + row->at[i], end - row->at[i]);
	}
	for (size_t k = 0; k < g->n_columns; k++)
		if (!cells[k])
			cells[k] = xstrdup("");
	card_grid_row(g, row->line, cells, g->n_columns);
}

static void finish_head(struct blank_table *t, struct card_grid *g)
{
	struct parting p = { .w = &t->head, .k = g->n_columns };
	size_t cut[GRID_MAX_COLUMNS + 1];

	for (size_t c = 1; c < g->n_columns; c++) {
		const struct import_fact *x = card_repeated(t->r, g, c);
		size_t with = 0, all = 0;
		struct card_value v;

		p.whose[c] = x ? x->variant : NULL;
		for (size_t i = 0; i < g->rows.n; i++)
			if (card_value(g->rows.v[i].cells[c], &v)) {
				all++;
				with += v.signed_;
			}
		p.signed_[c] = all && with == all;
	}
	know_spans(&p);
	part(&p, cut);
	for (size_t c = 0; c < g->n_columns; c++) {
		const char *s = t->head.s[cut[c]];
		size_t last = cut[c + 1] - 1;

		free(g->columns[c]);
		g->columns[c] = card_plain(s, (size_t)(t->head.s[last] + t->head.len[last] - s));
	}
}

/* "GGUF iMat Author", "exl2 2.5bpw Author": the first word, the last, and what is between. */
static bool word_table(struct blank_table *t, struct card_grid *g)
{
	size_t k = t->head.n;

	if (k < 2 || k > 3 || !head_at(&t->head, 0, 1) || !head_at(&t->head, k - 1, k) ||
		!card_text_head(t->head.s[k - 1]))
		return false;
	g->n_columns = k;
	g->columns = xnew(char *, k);
	for (size_t c = 0; c < k; c++)
		g->columns[c] = card_plain(t->head.s[c], t->head.len[c]);
	for (size_t i = t->line + 1; i < t->r->line.n && g->rows.n < GRID_MAX_ROWS; i++) {
		struct words w;
		char *cells[3];

		if (t->r->line.v[i].use != LINE_TEXT || !split(t->r->line.v[i].s, &w) || w.n < 2 ||
			is_prose(t->r->line.v[i].s))
			break;
		cells[0] = card_plain(w.s[0], w.len[0]);
		cells[k - 1] = card_plain(w.s[w.n - 1], w.len[w.n - 1]);
		if (k == 3)
			cells[1] = w.n > 2 ? card_plain(w.s[1], (size_t)(w.s[w.n - 1] - w.s[1]))
					   : xstrdup("");
		card_grid_row(g, i, cells, k);
	}
	return g->rows.n > 0;
}

static bool number_table(struct blank_table *t, struct card_grid *g)
{
	rows_of(t);
	t->tail = card_text_head(t->head.s[t->head.n - 1]);
	if (!t->rows.n || !t->values || !trusted(t) || t->values + 1 + t->tail > t->head.n ||
		t->values + 2 > GRID_MAX_COLUMNS)
		return false;
	g->n_columns = t->values + 1 + t->tail;
	g->columns = xnew(char *, g->n_columns);
	for (size_t i = 0; i < t->rows.n; i++)
		fill(t, g, &t->rows.v[i]);
	finish_head(t, g);
	return true;
}

bool card_grid_blank(struct card_reader *r, size_t i, struct card_grid *g)
{
	struct blank_table t = { .r = r, .line = i };
	struct blank_row head;
	bool ok;

	*g = (struct card_grid){ .line = i };
	if (!may_begin(r, i) || i + 1 >= r->line.n || !*r->line.v[i + 1].s || row_at(r, i, &head) ||
		!split(r->line.v[i].s, &t.head) || t.head.n < 2)
		return false;
	ok = word_table(&t, g);
	if (!ok) {
		card_grid_fini(g);
		g->line = i;
		ok = number_table(&t, g);
	}
	vec_fini(&t.rows);
	if (!ok) {
		card_grid_fini(g);
		return false;
	}
	r->line.v[i].use = LINE_TABLE;
	for (size_t k = 0; k < g->rows.n; k++)
		r->line.v[g->rows.v[k].line].use = LINE_TABLE;
	return true;
}
