"""G. Wasserstein distances, and what a critic's leash makes of them.

On the line a coupling bounds the distance from above and a potential from below; where both give
the same number, that is the distance.
"""

from __future__ import annotations

import sympy as sp
from sympy import Abs, Integral, erfc, exp, oo, pi, sqrt, symbols

from ..claim import AtEnd, Claim, Stationary, TakenOnTrust, above, at_least, at_most, chain, eq
from ..language import POSITIVE, REAL, Interval, Mass, PerAtom, Supremum, Total
from .gaussians import normal

x, y, z, d = symbols("x y z d")
theta, psi, lam, K = symbols("theta psi lambda K")
a, b, k, m1, m2, s1, s2, delta, s, plan = symbols("a b k mu1 mu2 sigma1 sigma2 delta s pi")
TOPIC = "wasserstein"
VILLANI = "Villani, Optimal Transport: Old and New (2009)"
GULRAJANI = "Gulrajani et al., Improved training of Wasserstein GANs (2017)"
DOWSON = "Dowson, Landau, The Frechet distance between multivariate normal distributions (1982)"
DUALITY = ("weak-duality-of-transport",)


def under(density: sp.Expr, value: sp.Expr) -> sp.Expr:
    return Integral(value * density, (x, -oo, oo))


def noise(value: sp.Expr) -> sp.Expr:
    """E of a function of a standard normal z."""
    return Integral(value * normal(z, 0, 1), (z, -oo, oo))


EXPONENTIAL = Claim(
    id="exponential-w1",
    title="W1 between exponential distributions is the difference of their means",
    topic=TOPIC,
    source=f"{VILLANI}, chapter 5",
    chains=(
        chain(
            Integral(x * b * exp(-b * x), (x, 0, oo)) - Integral(x * a * exp(-a * x), (x, 0, oo)),
            eq(1 / b - 1 / a, "the means"),
            eq(
                Integral((z / b - z / a) * exp(-z), (z, 0, oo)),
                "what it costs to move z/a to z/b, z exponential with mean 1",
            ),
            given={b: POSITIVE, a: Interval(b)},
            label="dual = primal",
        ),
        chain(
            Integral(exp(-b * x) - exp(-a * x), (x, 0, oo)),
            eq(1 / b - 1 / a, "e^(-b x) >= e^(-a x), so that this is the area between them"),
            given={b: POSITIVE, a: Interval(b)},
            label="area between the distribution functions",
        ),
    ),
    lemmas=DUALITY,
)

SHIFT = Claim(
    id="gaussian-w1-shift",
    title="W1 between Gaussians of the same width is the distance of their means",
    topic=TOPIC,
    source=f"{VILLANI}, chapter 5",
    chains=(
        chain(
            under(normal(x, m1, s), x) - under(normal(x, m2, s), x),
            eq(m1 - m2, "the potential x gains the difference of the means"),
            eq(noise(Abs(m1 + s * z - (m2 + s * z))), "and moving everything by it costs as much"),
            given={m2: REAL, m1: Interval(m2), s: POSITIVE},
        ),
    ),
    lemmas=DUALITY,
)

WIDTH = Claim(
    id="gaussian-w1-width",
    title="W1 between Gaussians of the same mean is sqrt(2/pi) |sigma1 - sigma2|",
    topic=TOPIC,
    source=f"{VILLANI}, chapter 5",
    chains=(
        chain(
            noise(Abs(s1 * z)) - noise(Abs(s2 * z)),
            eq(
                (s1 - s2) * sqrt(2 / pi),
                "the potential |x - mu| gains the difference of E |x - mu|",
            ),
            eq(
                noise(Abs(s1 * z - s2 * z)),
                "and stretching mu + sigma2 z to mu + sigma1 z costs that",
            ),
            given={s2: POSITIVE, s1: Interval(s2)},
        ),
    ),
    lemmas=DUALITY,
)

# Two Gaussians of different widths are the laws of c + s1 (z - k) and c + s2 (z - k): there is one
# place c where their quantiles cross, and it is the place where the best potential has its kink.
GENERAL = Claim(
    id="gaussian-w1",
    title="W1 between Gaussians on the line, in full",
    topic=TOPIC,
    source=f"{VILLANI}, chapter 5",
    chains=(
        chain(
            noise(Abs(s1 * (z - k))) - noise(Abs(s2 * (z - k))),
            eq(
                noise(Abs(s1 * (z - k) - s2 * (z - k))),
                "moving c + sigma2 (z - k) to c + sigma1 (z - k) costs what |x - c| gains",
            ),
            given={s2: POSITIVE, s1: Interval(s2), k: REAL},
            label="dual = primal, for the laws of c + sigma (z - k)",
        ),
        chain(
            noise(Abs(delta + s * z)),
            eq(
                s * sqrt(2 / pi) * exp(-(delta**2) / (2 * s**2))
                + delta * (1 - erfc(delta / (s * sqrt(2)))),
                "split where delta + s z = 0",
            ),
            given={delta: REAL, s: POSITIVE},
            label="delta = mu1 - mu2, s = |sigma1 - sigma2|",
        ),
    ),
    lemmas=DUALITY,
)

_f = (1 - s2 / s1) * (x - m1) ** 2 + 2 * (m1 - m2) * (x - m1) + (m1 - m2) ** 2
_g = (1 - s1 / s2) * (y - m2) ** 2 - 2 * (m1 - m2) * (y - m2)
W2 = Claim(
    id="gaussian-w2",
    title="W2 squared between Gaussians on the line is (mu1 - mu2)^2 + (sigma1 - sigma2)^2",
    topic=TOPIC,
    source=DOWSON,
    chains=(
        chain(
            (x - y) ** 2 - _f - _g,
            eq((s2 * (x - m1) - s1 * (y - m2)) ** 2 / (s1 * s2), "a square"),
            at_least(0, "so that f(x) + g(y) <= (x - y)^2"),
            given={x: REAL, y: REAL, m1: REAL, m2: REAL, s1: POSITIVE, s2: POSITIVE},
            label="two potentials",
        ),
        chain(
            Integral(_f * normal(x, m1, s1), (x, -oo, oo))
            + Integral(_g * normal(y, m2, s2), (y, -oo, oo)),
            eq((m1 - m2) ** 2 + (s1 - s2) ** 2, "the means vanish, the squares are the variances"),
            eq(
                noise((m1 + s1 * z - m2 - s2 * z) ** 2),
                "what moving mu1 + sigma1 z to mu2 + sigma2 z costs",
            ),
            given={m1: REAL, m2: REAL, s1: POSITIVE, s2: POSITIVE},
            label="dual = primal",
        ),
    ),
)
ORDER = Claim(
    id="w1-below-w2",
    title="W1 <= W2",
    topic=TOPIC,
    source=f"{VILLANI}, chapter 6",
    note="For every plan pi on pairs at distances d; the plan that is best for W2 gives W1 <= W2.",
    chains=(
        chain(
            Total(plan * d),
            at_most(
                sqrt(Total(plan) * Total(plan * d**2)),
                "Cauchy-Schwarz",
                by=TakenOnTrust("cauchy-schwarz"),
            ),
            eq(sqrt(Total(plan * d**2)), "the plan has total 1"),
            given={plan: Mass(), d: PerAtom(POSITIVE)},
        ),
    ),
)

penalised = theta * psi - lam * (psi - 1) ** 2
PENALTY = Claim(
    id="gradient-penalty-diracs",
    title="Between two points the gradient penalty's critic is steeper than 1",
    topic=TOPIC,
    source=GULRAJANI,
    chains=(
        chain(
            Supremum(penalised, psi, 0, oo),
            eq(
                theta + theta**2 / (4 * lam),
                "concave, and the slope theta - 2 lambda (psi - 1) is zero there",
                by=Stationary(1 + theta / (2 * lam)),
            ),
            given={theta: POSITIVE, lam: POSITIVE},
            label="the penalised value",
        ),
        chain(
            theta * (1 + theta / (2 * lam)),
            eq(theta + theta**2 / (2 * lam), "twice as far above theta"),
            given={theta: POSITIVE, lam: POSITIVE},
            label="what that critic gains",
        ),
        chain(
            theta + theta**2 / (4 * lam),
            above(theta, "theta is W1"),
            given={theta: POSITIVE, lam: POSITIVE},
            label="more than W1",
        ),
        chain(
            Supremum(theta * psi - lam * (-psi - 1) ** 2, psi, -oo, 0),
            eq(
                -theta + theta**2 / (4 * lam),
                "the slope is zero there",
                by=Stationary(-1 + theta / (2 * lam)),
            ),
            given={lam: POSITIVE, theta: Interval(0, 2 * lam)},
            label="the hump on the wrong side, 2 theta lower",
        ),
        chain(
            Supremum(theta * psi - lam * (-psi - 1) ** 2, psi, -oo, 0),
            eq(-lam, "still rising at 0", by=AtEnd(sp.S.Zero)),
            given={lam: POSITIVE, theta: Interval(2 * lam)},
            label="no such hump, theta > 2 lambda",
        ),
    ),
)
LIPSCHITZ = Claim(
    id="lipschitz-diracs",
    title="Between two points the best K-Lipschitz linear critic gains K W1",
    topic=TOPIC,
    source="Arjovsky, Chintala, Bottou, Wasserstein GAN (2017), section 3",
    chains=(
        chain(
            Supremum(theta * psi, psi, -K, K),
            eq(K * theta, "it rises up to the steepest that is allowed", by=AtEnd(K)),
            given={theta: POSITIVE, K: POSITIVE},
        ),
    ),
)
CLAIMS = (EXPONENTIAL, SHIFT, WIDTH, GENERAL, W2, ORDER, LIPSCHITZ, PENALTY)
