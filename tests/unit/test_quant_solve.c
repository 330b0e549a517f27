/* The solver against trying everything; targets; imatrices of both kinds and damaged ones. */
#include "fixture_gguf.h"

#include <float.h>
#include <math.h>
#include "base/rng.h"
#include "quant/imatrix.h"
#include "quant/solve.h"

/* --- solver --- */

static double brute(const struct solve_group *g, size_t n, uint64_t budget)
{
	double best = DBL_MAX;
	size_t at[8] = { 0 };

	for (;;) {
		uint64_t bytes = 0;
		double error = 0;
		size_t k = 0;
		for (size_t i = 0; i < n; i++) {
			bytes += g[i].v[at[i]].bytes;
			error += g[i].v[at[i]].error;
		}
		if (bytes <= budget && error < best)
			best = error;
		while (k < n && ++at[k] == g[k].n)
			at[k++] = 0;
		if (k == n)
			return best;
	}
}

static uint64_t draw(uint64_t *state, uint64_t below)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (*state >> 33) % below;
}

static void all_choices(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct solve_option o[6][5];
		struct solve_group g[6];
		size_t choice[6], n = 1 + draw(&seed, 6);
		uint64_t least = 0, most = 0, min;
		struct solve_result r = { .choice = choice };
		struct err e = { 0 };

		for (size_t i = 0; i < n; i++) {
			g[i] = (struct solve_group){ o[i], 2 + draw(&seed, 4) };
			uint64_t small = UINT64_MAX, large = 0;
			for (size_t k = 0; k < g[i].n; k++) {
				o[i][k].bytes = 1 + draw(&seed, 50);
				o[i][k].error = (double)draw(&seed, 1000) / (double)o[i][k].bytes;
				small = o[i][k].bytes < small ? o[i][k].bytes : small;
				large = o[i][k].bytes > large ? o[i][k].bytes : large;
			}
			least += small;
			most += large;
		}
		uint64_t budget = least + draw(&seed, most - least + 2);
		assert_true(solve(g, n, budget, &r, &min, &e));
		assert_int_equal(min, least);
		assert_true(r.exact && r.bytes <= budget);
		double want = brute(g, n, budget);
		if (fabs(r.error - want) > 1e-9 * (1 + want))
			fail_msg("round %d: %g, not %g", round, r.error, want);
		assert_false(solve(g, n, least - 1, &r, &min, &e));
		assert_int_equal(min, least);
	}
}

/* As many groups as a model has tensors: never over the budget, and near what nothing can beat. */
static void many_groups(void **state)
{
	static const double bits[] = { 2.625, 3.4375, 4.5, 5.5, 6.5625, 8.5 };
	size_t n = 700, *choice = xnew(size_t, 700);
	struct solve_option *o = xnew(struct solve_option, n * 6);
	struct solve_group *g = xnew(struct solve_group, n);
	struct solve_result r = { .choice = choice };
	uint64_t seed = 3, least, budget = 0, sum = 0;
	double error = 0;
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < n; i++) {
		uint64_t weights = 1000000 + draw(&seed, 9000000);
		double scale = 1 + (double)draw(&seed, 1000);
		for (size_t k = 0; k < 6; k++)
			o[i * 6 + k] = (struct solve_option){ (uint64_t)((double)weights * bits[k] / 8),
				scale * (double)weights * exp2(-2 * bits[k]) };
		g[i] = (struct solve_group){ o + i * 6, 6 };
		budget += (uint64_t)((double)weights * 4.2 / 8);
	}
	assert_true(solve(g, n, budget, &r, &least, &e));
	for (size_t i = 0; i < n; i++) {
		sum += g[i].v[choice[i]].bytes;
		error += g[i].v[choice[i]].error;
	}
	assert_int_equal(sum, r.bytes);
	assert_true(sum <= budget && fabs(error - r.error) < 1e-6 * error);
	assert_true(r.error >= r.bound && r.error < r.bound * 1.0001);
	free(o);
	free(g);
	free(choice);
}

static void unknown_errors(void **state)
{
	struct solve_option o[] = { { 10, NAN }, { 20, 1 }, { UINT64_MAX, 0 } };
	struct solve_group g = { o, 3 };
	size_t choice = 9;
	struct solve_result r = { .choice = &choice };
	uint64_t least;
	struct err e = { 0 };

	(void)state;
	assert_true(solve(&g, 1, 100, &r, &least, &e));
	assert_int_equal(choice, 1);
	assert_false(solve(&g, 1, 15, &r, &least, &e));
	assert_int_equal(least, 20);
	g.n = 1;
	assert_false(solve(&g, 1, 100, &r, &least, &e));
	assert_true(solve(&g, 0, 0, &r, &least, &e) && r.bytes == 0);
}

static void targets(void **state)
{
	uint64_t bytes;
	bool bits;
	struct err e = { 0 };

	(void)state;
	assert_true(solve_target("14.2GB", 0, &bytes, &bits, &e));
	assert_true(bytes == 14200000000 && !bits);
	assert_true(solve_target("13GiB", 0, &bytes, &bits, &e) && bytes == (uint64_t)13 << 30);
	assert_true(solve_target("4.5bpw", 1600, &bytes, &bits, &e) && bytes == 900 && bits);
	assert_true(solve_target("4.5 BPW", 1601, &bytes, &bits, &e) && bytes == 900);
	assert_false(solve_target("0bpw", 1600, &bytes, &bits, &e));
	assert_false(solve_target("-3GB", 1600, &bytes, &bits, &e));
	assert_false(solve_target("nanbpw", 1600, &bytes, &bits, &e));
	assert_false(solve_target("GB", 1600, &bytes, &bits, &e));
	assert_false(solve_target("", 1600, &bytes, &bits, &e));
}

/* --- importance matrices --- */

static void put_entry(struct str *s, const char *name, int32_t calls, const float *v, int32_t n)
{
	put32(s, (uint32_t)strlen(name));
	str_add(s, name);
	put32(s, (uint32_t)calls);
	put32(s, (uint32_t)n);
	str_addn(s, (const char *)v, (size_t)(n > 0 ? n : 0) * 4);
}

static struct imatrix *load(const struct fixture *f, const struct str *s, struct err *e)
{
	fixture_write(f, "x.dat", s->s, s->n);
	char *path = fixture_path(f, "x.dat");
	struct imatrix *m = imatrix_load(path, e);
	free(path);
	return m;
}

static struct str good(void)
{
	static const float a[] = { 2, 4, 6, 8 }, b[] = { 1, 0 };
	struct str s = STR_INIT;

	put32(&s, 2);
	put_entry(&s, "blk.0.ffn_up.weight", 2, a, 4);
	put_entry(&s, "blk.0.attn_q.weight", 0, b, 2);
	put32(&s, 32);
	put32(&s, 8);
	str_add(&s, "wiki.raw");
	return s;
}

static void legacy(void **state)
{
	struct fixture f;
	struct str s = good();
	struct err e = { 0 };

	(void)state;
	fixture_init(&f);
	struct imatrix *m = load(&f, &s, &e);
	assert_non_null(m);
	assert_true(m->n == 2 && m->chunks == 32);
	assert_string_equal(m->dataset, "wiki.raw");
	const struct imatrix_entry *x = imatrix_find(m, "blk.0.ffn_up.weight");
	assert_true(x && x->n == 4 && x->values[0] == 1 && x->values[3] == 4);
	x = imatrix_find(m, "blk.0.attn_q.weight");
	assert_true(x && x->values[0] == 1 && x->values[1] == 0);
	assert_null(imatrix_find(m, "blk.0.attn_k.weight"));
	imatrix_free(m);
	str_fini(&s);
	fixture_fini(&f);
}

static void damaged(void **state)
{
	static const float v[] = { 1, NAN, 3 }, minus[] = { -1, 2 }, two[] = { 1, 2 };
	struct fixture f;
	struct str s = good(), t = STR_INIT;

	(void)state;
	fixture_init(&f);
	/* Every cut: what is whole is only the end without its dataset. */
	for (size_t n = 0; n + 16 < s.n; n++) {
		struct str cut = { .s = s.s, .n = n };
		struct err e = { 0 };
		struct imatrix *m = load(&f, &cut, &e);
		assert_null(m);
		assert_true(*e.what != 0);
	}
	struct { const float *v; int32_t n; const char *what; } bad[] = {
		{ v, 3, "column 1 is nan" }, { minus, 2, "negative" }, { two, -5, "claims -5" },
		{ two, 0, "claims 0" }, { two, INT32_MAX, "claims" },
	};
	for (size_t i = 0; i < 5; i++) {
		struct err e = { 0 };
		str_clear(&t);
		put32(&t, 1);
		put_entry(&t, "a.weight", 1, bad[i].v, bad[i].n > 3 ? 2 : bad[i].n);
		if (bad[i].n > 3)
			put_le32(t.s + 4 + 4 + 8 + 4, (uint32_t)bad[i].n);
		assert_null(load(&f, &t, &e));
		assert_non_null(strstr(e.what, bad[i].what));
	}
	str_clear(&t);
	put32(&t, 2);
	put_entry(&t, "a.weight", 1, two, 2);
	put_entry(&t, "a.weight", 1, two, 2);
	struct err e = { 0 };
	assert_null(load(&f, &t, &e));
	assert_non_null(strstr(e.what, "twice"));
	str_fini(&t);
	str_fini(&s);
	fixture_fini(&f);
}

static struct imatrix *load_gguf(const struct fixture *f, struct gguf_file *g, struct err *e)
{
	gguf_write(g, f, "x.gguf");
	char *path = fixture_path(f, "x.gguf");
	struct imatrix *m = imatrix_load(path, e);
	free(path);
	gguf_fini(g);
	return m;
}

static void gguf(void **state)
{
	static const float sums[] = { 10, 20, 30, 40, 5, 6 }, counts[] = { 10, 20, 0 };
	static const float one[] = { 4 }, many[] = { 8, 12, 16, 20 };
	static const uint64_t shape[] = { 3, 2, 0 }, shape_c[] = { 3, 1, 0 }, flat[] = { 4, 0 };
	static const uint64_t single[] = { 1, 0 };
	struct fixture f;
	struct gguf_file g;
	struct err e = { 0 };

	(void)state;
	fixture_init(&f);
	gguf_init(&g);
	gguf_text(&g, "general.type", "imatrix");
	gguf_u32(&g, "imatrix.chunk_count", 7);
	gguf_u32(&g, "imatrix.chunk_size", 512);
	gguf_f32(&g, "blk.0.ffn_up_exps.weight.in_sum2", shape, sums);
	gguf_f32(&g, "blk.0.ffn_up_exps.weight.counts", shape_c, counts);
	gguf_f32(&g, "blk.0.attn_q.weight.in_sum2", flat, many);
	gguf_f32(&g, "blk.0.attn_q.weight.counts", single, one);
	struct imatrix *m = load_gguf(&f, &g, &e);
	if (!m)
		fail_msg("%s: %s", e.where, e.what);
	assert_true(m->n == 2 && m->chunks == 7);
	const struct imatrix_entry *x = imatrix_find(m, "blk.0.ffn_up_exps.weight");
	assert_true(x && x->n == 6 && x->columns == 2 && x->matrices == 3 && x->unseen == 1);
	assert_true(x->tokens == 20 && x->values[0] == 1 && x->values[3] == 2 && x->values[5] == 1);
	x = imatrix_find(m, "blk.0.attn_q.weight");
	assert_true(x && x->columns == 4 && x->values[3] == 5);
	imatrix_free(m);

	gguf_init(&g);
	gguf_f32(&g, "a.weight.in_sum2", flat, many);
	assert_null(load_gguf(&f, &g, &e));
	assert_non_null(strstr(e.what, "counts"));
	gguf_init(&g);
	gguf_f32(&g, "a.weight.in_sum2", flat, many);
	gguf_f32(&g, "a.weight.counts", (const uint64_t[]){ 3, 0 }, counts);
	assert_null(load_gguf(&f, &g, &e));
	gguf_init(&g);
	gguf_f32(&g, "a.weight", flat, many);
	assert_null(load_gguf(&f, &g, &e));
	assert_non_null(strstr(e.what, "no importance matrix"));
	fixture_fini(&f);
}

static void coverage(void **state)
{
	struct quant_target v[] = {
		{ .name = "blk.0.attn_k.weight", .role = "attn_k", .rank = 2, .shape = { 8, 2 },
			.row = 2, .quantizable = true },
		{ .name = "blk.0.attn_q.weight", .role = "attn_q", .rank = 2, .shape = { 8, 2 },
			.row = 2, .quantizable = true },
		{ .name = "token_embd.weight", .role = "token_embd", .rank = 2, .shape = { 8, 2 },
			.row = 2, .quantizable = true },
	};
	struct quant_targets t = { .v = v, .n = 3 };
	struct imatrix_cover c;
	struct fixture f;
	struct str s = good();
	struct err e = { 0 };

	(void)state;
	fixture_init(&f);
	struct imatrix *m = load(&f, &s, &e);
	assert_true(imatrix_check(m, &t, &c, &e));
	assert_true(c.wanted == 2 && c.found == 1 && c.missing == 1 && c.extra == 1);
	assert_string_equal(c.first_missing, "blk.0.attn_k.weight");
	assert_string_equal(c.first_extra, "blk.0.ffn_up.weight");
	assert_non_null(imatrix_row(m, &v[1], 0));
	assert_null(imatrix_row(m, &v[1], 1));
	assert_null(imatrix_row(m, &v[0], 0));
	v[1].row = v[1].shape[1] = 4;
	assert_false(imatrix_check(m, &t, &c, &e));
	assert_non_null(strstr(e.what, "another model"));
	t.n = 1;
	assert_false(imatrix_check(m, &t, &c, &e));
	assert_non_null(strstr(e.what, "none of its 2"));
	imatrix_free(m);
	str_fini(&s);
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_choices),
		cmocka_unit_test(many_groups),
		cmocka_unit_test(unknown_errors),
		cmocka_unit_test(targets),
		cmocka_unit_test(legacy),
		cmocka_unit_test(damaged),
		cmocka_unit_test(gguf),
		cmocka_unit_test(coverage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
