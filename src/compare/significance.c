#include "compare/significance.h"
#include <math.h>
#include <stdlib.h>
#include "base/xalloc.h"

#define FISHER_MAX_N 100000.0 /* tables that are summed exactly */

/* --- normal and Student's distribution --- */

double sig_normal_p(double z)
{
	return erfc(fabs(z) * M_SQRT1_2);
}

/* Acklam's rational approximation (relative 1e-9), then one step of Halley's. */
double sig_normal_quantile(double p)
{
	static const double a[] = { -3.969683028665376e+01, 2.209460984245205e+02,
		-2.759285104469687e+02, 1.383577518672690e+02, -3.066479806614716e+01,
		2.506628277459239e+00 };
	static const double b[] = { -5.447609879822406e+01, 1.615858368580409e+02,
		-1.556989798598866e+02, 6.680131188771972e+01, -1.328068155288572e+01 };
	static const double c[] = { -7.784894002430293e-03, -3.223964580411365e-01,
		-2.400758277161838e+00, -2.549732539343734e+00, 4.374664141464968e+00,
		2.938163982698783e+00 };
	static const double d[] = { 7.784695709041462e-03, 3.224671290700398e-01,
		2.445134137142996e+00, 3.754408661907416e+00 };
	double tail = p < 0.5 ? p : 1 - p, z, q, e, u;

	if (!(p >= 0 && p <= 1))
		return NAN;
	if (tail <= 0)
		return p > 0.5 ? INFINITY : -INFINITY;
	if (tail < 0.02425) {
		q = sqrt(-2 * log(tail));
		z = (((((c[0] * q + c[1]) * q + c[2]) * q + c[3]) * q + c[4]) * q + c[5]) /
			((((d[0] * q + d[1]) * q + d[2]) * q + d[3]) * q + 1);
	} else {
		q = tail - 0.5;
		u = q * q;
		z = (((((a[0] * u + a[1]) * u + a[2]) * u + a[3]) * u + a[4]) * u + a[5]) * q /
			(((((b[0] * u + b[1]) * u + b[2]) * u + b[3]) * u + b[4]) * u + 1);
	}
	e = 0.5 * erfc(-z * M_SQRT1_2) - tail;
	u = e * sqrt(2 * M_PI) * exp(z * z / 2);
	z -= u / (1 + z * u / 2);
	return p > 0.5 ? -z : z;
}

/* Continued fraction of the incomplete beta function, by Lentz's method. */
static double beta_fraction(double a, double b, double x)
{
	const double tiny = 1e-300;
	double c = 1, d = 1 - (a + b) * x / (a + 1), h;

	d = 1 / (fabs(d) < tiny ? tiny : d);
	h = d;
	for (int m = 1; m < 500; m++) {
		double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
		double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)), step;

		d = 1 + even * d;
		c = 1 + even / c;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = fabs(c) < tiny ? tiny : c;
		h *= d * c;
		d = 1 + odd * d;
		c = 1 + odd / c;
		d = 1 / (fabs(d) < tiny ? tiny : d);
		c = fabs(c) < tiny ? tiny : c;
		step = d * c;
		h *= step;
		if (fabs(step - 1) < 1e-16)
			break;
	}
	return h;
}

static double log_beta(double a, double b)
{
	return lgamma(a) + lgamma(b) - lgamma(a + b);
}

/* I_x(a, b); y = 1 - x, given apart so that it is not lost. */
static double beta_share(double a, double b, double x, double y)
{
	double front;

	if (x <= 0 || y <= 0)
		return x <= 0 ? 0 : 1;
	front = exp(a * log(x) + b * log(y) - log_beta(a, b));
	if (x < (a + 1) / (a + b + 2))
		return front * beta_fraction(a, b, x) / a;
	return 1 - front * beta_fraction(b, a, y) / b;
}

double sig_t_p(double t, double df)
{
	double all = df + t * t;

	if (!(df > 0) || isnan(t))
		return NAN;
	if (isinf(t))
		return 0;
	if (df > 1e7) /* no difference that a float64 shows */
		return sig_normal_p(t);
	return beta_share(df / 2, 0.5, df / all, t * t / all);
}

double sig_t_quantile(double p, double df)
{
	double z = sig_normal_quantile(p), low = 0, high = 1, two = p < 0.5 ? 2 * p : 2 * (1 - p);

	if (!(df > 0) || isnan(z) || isinf(z) || z == 0)
		return df > 0 ? z : NAN;
	while (sig_t_p(high, df) > two && high < 1e150) {
		low = high;
		high *= 2;
	}
	for (int i = 0; i < 200 && high - low > 1e-15 * high; i++) {
		double middle = (low + high) / 2;

		if (sig_t_p(middle, df) > two)
			low = middle;
		else
			high = middle;
	}
	return z < 0 ? -(low + high) / 2 : (low + high) / 2;
}

/* --- one share --- */

double sig_share_stderr(double share, double n)
{
	double edge = 0.5 / n, p = share < edge ? edge : share > 1 - edge ? 1 - edge : share;

	if (!(n > 1) || isnan(share))
		return NAN;
	return sqrt(p * (1 - p) / (n - 1));
}

/* --- two of them --- */

static struct sig_test by_normal(double difference, double stderr_)
{
	struct sig_test t = { .difference = difference, .stderr_ = stderr_ };

	/* Equal values of no spread differ by nothing; other ones without spread say nothing. */
	t.z = stderr_ > 0 ? difference / stderr_ : difference == 0 ? 0 : NAN;
	t.p = sig_normal_p(t.z);
	t.low = difference - SIG_95 * stderr_;
	t.high = difference + SIG_95 * stderr_;
	return t;
}

struct sig_test sig_unpaired(double a, double stderr_a, double b, double stderr_b)
{
	return by_normal(a - b, sqrt(stderr_a * stderr_a + stderr_b * stderr_b));
}

bool sig_few(double a, double n_a, double b, double n_b)
{
	double pool = (a * n_a + b * n_b) / (n_a + n_b), fewer = n_a < n_b ? n_a : n_b;

	return fewer * (pool < 0.5 ? pool : 1 - pool) < 5 && n_a + n_b < FISHER_MAX_N;
}

struct sig_test sig_shares(double a, double n_a, double b, double n_b)
{
	struct sig_test t = sig_unpaired(a, sig_share_stderr(a, n_a), b, sig_share_stderr(b, n_b));

	if (!isnan(t.p) && sig_few(a, n_a, b, n_b))
		t.p = sig_fisher_p((uint64_t)llround(a * n_a), (uint64_t)llround(n_a),
			(uint64_t)llround(b * n_b), (uint64_t)llround(n_b));
	return t;
}

/* Both tails of a binomial with even chances: twice the smaller, term by term from its end. */
double sig_binomial_p(uint64_t k, uint64_t n)
{
	uint64_t least = k < n - k ? k : n - k;
	double log_term, term, sum;

	if (k > n)
		return NAN;
	if (2 * least >= n)
		return 1;
	log_term = lgamma((double)n + 1) - lgamma((double)least + 1) -
		lgamma((double)(n - least) + 1) - (double)n * M_LN2;
	term = 1;
	sum = 1;
	for (uint64_t i = least; i > 0 && term > 1e-18 * sum; i--) {
		term *= (double)i / (double)(n - i + 1);
		sum += term;
	}
	sum = 2 * exp(log_term) * sum;
	return sum < 1 ? sum : 1;
}

struct sig_test sig_mcnemar(uint64_t b, uint64_t c, uint64_t n)
{
	double d = (double)b - (double)c, spread = (double)(b + c) - d * d / (double)n;
	struct sig_test t;

	if (!n)
		return (struct sig_test){ NAN, NAN, NAN, NAN, NAN, NAN };
	t = by_normal(d / (double)n, sqrt(spread > 0 ? spread : 0) / (double)n);
	t.p = sig_binomial_p(b, b + c);
	return t;
}

struct sig_test sig_paired(const double *d, size_t n)
{
	double mean = 0, squares = 0;
	struct sig_test t;

	for (size_t i = 0; i < n; i++)
		mean += d[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		squares += (d[i] - mean) * (d[i] - mean);
	t = by_normal(mean, n > 1 ? sqrt(squares / (double)(n - 1) / (double)n) : NAN);
	if (n > 1) {
		double q = sig_t_quantile(0.975, (double)n - 1);

		t.p = sig_t_p(t.z, (double)n - 1);
		t.low = mean - q * t.stderr_;
		t.high = mean + q * t.stderr_;
	}
	return t;
}

static double log_choose(uint64_t n, uint64_t k)
{
	return lgamma((double)n + 1) - lgamma((double)k + 1) - lgamma((double)(n - k) + 1);
}

double sig_fisher_p(uint64_t a, uint64_t n_a, uint64_t b, uint64_t n_b)
{
	uint64_t right = a + b, first = right > n_b ? right - n_b : 0;
	uint64_t last = right < n_a ? right : n_a;
	double all = log_choose(n_a + n_b, right), seen, p = 0;

	if (a > n_a || b > n_b)
		return NAN;
	seen = log_choose(n_a, a) + log_choose(n_b, b) - all;
	for (uint64_t i = first; i <= last; i++) {
		double term = log_choose(n_a, i) + log_choose(n_b, right - i) - all;

		if (term <= seen + 1e-7) /* as unlikely, up to rounding */
			p += exp(term);
	}
	return p < 1 ? p : 1;
}

/* --- many of them --- */

struct ranked {
	double p;
	size_t at;
};

static int by_p(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return x->p < y->p ? -1 : x->p > y->p ? 1 : x->at < y->at ? -1 : 1;
}

void sig_holm(double *p, size_t n)
{
	struct ranked *v = xnew(struct ranked, n + 1);
	size_t m = 0;
	double most = 0;

	for (size_t i = 0; i < n; i++)
		if (!isnan(p[i]))
			v[m++] = (struct ranked){ p[i], i };
	if (m)
		qsort(v, m, sizeof *v, by_p);
	for (size_t i = 0; i < m; i++) {
		double scaled = v[i].p * (double)(m - i);

		most = scaled > most ? scaled : most;
		p[v[i].at] = most < 1 ? most : 1;
	}
	free(v);
}

double sig_resolves(double stderr_)
{
	return SIG_POWER * stderr_;
}

double sig_questions(double difference, double stderr_, double n)
{
	double ratio = sig_resolves(stderr_) / difference;

	return difference != 0 ? n * ratio * ratio : INFINITY;
}
