#include "config.h"
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>
#include "ui/screen/key.h"

static const struct { const char *name; uint32_t key; } names[] = {
	{ "Up", KEY_UP_ARROW }, { "Down", KEY_DOWN_ARROW }, { "Left", KEY_LEFT_ARROW },
	{ "Right", KEY_RIGHT_ARROW }, { "PgUp", KEY_PGUP }, { "PgDn", KEY_PGDN },
	{ "Home", KEY_HOME_ }, { "End", KEY_END_ }, { "Ins", KEY_INS }, { "Del", KEY_DEL },
	{ "Enter", KEY_ENTER_ }, { "Tab", KEY_TAB_ }, { "Esc", KEY_ESC }, { "BS", KEY_BS },
	{ "Space", ' ' },
};

void key_name(uint32_t key, struct str *out)
{
	uint32_t code = key & 0xffffff;
	char utf8[8];
	utf8proc_ssize_t n;

	if (key & KEY_CTRL)
		str_add(out, "C-");
	if (key & KEY_ALT)
		str_add(out, "M-");
	if (key & KEY_SHIFT)
		str_add(out, "S-");
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].key == code) {
			str_add(out, names[i].name);
			return;
		}
	if (code >= KEY_F1_ && code <= KEY_F12_) {
		str_addf(out, "F%d", (int)(code - KEY_F1_ + 1));
		return;
	}
	n = utf8proc_encode_char((utf8proc_int32_t)code, (utf8proc_uint8_t *)utf8);
	str_add_safe(out, utf8, n > 0 ? (size_t)n : 0);
}

static uint32_t plain_by_name(const char *s)
{
	utf8proc_int32_t cp;
	utf8proc_ssize_t n;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (str_eq(s, names[i].name))
			return names[i].key;
	if (s[0] == 'F' && s[1] >= '1' && s[1] <= '9') {
		int f = atoi(s + 1);

		return f >= 1 && f <= 12 ? KEY_F1_ + (uint32_t)f - 1 : 0;
	}
	n = utf8proc_iterate((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)strlen(s), &cp);
	return n > 0 && !s[n] && cp >= ' ' && cp != 0x7f ? (uint32_t)cp : 0;
}

uint32_t key_by_name(const char *s)
{
	uint32_t mods = 0, code;

	while (s[0] && s[1] == '-' && s[2]) {
		if (*s == 'C')
			mods |= KEY_CTRL;
		else if (*s == 'M')
			mods |= KEY_ALT;
		else if (*s == 'S')
			mods |= KEY_SHIFT;
		else
			break;
		s += 2;
	}
	code = plain_by_name(s);
	return code ? code | mods : 0;
}

/* --- the decoder --- */
void key_decoder_fini(struct key_decoder *d)
{
	str_fini(&d->paste);
	str_fini(&d->done);
}

size_t key_feed(struct key_decoder *d, const void *bytes, size_t n)
{
	size_t room = sizeof d->buf - d->n;

	if (n > room)
		n = room;
	memcpy(d->buf + d->n, bytes, n);
	d->n += n;
	return n;
}

static void drop(struct key_decoder *d, size_t n)
{
	memmove(d->buf, d->buf + n, d->n - n);
	d->n -= n;
}

/* A control byte as a key. */
static uint32_t control_key(unsigned char b)
{
	switch (b) {
	case '\r':
	case '\n':
		return KEY_ENTER_;
	case '\t':
		return KEY_TAB_;
	case 0x7f:
	case 0x08:
		return KEY_BS;
	case 0x1b:
		return KEY_ESC;
	case 0:
		return ' ' | KEY_CTRL;
	default:
		return (b <= 26 ? (uint32_t)('a' + b - 1) : (uint32_t)(b + 64)) | KEY_CTRL;
	}
}

/* xterm's modifier parameter: 1 + shift + 2 alt + 4 ctrl. */
static uint32_t modifiers(long p)
{
	uint32_t m = 0;

	if (p < 2 || p > 16)
		return 0;
	p--;
	if (p & 1)
		m |= KEY_SHIFT;
	if (p & 2)
		m |= KEY_ALT;
	if (p & 4)
		m |= KEY_CTRL;
	return m;
}

static uint32_t key_of_letter(unsigned char c)
{
	switch (c) {
	case 'A': return KEY_UP_ARROW;
	case 'B': return KEY_DOWN_ARROW;
	case 'C': return KEY_RIGHT_ARROW;
	case 'D': return KEY_LEFT_ARROW;
	case 'H': return KEY_HOME_;
	case 'F': return KEY_END_;
	case 'M': return KEY_ENTER_;
	case 'Z': return KEY_TAB_ | KEY_SHIFT;
	case 'P': case 'Q': case 'R': case 'S':
		return KEY_F1_ + (uint32_t)(c - 'P');
	default:  return 0;
	}
}

static uint32_t key_of_number(long n)
{
	static const struct { short n; uint32_t key; } tilde[] = {
		{ 1, KEY_HOME_ }, { 2, KEY_INS }, { 3, KEY_DEL }, { 4, KEY_END_ }, { 5, KEY_PGUP },
		{ 6, KEY_PGDN }, { 7, KEY_HOME_ }, { 8, KEY_END_ }, { 11, KEY_F1_ },
		{ 12, KEY_F1_ + 1 }, { 13, KEY_F1_ + 2 }, { 14, KEY_F1_ + 3 }, { 15, KEY_F1_ + 4 },
		{ 17, KEY_F1_ + 5 }, { 18, KEY_F1_ + 6 }, { 19, KEY_F1_ + 7 }, { 20, KEY_F1_ + 8 },
		{ 21, KEY_F1_ + 9 }, { 23, KEY_F1_ + 10 }, { 24, KEY_F1_ + 11 },
	};

	for (size_t i = 0; i < sizeof tilde / sizeof *tilde; i++)
		if (tilde[i].n == n)
			return tilde[i].key;
	return 0;
}

/* CSI < button ; x ; y M|m */
static bool mouse_event(const char *params, char last, struct key_input *out)
{
	long b, x, y;
	char *p;

	b = strtol(params, &p, 10);
	x = *p == ';' ? strtol(p + 1, &p, 10) : 0;
	y = *p == ';' ? strtol(p + 1, &p, 10) : 0;
	if (x < 1 || y < 1 || x > 5000 || y > 5000)
		return false;
	out->type = INPUT_MOUSE;
	out->x = (int)x - 1;
	out->y = (int)y - 1;
	if (b & 64)
		out->button = b & 1 ? MOUSE_WHEEL_DOWN : MOUSE_WHEEL_UP;
	else if (last == 'm')
		out->button = MOUSE_RELEASE;
	else if (b & 32)
		out->button = MOUSE_DRAG;
	else
		out->button = (enum mouse_button)((b & 3) % 3);
	return true;
}

/* buf is a whole "ESC [ params last"; true if it means something. */
static bool csi_event(struct key_decoder *d, size_t n, struct key_input *out)
{
	char params[64];
	unsigned char last = d->buf[n - 1];
	long first, second = 0;
	char *p;
	size_t len = n - 3;

	if (len >= sizeof params)
		return false;
	memcpy(params, d->buf + 2, len);
	params[len] = 0;
	if (params[0] == '<' && (last == 'M' || last == 'm'))
		return mouse_event(params + 1, (char)last, out);
	first = strtol(params, &p, 10);
	if (*p == ';')
		second = strtol(p + 1, &p, 10);
	if (last == '~' && first == 200) {
		d->pasting = true;
		str_clear(&d->paste);
		return false;
	}
	out->type = INPUT_KEY;
	if (last == 'u') /* CSI code ; modifiers u */
		out->key = first > 0 && first < 0x110000
				   ? (first < 32 || first == 127 ? control_key((unsigned char)first)
								 : (uint32_t)first)
				   : 0;
	else
		out->key = last == '~' ? key_of_number(first) : key_of_letter(last);
	if (out->key)
		out->key |= modifiers(second);
	return out->key != 0;
}

/* Length of the escape sequence at the start of buf; 0 when more bytes are needed. */
static size_t csi_length(const struct key_decoder *d)
{
	size_t i = 2;

	if (d->n > 2 && d->buf[2] == '[') /* Linux console: ESC [ [ A */
		return d->n > 3 ? 4 : 0;
	while (i < d->n && d->buf[i] >= 0x20 && d->buf[i] < 0x40)
		i++;
	return i < d->n ? i + 1 : d->n == sizeof d->buf ? d->n : 0;
}

static const char paste_end[] = "\033[201~";

/* Inside a paste: collect until its end. True when it is whole. */
static bool paste_more(struct key_decoder *d, struct key_input *out)
{
	unsigned char *end = memmem(d->buf, d->n, paste_end, 6);
	size_t take = end ? (size_t)(end - d->buf) : d->n > 5 ? d->n - 5 : 0;

	if (d->paste.n < (1u << 20))
		str_addn(&d->paste, (const char *)d->buf, take);
	drop(d, take);
	if (!end)
		return false;
	drop(d, 6);
	d->pasting = false;
	str_clear(&d->done);
	str_addn(&d->done, d->paste.s ? d->paste.s : "", d->paste.n);
	out->type = INPUT_PASTE;
	out->text = d->done.s;
	return true;
}

/* One code point; an invalid byte is dropped. */
static bool utf8_event(struct key_decoder *d, bool final, size_t skip, uint32_t mods,
	struct key_input *out)
{
	utf8proc_int32_t cp;
	utf8proc_ssize_t n;
	unsigned char b = d->buf[skip];
	size_t need = b < 0x80 ? 1 : b < 0xe0 ? 2 : b < 0xf0 ? 3 : 4;

	if (b < 0x20 || b == 0x7f) {
		drop(d, skip + 1);
		*out = (struct key_input){ .type = INPUT_KEY, .key = control_key(b) | mods };
		return true;
	}
	if (d->n - skip < need && !final)
		return false;
	n = utf8proc_iterate(d->buf + skip, (utf8proc_ssize_t)(d->n - skip), &cp);
	drop(d, skip + (n > 0 ? (size_t)n : 1));
	*out = (struct key_input){ .type = INPUT_KEY, .key = (uint32_t)cp | mods };
	return n > 0;
}

static bool escape_event(struct key_decoder *d, bool final, struct key_input *out, bool *again)
{
	size_t n;

	*again = false;
	if (d->n == 1 || d->buf[1] == 0x1b) {
		if (d->n == 1 && !final)
			return false;
		drop(d, 1);
		*out = (struct key_input){ .type = INPUT_KEY, .key = KEY_ESC };
		return true;
	}
	if (d->buf[1] == 'O' && d->n > 2) { /* SS3 */
		uint32_t key = key_of_letter(d->buf[2]);

		drop(d, 3);
		*out = (struct key_input){ .type = INPUT_KEY, .key = key };
		*again = !key;
		return key != 0;
	}
	if (d->buf[1] == '[') {
		n = csi_length(d);
		if (!n && !final)
			return false;
		if (n) {
			bool ok = n == 4 && d->buf[2] == '[' ? false : csi_event(d, n, out);

			if (n == 4 && d->buf[2] == '[' && d->buf[3] >= 'A' && d->buf[3] <= 'E') {
				*out = (struct key_input){ .type = INPUT_KEY,
					.key = KEY_F1_ + (uint32_t)(d->buf[3] - 'A') };
				ok = true;
			}
			drop(d, n);
			*again = !ok;
			return ok;
		}
	}
	if (d->buf[1] == 'O' && !final)
		return false;
	return utf8_event(d, final, 1, KEY_ALT, out);
}

bool key_next(struct key_decoder *d, bool final, struct key_input *out)
{
	while (d->n) {
		bool again = true;

		memset(out, 0, sizeof *out);
		if (d->pasting) {
			if (paste_more(d, out))
				return true;
			return false;
		}
		if (d->buf[0] == 0x1b) {
			if (escape_event(d, final, out, &again))
				return true;
			if (!again)
				return false;
			continue;
		}
		if (utf8_event(d, final, 0, 0, out))
			return true;
		if (!final && d->n && d->buf[0] >= 0x80)
			return false;
	}
	return false;
}

bool key_pending(const struct key_decoder *d)
{
	return d->n > 0 && !d->pasting;
}
