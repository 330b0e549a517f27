#include "base/str.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>

#include "base/xalloc.h"

void str_fini(struct str *s)
{
	free(s->s);
	*s = (struct str)STR_INIT;
}

void str_clear(struct str *s)
{
	s->n = 0;
	if (s->s)
		s->s[0] = '\0';
}

/* Room for n more bytes and the NUL. */
static void str_room(struct str *s, size_t n)
{
	size_t want, cap;

	if (__builtin_add_overflow(s->n, n, &want) ||
		__builtin_add_overflow(want, (size_t)1, &want))
		xalloc_failed();
	if (want <= s->cap)
		return;
	cap = s->cap < 32 ? 64 : s->cap + s->cap / 2;
	if (cap < want)
		cap = want;
	s->s = xrealloc(s->s, cap);
	s->cap = cap;
}

char *str_steal(struct str *s)
{
	char *p;

	str_room(s, 0);
	s->s[s->n] = '\0';
	p = s->s;
	*s = (struct str)STR_INIT;
	return p;
}

void str_addn(struct str *s, const char *bytes, size_t n)
{
	str_room(s, n);
	if (n)
		memcpy(s->s + s->n, bytes, n);
	s->n += n;
	s->s[s->n] = '\0';
}

void str_add(struct str *s, const char *text)
{
	str_addn(s, text, strlen(text));
}

void str_addc(struct str *s, char c)
{
	str_addn(s, &c, 1);
}

void str_vaddf(struct str *s, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	str_room(s, 64);
	n = vsnprintf(s->s + s->n, s->cap - s->n, fmt, ap);
	if (n < 0)
		xalloc_failed();
	if ((size_t)n >= s->cap - s->n) {
		str_room(s, (size_t)n);
		vsnprintf(s->s + s->n, s->cap - s->n, fmt, again);
	}
	s->n += (size_t)n;
	va_end(again);
}

void str_addf(struct str *s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(s, fmt, ap);
	va_end(ap);
}

bool str_eq(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool str_starts(const char *s, const char *prefix)
{
	return s && strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = s ? strlen(s) : 0, m = strlen(suffix);

	return s && n >= m && memcmp(s + n - m, suffix, m) == 0;
}

const char *str_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

char *str_join_path(const char *dir, const char *name)
{
	size_t n = strlen(dir);

	if (name[0] == '/' || n == 0)
		return xstrdup(name);
	return xasprintf("%s%s%s", dir, dir[n - 1] == '/' ? "" : "/", name);
}

/* Edits between two words, a swap of neighbours counting once. Words are names: short. */
#define NEAREST_MAX 64
static size_t edit_distance(const char *a, size_t n, const char *b, size_t m)
{
	size_t row[3][NEAREST_MAX + 1], *two = row[0], *one = row[1], *now = row[2], *t;

	for (size_t j = 0; j <= m; j++)
		one[j] = j;
	memcpy(two, one, sizeof row[0]);
	for (size_t i = 1; i <= n; i++) {
		now[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t d = one[j - 1] + (a[i - 1] != b[j - 1]);

			if (d > one[j] + 1)
				d = one[j] + 1;
			if (d > now[j - 1] + 1)
				d = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				d > two[j - 2] + 1)
				d = two[j - 2] + 1;
			now[j] = d;
		}
		t = two;
		two = one;
		one = now;
		now = t;
	}
	return one[m];
}

const char *str_nearest(const char *word, const char *const *names, size_t n)
{
	size_t len = strlen(word), best = len > 6 ? len / 3 + 1 : len > 4 ? 3 : 2;
	const char *found = NULL;

	if (len > NEAREST_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t m = names[i] ? strlen(names[i]) : 0, d;

		if (m == 0 || m > NEAREST_MAX)
			continue;
		d = edit_distance(word, len, names[i], m);
		if (d < best && d < m) {
			best = d;
			found = names[i];
		}
	}
	return found;
}

size_t utf8_decode(const char *text, size_t n, uint32_t *cp)
{
	const unsigned char *s = (const unsigned char *)text;
	static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len;
	uint32_t c;

	if (n == 0)
		return 0;
	if (s[0] < 0x80) {
		*cp = s[0];
		return 1;
	}
	len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4 || len > n)
		return 0;
	c = s[0] & (0xffu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[len] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*cp = c;
	return len;
}

bool utf8_valid(const char *s, size_t n)
{
	uint32_t cp;

	for (size_t i = 0, k; i < n; i += k) {
		k = utf8_decode(s + i, n - i, &cp);
		if (!k)
			return false;
	}
	return true;
}

/* Also what moves text about without being a C0 code: a name must not redraw its neighbours. */
bool utf8_is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || c == 0x200e || c == 0x200f ||
		(c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* One character of src as it may be shown: out gets at most 16 bytes; returns bytes consumed. */
static size_t safe_step(const char *src, size_t n, char out[17], size_t *used)
{
	uint32_t cp;
	size_t k = utf8_decode(src, n, &cp);

	if (k && !utf8_is_control(cp)) {
		memcpy(out, src, k);
		*used = k;
		return k;
	}
	if (!k)
		k = 1;
	*used = 0;
	for (size_t i = 0; i < k; i++)
		*used += (size_t)sprintf(out + *used, "\\x%02X", (unsigned char)src[i]);
	return k;
}

void str_add_safe(struct str *s, const char *bytes, size_t n)
{
	char out[17];
	size_t used;

	for (size_t i = 0; i < n;) {
		size_t plain = i;

		while (plain < n && bytes[plain] >= 0x20 && bytes[plain] < 0x7f)
			plain++;
		if (plain > i) {
			str_addn(s, bytes + i, plain - i);
			i = plain;
		} else {
			i += safe_step(bytes + i, n - i, out, &used);
			str_addn(s, out, used);
		}
	}
}

size_t str_safe_copy(char *dst, size_t cap, const char *src, size_t n)
{
	size_t at = 0, used;
	char out[17];

	for (size_t i = 0; i < n;) {
		i += safe_step(src + i, n - i, out, &used);
		if (at + used + 1 > cap)
			break;
		memcpy(dst + at, out, used);
		at += used;
	}
	if (cap)
		dst[at] = '\0';
	return at;
}

char *str_safe(const char *text)
{
	struct str s = STR_INIT;

	str_add_safe(&s, text, strlen(text));
	return str_steal(&s);
}

void str_add_quoted(struct str *s, const char *text)
{
	str_addc(s, '"');
	for (const unsigned char *c = (const unsigned char *)text; *c; c++)
		if (*c == '"' || *c == '\\')
			str_addf(s, "\\%c", *c);
		else if (*c < 0x20)
			str_addf(s, "\\u%04x", *c);
		else
			str_addc(s, (char)*c);
	str_addc(s, '"');
}

void str_add_bytes(struct str *s, uint64_t bytes)
{
	static const struct {
		double least, unit;
		const char *fmt;
	} rows[] = { /* `least` is where the row below would print four figures or more */
		{ 999.995e9, 1e12, "%.2f TB" },
		{ 999.95e6, 1e9, "%.2f GB" },
		{ 999.95e3, 1e6, "%.1f MB" },
		{ 1000, 1e3, "%.1f kB" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if ((double)bytes >= rows[i].least) {
			str_addf(s, rows[i].fmt, (double)bytes / rows[i].unit);
			return;
		}
	}
	str_addf(s, "%u B", (unsigned)bytes);
}

void str_add_count(struct str *s, uint64_t n)
{
	static const struct {
		double unit;
		const char *suffix;
	} rows[] = { { 1e12, "T" }, { 1e9, "B" }, { 1e6, "M" }, { 1e3, "k" } };
	double v;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		v = (double)n / rows[i].unit;
		if (v >= 0.9995) {
			str_addf(s, "%.*f %s", v < 9.995 ? 2 : v < 99.95 ? 1 : 0, v,
				rows[i].suffix);
			return;
		}
	}
	str_addf(s, "%u", (unsigned)n);
}

void str_add_seconds(struct str *s, double sec)
{
	unsigned long long t;

	if (!(sec >= 0) || sec > 1e9) {
		str_add(s, "-");
		return;
	}
	if (sec < 9.95) {
		str_addf(s, "%.1f s", sec);
		return;
	}
	t = (unsigned long long)(sec + 0.5);
	if (t < 3600)
		str_addf(s, "%llu:%02llu", t / 60, t % 60);
	else
		str_addf(s, "%llu:%02llu:%02llu", t / 3600, t / 60 % 60, t % 60);
}

static bool size_unit(const char *u, double *factor)
{
	static const struct {
		char c;
		double dec, bin;
	} rows[] = { { 'k', 1e3, 1024. }, { 'M', 1e6, 1048576. }, { 'G', 1e9, 1073741824. },
		{ 'T', 1e12, 1099511627776. } };

	*factor = 1;
	if (!*u || strcmp(u, "B") == 0)
		return true;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (*u != rows[i].c && !(*u == 'K' && rows[i].c == 'k'))
			continue;
		*factor = rows[i].dec;
		if (!u[1] || strcmp(u + 1, "B") == 0)
			return true;
		*factor = rows[i].bin;
		return strcmp(u + 1, "iB") == 0 || strcmp(u + 1, "i") == 0;
	}
	return false;
}

bool str_parse_size(const char *text, uint64_t *bytes)
{
	char *end;
	double v, factor;
	unsigned long long whole;

	if (!text || text[0] < '0' || text[0] > '9' || (text[1] | 0x20) == 'x')
		return false;
	errno = 0;
	whole = strtoull(text, &end, 10);
	if (errno)
		return false;
	if (!*end) {
		*bytes = whole;
		return true;
	}
	v = (double)whole;
	if (*end == '.')
		v = strtod(text, &end);
	while (*end == ' ')
		end++;
	if (!size_unit(end, &factor) || !isfinite(v) || v * factor >= 9.2e18)
		return false;
	*bytes = (uint64_t)(v * factor + 0.5);
	return true;
}

size_t str_width_one(const char *s, size_t n, size_t *w)
{
	uint32_t cp = 0;
	size_t k = utf8_decode(s, n, &cp);

	*w += k ? (size_t)utf8proc_charwidth((utf8proc_int32_t)cp) : 1;
	return k ? k : 1;
}

size_t str_width(const char *s)
{
	size_t n = strlen(s), w = 0;

	for (size_t i = 0; i < n;)
		i += str_width_one(s + i, n - i, &w);
	return w;
}
