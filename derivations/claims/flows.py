"""L. Flows: the density that a map gives, and the determinants that make it cheap.

A determinant is taken at one point, and there a network enters only by its value and its slope; so
each chain in which a network is affine speaks of every differentiable one.
"""

from __future__ import annotations

import sympy as sp
from sympy import Derivative, Integral, atan, oo, symbols

from ..claim import ChangeOfVariable, Claim, above, chain, eq
from ..language import POSITIVE, REAL, Domain, Interval
from ..vocabulary import Density, Normal
from ..words.reading import read
from .gaussians import standard

x, z, x1, x2, u, u1, u2, w1, w2, b, c, d = symbols("x z x1 x2 u u1 u2 w1 w2 b c d")
mu, s, m, r, alpha, beta = symbols("mu sigma m r alpha beta")
TOPIC = "flows"
PLANE = "the plane"
REZENDE = "Rezende, Mohamed, Variational inference with normalizing flows (2015)"


def reals(names: str) -> dict[sp.Symbol, Domain]:
    return dict.fromkeys(symbols(names), REAL)


# --- the change of variables -----------------------------------------------------------------------

_standard = Normal(0, 1)
_bent = x + u * atan(x)
CHANGE = Claim(
    id="flow-density",
    title="Where T rises, the density of the law that T carries to N(0, 1) is the normal density "
    "at T(x) times the slope of T",
    name="Change of variables",
    topic=TOPIC,
    source=f"{REZENDE}, section 3",
    shown_for="two maps of the line: `(x - mu)/sigma`, and `x + u*atan(x)` with `u > -1`",
    chains=(
        chain(
            Integral(Density(_standard, z), (z, -oo, (c - mu) / s)),
            eq(
                Integral(Density(_standard, (x - mu) / s) / s, (x, -oo, c)),
                "`z = (x - mu)/sigma`",
                by=ChangeOfVariable(z, (x - mu) / s, x),
            ),
            eq(
                Integral(Density(Normal(mu, s), x), (x, -oo, c)),
                "the density of `Normal(mu, sigma)`",
            ),
            given={mu: REAL, s: POSITIVE, c: REAL},
            label="affine",
        ),
        chain(
            Integral(Density(_standard, z), (z, _bent.subs(x, c), _bent.subs(x, d))),
            eq(
                Integral(Density(_standard, _bent) * Derivative(_bent, x), (x, c, d)),
                "`z = x + u*atan(x)` rises",
                by=ChangeOfVariable(z, _bent, x),
            ),
            given={u: Interval(-1), c: REAL, d: Interval(c)},
            label="planar, on the line",
        ),
    ),
)

LOSS = Claim(
    id="flow-kl",
    title="`KL(Normal(m, r), Normal(mu, sigma)) = KL(Normal((m - mu)/sigma, r/sigma), Normal(0, 1))`: "
    "KL of the data from the flow is KL of the carried data from the noise",
    name="Maximum likelihood in either space",
    topic=TOPIC,
    source="Papamakarios et al., Normalizing flows for probabilistic modeling and inference (2021)",
    shown_for="Gaussian data and affine flows of the line",
    chains=(
        chain(
            "KL(Normal(m, r), Normal(mu, sigma))",
            eq(
                "KL(Normal((m - mu)/sigma, r/sigma), Normal(0, 1))",
                "`x = mu + sigma*z`",
                by=ChangeOfVariable(x, mu + s * z, z),
            ),
            given={m: REAL, r: POSITIVE, mu: REAL, s: POSITIVE},
        ),
    ),
)

# --- determinants in the plane ----------------------------------------------------------------------

COUPLING = Claim(
    id="coupling-determinant",
    title="`log(Jacobian(x1, exp(l)*x2 + m, x1, x2)) = l` for networks l, m of x1, which the "
    "inverse `exp(-l)*(y - m)` need not invert",
    name="Affine coupling layer",
    topic=TOPIC,
    source="Dinh, Sohl-Dickstein, Bengio, Density estimation using Real NVP (2017), section 3",
    shown_for=f"{PLANE}; networks affine at the point, or of one tanh unit",
    chains=(
        *(
            chain(
                f"log(Jacobian(x1, exp({scale})*x2 + {shift}, x1, x2))",
                eq(scale, "triangular: the diagonal is 1 and `exp(l)`"),
                given=reals("x1 x2 l0 l1 m0 m1"),
                label=label,
            )
            for scale, shift, label in (
                ("l0 + l1*x1", "m0 + m1*x1", "networks affine at the point"),
                ("l0*tanh(l1*x1)", "m0*tanh(m1*x1)", "networks of one unit"),
            )
        ),
        chain(
            "exp(-l)*((exp(l)*x2 + m) - m)",
            eq("x2", "the first coordinate is unchanged, so that l and m are known"),
            given=reals("x2 l m"),
            label="inverse",
        ),
    ),
)

_unit = "(b + c*(w1*x1 + w2*x2))"
PLANAR = Claim(
    id="planar-determinant",
    title="`Jacobian(x1 + u1*h, x2 + u2*h, x1, x2) = 1 + c*(w1*u1 + w2*u2)` where h has the slope "
    "c in `w1*x1 + w2*x2`; for tanh positive if `w1*u1 + w2*u2 > -1`",
    name="Planar flow",
    topic=TOPIC,
    source=f"{REZENDE}, section 4.1",
    shown_for=PLANE,
    chains=(
        chain(
            f"Jacobian(x1 + u1*{_unit}, x2 + u2*{_unit}, x1, x2)",
            eq("1 + c*(w1*u1 + w2*u2)", "what the two maps share cancels"),
            given=reals("x1 x2 u1 u2 w1 w2 b c"),
            label="h of slope c at the point",
        ),
        chain(
            "1 + u*(1 - tanh(x)^2)",
            eq("(1 + u)/cosh(x)^2 + tanh(x)^2", "`1 - tanh(x)^2 = 1/cosh(x)^2`"),
            above(0, "`u > -1`"),
            given={u: Interval(-1), x: REAL},
            label="tanh at x, u for w.u",
        ),
    ),
)

_r, _h = "sqrt(x1^2 + x2^2)", "1/(alpha + sqrt(x1^2 + x2^2))"
RADIAL = Claim(
    id="radial-determinant",
    title="`Jacobian(x1 + beta*h*x1, x2 + beta*h*x2, x1, x2) = "
    "(1 + beta*h)*(1 + beta*h - beta*h^2*r)`, `h = 1/(alpha + r)`; positive if `beta > -alpha`",
    name="Radial flow",
    topic=TOPIC,
    source=f"{REZENDE}, section 4.1",
    shown_for=f"{PLANE}, centre 0, off the axis `x1 = 0`",
    chains=(
        *(
            chain(
                f"Jacobian(x1 + beta*({_h})*x1, x2 + beta*({_h})*x2, x1, x2)",
                eq(
                    f"(1 + beta*({_h}))*(1 + beta*({_h}) - beta*({_h})^2*{_r})",
                    "across the radius it scales by `1 + beta*h`, along it by its slope",
                ),
                given={x1: side, x2: REAL, alpha: POSITIVE, beta: REAL},
                label=label,
            )
            for side, label in ((POSITIVE, "`x1 > 0`"), (Interval(-oo, 0), "`x1 < 0`"))
        ),
        *(
            chain(
                first,
                eq(second, why),
                above(0, f"`beta > -alpha`, {reason}"),
                given={alpha: POSITIVE, beta: Interval(-alpha), r: POSITIVE},
                label=label,
            )
            for label, first, second, why, reason in (
                ("across the radius", "1 + beta*(1/(alpha + r))",
                 "(alpha + beta + r)/(alpha + r)", "one fraction", "`r > 0`"),
                ("along the radius", "1 + beta*(1/(alpha + r)) - beta*(1/(alpha + r))^2*r",
                 "1 + alpha*beta/(alpha + r)^2", "`h - h^2*r = h^2*alpha`",
                 "and `alpha^2 < (alpha + r)^2`"),
            )
        ),
    ),
)  # fmt: skip

_form = "a11*z1^2 + (a12 + a21)*z1*z2 + a22*z2^2"
_signs = "(a11 + (a12 + a21) + a22 + a11 - (a12 + a21) + a22)/2"
TRACE = Claim(
    id="trace-estimator",
    title="The mean of z.Az is tr A for standard normal z, and for random signs",
    name="Girard-Hutchinson estimator",
    topic=TOPIC,
    source="Girard, A fast Monte-Carlo cross-validation procedure for large least squares problems "
    "with noisy data (1989)",
    shown_for=PLANE,
    note="Girard's probes are normal, Hutchinson's (1989) are signs.",
    chains=(
        chain(
            standard(read(_form), *symbols("z1 z2")),
            eq("a11 + a22", "`z1^2` and `z2^2` have the mean 1, `z1*z2` has the mean 0"),
            given=reals("a11 a12 a21 a22"),
            label="normal",
        ),
        chain(
            _signs,
            eq("a11 + a22", "`z1*z2` is 1 or -1, each with probability 1/2"),
            given=reals("a11 a12 a21 a22"),
            label="signs",
        ),
    ),
)

CLAIMS = (CHANGE, LOSS, COUPLING, PLANAR, RADIAL, TRACE)
