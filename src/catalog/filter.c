#include "config.h"
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>
#include "catalog/filter.h"

#define TERMS 100 /* SQLite's parser takes about ten times as many */

/* PREFIX, INSIDE: the value is a part of the column, case aside. */
enum match { EXACT, PREFIX, INSIDE, CHOICE };

static const struct field {
	const char *name;
	enum match match;
	const char *sql; /* the condition; where a part is matched, the column */
} fields[] = {
	{ "tag", EXACT, "EXISTS (SELECT 1 FROM tag t WHERE t.run = r.id AND t.tag = ? COLLATE "
		"NOCASE)" },
	{ "id", EXACT, "r.id = CAST(? AS INTEGER)" },
	{ "name", INSIDE, "r.name" },
	{ "method", PREFIX, "r.method" },
	{ "status", PREFIX, "r.status" },
	{ "kind", PREFIX, "r.kind" },
	{ "output", INSIDE, "r.output" },
	{ "started", PREFIX, "r.started" },
	{ "recipe", PREFIX, "(SELECT p.hash FROM recipe p WHERE p.id = r.recipe)" },
	{ "input", INSIDE, "(SELECT group_concat(i.name || ' ' || coalesce(i.hash, ''), ' ') "
		"FROM run_input i WHERE i.run = r.id)" },
	{ "note", INSIDE, "(SELECT group_concat(n.text, char(10)) FROM note n WHERE n.run = "
		"r.id)" },
	{ "archived", CHOICE, NULL },
};
#define N_FIELDS (sizeof fields / sizeof *fields)

static const struct { const char *value, *sql; } archived[] = {
	{ "yes", "r.archived" }, { "no", "NOT r.archived" }, { "all", "1" },
};

static void add_value(struct filter *f, const char *value)
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
		add_value(f, word);
		return;
	}
	str_addc(&match, '"');
	for (const char *p = word; *p; p++) {
		if (*p == '"')
			str_addc(&match, '"');
		str_addc(&match, *p);
	}
	str_add(&match, "\"*");
	str_add(&f->where, "(r.id IN (SELECT rowid FROM run_search WHERE run_search MATCH ?)");
	add_value(f, match.s);
	if (strspn(word, "0123456789") == strlen(word)) {
		str_add(&f->where, " OR r.id = CAST(? AS INTEGER)");
		add_value(f, word);
	}
	str_addc(&f->where, ')');
	str_fini(&match);
}

static bool add_choice(struct filter *f, const char *value, struct err *e)
{
	for (size_t i = 0; i < sizeof archived / sizeof *archived; i++)
		if (str_eq(archived[i].value, value)) {
			str_add(&f->where, archived[i].sql);
			return true;
		}
	return err_set(e, ERR_USAGE, "filter", "archived:yes, archived:no or archived:all",
		"archived:%s is none of its values", value);
}

static bool add_field(struct filter *f, const struct field *field, const char *value, struct err *e)
{
	switch (field->match) {
	case CHOICE:
		return add_choice(f, value, e);
	case EXACT:
		str_add(&f->where, field->sql);
		break;
	case PREFIX:
		str_addf(&f->where, "lower(substr(coalesce(%s, ''), 1, length(?))) = lower(?)",
			field->sql);
		add_value(f, value);
		break;
	case INSIDE:
		str_addf(&f->where, "instr(lower(coalesce(%s, '')), lower(?)) > 0", field->sql);
		break;
	}
	add_value(f, value);
	return true;
}

static bool unknown_field(const char *name, struct err *e)
{
	const char *names[N_FIELDS], *near;
	struct str hint = STR_INIT;

	for (size_t i = 0; i < N_FIELDS; i++)
		names[i] = fields[i].name;
	near = str_nearest(name, names, N_FIELDS);
	if (near) {
		str_addf(&hint, "did you mean %s:", near);
	} else {
		str_add(&hint, "fields are");
		for (size_t i = 0; i < N_FIELDS; i++)
			str_addf(&hint, " %s:", names[i]);
	}
	str_add(&hint, "? Text with a colon goes in double quotes");
	err_set(e, ERR_USAGE, "filter", hint.s, "no field %s:", name);
	str_fini(&hint);
	return false;
}

/* One word from *at, quotes taken off; *field gets what stood before an unquoted colon. */
static void take_word(const char **at, struct str *field, struct str *word)
{
	bool quoted = false, seen = false;
	const char *p = *at;

	for (; *p && (quoted || *p != ' '); p++) {
		if (*p == '"') {
			quoted = !quoted;
			seen = true;
		} else if (*p == ':' && !quoted && !seen && !field->n && word->n) {
			str_addn(field, word->s, word->n);
			str_clear(word);
		} else {
			str_addc(word, *p == '\t' || *p == '\n' ? ' ' : *p);
		}
	}
	*at = p;
}

static bool add_term(struct filter *f, const char **at, bool *archived_given, struct err *e)
{
	struct str field = STR_INIT, word = STR_INIT;
	const struct field *known = NULL;
	bool ok = true, not = **at == '-' && (*at)[1] && (*at)[1] != ' ';

	*at += not;
	take_word(at, &field, &word);
	for (size_t i = 0; i < N_FIELDS && field.n; i++)
		if (str_eq(fields[i].name, field.s))
			known = &fields[i];
	if (f->values.n >= TERMS) {
		ok = err_set(e, ERR_USAGE, "filter", "use fewer words", "more than %d words",
			TERMS);
	} else if (field.n && !known) {
		ok = unknown_field(field.s, e);
	} else if (word.n) {
		str_add(&f->where, not ? " AND NOT " : " AND ");
		*archived_given |= known && known->match == CHOICE;
		if (known)
			ok = add_field(f, known, word.s, e);
		else
			add_word(f, word.s);
	}
	str_fini(&field);
	str_fini(&word);
	return ok;
}

bool filter_parse(struct filter *f, const char *text, struct err *e)
{
	bool archived_given = false;

	memset(f, 0, sizeof *f);
	str_add(&f->where, "1");
	for (const char *at = text ? text : ""; *at;) {
		if (*at == ' ' || *at == '\t' || *at == '\n')
			at++;
		else if (!add_term(f, &at, &archived_given, e))
			return false;
	}
	if (!archived_given)
		str_add(&f->where, " AND NOT r.archived");
	return true;
}

void filter_fini(struct filter *f)
{
	str_fini(&f->where);
	for (size_t i = 0; i < f->values.n; i++)
		free(f->values.v[i]);
	vec_fini(&f->values);
}
