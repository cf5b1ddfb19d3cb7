"""The canonical critics of the named f-divergences, on arrays: one row of data each.

With v = log p/q estimated by a network, g(v) = f'(e^v) is the optimal critic and f*(g(v)) = e^v f'(e^v) - f(e^v) what
is averaged over Q. Each is written so that neither it nor its gradient overflows before it must. `FDivergence` derives
the same two functions from f alone; the tests hold one against the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from divergences._array import Array
from divergences._named import _NAME, by_name, looks_like_a_name

if TYPE_CHECKING:
    from divergences.fdivergence import FDivergence

__all__ = ["CRITICS", "Critic", "canonical", "generator"]

OnArrays = Callable[[ModuleType, Array], Array]


class Critic(NamedTuple):
    """The two functions of the raw output v."""

    activation: OnArrays  # g(v), averaged over P
    conjugate: OnArrays  # f*(g(v)), averaged over Q


def softplus(xp: ModuleType, v: Array) -> Array:
    """log(1 + e^v)."""
    return xp.maximum(v, xp.zeros_like(v)) + xp.log1p(xp.exp(-xp.abs(v)))


def _sigmoid(xp: ModuleType, v: Array) -> Array:
    """1/(1 + e^-v)."""
    return xp.exp(-softplus(xp, -v))


def _mirror(activation: OnArrays) -> OnArrays:
    """f*(g(v)) = -g(-v), for symmetric f with f°= f."""
    return lambda xp, v: -activation(xp, -v)


def _arithmetic_geometric(xp: ModuleType, v: Array) -> Array:
    # log((e^v + 1)/(2 e^(v/2))) = softplus(-|v|) + |v|/2 - log 2
    size = xp.abs(v)
    return (xp.log1p(xp.exp(-size)) + size / 2 - math.log(2)) / 2 - xp.expm1(-v) / 4


def _jensen_shannon(xp: ModuleType, v: Array) -> Array:
    return (math.log(2) - softplus(xp, -v)) / 2


def _le_cam(xp: ModuleType, v: Array) -> Array:
    return 1 - 4 * _sigmoid(xp, -v) ** 2


def _jeffreys(xp: ModuleType, v: Array) -> Array:
    return v - xp.expm1(-v)


def _half_sign(xp: ModuleType, v: Array) -> Array:
    return xp.sign(v) / 2


def _alpha(a: float) -> Critic:
    def power(b: float) -> OnArrays:
        return lambda xp, v: xp.expm1(b * v) / b if b else v

    return Critic(power(a - 1), power(a))


def _weighted_jensen_shannon(pi: float) -> Critic:
    low, high = math.log1p(-pi), math.log(pi)

    def log_mean(xp: ModuleType, v: Array) -> Array:  # log(1 - pi + pi e^v)
        return low + softplus(xp, v + (high - low))

    def activation(
        xp: ModuleType, v: Array
    ) -> Array:  # pi (v - log_mean), without its cancellation
        return -pi * (high + softplus(xp, (low - high) - v))

    return Critic(activation, lambda xp, v: (1 - pi) * log_mean(xp, v))


def _hockey_stick(gamma: float) -> Critic:
    kink = math.log(gamma)
    return Critic(
        lambda xp, v: (1 + xp.sign(v - kink)) / 2,
        lambda xp, v: gamma * (1 + xp.sign(v - kink)) / 2,
    )


CRITICS: dict[str, Critic] = {
    "total_variation": Critic(_half_sign, _half_sign),
    "kl": Critic(lambda xp, v: v + 1, lambda xp, v: xp.exp(v)),
    "reverse_kl": Critic(lambda xp, v: -xp.exp(-v), lambda xp, v: v - 1),
    "pearson": Critic(lambda xp, v: 2 * xp.expm1(v), lambda xp, v: xp.expm1(2 * v)),
    "neyman": Critic(lambda xp, v: -xp.expm1(-2 * v), lambda xp, v: -2 * xp.expm1(-v)),
    "squared_hellinger": Critic(
        lambda xp, v: -xp.expm1(-v / 2) / 2, lambda xp, v: xp.expm1(v / 2) / 2
    ),
    "jeffreys": Critic(_jeffreys, _mirror(_jeffreys)),
    "jensen_shannon": Critic(_jensen_shannon, _mirror(_jensen_shannon)),
    "gan": Critic(lambda xp, v: -softplus(xp, -v), softplus),
    "le_cam": Critic(_le_cam, _mirror(_le_cam)),
    "arithmetic_geometric": Critic(_arithmetic_geometric, _mirror(_arithmetic_geometric)),
}

CRITIC_FAMILIES: dict[str, Callable[[float], Critic]] = {
    "alpha": _alpha,
    "jensen_shannon_weighted": _weighted_jensen_shannon,
    "hockey_stick": _hockey_stick,
}


def canonical(f: str | FDivergence) -> Critic:
    """g and f*(g) of a name, an `FDivergence` or an expression in u; ValueError for what is none of them."""
    if isinstance(f, str) and looks_like_a_name(f):
        by_name(f)  # refuses unknown names and parameters out of range
        match = _NAME.fullmatch(f)
        assert match is not None
        name, argument = match[1], match[2]
        return CRITICS[name] if argument is None else CRITIC_FAMILIES[name](float(argument))
    made = generator(f)
    if made.row is not None and made.row.name in CRITICS:
        return CRITICS[made.row.name]
    if made.row is not None and made.row.values:
        return CRITIC_FAMILIES[made.row.name](float(made.row.values[0][1]))
    return Critic(
        lambda xp, v: made.activation(v),
        lambda xp, v: made.conjugate_of_activation(v),
    )


def generator(f: str | FDivergence) -> FDivergence:
    """The `FDivergence` that `f` stands for; loads sympy."""
    from divergences.fdivergence import FDivergence

    if isinstance(f, FDivergence):
        return f
    if not isinstance(f, str):
        raise ValueError(
            f"`f` must be the name of a divergence, an FDivergence or an expression in u. Got {f!r}"
        )
    return _analysed(f)


@lru_cache(maxsize=64)  # a training loop asks for the same text at each step
def _analysed(text: str) -> FDivergence:
    from divergences.fdivergence import FDivergence

    if looks_like_a_name(text):
        by_name(text)
    return FDivergence(text)
