/* significance: what chance alone does to scores: spreads, tests, intervals. Pure functions of
 * numbers, float64, two-sided where not said otherwise; NaN in gives NaN out. Any thread.
 * Sources: Wilson 1927; McNemar 1947 with the exact binomial tail; Fisher 1935; Holm 1979; Efron
 * 1979 (percentile bootstrap). */
#ifndef CUPEL_COMPARE_SIGNIFICANCE_H
#define CUPEL_COMPARE_SIGNIFICANCE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIG_95 1.959963984540054    /* half width of a 95 % interval in standard errors */
#define SIG_POWER 2.801585218112968 /* that, and the 80 % quantile: what 80 % power asks for */

double sig_normal_p(double z);              /* P(|Z| > |z|) */
double sig_normal_quantile(double p);       /* z with P(Z < z) = p */
double sig_t_p(double t, double df);        /* Student's */
double sig_t_quantile(double p, double df);

/* Of a share of n questions; as lm-eval, from the sample's deviation: sqrt(p (1 - p) / (n - 1)).
 * A share of 0 or 1 is taken as half a question from there: nothing is certain. */
double sig_share_stderr(double share, double n);

struct sig_test {
	double difference, stderr_, z, p;
	double low, high;           /* 95 % interval of the difference */
};
/* a - b, measured apart, by their standard errors. */
struct sig_test sig_unpaired(double a, double stderr_a, double b, double stderr_b);
/* Two shares of n_a and n_b questions. p is Fisher's where an expected count is under 5. */
bool sig_few(double a, double n_a, double b, double n_b); /* is it? */
struct sig_test sig_shares(double a, double n_a, double b, double n_b);
/* Of n questions both answered: b right only by the first, c only by the second. p: McNemar's
 * exact one; difference (b - c) / n, its error sqrt(b + c - (b - c)^2 / n) / n. */
struct sig_test sig_mcnemar(uint64_t b, uint64_t c, uint64_t n);
/* Of n differences of any size: their mean, its error, p by Student's t. */
struct sig_test sig_paired(const double *d, size_t n);
double sig_binomial_p(uint64_t k, uint64_t n);  /* P(as far from n/2 as k, or farther) */
double sig_fisher_p(uint64_t a, uint64_t n_a, uint64_t b, uint64_t n_b); /* a of n_a, b of n_b */

/* 95 % percentile interval of the mean of d over questions drawn again, `rounds` times. The draws
 * are counted from (seed, stream, round): the same on every machine and in any order. Few distinct
 * values are drawn as counts of each, which is the same distribution in less time. False, and
 * nothing done, where there are many and it would take more than SIG_DRAWS draws: there the mean is
 * as good as normal. */
#define SIG_DRAWS 4000000
bool sig_bootstrap(const double *d, size_t n, uint64_t seed, uint64_t stream, unsigned rounds,
	double *low, double *high);

/* p[] becomes Holm's adjusted p; NaN ones are left out. */
void sig_holm(double *p, size_t n);

/* The smallest difference that 80 % of such measurements would find at 5 %. */
double sig_resolves(double stderr_);
/* How many questions it would take to find `difference`, if n questions gave this error. */
double sig_questions(double difference, double stderr_, double n);
#endif
