/* style: what a role looks like. Cells carry a role, attributes and perhaps ramp colours; a theme
 * (styles.def, share/themes, cupelrc) says what the terminal makes of it.
 * One process-wide table; UI thread only. */
#ifndef CUPEL_UI_STYLE_H
#define CUPEL_UI_STYLE_H
#include <stdbool.h>
#include "base/err.h"

enum style_role {
#define STYLE(role, ...) STYLE_##role,
#include "ui/screen/styles.def"
#undef STYLE
	STYLE_COUNT
};
/* A cell's style: role | attributes | ramp colours. */
#define ATTR_BOLD 0x100u
#define ATTR_DIM 0x200u
#define ATTR_REVERSE 0x400u
#define ATTR_UNDERLINE 0x800u
#define ATTR_ITALIC 0x1000u
#define ATTR_MASK 0x1f00u
/* Heat: level 1…RAMP_LEVELS of the sequential ramp, or RAMP_DIVERGING + 1…RAMP_LEVELS (blue, white
 * in the middle, orange); 0 leaves the role's colour. Both ramps are monotone in brightness to each
 * end. */
#define RAMP_LEVELS 13
#define RAMP_DIVERGING 13
#define STYLE_RAMP(fg, bg) (((unsigned)(fg) << 16) | ((unsigned)(bg) << 24))
#define STYLE_RAMP_FG(s) (((s) >> 16) & 0xff)
#define STYLE_RAMP_BG(s) (((s) >> 24) & 0xff)
/* Level for a value in 0…1 (clamped), NaN → 0. */
int ramp_level(double unit);

struct style_look {
	int fg, bg;     /* 0…255, -1 the terminal's own */
	unsigned attrs; /* ATTR_* */
};
enum theme { THEME_DEFAULT, THEME_LIGHT, THEME_MONO, THEME_CB, THEME_COUNT };
bool style_theme(const char *name); /* "default", "light", "mono", "colour-blind"; false if none */
void style_theme_mono(void);                 /* NO_COLOR, or a terminal without colours */
bool style_is_mono(void);
const char *const *style_themes(void);       /* NULL-ended */
/* "bold 214 on black"; false with the word that is none. */
bool style_set(const char *role, const char *words, struct err *e);
struct style_look style_look(unsigned style);
const char *style_name(enum style_role r);
const char *style_words(enum style_role r, enum theme t);
#endif
