/* slider: a value between two ends, drawn as a line with a knob; and the arithmetic of nudging. It
 * keeps nothing: the value lives in the recipe. UI thread only. */
#ifndef CUPEL_UI_SLIDER_H
#define CUPEL_UI_SLIDER_H
#include "base/err.h"
#include "ui/screen/grid.h"

struct slider {
	double value;       /* NAN: not written; `fallback` is what holds then */
	double fallback;
	double min, max, step;
	bool log;           /* spaced by ratio: t of nearswap */
	bool flag;          /* ○ ● */
	bool focused, marked, changed, ignored; /* ignored: the key has no effect, drawn dim */
};
/* "━━━━━●━━━━━━ 0.60" over w columns, the number right-aligned in its last `number_w`. */
void slider_draw(const struct slider *s, struct grid *g, int x, int y, int w, int number_w);
/* The value after n steps (coarse: ten at a time); on a log slider a step is 1/20 of a decade, kept
 * to two digits. Never past min or max unless it was beyond already. */
double slider_nudge(const struct slider *s, int n, bool coarse);
/* The value a click at column x of w means. */
double slider_at(const struct slider *s, int x, int w, int number_w);
/* What was typed after '=': "0.7", "*1.1", "+0.05", "-0.1" (a plain negative number sets; "-=0.1"
 * subtracts), "/2", "50%". Percent is reported in *percent (else NAN) and left to the caller. */
bool slider_type(const struct slider *s, const char *text, double *value, double *percent,
	struct err *e);
/* As many decimals as the step has, exponents for small t: "0.60", "1.0e-4". */
void slider_format(double value, double step, struct str *out);
#endif
