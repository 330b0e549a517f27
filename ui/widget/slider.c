#include "config.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "ui/widget/slider.h"

/* Place of v between the ends, 0…1. */
static double unit_of(const struct slider *s, double v)
{
	double u;

	if (s->log && s->min > 0)
		u = v > 0 ? log(v / s->min) / log(s->max / s->min) : 0;
	else
		u = s->max > s->min ? (v - s->min) / (s->max - s->min) : 0;
	return u < 0 ? 0 : u > 1 ? 1 : u;
}

void slider_format(double value, double step, struct str *out)
{
	int decimals = 0;

	if (isnan(value)) {
		str_add(out, "·");
		return;
	}
	if (value != 0 && fabs(value) < 1e-3) {
		str_addf(out, "%.1e", value); /* 1.0e-04: the zero of the exponent goes */
		if (out->n > 3 && out->s[out->n - 2] == '0') {
			out->s[out->n - 2] = out->s[out->n - 1];
			out->s[--out->n] = 0;
		}
		return;
	}
	while (decimals < 6 &&
		fabs(step - round(step * pow(10, decimals)) / pow(10, decimals)) > 1e-9)
		decimals++;
	while (decimals < 6 &&
		fabs(value - round(value * pow(10, decimals)) / pow(10, decimals)) > 1e-9)
		decimals++;
	str_addf(out, "%.*f", decimals, value);
}

static void draw_track(const struct slider *s, struct grid *g, int x, int y, int w)
{
	double v = isnan(s->value) ? s->fallback : s->value;
	int knob = isnan(v) ? -1 : (int)lround(unit_of(s, v) * (w - 1));
	unsigned on = s->ignored ? STYLE_dim : s->focused ? STYLE_slider | ATTR_BOLD : STYLE_slider;

	for (int i = 0; i < w; i++)
		grid_text(g, x + i, y, i <= knob ? on : STYLE_slider_off, i == knob ?
			isnan(s->value) ? "○" : "●" : "━");
}

void slider_draw(const struct slider *s, struct grid *g, int x, int y, int w, int number_w)
{
	struct str n = STR_INIT;
	double v = isnan(s->value) ? s->fallback : s->value;
	unsigned style = s->ignored || isnan(s->value) ? STYLE_dim : s->changed ? STYLE_changed :
		STYLE_value;

	if (s->flag) {
		int at = grid_text(
			g, x, y, s->ignored ? STYLE_dim : STYLE_slider, v > 0 ? "●" : "○");

		grid_text(g, x + at + 1, y, style, v > 0 ? "yes" : "no");
	} else {
		slider_format(v, s->step, &n);
		if (w > number_w + 4)
			draw_track(s, g, x, y, w - number_w - 1);
		else
			number_w = w;
		grid_pad(g, x + w - number_w, y, number_w, 1, style, n.s ? n.s : "");
	}
	if (s->focused) {
		grid_add_attr(g, (struct rect){ s->flag ? x : x + w - number_w, y,
			s->flag ? 5 : number_w, 1 }, ATTR_REVERSE);
		g->cursor_x = x;
		g->cursor_y = y;
	}
	if (s->marked)
		grid_text(g, x - 1, y, STYLE_mark, "*");
	str_fini(&n);
}

/* Two significant digits. */
static double two_digits(double v)
{
	double scale;

	if (v == 0)
		return 0;
	scale = pow(10, floor(log10(fabs(v))) - 1);
	return round(v / scale) * scale;
}

static double nudge_log(double v, int n)
{
	double next;

	if (v <= 0)
		return n > 0 ? 1e-6 : 0;
	next = two_digits(v * pow(10, n / 20.0));
	while (next == v && n)
		next = two_digits(v * pow(10, (n += n > 0 ? 1 : -1) / 20.0));
	return next;
}

double slider_nudge(const struct slider *s, int n, bool coarse)
{
	double v = isnan(s->value) ? s->fallback : s->value, next;

	if (isnan(v))
		v = s->min;
	if (s->flag)
		return v > 0 ? 0 : 1;
	if (coarse)
		n *= 10;
	if (s->log)
		next = nudge_log(v, n);
	else
		next = round((v + n * s->step) / s->step) * s->step;
	if (next > s->max && n > 0)
		next = v > s->max ? v : s->max;
	if (next < s->min && n < 0)
		next = v < s->min ? v : s->min;
	return next;
}

double slider_at(const struct slider *s, int x, int w, int number_w)
{
	int track = w - number_w - 1;
	double u;

	if (track < 2)
		return isnan(s->value) ? s->fallback : s->value;
	u = x <= 0 ? 0 : x >= track - 1 ? 1 : (double)x / (track - 1);
	if (s->log && s->min > 0)
		return two_digits(s->min * pow(s->max / s->min, u));
	return round((s->min + u * (s->max - s->min)) / s->step) * s->step;
}

bool slider_type(const struct slider *s, const char *text, double *value, double *percent,
	struct err *e)
{
	double v = isnan(s->value) ? s->fallback : s->value, number;
	char op = 0, *end;

	*percent = NAN;
	*value = v;
	while (isspace((unsigned char)*text))
		text++;
	if (strchr("+*/", *text) && *text)
		op = *text++;
	else if (*text == '-' && text[1] == '=') {
		op = '-';
		text++;
	}
	if (op && *text == '=')
		text++;
	number = strtod(text, &end);
	if (end == text || !isfinite(number))
		return err_set(
			e, ERR_USAGE, text, "0.7, +0.05, -=0.05, *1.1, /2 or 2%", "not a number");
	while (isspace((unsigned char)*end))
		end++;
	if (*end == '%' && !op) {
		*percent = number;
		return true;
	}
	if (*end)
		return err_set(e, ERR_USAGE, end, "0.7, +0.05, -=0.05, *1.1, /2 or 2%",
			"what stands behind the number means nothing");
	*value = op == '+' ? v + number : op == '-' ? v - number : op == '*' ? v * number :
		op == '/' ? v / number : number;
	return isfinite(*value) || err_set(e, ERR_USAGE, text, NULL, "the result is no number");
}
