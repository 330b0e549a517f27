/* preview_test: plans for the tests of previews and model comparisons: recipes as text over model
 * files, and model files made of floats. The caller owns what is returned. One thread. */
#ifndef CUPEL_TESTS_PREVIEW_TEST_H
#define CUPEL_TESTS_PREVIEW_TEST_H
#include "engine/look.h"
#include "engine/preview.h"
#include "engine/run.h"
#include "fixture.h"

/* Opens inputs and makes a plan of the recipe text. */
static inline struct plan *test_plan(const char *text)
{
	struct err e;
	struct findings f = { 0 };
	err_clear(&e);
	struct recipe *r = recipe_parse(text, strlen(text), NULL, &e);
	if (!r)
		fail_msg("%s: %s", e.where, e.what);
	struct model_roots *roots = model_roots_new(NULL, 0);
	struct inputs *in = inputs_open(r, roots, NULL, &e);
	if (!in)
		fail_msg("%s: %s", e.where, e.what);
	struct plan *p = plan_make(r, in, &(struct plan_options){ 0 }, &f, &e);
	if (!p)
		fail_msg("%s: %s", e.where, e.what);
	findings_fini(&f);
	inputs_unref(in);
	recipe_unref(r);
	model_roots_free(roots);
	return p;
}

/* The plan of another recipe over the same inputs, as an edit makes it. */
static inline struct plan *test_edit(struct plan *old, const char *text)
{
	struct err e;
	struct findings f = { 0 };
	err_clear(&e);
	struct recipe *r = recipe_parse(text, strlen(text), NULL, &e);
	assert_non_null(r);
	struct plan *p = plan_make(r, old->inputs, &(struct plan_options){ 0 }, &f, &e);
	if (!p)
		fail_msg("%s: %s", e.where, e.what);
	findings_fini(&f);
	recipe_unref(r);
	return p;
}

struct test_tensor {
	const char *name;
	uint64_t rows, columns;  /* columns 0: one dimension */
	const float *x;
};
/* A safetensors file of them, stored as F32, F16 or BF16. */
static inline char *test_model(const struct fixture *f, const char *name,
	const struct test_tensor *t,
	size_t n, enum dtype as)
{
	const struct dtype_info *d = dtype_info(as);
	struct str head = STR_INIT;
	uint64_t at = 0;
	char *path = fixture_path(f, name);
	FILE *out = fopen(path, "wb");

	assert_non_null(out);
	for (size_t i = 0; i < n; i++) {
		uint64_t elements = t[i].rows * (t[i].columns ? t[i].columns : 1);
		str_addf(&head, "%s\"%s\":{\"dtype\":\"%s\",\"shape\":[%llu", i ? "," : "{",
			t[i].name,
			d->st_name, (unsigned long long)t[i].rows);
		if (t[i].columns)
			str_addf(&head, ",%llu", (unsigned long long)t[i].columns);
		str_addf(&head, "],\"data_offsets\":[%llu,%llu]}", (unsigned long long)at,
			(unsigned long long)(at + elements * d->bytes));
		at += elements * d->bytes;
	}
	str_addc(&head, '}');
	while (head.n % 8)
		str_addc(&head, ' ');
	uint8_t size[8];
	put_le64(size, head.n);
	assert_int_equal(fwrite(size, 1, 8, out), 8);
	assert_int_equal(fwrite(head.s, 1, head.n, out), head.n);
	for (size_t i = 0; i < n; i++) {
		uint64_t elements = t[i].rows * (t[i].columns ? t[i].columns : 1);
		void *bytes = xmalloc(elements * d->bytes + 1);
		d->encode(t[i].x, bytes, elements);
		assert_int_equal(fwrite(bytes, 1, elements * d->bytes, out), elements * d->bytes);
		free(bytes);
	}
	assert_int_equal(fclose(out), 0);
	str_fini(&head);
	return path;
}

static inline struct model *test_open(const char *path)
{
	struct err e;
	err_clear(&e);
	struct model *m = model_open(path, &e);
	if (!m)
		fail_msg("%s: %s", e.where, e.what);
	return m;
}
#endif
