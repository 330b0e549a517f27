#include "config.h"
#include "stat/combine.h"

/* With r the vector of the largest coefficient, S = Σ c and u = Σ c_i (x_i − r):
 *   |Σ c x|² = |u|² + 2 S ⟨u, r⟩ + S² |r|²
 *   |u|²     = Σ_i Σ_k c_i c_k (D_ir + D_kr − D_ik) / 2      (i, k ≠ r)
 *   ⟨u, r⟩   = Σ_i c_i (N_i − N_r − D_ir) / 2
 * A difference of merges has S = 0 and only distances remain. */
double combine_norm2(const double *s, size_t n, const double *c)
{
	size_t r = 0;
	double sum = 0, u2 = 0, ur = 0;

	for (size_t i = 0; i < n; i++) {
		sum += c[i];
		if ((c[i] < 0 ? -c[i] : c[i]) > (c[r] < 0 ? -c[r] : c[r]))
			r = i;
	}
	const double *dr = s + r * n;
	for (size_t i = 0; i < n; i++) {
		if (i == r || c[i] == 0)
			continue;
		const double *di = s + i * n;
		double row = c[i] * dr[i];
		for (size_t k = 0; k < i; k++)
			if (k != r && c[k] != 0)
				row += c[k] * (dr[i] + dr[k] - di[k]);
		u2 += c[i] * row;
		ur += c[i] * (di[i] - dr[r] - dr[i]);
	}
	double v = u2 + sum * ur + sum * sum * dr[r];
	return v > 0 ? v : 0;
}
