#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "merge/blend.h"
#include "merge/kernels.h"
#include "model/source.h"

struct state {
	uint64_t n;        /* vectors with sums of their own; 0: settled row by row in apply */
	double *sums;      /* n × pairs */
	float *coef;       /* n × inputs */
};

static int pairs(const struct merge_spec *s)
{
	return s->n_inputs * (s->n_inputs + 1) / 2;
}

bool blend_rows(const struct merge_spec *s)
{
	return s->method && method_param(s->method, "filter_wise") &&
		s->global[P_FILTER_WISE] != 0.0 && s->rank > 1 && s->elements > 0;
}

static uint64_t row_length(const struct merge_spec *s)
{
	return blend_rows(s) ? s->shape[s->rank - 1] : s->elements;
}

static bool rows_in_apply(const struct merge_spec *s)
{
	return blend_rows(s) && row_length(s) <= WINDOW_ELEMS;
}

double blend_dot(const double *sums, int n, int origin, int i, int j)
{
	double a = origin < 0 ? sums[i * n + i] : sums[i * n + origin];
	double b = origin < 0 ? sums[j * n + j] : sums[j * n + origin];

	if (i == origin || j == origin)
		return 0.0;
	return i == j ? a : (a + b - sums[i * n + j]) / 2.0;
}

size_t blend_state_size(const struct merge_spec *s)
{
	(void)s;
	return sizeof(struct state);
}

bool blend_begin(const struct merge_spec *s, void *state, struct err *e)
{
	struct state *st = state;
	uint64_t bytes = 0, floats = 0;

	st->n = rows_in_apply(s) || !s->elements ? 0 : s->elements / row_length(s);
	if (size_mul(st->n, (uint64_t)pairs(s) * sizeof(double), &bytes) &&
		size_mul(st->n, (uint64_t)s->n_inputs * sizeof(float), &floats)) {
		st->sums = xtry_malloc(bytes + 1);
		st->coef = xtry_malloc(floats + 1);
	}
	if (!st->sums || !st->coef)
		return err_set(e, ERR_MEMORY, s->name, "use filter_wise: false",
			"no memory for the angles of %llu rows", (unsigned long long)st->n);
	memset(st->sums, 0, bytes);
	return true;
}

int blend_passes(const struct merge_spec *s)
{
	return rows_in_apply(s) ? 0 : 1;
}

uint64_t blend_unit(const struct merge_spec *s)
{
	return rows_in_apply(s) ? row_length(s) : 1;
}

/* A window touches one vector, or two where rows are longer than a window. */
size_t blend_partial_size(const struct merge_spec *s, const void *state, int pass)
{
	(void)state;
	(void)pass;
	return 2 * (size_t)pairs(s) * KERNEL_LANES * sizeof(double);
}

/* With a base, what counts is how far the others are from it; they are not measured themselves. */
static bool from_base(const struct merge_spec *s)
{
	return s->base >= 0 && s->method->base >= 0;
}

/* |a - b|², or |a|² without b, of elements at the lanes from `lane` on; no run crosses lane 0
 * unless it begins there. */
static void add_squares(const float *a, const float *b, size_t n, unsigned lane,
	double acc[KERNEL_LANES])
{
	for (size_t i = 0; lane && i < n; i++) {
		float v = b ? a[i] - b[i] : a[i];

		acc[lane + i] += (double)v * v;
	}
	if (!lane && b)
		kernels()->distance(a, b, n, acc);
	else if (!lane)
		kernels()->squares(a, n, acc);
}

/* Sums over [at, at+n) of a part; lanes by element index mod 16, counted from `origin`. */
static void sums_add(const struct merge_spec *s, const struct merge_window *w, size_t at, size_t n,
	uint64_t origin, double (*acc)[KERNEL_LANES])
{
	while (n > 0) {
		unsigned lane = (unsigned)((w->first + at - origin) % KERNEL_LANES);
		size_t m = n < KERNEL_CHUNK ? n : KERNEL_CHUNK;
		int p = 0;

		if (lane && m > KERNEL_LANES - lane)
			m = KERNEL_LANES - lane;
		for (int i = 0; i < s->n_inputs; i++)
			for (int j = i; j < s->n_inputs; j++, p++)
				if (j > i || !from_base(s))
					add_squares(w->in[i] + at, j > i ? w->in[j] + at : NULL, m,
						lane, acc[p]);
		at += m;
		n -= m;
	}
}

void blend_observe(const struct merge_spec *s, const void *state, int pass,
	const struct merge_window *w, void *partial)
{
	double (*acc)[KERNEL_LANES] = partial;
	const uint64_t len = row_length(s), row0 = w->index * WINDOW_ELEMS / len;
	size_t m;

	(void)state;
	(void)pass;
	for (size_t at = 0; at < w->n; at += m) {
		uint64_t row = (w->first + at) / len, left = (row + 1) * len - (w->first + at);

		m = w->n - at < left ? w->n - at : (size_t)left;
		sums_add(s, w, at, m, 0, acc + (size_t)(row - row0) * (size_t)pairs(s));
	}
}

void blend_fold(const struct merge_spec *s, void *state, int pass, const void *partial,
	uint64_t window)
{
	const double (*acc)[KERNEL_LANES] = partial;
	const uint64_t row0 = window * WINDOW_ELEMS / row_length(s);
	struct state *st = state;
	int n = pairs(s);

	(void)pass;
	for (uint64_t r = 0; r < 2 && row0 + r < st->n; r++)
		for (int p = 0; p < n; p++)
			st->sums[(row0 + r) * (uint64_t)n + (uint64_t)p] +=
				kernel_fold(acc[r * (uint64_t)n + (uint64_t)p]);
}

/* The method is asked as for a whole tensor: a row is one, to it. */
static bool solve(const struct merge_spec *s, const double *packed, float *coef)
{
	double full[MERGE_MAX_INPUTS * MERGE_MAX_INPUTS] = { 0 }, c[MERGE_MAX_INPUTS] = { 0 };
	double global[P_COUNT];
	struct merge_spec one = *s;
	int n = s->n_inputs, p = 0;

	memcpy(global, s->global, sizeof global);
	global[P_FILTER_WISE] = 0.0;
	one.global = global;
	for (int i = 0; i < n; i++)
		for (int j = i; j < n; j++, p++)
			full[i * n + j] = full[j * n + i] = packed[p];
	if (!s->method->coefficients(&one, full, c))
		return false;
	for (int i = 0; i < n; i++)
		coef[i] = (float)c[i];
	return true;
}

bool blend_settle(const struct merge_spec *s, void *state, int pass, struct err *e)
{
	struct state *st = state;

	(void)pass;
	for (uint64_t r = 0; r < st->n; r++)
		if (!solve(s, st->sums + r * (uint64_t)pairs(s),
			    st->coef + r * (uint64_t)s->n_inputs))
			return err_set(e, ERR_INPUT, s->name,
				"leave one of the models out, or use linear",
				"%s has no direction here: the inputs cancel each other",
				s->method->title);
	free(st->sums);
	st->sums = NULL;
	return true;
}

/* With a base the moves are added to it, so that a weight nobody moved stays as it is. */
static void mix(const struct merge_spec *s, const struct merge_window *w, size_t at, size_t n,
	const float *coef, float *out)
{
	const bool moves = from_base(s);
	const float *x[MERGE_MAX_INPUTS];
	float by[MERGE_MAX_INPUTS];
	int m = 0;

	for (int i = 0; i < s->n_inputs; i++) {
		if (moves && i == s->base)
			continue;
		x[m] = w->in[i] + at;
		by[m++] = coef[i];
	}
	kernels()->mix_moves(out + at, x, by, m, moves ? w->in[s->base] + at : NULL, n);
}

static void apply_row(const struct merge_spec *s, const struct merge_window *w, size_t at, size_t n,
	float *out)
{
	double packed[MERGE_MAX_INPUTS * (MERGE_MAX_INPUTS + 1) / 2];
	size_t count = (size_t)pairs(s);
	double (*acc)[KERNEL_LANES] = xcalloc(count, sizeof *acc);
	float coef[MERGE_MAX_INPUTS];

	sums_add(s, w, at, n, w->first + at, acc);
	for (size_t p = 0; p < count; p++)
		packed[p] = kernel_fold(acc[p]);
	free(acc);
	/* A row whose inputs cancel stays the base's. */
	if (!solve(s, packed, coef))
		for (int i = 0; i < s->n_inputs; i++)
			coef[i] = i == s->base ? 1.0f : 0.0f;
	mix(s, w, at, n, coef, out);
}

void blend_apply(const struct merge_spec *s, const void *state, const struct merge_window *w,
	float *out)
{
	const struct state *st = state;
	const uint64_t len = row_length(s);
	size_t m;

	for (size_t at = 0; at < w->n; at += m) {
		uint64_t i = w->first + at, left = len - i % len;

		m = w->n - at < left ? w->n - at : (size_t)left;
		if (rows_in_apply(s))
			apply_row(s, w, at, m, out);
		else
			mix(s, w, at, m, st->coef + i / len * (uint64_t)s->n_inputs, out);
	}
}

void blend_fini(const struct merge_spec *s, void *state)
{
	struct state *st = state;

	(void)s;
	free(st->sums);
	free(st->coef);
}
