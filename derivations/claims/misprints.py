"""Z. False statements that people print, each refuted by a small exact counterexample.

The source says where it is printed; a statement that is only told, with no place in print to
point at, is called a common slip there, and the source has it right.
"""

from __future__ import annotations

from sympy import Abs, Derivative, Rational, S, oo, symbols

from ..claim import Chain, Claim, Verdict, at_least, chain, eq
from ..language import POSITIVE, REAL, Interval, Mass, Supremum
from ..vocabulary import Conjugate, D
from ..words.reading import read
from . import energies, wasserstein
from ._rows import PUBLISHED, ROWS, t, u

p, q, v = symbols("p q v")
TOPIC = "misprints"
TABLE_1 = "printed in Nowozin, Cseke, Tomioka, f-GAN (2016), Table 1"
TABLE_6 = "printed in Nowozin, Cseke, Tomioka, f-GAN (2016), Table 6"
GIVEN = {p: Mass(), q: Mass()}


def false(
    id: str, title: str, source: str, *chains: Chain, note: str, shown_for: str = ""
) -> Claim:
    """A statement that must come out refuted."""
    return Claim(
        id,
        title,
        TOPIC,
        source,
        chains,
        expected=Verdict.REFUTED,
        note=note,
        shown_for=shown_for,
    )


_JS_ROW = PUBLISHED[0]
TABLES = (
    false(
        "misprint-js-row",
        f"`D({_JS_ROW.written}, u, p, q) = JS(p, q)`",
        TABLE_1,
        chain(D(_JS_ROW.f, u, p, q), eq("JS(p, q)", "as printed"), given=GIVEN),
        note="It is `2*JS(p, q)`, with the usual halves in JS.",
    ),
    false(
        "misprint-pearson-conjugate",
        "`Conjugate((u - 1)^2, u, t) = t + t^2/4` for all t",
        TABLE_6,
        chain(Conjugate(ROWS["pearson"].f, u, t), eq("t + t^2/4", "as printed"), given={t: REAL}),
        note="Below `t = -2` the maximiser `1 + t/2` leaves `u >= 0` and the conjugate stays at -1.",
    ),
    false(
        "misprint-alpha-conjugate",
        "For `alpha > 1`, `Conjugate((u^alpha - 1 - alpha*(u - 1))/(alpha*(alpha - 1)), u, t) = "
        "((1 + (alpha - 1)*t)^(alpha/(alpha - 1)) - 1)/alpha` for all t",
        TABLE_6,
        chain(
            "Conjugate((u^2 - 1 - 2*(u - 1))/2, u, t)",
            eq("((1 + t)^2 - 1)/2", "as printed, at `alpha = 2`"),
            given={t: REAL},
        ),
        note="Where `1 + (alpha - 1)*t < 0` the conjugate stays at `-1/alpha`.",
        shown_for="`alpha = 2`",
    ),
    false(
        "misprint-total-variation-conjugate",
        "`Conjugate(abs(u - 1)/2, u, t)` is infinite for `t < -1/2`",
        f"{TABLE_6}, where dom f* is -1/2 <= t <= 1/2",
        chain(
            Conjugate(Abs(u - 1) / 2, u, t),
            eq(oo, "as printed"),
            given={t: Interval(upper=-Rational(1, 2))},
        ),
        note="`u >= 0` bounds `u*t - abs(u - 1)/2`: the conjugate is -1/2 there.",
    ),
    *(
        false(
            f"misprint-critic-{name}",
            f"The output activation `{activation}` of the {words} row rises with v",
            TABLE_6,
            chain(
                Derivative(read(activation), v),
                at_least(0, "a larger output should mean a larger critic"),
                given={v: REAL},
            ),
            note=f"It falls, and v then estimates `{estimate}`. {elsewhere}",
        )
        for name, words, activation, estimate, elsewhere in (
            (
                "reverse-kl",
                "reverse KL",
                "-exp(v)",
                "log(q/p)",
                "Table 2 of the same paper has `-exp(-v)`, which rises: with it v estimates "
                "`log(p/q)`.",
            ),
            ("neyman", "Neyman", "1 - exp(v)", "2*log(q/p)", "Table 2 does not have this row."),
            (
                "squared-hellinger",
                "squared Hellinger",
                "1 - exp(v)",
                "log(q/p)/2",
                "Table 2 of the same paper has `1 - exp(-v)`, which rises: with it v estimates "
                "`log(p/q)/2`.",
            ),
        )
    ),
)

RETOLD = (
    false(
        "misprint-gan-optimum",
        "`V(p/(p + q), p, q) = -log(4) + JS(p, q)`",
        "printed in Qin, The basic principle of GANs and its mathematical proof (2020), with the "
        "halves in JS",
        chain("V(p/(p + q), p, q)", eq("-log(4) + JS(p, q)", "as printed"), given=GIVEN),
        note="It is `-log(4) + 2*JS(p, q)`; the halves belong to JS.",
    ),
    false(
        "misprint-score-matching",
        "The mean of `psi^2 + d` is that of `(psi - s)^2 - s^2`, where d is the slope of psi and s "
        "the score of the data",
        f"{energies.HYVARINEN}, Theorem 1, retold without its 1/2: a common slip",
        chain(
            energies.objective(energies.LINE, weight=S.One),
            eq(
                energies.distance(energies.LINE) - energies.under(energies.SCORE**2),
                "the distance of the scores, less a constant",
            ),
            given=energies.GIVEN,
        ),
        note="The square has a half, or the slope a two. As it stands, half the score minimises it.",
    ),
    false(
        "misprint-gradient-penalty",
        f"Of the slopes `psi > 0` between two points at distance `theta`, the best for "
        f"`{wasserstein.PENALISED}` gives `theta`, which is W1",
        f"{wasserstein.GULRAJANI}, equation 3, its best value taken for the distance: a common slip",
        chain(
            Supremum(read(wasserstein.PENALISED), wasserstein.psi, 0, oo),
            eq(wasserstein.theta, "the distance of the two points"),
            given={wasserstein.theta: POSITIVE, wasserstein.lam: POSITIVE},
        ),
        note="It is above W1, between two points by `theta^2/(4*lamda)`.",
    ),
    false(
        "misprint-gaussian-w1",
        "`Mean(Normal(0, 1), abs(delta + sigma*z), z) = sqrt(delta^2 + sigma^2)`, the W1 of "
        "Gaussians with `delta = mu1 - mu2` and `sigma = abs(sigma1 - sigma2)`",
        f"{wasserstein.DOWSON}, its formula of W2 taken for W1: a common slip",
        chain(
            "Mean(Normal(0, 1), abs(delta + sigma*z), z)",
            eq("sqrt(delta^2 + sigma^2)", "the formula of W2"),
            given={wasserstein.delta: REAL, wasserstein.s: POSITIVE},
        ),
        note="That is W2, and W1 is smaller unless the widths are equal.",
    ),
)

CLAIMS = (*TABLES, *RETOLD)
