"""L. Flows: the density that a map gives, and the determinants that make it cheap.

A determinant is taken at one point, and there a network enters only by its value and its slope; so
each chain in which a network is affine speaks of every differentiable one.
"""

from __future__ import annotations

import sympy as sp
from sympy import Derivative, Integral, atan, cosh, exp, log, oo, sqrt, symbols, tanh

from ..claim import ChangeOfVariable, Claim, above, chain, eq
from ..language import POSITIVE, REAL, Domain, Interval
from .gaussians import normal

x, y, z = symbols("x y z")
x1, x2, u, u1, u2, w1, w2, b, c = symbols("x1 x2 u u1 u2 w1 w2 b c")
mu, s, mean, width = symbols("mu sigma m r")
alpha, beta = symbols("alpha beta")
TOPIC = "flows"
REZENDE = "Rezende, Mohamed, Variational inference with normalizing flows (2015)"


def jacobian(y1: sp.Expr, y2: sp.Expr) -> sp.Expr:
    """The determinant of the Jacobian of (x1, x2) -> (y1, y2)."""
    return Derivative(y1, x1) * Derivative(y2, x2) - Derivative(y1, x2) * Derivative(y2, x1)


def reals(*names: sp.Symbol) -> dict[sp.Symbol, Domain]:
    return dict.fromkeys(names, REAL)


# --- the change of variables -----------------------------------------------------------------------

_g = x + u * atan(x)
_to = symbols("d")
CHANGE = Claim(
    id="flow-density",
    title="A rising map of the line: the density phi(T) T' has the mass of the noise that it came from",
    topic=TOPIC,
    source=f"{REZENDE}, section 3",
    chains=(
        chain(
            Integral(normal(z, 0, 1), (z, -oo, (c - mu) / s)),
            eq(
                Integral(normal((x - mu) / s, 0, 1) / s, (x, -oo, c)),
                "z = (x - mu)/sigma",
                by=ChangeOfVariable(z, (x - mu) / s, x),
            ),
            eq(Integral(normal(x, mu, s), (x, -oo, c)), "which is the density of N(mu, sigma^2)"),
            given={mu: REAL, s: POSITIVE, c: REAL},
            label="affine",
        ),
        chain(
            Integral(normal(z, 0, 1), (z, _g.subs(x, c), _g.subs(x, _to))),
            eq(
                Integral(normal(_g, 0, 1) * Derivative(_g, x), (x, c, _to)),
                "z = x + u atan x rises",
                by=ChangeOfVariable(z, _g, x),
            ),
            given={u: Interval(-1), c: REAL, _to: Interval(c)},
            label="planar, on the line",
        ),
    ),
)
_data, _model = normal(x, mean, width), normal((x - mu) / s, 0, 1) / s
LOSS = Claim(
    id="flow-kl",
    title="KL of the data from the flow is KL of the carried data from the noise",
    topic=TOPIC,
    source="Papamakarios et al., Normalizing flows for probabilistic modeling and inference (2021)",
    chains=(
        chain(
            Integral(_data * log(_data / _model), (x, -oo, oo)),
            eq(
                Integral(
                    normal(z, (mean - mu) / s, width / s)
                    * log(normal(z, (mean - mu) / s, width / s) / normal(z, 0, 1)),
                    (z, -oo, oo),
                ),
                "x = mu + sigma z",
                by=ChangeOfVariable(x, mu + s * z, z),
            ),
            given={mean: REAL, width: POSITIVE, mu: REAL, s: POSITIVE},
        ),
    ),
)

# --- determinants in the plane ----------------------------------------------------------------------

l0, l1, m0, m1 = symbols("l0 l1 m0 m1")
COUPLING = Claim(
    id="coupling-determinant",
    title="A coupling's log-determinant is its log-scale, and it is inverted without inverting a net",
    topic=TOPIC,
    source="Dinh, Sohl-Dickstein, Bengio, Density estimation using Real NVP (2017), section 3",
    chains=(
        *(
            chain(
                log(jacobian(x1, exp(ell) * x2 + m)),
                eq(ell, "triangular: the diagonal is 1 and e^l"),
                given=given,
                label=label,
            )
            for ell, m, given, label in (
                (
                    l0 + l1 * x1,
                    m0 + m1 * x1,
                    reals(x1, x2, l0, l1, m0, m1),
                    "nets affine at the point",
                ),
                (
                    l0 * tanh(l1 * x1),
                    m0 * tanh(m1 * x1),
                    reals(x1, x2, l0, l1, m0, m1),
                    "nets of one unit",
                ),
            )
        ),
        chain(
            exp(-(l0 + l1 * x1)) * (exp(l0 + l1 * x1) * x2 + m0 + m1 * x1 - (m0 + m1 * x1)),
            eq(x2, "y1 = x1, so that the nets are known"),
            given=reals(x1, x2, l0, l1, m0, m1),
            label="inverse",
        ),
    ),
)

_h_of_s = b + c * (w1 * x1 + w2 * x2)
PLANAR = Claim(
    id="planar-determinant",
    title="A planar map's determinant is 1 + w.u h'(s), positive for h = tanh if w.u > -1",
    topic=TOPIC,
    source=f"{REZENDE}, section 4.1",
    chains=(
        chain(
            jacobian(x1 + u1 * _h_of_s, x2 + u2 * _h_of_s),
            eq(1 + c * (w1 * u1 + w2 * u2), "what the two maps share cancels"),
            given=reals(x1, x2, u1, u2, w1, w2, b, c),
            label="h(s) of slope c at the point",
        ),
        chain(
            1 + u * (1 - tanh(x) ** 2),
            eq((1 + u) / cosh(x) ** 2 + tanh(x) ** 2, "1 - tanh^2 = 1/cosh^2"),
            above(0, "u > -1"),
            given={u: Interval(-1), x: REAL},
            label="tanh at s = x, u for w.u",
        ),
    ),
)

_r = sqrt(x1**2 + x2**2)
_h = 1 / (alpha + _r)
RADIAL = Claim(
    id="radial-determinant",
    title="A radial map's determinant in the plane is (1 + beta h)(1 + beta h + beta h' r)",
    topic=TOPIC,
    source=f"{REZENDE}, section 4.1",
    chains=(
        chain(
            jacobian(x1 + beta * _h * x1, x2 + beta * _h * x2),
            eq(
                (1 + beta * _h) * (1 + beta * _h - beta * _r * _h**2),
                "across the radius it scales by 1 + beta h, along it by its slope; h' = -h^2",
            ),
            given={x1: POSITIVE, x2: REAL, alpha: POSITIVE, beta: REAL},
            label="centre 0",
        ),
        chain(
            1 + beta / (alpha + x) - beta * x / (alpha + x) ** 2,
            eq(1 + alpha * beta / (alpha + x) ** 2, "h - h^2 r = h^2 alpha"),
            above(0, "beta > -alpha, and alpha^2 < (alpha + r)^2"),
            given={alpha: POSITIVE, beta: Interval(-alpha), x: POSITIVE},
            label="along the radius, r = x",
        ),
    ),
)

a11, a12, a21, a22, z1, z2 = symbols("a11 a12 a21 a22 z1 z2")
TRACE = Claim(
    id="trace-estimator",
    title="E z.Az = tr A for standard normal z, in the plane",
    topic=TOPIC,
    source="Hutchinson, A stochastic estimator of the trace of the influence matrix (1989)",
    chains=(
        chain(
            Integral(
                (a11 * z1**2 + (a12 + a21) * z1 * z2 + a22 * z2**2)
                * normal(z1, 0, 1)
                * normal(z2, 0, 1),
                (z1, -oo, oo),
                (z2, -oo, oo),
            ),
            eq(a11 + a22, "E z1^2 = E z2^2 = 1, E z1 z2 = 0"),
            given=reals(a11, a12, a21, a22),
        ),
    ),
)

CLAIMS = (CHANGE, LOSS, COUPLING, PLANAR, RADIAL, TRACE)
