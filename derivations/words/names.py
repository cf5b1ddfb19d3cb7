"""How the names of symbols print: two that would look alike may not stand in one statement.

`x12` and `x_12` both print x with a 12 at its foot; a probability vector p prints P where it stands
for its law; `e`, `pi` and `oo` print like the constants. The printers take the parts of a name from
here, so that what is compared is what is printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import sympy as sp

from .word import Word

NAME = re.compile(r"[A-Za-z]+(_?\d+|_[A-Za-z][A-Za-z0-9]*)?", re.ASCII)
OTHER_NAMES = {"eps": "epsilon", "lamda": "lambda"}  # typed so, printed as
CONSTANTS = {"e": "E", "E": "E", "i": "I", "I": "I", "pi": "pi", "oo": "oo"}
OPERATORS = frozenset(
    "abs atan circ cos cosh det diff digamma dot erf erfc exp in inf int lim log loggamma max min"
    " oo partial sign sgn sin sinh sqrt sum sup tan tanh total".split()
)
LETTERED: dict[type[sp.Basic], str] = {  # nodes that print as a letter
    sp.gamma: "Gamma", sp.loggamma: "Gamma", sp.LambertW: "W", sp.polygamma: "psi",
    type(sp.EulerGamma): "gamma",
}  # fmt: skip


def split(name: str) -> tuple[str, str]:
    """A name's letter and the index at its foot: mu1 and mu_1 are ("mu", "1")."""
    if found := re.fullmatch(r"([A-Za-z]+)_(\w+)", name):
        return found[1], found[2]
    if found := re.fullmatch(r"([A-Za-z]+)(\d+)", name):
        return found[1], found[2]
    return name, ""


def capital(name: str) -> str:
    """The name that a probability vector's law has: P for p, P1 for p1; greek ones are kept."""
    base, index = split(name)
    return base.upper() + index if len(base) == 1 and base.islower() else name


def printed(name: str) -> tuple[str, str]:
    """What is seen of a name; equal for two that print alike."""
    base, index = split(name)
    return OTHER_NAMES.get(base, base), OTHER_NAMES.get(index, index)


def misread(
    symbols: Iterable[sp.Symbol], vectors: Iterable[sp.Symbol], exprs: Iterable[sp.Basic]
) -> Iterator[str]:
    """What is wrong with the names of a statement's symbols, `vectors` the probability vectors."""
    letters = dict(_letters(exprs))
    seen: dict[tuple[str, str], str] = {}
    seen_as = {(s.name, s.name) for s in symbols} | {(capital(v.name), v.name) for v in vectors}
    for written, name in sorted(seen_as):
        if not NAME.fullmatch(name):
            yield f"{name!r} is no name: letters, and then an index, as in x, mu1, x_max"
        elif name in CONSTANTS:
            yield f"the symbol {name!r} prints like a constant; call it otherwise"
        elif split(name)[0] in OPERATORS:
            yield f"the symbol {name!r} prints like a sign or a function; call it otherwise"
        elif printed(written) in letters:
            yield f"the symbol {name!r} prints like a letter of {letters[printed(written)]}"
        elif (other := seen.setdefault(printed(written), name)) != name:
            yield f"the symbols {other!r} and {name!r} print alike"


def _letters(exprs: Iterable[sp.Basic]) -> Iterator[tuple[tuple[str, str], str]]:
    """The letters that functions and words print by themselves, and who prints each."""
    for expr in exprs:
        for node in sp.preorder_traversal(expr):
            if isinstance(node, Word):
                yield from ((printed(letter), node.entry.name) for letter in node.entry.letters)
            if type(node) in LETTERED:
                yield printed(LETTERED[type(node)]), type(node).__name__
