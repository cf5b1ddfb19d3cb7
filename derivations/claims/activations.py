"""B. Output activations as the f-GAN paper prints them: direction, range, what the output estimates.

The paper prints them twice and not alike: Table 2 of the text has the rising -exp(-v) and
1 - exp(-v) where Table 6 of the appendix has the falling -exp(v) and 1 - exp(v).
"""

from __future__ import annotations

from collections.abc import Iterator

from sympy import Derivative, Expr, Limit, Rational, Subs, Symbol, log, oo, symbols, sympify

from ..claim import Chain, Claim, at_least, at_most, chain, eq
from ..language import POSITIVE, REAL, UNIT, Domain
from ..vocabulary import at
from ..words.reading import read
from ._rows import F_GAN, PUBLISHED, ROWS, Row, a, u, w

p, q, v = symbols("p q v")
TOPIC = "conjugates"
F_GAN_MAIN = "Nowozin, Cseke, Tomioka, f-GAN (2016), Table 2"


def limits(formula: str, low: Expr, high: Expr, given: dict[Symbol, Domain]) -> tuple[Chain, Chain]:
    """The limits of a formula in v at both ends of the line."""
    return (
        chain(Limit(read(formula), v, -oo), eq(low, "the limit at -infinity"), given=given),
        chain(Limit(read(formula), v, oo, "-"), eq(high, "the limit at infinity"), given=given),
    )


Activation = tuple[str, str, Expr | int, Expr | int, str]
ACTIVATIONS: tuple[Activation, ...] = (  # name, formula, limits at -oo and oo, table
    ("total-variation", "tanh(v)/2", -Rational(1, 2), Rational(1, 2), F_GAN),
    ("kl", "v", -oo, oo, F_GAN),
    ("reverse-kl", "-exp(v)", 0, -oo, F_GAN),
    ("neyman", "1 - exp(v)", 1, -oo, F_GAN),
    ("squared-hellinger", "1 - exp(v)", 1, -oo, F_GAN),
    ("jensen-shannon", "log(2) - log(1 + exp(-v))", -oo, log(2), F_GAN),
    ("jensen-shannon-weighted", "-w*log(w) - log(1 + exp(-v))", -oo, -w * log(w), F_GAN),
    ("gan", "-log(1 + exp(-v))", -oo, 0, F_GAN),
    (
        "alpha-below-one",
        "1/(1 - alpha) - log(1 + exp(-v))",
        -oo,
        1 / (1 - a),
        F_GAN,
    ),
    ("reverse-kl-main-text", "-exp(-v)", -oo, 0, F_GAN_MAIN),
    ("squared-hellinger-main-text", "1 - exp(-v)", -oo, 1, F_GAN_MAIN),
)


def activation(
    name: str, formula: str, low: Expr | int, high: Expr | int, source: str
) -> Iterator[Claim]:
    """Direction and range of a published activation."""
    tree, falls = read(formula), high is -oo
    given: dict[Symbol, Domain] = dict.fromkeys(tree.free_symbols - {v}, UNIT)
    direction = at_most if falls else at_least
    yield Claim(
        f"activation-{name}",
        f"The published activation `{formula}` {'falls' if falls else 'rises'} with `v`",
        TOPIC,
        source,
        (chain(Derivative(tree, v), direction(0, "differentiate"), given={**given, v: REAL}),),
    )
    yield Claim(
        f"activation-range-{name}",
        f"The published activation `{formula}` runs from `{low}` to `{high}`",
        TOPIC,
        source,
        limits(formula, sympify(low), sympify(high), given),
    )


# At the optimum the critic is f'(p/q); so this is what the raw output v estimates.
ESTIMATES: tuple[tuple[str, Row, str, str, str], ...] = (
    ("reverse-kl", ROWS["reverse_kl"], "-exp(v)", "log(q/p)", F_GAN),
    ("neyman", ROWS["neyman"], "1 - exp(v)", "2*log(q/p)", F_GAN),
    ("squared-hellinger", PUBLISHED[1], "1 - exp(v)", "log(q/p)/2", F_GAN),
    ("reverse-kl-main-text", ROWS["reverse_kl"], "-exp(-v)", "log(p/q)", F_GAN_MAIN),
    ("squared-hellinger-main-text", PUBLISHED[1], "1 - exp(-v)", "log(p/q)/2", F_GAN_MAIN),
    ("jensen-shannon", PUBLISHED[0], "log(2) - log(1 + exp(-v))", "log(p/q)", F_GAN),
    ("gan", ROWS["gan"], "-log(1 + exp(-v))", "log(p/q)", F_GAN),
)


def estimate(name: str, row: Row, formula: str, output: str, source: str) -> Claim:
    """The activation at that output is the slope of f at p/q."""
    return Claim(
        f"activation-estimates-{name}",
        f"With the published activation `{formula}` the output `v = {output}` is the best critic "
        f"f'(p/q) for {row.words}",
        TOPIC,
        source,
        (
            chain(
                Subs(Derivative(row.f, u), u, p / q),
                eq(at(read(formula), v, read(output)), "differentiate"),
                given={p: POSITIVE, q: POSITIVE},
            ),
        ),
    )


CLAIMS = (
    *(claim for row in ACTIVATIONS for claim in activation(*row)),
    *(estimate(*row) for row in ESTIMATES),
)
