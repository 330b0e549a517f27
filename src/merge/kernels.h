/* kernels: loops over a few thousand floats that the methods are made of, compiled for several
 * instruction sets from kernels_impl.h and chosen once. Every set gives the same bits: separate
 * multiply and add, sums in float64 in 16 lanes by index mod 16. Pure functions; any thread.
 * Arrays may not overlap unless said. */
#ifndef CUPEL_MERGE_KERNELS_H
#define CUPEL_MERGE_KERNELS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KERNEL_LANES 16
#define KERNEL_INPUTS 64  /* at once */
#define KERNEL_CHUNK 1024 /* elements a method holds scratch for: stays in the first-level cache */

struct kernels {
	const char *name;                /* "portable", "avx2", "avx512" */
	void (*scale)(float *out, const float *x, float w, size_t n);      /* x*w; out may be x */
	void (*add_scaled)(float *out, const float *x, float w, size_t n); /* out += x*w */
	/* a+b; out may be either */
	void (*add)(float *out, const float *a, const float *b, size_t n);
	/* a-b; out may be either */
	void (*sub)(float *out, const float *a, const float *b, size_t n);
	void (*divide)(float *out, float by, size_t n);                    /* out /= by */
	void (*mix)(float *out, const float *a, float sa, const float *b, float sb, size_t n);
	/* the same with a pair of factors per element */
	void (*mix_each)(float *out, const float *a, const float *sa, const float *b,
		const float *sb,
		size_t n);
	void (*near)(float *out, const float *a, const float *b, float t, size_t n);
	/* Sums into lanes: the first element stands at an index that is a multiple of 16. */
	void (*dots)(const float *a, const float *b, size_t n, double acc[3][KERNEL_LANES]);
	void (*dots_each)(const float *a, const float *b, size_t n, double *aa, double *bb,
		double *ab);
	/* x squared; (a - b) squared, the difference in float32 */
	void (*squares)(const float *x, size_t n, double acc[KERNEL_LANES]);
	void (*distance)(const float *a, const float *b, size_t n, double acc[KERNEL_LANES]);
	void (*sum_abs)(const float *x, size_t n, double acc[KERNEL_LANES]);
	/* Keys are the float's bits without the sign: they order magnitudes (NaN above all). */
	void (*keep_from)(float *x, uint32_t cut, size_t n);               /* key < cut becomes 0 */
	void (*keep_below)(float *x, uint32_t cut, size_t n);             /* key >= cut becomes 0 */
	/* The keys themselves, and the largest of them (0 of none). */
	uint32_t (*keys)(uint32_t *key, const float *x, size_t n);
	size_t (*count_less)(const uint32_t *key, uint32_t than, size_t n);
	size_t (*count_key)(const float *x, uint32_t key, size_t n);
	/* Keys in [lo, hi] other than pivot go to out (n + 16 places), in order; returns how
	 * many. */
	size_t (*collect)(const float *x, size_t n, uint32_t lo, uint32_t hi, uint32_t pivot,
		uint64_t *above, uint64_t *equal, uint32_t *out);
	/* What the generator keeps, one bit an element: uniform24 < below (a count of 2^-24).
	 * first is a multiple of 16. */
	void (*draw)(uint8_t *bits, size_t n, uint64_t first, uint64_t seed, uint64_t name_hash,
		uint32_t input, uint32_t below);
	/* The same numbers themselves, counts of 2^-24; first is a multiple of 4, out has 32 places
	 * more. */
	void (*numbers)(uint32_t *out, size_t n, uint64_t first, uint64_t seed, uint64_t name_hash,
		uint32_t input);
	/* One bit an element: x < below, both at most 2^24. Padding bits of the last byte are 0. */
	void (*bits_below)(uint8_t *bits, const uint32_t *x, const uint32_t *below, size_t n);
	/* (x - base where the bit is set, else 0) * fa * fb; out may be x */
	void (*keep_bits)(float *out, const float *x, const float *base, const uint8_t *bits,
		float fa, float fb, size_t n);
	/* Lanes of |x - base|, of all and of those whose bit is set. */
	void (*sum_bits)(const float *x, const float *base, const uint8_t *bits, size_t n,
		double whole[KERNEL_LANES], double kept[KERNEL_LANES]);
	/* Sign election over k rows of n (row stride KERNEL_CHUNK): mixed = sum of those that agree
	 * with the sign of the sum (zero counts as +), div = sum of their weights, 1 where that is
	 * 0. */
	void (*elect)(const float *rows, const float *weights, int k, float *mixed, float *div,
		size_t n);
	/* Over k rows of n (row stride KERNEL_CHUNK), n at most KERNEL_CHUNK: */
	/* the same election by the plain sum; mixed = sum of w x of those that agree, div = sum of
	 * their w */
	void (*elect_weighted)(const float *rows, const float *weights, int k, float *mixed,
		float *div, size_t n);
	/* variance over the rows (of the population), in float64, rounded once */
	void (*variance)(const float *rows, int k, float *out, size_t n);
	void (*mask)(float *x, const float *by, size_t n);     /* 0 where by is 0 */
	void (*floor_each)(float *x, float least, size_t n);   /* x < least becomes least */
	/* Of k inputs x, at most KERNEL_INPUTS, and a base: out = base + sum of (x - base) * coef,
	 * inputs in order; without base (NULL) the sum of x * coef. */
	void (*mix_moves)(float *out, const float *const *x, const float *coef, int k,
		const float *base, size_t n);
	/* A move x - base is active where |it| is above eps. By input, how many are the only
	 * active one of their element, and how many have company; added to what is there. */
	void (*count_moves)(const float *const *x, int k, const float *base, float eps, size_t n,
		uint64_t *unique, uint64_t *shared);
	/* out = base + sum of active moves, times the factor where alone, over their number where
	 * not. */
	void (*add_moves)(float *out, const float *const *x, int k, const float *base, float eps,
		const float *factor, size_t n);
	void (*divide_each)(float *out, const float *by, size_t n);
	/* Softmax and its divergence, in float64: arrays of doubles have room for a multiple of
	 * 16. */
	/* e = exp(x - most), for x <= most; its lanes are added to sum */
	void (*exp_below)(double *e, const float *x, float most, size_t n,
		double sum[KERNEL_LANES]);
	/* lanes of p log(p / q), p = a fa + eps and q = b fb + eps */
	void (*divergence)(const double *a, double fa, const double *b, double fb, double eps,
		size_t n, double sum[KERNEL_LANES]);
	float (*most)(const float *x, size_t n);             /* the largest; n > 0 */
	/* |x - base| times w */
	void (*sub_abs)(float *out, const float *x, const float *base, float w, size_t n);
	/* x where |x - base| times w reaches least, as base + (x - base); else base */
	void (*take_from)(float *out, const float *x, const float *base, float w, float least,
		size_t n);
	/* out = x*w + out in one rounding: where mergekit's own arithmetic is asked for */
	void (*fma)(float *out, const float *x, float w, size_t n);
	/* MT19937 (merge/masks.h): the next 624 words; which of them are kept; their low 24
	 * bits */
	void (*mt_refill)(uint32_t s[624]);
	void (*mt_keep)(const uint32_t *words, size_t n, uint32_t below, uint8_t *bits);
	void (*mt_numbers)(const uint32_t *words, uint32_t *out, size_t n);
	size_t (*count_nonfinite)(const float *x, size_t n);
};
const struct kernels *kernels(void); /* of cpu_path() */
double kernel_fold(const double acc[KERNEL_LANES]); /* lanes 8-4-2-1 */
#endif
