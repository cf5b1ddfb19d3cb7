"""A claim's expressions, hypotheses and reasons in LaTeX, as a textbook would print them."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from sympy.printing.latex import LatexPrinter

from derivations.claim import (
    AtEnd,
    AtKink,
    ByClaim,
    Chain,
    ChangeOfVariable,
    Choice,
    Interval,
    Mass,
    PerAtom,
    Reason,
    Relation,
    Stationary,
    Touching,
)
from derivations.language import Domain

RELATIONS = {Relation.AT_MOST: r"\le", Relation.AT_LEAST: r"\ge"}  # others as they are
LONG = 110  # characters of LaTeX in a line, beyond which a statement is broken at its relation


class _Printer(LatexPrinter):
    """sympy's own, with `log u` and `sgn` as they are written by hand, and small integral signs."""

    def _print_log(self, expr: sp.log, exp: str | None = None) -> str:
        (argument,) = expr.args
        power = f"^{{{exp}}}" if exp else ""
        plain = argument.is_Symbol or (argument.is_Integer and argument.is_positive)
        inside = self._print(argument) if plain else rf"\left({self._print(argument)}\right)"
        return rf"\log{power} {inside}"

    def _print_sign(self, expr: sp.Expr, exp: str | None = None) -> str:
        power = f"^{{{exp}}}" if exp else ""
        return rf"\operatorname{{sgn}}{power} \left({self._print(expr.args[0])}\right)"

    def _print_Integral(self, expr: sp.Integral) -> str:
        return super()._print_Integral(expr).replace(r"\int\limits", r"\int")


def tex(expr: sp.Basic) -> str:
    return _Printer({"ln_notation": False, "mul_symbol": None}).doprint(expr)


def relation(kind: Relation) -> str:
    return RELATIONS.get(kind, str(kind))


def statement(link: Chain) -> str:
    """first = last, in display style; in two lines where one would be too long."""
    left, right = tex(link.first), tex(link.last)
    sign = relation(link.relation)
    if len(left) + len(right) <= LONG:
        return rf"{left} \;{sign}\; {right}"
    return rf"\begin{{aligned}} & {left} \\ & \quad {sign}\; {right} \end{{aligned}}"


def hypotheses(link: Chain) -> Iterator[str]:
    """Each hypothesis as text with `$...$`; symbols of the same domain share one."""
    groups: dict[Domain, list[str]] = {}
    for symbol, domain in link.given.items():
        groups.setdefault(domain, []).append(tex(symbol))
    for domain, names in groups.items():
        yield _domain(names, domain)
    for each in link.hypotheses:
        yield f"${tex(each)}$"


def _domain(names: list[str], domain: Domain) -> str:
    joined = ", ".join(names)
    if isinstance(domain, Mass):
        many = len(names) > 1
        return f"${joined}$ {'' if many else 'a '}probability vector{'s' if many else ''} > 0"
    if isinstance(domain, PerAtom):
        return f"{_domain(names, domain.domain)} at every atom $x$"
    if isinstance(domain, Choice):
        values = ", ".join(tex(sp.sympify(v)) for v in domain.values)
        single = len(domain.values) == 1
        return f"${joined} = {values}$" if single else rf"${joined} \in \{{{values}\}}$"
    assert isinstance(domain, Interval)
    lower, upper = domain.lower, domain.upper
    if lower is -sp.oo and upper is sp.oo:
        return rf"${joined} \in \mathbb{{R}}$"
    if upper is sp.oo:
        return f"${joined} > {tex(lower)}$"
    if lower is -sp.oo:
        return f"${joined} < {tex(upper)}$"
    return f"${tex(lower)} < {joined} < {tex(upper)}$"


def reason(by: Reason) -> str:
    """What the reason adds to a step's own words, as text with `$...$`; empty for plain algebra."""
    match by:
        case Stationary(at):
            return f"attained where the slope is zero, at ${tex(at)}$"
        case AtKink(at):
            return f"attained at the kink ${tex(at)}$"
        case AtEnd(end):
            return f"the limit at the end ${tex(end)}$"
        case ChangeOfVariable(old, new, _):
            return f"${tex(old)} = {tex(new)}$"
        case Touching(variable, at):
            return f"convex in ${tex(variable)}$, touching zero at ${tex(at)}$"
        case ByClaim(_, where) if where:
            return "with " + ", ".join(f"${tex(a)} := {tex(b)}$" for a, b in where.items())
    return ""
