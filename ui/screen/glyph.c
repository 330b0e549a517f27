#include "config.h"
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "ui/screen/glyph.h"
#include "ui/screen/width.h"

static enum graph tier = GRAPH_BRAILLE;
static const char *const tier_names[] = { "ascii", "block", "braille" };

static enum graph graph_auto(void)
{
	const char *term = getenv("TERM");

	if (text_tier() == TEXT_ASCII)
		return GRAPH_ASCII;
	/* The console's fonts have block parts and no Braille. */
	return term && (str_eq(term, "linux") || str_starts(term, "vt")) ? GRAPH_BLOCK
									 : GRAPH_BRAILLE;
}

bool graph_set(const char *name)
{
	if (str_eq(name, "auto")) {
		tier = graph_auto();
		return true;
	}
	for (int i = 0; i < 3; i++)
		if (str_eq(name, tier_names[i])) {
			tier = (enum graph)i;
			return true;
		}
	return false;
}

enum graph graph_tier(void)
{
	return text_tier() == TEXT_ASCII ? GRAPH_ASCII : tier;
}

static int clamp(int v, int hi)
{
	return v < 0 ? 0 : v > hi ? hi : v;
}

const char *glyph_eighth(int n)
{
	static const char *const block[] = { " ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	static const char *const ascii[] = { " ", "_", "_", ".", "-", "-", "=", "=", "#" };

	n = clamp(n, 8);
	return graph_tier() == GRAPH_ASCII ? ascii[n] : block[n];
}

const char *glyph_left_eighth(int n)
{
	static const char *const block[] = { " ", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█" };

	n = clamp(n, 8);
	return graph_tier() == GRAPH_ASCII ? n < 2 ? " " : n < 6 ? "-" : "#" : block[n];
}

const char *glyph_shade(int n)
{
	static const char *const block[] = { " ", "░", "▒", "▓", "█" };
	static const char *const ascii[] = { " ", ".", "+", "%", "#" };

	n = clamp(n, 4);
	return graph_tier() == GRAPH_ASCII ? ascii[n] : block[n];
}

/* Braille numbers its dots 1 2 3 7 down the left, 4 5 6 8 down the right. */
static const char *braille(unsigned dots)
{
	static const unsigned char bit[8] = { 0x01, 0x02, 0x04, 0x40, 0x08, 0x10, 0x20, 0x80 };
	static char buf[4];
	unsigned v = 0;

	for (int i = 0; i < 8; i++)
		if (dots & (1u << i))
			v |= bit[i];
	if (!v)
		return " ";
	buf[0] = (char)0xe2;
	buf[1] = (char)(0xa0 | v >> 6);
	buf[2] = (char)(0x80 | (v & 63));
	return buf;
}

const char *glyph_dots(unsigned dots)
{
	/* Quadrants: bit 0 upper left, 1 lower left, 2 upper right, 3 lower right. */
	static const char *const quarter[16] = { " ", "▘", "▖", "▌", "▝", "▀", "▞", "▛", "▗", "▚",
		"▄", "▙", "▐", "▜", "▟", "█" };
	unsigned q = (dots & 0x03 ? 1 : 0) | (dots & 0x0c ? 2 : 0) | (dots & 0x30 ? 4 : 0) |
		(dots & 0xc0 ? 8 : 0);

	dots &= 0xff;
	if (graph_tier() == GRAPH_BRAILLE)
		return braille(dots);
	if (graph_tier() == GRAPH_BLOCK)
		return quarter[q];
	return !dots ? " " : (dots & 0x33) && (dots & 0xcc) ? ":" : dots & 0x33 ? "'" : ".";
}
