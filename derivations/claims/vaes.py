"""K. The evidence lower bound and its importance-weighted relatives.

For one observation x, w(z) = p(x, z) > 0 is the joint density over the latent's atoms, so that
p(x) is the sum of w, and q is the encoder's distribution over z.
"""

from __future__ import annotations

from itertools import combinations

import sympy as sp
from sympy import Derivative, log, symbols

from ..claim import (
    ByClaim,
    Chain,
    Claim,
    TakenOnTrust,
    above,
    at_least,
    at_most,
    chain,
    eq,
)
from ..language import POSITIVE, REAL, Domain, Interval, Mass, PerAtom
from ..vocabulary import Density, E, Mean, Normal, Posterior
from ..words.reading import read

p, q, w, m = symbols("p q w m")
TOPIC = "vaes"
GIVEN: dict[sp.Symbol, Domain] = {q: Mass(), w: PerAtom(POSITIVE)}
FINITE = "a latent with finitely many values, p(x, z) > 0 and q(z) > 0"

ELBO = Claim(
    id="elbo",
    title="`log(Evidence(w)) = ELBO(q, w) + KL(q, Posterior(w)) >= ELBO(q, w)`",
    name="Evidence lower bound",
    topic=TOPIC,
    source="Jordan, Ghahramani, Jaakkola, Saul, An introduction to variational methods (1999)",
    shown_for=FINITE,
    chains=(
        chain(
            "log(Evidence(w))",
            eq("E(q, log(Evidence(w)))", "q has total 1"),
            eq("ELBO(q, w) + KL(q, Posterior(w))", "p(x) is w over p(z | x)"),
            given=GIVEN,
        ),
        chain(
            "log(Evidence(w)) - ELBO(q, w)",
            eq("KL(q, Posterior(w))", "the gap"),
            at_least(
                0,
                "both are probability vectors",
                by=ByClaim("nonnegative-kl", {p: q, q: Posterior(w)}, chain=1),
            ),
            given=GIVEN,
            label="gap",
        ),
    ),
)


def _log_mean(weights: tuple[sp.Symbol, ...]) -> sp.Expr:
    return log(sp.Add(*weights) / len(weights))


def _grows(k: int) -> Chain:
    """The mean of the bounds with k of k + 1 weights, and the bound with all of them.

    The atoms are the (k+1)-tuples of draws, of probability m.
    """
    weights = sp.symbols(f"w1:{k + 2}")
    subsets = [_log_mean(subset) for subset in combinations(weights, k)]
    return chain(
        E(m, sp.Add(*subsets) / len(subsets)),
        at_most(
            E(m, _log_mean(weights)),
            "the mean of the subsets' means is the mean of all; log is concave",
            by=TakenOnTrust("arithmetic-geometric-mean"),
        ),
        given={m: Mass(), **dict.fromkeys(weights, PerAtom(POSITIVE))},
        label=f"`K = {k}`",
    )


IWAE = Claim(
    id="iwae",
    title="L_K <= L_(K+1) <= log p(x), where L_K is the mean of the logarithm of the mean of K "
    "importance weights",
    name="Importance-weighted bounds",
    topic=TOPIC,
    source="Burda, Grosse, Salakhutdinov, Importance weighted autoencoders (2016), Theorem 1",
    shown_for="K = 1, 2, 3; finitely many values of the weights",
    note="Of independent weights every K among K + 1 have the same law, so that the left side is "
    "L_K; and the mean weight has the mean p(x). Both are in words.",
    chains=(
        *map(_grows, (1, 2, 3)),
        chain(
            "E(m, log(a))",
            at_most(
                "log(E(m, a))",
                "a is the mean of the K weights, of mean p(x)",
                by=TakenOnTrust("jensen-log"),
            ),
            given={m: Mass(), sp.Symbol("a"): PerAtom(POSITIVE)},
            label="at most log p(x)",
        ),
    ),
)

# --- gradients of E f(z), z = mu + sigma eps ------------------------------------------------------

z, eps, mu, s, a, b, c = symbols("z eps mu sigma a b c")
_f = read("a*z + b*z^2 + c*z^3")
_slope = "a + 2*b*(mu + sigma*eps) + 3*c*(mu + sigma*eps)^2"
GRADIENTS = Claim(
    id="gaussian-gradients",
    title="The reparametrised gradient, of f at `mu + sigma*eps`, and the score-function gradient, "
    "f times that of `log(Density(Normal(mu, sigma), z))`, have the same mean",
    name="Reparametrisation and score-function gradients",
    topic=TOPIC,
    source="Williams, Simple statistical gradient-following algorithms (1992)",
    shown_for="one Gaussian latent, `f = a*z + b*z^2 + c*z^3`",
    chains=tuple(
        chain(
            f"Mean(Normal(0, 1), {pathwise}, eps)",
            eq(
                Mean(Normal(mu, s), _f * Derivative(log(Density(Normal(mu, s), z)), by), z),
                "by parts, under the normal density",
            ),
            given={mu: REAL, s: POSITIVE, a: REAL, b: REAL, c: REAL},
            label=f"in `{by}`",
        )
        for by, pathwise in ((mu, _slope), (s, f"({_slope})*eps"))
    ),
)

# --- x = k z + noise of variance v, z standard normal ----------------------------------------------

x, k, v, r, tau = symbols("x k v r tau")
_joint = "Density(Normal(k*z, sqrt(v)), x)*Density(Normal(0, 1), z)"
_encoder = "Normal(k*x/(k^2 + v), sqrt(v/(k^2 + v)))"
_evidence = "Density(Normal(0, sqrt(k^2 + v)), x)"
PPCA = Claim(
    id="ppca-posterior",
    title=f"`{_joint} = {_evidence}*Density({_encoder}, z)`: with a linear decoder the posterior is "
    "Gaussian, and with it as the encoder the ELBO is log p(x)",
    name="Probabilistic PCA",
    topic=TOPIC,
    source="Tipping, Bishop, Probabilistic principal component analysis (1999)",
    shown_for="one latent, one observed coordinate",
    chains=(
        chain(
            f"log({_joint}) - log(Density({_encoder}, z))",
            eq(f"log({_evidence})", "the square in z is complete: every z has the weight p(x)"),
            given={x: REAL, z: REAL, k: REAL, v: POSITIVE},
            label="posterior",
        ),
        chain(
            f"Mean({_encoder}, log({_joint}/Density({_encoder}, z)), z)",
            eq(f"Mean({_encoder}, log({_evidence}), z)", "p(x, z)/q(z) is p(x) at every z"),
            eq(f"log({_evidence})", "the mean of a constant"),
            given={x: REAL, k: REAL, v: POSITIVE},
            label="ELBO",
        ),
    ),
)

_log_likelihood = "-(log(2*pi*(v + k)) + tau^2/(v + k))/2"
_falls = "-(v + k - tau^2)/(2*(v + k)^2)"
COLLAPSE = Claim(
    id="ppca-collapse",
    title="With the noise's variance v above the data's, `tau^2`, the mean log-likelihood "
    f"`{_log_likelihood}` falls in the decoder's square k",
    name="Posterior collapse of the linear VAE",
    topic=TOPIC,
    source="Lucas, Tucker, Grosse, Norouzi, Don't blame the ELBO! (2019)",
    shown_for="one latent, one observed coordinate",
    chains=(
        chain(
            "Mean(Normal(0, tau), log(Density(Normal(0, r), x)), x)",
            eq("-(log(2*pi*r^2) + tau^2/r^2)/2", "`x^2` has the mean `tau^2`"),
            given={tau: POSITIVE, r: POSITIVE},
            label="log-likelihood, `r^2 = v + k`",
        ),
        chain(
            0,
            above(_falls, "`v + k > v > tau^2`"),
            eq(Derivative(read(_log_likelihood), k), "differentiate"),
            given={tau: POSITIVE, v: Interval(tau**2), k: POSITIVE},
            label="slope",
        ),
    ),
)

CLAIMS = (ELBO, IWAE, GRADIENTS, PPCA, COLLAPSE)
