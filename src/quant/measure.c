#include "config.h"
#include "quant/measure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"
#include "quant/pack.h"
#include "quant/target_read.h"

#define SAMPLE_ELEMS 65536 /* of a target, in rows of this many at least and at most: */
#define SAMPLE_LEAST 4
#define SAMPLE_MOST 16

struct work {
	const struct quant_targets *t;
	const struct quant_target *x;
	size_t i;
	const struct quant_type *types;
	size_t n;
	const struct imatrix *m;
	struct quant_sums *out;
	float *one, *back, *scratch; /* a row each */
	unsigned char *packed;
	size_t packed_n;
};

/* Float64 in 16 lanes by element index, folded 8-4-2-1. */
static double fold(const double *lane)
{
	double v[16];

	memcpy(v, lane, sizeof v);
	for (int step = 8; step; step /= 2)
		for (int i = 0; i < step; i++)
			v[i] += v[i + step];
	return v[0];
}

static void add_row(struct quant_sums *s, const float *w, const float *q, uint64_t n,
	const float *im)
{
	double ee[16] = { 0 }, ww[16] = { 0 }, wq[16] = { 0 }, qq[16] = { 0 }, ie[16] = { 0 },
		iw[16] = { 0 };

	for (uint64_t i = 0; i < n; i++) {
		double a = w[i], b = q[i], d = a - b;
		ee[i % 16] += d * d;
		ww[i % 16] += a * a;
		wq[i % 16] += a * b;
		qq[i % 16] += b * b;
		if (im) {
			ie[i % 16] += d * d * im[i];
			iw[i % 16] += a * a * im[i];
		}
		s->worst = fabs(d) > s->worst ? fabs(d) : s->worst;
	}
	double e = fold(ee), x = fold(ww);
	s->seen++;
	s->elements += n;
	s->ee += e;
	s->ww += x;
	s->wq += fold(wq);
	s->qq += fold(qq);
	s->ee2 += e * e;
	s->eeww += e * x;
	s->ww2 += x * x;
	s->im += fold(ie);
	s->imw += fold(iw);
}

static bool finite_row(const float *w, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		if (!isfinite(w[i]))
			return false;
	return true;
}

static void measure_row(struct work *k, const float *w, uint64_t row)
{
	const struct quant_target *x = k->x;
	const float *im = k->m ? imatrix_row(k->m, x, target_expert(x, row)) : NULL;
	bool ok = finite_row(w, x->row);

	for (size_t j = 0; j < k->n; j++) {
		struct quant_type type = k->types[j];
		struct pack_bytes b = pack_bytes(type, x->row);
		struct pack to = { k->packed, k->packed + b.codes, k->packed + b.codes + b.scales };

		if (!ok) {
			k->out[j].skipped++;
			continue;
		}
		pack_rows(type, x->keep, w, 1, x->row, im, k->scratch, &to);
		pack_read(type, &to, x->row, k->back);
		add_row(&k->out[j], w, k->back, x->row, im);
	}
}

/* Rows at the middles of equal stretches: places that depend on the shape alone. */
static bool read_rows(struct work *k, bool exact, struct err *e)
{
	/* Where a row stands in the file changes nothing about it: the model's order is read; and
	 * its values, as everywhere: none that GGUF maps is ever quantized. */
	struct quant_target one = *k->x;
	struct quant_targets t = *k->t;
	uint64_t rows = target_rows(k->x), want = SAMPLE_ELEMS / (k->x->row ? k->x->row : 1);

	one.rope_heads = 0;
	one.value = TARGET_SAME;
	t.v = &one;
	t.n = 1;
	want = want < SAMPLE_LEAST ? SAMPLE_LEAST : want > SAMPLE_MOST ? SAMPLE_MOST : want;
	if (exact || want > rows)
		want = rows;
	for (uint64_t j = 0; j < want; j++) {
		uint64_t row = want == rows ? j : (2 * j + 1) * rows / (2 * want);

		if (!target_read(&t, 0, row, 1, k->one, e))
			return false;
		measure_row(k, k->one, row);
	}
	return true;
}

static bool make_room(struct work *k, struct err *e)
{
	const struct quant_target *x = k->x;

	for (size_t j = 0; j < k->n; j++) {
		struct pack_bytes b = pack_bytes(k->types[j], x->row);
		size_t n = (size_t)(b.codes + b.scales + b.biases);
		k->packed_n = n > k->packed_n ? n : k->packed_n;
	}
	k->one = xtry_malloc(x->row * sizeof(float) + 64);
	k->back = xtry_malloc(x->row * sizeof(float) + 64);
	k->scratch = xtry_malloc(x->row * sizeof(float) + 64);
	k->packed = xtry_malloc(k->packed_n + 64);
	return (k->one && k->back && k->scratch && k->packed) ||
		err_set(e, ERR_MEMORY, x->name, NULL, "no memory for its rows");
}

bool quant_measure(const struct quant_targets *t, size_t i, const struct quant_type *types,
	size_t n, const struct imatrix *m, bool exact, struct quant_sums *out, struct err *e)
{
	struct work k = { .t = t, .x = &t->v[i], .i = i, .types = types, .n = n, .m = m,
		.out = out };

	for (size_t j = 0; j < n; j++)
		out[j] = (struct quant_sums){ .rows = target_rows(k.x) };
	bool ok = !k.x->elements || !k.x->n_from || (make_room(&k, e) && read_rows(&k, exact, e));
	free(k.one);
	free(k.back);
	free(k.scratch);
	free(k.packed);
	return ok;
}

/* --- figures --- */

static double share(const struct quant_sums *s)
{
	return s->seen ? (double)s->rows / (double)s->seen : 0;
}

double quant_error_of(const struct quant_sums *s)
{
	if (!s->seen)
		return s->rows ? NAN : 0;
	return (s->imw > 0 ? s->im : s->ee) * share(s);
}

/* Sums of the whole by the ratio of rows; the interval is that of a ratio of means (Cochran 6.3):
 * var(R) = Σ N²/n · s² / W², s² the variance of a row's ee − R ww. */
struct quant_figure quant_figure_of(const struct quant_sums *v, const uint32_t *members, size_t n)
{
	struct quant_figure f = { NAN, NAN, NAN, NAN, 0, true, 0 };
	double ee = 0, ww = 0, wq = 0, qq = 0, im = 0, imw = 0, elements = 0, var = 0;

	for (size_t k = 0; k < n; k++) {
		const struct quant_sums *s = &v[members ? members[k] : k];
		double by = share(s);

		ee += by * s->ee;
		ww += by * s->ww;
		wq += by * s->wq;
		qq += by * s->qq;
		im += by * s->im;
		imw += by * s->imw;
		elements += by * (double)s->elements;
		f.worst = s->worst > f.worst ? s->worst : f.worst;
		f.exact &= s->seen == s->rows;
	}
	if (elements <= 0)
		return f;
	f.rmse = sqrt(ee / elements);
	if (ww > 0) {
		f.relative = sqrt(ee / ww);
		f.cosine = qq > 0 ? wq / sqrt(ww * qq) : 0;
	}
	if (imw > 0)
		f.weighted = sqrt(im / imw);
	for (size_t k = 0; !f.exact && ww > 0 && k < n; k++) {
		const struct quant_sums *s = &v[members ? members[k] : k];
		double r = ee / ww, m = (double)s->seen, by = share(s);
		double mean = m > 0 ? (s->ee - r * s->ww) / m : 0;
		double squares = s->ee2 - 2 * r * s->eeww + r * r * s->ww2 - m * mean * mean;
		if (m > 1 && s->seen < s->rows && squares > 0)
			var += by * by * m / (m - 1) * squares;
	}
	if (f.relative > 0) /* d√R = dR / 2√R */
		f.half = 1.96 * sqrt(var) / ww / (2 * f.relative);
	return f;
}
