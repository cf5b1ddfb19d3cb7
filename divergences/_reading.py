"""What a user may hand to `FDivergence`: a formula, a sympy expression, or a name of the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sympy as sp

from ._exact import U
from ._parameters import Parameters
from .expression import FUNCTIONS, parse

if TYPE_CHECKING:
    from .fdivergence import FDivergence


def from_catalogue(name: str) -> FDivergence | None:
    """The row called `name`; None when the text is the variable u or a formula such as "log(u)"."""
    from .fdivergence import FDivergence
    from .generators import catalogue

    head, _, rest = name.partition("(")
    if head == "u" or (head in FUNCTIONS and rest):
        return None
    row = catalogue[head]
    if rest and isinstance(row, FDivergence):
        raise ValueError(f"{head!r} takes no parameter. Got {name!r}")
    if rest:
        return row(read(rest.removesuffix(")"), Parameters({})))
    if not isinstance(row, FDivergence):
        raise ValueError(f"{head!r} needs its parameter: write {head}({row.example})")
    return row


def read(given: str | float | sp.Expr, parameters: Parameters) -> sp.Expr:
    """A formula as an expression in the internal u and the public parameters."""
    if isinstance(given, str):
        return parse(given, {"u": U, **{s.name: s for s in parameters.symbols}})
    expr = sp.sympify(given)
    if not isinstance(expr, sp.Expr):
        raise ValueError(f"a generator is a formula in u. Got {given!r}")
    expr = expr.replace(lambda x: x.is_Float, lambda x: sp.Rational(str(x)))
    unknown = {s for s in expr.free_symbols if s.name != "u"} - set(parameters.symbols)
    if unknown:
        raise ValueError(
            f"a generator is a function of u alone. Got {', '.join(map(str, unknown))} too"
        )
    return expr.xreplace({s: U for s in expr.free_symbols if s.name == "u"})
