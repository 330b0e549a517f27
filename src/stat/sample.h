/* sample: a fixed, co-located sample of a tensor, and intervals from it. Blocks of 256 consecutive
 * elements at places that depend on the logical shape alone, so every model of a family is sampled
 * at the same weights, whatever its container. Values and pure functions; any thread.
 *
 * A tensor of B blocks is cut into as many equal strata as blocks are wanted, and one block is
 * drawn in each by a fixed key. A tensor with no more blocks than wanted is taken whole. */
#ifndef CUPEL_STAT_SAMPLE_H
#define CUPEL_STAT_SAMPLE_H
#include "model/source.h"
#include "stat/stats.h"

#define SAMPLE_BLOCK 256
#define SAMPLE_BLOCKS 16
#define SAMPLE_BYTES ((uint64_t)64 << 20) /* most to read of one model */

struct sample {
	uint64_t elements;   /* of the tensor */
	uint64_t blocks;     /* of the tensor, the short last one included */
	size_t n;            /* blocks taken, ascending */
	uint64_t *first;     /* their first elements; owned */
	bool whole;          /* every block is taken */
};
void sample_init(struct sample *s, const uint64_t *shape, int rank, size_t want);
void sample_fini(struct sample *s);
size_t sample_len(const struct sample *s, size_t block); /* 256, or less in the last block */
/* Blocks back to back at multiples of SAMPLE_BLOCK, the rest of a short one zero. */
bool sample_read(struct source *src, size_t t, const struct sample *s, float *out, struct err *e);

/* One tensor's part of a sampled figure: for each block the sums the figure is made of. */
struct stratum {
	const struct sample *sample;
	const double *sums;  /* sample->n rows of n_sums */
};
/* A figure from the totals of the sums over all elements, NaN where it has none. Smooth in the
 * totals. */
typedef double sample_formula(const double *totals, const void *ctx);
enum sample_scale { /* on which the interval is symmetric */
	SAMPLE_PLAIN, /* any value */
	SAMPLE_LOG,   /* positive: norms, distances, ratios */
	SAMPLE_SHARE, /* 0 … 1: shares, on the logit */
	SAMPLE_COSINE /* -1 … 1: on the inverse hyperbolic tangent */
};
/* 95 % interval of formula(totals) over one or many tensors together: lo ≤ value ≤ hi, FIG_SAMPLED;
 * lo = hi where everything was read. FIG_NONE where nothing was sampled, FIG_FAILED where the
 * formula is NaN. */
struct figure sample_figure(const struct stratum *s, size_t n, size_t n_sums, sample_formula *f,
	const void *ctx, enum sample_scale scale);
#endif
