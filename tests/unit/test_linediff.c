/* Differences of recipes, line by line, by what lines say; which tensors of two models differ. */
#include "config.h"
#include "catalog_test.h"
#include "compare/changed.h"
#include "compare/linediff.h"

/* "-3 +4" …: signs with their lines. */
static void check(const char *a, const char *b, const char *want)
{
	struct linediff d;
	struct str s = STR_INIT;

	linediff(&d, a, b);
	str_add(&s, "");
	for (size_t i = 0; i < d.n; i++)
		if (d.v[i].sign != ' ')
			str_addf(&s, "%s%c%zu", s.n ? " " : "", d.v[i].sign, d.v[i].sign == '-' ?
				d.v[i].a : d.v[i].b);
	assert_string_equal(s.s, want);
	str_fini(&s);
	linediff_fini(&d);
}

static void lines(void **state)
{
	(void)state;
	check("a: 1\nb: 2\n", "a: 1\nb: 2\n", "");
	check("a: 1\nb: 2\nc: 3\n", "a: 1\nb: 5\nc: 3\n", "-2 +2");
	check("", "a: 1\nb: 2", "+1 +2");
	check("a: 1\n", "", "-1");
	check("", "", "");
	check("a: 1\nb: 1\nc: 1\nd: 1\n", "b: 1\nx: 1\nd: 1\na: 1\n", "-1 -3 +2 +4");
	/* Formatting is no difference. */
	check("models:\n  - model: a # mine\n    parameters:\n      weight: 1.40\n",
		"# new\n\nmodels:\n- model: a\n  parameters:\n    weight:   1.4\n", "");
	check("t: 1.0e-4\n", "t: 0.0001\n", "");
	check("v: [1,2.0]\n", "v: [1, 2]\n", "");
	check("v: \"# no comment\"\n", "v: \"# another\"\n", "-1 +1");
	/* Depth is. */
	check("models:\n  - model: a\n    parameters:\n      weight: 1\n",
		"models:\n  - model: a\nparameters:\n  weight: 1\n", "-3 -4 +3 +4");
	check("dtype: 1e\n", "dtype: 1\n", "-1 +1");
	check("a: 1", "a: 1\r\n", "");
}

/* Many edits: what lies between equal ends is replaced, at once. */
static void many(void **state)
{
	struct str a = STR_INIT, b = STR_INIT;
	struct linediff d;

	(void)state;
	for (int i = 0; i < 6000; i++) {
		str_addf(&a, "a%d: 1\n", i);
		str_addf(&b, "%c%d: 1\n", i && i < 5999 ? 'b' : 'a', i);
	}
	linediff(&d, a.s, b.s);
	assert_int_equal(d.removed, 5998);
	assert_int_equal(d.added, 5998);
	assert_int_equal(d.n, 2 * 5998 + 2);
	linediff_fini(&d);
	linediff(&d, a.s, a.s + strcspn(a.s, "\n") + 1);
	assert_true(d.removed == 1 && d.added == 0);
	linediff_fini(&d);
	str_fini(&a);
	str_fini(&b);
}

/* Whatever the texts: what both have and what one has are its lines, in their order. */
static void any(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct str text[2] = { STR_INIT, STR_INIT };
		size_t lines[2] = { 0, 0 }, next[2] = { 1, 1 };
		struct linediff d;

		for (int t = 0; t < 2; t++) {
			str_add(&text[t], "");
			for (int i = round % 40; i > 0; i--) {
				seed = seed * 1664525 + 1013904223;
				if (seed >> 28 < 12) {
					str_addf(&text[t], "k%u: 1\n", seed >> 24 & 7);
					lines[t]++;
				}
			}
		}
		linediff(&d, text[0].s, text[1].s);
		for (size_t i = 0; i < d.n; i++) {
			if (d.v[i].sign != '+')
				assert_int_equal(d.v[i].a, next[0]++);
			if (d.v[i].sign != '-')
				assert_int_equal(d.v[i].b, next[1]++);
		}
		assert_int_equal(next[0] - 1, lines[0]);
		assert_int_equal(next[1] - 1, lines[1]);
		linediff_fini(&d);
		str_fini(&text[0]);
		str_fini(&text[1]);
	}
}

static struct changed *tensors(struct catalog *c, const struct catalog_tensor *b, size_t n)
{
	static const struct catalog_tensor a[] = {
		{ "model.embed_tokens.weight", "BF16", "4x4", 32, "e0" },
		{ "model.layers.0.self_attn.q_proj.weight", "BF16", "4x4", 32, "q0" },
		{ "model.layers.1.self_attn.q_proj.weight", "BF16", "4x4", 32, "q1" },
		{ "model.layers.1.mlp.experts.0.down_proj.weight", "BF16", "4", 8, "d0" },
		{ "model.layers.1.mlp.experts.1.down_proj.weight", "BF16", "4", 8, "d1" },
		{ "model.norm.weight", "BF16", "4", 8, "n" },
	};
	struct err e = { 0 };
	struct changed *x;

	assert_true(catalog_tensors_put(c, "aa", a, 6, &e));
	assert_true(catalog_tensors_put(c, "bb", b, n, &e));
	x = compare_tensors(c, "aa", "bb", &e);
	if (!x)
		fail_msg("%s: %s", e.where, e.what);
	return x;
}

static size_t role(const struct changed *x, const char *name)
{
	for (size_t i = 0; i < x->n_roles; i++)
		if (!strcmp(x->roles[i], name))
			return i;
	fail_msg("no role %s", name);
	return 0;
}

static void strip(void **state)
{
	static const struct catalog_tensor b[] = {
		{ "model.embed_tokens.weight", "BF16", "5x4", 40, "e1" },
		{ "model.layers.0.self_attn.q_proj.weight", "BF16", "4x4", 32, "q0" },
		{ "model.layers.1.self_attn.q_proj.weight", "BF16", "4x4", 32, "Q1" },
		{ "model.layers.1.mlp.experts.0.down_proj.weight", "BF16", "4", 8, "d0" },
		{ "model.layers.1.mlp.experts.1.down_proj.weight", "BF16", "4", 8, "D1" },
		{ "model.layers.2.self_attn.q_proj.weight", "BF16", "4x4", 32, "q2" },
		{ "model.layers.999999999.self_attn.q_proj.weight", "BF16", "4x4", 32, "q9" },
	};
	struct catalog *c = open_ok(":memory:");
	struct changed *x = tensors(c, b, 7);
	size_t q = role(x, "attn_q"), down = role(x, "ffn_down_exps");
	struct err e = { 0 };

	(void)state;
	assert_int_equal(x->n_layers, 3);
	assert_int_equal(changed_at(x, q, 1)->state, CHANGED_SAME);
	assert_int_equal(changed_at(x, q, 2)->state, CHANGED_ALL);
	assert_int_equal(changed_at(x, q, 3)->state, CHANGED_ONLY_B);
	assert_int_equal(changed_at(x, down, 1)->state, CHANGED_NONE);
	assert_int_equal(changed_at(x, down, 2)->state, CHANGED_SOME);
	assert_int_equal(changed_at(x, down, 2)->changed, 1);
	assert_int_equal(changed_at(x, role(x, "token_embd"), 0)->state, CHANGED_SHAPE);
	assert_int_equal(changed_at(x, role(x, "output_norm"), 0)->state, CHANGED_ONLY_A);
	assert_true(x->same == 2 && x->changed == 3 && x->only_a == 1 && x->only_b == 2);
	assert_int_equal(x->bytes, 40 + 32 + 8 + 32 + 32);
	changed_free(x);
	assert_null(compare_tensors(c, "aa", "cc", &e));
	assert_non_null(strstr(e.what, "not known"));
	assert_null(compare_tensors(c, NULL, "aa", &e));
	changed_free(NULL);
	catalog_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines), cmocka_unit_test(many), cmocka_unit_test(any),
		cmocka_unit_test(strip),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
