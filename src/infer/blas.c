#include "config.h"
#include "infer/blas.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include "tensor/cpu.h"

__typeof__(cblas_sgemm) *blas_sgemm;
static struct {
	char *(*config)(void), *(*core)(void);
	void (*threads)(int);
} blas;
static struct err failed;

static void tell_it(void)
{
#if defined(__x86_64__)
	static const char *const kernels[CPU_PATHS] = { NULL, "Haswell", "SkylakeX" };

	if (kernels[cpu_best()])
		setenv("OPENBLAS_CORETYPE", kernels[cpu_best()], 0);
#endif
	setenv("OPENBLAS_NUM_THREADS", "1", 1);
}

static void load(void)
{
	void *library;

	tell_it();
	library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
	if (library) {
		*(void **)&blas.config = dlsym(library, "openblas_get_config");
		*(void **)&blas.core = dlsym(library, "openblas_get_corename");
		*(void **)&blas.threads = dlsym(library, "openblas_set_num_threads");
		*(void **)&blas_sgemm = dlsym(library, "cblas_sgemm");
	}
	if (blas.threads)
		blas.threads(1);
	if (!blas_sgemm)
		err_set(&failed, ERR_INPUT, "libopenblas.so.0",
			"install it; on Debian: apt-get install libopenblas0", "%s",
			library ? "it has no cblas_sgemm" : "cannot be loaded");
}

bool blas_open(struct err *e)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, load);
	if (!blas_sgemm && e)
		*e = failed;
	return blas_sgemm != NULL;
}

const char *blas_config(void)
{
	return blas.config ? blas.config() : "";
}

const char *blas_core(void)
{
	return blas.core ? blas.core() : "";
}
