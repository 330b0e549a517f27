#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "merge/kernels.h"
#include "merge/method.h"
#include "model/source.h"

static const struct param_def params[] = {
	{ P_WEIGHT, "weight", PARAM_NON_BASE, PARAM_FLOAT, true, 1.0, 0.0, 2.0, 0.05,
		"Share of this model; the second one's part of the sum is the place on the arc." },
	{ P_ROW_WISE, "nuslerp_row_wise", PARAM_GLOBAL, PARAM_BOOL, false, 0.0, 0.0, 1.0, 1.0,
		"Without flatten: take vectors along the first dimension instead of the last." },
	{ P_FLATTEN, "nuslerp_flatten", PARAM_GLOBAL, PARAM_BOOL, false, 1.0, 0.0, 1.0, 1.0,
		"Treat a tensor as one long vector; off, every row turns by an angle of its own." },
};

/* What turns by one angle. A tensor of one dimension is one vector whatever is asked. */
enum shape_of_vector {
	WHOLE,   /* the tensor                                    (nuslerp_flatten) */
	ROW,     /* a run along the last dimension, within a window */
	LONG_ROW,/* the same, longer than a window */
	COLUMN,  /* along the first dimension: every V-th element   (nuslerp_row_wise) */
};
struct state {
	double (*sums)[3];   /* aa, bb, ab of each vector */
	float *sa, *sb;      /* factors of each vector */
	uint64_t n;
};

static enum shape_of_vector kind(const struct merge_spec *s)
{
	if (s->global[P_FLATTEN] != 0.0 || s->rank < 2 || s->elements == 0)
		return WHOLE;
	if (s->global[P_ROW_WISE] != 0.0)
		return COLUMN;
	return s->shape[s->rank - 1] <= WINDOW_ELEMS ? ROW : LONG_ROW;
}

static uint64_t vectors(const struct merge_spec *s)
{
	switch (kind(s)) {
	case WHOLE:
		return 1;
	case COLUMN:
		return s->elements / s->shape[0];
	case LONG_ROW:
		return s->elements / s->shape[s->rank - 1];
	case ROW:
		break;
	}
	return 0; /* settled inside apply */
}

/* The two models among the inputs. */
static void sides(const struct merge_spec *s, int *a, int *b)
{
	*a = s->base == 0 ? 1 : 0;
	*b = s->base == *a + 1 ? *a + 2 : *a + 1;
}

static double place(const struct merge_spec *s)
{
	int a, b;
	double sum;

	sides(s, &a, &b);
	sum = s->input[a][P_WEIGHT] + s->input[b][P_WEIGHT];
	return fabs(sum) < 1e-6 ? 0.5 : s->input[b][P_WEIGHT] / sum;
}

/* sin((1-t)θ)/sinθ and sin(tθ)/sinθ; a straight line where the two are parallel. */
static void factors(double aa, double bb, double ab, double t, double *sa, double *sb)
{
	double c = ab / (fmax(sqrt(aa), 1e-7) * fmax(sqrt(bb), 1e-7)), theta;

	c = fmin(1.0, fmax(-1.0, c));
	*sa = 1.0 - t;
	*sb = t;
	if (1.0 - c * c <= 1e-16)
		return;
	theta = acos(c);
	*sa = sin((1.0 - t) * theta) / sin(theta);
	*sb = sin(t * theta) / sin(theta);
}

static size_t state_size(const struct merge_spec *s)
{
	(void)s;
	return sizeof(struct state);
}

static int passes(const struct merge_spec *s)
{
	return kind(s) == ROW ? 0 : 1;
}

static uint64_t unit(const struct merge_spec *s)
{
	return kind(s) == ROW ? s->shape[s->rank - 1] : 1;
}

/* Vectors that one window touches: partials hold sums for these, numbered from the window's
 * first. */
static uint64_t window_vectors(const struct merge_spec *s)
{
	uint64_t v = vectors(s);

	if (kind(s) == LONG_ROW)
		return 2;
	return v < WINDOW_ELEMS ? v : WINDOW_ELEMS;
}

static size_t partial_size(const struct merge_spec *s, const void *state, int pass)
{
	uint64_t v = window_vectors(s);

	(void)state;
	(void)pass;
	return 3 * sizeof(double) * (size_t)(kind(s) == COLUMN ? v : v * KERNEL_LANES);
}

/* A chunk of both sides, less the base where there is one. */
struct pair {
	const float *a, *b;
	float da[KERNEL_CHUNK], db[KERNEL_CHUNK];
};

static void pair_load(const struct merge_spec *s, const struct merge_window *w, size_t at, size_t n,
	struct pair *p)
{
	int a, b;

	sides(s, &a, &b);
	p->a = w->in[a] + at;
	p->b = w->in[b] + at;
	if (s->base < 0)
		return;
	kernels()->sub(p->da, p->a, w->in[s->base] + at, n);
	kernels()->sub(p->db, p->b, w->in[s->base] + at, n);
	p->a = p->da;
	p->b = p->db;
}

/* Sums over [at, at+n) of a part; the lane of an element is its index mod 16, wherever the part and
 * the vector begin. */
static void lanes_add(const struct merge_spec *s, const struct merge_window *w, size_t at, size_t n,
	double acc[3][KERNEL_LANES])
{
	struct pair p;

	while (n > 0) {
		unsigned lane = (w->first + at) % KERNEL_LANES;
		size_t m = n < KERNEL_CHUNK ? n : KERNEL_CHUNK;

		if (lane && m > KERNEL_LANES - lane)
			m = KERNEL_LANES - lane;
		pair_load(s, w, at, m, &p);
		for (size_t i = 0; lane && i < m; i++) {
			acc[0][lane + i] += (double)p.a[i] * p.a[i];
			acc[1][lane + i] += (double)p.b[i] * p.b[i];
			acc[2][lane + i] += (double)p.a[i] * p.b[i];
		}
		if (!lane)
			kernels()->dots(p.a, p.b, m, acc);
		at += m;
		n -= m;
	}
}

static void columns_add(const struct merge_spec *s, const struct merge_window *w, double *sums)
{
	const uint64_t v = window_vectors(s), all = vectors(s);
	struct pair p;
	size_t m;

	for (size_t at = 0; at < w->n; at += m) {
		uint64_t j = w->first + at;

		j = v == all ? j % v : j - w->index * WINDOW_ELEMS;
		m = w->n - at < KERNEL_CHUNK ? w->n - at : KERNEL_CHUNK;
		if (m > v - j)
			m = (size_t)(v - j);
		pair_load(s, w, at, m, &p);
		kernels()->dots_each(p.a, p.b, m, sums + j, sums + v + j, sums + 2 * v + j);
	}
}

static void observe(const struct merge_spec *s, const void *state, int pass,
	const struct merge_window *w, void *partial)
{
	double (*acc)[3][KERNEL_LANES] = partial;
	uint64_t len, row0;
	size_t m;

	(void)state;
	(void)pass;
	if (kind(s) == COLUMN) {
		columns_add(s, w, partial);
		return;
	}
	len = kind(s) == WHOLE ? s->elements : s->shape[s->rank - 1];
	row0 = w->index * WINDOW_ELEMS / len;
	for (size_t at = 0; at < w->n; at += m) {
		uint64_t row = (w->first + at) / len, left = (row + 1) * len - (w->first + at);

		m = w->n - at < left ? w->n - at : (size_t)left;
		lanes_add(s, w, at, m, acc[row - row0]);
	}
}

static void fold(const struct merge_spec *s, void *state, int pass, const void *partial,
	uint64_t window)
{
	struct state *st = state;
	const uint64_t v = window_vectors(s), first = window * WINDOW_ELEMS;
	const double (*acc)[3][KERNEL_LANES] = partial;
	const double *each = partial;

	(void)pass;
	for (uint64_t j = 0; kind(s) == COLUMN && j < v; j++) {
		uint64_t to = v == st->n ? j : (first + j) % st->n;

		for (int i = 0; i < 3; i++)
			st->sums[to][i] += each[i * v + j];
	}
	for (uint64_t j = 0; kind(s) != COLUMN && j < v; j++) {
		uint64_t row = kind(s) == WHOLE ? 0 : first / s->shape[s->rank - 1] + j;

		for (int i = 0; row < st->n && i < 3; i++)
			st->sums[row][i] += kernel_fold(acc[j][i]);
	}
}

static bool begin(const struct merge_spec *s, void *state, struct err *e)
{
	struct state *st = state;
	uint64_t bytes = 0;

	st->n = vectors(s);
	if (size_mul(st->n, sizeof *st->sums, &bytes))
		st->sums = xtry_malloc(bytes + 1);
	if (!st->sums)
		return err_set(e, ERR_MEMORY, s->name, "use nuslerp_flatten: true",
			"no memory for the angles of %llu vectors", (unsigned long long)st->n);
	memset(st->sums, 0, bytes);
	return true;
}

static bool settle(const struct merge_spec *s, void *state, int pass, struct err *e)
{
	struct state *st = state;
	double t = place(s);

	(void)pass;
	st->sa = xtry_malloc(st->n * sizeof *st->sa);
	st->sb = xtry_malloc(st->n * sizeof *st->sb);
	if (!st->sa || !st->sb)
		return err_set(e, ERR_MEMORY, s->name, "use nuslerp_flatten: true",
			"no memory for the angles of %llu vectors", (unsigned long long)st->n);
	for (uint64_t j = 0; j < st->n; j++) {
		double sa, sb;

		factors(st->sums[j][0], st->sums[j][1], st->sums[j][2], t, &sa, &sb);
		st->sa[j] = (float)sa;
		st->sb[j] = (float)sb;
	}
	free(st->sums);
	st->sums = NULL;
	return true;
}

/* One run of elements that share factors, or have one pair each. */
static void mix(const struct merge_spec *s, const struct merge_window *w, size_t at, size_t n,
	const float *sa, const float *sb, bool each, float *out)
{
	const struct kernels *k = kernels();
	struct pair p;
	size_t m;

	for (size_t i = 0; i < n; i += m) {
		float *o = out + at + i;

		m = n - i < KERNEL_CHUNK ? n - i : KERNEL_CHUNK;
		pair_load(s, w, at + i, m, &p);
		if (each)
			k->mix_each(o, p.a, sa + i, p.b, sb + i, m);
		else
			k->mix(o, p.a, *sa, p.b, *sb, m);
		if (s->base >= 0)
			k->add(o, o, w->in[s->base] + at + i, m);
	}
}

static void apply_row(const struct merge_spec *s, const struct merge_window *w, size_t at,
	size_t len, float *out)
{
	double acc[3][KERNEL_LANES] = {{0}}, sa, sb;
	struct merge_window row = *w;
	float fa, fb;

	row.first = 0; /* lanes by the place in the row */
	row.in = (const float *const[3]){w->in[0] + at, w->in[1] + at,
		s->n_inputs > 2 ? w->in[2] + at : NULL};
	lanes_add(s, &row, 0, len, acc);
	factors(kernel_fold(acc[0]), kernel_fold(acc[1]), kernel_fold(acc[2]), place(s), &sa, &sb);
	fa = (float)sa;
	fb = (float)sb;
	mix(s, w, at, len, &fa, &fb, false, out);
}

static void apply(const struct merge_spec *s, const void *state, const struct merge_window *w,
	float *out)
{
	const struct state *st = state;
	const enum shape_of_vector how = kind(s);
	size_t m;

	for (size_t at = 0; at < w->n; at += m) {
		uint64_t i = w->first + at, v = st->n, len, left;

		m = w->n - at;
		if (how == WHOLE) {
			mix(s, w, at, m, st->sa, st->sb, false, out);
			continue;
		}
		len = how == COLUMN ? v : s->shape[s->rank - 1];
		left = len - i % len;
		m = m < left ? m : (size_t)left;
		if (how == ROW)
			apply_row(s, w, at, m, out);
		else if (how == COLUMN)
			mix(s, w, at, m, st->sa + i % v, st->sb + i % v, true, out);
		else
			mix(s, w, at, m, st->sa + i / len, st->sb + i / len, false, out);
	}
}

static void fini(const struct merge_spec *s, void *state)
{
	struct state *st = state;

	(void)s;
	free(st->sums);
	free(st->sa);
	free(st->sb);
}

static bool coefficients(const struct merge_spec *s, const double *sums, double *coef)
{
	int a, b, n = s->n_inputs;
	double aa, bb, dd;

	if (kind(s) != WHOLE)
		return false;
	sides(s, &a, &b);
	aa = s->base < 0 ? sums[a * n + a] : sums[a * n + s->base];
	bb = s->base < 0 ? sums[b * n + b] : sums[b * n + s->base];
	dd = sums[a * n + b];
	factors(aa, bb, (aa + bb - dd) / 2.0, place(s), &coef[a], &coef[b]);
	if (s->base >= 0)
		coef[s->base] = 1.0 - coef[a] - coef[b];
	return true;
}

const struct method method_nuslerp = {
	.name = "nuslerp",
	.title = "NuSLERP",
	.paper = NULL,
	.help = "Spherical interpolation of two models by weights, or of their task vectors where "
		"a base is given. For close fine-tunes it differs from linear by less than the "
		"rounding of the output.",
	.base = 0,
	.min_inputs = 2,
	.max_inputs = 2,
	.count_base = false,
	.params = params,
	.n_params = sizeof params / sizeof *params,
	.state_size = state_size,
	.begin = begin,
	.passes = passes,
	.partial_size = partial_size,
	.observe = observe,
	.fold = fold,
	.settle = settle,
	.unit = unit,
	.apply = apply,
	.fini = fini,
	.coefficients = coefficients,
};
