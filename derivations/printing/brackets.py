"""Where a piece of a formula needs brackets because of what follows it.

A sum over atoms, a supremum, a bare `log x`, a derivative: what is written after each would be read
as a part of it. One question decides it for products, for sums and above a line.
"""

from __future__ import annotations

from .layout import Applied, Big, Box, Fraction, Operator, Product, Scripted, fenced


def open_to_the_right(box: Box, before: str = "factor") -> bool:
    """Would a factor after `box`, or a term (`before="term"`), be read as a part of it?

    A sum over atoms ends at the next plus, a supremum and a limit do not; an integral ends with
    its dx, but as a factor it is bracketed like the others.
    """
    match box:
        case Big(variable=None):
            return before == "factor" or box.name != "sum"
        case Big():
            return before == "factor"
        case Applied():
            return before == "factor" and box.bare
        case Product(factors):
            of_all = before == "factor" and _is_derivative(factors[0])
            return of_all or open_to_the_right(factors[-1], before)
    return False


def closed(box: Box, before: str = "factor") -> Box:
    """The piece with the brackets that it needs before a factor, or before a term."""
    if not open_to_the_right(box, before):
        return box
    match box:
        case Applied(function, argument):
            return Applied(function, argument)
        case Product((*rest, Applied() as last)) if not _is_derivative(rest[0]):
            return Product((*rest, closed(last)))
    return fenced(box)


def _is_derivative(first: Box) -> bool:
    """The d/dx that a derivative begins with."""
    if not isinstance(first, Fraction):
        return False
    d = first.top.base if isinstance(first.top, Scripted) else first.top
    return d in (Operator("diff"), Operator("partial"))
