/* finite: setting NaN and infinite elements aside. Pure functions; any thread. */
#ifndef CUPEL_STAT_FINITE_H
#define CUPEL_STAT_FINITE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool finite_all(const float *x, size_t n);
struct finite_kind {
	bool finite; /* all are */
	bool zeros;  /* some are */
};
struct finite_kind finite_scan(const float *x, size_t n);
uint64_t finite_count(const float *x, size_t n); /* of those that are */
/* Copies of n_inputs arrays with every element at which any of them is not finite set to zero in
 * all;
 * returns how many such elements there are. */
uint64_t finite_copy(float *const *to, const float *const *from, int n_inputs, size_t n);
#endif
