"""E. Closed forms between Gaussians."""

from __future__ import annotations

import sympy as sp
from sympy import Integral, Matrix, Rational, exp, log, oo, pi, sqrt, symbols

from ..claim import Chain, ChangeOfVariable, Claim, chain, eq
from ..language import POSITIVE, REAL, Domain, PerAtom, Total

x, z = symbols("x z")
mu1, mu2, s1, s2 = symbols("mu1 mu2 sigma1 sigma2")
TOPIC = "closed-forms"
half = Rational(1, 2)


def normal(point: sp.Expr, mean: sp.Expr, deviation: sp.Expr) -> sp.Expr:
    """The density of N(mean, deviation^2)."""
    return exp(-((point - mean) ** 2) / (2 * deviation**2)) / (deviation * sqrt(2 * pi))


def kl(m1: sp.Expr, d1: sp.Expr, m2: sp.Expr, d2: sp.Expr) -> sp.Expr:
    """KL(N(m1, d1^2) || N(m2, d2^2)) in closed form."""
    return log(d2 / d1) + (d1**2 + (m1 - m2) ** 2) / (2 * d2**2) - half


_p, _q = normal(x, mu1, s1), normal(x, mu2, s2)
_log_ratio = log(s2 / s1) + (x - mu2) ** 2 / (2 * s2**2) - (x - mu1) ** 2 / (2 * s1**2)
_standard = exp(-(z**2) / 2) / sqrt(2 * pi)

ONE_DIMENSION = Claim(
    id="gaussian-kl",
    title="KL between Gaussians on the line",
    topic=TOPIC,
    source="Kullback, Information Theory and Statistics (1959), chapter 9",
    chains=(
        chain(
            Integral(_p * log(_p / _q), (x, -oo, oo)),
            eq(Integral(_p * _log_ratio, (x, -oo, oo)), "the log ratio is a quadratic in x"),
            eq(
                Integral(_standard * _log_ratio.subs(x, mu1 + s1 * z), (z, -oo, oo)),
                "standardise",
                by=ChangeOfVariable(x, mu1 + s1 * z, z),
            ),
            eq(kl(mu1, s1, mu2, s2), "E z = 0, E z^2 = 1"),
            given={mu1: REAL, mu2: REAL, s1: POSITIVE, s2: POSITIVE},
        ),
    ),
)


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
    """S_i = L_i L_i^T; under P, x = m1 + L1 z with z standard normal."""
    L1, given1 = _lower_triangular("L", d)
    L2, given2 = _lower_triangular("M", d)
    delta = Matrix(sp.symbols(f"delta1:{d + 1}"))
    zs = sp.symbols(f"z1:{d + 1}")
    standard = sp.Mul(*(exp(-(w**2) / 2) / sqrt(2 * pi) for w in zs))
    # log p/q at x = m1 + L1 z: the squared norms of z and of L2^{-1}(L1 z + delta)
    whitened = L2.LUsolve(L1 * Matrix(zs) + delta)
    determinants = sp.Add(*(log(L2[i, i] / L1[i, i]) for i in range(d)))
    log_ratio = determinants + (whitened.dot(whitened) - sp.Add(*(w**2 for w in zs))) / 2
    S1, S2 = L1 * L1.T, L2 * L2.T
    S2_inverse = S2.inv()
    closed = half * (
        (S2_inverse * S1).trace() + (delta.T * S2_inverse * delta)[0] - d + log(S2.det() / S1.det())
    )
    return chain(
        Integral(standard * sp.expand(log_ratio), *((w, -oo, oo) for w in zs)),
        eq(closed, "E z = 0, E z z^T = I, so E |A z + b|^2 = tr A A^T + |b|^2"),
        given={**given1, **given2, **dict.fromkeys(delta, REAL)},
        label=f"d = {d}",
    )


# In any dimension: a linear map takes S2 to the identity and S1 to a diagonal matrix at once,
# KL does not change under it and adds up over independent coordinates.
_lam, _delta = symbols("lambda delta")
_p1, _q1 = normal(x, _delta, sqrt(_lam)), normal(x, 0, 1)

GENERAL = Claim(
    id="gaussian-kl-matrix",
    title="KL between Gaussians in d dimensions",
    topic=TOPIC,
    source="Kullback, Information Theory and Statistics (1959), chapter 9",
    chains=(
        _in_dimension(1),
        _in_dimension(2),
        chain(
            Total(Integral(_p1 * log(_p1 / _q1), (x, -oo, oo))),
            eq(Total(kl(_delta, sqrt(_lam), 0, 1)), "each coordinate on its own"),
            eq(
                half * (Total(_lam) + Total(_delta**2) - Total(1) - Total(log(_lam))),
                "tr S2^-1 S1 = sum of lambda, log(|S1|/|S2|) = sum of log lambda, d = sum of 1",
            ),
            given={_lam: PerAtom(POSITIVE), _delta: PerAtom(REAL)},
            label="any d, in coordinates where S2 = I and S1 is diagonal",
        ),
    ),
    lemmas=("simultaneous-diagonalisation",),
)

_mu, _s = symbols("mu sigma")
TO_STANDARD = Claim(
    id="gaussian-kl-standard",
    title="KL from a diagonal Gaussian to N(0, I), the VAE's regulariser",
    topic=TOPIC,
    source="Kingma, Welling, Auto-encoding variational Bayes (2014), appendix B",
    chains=(
        chain(
            Total(
                Integral(
                    normal(x, _mu, _s) * log(normal(x, _mu, _s) / normal(x, 0, 1)), (x, -oo, oo)
                )
            ),
            eq(Total(kl(_mu, _s, 0, 1)), "each coordinate is a Gaussian on the line"),
            eq(half * Total(_mu**2 + _s**2 - 1 - log(_s**2)), "log sigma^2 = 2 log sigma"),
            given={_mu: PerAtom(REAL), _s: PerAtom(POSITIVE)},
        ),
    ),
)

CLAIMS = (ONE_DIMENSION, GENERAL, TO_STANDARD)
