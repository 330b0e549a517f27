#include "fixture.h"
#include "golden.h"

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

static struct model *open_golden(const char *name)
{
	struct err e;
	char *path = xasprintf("%s/tests/golden/model/%s", getenv("top_srcdir"), name);
	err_clear(&e);
	struct model *m = model_open(path, &e);
	if (!m)
		fail_msg("%s: %s", e.where, e.what);
	free(path);
	return m;
}

/* Names, shapes, types and values as the tool itself reads them; whole, and in pieces of 256. */
static void check_golden(struct model *m, const json_t *list)
{
	size_t i;
	json_t *want;
	static float out[65536], piece[256];
	struct err e;

	assert_int_equal(m->source.n_tensors, json_array_size(list));
	json_array_foreach((json_t *)list, i, want) {
		const char *name = json_text(want, "name", "");
		long t = source_find(&m->source, name);
		char hex[17];
		if (t < 0)
			fail_msg("%s is not there", name);
		const struct tensor *x = &m->source.tensors[t];
		assert_string_equal(x->dtype_text, json_text(want, "type", ""));
		assert_int_equal(x->rank, json_array_size(json_at(want, "shape")));
		for (int k = 0; k < x->rank; k++)
			assert_int_equal(x->shape[k],
				json_int(
					json_array_get(json_at(want, "shape"), (size_t)k), "", -1));
		err_clear(&e);
		if (!source_read(&m->source, (size_t)t, 0, x->elements, out, &e))
			fail_msg("%s: %s", e.where, e.what);
		snprintf(hex, sizeof hex, "%016llx",
			(unsigned long long)fnv1a(FNV1A_START, out, x->elements * 4));
		if (!str_eq(hex, json_text(want, "fnv", "")))
			fail_msg("%s: values differ", name);
		for (uint64_t at = 0; at < x->elements; at += 256) {
			size_t n = x->elements - at < 256 ? x->elements - at : 256;
			assert_true(source_read(&m->source, (size_t)t, at, n, piece, &e));
			assert_memory_equal(piece, out + at, n * 4);
		}
	}
}

static void test_mlx(void **state)
{
	(void)state;
	json_t *want = golden_load("tests/golden/model/mlx.json");
	struct model *m = open_golden("mlx");
	assert_int_equal(m->format, MODEL_MLX);
	assert_string_equal(m->format_text, "mlx");
	check_golden(m, json_at(want, "tensors"));
	assert_int_equal(m->parameters, json_int(want, "parameters", -1));
	long t = source_find(&m->source, "model.layers.1.mlp.experts.2.gate_proj.weight");
	assert_string_equal(m->source.tensors[t].role, "ffn_gate_exps");
	assert_int_equal(m->source.tensors[t].expert, 2);
	/* 8 x 128 codes of 3 bits, and 8 x 4 groups of two 2-byte numbers */
	assert_int_equal(m->source.tensors[t].bytes, 8 * 128 * 3 / 8 + 8 * 4 * 4);
	model_unref(m);
	json_decref(want);
}

static void test_gguf_types(void **state)
{
	(void)state;
	json_t *want = golden_load("tests/golden/model/types.json");
	struct model *m = open_golden("types.gguf");
	check_golden(m, want);
	const json_t *k = m->metadata;
	assert_int_equal(json_int(k, "t.u8", 0), 200);
	assert_int_equal(json_int(k, "t.i8", 0), -100);
	assert_int_equal(json_int(k, "t.u16", 0), 60000);
	assert_int_equal(json_int(k, "t.i16", 0), -30000);
	assert_int_equal(json_int(k, "t.u32", 0), 4000000000);
	assert_int_equal(json_int(k, "t.i32", 0), -2000000000);
	assert_true(json_num(k, "t.f32", 0) == 1e-6);
	assert_true(json_flag(k, "t.bool", false));
	assert_string_equal(json_text(k, "t.string", ""), "gr\xc3\xbc\xc3\x9f");
	assert_int_equal(json_array_size(json_at(k, "t.list")), 3);
	assert_string_equal(json_text(json_array_get(json_at(k, "t.strings"), 2), "", ""), "c");
	assert_int_equal(json_int(k, "t.u64", 0), 1ll << 62);
	assert_int_equal(json_int(k, "t.i64", 0), -(1ll << 62));
	assert_true(json_num(k, "t.f64", 0) == 0.1);
	model_unref(m);
	json_decref(want);
}

/* One MLX module whose config says something else than its shapes: the shapes win. */
static void test_mlx_wrong_config(void **state)
{
	(void)state;
	/* [2, 64] at 4 bits in groups of 32: 8 words a row, 2 groups */
	fixture_safetensors(&fx, "w/model.safetensors",
		"{\"p.weight\":{\"dtype\":\"U32\",\"shape\":[2,8],\"data_offsets\":[0,64]},"
		"\"p.scales\":{\"dtype\":\"F16\",\"shape\":[2,2],\"data_offsets\":[64,72]},"
		"\"p.biases\":{\"dtype\":\"F16\",\"shape\":[2,2],\"data_offsets\":[72,80]}}", 80);
	fixture_text(&fx, "w/config.json", "{\"hidden_size\":64,\"quantization\":"
		"{\"group_size\":64,\"bits\":8}}");
	struct model *m = fixture_open(&fx, "w");
	assert_int_equal(m->source.n_tensors, 1);
	assert_string_equal(m->source.tensors[0].dtype_text, "affine4g32");
	assert_int_equal(m->source.tensors[0].shape[1], 64);
	assert_int_equal(m->parameters, 128);
	assert_int_equal(m->bytes, 80);
	assert_true(m->bits_per_weight == 5.0);
	float a[128];
	struct err e;
	assert_true(source_read(&m->source, 0, 0, 128, a, &e));
	char raw[4];
	assert_true(source_read_raw(&m->source, 0, 62, 4, raw, &e)); /* over the seam */
	assert_memory_equal(raw, ((char[]){ 62, 63, 64, 65 }), 4);
	model_unref(m);
}

static void test_refuses_odd_mlx(void **state)
{
	(void)state;
	static const struct {
		const char *weight, *scales, *biases, *what;
	} bad[] = {
		{ "[2,8]", "[2,7]", "[2,7]", "codes and scales are of different matrices" },
		{ "[2,8]", "[1,2]", "[1,2]", "codes and scales are of different matrices" },
		{ "[2,8]", "[4]", "[2,2]", "codes and scales are of different matrices" },
		{ "[2,8]", "[2,2]", "[4]", "biases do not match" },
		{ "[2,8]", "[2,2]", NULL, "biases do not match" },
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		int n = str_eq(bad[i].scales, "[2,7]")   ? 28
			: str_eq(bad[i].scales, "[1,2]") ? 4
							 : 8;
		struct str h = STR_INIT;
		str_addf(&h,
			"{\"p.weight\":{\"dtype\":\"U32\",\"shape\":%s,\"data_offsets\":[0,64]},"
			"\"p.scales\":{\"dtype\":\"F16\",\"shape\":%s,\"data_offsets\":[64,%d]}",
			bad[i].weight, bad[i].scales, 64 + n);
		if (bad[i].biases)
			str_addf(&h,
				",\"p.biases\":{\"dtype\":\"F16\",\"shape\":%s,\"data_offsets\":"
				"[%d,%d]}",
				bad[i].biases, 64 + n, 64 + 2 * n);
		str_add(&h, "}");
		fixture_safetensors(&fx, "odd/model.safetensors", h.s, 64 + 2 * (size_t)n);
		fixture_refused(
			&fx, "odd", "model.safetensors: tensor p.weight", bad[i].what, "again");
		str_fini(&h);
	}
}

/* Two rows of 32 in four-bit floats, powers of two as scales: 1 << 3 and 1 << -1. */
static void test_gpt_oss(void **state)
{
	(void)state;
	const char *h = "{\"m.experts.gate_up_proj_blocks\":{\"dtype\":\"U8\",\"shape\":[1,2,1,16],"
		"\"data_offsets\":[0,32]},\"m.experts.gate_up_proj_scales\":{\"dtype\":\"U8\","
		"\"shape\":[1,2,1],\"data_offsets\":[32,34]}}";
	struct str s = STR_INIT;
	unsigned char head[8];
	put_le64(head, strlen(h));
	str_addn(&s, (char *)head, 8);
	str_add(&s, h);
	for (int i = 0; i < 32; i++)
		str_addc(&s, (char)(i < 16 ? 0x72 : 0x0f)); /* 1 and 6; -6 and 0 */
	str_addc(&s, (char)130);
	str_addc(&s, 126);
	fixture_write(&fx, "oss/model.safetensors", s.s, s.n);
	str_fini(&s);
	fixture_text(&fx, "oss/config.json", "{\"model_type\":\"gpt_oss\","
		"\"quantization_config\":{\"quant_method\":\"mxfp4\"}}");
	struct model *m = fixture_open(&fx, "oss");
	const struct tensor *t = m->source.tensors;
	float x[64];
	assert_int_equal(m->source.n_tensors, 1);
	assert_string_equal(t->name, "m.experts.gate_up_proj");
	assert_string_equal(t->dtype_text, "mxfp4");
	assert_int_equal(t->rank, 3);
	assert_int_equal(t->shape[2], 32);
	assert_int_equal(m->parameters, 64);
	assert_true(source_read(&m->source, 0, 0, 64, x, NULL));
	assert_true(x[0] == 8 && x[1] == 48 && x[32] == -3 && x[33] == 0);
	model_unref(m);
}

static void put_f32(struct str *s, float f)
{
	char b[4];
	put_le32(b, f32_bits(f));
	str_addn(s, b, 4);
}

/* 3 x 5 ones (0x38) with scales by blocks of 2 x 3, by rows, and one for all. */
static void test_fp8(void **state)
{
	(void)state;
	const char *h =
		"{\"a.weight\":{\"dtype\":\"F8_E4M3\",\"shape\":[3,5],\"data_offsets\":[0,15]},"
		"\"b.weight\":{\"dtype\":\"F8_E4M3\",\"shape\":[3,5],\"data_offsets\":[15,30]},"
		"\"c.weight\":{\"dtype\":\"F8_E4M3\",\"shape\":[3,5],\"data_offsets\":[30,45]},"
		"\"a.weight_scale_inv\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[45,61]"
		"},"
		"\"b.weight_scale\":{\"dtype\":\"F32\",\"shape\":[3,1],\"data_offsets\":[61,73]},"
		"\"c.weight_scale\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[73,77]}}";
	struct str s = STR_INIT;
	unsigned char head[8];
	put_le64(head, strlen(h));
	str_addn(&s, (char *)head, 8);
	str_add(&s, h);
	for (int i = 0; i < 45; i++)
		str_addc(&s, 0x38);
	for (int i = 0; i < 8; i++)
		put_f32(&s, (float)(i + 1));
	fixture_write(&fx, "fp8/model.safetensors", s.s, s.n);
	str_fini(&s);
	fixture_text(&fx, "fp8/config.json", "{\"quantization_config\":{\"quant_method\":\"fp8\","
		"\"weight_block_size\":[2,3]}}");
	struct model *m = fixture_open(&fx, "fp8");
	float x[15];
	assert_int_equal(m->source.n_tensors, 3);
	assert_int_equal(m->parameters, 45);
	assert_string_equal(m->source.tensors[0].dtype_text, "fp8b2x3");
	assert_true(source_read(&m->source, 0, 0, 15, x, NULL));
	for (int i = 0; i < 15; i++)
		assert_true(x[i] == (float)(1 + i / 5 / 2 * 2 + i % 5 / 3));
	assert_true(source_read(&m->source, 1, 0, 15, x, NULL));
	for (int i = 0; i < 15; i++)
		assert_true(x[i] == (float)(5 + i / 5));
	assert_true(source_read(&m->source, 2, 0, 15, x, NULL));
	assert_true(x[0] == 8 && x[14] == 8);
	model_unref(m);
}

/* What MLX takes apart is one tensor again: halves (granite), alternate rows (gpt-oss). */
static void test_mlx_joins(void **state)
{
	(void)state;
	struct str s = STR_INIT;
	const char *meta = "{\"__metadata__\":{\"format\":\"mlx\"},";
	/* two experts of two rows of two, in F8: 1 is 0x38, 2 is 0x40, 4 is 0x48, 8 is 0x50 */
	static const unsigned char gate[8] = { 0x38, 0x38, 0x40, 0x40, 0x38, 0x38, 0x40, 0x40 };
	static const unsigned char up[8] = { 0x48, 0x48, 0x50, 0x50, 0x48, 0x48, 0x50, 0x50 };
	static const struct {
		const char *family, *gate, *up, *joined;
		float want[16];
	} cases[] = {
		{ "granitemoehybrid", "model.layers.0.block_sparse_moe.switch_mlp.gate_proj.weight",
			"model.layers.0.block_sparse_moe.switch_mlp.up_proj.weight",
			"model.layers.0.block_sparse_moe.input_linear.weight",
			{ 1, 1, 2, 2, 4, 4, 8, 8, 1, 1, 2, 2, 4, 4, 8, 8 } },
		{ "granitemoehybrid", "model.layers.0.mlp.gate_proj.weight",
			"model.layers.0.mlp.up_proj.weight",
			"model.layers.0.shared_mlp.input_linear.weight",
			{ 1, 1, 2, 2, 4, 4, 8, 8, 1, 1, 2, 2, 4, 4, 8, 8 } },
		{ "gpt_oss", "model.layers.0.mlp.experts.gate_proj.weight",
			"model.layers.0.mlp.experts.up_proj.weight",
			"model.layers.0.mlp.experts.gate_up_proj",
			{ 1, 1, 4, 4, 2, 2, 8, 8, 1, 1, 4, 4, 2, 2, 8, 8 } },
		{ "gpt_oss", "model.layers.0.mlp.experts.gate_proj.bias",
			"model.layers.0.mlp.experts.up_proj.bias",
			"model.layers.0.mlp.experts.gate_up_proj_bias",
			{ 1, 4, 1, 4, 2, 8, 2, 8, 1, 4, 1, 4, 2, 8, 2, 8 } },
	};

	for (size_t i = 0; i < 4; i++) {
		unsigned char head[8];
		char config[100], *h = xasprintf("%s\"%s\":{\"dtype\":\"F8_E4M3\",\"shape\":[2,2,2],"
			"\"data_offsets\":[0,8]},\"%s\":{\"dtype\":\"F8_E4M3\",\"shape\":[2,2,2],"
			"\"data_offsets\":[8,16]}}", meta, cases[i].up, cases[i].gate);
		float x[16];
		str_clear(&s);
		put_le64(head, strlen(h));
		str_addn(&s, (char *)head, 8);
		str_add(&s, h);
		str_addn(&s, (const char *)up, 8);
		str_addn(&s, (const char *)gate, 8);
		fixture_write(&fx, "join/model.safetensors", s.s, s.n);
		snprintf(config, sizeof config, "{\"model_type\":\"%s\"}", cases[i].family);
		fixture_text(&fx, "join/config.json", config);
		struct model *m = fixture_open(&fx, "join");
		const struct tensor *t = m->source.tensors;
		assert_int_equal(m->source.n_tensors, 1);
		assert_string_equal(t->name, cases[i].joined);
		assert_int_equal(t->elements, 16);
		assert_int_equal(t->bytes, 16);
		assert_int_equal(t->shape[1], str_ends(t->name, "_bias") ? 2 : 4);
		assert_true(source_read(&m->source, 0, 0, 16, x, NULL));
		assert_memory_equal(x, cases[i].want, sizeof x);
		unsigned char raw[16];
		assert_true(source_read_raw(&m->source, 0, 0, 16, raw, NULL));
		assert_memory_equal(raw, gate, 8);
		assert_memory_equal(raw + 8, up, 8);
		model_unref(m);
		free(h);
	}
	str_fini(&s);
}

static void test_foreign_packings(void **state)
{
	(void)state;
	fixture_safetensors(&fx, "gptq/model.safetensors",
		"{\"m.qweight\":{\"dtype\":\"I32\",\"shape\":[2,4],\"data_offsets\":[0,32]},"
		"\"m.scales\":{\"dtype\":\"F16\",\"shape\":[1,4],\"data_offsets\":[32,40]},"
		"\"m.g_idx\":{\"dtype\":\"I32\",\"shape\":[16],\"data_offsets\":[40,104]},"
		"\"norm.weight\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[104,112]}}",
		112);
	fixture_text(&fx, "gptq/config.json",
		"{\"quantization_config\":{\"quant_method\":\"gptq\",\"bits\":4}}");
	struct model *m = fixture_open(&fx, "gptq");
	assert_true(has_note(m, "packed by gptq: 2 tensors of codes"));
	assert_int_equal(m->parameters, 2 * 4 * 8 + 4);
	assert_false(m->source.tensors[0].readable);
	assert_true(m->source.tensors[3].readable);
	model_unref(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mlx),
		cmocka_unit_test(test_gguf_types),
		cmocka_unit_test(test_mlx_wrong_config),
		cmocka_unit_test(test_refuses_odd_mlx),
		cmocka_unit_test(test_gpt_oss),
		cmocka_unit_test(test_fp8),
		cmocka_unit_test(test_mlx_joins),
		cmocka_unit_test(test_foreign_packings),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
