"""Text with formulas between backticks, as titles, reasons and notes are written.

    parts("`TV(p, q) <= sqrt(KL(p, q)/2)` in nats")    # (a layout, " in nats")

A span is read by the reader of formulas and set by each output. One that is no formula of the
language stays as it was typed, with the signs of print.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import sympy as sp

from ..words.reading import NotReadable, read_relation
from .formula import Functions, related
from .layout import Box, Parts
from .signs import readable

SPAN = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Formula:
    """A span that was read: its sides, the relations between them, and the text it came from."""

    sides: tuple[sp.Expr, ...]
    relations: tuple[str, ...]
    written: str


def spans(text: str) -> Iterator[str | Formula]:
    """The pieces of the text in order; a span that cannot be read is a string like the rest."""
    pieces = SPAN.split(text)
    for i, piece in enumerate(pieces):
        if i % 2:
            yield _read(piece)
        elif piece:
            yield piece


def unreadable(text: str) -> list[str]:
    """The spans of the text that are no formulas."""
    return [span for span in SPAN.findall(text) if isinstance(_read(span), str)]


def _read(span: str) -> str | Formula:
    try:
        sides, relations = read_relation(span)
    except (NotReadable, ValueError, TypeError):
        return readable(span)
    return Formula(tuple(sides), tuple(relations), span)


def parts(text: str, functions: Functions | None = None) -> Parts:
    """The text with its formulas laid out; what a function's letter stands for follows it once."""
    pieces = list(spans(text))
    found = [piece for piece in pieces if isinstance(piece, Formula)]
    there = functions or Functions.beside(side for formula in found for side in formula.sides)
    known = set(there.bodies)
    laid: list[str | Box] = []
    for piece in pieces:
        if isinstance(piece, str):
            laid.append(piece)
            continue
        laid.append(related(list(piece.sides), list(piece.relations), there))
        for name, definition in zip(list(there.bodies), there.definitions(), strict=True):
            if name not in known:
                laid += [" with ", definition]
                known.add(name)
    return tuple(laid)
