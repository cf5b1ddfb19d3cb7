"""E. Closed forms of KL: Gaussians, on the line and in d dimensions."""

from __future__ import annotations

from functools import reduce

import sympy as sp
from sympy import Matrix, Rational, exp, log, prod, sqrt, symbols

from ..claim import Chain, ChangeOfVariable, Claim, chain, eq
from ..language import POSITIVE, REAL, Domain, PerAtom, Total
from ..vocabulary import KL, Mean, Normal
from ..words.reading import read

TOPIC = "closed-forms"
KULLBACK = "Kullback, Information theory and statistics (1959), chapter 9"
x, z = symbols("x z")
mu1, mu2, s1, s2, lam, delta, mu, s = symbols("mu1 mu2 sigma1 sigma2 lamda delta mu sigma")
half = Rational(1, 2)
CLOSED = "log(sigma2/sigma1) + (sigma1^2 + (mu1 - mu2)^2)/(2*sigma2^2) - 1/2"
LOG_RATIO = "log(sigma2/sigma1) + ({x} - mu2)^2/(2*sigma2^2) - ({x} - mu1)^2/(2*sigma1^2)"

ONE_DIMENSION = Claim(
    id="gaussian-kl",
    title=f"`KL(Normal(mu1, sigma1), Normal(mu2, sigma2)) = {CLOSED}`",
    name="KL divergence of Gaussians",
    topic=TOPIC,
    source=KULLBACK,
    chains=(
        chain(
            "KL(Normal(mu1, sigma1), Normal(mu2, sigma2))",
            eq(
                f"Mean(Normal(mu1, sigma1), {LOG_RATIO.format(x='x')}, x)",
                "the log ratio is a quadratic in x",
            ),
            eq(
                f"Mean(Normal(0, 1), {LOG_RATIO.format(x='(mu1 + sigma1*z)')}, z)",
                "standardise: `x = mu1 + sigma1*z`",
                by=ChangeOfVariable(x, mu1 + s1 * z, z),
            ),
            eq(CLOSED, "z has the mean 0, its square the mean 1"),
            given={mu1: REAL, mu2: REAL, s1: POSITIVE, s2: POSITIVE},
        ),
    ),
)


def standard(value: sp.Expr, *noises: sp.Symbol) -> sp.Expr:
    """The mean of `value` over independent standard normal variables."""
    return reduce(lambda inner, noise: Mean(Normal(0, 1), inner, noise), reversed(noises), value)


def _lower_triangular(name: str, d: int) -> tuple[Matrix, dict[sp.Symbol, Domain]]:
    """A Cholesky factor with positive diagonal, and its entries' domains."""
    given: dict[sp.Symbol, Domain] = {}
    rows = sp.zeros(d, d)
    for i in range(d):
        for j in range(i + 1):
            entry = sp.Symbol(f"{name}{i + 1}{j + 1}")
            given[entry] = POSITIVE if i == j else REAL
            rows[i, j] = entry
    return Matrix(rows), given


def _in_dimension(d: int) -> Chain:
    """S1 = L L^T, S2 = M M^T; log p/q at mu1 + L z, where q's own noise is M^-1 (L z + delta)."""
    L, given_L = _lower_triangular("L", d)
    M, given_M = _lower_triangular("M", d)
    zs, deltas = (Matrix(sp.symbols(f"{name}1:{d + 1}")) for name in ("z", "delta"))
    whitened = M.LUsolve(L * zs + deltas)
    p, q = (
        exp(-v.dot(v) / 2) / (sqrt(2 * sp.pi) ** d * prod(factor.diagonal()))
        for v, factor in ((zs, L), (whitened, M))
    )
    determinants = sp.Add(*(log(M[i, i] / L[i, i]) for i in range(d)))
    S1, S2 = L * L.T, M * M.T
    inverse = S2.inv()
    closed = half * (
        (inverse * S1).trace() + (deltas.T * inverse * deltas)[0] - d + log(S2.det() / S1.det())
    )
    return chain(
        standard(log(p / q), *zs),
        eq(
            standard(determinants + (whitened.dot(whitened) - zs.dot(zs)) / 2, *zs),
            "the log ratio is a quadratic in z",
        ),
        eq(closed, "E z = 0, E z z^T = I, so E |A z + b|^2 = tr A A^T + |b|^2"),
        given={**given_L, **given_M, **dict.fromkeys(deltas, REAL)},
        label=f"`d = {d}`, `S1 = L*L^T`, `S2 = M*M^T`, `delta = mu1 - mu2`",
    )


GENERAL = Claim(
    id="gaussian-kl-matrix",
    title="KL between Gaussians in d dimensions is half of "
    "tr S2^-1 S1 + (mu1 - mu2)^T S2^-1 (mu1 - mu2) - d + log(|S2|/|S1|)",
    name="KL divergence of multivariate Gaussians",
    topic=TOPIC,
    source=KULLBACK,
    shown_for="d = 1, 2; every d, as the sum over coordinates, in those where S2 = I and S1 is "
    "diagonal",
    note="Under P, x is `mu1 + L*z` with z standard normal; the chains start from the mean of "
    "`log(p/q)` there. That KL is the same in every coordinates, and adds up over independent ones, "
    "is not shown here.",
    chains=(
        _in_dimension(1),
        _in_dimension(2),
        chain(
            Total(KL(Normal(delta, sqrt(lam)), Normal(0, 1))),
            eq(
                Total(read("(lamda + delta^2 - 1 - log(lamda))/2")),
                "each coordinate is a Gaussian on the line",
            ),
            eq(
                half * (Total(lam) + Total(delta**2) - Total(1) - Total(log(lam))),
                "the sums are tr S2^-1 S1, delta^T S2^-1 delta, d and log(|S1|/|S2|)",
            ),
            given={lam: PerAtom(POSITIVE), delta: PerAtom(REAL)},
            label="any d, S2 = I, S1 diagonal",
        ),
    ),
    lemmas=("simultaneous-diagonalisation",),
)

TO_STANDARD = Claim(
    id="gaussian-kl-standard",
    title="`KL(Normal(mu, sigma), Normal(0, 1)) = (mu^2 + sigma^2 - 1 - log(sigma^2))/2`, "
    "and so its sum over coordinates",
    name="The VAE's regulariser",
    topic=TOPIC,
    source="Kingma, Welling, Auto-encoding variational Bayes (2014), appendix B",
    chains=(
        chain(
            "KL(Normal(mu, sigma), Normal(0, 1))",
            eq(
                "log(1/sigma) + (sigma^2 + mu^2)/2 - 1/2",
                "the closed form of Gaussians on the line",
            ),
            eq("(mu^2 + sigma^2 - 1 - log(sigma^2))/2", "`log(sigma^2) = 2*log(sigma)`"),
            given={mu: REAL, s: POSITIVE},
            label="one coordinate",
        ),
        chain(
            Total(KL(Normal(mu, s), Normal(0, 1))),
            eq(Total(read("(mu^2 + sigma^2 - 1 - log(sigma^2))/2")), "coordinate by coordinate"),
            given={mu: PerAtom(REAL), s: PerAtom(POSITIVE)},
            label="d coordinates",
        ),
    ),
)

CLAIMS = (ONE_DIMENSION, GENERAL, TO_STANDARD)
