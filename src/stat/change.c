#include "config.h"
#include "stat/change.h"

#include <math.h>
#include <stdbool.h>

#define LANES 16

static double fold(double *lane)
{
	for (int w = LANES / 2; w; w /= 2)
		for (int i = 0; i < w; i++)
			lane[i] += lane[i + w];
	return lane[0];
}

static void add_rounding(struct change_sums *s, const float *m, const float *stored, size_t n)
{
	double lane[LANES] = { 0 };

	for (size_t i = 0; i < n; i++) {
		double d = (double)stored[i] - (double)m[i];
		lane[i % LANES] += isfinite(d) ? d * d : 0;
	}
	s->round2 += fold(lane);
}

void change_sums_add(struct change_sums *s, const float *m, const float *stored, const float *base,
	const float *base_stored, const struct change_swap *swap, size_t n)
{
	double lane[LANES] = { 0 };
	uint64_t changed = 0, frozen = 0, full = 0;

	add_rounding(s, m, stored, n);
	if (!base)
		return;
	for (size_t i = 0; i < n; i++) {
		float to = swap ? swap->other[i] : m[i];
		double d = fabs((double)(swap ? to : stored[i]) - (double)base[i]);
		d = swap && d > swap->t ? swap->t : d;
		lane[i % LANES] += isfinite(d) ? d : 0;
		bool moves = to < base[i] || to > base[i];
		changed += moves;
		frozen += moves & (stored[i] == base_stored[i]);
	}
	for (size_t i = 0; swap && i < n; i++)
		full += fabs((double)swap->other[i] - (double)base[i]) <= swap->t;
	s->shift += fold(lane);
	s->changed += changed;
	s->frozen += frozen;
	s->full += full;
}

void change_sums_fold(struct change_sums *s, const struct change_sums *window)
{
	s->shift += window->shift;
	s->round2 += window->round2;
	s->changed += window->changed;
	s->frozen += window->frozen;
	s->full += window->full;
}
