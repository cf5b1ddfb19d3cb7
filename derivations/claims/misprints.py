"""Z. False statements that people print, each refuted by a small exact counterexample."""

from __future__ import annotations

import sympy as sp
from sympy import Derivative, Rational, exp, log, oo, symbols

from ..claim import Chain, Claim, Verdict, at_least, chain, eq
from ..language import POSITIVE, REAL, Interval, Mass, Supremum, Total
from . import energies, wasserstein
from ._rows import PUBLISHED, ROWS, t, u

p, q, v = symbols("p q v")
TOPIC = "misprints"
F_GAN = "printed in Nowozin, Cseke, Tomioka, f-GAN (2016)"
GIVEN = {p: Mass(), q: Mass()}
half = Rational(1, 2)

middle = (p + q) / 2
js = (Total(p * log(p / middle)) + Total(q * log(q / middle))) / 2


def false(id: str, title: str, source: str, *chains: Chain, note: str) -> Claim:
    """A statement that must come out refuted."""
    return Claim(id, title, TOPIC, source, chains, expected=Verdict.REFUTED, note=note)


CLAIMS = (
    false(
        "misprint-js-row",
        "The f-GAN table's Jensen-Shannon generator gives JS",
        f"{F_GAN}, Table 1",
        chain(Total(q * PUBLISHED[0].f.subs(u, p / q)), eq(js, "as printed"), given=GIVEN),
        note="It gives 2 JS, with the usual halves in JS.",
    ),
    false(
        "misprint-pearson-conjugate",
        "The conjugate of (u-1)^2 is t + t^2/4 for all t",
        f"{F_GAN}, Table 6",
        chain(
            Supremum(u * t - ROWS["pearson"].f, u, 0, oo),
            eq(t + t**2 / 4, "as printed"),
            given={t: REAL},
        ),
        note="Below t = -2 the maximiser 1 + t/2 leaves u >= 0 and the conjugate stays at -1.",
    ),
    false(
        "misprint-alpha-conjugate",
        "The conjugate of the alpha row above 1 is ((1 + (a-1)t)^(a/(a-1)) - 1)/a for all t",
        f"{F_GAN}, Table 6",
        chain(
            Supremum(u * t - (u**2 - 1 - 2 * (u - 1)) / 2, u, 0, oo),
            eq(((1 + t) ** 2 - 1) / 2, "as printed, at a = 2"),
            given={t: REAL},
        ),
        note="Where 1 + (a-1)t < 0 the conjugate stays at -1/a.",
    ),
    false(
        "misprint-total-variation-conjugate",
        "The conjugate of |u-1|/2 is infinite below t = -1/2",
        f"{F_GAN}, Table 6 (dom f* printed as -1/2 <= t <= 1/2)",
        chain(
            Supremum(u * t - sp.Abs(u - 1) / 2, u, 0, oo),
            eq(oo, "as printed"),
            given={t: Interval(upper=-half)},
        ),
        note="u >= 0 bounds u t - |u-1|/2: the conjugate is -1/2 there.",
    ),
    *(
        false(
            f"misprint-critic-{name}",
            f"The published output activation {activation} of the {words} row increases in v",
            f"{F_GAN}, Table 6",
            chain(
                Derivative(activation, v),
                at_least(0, "a larger output should mean a larger critic"),
                given={v: REAL},
            ),
            note="It decreases: v then estimates log q/p, not log p/q.",
        )
        for name, words, activation in (
            ("reverse-kl", "reverse KL", -exp(v)),
            ("neyman", "Neyman", 1 - exp(v)),
            ("squared-hellinger", "squared Hellinger", 1 - exp(v)),
        )
    ),
    false(
        "misprint-gan-optimum",
        "At the best discriminator the GAN's value is -log 4 + JS",
        "printed in lecture notes and blog posts",
        chain(
            Total(p * log(p / (p + q)) + q * log(q / (p + q))),
            eq(-log(4) + js, "as printed"),
            given=GIVEN,
        ),
        note="It is -log 4 + 2 JS; the halves belong to JS.",
    ),
    false(
        "misprint-score-matching",
        "Score matching's objective is the mean of psi^2 + psi'",
        f"{energies.HYVARINEN}, Theorem 1, retold without its 1/2",
        chain(
            energies.under(energies.psi**2 + Derivative(energies.psi, energies.x)),
            eq(
                energies.under((energies.psi - energies.score) ** 2)
                - energies.under(energies.score**2),
                "the distance of the scores, less a constant",
            ),
            given=energies.GIVEN,
        ),
        note="The square has a half, or psi' a two. As it stands, half the score minimises it.",
    ),
    false(
        "misprint-gradient-penalty",
        "With the gradient penalty the critic's best value is W1",
        f"{wasserstein.GULRAJANI}, the penalised value read as a distance",
        chain(
            Supremum(wasserstein.penalised, wasserstein.psi, 0, oo),
            eq(wasserstein.theta, "the distance of the two points"),
            given={wasserstein.theta: POSITIVE, wasserstein.lam: POSITIVE},
        ),
        note="It is above it, between two points by theta^2/(4 lambda).",
    ),
    false(
        "misprint-gaussian-w1",
        "W1 between Gaussians is sqrt(delta^2 + s^2)",
        f"{wasserstein.DOWSON}, the formula of W2 read as W1",
        chain(
            wasserstein.noise(sp.Abs(wasserstein.delta + wasserstein.s * wasserstein.z)),
            eq(
                sp.sqrt(wasserstein.delta**2 + wasserstein.s**2),
                "delta = mu1 - mu2, s = |sigma1 - sigma2|",
            ),
            given={wasserstein.delta: REAL, wasserstein.s: POSITIVE},
        ),
        note="That is W2, and W1 is smaller unless the widths are equal.",
    ),
)
