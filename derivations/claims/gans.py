"""I. The GAN game of Goodfellow et al. (2014), atom by atom."""

from __future__ import annotations

from sympy import exp, log, symbols

from ..claim import ByClaim, Claim, Stationary, Touching, above, at_least, chain, eq
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

CLAIMS = (OPTIMAL_DISCRIMINATOR, OPTIMUM, MINIMUM, LOGIT, AS_F_GAN)
