#include "config.h"
#include "base/bytes.h"
#include "tensor/codec_affine.h"
#include "tensor/cpu.h"
#include "tensor/half.h"

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
