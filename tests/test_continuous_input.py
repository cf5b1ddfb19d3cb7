"""`between` and `Mixture`: what is wrong in bad input is said, and torch stays unloaded."""

import math
import subprocess
import sys

import numpy as np
import pytest
import sympy as sp
from scipy import stats

import divergences as dv

LINE = (-math.inf, math.inf)
X = sp.Symbol("x")


def normal(m: float, s: float):
    return lambda x: np.exp(-((x - m) ** 2) / (2 * s * s)) / (s * math.sqrt(2 * math.pi))


NORMAL = stats.norm()
BAD = {
    "text": ("norm", NORMAL, "kl", r"`P` must be a frozen scipy"),
    "no support": (normal(0, 1), NORMAL, "kl", "needs its support"),
    "support": ((normal(0, 1), (1, 0)), NORMAL, "kl", r"support \(lo, hi\) with lo < hi"),
    "nan": (stats.norm(math.nan, 1), NORMAL, "kl", "`P` must have finite parameters.*loc = nan"),
    "scale": (NORMAL, stats.norm(0, -1), "kl", "`Q` must have positive scales.*s = -1.0"),
    "shape": (stats.beta(-1, 1), stats.beta(1, 1), "kl", "beta has k = -1.0"),
    "batch": (stats.norm([0, 1], 1), NORMAL, "kl", r"loc must be a single number. Got shape \(2,\)"),
    "plane": (stats.multivariate_normal([0, 1]), NORMAL, "kl", "`P` must be a frozen scipy"),
    "mass": (
        (lambda x: 1.001 * normal(0, 1)(x), LINE), NORMAL, "kl", "`P` must integrate to 1.*off by 0.001",
    ),
    "mass, infinite": (
        (lambda x: 2.0 + 0 * x, (0, 1)), stats.uniform(2, 1), "kl", "`P` must integrate to 1.*off by 1",
    ),
    "negative": ((np.sin, LINE), NORMAL, "kl", "`P` must be a density: at x = .* it is -0"),
    "formula": ((sp.Symbol("a") * X, LINE), NORMAL, "kl", "one symbol. Got a, x"),
    "kinds": (NORMAL, stats.poisson(2), "kl", "both have densities, or both masses"),
    "name": (NORMAL, NORMAL, "kll", "Did you mean kl"),
    "order": (NORMAL, NORMAL, "renyi(-1)", "positive rational order"),
    "not convex": (NORMAL, NORMAL, "sqrt(u) - 1", "convex"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_named(case: str) -> None:
    P, Q, name, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        dv.between(P, Q, name)


@pytest.mark.parametrize(
    ("weights", "message"),
    [([0.5], "as many"), ([0.5, 0.4], "sum to 1"), ([1.5, -0.5], "nonnegative")],
)
def test_bad_weights(weights: list[float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        dv.Mixture(weights, [NORMAL, NORMAL])


def test_an_unnormalised_formula_is_refused_rigorously() -> None:
    P = (sp.exp(-(X**2) / 2), LINE)
    with pytest.raises(ValueError, match=r"`P` must integrate to 1: it integrates to \[2.5066"):
        dv.between(P, NORMAL, "kl", rigorous=True)


def test_torch_is_not_loaded_by_scipys_distributions() -> None:
    code = (
        "import sys, divergences as dv; from scipy import stats; "
        "dv.between(stats.norm(), stats.norm(1)); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
