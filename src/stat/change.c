#include "config.h"
#include "stat/change.h"

#include <float.h>
#include <math.h>
#include <string.h>
#include "stat/lanes.h"
#include "tensor/cpu.h"

#define PATH_IMPL "stat/change_impl.h"
#include "tensor/every_path.h"

/* Whole rows of lanes, then the rest as one row padded with elements that add nothing. */
struct part {
	const float *m, *stored, *base, *base_stored, *to;
	size_t n;
};

static void add_rounding(double *lane, const struct part *p)
{
	static void (*const path[CPU_PATHS])(const float *, const float *, size_t, double *) =
		PATH_TABLE(rounding);

	path[cpu_path()](p->m, p->stored, p->n, lane);
}

static void add_change(struct change_sums *s, double *lane, const struct part *p, double most)
{
	static void (*const shift_path[CPU_PATHS])(const float *, const float *, double, size_t,
		double *) = PATH_TABLE(shift);
	static void (*const frozen_path[CPU_PATHS])(const float *, const float *, const float *,
		const float *, size_t, uint32_t *, uint32_t *) = PATH_TABLE(frozen);
	uint32_t changed[LANES] = { 0 }, frozen[LANES] = { 0 };

	frozen_path[cpu_path()](p->to, p->base, p->stored, p->base_stored, p->n, changed, frozen);
	shift_path[cpu_path()](most < INFINITY ? p->to : p->stored, p->base, most, p->n, lane);
	for (int k = 0; k < LANES; k++) {
		s->changed += changed[k];
		s->frozen += frozen[k];
	}
}

static uint64_t count_full(const float *other, const float *base, double t, size_t n)
{
	static void (*const path[CPU_PATHS])(const float *, const float *, double, size_t,
		uint32_t *) =
		PATH_TABLE(full);
	uint32_t full[LANES] = { 0 };
	uint64_t sum = 0;
	size_t rows = n - n % LANES;

	path[cpu_path()](other, base, t, rows, full);
	for (int k = 0; k < LANES; k++)
		sum += full[k];
	for (size_t i = rows; i < n; i++)
		sum += fabs((double)other[i] - (double)base[i]) <= t;
	return sum;
}

static const float *padded(float *row, const float *from, size_t n)
{
	memset(row, 0, LANES * sizeof *row);
	if (from)
		memcpy(row, from, n * sizeof *row);
	return row;
}

void change_sums_add(struct change_sums *s, const float *m, const float *stored, const float *base,
	const float *base_stored, const struct change_swap *swap, size_t n)
{
	double rounding[LANES] = { 0 }, shift[LANES] = { 0 }, most = swap ? swap->t : INFINITY;
	const float *to = swap ? swap->other : m;
	size_t rows = n - n % LANES, rest = n - rows;
	float row[5][LANES];
	struct part whole = { m, stored, base, base_stored, to, rows };
	struct part tail = { padded(row[0], m + rows, rest), padded(row[1], stored + rows, rest),
		padded(row[2], base ? base + rows : NULL, rest),
		padded(row[3], base ? base_stored + rows : NULL, rest),
		padded(row[4], to + rows, rest),
		LANES };

	add_rounding(rounding, &whole);
	add_rounding(rounding, &tail);
	s->round2 += lanes_sum(rounding);
	if (!base)
		return;
	add_change(s, shift, &whole, most);
	add_change(s, shift, &tail, most);
	s->shift += lanes_sum(shift);
	s->full += swap ? count_full(to, base, swap->t, n) : 0;
}

void change_sums_fold(struct change_sums *s, const struct change_sums *window)
{
	s->shift += window->shift;
	s->round2 += window->round2;
	s->changed += window->changed;
	s->frozen += window->frozen;
	s->full += window->full;
}
