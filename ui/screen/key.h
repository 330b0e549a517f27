/* key: what comes from the keyboard: bytes of a terminal to keys, and the names keys have in
 * cupelrc, help and scripts: "a", "S", "C-r", "M-x", "PgUp", "S-Tab", "Enter", "Space". A decoder
 * belongs to one reader. UI thread only. */
#ifndef CUPEL_UI_KEY_H
#define CUPEL_UI_KEY_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/str.h"

enum {
	KEY_FIRST = 0x110000, /* above every code point */
	KEY_UP_ARROW, KEY_DOWN_ARROW, KEY_LEFT_ARROW, KEY_RIGHT_ARROW,
	KEY_PGUP, KEY_PGDN, KEY_HOME_, KEY_END_, KEY_INS, KEY_DEL,
	KEY_ENTER_, KEY_TAB_, KEY_ESC, KEY_BS,
	KEY_F1_, KEY_F12_ = KEY_F1_ + 11,
	KEY_LAST,
	KEY_CTRL = 1 << 24,
	KEY_ALT = 1 << 25,
	KEY_SHIFT = 1 << 26, /* only with named keys; 'S' is its own code point */
};
/* Appends the name. */
void key_name(uint32_t key, struct str *out);
/* 0 if it is none. */
uint32_t key_by_name(const char *name);

enum input_type { INPUT_KEY, INPUT_MOUSE, INPUT_PASTE };
enum mouse_button {
	MOUSE_LEFT,
	MOUSE_MIDDLE,
	MOUSE_RIGHT,
	MOUSE_WHEEL_UP,
	MOUSE_WHEEL_DOWN,
	MOUSE_DRAG,
	MOUSE_RELEASE
};
struct key_input {
	enum input_type type;
	uint32_t key;              /* INPUT_KEY */
	enum mouse_button button;  /* INPUT_MOUSE */
	int x, y;
	const char *text;          /* INPUT_PASTE: borrowed until the next call */
};
struct key_decoder {
	unsigned char buf[256];
	size_t n;
	bool pasting;
	struct str paste, done;
};
void key_decoder_fini(struct key_decoder *d);
/* Takes what fits; returns the bytes taken. */
size_t key_feed(struct key_decoder *d, const void *bytes, size_t n);
/* The next thing in the buffer. `final` when no more bytes came for a moment: a lone ESC is then
 * Esc. */
bool key_next(struct key_decoder *d, bool final, struct key_input *out);
/* Bytes wait that could be the start of a sequence: ask again with final after a moment. */
bool key_pending(const struct key_decoder *d);
#endif
