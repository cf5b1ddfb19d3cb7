"""The parser: what it reads, that it is exact, and that hostile text is an error message, soon."""

import subprocess
import sys

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from divergences.expression import FUNCTIONS, ExpressionError, parse

u, v = sympy.Symbol("u", positive=True), sympy.Symbol("v", real=True)
NAMES = {"u": u, "v": v}
log, exp, R = sympy.log, sympy.exp, sympy.Rational

READ = {
    "u*log(u)": u * log(u),
    "(u-1)**2/(u+1)": (u - 1) ** 2 / (u + 1),
    "-2**2": sympy.Integer(-4),
    "2**-1": R(1, 2),
    "2**3**2": sympy.Integer(512),
    "1 - 2 - 3": sympy.Integer(-4),
    "8/4/2": sympy.Integer(1),
    "0.1": R(1, 10),
    ".5*u": u / 2,
    "1e-3": R(1, 1000),
    "2.50E+2": sympy.Integer(250),
    "0.1 + 0.2 - 0.3": sympy.Integer(0),
    " \n u\t+ 1 ": u + 1,
    "pi*E + e": sympy.pi * sympy.E + sympy.E,
    "abs(v) + Abs(v)": 2 * sympy.Abs(v),
    "Max(u, 1) - min(v, 2, 3)": sympy.Max(u, 1) - sympy.Min(v, 2),
    "sqrt(u) + u**(1/3)": sympy.sqrt(u) + u ** R(1, 3),
    "ln(u) + log1p(v) + expm1(v)": log(u) + log(1 + v) + exp(v) - 1,
    "LambertW(u) + LambertW(v, -1)": sympy.LambertW(u) + sympy.LambertW(v, -1),
    "where(v < 1, 1 - v, 0)": sympy.Piecewise((1 - v, v < 1), (0, True)),
    "gamma(5) + loggamma(u) + digamma(u)": 24 + sympy.loggamma(u) + sympy.digamma(u),
    "sign(v)*tanh(v)*erf(v)*atan(v)": sympy.sign(v) * sympy.tanh(v) * sympy.erf(v) * sympy.atan(v),
}


@pytest.mark.parametrize("text", READ)
def test_it_reads(text: str) -> None:
    assert parse(text, NAMES) == READ[text]


def test_symbols_are_the_callers() -> None:
    assert parse("u", NAMES) is u
    assert parse("u + v", ["u", "v"]) == sympy.Symbol("u") + sympy.Symbol("v")
    assert parse("u*v", "u v") == parse("u*v", "u, v") == sympy.Symbol("u") * sympy.Symbol("v")


def test_a_symbol_wins_over_a_constant_and_a_function() -> None:
    weight, level = sympy.Symbol("pi"), sympy.Symbol("gamma")
    assert parse("pi + gamma", {"pi": weight, "gamma": level}) == weight + level
    with pytest.raises(ExpressionError, match=r"'gamma' is a symbol.*write gamma\*"):
        parse("gamma(2)", {"gamma": level})


def test_only_the_functions_asked_for() -> None:
    only = {"log": FUNCTIONS["log"]}
    assert parse("log(u)", NAMES, functions=only) == log(u)
    with pytest.raises(ExpressionError, match="unknown function 'exp'; known are log"):
        parse("exp(u)", NAMES, functions=only)


# Text, what its message says, the column that it points at (None: no matter).
REFUSED = [
    ("", "is empty", None),
    (" \n", "is empty", None),
    ("w + u", "unknown name 'w'; known are", 1),
    ("1 + uu", "unknown name 'uu'; did you mean u", 5),
    ("1 + lgo(u)", "unknown function 'lgo'; did you mean log", 5),
    ("u(u + 1)", r"'u' is a symbol, not a function; write u\*", 1),
    ("e(u)", "'e' is a symbol, not a function", 1),
    ("1 + log", "'log' is a function; write log", 5),
    ("u^2", r"'\^' is not a power here; write '\*\*'", 2),
    ("2u", r"write '\*' between", 2),
    ("2 log(u)", "does not read as algebra", None),
    ("u +", "ends too early", 4),
    (" * u", "does not read as algebra", 2),
    ("(u + (1)", "never closed", 1),
    ("u)", "never opened", 2),
    ("log(u, 2)", r"log takes 1 argument\(s\), not 2", 1),
    ("max()", "max takes 1 to 16", 1),
    ("log(*u)", "plain arguments", 1),
    ("(log)(u)(v)", "only a function's name", 1),
    ("u, v", "a comma belongs", None),
    ("u == 1", "a comparison belongs in where", 1),
    ("where(u, 1, 2)", "a condition is one comparison", 7),
    ("where(0 < u < 1, 1, 2)", "a condition is one comparison", 7),
    ("u // 2", "division is '/'", 3),
    ("u % 2", "'%' is not part", 3),
    ("~u", "'~' is not part", 1),
    ("u = 1", "a comparison is '=='", 3),
    ("1/0", "division by zero", 3),
    ("1/(u - u)", "division by zero", 4),
    ("0**-1", "not a finite number", 1),
    ("1 + log(0)", "not a finite number", 5),
    ("0*log(0)", "not a finite number", 3),
    ("gamma(0)", "not a finite number", 1),
    ("oo - oo", "each constant is finite", 1),
    ("inf", "each constant is finite", 1),
    ("sqrt(-1)**2", "not a real number", 1),
    ("log(-2)", "not a real number", 1),
    ("(-8)**(1/3)", "not a finite real number", 1),
    ("LambertW(u, 3)", "branch of LambertW", 13),
    ("Max(sqrt(0 - 4), 1)", "not a real", 5),
    ("1_000", r"write '\*' between", 2),
    ("0x10", r"write '\*' between", 2),
    ("1j", r"write '\*' between", 2),
    ("1.2.3", r"write '\*' between", 4),
    ("007", "starts with a zero", 1),
    # Python that is no algebra
    ("u.__class__", "attributes cannot be read", 2),
    ("u[0]", "round brackets", 2),
    ("{u}", "round brackets", 1),
    ("'u'", "quotes", 1),
    ("f'{u}'", "quotes", 2),
    ('__import__("os")', "quotes", 12),
    ("__import__(u)", "unknown function '__import__'", 1),
    ("(lambda: 1)()", "'lambda' is Python's", 2),
    ("(u := 1)", "':' is not part", 4),
    ("1 if u else 2", "'if' is Python's", 3),
    ("not u", "'not' is Python's", 1),
    ("None", "'None' is Python's", 1),
    ("True", "'True' is Python's", 1),
    ("u\nimport os", "'import' is Python's", 3),
    ("u; u", "';' is not part", 2),
    ("log(x=u)", "'=' is not part", 6),
    ("...", "attributes cannot be read", 1),
    # characters that look like others, or like nothing
    ("u\u00b2", r"U\+00B2 is not part.*ASCII", 2),
    ("\u0443 + 1", r"U\+0443", 1),
    ("u \u2212 1", r"U\+2212", 3),
    ("\uff55", r"U\+FF55", 1),
    ("\u0661", r"U\+0661", 1),
    ("u\x00", r"U\+0000", 2),
    ("u\u200b", r"U\+200B", 2),
    # size, depth and magnitude
    ("9**9**9", "exponent is too large", 4),
    ("2**(10**9)", "exponent is too large", 5),
    ("(2*u)**100000", "exponent is too large", 8),
    ("u**(10**9)", "exponent 1000000000 is beyond", 1),
    ("exp(10**9*log(u))", "exponent 1000000000 is beyond", 1),
    ("2**(u + 10**9)*2**(-u)", "exponent is too large", 5),
    ("2**(10**9*log(3)/log(2))", "exponent is too large", 5),
    ("exp(10**6*log(1 + 1e-6))", "exponent is too large", 5),
    ("exp(exp(exp(exp(10))))", "a constant beyond 1e300", 9),
    ("Max(exp(exp(exp(100))), 1)", "a constant beyond 1e300", 9),
    ("exp(-exp(600))", "a constant beyond 1e300", 1),
    ("1e300*10", "a constant beyond 1e300", 1),
    ("1e999999999", "a power of ten beyond", 1),
    ("u + 1e-301", "a power of ten beyond", 5),
    ("1" * 101, "a number of 101 digits", 1),
    ("0." + "3" * 500, "a number of 502 digits", 1),
    ("1" * 5000, "5000 characters", None),
    ("gamma(10**9)", "read up to 150", 7),
    ("gamma(10**9*u/u)", "read up to 150", 7),
    ("loggamma(10**9)", "read up to 150", 10),
    ("digamma(1/10**9)", "read up to 150", 9),
    ("(" * 10000 + "u" + ")" * 10000, "20001 characters", None),
    ("(" * 900 + "u" + ")" * 900, "brackets are open", 41),
    ("-" * 1900 + "u", "nested more than", None),
    ("u**" * 600 + "u", "nested more than", None),
    ("+".join(["u*v"] * 400), "more than 600 parts", None),
    ("+".join(["Max(u,v,1,2,3)"] * 9), "more than 16 arguments", None),
]


@pytest.mark.parametrize(
    ("text", "message", "column"), REFUSED, ids=[repr(text)[:40] for text, _, _ in REFUSED]
)
def test_it_refuses(text: str, message: str, column: int | None) -> None:
    with pytest.raises(ExpressionError, match=message) as caught:
        parse(text, NAMES)
    assert isinstance(caught.value, ValueError)
    assert caught.value.text == text
    if column is not None:
        assert caught.value.column == column
        _, shown, caret = str(caught.value).split("\n")
        assert len(shown) >= len(caret) - 1 and caret.endswith("^")


def test_it_refuses_what_is_not_text() -> None:
    for given_ in (None, 3, b"u", u):
        with pytest.raises(ExpressionError, match="a formula is a str, not"):
            parse(given_, NAMES)  # type: ignore[arg-type]


def test_the_caret_stands_under_the_trouble_in_a_long_line() -> None:
    text = "u + " * 100 + "w + u" + " + u" * 100
    with pytest.raises(ExpressionError) as caught:
        parse(text, NAMES)
    _, shown, caret = str(caught.value).split("\n")
    assert shown[len(caret) - 1] == "w"


def test_every_hostile_text_is_refused_soon() -> None:
    """All of them in a fresh process that is killed long before the smallest explosion would end."""
    code = "import sys; sys.path[:0] = ['.', 'tests']\nimport test_expression as t\nt.refuse_them_all()"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def refuse_them_all() -> None:
    for text, _, _ in REFUSED:
        try:
            parse(text, NAMES)
        except ExpressionError:
            continue
        raise SystemExit(f"read: {text[:60]!r}")


def test_long_but_honest_formulas_are_read() -> None:
    assert parse(" + ".join(["u"] * 290), NAMES) == 290 * u
    assert parse("*".join(f"(u+{k})" for k in range(99)), NAMES).subs(u, 1) == sympy.factorial(99)
    assert parse("exp(" * 39 + "u" + ")" * 39, NAMES).has(u)


# A random tree, its text with every bracket written, and what sympy itself makes of the same operations.
numbers = st.integers(0, 20).map(lambda n: (str(n), sympy.Integer(n))) | st.decimals(
    0, 9, places=2, allow_nan=False
).map(lambda d: (str(d), R(str(d))))
leaves = numbers | st.sampled_from([("u", u), ("v", v), ("pi", sympy.pi)])


def _grow(trees: st.SearchStrategy) -> st.SearchStrategy:
    binary = {
        "+": lambda a, b: a + b,
        "-": lambda a, b: a - b,
        "*": lambda a, b: a * b,
    }
    unary = {
        "exp": sympy.exp,
        "tanh": sympy.tanh,
        "Abs": sympy.Abs,
        "atan": sympy.atan,
        "erf": sympy.erf,
    }
    return st.one_of(
        st.tuples(trees, st.sampled_from(sorted(binary)), trees).map(
            lambda t: (f"({t[0][0]} {t[1]} {t[2][0]})", binary[t[1]](t[0][1], t[2][1]))
        ),
        st.tuples(st.sampled_from(sorted(unary)), trees).map(
            lambda t: (f"{t[0]}({t[1][0]})", unary[t[0]](t[1][1]))
        ),
        trees.map(lambda t: (f"(-{t[0]})", -t[1])),
        st.tuples(trees, st.integers(0, 4)).map(
            lambda t: (f"({t[0][0]}**{t[1]})", t[0][1] ** t[1])
        ),
        trees.map(lambda t: (f"({t[0]}/(1 + u))", t[1] / (1 + u))),
    )


@given(st.recursive(leaves, _grow, max_leaves=8))
def test_round_trip(tree: tuple[str, sympy.Expr]) -> None:
    text, expected = tree
    try:
        result = parse(text, NAMES)
    except (
        ExpressionError
    ) as error:  # towers of exponentials of numbers are beyond the limits, nothing else is
        assert "constant beyond" in str(error) or "exponent" in str(error) or "bits" in str(error)
        return
    assert result == expected


@given(st.text(max_size=40) | st.text("uv01 .+-*/()^<=,e", max_size=40))
def test_any_text_is_an_expression_or_an_error_message(text: str) -> None:
    try:
        result = parse(text, NAMES)
    except ExpressionError:
        return
    assert result.free_symbols <= {u, v}
    assert not result.has(sympy.oo, sympy.zoo, sympy.nan, sympy.I)
