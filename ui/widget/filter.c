#include "config.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "ui/widget/filter.h"

void row_filter_fini(struct row_filter *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->terms[i].has_rx)
			regfree(&f->terms[i].rx);
	free(f->terms);
	free(f->text);
	*f = (struct row_filter){ 0 };
}

static void escape_regex(struct str *out, const char *s)
{
	for (; *s; s++) {
		if (strchr("\\^$.[]|()*+?{}", *s))
			str_addc(out, '\\');
		str_addc(out, *s);
	}
}

/* Letters without a capital match either case; what is no expression is taken as it stands. */
static void compile(struct filter_term *t, const char *rx)
{
	int flags = REG_EXTENDED | REG_NOSUB;
	bool capital = false;

	for (const char *p = rx; *p; p++)
		capital |= isupper((unsigned char)*p) != 0;
	if (!capital)
		flags |= REG_ICASE;
	if (regcomp(&t->rx, rx, flags) != 0) {
		struct str s = STR_INIT;

		escape_regex(&s, rx);
		t->has_rx = regcomp(&t->rx, s.s ? s.s : "", flags) == 0;
		str_fini(&s);
		return;
	}
	t->has_rx = true;
}

/* "0.98", "30%", "5G", "64KiB", "1e-4" */
static bool parse_value(const char *s, double *v)
{
	char *end;
	uint64_t bytes;

	*v = strtod(s, &end);
	if (end == s)
		return false;
	if (!*end)
		return true;
	if (str_eq(end, "%")) {
		*v /= 100;
		return true;
	}
	if (str_parse_size(s, &bytes)) {
		*v = (double)bytes;
		return true;
	}
	if (strchr("kKMGTB", *end) && !end[1]) {
		*v *= *end == 'k' || *end == 'K' ? 1e3
		      : *end == 'M'              ? 1e6
		      : *end == 'T'              ? 1e12
						 : 1e9;
		return true;
	}
	return false;
}

static bool find_column(const struct filter_columns *c, const char *name, size_t n, int *column,
	struct err *e)
{
	char *word = xstrndup(name, n);
	int found = c ? c->find(c->ctx, word) : -1;

	*column = found;
	if (found == -2)
		err_set(e, ERR_USAGE, word, "type more of its name",
			"several columns begin like this");
	if (found == -1)
		err_set(e, ERR_USAGE, word, "c lists the columns", "no such column");
	free(word);
	return found >= 0;
}

static enum filter_op parse_op(const char **p)
{
	bool equal = (*p)[1] == '=';
	enum filter_op op = **p == '<' ? equal ? FILTER_LE : FILTER_LT :
		**p == '>' ? equal ? FILTER_GE : FILTER_GT : FILTER_EQ;

	*p += 1 + equal;
	return op;
}

/* One word. column<value and column:regex only where what stands before is an identifier. */
static bool parse_term(struct filter_term *t, const char *word, const struct filter_columns *c,
	struct err *e)
{
	size_t n;
	const char *p;

	t->column = -1;
	t->op = FILTER_MATCH;
	if (*word == '!' && word[1]) {
		t->negated = true;
		word++;
	}
	n = strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
	p = word + n;
	if (n && *p && strchr("<>=", *p)) {
		if (!find_column(c, word, n, &t->column, e))
			return false;
		t->op = parse_op(&p);
		if (parse_value(p, &t->value))
			return true;
		return err_set(e, ERR_USAGE, word, "numbers are 0.98, 30%, 5G, 1e-4",
			"'%s' is not a number", p);
	}
	if (n && *p == ':') {
		if (!find_column(c, word, n, &t->column, e))
			return false;
		word = p + 1;
	}
	compile(t, word);
	return true;
}

bool row_filter_parse(
	struct row_filter *f, const char *text, const struct filter_columns *c, struct err *e)
{
	char *copy = xstrdup(text), *save = NULL;
	bool ok = true;

	*f = (struct row_filter){ 0 };
	for (char *w = strtok_r(copy, " \t", &save); w && ok; w = strtok_r(NULL, " \t", &save)) {
		struct filter_term t = { 0 };

		ok = parse_term(&t, w, c, e);
		if (!ok)
			break;
		f->terms = xrealloc(f->terms, (f->n + 1) * sizeof *f->terms);
		f->terms[f->n++] = t;
	}
	free(copy);
	if (!ok)
		row_filter_fini(f);
	else if (f->n)
		f->text = xstrdup(text);
	return ok;
}

static bool compare(enum filter_op op, double a, double b)
{
	if (isnan(a))
		return false;
	switch (op) {
	case FILTER_LT: return a < b;
	case FILTER_LE: return a <= b;
	case FILTER_GT: return a > b;
	case FILTER_GE: return a >= b;
	default: return fabs(a - b) <= 1e-9 * fabs(b);
	}
}

bool row_filter_match(const struct row_filter *f, const struct filter_row *row)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct filter_term *t = &f->terms[i];
		bool hit;

		if (t->op != FILTER_MATCH)
			hit = compare(t->op, row->value(row->ctx, t->column), t->value);
		else
			hit = t->has_rx &&
			      regexec(&t->rx, row->text(row->ctx, t->column), 0, NULL, 0) == 0;
		if (hit == t->negated)
			return false;
	}
	return true;
}
