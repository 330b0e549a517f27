#include "config.h"
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include "base/mt_jump.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif

#define DEGREE 19937
#define MATRIX 0x9908b0dfu
#define TERMS_MAX 256

static uint16_t terms[TERMS_MAX]; /* exponents of the polynomial below DEGREE */
static size_t n_terms;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static bool bit(const uint64_t *v, size_t i)
{
	return v[i / 64] >> i % 64 & 1;
}

/* v (t^a + t^b), a > b, in place; v has room. */
static void times_pair(uint64_t *v, size_t words, size_t a, size_t b)
{
	uint64_t from[MT_JUMP_WORDS];

	memcpy(from, v, words * sizeof *from);
	memset(v, 0, words * sizeof *v);
	for (size_t i = 0; i < words * 64; i++)
		if (bit(from, i)) {
			if (i + a < words * 64)
				v[(i + a) / 64] ^= UINT64_C(1) << (i + a) % 64;
			v[(i + b) / 64] ^= UINT64_C(1) << (i + b) % 64;
		}
}

/* T U^31 + sum over i < 31 of a_i T U^(30-i) + a_31, where T = t^624 + t^397, U = t^623 + t^396
 * and a_i are the bits of MATRIX from the lowest (Matsumoto and Nishimura 1998, appendix). */
static void polynomial(void)
{
	uint64_t v[MT_JUMP_WORDS] = {1};

	for (int i = 0; i < 31; i++) {
		times_pair(v, MT_JUMP_WORDS, 623, 396);
		v[0] ^= MATRIX >> i & 1;
	}
	times_pair(v, MT_JUMP_WORDS, 624, 397);
	v[0] ^= MATRIX >> 31;
	for (size_t i = 0; i < DEGREE; i++)
		if (bit(v, i) && n_terms < TERMS_MAX)
			terms[n_terms++] = (uint16_t)i;
}

/* Bits from DEGREE on folded back. The second exponent lies 227 below, so a word of them can go at
 * once, from the top. */
static void reduce(uint64_t *v, size_t words)
{
	for (size_t i = words; i-- > DEGREE / 64;) {
		size_t low = i == DEGREE / 64 ? DEGREE % 64 : 0;
		uint64_t w = v[i] >> low;
		size_t at = i * 64 + low - DEGREE;

		v[i] ^= w << low;
		for (size_t k = 0; w && k < n_terms; k++) {
			size_t to = at + terms[k];

			v[to / 64] ^= w << to % 64;
			if (to % 64)
				v[to / 64 + 1] ^= w >> (64 - to % 64);
		}
	}
}

static uint64_t spread(uint32_t x)
{
	uint64_t v = x;

	v = (v | v << 16) & UINT64_C(0x0000ffff0000ffff);
	v = (v | v << 8) & UINT64_C(0x00ff00ff00ff00ff);
	v = (v | v << 4) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	v = (v | v << 2) & UINT64_C(0x3333333333333333);
	return (v | v << 1) & UINT64_C(0x5555555555555555);
}

static void square(uint64_t *v)
{
	uint64_t wide[2 * MT_JUMP_WORDS + 1] = {0};

	for (size_t i = 0; i < MT_JUMP_WORDS; i++) {
		wide[2 * i] = spread((uint32_t)v[i]);
		wide[2 * i + 1] = spread((uint32_t)(v[i] >> 32));
	}
	reduce(wide, 2 * MT_JUMP_WORDS);
	memcpy(v, wide, MT_JUMP_WORDS * sizeof *v);
}

static void times_x(uint64_t *v)
{
	uint64_t wide[MT_JUMP_WORDS + 2] = {0};

	for (size_t i = 0; i < MT_JUMP_WORDS; i++)
		wide[i] = v[i] << 1 | (i ? v[i - 1] >> 63 : 0);
	reduce(wide, MT_JUMP_WORDS);
	memcpy(v, wide, MT_JUMP_WORDS * sizeof *v);
}

void mt_jump_init(struct mt_jump *j, uint64_t n)
{
	pthread_once(&once, polynomial);
	memset(j, 0, sizeof *j);
	j->poly[0] = 1;
	for (int b = 63; b >= 0; b--) {
		square(j->poly);
		if (n >> b & 1)
			times_x(j->poly);
	}
}

static uint32_t after(uint32_t high, uint32_t low, uint32_t far)
{
	uint32_t y = (high & 0x80000000u) | (low & 0x7fffffffu);

	return far ^ y >> 1 ^ (-(y & 1) & MATRIX);
}

void mt19937_skip(struct mt19937 *g, uint64_t n)
{
	uint32_t s[624];
	size_t rest = (size_t)(n % 624);

	for (; n >= 624; n -= 624) {
		for (size_t i = 0; i < 227; i++)
			g->s[i] = after(g->s[i], g->s[i + 1], g->s[i + 397]);
		for (size_t i = 227; i < 623; i++)
			g->s[i] = after(g->s[i], g->s[i + 1], g->s[i - 227]);
		g->s[623] = after(g->s[623], g->s[0], g->s[396]);
	}
	for (size_t i = 0; i < rest; i++)
		g->s[i] = after(g->s[i], g->s[i + 1 < 624 ? i + 1 : 0],
			g->s[i < 227 ? i + 397 : i - 227]);
	memcpy(s, g->s, sizeof s);
	memcpy(g->s, s + rest, (624 - rest) * sizeof *s);
	memcpy(g->s + 624 - rest, s, rest * sizeof *s);
}

/* Horner: from the highest power down, one step of the generator and, where the power is there, the
 * state once more. */
void mt_jump_apply(const struct mt_jump *j, struct mt19937 *g)
{
	uint32_t acc[624] = {0};
	size_t head = 0;

	for (size_t d = DEGREE; d-- > 0;) {
		size_t next = head + 1 < 624 ? head + 1 : 0;
		size_t far = head + 397 < 624 ? head + 397 : head + 397 - 624;

		acc[head] = after(acc[head], acc[next], acc[far]);
		head = next;
		if (!bit(j->poly, d))
			continue;
		for (size_t i = 0; i < 624 - head; i++)
			acc[head + i] ^= g->s[i];
		for (size_t i = 624 - head; i < 624; i++)
			acc[head + i - 624] ^= g->s[i];
	}
	memcpy(g->s, acc + head, (624 - head) * sizeof *acc);
	memcpy(g->s + 624 - head, acc, head * sizeof *acc);
}
