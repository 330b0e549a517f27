#include "config.h"
#include "recipe/yaml.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* The patterns are PyYAML's resolver table (YAML 1.1 with its habits): a float needs a dot, and an
 * exponent a sign; a leading zero is octal; colons are base 60. */

static bool one_of(const char *s, const char *const *list)
{
	for (; *list; list++)
		if (**list == *s && strcmp(s, *list) == 0)
			return true;
	return false;
}

static size_t run_of(const char *s, const char *set)
{
	return strspn(s, set);
}

#define DIGITS_ "0123456789_"

/* (:[0-5]?[0-9])+ — bytes matched, 0 if none. */
static size_t sixties(const char *s)
{
	size_t n = 0;

	while (s[n] == ':' && isdigit((unsigned char)s[n + 1])) {
		if (isdigit((unsigned char)s[n + 2])) {
			if (s[n + 1] > '5')
				return 0;
			n += 3;
		} else {
			n += 2;
		}
	}
	return n;
}

/* [eE][-+][0-9]+ or nothing; 0 when something else follows. */
static bool exponent_end(const char *s)
{
	size_t n;

	if (*s == '\0')
		return true;
	if ((*s != 'e' && *s != 'E') || (s[1] != '-' && s[1] != '+'))
		return false;
	n = run_of(s + 2, "0123456789");
	return n && s[2 + n] == '\0';
}

static bool is_float(const char *s)
{
	static const char *const inf[] = { ".inf", ".Inf", ".INF", NULL };
	static const char *const nan_[] = { ".nan", ".NaN", ".NAN", NULL };
	const char *p = s + (*s == '-' || *s == '+');
	size_t n;

	if (one_of(p, inf) || one_of(s, nan_))
		return true;
	if (*s == '.')
		return isdigit((unsigned char)s[1]) && exponent_end(s + 1 + run_of(s + 1, DIGITS_));
	if (!isdigit((unsigned char)*p))
		return false;
	p += run_of(p, DIGITS_);
	if (*p == '.')
		return exponent_end(p + 1 + run_of(p + 1, DIGITS_));
	n = sixties(p);
	return n && p[n] == '.' && p[n + 1 + run_of(p + n + 1, DIGITS_)] == '\0';
}

static bool is_int(const char *s)
{
	const char *p = s + (*s == '-' || *s == '+');
	size_t n;

	if (p[0] == '0' && p[1] == 'b')
		return p[2] && p[2 + run_of(p + 2, "01_")] == '\0';
	if (p[0] == '0' && p[1] == 'x')
		return p[2] && p[2 + run_of(p + 2, "0123456789abcdefABCDEF_")] == '\0';
	if (p[0] == '0')
		return p[1] == '\0' || p[1 + run_of(p + 1, "01234567_")] == '\0';
	if (!isdigit((unsigned char)*p))
		return false;
	p += run_of(p, DIGITS_);
	if (*p == '\0')
		return true;
	n = sixties(p);
	return n && p[n] == '\0';
}

static bool shaped(const char *s, const char *shape, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (shape[i] == 'd' ? !isdigit((unsigned char)s[i]) : s[i] != shape[i])
			return false;
	return true;
}

/* A day, or a day and a time; the time zone is not looked at. */
static bool is_date(const char *s)
{
	if (!shaped(s, "dddd-dd-dd", 10))
		return false;
	s += 10;
	if (*s == '\0')
		return true;
	s += *s == 'T' || *s == 't' ? 1 : strspn(s, " \t");
	return shaped(s, "d:dd:dd", 7) || shaped(s, "dd:dd:dd", 8);
}

static double base60(const char *s)
{
	double v = 0.0;

	for (;;) {
		char *end;

		v = v * 60.0 + strtod(s, &end);
		if (*end != ':')
			return v;
		s = end + 1;
	}
}

static double digits_in(const char *s, int base)
{
	double v = 0.0;

	for (; *s; s++)
		v = v * base +
		    (isdigit((unsigned char)*s) ? *s - '0' : tolower((unsigned char)*s) - 'a' + 10);
	return v;
}

/* The value of a scalar that is_int or is_float accepted. */
static double number_of(const char *text, bool is_integer)
{
	char small[64], *s = strlen(text) < sizeof small ? small : xmalloc(strlen(text) + 1),
			*p = s;
	double sign = *text == '-' ? -1.0 : 1.0, v;

	for (text += *text == '-' || *text == '+'; *text; text++)
		if (*text != '_')
			*p++ = *text;
	*p = '\0';
	if (strcasecmp(s, ".inf") == 0)
		v = INFINITY;
	else if (strcasecmp(s, ".nan") == 0)
		v = NAN;
	else if (strchr(s, ':'))
		v = base60(s);
	else if (is_integer && s[0] == '0' && s[1] == 'b')
		v = digits_in(s + 2, 2);
	else if (is_integer && s[0] == '0' && s[1] == 'x')
		v = digits_in(s + 2, 16);
	else if (is_integer && s[0] == '0' && s[1])
		v = digits_in(s + 1, 8);
	else
		v = strtod(s, NULL);
	if (s != small)
		free(s);
	return sign * v;
}

enum yaml_kind yaml_resolve(const char *text, double *number)
{
	static const char *const yes[] = { "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On",
		"ON", NULL };
	static const char *const no[] = { "no", "No", "NO", "false", "False", "FALSE", "off", "Off",
		"OFF", NULL };
	static const char *const null[] = { "", "~", "null", "Null", "NULL", NULL };
	bool t = one_of(text, yes);

	*number = 0.0;
	if (one_of(text, null))
		return Y_NULL;
	if (t || one_of(text, no)) {
		*number = t ? 1.0 : 0.0;
		return Y_BOOL;
	}
	if (is_int(text)) {
		*number = number_of(text, true);
		return Y_INT;
	}
	if (is_float(text)) {
		*number = number_of(text, false);
		return Y_FLOAT;
	}
	return is_date(text) ? Y_DATE : Y_TEXT;
}

/* Single underscores between other characters may go; anything else with one is no number. */
static bool strip_underscores(char *s)
{
	char *w = s;

	for (char *p = s; *p; p++) {
		if (*p != '_')
			*w++ = *p;
		else if (p == s || p[1] == '_' || p[1] == '\0')
			return false;
	}
	*w = '\0';
	return true;
}

bool yaml_text_number(const char *text, double *number)
{
	static const char *const words[] = { "inf", "infinity", "nan", NULL };
	char s[128], *end;
	const char *digits;
	size_t n;

	while (isspace((unsigned char)*text))
		text++;
	n = strlen(text);
	while (n && isspace((unsigned char)text[n - 1]))
		n--;
	if (!n || n >= sizeof s)
		return false;
	memcpy(s, text, n);
	s[n] = '\0';
	if (!strip_underscores(s))
		return false;
	for (char *p = s; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	digits = s + (*s == '-' || *s == '+');
	/* strtod also reads hexadecimal and nan(…), which Python's float does not. */
	if (!one_of(digits, words) && digits[run_of(digits, "0123456789.e+-")])
		return false;
	*number = strtod(s, &end);
	return end != s && *end == '\0';
}

static bool plain_safe(const char *s)
{
	double ignored;

	if (!*s || yaml_resolve(s, &ignored) != Y_TEXT || strchr("-?:,[]{}#&*!|>'\"%@`=<", *s)
	    || s[strlen(s) - 1] == ':' || s[strlen(s) - 1] == ' ' || *s == ' ')
		return false;
	return !strpbrk(s, "[]{},") && !strstr(s, ": ") && !strstr(s, " #");
}

static bool has_control(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7F)
			return true;
	return false;
}

void yaml_add_text(struct str *s, const char *text)
{
	bool control = has_control(text);

	if (!control && plain_safe(text)) {
		str_add(s, text);
		return;
	}
	str_addc(s, control ? '"' : '\'');
	for (; *text; text++) {
		if (control && ((unsigned char)*text < ' ' || *text == 0x7F))
			str_addf(s, "\\x%02x", (unsigned char)*text);
		else if (control && (*text == '"' || *text == '\\'))
			str_addf(s, "\\%c", *text);
		else if (!control && *text == '\'')
			str_add(s, "''");
		else
			str_addc(s, *text);
	}
	str_addc(s, control ? '"' : '\'');
}
