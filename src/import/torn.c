/* A JSON text that was cut off, or is garbage from some byte on: what came before is whole. */
#include "config.h"
#include <string.h>
#include "base/str.h"
#include "import/reading.h"

#define DEEPEST 200

struct torn {
	const char *p, *end;
	char close[DEEPEST];       /* what ends each open object and array */
	size_t depth;
	const char *cut;           /* behind the last value that is whole */
	size_t cut_depth;
};

static void blanks(struct torn *t)
{
	while (t->p < t->end && strchr(" \t\r\n", *t->p) && *t->p)
		t->p++;
}

static bool take(struct torn *t, char c)
{
	blanks(t);
	if (t->p >= t->end || *t->p != c)
		return false;
	t->p++;
	return true;
}

static bool string(struct torn *t)
{
	if (!take(t, '"'))
		return false;
	for (; t->p < t->end && *t->p != '"'; t->p++)
		if ((unsigned char)*t->p < 0x20 || (*t->p == '\\' && ++t->p >= t->end))
			return false;
	return take(t, '"');
}

/* A number that ends where the text does may have had more digits. */
static bool bare(struct torn *t)
{
	const char *from = t->p;

	while (t->p < t->end && *t->p && strchr("+-.0123456789aEefilnrstuyNI", *t->p))
		t->p++;
	return t->p > from && t->p < t->end && *t->p && strchr(" \t\r\n,]}", *t->p);
}

static bool value(struct torn *t);

static bool inside(struct torn *t, char close)
{
	if (t->depth == DEEPEST)
		return false;
	t->close[t->depth++] = close;
	t->p++;
	if (take(t, close)) {
		t->depth--;
		return true;
	}
	do {
		if ((close == '}' && (!string(t) || !take(t, ':'))) || !value(t))
			return false;
		t->cut = t->p;
		t->cut_depth = t->depth;
	} while (take(t, ','));
	t->depth--;
	return take(t, close);
}

static bool value(struct torn *t)
{
	blanks(t);
	if (t->p >= t->end)
		return false;
	switch (*t->p) {
	case '{':
		return inside(t, '}');
	case '[':
		return inside(t, ']');
	case '"':
		return string(t);
	default:
		return bare(t);
	}
}

char *import_torn(const char *text, size_t n, size_t *cut)
{
	struct torn t = { .p = text, .end = text + n };
	struct str s = STR_INIT;

	value(&t);
	if (!t.cut)
		return NULL;
	*cut = (size_t)(t.cut - text);
	str_addn(&s, text, *cut);
	while (t.cut_depth)
		str_addc(&s, t.close[--t.cut_depth]);
	return str_steal(&s);
}
