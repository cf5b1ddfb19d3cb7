"""The exact answers that the strategies hand out with their inputs: 60-digit arithmetic, straight from definitions.

Nothing here is shared with the functions that the answers are for. Each answer is the float nearest to the value on the
very floats given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

import mpmath
import numpy as np

__all__ = ["FAMILIES", "Family", "family_kl", "gaussian_answers", "push", "vector_answers"]

DIGITS = 60  # two vectors that differ by 2^-52 lose 32 of them

mp = mpmath.mp.clone()
mp.dps = DIGITS


def vector_answers(p: Sequence[float], q: Sequence[float]) -> dict[str, float]:
    """Every divergence between two probability vectors whose floats sum to exactly 1."""
    pairs = [(mp.mpf(float(a)), mp.mpf(float(b))) for a, b in zip(p, q, strict=True)]
    turned = [(b, a) for a, b in pairs]
    middle = [(a + b) / 2 for a, b in pairs]
    to_middle = [
        _kl([(v[i], m) for v, m in zip(pairs, middle, strict=True)]) for i in (0, 1)
    ]  # fmt: skip
    values = {
        "kl": _kl(pairs),
        "reverse_kl": _kl(turned),
        "jeffreys": _kl(pairs) + _kl(turned),
        "js": (to_middle[0] + to_middle[1]) / 2,
        "total_variation": mp.fsum(abs(a - b) for a, b in pairs) / 2,
        "squared_hellinger": mp.fsum((mp.sqrt(a) - mp.sqrt(b)) ** 2 for a, b in pairs) / 2,
        "chi2": _chi2(pairs),
        "neyman_chi2": _chi2(turned),
        "le_cam": mp.fsum((a - b) ** 2 / (a + b) for a, b in pairs if a + b),
    }
    return {name: float(value) for name, value in values.items()}


def _kl(pairs: Sequence[tuple[Any, Any]]) -> Any:
    if any(a and not b for a, b in pairs):
        return mp.inf
    return mp.fsum(a * mp.log(a / b) for a, b in pairs if a)


def _chi2(pairs: Sequence[tuple[Any, Any]]) -> Any:
    if any(a and not b for a, b in pairs):
        return mp.inf
    return mp.fsum((a - b) ** 2 / b for a, b in pairs if b)


def gaussian_answers(
    mu0: np.ndarray, cov0: np.ndarray, mu1: np.ndarray, cov1: np.ndarray
) -> dict[str, float]:
    """KL, reverse KL, Jeffreys, H^2 and chi^2 of N(mu0, cov0) from N(mu1, cov1)."""
    s0, s1 = mp.matrix(cov0.tolist()), mp.matrix(cov1.tolist())
    delta = mp.matrix(mu1.tolist()) - mp.matrix(mu0.tolist())
    forth, back = _gaussian_kl(s0, s1, delta), _gaussian_kl(s1, s0, delta)
    mean = (s0 + s1) / 2
    exponent = _quadratic(mean, delta) / 8
    overlap = mp.root(mp.det(s0) * mp.det(s1), 4) / mp.sqrt(mp.det(mean)) * mp.exp(-exponent)
    left = 2 * s1 - s0
    chi2 = mp.inf
    if _positive_definite(left):
        scale = mp.det(s1) / mp.sqrt(mp.det(s0) * mp.det(left))
        chi2 = scale * mp.exp(_quadratic(left, delta)) - 1
    values = {
        "kl": forth,
        "reverse_kl": back,
        "jeffreys": forth + back,
        "squared_hellinger": 1 - overlap,
        "chi2": chi2,
    }
    return {name: float(value) for name, value in values.items()}


def _gaussian_kl(s0: Any, s1: Any, delta: Any) -> Any:
    ratio = mp.inverse(s1) * s0
    trace = mp.fsum(ratio[i, i] for i in range(ratio.rows))
    return (trace - ratio.rows + _quadratic(s1, delta) - mp.log(mp.det(s0) / mp.det(s1))) / 2


def _quadratic(matrix: Any, delta: Any) -> Any:
    return (delta.T * mp.lu_solve(matrix, delta))[0]


def _positive_definite(matrix: Any) -> bool:
    return all(mp.det(matrix[: k + 1, : k + 1]) > 0 for k in range(matrix.rows))


class Family(NamedTuple):
    """An exponential family, p(x) = h(x) exp(<theta, T(x)> - A(theta)), by what its KL needs."""

    parameters: tuple[str, ...]  # names, in the order in which `natural` takes them
    natural: Callable[..., tuple[Any, ...]]  # theta
    log_partition: Callable[..., Any]  # A(theta)
    mean: Callable[..., tuple[Any, ...]]  # grad A = E T, in the usual parameters
    scipy: Callable[..., tuple[str, dict[str, float]]]  # the name in scipy.stats, and its arguments


FAMILIES: dict[str, Family] = {
    "poisson": Family(
        ("rate",),
        lambda rate: (mp.log(rate),),
        lambda t: mp.exp(t),
        lambda rate: (rate,),
        lambda rate: ("poisson", {"mu": rate}),
    ),
    "exponential": Family(
        ("rate",),
        lambda rate: (-rate,),
        lambda t: -mp.log(-t),
        lambda rate: (1 / rate,),
        lambda rate: ("expon", {"scale": 1 / rate}),
    ),
    "bernoulli": Family(
        ("chance",),
        lambda chance: (mp.log(chance / (1 - chance)),),
        lambda t: mp.log1p(mp.exp(t)),
        lambda chance: (chance,),
        lambda chance: ("bernoulli", {"p": chance}),
    ),
    "geometric": Family(
        ("chance",),
        lambda chance: (mp.log1p(-chance),),
        lambda t: -mp.log(mp.expm1(-t)),  # p(x) = chance (1 - chance)^(x - 1), x = 1, 2, ...
        lambda chance: (1 / chance,),
        lambda chance: ("geom", {"p": chance}),
    ),
    "gamma": Family(
        ("shape", "rate"),
        lambda shape, rate: (shape - 1, -rate),
        lambda s, t: mp.loggamma(s + 1) - (s + 1) * mp.log(-t),
        lambda shape, rate: (mp.digamma(shape) - mp.log(rate), shape / rate),
        lambda shape, rate: ("gamma", {"a": shape, "scale": 1 / rate}),
    ),
    "beta": Family(
        ("a", "b"),
        lambda a, b: (a, b),
        lambda s, t: mp.loggamma(s) + mp.loggamma(t) - mp.loggamma(s + t),
        lambda a, b: (mp.digamma(a) - mp.digamma(a + b), mp.digamma(b) - mp.digamma(a + b)),
        lambda a, b: ("beta", {"a": a, "b": b}),
    ),
}


def family_kl(name: str, first: Mapping[str, float], second: Mapping[str, float]) -> float:
    """KL between two members, A(theta2) - A(theta1) - <theta2 - theta1, grad A(theta1)>, in nats.

    Source: Banerjee, Merugu, Dhillon and Ghosh, Clustering with Bregman divergences, 2005, section 4.
    """
    family = FAMILIES[name]
    one, two = ([mp.mpf(float(each[k])) for k in family.parameters] for each in (first, second))
    theta1, theta2 = family.natural(*one), family.natural(*two)
    mean = family.mean(*one)
    moved = mp.fsum((b - a) * t for a, b, t in zip(theta1, theta2, mean, strict=True))
    return float(family.log_partition(*theta2) - family.log_partition(*theta1) - moved)


def push(p: Sequence[float], kernel: np.ndarray) -> np.ndarray:
    """p K, each entry rounded once."""
    rows = [[Fraction(float(entry)) for entry in row] for row in kernel]
    masses = [Fraction(float(mass)) for mass in p]
    columns = range(len(rows[0]))
    image = [sum(mass * row[j] for mass, row in zip(masses, rows, strict=True)) for j in columns]
    return np.array([float(entry) for entry in image])
