#include "model/jscan.h"
#include <stdio.h>
#include <string.h>

void jscan_init(struct jscan *s, const char *text, size_t n, const char *where, struct err *e)
{
	*s = (struct jscan){ .start = text, .p = text, .end = text + n, .where = where, .e = e };
}

void jscan_fini(struct jscan *s)
{
	str_fini(&s->scratch);
}

bool jscan_fail(struct jscan *s, const char *fmt, ...)
{
	if (s->failed)
		return false;
	s->failed = true;
	char what[256];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	return err_set(s->e, ERR_INPUT, s->where,
		"the file is damaged or is not what its name says; fetch or write it again",
		"%s at byte %zu of the JSON", what, (size_t)(s->p - s->start));
}

static void space(struct jscan *s)
{
	while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r'))
		s->p++;
}

char jscan_peek(struct jscan *s)
{
	space(s);
	return s->failed || s->p == s->end ? 0 : *s->p;
}

static bool take(struct jscan *s, char c)
{
	if (jscan_peek(s) != c)
		return false;
	s->p++;
	return true;
}

bool jscan_open(struct jscan *s, char bracket)
{
	if (s->failed)
		return false;
	if (!take(s, bracket))
		return jscan_fail(s, "expected '%c'", bracket);
	s->first = true;
	return true;
}

bool jscan_more(struct jscan *s, char close)
{
	if (s->failed)
		return false;
	bool first = s->first;
	s->first = false;
	if (take(s, close))
		return false;
	if (!first && !take(s, ','))
		return jscan_fail(s, "expected ',' or '%c'", close);
	if (!jscan_peek(s) || *s->p == close)
		return jscan_fail(s, "expected a value");
	return true;
}

static int hex4(const char *p)
{
	int v = 0;
	for (int i = 0; i < 4; i++) {
		int c = (unsigned char)p[i];
		int d = c >= '0' && c <= '9' ? c - '0' :
			(c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
		if (d < 0)
			return -1;
		v = v * 16 + d;
	}
	return v;
}

static void add_utf8(struct str *out, uint32_t c)
{
	char b[4];
	size_t n = 0;
	if (c < 0x80) {
		b[n++] = (char)c;
	} else if (c < 0x800) {
		b[n++] = (char)(0xC0 | c >> 6);
		b[n++] = (char)(0x80 | (c & 63));
	} else if (c < 0x10000) {
		b[n++] = (char)(0xE0 | c >> 12);
		b[n++] = (char)(0x80 | (c >> 6 & 63));
		b[n++] = (char)(0x80 | (c & 63));
	} else {
		b[n++] = (char)(0xF0 | c >> 18);
		b[n++] = (char)(0x80 | (c >> 12 & 63));
		b[n++] = (char)(0x80 | (c >> 6 & 63));
		b[n++] = (char)(0x80 | (c & 63));
	}
	str_addn(out, b, n);
}

/* After "\u": one code point, two escapes if a surrogate pair. A lone surrogate becomes U+FFFD. */
static bool unicode_escape(struct jscan *s)
{
	int c = s->end - s->p >= 4 ? hex4(s->p) : -1;
	if (c < 0)
		return jscan_fail(s, "bad \\u escape");
	s->p += 4;
	if (c >= 0xD800 && c < 0xDC00 && s->end - s->p >= 6 && s->p[0] == '\\' && s->p[1] == 'u') {
		int low = hex4(s->p + 2);
		if (low >= 0xDC00 && low < 0xE000) {
			s->p += 6;
			add_utf8(&s->scratch, 0x10000 + ((uint32_t)(c - 0xD800) << 10) +
				(uint32_t)(low - 0xDC00));
			return true;
		}
	}
	add_utf8(&s->scratch, c >= 0xD800 && c < 0xE000 ? 0xFFFD : (uint32_t)c);
	return true;
}

static bool escape(struct jscan *s)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	if (s->p == s->end)
		return jscan_fail(s, "string without an end");
	char c = *s->p++;
	if (c == 'u')
		return unicode_escape(s);
	const char *at = c ? strchr(from, c) : NULL;
	if (!at)
		return jscan_fail(s, "unknown escape in a string");
	str_addc(&s->scratch, to[at - from]);
	return true;
}

bool jscan_string(struct jscan *s, struct jtext *text)
{
	if (s->failed)
		return false;
	if (!take(s, '"'))
		return jscan_fail(s, "expected a string");
	const char *run = s->p;
	bool escaped = false;
	str_clear(&s->scratch);
	for (; s->p < s->end; ) {
		unsigned char c = (unsigned char)*s->p;
		if (c == '"') {
			if (escaped)
				str_addn(&s->scratch, run, (size_t)(s->p - run));
			*text = escaped ? (struct jtext){ s->scratch.s, s->scratch.n }
				: (struct jtext){ run, (size_t)(s->p - run) };
			s->p++;
			return true;
		}
		if (c < 0x20)
			return jscan_fail(s, "control byte 0x%02x in a string", c);
		s->p++;
		if (c != '\\')
			continue;
		escaped = true;
		str_addn(&s->scratch, run, (size_t)(s->p - 1 - run));
		if (!escape(s))
			return false;
		run = s->p;
	}
	return jscan_fail(s, "string without an end");
}

bool jscan_key(struct jscan *s, struct jtext *key)
{
	if (!jscan_string(s, key))
		return false;
	return take(s, ':') || jscan_fail(s, "expected ':'");
}

bool jscan_u64(struct jscan *s, uint64_t *v)
{
	if (s->failed)
		return false;
	char c = jscan_peek(s);
	if (c < '0' || c > '9')
		return jscan_fail(s, "expected a whole number that is not negative");
	uint64_t r = 0;
	for (; s->p < s->end && *s->p >= '0' && *s->p <= '9'; s->p++)
		if (__builtin_mul_overflow(r, (uint64_t)10, &r) ||
			__builtin_add_overflow(r, (uint64_t)(*s->p - '0'), &r))
			return jscan_fail(s, "a number larger than 64 bits hold");
	if (s->p < s->end && (*s->p == '.' || *s->p == 'e' || *s->p == 'E'))
		return jscan_fail(s, "expected a whole number");
	*v = r;
	return true;
}

/* Numbers, true, false, null, and Python's NaN and Infinity: a run of word bytes. */
static bool skip_word(struct jscan *s)
{
	const char *from = s->p;
	while (s->p < s->end && (strchr("+-.", *s->p) ? *s->p != 0 :
		(*s->p >= '0' && *s->p <= '9') || ((*s->p | 32) >= 'a' && (*s->p | 32) <= 'z')))
		s->p++;
	return s->p > from || jscan_fail(s, "expected a value");
}

bool jscan_skip(struct jscan *s)
{
	char close[JSCAN_MAX_DEPTH];
	int depth = 0;
	struct jtext t;
	for (;;) {
		char c = jscan_peek(s);
		if (c == '{' || c == '[') {
			if (depth == JSCAN_MAX_DEPTH)
				return jscan_fail(
					s, "nested deeper than %d levels", JSCAN_MAX_DEPTH);
			close[depth++] = c == '{' ? '}' : ']';
			jscan_open(s, c);
		} else if (c == '"') {
			jscan_string(s, &t);
		} else if (!c) {
			jscan_fail(s, "the text ends in the middle");
		} else {
			skip_word(s);
		}
		while (depth && !jscan_more(s, close[depth - 1])) {
			if (s->failed)
				return false;
			depth--;
		}
		if (s->failed)
			return false;
		if (!depth)
			return true;
		if (close[depth - 1] == '}' && !jscan_key(s, &t))
			return false;
	}
}

bool jscan_end(struct jscan *s)
{
	if (s->failed)
		return false;
	space(s);
	return s->p == s->end || jscan_fail(s, "more text after the end");
}

bool jtext_eq(struct jtext t, const char *s)
{
	return strlen(s) == t.n && !memcmp(t.s, s, t.n);
}
