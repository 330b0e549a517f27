#include "config.h"
#include <math.h>
#include <string.h>
#include "merge/torch_sum.h"

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3")
#endif

#define WIDTH 8
#define LEVEL_MOST 6 /* beyond 2^32 elements torch adds one more: a unit would leave the window */

static size_t step_of(const struct torch_sum *s)
{
	return s->paired ? 2 * TORCH_LANES : TORCH_LANES;
}

static unsigned ceil_log2(uint64_t x)
{
	return x <= 2 ? 1 : 64 - (unsigned)__builtin_clzll(x - 1);
}

static unsigned level_of(uint64_t steps)
{
	unsigned level = ceil_log2(steps) / 4;

	return level < 4 ? 4 : level > LEVEL_MOST ? LEVEL_MOST : level;
}

uint64_t torch_sum_unit(uint64_t n)
{
	uint64_t one = (uint64_t)TORCH_LANES << 2 * level_of(n / TORCH_LANES);
	uint64_t pairs = (uint64_t)(2 * TORCH_LANES) << 2 * level_of(n / (2 * TORCH_LANES));

	return one > pairs ? one : pairs;
}

void torch_sum_init(struct torch_sum *s, uint64_t n, bool paired, uint64_t window)
{
	memset(s, 0, sizeof *s);
	s->n = n;
	s->paired = paired;
	s->single = n <= window;
	s->level = level_of(n / step_of(s));
}

static void lanes_add(float *restrict to, const float *restrict from)
{
	for (int l = 0; l < TORCH_LANES; l++)
		to[l] += from[l];
}

static void lanes_move(float *to, float *from)
{
	lanes_add(to, from);
	memset(from, 0, TORCH_LANES * sizeof *from);
}

/* One step into the lowest accumulator. */
static void step_add(float *restrict acc, const float *restrict x, bool paired)
{
	if (!paired) {
		for (int l = 0; l < TORCH_LANES; l++)
			acc[l] += fabsf(x[l]);
		return;
	}
	for (int j = 0; j < TORCH_LANES / WIDTH; j++)
		for (int l = 0; l < WIDTH; l++)
			acc[j * WIDTH + l] += fabsf(x[2 * j * WIDTH + l]) +
				fabsf(x[(2 * j + 1) * WIDTH + l]);
}

/* A unit is complete. */
static void unit_add(const struct torch_sum *s, struct torch_sum_part *p)
{
	const uint64_t mask = (UINT64_C(1) << s->level) - 1;

	if (s->single) {
		lanes_move(p->c.acc[2], p->c.acc[1]);
		if (!(p->c.steps & mask << 2 * s->level))
			lanes_move(p->c.acc[3], p->c.acc[2]);
		return;
	}
	if (p->units < TORCH_UNITS) /* always, of a window; a sample is summed anyhow */
		p->units++;
	lanes_move(p->unit[p->units - 1], p->c.acc[1]);
}

static void one_step(const struct torch_sum *s, struct torch_sum_part *p, const float *x)
{
	const uint64_t mask = (UINT64_C(1) << s->level) - 1;

	step_add(p->c.acc[0], x, s->paired);
	if (++p->c.steps & mask)
		return;
	lanes_move(p->c.acc[1], p->c.acc[0]);
	if (!(p->c.steps & mask << s->level))
		unit_add(s, p);
}

void torch_sum_add(const struct torch_sum *s, struct torch_sum_part *p, const float *x, size_t n)
{
	const size_t step = step_of(s);

	while (n > 0) {
		size_t m = step - p->n_rest < n ? step - p->n_rest : n;

		if (m == step) {
			one_step(s, p, x);
		} else {
			for (size_t i = 0; i < m; i++)
				p->rest[p->n_rest++] = fabsf(x[i]);
			if (p->n_rest == step) {
				one_step(s, p, p->rest);
				p->n_rest = 0;
			}
		}
		x += m;
		n -= m;
	}
}

void torch_sum_fold(struct torch_sum *s, const struct torch_sum_part *p)
{
	const uint64_t unit = UINT64_C(1) << 2 * s->level, mask = (UINT64_C(1) << s->level) - 1;

	for (uint32_t u = 0; u < p->units; u++) {
		s->c.steps += unit;
		lanes_add(s->c.acc[2], p->unit[u]);
		if (!(s->c.steps & mask << 2 * s->level))
			lanes_move(s->c.acc[3], s->c.acc[2]);
	}
	/* not empty in the last window only; the upper two if it is the only one */
	lanes_add(s->c.acc[0], p->c.acc[0]);
	lanes_add(s->c.acc[1], p->c.acc[1]);
	if (s->single) {
		lanes_add(s->c.acc[2], p->c.acc[2]);
		lanes_add(s->c.acc[3], p->c.acc[3]);
	}
	memcpy(s->rest, p->rest, sizeof s->rest);
	s->n_rest = p->n_rest;
}

float torch_sum_row(const float *x, size_t stride, size_t n)
{
	float p[4] = {0};
	size_t i = 0;

	for (; i < n / 4 * 4; i++)
		p[i % 4] += x[i * stride];
	for (; i < n; i++)
		p[0] += x[i * stride];
	return p[0] + p[1] + p[2] + p[3];
}

float torch_sum_total(const struct torch_sum *s)
{
	const size_t vector = s->paired ? 2 * WIDTH : WIDTH;
	float lanes[TORCH_LANES], sum = 0.0f;
	uint32_t i = 0;

	if (s->n < vector)
		return torch_sum_row(s->rest, 1, s->n_rest);
	memcpy(lanes, s->c.acc[0], sizeof lanes);
	for (int level = 1; level < 4; level++)
		lanes_add(lanes, s->c.acc[level]);
	for (; i + vector <= s->n_rest; i += (uint32_t)vector)
		for (int l = 0; l < WIDTH; l++)
			lanes[l] += s->paired ? s->rest[i + l] + s->rest[i + WIDTH + l]
				: s->rest[i + l];
	for (int j = 1; j < TORCH_LANES / WIDTH; j++)
		for (int l = 0; l < WIDTH; l++)
			lanes[l] += lanes[j * WIDTH + l];
	for (; i < s->n_rest; i++)
		sum += s->rest[i];
	for (int l = 0; l < WIDTH; l++)
		sum += lanes[l];
	return sum;
}
