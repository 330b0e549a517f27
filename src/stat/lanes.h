/* lanes: a float64 reduction as 16 partial sums by element index mod 16, and the one order in which
 * they are folded. Values; any thread. */
#ifndef CUPEL_STAT_LANES_H
#define CUPEL_STAT_LANES_H
#define LANES 16

static inline double lanes_sum(const double *lane)
{
	double s[LANES / 2];

	for (int i = 0; i < 8; i++)
		s[i] = lane[i] + lane[i + 8];
	for (int w = 4; w; w /= 2)
		for (int i = 0; i < w; i++)
			s[i] += s[i + w];
	return s[0];
}

static inline double lanes_max(const double *lane)
{
	double m = lane[0];

	for (int i = 1; i < LANES; i++)
		if (lane[i] > m)
			m = lane[i];
	return m;
}
#endif
