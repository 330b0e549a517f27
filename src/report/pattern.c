#include "config.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "report/pattern_in.h"

struct reader {
	struct pattern *p;
	const char *s, *end, *where;
	int line, tag;          /* tag: the line of the last one */
	pattern_load_fn *load;
	void *ctx;
	struct err *e;
};
struct tag { /* words of {{…}}: borrowed from the arena */
	const char *word[4 + 2 * PATTERN_MAX_FILTERS];
	bool quoted[4 + 2 * PATTERN_MAX_FILTERS];
	size_t n, filters;      /* filters: the index of the first |, or n */
	int line;
};
enum ended { BY_ELSE, BY_END, BY_TEXT_END, BY_ERROR };

static bool bad(const struct reader *r, int line, const char *hint, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static bool bad(const struct reader *r, int line, const char *hint, const char *fmt, ...)
{
	char *where = xasprintf("%s:%d", r->where, line), *what;
	struct str s = STR_INIT;
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(&s, fmt, ap);
	va_end(ap);
	what = str_steal(&s);
	err_set(r->e, ERR_INPUT, where, hint, "%s", what);
	free(what);
	free(where);
	return false;
}

static struct parts *parts_new(struct pattern *p)
{
	struct parts *v = xnew(struct parts, 1);

	*vec_push(&p->all) = v;
	return v;
}

static struct part *part_new(struct reader *r, struct parts *to, enum part_kind kind, int line)
{
	struct part *x = vec_push(&to->v);

	x->kind = kind;
	x->where = r->where;
	x->line = line;
	return x;
}

/* --- a tag's words --- */

static bool quoted_word(struct reader *r, const char **s, const char *end, struct tag *t)
{
	struct str text = STR_INIT;
	const char *p = *s + 1;

	for (; p < end && *p != '"' && *p != '\n'; p++) {
		if (*p == '\\' && p + 1 < end)
			p++;
		str_addc(&text, *p);
	}
	t->word[t->n] = arena_strndup(&r->p->arena, text.s ? text.s : "", text.n);
	t->quoted[t->n++] = true;
	str_fini(&text);
	*s = p + 1;
	return (p < end && *p == '"') || bad(r, t->line, NULL, "a quoted text has no end");
}

static bool tag_words(struct reader *r, const char *s, const char *end, struct tag *t)
{
	const size_t most = sizeof t->word / sizeof t->word[0];

	t->n = 0;
	t->filters = SIZE_MAX;
	while (s < end) {
		size_t n = 0;

		if (isspace((unsigned char)*s)) {
			s++;
			continue;
		}
		if (t->n == most)
			return bad(r, t->line, NULL, "too many words in one tag");
		if (*s == '"') {
			if (!quoted_word(r, &s, end, t))
				return false;
			continue;
		}
		if (*s == '|') {
			n = 1;
			t->filters = t->filters == SIZE_MAX ? t->n : t->filters;
		}
		while (!n || (*s != '|' && s + n < end && !isspace((unsigned char)s[n]) &&
			s[n] != '|'))
			n++;
		t->word[t->n] = arena_strndup(&r->p->arena, s, n);
		t->quoted[t->n++] = false;
		s += n;
	}
	t->filters = t->filters == SIZE_MAX ? t->n : t->filters;
	return t->n || bad(r, t->line, "write {{\"{{\"}} for two braces", "an empty tag");
}

static bool is_word(const struct tag *t, size_t i, const char *word)
{
	return i < t->n && !t->quoted[i] && str_eq(t->word[i], word);
}

/* --- what tags mean --- */

static const struct pattern_filter *filter_named(const char *name, const char **near)
{
	const char *names[32];
	size_t n = 0;

	for (; n < 32 && pattern_filter_at(n); n++) {
		names[n] = pattern_filter_at(n)->name;
		if (str_eq(names[n], name))
			return pattern_filter_at(n);
	}
	*near = str_nearest(name, names, n);
	return NULL;
}

static bool read_argument(struct reader *r, const struct tag *t, size_t i, struct part_filter *f)
{
	char *end;
	long n;

	if (i >= t->n || is_word(t, i, "|"))
		return bad(r, t->line, NULL, "%s needs %s", f->f->name, str_eq(f->f->arg, "N") ?
			"a number" : "a text in quotes");
	f->arg = t->word[i];
	if (!str_eq(f->f->arg, "N"))
		return t->quoted[i] ||
			bad(r, t->line, NULL, "%s needs a text in quotes", f->f->name);
	n = strtol(t->word[i], &end, 10);
	f->n = (int)n;
	return (!*end && end > t->word[i] && n >= 0 && n <= 80) ||
		bad(r, t->line, "it is a whole number up to 80", "%s is no number for %s",
			t->word[i], f->f->name);
}

static bool read_filters(struct reader *r, const struct tag *t, struct part *x)
{
	for (size_t i = t->filters; i < t->n;) {
		struct part_filter *f = &x->filters[x->n_filters];
		const char *near = NULL;
		char *hint;

		if (!is_word(t, i, "|"))
			return bad(r, t->line, "| stands between them", "%s is no filter here",
				t->word[i]);
		if (i + 1 >= t->n || x->n_filters == PATTERN_MAX_FILTERS)
			return bad(r, t->line, NULL, i + 1 >= t->n ? "no filter behind |" :
				"too many filters");
		f->f = filter_named(t->word[i + 1], &near);
		if (!f->f) {
			hint = near ? xasprintf("did you mean %s?", near) : NULL;
			bad(r, t->line, hint, "there is no filter %s", t->word[i + 1]);
			free(hint);
			return false;
		}
		if (f->f->arg && !read_argument(r, t, i + 2, f))
			return false;
		i += f->f->arg ? 3 : 2;
		x->n_filters++;
	}
	return true;
}

static bool read_value(struct reader *r, const struct tag *t, struct parts *to)
{
	struct part *x = part_new(r, to, PART_VALUE, t->line);

	if (t->filters != 1)
		return bad(r, t->line, "tags are for, if, else, end, include, # and values",
			"%s: one value is expected in a tag", t->word[0]);
	if (t->quoted[0])
		x->text = t->word[0];
	else
		x->path = t->word[0];
	return read_filters(r, t, x);
}

static enum ended read_parts(struct reader *r, struct parts *to, int depth);

static bool read_block(struct reader *r, struct parts *to, struct part x, int depth)
{
	enum ended by;

	x.body = parts_new(r->p);
	x.other = parts_new(r->p);
	*vec_push(&to->v) = x;
	by = read_parts(r, x.body, depth + 1);
	if (by == BY_ELSE)
		by = read_parts(r, x.other, depth + 1);
	if (by == BY_ERROR)
		return false;
	return by == BY_END || bad(r, x.line, "{{end}} closes it", by == BY_ELSE ?
		"a second else" : "it is never closed");
}

static bool read_for(struct reader *r, const struct tag *t, struct parts *to, int depth)
{
	if (t->n != 4 || !is_word(t, 2, "in") || t->quoted[1] || t->quoted[3])
		return bad(r, t->line, "{{for NAME in LIST}}", "this is no loop");
	return read_block(r, to, (struct part){ .kind = PART_FOR, .where = r->where,
		.line = t->line, .name = t->word[1], .path = t->word[3] }, depth);
}

static bool read_if(struct reader *r, const struct tag *t, struct parts *to, int depth)
{
	struct part x = { .kind = PART_IF, .where = r->where, .line = t->line };
	size_t at = 1;

	if (is_word(t, at, "not")) {
		x.negated = true;
		at++;
	}
	if (at < t->n && !t->quoted[at])
		x.path = t->word[at++];
	if (x.path && at + 2 == t->n && is_word(t, at, "is")) {
		x.is = t->word[at + 1];
		at += 2;
	}
	if (!x.path || at != t->n)
		return bad(r, t->line, "{{if [not] VALUE [is \"TEXT\"]}}", "this is no condition");
	return read_block(r, to, x, depth);
}

static bool read_include(struct reader *r, const struct tag *t, struct parts *to, int depth)
{
	struct reader inner = *r;
	char *where = NULL, *text;
	enum ended by;
	size_t n;

	if (t->n != 2)
		return bad(r, t->line, "{{include NAME}}", "one name is included");
	if (!r->load || r->p->includes++ >= PATTERN_MAX_INCLUDES)
		return bad(r, t->line, NULL, r->load ? "too many includes" :
			"nothing can be included here");
	text = r->load(r->ctx, t->word[1], &where, r->e);
	if (!text)
		return false;
	n = strlen(text);
	inner.s = arena_strndup(&r->p->arena, text, n);
	inner.end = inner.s + n;
	inner.where = arena_strndup(&r->p->arena, where, strlen(where));
	inner.line = 1;
	free(text);
	free(where);
	by = read_parts(&inner, to, depth + 1);
	if (by == BY_ERROR)
		return false;
	return by == BY_TEXT_END ||
		bad(&inner, inner.tag, NULL, "%s without an if or for", by == BY_ELSE ? "else" :
		"end");
}

/* --- the text --- */

/* A control tag alone on its line takes the line with it. */
static bool alone(const struct reader *r, const char *begin, const char *open, const char *after,
	const char **line, const char **next)
{
	const char *p = open, *q = after;

	while (p > begin && (p[-1] == ' ' || p[-1] == '\t'))
		p--;
	while (q < r->end && (*q == ' ' || *q == '\t' || *q == '\r'))
		q++;
	*line = p;
	*next = q < r->end ? q + 1 : q;
	return (p == begin || p[-1] == '\n') && (q == r->end || *q == '\n');
}

static const char *tag_end(const char *s, const char *end)
{
	bool quoted = false;

	for (; s + 1 < end; s++) {
		if (quoted && *s == '\\')
			s++;
		else if (*s == '"')
			quoted = !quoted;
		else if (!quoted && s[0] == '}' && s[1] == '}')
			return s;
	}
	return NULL;
}

static bool is_control(const struct tag *t, bool remark)
{
	return remark || is_word(t, 0, "for") || is_word(t, 0, "if") || is_word(t, 0, "else") ||
		is_word(t, 0, "end") || is_word(t, 0, "include");
}

static void add_text(struct reader *r, struct parts *to, const char *s, const char *end)
{
	struct part *x;

	if (end <= s)
		return;
	x = part_new(r, to, PART_TEXT, r->line);
	x->text = s;
	x->n = (size_t)(end - s);
}

static int lines_in(const char *s, const char *end)
{
	int n = 0;

	for (; s < end; s++)
		n += *s == '\n';
	return n;
}

static enum ended read_tag(struct reader *r, const struct tag *t, struct parts *to, int depth)
{
	bool ok;

	if ((is_word(t, 0, "else") || is_word(t, 0, "end")) && t->n == 1)
		return is_word(t, 0, "else") ? BY_ELSE : BY_END;
	if (depth >= PATTERN_MAX_DEPTH) {
		bad(r, t->line, NULL, "more than %d tags in one another, or one that includes "
			"itself", PATTERN_MAX_DEPTH);
		return BY_ERROR;
	}
	ok = is_word(t, 0, "for") ? read_for(r, t, to, depth) :
		is_word(t, 0, "if") ? read_if(r, t, to, depth) :
		is_word(t, 0, "include") ? read_include(r, t, to, depth) : read_value(r, t, to);
	return ok ? BY_TEXT_END : BY_ERROR;
}

/* Up to the else or end that belongs to whoever asks. */
static enum ended read_parts(struct reader *r, struct parts *to, int depth)
{
	const char *begin = r->s;

	while (r->s < r->end) {
		const char *open = memmem(r->s, (size_t)(r->end - r->s), "{{", 2);
		const char *close = open ? tag_end(open + 2, r->end) : NULL, *line, *next;
		struct tag t = { .n = 0 };
		enum ended by;
		bool remark;

		if (!open) {
			add_text(r, to, r->s, r->end);
			r->line += lines_in(r->s, r->end);
			r->s = r->end;
			break;
		}
		t.line = r->tag = r->line + lines_in(r->s, open);
		remark = open + 2 < r->end && open[2] == '#';
		if (!close) {
			bad(r, t.line, NULL, "{{ without }}");
			return BY_ERROR;
		}
		if (!remark && !tag_words(r, open + 2, close, &t))
			return BY_ERROR;
		if (is_control(&t, remark) && alone(r, begin, open, close + 2, &line, &next) &&
			line >= r->s) {
			add_text(r, to, r->s, line);
			r->line = t.line + lines_in(open, next);
			r->s = next;
			begin = next; /* what follows begins a line */
		} else {
			add_text(r, to, r->s, open);
			r->line = t.line + lines_in(open, close);
			r->s = close + 2;
		}
		by = remark ? BY_TEXT_END : read_tag(r, &t, to, depth);
		if (by != BY_TEXT_END)
			return by;
	}
	return BY_TEXT_END;
}

struct pattern *pattern_parse(const char *text, size_t n, const char *where, pattern_load_fn *load,
	void *ctx, struct err *e)
{
	struct pattern *p = xnew(struct pattern, 1);
	struct err none;
	struct reader r = { .p = p, .line = 1, .load = load, .ctx = ctx, .e = e ? e : &none };
	enum ended by = BY_ERROR;

	arena_init(&p->arena);
	p->parts = parts_new(p);
	r.where = arena_strndup(&p->arena, where, strlen(where));
	r.s = arena_strndup(&p->arena, text, n);
	r.end = r.s + n;
	if (n > PATTERN_MAX_BYTES || memchr(text, 0, n))
		bad(&r, 1, NULL, "no text, or more than 1 MB of it");
	else
		by = read_parts(&r, p->parts, 0);
	if (by == BY_ELSE || by == BY_END)
		bad(&r, r.tag, NULL, "%s without an if or for", by == BY_ELSE ? "else" : "end");
	if (by == BY_TEXT_END)
		return p;
	pattern_free(p);
	return NULL;
}

void pattern_free(struct pattern *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->all.n; i++) {
		vec_fini(&p->all.v[i]->v);
		free(p->all.v[i]);
	}
	vec_fini(&p->all);
	arena_fini(&p->arena);
	free(p);
}
