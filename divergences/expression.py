"""A person's formula to sympy, by a whitelist: nothing in the text is ever evaluated as code.

The grammar is ordinary algebra in Python's spelling::

    sum      numbers, names, + - * / **, unary + and -, round brackets, calls
    numbers  1, 12.5, .5, 1e-3: exact rationals, so that 0.1 is one tenth
    names    the caller's symbols, then pi, E and e (a symbol wins over a constant or a function)
    calls    log(u), Max(u, 1), where(u < 1, 1 - u, 0): one comparison, the value if it holds,
             the value if not; FUNCTIONS lists them all

The power is written ``**``; ``^`` is refused with that advice, because Python gives it another
precedence.

sympy computes some things the moment it is handed them (``2**100000``, ``gamma(10**9)``), so every
limit is held *before* such a value is built: the text, its nodes and its depth, the digits of
numbers, the exponents, and the size of each constant, which has to be a real number between 1e-300
and 1e300 or zero.
"""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NoReturn

import sympy
from sympy import S

from divergences._tokens import MAX_DECADES, TOKEN, ExpressionError, check_tokens, number

__all__ = ["CONSTANTS", "FUNCTIONS", "ExpressionError", "Function", "parse"]

MAX_NODES = 600
MAX_DEPTH = 40
MAX_EXPONENT = 200  # numerator and denominator of an exponent over a base that is not a number
MAX_BITS = 2000  # in the numerator or denominator of a rational
MAX_GROWTH = 20_000  # bits that raising to a power may create
MAX_GAMMA = 150  # argument of gamma and its relatives, as a number
MAX_CHOICES = 16  # arguments of Max and Min, in the whole formula


@dataclass(frozen=True)
class Function:
    """One function: how to build it, how many arguments it takes, its largest constant argument."""

    build: Callable[..., sympy.Basic]
    fewest: int = 1
    most: int | None = 1
    largest: int | None = None


FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {
        "log": Function(sympy.log),
        "ln": Function(sympy.log),
        "log1p": Function(lambda x: sympy.log(1 + x)),
        "exp": Function(sympy.exp),
        "expm1": Function(lambda x: sympy.exp(x) - 1),
        "sqrt": Function(sympy.sqrt),
        "Abs": Function(sympy.Abs),
        "abs": Function(sympy.Abs),
        "sign": Function(sympy.sign),
        "Max": Function(sympy.Max, 1, MAX_CHOICES),
        "max": Function(sympy.Max, 1, MAX_CHOICES),
        "Min": Function(sympy.Min, 1, MAX_CHOICES),
        "min": Function(sympy.Min, 1, MAX_CHOICES),
        "sin": Function(sympy.sin),
        "cos": Function(sympy.cos),
        "tan": Function(sympy.tan),
        "sinh": Function(sympy.sinh),
        "cosh": Function(sympy.cosh),
        "tanh": Function(sympy.tanh),
        "atan": Function(sympy.atan),
        "erf": Function(sympy.erf),
        "gamma": Function(sympy.gamma, largest=MAX_GAMMA),
        "loggamma": Function(sympy.loggamma, largest=MAX_GAMMA),
        "digamma": Function(sympy.digamma, largest=MAX_GAMMA),
        "LambertW": Function(sympy.LambertW, 1, 2),
        "where": Function(lambda c, a, b: sympy.Piecewise((a, c), (b, True)), 3, 3),
    }
)
CONSTANTS: Mapping[str, sympy.Expr] = MappingProxyType({"pi": S.Pi, "E": S.Exp1, "e": S.Exp1})

_COMPARISONS: Mapping[type[ast.cmpop], Callable[..., sympy.Basic]] = MappingProxyType(
    {
        ast.Lt: sympy.StrictLessThan,
        ast.LtE: sympy.LessThan,
        ast.Gt: sympy.StrictGreaterThan,
        ast.GtE: sympy.GreaterThan,
        ast.Eq: sympy.Eq,
        ast.NotEq: sympy.Ne,
    }
)
_NOT_FINITE = (S.NaN, S.ComplexInfinity, S.Infinity, S.NegativeInfinity)
_SYMPY_ERRORS = (
    ArithmeticError,
    ValueError,
    TypeError,
    AttributeError,
    NotImplementedError,
    RecursionError,
)


def parse(
    text: str,
    names: Mapping[str, sympy.Symbol] | Iterable[str],
    *,
    functions: Mapping[str, Function] = FUNCTIONS,
) -> sympy.Expr:
    """The sympy expression that a formula spells; numbers are exact, nothing is evaluated as code.

    Args:
        text: the formula, as ``"u*log(u) - (u + 1)*log((u + 1)/2)"``.
        names: the symbols the formula may use, a mapping from name to symbol; plain names (an
            iterable, or one string as ``"u v"``) become symbols without assumptions.
        functions: the functions it may call, by name.

    Returns:
        An expression in these symbols, real and finite in each of its constants.

    Raises:
        ExpressionError: (a ValueError) for anything outside the grammar or beyond the limits.

    >>> parse("(u-1)**2/(u+1)", ["u"])
    (u - 1)**2/(u + 1)
    >>> parse("0.1 + 1e-3", [])
    101/1000
    """
    if not isinstance(text, str):
        raise ExpressionError(f"a formula is a str, not {type(text).__name__}", repr(text))
    if isinstance(names, str):
        names = names.replace(",", " ").split()
    symbols = (
        dict(names) if isinstance(names, Mapping) else {name: sympy.Symbol(name) for name in names}
    )
    check_tokens(text)
    flat = re.sub(r"\s", " ", text)
    body = flat.lstrip(" ")
    try:
        tree = ast.parse(body, mode="eval").body
    except SyntaxError as error:
        end = len(flat.rstrip(" ")) + 1
        column = min(error.offset + len(flat) - len(body), end) if error.offset else end
        problem = (
            "the formula ends too early"
            if column == end
            else "the formula does not read as algebra"
        )
        raise ExpressionError(problem, text, column) from None
    except (MemoryError, RecursionError, ValueError):
        raise ExpressionError("the formula is nested too deeply", text) from None
    reader = _Reader(text, len(flat) - len(body), symbols, functions)
    reader.check_shape(tree)
    result = reader.read(tree)
    if not isinstance(result, sympy.Expr):
        raise ExpressionError("the formula is a condition, not a value", text, 1)
    return result


def _bits(expression: sympy.Basic) -> int:
    """The bits of all the rationals in an expression that raising to a power could multiply."""
    numbers = expression.atoms(sympy.Rational) - {S.One, S.NegativeOne, S.Zero}
    return sum(max(abs(n.p), n.q).bit_length() for n in numbers)


class _Reader:
    """Turns a syntax tree into sympy, a node at a time, holding each result to the limits."""

    def __init__(
        self,
        text: str,
        shift: int,
        symbols: Mapping[str, sympy.Symbol],
        functions: Mapping[str, Function],
    ) -> None:
        self.text, self.shift, self.symbols, self.functions = text, shift, symbols, functions
        self.choices = 0
        self.checked: set[sympy.Basic] = set()

    def refuse(self, problem: str, node: ast.AST) -> NoReturn:
        raise ExpressionError(problem, self.text, getattr(node, "col_offset", 0) + self.shift + 1)

    def check_shape(self, tree: ast.expr) -> None:
        """Count nodes and depth without recursion; the left spine of a sum or a product costs no depth."""
        count, todo = 0, [(tree, 1)]
        while todo:
            node, depth = todo.pop()
            count += 1
            if count > MAX_NODES:
                raise ExpressionError(f"the formula has more than {MAX_NODES} parts", self.text)
            if depth > MAX_DEPTH:
                self.refuse(f"the formula is nested more than {MAX_DEPTH} deep", node)
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    spine = isinstance(node, ast.BinOp) and child is node.left
                    todo.append((child, depth + (not spine)))

    def read(self, node: ast.expr) -> sympy.Expr:
        match node:
            case ast.Constant():
                token = self.text[
                    node.col_offset + self.shift : (node.end_col_offset or 0) + self.shift
                ]
                if type(node.value) not in (int, float) or not TOKEN.fullmatch(token):
                    self.refuse(f"{token!r} is not a number of a formula", node)
                return sympy.Rational(number(token, self.text, node.col_offset + self.shift + 1))
            case ast.Name():
                return self.name(node)
            case ast.UnaryOp(op=ast.USub()):
                return self.check(-self.read(node.operand), node)
            case ast.UnaryOp(op=ast.UAdd()):
                return self.read(node.operand)
            case ast.BinOp():
                return self.arithmetic(node)
            case ast.Call():
                return self.call(node)
            case ast.Compare():
                self.refuse(
                    "a comparison belongs in where(condition, value if true, value if not)", node
                )
            case ast.Tuple():
                self.refuse("a comma belongs between the arguments of a function", node)
        self.refuse(f"{type(node).__name__} is not part of a formula", node)

    def name(self, node: ast.Name) -> sympy.Expr:
        known = {**CONSTANTS, **self.symbols}
        if node.id in known:
            return known[node.id]
        if node.id in self.functions:
            self.refuse(f"{node.id!r} is a function; write {node.id}(...)", node)
        if node.id.lower() in ("oo", "inf", "infinity", "nan"):
            self.refuse(f"{node.id!r} is not a number of a formula: each constant is finite", node)
        self.refuse(f"unknown name {node.id!r}{self.near(node.id, list(known))}", node)

    def near(self, name: str, known: list[str]) -> str:
        close = difflib.get_close_matches(name, known, n=3, cutoff=0.6)
        return (
            f"; did you mean {' or '.join(close)}?"
            if close
            else f"; known are {', '.join(sorted(known))}"
        )

    def arithmetic(self, node: ast.BinOp) -> sympy.Expr:
        """Walk down the left spine, then build from the bottom up, so that a long sum takes no stack."""
        spine = [node]
        while isinstance(spine[-1].left, ast.BinOp):
            spine.append(spine[-1].left)
        value = self.read(spine[-1].left)
        for step in reversed(spine):
            other = self.read(step.right)
            match step.op:
                case ast.Add():
                    value = self.check(value + other, step)
                case ast.Sub():
                    value = self.check(value - other, step)
                case ast.Mult():
                    value = self.check(value * other, step)
                case ast.Div():
                    if other.is_zero:
                        self.refuse("division by zero", step.right)
                    value = self.check(value / other, step)
                case ast.Pow():
                    self.check_power(value, other, step.right)
                    value = self.check(self.build(sympy.Pow, [value, other], step), step)
                case _:
                    self.refuse(f"{type(step.op).__name__} is not part of a formula", step)
        return value

    def call(self, node: ast.Call) -> sympy.Expr:
        if not isinstance(node.func, ast.Name):
            self.refuse(
                "only a function's name can stand before a bracket; write '*' to multiply", node
            )
        name = node.func.id
        if name in self.symbols or (name in CONSTANTS and name not in self.functions):
            self.refuse(
                f"{name!r} is a symbol, not a function; write {name}*(...) to multiply", node
            )
        function = self.functions.get(name)
        if function is None:
            self.refuse(f"unknown function {name!r}{self.near(name, list(self.functions))}", node)
        if node.keywords or any(isinstance(argument, ast.Starred) for argument in node.args):
            self.refuse(f"{name} takes plain arguments only", node)
        if len(node.args) < function.fewest or (
            function.most is not None and len(node.args) > function.most
        ):
            most = "any number" if function.most is None else function.most
            wanted = function.fewest if function.fewest == most else f"{function.fewest} to {most}"
            self.refuse(f"{name} takes {wanted} argument(s), not {len(node.args)}", node)
        if name == "where":
            arguments = [self.condition(node.args[0]), *map(self.read, node.args[1:])]
        else:
            arguments = [self.read(argument) for argument in node.args]
        if name == "LambertW" and arguments[1:] not in ([], [S.Zero], [S.NegativeOne]):
            self.refuse("the branch of LambertW is 0 or -1", node.args[1])
        if name.lower() in ("max", "min"):
            self.choices += len(arguments)
            if self.choices > MAX_CHOICES:
                self.refuse(f"more than {MAX_CHOICES} arguments of Max and Min", node)
        if name in ("exp", "expm1"):
            self.check_power(S.Exp1, arguments[0], node.args[0])
        if function.largest is not None:
            self.check_gamma(arguments[0], function.largest, name, node.args[0])
        return self.check(self.build(function.build, arguments, node), node)

    def condition(self, node: ast.expr) -> sympy.Basic:
        if (
            not isinstance(node, ast.Compare)
            or len(node.ops) != 1
            or type(node.ops[0]) not in _COMPARISONS
        ):
            self.refuse("a condition is one comparison, such as u < 1", node)
        sides = [self.read(node.left), self.read(node.comparators[0])]
        return self.build(_COMPARISONS[type(node.ops[0])], sides, node)

    def build(
        self, function: Callable[..., sympy.Basic], arguments: list[sympy.Basic], node: ast.expr
    ) -> sympy.Expr:
        try:
            return function(*arguments)
        except _SYMPY_ERRORS as error:
            self.refuse(
                f"this has no meaning as algebra: {str(error).splitlines()[0] if str(error) else error!r}",
                node,
            )

    def check_power(self, base: sympy.Expr, exponent: sympy.Expr, node: ast.expr) -> None:
        """Refuse a power whose digits sympy would write out, now or when it later collects like bases."""
        numbers = exponent.atoms(sympy.Rational)
        largest = max((max(abs(n.p), n.q) for n in numbers), default=0)
        logarithms = sum(_bits(part) for part in exponent.atoms(sympy.log))
        if largest > 1 and largest * (_bits(base) + logarithms) > MAX_GROWTH:
            self.refuse(
                f"the exponent is too large: the power would have more than {MAX_GROWTH} bits", node
            )

    def check_gamma(self, argument: sympy.Expr, largest: int, name: str, node: ast.expr) -> None:
        if argument.free_symbols:
            return
        parts = (
            (argument.p, argument.q) if argument.is_Rational else (self.constant(argument, node),)
        )
        if any(abs(part) > largest for part in parts):
            self.refuse(f"{name} of a number is read up to {largest}", node)

    def check(self, value: sympy.Expr, node: ast.expr) -> sympy.Expr:
        """Hold a result to the limits: finite, real where constant, and no number or exponent too large."""
        todo: list[sympy.Basic] = [value]
        while todo:
            part = todo.pop()
            if part in self.checked:
                continue
            self.checked.add(part)
            if part in _NOT_FINITE:
                self.refuse("this is not a finite number", node)
            if part is S.ImaginaryUnit:
                self.refuse("this is not a real number", node)
            if part.is_Rational and max(abs(part.p), part.q).bit_length() > MAX_BITS:
                self.refuse(f"a number of more than {MAX_BITS} bits", node)
            if (
                part.is_Pow
                and part.exp.is_Rational
                and max(abs(part.exp.p), part.exp.q) > MAX_EXPONENT
            ):
                self.refuse(f"the exponent {part.exp} is beyond {MAX_EXPONENT}", node)
            todo.extend(part.args)
        if not value.free_symbols:
            self.constant(value, node)
        return value

    def constant(self, value: sympy.Expr, node: ast.expr) -> sympy.Expr:
        """A constant to 15 digits; real, and zero or between 1e-300 and 1e300."""
        number = value.evalf(15)
        if number in _NOT_FINITE or number.is_real is False:
            self.refuse("this is not a finite real number", node)
        if number.is_Float and number != 0:
            decades = abs(sympy.log(abs(number), 10).evalf(8))
            if decades > MAX_DECADES + 1e-6:
                self.refuse(f"a constant beyond 1e{MAX_DECADES} or 1e-{MAX_DECADES}", node)
        return number
