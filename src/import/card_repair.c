/* Mojibake: bytes of UTF-8 that somebody took for letters of an 8-bit code page. "—" is E2 80 94,
 * in Windows-1252 "â€”", in Windows-1253 "β€”". The way back: letters to bytes, and where the bytes
 * are UTF-8, to the character that they were. */
#include "import/card_reading.h"
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"

enum page { WINDOWS_1252, WINDOWS_1253, ISO_8859_7, PAGES };

/* Windows-1252, 80 to 9F; 0: no letter. */
static const uint16_t upper[32] = {
	0x20ac,
	0,
	0x201a,
	0x0192,
	0x201e,
	0x2026,
	0x2020,
	0x2021,
	0x02c6,
	0x2030,
	0x0160,
	0x2039,
	0x0152,
	0,
	0x017d,
	0,
	0,
	0x2018,
	0x2019,
	0x201c,
	0x201d,
	0x2022,
	0x2013,
	0x2014,
	0x02dc,
	0x2122,
	0x0161,
	0x203a,
	0x0153,
	0,
	0x017e,
	0x0178,
};

static int greek(uint32_t c, enum page p)
{
	if (c >= 0x0391 && c <= 0x03ce)
		return (int)(c - 0x0391 + 0xc1);
	switch (c) {
	case 0x0385:
		return p == WINDOWS_1253 ? 0xa1 : 0xb5;
	case 0x0386:
		return p == WINDOWS_1253 ? 0xa2 : 0xb6;
	case 0x2015:
		return 0xaf;
	case 0x0384:
		return 0xb4;
	case 0x0388:
	case 0x0389:
	case 0x038a:
		return (int)(c - 0x0388 + 0xb8);
	case 0x038c:
		return 0xbc;
	case 0x038e:
	case 0x038f:
		return (int)(c - 0x038e + 0xbe);
	case 0x0390:
		return 0xc0;
	case 0x037a:
		return 0xaa;
	}
	return c >= 0xc0 ? -1 : (int)c;
}

/* The byte that the letter is in that page, -1: none. */
static int byte_of(uint32_t c, enum page p)
{
	if (c < 0x80)
		return -1;
	for (int i = 0; i < 32; i++)
		if (upper[i] == c)
			return 0x80 + i;
	if (c < 0xa0)
		return (int)c; /* where a page has no letter, decoders keep the control code */
	if (p != WINDOWS_1252)
		return greek(c, p);
	return c < 0x100 ? (int)c : -1;
}

struct piece {
	char bytes[4];
	size_t n;    /* of bytes that came back */
	size_t want; /* bytes that the first one announces */
	size_t used; /* of the text */
	bool whole;  /* the bytes are a character */
};

/* Quotes are 91 and 92 in Windows-1252, A1 and A2 in ISO 8859-7: where both can be meant, these
 * characters are more usual than those 10 hex before them. */
static void usual(char *bytes, size_t n)
{
	static const uint32_t later[] = { 0x1f4a1, 0x1f4e2, 0x26a1 };
	char other[4];
	uint32_t c;

	memcpy(other, bytes, n);
	other[n - 1] = (char)(other[n - 1] + 0x10);
	if (((uint8_t)bytes[n - 1] | 3) != 0x93 || utf8_decode(other, n, &c) != n)
		return;
	for (size_t i = 0; i < sizeof later / sizeof later[0]; i++)
		if (later[i] == c)
			memcpy(bytes, other, n);
}

static bool piece_at(const char *s, size_t n, enum page p, struct piece *x)
{
	uint32_t cp, ignored;

	*x = (struct piece){ 0 };
	do {
		size_t k = utf8_decode(s + x->used, n - x->used, &cp);
		int byte = k ? byte_of(cp, p) : -1;

		if (x->n ? (byte < 0x80 || byte > 0xbf) : (byte < 0xc2 || byte > 0xf4))
			break;
		if (!x->n)
			x->want = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
		x->bytes[x->n++] = (char)byte;
		x->used += k;
	} while (x->n < x->want && x->used < n);
	if (p != WINDOWS_1252 && x->n && x->n == x->want)
		usual(x->bytes, x->n);
	x->whole = x->n && x->n == x->want && utf8_decode(x->bytes, x->n, &ignored) == x->n;
	return x->whole;
}

/* Two letters can be what was meant ("Γ—"), three in a row that are UTF-8 hardly. strong: such were
 * seen in this text. An emoji whose last byte has no letter is known by its first three. */
static bool mojibake(const char *s, size_t n, bool strong, struct piece *x)
{
	for (enum page p = 0; p < PAGES; p++) {
		if (piece_at(s, n, p, x) &&
			(x->want > 2 || strong ||
				(p == WINDOWS_1252 && ((uint8_t)x->bytes[0] & 0xfe) == 0xc2)))
			return true;
		if (x->want == 4 && x->n == 3 && x->bytes[1] == (char)0x9f && strong)
			return true;
	}
	return false;
}

static bool has_strong(const char *s, size_t n)
{
	struct piece x;

	for (size_t i = 0; i < n; i++)
		if (s[i] & 0x80)
			for (enum page p = 0; p < PAGES; p++)
				if (piece_at(s + i, n - i, p, &x) && x.want > 2)
					return true;
	return false;
}

static void once(const char *s, size_t n, struct str *out, size_t *repaired)
{
	bool strong = has_strong(s, n);
	struct piece x;

	for (size_t i = 0; i < n;) {
		if (!(s[i] & 0x80) || !mojibake(s + i, n - i, strong, &x)) {
			str_addc(out, s[i++]);
			continue;
		}
		if (x.whole)
			str_addn(out, x.bytes, x.n);
		else
			str_add(out, "\xef\xbf\xbd"); /* what it was is lost */
		i += x.used;
		(*repaired)++;
	}
}

static void add_cp(struct str *s, uint32_t c)
{
	if (c < 0x80) {
		str_addc(s, (char)c);
	} else if (c < 0x800) {
		str_addc(s, (char)(0xc0 | c >> 6));
		str_addc(s, (char)(0x80 | (c & 0x3f)));
	} else {
		str_addc(s, (char)(0xe0 | c >> 12));
		str_addc(s, (char)(0x80 | (c >> 6 & 0x3f)));
		str_addc(s, (char)(0x80 | (c & 0x3f)));
	}
}

/* Bytes that are no UTF-8 become what they are in Windows-1252. */
static void decode(const char *s, size_t n, struct str *out, size_t *repaired)
{
	bool before = false;

	for (size_t i = 0; i < n;) {
		uint32_t cp;
		size_t k = utf8_decode(s + i, n - i, &cp);

		if (k) {
			str_addn(out, s + i, k);
		} else {
			uint8_t b = (uint8_t)s[i];
			uint32_t c = b >= 0xa0 ? b : b >= 0x80 ? upper[b - 0x80] : b;

			add_cp(out, c ? c : 0xfffd);
			*repaired += !before;
		}
		before = !k;
		i += k ? k : 1;
	}
}

/* Control characters become blanks; line feeds and tabs stay. */
static void calm(const char *s, size_t n, struct str *out)
{
	for (size_t i = 0; i < n;) {
		uint32_t cp;
		size_t k = utf8_decode(s + i, n - i, &cp);

		if (cp == '\n' || cp == '\t' || !utf8_is_control(cp)) {
			if (cp != 0xfeff && cp != 0x200b)
				str_addn(out, s + i, k);
		} else if (cp != '\r') {
			str_addc(out, ' ');
		}
		i += k ? k : 1;
	}
}

char *card_repair(const char *s, size_t n, size_t *out_n, size_t *repaired)
{
	struct str now = STR_INIT, next = STR_INIT;
	size_t last;

	*repaired = 0;
	str_add(&now, "");
	decode(s, n, &now, repaired);
	for (int turn = 0; turn < 3; turn++) { /* some texts went through it twice */
		last = *repaired;
		str_clear(&next);
		str_add(&next, "");
		once(now.s, now.n, &next, repaired);
		struct str swap = now;
		now = next;
		next = swap;
		if (*repaired == last)
			break;
		if (turn)
			*repaired = last; /* a piece counts once */
	}
	str_clear(&next);
	str_add(&next, "");
	calm(now.s, now.n, &next);
	str_fini(&now);
	*out_n = next.n;
	return str_steal(&next);
}
