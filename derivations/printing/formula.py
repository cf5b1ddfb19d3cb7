"""A tree laid out as a textbook prints it, its author's order of terms kept.

    layout(read("1 - D*log(2*u)"))          # 1 - D log(2u), never -D log(2u) + 1
    layout(read("sqrt(KL(p, q)/2)"))        # the root of KL(P || Q)/2

Sums and products that sympy has ordered by itself (rebuilding them changes nothing) are printed
in sympy's usual order, where that order of its is none that an author could have typed; any other
is printed as it stands. Words of the
vocabulary print by their formats; a probability vector that stands for a law is a capital (p is
printed P), also inside an expression. A function that a word takes (the f of D_f) prints as a
letter, and what the letter stands for is kept in `Functions`, so that a statement says it once.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, count

import sympy as sp
from sympy.logic.boolalg import Boolean, BooleanFunction

from ..words.language import Supremum, Total
from ..words.word import Word
from . import formats, signs
from .apart import apart
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
    Product,
    Related,
    Root,
    Row,
    Scripted,
    Styled,
    Sum,
    Worded,
    fenced,
)
from .order import (
    RELATIONS,
    bounds_above,
    bounds_below,
    canonical,
    numbers_last,
    ordered_terms,
    over_and_under,
    signed_factors,
    to_the,
)

LAWS = frozenset("PQRM")  # arguments of an entry that are laws, and are printed as capitals
VECTORS = frozenset({"p", "q", "r", "m"})  # capitals inside an expression that stands for a law
LETTERS = "fghk"
INDICES = ("x", "z", "y", "i", "j")
BIG = {"Sum": "sum"}  # words that are signs, and need no definition
MARKS = {"Adjoint": "circ", "Conjugate": "*"}  # of a function made of a function

NAMES = {
    sp.exp: "exp", sp.sin: "sin", sp.cos: "cos", sp.tan: "tan", sp.sinh: "sinh", sp.cosh: "cosh",
    sp.tanh: "tanh", sp.asin: "arcsin", sp.acos: "arccos", sp.atan: "arctan", sp.asinh: "arsinh",
    sp.acosh: "arcosh", sp.atanh: "artanh", sp.erf: "erf", sp.erfc: "erfc", sp.sign: "sgn",
    sp.Max: "max", sp.Min: "min",
}  # fmt: skip
LETTERED: dict[type, Box] = {
    sp.gamma: Glyph("Gamma"), sp.LambertW: Glyph("W"), sp.digamma: Glyph("psi"),
}  # fmt: skip
CONSTANTS: dict[sp.Basic, Box] = {
    sp.pi: Glyph("pi"), sp.E: Glyph("e"), sp.oo: Glyph("oo"), sp.I: Glyph("i"),
    sp.EulerGamma: Glyph("gamma"), sp.S.Reals: Styled("bb", "R"), sp.S.EmptySet: Operator("∅"),
}  # fmt: skip


@dataclass
class Functions:
    """The letters of the functions that words take, within one statement."""

    taken: frozenset[str] = frozenset()  # names of symbols, which no function may have
    letters: dict[sp.Basic, str] = field(default_factory=dict)
    variables: dict[str, sp.Symbol] = field(default_factory=dict)
    bodies: dict[str, sp.Expr] = field(default_factory=dict)
    vectors: frozenset[str] = VECTORS  # the symbols that stand for laws
    numbers: frozenset[str] = frozenset()  # those that are given, and so no functions

    @classmethod
    def beside(cls, exprs: Iterable[sp.Basic]) -> Functions:
        """For a statement of these expressions."""
        taken: set[str] = set()
        for node in (node for e in exprs for node in sp.preorder_traversal(e)):
            if isinstance(node, sp.Symbol):
                taken.add(node.name)
            if isinstance(node, Word):
                taken.update(node.entry.letters)
        return cls(frozenset(taken))

    @property
    def index(self) -> str:
        """The letter of the atom that a sum runs over; no number of the statement has it."""
        names = chain(INDICES, (f"x_{i}" for i in count(1)))
        return next(name for name in names if name not in self.taken)

    def letter(self, f: sp.Expr, u: sp.Symbol) -> str:
        """The same letter for the same function, whatever its variable is called."""
        key = f.xreplace({u: sp.Dummy("u", dummy_index=0)}) if f.has(u) else f
        if key not in self.letters:
            name = next((n for n in LETTERS if n not in self.variables and n not in self.taken), "")
            name = name or f"f{len(self.letters)}"
            self.letters[key] = name
            self.variables[name] = u
            self.bodies[name] = f
        return self.letters[key]

    def definitions(self) -> Iterator[Box]:
        """f(u) = u log u, each letter once."""
        for name, body in self.bodies.items():
            u = layout(self.variables[name])
            yield Related((Applied(Glyph(name), u), layout(body, self)), ("=",))


def layout(expr: sp.Basic, functions: Functions | None = None) -> Box:
    """`expr` laid out; letters of functions are taken from, and added to, `functions`."""
    return _Layouter(functions or Functions.beside([expr])).box(expr)


def related(sides: list[sp.Expr], relations: list[str], functions: Functions | None = None) -> Box:
    """a <= b = c; a side alone when there is no relation."""
    there = functions or Functions.beside(sides)
    boxes = tuple(layout(side, there) for side in sides)
    return Related(boxes, tuple(relations)) if relations else boxes[0]


class _Layouter:
    def __init__(self, functions: Functions, capitals: bool = False) -> None:
        self.functions = functions
        self.capitals = capitals  # inside an argument that stands for a law

    def box(self, expr: sp.Basic) -> Box:
        if isinstance(expr, Hashable) and expr in CONSTANTS:
            return CONSTANTS[expr]
        match expr:
            case sp.Symbol():
                if self.capitals and expr.name in self.functions.vectors:
                    return signs.capital(expr.name)
                return signs.letter(expr.name)
            case sp.Number():
                return self.number(expr)
            case Word() if expr.entry.name in BIG:
                return Big(BIG[expr.entry.name], self.index(), None, self.body(expr.args[0]))
            case Word():
                return self.word(expr)
            case sp.Add():
                return self.sum(expr)
            case sp.Mul():
                return self.product(expr)
            case sp.Pow():
                return self.power(expr)
            case sp.exp():
                return Scripted(Glyph("e"), None, self.box(expr.args[0]))
            case Total():
                return Big("sum", self.index(), None, self.body(expr.term))
            case Supremum():
                return self.supremum(expr)
            case sp.Integral():
                return self.integral(expr)
            case sp.Limit():
                return self.limit(expr)
            case sp.Derivative():
                return self.derivative(expr)
            case sp.Subs():
                return self.substituted(expr)
            case sp.Piecewise():
                return Cases(
                    tuple(
                        (self.box(value), None if when == sp.true else self.box(when))
                        for value, when in expr.args
                    )
                )
            case sp.Abs():
                return Fenced("|", self.box(expr.args[0]), "|")
            case sp.core.relational.Relational():
                return Related((self.box(expr.lhs), self.box(expr.rhs)), (RELATIONS[type(expr)],))
            case sp.And():
                return self.both(expr)
            case sp.Interval():
                left = "(" if expr.left_open else "["
                right = ")" if expr.right_open else "]"
                ends = self.listed((expr.start, expr.end))
                return Fenced(left, ends, right)
            case sp.FiniteSet():
                return Fenced("{", self.listed(expr.args), "}")
            case sp.Function() | sp.Max() | sp.Min():
                return self.function(expr)
        return Foreign(sp.latex(expr), str(expr))

    def number(self, value: sp.Number) -> Box:
        if value.is_extended_negative:
            return Sum(((-1, self.box(-value)),))
        if isinstance(value, sp.Rational) and value.q != 1:
            return Fraction(Digits(str(value.p)), Digits(str(value.q)))
        return Digits(str(value)) if value.is_finite else Foreign(sp.latex(value), str(value))

    # --- sums, products, powers -------------------------------------------------------------------

    def sum(self, expr: sp.Add) -> Box:
        terms: list[tuple[int, Box]] = []
        args = ordered_terms(expr)
        for i, arg in enumerate(args):
            sign, box = self.signed(arg)
            if isinstance(box, Sum | Cases):
                box = fenced(box)
            terms.append((sign, box if i == len(args) - 1 else closed(box, "term")))
        return Sum(tuple(terms))

    def signed(self, expr: sp.Expr) -> tuple[int, Box]:
        """A term's sign and the rest."""
        if expr.is_Number and expr.is_negative:
            return -1, self.box(-expr)
        if isinstance(expr, sp.Mul):
            sign, factors = signed_factors(expr)
            return sign, self.quotient(factors, canonical(expr))
        return 1, self.box(expr)

    def product(self, expr: sp.Mul) -> Box:
        sign, factors = signed_factors(expr)
        box = self.quotient(factors, canonical(expr))
        if sign > 0:
            return box
        return Sum(((-1, fenced(box) if isinstance(box, Sum) else box),))

    def quotient(self, factors: list[sp.Expr], one_line: bool) -> Box:
        """The factors, those with a negative exponent below a line: one line for a product that
        sympy has ordered, one for each run of divisors in the author's."""
        runs: list[tuple[list[sp.Expr], list[sp.Expr]]] = [([], [])]
        for factor in factors:
            top, bottom = over_and_under(factor)
            if top is not None:
                if runs[-1][1] and not one_line and not isinstance(factor, sp.Rational):
                    runs.append(([], []))
                runs[-1][0].append(top)
            if bottom is not None:
                runs[-1][1].append(bottom)
        boxes: list[Box] = []
        for tops, bottoms in runs:
            if not bottoms:
                boxes += self.factors(tops)
                continue
            below = self.whole(bottoms)
            if len(tops) == 1 and isinstance(below, Digits) and _is_big(tops[0]):
                boxes += [Fraction(Digits("1"), below), self.factor(tops[0], last=True)]
            else:
                boxes.append(Fraction(self.whole(tops), below))
        boxes = list(_dotted([*map(closed, boxes[:-1]), boxes[-1]]))
        return boxes[0] if len(boxes) == 1 else Product(tuple(boxes))

    def whole(self, factors: list[sp.Expr]) -> Box:
        """What stands above or below a line: in brackets only inside a product."""
        if not factors:
            return Digits("1")
        if len(factors) == 1:
            return self.box(factors[0])
        boxes = list(_dotted(self.factors(factors)))
        return Product(tuple(boxes))

    def factors(self, factors: list[sp.Expr]) -> list[Box]:
        last = len(factors) - 1
        return [self.factor(each, i == last) for i, each in enumerate(factors)]

    def factor(self, expr: sp.Expr, last: bool) -> Box:
        box = self.box(expr)
        if isinstance(box, Sum | Cases | Related):
            return fenced(box)
        return box if last else closed(box)

    def power(self, expr: sp.Pow) -> Box:
        base, exponent = expr.args
        if exponent.is_Rational and exponent.is_negative:
            return Fraction(Digits("1"), self.box(to_the(base, -exponent)))
        if exponent == sp.S.Half:
            return Root(self.box(base))
        if base == sp.E:
            return Scripted(Glyph("e"), None, self.box(exponent))
        foot, head = self.box(base), self.box(exponent)
        if isinstance(foot, Scripted) and foot.above is None:
            return Scripted(foot.base, foot.below, head)  # mu_1^2
        atom = isinstance(foot, Glyph | Digits | Fenced) or (
            isinstance(foot, Worded) and not _has_head(foot)
        )
        return Scripted(foot if atom else fenced(foot), None, head)

    # --- functions and words ----------------------------------------------------------------------

    def function(self, expr: sp.Function) -> Box:
        if isinstance(expr, sp.log):
            return self.applied(Operator("log"), expr.args[0], may_be_bare=True)
        if isinstance(expr, sp.loggamma):
            inside = Applied(Glyph("Gamma"), self.box(expr.args[0]))
            return Applied(Operator("log"), inside, bare=True)
        if isinstance(expr, sp.polygamma) and expr.args[0] == 0:
            return self.applied(Glyph("psi"), expr.args[1])
        if isinstance(expr, sp.Max | sp.Min):
            return Applied(Operator(NAMES[type(expr)]), self.listed(numbers_last(expr)))
        if type(expr) in LETTERED:
            return self.applied(LETTERED[type(expr)], expr.args[0])
        if type(expr) in NAMES:
            return self.applied(Operator(NAMES[type(expr)]), expr.args[0])
        if isinstance(expr, sp.core.function.AppliedUndef):
            return Applied(signs.letter(str(expr.func)), self.listed(expr.args))
        return Foreign(sp.latex(expr), str(expr))

    def applied(self, function: Box, argument: sp.Expr, may_be_bare: bool = False) -> Applied:
        box = self.box(argument)
        plain = isinstance(box, Glyph | Digits) or (
            isinstance(box, Scripted) and isinstance(argument, sp.Symbol)
        )
        return Applied(function, box, may_be_bare and plain)

    def listed(self, args: tuple[sp.Basic, ...] | list[sp.Basic]) -> Box:
        pieces: list[Box] = []
        for arg in args:
            pieces += [Operator(","), self.box(arg)] if pieces else [self.box(arg)]
        return Row(tuple(pieces))

    def word(self, expr: Word) -> Box:
        expr, entry = apart(expr), expr.entry
        boxes = tuple(self.argument(expr, i, name) for i, name in enumerate(entry.arguments))
        return formats.laid(entry.tex, entry.text, boxes)

    def argument(self, expr: Word, i: int, name: str) -> Box:
        arg = expr.args[i]
        if name in LAWS:
            if isinstance(arg, sp.Symbol):
                return signs.capital(arg.name)
            return _Layouter(self.functions, capitals=not isinstance(arg, Word)).box(arg)
        if name == "f":
            return self.named(arg, expr.args[expr.entry.arguments.index("u")])
        return _Layouter(self.functions).box(arg)

    def named(self, f: sp.Expr, u: sp.Symbol) -> Box:
        """The letter of a function; what is itself made of a function keeps its mark."""
        if isinstance(f, sp.Symbol) and f != u and f.name not in self.functions.numbers:
            return signs.letter(f.name)
        if isinstance(f, Word) and "f" in f.entry.arguments and f.args[-1] == u:
            inner = self.named(f.args[0], f.args[f.entry.arguments.index("u")])
            if f.entry.name in MARKS:
                return Scripted(inner, None, Operator(MARKS[f.entry.name]))
        names = {s.name for s in f.free_symbols - {u}} - self.functions.numbers
        if names & {"f", "g"}:
            return _Layouter(self.functions).box(f)  # f + c (u - 1), of a function that has a name
        return Glyph(self.functions.letter(f, u))

    # --- with a bound variable --------------------------------------------------------------------

    def body(self, expr: sp.Expr) -> Box:
        box = self.box(expr)
        return fenced(box) if isinstance(box, Sum | Cases) else box

    def index(self) -> Box:
        return signs.letter(self.functions.index)

    def supremum(self, expr: Supremum) -> Box:
        expr = apart(expr)
        u, (lower, upper) = self.box(expr.variable), expr.bounds
        below, above = lower is not -sp.oo, upper is not sp.oo
        scope: Box = u
        if below and above:
            scope = Related((self.box(lower), u, self.box(upper)), ("<", "<"))
        elif below:
            scope = Related((u, self.box(lower)), (">",))
        elif above:
            scope = Related((u, self.box(upper)), ("<",))
        return Big("sup", scope, None, self.body(expr.objective))

    def integral(self, expr: sp.Integral) -> Box:
        expr = apart(expr)
        box = self.box(expr.function)
        box = fenced(box) if isinstance(box, Sum | Cases) else box
        for variable, *ends in expr.limits:
            below, above = (self.box(end) for end in ends) if len(ends) == 2 else (None, None)
            box = Big("int", below, above, box, self.box(variable))
        return box

    def limit(self, expr: sp.Limit) -> Box:
        body, variable, point, direction = expr.args
        there = self.box(point)
        side = {"+": "+", "-": "−"}.get(str(direction)) if point.is_finite else None
        if side:
            there = Scripted(there, None, Operator(side))
        scope = Row((self.box(variable), Operator("->"), there))
        return Big("lim", scope, None, self.body(body))

    def derivative(self, expr: sp.Derivative) -> Box:
        d = Operator("partial" if len(expr.expr.free_symbols) > 1 else "diff")
        order = sum(times for _, times in expr.variable_count)
        below: list[Box] = []
        for variable, times in expr.variable_count:
            v = self.box(variable)
            below += [d, Scripted(v, None, self.box(times)) if times != 1 else v]
        top: Box = d if order == 1 else Scripted(d, None, self.box(sp.sympify(order)))
        body = self.box(expr.expr)
        if isinstance(body, Sum | Cases | Product | Big | Fraction):
            body = fenced(body)
        return Product((Fraction(top, Row(tuple(below))), body))

    def substituted(self, expr: sp.Subs) -> Box:
        at = [
            Related((self.box(old), self.box(new)), ("=",))
            for old, new in zip(expr.variables, expr.point, strict=True)
        ]
        pieces: list[Box] = []
        for each in at:
            pieces += [Operator(","), each] if pieces else [each]
        return Scripted(Fenced("[", self.box(expr.expr), "]"), Row(tuple(pieces)))

    def both(self, expr: BooleanFunction) -> Box:
        """0 < x and x < 1 as one line, where it is one."""
        lower = [c for c in expr.args if isinstance(c, Boolean) and bounds_below(c)]
        upper = [c for c in expr.args if isinstance(c, Boolean) and bounds_above(c)]
        if len(expr.args) == 2 and len(lower) == len(upper) == 1:
            (a, x, r), (y, b, s) = bounds_below(lower[0]), bounds_above(upper[0])  # type: ignore[misc]
            if x == y:
                return Related((self.box(a), self.box(x), self.box(b)), (r, s))
        pieces: list[Box] = []
        for each in sorted(expr.args, key=sp.default_sort_key):
            pieces += [Operator(","), self.box(each)] if pieces else [self.box(each)]
        return Row(tuple(pieces))


def _is_big(expr: sp.Expr) -> bool:
    return isinstance(expr, Total | Supremum | sp.Integral | sp.Limit)


def _dotted(boxes: list[Box]) -> Iterator[Box]:
    """A dot where two numbers would meet, or a sign would stand between two factors."""
    for i, box in enumerate(boxes):
        if i and _begins_with_digit(box):
            yield Operator("dot")
        yield box


def _begins_with_digit(box: Box) -> bool:
    match box:
        case Digits():
            return True
        case Scripted(base):
            return _begins_with_digit(base)
        case Fraction(top, bottom):
            return isinstance(top, Digits) and isinstance(bottom, Digits)
    return False


def _has_head(word: Worded) -> bool:
    """Does the word end in an exponent, so that a second one would be misread?"""
    return isinstance(word.laid, Scripted)
