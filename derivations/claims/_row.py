"""One generator of the catalogue as the ledger states it: its values, and its conjugate's pieces.

Formulas are text, so that they are printed as they were written.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import sympy as sp
from sympy import oo, symbols

from ..claim import AtKink, Reason, Stationary
from ..language import REAL, Choice, Domain, Interval
from ..words.reading import read

u, t = symbols("u t")
F_GAN = "Nowozin, Cseke, Tomioka, f-GAN (2016), Table 6"


@dataclass(frozen=True)
class Piece:
    """f*(argument) = value for y in domain, and why; y is t itself or runs over t's interval.

    Without a domain the argument is one point, which may depend on the row's parameter.
    """

    domain: Interval | Choice | None
    written: str
    reason: Reason
    y: sp.Symbol = t
    at: str = "t"

    @cached_property
    def value(self) -> sp.Expr:
        return read(self.written)

    @cached_property
    def argument(self) -> sp.Expr:
        return read(self.at)

    @property
    def finite(self) -> bool:
        return self.value is not oo

    @property
    def given(self) -> dict[sp.Symbol, Domain]:
        return {} if self.domain is None else {self.y: self.domain}

    @property
    def where(self) -> str:
        """For which t, as a formula; empty for all."""
        place = "" if self.y is t and self.domain is not None else f"`t = {self.at}`"
        return " with ".join(filter(None, (place, condition(self.y, self.domain))))


@dataclass(frozen=True)
class Row:
    """A generator f(u), the pieces of f*, the main one (strictly increasing) first."""

    name: str
    written: str
    pieces: tuple[Piece, ...]
    at_zero: str  # f(0)
    at_infinity: str  # lim f(u)/u
    divergence: str = ""  # its name in the vocabulary, where it has one
    tangent: str = "0"  # at u = 1
    bend: str = ""  # f''(1)
    critic: str = ""  # f'(e^v)
    greatest: str = ""  # f(0) + lim f(u)/u, where both are finite
    parameter: tuple[sp.Symbol, Domain] | None = None
    y_at_slope: sp.Expr | None = None  # where the main piece's argument is f'(u), if y is not t
    slope_ends: tuple[sp.Expr, sp.Expr] | None = None  # f'(0), f'(oo), if y is not t
    source: str = F_GAN

    @cached_property
    def f(self) -> sp.Expr:
        return read(self.written)

    @property
    def slug(self) -> str:
        return self.name.replace("_", "-")

    @property
    def kinked(self) -> bool:
        return isinstance(self.main.reason, AtKink)

    @property
    def at_one(self) -> str:
        """f(1), which is 0 but for the GAN's row."""
        return "-log(4)" if self.tangent.startswith("-log(4)") else "0"

    @property
    def given(self) -> dict[sp.Symbol, Domain]:
        """The parameter, if the row has one."""
        return dict([self.parameter]) if self.parameter else {}

    @property
    def words(self) -> str:
        """Which f, for a title."""
        member = condition(*self.parameter) if self.parameter else ""
        return f"`f = {self.written}`" + (f", {member}" if member else "")

    @property
    def finite_pieces(self) -> tuple[Piece, ...]:
        return tuple(piece for piece in self.pieces if piece.finite)

    @property
    def main(self) -> Piece:
        return self.pieces[0]

    @property
    def maximiser(self) -> sp.Expr:
        """u*(t) on the main piece."""
        assert isinstance(self.main.reason, Stationary)
        return self.main.reason.at

    @property
    def ends(self) -> tuple[sp.Expr, sp.Expr]:
        """f'(0) and f'(oo): the ends of the main piece, as values of t."""
        if self.slope_ends is not None:
            return self.slope_ends
        assert isinstance(self.main.domain, Interval)
        return sp.sympify(self.main.domain.lower), sp.sympify(self.main.domain.upper)

    @property
    def at_slope(self) -> sp.Expr:
        """y with argument(y) = f'(u)."""
        return self.derivative if self.y_at_slope is None else self.y_at_slope

    @cached_property
    def derivative(self) -> sp.Expr:
        """f'(u), in partial fractions where it is rational."""
        slope = sp.diff(self.f.doit(), u)
        return sp.apart(slope, u) if slope.is_rational_function() else slope


def condition(symbol: sp.Symbol, domain: Domain | None) -> str:
    """A domain as a formula: `t > -2`; empty where it says nothing."""
    if isinstance(domain, Choice):
        return f"`{symbol} = {domain.values[0]}`"
    if not isinstance(domain, Interval) or domain == REAL:
        return ""
    lower, upper = domain.lower, domain.upper
    if upper is oo:
        return f"`{symbol} > {lower}`"
    return f"`{symbol} < {upper}`" if lower is -oo else f"`{lower} < {symbol} < {upper}`"
