"""What one entry of the catalogue holds, and what is derived of a published activation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sympy as sp


@dataclass(frozen=True)
class Activation:
    """An output activation as printed: a function of v that is to map R into dom f* of the published f."""

    text: str
    parameters: tuple[str, ...] = ()
    values: tuple[tuple[str, Any], ...] = ()

    @cached_property
    def expression(self) -> sp.Expr:
        """The formula, in the plain symbol v (and the row's parameter)."""
        import sympy as sp

        from .expression import parse

        names = {name: sp.Symbol(name) for name in ("v", *self.parameters)}
        return parse(self.text, names).subs({names[k]: value for k, value in self.values})

    @cached_property
    def _in_u(self) -> sp.Expr:
        """The activation at v = log u, in the internal u > 0."""
        import sympy as sp

        from ._exact import U, tidy

        return tidy(self.expression.subs(sp.Symbol("v"), sp.log(U)).rewrite(sp.exp))

    @cached_property
    def increasing(self) -> bool:
        """Whether it increases in v; when it does not, the network estimates -log p/q at best."""
        import sympy as sp

        from ._exact import U, Undecided, tidy
        from ._sign import sign_table

        signs = set(sign_table(tidy(sp.diff(self._in_u, U))).signs)
        if len(signs) != 1:
            raise Undecided(f"{self.text} is not monotone in v")
        return signs == {1}

    @cached_property
    def range(self) -> sp.Set:
        """The open interval of its values."""
        import sympy as sp

        from ._exact import limit_at_infinity, limit_at_zero

        ends = [limit_at_zero(self._in_u), limit_at_infinity(self._in_u)]
        low, high = ends if self.increasing else ends[::-1]
        return sp.Interval.open(low, high)


@dataclass(frozen=True)
class Branch:
    """An interval of the parameter on which f keeps one symbolic form, and the activation printed there."""

    name: str
    low: str
    high: str
    activation: str | None = None
    closed: bool = False  # on the left

    @property
    def interval(self) -> sp.Interval:
        import sympy as sp

        ends = {"oo": sp.oo, "-oo": -sp.oo}
        low, high = (ends[x] if x in ends else sp.Rational(x) for x in (self.low, self.high))
        return sp.Interval(low, high, not self.closed, True)


@dataclass(frozen=True)
class Row:
    """One entry of the catalogue: f(u) and where it comes from; the parameter's symbol and domain, if any.

    `published` is the generator as printed and `published_factor` the published divergence over ours.
    """

    name: str
    formula: str
    source: str
    value_at_one: str = "0"
    parameter: str | None = None
    domain: Branch | None = None
    allowed: str | None = None  # the domain in words
    examples: tuple[str, ...] = ()
    branches: tuple[Branch, ...] = ()
    expanded: bool = False  # shown multiplied out
    published: str | None = None
    published_factor: int | None = None
    published_activation: str | None = None
    note: str = ""
    values: tuple[tuple[str, Any], ...] = ()  # of the parameter, in a member of a family

    @property
    def example(self) -> str:
        return self.examples[0]

    @property
    def activation(self) -> Activation | None:
        if self.published_activation is None:
            return None
        names = (self.parameter,) if self.parameter else ()
        return Activation(self.published_activation, names, self.values)
