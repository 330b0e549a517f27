/* rng: Philox4x32-10, a counter generator: element i of (seed, tensor, input) needs no state, so any
 * thread may draw any element; and MT19937 for mergekit's CPU masks.
 * Source: Salmon et al. 2011; Matsumoto & Nishimura 1998. Any thread. */
#ifndef CUPEL_BASE_RNG_H
#define CUPEL_BASE_RNG_H
#include <stddef.h>
#include <stdint.h>

void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);
/* Uniform in [0,1), 24 bits, for elements first … first+n-1 of a tensor. Counter =
 * (name hash low, name hash high XOR input index in the top bits …) as DEFINITIONS says:
 * key = seed; counter = (XXH3-64 of the tensor name [2 words: XORed with element/4's high word],
 * input index, element/4 low word). The exact layout is in rng.c and pinned by a test. */
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
