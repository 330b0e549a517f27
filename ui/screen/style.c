#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "ui/screen/style.h"

static const struct { const char *name, *words[THEME_COUNT], *help; } roles[STYLE_COUNT] = {
#define STYLE(role, dflt, light, mono, cb, help) { #role, { dflt, light, mono, cb }, help },
#include "ui/screen/styles.def"
#undef STYLE
};
static const char *const theme_names[] = { "default", "light", "mono", "colour-blind", NULL };

static struct style_look looks[STYLE_COUNT];
static bool ready, mono;

/* Viridis and a blue–white–orange ramp in the 256-colour cube, brightness monotone. */
static const unsigned char ramp_seq[RAMP_LEVELS] = { 53, 54, 24, 60, 30, 36, 71, 77, 113, 148, 184,
	220, 227 };
static const unsigned char ramp_div[RAMP_LEVELS] = { 26, 32, 68, 110, 153, 189, 255, 223, 216, 209,
	208, 202, 166 };

static int colour_by_name(const char *w)
{
	static const char *const names[] = { "black", "red", "green", "yellow", "blue", "magenta",
		"cyan", "white" };
	int bright = str_starts(w, "bright-") ? 8 : 0;
	char *end;
	long v;

	for (int i = 0; i < 8; i++)
		if (str_eq(w + (bright ? 7 : 0), names[i]))
			return i + bright;
	v = strtol(w, &end, 10);
	return end != w && !*end && v >= 0 && v < 256 ? (int)v : -1;
}

static unsigned attr_by_name(const char *w)
{
	static const struct { const char *name; unsigned attr; } attrs[] = { { "bold", ATTR_BOLD },
		{ "dim", ATTR_DIM }, { "reverse", ATTR_REVERSE }, { "underline", ATTR_UNDERLINE },
		{ "italic", ATTR_ITALIC } };

	for (size_t i = 0; i < sizeof attrs / sizeof *attrs; i++)
		if (str_eq(w, attrs[i].name))
			return attrs[i].attr;
	return 0;
}

static bool parse_look(const char *words, struct style_look *out, struct err *e)
{
	char *copy = xstrdup(words), *save = NULL;
	struct style_look l = { -1, -1, 0 };
	bool on = false, ok = true;

	for (char *w = strtok_r(copy, " \t", &save); w && ok; w = strtok_r(NULL, " \t", &save)) {
		unsigned attr = attr_by_name(w);
		int colour = attr ? -1 : colour_by_name(w);

		if (attr)
			l.attrs |= attr;
		else if (str_eq(w, "on"))
			on = true;
		else if (colour >= 0 && on)
			l.bg = colour;
		else if (colour >= 0)
			l.fg = colour;
		else
			ok = err_set(e, ERR_INPUT, w,
				"colours are black red green yellow blue magenta "
				"cyan white, bright-…, 0 to 255; then bold dim underline reverse "
				"italic",
				"no such colour or attribute");
	}
	free(copy);
	if (ok)
		*out = l;
	return ok;
}

static void load(enum theme t)
{
	for (int r = 0; r < STYLE_COUNT; r++)
		parse_look(roles[r].words[t], &looks[r], NULL);
	mono = t == THEME_MONO;
	ready = true;
}

bool style_theme(const char *name)
{
	for (int t = 0; t < THEME_COUNT; t++)
		if (str_eq(name, theme_names[t]) ||
			(t == THEME_CB && str_eq(name, "color-blind"))) {
			load((enum theme)t);
			return true;
		}
	return false;
}

void style_theme_mono(void)
{
	load(THEME_MONO);
}

bool style_is_mono(void)
{
	return mono;
}

const char *const *style_themes(void)
{
	return theme_names;
}

bool style_set(const char *role, const char *words, struct err *e)
{
	const char *names[STYLE_COUNT], *near;

	if (!ready)
		load(THEME_DEFAULT);
	for (int r = 0; r < STYLE_COUNT; r++) {
		if (str_eq(role, roles[r].name))
			return parse_look(words, &looks[r], e);
		names[r] = roles[r].name;
	}
	near = str_nearest(role, names, STYLE_COUNT);
	return err_set(e, ERR_INPUT, role, near, "no such role; nearest:");
}

struct style_look style_look(unsigned style)
{
	struct style_look l;
	unsigned fg = STYLE_RAMP_FG(style), bg = STYLE_RAMP_BG(style), role = style & 0xff;

	if (!ready)
		load(THEME_DEFAULT);
	l = looks[role < STYLE_COUNT ? role : STYLE_normal];
	l.attrs |= style & ATTR_MASK;
	if (mono)
		return l;
	if (fg)
		l.fg = fg > RAMP_DIVERGING ? ramp_div[(fg - RAMP_DIVERGING - 1) % RAMP_LEVELS]
			: ramp_seq[fg - 1];
	if (bg)
		l.bg = bg > RAMP_DIVERGING ? ramp_div[(bg - RAMP_DIVERGING - 1) % RAMP_LEVELS]
			: ramp_seq[bg - 1];
	return l;
}

int ramp_level(double unit)
{
	if (isnan(unit))
		return 0;
	if (unit < 0)
		unit = 0;
	if (unit > 1)
		unit = 1;
	return 1 + (int)(unit * (RAMP_LEVELS - 1) + 0.5);
}

const char *style_name(enum style_role r)
{
	return roles[r].name;
}

const char *style_words(enum style_role r, enum theme t)
{
	return roles[r].words[t];
}
