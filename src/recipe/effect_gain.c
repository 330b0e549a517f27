#include "config.h"
#include "recipe/effect.h"

#include <math.h>

/* Poisson binomial, one model after the other. */
void effect_coverage(const double *density, size_t n, double *p)
{
	p[0] = 1.0;
	for (size_t k = 0; k < n; k++) {
		double d = fmin(fmax(density[k], 0.0), 1.0);

		p[k + 1] = 0.0;
		for (size_t i = k + 1; i > 0; i--)
			p[i] = p[i] * (1.0 - d) + p[i - 1] * d;
		p[0] *= 1.0 - d;
	}
}

/* All 2^(n-1) sets of companions of model k. */
static double gain_counted(const double *w, const double *d, size_t n, size_t k)
{
	double mean = 0.0;

	for (unsigned set = 0; set < 1u << (n - 1); set++) {
		double p = 1.0, sum = w[k];
		size_t bit = 0;

		for (size_t j = 0; j < n; j++) {
			if (j == k)
				continue;
			if (set >> bit++ & 1) {
				p *= d[j];
				sum += w[j];
			} else {
				p *= 1.0 - d[j];
			}
		}
		mean += p * (sum == 0.0 ? w[k] : w[k] / sum);
	}
	return mean;
}

/* With positive weights 1/x = integral of exp(-xs), so with u = exp(-w_k s)
 *     gain_k = ∫₀¹ Π_{j≠k} (1 - d_j + d_j u^(w_j/w_k)) du,
 * by the double exponential rule, which does not mind steep ends. */
static double gain_integrated(const double *w, const double *d, size_t n, size_t k)
{
	const double h = 1.0 / 64.0, half_pi = 1.57079632679489662;
	double total = 0.0;

	for (int i = -288; i <= 288; i++) {
		double t = i * h, y = half_pi * sinh(t);
		double log_u = -log1p(exp(-2.0 * y)), log_c = -log1p(exp(2.0 * y));
		double f = 2.0 * exp(log_u + log_c) * half_pi * cosh(t);

		if (f == 0.0 || !isfinite(f))
			continue;
		for (size_t j = 0; j < n; j++)
			if (j != k)
				f *= 1.0 - d[j] + d[j] * exp(log_u * (w[j] / w[k]));
		total += f;
	}
	return total * h;
}

bool effect_gains(const double *weight, const double *density, size_t n, double *gain)
{
	double d[MERGE_MAX_INPUTS];
	bool positive = true;

	for (size_t k = 0; k < n; k++) {
		d[k] = fmin(fmax(density[k], 0.0), 1.0);
		positive = positive && weight[k] >= 0.0;
		if (!isfinite(weight[k]) || isnan(density[k]))
			return false;
	}
	if (!positive && n > 20)
		return false;
	for (size_t k = 0; k < n; k++)
		gain[k] = weight[k] == 0.0 ? 0.0
			: n <= 10 || !positive ? gain_counted(weight, d, n, k)
			: gain_integrated(weight, d, n, k);
	return true;
}
