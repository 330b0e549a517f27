/* measure: what a type does to the weights of a target: sums over rows, packed and read back as the
 * writer and a reader would. A sample of rows at fixed places, or all of them.
 * Any thread; nothing is kept. */
#ifndef CUPEL_QUANT_MEASURE_H
#define CUPEL_QUANT_MEASURE_H
#include "quant/imatrix.h"

/* w the weights, q what they become; sums over the rows seen, a row being the unit of intervals. */
struct quant_sums {
	uint64_t rows, seen;     /* of the target; of those read */
	uint64_t elements;       /* of the rows seen */
	double ee, ww, wq, qq;   /* (w-q)², w², wq, q² */
	double ee2, eeww, ww2;   /* squares and products of rows' ee and ww */
	double im, imw;          /* (w-q)² and w² weighted by importance; 0 without */
	double worst;            /* largest |w-q| seen */
	uint64_t skipped;        /* rows with NaN or infinite numbers */
};
/* Of target i in each of n types: out[n]. exact: every row. */
bool quant_measure(const struct quant_targets *t, size_t i, const struct quant_type *types,
	size_t n, const struct imatrix *m, bool exact, struct quant_sums *out, struct err *e);

struct quant_figure { /* of one target, or of several as one long vector */
	double rmse, relative, cosine, weighted; /* NaN where nothing was seen */
	double half;             /* of the relative error's 95 % interval; 0 when exact */
	bool exact;
	double worst;            /* largest |w-q| seen */
};
/* v[k] for each k in members (NULL: all n). */
struct quant_figure quant_figure_of(const struct quant_sums *v, const uint32_t *members, size_t n);
/* The whole target's sum of squared errors, by what was seen; weighted if there is importance. */
double quant_error_of(const struct quant_sums *s);
#endif
