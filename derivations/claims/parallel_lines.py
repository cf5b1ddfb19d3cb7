"""H. The parallel lines of Arjovsky et al. (2017): P uniform on {0} x [0,1], Q on {theta} x [0,1].

For theta != 0 the supports are disjoint, so that the whole of P sits where q = 0 and the whole of
Q where p = 0: D_f = f(0) Q(p = 0) + f'(oo) P(q = 0), whatever theta is. W1 sees the distance.
"""

from __future__ import annotations

from sympy import Derivative, Expr, Integral, Limit, oo, sign, symbols

from ..claim import Claim, at_most, chain, eq
from ..language import REAL, Interval
from ..vocabulary import D, Uniform, at
from ..words.reading import added, multiplied, read, subtracted
from ._rows import ROWS, Row, u

theta, y, x = symbols("theta y x")
x1, x2, y1, y2 = symbols("x1 x2 y1 y2")
TOPIC = "parallel-lines"
ARJOVSKY = "Arjovsky, Chintala, Bottou, Wasserstein GAN (2017), Example 1"
EITHER_SIDE = (Interval(0, oo), Interval(-oo, 0))
ROWS_SHOWN = f"the catalogue's {len(ROWS)} rows"

# What the 1-Lipschitz potential (x, y) -> sign(theta) x gains is what moving each point straight
# across costs, so that both are the optimum.
potential = read("sign(theta)*x")
gain = subtracted(
    Integral(at(potential, x, theta), (y, 0, 1)), Integral(at(potential, x, read("0")), (y, 0, 1))
)
cost = Integral(read("sqrt((theta - 0)^2 + (y - y)^2)"), (y, 0, 1))

W1 = Claim(
    id="parallel-lines-w1",
    title="A coupling of the lines costs `abs(theta)` and a 1-Lipschitz potential gains as much, "
    "so that their W1 is `abs(theta)`, with the slope `sign(theta)`",
    topic=TOPIC,
    source=ARJOVSKY,
    chains=(
        *(
            chain(
                gain,
                eq(cost, "the coupling that moves (0, y) to (theta, y) costs as much"),
                eq("abs(theta)", "the distance is the same everywhere"),
                given={theta: side},
                label="dual = primal",
            )
            for side in EITHER_SIDE
        ),
        *(
            chain(
                Derivative(read("abs(theta)"), theta),
                eq(sign(theta), "differentiate"),
                given={theta: side},
                label="gradient",
            )
            for side in EITHER_SIDE
        ),
        chain(
            cost.subs(theta, 0),
            eq(0, "the lines coincide"),
            label="theta = 0",
        ),
        *(
            chain(
                "abs(sign(theta)*x1 - sign(theta)*x2)",
                eq("abs(x1 - x2)", "|sign(theta)| = 1"),
                eq("sqrt((x1 - x2)^2)", "a number's distance from 0"),
                at_most("sqrt((x1 - x2)^2 + (y1 - y2)^2)", "a square is not negative"),
                given={theta: side, **dict.fromkeys((x1, x2, y1, y2), REAL)},
                label="1-Lipschitz",
            )
            for side in EITHER_SIDE
        ),
    ),
    lemmas=("weak-duality-of-transport",),
)


def _disjoint(row: Row) -> Expr:
    """f'(oo) P(q = 0) + f(0) Q(p = 0) with both masses 1, as limits."""
    return added(Limit(multiplied(x, at(row.f, u, 1 / x)), x, 0, "+"), Limit(row.f, u, 0, "+"))


def _sum_of_ends(row: Row) -> str:
    return row.greatest or "oo"


DISJOINT = Claim(
    id="parallel-lines-f-divergences",
    title="On lines that do not meet D_f is f(0) + f'(oo), without `theta`: no gradient",
    topic=TOPIC,
    source=ARJOVSKY,
    chains=tuple(
        chain(
            _disjoint(row),
            eq(_sum_of_ends(row), "each side lies wholly off the other's support"),
            given=row.given,
            label=row.name,
        )
        for row in ROWS.values()
    ),
    shown_for=ROWS_SHOWN,
    note="The part of P off Q's support adds f'(oo) times its mass, the part of Q off P's f(0) "
    "times its own: the convention that the claims off-support-... state.",
)

COINCIDING = Claim(
    id="parallel-lines-coincide",
    title="At `theta = 0` D_f is f(1): the lines' laws are `Uniform(0, 1)` twice",
    topic=TOPIC,
    source=ARJOVSKY,
    chains=tuple(
        chain(
            D(row.f, u, Uniform(0, 1), Uniform(0, 1)),
            eq(row.at_one, "p = q everywhere, so f(1)"),
            given=row.given,
            label=row.name,
        )
        for row in ROWS.values()
    ),
    shown_for=ROWS_SHOWN,
)

CLAIMS = (W1, DISJOINT, COINCIDING)
