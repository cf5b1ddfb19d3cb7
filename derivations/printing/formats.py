r"""The LaTeX formats of the vocabulary's words, read into layouts with holes for the arguments.

A word's format is one line of data (`\operatorname{{KL}}({0} \,\|\, {1})`); reading it here lets
the same line serve every writer. The subset of LaTeX is what the formats use, and a command that
is not in it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from . import signs
from .layout import (
    Box,
    Digits,
    Fenced,
    Fraction,
    Glyph,
    Operator,
    Product,
    Root,
    Row,
    Scripted,
    Styled,
    Sum,
    Worded,
    fenced,
)

HOLE = 0xE000  # the first of the private characters that stand for {0}, {1}, ...
TOKEN = re.compile(r"\\[a-zA-Z]+|\\.|\s+|.", re.DOTALL)
SPACES = {r"\,", r"\;", r"\ ", r"\!", r"\:"}
COMMANDS = {r"\|": "||", r"\sim": "~", r"\circ": "circ", r"\le": "<=", r"\ge": ">=", r"\to": "->",
            r"\infty": "oo"}  # fmt: skip
ALPHABETS = {r"\mathcal": "cal", r"\mathbb": "bb"}


class NotAFormat(ValueError):
    """A format uses LaTeX that is not read here."""


def laid(tex: str, text: str, arguments: tuple[Box, ...]) -> Worded:
    """The word with its arguments in the holes of its two formats."""
    holes = [chr(HOLE + i) for i in range(len(arguments))]
    box = _Reader(tex.format(*holes), arguments).row()
    for i, argument in enumerate(arguments):  # N(0, 1), not N(0, 1^2)
        if f"{{{i}}}^2" in text and (plain := _squared(argument)) is not None:
            text = text.replace(f"{{{i}}}^2", f"{{{len(arguments)}}}")
            arguments = (*arguments, plain)
    for i, argument in enumerate(arguments):  # (k f)*(t), (f + c)°(u)
        raised = isinstance(argument, Scripted) and argument.above is not None
        if raised or isinstance(argument, Sum | Product | Fraction):
            text = re.sub(rf"\{{{i}\}}(?=[*°])", f"({{{i}}})", text)
    for i, argument in enumerate(arguments):  # D_{f + c}(P || Q), where a letter needs no braces
        if not isinstance(argument, Glyph | Digits | Scripted | Operator):
            text = text.replace(f"_{{{i}}}", f"_{{{{{{{i}}}}}}}")
    return Worded(box, text, arguments)


def _squared(box: Box) -> Box | None:
    """The square of what is itself a root or 1, or needs brackets first; None for any other."""
    match box:
        case Digits("1"):
            return box
        case Root(inside):
            return inside
        case Fraction(top, bottom):
            return Fraction(*(_squared(b) or Scripted(b, None, Digits("2")) for b in (top, bottom)))
        case Sum() | Product():
            return Scripted(fenced(box), None, Digits("2"))
    return None


class _Reader:
    def __init__(self, tex: str, arguments: tuple[Box, ...]) -> None:
        self.tex, self.arguments = tex, arguments
        self.tokens = [token for token in TOKEN.findall(tex) if not token.isspace()]
        self.at = 0

    def row(self, until: str = "") -> Box:
        pieces: list[Box] = []
        while (token := self.peek()) and token != until:
            if token in SPACES:
                self.at += 1
            elif token in ("_", "^"):
                pieces.append(self.scripts(pieces.pop()))
            else:
                pieces.append(self.one())
        if until:
            self.expect(until)
        return pieces[0] if len(pieces) == 1 else Row(tuple(pieces))

    def scripts(self, base: Box) -> Box:
        found: dict[str, Box] = {}
        while (token := self.peek()) in ("_", "^"):
            self.at += 1
            found[token] = self.one()
        if "^" in found and base in self.arguments and found["^"] != Digits("2"):
            raised = isinstance(base, Scripted) and base.above is not None
            if raised or isinstance(base, Sum | Product | Fraction):
                base = fenced(base)
        if found == {"^": Digits("2")} and base in self.arguments:
            if (plain := _squared(base)) is not None:
                return plain
            if isinstance(base, Scripted) and base.above is None:
                return Scripted(base.base, base.below, found["^"])
        return Scripted(base, found.get("_"), found.get("^"))

    def one(self) -> Box:
        token = self.take()
        if token == "{":
            return self.row("}")
        if token == r"\operatorname":
            return Operator("".join(self.letters()))
        if token in ALPHABETS:
            return Styled(ALPHABETS[token], "".join(self.letters()))
        if token == r"\left":
            left = self.take()
            inside = self.row(r"\right")
            return Fenced(left, inside, self.take())
        if token == "(":
            return Fenced("(", self.row(")"), ")")
        if token in COMMANDS:
            return Operator(COMMANDS[token])
        if token[0] == "\\":
            name = token[1:]
            if name in signs.FUNCTIONS:
                return Operator(name)
            if name not in signs.GREEK:
                raise NotAFormat(f"the format {self.tex!r} uses {token}, which is not read")
            return Glyph(name)
        if ord(token) >= HOLE:
            return self.arguments[ord(token) - HOLE]
        if token.isdigit():
            return Digits(token)
        return Glyph(token) if token.isalpha() else Operator(token)

    def letters(self) -> Iterator[str]:
        """The letters of {KL}, or the one letter that stands without braces."""
        token = self.take()
        if token != "{":
            yield token
            return
        while (token := self.take()) != "}":
            yield token

    def peek(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        if not (token := self.peek()):
            raise NotAFormat(f"the format {self.tex!r} ends too early")
        self.at += 1
        return token

    def expect(self, token: str) -> None:
        if self.take() != token:
            raise NotAFormat(f"the format {self.tex!r} lacks {token}")
