"""D. Inequalities between divergences."""

from __future__ import annotations

from sympy import Abs, log, sqrt, symbols

from ..claim import Claim, TakenOnTrust, Touching, at_least, at_most, chain, eq
from ..language import POSITIVE, Mass, Total

p, q, u = symbols("p q u")
TOPIC = "inequalities"

kl = Total(p * log(p / q))
total_variation = Total(Abs(p - q)) / 2

_spread = (2 * p + 4 * q) / 3
_excess = p * log(p / q) - p + q

PINSKER = Claim(
    id="pinsker",
    title="KL >= 2 TV^2",
    topic=TOPIC,
    source="Pinsker (1964), with the constant of Csiszar (1967) and Kemperman (1969)",
    chains=(
        chain(
            (2 * u + 4) / 3 * (u * log(u) - u + 1) - (u - 1) ** 2,
            at_least(0, "convex in u, zero with zero slope at 1", Touching(u, 1)),
            given={u: POSITIVE},
            label="one ratio",
        ),
        chain(
            total_variation,
            at_most(
                Total(sqrt(_spread * _excess)) / 2,
                "the inequality above at u = p/q, times q^2, under the root",
            ),
            at_most(
                sqrt(Total(_spread) * Total(_excess)) / 2,
                "Cauchy-Schwarz",
                by=TakenOnTrust("cauchy-schwarz"),
            ),
            eq(sqrt(kl / 2), "the totals are 2 and KL"),
            given={p: Mass(), q: Mass()},
        ),
    ),
)

CLAIMS = (PINSKER,)
