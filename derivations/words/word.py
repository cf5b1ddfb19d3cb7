"""A name of the vocabulary applied to its arguments: what a statement is written and printed in.

`KL(p, q)` is a tree with a name on it; `unfold` replaces the name by its definition, one step or
all the way, without evaluating anything: the printed statement and the checked one are the same
tree. A *law* (`Normal(mu, sigma)`) is a word that is no number: it stands as an argument only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from string import Formatter
from typing import Any, ClassVar

import sympy as sp
from sympy.printing.latex import LatexPrinter
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.pretty.pretty import PrettyPrinter
from sympy.printing.pretty.stringpict import prettyForm
from sympy.printing.repr import ReprPrinter
from sympy.printing.str import StrPrinter


@dataclass(frozen=True)
class Need:
    """What has to be shown of a word's arguments, before anything is proved of the word.

    `kind` is "positive" (what > 0), "nonzero", "probability" (a probability vector) or "convex"
    (a convex function of `variable` on (0, oo), the same one at every atom).
    """

    kind: str
    what: sp.Expr
    variable: sp.Symbol | None = None


def nothing(*_: sp.Basic) -> list[Need]:
    """No need beyond those of the definition's own nodes, and of arguments that are laws."""
    return []


@dataclass(frozen=True)
class Entry:
    """One row of the vocabulary.

    `arguments` names them; a capital letter stands for a law (a probability vector p, printed P,
    or a `Law`). `unfolds` builds the definition from the arguments. `defined` says for the reader
    when it is defined, `needs` what the verifier has to show for that. `tex` and `text` are format
    strings with {0}, {1}, ... for the printed arguments; `letters` are those that a format prints
    by itself and that no symbol beside it may have. `binds` says which argument is a variable that
    the word binds, and in which arguments it does.

    Raises `ValueError` when a format has no hole for an argument: two uses of the word that differ
    in it would print alike. Only a variable bound in a function f may be left out, since D_f is
    the same whatever the variable of f is called.
    """

    name: str
    arguments: tuple[str, ...]
    unfolds: Callable[..., sp.Expr]
    means: str  # the definition in words, for the reader
    defined: str  # when it is defined
    needs: Callable[..., list[Need]]
    tex: str
    text: str
    source: str
    binds: tuple[int, tuple[int, ...]] | None = None
    law: bool = False
    letters: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for kind, form in (("tex", self.tex), ("text", self.text)):
            holes = {hole for _, hole, _, _ in Formatter().parse(form) if hole is not None}
            for i, argument in enumerate(self.arguments):
                if str(i) not in holes and not self._is_left_out(i):
                    raise ValueError(
                        f"{self.name}: its {kind} {form!r} has no hole {{{i}}} for {argument}"
                    )

    def _is_left_out(self, i: int) -> bool:
        if self.binds is None:
            return False
        variable, scope = self.binds
        return i == variable and all(self.arguments[j] == "f" for j in scope)


class Word(sp.Expr):
    """One entry applied; subclasses are made by `vocabulary.py`, one a row."""

    is_commutative = True
    precedence = PRECEDENCE["Func"]
    entry: ClassVar[Entry]

    def __new__(cls, *args: Any) -> Word:
        wanted = cls.entry.arguments
        if len(args) != len(wanted):
            raise ValueError(
                f"{cls.entry.name} takes {len(wanted)} arguments ({', '.join(wanted)}), "
                f"got {len(args)}"
            )
        given = tuple(map(sp.sympify, args))
        if cls.entry.binds and not isinstance(given[cls.entry.binds[0]], sp.Symbol):
            i = cls.entry.binds[0]
            raise ValueError(
                f"{cls.entry.name} binds a variable, {wanted[i]}: a symbol is required, "
                f"got {given[i]}"
            )
        return sp.Expr.__new__(cls, *given)

    def unfold(self) -> sp.Expr:
        """The definition for these arguments, one step, unevaluated."""
        with sp.evaluate(False):
            return sp.sympify(self.entry.unfolds(*self.apart()))

    def apart(self) -> tuple[sp.Basic, ...]:
        """The arguments with the bound variable renamed where another argument names it too."""
        if self.entry.binds is None:
            return tuple(self.args)
        variable, scope = self.entry.binds
        bound = self.args[variable]
        outside = [a for i, a in enumerate(self.args) if i != variable and i not in scope]
        if not any(bound in a.free_symbols for a in outside):
            return tuple(self.args)
        taken = {s.name for a in self.args for s in a.atoms(sp.Symbol)}
        new = sp.Symbol(next(n for i in count(1) if (n := f"{bound.name}{i}") not in taken))
        return tuple(
            new if i == variable else (renamed(a, bound, new) if i in scope else a)
            for i, a in enumerate(self.args)
        )

    @property
    def free_symbols(self) -> set[sp.Symbol]:
        if self.entry.binds is None:
            return set().union(*(arg.free_symbols for arg in self.args))
        variable, scope = self.entry.binds
        found: set[sp.Symbol] = set()
        for i, arg in enumerate(self.args):
            if i in scope:
                found |= arg.free_symbols - {self.args[variable]}
            elif i != variable:
                found |= arg.free_symbols
        return found

    @property
    def bound_symbols(self) -> list[sp.Symbol]:
        return [self.args[self.entry.binds[0]]] if self.entry.binds else []

    def _eval_subs(self, old: sp.Expr, new: sp.Expr) -> Word | None:
        """A bound variable is nobody else's: a value for a symbol of its name stays outside."""
        if self.entry.binds is None or old != self.args[self.entry.binds[0]]:
            return None
        variable, scope = self.entry.binds
        return self.func(
            *(a if i in (variable, *scope) else a.subs(old, new) for i, a in enumerate(self.args))
        )

    # sympy's printers go by a class's name, and have a Uniform, a Sum and an Adjoint of their own

    def _sympystr(self, printer: StrPrinter) -> str:
        return f"{self.entry.name}({', '.join(map(printer.doprint, self.args))})"

    def _sympyrepr(self, printer: ReprPrinter) -> str:
        return f"{self.entry.name}({', '.join(map(printer.doprint, self.args))})"

    def _latex(self, printer: LatexPrinter) -> str:
        inside = ", ".join(map(printer.doprint, self.args))
        return rf"\operatorname{{{self.entry.name}}}\left({inside}\right)"

    def _pretty(self, printer: PrettyPrinter) -> prettyForm:
        del printer
        return prettyForm(str(self))


def renamed(expr: sp.Basic, old: sp.Symbol, new: sp.Symbol) -> sp.Basic:
    """Every occurrence of one symbol by another that is nowhere in `expr`; nothing evaluated."""
    if expr == old:
        return new
    if not expr.args or not expr.has(old):
        return expr
    arguments = [renamed(arg, old, new) for arg in expr.args]
    with sp.evaluate(False):
        return expr.func(*arguments)


def is_law(expr: sp.Basic) -> bool:
    return isinstance(expr, Word) and expr.entry.law


def unfold(expr: sp.Basic) -> sp.Basic:
    """`expr` with every word replaced by its definition, all the way down, nothing evaluated."""
    if isinstance(expr, Word):
        if expr.entry.law:
            raise ValueError(f"{expr.entry.name} is a law, not a number")
        return unfold(expr.unfold())
    if not expr.args or not expr.has(Word):
        return expr
    arguments = [unfold(arg) for arg in expr.args]
    if tuple(arguments) == expr.args:
        return expr
    with sp.evaluate(False):
        return expr.func(*arguments)
