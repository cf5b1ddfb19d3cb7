"""The divergences of probability vectors in 200-bit arithmetic, straight from their definitions, on the floats given.

Each function takes two lists of exact rationals (floats made exact) and returns an mpmath number. The
tangent-corrected forms are the ones that `divergences` states; nothing here is shared with it.
"""

from collections.abc import Callable, Sequence

import mpmath as mp

mp.mp.prec = 200
INF = mp.inf
Number = mp.mpf


def _sum(term: Callable, p: Sequence[float], q: Sequence[float]) -> Number:
    total = mp.mpf(0)
    for a, b in zip(p, q, strict=True):
        total += term(mp.mpf(float(a)), mp.mpf(float(b)))
    return total


def _xlogy(x: Number, y: Number) -> Number:
    return mp.mpf(0) if x == 0 else x * mp.log(y)


def kl(p, q):
    return _sum(lambda p, q: q if p == 0 else INF if q == 0 else p * mp.log(p / q) - p + q, p, q)


def js(p, q):
    def term(p, q):
        m = (p + q) / 2
        return mp.mpf(0) if m == 0 else (_xlogy(p, p / m) + _xlogy(q, q / m)) / 2

    return _sum(term, p, q)


def total_variation(p, q):
    return _sum(lambda p, q: abs(p - q) / 2, p, q)


def squared_hellinger(p, q):
    return _sum(lambda p, q: (mp.sqrt(p) - mp.sqrt(q)) ** 2 / 2, p, q)


def chi2(p, q):
    return _sum(lambda p, q: (p - q) ** 2 / q if q else INF if p else mp.mpf(0), p, q)


def neyman_chi2(p, q):
    return chi2(q, p)


def jeffreys(p, q):
    return kl(p, q) + kl(q, p)


def le_cam(p, q):
    return _sum(lambda p, q: (p - q) ** 2 / (p + q) if p + q else mp.mpf(0), p, q)


def arithmetic_geometric(p, q):
    def term(p, q):
        if p == 0 or q == 0:
            return INF if p + q else mp.mpf(0)
        m = (p + q) / 2
        return m * mp.log(m / mp.sqrt(p * q))

    return _sum(term, p, q)


def jensen_shannon_weighted(p, q, pi):
    pi = mp.mpf(pi)

    def term(p, q):
        m = pi * p + (1 - pi) * q
        return mp.mpf(0) if m == 0 else pi * _xlogy(p, p / m) + (1 - pi) * _xlogy(q, q / m)

    return _sum(term, p, q)


def hockey_stick(p, q, gamma):
    return _sum(lambda p, q: max(p - mp.mpf(gamma) * q, mp.mpf(0)), p, q)


def power(p, q, a):
    """p^a q^(1-a), with the limits at 0"""
    if p == 0:
        return mp.mpf(0) if a > 0 or q == 0 else INF
    if q == 0:
        return mp.mpf(0) if a < 1 else INF
    return p**a * q ** (1 - a)


def alpha(p, q, a):
    a = mp.mpf(a)
    if a == 1:
        return kl(p, q)
    if a == 0:
        return kl(q, p)
    with mp.workprec(
        2600
    ):  # p^a - a p - ... cancels all the digits of a tiny a, or of close entries beside large ones
        return _sum(lambda p, q: (power(p, q, a) - a * p - (1 - a) * q) / (a * (a - 1)), p, q)


def renyi(p, q, order):
    if order == 1:
        return kl(p, q)
    if order == mp.inf:
        ratios = [
            INF if b == 0 else mp.mpf(float(a)) / mp.mpf(float(b))
            for a, b in zip(p, q, strict=True)
            if a > 0
        ]
        return max(mp.mpf(0), mp.log(max(ratios)))
    a = mp.mpf(order)
    on, all_q = _sum(lambda p, q: q if p else mp.mpf(0), p, q), _sum(lambda p, q: q, p, q)
    if a == 0:
        return -mp.log(on / all_q) if on else INF
    with mp.workprec(2600):
        both = _sum(lambda p, q: power(p, q, a), p, q)
        tangent = _sum(lambda p, q: a * p + (1 - a) * q, p, q)
        inside = both / tangent if a < 1 else both + 1 - tangent
        return mp.log(inside) / (a - 1) if inside else INF


def gan(p, q):
    return 2 * js(p, q) - mp.log(4)
