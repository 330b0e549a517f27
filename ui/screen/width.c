#include "config.h"
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>
#include "ui/screen/width.h"

static enum text_tier tier = TEXT_UNICODE;

void text_set_tier(enum text_tier t)
{
	tier = t;
}

enum text_tier text_tier(void)
{
	return tier;
}

/* What stands for a glyph where only ASCII can be shown. Everything the program itself draws is
 * here. */
static const struct { utf8proc_int32_t cp; const char *ascii; } ascii_for[] = {
	{ 0x00a0, " " }, { 0x00b1, "+-" }, { 0x00b7, "." }, { 0x00d7, "x" }, { 0x00bd, "1/2" },
	{ 0x0394, "d" }, { 0x03a3, "S" }, { 0x2013, "-" }, { 0x2014, "-" }, { 0x2016, "|" },
	{ 0x2018, "'" }, { 0x2019, "'" }, { 0x201c, "\"" }, { 0x201d, "\"" }, { 0x2022, "*" },
	{ 0x2026, "~" }, { 0x2039, "<" }, { 0x203a, ">" }, { 0x2190, "<" }, { 0x2191, "^" },
	{ 0x2192, ">" }, { 0x2193, "v" },
	{ 0x2248, "~" }, { 0x2260, "!=" }, { 0x2264, "<=" }, { 0x2265, ">=" }, { 0x2212, "-" },
	{ 0x2500, "-" }, { 0x2501, "=" }, { 0x2502, "|" }, { 0x250c, "+" }, { 0x2510, "+" },
	{ 0x2514, "`" }, { 0x2518, "+" }, { 0x251c, "|" }, { 0x2524, "|" }, { 0x252c, "+" },
	{ 0x2534, "+" }, { 0x253c, "+" }, { 0x256d, "." }, { 0x256e, "." }, { 0x256f, "'" },
	{ 0x2570, "`" }, { 0x2580, "#" }, { 0x2581, "_" }, { 0x2582, "." }, { 0x2583, "." },
	{ 0x2584, "-" }, { 0x2585, "=" }, { 0x2586, "=" }, { 0x2587, "#" }, { 0x2588, "#" },
	{ 0x2589, "#" }, { 0x258a, "#" }, { 0x258b, "#" }, { 0x258c, "|" }, { 0x258d, "|" },
	{ 0x258e, "|" }, { 0x258f, "|" }, { 0x2591, "." }, { 0x2592, "+" }, { 0x2593, "%" },
	{ 0x25a0, "#" }, { 0x25b2, "^" }, { 0x25b4, "^" }, { 0x25b5, "'" }, { 0x25b8, "+" },
	{ 0x25bc, "v" }, { 0x25be, "-" }, { 0x25bf, "," }, { 0x25c2, "<" }, { 0x25cb, "o" },
	{ 0x25cf, "O" }, { 0x2713, "y" }, { 0x2717, "n" },
};

static const char *ascii_of(utf8proc_int32_t cp)
{
	size_t lo = 0, hi = sizeof ascii_for / sizeof *ascii_for;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (ascii_for[mid].cp == cp)
			return ascii_for[mid].ascii;
		if (ascii_for[mid].cp < cp)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

static bool own(struct cluster *c, const char *text)
{
	c->n = strlen(text);
	memcpy(c->own, text, c->n + 1);
	c->s = c->own;
	c->width = (int)c->n;
	c->ascii = true;
	return true;
}

/* Direction marks, joiners on their own, line separators: nothing a name should do to a screen. */
static bool is_invisible(utf8proc_int32_t cp)
{
	switch (utf8proc_category(cp)) {
	case UTF8PROC_CATEGORY_CC:
	case UTF8PROC_CATEGORY_CF:
	case UTF8PROC_CATEGORY_ZL:
	case UTF8PROC_CATEGORY_ZP:
	case UTF8PROC_CATEGORY_CS:
	case UTF8PROC_CATEGORY_CN:
		return true;
	default:
		return utf8proc_charwidth(cp) == 0;
	}
}

static bool is_flag_half(utf8proc_int32_t cp)
{
	return cp >= 0x1f1e6 && cp <= 0x1f1ff;
}

/* Extend *p over the rest of the cluster that begins with cp. */
static void take_cluster(const char **p, const char *end, utf8proc_int32_t cp)
{
	utf8proc_int32_t next, state = 0;
	bool in_flag = is_flag_half(cp);

	while (*p < end) {
		utf8proc_ssize_t n =
			utf8proc_iterate((const utf8proc_uint8_t *)*p, end - *p, &next);

		if (n <= 0 || utf8proc_grapheme_break_stateful(cp, next, &state))
			return;
		if (utf8proc_category(next) == UTF8PROC_CATEGORY_CF && next != 0x200d &&
			next != 0x200c && !(next >= 0xe0020 && next <= 0xe007f))
			return;
		*p += n;
		cp = next;
		if (in_flag && is_flag_half(next))
			in_flag = false;
	}
}

bool text_next(const char **p, const char *end, struct cluster *c)
{
	const char *start = *p;
	utf8proc_int32_t cp;
	utf8proc_ssize_t n;
	char esc[16];

	if (start >= end)
		return false;
	if ((unsigned char)*start >= 0x20 && (unsigned char)*start < 0x7f &&
		(start + 1 == end || (unsigned char)start[1] < 0x80)) {
		*p = start + 1;
		c->s = start;
		c->n = 1;
		c->width = 1;
		c->ascii = true;
		return true;
	}
	n = utf8proc_iterate((const utf8proc_uint8_t *)start, end - start, &cp);
	if (n <= 0 || cp < 0x20 || cp == 0x7f) {
		*p = start + 1;
		snprintf(esc, sizeof esc, "\\x%02x", (unsigned char)*start);
		return own(c, esc);
	}
	*p = start + n;
	if (is_invisible(cp)) {
		snprintf(esc, sizeof esc, "\\u%04x", (unsigned)cp);
		return own(c, esc);
	}
	take_cluster(p, end, cp);
	if (tier == TEXT_ASCII) {
		const char *a = ascii_of(cp);
		int w = utf8proc_charwidth(cp);

		return own(c, a ? a : cp < 0x7f ? (char[2]){ (char)cp } : w > 1 ? "??" : "?");
	}
	c->s = start;
	c->n = (size_t)(*p - start);
	c->width = is_flag_half(cp) && c->n > (size_t)n ? 2 : utf8proc_charwidth(cp);
	c->ascii = false;
	return true;
}

int text_widthn(const char *s, size_t n)
{
	const char *end = s + n;
	struct cluster c;
	int w = 0;

	while (text_next(&s, end, &c))
		w += c.width;
	return w;
}

int text_width(const char *s)
{
	return text_widthn(s, strlen(s));
}

/* Append clusters of [s,end) while they fit; returns columns. */
static int add_head(struct str *out, const char *s, const char *end, int width)
{
	struct cluster c;
	int w = 0;

	while (text_next(&s, end, &c) && w + c.width <= width) {
		str_addn(out, c.s, c.n);
		w += c.width;
	}
	return w;
}

/* Append the last clusters of [s,end) that fit. */
static int add_tail(struct str *out, const char *s, const char *end, int width)
{
	int total = text_widthn(s, (size_t)(end - s));
	struct cluster c;

	while (total > width && text_next(&s, end, &c))
		total -= c.width;
	return add_head(out, s, end, width);
}

int text_fit(struct str *out, const char *s, int width, enum text_cut cut)
{
	size_t n = strlen(s);
	const char *end = s + n;
	int head, w;

	if (width <= 0)
		return 0;
	if (text_widthn(s, n) <= width)
		return add_head(out, s, end, width);
	head = cut == CUT_END ? width - 1 : cut == CUT_START ? 0 : (width - 1) / 2;
	w = add_head(out, s, end, head);
	str_add(out, tier == TEXT_ASCII ? "~" : "…");
	w++;
	if (cut != CUT_END)
		w += add_tail(out, s, end, width - w);
	return w;
}

void text_pad(struct str *out, const char *s, int width, int align, enum text_cut cut)
{
	struct str t = STR_INIT;
	int w = text_fit(&t, s, width, cut);
	int left = align < 0 ? 0 : align > 0 ? width - w : (width - w) / 2;

	for (int i = 0; i < left; i++)
		str_addc(out, ' ');
	if (t.s)
		str_addn(out, t.s, t.n);
	for (int i = left + w; i < width; i++)
		str_addc(out, ' ');
	str_fini(&t);
}

/* One line: as many clusters as fit, back to the last blank if a word would be split. */
static const char *wrap_line(const char *s, const char *end, int width)
{
	const char *p = s, *blank = NULL;
	struct cluster c;
	int w = 0;

	for (;;) {
		const char *at = p;

		if (at < end && *at == '\n')
			return at;
		if (!text_next(&p, end, &c))
			return end;
		if (w + c.width > width)
			return blank && *at != ' ' ? blank : at == s ? p : at;
		if (*at == ' ')
			blank = at;
		w += c.width;
	}
}

void text_wrap(const char *s, int width, void (*fn)(void *ctx, const char *s, size_t n), void *ctx)
{
	const char *end = s + strlen(s);

	if (width < 1)
		return;
	while (s < end) {
		const char *stop = wrap_line(s, end, width);

		fn(ctx, s, (size_t)(stop - s));
		s = stop;
		if (s < end && (*s == ' ' || *s == '\n'))
			s++;
	}
}
