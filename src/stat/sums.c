#include "config.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/bytes.h"
#include "base/xalloc.h"
#include "stat/finite.h"
#include "stat/histogram.h"
#include "stat/lanes.h"
#include "stat/sums.h"
#include "tensor/cpu.h"

/* A few inputs of a block fit in the nearest cache. Multiple of LANES. */
enum { BLOCK = 2048 };

struct norm_lanes {
	double n2[LANES], sum[LANES];
	float max[LANES];
	uint64_t zeros, nonfinite;
};
struct pair_lanes {
	double d2[LANES], max[LANES];
	uint64_t equal, agree, nonfinite;
};

#define PATH_IMPL "stat/sums_impl.h"
#include "tensor/every_path.h"

static void norm_block(struct norm_lanes *l, const float *x, size_t n, struct finite_kind kind)
{
	static void (*const path[CPU_PATHS])(struct norm_lanes *, const float *, size_t, bool) =
		PATH_TABLE(norm_block);
	float copy[BLOCK], *to = copy;
	uint64_t bad = 0;

	if (!kind.finite) {
		bad = finite_copy(&to, &x, 1, n);
		x = copy;
	}
	path[cpu_path()](l, x, n, kind.zeros || bad);
	l->zeros -= bad;
	l->nonfinite += bad;
}

static void pair_block(struct pair_lanes *l, const float *a, const float *b, size_t n,
	struct finite_kind ka, struct finite_kind kb)
{
	static void (*const path[CPU_PATHS])(struct pair_lanes *, const float *, const float *,
		size_t, bool) = PATH_TABLE(pair_block);
	float ca[BLOCK], cb[BLOCK], *to[2] = { ca, cb };
	const float *from[2] = { a, b };
	uint64_t bad = 0;

	if (!ka.finite || !kb.finite) {
		bad = finite_copy(to, from, 2, n);
		a = ca;
		b = cb;
	}
	path[cpu_path()](l, a, b, n, ka.zeros || kb.zeros || bad);
	/* set aside as zero in both: equal, and of one sign */
	l->equal -= bad;
	l->agree -= bad;
	l->nonfinite += bad;
}

static void norm_end(struct norm_sums *s, const struct norm_lanes *l, size_t n)
{
	struct norm_sums w = { lanes_sum(l->n2), lanes_sum(l->sum), 0, n - l->nonfinite, l->zeros,
		l->nonfinite };

	for (int i = 0; i < LANES; i++)
		w.max_abs = fmax(w.max_abs, l->max[i]);
	norm_sums_fold(s, &w);
}

static void pair_end(struct pair_sums *s, const struct pair_lanes *l, size_t n)
{
	struct pair_sums w = { lanes_sum(l->d2), lanes_max(l->max), n - l->nonfinite, l->nonfinite,
		l->equal, l->agree };

	pair_sums_fold(s, &w);
}

void norm_sums_fold(struct norm_sums *s, const struct norm_sums *w)
{
	s->n2 += w->n2;
	s->sum += w->sum;
	s->max_abs = fmax(s->max_abs, w->max_abs);
	s->elements += w->elements;
	s->zeros += w->zeros;
	s->nonfinite += w->nonfinite;
}

void pair_sums_fold(struct pair_sums *s, const struct pair_sums *w)
{
	s->d2 += w->d2;
	s->max_abs = fmax(s->max_abs, w->max_abs);
	s->elements += w->elements;
	s->nonfinite += w->nonfinite;
	s->equal += w->equal;
	s->agree += w->agree;
}

void sign_sums_fold(struct sign_sums *s, const struct sign_sums *w)
{
	s->elements += w->elements;
	s->nonfinite += w->nonfinite;
	s->moved_a += w->moved_a;
	s->moved_b += w->moved_b;
	s->both += w->both;
	s->agree += w->agree;
}

void conflict_sums_fold(struct conflict_sums *s, const struct conflict_sums *w)
{
	s->elements += w->elements;
	s->nonfinite += w->nonfinite;
	s->moved += w->moved;
	s->several += w->several;
	s->conflict += w->conflict;
}

struct sums_sweep {
	const float *const *x; /* of the piece at hand */
	int n_inputs;
	size_t n;              /* elements so far */
	struct norm_sums *norm_out; /* NULL: not wanted */
	struct pair_sums *pair_out;
	struct norm_lanes *norm;
	struct pair_lanes *pair;
	struct histogram_scratch *const *h;
	struct finite_kind *kind;
};

static void sweep_pairs(struct sums_sweep *w, int j, size_t at, size_t n)
{
	for (int i = 0; i < j; i++)
		pair_block(&w->pair[pair_index(i, j)], w->x[i] + at, w->x[j] + at, n,
			w->kind[i], w->kind[j]);
}

static void sweep_histograms(struct sums_sweep *w, int j, size_t at, size_t n)
{
	for (int i = 0; i < w->n_inputs; i++) {
		struct histogram_scratch *h = w->h[i * w->n_inputs + j];
		if (h && i != j)
			histogram_scratch_add(h, w->x[i] + at, w->x[j] + at, n);
	}
}

static void sweep_block(struct sums_sweep *w, size_t at, size_t n)
{
	for (int i = 0; i < w->n_inputs; i++)
		w->kind[i] = finite_scan(w->x[i] + at, n);
	for (int i = 0; i < w->n_inputs; i++) {
		if (w->norm)
			norm_block(&w->norm[i], w->x[i] + at, n, w->kind[i]);
		if (w->pair)
			sweep_pairs(w, i, at, n);
		if (w->h)
			sweep_histograms(w, i, at, n);
	}
}

struct sums_sweep *sums_sweep_begin(struct norm_sums *norm, struct pair_sums *pair,
	struct histogram_scratch *const *h, int n_inputs)
{
	struct sums_sweep *w = xnew(struct sums_sweep, 1);

	w->n_inputs = n_inputs;
	w->norm_out = norm;
	w->pair_out = pair;
	w->h = h;
	w->kind = xnew(struct finite_kind, n_inputs);
	if (norm)
		w->norm = xnew(struct norm_lanes, n_inputs);
	if (pair)
		w->pair = xnew(struct pair_lanes, pair_count(n_inputs) + 1);
	return w;
}

void sums_sweep_add(struct sums_sweep *w, const float *const *x, size_t n)
{
	w->x = x;
	w->n += n;
	for (size_t at = 0; at < n; at += BLOCK)
		sweep_block(w, at, n - at < BLOCK ? n - at : BLOCK);
}

void sums_sweep_end(struct sums_sweep *w)
{
	for (int i = 0; w->norm && i < w->n_inputs; i++)
		norm_end(&w->norm_out[i], &w->norm[i], w->n);
	for (size_t i = 0; w->pair && i < pair_count(w->n_inputs); i++)
		pair_end(&w->pair_out[i], &w->pair[i], w->n);
	free(w->norm);
	free(w->pair);
	free(w->kind);
	free(w);
}

void all_sums_add(struct norm_sums *norm, struct pair_sums *pair,
	struct histogram_scratch *const *h, const float *const *x, int n_inputs, size_t n)
{
	struct sums_sweep *w = sums_sweep_begin(norm, pair, h, n_inputs);

	sums_sweep_add(w, x, n);
	sums_sweep_end(w);
}

void norm_sums_add(struct norm_sums *s, const float *x, size_t n)
{
	all_sums_add(s, NULL, NULL, &x, 1, n);
}

void pair_sums_add(struct pair_sums *s, struct histogram_scratch *h, const float *a,
	const float *b, size_t n)
{
	const float *x[2] = { a, b };
	struct histogram_scratch *const table[4] = { NULL, h, NULL, NULL };

	all_sums_add(NULL, s, h ? table : NULL, x, 2, n);
}

void sign_sums_add(struct sign_sums *s, const float *a, const float *b, const float *c, size_t n)
{
	static void (*const path[CPU_PATHS])(struct sign_sums *, const float *, const float *,
		const float *, size_t) = PATH_TABLE(sign_block);
	float copy[3][BLOCK], *to[3] = { copy[0], copy[1], copy[2] };

	for (size_t at = 0; at < n; at += BLOCK) {
		const float *from[3] = { a + at, b + at, c + at };
		size_t m = n - at < BLOCK ? n - at : BLOCK;
		uint64_t bad = 0;
		if (!finite_all(from[0], m) || !finite_all(from[1], m) || !finite_all(from[2], m)) {
			bad = finite_copy(to, from, 3, m);
			for (int i = 0; i < 3; i++)
				from[i] = to[i];
		}
		path[cpu_path()](s, from[0], from[1], from[2], m);
		s->elements += m - bad;
		s->nonfinite += bad;
	}
}

/* A block in which some element is not finite, copied without it. */
static void conflict_copied(struct conflict_sums *s, const float *const *x, int n_inputs,
	const float *base, size_t at, size_t n,
	void (*block)(struct conflict_sums *, const float *const *, int, const float *, size_t,
	size_t))
{
	float *room = xnew(float, (size_t)(n_inputs + 1) * n);
	const float **from = xnew(const float *, n_inputs + 1);
	float **to = xnew(float *, n_inputs + 1);
	uint64_t bad;

	for (int k = 0; k <= n_inputs; k++) {
		from[k] = (k < n_inputs ? x[k] : base) + at;
		to[k] = room + (size_t)k * n;
	}
	bad = finite_copy(to, from, n_inputs + 1, n);
	block(s, (const float *const *)to, n_inputs, to[n_inputs], 0, n);
	s->elements -= bad;
	s->nonfinite += bad;
	free(room);
	free(from);
	free(to);
}

void conflict_sums_add(struct conflict_sums *s, const float *const *x, int n_inputs,
	const float *base, size_t n)
{
	static void (*const path[CPU_PATHS])(struct conflict_sums *, const float *const *, int,
		const float *, size_t, size_t) = PATH_TABLE(conflict_block);

	for (size_t at = 0; at < n; at += BLOCK) {
		size_t m = n - at < BLOCK ? n - at : BLOCK;
		bool finite = finite_all(base + at, m);
		for (int k = 0; k < n_inputs && finite; k++)
			finite = finite_all(x[k] + at, m);
		if (finite)
			path[cpu_path()](s, x, n_inputs, base, at, m);
		else
			conflict_copied(s, x, n_inputs, base, at, m, path[cpu_path()]);
		s->elements += m;
	}
}
