r"""Formulas typed as text, read into trees that keep the author's order; nothing is executed.

    read("1 - D*log(2*u)")          # 1 - D log(2 u), not -D log(2) - D log(u) + 1
    read("sqrt(KL(p, q)/2)")        # the vocabulary's names are functions

Python's own grammar does the reading (`ast`), a table says which names are functions, and every
node is built unevaluated: what is printed beside a verdict is what was typed. `0.5` is read as the
exact 1/2, `^` as a power. A name that is no function and no constant is a symbol.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from fractions import Fraction

import sympy as sp

CONSTANTS: dict[str, sp.Expr] = {"pi": sp.pi, "E": sp.E, "oo": sp.oo}
FUNCTIONS: dict[str, Callable[..., sp.Expr]] = {
    "log": sp.log, "exp": sp.exp, "abs": sp.Abs, "max": sp.Max, "min": sp.Min, "sign": sp.sign,
    "sin": sp.sin, "cos": sp.cos, "sinh": sp.sinh, "cosh": sp.cosh, "tanh": sp.tanh,
    "atan": sp.atan, "erf": sp.erf, "erfc": sp.erfc, "gamma": sp.gamma, "loggamma": sp.loggamma,
    "LambertW": sp.LambertW, "digamma": lambda x, **_: sp.polygamma(sp.S.Zero, x),
}  # fmt: skip
RELATIONS = {ast.Eq: "=", ast.LtE: "<=", ast.GtE: ">=", ast.Gt: ">", ast.Lt: "<"}
LONGEST = 4_000  # characters of a formula


class NotReadable(ValueError):
    """The text is not a formula of the language; the message says where and what was expected."""


def read(text: str) -> sp.Expr:
    """The tree of one expression. Raises `NotReadable` with the place and what to write."""
    sides, relations = _sides(text)
    if relations:
        raise NotReadable(f"one expression is expected, got a relation: {text!r}")
    return sides[0]


def read_relation(text: str) -> tuple[list[sp.Expr], list[str]]:
    """`a <= b = c` as ([a, b, c], ["<=", "="]); a single expression has no relation."""
    return _sides(text)


def _sides(text: str) -> tuple[list[sp.Expr], list[str]]:
    if len(text) > LONGEST:
        raise NotReadable(f"a formula has at most {LONGEST} characters, got {len(text)}")
    source = _as_python(text)
    try:
        body = ast.parse(source.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise NotReadable(f"{text!r} is not a formula: {error}") from None
    if not isinstance(body, ast.Compare):
        return [_node(body, text)], []
    for operator in body.ops:
        if type(operator) not in RELATIONS:
            raise NotReadable(f"a relation is one of = <= >= <  >, in {text!r}")
    sides = [_node(each, text) for each in (body.left, *body.comparators)]
    return sides, [RELATIONS[type(operator)] for operator in body.ops]


def _as_python(text: str) -> str:
    """`=` alone is an equality, `^` a power, a `||` between two laws a comma."""
    source = text.replace("^", "**").replace("||", ",")
    padded = f" {source} "
    return "".join(
        "==" if c == "=" and padded[i] not in "<>=!" and padded[i + 2] != "=" else c
        for i, c in enumerate(source)
    )


def _node(node: ast.expr, text: str) -> sp.Expr:
    match node:
        case ast.Constant(value=bool() | None | str() | complex()):
            pass
        case ast.Constant(value=int() as value):
            return sp.Integer(value)
        case ast.Constant(value=float()):
            written = Fraction(ast.get_source_segment(_as_python(text).strip(), node) or "")
            return sp.Rational(written.numerator, written.denominator)
        case ast.Name(id="e"):
            raise NotReadable(f"write E or exp(...) for the constant e, in {text!r}")
        case ast.Name(id=name):
            return CONSTANTS.get(name, sp.Symbol(name))
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return negated(_node(inner, text))
        case ast.UnaryOp(op=ast.UAdd(), operand=inner):
            return _node(inner, text)
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in _BINARY:
            return _BINARY[type(operator)](_node(left, text), _node(right, text))
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return _called(name, [_node(each, text) for each in arguments])
    raise NotReadable(f"{ast.unparse(node)!r} is not a word of the language, in {text!r}")


def _called(name: str, arguments: list[sp.Expr]) -> sp.Expr:
    from .vocabulary import VOCABULARY

    if name == "sqrt" and len(arguments) == 1:
        return sp.Pow(arguments[0], sp.S.Half, evaluate=False)
    if name in VOCABULARY:
        try:
            return VOCABULARY[name](*arguments)
        except ValueError as error:
            raise NotReadable(str(error)) from None
    if name not in FUNCTIONS:
        known = ", ".join(sorted([*FUNCTIONS, "sqrt", *VOCABULARY]))
        raise NotReadable(f"no function is called {name!r}; there are {known}")
    if name in ("max", "min"):
        return FUNCTIONS[name](*arguments, evaluate=False)
    if len(arguments) != 1:
        raise NotReadable(f"{name} takes one argument, got {len(arguments)}")
    return FUNCTIONS[name](*arguments, evaluate=False)


# --- unevaluated arithmetic -----------------------------------------------------------------------


def added(left: sp.Expr, right: sp.Expr) -> sp.Expr:
    return sp.Add(*_parts(left, sp.Add), *_parts(right, sp.Add), evaluate=False)


def subtracted(left: sp.Expr, right: sp.Expr) -> sp.Expr:
    return sp.Add(*_parts(left, sp.Add), negated(right), evaluate=False)


def negated(expr: sp.Expr) -> sp.Expr:
    if expr.is_Number:
        return -expr
    return sp.Mul(sp.S.NegativeOne, *_parts(expr, sp.Mul), evaluate=False)


def multiplied(left: sp.Expr, right: sp.Expr) -> sp.Expr:
    return sp.Mul(*_parts(left, sp.Mul), *_parts(right, sp.Mul), evaluate=False)


def divided(left: sp.Expr, right: sp.Expr) -> sp.Expr:
    if left.is_Integer and right.is_Integer and right != 0:
        return sp.Rational(left, right)
    inverse = sp.Pow(right, sp.S.NegativeOne, evaluate=False)
    return inverse if left == 1 else sp.Mul(*_parts(left, sp.Mul), inverse, evaluate=False)


def raised(left: sp.Expr, right: sp.Expr) -> sp.Expr:
    return sp.Pow(left, right, evaluate=False)


def _parts(expr: sp.Expr, kind: type[sp.Expr]) -> Iterable[sp.Expr]:
    return tuple(expr.args) if type(expr) is kind else (expr,)


_BINARY: dict[type, Callable[[sp.Expr, sp.Expr], sp.Expr]] = {
    ast.Add: added, ast.Sub: subtracted, ast.Mult: multiplied, ast.Div: divided, ast.Pow: raised,
}  # fmt: skip
