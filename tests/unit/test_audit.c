/* The audit of cards: what it must find stands in tests/golden/cards/expectations. With a folder as
 * argument, of the cards there (make check-cards). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "audit/audit.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "system/file.h"

static char *expectations;

static char *golden(const char *name)
{
	const char *top = getenv("top_srcdir");

	return xasprintf("%s/tests/golden/cards/%s", top ? top : ".", name);
}

static char *read_file(const char *path)
{
	struct err e = { 0 };
	size_t n;
	char *s = file_read_all(path, 1 << 20, &n, &e);

	if (!s)
		fail_msg("%s: %s", e.where, e.what);
	return s;
}

/* The lines behind "card TEXT" of the card that has the text; NULL: it is not known. */
static const char *block_of(const char *card)
{
	for (const char *p = expectations; (p = strstr(p, "\ncard ")); p += 6) {
		size_t n = strcspn(p + 6, "\n");
		char *text = xstrndup(p + 6, n);
		bool found = strstr(card, text) != NULL;

		free(text);
		if (found)
			return p + 6 + n + 1;
	}
	return NULL;
}

struct expected {
	int64_t line;
	char verdict[16], check[16], computed[16];
	const char *words;
	size_t n_words;
};

static bool next_expected(const char **p, struct expected *x)
{
	long long line;
	int used = 0;

	if (sscanf(*p, "%lld %15s %15s %15s%n", &line, x->verdict, x->check, x->computed,
		&used) != 4)
		return false;
	x->line = line;
	x->words = *p + used + ((*p)[used] == ' ');
	x->n_words = strcspn(x->words, "\n");
	*p = x->words + x->n_words;
	*p += **p == '\n';
	return true;
}

static bool meets(const struct audit_finding *f, const struct expected *x)
{
	double want = strtod(x->computed, NULL), is = json_number_value(f->computed);
	char *words = xstrndup(x->words, x->n_words);
	bool said = !strcmp(words, "-") || !*words || strstr(f->message, words) != NULL;

	free(words);
	return f->line == x->line && !strcmp(audit_verdict_name(f->verdict), x->verdict) &&
		!strcmp(f->check, x->check) && said && (!strcmp(x->computed, "-") ||
		fabs(want - is) <= 0.004 * fabs(want) + 6e-5);
}

static void print_all(const struct audit *a)
{
	for (size_t i = 0; i < a->findings.n; i++) {
		const struct audit_finding *f = &a->findings.v[i];

		print_message("%lld %s %s %g %s\n", (long long)f->line,
			audit_verdict_name(f->verdict),
			f->check, json_number_value(f->computed), f->message);
	}
}

/* How many expectations were met; fails at one that is not. */
static size_t check_card(const char *path, const struct audit *a, const char *block)
{
	bool *wrong = xcalloc(a->findings.n + 1, sizeof *wrong);
	struct expected x;
	size_t n = 0;

	while (next_expected(&block, &x)) {
		bool met = false;

		for (size_t i = 0; i < a->findings.n; i++)
			if (meets(&a->findings.v[i], &x)) {
				met = true;
				wrong[i] = true;
			}
		if (!met) {
			print_all(a);
			fail_msg("%s: not found: %lld %s %s %s %.*s", path, (long long)x.line,
				x.verdict,
				x.check, x.computed, (int)x.n_words, x.words);
		}
		n++;
	}
	for (size_t i = 0; i < a->findings.n; i++)
		if (a->findings.v[i].verdict == AUDIT_WRONG && !wrong[i])
			fail_msg("%s: line %lld is not wrong: %s", path,
				(long long)a->findings.v[i].line, a->findings.v[i].message);
	free(wrong);
	return n;
}

static size_t audit_file(const char *path, const char *text, size_t *bad)
{
	struct import_file f;
	struct err e = { 0 };
	struct audit a;
	const char *block = block_of(text);
	size_t n;

	if (!block)
		return 0;
	if (!import_read(&f, path, &e))
		fail_msg("%s: %s", path, e.what);
	assert_non_null(f.card);
	audit_card(&f, NULL, &a);
	n = check_card(path, &a, block);
	*bad = a.count[AUDIT_WRONG] + a.count[AUDIT_MISLEADING] + a.count[AUDIT_UNSUPPORTED];
	audit_fini(&a);
	import_file_fini(&f);
	return n;
}

static void one(const char *name, size_t least, bool right)
{
	char *path = golden(name), *text = read_file(path);
	size_t bad = 0, n = audit_file(path, text, &bad);

	assert_true(n >= least);
	if (right)
		assert_int_equal(bad, 0);
	free(text);
	free(path);
}

static void synergy(void **state) { (void)state; one("synergy.txt", 18, false); }
static void dead_keys(void **state) { (void)state; one("dead-keys.txt", 9, false); }
static void sensitivity(void **state) { (void)state; one("sensitivity.txt", 23, false); }
static void near_swap(void **state) { (void)state; one("near-swap.txt", 10, false); }
static void mixed_bits(void **state) { (void)state; one("mixed-bits.txt", 23, false); }
static void told(void **state)
{
	(void)state;
	one("told/synergy.md", 11, false);
	one("told/mixed-bits.md", 8, false);
	one("told/sensitivity.md", 9, false);
	one("told/near-swap.md", 7, false);
}

static void right_merge(void **state) { (void)state; one("right-merge.md", 7, true); }
static void right_sensitivity(void **state) { (void)state; one("right-sensitivity.md", 9, true); }
static void right_sides(void **state) { (void)state; one("right-side-by-side.md", 7, true); }

/* A figure of a right card made wrong: found in its line, and nothing else becomes wrong. */
static const struct {
	const char *card, *from, *to;
	int64_t line;
} slips[] = {
	{ "right-merge.md", "| 0.668 | 0.668 |", "| 0.668 | 0.678 |", 47 },
	{ "right-merge.md", "+0.031", "+0.041", 57 },
	{ "right-merge.md", "in 5 of 7", "in 6 of 7", 64 },
	{ "right-merge.md", "in 5 of 7", "in 5 of 8", 64 },
	{ "right-merge.md", "gain of 2.6%", "gain of 18%", 66 },
	{ "right-merge.md", "from 65.5 to 66.8", "from 65.5 to 67.8", 69 },
	{ "right-merge.md", "sum to 1.0;", "sum to 1.5;", 90 },
	{ "right-merge.md", "14.96 GiB", "15.96 GiB", 94 },
	{ "right-merge.md", "takes 8.53 GB", "takes 9.53 GB", 94 },
	{ "right-merge.md", "base_model: harrowgate/Caravel-2-8B\nmodels", "base_model: "
		"harrowgate/Caravel-2-8B\nlambada: 1\nmodels", 76 },
	{ "right-sensitivity.md", "(+1.36% vs", "(+1.63% vs", 14 },
	{ "right-sensitivity.md", "(4.12 GiB)", "(4.42 GiB)", 13 },
	{ "right-sensitivity.md", "4.40 bits", "4.80 bits", 13 },
	{ "right-sensitivity.md", "| 8.54 GB | 8.51 |", "| 7.95 GB | 8.51 |", 22 },
	{ "right-sensitivity.md", "0.018 GB | 37.0", "0.018 GB | 27.0", 39 },
	{ "right-sensitivity.md", "| Combined | 64 |", "| Combined | 96 |", 40 },
	{ "right-sensitivity.md", "10.2% of the file", "20.2% of the file", 42 },
	{ "right-sensitivity.md", "parts is +1.33%", "parts is +1.53%", 43 },
	{ "right-sensitivity.md", "+0.62% to +1.48%", "+0.62% to +0.71%", 44 },
	{ "right-sensitivity.md", "Fits on a 8GB GPU", "Fits on a 6GB GPU", 60 },
	{ "right-sensitivity.md", "| 77.9% | -0.2 |", "| 77.9% | -2.0 |", 66 },
	{ "right-side-by-side.md", "| 3.52 GB | -1.01 GB |", "| 3.02 GB | -0.51 GB |", 23 },
	{ "right-side-by-side.md", "| 0.651 | -0.023 |", "| 0.651 | +0.013 |", 27 },
	{ "right-side-by-side.md", "| 0.630 | 0.638 |", "| 0.650 | 0.638 |", 31 },
	{ "right-side-by-side.md", "better in 5 of the 7", "better in 6 of the 7", 33 },
	{ "right-side-by-side.md", "2.3 points, or", "3.3 points, or", 34 },
	{ "right-side-by-side.md", "or 3.5% relative", "or 23% relative", 34 },
	{ "right-side-by-side.md", "is 29% smaller", "is 40% smaller", 37 },
};

static void slips_are_found(void **state)
{
	size_t missed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof slips / sizeof slips[0]; i++) {
		char *path = golden(slips[i].card), *text = read_file(path), *at, *other;
		struct import_file f;
		struct err e = { 0 };
		struct audit a;
		bool found = false;

		at = strstr(text, slips[i].from);
		assert_non_null(at);
		other = xasprintf("%.*s%s%s", (int)(at - text), text, slips[i].to,
			at + strlen(slips[i].from));
		assert_true(import_parse(&f, path, other, strlen(other), &e));
		audit_card(&f, NULL, &a);
		for (size_t k = 0; k < a.findings.n; k++)
			found |= a.findings.v[k].line == slips[i].line &&
				a.findings.v[k].verdict == AUDIT_WRONG;
		if (!found) {
			print_all(&a);
			print_message("%s: %s: not found in line %lld\n", slips[i].card,
				slips[i].to,
				(long long)slips[i].line);
			missed++;
		}
		audit_fini(&a);
		import_file_fini(&f);
		free(other);
		free(text);
		free(path);
	}
	assert_int_equal(missed, 0);
}

/* make check-cards */
static int check_folder(const char *folder)
{
	DIR *d = opendir(folder);
	size_t cards = 0, findings = 0;

	if (!d) {
		fprintf(stderr, "%s: no such folder\n", folder);
		return 1;
	}
	for (struct dirent *x; (x = readdir(d));) {
		char *path = str_join_path(folder, x->d_name), *text;
		size_t bad, n;

		if (x->d_name[0] != '.') {
			text = read_file(path);
			n = audit_file(path, text, &bad);
			printf("%s: %zu findings as expected%s\n", x->d_name, n, n ? "" :
				" (not a known card)");
			cards += n > 0;
			findings += n;
			free(text);
		}
		free(path);
	}
	closedir(d);
	printf("%zu cards, %zu findings\n", cards, findings);
	return cards == 0;
}

static const char *folder;

static void folder_test(void **state)
{
	(void)state;
	assert_int_equal(check_folder(folder), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(synergy), cmocka_unit_test(dead_keys),
		cmocka_unit_test(sensitivity), cmocka_unit_test(near_swap),
		cmocka_unit_test(mixed_bits), cmocka_unit_test(told), cmocka_unit_test(right_merge),
		cmocka_unit_test(right_sensitivity), cmocka_unit_test(right_sides),
		cmocka_unit_test(slips_are_found),
	};
	const struct CMUnitTest cards[] = { cmocka_unit_test(folder_test) };
	char *path = golden("expectations");
	int status;

	expectations = read_file(path);
	folder = argc > 1 ? argv[1] : NULL;
	status = folder ? cmocka_run_group_tests(cards, NULL, NULL)
		: cmocka_run_group_tests(tests, NULL, NULL);
	free(expectations);
	free(path);
	return status;
}
