"""Small things that everything with balls shares."""

from __future__ import annotations

from typing import TypeAlias

from flint import acb, arb

Ball: TypeAlias = arb | acb


class NotEnclosable(ValueError):
    """The expression has no rigorous enclosure here: not real, not finite, or not understood."""


class Undecided(NotEnclosable):
    """A sign that the balls do not tell at this precision; at a higher one they may."""


class NoDerivative(Undecided):
    """A derivative at a kink or a jump, or at what cannot be told from one."""


class NoValue(NotEnclosable):
    """The expression certainly has no real value here: 1/0, the logarithm of a negative number."""


def as_real(ball: object, what: object) -> arb:
    """The ball as an `arb`; `NotEnclosable` when its imaginary part is not known to be zero."""
    if isinstance(ball, arb):
        return ball
    if not isinstance(ball, acb) or not ball.imag.is_zero():
        raise NotEnclosable(f"{what} is not known to be real")
    return ball.real


def accurate_to(ball: arb, digits: int) -> bool:
    """True when the radius is at most 10^-digits max(1, |midpoint|)."""
    if not ball.is_finite():
        return False
    scale = abs(ball.mid()).max(arb(1))
    return bool(arb(ball.rad()) <= scale * arb(10) ** (-digits))
