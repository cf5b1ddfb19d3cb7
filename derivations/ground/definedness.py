"""Before any rule: every node of every expression is shown to be a real, finite number.

On the stated domain each node is defined; what is differentiated is analytic there; what is
integrated is continuous (up to jumps that stay bounded) and converges absolutely at both ends; a
supremum is over a nonempty interval; a limit exists. An infinity is allowed as a whole side only,
or as a sum in which every infinite part is +oo. What is not shown is reported with its place, and
nothing is proved of it.

The walk is over the author's tree, not over what sympy makes of it: x/x asks for x != 0.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import sympy as sp

from ..words.claim import (
    AtEnd,
    AtKink,
    ByClaim,
    Chain,
    ChangeOfVariable,
    Claim,
    Stationary,
    Touching,
)
from ..words.language import Choice, Interval, Mass, PerAtom, Supremum, Total
from ..words.word import Word
from .closure import NotClosed, require_closed
from .eventual import NoLimit
from .functions import CONSTANTS, Condition, Level, Unknown, conditions, holds
from .growth import integrable_at
from .limits import limit_of
from .posed import Undefined, require_posed
from .prepare import Atoms, Prepared, merged, prepare, put, ranging
from .signs import forget, is_continuous, is_positive
from .totals import above_zero, at_least_zero, one_atoms
from .worded import unmet

JUMPS = (sp.Piecewise, sp.sign)
POINTWISE = (sp.Integral, sp.Limit, Supremum)  # need not be continuous in a parameter
Environment = Mapping[sp.Symbol, sp.Expr]


def ill_posed(claim: Claim) -> list[str]:
    """What makes no sense whatever the expressions are: numbers, names, domains, hypotheses."""
    found = []
    for number, link in enumerate(claim.chains, 1):
        try:
            _require_sense(link)
        except (Undefined, NotImplementedError) as gap:
            found.append(f"not shown to be defined: chain {number}, {gap}")
    return found


def _require_sense(link: Chain) -> list[Prepared]:
    """The cases of the chain's choices, once its names and its domains make sense."""
    require_posed(link)
    cases = list(prepare(link.unfolded))
    for prepared in cases:
        _require_domains(link, prepared)
    return cases


def undefined(claim: Claim) -> list[str]:
    """What is not shown to be defined, a line a place; an empty list means that all of it is."""
    forget()
    found: dict[str, None] = {}
    for number, link in enumerate(claim.chains, 1):
        for gap in _of_chain(link):
            found[f"not shown to be defined: chain {number}, {gap}"] = None
    return list(found)


def _of_chain(link: Chain) -> Iterator[str]:
    try:
        cases = _require_sense(link)
    except (Undefined, NotImplementedError) as nonsense:
        yield str(nonsense)
        return
    for prepared in cases:
        for place, expr in _places(link):
            if gap := next(unmet(expr, prepared), None):
                yield f"{place}: {gap}"
                return
        for place, expr in _sides(link.unfolded):
            if loose := one_atoms(prepared(expr), prepared.atoms):
                yield f"{place}: {min(loose, key=str)} stands outside of every total"
                return
        walk = Walk(prepared.where, prepared.atoms)
        vanishing = frozenset(s for s, d in link.given.items() if isinstance(d, Mass) and d.zero)
        for place, new, limit in _changes(link.unfolded):
            try:
                walk.inside(*limit).value(new)
            except (Undefined, Unknown) as gap:
                yield f"{place}: {gap}"
        for place, expr in _details(link.unfolded):
            try:
                walk.value(expr)
            except (Undefined, Unknown, NotImplementedError) as gap:
                yield f"{place}: {gap}"
        for place, expr in _places(link.unfolded):
            try:
                walk.whole(expr)
                if prepared.atoms.vanishing:
                    _require_no_indicators(expr, vanishing)
                    require_closed(expr, prepared)
            except (Undefined, Unknown, NotClosed, NotImplementedError) as gap:
                yield f"{place}: {gap}"


def _sides(link: Chain) -> Iterator[tuple[str, sp.Expr]]:
    yield "first expression", link.first
    for j, step in enumerate(link.steps, 1):
        yield f"step {j}", step.right


def _places(link: Chain) -> Iterator[tuple[str, sp.Expr]]:
    yield from _sides(link)
    yield from _details(link)


def _details(link: Chain) -> Iterator[tuple[str, sp.Expr]]:
    """What reasons and hypotheses speak of: finite numbers."""
    for j, step in enumerate(link.steps, 1):
        match step.by:
            case Stationary(at) | AtKink(at) | Touching(_, at):
                yield f"step {j}, its reason", sp.sympify(at)
            case ByClaim(_, where):
                for symbol, image in where.items():
                    yield f"step {j}, the value of {symbol}", sp.sympify(image)
            case AtEnd(end) if sp.sympify(end).is_infinite is not True:
                yield f"step {j}, its reason", sp.sympify(end)
    for hypothesis in link.hypotheses:
        yield "a hypothesis", hypothesis.lhs - hypothesis.rhs


def _changes(link: Chain) -> Iterator[tuple[str, sp.Expr, tuple[sp.Expr, sp.Expr, sp.Expr]]]:
    """What a change of variable puts for the old one, and the new one's range."""
    for j, step in enumerate(link.steps, 1):
        by, right = step.by, step.right
        if isinstance(by, ChangeOfVariable) and isinstance(right, sp.Integral):
            _, lower, upper = _range(right)
            yield f"step {j}, its reason", sp.sympify(by.new), (by.variable, lower, upper)


def _require_no_indicators(expr: sp.Expr, vanishing: frozenset[sp.Symbol]) -> None:
    """A jump may sit just where a mass vanishes: its value there is not its limit."""
    for node in expr.atoms(*JUMPS):
        if node.free_symbols & vanishing:
            raise Undefined(f"{node} may jump where a mass vanishes")


def _require_domains(link: Chain, prepared: Prepared) -> None:
    """Each range is nonempty and has real ends."""
    for symbol, domain in link.given.items():
        inner = domain.domain if isinstance(domain, PerAtom) else domain
        if isinstance(inner, Choice):
            for value in inner.values:
                if prepared(sp.sympify(value)).free_symbols & prepared.atoms.all:
                    raise Undefined(f"the value {value} of {symbol} differs from atom to atom")
                try:
                    Walk(prepared.where, prepared.atoms).value(sp.sympify(value))
                except (Undefined, Unknown) as gap:
                    raise Undefined(f"the value {value} of {symbol}: {gap}") from None
        elif isinstance(inner, Interval):
            _require_range(inner, symbol, prepared)
            ends = prepared(inner.upper).free_symbols | prepared(inner.lower).free_symbols
            if not isinstance(domain, PerAtom) and ends & prepared.atoms.all:
                raise Undefined(f"the range of {symbol} differs from atom to atom")


def _require_range(domain: Interval, symbol: sp.Symbol, prepared: Prepared) -> None:
    lower, upper = sp.sympify(domain.lower), sp.sympify(domain.upper)
    for end in (lower, upper):
        if end.is_infinite:
            continue
        Walk(prepared.where, prepared.atoms).value(end)
    if lower is sp.oo or upper is -sp.oo:
        raise Undefined(f"the range of {symbol} is empty")
    if not (lower.is_infinite or upper.is_infinite) and not is_positive(prepared(upper - lower)):
        raise Undefined(f"the range of {symbol}, ({lower}, {upper}), may be empty")


@dataclass(frozen=True)
class Walk:
    """A walk over one expression: `where` gives each symbol's prepared image.

    `smooth` are the symbols that something further up differentiates in; `running` those that an
    integral runs over.
    """

    where: Environment
    atoms: Atoms
    smooth: frozenset[sp.Symbol] = frozenset()
    running: frozenset[sp.Symbol] = frozenset()
    depth: int = 0

    # --- whole sides: infinity is a value there -------------------------------------------------

    def whole(self, expr: sp.Expr) -> None:
        if expr in (sp.oo, -sp.oo):
            return
        if isinstance(expr, sp.Limit):
            self.limit(expr, finite=False)
        elif isinstance(expr, Supremum):
            self.supremum(expr)
        elif isinstance(expr, sp.Add):
            # a sum in which parts may be +oo, and none is -oo
            for arg in expr.args:
                if not isinstance(arg, sp.Limit):
                    self.value(arg)
                elif self.limit(arg, finite=False) is -sp.oo:
                    raise Undefined(f"{arg} is -oo inside a sum")
        else:
            self.value(expr)

    # --- finite real values ---------------------------------------------------------------------

    def value(self, expr: sp.Expr) -> None:
        """Raises `Undefined` or `Unknown` unless `expr` is shown to be a finite real number."""
        if isinstance(expr, sp.Symbol):
            return
        if expr.is_Rational or expr in CONSTANTS:
            return
        if isinstance(expr, Word):
            raise Undefined(f"{expr} was not unfolded")
        if not expr.args or expr in (sp.oo, -sp.oo, sp.zoo, sp.nan):
            raise Undefined(f"{expr} is not a real number")
        special = {
            sp.Integral: self.integral,
            sp.Limit: self.limit,
            Supremum: self.nested_supremum,
            sp.Derivative: self.derivative,
            sp.Subs: self.substituted,
            sp.Piecewise: self.piecewise,
            Total: self.total,
        }
        if type(expr) in special:
            special[type(expr)](expr)
            return
        for arg in expr.args:
            if not isinstance(arg, sp.Expr):
                raise Undefined(f"{expr} is not a formula of the language")
            self.value(arg)
        for condition in conditions(expr, self.level(expr)):
            self.require(condition, expr)

    def level(self, expr: sp.Expr) -> Level:
        if self.smooth & expr.free_symbols:
            return Level.ANALYTIC
        return Level.VALUE

    def require(self, condition: Condition, node: sp.Expr) -> None:
        prepared = Condition(condition.kind, put(condition.what, self.where, self.depth))
        if not holds(prepared, self._positive, self._nonnegative):
            raise Undefined(f"{node} needs {condition}, which is not shown")
        jumping = condition.kind != "nonnegative" and self.running & condition.what.free_symbols
        if jumping and condition.what.has(*JUMPS):
            raise Undefined(f"{node} may be unbounded where {condition.what} jumps")

    def _positive(self, what: sp.Expr) -> bool:
        if isinstance(what, sp.Integral):  # of what is positive on the whole range
            function = what.function
            for x, lower, upper in what.limits:
                function = function.subs(x, ranging(x, lower, upper)[0])
            return is_positive(function)
        return above_zero(what, self.atoms)

    def _nonnegative(self, what: sp.Expr) -> bool:
        return at_least_zero(what, self.atoms) or (
            isinstance(what, sp.Mul) and all(self._nonnegative(f) for f in what.args)
        )

    def within(self, x: sp.Symbol, image: sp.Expr, **more: frozenset[sp.Symbol]) -> Walk:
        """The walk inside, where x stands for `image`."""
        inner = {"smooth": self.smooth - {x}, "running": self.running - {x}, **more}
        return Walk({**self.where, x: image}, self.atoms, depth=self.depth + 1, **inner)

    def require_one_number(self, image: sp.Expr, what: str) -> None:
        if image.free_symbols & self.atoms.all:
            raise Undefined(f"{what}, which differs from atom to atom")

    def no_slope(self, expr: sp.Expr) -> None:
        if self.smooth & expr.free_symbols:
            raise Undefined(f"{expr} is not shown to be differentiable")

    # --- the nodes that bind a variable ---------------------------------------------------------

    def total(self, expr: Total) -> None:
        self.value(expr.term)

    def piecewise(self, expr: sp.Piecewise) -> None:
        self.no_slope(expr)
        for _ in conditions(expr, Level.VALUE):
            pass
        for value, condition in expr.args:
            self.value(value)
            for atom in condition.atoms(sp.core.relational.Relational):
                self.value(atom.lhs)
                self.value(atom.rhs)

    def derivative(self, expr: sp.Derivative) -> None:
        variables = [x for x, _ in expr.variable_count]
        for x, count in expr.variable_count:
            if not (isinstance(x, sp.Symbol) and count.is_Integer):
                raise Undefined(f"{expr} is not a derivative in a symbol")
            self.require_one_number(self.where.get(x, x), f"{expr} is a derivative in {x}")
        replace(self, smooth=self.smooth | set(variables)).value(expr.expr)

    def substituted(self, expr: sp.Subs) -> None:
        inner = self
        for x, at in zip(expr.variables, expr.point, strict=True):
            self.value(at)
            self.require_one_number(put(at, self.where, self.depth), f"{expr} puts {at} for {x}")
            smooth = inner.smooth | {x} if self.smooth & at.free_symbols else inner.smooth - {x}
            inner = inner.within(x, put(at, self.where, self.depth), smooth=smooth)
        inner.value(expr.expr)

    def integral(self, expr: sp.Integral) -> None:
        """Absolutely convergent: continuous or bounded inside, integrable at both ends."""
        self.no_slope(expr)
        expr = merged(expr)
        if len(expr.limits) > 1:
            self._box(expr)
            return
        x, lower, upper = _range(expr)
        inner = self.inside(x, lower, upper, running=True)
        inner.value(expr.function)
        variable = sp.Symbol(f"i''{self.depth}", real=True)
        function = put(expr.function, {**self.where, x: variable}, self.depth + 1)
        if not expr.function.has(*POINTWISE):
            steady = True
        else:
            steady, function = False, self._carried_out(expr, function, variable)
        for end, from_below in ((lower, False), (upper, True)):
            place = put(end, self.where, self.depth)
            if not (
                (steady and self._continuous_at(expr.function, x, place))
                or _integrable(function, variable, place, from_below)
            ):
                raise Undefined(f"{expr} is not shown to converge absolutely at {end}")

    def _carried_out(self, expr: sp.Integral, function: sp.Expr, variable: sp.Symbol) -> sp.Expr:
        """The integrand with its limits in closed form, shown to be continuous: limits need not be.

        lim_t t x/(1 + t x^2) is 1/x, and 0 at x = 0.
        """
        if any(node.has(variable) for node in function.atoms(Supremum, sp.Integral)):
            raise Undefined(
                f"{expr} has a supremum or an integral in it that may not be continuous"
            )
        try:
            while limits := [n for n in function.atoms(sp.Limit) if not n.args[0].has(sp.Limit)]:
                function = function.xreplace({node: limit_of(node) for node in limits})
        except NoLimit as gap:
            raise Undefined(f"{expr} has a limit in it that is not shown: {gap}") from None
        _, lower, upper = _range(expr)
        ends = (put(end, self.where, self.depth) for end in (lower, upper))
        image, parameter = ranging(variable, *ends)
        if not is_continuous(function.subs(variable, image), parameter):
            raise Undefined(f"{expr} is of {function}, which is not shown to be continuous")
        return function

    def _continuous_at(self, function: sp.Expr, x: sp.Symbol, place: sp.Expr) -> bool:
        """Is the integrand defined, and so bounded, at this end too?"""
        if place.is_infinite:
            return False
        try:
            self.within(x, place, running=self.running | {x}).value(function)
        except (Undefined, Unknown):
            return False
        return True

    def _box(self, expr: sp.Integral) -> None:
        """A multiple integral over a box: a sum of products of functions of one variable."""
        if expr.function.has(*POINTWISE):
            raise Undefined(f"{expr} has a limit, a supremum or an integral in it")
        variables = [limit[0] for limit in expr.limits]
        inner: Walk = self
        for limit in expr.limits:
            if len(limit) != 3 or (limit[1].free_symbols | limit[2].free_symbols) & set(variables):
                raise Undefined(f"{expr} is not over a box")
            inner = inner.inside(*limit, running=True)
        inner.value(expr.function)
        images = {x: sp.Symbol(f"i''{n}", real=True) for n, x in enumerate(variables)}
        function = put(expr.function, {**self.where, **images}, self.depth + 1)
        function = sp.expand(sp.expand_log(sp.expand(function)))
        for term in sp.Add.make_args(function):
            factors = dict.fromkeys(images.values(), sp.S.One)
            for factor in sp.Mul.make_args(sp.expand(sp.powsimp(term), power_exp=True)):
                mine = factor.free_symbols & set(factors)
                if len(mine) > 1:
                    raise Undefined(f"{factor} does not separate into functions of one variable")
                for x in mine:
                    factors[x] *= factor
            for x, lower, upper in expr.limits:
                for end, from_below in ((lower, False), (upper, True)):
                    place = put(end, self.where, self.depth)
                    if not _integrable(factors[images[x]], images[x], place, from_below):
                        raise Undefined(f"{expr} is not shown to converge absolutely in {x}")

    def inside(
        self, x: sp.Symbol, lower: sp.Expr, upper: sp.Expr, *, running: bool = False
    ) -> Walk:
        """The walk with x anywhere in the open interval, which is shown not to be empty."""
        ends = []
        for end in (lower, upper):
            if end.is_finite is not False:
                self.value(end)
            ends.append(put(end, self.where, self.depth))
        if ends[0] is sp.oo or ends[1] is -sp.oo:
            raise Undefined(f"({lower}, {upper}) does not run upwards")
        if all(end.is_finite is not False for end in ends):
            if not is_positive(ends[1] - ends[0]):
                raise Undefined(f"{lower} < {upper} is not shown")
        image, _ = Interval(*ends).parametrised(f"in''{self.depth}")
        return self.within(x, image, running=self.running | {x} if running else self.running)

    def supremum(self, expr: Supremum) -> None:
        """Over a nonempty interval, of values that are all defined."""
        self.no_slope(expr)
        self.inside(expr.variable, *expr.bounds).value(expr.objective)

    def nested_supremum(self, expr: Supremum) -> None:
        raise Undefined(f"{expr} is not shown to be finite, as a part of a formula has to be")

    def limit(self, expr: sp.Limit, *, finite: bool = True) -> sp.Expr:
        """The function is defined on the side from which the point is approached."""
        self.no_slope(expr)
        function, x, end, side = expr.args
        if end in (sp.oo, -sp.oo):
            ends = (sp.S.Zero, sp.oo) if end is sp.oo else (-sp.oo, sp.S.Zero)
        else:
            self.value(end)
            ends = (end, sp.oo) if str(side) == "+" else (-sp.oo, end)
        self.inside(x, *ends).value(function)
        try:
            value = limit_of(put(expr, self.where, self.depth))
        except NoLimit as gap:
            raise Undefined(f"{expr} is not shown to exist: {gap}") from None
        if finite and not value.is_finite:
            raise Undefined(f"{expr} is infinite, as a part of a formula may not be")
        return value


def _range(expr: sp.Integral) -> tuple[sp.Symbol, sp.Expr, sp.Expr]:
    limit = expr.limits[0]
    if len(limit) != 3:
        raise Undefined(f"the integral over {limit[0]} has no limits")
    return limit[0], limit[1], limit[2]


def _integrable(f: sp.Expr, x: sp.Symbol, end: sp.Expr, from_below: bool) -> bool:
    return integrable_at(f, x, end, from_below=from_below) or integrable_at(
        sp.expand(sp.expand_log(f)), x, end, from_below=from_below
    )


__all__ = ["Undefined", "Walk", "undefined"]
