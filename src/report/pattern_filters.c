#include "config.h"
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "recipe/yaml.h"
#include "report/pattern.h"

static bool number_of(const json_t *v, double *x)
{
	*x = json_is_number(v) ? json_number_value(v) : NAN;
	return isfinite(*x);
}

/* "-0.000" is 0. */
static void add_number(struct str *out, const char *fmt, int n, double x)
{
	char text[400];
	double least = 0.5 * pow(10, -n);

	snprintf(text, sizeof text, fmt, n, fabs(x) < least ? 0.0 : x);
	str_add(out, text);
}

static bool inside_word(const char *begin, const char *p)
{
	return p > begin && isalnum((unsigned char)p[-1]) && isalnum((unsigned char)p[1]);
}

/* Every character that Markdown or HTML gives a meaning to; _ has none inside a word. */
void pattern_add_markdown(struct str *out, const char *text)
{
	char *safe = str_safe(text);

	for (const char *p = safe; *p; p++) {
		if (strchr("|\\`*_<>[]#~&", *p) && !(*p == '_' && inside_word(safe, p)))
			str_addc(out, '\\');
		str_addc(out, *p);
	}
	free(safe);
}

static void pattern_add_plain(struct str *out, const char *text)
{
	char *safe = str_safe(text);
	size_t run = 0;

	for (const char *p = safe; *p; p++) {
		run = (*p == '`' || *p == '~') && p > safe && p[-1] == *p ? run + 1 : 1;
		if (run < 3 || (*p != '`' && *p != '~'))
			str_addc(out, *p);
	}
	free(safe);
}

static void filter_raw(const json_t *v, const char *text, int n, const char *arg, struct str *out)
{
	(void)v, (void)n, (void)arg;
	str_add(out, text);
}

static void filter_plain(const json_t *v, const char *text, int n, const char *arg,
	struct str *out)
{
	(void)v, (void)n, (void)arg;
	pattern_add_plain(out, text);
}

static size_t longest_run(const char *text, char c)
{
	size_t longest = 0, here = 0;

	for (; *text; text++) {
		here = *text == c ? here + 1 : 0;
		longest = here > longest ? here : longest;
	}
	return longest;
}

/* The fence is longer than any run of backticks inside. */
static void filter_code(const json_t *v, const char *text, int n, const char *arg, struct str *out)
{
	char *safe = str_safe(text);
	size_t longest = longest_run(safe, '`');
	bool blank;

	(void)v, (void)n, (void)arg;
	blank = *safe == '`' || str_ends(safe, "`");
	for (size_t i = 0; *safe && i <= longest; i++)
		str_addc(out, '`');
	str_addf(out, "%s", blank ? " " : "");
	for (const char *p = safe; *p; p++) { /* a table's cell ends at | even in code */
		if (*p == '|')
			str_addc(out, '\\');
		str_addc(out, *p);
	}
	str_addf(out, "%s", blank ? " " : "");
	for (size_t i = 0; *safe && i <= longest; i++)
		str_addc(out, '`');
	free(safe);
}

static void filter_yaml(const json_t *v, const char *text, int n, const char *arg, struct str *out)
{
	(void)v, (void)n, (void)arg;
	yaml_add_text(out, text);
}

static void filter_json(const json_t *v, const char *text, int n, const char *arg, struct str *out)
{
	(void)v, (void)n, (void)arg;
	str_add_quoted(out, text);
}

static void filter_shell(const json_t *v, const char *text, int n, const char *arg,
	struct str *out)
{
	char *safe = str_safe(text);

	(void)v, (void)n, (void)arg;
	if (*safe && strspn(safe, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		"_-./+:=@%") == strlen(safe)) {
		str_add(out, safe);
	} else {
		str_addc(out, '\'');
		for (const char *p = safe; *p; p++)
			if (*p == '\'')
				str_add(out, "'\\''");
			else
				str_addc(out, *p);
		str_addc(out, '\'');
	}
	free(safe);
}

static void filter_fence(const json_t *v, const char *text, int n, const char *arg,
	struct str *out)
{
	size_t ticks = longest_run(text, '`');

	(void)v, (void)n;
	if (!*text)
		return;
	ticks = ticks < 3 ? 3 : ticks + 1;
	for (size_t i = 0; i < ticks; i++)
		str_addc(out, '`');
	str_addf(out, "%s\n%s%s", arg, text, str_ends(text, "\n") ? "" : "\n");
	for (size_t i = 0; i < ticks; i++)
		str_addc(out, '`');
}

static void filter_fixed(const json_t *v, const char *text, int n, const char *arg,
	struct str *out)
{
	double x;

	(void)text, (void)arg;
	if (number_of(v, &x))
		add_number(out, "%.*f", n, x);
}

static void filter_signed(const json_t *v, const char *text, int n, const char *arg,
	struct str *out)
{
	double x;

	(void)text, (void)arg;
	if (number_of(v, &x))
		add_number(out, fabs(x) < 0.5 * pow(10, -n) ? "%.*f" : "%+.*f", n, x);
}

static void filter_points(const json_t *v, const char *text, int n, const char *arg,
	struct str *out)
{
	double x;

	(void)text, (void)arg;
	if (number_of(v, &x))
		add_number(out, "%.*f", n, x * 100);
}

static void filter_percent(const json_t *v, const char *text, int n, const char *arg,
	struct str *out)
{
	filter_signed(v, text, n, arg, out);
	if (out->n)
		str_add(out, " %");
}

static void filter_auto(const json_t *v, const char *text, int n, const char *arg, struct str *out)
{
	double x;

	(void)text, (void)arg;
	if (number_of(v, &x))
		str_addf(out, "%.*g", n ? n : 6, x);
}

static void filter_whole(const json_t *v, const char *text, int n, const char *arg,
	struct str *out)
{
	double x;

	(void)text, (void)n, (void)arg;
	if (json_is_integer(v))
		str_addf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	else if (number_of(v, &x))
		str_addf(out, "%.0f", x);
}

static void filter_bytes(const json_t *v, const char *text, int n, const char *arg,
	struct str *out)
{
	double x;

	(void)text, (void)n, (void)arg;
	if (number_of(v, &x) && x > 0)
		str_add_bytes(out, (uint64_t)x);
}

static void filter_count(const json_t *v, const char *text, int n, const char *arg,
	struct str *out)
{
	double x;

	(void)text, (void)n, (void)arg;
	if (number_of(v, &x) && x > 0)
		str_add_count(out, (uint64_t)x);
}

static void filter_or(const json_t *v, const char *text, int n, const char *arg, struct str *out)
{
	(void)v, (void)n;
	str_add(out, *text ? text : arg);
}

static void filter_left(const json_t *v, const char *text, int n, const char *arg, struct str *out)
{
	(void)v, (void)arg;
	str_add(out, text);
	for (int w = (int)str_width(text); w < n; w++)
		str_addc(out, ' ');
}

static void filter_right(const json_t *v, const char *text, int n, const char *arg,
	struct str *out)
{
	(void)v, (void)arg;
	for (int w = (int)str_width(text); w < n; w++)
		str_addc(out, ' ');
	str_add(out, text);
}

static const struct pattern_filter filters[] = {
#define FILTER(name_, verbatim_, arg_, help_) { #name_, verbatim_, arg_, help_, filter_##name_ },
#include "report/pattern_filters.def"
#undef FILTER
};

const struct pattern_filter *pattern_filter_at(size_t i)
{
	return i < sizeof filters / sizeof filters[0] ? &filters[i] : NULL;
}
