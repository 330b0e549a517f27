/* blas: OpenBLAS chooses its kernels when the program is loaded, by a list of the CPUs that were
 * known when it was built; to a newer one it gives those of 2004, which are five times slower. A
 * variable of the environment says better, and is read at that moment only.
 * Main thread, before other threads are started. */
#ifndef CUPEL_INFER_BLAS_H
#define CUPEL_INFER_BLAS_H

const char *blas_core(void);   /* the kernels in use; constant text */
const char *blas_better(void); /* those that the CPU has instructions for, NULL: they are in use */
/* Starts the program anew, with the same arguments and better kernels, where there are any. Returns
 * if there are none, or it cannot be done. */
void blas_wake(void);
#endif
