#include "config.h"
#include "infer/blas.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cblas.h>
#include "base/str.h"
#include "base/vec.h"
#include "system/file.h"
#include "system/process.h"
#include "tensor/cpu.h"

#define CORE "OPENBLAS_CORETYPE"

const char *blas_core(void)
{
	return openblas_get_corename();
}

const char *blas_better(void)
{
	/* those of x86 that make no use of vectors of 32 bytes */
	static const char *const old[] = { "Prescott", "Katmai", "Coppermine", "Northwood",
		"Banias", "Core2", "Penryn", "Dunnington", "Nehalem", "Atom", "Athlon", "Opteron",
		"Opteron_SSE3", "Barcelona", "Bobcat", "Nano", "Unknown", "Generic" };

	for (size_t i = 0; i < sizeof old / sizeof *old; i++)
		if (str_eq(blas_core(), old[i]))
			return cpu_best() == CPU_AVX512 ? "SkylakeX"
				: cpu_best() == CPU_AVX2 ? "Haswell" : NULL;
	return NULL;
}

void blas_wake(void)
{
	const char *better = blas_better();
	vec(char *) args = { 0 };
	char *text;
	size_t n;

	if (!better || getenv(CORE))
		return;
	text = file_read_all("/proc/self/cmdline", 1 << 22, &n, NULL);
	for (size_t i = 0; text && i < n; i += strlen(text + i) + 1)
		*vec_push(&args) = text + i;
	vec_push(&args);
	if (args.n > 1 && setenv(CORE, better, 1) == 0)
		execv(process_self_path(), args.v); /* returns only if it could not */
	unsetenv(CORE);
	vec_fini(&args);
	free(text);
}
