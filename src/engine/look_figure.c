#include "config.h"
#include "engine/look.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "engine/look_work.h"

enum kind { OF_ONE, OF_PAIR, OF_BASE, NO_FIGURE };

static enum kind kind_of(enum stat_id s)
{
	switch (s) {
	case STAT_NORM: case STAT_ZEROS: case STAT_STD: case STAT_ABS_MAX: case STAT_NONFINITE:
		return OF_ONE;
	case STAT_DELTA_NORM:
		return OF_BASE;
	case STAT_COSINE: case STAT_ONE_MINUS_COSINE: case STAT_RELATIVE_L2: case STAT_MAX_ABS:
	case STAT_SIGN_AGREEMENT: case STAT_INPUT_CONFLICT: case STAT_DELTA_COSINE:
	case STAT_DELTA_RATIO: case STAT_MEAN_SHIFT:
		return OF_PAIR;
	default:
		return NO_FIGURE;
	}
}

/* The vectors a figure looks at; false where this row has no such figure. */
static bool pair_of(const struct look *l, size_t row, enum stat_id s, int model,
	struct slot_pair *p)
{
	const struct look_slots *k = &l->slots[row];
	enum kind kind = kind_of(s);

	if (kind == OF_ONE && k->alone[model]) {
		*p = (struct slot_pair){ k->alone[model], 0, 0 };
		return true;
	}
	if (!k->all || k->vector[model] < 0)
		return false;
	bool seen_from_base = s == STAT_DELTA_COSINE || s == STAT_DELTA_RATIO;
	if ((kind == OF_BASE || seen_from_base) && !k->all->based)
		return false;
	int x = kind == OF_PAIR ? k->reference : kind == OF_BASE ? 0 : k->vector[model];
	*p = (struct slot_pair){ k->all, x, k->vector[model] };
	return x >= 0 && (kind != OF_PAIR || x != k->vector[model]);
}

/* Integers (positions, masks) are no weights: groups leave them out. */
static bool is_weight(const struct look *l, size_t row)
{
	return dtype_info(l->rows[row].like->dtype)->kind != DTYPE_INT;
}

static struct figure mean_shift(const struct slot_pair *p, size_t n)
{
	double sum = 0, elements = 0;

	for (size_t k = 0; k < n; k++) {
		const struct slot_sums *s = atomic_load(&p[k].slot->sums);
		struct swap_point at;
		enum dtype none = DT_F32;
		if (!s) {
			if (n == 1 && pair_swap(p, &none, 1, 1e30, &at))
				return at.mean_shift;
			return figure_none();
		}
		const struct histogram *h = &s->curve[p[k].m];
		sum += histogram_shift(h, INFINITY).value;
		elements += (double)h->elements;
	}
	return elements > 0 ? figure_at(sum / elements, FIG_EXACT) : figure_failed();
}

struct figure look_group(struct look *l, const size_t *rows, size_t n, enum stat_id s, int model)
{
	n = rows ? n : l->n_rows;
	if (model < 0 || (size_t)model >= l->n || kind_of(s) == NO_FIGURE)
		return figure_failed();
	struct slot_pair local[4], *p = n <= 4 ? local : xnew(struct slot_pair, n);
	size_t got = 0;
	for (size_t k = 0; k < n; k++) {
		size_t row = rows ? rows[k] : k;
		if (row < l->n_rows && (n == 1 || is_weight(l, row)))
			got += pair_of(l, row, s, model, &p[got]);
	}
	struct figure f = !got ? figure_failed() : s == STAT_MEAN_SHIFT ? mean_shift(p, got)
		: pair_figure(p, got, s);
	if (p != local)
		free(p);
	return f;
}

struct figure look_figure(struct look *l, size_t row, enum stat_id s, int model)
{
	return look_group(l, &row, 1, s, model);
}

/* Pairs reference → model and the types their outputs would have; DT_UNKNOWN: the reference's. */
static size_t swap_pairs(const struct look *l, const size_t *rows, size_t n, int model,
	enum dtype out,
	struct slot_pair *p, enum dtype *types)
{
	size_t got = 0;

	for (size_t k = 0; k < n; k++) {
		size_t row = rows ? rows[k] : k;
		if (row >= l->n_rows || !is_weight(l, row)
				|| !pair_of(l, row, STAT_COSINE, model, &p[got]))
			continue;
		const struct memo_vector *v = &p[got].slot->v[p[got].x];
		types[got++] = out == DT_UNKNOWN ? v->model->source.tensors[v->tensor].dtype : out;
	}
	return got;
}

bool look_swap(struct look *l, const size_t *rows, size_t n, int model, double t, enum dtype out,
	struct swap_point *point)
{
	n = rows ? n : l->n_rows;
	if (model < 0 || (size_t)model >= l->n)
		return false;
	struct slot_pair *p = xnew(struct slot_pair, n + 1);
	enum dtype *types = xnew(enum dtype, n + 1);
	size_t got = swap_pairs(l, rows, n, model, out, p, types);
	bool ok = pair_swap(p, types, got, t, point);
	free(p);
	free(types);
	return ok;
}

bool look_swap_exact(struct look *l, struct pool *pool, int model, enum dtype out,
	struct swap_point *p,
	size_t n, struct err *e)
{
	struct slot_pair *pairs = xnew(struct slot_pair, l->n_rows + 1);
	enum dtype *types = xnew(enum dtype, l->n_rows + 1);
	size_t got = model < 0 || (size_t)model >= l->n ? 0
		: swap_pairs(l, NULL, l->n_rows, model, out, pairs, types);
	bool ok = pair_swap_count(pairs, types, got, pool, p, n, e);

	free(pairs);
	free(types);
	return ok;
}

/* --- distributions --- */

static int by_value(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

/* Magnitudes of the sample, sorted; NaN left out. */
static float *magnitudes(struct slot_pair p, bool delta, size_t *n, double *zeros)
{
	const struct slot_sample *x = atomic_load(&p.slot->sample);
	float *v = xnew(float, x->at.n * SAMPLE_BLOCK + 1);

	*n = 0;
	*zeros = 0;
	for (size_t j = 0; j < x->at.n; j++)
		for (size_t i = 0; i < sample_len(&x->at, j); i++) {
			float m = x->x[p.m][j * SAMPLE_BLOCK + i];
			float d = fabsf(delta ? m - x->x[p.x][j * SAMPLE_BLOCK + i] : m);
			if (!isfinite(d))
				continue;
			*zeros += d == 0;
			v[(*n)++] = d;
		}
	qsort(v, *n, sizeof *v, by_value);
	return v;
}

static size_t bin_of(double v, double from, double to, size_t n)
{
	double at = log2(v / from) / log2(to / from) * (double)n;

	return at < 0 ? 0 : at >= (double)n ? n - 1 : (size_t)at;
}

static void from_sample(struct slot_pair p, bool delta, double *bins, size_t n,
	struct look_histogram *out)
{
	double zeros;
	size_t got;
	float *v = magnitudes(p, delta, &got, &zeros);

	for (size_t i = 0; i < got; i++)
		if (v[i] > 0)
			bins[bin_of(v[i], out->from, out->to, n)] += 1 / (double)got;
	out->median = got ? v[got / 2] : NAN;
	out->p99 = got ? v[got - 1 - got / 100] : NAN;
	out->zero = got ? zeros / (double)got : NAN;
	out->state = FIG_SAMPLED;
	free(v);
}

static void from_curve(const struct histogram *h, double *bins, size_t n,
	struct look_histogram *out)
{
	double all = (double)h->elements, below = 0;

	for (size_t i = 0; i < n; i++) {
		double edge =
			out->from * exp2(log2(out->to / out->from) * (double)(i + 1) / (double)n);
		double at = histogram_full(h, i + 1 == n ? INFINITY : edge).value -
			(double)h->equal;
		bins[i] = (at - below) / all;
		below = at;
	}
	out->median = histogram_solve(&h, 1, 0.5);
	out->p99 = histogram_solve(&h, 1, 0.99);
	out->zero = (double)h->equal / all;
	out->state = FIG_EXACT;
}

bool look_histogram(struct look *l, size_t row, int model, bool delta, double *bins, size_t n,
	struct look_histogram *out)
{
	struct slot_pair p;

	memset(bins, 0, n * sizeof *bins);
	*out = (struct look_histogram){ 0x1p-24, 0x1p1, NAN, NAN, NAN, NAN, FIG_NONE };
	if (row >= l->n_rows || model < 0 || (size_t)model >= l->n || n == 0
			|| !pair_of(l, row, delta ? STAT_COSINE : STAT_NORM, model, &p))
		return false;
	const struct slot_sums *s = atomic_load(&p.slot->sums);
	if (s)
		out->max = delta ? s->pair[pair_index(p.x, p.m)].max_abs : s->norm[p.m].max_abs;
	if (s && delta && p.x == p.slot->from)
		from_curve(&s->curve[p.m], bins, n, out);
	else if (atomic_load(&p.slot->sample))
		from_sample(p, delta, bins, n, out);
	else
		return false;
	return true;
}
