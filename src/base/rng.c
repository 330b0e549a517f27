#include "base/rng.h"

/* Philox4x32-10 on LANES counters at once, word by word, so that the compiler can use vectors.
 * Integers only: every path gives the same bits. A sanitizer's run time is not yet up when the
 * loader picks a clone, so those builds have one version. */
#define LANES 16
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__has_attribute) && \
	!defined(__SANITIZE_ADDRESS__)
#if __has_attribute(target_clones)
#define CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#endif
#endif
#ifndef CLONES
#define CLONES
#endif

struct block {
	uint32_t w[4][LANES];
};

static inline __attribute__((always_inline)) void rounds(uint32_t w[4][LANES], int lanes,
	uint32_t k0, uint32_t k1)
{
	for (int r = 0; r < 10; r++) {
		for (int i = 0; i < lanes; i++) {
			uint64_t a = (uint64_t)0xD2511F53u * w[0][i];
			uint64_t b = (uint64_t)0xCD9E8D57u * w[2][i];

			w[0][i] = (uint32_t)(b >> 32) ^ w[1][i] ^ k0;
			w[1][i] = (uint32_t)b;
			w[2][i] = (uint32_t)(a >> 32) ^ w[3][i] ^ k1;
			w[3][i] = (uint32_t)a;
		}
		k0 += 0x9E3779B9u;
		k1 += 0xBB67AE85u;
	}
}

CLONES static void rounds_many(struct block *b, uint32_t k0, uint32_t k1)
{
	rounds(b->w, LANES, k0, k1);
}

void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
	uint32_t w[4][LANES];

	for (int i = 0; i < 4; i++)
		w[i][0] = counter[i];
	rounds(w, 1, key[0], key[1]);
	for (int i = 0; i < 4; i++)
		out[i] = w[i][0];
}

void rng_uniform(uint64_t seed, uint64_t name_hash, uint32_t input, uint64_t first, size_t n,
	float *out)
{
	uint64_t q = first / 4;
	size_t skip = first % 4, done = 0;
	struct block b;

	while (done < n) {
		for (size_t i = 0; i < LANES; i++) {
			b.w[0][i] = (uint32_t)name_hash;
			b.w[1][i] = (uint32_t)(name_hash >> 32);
			b.w[2][i] = (uint32_t)((q + i) >> 32) << 16 | (input & 0xffff);
			b.w[3][i] = (uint32_t)(q + i);
		}
		rounds_many(&b, (uint32_t)seed, (uint32_t)(seed >> 32));
		for (size_t k = skip; k < 4 * LANES && done < n; k++)
			out[done++] = (float)(b.w[k % 4][k / 4] >> 8) * 0x1p-24f;
		skip = 0;
		q += LANES;
	}
}

void mt19937_seed(struct mt19937 *g, uint32_t seed)
{
	g->s[0] = seed;
	for (uint32_t i = 1; i < 624; i++)
		g->s[i] = 1812433253u * (g->s[i - 1] ^ g->s[i - 1] >> 30) + i;
	g->i = 624;
}

static void mt19937_refill(struct mt19937 *g)
{
	for (int i = 0; i < 624; i++) {
		uint32_t y = (g->s[i] & 0x80000000u) | (g->s[(i + 1) % 624] & 0x7fffffffu);

		g->s[i] = g->s[(i + 397) % 624] ^ y >> 1 ^ (y & 1 ? 0x9908b0dfu : 0);
	}
	g->i = 0;
}

uint32_t mt19937_next(struct mt19937 *g)
{
	uint32_t y;

	if (g->i >= 624)
		mt19937_refill(g);
	y = g->s[g->i++];
	y ^= y >> 11;
	y ^= y << 7 & 0x9d2c5680u;
	y ^= y << 15 & 0xefc60000u;
	return y ^ y >> 18;
}

float mt19937_uniform24(struct mt19937 *g)
{
	return (float)(mt19937_next(g) & 0xffffffu) * 0x1p-24f;
}
