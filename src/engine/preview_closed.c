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

/* Bounds of Σ min(d, t)² and Σ min(d, t) d from the histogram of d. Inside a bin with c elements
 * and sum s of d in (lo, hi], Σ d² lies between s²/c and s (lo + hi) - c lo hi (convexity); in the
 * bin of t the same holds with u = Σ min(d, t) and its bounds, and the second sum lies between its
 * value at the mean and its chord. */
static void swap_bin(struct view_tensor *r, double lo, double hi, double c, double s, double t)
{
	if (hi <= t) {
		double least = s * s / c, most = s * (lo + hi) - c * lo * hi;
		r->square[0] += least;
		r->square[1] += most;
		r->dot[0] += least;
		r->dot[1] += most;
	} else if (lo >= t) {
		for (int end = 0; end < 2; end++) {
			r->square[end] += c * t * t;
			r->dot[end] += s * t;
		}
	} else {
		double mean = s / c, u_most = s < t * c ? s : t * c;
		double u_least = lo * c + (s - lo * c) * (t - lo) / (hi - lo);
		r->square[0] += u_least * u_least / c;
		r->square[1] += u_most * (lo + t) - c * lo * t;
		r->dot[0] += c * mean * (mean < t ? mean : t);
		r->dot[1] += c * lo * lo + (s - c * lo) * (t * hi - lo * lo) / (hi - lo);
	}
}

static void swap_sums(struct view_tensor *r, const struct histogram *h, double t)
{
	for (uint32_t i = 0; i < h->n; i++) {
		double c = (double)(h->below[i + 1] - h->below[i]), s = h->sum[i + 1] - h->sum[i];
		if (c > 0)
			swap_bin(r, histogram_edge(h->first + i), histogram_edge(h->first + i + 1),
				c, s, t);
	}
}

void closed_fill(const struct plan_tensor *p, struct view_tensor *t)
{
	const struct slot_sums *s = atomic_load(&t->slot->sums);
	double coef[MERGE_MAX_INPUTS];

	if (t->closed || !s)
		return;
	t->closed = true;
	if (t->swap)
		swap_sums(t, &s->curve[t->other], p->spec.global[P_T]);
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
