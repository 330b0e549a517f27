#include "config.h"
#include <math.h>
#include <string.h>
#include "base/bytes.h"
#include "stat/finite.h"
#include "tensor/cpu.h"

#define PATH_IMPL "stat/finite_impl.h"
#include "tensor/every_path.h"

struct finite_kind finite_scan(const float *x, size_t n)
{
	static struct finite_kind (*const path[CPU_PATHS])(const float *, size_t) =
		PATH_TABLE(scan);

	return path[cpu_path()](x, n);
}

bool finite_all(const float *x, size_t n)
{
	return finite_scan(x, n).finite;
}

uint64_t finite_count(const float *x, size_t n)
{
	uint64_t count = 0;

	if (finite_all(x, n))
		return n;
	for (size_t i = 0; i < n; i++)
		count += isfinite(x[i]) != 0;
	return count;
}

uint64_t finite_copy(float *const *to, const float *const *from, int n_inputs, size_t n)
{
	uint64_t bad = 0;

	for (int k = 0; k < n_inputs; k++)
		memcpy(to[k], from[k], n * sizeof(float));
	for (size_t i = 0; i < n; i++) {
		bool fine = true;
		for (int k = 0; k < n_inputs; k++)
			fine = fine && isfinite(from[k][i]);
		for (int k = 0; k < n_inputs && !fine; k++)
			to[k][i] = 0;
		bad += !fine;
	}
	return bad;
}
