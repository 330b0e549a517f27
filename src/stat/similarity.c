#include "config.h"
#include "stat/similarity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "base/xalloc.h"

#define M(x) ((uint32_t)1 << MO_##x)

uint32_t similarity_needs(enum stat_id s)
{
	static const uint32_t needs[STAT_COUNT] = {
		[STAT_DELTA_RATIO] = M(DX) | M(DM),
		[STAT_DELTA_COSINE] = M(DX) | M(DM) | M(D),
		[STAT_CONFLICT] = M(MULTI) | M(OPPOSED),
		[STAT_INPUT_CONFLICT] = M(BOTH) | M(AGREE) | M(AGREE0) | M(N),
		[STAT_SIGN_AGREEMENT] = M(BOTH) | M(AGREE) | M(AGREE0) | M(N),
		[STAT_COSINE] = M(NX) | M(NM) | M(D),
		[STAT_ONE_MINUS_COSINE] = M(NX) | M(NM) | M(D),
		[STAT_RELATIVE_L2] = M(NX) | M(D),
		[STAT_DELTA_NORM] = M(DM),
		[STAT_INPUT_DELTA_NORM] = M(DX),
		[STAT_NORM] = M(NM),
		[STAT_INPUT_NORM] = M(NX),
		[STAT_SWAPPED] = M(FULL) | M(N),
		[STAT_MOVED] = M(FULL) | M(N),
		[STAT_MEAN_SHIFT] = M(SHIFT) | M(N),
		[STAT_FROZEN] = M(FROZEN) | M(CHANGED),
		[STAT_ROUNDING] = M(ROUND) | M(NM),
		[STAT_ROUNDING_DELTA] = M(ROUND) | M(DM),
		[STAT_ZEROS] = M(ZERO) | M(N),
		[STAT_STD] = M(SUM) | M(NM) | M(N),
	};
	return needs[s];
}

/* 1 - cos = (|m-x|^2 - (|m|-|x|)^2) / (2 |m| |x|): distances instead of a dot product, because the
 * dot of close fine-tunes agrees with the norms in every digit that matters. */
static double one_minus_cosine(const double *m)
{
	double nx = sqrt(m[MO_NX]), nm = sqrt(m[MO_NM]);
	if (!(nx > 0 && nm > 0))
		return NAN;
	double gap = (m[MO_NM] - m[MO_NX]) / (nm + nx);
	double v = (m[MO_D] - gap * gap) / (2 * nm * nx);

	return v < 0 ? 0 : v > 2 ? 2 : v;
}

static double std_of(const double *m)
{
	double mean = m[MO_SUM] / m[MO_N], v = m[MO_NM] / m[MO_N] - mean * mean;

	return v < 0 ? 0 : sqrt(v);
}

double similarity_value(enum stat_id s, const double m[MO_COUNT], bool against_base)
{
	switch (s) {
	case STAT_DELTA_RATIO: return sqrt(m[MO_DM] / m[MO_DX]);
	case STAT_DELTA_COSINE:
		return (m[MO_DM] + m[MO_DX] - m[MO_D]) / (2 * sqrt(m[MO_DM]) * sqrt(m[MO_DX]));
	case STAT_CONFLICT: return m[MO_OPPOSED] / m[MO_MULTI];
	case STAT_INPUT_CONFLICT:
		return against_base ? 1 - m[MO_AGREE] / m[MO_BOTH] : 1 - m[MO_AGREE0] / m[MO_N];
	case STAT_SIGN_AGREEMENT:
		return against_base ? m[MO_AGREE] / m[MO_BOTH] : m[MO_AGREE0] / m[MO_N];
	case STAT_COSINE: return 1 - one_minus_cosine(m);
	case STAT_ONE_MINUS_COSINE: return one_minus_cosine(m);
	case STAT_RELATIVE_L2: return sqrt(m[MO_D] / m[MO_NX]);
	case STAT_DELTA_NORM: return sqrt(m[MO_DM]);
	case STAT_INPUT_DELTA_NORM: return sqrt(m[MO_DX]);
	case STAT_NORM: return sqrt(m[MO_NM]);
	case STAT_INPUT_NORM: return sqrt(m[MO_NX]);
	case STAT_SWAPPED: return m[MO_FULL] / m[MO_N];
	case STAT_MOVED: return 1 - m[MO_FULL] / m[MO_N];
	case STAT_MEAN_SHIFT: return m[MO_SHIFT] / m[MO_N];
	case STAT_FROZEN: return m[MO_FROZEN] / m[MO_CHANGED];
	case STAT_ROUNDING: return sqrt(m[MO_ROUND] / m[MO_NM]);
	case STAT_ROUNDING_DELTA: return sqrt(m[MO_ROUND] / m[MO_DM]);
	case STAT_ZEROS: return m[MO_ZERO] / m[MO_N];
	case STAT_STD: return std_of(m);
	default: return NAN;
	}
}

struct figure similarity_figure(enum stat_id s, const double m[MO_COUNT], bool against_base,
	enum figure_state state)
{
	double v = similarity_value(s, m, against_base);

	return isfinite(v) ? figure_at(v, state) : figure_failed();
}

static enum sample_scale scale_of(enum stat_id s)
{
	switch (s) {
	case STAT_DELTA_COSINE: case STAT_COSINE:
		return SAMPLE_COSINE;
	case STAT_CONFLICT: case STAT_INPUT_CONFLICT: case STAT_SIGN_AGREEMENT: case STAT_FROZEN:
	case STAT_SWAPPED: case STAT_MOVED: case STAT_ZEROS:
		return SAMPLE_SHARE;
	default:
		return SAMPLE_LOG;
	}
}

struct question {
	enum stat_id stat;
	bool against_base;
};

static double answer(const double *totals, const void *ctx)
{
	const struct question *q = ctx;

	return similarity_value(q->stat, totals, q->against_base);
}

/* Many tensors cost a jackknife each. Their blocks, drawn independently, are as well put together
 * by number:
 * row g of the pool is what the g-th sixteenth of every tensor's blocks would make of the total.
 * The spread between 16 such rows has the same expectation, and one jackknife is enough. */
#define POOL 16

struct pool_of {
	double row[POOL][MO_COUNT], known[MO_COUNT];
	double rest;                   /* largest share not read */
	size_t tensors;
};

static bool pool_add(struct pool_of *p, const struct stratum *v, uint32_t needs)
{
	const struct sample *s = v->sample;
	double read = 0;

	if (!s->whole && s->n % POOL != 0)
		return false;
	for (size_t j = 0; j < s->n; j++)
		read += (double)sample_len(s, j);
	double scale = read > 0 ? (double)s->elements / read : 0;
	for (size_t j = 0; j < s->n; j++) {
		double *to = s->whole ? p->known : p->row[j * POOL / s->n];
		for (uint32_t bits = needs; bits; bits &= bits - 1) {
			int i = __builtin_ctz(bits);
			to[i] += scale * v->sums[j * MO_COUNT + (size_t)i];
		}
	}
	if (s->whole)
		return true;
	p->tensors++;
	p->rest = fmax(p->rest, 1 - (double)s->n / (double)s->blocks);
	return true;
}

static struct figure estimate_pooled(enum stat_id s, const struct stratum *v, size_t n,
	const struct question *q)
{
	static uint64_t first[POOL];
	struct pool_of p = { 0 };
	struct stratum *all = xnew(struct stratum, n + 2);
	uint32_t needs = similarity_needs(s) | M(N);
	size_t kept = 0;

	for (size_t k = 0; k < n; k++)
		if (!pool_add(&p, &v[k], needs))
			all[kept++] = v[k];
	struct sample at = { .elements = POOL * SAMPLE_BLOCK, .n = POOL, .first = first,
		.blocks = (uint64_t)ceil(POOL / (1 - p.rest)) + 1 };
	all[kept++] = similarity_known(p.known);
	if (p.tensors)
		all[kept++] = (struct stratum){ &at, p.row[0] };
	struct figure f = sample_figure(all, kept, MO_COUNT, answer, q, scale_of(s));
	free(all);
	return f;
}

struct figure similarity_estimate(enum stat_id s, const struct stratum *v, size_t n,
	bool against_base)
{
	struct question q = { s, against_base };

	if (n > 3)
		return estimate_pooled(s, v, n, &q);
	return sample_figure(v, n, MO_COUNT, answer, &q, scale_of(s));
}

struct stratum similarity_known(const double totals[MO_COUNT])
{
	static uint64_t first;
	static const struct sample one = { 1, 1, 1, &first, true };

	return (struct stratum){ &one, totals };
}
