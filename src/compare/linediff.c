/* Shortest edit script by Myers' greedy algorithm (1986): furthest points of each diagonal for
 * growing numbers of edits, walked back over the kept rows. */
#include "compare/linediff.h"
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "base/hash.h"
#include "base/str.h"
#include "base/vec.h"

#define EDITS_MAX 2000 /* beyond, what lies between equal ends counts as replaced */

struct line {
	const char *s;
	size_t n, number;
	uint64_t key;
};
struct lines {
	struct line *v;
	size_t n, cap;
};

/* --- what a line says --- */

/* Without its comment, which begins at a # that is first or behind a blank, outside of quotes. */
static size_t said(const char *s, size_t n)
{
	char quote = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (quote)
			quote = s[i] == quote ? 0 : quote;
		else if ((s[i] == '"' || s[i] == '\'') && (!i || strchr(" [{,", s[i - 1])))
			quote = s[i];
		else if (s[i] == '#' && (!i || s[i - 1] == ' ' || s[i - 1] == '\t'))
			break;
	}
	while (i && strchr(" \t\r", s[i - 1]))
		i--;
	return i;
}

/* A number that YAML would read as one: its value, else what stands there. */
static void add_word(struct str *key, const char *s, size_t n)
{
	char text[32], *end;
	double v;

	if (n && n < sizeof text && (isdigit((uint8_t)*s) || strchr("+-.", *s))) {
		memcpy(text, s, n);
		text[n] = 0;
		v = strtod(text, &end);
		if (!*end && end > text && strspn(text, "0123456789+-.eE") == n) {
			str_addf(key, "%.17g", v);
			return;
		}
	}
	str_addn(key, s, n);
}

static uint64_t key_of(const char *s, size_t n, size_t depth)
{
	struct str key = STR_INIT;
	uint64_t h;

	str_addf(&key, "%zu ", depth);
	for (size_t i = 0; i < n;) {
		size_t len = 0;

		while (i + len < n && !strchr(" \t,[]{}", s[i + len]))
			len++;
		add_word(&key, s + i, len);
		i += len;
		if (i < n && s[i] != ' ' && s[i] != '\t')
			str_addc(&key, s[i]);
		else if (i < n && len) /* blanks part words, however many */
			str_addc(&key, ' ');
		i++;
	}
	h = hash64_bytes(key.s, key.n);
	str_fini(&key);
	return h;
}

/* Depth counts enclosing lines, so "- x" may stand under its key or two columns in. */
struct depths {
	size_t *v;
	size_t n, cap;
};

static size_t depth_of(struct depths *d, size_t indent, bool dash)
{
	size_t place = 2 * indent + dash;

	while (d->n && d->v[d->n - 1] >= place)
		d->n--;
	*vec_push(d) = place;
	return d->n;
}

static void split(struct lines *l, const char *text)
{
	struct depths depths = { 0 };
	size_t number = 0;

	for (const char *p = text; *p;) {
		size_t whole = strcspn(p, "\n"), n = said(p, whole), indent = 0;

		number++;
		while (indent < n && p[indent] == ' ')
			indent++;
		if (n > indent) {
			bool dash = p[indent] == '-' && (indent + 1 == n || p[indent + 1] == ' ');
			size_t depth = depth_of(&depths, indent, dash);

			while (whole && strchr(" \t\r", p[whole - 1]))
				whole--;
			*vec_push(l) = (struct line){ p, whole, number,
				key_of(p + indent, n - indent, depth) };
		}
		p += strcspn(p, "\n");
		p += *p == '\n';
	}
	vec_fini(&depths);
}

/* --- the shortest way from one to the other --- */

struct walk {
	const struct line *a, *b;
	size_t n_a, n_b;
	struct linediff *out;
	size_t cap;
};

static void emit(struct walk *w, char sign, const struct line *a, const struct line *b)
{
	const struct line *shown = b ? b : a;

	if (w->out->n == w->cap) {
		w->cap = w->cap ? 2 * w->cap : 32;
		w->out->v = xrealloc(w->out->v, w->cap * sizeof *w->out->v);
	}
	w->out->v[w->out->n++] = (struct linediff_line){ sign, a ? a->number : 0,
		b ? b->number : 0, shown->s, shown->n };
	w->out->removed += sign == '-';
	w->out->added += sign == '+';
}

static void replace(struct walk *w)
{
	for (size_t i = 0; i < w->n_a; i++)
		emit(w, '-', &w->a[i], NULL);
	for (size_t i = 0; i < w->n_b; i++)
		emit(w, '+', NULL, &w->b[i]);
}

/* rows[d][k + d]: how far diagonal k = x - y comes with d edits. */
static int32_t **furthest(const struct walk *w, int32_t *edits)
{
	int32_t n_a = (int32_t)w->n_a, n_b = (int32_t)w->n_b;
	int32_t **rows = xnew(int32_t *, EDITS_MAX + 1);

	for (int32_t d = 0; d <= EDITS_MAX; d++) {
		rows[d] = xnew(int32_t, 2 * (size_t)d + 1);
		for (int32_t k = -d; k <= d; k += 2) {
			const int32_t *last = d ? rows[d - 1] + d - 1 : NULL;
			bool down = d && (k == -d || (k != d && last[k - 1] < last[k + 1]));
			int32_t x = !d ? 0 : down ? last[k + 1] : last[k - 1] + 1, y = x - k;

			while (x < n_a && y < n_b && x >= 0 && y >= 0 && w->a[x].key == w->b[y].key)
				x++, y++;
			rows[d][k + d] = x;
			if (x >= n_a && y >= n_b) {
				*edits = d;
				return rows;
			}
		}
	}
	*edits = -1;
	return rows;
}

/* Marks what is kept of both: pair[i] is 1 + the line of b that line i of a is. */
static bool pairs(const struct walk *w, size_t *pair)
{
	int32_t edits, **rows = furthest(w, &edits), x = (int32_t)w->n_a, y = (int32_t)w->n_b;

	for (int32_t d = edits; d >= 0; d--) {
		int32_t k = x - y, from_x = 0, from_y = 0;

		if (d) {
			const int32_t *last = rows[d - 1] + d - 1;
			bool down = k == -d || (k != d && last[k - 1] < last[k + 1]);
			int32_t from = down ? k + 1 : k - 1;

			from_x = last[from];
			from_y = from_x - from;
		}
		while (x > from_x && y > from_y) {
			x--, y--;
			pair[x] = (size_t)y + 1;
		}
		x = from_x;
		y = from_y;
	}
	for (int32_t d = 0; d <= EDITS_MAX && rows[d]; d++)
		free(rows[d]);
	free(rows);
	return edits >= 0;
}

static void between(struct walk *w)
{
	size_t *pair = xnew(size_t, w->n_a + 1), next = 0;

	if (!pairs(w, pair)) {
		replace(w);
		free(pair);
		return;
	}
	for (size_t i = 0; i <= w->n_a; i++) {
		if (i < w->n_a && !pair[i]) {
			emit(w, '-', &w->a[i], NULL);
			continue;
		}
		for (size_t end = i < w->n_a ? pair[i] - 1 : w->n_b; next < end; next++)
			emit(w, '+', NULL, &w->b[next]);
		if (i < w->n_a)
			emit(w, ' ', &w->a[i], &w->b[next++]);
	}
	free(pair);
}

void linediff(struct linediff *d, const char *a_text, const char *b_text)
{
	struct lines a = { 0 }, b = { 0 };
	struct walk w = { .out = d };
	size_t start = 0, end = 0, least;

	*d = (struct linediff){ 0 };
	split(&a, a_text);
	split(&b, b_text);
	least = a.n < b.n ? a.n : b.n;
	for (; start < least && a.v[start].key == b.v[start].key; start++)
		emit(&w, ' ', &a.v[start], &b.v[start]);
	while (end < least - start && a.v[a.n - end - 1].key == b.v[b.n - end - 1].key)
		end++;
	w.a = a.v + start;
	w.b = b.v + start;
	w.n_a = a.n - start - end;
	w.n_b = b.n - start - end;
	if (w.n_a > INT32_MAX / 4 || w.n_b > INT32_MAX / 4)
		replace(&w);
	else
		between(&w);
	for (; end; end--)
		emit(&w, ' ', &a.v[a.n - end], &b.v[b.n - end]);
	vec_fini(&a);
	vec_fini(&b);
}

void linediff_fini(struct linediff *d)
{
	free(d->v);
	*d = (struct linediff){ 0 };
}
