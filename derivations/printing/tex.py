"""A layout as LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterable

from . import signs
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

SPECIAL = {
    "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "<": r"\ensuremath{<}", ">": r"\ensuremath{>}", "|": r"\ensuremath{|}",
    **{c: f"\\{c}" for c in "&%$#_{}"},
}  # fmt: skip


def write(box: Box) -> str:
    match box:
        case Glyph(name):
            return signs.tex(name)
        case Digits(written):
            return written
        case Operator(name):
            return _operator(name)
        case Styled(alphabet, letter):
            return rf"\math{alphabet}{{{letter}}}"
        case Scripted(base, below, above):
            foot = f"_{{{write(below)}}}" if below else ""
            if isinstance(above, Operator) and set(above.name) == {"′"}:
                return f"{write(base)}{foot}{chr(39) * len(above.name)}"
            return f"{write(base)}{foot}" + (f"^{{{write(above)}}}" if above else "")
        case Fraction(top, bottom):
            return rf"\frac{{{write(top)}}}{{{write(bottom)}}}"
        case Root(inside):
            return rf"\sqrt{{{write(inside)}}}"
        case Fenced():
            return _fenced(box)
        case Sum(terms):
            return "".join(_term(i, sign, term) for i, (sign, term) in enumerate(terms))
        case Product(factors):
            return " ".join(map(write, factors))
        case Applied(function, argument, bare):
            of = write(argument)
            if bare or isinstance(argument, Fraction):
                return f"{write(function)} {of}"
            return f"{write(function)}{_fenced(Fenced('(', argument, ')'))}"
        case Big():
            return _big(box)
        case Cases(rows):
            lines = r" \\ ".join(
                rf"{write(value)} & {_when(condition)}" for value, condition in rows
            )
            return rf"\begin{{cases}} {lines} \end{{cases}}"
        case Related(sides, relations):
            line = [write(sides[0])]
            for relation, following in zip(relations, sides[1:], strict=True):
                line += [signs.tex(relation), write(following)]
            return " ".join(line)
        case Row(pieces):
            return _joined(map(_piece, pieces))
        case Worded(laid):
            return write(laid)
        case Foreign():
            return box.tex
    raise TypeError(f"no LaTeX for {box!r}")


def sentence(parts: Parts) -> str:
    """Text for inside LaTeX's `\\text{...}`: its formulas between dollars."""
    return "".join(
        "".join(SPECIAL.get(c, c) for c in part) if isinstance(part, str) else f"${write(part)}$"
        for part in parts
    )


def _operator(name: str) -> str:
    if name in signs.FUNCTIONS:
        return f"\\{name}"
    if name in signs.SIGNS:
        return signs.tex(name)
    if name == "′":
        return "'"
    if name.isalpha():
        return signs.tex(name) if name in signs.GREEK else rf"\operatorname{{{name}}}"
    return name if len(name) == 1 else rf"\mathtt{{{''.join(SPECIAL.get(c, c) for c in name)}}}"


def _piece(box: Box) -> str:
    """In a row, signs keep a space around them."""
    if isinstance(box, Operator) and box.name == "||":
        return r" \,\|\, "
    if isinstance(box, Operator) and box.name == ",":
        return ", "
    if isinstance(box, Operator) and box.name in ("~", "->"):
        return f" {signs.tex(box.name)} "
    return write(box)


def _joined(pieces: Iterable[str]) -> str:
    """With a space where a command would run into a letter."""
    written = ""
    for piece in pieces:
        runs_on = re.search(r"\\[a-zA-Z]+$", written) and piece[:1].isalpha()
        written += f" {piece}" if runs_on else piece
    return written


def _term(i: int, sign: int, term: Box) -> str:
    if i == 0:
        return write(term) if sign > 0 else f"-{write(term)}"
    return f" {'+' if sign > 0 else '-'} {write(term)}"


def _fenced(box: Fenced) -> str:
    left, right = (_bracket(side) for side in (box.left, box.right))
    if not tall(box.inside) and box.left and box.right:
        return f"{left}{write(box.inside)}{right}"
    return rf"\left{left or '.'} {write(box.inside)} \right{right or '.'}"


def _bracket(side: str) -> str:
    return f"\\{side}" if side in ("{", "}") else side


def tall(box: Box) -> bool:
    """Higher than a line, so that its brackets have to grow."""
    match box:
        case Fraction() | Big() | Cases() | Root():
            return True
        case Scripted(base, _, above):
            return tall(base) or (above is not None and tall(above))
        case Sum(terms):
            return any(tall(term) for _, term in terms)
        case Product(factors):
            return any(map(tall, factors))
        case Applied(function, argument):
            return tall(function) or tall(argument)
        case Fenced(_, inside):
            return tall(inside)
        case Related(sides):
            return any(map(tall, sides))
        case Row(pieces):
            return any(map(tall, pieces))
        case Worded(laid):
            return tall(laid)
    return False


def _big(box: Big) -> str:
    body = write(box.body)
    if box.name == "int":
        assert box.variable is not None
        ends = (f"_{{{write(box.below)}}}" if box.below else "") + (
            f"^{{{write(box.above)}}}" if box.above else ""
        )
        return rf"\int{ends} {body} \, " + _joined((r"\mathrm{d}", write(box.variable)))
    below = f"_{{{write(box.below)}}}" if box.below else ""
    return f"{_operator(box.name)}{below} {body}"


def _when(condition: Box | None) -> str:
    return r"\text{otherwise}" if condition is None else rf"\text{{if }} {write(condition)}"
