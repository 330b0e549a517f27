/* One vocabulary for several models: against what mergekit 0.1.5 wrote, by token; the tables and
 * the layout on hostile files. */
#include "config.h"
#include "fixture.h"
#include <math.h>
#include "base/json.h"
#include "engine/run.h"
#include "golden.h"
#include "model/vocab_rows.h"

static struct fixture fx;

static int setup(void **state)
{
	(void)state;
	fixture_init(&fx);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fixture_fini(&fx);
	return 0;
}

static struct plan *plan(const char *yaml, struct err *e)
{
	char *path = xasprintf("%s/tests/golden/tokenizer/recipe.yml", getenv("top_srcdir"));
	struct recipe *r = recipe_parse(yaml, strlen(yaml), path, e);
	struct model_roots *roots = model_roots_new(NULL, 0);
	struct inputs *in;
	struct plan *p = NULL;

	assert_non_null(r);
	in = inputs_open(r, roots, NULL, e);
	if (in)
		p = plan_make(r, in, NULL, NULL, e);
	inputs_unref(in);
	recipe_unref(r);
	model_roots_free(roots);
	free(path);
	return p;
}

static struct model *merge(const char *name, const char *yaml)
{
	struct run_result result;
	struct err e = { 0 };
	char *out = xasprintf("%s/%s", fx.dir, name);
	struct run_options o = { .output = out };
	struct pool *pool = pool_new(2);
	struct plan *p = plan(yaml, &e);
	struct model *m = NULL;

	if (!p || !run_merge(p, NULL, pool, &o, NULL, NULL, &result, &e) ||
		!(m = model_open(out, &e)))
		fail_msg("%s: %s: %s", name, e.where, e.what);
	plan_unref(p);
	pool_free(pool);
	free(out);
	return m;
}

/* Float32 sums in one order are those of mergekit to the bit; a mean over rows is not, for its
 * order differs; a linear merge divides at another place. */
#define NEAR 1e-6

static void check_row(const char *name, const char *token, struct model *m, const char *tensor,
	uint32_t row, const json_t *want)
{
	long t = source_find(&m->source, tensor);
	float v[256 + 8];
	struct err e = { 0 };
	uint64_t first = (uint64_t)row * 8;

	if (t < 0 || !want)
		return;
	assert_true(row < m->source.tensors[t].shape[0]);
	/* whole: the models are small */
	assert_true(source_read(&m->source, (size_t)t, first & ~UINT64_C(255),
		(size_t)(first & 255) + 8, v, &e));
	for (size_t i = 0; i < 8; i++) {
		double x = json_number_value(json_array_get(want, i)), y = v[(first & 255) + i];

		if (!(fabs(x - y) <= NEAR))
			fail_msg("%s: %s of %s, column %zu: %.9g, not %.9g", name, tensor, token, i,
				y, x);
	}
}

static void check_tokens(const char *name, struct model *m, json_t *want)
{
	struct vocab_table t;
	struct err e = { 0 };
	const char *token;
	json_t *one;

	if (!vocab_table_read(&t, m, &e))
		fail_msg("%s: %s: %s", name, e.where, e.what);
	assert_int_equal(t.n, json_object_size(want));
	json_object_foreach(want, token, one) {
		const struct vocab_token *k = vocab_table_find(&t, token, strlen(token));

		if (!k)
			fail_msg("%s: no token %s", name, token);
		if (!!(k->flags & TOKEN_ADDED) != json_flag(one, "added", false) ||
			!!(k->flags & TOKEN_SPECIAL) != json_flag(one, "special", false))
			fail_msg("%s: %s has other flags: %u", name, token, k->flags);
		check_row(name, token, m, "model.embed_tokens.weight", k->id,
			json_object_get(one, "embed"));
		check_row(name, token, m, "lm_head.weight", k->id, json_object_get(one, "head"));
	}
	vocab_table_fini(&t);
}

static void test_against_mergekit(void **state)
{
	json_t *all = golden_load("tests/golden/tokenizer/expected.json"), *one, *row;
	const char *name;
	size_t i;

	(void)state;
	assert_non_null(all);
	json_object_foreach(all, name, one) {
		struct model *m = merge(name, json_text(one, "recipe", ""));
		uint32_t rows = (uint32_t)json_int(one, "rows", 0);
		bool tied_first = str_eq(name, "tied"); /* no head appears out of an embedding */

		assert_int_equal(m->tokenizer.config_vocab_size, rows);
		assert_int_equal(m->source.tensors[source_find(&m->source,
			"model.embed_tokens.weight")].shape[0], rows);
		assert_int_equal(source_find(&m->source, "lm_head.weight") >= 0, !tied_first);
		if (json_object_get(one, "tokens"))
			check_tokens(name, m, json_object_get(one, "tokens"));
		json_array_foreach(json_object_get(one, "by_row"), i, row) {
			check_row(name, "row", m, "model.embed_tokens.weight", (uint32_t)i,
				json_object_get(row, "embed"));
			check_row(name, "row", m, "lm_head.weight", (uint32_t)i,
				json_object_get(row, "head"));
		}
		if ((row = json_object_get(one, "pad"))) {
			check_row(name, "padding", m, "model.embed_tokens.weight", rows - 1,
				json_object_get(row, "embed"));
			check_row(name, "padding", m, "lm_head.weight", rows - 1,
				json_object_get(row, "head"));
		}
		if (str_eq(name, "template"))
			assert_string_equal(m->tokenizer.chat_template,
				json_text(one, "chat_template", ""));
		model_unref(m);
	}
	json_decref(all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_against_mergekit, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
