/* glyph: figures drawn in cells: parts of a block, dots of Braille, shades; each with a twin in
 * ASCII. The tier is chosen once from the locale and TERM and can be forced (set graph …). Constant
 * tables; UI thread only. */
#ifndef CUPEL_UI_GLYPH_H
#define CUPEL_UI_GLYPH_H
#include <stdbool.h>

enum graph { GRAPH_ASCII, GRAPH_BLOCK, GRAPH_BRAILLE };
/* "auto", "braille", "block", "ascii"; false if none of these. auto: by locale and TERM. */
bool graph_set(const char *name);
enum graph graph_tier(void);

/* A column of height 0…8 eighths: ▁▂▃▄▅▆▇█ or _.-=# */
const char *glyph_eighth(int eighths);
/* A row of width 0…8 eighths from the left: ▏▎▍▌▋▊▉█ or - # */
const char *glyph_left_eighth(int eighths);
/* Darkness 0…4: blank ░ ▒ ▓ █, or " .+%#" */
const char *glyph_shade(int level);
/* Two columns of four dots: bit r + 4c is row r (0 on top), column c. Block and ASCII tiers show
 * the nearest they have. The result is valid until the next call. */
const char *glyph_dots(unsigned dots);
#endif
