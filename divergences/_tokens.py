"""The words of a formula: which characters and numbers it may hold, seen before a parser reads it."""

import keyword
import re
from fractions import Fraction

MAX_CHARACTERS = 2000
MAX_BRACKETS = 40
MAX_DIGITS = 100  # in one number
MAX_DECADES = 300  # |exponent| of a decimal number, and of any constant

TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<operator>\*\*|//|<=|>=|==|!=|[-+*/(),<>])"
)
_REFUSED = {
    "^": "'^' is not a power here; write '**'",
    "=": "'=' is not part of a formula; a comparison is '==', '<', '<=', '>', '>=' or '!='",
    ".": "'.' is not part of a formula: attributes cannot be read",
    "[": "'[' is not part of a formula; write round brackets",
    "{": "'{' is not part of a formula; write round brackets",
    "'": "text in quotes is not part of a formula",
    '"': "text in quotes is not part of a formula",
}


class ExpressionError(ValueError):
    """A formula that cannot be read: the message names what, where (a caret), what was expected.

    Attributes:
        text: the formula as given.
        column: where the trouble starts, counted from 1; None when it has no place.
    """

    def __init__(self, problem: str, text: str, column: int | None = None) -> None:
        self.problem, self.text, self.column = problem, text, column
        if column is None:
            super().__init__(problem)
            return
        start = max(0, column - 41)
        shown = re.sub(r"[^ -~]", " ", text[start : column + 39])
        caret = " " * (column - 1 - start) + "^"
        super().__init__(f"{problem} (column {column})\n    {shown}\n    {caret}")


def check_tokens(text: str) -> None:
    """Refuse, before Python's parser sees the text, what no formula contains.

    Raises:
        ExpressionError: for an unknown character, a Python keyword, a number beyond the limits, unpaired or
            too many brackets, an empty or too long text.
    """
    if not text.strip():
        raise ExpressionError("the formula is empty", text)
    if len(text) > MAX_CHARACTERS:
        raise ExpressionError(
            f"the formula has {len(text)} characters; at most {MAX_CHARACTERS} are read", text
        )
    opened: list[int] = []
    position, previous = 0, ""
    while position < len(text):
        character, column = text[position], position + 1
        if character in " \t\r\n":
            position, previous = column, ""
            continue
        match = TOKEN.match(text, position)
        if match is None:
            plain = " " <= character <= "~"
            named = repr(character) if plain else f"U+{ord(character):04X}"
            advice = (
                "" if character <= "~" else "; only ASCII letters, digits and operators are read"
            )
            problem = _REFUSED.get(character, f"character {named} is not part of a formula{advice}")
            raise ExpressionError(problem, text, column)
        token, kind = match.group(), match.lastgroup or ""
        if kind != "operator" and previous == "number":
            raise ExpressionError(
                f"a number runs into {token!r}; write '*' between them", text, column
            )
        if kind == "number":
            number(token, text, column)
        elif kind == "name" and keyword.iskeyword(token):
            raise ExpressionError(
                f"the word {token!r} is Python's, not part of a formula", text, column
            )
        elif token == "//":
            raise ExpressionError("'//' is not part of a formula; division is '/'", text, column)
        elif token == "(":
            opened.append(column)
            if len(opened) > MAX_BRACKETS:
                raise ExpressionError(
                    f"more than {MAX_BRACKETS} brackets are open at once", text, column
                )
        elif token == ")":
            if not opened:
                raise ExpressionError("this bracket was never opened", text, column)
            opened.pop()
        position, previous = match.end(), kind
    if opened:
        raise ExpressionError("this bracket is never closed", text, opened[-1])


def number(token: str, text: str, column: int) -> Fraction:
    """The exact rational that a number spells: digits, a point, a power of ten."""
    if token[0] == "0" and token[1:2].isdigit():
        raise ExpressionError(f"the number {token!r} starts with a zero", text, column)
    mantissa, _, power = token.lower().partition("e")
    if len(mantissa) > MAX_DIGITS:
        raise ExpressionError(
            f"a number of {len(mantissa)} digits; at most {MAX_DIGITS} are read", text, column
        )
    if len(power) > 6 or abs(int(power or 0)) > MAX_DECADES:
        raise ExpressionError(
            f"a power of ten beyond 1e{MAX_DECADES} or 1e-{MAX_DECADES}", text, column
        )
    whole, _, decimals = mantissa.partition(".")
    return int(whole + decimals) * Fraction(10) ** (int(power or 0) - len(decimals))
