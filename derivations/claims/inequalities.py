"""D. Inequalities between divergences: atom by atom where that suffices, by a lemma where not."""

from __future__ import annotations

from sympy import Symbol

from ..claim import (
    Chain,
    Claim,
    Step,
    TakenOnTrust,
    Touching,
    Verdict,
    at_least,
    at_most,
    chain,
    eq,
)
from ..language import POSITIVE
from ._pairs import ANY, FINITE, FULL_SUPPORT, POSITIVE_MASSES, p

u = Symbol("u")
TOPIC = "inequalities"
EVERY_TERM = "so at every atom"
BY_BOXES = ("jensen-shannon-hellinger", "jensen-shannon-triangular")  # not by algebra
CAUCHY_SCHWARZ, JENSEN = TakenOnTrust("cauchy-schwarz"), TakenOnTrust("jensen-log")
LE_CAM = "Le Cam, Asymptotic Methods in Statistical Decision Theory (1986)"
LIN = "Lin, Divergence measures based on the Shannon entropy (1991)"
TOPSOE = "Topsoe, Some inequalities for information divergence (2000)"
GIBBS_SU = "Gibbs, Su, On choosing and bounding probability metrics (2002)"
RENYI = "van Erven, Harremoes, Renyi divergence and Kullback-Leibler divergence (2014)"


def _claim(
    id: str, title: str, source: str, *chains: Chain, name: str = "", positive: bool = False
) -> Claim:
    return Claim(
        id,
        title,
        TOPIC,
        source,
        chains,
        expected=Verdict.PROVED if id in BY_BOXES else Verdict.BOTH,
        name=name,
        shown_for=FULL_SUPPORT if positive else FINITE,
    )


def _link(first: str, *steps: Step, label: str = "", positive: bool = False) -> Chain:
    """A chain about two laws; `positive` where a logarithm of a total is taken."""
    return chain(first, *steps, given=POSITIVE_MASSES if positive else ANY, label=label)


CLAIMS = (
    _claim(
        "pinsker",
        "`TV(p, q) <= sqrt(KL(p, q)/2)`",
        "Pinsker (1964), with the constant of Csiszar (1967) and Kemperman (1969)",
        chain(
            "(2*u + 4)/3*(u*log(u) - u + 1)",
            at_least("(u - 1)**2", "convex in u, touching at 1", Touching(u, 1)),
            given={u: POSITIVE},
            label="one ratio",
        ),
        _link(
            "TV(p, q)",
            at_most(
                "Sum(sqrt((2*p + 4*q)/3*(p*log(p/q) - p + q)))/2",
                "the inequality above at u = p/q, times q^2, under the root",
            ),
            at_most(
                "sqrt(Sum((2*p + 4*q)/3)*Sum(p*log(p/q) - p + q))/2",
                "Cauchy-Schwarz",
                CAUCHY_SCHWARZ,
            ),
            eq("sqrt(KL(p, q)/2)", "the totals are 2 and KL"),
        ),
        name="Pinsker's inequality",
    ),
    # --- atom by atom ---------------------------------------------------------------------------
    _claim(
        "hellinger-total-variation",
        "`H2(p, q) <= TV(p, q)`",
        LE_CAM,
        _link(
            "H2(p, q)",
            at_most("TV(p, q)", "(sqrt p - sqrt q)^2 <= |sqrt p - sqrt q| (sqrt p + sqrt q)"),
        ),
        name="Le Cam's inequality",
    ),
    _claim(
        "hellinger-triangular",
        "`2*H2(p, q) <= LeCam(p, q)` and `LeCam(p, q) <= 4*H2(p, q)`",
        TOPSOE,
        _link(
            "2*H2(p, q)",
            at_most("LeCam(p, q)", "(sqrt p + sqrt q)^2 is at least p + q"),
            at_most("4*H2(p, q)", "and at most 2 (p + q)"),
        ),
    ),
    _claim(
        "jensen-shannon-hellinger",
        "`log(2)*H2(p, q) <= JS(p, q)` and `JS(p, q) <= H2(p, q)`",
        TOPSOE,
        _link(
            "log(2)*H2(p, q)",
            at_most("JS(p, q)", EVERY_TERM),
            at_most("H2(p, q)", EVERY_TERM),
        ),
    ),
    _claim(
        "jensen-shannon-triangular",
        "`LeCam(p, q)/4 <= JS(p, q)` and `JS(p, q) <= log(2)/2*LeCam(p, q)`",
        TOPSOE,
        _link(
            "LeCam(p, q)/4",
            at_most("JS(p, q)", EVERY_TERM),
            at_most("log(2)/2*LeCam(p, q)", EVERY_TERM),
        ),
        name="Topsoe's inequalities",
    ),
    _claim(
        "jensen-shannon-total-variation",
        "`JS(p, q) <= log(2)*TV(p, q)`",
        LIN,
        _link("JS(p, q)", at_most("log(2)*TV(p, q)", EVERY_TERM)),
        name="Lin's inequality",
    ),
    _claim(
        "jensen-shannon-jeffreys",
        "`JS(p, q) <= Jeffreys(p, q)/4`",
        LIN,
        _link(
            "JS(p, q)",
            at_most("Jeffreys(p, q)/4", "log((p + q)/2) is at least the mean of log p and log q"),
        ),
    ),
    _claim(
        "triangular-total-variation",
        "`LeCam(p, q) <= 2*TV(p, q)` and `TV(p, q) <= sqrt(LeCam(p, q)/2)`",
        TOPSOE,
        _link(
            "LeCam(p, q)", at_most("2*TV(p, q)", "|p - q| <= p + q at every atom"), label="above"
        ),
        _link(
            "TV(p, q)",
            at_most("sqrt(Sum(p + q)*LeCam(p, q))/2", "Cauchy-Schwarz", CAUCHY_SCHWARZ),
            eq("sqrt(LeCam(p, q)/2)", "the total of p + q is 2"),
            label="below",
        ),
    ),
    _claim(
        "chi2-total-variation",
        "`TV(p, q) <= sqrt(Chi2(p, q))/2`",
        GIBBS_SU,
        _link(
            "TV(p, q)",
            at_most("sqrt(Sum(q)*Chi2(p, q))/2", "Cauchy-Schwarz", CAUCHY_SCHWARZ),
            eq("sqrt(Chi2(p, q))/2", "the total of q is 1"),
        ),
    ),
    _claim(
        "kl-log-chi2",
        "`KL(p, q) <= log(1 + Chi2(p, q))`",
        GIBBS_SU,
        _link(
            "KL(p, q)",
            at_most("log(Sum(p*(p/q)))", "the mean of a logarithm under p", JENSEN),
            eq("log(1 + Chi2(p, q))", "the total of p^2/q is 1 + chi^2"),
            positive=True,
        ),
        positive=True,
    ),
    _claim(
        "kl-chi2",
        "`KL(p, q) <= Chi2(p, q)`",
        GIBBS_SU,
        _link("KL(p, q)", at_most("Chi2(p, q)", "log u <= u - 1 at u = p/q")),
    ),
    _claim(
        "entropy-nonnegative",
        "`Entropy(p) >= 0`",
        "Shannon, A mathematical theory of communication (1948)",
        chain("Entropy(p)", at_least(0, "no p is above 1"), given={p: ANY[p]}),
    ),
    # --- affinity and Renyi's divergences -------------------------------------------------------
    _claim(
        "affinity",
        "`BC(p, q) = 1 - H2(p, q)`",
        LE_CAM,
        _link("BC(p, q)", eq("1 - H2(p, q)", "expand the square; the totals are 1")),
    ),
    _claim(
        "kl-affinity",
        "`-KL(p, q)/2 <= log(BC(p, q))`",
        GIBBS_SU,
        _link(
            "-KL(p, q)/2",
            eq("Sum(p*log(sqrt(q/p)))", "log sqrt(q/p) is half of log(q/p)"),
            at_most("log(Sum(p*sqrt(q/p)))", "the mean of a logarithm under p", JENSEN),
            eq("log(BC(p, q))", "p sqrt(q/p) = sqrt(p q)"),
            positive=True,
        ),
        positive=True,
    ),
    _claim(
        "renyi-one-half",
        "`Renyi(1/2, p, q) = -2*log(BC(p, q))`",
        RENYI,
        _link(
            "Renyi(1/2, p, q)",
            eq("-2*log(BC(p, q))", "sqrt p sqrt q = sqrt(p q)"),
            positive=True,
        ),
        positive=True,
    ),
    _claim(
        "renyi-two",
        "`Renyi(2, p, q) = log(1 + Chi2(p, q))`",
        RENYI,
        _link(
            "Renyi(2, p, q)",
            eq("log(1 + Chi2(p, q))", "the total of p^2/q is 1 + chi^2"),
            positive=True,
        ),
        positive=True,
    ),
)
