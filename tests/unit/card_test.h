/* What the tests of cards share: a card read from tests/golden/cards or from a text, its figures, its
 * tables, its parents. */
#ifndef CARD_TEST_H
#define CARD_TEST_H
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/xalloc.h"
#include "import/card.h"
#include "import/import.h"
#include "system/file.h"

static inline char *golden(const char *name)
{
	const char *top = getenv("top_srcdir");

	return xasprintf("%s/tests/golden/cards/%s", top ? top : ".", name);
}

static inline void load(struct import_file *f, const char *name)
{
	struct err e = { 0 };
	char *path = golden(name);

	if (!import_read(f, path, &e))
		fail_msg("%s: %s", path, e.what);
	assert_non_null(f->card);
	free(path);
}

static inline void parse(struct import_file *f, const char *text)
{
	struct err e = { 0 };

	if (!import_parse(f, "README.md", text, strlen(text), &e))
		fail_msg("%s", e.what);
	assert_non_null(f->card);
}

static inline bool near(double a, double b)
{
	return fabs(a - b) <= 1e-12 * fabs(b) + 1e-15;
}

struct expected {
	int64_t line;
	const char *variant, *task;
	double value;
	const char *quantization; /* of its protocol, or NULL */
};

static inline const struct import_fact *fact_of(const struct import_file *f, const struct expected *x)
{
	for (size_t i = 0; i < f->facts.n; i++) {
		const struct import_fact *y = &f->facts.v[i];

		if (y->line == x->line && !strcmp(y->task, x->task) &&
			str_eq(y->variant, x->variant))
			return y;
	}
	return NULL;
}

static inline void check(const struct import_file *f, const struct expected *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct import_fact *x = fact_of(f, &v[i]);

		if (!x)
			fail_msg("line %lld: no %s of %s", (long long)v[i].line, v[i].task,
				v[i].variant);
		if (fabs(x->value - v[i].value) > 1e-12)
			fail_msg("line %lld: %s is %g", (long long)v[i].line, v[i].task, x->value);
		if (v[i].quantization)
			assert_string_equal(
				json_text(x->protocol, "quantization", ""), v[i].quantization);
	}
}

static inline const struct card_table *table(const struct import_file *f, const char *kind, size_t nth)
{
	for (size_t i = 0; i < f->card->tables.n; i++)
		if (!strcmp(f->card->tables.v[i].kind, kind) && nth-- == 0)
			return &f->card->tables.v[i];
	fail_msg("no table of %s", kind);
	return NULL;
}

static inline json_t *at(const struct card_table *t, size_t row, size_t column)
{
	return json_array_get(json_at(json_array_get(t->rows, row), "cells"), column);
}

static inline void parent(
	const struct card *c, size_t i, const char *name, const char *relation, double weight)
{
	assert_true(i < c->parents.n);
	assert_string_equal(c->parents.v[i].name, name);
	assert_string_equal(c->parents.v[i].relation, relation);
	assert_true(weight < 0 ? isnan(c->parents.v[i].weight) : c->parents.v[i].weight == weight);
}
#endif
