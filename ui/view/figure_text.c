#include "config.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "ui/screen/width.h"
#include "ui/view/figure_text.h"

/* ".957" for "0.957": the point says it, and a column more is a column less for a name. */
static void add_decimal(struct str *out, double v, int decimals)
{
	char buf[48];
	const char *p = buf;

	snprintf(buf, sizeof buf, "%.*f", decimals, v);
	if (buf[0] == '-' && buf[1] == '0' && buf[2] == '.') {
		str_addc(out, '-');
		p += 2;
	} else if (buf[0] == '0' && buf[1] == '.') {
		p++;
	}
	str_add(out, p);
}

static int percent_decimals(double percent)
{
	double a = fabs(percent);

	return a >= 10 ? 1 : a >= 1 || a == 0 ? 2 : 3;
}

static void add_percent(struct str *out, double v)
{
	double p = v * 100;

	if (p != 0 && fabs(p) < 0.001)
		str_addf(out, "%.0e%%", p);
	else
		add_decimal(out, p, percent_decimals(p));
	if (!(p != 0 && fabs(p) < 0.001))
		str_addc(out, '%');
}

void figure_number(double v, const char *unit, struct str *out)
{
	if (isnan(v))
		str_add(out, text_tier() == TEXT_ASCII ? "." : "·");
	else if (!strcmp(unit, "%"))
		add_percent(out, v);
	else if (!strcmp(unit, "count"))
		str_addf(out, "%.0f", v);
	else if (!strcmp(unit, "ratio"))
		add_decimal(out, v, fabs(v) >= 10 ? 1 : 2);
	else if (!strcmp(unit, "1") && (v == 0 || fabs(v) >= 0.001))
		add_decimal(out, v, fabs(v) < 0.1 ? 5 : 4);
	else if (v != 0 && (fabs(v) < 0.001 || fabs(v) >= 1e5))
		str_addf(out, "%.2e", v);
	else
		str_addf(out, v == 0 ? "0" : "%#.4g", v);
}

/* The half width with one digit, in the unit's own scale: ± says how much to believe. */
static void add_interval(struct str *out, struct figure f, const char *unit)
{
	double half = fmax(f.hi - f.value, f.value - f.lo);
	bool percent = !strcmp(unit, "%");

	if (isnan(half))
		return;
	if (percent)
		half *= 100;
	str_add(out, text_tier() == TEXT_ASCII ? "~" : "±");
	if (half == 0)
		str_addc(out, '0');
	else if (half < 0.0005 || half >= 1000)
		str_addf(out, "%.0e", half);
	else
		add_decimal(out, half,
			half >= 1       ? 0
			: half >= 0.1   ? 1
			: half >= 0.01  ? 2
			: half >= 0.001 ? 3
					: 4);
}

void figure_text(struct figure f, enum stat_id s, struct str *out)
{
	const char *unit = stat_info(s)->unit;

	if (f.state == FIG_FAILED) {
		str_add(out, text_tier() == TEXT_ASCII ? "-" : "–");
		return;
	}
	if (f.state == FIG_NONE) {
		figure_number(NAN, unit, out);
		return;
	}
	figure_number(f.value, unit, out);
	if (f.state == FIG_SAMPLED)
		add_interval(out, f, unit);
}

void figure_title(enum stat_id s, const char *input, struct str *out)
{
	const struct stat_info *info = stat_info(s);
	const char *t = text_tier() == TEXT_ASCII ? info->ascii : info->title;
	const char *at = strstr(t, "INPUT");

	if (!at) {
		str_add(out, t);
		return;
	}
	size_t before = (size_t)(at - t);
	while (!input && before && (t[before - 1] == ' ' || t[before - 1] == '/'))
		before--;
	str_addn(out, t, before);
	if (input)
		str_add(out, input);
	str_add(out, at + 5);
}
