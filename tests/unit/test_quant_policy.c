/* The mixing policies: llama-quantize's against 264 of its dry runs, mlx-lm's against its rules. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "base/vec.h"
#include "quant/preset.h"

static const struct facts {
	const char *model, *architecture;
	int64_t layers, heads, heads_kv, experts;
	bool tied;
} all_facts[] = {
	{ "llama24_gqa4_untied", "llama", 24, 8, 2, 0, false },
	{ "llama24_mha_tied", "llama", 24, 8, 8, 0, true },
	{ "qwen3_28_gqa2_tied", "qwen3", 28, 8, 4, 0, true },
	{ "llama16_8experts", "llama", 16, 8, 2, 8, false },
	{ "llama12_oddrows", "llama", 12, 8, 2, 0, false },
	{ "granitehybrid40", "granitehybrid", 40, 8, 0, 72, true },
};

struct reader {
	enum dtype types[64];
	size_t n_types;
	struct quant_targets t;
	vec(struct quant_target) v;
	size_t runs, wrong;
};

static void begin_model(struct reader *r, char *name)
{
	for (size_t i = 0; i < r->v.n; i++)
		free((char *)r->v.v[i].name);
	r->v.n = 0;
	for (size_t i = 0; i < sizeof all_facts / sizeof *all_facts; i++) {
		const struct facts *f = &all_facts[i];
		if (strcmp(f->model, name))
			continue;
		r->t = (struct quant_targets){ .container = QUANT_GGUF, .family = f->architecture,
			.architecture = f->architecture, .layers = f->layers, .heads = f->heads,
			.heads_kv = f->heads_kv, .experts = f->experts, .tied = f->tied };
		return;
	}
	fail_msg("no facts about %s", name);
}

static void add_tensor(struct reader *r, char *line)
{
	struct quant_target *t = vec_push(&r->v);
	unsigned long long ne[4];
	char name[64];

	assert_int_equal(sscanf(line, "%63s %llu %llu %llu %llu", name, &ne[0], &ne[1], &ne[2],
		&ne[3]), 5);
	t->name = xstrdup(name);
	t->role = "";
	t->layer = -1;
	sscanf(name, "blk.%d.", &t->layer);
	for (t->rank = 4; t->rank > 1 && ne[t->rank - 1] == 1; )
		t->rank--;
	t->elements = 1;
	for (int i = 0; i < t->rank; i++) {
		t->shape[t->rank - 1 - i] = ne[i];
		t->elements *= ne[i];
	}
	t->row = ne[0];
	t->keep = t->source = DT_F32;
	t->quantizable = quant_gguf_quantizable(name, t->rank);
	if (r->v.n > 1)
		assert_true(quant_name_order(r->v.v[r->v.n - 2].name, name) < 0);
}

/* "Q4_K_M+tt": what the generator gave llama-quantize behind that word. */
static void options_of(const char *extra, struct quant_policy *o, struct quant_pattern *p,
	regex_t *re)
{
	static const struct {
		const char *pattern;
		enum dtype type;
	} tt[] = { { "ffn_up", DT_Q6_K }, { "blk\\.[0-3]\\.ffn", DT_Q8_0 }, { "attn_v", DT_Q5_K } };

	o->imatrix = !strcmp(extra, "imatrix");
	o->pure = !strcmp(extra, "pure");
	o->leave_output = !strcmp(extra, "leave");
	if (!strcmp(extra, "oe")) {
		o->has_output = o->has_embedding = true;
		o->output = DT_Q8_0;
		o->embedding = DT_Q5_K;
	}
	if (strcmp(extra, "tt"))
		return;
	o->patterns = p;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(regcomp(&re[i], tt[i].pattern, REG_EXTENDED | REG_NOSUB), 0);
		p[o->n_patterns++] = (struct quant_pattern){ &re[i], tt[i].type };
	}
}

static size_t compare(struct reader *r, const char *key, const char *run,
	const struct quant_choice *c)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t i = 0, wrong = 0;

	while (*run && *run != '\n') {
		size_t times = isdigit((unsigned char)*run) ? strtoul(run, (char **)&run, 10) : 1;
		enum dtype want = r->types[strchr(letters, *run++) - letters];
		for (; times; times--, i++) {
			assert_true(i < r->t.n);
			if (c[i].type.dtype == want)
				continue;
			if (!wrong++)
				print_message("%s: %s is %s, not %s\n", key, r->t.v[i].name,
					dtype_name(c[i].type.dtype), dtype_name(want));
		}
	}
	assert_int_equal(i, r->t.n);
	return wrong;
}

static void one_run(struct reader *r, char *line)
{
	char *run = strchr(line, ' '), *extra = strchr(line, '+');
	struct quant_pattern patterns[3];
	struct quant_policy o = { 0 };
	struct quant_preset p;
	struct err e = { 0 };
	regex_t re[3];

	*run++ = 0;
	if (extra)
		*extra++ = 0;
	r->t.v = r->v.v;
	r->t.n = r->v.n;
	assert_true(quant_preset_parse(line, &p, &e));
	options_of(extra ? extra : "", &o, patterns, re);
	struct quant_choice *c = xnew(struct quant_choice, r->t.n);
	bool ok = quant_policy_llama(&r->t, &p, &o, c, &e);
	r->runs++;
	if (ok == (*run == '-')) {
		print_message("%s: %s\n", line, ok ? "taken" : e.what);
		r->wrong++;
	} else if (ok) {
		r->wrong += compare(r, line, run, c) > 0;
	}
	for (size_t i = 0; i < o.n_patterns; i++)
		regfree(&re[i]);
	free(c);
}

static void dry_runs(void **state)
{
	const char *top = getenv("top_srcdir");
	char *path = xasprintf("%s/tests/golden/quant/policy.txt", top ? top : "."), *line = NULL;
	FILE *f = fopen(path, "r");
	struct reader r = { 0 };
	size_t cap = 0;

	(void)state;
	assert_non_null(f);
	while (getline(&line, &cap, f) > 0) {
		line[strcspn(line, "\n")] = 0;
		if (str_starts(line, "types "))
			for (char *w = strtok(line + 6, " "); w; w = strtok(NULL, " "))
				r.types[r.n_types++] = dtype_by_name(w);
		else if (str_starts(line, "model "))
			begin_model(&r, line + 6);
		else if (str_starts(line, "t "))
			add_tensor(&r, line + 2);
		else if (str_starts(line, "r "))
			one_run(&r, line + 2);
	}
	fclose(f);
	free(line);
	free(path);
	for (size_t i = 0; i < r.v.n; i++)
		free((char *)r.v.v[i].name);
	vec_fini(&r.v);
	assert_int_equal(r.runs, 264);
	assert_int_equal(r.wrong, 0);
}

/* --- MLX --- */

static struct quant_target module(const char *name, const char *role, int layer, uint64_t row)
{
	return (struct quant_target){ .name = name, .role = role, .layer = layer, .rank = 2,
		.shape = { 128, row }, .elements = 128 * row, .row = row, .keep = DT_BF16,
		.quantizable = !str_ends(name, "norm.weight") };
}

static void check_mlx(const char *preset, const char *family, struct quant_target x,
	const char *want)
{
	/* What down_proj there is, for the recipes that ask. */
	struct quant_target v[2] = { x, module("model.layers.0.mlp.down_proj.weight", "ffn_down", 0,
		128) };
	struct quant_targets t = { .container = QUANT_MLX, .family = family, .architecture = family,
		.layers = 16, .v = v, .n = 2 };
	struct quant_choice c[2];
	char name[QUANT_TYPE_NAME];
	struct quant_preset p;
	struct err e = { 0 };

	assert_true(quant_preset_parse(preset, &p, &e));
	assert_true(quant_policy_mlx(&t, &p, c, &e));
	if (strcmp(quant_type_name(c[0].type, name), want))
		fail_msg("%s: %s of %s is %s, not %s", preset, x.name, family, name, want);
}

static void mlx_presets(void **state)
{
	struct quant_target v2 = module("model.layers.2.self_attn.v_proj.weight", "attn_v", 2, 128);
	struct quant_target v1 = module("model.layers.1.self_attn.v_proj.weight", "attn_v", 1, 128);
	struct quant_target q2 = module("model.layers.2.self_attn.q_proj.weight", "attn_q", 2, 128);
	struct quant_target q4 = module("model.layers.4.self_attn.q_proj.weight", "attn_q", 4, 128);
	struct quant_target o1 = module("model.layers.1.self_attn.o_proj.weight", "attn_output", 1, 128);
	struct quant_target d3 = module("model.layers.3.mlp.down_proj.weight", "ffn_down", 3, 128);
	struct quant_target d15 = module("model.layers.15.mlp.down_proj.weight", "ffn_down", 15, 128);
	struct quant_target up = module("model.layers.0.mlp.up_proj.weight", "ffn_up", 0, 128);
	struct quant_target embd = module("model.embed_tokens.weight", "token_embd", -1, 128);
	struct quant_target head = module("lm_head.weight", "output", -1, 128);
	struct quant_target router = module("model.layers.3.mlp.gate.weight", "ffn_gate_inp", 3, 128);
	struct quant_target odd = module("model.layers.3.mlp.up_proj.weight", "ffn_up", 3, 96);
	struct quant_target norm = module("model.norm.weight", "output_norm", -1, 128);

	(void)state;
	check_mlx("q4", "llama", up, "affine4g64");
	check_mlx("Q4-HI", "llama", up, "affine4g32");
	check_mlx("q8-hi", "qwen3", embd, "affine8g32");
	check_mlx("mxfp8", "llama", head, "mxfp8");
	check_mlx("nvfp4-hi", "llama", up, "nvfp4");
	check_mlx("q4", "llama", norm, "BF16");
	check_mlx("q4", "llama", odd, "BF16");
	check_mlx("q4-hi", "llama", odd, "affine4g32");
	check_mlx("mxfp4", "qwen3_moe", router, "affine8g64");
	check_mlx("mixed_3_6", "qwen3_moe", router, "affine3g64");
	check_mlx("q4", "granite", o1, "affine8g64");
	check_mlx("mixed_4_6", "granite", o1, "affine4g64");
	/* 16 layers: 0 1 4 7 10 13 14 15 get more */
	check_mlx("mixed_3_6", "llama", v1, "affine6g64");
	check_mlx("mixed_3_6", "llama", v2, "affine3g64");
	check_mlx("mixed_3_4", "llama", d15, "affine4g64");
	check_mlx("mixed_2_6-hi", "llama", d3, "affine2g32");
	check_mlx("mixed_4_6", "llama", head, "affine6g64");
	check_mlx("mixed_4_6", "llama", embd, "affine4g64");
	check_mlx("qx63-hi", "llama", v2, "affine6g32");
	check_mlx("qx63-hi", "llama", q2, "affine3g32");
	check_mlx("qx63-hi", "llama", q4, "affine6g32");
	check_mlx("qx63", "llama", embd, "affine6g64");
	check_mlx("qx86", "llama", head, "affine8g64");
	check_mlx("qx86", "llama", d15, "affine6g64");
}

static void names(void **state)
{
	struct quant_preset p;
	struct err e = { 0 };

	(void)state;
	assert_true(quant_preset_parse("q4_k", &p, &e));
	assert_string_equal(p.name, "Q4_K_M");
	assert_true(quant_preset_parse("mxfp4_moe", &p, &e));
	assert_int_equal(p.container, QUANT_GGUF);
	assert_true(quant_preset_parse("mxfp4", &p, &e));
	assert_int_equal(p.container, QUANT_MLX);
	assert_true(quant_preset_parse("mxfp8-hi", &p, &e) && p.hi_idle);
	assert_true(quant_preset_parse("qx63-hi", &p, &e) && !p.hi_idle);
	assert_false(quant_preset_parse("Q4_K_X", &p, &e));
	assert_non_null(strstr(e.what, "Q4_K_"));
	assert_false(quant_preset_parse("qx73", &p, &e));
	assert_false(quant_preset_parse("q7", &p, &e));
	assert_false(quant_preset_parse("", &p, &e));
	assert_false(quant_preset_parse("mixed_3_6_and_a_great_deal_more_of_that", &p, &e));
}

static void types(void **state)
{
	struct quant_type t;
	uint64_t bytes;
	char buf[QUANT_TYPE_NAME];
	struct err e = { 0 };

	(void)state;
	assert_true(quant_type_parse("q6_k", QUANT_GGUF, 0, &t, &e));
	assert_true(quant_type_bytes(t, 512 * 3, 512, &bytes) && bytes == 6 * 210);
	assert_false(quant_type_bytes(t, 480 * 3, 480, &bytes));
	assert_true(quant_type_parse("q6-hi", QUANT_MLX, 0, &t, &e));
	assert_string_equal(quant_type_name(t, buf), "affine6g32");
	assert_true(quant_type_bytes(t, 64 * 32, 64, &bytes) && bytes == 64 * 32 * 7 / 8);
	assert_true(quant_type_parse("AFFINE3G128", QUANT_MLX, 0, &t, &e));
	assert_true(quant_type_bytes(t, 256, 128, &bytes) && bytes == 96 + 8);
	assert_true(quant_type_parse("nvfp4", QUANT_MLX, 0, &t, &e));
	assert_true(quant_type_bytes(t, 64, 64, &bytes) && bytes == 32 + 4);
	assert_true(quant_type_parse("bfloat16", QUANT_MLX, 0, &t, &e) && quant_type_is_float(t));
	/* An MLX folder has no K-quants, a GGUF no affine groups; IQ2_XS is read and not written. */
	assert_false(quant_type_parse("Q6_K", QUANT_MLX, 0, &t, &e));
	assert_non_null(strstr(e.what, "GGUF"));
	assert_false(quant_type_parse("affine4g64", QUANT_GGUF, 0, &t, &e));
	assert_non_null(strstr(e.what, "MLX"));
	assert_false(quant_type_parse("IQ2_XS", QUANT_GGUF, 0, &t, &e));
	assert_non_null(strstr(e.what, "not written"));
	assert_false(quant_type_parse("Q4_KM", QUANT_GGUF, 0, &t, &e));
	assert_non_null(strstr(e.hint, "Q4_K"));
	assert_false(quant_type_parse("affine4g48", QUANT_MLX, 0, &t, &e));
	assert_false(quant_type_parse("I8", QUANT_GGUF, 0, &t, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dry_runs),
		cmocka_unit_test(mlx_presets),
		cmocka_unit_test(names),
		cmocka_unit_test(types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
