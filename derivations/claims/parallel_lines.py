"""H. The parallel lines of Arjovsky et al. (2017): P uniform on {0} x [0,1], Q on {theta} x [0,1].

For theta != 0 the supports are disjoint, so that the whole of P sits where q = 0 and the whole of
Q where p = 0: D_f = f(0) Q(p = 0) + f'(oo) P(q = 0), whatever theta is. W1 sees the distance.
"""

from __future__ import annotations

import sympy as sp
from sympy import Abs, Derivative, Integral, Limit, log, oo, sign, sqrt, symbols

from ..claim import Claim, Verdict, chain, eq
from ..language import Interval
from ._rows import ROWS, u
from .fdivergences import ENDS

theta, y, x = symbols("theta y x")
TOPIC = "parallel-lines"
ARJOVSKY = "Arjovsky, Chintala, Bottou, Wasserstein GAN (2017), Example 1"
EITHER_SIDE = (Interval(0, oo), Interval(-oo, 0))

# What the 1-Lipschitz potential (x, y) -> sign(theta) x gains is what moving each point straight
# across costs, so that both are the optimum.
gain = Integral(sign(theta) * theta, (y, 0, 1)) - Integral(sign(theta) * 0, (y, 0, 1))
cost = Integral(sqrt(theta**2), (y, 0, 1))

W1 = Claim(
    id="parallel-lines-w1",
    title="W1 between the parallel lines is |theta|, with gradient sign(theta)",
    topic=TOPIC,
    source=ARJOVSKY,
    chains=(
        *(
            chain(
                gain,
                eq(cost, "the coupling that moves (0, y) to (theta, y) costs as much"),
                eq(Abs(theta), "the distance is the same everywhere"),
                given={theta: side},
                label="dual = primal",
            )
            for side in EITHER_SIDE
        ),
        *(
            chain(
                Derivative(sqrt(theta**2), theta),
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
    ),
    lemmas=("weak-duality-of-transport",),
)


def _disjoint(row_name: str) -> sp.Expr:
    """f(0) Q(p = 0) + f'(oo) P(q = 0) with both masses 1, as limits."""
    f = ROWS[row_name].f
    return Limit(x * f.subs(u, 1 / x), x, 0, "+") + Limit(f, u, 0, "+")


DISJOINT = Claim(
    id="parallel-lines-f-divergences",
    title="Every f-divergence of the parallel lines is f(0) + f'(oo): no theta, no gradient",
    topic=TOPIC,
    source=ARJOVSKY,
    chains=tuple(
        chain(
            _disjoint(name),
            eq(at_zero + at_infinity, "each side lies wholly off the other's support"),
            given=ROWS[name].given,
            label=name,
        )
        for name, (at_zero, at_infinity) in ENDS.items()
    ),
    expected=Verdict.PROVED,  # limits have no enclosure
)

COINCIDING = Claim(
    id="parallel-lines-coincide",
    title="At theta = 0 every f-divergence of the parallel lines is f(1)",
    topic=TOPIC,
    source=ARJOVSKY,
    chains=tuple(
        chain(
            Integral(row.f.subs(u, 1), (y, 0, 1)),
            eq(-log(4) if row.name == "gan" else 0, "p = q everywhere, so f(1)"),
            given=row.given,
            label=row.name,
        )
        for row in ROWS.values()
    ),
)

CLAIMS = (W1, DISJOINT, COINCIDING)
