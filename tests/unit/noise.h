/* noise: repeatable random numbers for tests: xorshift64, and samples that look like weights. */
#ifndef CUPEL_TESTS_NOISE_H
#define CUPEL_TESTS_NOISE_H
#include <math.h>
#include <stdint.h>
#include <string.h>

struct noise {
	uint64_t s;
};
static inline uint64_t noise_bits(struct noise *g)
{
	g->s ^= g->s << 13;
	g->s ^= g->s >> 7;
	g->s ^= g->s << 17;
	return g->s * 0x2545f4914f6cdd1du;
}
static inline double noise_uniform(struct noise *g) /* (0, 1) */
{
	return ((double)(noise_bits(g) >> 11) + 0.5) * 0x1p-53;
}
static inline double noise_normal(struct noise *g)
{
	double u = noise_uniform(g), v = noise_uniform(g);

	return sqrt(-2 * log(u)) * cos(6.283185307179586 * v);
}
/* Any float32 bits: NaN, infinities and subnormals included. */
static inline float noise_float(struct noise *g)
{
	uint32_t u = (uint32_t)(noise_bits(g) >> 32);
	float f;

	memcpy(&f, &u, 4);
	return f;
}
static inline float to_bf16(double x)
{
	float f = (float)x;
	uint32_t u;

	memcpy(&u, &f, 4);
	u = (u + 0x7fff + (u >> 16 & 1)) & 0xffff0000;
	memcpy(&f, &u, 4);
	return f;
}
#endif
