/* Words of a card: marks of Markdown and HTML come off, lines are told apart. */
#include "import/card_reading.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "base/str.h"
#include "base/xalloc.h"

#define MARK_MAX_BYTES 2000 /* a link or tag that goes on for longer is none */

/* --- inline marks --- */

struct plain {
	const char *s, *end;
	struct str out;
};

static void blank(struct plain *p)
{
	if (p->out.n && p->out.s[p->out.n - 1] != ' ')
		str_addc(&p->out, ' ');
}

static const char *ahead(const struct plain *p, const char *from, char c)
{
	size_t n = (size_t)(p->end - from);

	return memchr(from, c, n < MARK_MAX_BYTES ? n : MARK_MAX_BYTES);
}

static bool entity(struct plain *p)
{
	static const struct {
		const char *name, *is;
	} names[] = {
		{ "&amp;", "&" },
		{ "&lt;", "<" },
		{ "&gt;", ">" },
		{ "&quot;", "\"" },
		{ "&apos;", "'" },
		{ "&nbsp;", " " },
		{ "&plusmn;", "±" },
		{ "&mdash;", "—" },
		{ "&ndash;", "–" },
		{ "&times;", "×" },
		{ "&Delta;", "Δ" },
		{ "&uarr;", "↑" },
		{ "&darr;", "↓" },
		{ "&asymp;", "≈" },
		{ "&minus;", "−" },
		{ "&hellip;", "…" },
	};
	char *end;
	long c;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		size_t n = strlen(names[i].name);

		if ((size_t)(p->end - p->s) >= n && !memcmp(p->s, names[i].name, n)) {
			str_add(&p->out, names[i].is);
			p->s += n;
			return true;
		}
	}
	if (p->end - p->s < 4 || p->s[1] != '#' || !isxdigit((uint8_t)p->s[3 - (p->s[2] != 'x')]))
		return false;
	c = p->s[2] == 'x' ? strtol(p->s + 3, &end, 16) : strtol(p->s + 2, &end, 10);
	if (*end != ';' || c < 32 || c > 126)
		return false;
	str_addc(&p->out, (char)c);
	p->s = end + 1;
	return true;
}

static bool tag(struct plain *p)
{
	const char *close = ahead(p, p->s, '>');

	if (!close || !(isalpha((uint8_t)p->s[1]) || p->s[1] == '/' || p->s[1] == '!'))
		return false;
	if (strncasecmp(p->s, "<http", 5) == 0)
		str_addn(&p->out, p->s + 1, (size_t)(close - p->s - 1));
	else if (strncasecmp(p->s, "<br", 3) == 0 || strncasecmp(p->s, "</td", 4) == 0)
		blank(p);
	p->s = close + 1;
	return true;
}

/* "](address)" or "][name]" after a link's text: past it. */
static bool link_end(struct plain *p)
{
	const char *close;

	if (p->end - p->s < 2 || (p->s[1] != '(' && p->s[1] != '['))
		return false;
	close = ahead(p, p->s, p->s[1] == '(' ? ')' : ']');
	if (p->s[1] == '[')
		close = ahead(p, p->s + 1, ']');
	if (!close)
		return false;
	p->s = close + 1;
	return true;
}

/* "[" that has its end: the bracket goes, the text stays. */
static bool link_start(struct plain *p)
{
	const char *close = ahead(p, p->s, ']');

	if (!close || close + 1 >= p->end || (close[1] != '(' && close[1] != '['))
		return false;
	p->s++;
	return true;
}

/* Marks of emphasis; an underscore inside a word is part of the word. */
static bool emphasis(struct plain *p)
{
	char before = p->out.n ? p->out.s[p->out.n - 1] : ' ';
	char after = p->s + 1 < p->end ? p->s[1] : ' ';

	if (*p->s == '`' || (*p->s == '~' && after == '~') || (*p->s == '*' && after == '*')) {
		p->s += *p->s == '`' ? 1 : 2;
		return true;
	}
	if (*p->s == '*' && !(before == ' ' && after == ' ') && !isdigit((uint8_t)after)) {
		p->s++;
		return true;
	}
	if (*p->s == '_' && (isalnum((uint8_t)before) != 0) != (isalnum((uint8_t)after) != 0) &&
		(before == ' ' || after == ' ')) {
		p->s++;
		return true;
	}
	return false;
}

static bool one_mark(struct plain *p)
{
	switch (*p->s) {
	case '&':
		return entity(p);
	case '<':
		return tag(p);
	case '!':
		return p->s + 1 < p->end && p->s[1] == '[' && ahead(p, p->s, ']') && p->s++;
	case '[':
		return link_start(p);
	case ']':
		return link_end(p);
	case '`':
	case '*':
	case '_':
	case '~':
		return emphasis(p);
	case '\\':
		if (p->s + 1 >= p->end || !ispunct((uint8_t)p->s[1]))
			return false;
		str_addc(&p->out, p->s[1]);
		p->s += 2;
		return true;
	}
	return false;
}

char *card_plain(const char *s, size_t n)
{
	struct plain p = { s, s + n, STR_INIT };

	str_add(&p.out, "");
	while (p.s < p.end) {
		if (*p.s == ' ' || *p.s == '\t' || *p.s == '\n') {
			blank(&p);
			p.s++;
		} else if (*p.s == '\xc2' && p.s + 1 < p.end && p.s[1] == '\xa0') {
			blank(&p);
			p.s += 2;
		} else if (!one_mark(&p)) {
			str_addc(&p.out, *p.s++);
		}
	}
	while (p.out.n && p.out.s[p.out.n - 1] == ' ')
		p.out.s[--p.out.n] = 0;
	return str_steal(&p.out);
}

/* --- lines --- */

bool card_blank(const char *s)
{
	return !s[strspn(s, " \t")];
}

const char *card_bullet(const char *s)
{
	const char *at = s + strspn(s, " \t"), *p = at;

	if (*p == '-' || *p == '*' || *p == '+') {
		p++;
	} else if (str_starts(p, "•") || str_starts(p, "◦") || str_starts(p, "▪")) {
		p += 3;
	} else {
		p += strspn(p, "0123456789");
		if (p == at || p - at > 3 || (*p != '.' && *p != ')'))
			return NULL;
		p++;
	}
	if (*p != ' ' && *p != '\t')
		return NULL;
	return p + strspn(p, " \t");
}

static bool marked(const char *s)
{
	size_t n = strspn(s, "#");

	return n && n <= 6 && s[n] == ' ';
}

static bool is_rule(const char *s)
{
	return (*s == '=' || *s == '-') && strlen(s) >= 3 &&
	       strspn(s, *s == '=' ? "=" : "-") == strlen(s);
}

/* Text that a browser copied has no marks: a short line on its own is a heading. */
static bool alone(const struct card_reader *r, size_t i)
{
	const char *s = r->line.v[i].s;
	size_t n = strlen(s);

	return n && n < 120 && !card_bullet(s) && !strchr(s, '\t') &&
	       (i == 0 || card_blank(r->line.v[i - 1].s)) &&
	       (i + 1 == r->line.n || card_blank(r->line.v[i + 1].s)) && !strchr(".,;", s[n - 1]) &&
	       strncmp(s, "    ", 4) != 0;
}

char *card_heading(const struct card_reader *r, size_t i)
{
	const struct card_line *l = &r->line.v[i];
	size_t n = strlen(l->s);

	if (l->use != LINE_TEXT || !n)
		return NULL;
	if (marked(l->s)) {
		while (n && (l->s[n - 1] == '#' || l->s[n - 1] == ' '))
			n--;
		size_t k = strspn(l->s, "# ");
		return n > k ? card_plain(l->s + k, n - k) : NULL;
	}
	if (i + 1 < r->line.n && is_rule(r->line.v[i + 1].s) && n < 200 && !strchr(l->s, '|'))
		return card_plain(l->s, n);
	return r->c->rendered && alone(r, i) ? card_plain(l->s, n) : NULL;
}

char *card_above(const struct card_reader *r, size_t i)
{
	char *title = NULL;

	for (size_t k = 0; !title && k < 40 && i-- > 0; k++)
		title = card_heading(r, i);
	return title;
}

static bool name_byte(char c)
{
	return isalnum((uint8_t)c) || c == '-' || c == '_' || c == '.';
}

size_t card_repository(const char *s)
{
	size_t owner = 0, name;

	while (name_byte(s[owner]) && owner < 97)
		owner++;
	if (!owner || s[owner] != '/' || !isalnum((uint8_t)*s))
		return 0;
	name = owner + 1;
	while (name_byte(s[name]) && name < 200)
		name++;
	while (name > owner + 1 && s[name - 1] == '.')
		name--;
	/* "and/or" and "128/64" are none: names of models have a digit or a dash in them. */
	if (name < owner + 4 || s[name] == '/' ||
		strcspn(s + owner, "0123456789-_") >= name - owner)
		return 0;
	return s[strspn(s, "0123456789./")] && strspn(s, "0123456789./") < name ? name : 0;
}

const char *card_find(const char *s, const char *needle)
{
	size_t n = strlen(needle);
	char both[3] = { (char)tolower((uint8_t)*needle), (char)toupper((uint8_t)*needle), 0 };

	for (; (s = strpbrk(s, both)); s++) /* strcasestr prepares more than it searches here */
		if (!strncasecmp(s, needle, n))
			return s;
	return NULL;
}
