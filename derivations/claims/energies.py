"""M. Energies, their scores, and the walk that is to sample them, on Gaussians."""

from __future__ import annotations

import sympy as sp
from sympy import Derivative, Limit, Rational, log, oo, symbols

from ..claim import Claim, above, at_least, at_most, chain, eq
from ..language import POSITIVE, REAL, Domain, Interval, Mass, PerAtom
from ..vocabulary import Density, E, Mean, Normal, Score
from ..words.reading import read
from .gaussians import standard

x, y, z, xi, eta, r, r0, k, h = symbols("x y z xi eta r r0 k h")
mu, s, t, a, b, c, p, v = symbols("mu sigma tau a b c p v")
TOPIC = "energies"
HYVARINEN = "Hyvarinen, Estimation of non-normalized statistical models (2005)"
PEDREGOSA = (
    "Pedregosa, On the convergence of the unadjusted Langevin algorithm: insights from the "
    "quadratic model (2023)"
)

# --- Langevin's step x - eta x + sqrt(2 eta) xi on E(x) = x^2 / 2 -------------------------------

STEP = Interval(0, 2)
SETTLED = "1/(1 - eta/2)"
AFTER = f"{SETTLED} + ((1 - eta)^2)^{{k}}*(r0^2 - {SETTLED})"  # after k steps from r0^2


LANGEVIN = Claim(
    id="langevin-variance",
    title="An unadjusted Langevin step `x - eta*x + sqrt(2*eta)*xi` on N(0, 1) takes the variance "
    f"v to `(1 - eta)^2*v + 2*eta`, which brings it nearer to `{SETTLED}`, and that is above 1",
    name="Bias of the unadjusted Langevin algorithm",
    topic=TOPIC,
    source=PEDREGOSA,
    shown_for="the target N(0, 1), from a normal law of variance v; `0 < eta < 2`",
    chains=(
        chain(
            standard(read("(r*z - eta*r*z + sqrt(2*eta)*xi)^2"), z, xi),
            eq("(1 - eta)^2*r^2 + 2*eta", "z and xi are independent, of mean 0 and variance 1"),
            given={eta: POSITIVE, r: POSITIVE},
            label="one step from `x = r*z`, `v = r^2`",
        ),
        chain(
            f"(1 - eta)^2*({SETTLED}) + 2*eta",
            eq(SETTLED, "algebra"),
            given={eta: STEP},
            label="fixed",
        ),
        chain(
            f"(1 - eta)^2*v + 2*eta - {SETTLED}",
            eq(f"(1 - eta)^2*(v - {SETTLED})", "and `(1 - eta)^2 < 1`"),
            given={eta: STEP, v: POSITIVE},
            label="the distance to it",
        ),
        chain(1, above("(1 - eta)^2", "`0 < eta < 2`"), given={eta: STEP}, label="shrinks"),
        chain(
            SETTLED,
            eq("1 + eta/(2 - eta)", "algebra"),
            above(1, "`0 < eta < 2`"),
            given={eta: STEP},
            label="above 1",
        ),
    ),
)

_SIDES = ((Interval(0, 1), "`eta < 1`"), (Interval(1, 2), "`eta > 1`"))
TRANSIENT = Claim(
    id="langevin-transient",
    title=f"The variance after k unadjusted Langevin steps is `{AFTER.format(k='k')}`, which tends "
    f"to `{SETTLED}`",
    name="Convergence of the unadjusted Langevin algorithm",
    topic=TOPIC,
    source=PEDREGOSA,
    shown_for="the target N(0, 1), from `Normal(0, r0)`; `0 < eta < 1` and `1 < eta < 2` (at 1 "
    "one step arrives)",
    chains=(
        chain(
            AFTER.format(k="0"),
            eq("r0^2", "`k = 0`"),
            given={eta: STEP, r0: POSITIVE},
            label="start",
        ),
        *(
            chain(
                f"(1 - eta)^2*({AFTER.format(k='k')}) + 2*eta",
                eq(
                    AFTER.format(k="(k + 1)"),
                    f"`(1 - eta)^2` times what is left of the distance to `{SETTLED}`",
                ),
                given={eta: domain, r0: POSITIVE, k: REAL},
                label=f"from k to `k + 1`, {label}",
            )
            for domain, label in _SIDES
        ),
        *(
            chain(
                Limit(read(AFTER.format(k="k")), k, oo, "-"),
                eq(SETTLED, "`(1 - eta)^2 < 1`"),
                given={eta: domain, r0: POSITIVE},
                label=f"many steps, {label}",
            )
            for domain, label in _SIDES
        ),
    ),
)

PRICE = Claim(
    id="langevin-kl",
    title="`KL(Normal(0, 1), Normal(0, 1/sqrt(1 - eta/2))) = -log(1 - eta/2)/2 - eta/4 "
    ">= eta^2/16`: what the bias of the step `eta` costs on N(0, 1), in nats",
    name="Bias of the unadjusted Langevin algorithm in KL",
    topic=TOPIC,
    source="Kullback, Information theory and statistics (1959), chapter 9, at the step's own variance",
    shown_for="the target N(0, 1); `0 < eta < 2`",
    chains=(
        *(
            chain(
                f"KL({first}, {second})",
                eq(value, why),
                given={h: POSITIVE},
                label=f"KL({label}), the walk's variance `1/h`",
            )
            for first, second, value, why, label in (
                (
                    "Normal(0, 1)",
                    "Normal(0, 1/sqrt(h))",
                    "(h - 1 - log(h))/2",
                    "`x^2` has the mean 1",
                    "target || walk",
                ),
                (
                    "Normal(0, 1/sqrt(h))",
                    "Normal(0, 1)",
                    "(1/h - 1 + log(h))/2",
                    "`x^2` has the mean `1/h`",
                    "walk || target",
                ),
            )
        ),
        chain(
            "KL(Normal(0, 1), Normal(0, 1/sqrt(1 - eta/2)))",
            eq("-log(1 - eta/2)/2 - eta/4", f"the walk's variance is `{SETTLED}`"),
            at_least("eta^2/16", "the first term of the series; the others are positive"),
            given={eta: STEP},
            label="KL(target || walk) at the step `eta`",
        ),
    ),
)

# --- scores: that of N(mu, sigma^2) is -(x - mu)/sigma^2 ------------------------------------------

LAW = Normal(mu, s)
SCORE = Score(LAW, x)
GIVEN: dict[sp.Symbol, Domain] = {mu: REAL, s: POSITIVE, a: REAL, b: REAL}
LINE, CUBIC = read("a*x + b"), read("a*x + b + c*x^3")
half = Rational(1, 2)


def under(value: sp.Expr) -> sp.Expr:
    """The mean of a function of x under N(mu, sigma^2)."""
    return Mean(LAW, value, x)


def objective(psi: sp.Expr, weight: sp.Expr = half) -> sp.Expr:
    """Hyvarinen's: the mean of psi^2/2 + psi'."""
    return under(weight * psi**2 + Derivative(psi, x))


def distance(psi: sp.Expr) -> sp.Expr:
    """The mean squared distance of psi from the score."""
    return under((psi - SCORE) ** 2)


SCORE_MATCHING = Claim(
    id="score-matching",
    title="The mean of `psi^2/2 + d` is that of `(psi - s)^2/2 - s^2/2`, where d is the slope of "
    "psi and s the score of the data",
    name="Score matching",
    topic=TOPIC,
    source=f"{HYVARINEN}, Theorem 1",
    shown_for="data `Normal(mu, sigma)`, `psi = a*x + b + c*x^3`; the minimum over a and b at `c = 0`",
    chains=(
        chain(
            objective(CUBIC),
            eq(
                half * distance(CUBIC) - half * under(SCORE**2),
                "by parts: the slope of psi and `-psi*s` have the same mean",
            ),
            given={**GIVEN, c: REAL},
            label="`psi = a*x + b + c*x^3`",
        ),
        chain(
            objective(LINE),
            eq(
                "((a + 1/sigma^2)^2*sigma^2 + (a*mu + b)^2)/2 - 1/(2*sigma^2)",
                "`psi - s` is linear, of slope `a + 1/sigma^2` and mean `a*mu + b`",
            ),
            at_least(
                "-1/(2*sigma^2)",
                "no squares are left at `a = -1/sigma^2`, `b = mu/sigma^2`: the score",
            ),
            given=GIVEN,
            label="minimum over a and b",
        ),
    ),
)

# y = x + tau z with x = mu + sigma xi; the noisy density is N(mu, sigma^2 + tau^2)
_noisy = "(mu + sigma*xi + tau*z)"
_spread = "(sigma^2 + tau^2)"
_least = f"(1/tau^2 - 1/{_spread})/2"
_denoising = standard(read(f"(a*{_noisy} + b + z/tau)^2/2"), xi, z)
DENOISING = Claim(
    id="denoising-score-matching",
    title="The mean of `(psi + z/tau)^2/2` at `y = x + tau*z` is that of `(psi - s)^2/2` and a "
    "constant, where s is the score of y's density",
    name="Denoising score matching",
    topic=TOPIC,
    source="Vincent, A connection between score matching and denoising autoencoders (2011)",
    shown_for="data `Normal(mu, sigma)`, `psi = a*y + b`",
    chains=(
        chain(
            _denoising,
            eq(
                standard(read(f"({_spread}*(a*{_noisy} + b) + {_noisy} - mu)^2"), xi, z)
                / (2 * (s**2 + t**2) ** 2)
                + read(_least),
                "s is `-(y - mu)/(sigma^2 + tau^2)`: the mean of `(psi - s)^2/2`",
            ),
            given={**GIVEN, t: POSITIVE},
        ),
        chain(
            _denoising,
            eq(
                f"((a*{_spread} + 1)^2/{_spread} + (a*mu + b)^2)/2 + {_least}",
                "`psi - s` is linear in y",
            ),
            at_least(
                _least,
                "attained at `a = -1/(sigma^2 + tau^2)`, `b = -a*mu`: the score of y's density",
            ),
            given={**GIVEN, t: POSITIVE},
            label="minimum",
        ),
    ),
)

_noise = Density(Normal(a, t), y)  # of the observation y about the atom's place a
TWEEDIE = Claim(
    id="tweedie",
    title="The mean of x given `y = x + tau*z`, z standard normal, is `y + tau^2*s`, where s is "
    "the score of y's density",
    name="Tweedie's formula",
    topic=TOPIC,
    source="Robbins, An empirical Bayes approach to statistics (1956)",
    shown_for="x of finitely many values a, each with a probability `p > 0`",
    chains=(
        chain(
            E(p, a * _noise) / E(p, _noise),
            eq(
                y + t**2 * E(p, Derivative(_noise, y)) / E(p, _noise),
                "the normal density's derivative is `(a - y)/tau^2` times itself",
            ),
            eq(
                y + t**2 * Derivative(log(E(p, _noise)), y),
                "the derivative of the logarithm of y's density, a finite sum",
            ),
            given={p: Mass(), a: PerAtom(REAL), y: REAL, t: POSITIVE},
        ),
    ),
)

LOG_SOBOLEV = Claim(
    id="gaussian-log-sobolev",
    title="`KL(Normal(mu, sigma), Normal(0, 1)) <= Fisher(Normal(mu, sigma), Normal(0, 1))/2`",
    name="Gaussian logarithmic Sobolev inequality",
    topic=TOPIC,
    source="Gross, Logarithmic Sobolev inequalities (1975)",
    shown_for="P Gaussian, on the line",
    chains=(
        chain(
            "KL(Normal(mu, sigma), Normal(0, 1))",
            eq("(mu^2 + sigma^2 - 1 - log(sigma^2))/2", "the Gaussian KL"),
            at_most("(mu^2 + (sigma - 1/sigma)^2)/2", "`log(u) <= u - 1` at `u = 1/sigma^2`"),
            eq(
                "Fisher(Normal(mu, sigma), Normal(0, 1))/2",
                "the scores differ by `x - (x - mu)/sigma^2`",
            ),
            given={mu: REAL, s: POSITIVE},
        ),
    ),
)

CLAIMS = (LANGEVIN, TRANSIENT, PRICE, SCORE_MATCHING, DENOISING, TWEEDIE, LOG_SOBOLEV)
