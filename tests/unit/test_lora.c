/* Adapters over a model: against peft and mlx_lm, on every path, and refused where they do not
 * fit. */
#include "fixture.h"
#include <math.h>
#include "model/lora.h"
#include "model/virtual.h"
#include "tensor/cpu.h"
#include "tensor/lowrank.h"

static struct fixture fx;

static char *golden(const char *name)
{
	const char *top = getenv("top_srcdir");

	return xasprintf("%s/tests/golden/lora/%s", top ? top : ".", name);
}

static struct model *open_golden(const char *name)
{
	char *path = golden(name);
	struct err e = { 0 };
	struct model *m = model_open(path, &e);

	if (!m)
		fail_msg("%s: %s", e.where, e.what);
	free(path);
	return m;
}

static struct model *laid(struct model *base, const char *name, double scale)
{
	char *path = golden(name);
	struct err e = { 0 };
	struct model *m = lora_apply(base, path, scale, "model+adapter", NULL, NULL, &e);

	if (!m)
		fail_msg("%s: %s; %s", e.where, e.what, e.hint);
	free(path);
	return m;
}

static float *values(struct model *m, size_t t)
{
	size_t n = (size_t)m->source.tensors[t].elements;
	float *v = xmalloc(n * sizeof *v);
	struct err e = { 0 };

	if (!source_read(&m->source, t, 0, n, v, &e))
		fail_msg("%s: %s", e.where, e.what);
	return v;
}

/* Every tensor of m against the written file, which has those that changed alone. bfloat16: all but
 * one in a hundred elements equal, the others one unit off. */
static void same_as(struct model *m, struct model *before, const char *file, double tolerance)
{
	struct model *want = open_golden(file);
	size_t changed = 0, n = 0, off = 0;

	for (size_t t = 0; t < m->source.n_tensors; t++) {
		const struct tensor *x = &m->source.tensors[t];
		long at = source_find(&want->source, x->name);
		float *got = values(m, t), *expected = at < 0 ? values(before, t)
			: values(want, (size_t)at);

		changed += at >= 0;
		assert_int_equal(x->dtype, before->source.tensors[t].dtype);
		for (size_t i = 0; i < x->elements; i++, n++) {
			double d = fabs((double)got[i] - (double)expected[i]);
			double most = tolerance ? tolerance
				: fabs((double)expected[i]) / 128 + 1e-30;

			if (d > (at < 0 ? 0 : most))
				fail_msg("%s[%zu]: %g, not %g", x->name, i, (double)got[i],
					(double)expected[i]);
			off += d > 0;
		}
		free(got);
		free(expected);
	}
	assert_int_equal(changed, want->source.n_tensors);
	if (!tolerance)
		assert_true(off * 100 <= n);
	model_unref(want);
}

static void test_as_peft(void **state)
{
	(void)state;
	struct model *base = open_golden("llama"), *m, *twice;
	struct lora *l;
	char *path, *text;
	struct err e = { 0 };

	m = laid(base, "plain", 1.0);
	same_as(m, base, "plain.safetensors", 0);
	assert_true(has_note(m, "rank 4, alpha 8, factor 2; changes 14 modules"));
	twice = laid(m, "rich", 1.0);
	same_as(twice, base, "both.safetensors", 0);
	model_unref(twice);
	model_unref(m);
	m = laid(base, "plain", 0.5);
	same_as(m, base, "half.safetensors", 0);
	model_unref(m);
	m = laid(base, "rich", 1.0);
	same_as(m, base, "rich.safetensors", 0);
	model_unref(m);
	model_unref(base);

	base = open_golden("gpt2");
	m = laid(base, "conv1d", 1.0);
	same_as(m, base, "conv1d.safetensors", 1e-7);
	model_unref(m);
	model_unref(base);

	path = golden("rich");
	l = lora_open(path, &e);
	assert_non_null(l);
	assert_int_equal(lora_facts(l)->rank_least, 2);
	assert_int_equal(lora_facts(l)->rank_most, 5);
	assert_string_equal(lora_facts(l)->saves, "lm_head, embed_tokens");
	text = lora_text(l);
	assert_non_null(strstr(text, "alpha 6 (rslora)"));
	free(text);
	lora_free(l);
	free(path);
}

static void test_as_mlx(void **state)
{
	(void)state;
	struct model *from = open_golden("llama"), *want = open_golden("mlx.safetensors");
	struct model *m = laid(from, "mlx", 1.0);

	/* mlx fused float32 weights; ours are rounded to the model's bfloat16 */
	for (size_t t = 0; t < m->source.n_tensors; t++) {
		long at = source_find(&want->source, m->source.tensors[t].name);
		float *got = values(m, t), *w = at < 0 ? NULL : values(want, (size_t)at);

		for (size_t i = 0; w && i < m->source.tensors[t].elements; i++)
			assert_true(fabsf(got[i] - w[i]) <= fabsf(w[i]) / 256 + 1e-6f);
		free(got);
		free(w);
	}
	assert_int_equal(want->source.n_tensors, 3);
	model_unref(m);
	model_unref(want);
	model_unref(from);
}

/* However it is asked for, on whatever path, an element is the same bits. */
static void test_same_bits(void **state)
{
	(void)state;
	enum { RANK = 5, ROWS = 37, COLUMNS = 83, N = ROWS * COLUMNS };
	float l[ROWS * RANK], r[RANK * COLUMNS], want[N], got[N];
	enum cpu_path was = cpu_path();

	for (int i = 0; i < ROWS * RANK; i++)
		l[i] = (float)((i * 7919) % 1013) / 977.0f - 0.5f;
	for (int i = 0; i < RANK * COLUMNS; i++)
		r[i] = (float)((i * 104729) % 1009) / 991.0f - 0.5f;
	for (int i = 0; i < N; i++) {
		float sum = 0;

		for (int k = 0; k < RANK; k++)
			sum = sum + l[i / COLUMNS * RANK + k] * r[k * COLUMNS + i % COLUMNS];
		want[i] = (float)i / 100.0f + 0.7f * sum;
	}
	for (int p = 0; p < CPU_PATHS; p++) {
		if (!cpu_force((enum cpu_path)p))
			continue;
		for (size_t step = 1; step <= N; step = step * 3 + 1) {
			for (int i = 0; i < N; i++)
				got[i] = (float)i / 100.0f;
			for (size_t at = 0; at < N; at += step)
				lowrank_add(l, r, RANK, COLUMNS, 0.7f, at,
					N - at < step ? N - at : step, got + at);
			assert_memory_equal(got, want, sizeof got);
		}
	}
	cpu_force(was);
}

/* --- refusals --- */

static const char base_header[] = "{\"model.layers.0.self_attn.q_proj.weight\":{\"dtype\":\"F32\","
	"\"shape\":[2,3],\"data_offsets\":[0,24]},\"model.embed_tokens.weight\":{\"dtype\":\"F32\","
	"\"shape\":[4,2],\"data_offsets\":[24,56]}}";
#define A "\"base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight\":"
#define B "\"base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight\":"
#define PEFT "{\"peft_type\":\"LORA\",\"r\":1,\"lora_alpha\":2"
static const char good[] = "{" A "{\"dtype\":\"F32\",\"shape\":[1,3],\"data_offsets\":[0,12]},"
	B "{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[12,20]}}";

static void refused(const char *config, const char *header, size_t n, double scale, const char *what)
{
	struct model *m, *x;
	struct err e = { 0 };
	char *path = str_join_path(fx.dir, "lora");

	fixture_safetensors(&fx, "base.safetensors", base_header, 56);
	fixture_text(&fx, "lora/adapter_config.json", config);
	fixture_safetensors(&fx, "lora/adapter_model.safetensors", header, n);
	m = fixture_open(&fx, "base.safetensors");
	x = lora_apply(m, path, scale, "base+lora", NULL, NULL, &e);
	if (what && (x || !strstr(e.what, what) || !*e.hint))
		fail_msg("%s: got \"%s\" \"%s\"; \"%s\"", what, e.where, e.what, e.hint);
	if (!what && !x)
		fail_msg("%s: %s", e.where, e.what);
	model_unref(x);
	model_unref(m);
	free(path);
}

static void test_refused(void **state)
{
	(void)state;
	static const char *const types[] = { "LOHA", "LOKR", "IA3", "OFT", "VERA", "PROMPT_TUNING" };
	char config[200];

	refused(PEFT "}", good, 20, 1.0, NULL);
	refused(PEFT "}", good, 20, 0.0, NULL);
	refused(PEFT "}", good, 20, (double)NAN, "no number");
	refused(PEFT "}", good, 20, 1e300, "no number");
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		snprintf(config, sizeof config, "{\"peft_type\":\"%s\"}", types[i]);
		refused(config, good, 20, 1.0, types[i]);
	}
	refused(PEFT ",\"use_dora\":true}", good, 20, 1.0, "DoRA");
	refused(PEFT ",\"lora_bias\":true}", good, 20, 1.0, "lora_bias");
	refused(PEFT ",\"layer_replication\":[[0,1]]}", good, 20, 1.0, "layer_replication");
	refused("{\"peft_type\":\"LORA\",\"r\":0}", good, 20, 1.0, "rank");
	refused("{\"peft_type\":\"LORA\",\"r\":-4}", good, 20, 1.0, "rank");
	refused("{\"peft_type\":\"LORA\",\"r\":1.5}", good, 20, 1.0, "rank");
	refused("{\"peft_type\":\"LORA\",\"r\":1,\"lora_alpha\":NaN}", good, 20, 1.0, "lora_alpha");
	refused("{\"peft_type\":\"LORA\",\"r\":1,\"lora_alpha\":1e308}", good, 20, 1.0, "factor");
	refused("{\"peft_type\":\"LORA\",\"r\":2}", good, 20, 1.0, "has rank 1");
	refused(PEFT ",\"rank_pattern\":{\"(a{9}){9}\":2}}", good, 20, 1.0, "rank_pattern");
	refused(PEFT ",\"alpha_pattern\":{\"q_proj\":\"x\"}}", good, 20, 1.0, "alpha_pattern");
	refused(PEFT ",\"alpha_pattern\":[1]}", good, 20, 1.0, "alpha_pattern");
	refused("{}", good, 20, 1.0, "neither");
	refused("{\"fine_tune_type\":\"dora\"}", good, 20, 1.0, "DoRA");
	refused("{\"fine_tune_type\":\"lora\"}", good, 20, 1.0, "no scale");
	refused(PEFT "}", "{" A "{\"dtype\":\"F32\",\"shape\":[1,3],\"data_offsets\":[0,12]}}", 12, 1.0,
		"other factor");
	refused(PEFT "}", "{" B "{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]}}", 8, 1.0,
		"other factor");
	refused(PEFT "}", "{" A "{\"dtype\":\"F32\",\"shape\":[1,4],\"data_offsets\":[0,16]},"
		B "{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[16,24]}}", 24, 1.0, "2 x 3");
	refused(PEFT "}", "{" A "{\"dtype\":\"F32\",\"shape\":[1,3],\"data_offsets\":[0,12]},"
		B "{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[12,20]}}", 20, 1.0, "one rank");
	refused(PEFT "}", "{" A "{\"dtype\":\"F32\",\"shape\":[1,0],\"data_offsets\":[0,0]},"
		B "{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]}}", 8, 1.0, "one rank");
	refused(PEFT "}", "{\"base_model.model.h.9.attn.lora_A.weight\":{\"dtype\":\"F32\",\"shape\":[1,3],"
		"\"data_offsets\":[0,12]},\"base_model.model.h.9.attn.lora_B.weight\":{\"dtype\":\"F32\","
		"\"shape\":[2,1],\"data_offsets\":[12,20]}}", 20, 1.0, "another architecture");
	refused(PEFT "}", "{\"base_model.model.model.embed_tokens.weight\":{\"dtype\":\"F32\",\"shape\":[5,2],"
		"\"data_offsets\":[0,40]}}", 40, 1.0, "5 x 2");
	refused(PEFT "}", "{\"base_model.model.lm_head.weight\":{\"dtype\":\"F32\",\"shape\":[4,2],"
		"\"data_offsets\":[0,32]}}", 32, 1.0, "ties");
	refused(PEFT "}", "{\"x.lora_magnitude_vector.weight\":{\"dtype\":\"F32\",\"shape\":[2],"
		"\"data_offsets\":[0,8]}}", 8, 1.0, "DoRA");
	refused(PEFT "}", good, 19, 1.0, "");
	refused(PEFT "}", "{}", 0, 1.0, "changes nothing");
}

/* The language part's names differ between a model alone and in one that sees; MLX stacks experts. */
static void test_names(void **state)
{
	(void)state;
	static const char experts[] = "{\"model.layers.0.mlp.experts.0.up_proj.weight\":{\"dtype\":\"F32\","
		"\"shape\":[2,2],\"data_offsets\":[0,16]},\"model.layers.0.mlp.experts.1.up_proj.weight\":"
		"{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[16,32]}}";
	static const char stacked[] = "{\"model.layers.0.mlp.switch_mlp.up_proj.lora_a\":{\"dtype\":\"F32\","
		"\"shape\":[2,1,2],\"data_offsets\":[0,16]},\"model.layers.0.mlp.switch_mlp.up_proj.lora_b\":"
		"{\"dtype\":\"F32\",\"shape\":[2,2,1],\"data_offsets\":[16,32]}}";
	float a[4] = { 1, 2, 3, 4 }, b[4] = { 5, 6, 7, 8 }, w[8] = { 0 }, got[4];
	struct str s = STR_INIT;
	unsigned char head[8];
	struct err e = { 0 };

	refused(PEFT "}", "{\"base_model.model.language_model.model.layers.0.self_attn.q_proj.lora_A.weight\":"
		"{\"dtype\":\"F32\",\"shape\":[1,3],\"data_offsets\":[0,12]},"
		"\"base_model.model.language_model.model.layers.0.self_attn.q_proj.lora_B.weight\":"
		"{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[12,20]}}", 20, 1.0, NULL);

	for (int k = 0; k < 2; k++) {
		str_clear(&s);
		put_le64(head, strlen(k ? stacked : experts));
		str_addn(&s, (char *)head, 8);
		str_add(&s, k ? stacked : experts);
		str_addn(&s, k ? (char *)a : (char *)w, 16);
		str_addn(&s, k ? (char *)b : (char *)w, 16);
		fixture_write(&fx, k ? "moe/adapters.safetensors" : "moe/model/model.safetensors", s.s, s.n);
	}
	str_fini(&s);
	fixture_text(&fx, "moe/model/config.json", "{\"model_type\":\"qwen3_moe\",\"num_hidden_layers\":1}");
	fixture_text(&fx, "moe/adapter_config.json",
		"{\"fine_tune_type\":\"lora\",\"lora_parameters\":{\"rank\":1,\"scale\":2}}");
	struct model *m = fixture_open(&fx, "moe/model"), *x;
	char *path = str_join_path(fx.dir, "moe");
	x = lora_apply(m, path, 0.5, "moe+lora", NULL, NULL, &e);
	if (!x)
		fail_msg("%s: %s", e.where, e.what);
	for (size_t t = 0; t < 2; t++) {
		assert_true(source_read(&x->source, t, 0, 4, got, &e));
		for (size_t i = 0; i < 4; i++)
			assert_true(got[i] == b[2 * t + i / 2] * a[2 * t + i % 2]);
	}
	free(path);
	model_unref(x);
	model_unref(m);
}

/* Contents, not places: what changes the bits changes the key, and nothing else does. */
static void test_keys(void **state)
{
	(void)state;
	struct model *base = open_golden("llama"), *a = laid(base, "plain", 1.0),
		*b = laid(base, "plain", 1.0), *c = laid(base, "plain", 0.5);
	size_t at, computed = 0;

	for (size_t t = 0; t < base->source.n_tensors; t++) {
		bool touched = !model_origin(a, t, &at);

		computed += touched;
		assert_true(hash_eq(model_tensor_place(a, t), model_tensor_place(b, t)));
		assert_true(hash_eq(model_tensor_place(a, t), model_tensor_place(c, t)) == !touched);
	}
	assert_int_equal(computed, 14);
	model_unref(a);
	model_unref(b);
	model_unref(c);
	model_unref(base);
}

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_as_peft),
		cmocka_unit_test(test_as_mlx),
		cmocka_unit_test(test_same_bits),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
