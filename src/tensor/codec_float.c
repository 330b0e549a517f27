#include "config.h"
#include "base/bytes.h"
#include "tensor/codec.h"
#include "tensor/cpu.h"
#include "tensor/dtype.h"
#include "tensor/half.h"

#define PATH_IMPL "tensor/codec_float_impl.h"
#include "tensor/every_path.h"

#define DECODER(fn, kernel) \
	void fn(const void *src, float *dst, size_t n) \
	{ \
		static dtype_decode_fn *const path[CPU_PATHS] = PATH_TABLE(kernel); \
		path[cpu_path()](src, dst, n); \
	}
#define ENCODER(fn, kernel) \
	void fn(const float *src, void *dst, size_t n) \
	{ \
		static dtype_encode_fn *const path[CPU_PATHS] = PATH_TABLE(kernel); \
		path[cpu_path()](src, dst, n); \
	}
DECODER(decode_f16, f16_decode)
DECODER(decode_bf16, bf16_decode)
DECODER(decode_f64, f64_decode)
DECODER(decode_f8_e4m3, f8_e4m3_decode)
DECODER(decode_f8_e5m2, f8_e5m2_decode)
DECODER(decode_f8_e4m3fnuz, f8_e4m3fnuz_decode)
DECODER(decode_f8_e5m2fnuz, f8_e5m2fnuz_decode)
ENCODER(encode_f16, f16_encode)
ENCODER(encode_bf16, bf16_encode)
ENCODER(encode_f64, f64_encode)

void decode_f32(const void *src, float *dst, size_t n)
{
	memcpy(dst, src, n * sizeof *dst);
}

void encode_f32(const float *src, void *dst, size_t n)
{
	memcpy(dst, src, n * sizeof *src);
}

void decode_f8_e8m0(const void *src, float *dst, size_t n)
{
	const uint8_t *s = src;

	for (size_t i = 0; i < n; i++)
		dst[i] = bits_f32(s[i] == 0 ? 0x00400000 :
			s[i] == 255 ? 0x7fc00000 : (uint32_t)s[i] << 23);
}

void decode_f4(const void *src, float *dst, size_t n)
{
	static const float value[16] = { 0.0f, 0.5f, 1.0f, 1.5f, 2.0f, 3.0f, 4.0f, 6.0f,
		-0.0f, -0.5f, -1.0f, -1.5f, -2.0f, -3.0f, -4.0f, -6.0f };
	const uint8_t *s = src;

	for (size_t i = 0; i + 1 < n; i += 2) {
		dst[i] = value[s[i / 2] & 15];
		dst[i + 1] = value[s[i / 2] >> 4];
	}
}

void decode_bool(const void *src, float *dst, size_t n)
{
	const uint8_t *s = src;

	for (size_t i = 0; i < n; i++)
		dst[i] = s[i] != 0;
}

#define INTEGER(fn, type) \
	void fn(const void *src, float *dst, size_t n) \
	{ \
		const uint8_t *s = src; \
		for (size_t i = 0; i < n; i++) { \
			type v; \
			memcpy(&v, s + i * sizeof v, sizeof v); \
			dst[i] = (float)v; \
		} \
	}
INTEGER(decode_u8, uint8_t)
INTEGER(decode_i8, int8_t)
INTEGER(decode_u16, uint16_t)
INTEGER(decode_i16, int16_t)
INTEGER(decode_u32, uint32_t)
INTEGER(decode_i32, int32_t)
INTEGER(decode_u64, uint64_t)
INTEGER(decode_i64, int64_t)
