"""I. The GAN game of Goodfellow et al. (2014), atom by atom: V(D) = E_P log D + E_Q log(1 - D).

P is the data's law, Q the generator's.
"""

from __future__ import annotations

import sympy as sp
from sympy import Derivative, Limit, Max, oo, symbols

from ..claim import (
    AtEnd,
    AtKink,
    ByClaim,
    Claim,
    Stationary,
    Touching,
    above,
    at_least,
    chain,
    eq,
)
from ..language import POSITIVE, REAL, UNIT, Interval, PerAtom, Supremum, Total
from ..words.reading import read
from ._pairs import ANY, FINITE, p, q
from ._rows import ROWS

D, T, v = symbols("D T v")
TOPIC = "gans"
GOODFELLOW = "Goodfellow et al., Generative adversarial nets (2014)"
NOWOZIN = "Nowozin, Cseke, Tomioka, f-GAN (2016)"
ATOM = {p: POSITIVE, q: POSITIVE}

best = p / (p + q)
AT_BEST = "p*log(p/(p + q)) + q*log(1 - p/(p + q))"

OPTIMAL_DISCRIMINATOR = Claim(
    id="gan-optimal-discriminator",
    title="`p*log(D) + q*log(1 - D)` is greatest at `D = p/(p + q)`",
    name="the optimal discriminator",
    topic=TOPIC,
    source=f"{GOODFELLOW}, Proposition 1",
    chains=(
        chain(
            Supremum(read("p*log(D) + q*log(1 - D)"), D, 0, 1),
            eq(
                AT_BEST,
                "concave in D, and the slope p/D - q/(1-D) is zero there",
                by=Stationary(best),
            ),
            given=ATOM,
        ),
    ),
    note="At every atom by itself, so in the sum `V(D, p, q)` too.",
)

OPTIMUM = Claim(
    id="gan-optimum",
    title="`V(p/(p + q), p, q) = -log(4) + 2*JS(p, q)`",
    topic=TOPIC,
    source=f"{GOODFELLOW}, Theorem 1",
    chains=(
        chain(
            "V(p/(p + q), p, q)",
            eq(
                "-log(4) + 2*JS(p, q)",
                "p/(p+q) = p/(2m), 1 - p/(p+q) = q/(2m) with m = (p+q)/2, and the totals are 1",
            ),
            given=ANY,
        ),
    ),
    shown_for=FINITE,
)

MINIMUM = Claim(
    id="gan-minimum",
    title="`V(p/(p + q), p, q) >= -log(4)`",
    topic=TOPIC,
    source=f"{GOODFELLOW}, Theorem 1",
    chains=(
        chain(
            "V(p/(p + q), p, q)",
            eq("-log(4) + 2*JS(p, q)", "the value at the optimum", by=ByClaim("gan-optimum")),
            at_least("-log(4)", "JS >= 0, by log x >= 1 - 1/x at every atom"),
            given=ANY,
        ),
        chain(
            AT_BEST,
            above("-(p + q)*log(2)", "strictly convex in p, touching at q", Touching(p, q)),
            given={q: POSITIVE, p: Interval(q)},
            label="p > q",
        ),
        chain(
            AT_BEST,
            above("-(p + q)*log(2)", "strictly convex in q, touching at p", Touching(q, p)),
            given={p: POSITIVE, q: Interval(p)},
            label="q > p",
        ),
    ),
    shown_for=FINITE,
    note="An atom with p != q lies above its share -(p + q) log 2, whose total is -log 4: so the "
    "bound is reached only for P = Q; that step is in words.",
)

LOGIT = Claim(
    id="gan-logit",
    title="`log(D/(1 - D)) = log(p/q)` at `D = p/(p + q)`",
    name="the density ratio trick",
    topic=TOPIC,
    source="Mohamed, Lakshminarayanan, Learning in implicit generative models (2016)",
    chains=(
        chain(
            "log(p/(p + q)/(1 - p/(p + q)))",
            eq("log(p/q)", "1 - p/(p+q) = q/(p+q)"),
            given=ATOM,
        ),
    ),
)

AS_F_GAN = Claim(
    id="gan-is-f-gan",
    title="With `f = u*log(u) - (u + 1)*log(u + 1)` and the critic `T = log(D)` the f-GAN "
    "objective is `V(D, p, q)`, and `D(f, u, p, q) = 2*JS(p, q) - log(4)`",
    topic=TOPIC,
    source=f"{NOWOZIN}, section 2.3",
    chains=(
        chain(
            "E(p, T) - E(q, -log(1 - exp(T)))",
            eq("E(p, T) + E(q, log(1 - exp(T)))", "f*(T) = -log(1 - e^T)"),
            given={**ANY, T: PerAtom(Interval(upper=0))},
            label="any critic",
        ),
        chain(
            "E(p, log(D)) - E(q, -log(1 - exp(log(D))))",
            eq("V(D, p, q)", "the critic T = log D"),
            given={**ANY, D: PerAtom(UNIT)},
            label="T = log D",
        ),
        chain(
            "-log(1 + exp(-v))",
            eq("log(Sigmoid(v))", "the published activation is log D, D = sigmoid(v)"),
            given={v: REAL},
            label="activation",
        ),
        chain(
            f"D({ROWS['gan'].written}, u, p, q)",
            eq("2*JS(p, q) - log(4)", "f(p/q) q = p log(p/(p+q)) + q log(q/(p+q))"),
            given=ANY,
            label="divergence",
        ),
    ),
    lemmas=("conjugate-gan",),
    shown_for=FINITE,
)

# --- what a fake sample's loss tells the generator ------------------------------------------------

LOSSES = {"minimax": "log(1 - Sigmoid(v))", "non-saturating": "-log(Sigmoid(v))"}
SLOPES = Claim(
    id="gan-loss-slopes",
    title="In the logit v, with `D = Sigmoid(v)`, `log(1 - D)` has the slope `-D` and `-log(D)` "
    "the slope `-(1 - D)`",
    topic=TOPIC,
    source=f"{GOODFELLOW}, section 3",
    chains=tuple(
        chain(
            Derivative(read(loss), v),
            eq(slope, "D' = D (1 - D)"),
            given={v: REAL},
            label=label,
        )
        for (label, loss), slope in zip(
            LOSSES.items(), ("-Sigmoid(v)", "-(1 - Sigmoid(v))"), strict=True
        )
    ),
)

SATURATION = Claim(
    id="gan-saturation",
    title="Where fakes are seen through (v to -infinity), `log(1 - Sigmoid(v))` has the slope `0` "
    "left and `-log(Sigmoid(v))` the slope `-1`",
    name="saturation",
    topic=TOPIC,
    source=f"{GOODFELLOW}, section 3",
    chains=tuple(
        chain(Limit(Derivative(read(loss), v), v, -oo), eq(slope, why), label=label)
        for (label, loss), slope, why in zip(
            LOSSES.items(), (0, -1), ("the slope is -D", "the slope is -(1 - D)"), strict=True
        )
    ),
)

# --- other losses at their best discriminator -----------------------------------------------------

a, b, c = symbols("a b c")
_smooth = (a * p + b * q) / (p + q)
SMOOTHING = Claim(
    id="gan-label-smoothing",
    title="With labels a for data and b for fakes the best discriminator is "
    "`D = (a*p + b*q)/(p + q)`",
    name="label smoothing",
    topic=TOPIC,
    source="Salimans et al., Improved techniques for training GANs (2016), section 3.4",
    chains=(
        chain(
            Supremum(
                read("p*(a*log(D) + (1 - a)*log(1 - D)) + q*(b*log(D) + (1 - b)*log(1 - D))"),
                D,
                0,
                1,
            ),
            eq(
                "(a*p + b*q)*log((a*p + b*q)/(p + q))"
                " + (p + q - a*p - b*q)*log(1 - (a*p + b*q)/(p + q))",
                "concave in D, and the slope is zero there",
                by=Stationary(_smooth),
            ),
            given={**ATOM, a: UNIT, b: UNIT},
        ),
    ),
    shown_for="labels strictly between 0 and 1",
    note="One-sided smoothing is the case b -> 0: a p/(p + q).",
)

LEAST_SQUARES = Claim(
    id="lsgan-triangular",
    title="With the labels c + 1 for data and c - 1 for fakes the best discriminator is "
    "`D = c + (p - q)/(p + q)`, and there `E(p, (D - c)**2) + E(q, (D - c)**2) = LeCam(p, q)`",
    name="least squares GAN",
    topic=TOPIC,
    source="Mao et al., Least squares generative adversarial networks (2017), section 3.2",
    chains=(
        chain(
            Supremum(read("-(p*(D - (c + 1))**2 + q*(D - (c - 1))**2)"), D, -oo, oo),
            eq(
                "-4*p*q/(p + q)",
                "concave in D, and the slope is zero at c + (p - q)/(p + q)",
                by=Stationary(c + (p - q) / (p + q)),
            ),
            given={**ATOM, c: REAL},
            label="discriminator",
        ),
        chain(
            "E(p, (c + (p - q)/(p + q) - c)**2) + E(q, (c + (p - q)/(p + q) - c)**2)",
            eq("LeCam(p, q)", "D - c = (p - q)/(p + q), and p + q cancels once"),
            given={**ANY, c: REAL},
            label="generator",
        ),
    ),
    shown_for=FINITE,
)

_hinge = Supremum(read("-p*max(0, 1 - v) - q*max(0, 1 + v)"), v, -oo, oo)
HINGE = Claim(
    id="hinge-total-variation",
    title="The least hinge loss of a discriminator is `2*min(p, q)` at each atom, and "
    "`2 - 2*TV(p, q)` in all",
    topic=TOPIC,
    source="Lim, Ye, Geometric GAN (2017)",
    chains=(
        chain(
            _hinge,
            eq("-2*q", "rises up to v = 1, falls after", by=AtKink(sp.S.One)),
            given={q: POSITIVE, p: Interval(q)},
            label="p > q",
        ),
        chain(
            _hinge,
            eq("-2*p", "rises up to v = -1, falls after", by=AtKink(-sp.S.One)),
            given={p: POSITIVE, q: Interval(p)},
            label="q > p",
        ),
        chain(
            _hinge.subs(q, p),
            eq("-2*p", "level from -1 to 1", by=AtKink(sp.S.One)),
            given={p: POSITIVE},
            label="p = q",
        ),
        chain(
            Total(2 * sp.Min(p, q)),
            eq(Total(read("p + q - abs(p - q)")), "min(p, q) = (p + q - |p - q|)/2"),
            eq("2 - 2*TV(p, q)", "the totals of p and of q are 1"),
            given=ANY,
            label="sum",
        ),
    ),
    shown_for=FINITE,
    note="The suprema are of the loss with its sign changed.",
)

_plain = Supremum(read("p*D + q*(1 - D)"), D, 0, 1)
WITHOUT_LOGARITHMS = Claim(
    id="gan-without-logarithms",
    title="Without its logarithms the best discriminator's value is `max(p, q)` at each atom, and "
    "`1 + TV(p, q)` in all",
    topic=TOPIC,
    source="Arjovsky, Chintala, Bottou, Wasserstein GAN (2017), section 2",
    chains=(
        chain(
            _plain,
            eq("p", "it rises with D", by=AtEnd(sp.S.One)),
            given={q: POSITIVE, p: Interval(q)},
            label="p > q",
        ),
        chain(
            _plain,
            eq("q", "it falls with D", by=AtEnd(sp.S.Zero)),
            given={p: POSITIVE, q: Interval(p)},
            label="q > p",
        ),
        chain(
            Total(Max(p, q)),
            eq(Total(read("(p + q + abs(p - q))/2")), "max(p, q) = (p + q + |p - q|)/2"),
            eq("1 + TV(p, q)", "the totals of p and of q are 1"),
            given=ANY,
            label="sum",
        ),
    ),
    shown_for=FINITE,
    note="At p = q every D gives p.",
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
    WITHOUT_LOGARITHMS,
)
