#include "config.h"
#include "engine/pair_figure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "engine/swap_sample.h"

/* --- from the sums --- */

static void fill(struct slot_pair p, const struct norm_sums *nx, const struct norm_sums *nm,
	const struct pair_sums *d, double m[MO_COUNT])
{
	memset(m, 0, MO_COUNT * sizeof *m);
	m[MO_N] = (double)p.slot->like->elements;
	m[MO_NX] = nx->n2;
	m[MO_NM] = nm->n2;
	m[MO_SUM] = nm->sum;
	m[MO_ZERO] = (double)nm->zeros;
	m[MO_D] = d->d2;
	m[MO_AGREE0] = p.x == p.m ? m[MO_N] : (double)d->agree;
}

bool slot_moments(struct slot_pair p, double m[MO_COUNT])
{
	const struct slot_sums *s = atomic_load(&p.slot->sums);
	static const struct pair_sums same;

	if (!s)
		return false;
	fill(p, &s->norm[p.x], &s->norm[p.m], p.x == p.m ? &same : &s->pair[pair_index(p.x, p.m)],
		m);
	if (!p.slot->based)
		return true;
	m[MO_DX] = s->s[p.x];
	m[MO_DM] = s->s[p.m];
	m[MO_DX] = p.x ? m[MO_DX] : 0;
	m[MO_DM] = p.m ? m[MO_DM] : 0;
	m[MO_MULTI] = (double)s->conflict.several;
	m[MO_OPPOSED] = (double)s->conflict.conflict;
	if (p.x && p.m && p.x != p.m) {
		m[MO_BOTH] = (double)s->sign[pair_index(p.x, p.m)].both;
		m[MO_AGREE] = (double)s->sign[pair_index(p.x, p.m)].agree;
	}
	return true;
}

/* --- from the sample --- */

/* Moments per block of the sample, malloc'd; false where there is no sample yet. */
static bool slot_rows(struct slot_pair p, struct stratum *out)
{
	const struct slot_sample *x = atomic_load(&p.slot->sample);

	if (!x)
		return false;
	double (*z)[MO_COUNT] = xcalloc(x->at.n + 1, sizeof *z);
	for (size_t j = 0; j < x->at.n; j++) {
		size_t at = j * SAMPLE_BLOCK, n = sample_len(&x->at, j);
		const float *a = x->x[p.x] + at, *b = x->x[p.m] + at, *base = x->x[0] + at;
		struct norm_sums nx = { 0 }, nm = { 0 };
		struct pair_sums d = { 0 }, dx = { 0 }, dm = { 0 };
		struct sign_sums sign = { 0 };
		norm_sums_add(&nx, a, n);
		norm_sums_add(&nm, b, n);
		pair_sums_add(&d, NULL, a, b, n);
		fill(p, &nx, &nm, &d, z[j]);
		z[j][MO_N] = (double)n;
		z[j][MO_AGREE0] = (double)d.agree;
		if (p.slot->based) {
			pair_sums_add(&dx, NULL, base, a, n);
			pair_sums_add(&dm, NULL, base, b, n);
			sign_sums_add(&sign, a, b, base, n);
			z[j][MO_DX] = dx.d2;
			z[j][MO_DM] = dm.d2;
			z[j][MO_BOTH] = (double)sign.both;
			z[j][MO_AGREE] = (double)sign.agree;
		}
	}
	*out = (struct stratum){ &x->at, *z };
	return true;
}

/* --- figures --- */

static bool against_base(const struct slot_pair *p, size_t n)
{
	for (size_t k = 0; k < n; k++)
		if (!p[k].slot->based)
			return false;
	return n > 0;
}

static struct figure extreme(const struct slot_pair *p, size_t n, enum stat_id s)
{
	double v = 0;

	for (size_t k = 0; k < n; k++) {
		const struct slot_sums *x = atomic_load(&p[k].slot->sums);
		if (!x)
			return atomic_load(&p[k].slot->failed) ? figure_failed() : figure_none();
		if (s == STAT_NONFINITE)
			v += (double)x->norm[p[k].m].nonfinite;
		else if (s == STAT_ABS_MAX)
			v = fmax(v, x->norm[p[k].m].max_abs);
		else if (p[k].x != p[k].m)
			v = fmax(v, x->pair[pair_index(p[k].x, p[k].m)].max_abs);
	}
	return figure_at(v, FIG_EXACT);
}

struct figure pair_figure(const struct slot_pair *p, size_t n, enum stat_id s)
{
	double known[MO_COUNT] = { 0 }, one[MO_COUNT];
	struct stratum *est = NULL;
	size_t sampled = 0;
	bool based = against_base(p, n), failed = false, none = false;

	if (s == STAT_MAX_ABS || s == STAT_ABS_MAX || s == STAT_NONFINITE)
		return extreme(p, n, s);
	for (size_t k = 0; k < n; k++) {
		if (slot_moments(p[k], one)) {
			for (int i = 0; i < MO_COUNT; i++)
				known[i] += one[i];
			continue;
		}
		if (!est)
			est = xnew(struct stratum, n + 1);
		if (slot_rows(p[k], &est[sampled]))
			sampled++;
		else if (atomic_load(&p[k].slot->failed))
			failed = true;
		else
			none = true;
	}
	if (sampled)
		est[sampled] = similarity_known(known);
	struct figure f = failed || !n ? figure_failed() : none ? figure_none()
		: sampled ? similarity_estimate(s, est, sampled + 1, based)
		: similarity_figure(s, known, based, FIG_EXACT);
	for (size_t k = 0; k < sampled; k++)
		free((void *)est[k].sums);
	free(est);
	return f;
}

/* --- swapping --- */

static const struct histogram *curve_of(struct slot_pair p)
{
	const struct slot_sums *s = atomic_load(&p.slot->sums);

	return s && p.x == p.slot->from && p.m != p.x ? &s->curve[p.m] : NULL;
}

bool slot_spacing_known(struct slot_pair p, enum dtype out)
{
	const struct memo_vector *v = p.slot->v;

	return v[p.x].model->source.tensors[v[p.x].tensor].dtype == out
		&& v[p.m].model->source.tensors[v[p.m].tensor].dtype == out;
}

static void add_amount(struct figure *f, struct amount a)
{
	f->value += a.value;
	f->lo += a.lo;
	f->hi += a.hi;
	f->state = FIG_CLOSED;
}

static struct figure share(struct figure f, double over)
{
	f.value /= over;
	f.lo /= over;
	f.hi /= over;
	if (!isfinite(f.value))
		return figure_failed();
	if (f.lo == f.hi)
		f.state = FIG_EXACT;
	return f;
}

static bool swap_sampled(const struct slot_pair *p, const enum dtype *out, size_t n, double t,
	struct swap_point *point)
{
	struct stratum *est = xnew(struct stratum, n + 1);
	double (*rows)[MO_COUNT];
	size_t got = 0, blocks = 0, at = 0;

	for (; got < n && swap_sample_of(p[got], out[got]); got++)
		blocks += atomic_load(&p[got].slot->sample)->at.n;
	rows = xcalloc(blocks + 1, sizeof *rows);
	for (size_t k = 0; got == n && k < n; k++) {
		const struct sample *s = &atomic_load(&p[k].slot->sample)->at;
		swap_sample_rows(swap_sample_of(p[k], out[k]), t, rows + at);
		est[k] = (struct stratum){ s, rows[at] };
		at += s->n;
	}
	if (got == n) {
		point->full = similarity_estimate(STAT_SWAPPED, est, n, true);
		point->mean_shift = similarity_estimate(STAT_MEAN_SHIFT, est, n, true);
		point->frozen = similarity_estimate(STAT_FROZEN, est, n, true);
	}
	free(rows);
	free(est);
	return got == n;
}

bool pair_swap(const struct slot_pair *p, const enum dtype *out, size_t n, double t,
	struct swap_point *point)
{
	struct figure full = { 0 }, shift = { 0 }, frozen = { 0 };
	double elements = 0, changed = 0;
	bool spacing = true;

	*point = (struct swap_point){ t, figure_none(), figure_none(), figure_none() };
	if (n == 0 || !(t >= 0))
		return false;
	for (size_t k = 0; k < n; k++) {
		const struct histogram *h = curve_of(p[k]);
		if (!h)
			return swap_sampled(p, out, n, t, point);
		spacing = spacing && slot_spacing_known(p[k], out[k]);
		add_amount(&full, histogram_full(h, t));
		add_amount(&shift, histogram_shift(h, t));
		if (spacing)
			add_amount(&frozen, histogram_frozen(h, t, out[k]));
		elements += (double)h->elements;
		changed += (double)(h->elements - h->equal);
	}
	if (!spacing)
		swap_sampled(p, out, n, t, point);
	else
		point->frozen = share(frozen, changed);
	point->full = share(full, elements);
	point->mean_shift = share(shift, elements);
	return true;
}

double pair_swap_solve(const struct slot_pair *p, size_t n, double fraction)
{
	const struct histogram **h = xnew(const struct histogram *, n + 1);
	bool all = n > 0;

	for (size_t k = 0; k < n && all; k++)
		all = (h[k] = curve_of(p[k])) != NULL;
	double t = all ? histogram_solve(h, n, fraction) : NAN;
	struct swap_point at;
	if (!all && n) { /* by bisection on the sample */
		enum dtype *out = xnew(enum dtype, n);
		double lo = 1e-12, hi = 1e3;
		for (int i = 0; i < 40 && swap_sampled(p, out, n, sqrt(lo * hi), &at); i++) {
			t = sqrt(lo * hi);
			if (at.full.value < fraction)
				lo = t;
			else
				hi = t;
		}
		free(out);
	}
	free(h);
	return t;
}
