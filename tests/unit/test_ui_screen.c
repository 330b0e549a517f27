/* Text, cells, keys: what keeps a screen straight whatever comes out of a file or a terminal. */
#include "config.h"
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "ui/command/fuzzy.h"
#include "ui/screen/clip.h"
#include "ui/screen/glyph.h"
#include "ui/screen/grid.h"
#include "ui/screen/key.h"

/* --- width --- */
static void check_width(const char *text, int width)
{
	if (text_width(text) != width)
		fail_msg("'%s' takes %d columns, not %d", text, text_width(text), width);
}

static void test_width(void **state)
{
	(void)state;
	text_set_tier(TEXT_UNICODE);
	check_width("", 0);
	check_width("abc", 3);
	check_width("é", 1);
	check_width("e\xcc\x81", 1);                             /* combining acute */
	check_width("日本", 4);
	check_width("👩‍💻", 2);                                    /* joined */
	check_width("🇩🇪🇫🇷", 4);                                   /* two flags */
	check_width("👍🏽", 2);                                     /* skin tone */
	check_width("한", 2);
	check_width("각", 2);                                    /* conjoining jamo */
}

static void test_hostile_text(void **state)
{
	(void)state;
	check_width("\x1b[31m", 8);                               /* \x1b + [31m */
	check_width("\xff", 4);                                   /* \xff */
	check_width("\xe2\x80\xae", 6);                           /* \u202e, turns text around */
	check_width("\xcc\x81", 6);                               /* a mark with nothing under it */
	check_width("\x7f\t", 8);
	check_width("\xe2\x28\xa1", 9);                           /* bad lead, '(', bad tail */
}

static void test_hundred_marks(void **state)
{
	struct grid *g = grid_new(10, 1);
	struct str s = STR_INIT, out = STR_INIT;

	(void)state;
	str_add(&s, "a");
	for (int i = 0; i < 100; i++)
		str_add(&s, "\xcc\x81");
	str_add(&s, "b");
	assert_int_equal(grid_text(g, 0, 0, STYLE_normal, s.s), 2);
	grid_save(g, &out);
	assert_string_equal(out.s, "?b\n");                       /* longer than a cell keeps */
	str_fini(&s);
	str_fini(&out);
	grid_free(g);
}

static void check_fit(const char *text, int width, enum text_cut cut, const char *want)
{
	struct str s = STR_INIT;
	int w = text_fit(&s, text, width, cut);

	assert_string_equal(s.s ? s.s : "", want);
	assert_true(w <= width);
	str_fini(&s);
}

static void test_fit(void **state)
{
	(void)state;
	check_fit("granite", 7, CUT_END, "granite");
	check_fit("granite", 5, CUT_END, "gran…");
	check_fit("granite", 5, CUT_START, "…nite");
	check_fit("granite-3b", 6, CUT_MIDDLE, "gr…-3b");
	check_fit("日本語", 4, CUT_END, "日…"); /* 本 would need a third half */
	check_fit("abc", 0, CUT_END, "");
	check_fit("abc", 1, CUT_END, "…");
}

static void add_line(void *ctx, const char *s, size_t n)
{
	str_addn(ctx, s, n);
	str_addc(ctx, '|');
}

static void test_wrap(void **state)
{
	struct str s = STR_INIT;

	(void)state;
	text_wrap("one two three", 8, add_line, &s);
	assert_string_equal(s.s, "one two|three|");
	str_clear(&s);
	text_wrap("abcdefgh", 3, add_line, &s);
	assert_string_equal(s.s, "abc|def|gh|");
	str_clear(&s);
	text_wrap("a\nb", 8, add_line, &s);
	assert_string_equal(s.s, "a|b|");
	str_fini(&s);
}

static void test_ascii(void **state)
{
	struct grid *g = grid_new(20, 1);
	struct str out = STR_INIT;

	(void)state;
	text_set_tier(TEXT_ASCII);
	check_width("±", 2);
	check_width("日", 2);
	grid_text(g, 0, 0, STYLE_normal, "│ 0.5 ±.1 → 日é");
	grid_save(g, &out);
	assert_string_equal(out.s, "| 0.5 +-.1 > ???\n");
	assert_string_equal(glyph_eighth(8), "#");
	text_set_tier(TEXT_UNICODE);
	assert_string_equal(glyph_eighth(8), "█");
	str_fini(&out);
	grid_free(g);
}

/* --- grid --- */
static void check_row(struct grid *g, const char *want)
{
	struct str out = STR_INIT;

	grid_save(g, &out);
	assert_string_equal(out.s, want);
	str_fini(&out);
}

static void test_grid_halves(void **state)
{
	struct grid *g = grid_new(6, 1);

	(void)state;
	grid_text(g, 0, 0, STYLE_normal, "日本語");
	check_row(g, "日本語\n");
	grid_text(g, 1, 0, STYLE_normal, "x"); /* on the right half of the first */
	check_row(g, " x本語\n");
	grid_text(g, 4, 0, STYLE_normal, "y");                    /* on the left half of the last */
	check_row(g, " x本y\n");
	grid_clear(g);
	grid_text(g, 5, 0, STYLE_normal, "日");                   /* half of it would hang over */
	check_row(g, "\n");
	grid_free(g);
}

static void test_grid_clip(void **state)
{
	struct grid *g = grid_new(8, 2);
	struct rect old;

	(void)state;
	old = grid_clip(g, (struct rect){ 2, 0, 3, 1 });
	grid_text(g, 0, 0, STYLE_normal, "abcdefgh");
	grid_text(g, 0, 1, STYLE_normal, "abcdefgh");
	grid_text(g, -3, 0, STYLE_normal, "ABCDEF");
	g->clip = old;
	check_row(g, "  Fde\n\n");
	grid_text(g, 0, -1, STYLE_normal, "x");
	grid_text(g, 0, 99, STYLE_normal, "x");
	check_row(g, "  Fde\n\n");
	grid_free(g);
}

static void test_rects(void **state)
{
	struct rect r = { 0, 0, 10, 5 }, p;

	(void)state;
	p = rect_top(&r, 2);
	assert_int_equal(p.h, 2);
	assert_int_equal(r.y, 2);
	p = rect_right(&r, 99);
	assert_int_equal(p.w, 10);
	assert_int_equal(r.w, 0);
	p = rect_bottom(&r, -1);
	assert_int_equal(p.h, 0);
}

/* --- keys --- */
static void check_name(const char *name)
{
	struct str s = STR_INIT;

	assert_int_not_equal(key_by_name(name), 0);
	key_name(key_by_name(name), &s);
	assert_string_equal(s.s, name);
	str_fini(&s);
}

static void test_key_names(void **state)
{
	static const char *const names[] = { "a", "S", "C-r", "M-x", "PgUp", "S-Tab", "Enter",
		"Space", "F1", "F12", "-", "C--", "é", "Esc", "C-Left" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		check_name(names[i]);
	assert_int_equal(key_by_name(""), 0);
	assert_int_equal(key_by_name("Foo"), 0);
	assert_int_equal(key_by_name("F13"), 0);
	assert_int_equal(key_by_name("\x01"), 0);
}

/* Everything the bytes mean, as names with spaces. */
static void decode(const char *bytes, size_t n, const char *want)
{
	struct key_decoder d = { 0 };
	struct key_input in;
	struct str s = STR_INIT;

	for (size_t at = 0; at < n;) {
		at += key_feed(&d, bytes + at, n - at);
		while (key_next(&d, at == n, &in)) {
			if (s.n)
				str_addc(&s, ' ');
			if (in.type == INPUT_KEY)
				key_name(in.key, &s);
			else if (in.type == INPUT_PASTE)
				str_addf(&s, "<%s>", in.text);
			else
				str_addf(&s, "mouse%d@%d,%d", (int)in.button, in.x, in.y);
		}
	}
	assert_string_equal(s.s ? s.s : "", want);
	assert_int_equal(d.n, 0);
	str_fini(&s);
	key_decoder_fini(&d);
}
#define DECODE(bytes, want) decode(bytes, sizeof bytes - 1, want)

static void test_decoder(void **state)
{
	(void)state;
	DECODE("q", "q");
	DECODE("\x03\x12\x1a", "C-c C-r C-z");
	DECODE("\r\t\x7f", "Enter Tab BS");
	DECODE("\033", "Esc");
	DECODE("\033\033", "Esc Esc");
	DECODE("\033x", "M-x");
	DECODE("\033[A\033OB\033[1;5C", "Up Down C-Right");
	DECODE("\033[5~\033[6~\033[H\033[4~\033[3~", "PgUp PgDn Home End Del");
	DECODE("\033[Z", "S-Tab");
	DECODE("\033OP\033[15~\033[24~\033[[B", "F1 F5 F12 F2");
	DECODE("é日", "é 日");
	DECODE("\033[97;5u", "C-a");
	DECODE("\033[<0;5;3M\033[<0;5;3m\033[<65;1;1M", "mouse0@4,2 mouse6@4,2 mouse4@0,0");
	DECODE("\033[200~two\nlines\033[A\033[201~x", "<two\nlines\033[A> x");
}

static void test_decoder_hostile(void **state)
{
	static char junk[5000];

	(void)state;
	DECODE("\xff\xfe" "a", "a");
	DECODE("\033[9999999999;99999999999X" "a", "a");
	DECODE("\033[<1;0;0M" "a", "a");
	DECODE("\033[<;;M" "a", "a");
	DECODE("\033[?1;2c" "a", "a");
	memset(junk, '1', sizeof junk);
	memcpy(junk, "\033[", 2);
	decode(junk, 256, "");                                    /* no end in sight: dropped */
}

static void test_decoder_split(void **state)
{
	struct key_decoder d = { 0 };
	struct key_input in;

	(void)state;
	key_feed(&d, "\033[", 2);
	assert_false(key_next(&d, false, &in));
	assert_true(key_pending(&d));
	key_feed(&d, "5", 1);
	assert_false(key_next(&d, false, &in));
	key_feed(&d, "~", 1);
	assert_true(key_next(&d, false, &in));
	assert_int_equal(in.key, KEY_PGUP);
	key_feed(&d, "\xc3", 1);
	assert_false(key_next(&d, false, &in));
	key_feed(&d, "\xa9", 1);
	assert_true(key_next(&d, false, &in));
	assert_int_equal(in.key, 0xe9);
	key_decoder_fini(&d);
}

/* --- the rest --- */
static void test_clip(void **state)
{
	struct str s = STR_INIT;

	(void)state;
	clip_sequence(&s, "hello", 5, false);
	assert_string_equal(s.s, "\033]52;c;aGVsbG8=\a");
	str_clear(&s);
	clip_sequence(&s, "hi", 2, true);
	assert_string_equal(s.s, "\033Ptmux;\033\033]52;c;aGk=\a\033\\");
	str_fini(&s);
}

static void test_fuzzy(void **state)
{
	uint64_t h;

	(void)state;
	assert_true(fuzzy_score("", "undo", "", &h) > 0);
	assert_true(fuzzy_score("nr", "new-recipe", "", &h) >
		    fuzzy_score("nr", "invert-marks", "", &h));
	assert_int_equal(h, 1u << 1 | 1u << 4); /* i-N-ve-R- … of the last call */
	assert_true(fuzzy_score("und", "undo", "", &h) > fuzzy_score("und", "mark-round", "", &h));
	assert_true(fuzzy_score("take back", "undo", "Take the last change back.", &h) > 0);
	assert_int_equal(fuzzy_score("xyz", "undo", "Take it back.", &h), 0);
}

static void test_style(void **state)
{
	struct err e = { 0 };

	(void)state;
	assert_true(style_set("cursor", "bold 214 on black", &e));
	assert_int_equal(style_look(STYLE_cursor).fg, 214);
	assert_int_equal(style_look(STYLE_cursor).bg, 0);
	assert_int_equal(
		style_look(STYLE_cursor | ATTR_UNDERLINE).attrs, ATTR_BOLD | ATTR_UNDERLINE);
	assert_false(style_set("cursr", "bold", &e));
	assert_string_equal(e.hint, "cursor");
	assert_false(style_set("cursor", "pink", &e));
	style_theme_mono();
	assert_int_equal(style_look(STYLE_bad | STYLE_RAMP(3, 0)).fg, -1);
	assert_true(style_theme("default"));
	assert_int_equal(ramp_level(0), 1);
	assert_int_equal(ramp_level(7), RAMP_LEVELS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_hostile_text),
		cmocka_unit_test(test_hundred_marks),
		cmocka_unit_test(test_fit),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_ascii),
		cmocka_unit_test(test_grid_halves),
		cmocka_unit_test(test_grid_clip),
		cmocka_unit_test(test_rects),
		cmocka_unit_test(test_key_names),
		cmocka_unit_test(test_decoder),
		cmocka_unit_test(test_decoder_hostile),
		cmocka_unit_test(test_decoder_split),
		cmocka_unit_test(test_clip),
		cmocka_unit_test(test_fuzzy),
		cmocka_unit_test(test_style),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
