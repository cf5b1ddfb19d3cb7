"""K. The evidence lower bound and its importance-weighted relatives.

For one observation x, w(z) = p(x, z) > 0 is the joint density over the latent's atoms, so that
p(x) = total of w, and q is the encoder's distribution over z.
"""

from __future__ import annotations

from itertools import combinations

import sympy as sp
from sympy import Rational, log, symbols

from ..claim import ByClaim, Claim, TakenOnTrust, at_least, at_most, chain, eq
from ..language import POSITIVE, Domain, Mass, PerAtom, Total

p, q, w, m = symbols("p q w m")
TOPIC = "vaes"
GIVEN: dict[sp.Symbol, Domain] = {q: Mass(), w: PerAtom(POSITIVE)}

evidence = Total(w)
elbo = Total(q * log(w / q))
posterior = w / evidence

ELBO = Claim(
    id="elbo",
    title="log p(x) = ELBO + KL(q || p(z|x)), so the ELBO is a lower bound",
    topic=TOPIC,
    source="Jordan, Ghahramani, Jaakkola, Saul, An introduction to variational methods (1999)",
    chains=(
        chain(
            log(evidence),
            eq(Total(q * log(evidence)), "q has total 1"),
            eq(Total(q * log(w / q)) + Total(q * log(q / posterior)), "p(x) = w / p(z|x)"),
            given=GIVEN,
        ),
        chain(
            log(evidence) - elbo,
            eq(Total(q * log(q / posterior)), "the gap is KL(q || p(z|x))"),
            at_least(
                0,
                "both are probability vectors",
                by=ByClaim("nonnegative-kl", {p: q, q: posterior}, chain=1),
            ),
            given=GIVEN,
            label="gap",
        ),
    ),
)


def _bound(samples: tuple[sp.Symbol, ...]) -> sp.Expr:
    return log(sp.Add(*samples) / len(samples))


def _grows(k: int) -> tuple[sp.Expr, sp.Expr, dict[sp.Symbol, Domain]]:
    """E of the mean over the k-subsets of k + 1 weights, and E of the bound with all of them.

    The atoms are the (k+1)-tuples of independent draws, of probability m; by exchangeability each
    k-subset has the same expectation L_k.
    """
    weights = sp.symbols(f"w1:{k + 2}")
    subsets = list(combinations(weights, k))
    mean = sp.Add(*(_bound(s) for s in subsets)) / Rational(len(subsets))
    given: dict[sp.Symbol, Domain] = dict.fromkeys(weights, PerAtom(POSITIVE))
    return Total(m * mean), Total(m * _bound(weights)), given


_a = symbols("a")
IWAE = Claim(
    id="iwae",
    title="The importance-weighted bounds grow: L_K <= L_{K+1} <= log p(x)",
    topic=TOPIC,
    source="Burda, Grosse, Salakhutdinov, Importance weighted autoencoders (2016), Theorem 1",
    chains=(
        *(
            chain(
                smaller,
                at_most(
                    larger,
                    "the mean of the subsets' means is the mean of all; log is concave",
                    by=TakenOnTrust("arithmetic-geometric-mean"),
                ),
                given={m: Mass(), **given},
                label=f"K = {k}",
            )
            for k in (1, 2, 3)
            for smaller, larger, given in [_grows(k)]
        ),
        chain(
            Total(m * log(_a)),
            at_most(
                log(Total(m * _a)),
                "a is the mean of the K weights, of expectation p(x)",
                by=TakenOnTrust("jensen-log"),
            ),
            given={m: Mass(), _a: PerAtom(POSITIVE)},
            label="<= log p(x)",
        ),
    ),
    note="K = 1, 2, 3 are written out; the step is the same for every K.",
)

CLAIMS = (ELBO, IWAE)
