/* cpu: which vector instructions kernels use. Chosen once at first use: the best the machine has,
 * or $CUPEL_CPU=portable|avx2|avx512 if the machine has that. Every path gives the same bits.
 * Any thread; cpu_force only while no kernel runs. */
#ifndef CUPEL_TENSOR_CPU_H
#define CUPEL_TENSOR_CPU_H
#include <stdbool.h>

enum cpu_path { CPU_PORTABLE, CPU_AVX2, CPU_AVX512, CPU_PATHS };
enum cpu_path cpu_path(void);            /* in use */
enum cpu_path cpu_best(void);            /* what this machine has */
bool cpu_force(enum cpu_path p);         /* false, and nothing changes, if the machine lacks it */
const char *cpu_path_name(enum cpu_path p);
#endif
