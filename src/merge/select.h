/* select: the k largest magnitudes of a stream, exactly and without sorting it, in passes that any
 * thread may observe. A key is a float's bits without the sign. The result is a cut (keys above it
 * stay, keys below go) and, for keys equal to it, the last element index that stays: lowest index
 * first, on any number of threads.
 *
 *   SAMPLE   a coarse histogram of a part of every window gives a bracket [lo, hi] and a pivot,
 *            the key most likely to be the cut (in bf16 many elements share one magnitude); a
 *            small tensor is seen whole here, and that is all
 *   BRACKET  counts what is above, and lists the distinct keys inside with their counts
 *   HIGH, LOW, EQUAL   only when the bracket missed or overflowed: exact histograms
 *   EDGE     finds the element where the equal keys run out
 *
 * The holder owns a struct select (zeroed, then select_init) and its partials. */
#ifndef CUPEL_MERGE_SELECT_H
#define CUPEL_MERGE_SELECT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum select_pass {
	SELECT_SAMPLE, SELECT_BRACKET, SELECT_HIGH, SELECT_LOW, SELECT_EQUAL, SELECT_EDGE,
	SELECT_PASSES
};
#define SELECT_NONE UINT32_MAX /* a cut that nothing reaches */

struct select_pair { uint32_t key, count; };
struct select {
	uint64_t n, keep;               /* elements; how many stay */
	uint32_t cut;                   /* keep keys > cut … */
	uint64_t equal;                 /* … and so many of those equal to it */
	uint64_t edge;                  /* the last index of these; UINT64_MAX: all of them */
	bool found;                     /* cut and equal are known */
	bool counted;                   /* so is how many keys of each window equal the cut */
	bool placed;                    /* edge is known: select_from works */
	bool small;                     /* picks are all its keys, in order */
	bool bare;                      /* the cut is all that is wanted */
	size_t limit;                   /* pairs to hold at most */

	uint32_t lo, hi, pivot;         /* bracket */
	uint64_t above;                 /* keys > hi, then keys above the cut's high bits */
	uint64_t *bins;                 /* histogram of SAMPLE, HIGH and LOW */
	uint64_t seen;                  /* in the sample */
	uint32_t *picks;                /* keys of the sample, for the pivot */
	size_t n_picks, cap_picks;
	struct select_pair *pairs;      /* of all windows, one after another */
	size_t n_pairs, cap_pairs;
	size_t *ends;                   /* per window: end of its pairs */
	uint64_t *equals;               /* per window: keys equal to the pivot, then to the cut */
	size_t n_windows;
	bool overflow;
	uint32_t high;                  /* high bits of the cut, from HIGH */
	uint64_t edge_window, edge_rank;/* where the equal keys run out */
};
void select_init(struct select *s, uint64_t n, uint64_t keep, size_t limit);
/* For the value at a place in ascending order, 0 … n-1: the cut is its key. */
void select_init_place(struct select *s, uint64_t n, uint64_t place, size_t limit);
/* Windows of another size than WINDOW_ELEMS. */
void select_windows(struct select *s, uint64_t window);
void select_fini(struct select *s);
size_t select_span(const struct select *s, enum select_pass p, uint64_t window);
size_t select_partial_size(enum select_pass p);
void select_open(const struct select *s, enum select_pass p, void *partial);
void select_observe(const struct select *s, enum select_pass p, const float *x, size_t n,
	uint64_t first, uint64_t window, void *partial); /* n at most KERNEL_CHUNK */
void select_close(const struct select *s, enum select_pass p, void *partial);
void select_fold(struct select *s, enum select_pass p, const void *partial, uint64_t window);
void select_settle(struct select *s, enum select_pass p);
/* Zeroes what does not stay, in a run that begins at index first. */
void select_apply(const struct select *s, float *x, size_t n, uint64_t first);
/* Zeroes what stays, and leaves the rest. */
void select_apply_rest(const struct select *s, float *x, size_t n, uint64_t first);
/* Tests: 1 makes every bracket miss, 2 makes it overflow, 0 is normal. */
void select_force(int how);
#endif
