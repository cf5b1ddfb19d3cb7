"""A formula as it lies on the page: what is above, below, under a root, in brackets.

A tree is laid out once (`formula.py`), and three writers put the same layout down as LaTeX
(`tex.py`), as text (`text.py`) and as MathML (`mathml.py`). So order, signs, brackets and names
are decided in one place, whatever the output.
"""

from __future__ import annotations

from dataclasses import dataclass


class Box:
    """A piece of a formula."""


@dataclass(frozen=True)
class Glyph(Box):
    """A letter, or a sign of `signs.py` by its name: "x", "mu", "oo"."""

    name: str


@dataclass(frozen=True)
class Digits(Box):
    """A number as it is written."""

    written: str


@dataclass(frozen=True)
class Operator(Box):
    """An upright name (KL, log, max), a sign between two others, or a bracket."""

    name: str


@dataclass(frozen=True)
class Styled(Box):
    """A letter in another alphabet: "cal" or "bb"."""

    alphabet: str
    letter: str


@dataclass(frozen=True)
class Scripted(Box):
    """A base with something at its foot, at its head, or both."""

    base: Box
    below: Box | None = None
    above: Box | None = None


@dataclass(frozen=True)
class Fraction(Box):
    top: Box
    bottom: Box


@dataclass(frozen=True)
class Root(Box):
    inside: Box


@dataclass(frozen=True)
class Fenced(Box):
    """Brackets around `inside`; an empty one is left out (a bar at the right of a value)."""

    left: str
    inside: Box
    right: str


@dataclass(frozen=True)
class Sum(Box):
    """Signed terms: (+1 or -1, term)."""

    terms: tuple[tuple[int, Box], ...]


@dataclass(frozen=True)
class Product(Box):
    factors: tuple[Box, ...]


@dataclass(frozen=True)
class Applied(Box):
    """A function of one argument; `bare` leaves the brackets out where nothing can be misread."""

    function: Box
    argument: Box
    bare: bool = False


@dataclass(frozen=True)
class Big(Box):
    """A sum over atoms, an integral, a supremum, a limit: `name`, its range, what it runs over.

    `below` and `above` are the ends of an integral, or `below` the range of the others.
    """

    name: str
    below: Box | None
    above: Box | None
    body: Box
    variable: Box | None = None  # of integration


@dataclass(frozen=True)
class Cases(Box):
    """A value and the condition under which it holds; no condition says "otherwise"."""

    rows: tuple[tuple[Box, Box | None], ...]


@dataclass(frozen=True)
class Related(Box):
    """Sides with a relation between each and the next."""

    sides: tuple[Box, ...]
    relations: tuple[str, ...]


@dataclass(frozen=True)
class Row(Box):
    """Pieces side by side, as the format of a word has them."""

    pieces: tuple[Box, ...]


@dataclass(frozen=True)
class Worded(Box):
    """A word of the vocabulary: its layout, and its format as text for the laid out arguments."""

    laid: Box
    text: str
    arguments: tuple[Box, ...]


@dataclass(frozen=True)
class Foreign(Box):
    """A node that this language has no layout for, as sympy prints it."""

    tex: str
    text: str


Parts = tuple["str | Box", ...]  # a sentence with formulas in it


def fenced(box: Box) -> Fenced:
    return Fenced("(", box, ")")


def negative(box: Box) -> bool:
    """Does it begin with a minus?"""
    return isinstance(box, Sum) and box.terms[0][0] < 0
