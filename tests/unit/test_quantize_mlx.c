/* Whole MLX folders against those that mlx_lm's own conversion writes: every array's name, dtype,
 * shape and bytes, and what config.json says of the quantization. */
#include "engine/quantize.h"
#include "formula.h"
#include "golden.h"

static struct fixture fx;
static json_t *models, *golden;
static struct pool *pool;

static int setup(void **state)
{
	const char *family;
	json_t *of, *model;

	(void)state;
	fixture_init(&fx);
	models = golden_load("tests/golden/quant/files.json");
	golden = golden_load("tests/golden/quant/mlx_files.json");
	pool = pool_new(2);
	if (!models || !golden)
		return -1;
	json_object_foreach(golden, family, of) {
		model = json_object_get(models, family);
		formula_model(&fx, family, json_object_get(model, "config"),
			json_object_get(model, "tensors"));
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pool_free(pool);
	json_decref(golden);
	json_decref(models);
	fixture_fini(&fx);
	return 0;
}

static void write_it(const char *family, const char *preset, const char *out)
{
	char *path = str_join_path(fx.dir, family);
	struct quantize_options o = { .output = out, .force = true };
	struct err e = { 0 };
	struct model *m = model_open(path, &e);
	struct quant_spec *s = quant_spec_load(preset, &e);
	struct quant_targets *t = m && s ? quant_targets_new(m, s->preset.container, &e) : NULL;
	struct quant_plan *p = t ? quant_plan_make(s, t, false, NULL, &e) : NULL;
	struct run_result r;

	if (!p || !quantize_run(p, NULL, pool, &o, NULL, NULL, &r, &e))
		fail_msg("%s %s: %s: %s", family, preset, e.where, e.what);
	quant_plan_unref(p);
	quant_targets_unref(t);
	quant_spec_unref(s);
	model_unref(m);
	free(path);
}

/* [name, dtype, shape, first half of the hash] against the file, without the program's reader. */
static void check_array(const json_t *header, const unsigned char *data, size_t n,
	const json_t *want, const char *what)
{
	const char *name = json_string_value(json_array_get(want, 0));
	const json_t *have = json_object_get(header, name), *at;
	char hex[HASH_HEX_SIZE];
	size_t from, to;

	if (!have)
		fail_msg("%s: no %s", what, name);
	at = json_object_get(have, "data_offsets");
	from = (size_t)json_integer_value(json_array_get(at, 0));
	to = (size_t)json_integer_value(json_array_get(at, 1));
	assert_true(from <= to && to <= n);
	if (!json_equal(json_object_get(have, "dtype"), json_array_get(want, 1)) ||
		!json_equal(json_object_get(have, "shape"), json_array_get(want, 2)))
		fail_msg("%s: %s has another dtype or shape", what, name);
	hash_hex(hash_bytes(data + from, to - from), hex);
	if (strncmp(hex, json_string_value(json_array_get(want, 3)), 16))
		fail_msg("%s: the bytes of %s differ", what, name);
}

static void check_weights(const char *path, const json_t *arrays, const char *what)
{
	struct err e = { 0 };
	size_t n, i, length;
	unsigned char *file = (unsigned char *)file_read_all(path, (size_t)1 << 30, &n, &e);
	json_t *header, *want;

	if (!file)
		fail_msg("%s: %s: %s", what, e.where, e.what);
	length = (size_t)le64(file);
	assert_true(length < n - 8);
	header = json_loadb((char *)file + 8, length, 0, NULL);
	assert_non_null(header);
	json_object_del(header, "__metadata__");
	assert_int_equal(json_object_size(header), json_array_size(arrays));
	json_array_foreach(arrays, i, want)
		check_array(header, file + 8 + length, n - 8 - length, want, what);
	json_decref(header);
	free(file);
}

static void test_folders_as_mlx_lm_writes_them(void **state)
{
	char *out = str_join_path(fx.dir, "out");
	char *weights = str_join_path(out, "model.safetensors");
	char *config_path = str_join_path(out, "config.json");
	const char *family, *preset;
	json_t *of, *want, *config;
	int seen = 0;

	(void)state;
	json_object_foreach(golden, family, of)
		json_object_foreach(of, preset, want) {
			char *what = xasprintf("%s %s", family, preset);

			write_it(family, preset, out);
			check_weights(weights, json_object_get(want, "arrays"), what);
			config = json_parse_file(config_path, (size_t)1 << 20, NULL);
			assert_non_null(config);
			if (!json_equal(json_object_get(config, "quantization"),
				json_object_get(want, "quantization")))
				fail_msg("%s: config.json says: %s", what, json_dumps(
					json_object_get(config, "quantization"), 0));
			assert_true(json_equal(json_object_get(config, "quantization"),
				json_object_get(config, "quantization_config")));
			json_decref(config);
			free(what);
			seen++;
		}
	assert_int_equal(seen, 15);
	free(weights);
	free(config_path);
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_folders_as_mlx_lm_writes_them),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
