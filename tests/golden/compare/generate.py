#!/usr/bin/env python3
"""Writes significance.json: values of src/compare/significance.h by other means.

mpmath with 50 digits for tails and quantiles; exact integers (fractions) for binomial and
hypergeometric tails; scipy.stats.bootstrap with another generator for percentile intervals, so
those agree only up to what 2000 draws scatter. Run: generate.py >significance.json
"""
import json, math
from fractions import Fraction
from math import comb
import mpmath as mp
import numpy as np
from scipy import stats

mp.mp.dps = 50


def f(x):
    return float(mp.nstr(x, 25)) if isinstance(x, mp.mpf) else float(x)


def normal_p(z):
    return mp.erfc(abs(mp.mpf(z)) / mp.sqrt(2))


def normal_q(p):  # 2p - 1 keeps p apart from 0 only with digits enough
    with mp.workdps(350):
        return mp.sqrt(2) * mp.erfinv(2 * mp.mpf(p) - 1)


def t_p(t, df):
    t, df = mp.mpf(t), mp.mpf(df)
    return mp.betainc(df / 2, mp.mpf(1) / 2, 0, df / (df + t * t), regularized=True)


def t_q(p, df):
    two = 2 * (1 - mp.mpf(p))
    return mp.findroot(lambda t: t_p(t, df) - two, float(stats.t.ppf(float(p), float(df))))


def binomial(k, n):
    k = min(k, n - k)
    if 2 * k >= n:
        return Fraction(1)
    return min(Fraction(1), Fraction(2 * sum(comb(n, i) for i in range(k + 1)), 2 ** n))


def fisher(a, na, b, nb):
    right = a + b
    ways = {i: comb(na, i) * comb(nb, right - i)
            for i in range(max(0, right - nb), min(na, right) + 1)}
    return Fraction(sum(w for w in ways.values() if w <= ways[a]), comb(na + nb, right))


def unpaired(a, sa, b, sb):
    d, s = mp.mpf(a) - mp.mpf(b), mp.sqrt(mp.mpf(sa) ** 2 + mp.mpf(sb) ** 2)
    return [f(d), f(s), f(d / s), f(normal_p(d / s))]


def holm(p):
    order = sorted(range(len(p)), key=lambda i: p[i])
    out, most = [0.0] * len(p), 0.0
    for rank, i in enumerate(order):
        most = max(most, p[i] * (len(p) - rank))
        out[i] = min(1.0, most)
    return out


def boot(values, seed):
    values = np.array(values, float)
    r = stats.bootstrap((values,), np.mean, n_resamples=2000, method='percentile',
                        random_state=np.random.default_rng(seed))
    return [float(r.confidence_interval.low), float(r.confidence_interval.high),
            float(values.std() / math.sqrt(len(values)))]


def samples():
    rng = np.random.default_rng(7)
    right = [1.0] * 61 + [-1.0] * 40 + [0.0] * 899
    lumpy = [round(x, 3) for x in rng.gamma(0.5, 1.0, 300) - 0.4]
    return [right, lumpy]


# Seven tasks: value of the baseline, of the other, questions.
CARD = [('arc_challenge', .390, .396, 1172), ('arc_easy', .436, .429, 2376),
        ('boolq', .622, .622, 3270), ('hellaswag', .632, .611, 10042),
        ('openbookqa', .348, .346, 500), ('piqa', .754, .738, 1838),
        ('winogrande', .639, .649, 1267)]


def card():
    rows = []
    for task, base, other, n in CARD:
        se = [mp.sqrt(mp.mpf(repr(v)) * (1 - mp.mpf(repr(v))) / (n - 1)) for v in (other, base)]
        d = mp.mpf(repr(other)) - mp.mpf(repr(base))
        s = mp.sqrt(se[0] ** 2 + se[1] ** 2)
        rows.append({'task': task, 'base': base, 'other': other, 'n': n, 'difference': f(d),
                     'stderr': f(s), 'z': f(d / s), 'p': f(normal_p(d / s)),
                     'items': int(mp.nint(abs(d) * n)), 'resolves': f(
                         (normal_q('0.975') + normal_q('0.8')) * s)})
    told = [r for r in rows if r['task'] != 'boolq']
    for r, p in zip(told, holm([r['p'] for r in told])):
        r['holm'] = p
    return rows


parts = {
    'normal_p': [[z, f(normal_p(z))] for z in (0, .1, 1, 1.96, 3.07, 5, 8, 20, 37)],
    'normal_quantile': [[p, f(normal_q(p))] for p in
                        (1e-200, 1e-20, 1e-5, .01, .025, .3, .5, .8, .975, .999)],
    't_p': [[t, df, f(t_p(t, df))] for t, df in ((0, 3), (1, 1), (2, 4), (2.5, 7), (3, 30),
            (1.5, 499), (4, 10041), (12, 5), (.001, 12), (40, 3))],
    't_quantile': [[p, df, f(t_q(p, df))] for p, df in ((.975, 1), (.975, 2), (.975, 7),
                   (.975, 63), (.9, 15), (.975, 10041))],
    'binomial': [[k, n, float(binomial(k, n))] for k, n in ((0, 1), (0, 10), (3, 10), (5, 10),
                 (40, 101), (450, 1000), (1000, 2211), (9, 9), (10, 4000))],
    'fisher': [[a, na, b, nb, float(fisher(a, na, b, nb))] for a, na, b, nb in ((5, 5, 0, 5),
               (1, 9, 11, 14), (0, 20, 3, 20), (97, 100, 99, 100), (2, 1000, 9, 900))],
    'unpaired': [[a, sa, b, sb] + unpaired(a, sa, b, sb) for a, sa, b, sb in
                 ((.686, .0095, .642, .0098), (8.31, .05, 8.4, .06))],
    'holm': [[p, holm(p)] for p in ([.01, .04, .03, .005], [.5, .6], [.02], [.3, .01, .011])],
    'bootstrap': [{'values': v, 'interval': boot(v, i)} for i, v in enumerate(samples())],
    'card': card(),
}
print('{' + ',\n'.join('%s: %s' % (json.dumps(k), json.dumps(v)) for k, v in parts.items()) + '}')
