#include "config.h"
#include "engine/preview_work.h"
#include "stat/combine.h"

#include <math.h>
#include <string.h>

/* The getters: every figure from what is there now, best first: exact, closed, sampled. They run on
 * the owner's thread and only read what workers have published. */

#define M(x) ((uint32_t)1 << MO_##x)
#define OF_INPUTS (M(N) | M(NX) | M(DX) | M(MULTI) | M(OPPOSED))
#define OF_BASE (M(DX) | M(DM) | M(BOTH) | M(AGREE) | M(MULTI) | M(OPPOSED) | M(SHIFT) \
	| M(CHANGED) | M(FROZEN) | M(FULL))
#define OF_CLOSED (OF_INPUTS | M(NM) | M(D) | M(DM))

/* A running total over tensors, each in the best state it has. */
struct gather {
	struct preview *v;
	enum stat_id stat;
	uint32_t needs;
	double known[MO_COUNT];
	struct stratum *est, *less, *more; /* less, more: with chance against or for it */
	size_t n_est, tensors;
	bool chance;
	enum figure_state state;       /* lowest met */
	bool none, failed;
};

static bool exact_moments(const struct view_tensor *t, int vec, double *m)
{
	const struct tensor_exact *x = atomic_load(&t->known->exact);

	if (x)
		memcpy(m, x->m[vec], MO_COUNT * sizeof *m);
	return x != NULL;
}

/* From the sums: what concerns the inputs alone, and the merge where it is a linear combination. */
static bool closed_moments(struct preview *v, size_t i, int vec, uint32_t needs, double *m,
	enum figure_state *state)
{
	struct view_tensor *t = &v->view->t[i];

	if (needs & ~OF_CLOSED || !slot_moments((struct slot_pair){ t->slot, vec, vec }, m))
		return false;
	*state = FIG_EXACT;
	if (!(needs & ~OF_INPUTS))
		return true;
	closed_fill(&v->view->plan->tensors[i], t);
	if (!t->linear)
		return false;
	*state = FIG_CLOSED;
	m[MO_NM] = t->nm;
	m[MO_D] = t->d[vec];
	m[MO_DM] = t->slot->based ? t->d[0] : 0;
	return true;
}

static bool sampled_moments(struct gather *g, const struct view_tensor *t, int vec)
{
	const struct tensor_sampled *s = atomic_load(&t->known->sampled);

	if (!s)
		return false;
	size_t at = (size_t)vec * s->at.n, i = g->n_est++;
	g->est[i] = (struct stratum){ &s->at, s->rows[at] };
	g->less[i] = (struct stratum){ &s->at, (s->less ? s->less : s->rows)[at] };
	g->more[i] = (struct stratum){ &s->at, (s->more ? s->more : s->rows)[at] };
	g->chance = g->chance || s->less || s->more;
	return true;
}

static void gather_add(struct gather *g, size_t i, int vec)
{
	struct view_tensor *t = &g->v->view->t[i];
	enum figure_state state = FIG_EXACT;
	double m[MO_COUNT];

	if (g->needs & OF_BASE && !t->slot->based && g->stat != STAT_SIGN_AGREEMENT
			&& g->stat != STAT_INPUT_CONFLICT)
		return;
	g->tensors++;
	if (exact_moments(t, vec, m) || closed_moments(g->v, i, vec, g->needs, m, &state)) {
		for (int k = 0; k < MO_COUNT; k++)
			g->known[k] += m[k];
	} else if (sampled_moments(g, t, vec)) {
		state = FIG_SAMPLED;
	} else {
		g->failed = g->failed || atomic_load(&t->slot->failed);
		g->none = true;
	}
	g->state = state < g->state ? state : g->state;
}

/* Vector of an input in a tensor; figures that have no input look at any. -1: the input lacks
 * it. */
static int vector_of(const struct view *w, size_t i, enum stat_id s, int input)
{
	if (!stat_info(s)->per_input)
		return 0;
	return input >= 0 && (size_t)input < w->plan->inputs->n ? w->t[i].vector[input] : -1;
}

static void widen(struct figure *f, struct figure by)
{
	if (by.state != FIG_SAMPLED)
		return;
	f->lo = fmin(f->lo, by.lo);
	f->hi = fmax(f->hi, by.hi);
}

static struct figure estimate(struct gather *g, bool based)
{
	size_t n = g->n_est;

	g->est[n] = g->less[n] = g->more[n] = similarity_known(g->known);
	struct figure f = similarity_estimate(g->stat, g->est, n + 1, based);
	if (g->chance && f.state == FIG_SAMPLED) {
		widen(&f, similarity_estimate(g->stat, g->less, n + 1, based));
		widen(&f, similarity_estimate(g->stat, g->more, n + 1, based));
	}
	return f;
}

static bool all_based(const struct view *w, const size_t *tensors, size_t n)
{
	for (size_t k = 0; k < n; k++)
		if (!w->t[tensors ? tensors[k] : k].slot->based)
			return false;
	return true;
}

/* --- extremes and counts: never sampled --- */

/* max |m - x| of a combination of two tensors, or one. */
static bool closed_max(struct preview *v, size_t i, int vec, double *out)
{
	struct view_tensor *t = &v->view->t[i];
	const struct slot_sums *s = atomic_load(&t->slot->sums);
	int used[2] = { -1, -1 }, n = 0;

	closed_fill(&v->view->plan->tensors[i], t);
	if (!s || !t->linear)
		return false;
	double sum = 0;
	for (int k = 0; k < (int)s->n; k++) {
		sum += t->coef[k];
		if (t->coef[k] == 0 || k == vec)
			continue;
		if (n == 1)
			return false;
		used[n++] = k;
	}
	if (fabs(sum - 1) > 1e-12)
		return false;
	*out = n ? fabs(t->coef[used[0]]) * s->pair[pair_index(used[0], vec)].max_abs : 0;
	return true;
}

static struct figure extreme_of(struct preview *v, size_t i, enum stat_id s, int vec)
{
	const struct view_tensor *t = &v->view->t[i];
	const struct tensor_exact *x = atomic_load(&t->known->exact);
	double m;

	if (x)
		return figure_at(s == STAT_NONFINITE ? (double)x->nonfinite
			: s == STAT_ABS_MAX ? x->abs_max : x->max_abs[vec], FIG_EXACT);
	if (s == STAT_MAX_ABS && closed_max(v, i, vec, &m))
		return figure_at(m, FIG_CLOSED);
	return atomic_load(&t->slot->failed) ? figure_failed() : figure_none();
}

static struct figure extreme_group(struct preview *v, const size_t *tensors, size_t n,
	enum stat_id s, int input)
{
	struct figure all = figure_failed();
	double value = 0;

	for (size_t k = 0; k < n; k++) {
		size_t i = tensors ? tensors[k] : k;
		int vec = vector_of(v->view, i, s, input);
		if (vec < 0)
			continue;
		struct figure f = extreme_of(v, i, s, vec);
		if (f.state == FIG_NONE || f.state == FIG_FAILED)
			return f;
		value = s == STAT_NONFINITE ? value + f.value : fmax(value, f.value);
		all = figure_at(value, all.state < f.state ? all.state : f.state);
	}
	return all;
}

/* --- nearswap: every t from the histograms --- */

static bool is_swap_stat(enum stat_id s)
{
	return s == STAT_SWAPPED || s == STAT_MOVED || s == STAT_MEAN_SHIFT || s == STAT_FROZEN;
}

static void add_part(double *v, struct amount a)
{
	v[0] += a.value;
	v[1] += a.lo;
	v[2] += a.hi;
}

/* False: some tensor has no histogram yet, or its rounding is not told by exponents. */
static bool swap_closed(struct preview *v, const size_t *tensors, size_t n, enum stat_id s,
	struct figure *out)
{
	const struct view *w = v->view;
	double sum[3] = { 0 }, over = 0;

	for (size_t k = 0; k < n; k++) {
		size_t i = tensors ? tensors[k] : k;
		const struct view_tensor *t = &w->t[i];
		const struct plan_tensor *p = &w->plan->tensors[i];
		const struct slot_sums *x = atomic_load(&t->slot->sums);
		double at = p->spec.global[P_T];
		if (!t->swap || !x || (s == STAT_FROZEN && !slot_spacing_known(
				(struct slot_pair){ t->slot, 0, t->other }, p->dtype)))
			return false;
		const struct histogram *h = &x->curve[t->other];
		add_part(sum, s == STAT_MEAN_SHIFT ? histogram_shift(h, at)
			: s == STAT_FROZEN ? histogram_frozen(h, at, p->dtype)
				: histogram_full(h, at));
		over += (double)(s == STAT_FROZEN ? h->elements - h->equal : h->elements);
	}
	if (!(over > 0))
		return false;
	*out = (struct figure){ sum[0] / over, sum[1] / over, sum[2] / over, FIG_CLOSED };
	if (s == STAT_MOVED)
		*out = (struct figure){ 1 - out->value, 1 - out->hi, 1 - out->lo, FIG_CLOSED };
	return true;
}

/* Distances of a swap at t, with bounds from the histogram of d = |x-b| (preview_closed.c):
 *   |m-b|² = Σ min(d, t)²      ⟨m-b, x-b⟩ = Σ min(d, t) d
 *   |m-x|² = |x-b|² - 2 ⟨m-b, x-b⟩ + |m-b|² */
enum { CORNERS = 4 }; /* least and most of either sum */

static bool swap_moments(struct preview *v, size_t i, int vec, double (*to)[MO_COUNT])
{
	struct view_tensor *t = &v->view->t[i];
	const struct slot_sums *s = atomic_load(&t->slot->sums);

	closed_fill(&v->view->plan->tensors[i], t);
	if (!t->swap || !s || !(v->view->plan->tensors[i].spec.global[P_T] > 0))
		return false;
	const struct histogram *h = &s->curve[t->other];
	double moved = vec ? (double)(h->elements - h->equal) : 0;
	for (int k = 0; k < CORNERS; k++) {
		double dm = t->square[k & 1], d = s->s[t->other] - 2 * t->dot[k >> 1] + dm;
		to[k][MO_NX] += s->norm[vec].n2;
		to[k][MO_DX] += vec ? s->s[t->other] : 0;
		to[k][MO_DM] += dm;
		to[k][MO_D] += vec == 0 ? dm : d > 0 ? d : 0;
		to[k][MO_BOTH] += moved;
		to[k][MO_AGREE] += moved;
	}
	return true;
}

static bool is_swap_move(enum stat_id s)
{
	return s == STAT_DELTA_RATIO || s == STAT_DELTA_COSINE || s == STAT_DELTA_NORM
		|| s == STAT_RELATIVE_L2 || s == STAT_INPUT_CONFLICT || s == STAT_SIGN_AGREEMENT;
}

static bool swap_moves(struct preview *v, const size_t *tensors, size_t n, enum stat_id s,
	int input,
	struct figure *out)
{
	double corner[CORNERS][MO_COUNT] = { { 0 } };

	for (size_t k = 0; k < n; k++) {
		size_t i = tensors ? tensors[k] : k;
		int vec = stat_info(s)->per_input ? v->view->t[i].vector[input] : 0;
		if (vec >= 0 && !swap_moments(v, i, vec, corner))
			return false;
	}
	*out = similarity_figure(s, corner[0], true, FIG_CLOSED);
	for (int k = 0; k < CORNERS; k++) {
		double x = similarity_value(s, corner[k], true);
		if (!isfinite(x))
			return false;
		out->lo = fmin(out->lo, x);
		out->hi = fmax(out->hi, x);
	}
	out->value = (out->lo + out->hi) / 2;
	return true;
}

static bool all_exact(const struct view *w, const size_t *tensors, size_t n)
{
	for (size_t k = 0; k < n; k++)
		if (!atomic_load(&w->t[tensors ? tensors[k] : k].known->exact))
			return false;
	return n > 0;
}

/* Merges are made in float32: stored as such they lose nothing. A sample could not tell that, for
 * blocks that all say 0 leave the others open. */
static bool never_rounded(const struct view *w, const size_t *tensors, size_t n, enum stat_id s)
{
	if (s != STAT_ROUNDING && ((s != STAT_ROUNDING_DELTA && s != STAT_FROZEN)
			|| !all_based(w, tensors, n)))
		return false;
	for (size_t k = 0; k < n; k++) {
		enum dtype d = w->plan->tensors[tensors ? tensors[k] : k].dtype;
		if (d != DT_F32 && d != DT_F64)
			return false;
	}
	return n > 0;
}

/* --- getters --- */

static struct figure group_figure(struct preview *v, const size_t *tensors, size_t n,
	enum stat_id s, int input)
{
	struct view *w = v->view;
	struct figure f;

	if (s == STAT_MAX_ABS || s == STAT_ABS_MAX || s == STAT_NONFINITE)
		return extreme_group(v, tensors, n, s, input);
	bool swap = n && w->t[tensors ? tensors[0] : 0].swap;
	if ((s == STAT_SWAPPED || s == STAT_MOVED) && !swap)
		return figure_failed();
	bool exact = all_exact(w, tensors, n);
	if (!exact && !(swap && s == STAT_FROZEN) && never_rounded(w, tensors, n, s))
		return figure_at(0, FIG_CLOSED);
	if (swap && !exact && is_swap_stat(s) && swap_closed(v, tensors, n, s, &f))
		return f;
	if (swap && !exact && is_swap_move(s) && (!stat_info(s)->per_input
			|| (input >= 0 && (size_t)input < w->plan->inputs->n))
			&& swap_moves(v, tensors, n, s, input, &f))
		return f;
	struct gather g = { .v = v, .stat = s, .needs = similarity_needs(s), .state = FIG_EXACT };
	struct stratum local[3 * 9];
	bool based = all_based(w, tensors, n);
	if (s == STAT_SIGN_AGREEMENT || s == STAT_INPUT_CONFLICT)
		g.needs = based ? M(BOTH) | M(AGREE) : M(AGREE0) | M(N);
	g.est = n <= 8 ? local : xnew(struct stratum, 3 * (n + 1));
	g.less = g.est + n + 1;
	g.more = g.less + n + 1;
	for (size_t k = 0; k < n; k++) {
		size_t i = tensors ? tensors[k] : k;
		int vec = vector_of(w, i, s, input);
		if (vec >= 0)
			gather_add(&g, i, vec);
	}
	if (!g.tensors || g.failed)
		f = figure_failed();
	else if (g.none)
		f = figure_none();
	else if (g.n_est)
		f = estimate(&g, based);
	else
		f = similarity_figure(s, g.known, based, g.state);
	if (g.est != local)
		free(g.est);
	return f;
}

/* Integers (positions, masks) are no weights: groups leave them out. */
static size_t without_integers(const struct view *w, const size_t *tensors, size_t n, size_t *out)
{
	size_t kept = 0;

	for (size_t k = 0; k < n; k++) {
		size_t i = tensors ? tensors[k] : k;
		if (!w->plan->tensors[i].verbatim)
			out[kept++] = i;
	}
	return kept;
}

struct figure preview_group(struct preview *v, const size_t *tensors, size_t n, enum stat_id s,
	int input)
{
	struct view *w = v->view;

	if (!w)
		return figure_none();
	n = tensors ? n : w->n;
	if (n <= 1 || !w->integers)
		return group_figure(v, tensors, n, s, input);
	size_t *kept = xnew(size_t, n);
	struct figure f = group_figure(v, kept, without_integers(w, tensors, n, kept), s, input);
	free(kept);
	return f;
}

struct figure preview_figure(struct preview *v, size_t t, enum stat_id s, int input)
{
	if (!v->view || t >= v->view->n)
		return figure_none();
	return preview_group(v, &t, 1, s, input);
}

static int swap_base(const struct view *w)
{
	const struct inputs *in = w->plan->inputs;

	for (size_t i = 0; i < in->n; i++)
		if (in->v[i].model && in->v[i].model == in->figure_base)
			return (int)i;
	return -1;
}

/* Pairs base → input; the base may stand outside the inputs. */
static size_t swap_pairs(const struct view *w, const size_t *tensors, size_t n, int input,
	struct slot_pair *p, enum dtype *out)
{
	size_t got = 0;

	if (input < 0 || (size_t)input >= w->plan->inputs->n || input == swap_base(w))
		return 0;
	for (size_t k = 0; k < n; k++) {
		size_t i = tensors ? tensors[k] : k;
		const struct view_tensor *t = &w->t[i];
		if (!t->slot->based || t->vector[input] <= 0 || w->plan->tensors[i].verbatim)
			continue;
		p[got] = (struct slot_pair){ t->slot, 0, t->vector[input] };
		out[got++] = w->plan->tensors[i].dtype;
	}
	return got;
}

bool preview_swap(struct preview *v, const size_t *tensors, size_t n, int input, double t,
	struct swap_point *out)
{
	struct view *w = v->view;

	if (!w)
		return false;
	n = tensors ? n : w->n;
	struct slot_pair *p = xnew(struct slot_pair, n + 1);
	enum dtype *types = xnew(enum dtype, n + 1);
	size_t got = swap_pairs(w, tensors, n, input, p, types);
	bool ok = pair_swap(p, types, got, t, out);
	free(p);
	free(types);
	return ok;
}

bool preview_swap_exact(struct preview *v, int input, struct swap_point *p, size_t n, struct err *e)
{
	struct view *w = v->view;
	size_t all = w ? w->n : 0;
	struct slot_pair *pairs = xnew(struct slot_pair, all + 1);
	enum dtype *types = xnew(enum dtype, all + 1);
	size_t got = w ? swap_pairs(w, NULL, all, input, pairs, types) : 0;
	bool ok = pair_swap_count(pairs, types, got, v->pool, p, n, e);

	free(pairs);
	free(types);
	return ok;
}

double preview_swap_solve(struct preview *v, const size_t *tensors, size_t n, int input,
	double fraction)
{
	struct view *w = v->view;

	if (!w)
		return NAN;
	n = tensors ? n : w->n;
	struct slot_pair *p = xnew(struct slot_pair, n + 1);
	enum dtype *types = xnew(enum dtype, n + 1);
	size_t got = swap_pairs(w, tensors, n, input, p, types);
	double t = pair_swap_solve(p, got, fraction);
	free(p);
	free(types);
	return t;
}

static double share_of_column(const double *totals, const void *ctx)
{
	const size_t *at = ctx; /* column, columns */
	double all = 0;

	for (size_t c = 0; c < at[1]; c++)
		all += totals[c];
	return totals[at[0]] / all;
}

bool preview_coverage(struct preview *v, double *coverage, double *interval, size_t *n)
{
	struct view *w = v->view;
	size_t columns = w ? w->plan->inputs->n + 1 : 0, got = 0;
	struct stratum *s = xnew(struct stratum, w ? w->n + 1 : 1);
	bool all = w != NULL;

	*n = 0;
	for (size_t i = 0; w && i < w->n && all; i++) {
		const struct tensor_sampled *x = atomic_load(&w->t[i].known->sampled);
		all = x != NULL || w->t[i].known->sampling == NEVER;
		if (x && x->cover)
			s[got++] = (struct stratum){ &x->at, x->cover };
	}
	for (size_t c = 0; all && got && c < columns && c <= MERGE_MAX_INPUTS; c++) {
		size_t at[2] = { c, columns };
		struct figure f = sample_figure(s, got, columns, share_of_column, at, SAMPLE_SHARE);
		coverage[c] = f.value;
		if (interval)
			interval[c] = fmax(f.hi - f.value, f.value - f.lo);
		*n = f.value > 0 ? c + 1 : *n;
	}
	free(s);
	return *n > 0;
}
