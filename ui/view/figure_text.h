/* figure_text: a figure as a few characters: its unit decides the form, its state whether an
 * interval goes with it. One place, so that a figure reads the same in every view. Appends to the
 * caller's string. UI thread only. */
#ifndef CUPEL_UI_FIGURE_TEXT_H
#define CUPEL_UI_FIGURE_TEXT_H
#include "base/str.h"
#include "stat/stats.h"

/* ".957", "31.2%", "1.41", "2.4e-4"; sampled: ".957±.004". "·" while unknown, "–" when it has
 * none. */
void figure_text(struct figure f, enum stat_id s, struct str *out);
void figure_number(double v, const char *unit, struct str *out);
/* Header of a column: INPUT in the row's title replaced by `input` (NULL: dropped). */
void figure_title(enum stat_id s, const char *input, struct str *out);
#endif
