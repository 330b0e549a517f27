/* What a value of a filter means: numbers, sizes, durations, dates, ranges of them. */
#include "config.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "base/xalloc.h"
#include "catalog/filter_in.h"

#define NO_END 1e300 /* SQLite reads "inf" as a column */

static bool wrong(const struct filter_term *t, enum filter_unit unit, struct err *e)
{
	static const char *const hints[] = {
		"a number, a percentage or a range: 0.5, 45%, 0.1..0.5",
		"a size or a range: 500M, 6.8G, 1G..2G",
		"a duration or a range: 90, 2m, 1h, 10s..1m",
		"a date, an age or a range: 2026-11-01, 2026-11, today, 3d (days ago), 12h, 2w",
	};

	return err_set(e, ERR_USAGE, "filter", hints[unit], "%s%s%.60s is none of its values",
		t->field, filter_relation_text(t->relation), t->value);
}

static bool finite_number(const char *text, char **end, double *v)
{
	if (!isdigit((unsigned char)*text) && !strchr("+-.", *text))
		return false;
	*v = strtod(text, end);
	return *end != text && isfinite(*v);
}

/* Half a unit of the last digit of "0.45": what is shown as that. */
static double half_digit(const char *text)
{
	const char *point = strchr(text, '.'), *power = strpbrk(text, "eE");
	int digits = point ? (int)strspn(point + 1, "0123456789") : 0;

	return 0.5 * pow(10, (power ? atoi(power + 1) : 0) - digits);
}

static bool plain(const char *text, struct filter_span *s)
{
	char *end;

	if (!strcmp(text, "true") || !strcmp(text, "false")) {
		s->begin = s->end = text[0] == 't';
		return true;
	}
	if (!finite_number(text, &end, &s->begin))
		return false;
	s->digit = half_digit(text);
	s->percent = *end == '%';
	if (s->percent) {
		s->begin /= 100;
		s->digit /= 100;
		end++;
	}
	s->end = s->begin;
	return !*end;
}

static bool size(const char *text, struct filter_span *s)
{
	uint64_t bytes;

	if (!str_parse_size(text, &bytes))
		return false;
	s->begin = s->end = (double)bytes;
	return true;
}

/* "90", "90s", "2m", "1.5h", "3d", "2w" → seconds; bare: whether a number alone will do. */
static bool duration(const char *text, bool bare, double *v)
{
	static const struct { char unit; double seconds; } units[] = {
		{ 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 7 * 86400 },
	};
	char *end;

	if (!finite_number(text, &end, v))
		return false;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (*end == units[i].unit && !end[1]) {
			*v *= units[i].seconds;
			return *v < 1e10;
		}
	return bare && !*end && *v < 1e10;
}

/* Local time; fields beyond their bounds are carried over. */
static double moment(int year, int month, int day, int hour, int minute, int second)
{
	struct tm tm = { .tm_year = year - 1900, .tm_mon = month - 1, .tm_mday = day,
		.tm_hour = hour, .tm_min = minute, .tm_sec = second, .tm_isdst = -1 };

	return (double)mktime(&tm);
}

/* A date is all of the year, month, day, hour, minute or second that it names. */
static bool date(const char *text, struct filter_span *s)
{
	static const char pattern[] = "dddd-dd-ddTdd:dd:dd";
	int v[6] = { 0, 1, 1, 0, 0, 0 }, parts = 0, next[6];
	size_t n = strlen(text);

	n -= n == sizeof pattern && text[n - 1] == 'Z';
	if (n >= sizeof pattern)
		return false;
	for (size_t i = 0; i < n; i++) {
		bool digit = isdigit((unsigned char)text[i]);

		if (pattern[i] == 'd' ? !digit : text[i] != pattern[i] &&
			!(pattern[i] == 'T' && text[i] == ' '))
			return false;
		if (digit && (i == 0 || pattern[i - 1] != 'd'))
			v[parts++] = 0;
		if (digit)
			v[parts - 1] = v[parts - 1] * 10 + text[i] - '0';
	}
	if (!parts || pattern[n] == 'd' || v[0] < 1900 || v[1] > 12 || v[2] > 31 || v[1] < 1 ||
	    v[2] < 1)
		return false;
	memcpy(next, v, sizeof next);
	next[parts - 1]++;
	s->begin = moment(v[0], v[1], v[2], v[3], v[4], v[5]);
	s->end = moment(next[0], next[1], next[2], next[3], next[4], next[5]);
	s->half_open = true;
	return true;
}

static bool when(const char *text, struct filter_span *s)
{
	time_t now = time(NULL);
	bool today = !strcmp(text, "today"), yesterday = !strcmp(text, "yesterday");
	struct tm tm;

	if (today || yesterday) {
		localtime_r(&now, &tm);
		s->begin = moment(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday - yesterday, 0, 0,
			0);
		s->end = moment(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday + today, 0, 0, 0);
		s->half_open = true;
		return true;
	}
	if (date(text, s))
		return true;
	s->age = duration(text, false, &s->begin);
	s->begin = s->end = (double)now - s->begin;
	return s->age;
}

static bool one(const char *text, enum filter_unit unit, struct filter_span *s)
{
	memset(s, 0, sizeof *s);
	switch (unit) {
	case UNIT_SIZE:
		return size(text, s);
	case UNIT_SECONDS:
		if (!duration(text, true, &s->begin))
			return false;
		s->end = s->begin;
		return true;
	case UNIT_DATE:
		return when(text, s);
	default:
		return plain(text, s);
	}
}

/* "A..B": either end may be missing, not both. */
static bool range(const char *text, const char *dots, enum filter_unit unit, struct filter_span *s)
{
	struct filter_span low = { .begin = -NO_END }, high = { .end = NO_END };
	char *from = xstrndup(text, (size_t)(dots - text));
	bool ok = (*from || dots[2]) && (!*from || one(from, unit, &low)) &&
		(!dots[2] || one(dots + 2, unit, &high));

	if (ok && (low.age || high.age)) { /* 3d..7d: the other way round */
		struct filter_span older = low;

		low.begin = dots[2] ? high.begin : -NO_END;
		high.end = *from ? older.end : NO_END;
		if (low.begin > high.end) {
			double swap = low.begin;

			low.begin = high.end;
			high.end = swap;
		}
	}
	free(from);
	*s = (struct filter_span){ low.begin, high.end, high.half_open, false,
		low.percent || high.percent, 0 };
	return ok;
}

bool filter_span(struct filter_span *s, const struct filter_term *t, enum filter_unit unit,
	struct err *e)
{
	const char *dots = strstr(t->value, "..");
	bool compared = t->relation >= REL_LT;

	if (dots ? !compared && range(t->value, dots, unit, s) : one(t->value, unit, s))
		return true;
	return wrong(t, unit, e);
}

static void add_bound(struct str *out, double v, enum filter_unit unit)
{
	char text[32];
	time_t at = (time_t)v;
	struct tm tm;

	if (unit != UNIT_DATE) {
		str_addf(out, "%.17g", v);
	} else if (v <= -NO_END || v >= NO_END || !gmtime_r(&at, &tm)) {
		str_add(out, v < 0 ? "''" : "':'"); /* before and after all digits */
	} else {
		strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
		str_addf(out, "'%s'", text);
	}
}

void filter_add_span(struct str *out, const char *expression, const struct filter_span *s,
	enum filter_relation r, enum filter_unit unit)
{
	const char *until = s->half_open ? "<" : "<=", *after = s->half_open ? ">=" : ">";
	static const enum filter_relation younger[] = { REL_GE, REL_GE, REL_LT, REL_GT, REL_GE,
		REL_LT, REL_LE };

	if (s->age)
		r = younger[r];
	str_addf(out, "(%s ", expression);
	switch (r) {
	case REL_LT: case REL_GE:
		str_add(out, r == REL_LT ? "< " : ">= ");
		add_bound(out, s->begin, unit);
		break;
	case REL_LE: case REL_GT:
		str_addf(out, "%s ", r == REL_LE ? until : after);
		add_bound(out, s->end, unit);
		break;
	case REL_NE:
		str_add(out, "< ");
		add_bound(out, s->begin, unit);
		str_addf(out, " OR %s %s ", expression, after);
		add_bound(out, s->end, unit);
		break;
	default:
		str_add(out, ">= ");
		add_bound(out, s->begin, unit);
		str_addf(out, " AND %s %s ", expression, until);
		add_bound(out, s->end, unit);
	}
	str_addc(out, ')');
}
