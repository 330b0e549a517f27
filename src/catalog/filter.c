/* The grammar of filters; what a field is stands in filter_field.c. */
#include "config.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>
#include "catalog/filter_in.h"

#define TERMS 100 /* SQLite's parser takes about ten times as many */
#define DEPTH 20

struct parse {
	struct filter *f;
	const char *at;
	size_t terms;
	int depth;
	bool archived;         /* a term spoke of archived runs */
	bool more;             /* there is more to it than words that must all be there */
	struct filter_asked names;
	struct err *e;
};

void filter_add_value(struct filter *f, const char *value)
{
	*vec_push(&f->values) = xstrdup(value);
}

/* Has the index anything to find in it? It knows letters and digits, nothing else. */
static bool has_letters(const char *word)
{
	const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)word;
	utf8proc_int32_t c;
	utf8proc_ssize_t n;

	while (*p && (n = utf8proc_iterate(p, -1, &c)) > 0) {
		utf8proc_category_t k = utf8proc_category(c);

		if ((k >= UTF8PROC_CATEGORY_LU && k <= UTF8PROC_CATEGORY_LO) ||
		    (k >= UTF8PROC_CATEGORY_ND && k <= UTF8PROC_CATEGORY_NO) ||
		    k == UTF8PROC_CATEGORY_CO)
			return true;
		p += n;
	}
	return false;
}

static void add_word(struct filter *f, const char *word)
{
	struct str match = STR_INIT;

	if (!has_letters(word)) {
		str_add(&f->where, "r.id IN (SELECT rowid FROM run_search WHERE instr(name || "
			"char(10) || recipe || char(10) || inputs || char(10) || output || "
			"char(10) || notes || char(10) || tags, ?))");
		filter_add_value(f, word);
		return;
	}
	str_addc(&match, '"');
	for (const char *p = word; *p; p++) {
		if (*p == '"')
			str_addc(&match, '"');
		str_addc(&match, *p);
	}
	str_add(&match, "\"*");
	str_add(&f->where, "(r.id IN (SELECT rowid FROM run_search WHERE run_search MATCH ? "
		"UNION ALL SELECT m.run FROM card_search x JOIN card k ON k.id = x.rowid JOIN "
		"model m ON m.id = k.model WHERE card_search MATCH ? AND m.run IS NOT NULL)");
	filter_add_value(f, match.s);
	filter_add_value(f, match.s);
	str_addf(&f->words, "%s%s", f->words.n ? " AND " : "", match.s);
	if (strspn(word, "0123456789") == strlen(word)) {
		str_add(&f->where, " OR r.id = CAST(? AS INTEGER)");
		filter_add_value(f, word);
	}
	str_addc(&f->where, ')');
	str_fini(&match);
}

/* --- what stands next --- */

static void skip_space(struct parse *p)
{
	while (*p->at && strchr(" \t\n", *p->at))
		p->at++;
}

/* The relation that begins at p, or NULL for none; *n is its length. */
static const char *relation_at(const char *p, enum filter_relation *r, size_t *n)
{
	static const struct { const char *text; enum filter_relation relation; } all[] = {
		{ ":", REL_HAS }, { "!=", REL_NE }, { "<=", REL_LE }, { ">=", REL_GE },
		{ "=", REL_EQ }, { "<", REL_LT }, { ">", REL_GT },
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		if (str_starts(p, all[i].text)) {
			*r = all[i].relation;
			*n = strlen(all[i].text);
			return p;
		}
	return NULL;
}

const char *filter_relation_text(enum filter_relation r)
{
	static const char *const texts[] = { ":", "=", "!=", "<", "<=", ">", ">=" };

	return texts[r];
}

/* One word, quotes taken off; *field gets what stood before an unquoted relation. */
static void take_word(struct parse *p, struct str *field, enum filter_relation *relation,
	struct str *word)
{
	bool quoted = false, seen = false;
	size_t n;

	for (; *p->at && (quoted || !strchr(" \t\n", *p->at)); p->at++) {
		if (*p->at == '"') {
			quoted = !quoted;
			seen = true;
		} else if (!quoted && p->depth && *p->at == ')') {
			break;
		} else if (!quoted && !seen && !field->n && word->n &&
			isalpha((unsigned char)word->s[0]) && relation_at(p->at, relation, &n)) {
			str_addn(field, word->s, word->n);
			str_clear(word);
			p->at += n - 1;
		} else {
			str_addc(word, *p->at == '\t' || *p->at == '\n' ? ' ' : *p->at);
		}
	}
}

/* A word of the grammar stands alone: "or", "and". */
static bool keyword(struct parse *p, const char *low, const char *high)
{
	size_t n = strlen(low);
	const char *end = p->at + n;

	if ((!str_starts(p->at, low) && !str_starts(p->at, high)) ||
	    (*end && !strchr(" \t\n()", *end)))
		return false;
	p->at = end;
	return true;
}

static bool fail(struct parse *p, const char *hint, const char *what)
{
	return err_set(p->e, ERR_USAGE, "filter", hint, "%s", what);
}

static bool add_comparison(struct parse *p)
{
	struct str field = STR_INIT, word = STR_INIT;
	enum filter_relation relation = REL_HAS;
	bool ok = true;

	take_word(p, &field, &relation, &word);
	p->more |= field.n > 0;
	if (field.n)
		ok = filter_add_term(p->f, &(struct filter_term){ field.s, word.n ? word.s : "",
			relation }, &p->names, &p->archived, p->e);
	else if (word.n)
		add_word(p->f, word.s);
	else
		str_add(&p->f->where, "1");
	str_fini(&field);
	str_fini(&word);
	return ok;
}

static bool add_any(struct parse *p);

static bool add_group(struct parse *p)
{
	bool ok;

	if (++p->depth > DEPTH)
		return fail(p, "use fewer", "too many parentheses");
	p->at++;
	ok = add_any(p);
	p->depth--;
	if (ok && *p->at != ')')
		return fail(p, "put one behind, or the text in double quotes",
			"a ( without its )");
	p->at += ok;
	return ok;
}

static bool add_one(struct parse *p)
{
	bool not = *p->at == '-' && p->at[1] && !strchr(" \t\n", p->at[1]), ok;

	p->at += not;
	p->more |= not;
	if (++p->terms > TERMS)
		return fail(p, "use fewer", "more than 100 words");
	/* What is unknown does not match, and is not excluded. */
	str_add(&p->f->where, not ? "NOT coalesce(" : "");
	ok = *p->at == '(' ? add_group(p) : add_comparison(p);
	str_add(&p->f->where, not ? ", 0)" : "");
	return ok;
}

/* Up to "or", a closing parenthesis or the end. *none: nothing stood there. */
static bool add_all(struct parse *p, bool *none)
{
	*none = true;
	for (;;) {
		const char *before;

		skip_space(p);
		before = p->at;
		if (!*before || (p->depth && *before == ')') || keyword(p, "or", "OR")) {
			p->at = before;
			break;
		}
		if (!*none && keyword(p, "and", "AND"))
			continue;
		str_add(&p->f->where, *none ? "" : " AND ");
		*none = false;
		if (!add_one(p))
			return false;
	}
	if (*none)
		str_add(&p->f->where, "1");
	return true;
}

static bool add_any(struct parse *p)
{
	bool none, more = false;

	str_addc(&p->f->where, '(');
	for (;;) {
		if (!add_all(p, &none))
			return false;
		if (!keyword(p, "or", "OR")) {
			if (more && none)
				break;
			str_addc(&p->f->where, ')');
			return true;
		}
		if (none)
			break;
		more = p->more = true;
		str_add(&p->f->where, " OR ");
	}
	return fail(p, "write both, or \"or\" in quotes for the word", "or stands between two");
}

bool filter_parse(struct filter *f, const char *text,
	const struct filter_names *(*names)(void *ctx), void *ctx, struct err *e)
{
	struct parse p = { .f = f, .at = text ? text : "", .names = { names, ctx, NULL }, .e = e };

	memset(f, 0, sizeof *f);
	if (!add_any(&p))
		return false;
	if (!p.archived)
		str_add(&f->where, " AND NOT r.archived");
	if (p.more)
		str_clear(&f->words);
	return true;
}

static void texts_fini(char **v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(v[i]);
}

void filter_fini(struct filter *f)
{
	str_fini(&f->where);
	str_fini(&f->words);
	texts_fini(f->values.v, f->values.n);
	vec_fini(&f->values);
}

void filter_names_fini(struct filter_names *n)
{
	texts_fini(n->keys.v, n->keys.n);
	texts_fini(n->tasks.v, n->tasks.n);
	texts_fini(n->metrics.v, n->metrics.n);
	vec_fini(&n->keys);
	vec_fini(&n->tasks);
	vec_fini(&n->metrics);
}
