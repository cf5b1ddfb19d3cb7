"""E. Closed forms between other laws of the line, and other divergences between Gaussians.

A row says between which two laws, what the divergence is and on what way it is found; each is an
integral of the two densities.
"""

from __future__ import annotations

from dataclasses import dataclass

import sympy as sp
from sympy import symbols

from ..claim import ChangeOfVariable, Claim, Reason, Step, chain, eq
from ..language import POSITIVE, REAL, UNIT, Domain, Interval

x, y, b1 = symbols("x y b1")
TOPIC = "closed-forms"
WIDTHS = "sigma1 sigma2"


@dataclass(frozen=True)
class Row:
    """`left = right`, found through `steps`; the parameters are positive unless they are `real`."""

    id: str
    name: str
    left: str
    right: str
    why: str
    source: str
    positive: str
    real: str = ""
    steps: tuple[tuple[str, str, Reason | None], ...] = ()
    given: tuple[tuple[str, Domain], ...] = ()
    shown_for: str = ""

    def claim(self) -> Claim:
        symbol = sp.Symbol
        way = (eq(value, why, *([by] if by else [])) for value, why, by in self.steps)
        steps: tuple[Step, ...] = (*way, eq(self.right, self.why))
        return Claim(
            self.id,
            f"`{self.left} = {self.right}`",
            TOPIC,
            self.source,
            (
                chain(
                    self.left,
                    *steps,
                    given={
                        **{symbol(name): REAL for name in self.real.split()},
                        **{symbol(name): POSITIVE for name in self.positive.split()},
                        **{symbol(name): domain for name, domain in self.given},
                    },
                ),
            ),
            name=self.name,
            shown_for=self.shown_for,
        )


BHATTACHARYYA = (
    "Bhattacharyya, On a measure of divergence between two statistical populations (1943)"
)
GIL = "Gil, Alajaji, Linder, Renyi divergence measures for continuous distributions (2013)"
_gaussians = "Normal(mu1, sigma1), Normal(mu2, sigma2)"
_spread = "(alpha*sigma2^2 + (1 - alpha)*sigma1^2)"
_gamma_ratio = (
    "a1*log(b1) - log(gamma(a1)) - a2*log(b2) + log(gamma(a2)) "
    "+ (a1 - a2)*log({x}) - (b1 - b2)*({x})"
)

ROWS = (
    Row(
        "exponential-kl",
        "KL divergence of exponential laws",
        "KL(Exponential(a), Exponential(b))",
        "log(a/b) + b/a - 1",
        "x has the mean `1/a`",
        GIL,
        "a b",
        steps=(("Mean(Exponential(a), log(a/b) + (b - a)*x, x)", "the log ratio is linear", None),),
    ),
    Row(
        "exponential-bhattacharyya",
        "Bhattacharyya coefficient of exponential laws",
        "BC(Exponential(a), Exponential(b))",
        "2*sqrt(a*b)/(a + b)",
        "an exponential of rate `(a + b)/2`",
        f"{GIL}, at alpha = 1/2",
        "a b",
    ),
    Row(
        "laplace-kl",
        "KL divergence of Laplace laws",
        "KL(Laplace(0, b1), Laplace(delta, b2))",
        "log(b2/b1) + delta/b2 + b1/b2*exp(-delta/b1) - 1",
        "split at 0 and at `delta`",
        GIL,
        "delta b1 b2",
        steps=(
            (
                "Mean(Laplace(0, b1), log(b2/b1) + abs(x - delta)/b2 - abs(x)/b1, x)",
                "the log ratio has two kinks",
                None,
            ),
        ),
        shown_for="the first about 0 and `delta > 0` (KL is the same after a shift or a reflection)",
    ),
    Row(
        "gamma-kl",
        "KL divergence of gamma laws",
        "KL(Gamma(a1, b1), Gamma(a2, b2))",
        "(a1 - a2)*digamma(a1) - log(gamma(a1)) + log(gamma(a2)) + a2*log(b1/b2) + a1*(b2 - b1)/b1",
        "y has the mean a1, its logarithm `digamma(a1)`",
        GIL,
        "a1 a2 b1 b2",
        steps=(
            (
                f"Mean(Gamma(a1, b1), {_gamma_ratio.format(x='x')}, x)",
                "the log ratio is linear in x and log x",
                None,
            ),
            (
                f"Mean(Gamma(a1, 1), {_gamma_ratio.format(x='y/b1')}, y)",
                "`x = y/b1`",
                ChangeOfVariable(x, y / b1, y),
            ),
        ),
    ),
    Row(
        "gaussian-bhattacharyya",
        "Bhattacharyya coefficient of Gaussians",
        f"BC({_gaussians})",
        "sqrt(2*sigma1*sigma2/(sigma1^2 + sigma2^2))*exp(-(mu1 - mu2)^2/(4*(sigma1^2 + sigma2^2)))",
        "the square in x is complete",
        BHATTACHARYYA,
        WIDTHS,
        "mu1 mu2",
    ),
    Row(
        "gaussian-hellinger",
        "Squared Hellinger distance of Gaussians",
        f"H2({_gaussians})",
        "1 - sqrt(2*sigma1*sigma2/(sigma1^2 + sigma2^2))"
        "*exp(-(mu1 - mu2)^2/(4*(sigma1^2 + sigma2^2)))",
        "both densities have total 1",
        BHATTACHARYYA,
        WIDTHS,
        "mu1 mu2",
    ),
    Row(
        "gaussian-chi2",
        "Chi-squared divergence of Gaussians",
        f"1 + Chi2({_gaussians})",
        "sigma2^2*exp((mu1 - mu2)^2/(2*sigma2^2 - sigma1^2))/(sigma1*sqrt(2*sigma2^2 - sigma1^2))",
        "the square in x is complete",
        f"{GIL}, at alpha = 2",
        "sigma2",
        "mu1 mu2",
        given=(("sigma1", Interval(0, sp.sqrt(2) * sp.Symbol("sigma2"))),),
        shown_for="`sigma1^2 < 2*sigma2^2` (beyond it is infinite, which is not shown)",
    ),
    Row(
        "gaussian-renyi",
        "Renyi divergence of Gaussians",
        f"Renyi(alpha, {_gaussians})",
        f"log(sigma2/sigma1) + log(sigma2^2/{_spread})/(2*(alpha - 1)) "
        f"+ alpha*(mu1 - mu2)^2/(2*{_spread})",
        "the square in x is complete",
        GIL,
        WIDTHS,
        "mu1 mu2",
        given=(("alpha", UNIT),),
        shown_for="`0 < alpha < 1`",
    ),
    Row(
        "gaussian-fisher",
        "Fisher divergence of Gaussians",
        f"Fisher({_gaussians})",
        "(sigma1/sigma2^2 - 1/sigma1)^2 + (mu1 - mu2)^2/sigma2^4",
        "the scores differ by `(x - mu2)/sigma2^2 - (x - mu1)/sigma1^2`",
        "Hyvarinen, Estimation of non-normalized statistical models (2005), equation 2, at Gaussians",
        WIDTHS,
        "mu1 mu2",
    ),
)

CLAIMS = tuple(row.claim() for row in ROWS)
