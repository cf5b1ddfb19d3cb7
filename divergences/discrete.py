r"""Divergences between probability vectors: numbers in, numbers out.

D(p, q) is D(P||Q) in nats, summed over one axis and batched over the others, with broadcasting. The arguments are
numpy arrays, torch tensors (gradients flow), other array-API arrays, or lists of floats; the same kind comes out,
in the dtype that went in. float64 values are right to a relative 1e-12 whether p and q are far apart or a relative
1e-10 from each other; shorter floats are summed in float64 and rounded once.

Vectors must sum to 1 within 1e-8 (8 eps for shorter floats); `normalize=True` asks for a division by the sum. The
rest that is left is accounted for by the tangent: every generator is taken as f(u) - f'(1)(u - 1), which changes
nothing for sums of exactly 1, makes every term nonnegative and gives exactly 0 for equal vectors.

Gradients are those of these sums. Where a derivative at an entry of 0 is infinite (KL in p at p = 0), and where the
divergence itself is infinite, the gradient of that entry is 0, so that a softmax that has underflowed trains on.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from typing import TYPE_CHECKING

from divergences._array import Array, real_parameter
from divergences._generator_terms import generator_terms
from divergences._named import NATIVE, Native, by_name, looks_like_a_name, with_parameter
from divergences._renyi import renyi_divergence
from divergences._sum import finish, sum_terms

if TYPE_CHECKING:
    from divergences.fdivergence import FDivergence

__all__ = [
    "alpha",
    "chi2",
    "f_divergence",
    "jeffreys",
    "js",
    "kl",
    "le_cam",
    "neyman_chi2",
    "renyi",
    "squared_hellinger",
    "total_variation",
]


def kl(p: Array, q: Array, axis: int = -1, *, normalize: bool = False) -> Array:
    r"""The Kullback-Leibler divergence, KL(P||Q) = sum p log(p/q) - p + q, in nats; in [0, inf].

    `inf` where p has mass that q has not; entries with p = 0 contribute q (0 log 0 = 0).

    Args:
        p, q: Probability vectors along `axis`, shapes (..., n) that broadcast against each other.
        axis: The axis of the outcomes, counted in the broadcast shape.
        normalize: Divide each vector by its sum first.

    Returns:
        The divergences, shape (...), of the arguments' kind and dtype.

    Raises:
        ValueError: Shapes that do not broadcast, an axis that is empty or missing, entries that are negative, nan or
            inf, sums that are not 1 within 1e-8, dtypes that are not real floats, arrays of two kinds.

    Source:
        Kullback and Leibler, On information and sufficiency, 1951; Csiszar, I-divergence geometry of probability
        distributions and minimization problems, 1975.

    Example:
        >>> round(float(kl([0.5, 0.5], [0.25, 0.75])), 15)
        0.14384103622589
    """
    return _native(NATIVE["kl"], p, q, axis, normalize)


def js(p: Array, q: Array, axis: int = -1, *, normalize: bool = False) -> Array:
    r"""The Jensen-Shannon divergence, JS = KL(P||M)/2 + KL(Q||M)/2 with M = (P + Q)/2, in nats; in [0, log 2].

    This is the divergence, not its root, the distance. Symmetric. Arguments and errors as for `kl`.

    Source:
        Lin, Divergence measures based on the Shannon entropy, 1991, eq. (4.1) with equal weights.
    """
    return _native(NATIVE["jensen_shannon"], p, q, axis, normalize)


def total_variation(p: Array, q: Array, axis: int = -1, *, normalize: bool = False) -> Array:
    r"""The total variation, TV = sum |p - q| / 2 = max_A P(A) - Q(A); in [0, 1].

    Symmetric, a metric. Arguments and errors as for `kl`. The gradient where p = q is 0, one of the subgradients.

    Source:
        Tsybakov, Introduction to Nonparametric Estimation, 2009, Lemma 2.1.
    """
    return _native(NATIVE["total_variation"], p, q, axis, normalize)


def squared_hellinger(p: Array, q: Array, axis: int = -1, *, normalize: bool = False) -> Array:
    r"""The squared Hellinger distance, H^2 = sum (sqrt p - sqrt q)^2 / 2; in [0, 1].

    Symmetric; its root is a metric. Arguments and errors as for `kl`.

    Source:
        Tsybakov, Introduction to Nonparametric Estimation, 2009, Section 2.4, which has it without the half.
    """
    return _native(NATIVE["squared_hellinger"], p, q, axis, normalize)


def chi2(p: Array, q: Array, axis: int = -1, *, normalize: bool = False) -> Array:
    r"""Pearson's chi-squared divergence, chi^2(P||Q) = sum (p - q)^2 / q; in [0, inf].

    `inf` where p has mass that q has not. Arguments and errors as for `kl`.

    Source:
        Tsybakov, Introduction to Nonparametric Estimation, 2009, Section 2.4.
    """
    return _native(NATIVE["pearson"], p, q, axis, normalize)


def neyman_chi2(p: Array, q: Array, axis: int = -1, *, normalize: bool = False) -> Array:
    r"""Neyman's chi-squared divergence, sum (p - q)^2 / p = chi^2(Q||P); in [0, inf].

    `inf` where q has mass that p has not. Arguments and errors as for `kl`.

    Source:
        Cichocki and Amari, Families of alpha-, beta- and gamma-divergences, 2010, table 1.
    """
    return _native(NATIVE["neyman"], p, q, axis, normalize)


def jeffreys(p: Array, q: Array, axis: int = -1, *, normalize: bool = False) -> Array:
    r"""Jeffreys' divergence, J = KL(P||Q) + KL(Q||P) = sum (p - q) log(p/q), in nats; in [0, inf].

    Symmetric; `inf` where one of p, q has mass that the other has not. Arguments and errors as for `kl`.

    Source:
        Jeffreys, An invariant form for the prior probability in estimation problems, 1946.
    """
    return _native(NATIVE["jeffreys"], p, q, axis, normalize)


def le_cam(p: Array, q: Array, axis: int = -1, *, normalize: bool = False) -> Array:
    r"""Le Cam's divergence (triangular discrimination), Delta = sum (p - q)^2 / (p + q); in [0, 2].

    Symmetric. Arguments and errors as for `kl`.

    Source:
        Topsoe, Some inequalities for information divergence and related measures of discrimination, 2000.
    """
    return _native(NATIVE["le_cam"], p, q, axis, normalize)


def alpha(p: Array, q: Array, a: float, axis: int = -1, *, normalize: bool = False) -> Array:
    r"""The alpha-divergence, D_a = sum (p^a q^(1-a) - a p - (1-a) q) / (a (a-1)); in [0, inf].

    KL(P||Q) at a = 1 and KL(Q||P) at a = 0, its limits; 4 H^2 at 1/2; chi^2(P||Q)/2 at 2 and chi^2(Q||P)/2 at -1.
    D_a(P||Q) = D_{1-a}(Q||P).

    Args:
        p, q, axis, normalize: As for `kl`.
        a: Any finite real number.

    Raises:
        ValueError: As for `kl`; `a` is nan or infinite.

    Source:
        Cichocki and Amari, Families of alpha-, beta- and gamma-divergences, 2010, eq. (3).
    """
    number = real_parameter(a, "a")
    return _native(with_parameter("alpha", number), p, q, axis, normalize)


def renyi(p: Array, q: Array, order: float, axis: int = -1, *, normalize: bool = False) -> Array:
    r"""The Renyi divergence of an order a, R_a = log(sum p^a q^(1-a)) / (a - 1), in nats; in [0, inf].

    KL(P||Q) at order 1, -log Q(p > 0) at 0 and log max p/q at inf, its limits. What the sums lack of 1 is taken out
    by the tangent, as everywhere here: R_a = log(1 + a (a-1) D_a) / (a-1) with the divergence D_a of `alpha`.

    Args:
        p, q, axis, normalize: As for `kl`.
        order: In [0, inf].

    Raises:
        ValueError: As for `kl`; `order` is negative or nan.

    Source:
        van Erven and Harremoes, Renyi divergence and Kullback-Leibler divergence, 2014, Definitions 2 and 3.
    """
    number = real_parameter(order, "order", "lie in [0, inf]")
    if number < 0:
        raise ValueError(f"`order` must lie in [0, inf]. Got {order!r}")
    return renyi_divergence(p, q, number, axis, normalize)


def f_divergence(
    f: str | FDivergence, p: Array, q: Array, axis: int = -1, *, normalize: bool = False
) -> Array:
    r"""The f-divergence of a convex generator f, D_f = sum q f(p/q), with f(0) q where p = 0, f'(inf) p where q = 0.

    The generator is taken tangent-corrected, f(u) - f'(1)(u - 1). Where f(1) is not 0 ("gan"), D_f is never below f(1).

    Args:
        f: A catalogue name ("kl", "alpha(0.5)", "hockey_stick(2)"), an `FDivergence`, or an expression in u
            ("u*log(u)"). Names have kernels of their own; expressions are analysed by sympy, which is loaded then.
        p, q, axis, normalize: As for `kl`.

    Raises:
        ValueError: As for `kl`; an unknown name (the message has the near ones); a parameter out of range; an
            expression that is not a convex function of u with f(1) = 0.

    Source:
        Csiszar, Information-type measures of difference of probability distributions, 1967; Liese and Vajda, On
        divergences and informations in statistics and information theory, 2006, eq. (1).

    Example:
        >>> round(float(f_divergence("pearson", [0.5, 0.5], [0.25, 0.75])), 15)
        0.333333333333333
    """
    if isinstance(f, str) and looks_like_a_name(f):
        return _native(by_name(f), p, q, axis, normalize)
    if not isinstance(f, Hashable):
        raise ValueError(f"`f` must be a name, an FDivergence or an expression in u. Got {f!r}")
    return _native(_of_generator(f), p, q, axis, normalize)


@lru_cache(maxsize=64)
def _of_generator(f: str | FDivergence) -> Native:
    """An expression is analysed once, not at every call of a loop."""
    from divergences.fdivergence import FDivergence  # loads sympy

    generator = f if isinstance(f, FDivergence) else FDivergence(f)
    return Native(generator_terms(generator), plus=float(generator.value_at_one))


def _native(row: Native, p: Array, q: Array, axis: int, normalize: bool) -> Array:
    sums = sum_terms(row.terms, p, q, axis, normalize, row.quick)
    if row.times == 1 and row.plus == 0:
        return finish(sums, sums.value)
    return finish(sums, row.times * sums.value + row.plus)
