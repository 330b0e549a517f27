#include "config.h"
#include "stat/similarity.h"

#include <math.h>
#include <string.h>

#define M(x) ((uint32_t)1 << MO_##x)

uint32_t similarity_needs(enum stat_id s)
{
	static const uint32_t needs[STAT_COUNT] = {
		[STAT_DELTA_RATIO] = M(DX) | M(DM),
		[STAT_DELTA_COSINE] = M(DX) | M(DM) | M(D),
		[STAT_CONFLICT] = M(MULTI) | M(OPPOSED),
		[STAT_INPUT_CONFLICT] = M(BOTH) | M(AGREE),
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

/* 1 - cos = (|m-x|^2 - (|m|-|x|)^2) / (2 |m| |x|): distances instead of a dot product, because the dot
 * of close fine-tunes agrees with the norms in every digit that matters. */
static double one_minus_cosine(const double *m)
{
	double nx = sqrt(m[MO_NX]), nm = sqrt(m[MO_NM]);
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

/* Where a figure can lie, and, for shares, the moment that counts its cases. */
static void range_of(enum stat_id s, bool against_base, double *lo, double *hi, int *cases)
{
	*lo = 0;
	*hi = INFINITY;
	*cases = -1;
	switch (s) {
	case STAT_DELTA_COSINE: case STAT_COSINE: *lo = -1; *hi = 1; break;
	case STAT_ONE_MINUS_COSINE: *hi = 2; break;
	case STAT_CONFLICT: *hi = 1; *cases = MO_MULTI; break;
	case STAT_INPUT_CONFLICT: case STAT_SIGN_AGREEMENT:
		*hi = 1;
		*cases = against_base ? MO_BOTH : MO_N;
		break;
	case STAT_FROZEN: *hi = 1; *cases = MO_CHANGED; break;
	case STAT_SWAPPED: case STAT_MOVED: case STAT_ZEROS: *hi = 1; *cases = MO_N; break;
	default: break;
	}
}

void similarity_clamp(enum stat_id s, struct figure *f)
{
	double lo, hi;
	int cases;

	range_of(s, true, &lo, &hi, &cases);
	f->lo = f->lo < lo ? lo : f->lo;
	f->hi = f->hi > hi ? hi : f->hi;
}

/* Two-sided 95 % quantile of Student's t for df degrees of freedom: Cornish-Fisher expansion about the
 * normal quantile (Abramowitz and Stegun 26.7.5), within 1e-3 from df = 3 on. */
static double student(double df)
{
	const double z = 1.959963984540054, z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z;

	if (df < 1)
		df = 1;
	if (df < 3)
		return df < 2 ? 12.706 + (4.303 - 12.706) * (df - 1) : 4.303 + (3.182 - 4.303) * (df - 2);
	return z + (z3 + z) / (4 * df) + (5 * z5 + 16 * z3 + 3 * z) / (96 * df * df)
		+ (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * df * df * df);
}

struct spread { double variance, df, read; };

/* Slope of the figure in each moment it needs, by central differences: the formulas are smooth and
 * totals are known to 1e-15, so a relative step of 1e-5 is good to 1e-10. */
static void slopes(enum stat_id s, const double *total, bool against_base, uint32_t needs, double *g)
{
	double m[MO_COUNT];

	memcpy(m, total, sizeof m);
	for (int i = 0; i < MO_COUNT; i++) {
		g[i] = 0;
		if (!(needs >> i & 1) || i == MO_N)
			continue;
		double h = total[i] != 0 ? fabs(total[i]) * 1e-5 : 0;
		if (h == 0)
			continue;
		m[i] = total[i] + h;
		double up = similarity_value(s, m, against_base);
		m[i] = total[i] - h;
		g[i] = (up - similarity_value(s, m, against_base)) / (2 * h);
		m[i] = total[i];
	}
}

static struct spread spread_of(const struct estimate *v, size_t n, const double *g, uint32_t needs)
{
	struct spread r = { 0 };
	double fourth = 0;

	for (size_t k = 0; k < n; k++) {
		double sum = 0, square = 0, b = (double)v[k].blocks;
		for (size_t j = 0; j < v[k].blocks; j++) {
			double y = 0;
			for (uint32_t bits = needs; bits; bits &= bits - 1)
				y += g[__builtin_ctz(bits)] * v[k].z[j][__builtin_ctz(bits)];
			sum += y;
			square += y * y;
		}
		r.read += v[k].read;
		if (v[k].blocks < 2 || v[k].rest <= 0)
			continue;
		double var = (square - sum * sum / b) / (b - 1) / b * v[k].rest;
		var = var > 0 ? var : 0;
		r.variance += var;
		fourth += var * var / (b - 1);
	}
	r.df = fourth > 0 ? r.variance * r.variance / fourth : 1e9; /* Welch and Satterthwaite */
	return r;
}

/* A share whose cases in the sample are few or all alike has no spread between blocks; Wilson's interval
 * over the cases read keeps its width honest. */
static void widen_share(struct figure *f, double cases, double quantile)
{
	double p = f->value, z2 = quantile * quantile;

	if (!(cases > 0)) {
		f->lo = 0;
		f->hi = 1;
		return;
	}
	double mid = (p + z2 / (2 * cases)) / (1 + z2 / cases);
	double half = quantile * sqrt(p * (1 - p) / cases + z2 / (4 * cases * cases)) / (1 + z2 / cases);
	f->lo = f->lo < mid - half ? f->lo : mid - half;
	f->hi = f->hi > mid + half ? f->hi : mid + half;
}

struct figure similarity_estimate(enum stat_id s, const double *known, const struct estimate *v,
	size_t n, bool against_base)
{
	uint32_t needs = similarity_needs(s);
	double total[MO_COUNT] = { 0 }, g[MO_COUNT], lo, hi, sampled = 0, rest = 0;
	int cases;

	if (known)
		memcpy(total, known, sizeof total);
	for (size_t k = 0; k < n; k++) {
		for (uint32_t bits = needs | M(N); bits; bits &= bits - 1) {
			int i = __builtin_ctz(bits);
			double sum = 0;
			for (size_t j = 0; j < v[k].blocks; j++)
				sum += v[k].z[j][i];
			total[i] += sum / (double)v[k].blocks;
			sampled += i == MO_N ? sum / (double)v[k].blocks : 0;
		}
		rest = v[k].rest > rest ? v[k].rest : rest;
	}
	struct figure f = similarity_figure(s, total, against_base, FIG_SAMPLED);
	if (f.state == FIG_FAILED)
		return f;
	slopes(s, total, against_base, needs, g);
	struct spread sp = spread_of(v, n, g, needs);
	double q = student(sp.df), half = q * sqrt(sp.variance);
	f.lo = f.value - half;
	f.hi = f.value + half;
	range_of(s, against_base, &lo, &hi, &cases);
	if (cases >= 0 && rest > 0 && sampled > 0)
		widen_share(&f, total[cases] * (sp.read / sampled), q);
	similarity_clamp(s, &f);
	return f;
}
