#include "config.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "tensor/cpu.h"
#if defined(__x86_64__)
#include <cpuid.h>
#endif

static const char *const names[CPU_PATHS] = { "portable", "avx2", "avx512" };
static atomic_int chosen = -1;

const char *cpu_path_name(enum cpu_path p)
{
	return names[p];
}

enum cpu_path cpu_best(void)
{
#if defined(__x86_64__)
	unsigned a, b, c, d;
	/* F16C has no name in every compiler's __builtin_cpu_supports: leaf 1, ECX bit 29. */
	bool f16c = __get_cpuid(1, &a, &b, &c, &d) && (c >> 29 & 1);

	__builtin_cpu_init();
	if (f16c && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
		if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
			__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
			return CPU_AVX512;
		return CPU_AVX2;
	}
#endif
	return CPU_PORTABLE;
}

static enum cpu_path choose(void)
{
	const char *want = getenv("CUPEL_CPU");
	enum cpu_path best = cpu_best();

	for (int p = 0; want && p <= (int)best; p++)
		if (strcmp(want, names[p]) == 0)
			return p;
	return best;
}

enum cpu_path cpu_path(void)
{
	int p = atomic_load_explicit(&chosen, memory_order_relaxed);

	if (p < 0) {
		p = choose();
		atomic_store_explicit(&chosen, p, memory_order_relaxed);
	}
	return p;
}

bool cpu_force(enum cpu_path p)
{
	if (p > cpu_best())
		return false;
	atomic_store_explicit(&chosen, (int)p, memory_order_relaxed);
	return true;
}
