/* rng: Philox4x32-10, a counter generator: element i of (seed, tensor, input) needs no state, so
 * any thread may draw any element; and MT19937 for mergekit's CPU masks.
 * Source: Salmon et al. 2011; Matsumoto & Nishimura 1998. Any thread. */
#ifndef CUPEL_BASE_RNG_H
#define CUPEL_BASE_RNG_H
#include <stddef.h>
#include <stdint.h>

void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);
/* Uniform in [0,1), 24 bits, for elements first … first+n-1 of a tensor: word (element mod 4) of
 * the block whose key and counter are
 *	key     = seed                    low word, high word
 *	counter = name_hash               low word, high word   (XXH3-64 of the tensor's name)
 *	          q bits 32-47 << 16 | input                    (q = element / 4)
 *	          q bits 0-31
 * so no two elements share a block below 2^50 elements and 65536 inputs. The merge kernels draw the
 * same numbers in vectors. */
void rng_uniform(uint64_t seed, uint64_t name_hash, uint32_t input, uint64_t first, size_t n,
	float *out);

struct mt19937 {
	uint32_t s[624];
	int i;
};
void mt19937_seed(struct mt19937 *g, uint32_t seed);
uint32_t mt19937_next(struct mt19937 *g);
/* torch CPU's float32 bernoulli draw: (r & 0xFFFFFF) * 2^-24. */
float mt19937_uniform24(struct mt19937 *g);
#endif
