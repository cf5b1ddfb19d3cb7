"""M. Energies, their scores, and the walk that is to sample them, on Gaussians."""

from __future__ import annotations

import sympy as sp
from sympy import Derivative, Integral, log, oo, sqrt, symbols

from ..claim import Claim, above, at_least, chain, eq
from ..language import POSITIVE, REAL, Domain, Interval, Mass, PerAtom, Total
from .gaussians import normal

x, y, z, xi = symbols("x y z xi")
e, r, r0, k, h = symbols("e r r0 k h")
mu, s, t, a, b, c, p = symbols("mu sigma tau a b c p")
TOPIC = "energies"
ROBERTS = "Roberts, Tweedie, Exponential convergence of Langevin distributions (1996)"
HYVARINEN = "Hyvarinen, Estimation of non-normalized statistical models (2005)"
VINCENT = "Vincent, A connection between score matching and denoising autoencoders (2011)"


def mean(value: sp.Expr, *noises: sp.Symbol) -> sp.Expr:
    """E of a polynomial in independent standard normal variables."""
    density = sp.Mul(*(normal(noise, 0, 1) for noise in noises))
    return Integral(value * density, *((noise, -oo, oo) for noise in noises))


# --- Langevin's step x - e x + sqrt(2e) xi on E(x) = x^2 / 2, from x = r z of variance r^2 --------

STEP = Interval(0, 2)
settled = 1 / (1 - e / 2)


def moved(variance: sp.Expr) -> sp.Expr:
    """The variance after one step from N(0, variance)."""
    return (1 - e) ** 2 * variance + 2 * e


def after(steps: sp.Expr) -> sp.Expr:
    """The variance after so many steps from N(0, r0^2)."""
    return settled + ((1 - e) ** 2) ** steps * (r0**2 - settled)


LANGEVIN = Claim(
    id="langevin-variance",
    title="Unadjusted Langevin on N(0, 1) settles at the variance 1/(1 - e/2)",
    topic=TOPIC,
    source=ROBERTS,
    chains=(
        chain(
            mean(((1 - e) * r * z + sqrt(2 * e) * xi) ** 2, z, xi),
            eq(moved(r**2), "z and xi are independent, of mean 0 and variance 1"),
            given={e: POSITIVE, r: POSITIVE},
            label="one step",
        ),
        chain(
            moved(r**2) - r**2,
            eq(e * (2 - e) * (settled - r**2), "zero at one variance only, and towards it"),
            given={e: STEP, r: POSITIVE},
            label="stationary",
        ),
        chain(
            settled,
            eq(1 + e / (2 - e), "algebra"),
            above(1, "0 < e < 2"),
            given={e: STEP},
            label="too wide at every step",
        ),
    ),
)

TRANSIENT = Claim(
    id="langevin-transient",
    title="After k steps the walk's variance differs from its limit by the factor (1 - e)^(2k)",
    topic=TOPIC,
    source=ROBERTS,
    chains=(
        chain(after(sp.S.Zero), eq(r0**2, "k = 0"), given={e: STEP, r0: POSITIVE}, label="start"),
        *(
            chain(
                moved(after(k)),
                eq(after(k + 1), "(1-e)^2 times the distance, which is left of 1/(1 - e/2)"),
                given={e: domain, r0: POSITIVE, k: POSITIVE},
                label=label,
            )
            for domain, label in ((Interval(0, 1), "e < 1"), (Interval(1, 2), "e > 1"))
        ),
    ),
)

_exact, _walk = normal(x, 0, 1), normal(x, 0, 1 / sqrt(h))
_kl = (h - 1 - log(h)) / 2
PRICE = Claim(
    id="langevin-kl",
    title="What unadjusted Langevin's bias costs on N(0, 1), in nats",
    topic=TOPIC,
    source=ROBERTS,
    chains=(
        chain(
            Integral(_exact * log(_exact / _walk), (x, -oo, oo)),
            eq(_kl, "E x^2 = 1"),
            given={h: POSITIVE},
            label="KL(p || walk), the walk's variance 1/h",
        ),
        chain(
            Integral(_walk * log(_walk / _exact), (x, -oo, oo)),
            eq((1 / h - 1 + log(h)) / 2, "E x^2 = 1/h"),
            given={h: POSITIVE},
            label="KL(walk || p), the walk's variance 1/h",
        ),
        chain(
            _kl.subs(h, 1 / settled),
            eq(-log(1 - e / 2) / 2 - e / 4, "the stationary variance is 1/(1 - e/2)"),
            at_least(e**2 / 16, "the first term of the series; the others are positive"),
            given={e: STEP},
            label="KL(p || walk) at the step e",
        ),
    ),
)

# --- scores: that of N(mu, sigma^2) is -(x - mu)/sigma^2 ------------------------------------------

_gaussian = normal(x, mu, s)
score = -(x - mu) / s**2
GIVEN: dict[sp.Symbol, Domain] = {mu: REAL, s: POSITIVE, a: REAL, b: REAL}


def under(value: sp.Expr) -> sp.Expr:
    """E of a function of x under N(mu, sigma^2)."""
    return Integral(_gaussian * value, (x, -oo, oo))


def _line(at: sp.Expr) -> sp.Expr:
    return a * at + b


psi = _line(x)
_cubic = psi + c * x**3

SCORE_MATCHING = Claim(
    id="score-matching",
    title="Score matching is the squared distance of the scores, less a constant, on a Gaussian",
    topic=TOPIC,
    source=f"{HYVARINEN}, Theorem 1",
    chains=(
        chain(
            under(_cubic**2 / 2 + Derivative(_cubic, x)),
            eq(
                under((_cubic - score) ** 2) / 2 - under(score**2) / 2,
                "by parts, E psi' = -E psi score",
            ),
            given={**GIVEN, c: REAL},
            label="psi = a x + b + c x^3",
        ),
        chain(
            under(psi**2 / 2 + Derivative(psi, x)),
            eq(
                ((a + 1 / s**2) ** 2 * s**2 + (a * mu + b) ** 2) / 2 - 1 / (2 * s**2),
                "psi - score is linear, of slope a + 1/sigma^2 and mean a mu + b",
            ),
            at_least(-1 / (2 * s**2), "zero squares at a = -1/sigma^2, b = mu/sigma^2: the score"),
            given=GIVEN,
            label="minimum over a and b",
        ),
    ),
)

# y = x + tau z with x = mu + sigma xi; the noisy density is N(mu, sigma^2 + tau^2)
_noisy = mu + s * xi + t * z
_spread = s**2 + t**2
DENOISING = Claim(
    id="denoising-score-matching",
    title="Denoising score matching finds the score of the noisy density, on a Gaussian",
    topic=TOPIC,
    source=VINCENT,
    chains=(
        chain(
            mean((_line(_noisy) + z / t) ** 2 / 2, xi, z),
            eq(
                mean((_spread * _line(_noisy) + _noisy - mu) ** 2, xi, z) / (2 * _spread**2)
                + (1 / t**2 - 1 / _spread) / 2,
                "psi - score is psi + (y - mu)/(sigma^2 + tau^2); the rest does not depend on psi",
            ),
            given={**GIVEN, t: POSITIVE},
        ),
        chain(
            mean((_line(_noisy) + z / t) ** 2 / 2, xi, z),
            eq(
                ((a * _spread + 1) ** 2 / _spread + (a * mu + b) ** 2) / 2
                + (1 / t**2 - 1 / _spread) / 2,
                "psi - score is linear in y",
            ),
            at_least(
                (1 / t**2 - 1 / _spread) / 2,
                "attained at a = -1/(sigma^2 + tau^2), b = -a mu: the noisy score",
            ),
            given={**GIVEN, t: POSITIVE},
            label="minimum",
        ),
    ),
)

_noise = normal(y, a, t)  # of the observation y about the atom's place a
TWEEDIE = Claim(
    id="tweedie",
    title="Tweedie: the mean of x given y = x + tau z is y + tau^2 times the score of y",
    topic=TOPIC,
    source="Robbins, An empirical Bayes approach to statistics (1956)",
    chains=(
        chain(
            Total(p * a * _noise) / Total(p * _noise),
            eq(
                y + t**2 * Total(Derivative(p * _noise, y)) / Total(p * _noise),
                "the normal density's derivative is (a - y)/tau^2 times itself",
            ),
            given={p: Mass(), a: PerAtom(REAL), y: REAL, t: POSITIVE},
            label="x has the value a with probability p",
        ),
    ),
)

LOG_SOBOLEV = Claim(
    id="gaussian-log-sobolev",
    title="KL from N(0, 1) is at most half the Fisher divergence, for Gaussians",
    topic=TOPIC,
    source="Gross, Logarithmic Sobolev inequalities (1975)",
    chains=(
        chain(
            under((score + x) ** 2) / 2,
            eq((mu**2 + (s - 1 / s) ** 2) / 2, "the scores differ by x - (x - mu)/sigma^2"),
            at_least((mu**2 + s**2 - 1 - log(s**2)) / 2, "log u <= u - 1 at u = 1/sigma^2"),
            eq(under(log(_gaussian / _exact)), "the Gaussian KL"),
            given={mu: REAL, s: POSITIVE},
        ),
    ),
)

CLAIMS = (LANGEVIN, TRANSIENT, PRICE, SCORE_MATCHING, DENOISING, TWEEDIE, LOG_SOBOLEV)
