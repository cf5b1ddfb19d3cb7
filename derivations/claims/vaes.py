"""K. The evidence lower bound and its importance-weighted relatives.

For one observation x, w(z) = p(x, z) > 0 is the joint density over the latent's atoms, so that
p(x) = total of w, and q is the encoder's distribution over z.
"""

from __future__ import annotations

from itertools import combinations

import sympy as sp
from sympy import Derivative, Integral, Rational, log, oo, sqrt, symbols

from ..claim import ByClaim, Claim, TakenOnTrust, at_least, at_most, chain, eq
from ..language import POSITIVE, REAL, Domain, Interval, Mass, PerAtom, Total
from .gaussians import normal

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

# --- gradients of E f(z), z = mu + sigma eps ------------------------------------------------------

z, eps, mu, s, a, b, c = symbols("z eps mu sigma a b c")
_q = normal(z, mu, s)
_moved = mu + s * eps


def _noise(value: sp.Expr) -> sp.Expr:
    return Integral(value * normal(eps, 0, 1), (eps, -oo, oo))


def _draw(value: sp.Expr) -> sp.Expr:
    return Integral(value * _q, (z, -oo, oo))


_f = a * z + b * z**2 + c * z**3
GRADIENTS = Claim(
    id="gaussian-gradients",
    title="The reparametrised and the score-function gradient have the same mean, on a Gaussian",
    topic=TOPIC,
    source="Williams, Simple statistical gradient-following algorithms (1992)",
    chains=tuple(
        chain(
            _noise(sp.diff(_f, z).subs(z, _moved) * rate),
            eq(_draw(_f * Derivative(log(_q), by)), "by parts, under the normal density"),
            given={mu: REAL, s: POSITIVE, a: REAL, b: REAL, c: REAL},
            label=f"in {by}, f(z) = a z + b z^2 + c z^3",
        )
        for by, rate in ((mu, sp.S.One), (s, eps))
    ),
)

# --- x = k z + noise of variance v, z standard normal ----------------------------------------------

x, k, v, lam = symbols("x k v lambda")
_total = k**2 + v
_posterior = normal(z, k * x / _total, sqrt(v / _total))
_joint = normal(x, k * z, sqrt(v)) * normal(z, 0, 1)
PPCA = Claim(
    id="ppca-posterior",
    title="With a linear decoder on the line a Gaussian encoder makes the ELBO tight",
    topic=TOPIC,
    source="Tipping, Bishop, Probabilistic principal component analysis (1999)",
    chains=(
        chain(
            log(_joint) - log(_posterior),
            eq(
                log(normal(x, 0, sqrt(_total))),
                "the square in z is complete: every z has the weight p(x), so the ELBO is log p(x)",
            ),
            given={x: REAL, z: REAL, k: REAL, v: POSITIVE},
        ),
    ),
)

COLLAPSE = Claim(
    id="ppca-collapse",
    title="Noise held above the data's variance makes the likelihood want no decoder",
    topic=TOPIC,
    source="Lucas, Tucker, Grosse, Norouzi, Don't blame the ELBO! (2019)",
    chains=(
        chain(
            Derivative(-(log(v + k) + lam / (v + k)) / 2, k),
            eq(-(v + k - lam) / (2 * (v + k) ** 2), "differentiate: negative where v + k > lambda"),
            given={v: POSITIVE, lam: Interval(0, v), k: POSITIVE},
            label="the decoder's square k, the data's variance lambda, the noise's v",
        ),
    ),
)

CLAIMS = (ELBO, IWAE, GRADIENTS, PPCA, COLLAPSE)
