#include "base/rng.h"

void philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
	uint32_t c[4], k0 = key[0], k1 = key[1];

	for (int i = 0; i < 4; i++)
		c[i] = counter[i];
	for (int r = 0; r < 10; r++) {
		uint64_t a = (uint64_t)0xD2511F53u * c[0], b = (uint64_t)0xCD9E8D57u * c[2];

		c[0] = (uint32_t)(b >> 32) ^ c[1] ^ k0;
		c[1] = (uint32_t)b;
		c[2] = (uint32_t)(a >> 32) ^ c[3] ^ k1;
		c[3] = (uint32_t)a;
		k0 += 0x9E3779B9u;
		k1 += 0xBB67AE85u;
	}
	for (int i = 0; i < 4; i++)
		out[i] = c[i];
}

void rng_uniform(uint64_t seed, uint64_t name_hash, uint32_t input, uint64_t first, size_t n,
	float *out)
{
	const uint32_t key[2] = { (uint32_t)seed, (uint32_t)(seed >> 32) };
	uint32_t counter[4] = { (uint32_t)name_hash, (uint32_t)(name_hash >> 32) }, word[4];

	for (size_t i = 0; i < n; i++) {
		uint64_t q = (first + i) / 4;

		if (i == 0 || (first + i) % 4 == 0) {
			counter[2] = (uint32_t)(q >> 32) << 16 | (input & 0xffff);
			counter[3] = (uint32_t)q;
			philox4x32(counter, key, word);
		}
		out[i] = (float)(word[(first + i) % 4] >> 8) * 0x1p-24f;
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
