/* One vocabulary for several models: against what mergekit 0.1.5 wrote, by token; the tables and
 * the layout on hostile files. */
#include "config.h"
#include "fixture_gguf.h"
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

/* --- tables --- */

static void read_text(struct vocab_table *t, const char *json)
{
	struct err e = { 0 };

	vocab_table_init(t);
	if (!vocab_read_json(t, json, strlen(json), "tokenizer.json", &e))
		fail_msg("%s: %s", e.where, e.what);
	vocab_table_end(t);
}

static void token_is(const struct vocab_table *t, const char *text, uint32_t id, unsigned flags)
{
	const struct vocab_token *k = vocab_table_find(t, text, strlen(text));

	if (!k || k->id != id || k->flags != flags)
		fail_msg("%s: %u, %u", text, k ? k->id : 0, k ? k->flags : 0);
}

static void test_tokenizer_json(void **state)
{
	struct vocab_table t;

	(void)state;
	/* an added token that the model has keeps the model's id; a NUL is a byte like any */
	read_text(&t, "{\"added_tokens\":[{\"id\":9,\"content\":\"<s>\",\"special\":true,\"lstrip\":true},"
		"{\"id\":7,\"content\":\"<x>\",\"normalized\":true,\"rstrip\":true,\"single_word\":true}],"
		"\"normalizer\":null,\"pre_tokenizer\":{\"type\":\"ByteLevel\"},\"model\":{\"type\":\"BPE\","
		"\"vocab\":{\"a\":0,\"<s>\":1,\"z\\u0000z\":2,\"a\":5}}}");
	assert_int_equal(t.n, 4);
	assert_int_equal(t.top, 8);
	token_is(&t, "a", 5, 0); /* the last of two counts */
	token_is(&t, "<s>", 1, TOKEN_ADDED | TOKEN_SPECIAL | TOKEN_LSTRIP);
	token_is(&t, "<x>", 7, TOKEN_ADDED | TOKEN_NORMALIZED | TOKEN_RSTRIP | TOKEN_SINGLE_WORD);
	assert_non_null(vocab_table_find(&t, "z\0z", 3));
	assert_null(vocab_table_find(&t, "z", 1));
	assert_string_equal(vocab_table_at(&t, 5)->text, "a");
	assert_null(vocab_table_at(&t, 6));
	assert_int_equal(t.spelling, SPELL_BYTES);
	assert_true(hash_is_zero(t.normalizer) && !hash_is_zero(t.pre_tokenizer));
	vocab_table_fini(&t);
	read_text(&t, "{\"decoder\":{\"type\":\"Metaspace\"},\"model\":{\"type\":\"Unigram\",\"vocab\":"
		"[[\"a\",-1.5],[\"b\",-2],[\"a\",0]]}}");
	token_is(&t, "a", 0, 0); /* of a list the first */
	token_is(&t, "b", 1, 0);
	assert_string_equal(t.kind, "Unigram");
	assert_int_equal(t.spelling, SPELL_BARS);
	vocab_table_fini(&t);
}

/* {1: {1: text, 3: type}} */
static void piece(struct str *s, const char *text, int type)
{
	size_t n = strlen(text);

	str_addc(s, 0x0a);
	str_addc(s, (char)(n + 9));
	str_addc(s, 0x0a);
	str_addc(s, (char)n);
	str_add(s, text);
	str_addc(s, 0x15); /* score, four bytes */
	str_addn(s, "\0\0\x80\x3f", 4);
	str_addc(s, 0x18);
	str_addc(s, (char)type);
}

static void test_lists(void **state)
{
	struct vocab_table t;
	struct err e = { 0 };
	struct str s = STR_INIT;

	(void)state;
	piece(&s, "<unk>", 2);
	piece(&s, "</s>", 3);
	piece(&s, "\xe2\x96\x81" "a", 1);
	piece(&s, "<mine>", 4);
	vocab_table_init(&t);
	assert_true(vocab_read_pieces(&t, (unsigned char *)s.s, s.n, "tokenizer.model", &e));
	vocab_table_end(&t);
	token_is(&t, "<unk>", 0, 0);
	token_is(&t, "</s>", 1, TOKEN_ADDED | TOKEN_SPECIAL);
	token_is(&t, "\xe2\x96\x81" "a", 2, 0);
	token_is(&t, "<mine>", 3, TOKEN_ADDED);
	vocab_table_fini(&t);
	for (size_t n = 0; n < s.n; n++) { /* cut short anywhere */
		vocab_table_init(&t);
		err_clear(&e);
		if (!vocab_read_pieces(&t, (unsigned char *)s.s, n, "tokenizer.model", &e))
			assert_non_null(strstr(e.what, "SentencePiece"));
		vocab_table_end(&t);
		vocab_table_fini(&t);
	}
	str_fini(&s);
}

static void test_gguf(void **state)
{
	static const float values[64] = { 1 };
	static const uint32_t types[] = { 1, 3, 1, 4 };
	static const char *const texts[] = { "a", "<s>", "a", "<mine>" };
	struct gguf_file g;
	struct vocab_table t;
	struct err e = { 0 };

	(void)state;
	gguf_init(&g);
	gguf_text(&g, "general.architecture", "llama");
	gguf_key_begin(&g, "tokenizer.ggml.tokens", 9);
	put32(&g.keys, 8);
	put64(&g.keys, 4);
	for (int i = 0; i < 4; i++)
		put_text(&g.keys, texts[i]);
	gguf_key_begin(&g, "tokenizer.ggml.token_type", 9);
	put32(&g.keys, 5);
	put64(&g.keys, 4);
	for (int i = 0; i < 4; i++)
		put32(&g.keys, types[i]);
	gguf_text(&g, "tokenizer.ggml.model", "gpt2");
	gguf_f32(&g, "output_norm.weight", (uint64_t[]){ 8, 0 }, values);
	gguf_write(&g, &fx, "m.gguf");
	gguf_fini(&g);
	struct model *m = fixture_open(&fx, "m.gguf");
	assert_true(vocab_table_read(&t, m, &e));
	assert_int_equal(t.n, 3);
	token_is(&t, "a", 0, 0);
	token_is(&t, "<s>", 1, TOKEN_ADDED | TOKEN_SPECIAL);
	token_is(&t, "<mine>", 3, TOKEN_ADDED);
	assert_int_equal(t.spelling, SPELL_BYTES);
	vocab_table_fini(&t);
	model_unref(m);
}

/* --- layouts --- */

static struct vocab_row row_of(const struct vocab_layout *l, uint64_t members, int model,
	const char *token)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->v[i].text, token))
			return vocab_layout_row(l, members, model, l->v[i].id);
	fail_msg("no token %s", token);
	return (struct vocab_row){ 0 };
}

static void row_is(struct vocab_row r, enum vocab_row_kind kind, int model, uint32_t at)
{
	if (r.kind != kind || r.model != model || r.at != at)
		fail_msg("%d of %d at %u", (int)r.kind, r.model, r.at);
}

static void test_where_rows_come_from(void **state)
{
	struct vocab_table t[3];
	struct vocab_rule rules[] = { { "r", 1, RULE_DEFAULT, -1, NULL, -1, true },
		{ "none", 4, RULE_ZERO, -1, NULL, -1, false } };
	struct vocab_member m[] = { { "a", &t[0], 4 }, { "b", &t[1], 9 }, { "c", &t[2], 9 } };
	struct vocab_ask a = { .v = m, .n = 3, .first = 0, .base = -1, .join = true, .rules = rules,
		.n_rules = 2, .multiple = 5 };
	struct err e = { 0 };

	(void)state;
	read_text(&t[0], "{\"model\":{\"vocab\":{\"p\":0,\"r\":2,\"late\":4}}}"); /* no 1, 3 */
	read_text(&t[1], "{\"model\":{\"vocab\":{\"r\":5,\"q\":6,\"s\":0}}}");
	read_text(&t[2], "{\"model\":{\"vocab\":{\"q\":1,\"late\":2}}}");
	struct vocab_layout *l = vocab_layout_make(&a, &e);
	assert_non_null(l);
	assert_int_equal(l->n, 6); /* p r | s q late | none */
	assert_int_equal(l->top, 7);
	assert_int_equal(l->rows, 10);
	assert_int_equal(l->gaps, 1);
	assert_int_equal(l->fresh, 4);
	assert_int_equal(l->cut, 1);
	row_is(row_of(l, 7, 0, "p"), ROW_OWN, 0, 0);
	row_is(row_of(l, 7, 1, "p"), ROW_OF, 0, 0);      /* the only one that has it */
	row_is(row_of(l, 6, 1, "p"), ROW_ZERO, -1, 0);   /* it has no such tensor */
	row_is(row_of(l, 7, 0, "q"), ROW_MEAN, -1, 0);   /* of b and c */
	row_is(row_of(l, 3, 0, "q"), ROW_OF, 1, 6);
	row_is(row_of(l, 7, 0, "late"), ROW_OF, 2, 2);   /* beyond its own rows */
	row_is(row_of(l, 7, 0, "r"), ROW_MEAN, -1, 0);   /* forced */
	row_is(row_of(l, 7, 1, "none"), ROW_ZERO, -1, 0);
	row_is(vocab_layout_row(l, 7, 0, 1), ROW_PAD, -1, 0); /* a gap */
	row_is(vocab_layout_row(l, 7, 0, 9), ROW_PAD, -1, 0);
	vocab_layout_unref(l);

	a.base = 0;
	assert_non_null(l = vocab_layout_make(&a, &e));
	row_is(row_of(l, 7, 1, "r"), ROW_OF, 0, 2); /* forced: the base's, for all */
	row_is(row_of(l, 7, 0, "r"), ROW_OF, 0, 2);
	row_is(row_of(l, 7, 2, "p"), ROW_OF, 0, 0);
	assert_false(vocab_layout_same(l, 0, l->rows));
	vocab_layout_unref(l);

	a.n_rules = a.multiple = 0;
	a.join = false;
	a.of = &t[1];
	a.of_rows = 6;
	assert_non_null(l = vocab_layout_make(&a, &e)); /* s at 0, r at 5 */
	assert_int_equal(l->rows, 6);
	assert_int_equal(l->n, 2);
	assert_false(vocab_layout_same(l, 1, 6)); /* gaps */
	vocab_layout_unref(l);
	for (int i = 0; i < 3; i++)
		vocab_table_fini(&t[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_against_mergekit, setup, teardown),
		cmocka_unit_test(test_tokenizer_json),
		cmocka_unit_test(test_lists),
		cmocka_unit_test_setup_teardown(test_gguf, setup, teardown),
		cmocka_unit_test(test_where_rows_come_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
