#include "config.h"
#include <string.h>
#include "merge/kernels.h"
#include "merge/rounding.h"

static bool exact(const struct merge_spec *s)
{
	return !rounding_on(s) || (s->work != DT_BF16 && s->work != DT_F16);
}

void rounding_step(const struct merge_spec *s, float *x, size_t n)
{
	const struct dtype_info *d = dtype_info(s->work);
	uint16_t stored[KERNEL_CHUNK];

	for (size_t at = 0; !exact(s) && at < n; at += KERNEL_CHUNK) {
		size_t m = n - at < KERNEL_CHUNK ? n - at : KERNEL_CHUNK;

		d->encode(x + at, stored, m);
		d->decode(stored, x + at, m);
	}
}

float rounding_value(const struct merge_spec *s, float v)
{
	rounding_step(s, &v, 1);
	return v;
}

const float *rounding_input(const struct merge_spec *s, const float *x, size_t n, float *scratch)
{
	if (exact(s))
		return x;
	memcpy(scratch, x, n * sizeof *x);
	rounding_step(s, scratch, n);
	return scratch;
}

void rounding_delta(const struct merge_spec *s, float *d, const float *x, const float *base,
	size_t n)
{
	float rounded[KERNEL_CHUNK];

	if (exact(s)) {
		kernels()->sub(d, x, base, n);
		return;
	}
	x = rounding_input(s, x, n, d);
	base = rounding_input(s, base, n, rounded);
	kernels()->sub(d, x, base, n);
	rounding_step(s, d, n);
}
