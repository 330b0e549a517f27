#include "config.h"
#include "base/bytes.h"
#include "tensor/codec_affine.h"
#include "tensor/cpu.h"
#include "tensor/half.h"

static inline float scale_at(const uint8_t *p, enum dtype t)
{
	float f;

	if (t == DT_BF16)
		return bf16_f32(le16(p));
	if (t == DT_F16)
		return f16_f32(le16(p));
	memcpy(&f, p, 4);
	return f;
}

/* The `bits` bytes of eight codes, without reading beyond them. */
static inline uint64_t eight(const uint8_t *s, uint32_t bits)
{
	switch (bits) {
	case 2:
		return le16(s);
	case 3:
		return le16(s) | (uint32_t)s[2] << 16;
	case 4:
		return le32(s);
	case 5:
		return le32(s) | (uint64_t)s[4] << 32;
	case 6:
		return le32(s) | (uint64_t)le16(s + 4) << 32;
	default:
		return le64(s);
	}
}

#define PATH_IMPL "tensor/codec_affine_impl.h"
#include "tensor/every_path.h"

typedef void affine_fn(const struct affine *a, const uint8_t *words, const uint8_t *scales,
	const uint8_t *biases, float *dst, size_t n);

bool affine_valid(const struct affine *a)
{
	bool bits = a->bits >= 2 && a->bits <= 8 && a->bits != 7;
	bool group = a->group == 32 || a->group == 64 || a->group == 128;

	return bits && group &&
		(a->scale == DT_F16 || a->scale == DT_BF16 || a->scale == DT_F32);
}

void affine_decode(const struct affine *a, const void *words, const void *scales,
	const void *biases, float *dst, size_t n)
{
	static affine_fn *const path[CPU_PATHS] = PATH_TABLE(affine);

	path[cpu_path()](a, words, scales, biases, dst, n);
}
