"""I. The GAN game of Goodfellow et al. (2014), atom by atom."""

from __future__ import annotations

import sympy as sp
from sympy import Abs, Derivative, Limit, Max, exp, log, oo, symbols

from ..claim import (
    AtKink,
    ByClaim,
    Claim,
    Stationary,
    Touching,
    Verdict,
    above,
    at_least,
    chain,
    eq,
)
from ..language import POSITIVE, REAL, UNIT, Interval, Mass, PerAtom, Supremum, Total
from ._rows import ROWS, t, u

p, q, D, T, v = symbols("p q D T v")
TOPIC = "gans"
GOODFELLOW = "Goodfellow et al., Generative adversarial nets (2014)"
NOWOZIN = "Nowozin, Cseke, Tomioka, f-GAN (2016)"
GIVEN = {p: Mass(), q: Mass()}

best = p / (p + q)
value = Total(p * log(best) + q * log(1 - best))
middle = (p + q) / 2
js = (Total(p * log(p / middle)) + Total(q * log(q / middle))) / 2

OPTIMAL_DISCRIMINATOR = Claim(
    id="gan-optimal-discriminator",
    title="The best discriminator is p/(p+q)",
    topic=TOPIC,
    source=f"{GOODFELLOW}, Proposition 1",
    chains=(
        chain(
            Supremum(p * log(D) + q * log(1 - D), D, 0, 1),
            eq(
                p * log(best) + q * log(1 - best),
                "concave in D, and the slope p/D - q/(1-D) is zero there",
                by=Stationary(best),
            ),
            given={p: POSITIVE, q: POSITIVE},
        ),
    ),
)

OPTIMUM = Claim(
    id="gan-optimum",
    title="At the best discriminator the value is -log 4 + 2 JS",
    topic=TOPIC,
    source=f"{GOODFELLOW}, Theorem 1",
    chains=(
        chain(
            value,
            eq(-log(4) + 2 * js, "p/(p+q) = p/(2m), 1 - p/(p+q) = q/(2m), totals 1"),
            given=GIVEN,
        ),
    ),
)

MINIMUM = Claim(
    id="gan-minimum",
    title="The value at the best discriminator is at least -log 4, and only there for P = Q",
    topic=TOPIC,
    source=f"{GOODFELLOW}, Theorem 1",
    chains=(
        chain(
            value,
            eq(-log(4) + 2 * js, "the value at the optimum", by=ByClaim("gan-optimum")),
            at_least(-log(4), "JS >= 0, by log x >= 1 - 1/x at every atom"),
            given=GIVEN,
        ),
        chain(
            p * log(best) + q * log(1 - best) + (p + q) * log(2),
            above(0, "strictly convex in p, zero with zero slope at q", Touching(p, q)),
            given={q: POSITIVE, p: Interval(q)},
            label="p > q",
        ),
        chain(
            p * log(best) + q * log(1 - best) + (p + q) * log(2),
            above(0, "strictly convex in q, zero with zero slope at p", Touching(q, p)),
            given={p: POSITIVE, q: Interval(p)},
            label="q > p",
        ),
    ),
)

LOGIT = Claim(
    id="gan-logit",
    title="The best discriminator's logit is the log density ratio",
    topic=TOPIC,
    source="Mohamed, Lakshminarayanan, Learning in implicit generative models (2016)",
    chains=(
        chain(
            log(best / (1 - best)),
            eq(log(p / q), "algebra"),
            given={p: POSITIVE, q: POSITIVE},
        ),
    ),
)

_gan = ROWS["gan"]
AS_F_GAN = Claim(
    id="gan-is-f-gan",
    title="f-GAN's objective with the GAN row is the GAN's, and its divergence 2 JS - log 4",
    topic=TOPIC,
    source=f"{NOWOZIN}, section 2.3",
    chains=(
        chain(
            Total(p * T) - Total(q * _gan.main.value.subs(t, T)),
            eq(Total(p * T + q * log(1 - exp(T))), "f*(t) = -log(1 - e^t)"),
            given={**GIVEN, T: PerAtom(Interval(upper=0))},
            label="any critic",
        ),
        chain(
            (Total(p * T) - Total(q * _gan.main.value.subs(t, T))).subs(T, log(D)),
            eq(Total(p * log(D) + q * log(1 - D)), "the critic T = log D"),
            given={**GIVEN, D: PerAtom(UNIT)},
        ),
        chain(
            -log(1 + exp(-v)),
            eq(log(1 / (1 + exp(-v))), "the published activation is log sigmoid(v)"),
            given={v: REAL},
            label="activation",
        ),
        chain(
            Total(q * _gan.f.subs(u, p / q)),
            eq(2 * js - log(4), "f(p/q) q = p log(p/(p+q)) + q log(q/(p+q))"),
            given=GIVEN,
            label="divergence",
        ),
    ),
)

# --- what a fake sample's loss tells the generator ------------------------------------------------

sigmoid = 1 / (1 + exp(-v))
SLOPES = Claim(
    id="gan-loss-slopes",
    title="In the logit log(1 - D) has the slope -D, and -log D the slope -(1 - D)",
    topic=TOPIC,
    source=f"{GOODFELLOW}, section 3",
    chains=(
        chain(
            Derivative(log(1 - sigmoid), v),
            eq(-sigmoid, "D' = D (1 - D)"),
            given={v: REAL},
            label="minimax",
        ),
        chain(
            Derivative(-log(sigmoid), v),
            eq(-(1 - sigmoid), "D' = D (1 - D)"),
            given={v: REAL},
            label="non-saturating",
        ),
    ),
)

SATURATION = Claim(
    id="gan-saturation",
    title="Where fakes are seen through, log(1 - D) has no slope left and -log D its steepest",
    topic=TOPIC,
    source=f"{GOODFELLOW}, section 3",
    chains=(
        chain(
            Limit(Derivative(log(1 - sigmoid), v), v, -oo),
            eq(0, "the slope is -D"),
            label="minimax",
        ),
        chain(
            Limit(Derivative(-log(sigmoid), v), v, -oo),
            eq(-1, "the slope is -(1 - D)"),
            label="non-saturating",
        ),
    ),
    expected=Verdict.PROVED,  # limits have no enclosure
)

# --- other losses at their best discriminator -----------------------------------------------------

a, b, c = symbols("a b c")
_smooth = (a * p + b * q) / (p + q)
SMOOTHING = Claim(
    id="gan-label-smoothing",
    title="With the labels a for data and b for fakes the best discriminator is (a p + b q)/(p + q)",
    topic=TOPIC,
    source="Salimans et al., Improved techniques for training GANs (2016), section 3.4",
    chains=(
        chain(
            Supremum(
                p * (a * log(D) + (1 - a) * log(1 - D)) + q * (b * log(D) + (1 - b) * log(1 - D)),
                D,
                0,
                1,
            ),
            eq(
                (a * p + b * q) * log(_smooth) + (p + q - a * p - b * q) * log(1 - _smooth),
                "concave in D, and the slope is zero there",
                by=Stationary(_smooth),
            ),
            given={p: POSITIVE, q: POSITIVE, a: UNIT, b: UNIT},
        ),
    ),
    note="One-sided smoothing has b = 0: a p/(p + q).",
)

_squares = p * (D - c - 1) ** 2 + q * (D - c + 1) ** 2
_least = c + (p - q) / (p + q)
LEAST_SQUARES = Claim(
    id="lsgan-triangular",
    title="Least squares with b - c = 1, c - a = 1: the generator descends the triangular divergence",
    topic=TOPIC,
    source="Mao et al., Least squares generative adversarial networks (2017), section 3.2",
    chains=(
        chain(
            Supremum(-_squares, D, -oo, oo),
            eq(
                -4 * p * q / (p + q),
                "concave in D, and the slope is zero at c + (p - q)/(p + q)",
                by=Stationary(_least),
            ),
            given={p: POSITIVE, q: POSITIVE, c: REAL},
            label="discriminator",
        ),
        chain(
            Total((p + q) * (_least - c) ** 2),
            eq(Total((p - q) ** 2 / (p + q)), "D - c = (p - q)/(p + q)"),
            given={**GIVEN, c: REAL},
            label="generator",
        ),
    ),
)

_hinge = Supremum(-p * Max(0, 1 - v) - q * Max(0, 1 + v), v, -oo, oo)
HINGE = Claim(
    id="hinge-total-variation",
    title="The best discriminator's hinge loss is 2 min(p, q) at each atom, 2 - 2 TV in all",
    topic=TOPIC,
    source="Lim, Ye, Geometric GAN (2017)",
    chains=(
        chain(
            _hinge,
            eq(-2 * q, "rises up to v = 1, falls after", by=AtKink(sp.S.One)),
            given={q: POSITIVE, p: Interval(q)},
            label="p > q",
        ),
        chain(
            _hinge,
            eq(-2 * p, "rises up to v = -1, falls after", by=AtKink(-sp.S.One)),
            given={p: POSITIVE, q: Interval(p)},
            label="q > p",
        ),
        chain(
            Total(p + q - Abs(p - q)),
            eq(2 - Total(Abs(p - q)), "the totals are 1; TV is half the last one"),
            given=GIVEN,
            label="sum of 2 min(p, q)",
        ),
    ),
    note="The suprema are of the loss with its sign changed. At p = q any v from -1 to 1 is best.",
)

CLAIMS = (
    OPTIMAL_DISCRIMINATOR,
    OPTIMUM,
    MINIMUM,
    LOGIT,
    AS_F_GAN,
    SLOPES,
    SATURATION,
    SMOOTHING,
    LEAST_SQUARES,
    HINGE,
)
