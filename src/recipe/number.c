#include "config.h"
#include "recipe/edit.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Digits behind the point of "1.25", 0 of "3"; -1 if it is not plain decimal. */
static int decimals_of(const char *text)
{
	const char *p = text + (*text == '-' || *text == '+');
	int n = 0;

	if (p[0] == '0' && (isdigit((unsigned char)p[1]) || p[1] == 'x' || p[1] == 'b'))
		return -1;
	while (isdigit((unsigned char)*p) || *p == '_')
		p++;
	if (*p == '.')
		for (p++; isdigit((unsigned char)*p); p++)
			n++;
	return *p ? -1 : n;
}

static bool has_exponent(const char *text)
{
	return strpbrk(text, "eE") && !strpbrk(text, "xX");
}

static int decimals_of_step(double step)
{
	for (int d = 0; d < 12; d++) {
		double scaled = fabs(step) * pow(10.0, d);

		if (fabs(scaled - nearbyint(scaled)) < 1e-9 * fmax(scaled, 1.0) && scaled > 0.5)
			return d;
	}
	return 0;
}

/* Close enough that nobody meant the difference. */
static bool same_to_the_eye(double a, double b)
{
	return fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b));
}

/* Mantissa with a point, sign in the exponent when negative: what YAML 1.1 reads as a number. */
static void exponent_text(char *out, size_t n, double value, int digits)
{
	char raw[64], *e;
	int d = digits < 1 ? 1 : digits, power;

	for (; d < 17; d++) {
		snprintf(raw, sizeof raw, "%.*e", d, value);
		if (same_to_the_eye(strtod(raw, NULL), value))
			break;
	}
	e = strchr(raw, 'e');
	power = atoi(e + 1);
	snprintf(out, n, "%.*se%c%d", (int)(e - raw), raw, power < 0 ? '-' : '+', abs(power));
}

void number_text(struct str *s, const char *old, double value, double step)
{
	double old_value;
	bool exponent = old && has_exponent(old) && yaml_text_number(old, &old_value);
	int d = old ? decimals_of(old) : 0, of_step = step > 0.0 ? decimals_of_step(step) : 0;
	char out[128];

	if (value == 0.0)
		value = 0.0; /* never "-0" */
	d = d < of_step ? of_step : d;
	while (!exponent && d < 12) {
		snprintf(out, sizeof out, "%.*f", d, value);
		if (same_to_the_eye(strtod(out, NULL), value))
			break;
		d++;
	}
	/* Written anew, small numbers are easier as powers; one that was decimal stays so. */
	if (value != 0.0 &&
		(exponent || d >= 12 || fabs(value) >= 1e15 || (!old && fabs(value) < 1e-3)))
		exponent_text(out, sizeof out, value, 1);
	else if (exponent)
		snprintf(out, sizeof out, "0.0");
	str_add(s, out[0] == '-' && strtod(out, NULL) == 0.0 ? out + 1 : out);
}

const char *bool_text(const char *old, bool value)
{
	static const char *const pairs[][2] = {
		{ "false", "true" }, { "False", "True" }, { "FALSE", "TRUE" }, { "no", "yes" },
		{ "No", "Yes" }, { "NO", "YES" }, { "off", "on" }, { "Off", "On" }, { "OFF", "ON" },
		{ "0", "1" },
	};

	for (size_t i = 0; old && i < sizeof pairs / sizeof *pairs; i++)
		if (str_eq(old, pairs[i][0]) || str_eq(old, pairs[i][1]))
			return pairs[i][value];
	return pairs[0][value];
}
