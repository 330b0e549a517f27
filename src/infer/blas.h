/* blas: OpenBLAS, loaded when something is to be multiplied and not before, so that no other run
 * starts its threads. It chooses its kernels while it is loaded, by a list of the CPUs that were
 * known when it was built, and to a newer one it gives those of 2004, five times slower; so it is
 * told which: those for the vector instructions that cpu_best() finds, the same on every CPU that
 * has them, unless $OPENBLAS_CORETYPE says otherwise.
 * The first blas_open sets variables of the environment: before other threads read it. After that
 * any thread. */
#ifndef CUPEL_INFER_BLAS_H
#define CUPEL_INFER_BLAS_H
#include <cblas.h>
#include <stdbool.h>
#include "base/err.h"

/* One thread to a call: the pool's threads call side by side. */
bool blas_open(struct err *e);
extern __typeof__(cblas_sgemm) *blas_sgemm; /* NULL before */
const char *blas_config(void); /* "OpenBLAS 0.3.21 …"; constant text, "" before */
const char *blas_core(void);   /* the kernels in use */
#endif
