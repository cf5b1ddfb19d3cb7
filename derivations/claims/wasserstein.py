"""G. Wasserstein distances, and what a critic's leash makes of them.

What a map costs bounds the distance from above, and what a 1-Lipschitz potential gains bounds it
from below (weak duality, the one theorem on trust here): where both give one number, that is W1.
"""

from __future__ import annotations

import sympy as sp
from sympy import Integral, oo, symbols

from ..claim import (
    AtEnd,
    Chain,
    ChangeOfVariable,
    Claim,
    Stationary,
    TakenOnTrust,
    above,
    at_least,
    at_most,
    chain,
    eq,
)
from ..language import POSITIVE, REAL, Interval, Mass, PerAtom, Supremum
from ..words.reading import read

x, y, z, c, k, a, b, mu, gamma = symbols("x y z c k a b mu gamma")
theta, psi, lam, K = symbols("theta psi lamda K")
m1, m2, s1, s2, delta, s = symbols("mu1 mu2 sigma1 sigma2 delta sigma")
TOPIC = "wasserstein"
VILLANI = "Villani, Optimal transport: old and new (2009)"
GULRAJANI = "Gulrajani et al., Improved training of Wasserstein GANs (2017)"
CHHACHHI = (
    "Chhachhi, Teng, On the 1-Wasserstein distance between location-scale distributions (2023)"
)
DOWSON = "Dowson, Landau, The Frechet distance between multivariate normal distributions (1982)"
DUALITY = ("weak-duality-of-transport",)
BY_DUALITY = "one map and one potential; that no plan costs less is weak duality"


def lipschitz(potential: str) -> Chain:
    """|f(x) - f(y)| <= |x - y|."""
    at_x, at_y = (potential.format(x=point) for point in ("x", "y"))
    names = sorted(read(potential.format(x="x")).free_symbols | {x, y}, key=str)
    return chain(
        f"abs({at_x} - {at_y})",
        at_most("abs(x - y)", "the triangle inequality"),
        given=dict.fromkeys(names, REAL),
        label="the potential is 1-Lipschitz",
    )


IDENTITY = chain(
    "x - y",
    at_most("abs(x - y)", "so that x is 1-Lipschitz"),
    given={x: REAL, y: REAL},
    label="the potential is 1-Lipschitz",
)

_gain = "Mean(Exponential(b), x, x) - Mean(Exponential(a), x, x)"
_cost = "Mean(Exponential(1), abs(z/b - z/a), z)"
EXPONENTIAL = Claim(
    id="exponential-w1",
    title=f"`{_gain} = 1/b - 1/a = {_cost}`: what the potential x gains, moving z/a to z/b costs",
    name="W1 between exponential distributions",
    topic=TOPIC,
    source=f"{VILLANI}, chapter 5",
    shown_for=f"`a > b`; {BY_DUALITY}",
    chains=(
        chain(
            _gain,
            eq("1/b - 1/a", "the means"),
            eq(_cost, "z exponential with mean 1; `z/b > z/a`"),
            given={b: POSITIVE, a: Interval(b)},
            label="gain and cost",
        ),
        chain(
            Integral(read("exp(-b*x) - exp(-a*x)"), (x, 0, oo)),
            eq("1/b - 1/a", "`exp(-b*x) >= exp(-a*x)`, so that this is the area between them"),
            given={b: POSITIVE, a: Interval(b)},
            label="area between the distribution functions",
        ),
        IDENTITY,
    ),
    lemmas=DUALITY,
)

_gain = "Mean(Normal(mu1, sigma), x, x) - Mean(Normal(mu2, sigma), x, x)"
_cost = "Mean(Normal(0, 1), abs((mu1 + sigma*z) - (mu2 + sigma*z)), z)"
SHIFT = Claim(
    id="gaussian-w1-shift",
    title=f"`{_gain} = mu1 - mu2 = {_cost}`: what the potential x gains, the shift costs",
    name="W1 between Gaussians of one width",
    topic=TOPIC,
    source=f"{VILLANI}, chapter 5",
    shown_for=f"`mu1 > mu2`; {BY_DUALITY}",
    chains=(
        chain(
            _gain,
            eq("mu1 - mu2", "the means"),
            eq(_cost, "everything moves by `mu1 - mu2`"),
            given={m2: REAL, m1: Interval(m2), s: POSITIVE},
            label="gain and cost",
        ),
        IDENTITY,
    ),
    lemmas=DUALITY,
)

_cost = "Mean(Normal(0, 1), abs(sigma1*z - sigma2*z), z)"
WIDTH = Claim(
    id="gaussian-w1-width",
    title="`Mean(Normal(mu, sigma1), abs(x - mu), x) - Mean(Normal(mu, sigma2), abs(x - mu), x) = "
    f"(sigma1 - sigma2)*sqrt(2/pi) = {_cost}`: what the potential `abs(x - mu)` gains, the stretch costs",
    name="W1 between Gaussians of one mean",
    topic=TOPIC,
    source=f"{VILLANI}, chapter 5",
    shown_for=f"`sigma1 > sigma2`; {BY_DUALITY}",
    chains=(
        chain(
            "Mean(Normal(mu, sigma), abs(x - mu), x)",
            eq(
                "Mean(Normal(0, 1), abs(mu + sigma*z - mu), z)",
                "standardise",
                by=ChangeOfVariable(x, mu + s * z, z),
            ),
            eq("sigma*sqrt(2/pi)", "`abs(z)` has the mean `sqrt(2/pi)`"),
            given={mu: REAL, s: POSITIVE},
            label="each part of the gain",
        ),
        chain(
            _cost,
            eq("(sigma1 - sigma2)*sqrt(2/pi)", "stretching `mu + sigma2*z` to `mu + sigma1*z`"),
            given={s2: POSITIVE, s1: Interval(s2)},
            label="cost",
        ),
        lipschitz("abs({x} - mu)"),
    ),
    lemmas=DUALITY,
)

# Two Gaussians of different widths are the laws of c + sigma1 (z - k) and c + sigma2 (z - k): there
# is one place c where their quantiles cross, and it is where the best potential has its kink.
_k, _c = "(mu2 - mu1)/(sigma1 - sigma2)", "(sigma1*mu2 - sigma2*mu1)/(sigma1 - sigma2)"
_closed = "sigma*sqrt(2/pi)*exp(-delta^2/(2*sigma^2)) + delta*(2*Phi(delta/sigma) - 1)"
GENERAL = Claim(
    id="gaussian-w1",
    title=f"`Mean(Normal(0, 1), abs(delta + sigma*z), z) = {_closed}` with `delta = mu1 - mu2` and "
    "`sigma = abs(sigma1 - sigma2)`: it is what a map costs and a 1-Lipschitz potential gains",
    name="W1 between Gaussians on the line",
    topic=TOPIC,
    source=f"{CHHACHHI}, equation 34",
    shown_for=f"`sigma1 > sigma2`; {BY_DUALITY}",
    chains=(
        chain(
            "Mean(Normal(0, 1), abs(sigma1*(z - k)), z)"
            " - Mean(Normal(0, 1), abs(sigma2*(z - k)), z)",
            eq(
                "Mean(Normal(0, 1), abs(sigma1*(z - k) - sigma2*(z - k)), z)",
                "moving `c + sigma2*(z - k)` to `c + sigma1*(z - k)` costs what `abs(x - c)` gains",
            ),
            given={s2: POSITIVE, s1: Interval(s2), k: REAL},
            label="gain and cost, for the laws of `c + sigma*(z - k)`",
        ),
        chain(
            "Mean(Normal(0, 1), abs(delta + sigma*z), z)",
            eq(_closed, "split where `delta + sigma*z = 0`"),
            given={delta: REAL, s: POSITIVE},
            label="closed form",
        ),
        *(
            chain(
                f"{_c} + {wide}*(z - {_k})",
                eq(f"{mean} + {wide}*z", "algebra"),
                given={m1: REAL, m2: REAL, s2: POSITIVE, s1: Interval(s2), z: REAL},
                label=f"c and k, for `{mean}` and `{wide}`",
            )
            for mean, wide in (("mu1", "sigma1"), ("mu2", "sigma2"))
        ),
        lipschitz("abs({x} - c)"),
    ),
    lemmas=DUALITY,
)

_f = "((1 - sigma2/sigma1)*(x - mu1)^2 + 2*(mu1 - mu2)*(x - mu1) + (mu1 - mu2)^2)"
_g = "((1 - sigma1/sigma2)*(y - mu2)^2 - 2*(mu1 - mu2)*(y - mu2))"
_gain = f"Mean(Normal(mu1, sigma1), {_f}, x) + Mean(Normal(mu2, sigma2), {_g}, y)"
_cost = "Mean(Normal(0, 1), ((mu1 + sigma1*z) - (mu2 + sigma2*z))^2, z)"
_widths = {s1: POSITIVE, s2: POSITIVE}
W2 = Claim(
    id="gaussian-w2",
    title=f"`{_cost} = (mu1 - mu2)^2 + (sigma1 - sigma2)^2`: what a map costs, two potentials with "
    "`f + g <= (x - y)^2` gain",
    name="W2 between Gaussians on the line",
    topic=TOPIC,
    source=DOWSON,
    shown_for=BY_DUALITY.replace("one potential", "one pair of potentials"),
    chains=(
        chain(
            f"(x - y)^2 - {_f} - {_g}",
            eq("(sigma2*(x - mu1) - sigma1*(y - mu2))^2/(sigma1*sigma2)", "a square"),
            at_least(0, "so that `f + g <= (x - y)^2`"),
            given={x: REAL, y: REAL, m1: REAL, m2: REAL, **_widths},
            label="two potentials",
        ),
        chain(
            _gain,
            eq(
                "(mu1 - mu2)^2 + (sigma1 - sigma2)^2", "the means vanish, the squares are variances"
            ),
            eq(_cost, "moving `mu2 + sigma2*z` to `mu1 + sigma1*z`"),
            given={m1: REAL, m2: REAL, **_widths},
            label="gain and cost",
        ),
    ),
    lemmas=DUALITY,
)

ORDER = Claim(
    id="w1-below-w2",
    title="`E(gamma, abs(x - y)) <= sqrt(E(gamma, (x - y)^2))` for every plan gamma",
    name="W1 is at most W2",
    topic=TOPIC,
    source=f"{VILLANI}, chapter 6",
    shown_for="plans of finitely many pairs of points of the line",
    note="The plan that is best for W2 gives W1 <= W2.",
    chains=(
        chain(
            "E(gamma, abs(x - y))",
            at_most(
                "sqrt(E(gamma, 1)*E(gamma, (x - y)^2))",
                "Cauchy-Schwarz",
                by=TakenOnTrust("cauchy-schwarz"),
            ),
            eq("sqrt(E(gamma, (x - y)^2))", "the plan has total 1"),
            given={gamma: Mass(zero=True), x: PerAtom(REAL), y: PerAtom(REAL)},
        ),
    ),
)

# --- a linear critic of slope psi between two points at distance theta ------------------------------

PENALISED = "theta*psi - lamda*(psi - 1)^2"
WRONG_WAY = "theta*psi - lamda*(-psi - 1)^2"
_both = {theta: POSITIVE, lam: POSITIVE}
PENALTY = Claim(
    id="gradient-penalty-diracs",
    title=f"Of the slopes `psi > 0` the best for `{PENALISED}` is `1 + theta/(2*lamda)`, steeper than "
    "1, and the value is above `theta`, which is W1",
    name="WGAN-GP between two points",
    topic=TOPIC,
    source="Mescheder, Geiger, Nowozin, Which training methods for GANs do actually converge? "
    "(2018), the Dirac-GAN with the penalty of WGAN-GP",
    shown_for="two points at distance `theta`, linear critics",
    chains=(
        chain(
            Supremum(read(PENALISED), psi, 0, oo),
            eq(
                "theta + theta^2/(4*lamda)",
                "concave, and the slope `theta - 2*lamda*(psi - 1)` is zero there",
                by=Stationary(1 + theta / (2 * lam)),
            ),
            given=_both,
            label="the penalised value",
        ),
        chain(
            "theta*(1 + theta/(2*lamda))",
            eq("theta + theta^2/(2*lamda)", "twice as far above `theta`"),
            given=_both,
            label="what that critic gains",
        ),
        chain(
            "theta + theta^2/(4*lamda)",
            above("theta", "`theta` is W1"),
            given=_both,
            label="more than W1",
        ),
        chain(
            Supremum(read(WRONG_WAY), psi, -oo, 0),
            eq(
                "-theta + theta^2/(4*lamda)",
                "the slope is zero there",
                by=Stationary(-1 + theta / (2 * lam)),
            ),
            given={lam: POSITIVE, theta: Interval(0, 2 * lam)},
            label="the hump on the wrong side, `2*theta` lower",
        ),
        chain(
            Supremum(read(WRONG_WAY), psi, -oo, 0),
            eq("-lamda", "still rising at 0", by=AtEnd(sp.S.Zero)),
            given={lam: POSITIVE, theta: Interval(2 * lam)},
            label="no such hump, `theta > 2*lamda`",
        ),
    ),
)

LIPSCHITZ = Claim(
    id="lipschitz-diracs",
    title="The supremum of `theta*psi` over the slopes `abs(psi) < K` is `K*theta`, K times W1",
    name="K-Lipschitz critics between two points",
    topic=TOPIC,
    source="Arjovsky, Chintala, Bottou, Wasserstein GAN (2017), section 3",
    shown_for="two points at distance `theta`, linear critics",
    chains=(
        chain(
            Supremum(theta * psi, psi, -K, K),
            eq("K*theta", "it rises up to the steepest that is allowed", by=AtEnd(K)),
            given={theta: POSITIVE, K: POSITIVE},
        ),
    ),
)
CLAIMS = (EXPONENTIAL, SHIFT, WIDTH, GENERAL, W2, ORDER, LIPSCHITZ, PENALTY)
