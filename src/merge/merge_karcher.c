#include "config.h"
#include <math.h>
#include <string.h>
#include "merge/blend.h"

static const struct param_def params[] = {
	{ P_MAX_ITER, "max_iter", PARAM_GLOBAL, PARAM_INT, false, 10.0, 1.0, 100.0, 1.0,
		"Steps towards the mean at most." },
	{ P_TOL, "tol", PARAM_GLOBAL, PARAM_FLOAT, false, 1e-5, 0.0, 1e-2, 1e-6,
		"A step shorter than this ends the search; lengths below it count as none." },
};

struct mean { /* all as factors on the unit vectors u_i = x_i/|x_i| */
	int n;
	double length[MERGE_MAX_INPUTS], share[MERGE_MAX_INPUTS]; /* share 0: too short */
	double cos[MERGE_MAX_INPUTS * MERGE_MAX_INPUTS];
	double mu[MERGE_MAX_INPUTS];
};

static double norm_of(const struct mean *m, const double *v)
{
	double sum = 0;

	for (int i = 0; i < m->n; i++)
		for (int j = 0; j < m->n; j++)
			sum += v[i] * v[j] * m->cos[i * m->n + j];
	return sqrt(fmax(sum, 0.0));
}

static double dot_with(const struct mean *m, const double *v, int i)
{
	double sum = 0;

	for (int j = 0; j < m->n; j++)
		sum += v[j] * m->cos[i * m->n + j];
	return fmin(1.0, fmax(-1.0, sum));
}

static void divide(double *v, int n, double by)
{
	for (int i = 0; i < n; i++)
		v[i] /= by;
}

static int start(struct mean *m, const struct merge_spec *s, const double *sums)
{
	const double tol = s->global[P_TOL];
	int valid = 0, first = -1;

	m->n = s->n_inputs;
	for (int i = 0; i < m->n; i++) {
		m->length[i] = sqrt(sums[i * m->n + i]);
		if (m->length[i] > tol) {
			valid++;
			first = first < 0 ? i : first;
			m->share[i] = 1.0;
		}
	}
	for (int i = 0; i < m->n; i++)
		for (int j = 0; j < m->n; j++)
			m->cos[i * m->n + j] = m->share[i] == 0.0 || m->share[j] == 0.0 ? 0.0 :
				blend_dot(sums, m->n, -1, i, j) / (m->length[i] * m->length[j]);
	if (!valid)
		return 0;
	divide(m->share, m->n, valid);
	memcpy(m->mu, m->share, sizeof m->mu);
	double length = norm_of(m, m->mu);
	if (length < tol) {
		memset(m->mu, 0, sizeof m->mu);
		m->mu[first] = 1.0;
	} else {
		divide(m->mu, m->n, length);
	}
	return valid;
}

/* One step: the mean of the tangents towards every u_i, walked along the sphere. False: short
 * enough. */
static bool step(struct mean *m, double tol)
{
	double t[MERGE_MAX_INPUTS] = { 0 }, length;

	for (int i = 0; i < m->n; i++) {
		double d = dot_with(m, m->mu, i), theta = acos(d), f;

		/* At the far side of the sphere every direction is as good: none is taken. */
		if (m->share[i] == 0.0 || theta < tol || sin(theta) < 1e-12)
			continue;
		f = m->share[i] * theta / sin(theta);
		t[i] += f;
		for (int j = 0; j < m->n; j++)
			t[j] -= f * d * m->mu[j];
	}
	length = norm_of(m, t);
	if (length < tol)
		return false;
	for (int i = 0; i < m->n; i++)
		m->mu[i] = cos(length) * m->mu[i] + sin(length) * t[i] / length;
	length = norm_of(m, m->mu);
	if (length > tol)
		divide(m->mu, m->n, length);
	return true;
}

static bool coefficients(const struct merge_spec *s, const double *sums, double *coef)
{
	struct mean m = { 0 };
	double scale = 0;

	memset(coef, 0, (size_t)s->n_inputs * sizeof *coef);
	if (!start(&m, s, sums))
		return true;
	for (int i = 0; i < (int)s->global[P_MAX_ITER] && step(&m, s->global[P_TOL]); i++)
		;
	for (int i = 0; i < m.n; i++)
		scale += m.length[i] / m.n;
	for (int i = 0; i < m.n; i++)
		coef[i] = m.share[i] == 0.0 ? 0.0 : scale * m.mu[i] / m.length[i];
	return true;
}

const struct method method_karcher = {
	.name = "karcher",
	.title = "Karcher mean",
	.paper = NULL,
	.help = "The point on the sphere nearest to all models at once, at their mean length; "
		"every "
		"model counts alike, the base too where one is named. Weights have no say in it.",
	.base = -1,
	.min_inputs = 1,
	.count_base = true,
	.params = params,
	.n_params = sizeof params / sizeof *params,
	BLEND_SLOTS,
	.coefficients = coefficients,
};
