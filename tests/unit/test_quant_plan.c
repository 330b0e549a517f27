/* Plan files, plans and their sizes: over the demonstration's model and small ones made here. */
#include "fixture_gguf.h"

#include <math.h>
#include "quant/best.h"
#include "quant/measure.h"
#include "quant/plan.h"

static struct quant_spec *spec(const char *text)
{
	struct err e = { 0 };
	struct quant_spec *s = quant_spec_parse(text, strlen(text), "p.yml", &e);

	if (!s)
		fail_msg("%s: %s; %s", e.where, e.what, e.hint);
	return s;
}

static void refused_files(void **state)
{
	static const struct {
		const char *text, *where, *what, *hint;
	} cases[] = {
		{ "preset: Q4_K_Q\n", "p.yml:1:9", "no preset", "types" },
		{ "preset: Q1_0\n", "p.yml:1:9", "not written", NULL },
		{ "rules: []\n", "p.yml:1:1", "no preset", NULL },
		{ "preset: [a]\n", "p.yml:1:9", "one word", NULL },
		{ "- a\n", "p.yml", "no plan", NULL },
		{ "[\n", "p.yml", "", NULL },
		{ "preset: q4\nrule: 1\n", "p.yml:2:1", "no key rule", "rules" },
		{ "preset: q4\npreset: q4\n", "p.yml:1:1", "twice", NULL },
		{ "preset: q4\npure: true\n", "p.yml:2:1", "llama-quantize", NULL },
		{ "preset: Q4_K_M\npure: 3\n", "p.yml:2:7", "true or false", NULL },
		{ "preset: q4\nrules: 3\n", "p.yml:2:8", "list", NULL },
		{ "preset: q4\nrules: [3]\n", "p.yml:2:9", "map", NULL },
		{ "preset: q4\nrules:\n- role: a\n", "p.yml:3:3", "no type", NULL },
		{ "preset: q4\nrules:\n- type: q4\n", "p.yml:3:3", "nothing", NULL },
		{ "preset: q4\nrules:\n- role: a\n  type: Q4_K\n", "p.yml:4:9", "GGUF", "affine" },
		{ "preset: Q4_0\nrules:\n- role: a\n  type: q4\n", "p.yml:4:9", "MLX", NULL },
		{ "preset: Q4_0\nrules:\n- role: a\n  type: Q6K\n", "p.yml:4:9", "no type", "Q6_K" },
		{ "preset: Q4_0\nrules:\n- role: []\n  type: Q6_K\n", "p.yml:3:9", "empty", NULL },
		{ "preset: Q4_0\nrules:\n- roles: a\n  type: Q6_K\n", "p.yml:3:3", "roles", "role" },
		{ "preset: Q4_0\nrules:\n- layers: a\n  type: Q6_K\n", "p.yml:3:11", "range", NULL },
		{ "preset: Q4_0\nrules:\n- layers: 4-2\n  type: Q6_K\n", "p.yml:3:11", "range", NULL },
		{ "preset: Q4_0\nrules:\n- match: '('\n  type: Q6_K\n", "p.yml:3:10", "", NULL },
		{ "preset: Q4_0\nrules:\n- match: '(a)\\1'\n  type: Q6_K\n", "p.yml:3:10", "costly", NULL },
		{ "preset: Q4_0\nrules:\n- match: '((a{99}){99}){9}'\n  type: Q6_K\n", "p.yml:3:10",
			"costly", NULL },
		{ "preset: Q4_0\noutput_tensor_type: q6\n", "p.yml:2:21", "MLX", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct err e = { 0 };
		if (quant_spec_parse(cases[i].text, strlen(cases[i].text), "p.yml", &e))
			fail_msg("taken: %s", cases[i].text);
		if (strncmp(e.where, cases[i].where, strlen(cases[i].where)) ||
			!strstr(e.what, cases[i].what) ||
			(cases[i].hint && !strstr(e.hint, cases[i].hint)))
			fail_msg("%s: %s: %s; %s", cases[i].text, e.where, e.what, e.hint);
	}
}

static void check_edit(const char *text, const char *role, int64_t from, int64_t to,
	const char *type, const char *want)
{
	struct quant_spec *s = spec(text);
	struct err e = { 0 };
	struct quant_spec *n = quant_spec_edit_type(s, role, from, to, type, &e);

	if (!want) {
		assert_null(n);
		assert_true(*e.what != 0);
	} else if (!n) {
		fail_msg("%s: %s; %s", text, e.what, e.hint);
	} else if (strcmp(n->text, want)) {
		fail_msg("got\n%s\nnot\n%s", n->text, want);
	}
	quant_spec_unref(n);
	quant_spec_unref(s);
}

static void edits(void **state)
{
	static const char two[] = "preset: Q4_K_M # mine\nrules:\n  - role: ffn_up # why\n    type: Q4_K\n"
		"  - {role: attn_v, type: Q6_K}\n# end\n";

	(void)state;
	check_edit("preset: Q4_K_M\n", "ffn_up", -1, -1, "Q6_K",
		"preset: Q4_K_M\nrules:\n  - {role: ffn_up, type: Q6_K}\n");
	check_edit("preset: Q4_K_M", "ffn_up", 2, 2, "Q6_K",
		"preset: Q4_K_M\nrules:\n  - {role: ffn_up, layers: 2, type: Q6_K}\n");
	check_edit(two, "ffn_up", -1, -1, "Q5_K", "preset: Q4_K_M # mine\nrules:\n"
		"  - role: ffn_up # why\n    type: Q5_K\n  - {role: attn_v, type: Q6_K}\n# end\n");
	check_edit(two, "attn_k", 0, 3, "Q8_0", "preset: Q4_K_M # mine\nrules:\n"
		"  - role: ffn_up # why\n    type: Q4_K\n  - {role: attn_v, type: Q6_K}\n"
		"  - {role: attn_k, layers: 0-3, type: Q8_0}\n# end\n");
	check_edit(two, "attn_v", -1, -1, NULL, "preset: Q4_K_M # mine\nrules:\n"
		"  - role: ffn_up # why\n    type: Q4_K\n# end\n");
	check_edit(two, "attn_q", -1, -1, NULL, NULL);
	check_edit(two, "ffn_up", -1, -1, "q4", NULL);
	/* A rule below takes its place: another one is needed at the end. */
	check_edit("preset: Q4_0\nrules: [{role: ffn_up, type: Q4_1}, {role: ffn, type: Q8_0}]\n",
		"ffn_up", -1, -1, "Q6_K", "preset: Q4_0\nrules: [{role: ffn_up, type: Q4_1}, "
		"{role: ffn, type: Q8_0}, {role: ffn_up, type: Q6_K}]\n");
	check_edit("{preset: Q4_0}\n", "ffn_up", -1, -1, "Q6_K",
		"{preset: Q4_0, rules: [{role: ffn_up, type: Q6_K}]}\n");
	check_edit("preset: Q4_0\nrules: []\n", "ffn_up", -1, -1, "Q6_K",
		"preset: Q4_0\nrules: [{role: ffn_up, type: Q6_K}]\n");
	check_edit("preset: Q4_0\r\nrules:\r\n- role: a\r\n  type: Q8_0\r\n", "b", -1, -1, "Q6_K",
		"preset: Q4_0\r\nrules:\r\n- role: a\r\n  type: Q8_0\r\n- {role: b, type: Q6_K}\r\n");

	struct quant_spec *s = spec(two);
	struct err e = { 0 };
	struct quant_spec *n = quant_spec_edit_preset(s, "q3_k_m", &e);
	assert_non_null(n);
	assert_true(str_starts(n->text, "preset: Q3_K_M # mine\n"));
	assert_false(hash_eq(quant_spec_hash(s), quant_spec_hash(n)));
	quant_spec_unref(n);
	/* What it means does not depend on how it is written. */
	n = spec("rules: [{type: Q4_K, role: [ffn_up]}, {role: attn_v, type: q6_k}]\npreset: q4_k\n");
	assert_true(hash_eq(quant_spec_hash(s), quant_spec_hash(n)));
	quant_spec_unref(n);
	quant_spec_unref(s);
}

/* --- plans over the demonstration's base --- */

static struct model *demo(void)
{
	const char *top = getenv("top_srcdir");
	char *path = xasprintf("%s/share/demo/base", top ? top : ".");
	struct err e = { 0 };
	struct model *m = model_open(path, &e);

	if (!m)
		fail_msg("%s: %s", e.where, e.what);
	free(path);
	return m;
}

static struct quant_plan *plan_of(struct model *m, const char *text, struct findings *f)
{
	struct quant_spec *s = spec(text);
	struct err e = { 0 };
	struct quant_targets *t = quant_targets_new(m, s->preset.container, &e);
	struct quant_plan *p = t ? quant_plan_make(s, t, false, f, &e) : NULL;

	if (!p)
		fail_msg("%s: %s: %s", text, e.where, e.what);
	quant_targets_unref(t);
	quant_spec_unref(s);
	return p;
}

static const char *type_of(const struct quant_plan *p, const char *name)
{
	static char buf[QUANT_TYPE_NAME];

	for (size_t i = 0; i < p->targets->n; i++)
		if (!strcmp(p->targets->v[i].name, name))
			return quant_type_name(p->v[i].type, buf);
	fail_msg("no %s", name);
	return NULL;
}

static bool found(const struct findings *f, const char *code, int line, const char *part)
{
	for (size_t i = 0; i < f->n; i++)
		if (str_eq(f->v[i].code, code) && f->v[i].line == line &&
			strstr(f->v[i].message, part))
			return true;
	return false;
}

static void rules(void **state)
{
	struct model *m = demo();
	struct findings f = { 0 };
	struct quant_plan *p = plan_of(m, "preset: Q4_K_M\nrules:\n"
		"- {role: ffn_down, layers: 0-1, type: Q6_K}\n"
		"- {match: 'blk\\.\\d\\.ffn_gat', type: q5_k}\n"
		"- {role: attn_w, type: Q8_0}\n"
		"- {role: norm, type: Q8_0}\n"
		"- {role: attn_v, type: Q8_0}\n"
		"- {role: attn, layers: [0, '-2--1'], type: Q5_K}\n"
		"- {role: attn_v, type: Q6_K}\n"
		"- {role: ffn_up, type: Q4_K}\n"
		"- {role: token_embd, type: keep}\n", &f);

	(void)state;
	assert_string_equal(type_of(p, "blk.1.ffn_down.weight"), "Q6_K");
	assert_string_equal(type_of(p, "blk.2.ffn_gate.weight"), "Q5_K");
	assert_string_equal(type_of(p, "blk.0.attn_q.weight"), "Q5_K");
	assert_string_equal(type_of(p, "blk.1.attn_q.weight"), "Q4_K");
	assert_string_equal(type_of(p, "blk.3.attn_output.weight"), "Q5_K");
	assert_string_equal(type_of(p, "blk.2.attn_v.weight"), "Q6_K");
	assert_string_equal(type_of(p, "blk.2.attn_norm.weight"), "F32");
	assert_string_equal(type_of(p, "token_embd.weight"), "BF16");
	assert_true(p->rules[0].matched == 2 && p->rules[0].decided == 2);
	assert_true(p->rules[1].matched == 4);
	assert_true(p->rules[5].matched == 12 && p->rules[5].decided == 9);
	assert_true(found(&f, "rule-unmatched", 5, "no tensor"));
	assert_true(found(&f, "rule-idle", 6, "9 tensors"));
	assert_true(found(&f, "rule-overridden", 7, "line 9"));
	assert_true(found(&f, "rule-same", 10, "anyway"));
	struct str why = STR_INIT;
	for (size_t i = 0; i < p->targets->n; i++) {
		str_clear(&why);
		quant_plan_why(p, i, &why);
		if (!strcmp(p->targets->v[i].name, "blk.2.attn_v.weight"))
			assert_string_equal(why.s, "rule 7, line 9");
	}
	str_fini(&why);
	findings_fini(&f);
	quant_plan_unref(p);
	model_unref(m);
}

/* The data sizes of these are what mlx_lm.convert 0.32.2 wrote of this very model. */
static void mlx_sizes(void **state)
{
	static const struct {
		const char *preset;
		uint64_t data;
	} cases[] = {
		{ "q4", 1626624 }, { "q4-hi", 1806848 }, { "q8-hi", 3248640 }, { "mxfp4", 1536512 },
		{ "mxfp8", 2978304 }, { "nvfp4", 1626624 }, { "mixed_2_6", 1069568 },
		{ "mixed_3_4", 1307136 }, { "mixed_3_6", 1389056 }, { "mixed_4_6", 1708544 },
		{ "mixed_3_6-hi", 1569280 },
	};
	struct model *m = demo();

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *text = xasprintf("preset: %s\n", cases[i].preset);
		struct quant_plan *p = plan_of(m, text, NULL);
		struct mlx_layout *l = quant_mlx_layout(p, 0), *parts = quant_mlx_layout(p, 400000);
		uint64_t sum = 0, last = 0;

		assert_int_equal(p->weight_bytes, cases[i].data);
		assert_int_equal(l->data, cases[i].data);
		assert_int_equal(l->n_shards, 1);
		assert_true(l->total == l->data + l->shards[0].header_n && l->shards[0].header_n % 8 == 0);
		for (size_t k = 0; k < l->n; k++) {
			assert_true(l->v[k].offset >= last);
			last = l->v[k].offset + l->v[k].bytes;
		}
		assert_int_equal(last, l->total);
		assert_true(parts->n_shards > 2);
		for (size_t k = 0; k < parts->n_shards; k++)
			sum += parts->shards[k].bytes;
		assert_int_equal(sum, parts->total);
		assert_int_equal(parts->data, l->data);
		char *index = quant_mlx_index(p, parts);
		assert_non_null(strstr(index, "model-00001-of-0000"));
		free(index);
		quant_mlx_layout_free(parts);
		quant_mlx_layout_free(l);
		quant_plan_unref(p);
		free(text);
	}
	model_unref(m);
}

static void config(void **state)
{
	struct model *m = demo();
	struct quant_plan *p = plan_of(m, "preset: mixed_3_6-hi\n", NULL);
	json_t *j = quant_mlx_config(p);

	(void)state;
	assert_int_equal(json_int(json_object_get(j, "bits"), "", -1), 4);
	assert_int_equal(json_int(json_object_get(j, "group_size"), "", -1), 32);
	const json_t *v = json_object_get(j, "model.layers.3.self_attn.v_proj");
	assert_int_equal(json_integer_value(json_object_get(v, "bits")), 6);
	assert_string_equal(json_string_value(json_object_get(v, "mode")), "affine");
	v = json_object_get(j, "model.layers.1.self_attn.v_proj"); /* every module is named */
	assert_int_equal(json_integer_value(json_object_get(v, "bits")), 3);
	json_decref(j);
	quant_plan_unref(p);
	model_unref(m);
}

/* Magic to the last padding, against adding it up by hand. */
static void gguf_sizes(void **state)
{
	struct model *m = demo();
	struct quant_plan *p = plan_of(m, "preset: Q4_K_M\n", NULL);
	uint64_t *offsets = xnew(uint64_t, p->targets->n), start, at = 0, names = 0;

	(void)state;
	for (size_t i = 0; i < p->targets->n; i++)
		names += strlen(p->targets->v[i].name) + 24 + 8 * (uint64_t)p->targets->v[i].rank;
	start = quant_gguf_layout(p, 1000, 0, offsets);
	assert_int_equal(start, (24 + 1000 + names + 31) / 32 * 32);
	for (size_t i = 0; i < p->targets->n; i++) {
		assert_int_equal(offsets[i], at);
		at += (p->bytes[i] + 31) / 32 * 32;
	}
	assert_int_equal(quant_gguf_bytes(p, 1000, 0), start + at);
	assert_int_equal(quant_gguf_bytes(p, 1000, 4096) % 4096, 0);
	/* 4 layers: half of attn_v and ffn_down in 6 bits */
	assert_string_equal(type_of(p, "blk.3.ffn_down.weight"), "Q6_K");
	assert_string_equal(type_of(p, "blk.0.ffn_down.weight"), "Q4_K");
	uint64_t weights, cache;
	assert_true(quant_plan_memory(p, 1000, &weights, &cache));
	assert_int_equal(weights, p->weight_bytes);
	assert_int_equal(cache, 1000 * 4 * 2 * 2 * 2 * 64); /* layers, k and v, 2 bytes, heads */
	free(offsets);
	quant_plan_unref(p);
	model_unref(m);
}

static void best(void **state)
{
	struct model *m = demo();
	struct quant_plan *start = plan_of(m, "preset: Q4_K_M\n", NULL), *p;
	struct quant_type types[32];
	size_t n = quant_best_types(start->targets, types, 32);
	double *v = xnew(double, start->targets->n * n);
	struct quant_errors x = { types, n, v };
	struct quant_sums s;
	struct err e = { 0 };
	uint64_t least;
	bool exact;

	(void)state;
	assert_true(n >= 5);
	for (size_t i = 0; i < start->targets->n; i++)
		for (size_t k = 0; k < n; k++) {
			v[i * n + k] = 0;
			if (!start->targets->v[i].quantizable)
				continue;
			assert_true(quant_measure(start->targets, i, &types[k], 1, NULL, false, &s, &e));
			v[i * n + k] = quant_error_of(&s);
			assert_true(v[i * n + k] > 0);
		}
	for (uint64_t budget = 1000000; budget < 3000000; budget += 170000) {
		struct quant_spec *b = quant_best(start, &x, budget, 32, &exact, &least, &e);
		if (!b) {
			assert_true(budget < least);
			continue;
		}
		p = plan_of(m, b->text, NULL);
		uint64_t sum = 0;
		for (size_t i = 0; i < p->targets->n; i++)
			sum += (p->bytes[i] + 31) / 32 * 32;
		assert_true(sum <= budget && exact);
		quant_plan_unref(p);
		quant_spec_unref(b);
	}
	free(v);
	quant_plan_unref(start);
	model_unref(m);
}

static void measured(void **state)
{
	struct model *m = demo();
	struct quant_plan *p = plan_of(m, "preset: Q8_0\n", NULL);
	struct quant_type f32 = quant_plain(DT_F32), q8 = quant_plain(DT_Q8_0);
	struct quant_sums sample, all;
	struct err e = { 0 };

	(void)state;
	for (size_t i = 0; i < p->targets->n; i++) {
		if (!p->targets->v[i].quantizable)
			continue;
		assert_true(quant_measure(p->targets, i, &f32, 1, NULL, true, &all, &e));
		struct quant_figure f = quant_figure_of(&all, NULL, 1);
		assert_true(f.exact && f.rmse == 0 && f.cosine > 1 - 1e-12);
		assert_true(quant_measure(p->targets, i, &q8, 1, NULL, true, &all, &e));
		assert_true(quant_measure(p->targets, i, &q8, 1, NULL, false, &sample, &e));
		f = quant_figure_of(&all, NULL, 1);
		struct quant_figure g = quant_figure_of(&sample, NULL, 1);
		assert_true(f.exact && !g.exact && f.half == 0 && g.half > 0);
		assert_true(all.seen == all.rows && all.elements == p->targets->v[i].elements);
		/* Fixed places: five half widths, so that it tells of a bug and not of luck. */
		assert_true(fabs(f.relative - g.relative) < 5 * g.half + 1e-9);
		assert_true(f.relative > 1e-4 && f.relative < 0.02);
	}
	quant_plan_unref(p);
	model_unref(m);
}

/* --- other families, by their headers --- */

struct header {
	struct str s;
	uint64_t at;
};

static void add(struct header *h, const char *name, const char *shape, uint64_t elements)
{
	str_addf(&h->s, "%s\"%s\":{\"dtype\":\"BF16\",\"shape\":[%s],\"data_offsets\":[%llu,%llu]}",
		h->s.n ? "," : "{", name, shape, (unsigned long long)h->at,
		(unsigned long long)(h->at + 2 * elements));
	h->at += 2 * elements;
}

static struct model *opened(const struct fixture *f, struct header *h, const char *json)
{
	str_addc(&h->s, '}');
	fixture_text(f, "m/config.json", json);
	fixture_safetensors(f, "m/model.safetensors", h->s.s, (size_t)h->at);
	str_fini(&h->s);
	return fixture_open(f, "m");
}

static const struct quant_target *target(const struct quant_targets *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->v[i].name, name))
			return &t->v[i];
	fail_msg("no %s", name);
	return NULL;
}

/* Experts come in the order of names, 0 1 10 11 2 …; odd rows fall back. */
static void experts(void **state)
{
	struct fixture f;
	struct header h = { .s = STR_INIT };
	struct findings found_here = { 0 };
	char name[96];
	struct err e = { 0 };

	(void)state;
	fixture_init(&f);
	add(&h, "model.embed_tokens.weight", "4,96", 384);
	for (int i = 0; i < 12; i++) {
		int k = i < 2 ? i : i < 4 ? i + 8 : i - 2;
		snprintf(name, sizeof name, "model.layers.0.block_sparse_moe.experts.%d.w1.weight", k);
		add(&h, name, "2,96", 192);
	}
	add(&h, "model.layers.0.block_sparse_moe.gate.weight", "12,96", 1152);
	struct model *m = opened(&f, &h, "{\"model_type\":\"mixtral\",\"num_hidden_layers\":1,"
		"\"num_local_experts\":12,\"num_attention_heads\":2,\"tie_word_embeddings\":true}");
	struct quant_targets *t = quant_targets_new(m, QUANT_GGUF, &e);
	const struct quant_target *x = target(t, "blk.0.ffn_gate_exps.weight");
	assert_true(x->rank == 3 && x->shape[0] == 12 && x->shape[2] == 96 && x->n_from == 12);
	for (int k = 0; k < 12; k++)
		assert_int_equal(m->source.tensors[x->from[k]].expert, k);
	assert_false(target(t, "blk.0.ffn_gate_inp.weight")->quantizable);
	assert_int_equal(target(t, "blk.0.ffn_gate_inp.weight")->keep, DT_F32);
	assert_string_equal(t->architecture, "llama");
	quant_targets_unref(t);
	struct quant_plan *p = plan_of(m, "preset: Q4_K_M\n", &found_here);
	assert_string_equal(type_of(p, "blk.0.ffn_gate_exps.weight"), "Q5_0");
	assert_string_equal(type_of(p, "token_embd.weight"), "Q8_0");
	assert_int_equal(p->fallbacks, 1);
	assert_true(found(&found_here, "fallback", 0, "Q5_0 instead of Q4_K"));
	quant_plan_unref(p);
	findings_fini(&found_here);
	p = plan_of(m, "preset: q4\n", NULL);
	assert_string_equal(type_of(p, "model.layers.0.block_sparse_moe.switch_mlp.gate_proj.weight"),
		"BF16");
	quant_plan_unref(p);
	model_unref(m);
	fixture_fini(&f);
}

static void halves(void **state)
{
	struct fixture f;
	struct header h = { .s = STR_INIT };
	struct err e = { 0 };

	(void)state;
	fixture_init(&f);
	add(&h, "model.layers.0.shared_mlp.input_linear.weight", "8,32", 256);
	add(&h, "model.layers.0.shared_mlp.output_linear.weight", "32,4", 128);
	add(&h, "model.layers.0.mamba.A_log", "2", 2);
	add(&h, "model.layers.0.mamba.conv1d.weight", "6,1,4", 24);
	add(&h, "model.layers.0.mamba.norm.weight", "32", 32);
	add(&h, "model.layers.1.self_attn.q_proj.weight", "32,32", 1024);
	struct model *m = opened(&f, &h, "{\"model_type\":\"granitemoehybrid\","
		"\"num_hidden_layers\":2,\"num_local_experts\":0,\"num_attention_heads\":4,"
		"\"num_key_value_heads\":2,\"layer_types\":[\"mamba\",\"attention\"]}");
	struct quant_targets *t = quant_targets_new(m, QUANT_GGUF, &e);
	if (!t)
		fail_msg("%s: %s", e.where, e.what);
	const struct quant_target *x = target(t, "blk.0.ffn_up.weight");
	assert_true(x->part == 1 && x->parts == 2 && x->shape[0] == 4 && x->elements == 128);
	assert_string_equal(x->role, "ffn_up");
	assert_string_equal(target(t, "blk.0.ffn_down.weight")->role, "ffn_down");
	x = target(t, "blk.0.ssm_a");
	assert_true(x->rank == 2 && x->shape[0] == 2 && x->shape[1] == 1);
	assert_int_equal(x->value, TARGET_NEGATED_EXP);
	x = target(t, "blk.0.ssm_conv1d.weight");
	assert_true(x->rank == 2 && x->shape[1] == 4 && !x->quantizable && x->keep == DT_F32);
	assert_int_equal(target(t, "blk.1.attn_q.weight")->rope_heads, 4);
	assert_true(t->heads_kv == 0 && t->heads == 4); /* layer 0 has none */
	quant_targets_unref(t);
	t = quant_targets_new(m, QUANT_MLX, &e);
	x = target(t, "model.layers.0.mlp.gate_proj.weight");
	assert_true(x->part == 0 && x->parts == 2 && x->rope_heads == 0);
	x = target(t, "model.layers.0.mamba.conv1d.weight");
	assert_true(x->shape[1] == 4 && x->shape[2] == 1 && !x->quantizable);
	quant_targets_unref(t);
	model_unref(m);
	fixture_fini(&f);
}

static void unknown(void **state)
{
	struct fixture f;
	struct header h = { .s = STR_INIT };
	struct err e = { 0 };

	(void)state;
	fixture_init(&f);
	add(&h, "a.weight", "8,32", 256);
	struct model *m = opened(&f, &h, "{\"model_type\":\"nobody\"}");
	assert_null(quant_targets_new(m, QUANT_GGUF, &e));
	assert_non_null(strstr(e.what, "nobody"));
	assert_null(quant_targets_new(m, QUANT_MLX, &e));
	assert_non_null(strstr(e.what, "nobody"));
	model_unref(m);
	h = (struct header){ .s = STR_INIT };
	add(&h, "model.layers.0.strange.weight", "8,32", 256);
	m = opened(&f, &h, "{\"model_type\":\"llama\"}");
	assert_null(quant_targets_new(m, QUANT_GGUF, &e));
	assert_non_null(strstr(e.where, "strange"));
	model_unref(m);
	fixture_fini(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refused_files),
		cmocka_unit_test(edits),
		cmocka_unit_test(rules),
		cmocka_unit_test(mlx_sizes),
		cmocka_unit_test(config),
		cmocka_unit_test(gguf_sizes),
		cmocka_unit_test(best),
		cmocka_unit_test(measured),
		cmocka_unit_test(experts),
		cmocka_unit_test(halves),
		cmocka_unit_test(unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
