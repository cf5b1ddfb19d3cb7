"""A layout in one line of text: as it is typed (`<=`, `||`, `sqrt`), or with the signs of print."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from . import signs
from .brackets import closed
from .layout import (
    Applied,
    Big,
    Box,
    Cases,
    Digits,
    Fenced,
    Foreign,
    Fraction,
    Glyph,
    Operator,
    Parts,
    Product,
    Related,
    Root,
    Row,
    Scripted,
    Styled,
    Sum,
    Worded,
)

Signs = Callable[[str], str]
COMMA = Operator(",")


def write(box: Box, sign: Signs = signs.typed) -> str:
    return _Writer(sign).put(box)


def sentence(parts: Parts, sign: Signs = signs.typed) -> str:
    return "".join(part if isinstance(part, str) else write(part, sign) for part in parts)


class _Writer:
    def __init__(self, sign: Signs) -> None:
        self.sign = sign

    def put(self, box: Box) -> str:
        match box:
            case Glyph(name) | Operator(name):
                return self.sign(name)
            case Digits(written):
                return written
            case Styled(_, letter):
                return letter
            case Scripted():
                return self.scripted(box)
            case Fraction(top, bottom):
                return f"{self.above_the_line(top)}/{self.below_the_line(bottom)}"
            case Root(inside):
                return f"{'√' if self.sign is signs.printed else 'sqrt'}({self.put(inside)})"
            case Fenced(left, inside, right):
                return f"{left}{self.put(inside)}{right}"
            case Sum(terms):
                return self.sum(terms)
            case Product(factors):
                return self.product(factors)
            case Applied(function, argument, bare):
                name, of = self.put(function), self.put(argument)
                return f"{name} {of}" if bare else f"{name}({of})"
            case Big():
                return self.big(box)
            case Cases(rows):
                return "; ".join(
                    f"{self.put(value)} "
                    + ("otherwise" if condition is None else f"if {self.put(condition)}")
                    for value, condition in rows
                )
            case Related(sides, relations):
                line = [self.put(sides[0])]
                for relation, following in zip(relations, sides[1:], strict=True):
                    line += [self.sign(relation), self.put(following)]
                return " ".join(line)
            case Row(pieces):
                return "".join(", " if piece == COMMA else self.put(piece) for piece in pieces)
            case Worded(_, text, arguments):
                words = text.format(*map(self.put, arguments))
                return words.replace("||", self.sign("||"))
            case Foreign():
                return box.text
        raise TypeError(f"no text for {box!r}")

    def sum(self, terms: tuple[tuple[int, Box], ...]) -> str:
        minus = self.sign("-")
        (first, box), *rest = terms
        written = self.put(box) if first > 0 else minus + self.put(box)
        for sign, term in rest:
            written += f" {'+' if sign > 0 else minus} {self.put(term)}"
        return written

    def product(self, factors: tuple[Box, ...]) -> str:
        written = self.put(factors[0])
        for before, factor in pairwise(factors):
            dot = isinstance(before, Fraction) and not isinstance(factor, Big)
            dot = dot and not (isinstance(before, Fraction) and isinstance(before.bottom, Row))
            written += (f" {self.sign('dot')} " if dot else " ") + self.put(factor)
        return written

    def scripted(self, box: Scripted) -> str:
        written = self.put(box.base)
        if box.below is not None:
            foot = self.put(box.below)
            close = isinstance(box.below, Digits) and isinstance(box.base, Glyph)
            written += foot if close else f"_{foot}" if foot.isalnum() else f"_{{{foot}}}"
        if box.above is None:
            return written
        head = self.put(box.above)
        if isinstance(box.above, Operator):
            return written + head
        one = isinstance(box.above, Glyph | Digits) or (
            isinstance(box.above, Scripted) and box.above.above is None
        )
        return f"{written}^{head if one else f'({head})'}"

    def above_the_line(self, box: Box) -> str:
        if isinstance(box, Sum | Cases | Related):
            return f"({self.put(box)})"
        return self.put(closed(box))

    def below_the_line(self, box: Box) -> str:
        if isinstance(box, Sum | Product | Fraction | Big | Cases | Related):
            return f"({self.put(box)})"
        return self.put(box)

    def big(self, box: Big) -> str:
        name = self.sign(box.name)
        if box.variable is not None:
            ends = f"_{self.end(box.below)}^{self.end(box.above)}" if box.below else ""
            return f"{name}{ends} {self.put(box.body)} d{self.put(box.variable)}"
        if box.below is None:
            return f"{name} {self.put(box.body)}"
        below = self.put(box.below)
        return f"{name}_{below if below.isalnum() else f'{{{below}}}'} {self.put(box.body)}"

    def end(self, box: Box | None) -> str:
        if box is None:
            return ""
        one = isinstance(box, Glyph | Digits | Scripted) or negative_one(box)
        return self.put(box) if one else f"({self.put(box)})"


def negative_one(box: Box) -> bool:
    """A single letter or number with a minus before it."""
    return (
        isinstance(box, Sum)
        and len(box.terms) == 1
        and isinstance(box.terms[0][1], Glyph | Digits | Scripted)
    )
