/* Statements in the prose of cards: which are found, in which line, with which figures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"
#include "import/claims.h"

static struct card read_text(const char *text, bool rendered)
{
	struct card c = { .text = (char *)(uintptr_t)text, .n = strlen(text), .rendered = rendered };

	card_read_claims(&c, NULL);
	return c;
}

static void forget(struct card *c)
{
	for (size_t i = 0; i < c->claims.n; i++) {
		free(c->claims.v[i].text);
		json_decref(c->claims.v[i].what);
	}
	vec_fini(&c->claims);
}

static const struct card_claim *of_kind(const struct card *c, const char *kind, size_t nth)
{
	for (size_t i = 0; i < c->claims.n; i++)
		if (!strcmp(c->claims.v[i].kind, kind) && !nth--)
			return &c->claims.v[i];
	return NULL;
}

static double num(const struct card *c, const char *kind, size_t nth, const char *member)
{
	const struct card_claim *x = of_kind(c, kind, nth);

	assert_non_null(x);
	return json_num(x->what, member, -1e9);
}

static void every_pattern_compiles(void **state)
{
	const struct claim_row *row;

	(void)state;
	for (size_t i = 0; (row = claim_row_at(i)); i++) {
		size_t names = 1;
		regex_t re;

		if (regcomp(&re, row->pattern, REG_EXTENDED | REG_ICASE))
			fail_msg("%s: %s", row->kind, row->pattern);
		for (const char *p = row->members; *p; p++)
			names += *p == ',';
		assert_true(re.re_nsub < 12);
		if (*row->members && re.re_nsub < names)
			fail_msg("%s: %zu names for %zu groups", row->kind, names, re.re_nsub);
		regfree(&re);
	}
}

static void figures_of_sentences(void **state)
{
	struct card c = read_text("# Title (4.42 GB)\n\nHellaSwag is 21% lower. It is better on 5 of\n"
		"the seven tasks, equal in 1.\n\n- Perplexity: 6.4580 (**+1.90%** vs Q3_K_M baseline of "
		"6.3376)\n- 74 of 2376 questions \u2014 +0.031 \u00b1 0.013\n"
		"- Fits in 48GB with 16K of context. Try 8 bit kvcache if you want 32K.\n"
		"- Routed experts add +5\u201313% PPL\n", false);

	(void)state;
	assert_float_equal(num(&c, "relative", 0, "percent"), 21, 0);
	assert_int_equal(of_kind(&c, "relative", 0)->line, 3);
	assert_string_equal(json_text(of_kind(&c, "relative", 0)->what, "word", ""), "lower");
	assert_string_equal(of_kind(&c, "relative", 0)->text, "HellaSwag is 21% lower.");
	assert_float_equal(num(&c, "count", 0, "k"), 5, 0);
	assert_float_equal(num(&c, "count", 0, "total"), 7, 0);
	assert_int_equal(of_kind(&c, "count", 0)->line, 3);
	assert_float_equal(num(&c, "ppl_change", 0, "to"), 6.458, 0);
	assert_float_equal(num(&c, "ppl_change", 0, "percent"), 1.9, 0);
	assert_float_equal(num(&c, "ppl_change", 0, "from"), 6.3376, 0);
	assert_float_equal(num(&c, "questions", 0, "k"), 74, 0);
	assert_float_equal(num(&c, "questions", 0, "total"), 2376, 0);
	assert_float_equal(num(&c, "difference", 0, "value"), 0.031, 0);
	assert_int_equal(of_kind(&c, "difference", 0)->line, 7);
	assert_null(of_kind(&c, "difference", 1));
	assert_float_equal(num(&c, "fits", 0, "memory"), 48, 0);
	assert_float_equal(num(&c, "fits", 0, "context"), 16, 0);
	assert_float_equal(num(&c, "fits_cache", 0, "bits"), 8, 0);
	assert_float_equal(num(&c, "fits_cache", 0, "context"), 32, 0);
	assert_float_equal(num(&c, "group_range", 0, "low"), 5, 0);
	assert_float_equal(num(&c, "group_range", 0, "high"), 13, 0);
	assert_float_equal(num(&c, "title_size", 0, "value"), 4.42, 0);
	forget(&c);
}

static void code_and_tables_are_no_prose(void **state)
{
	json_t *rows = json_pack("[{s:i, s:[]}]", "line", 6, "cells");
	struct card_table t = { .kind = (char *)(uintptr_t)"scores", .line = 5, .rows = rows };
	const char *text = "---\nx: is 21% lower\n---\n```\nis 21% lower\n```\n"
		"models: # has the least influence, 21% lower\n  weight: 21% lower\n";
	struct card c = { .text = (char *)(uintptr_t)text, .n = strlen(text), .recipe_line = 7,
		.recipe = (char *)(uintptr_t)"models:\n  weight:\n" };

	(void)state;
	card_read_claims(&c, NULL);
	assert_int_equal(c.claims.n, 2);
	assert_int_equal(of_kind(&c, "least_influence", 0)->line, 7);
	assert_int_equal(of_kind(&c, "relative", 0)->line, 7);
	forget(&c);
	text = "scores\n\n\n\nis 21% lower\nis 22% lower\nis 23% lower\n";
	c = (struct card){ .text = (char *)(uintptr_t)text, .n = strlen(text), .rendered = true };
	*vec_push(&c.tables) = t;
	card_read_claims(&c, NULL);
	assert_int_equal(c.claims.n, 1);
	assert_int_equal(c.claims.v[0].line, 7);
	vec_fini(&c.tables);
	forget(&c);
	json_decref(rows);
}

/* Long texts without an end take a bounded time, and broken ones no more. */
static void hostile(void **state)
{
	static const char *const pieces[] = { "weights of ", "every layer ", "1% of ", "+0.1",
		"(", "a pass ", "\xff", ". ", "\n", "# ", "- ", "|", "```\n" };

	(void)state;
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		struct str s = STR_INIT;
		struct card c;

		while (s.n < 100000)
			str_add(&s, pieces[i]);
		c = read_text(s.s, i % 2);
		assert_true(c.claims.n <= 4000);
		forget(&c);
		str_fini(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_pattern_compiles),
		cmocka_unit_test(figures_of_sentences),
		cmocka_unit_test(code_and_tables_are_no_prose),
		cmocka_unit_test(hostile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
