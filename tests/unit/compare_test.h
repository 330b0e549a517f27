/* compare_test: catalogs filled with figures, comparisons made of them. */
#ifndef CUPEL_TESTS_COMPARE_TEST_H
#define CUPEL_TESTS_COMPARE_TEST_H
#include <math.h>
#include "catalog_test.h"
#include "compare/compare.h"

struct figure {
	const char *variant, *task, *metric;
	double value, stderr_;
	int64_t n;
	const char *protocol;
	bool estimated;
};

static inline void put(struct catalog *c, const struct figure *v, size_t n)
{
	struct err e = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct catalog_score s = { .task = (char *)v[i].task,
			.metric = (char *)(v[i].metric ? v[i].metric : "acc"), .value = v[i].value,
			.stderr_ = v[i].stderr_ > 0 ? v[i].stderr_ : NAN, .n = v[i].n,
			.protocol = (char *)v[i].protocol, .estimated = v[i].estimated,
			.variant = (char *)v[i].variant, .source = "/x/README.md", .line = 7 };

		if (!catalog_score_put(c, &s, 1, &e))
			fail_msg("%s: %s", e.where, e.what);
	}
}

static inline struct comparison *compare(struct catalog *c, const struct compare_ask *ask)
{
	struct err e = { 0 };
	struct comparison *x = compare_make(c, ask, &e);

	if (!x)
		fail_msg("%s: %s; %s", e.where, e.what, e.hint);
	return x;
}

static inline struct comparison *compare_words(struct catalog *c, const char *a, const char *b)
{
	const char *words[] = { a, b };

	return compare(c, &(struct compare_ask){ .words = words, .n = b ? 2 : 1 });
}

static inline const struct compare_row *row_of(const struct comparison *c, const char *task)
{
	for (size_t i = 0; i < c->n_rows; i++)
		if (!strcmp(c->rows[i].task, task))
			return &c->rows[i];
	fail_msg("no row %s", task);
	return NULL;
}

static inline bool says(const struct comparison *c, const char *text)
{
	for (size_t i = 0; i < c->n_sentences; i++)
		if (strstr(c->sentences[i], text))
			return true;
	for (size_t i = 0; i < c->n_sentences; i++)
		print_message("said: %s\n", c->sentences[i]);
	return false;
}

static inline struct figure *card_seven(size_t *n)
{
	static struct figure v[14];
	static const char *const tasks[] = { "arc_challenge", "arc_easy", "boolq", "hellaswag",
		"openbookqa", "piqa", "winogrande" };
	static const double first[] = { .396, .429, .622, .611, .346, .738, .649 };
	static const double second[] = { .390, .436, .622, .632, .348, .754, .639 };

	for (size_t i = 0; i < 7; i++) {
		v[2 * i] = (struct figure){ .variant = "maker/Ember-8B-qx63-hi-mlx",
			.task = tasks[i], .value = first[i] };
		v[2 * i + 1] = (struct figure){ .variant = "maker/Ember-8B-q4-hi-mlx",
			.task = tasks[i], .value = second[i] };
	}
	*n = 14;
	return v;
}
#endif
