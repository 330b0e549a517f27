#include "config.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "base/bytes.h"
#include "golden.h"
#include "tensor/codec_affine.h"
#include "tensor/cpu.h"
#include "tensor/dtype.h"
#include "tensor/half.h"

static json_t *quant, *floats;

static int load(void **state)
{
	(void)state;
	quant = golden_load("tests/golden/tensor/quant.json");
	floats = golden_load("tests/golden/tensor/floats.json");
	return quant && floats ? 0 : -1;
}

static int unload(void **state)
{
	(void)state;
	json_decref(quant);
	json_decref(floats);
	return 0;
}

/* One NaN for all, as the hashes of the golden file were made. */
static void one_nan(float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (isnan(x[i]))
			x[i] = bits_f32(0x7fc00000);
}

static uint64_t golden_hash(const char *kind, const char *name)
{
	const json_t *s = json_object_get(json_object_get(floats, kind), name);

	return strtoull(json_string_value(s), NULL, 16);
}

static void each_path(void (*check)(void))
{
	for (int p = 0; p <= (int)cpu_best(); p++) {
		assert_true(cpu_force(p));
		assert_int_equal(cpu_path(), p);
		check();
	}
	assert_true(cpu_force(cpu_best()));
}

static void check_small_floats(void)
{
	static const enum dtype types[] = { DT_F16, DT_BF16, DT_F8_E4M3, DT_F8_E5M2, DT_F8_E4M3FNUZ,
		DT_F8_E5M2FNUZ, DT_F8_E8M0 };
	static uint8_t src[65536 * 2];
	static float out[65536];

	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		const struct dtype_info *d = dtype_info(types[i]);
		size_t n = d->bytes == 1 ? 256 : 65536;
		for (size_t k = 0; k < n; k++) {
			if (d->bytes == 1)
				src[k] = (uint8_t)k;
			else
				put_le16(src + 2 * k, (uint16_t)k);
		}
		d->decode(src, out, n);
		one_nan(out, n);
		assert_int_equal(fnv1a(FNV1A_START, out, n * 4), golden_hash("decode", d->name));
	}
}

static void small_floats_decode_as_torch_does(void **state)
{
	(void)state;
	each_path(check_small_floats);
}

static void check_encode(void)
{
	static const uint32_t low[] =
		{ 0, 1, 0x0fff, 0x1000, 0x1001, 0x7fff, 0x8000, 0x8001, 0xffff };
	static const enum dtype types[] = { DT_F16, DT_BF16 };
	enum { LOW = sizeof low / sizeof *low };
	static float in[65536 * LOW];
	static uint16_t out[65536 * LOW];
	size_t n = 0;

	for (uint32_t high = 0; high < 65536; high++)
		for (int k = 0; k < LOW; k++)
			if (!isnan(bits_f32(high << 16 | low[k])))
				in[n++] = bits_f32(high << 16 | low[k]);
	for (int i = 0; i < 2; i++) {
		const struct dtype_info *d = dtype_info(types[i]);
		d->encode(in, out, n);
		assert_int_equal(fnv1a(FNV1A_START, out, n * 2), golden_hash("encode", d->name));
	}
}

static void encoding_rounds_as_torch_does(void **state)
{
	(void)state;
	each_path(check_encode);
}

static void check_nan(void)
{
	uint32_t bits[33];
	float in[33];
	uint16_t out[33];

	for (uint32_t i = 0; i < 33; i++) {
		bits[i] = (i & 1) << 31 | 0x7f800000 | (1u << i % 23);
		in[i] = bits_f32(bits[i]);
	}
	memcpy(in, bits, sizeof in);
	dtype_info(DT_F16)->encode(in, out, 33);
	for (uint32_t i = 0; i < 33; i++)
		assert_int_equal(out[i], (i & 1) << 15 | 0x7e00);
	dtype_info(DT_BF16)->encode(in, out, 33);
	for (uint32_t i = 0; i < 33; i++)
		assert_int_equal(out[i], bits[i] >> 16 | 0x40);
}

static void nan_stays_nan(void **state)
{
	(void)state;
	each_path(check_nan);
}

static void check_blocks(void)
{
	const char *name;
	json_t *cases, *c;
	size_t i, nq, nd;

	json_object_foreach(json_object_get(quant, "ggml"), name, cases) {
		const struct dtype_info *d = dtype_info(dtype_by_name(name));
		assert_true(json_array_size(cases) >= 19);
		json_array_foreach(cases, i, c) {
			uint8_t *q = golden_base64(json_object_get(c, "q"), &nq);
			float *want = golden_base64(json_object_get(c, "deq"), &nd);
			size_t n = nd / 4;
			float *got = calloc(n, 4);
			assert_int_equal(nq, n / d->block * d->bytes);
			d->decode(q, got, n);
			for (size_t k = 0; k < n; k++)
				assert_true(got[k] == want[k]);
			free(q);
			free(want);
			free(got);
		}
	}
}

/* Q8_1 stands in no file and has no vectors: a scale, a sum that does not count, 32 numbers. */
static void check_q8_1(void)
{
	uint8_t b[36];
	float x[32];

	put_le16(b, f32_f16(0.25f));
	put_le16(b + 2, 0x7bff);
	for (int i = 0; i < 32; i++)
		b[4 + i] = (uint8_t)(int8_t)(8 * i - 128);
	dtype_info(DT_Q8_1)->decode(b, x, 32);
	for (int i = 0; i < 32; i++)
		assert_true(x[i] == 0.25f * (float)(8 * i - 128));
}

static void quantized_blocks_decode_as_ggml_does(void **state)
{
	(void)state;
	each_path(check_blocks);
	each_path(check_q8_1);
}

static void check_affine(void)
{
	json_t *mlx = json_object_get(quant, "mlx"), *c;
	size_t i, nw, ns, nd;

	assert_true(json_array_size(mlx) > 200);
	json_array_foreach(mlx, i, c) {
		const char *dtype = json_string_value(json_object_get(c, "dtype"));
		struct affine a = { (int)json_integer_value(json_object_get(c, "bits")),
			(int)json_integer_value(json_object_get(c, "group")),
			dtype_by_name(dtype) };
		uint8_t *w = golden_base64(json_object_get(c, "w"), &nw);
		uint8_t *s = golden_base64(json_object_get(c, "scales"), &ns);
		uint8_t *b = golden_base64(json_object_get(c, "biases"), &ns);
		float *want = golden_base64(json_object_get(c, "deq"), &nd);
		size_t n = nd / 4;
		float *got = calloc(n, 4);
		assert_true(affine_valid(&a));
		assert_int_equal(nw, n * a.bits / 8);
		affine_decode(&a, w, s, b, got, n);
		for (size_t k = 0; k < n; k++)
			assert_true(got[k] == want[k]);
		free(w);
		free(s);
		free(b);
		free(want);
		free(got);
	}
}

static void affine_groups_decode_as_mlx_does(void **state)
{
	struct affine seven = { 7, 64, DT_BF16 }, wide = { 4, 256, DT_BF16 },
		odd = { 4, 64, DT_F64 };
	(void)state;

	each_path(check_affine);
	assert_false(affine_valid(&seven));
	assert_false(affine_valid(&wide));
	assert_false(affine_valid(&odd));
}

static uint64_t noise(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	return *s ^= *s << 17;
}

/* Random bits, odd lengths, unaligned: each path writes what the portable one writes, and no
 * more. */
static void every_path_gives_the_same_bits(void **state)
{
	enum { N = 256 * 5, ROOM = N * 8 + 64 };
	static uint8_t src[ROOM + 1];
	static float want[ROOM / 4], got[ROOM / 4];
	uint64_t seed = 88172645463325252u;
	(void)state;

	for (int t = 0; t < DT_UNKNOWN; t++) {
		const struct dtype_info *d = dtype_info(t);
		for (int round = 0; round < 40; round++) {
			size_t n = d->block == 1 ? noise(&seed) % 700
				: d->block * (noise(&seed) % 6);
			size_t off = noise(&seed) % 2;
			for (size_t i = 0; i < sizeof src; i++)
				src[i] = (uint8_t)noise(&seed);
			for (int p = 0; p <= (int)cpu_best(); p++) {
				float *out = p ? got : want;
				memset(out, 0xa5, ROOM);
				assert_true(cpu_force(p));
				if (d->decode)
					d->decode(src + off, out, n);
				if (p)
					assert_memory_equal(want, got, ROOM);
			}
			/* quantized formats want finite numbers: test_encode */
			for (int p = 0; d->encode && d->kind != DTYPE_QUANT && p <= (int)cpu_best();
				p++) {
				float in[700];
				float *out = p ? got : want;
				memcpy(in, src, sizeof in);
				memset(out, 0xa5, ROOM);
				assert_true(cpu_force(p));
				d->encode(in, out, n);
				if (p)
					assert_memory_equal(want, got, ROOM);
			}
		}
	}
}

static void affine_is_the_same_on_every_path(void **state)
{
	static const int widths[] = { 2, 3, 4, 5, 6, 8 };
	static const enum dtype types[] = { DT_F16, DT_BF16, DT_F32 };
	uint8_t words[128 * 3], scales[64], biases[64];
	float want[128 * 3], got[128 * 3];
	uint64_t seed = 1442695040888963407u;
	(void)state;

	for (int round = 0; round < 300; round++) {
		struct affine a = { widths[round % 6], 32 << round / 6 % 3, types[round / 18 % 3] };
		for (size_t i = 0; i < sizeof words; i++)
			words[i] = (uint8_t)noise(&seed);
		for (size_t i = 0; i < sizeof scales; i++) {
			scales[i] = (uint8_t)noise(&seed);
			biases[i] = (uint8_t)noise(&seed);
		}
		for (int p = 0; p <= (int)cpu_best(); p++) {
			assert_true(cpu_force(p));
			affine_decode(&a, words, scales, biases, p ? got : want, 3 * a.group);
			/* which NaN an operation on two NaNs returns is the compiler's choice */
			one_nan(p ? got : want, 3 * a.group);
			if (p)
				assert_memory_equal(want, got, 3 * a.group * 4);
		}
	}
}

static void plain_values(void **state)
{
	const uint8_t i8[] = { 0, 1, 127, 128, 255 };
	const int64_t i64[] = { 0, -1, 1 << 24, (1ll << 53) + 1, INT64_MIN };
	const double f64[] = { 0.1, 1e300, -1e-310, 1.0 + 0x1p-24 };
	const uint8_t f4[] = { 0x71, 0x9f };
	float x[8];
	(void)state;

	dtype_info(DT_I8)->decode(i8, x, 5);
	assert_true(x[2] == 127 && x[3] == -128 && x[4] == -1);
	dtype_info(DT_U8)->decode(i8, x, 5);
	assert_true(x[3] == 128 && x[4] == 255);
	dtype_info(DT_BOOL)->decode(i8, x, 5);
	assert_true(x[0] == 0 && x[1] == 1 && x[4] == 1);
	dtype_info(DT_I64)->decode(i64, x, 5);
	assert_true(x[1] == -1 && x[2] == 0x1p24f && x[3] == 0x1p53f && x[4] == -0x1p63f);
	dtype_info(DT_F64)->decode(f64, x, 4);
	assert_true(x[0] == 0.1f && isinf(x[1]) && x[2] == 0 && signbit(x[2]) && x[3] == 1.0f);
	dtype_info(DT_F4)->decode(f4, x, 4);
	assert_true(x[0] == 0.5f && x[1] == 6.0f && x[2] == -6.0f && x[3] == -0.5f);
	assert_true(f16_f32(1) == 0x1p-24f && f32_f16(65519.0f) == 0x7bff &&
		f32_f16(65520.0f) == 0x7c00);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(small_floats_decode_as_torch_does),
		cmocka_unit_test(encoding_rounds_as_torch_does),
		cmocka_unit_test(nan_stays_nan),
		cmocka_unit_test(quantized_blocks_decode_as_ggml_does),
		cmocka_unit_test(affine_groups_decode_as_mlx_does),
		cmocka_unit_test(every_path_gives_the_same_bits),
		cmocka_unit_test(affine_is_the_same_on_every_path),
		cmocka_unit_test(plain_values),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
