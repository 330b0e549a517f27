#include "config.h"
#include "engine/preview_work.h"
#include "stat/combine.h"

#include <math.h>
#include <string.h>

/* Sums of the slot in the order of the spec's inputs. */
static void permute(const struct plan_tensor *p, const struct view_tensor *t, const double *s,
	size_t n,
	double *out)
{
	size_t k = (size_t)p->spec.n_inputs;

	for (size_t i = 0; i < k; i++)
		for (size_t j = 0; j < k; j++)
			out[i * k + j] =
				s[(size_t)t->spec_vector[i] * n + (size_t)t->spec_vector[j]];
}

bool closed_coefficients(const struct plan_tensor *p, const struct view_tensor *t, const double *s,
	size_t n, double *coef)
{
	size_t k = (size_t)p->spec.n_inputs;
	double local[16 * 16], *sums = k <= 16 ? local : xnew(double, k * k);

	memset(coef, 0, k * sizeof *coef);
	if (p->verbatim) {
		coef[0] = 1;
		return true;
	}
	permute(p, t, s, n, sums);
	bool ok = p->spec.method->coefficients &&
		p->spec.method->coefficients(&p->spec, sums, coef);
	if (sums != local)
		free(sums);
	for (size_t i = 0; i < k; i++)
		ok = ok && isfinite(coef[i]);
	return ok;
}

/* Asked with a harmless matrix: unit vectors at right angles. */
bool closed_method(const struct plan_tensor *p)
{
	if (p->verbatim)
		return true;
	size_t k = (size_t)p->spec.n_inputs;
	double local[16 * 16], *sums = k <= 16 ? local : xnew(double, k * k);
	double *coef = xnew(double, k + 1);

	for (size_t i = 0; i < k * k; i++)
		sums[i] = i % (k + 1) == 0 ? 1 : 2;
	bool ok = p->spec.method->coefficients &&
		p->spec.method->coefficients(&p->spec, sums, coef);
	if (sums != local)
		free(sums);
	free(coef);
	return ok;
}

void closed_fill(const struct plan_tensor *p, struct view_tensor *t)
{
	const struct slot_sums *s = atomic_load(&t->slot->sums);
	double coef[MERGE_MAX_INPUTS];

	if (t->closed || !s)
		return;
	t->closed = true;
	t->linear = closed_coefficients(p, t, s->s, s->n, coef);
	if (!t->linear)
		return;
	memset(t->coef, 0, s->n * sizeof *t->coef);
	for (int k = 0; k < p->spec.n_inputs; k++)
		t->coef[t->spec_vector[k]] += coef[k];
	t->nm = combine_norm2(s->s, s->n, t->coef);
	for (size_t i = 0; i < s->n; i++) {
		t->coef[i] -= 1;
		t->d[i] = combine_norm2(s->s, s->n, t->coef);
		t->coef[i] += 1;
	}
}
