#include "config.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "golden.h"
#include "tensor/dtype.h"

static void every_safetensors_name_is_known(void **state)
{
	static const char *const names[] =
		{ "BOOL", "F4", "F6_E2M3", "F6_E3M2", "U8", "I8", "F8_E5M2",
		"F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "I16", "U16", "F16", "BF16",
		"I32",
		"U32", "F32", "C64", "F64", "I64", "U64" };
	static const int bits[] = { 8, 4, 6, 6, 8, 8, 8, 8, 8, 8, 8, 16, 16, 16, 16, 32, 32, 32, 64,
		64, 64, 64 };
	(void)state;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		enum dtype t = dtype_by_safetensors(names[i]);
		uint64_t bytes;
		assert_int_not_equal(t, DT_UNKNOWN);
		assert_string_equal(dtype_info(t)->st_name, names[i]);
		assert_true(dtype_bytes(t, 24, &bytes));
		assert_int_equal(bytes, 24 * bits[i] / 8);
	}
	assert_int_equal(dtype_by_safetensors("bf16"), DT_UNKNOWN);
	assert_int_equal(dtype_by_safetensors("Q4_0"), DT_UNKNOWN);
	assert_int_equal(dtype_by_safetensors(""), DT_UNKNOWN);
	assert_int_equal(dtype_by_safetensors(NULL), DT_UNKNOWN);
}

static void ggml_sizes_are_those_of_the_library(void **state)
{
	json_t *g = golden_load("tests/golden/tensor/floats.json"), *row;
	const char *name;
	(void)state;

	json_object_foreach(json_object_get(g, "sizes"), name, row) {
		uint32_t id = (uint32_t)json_integer_value(json_array_get(row, 0));
		const struct dtype_info *d = dtype_info(dtype_by_ggml(id));
		assert_string_equal(d->name, name);
		assert_int_equal(d->block, json_integer_value(json_array_get(row, 1)));
		assert_int_equal(d->bytes, json_integer_value(json_array_get(row, 2)));
	}
	json_decref(g);
	for (uint32_t id = 0; id <= 44; id++) {
		bool gone = id == 4 || id == 5 || (id >= 31 && id <= 33) ||
			(id >= 36 && id <= 38) ||
			id >= 43;
		assert_int_equal(dtype_by_ggml(id) == DT_UNKNOWN, gone);
	}
	assert_int_equal(dtype_by_ggml(UINT32_MAX), DT_UNKNOWN);
}

static void names_go_both_ways(void **state)
{
	(void)state;
	for (int t = 0; t < DT_UNKNOWN; t++) {
		assert_int_equal(dtype_by_name(dtype_name(t)), t);
		if (dtype_torch_name(t))
			assert_int_equal(dtype_by_torch(dtype_torch_name(t)), t);
	}
	assert_int_equal(dtype_by_name("bf16"), DT_BF16);
	assert_int_equal(dtype_by_name("q4_k"), DT_Q4_K);
	assert_int_equal(dtype_by_name("unknown"), DT_UNKNOWN);
	assert_int_equal(dtype_by_torch("torch.bfloat16"), DT_BF16);
	assert_int_equal(dtype_by_torch("half"), DT_F16);
	assert_int_equal(dtype_by_torch("torch.torch.half"), DT_UNKNOWN);
	assert_string_equal(dtype_torch_name(DT_F64), "float64");
	assert_null(dtype_torch_name(DT_Q4_K));
	assert_string_equal(dtype_name(DT_UNKNOWN), "unknown");
	assert_string_equal(dtype_name((enum dtype)1000), "unknown");
}

static void sizes_are_checked(void **state)
{
	uint64_t b = 7;
	(void)state;

	assert_true(dtype_bytes(DT_Q4_K, 512, &b));
	assert_int_equal(b, 288);
	assert_true(dtype_bytes(DT_F64, 0, &b));
	assert_int_equal(b, 0);
	assert_false(dtype_bytes(DT_Q4_K, 255, &b));
	assert_false(dtype_bytes(DT_F6_E2M3, 6, &b));
	assert_false(dtype_bytes(DT_F64, UINT64_MAX / 8 + 1, &b));
	assert_false(dtype_bytes(DT_UNKNOWN, 8, &b));
}

static void promotion_is_torchs(void **state)
{
	json_t *g = golden_load("tests/golden/tensor/floats.json"), *row;
	size_t i;
	(void)state;

	json_array_foreach(json_object_get(g, "promote"), i, row) {
		enum dtype a = dtype_by_torch(json_string_value(json_array_get(row, 0)));
		enum dtype b = dtype_by_torch(json_string_value(json_array_get(row, 1)));
		const char *torch = json_string_value(json_array_get(row, 2));
		enum dtype got = dtype_promote(a, b);
		if (torch)
			assert_string_equal(dtype_torch_name(got), torch);
		else
			assert_int_equal(got, a == DT_F64 || b == DT_F64 ? DT_F64 : DT_F32);
	}
	json_decref(g);
	assert_int_equal(dtype_promote(DT_Q4_K, DT_Q4_K), DT_F32);
	assert_int_equal(dtype_promote(DT_UNKNOWN, DT_BF16), DT_F32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_safetensors_name_is_known),
		cmocka_unit_test(ggml_sizes_are_those_of_the_library),
		cmocka_unit_test(names_go_both_ways),
		cmocka_unit_test(sizes_are_checked),
		cmocka_unit_test(promotion_is_torchs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
