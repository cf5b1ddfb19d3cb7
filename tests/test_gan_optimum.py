"""The theory behind `examples/gan_optimum.py` by other roads, and what a short training already shows."""

from __future__ import annotations

import math

import gan_optimum
import numpy as np
import pytest
import torch
from scipy import stats

import divergences as dv

MIXTURE = dv.Mixture(
    gan_optimum.WEIGHTS,
    [stats.norm(m, s) for m, s in zip(gan_optimum.MEANS, gan_optimum.SCALES, strict=True)],
)


def slope(name: str, theta: float, h: float = 0.02) -> float:
    """Of the exact divergence: a central difference of order 6, error of the order h^6 = 6e-11."""
    if name == "reverse_kl":
        values = [dv.between(MIXTURE, stats.norm(theta + k * h, 1), name).value for k in OFFSETS]
    else:
        values = [gan_optimum.js(theta + k * h)[0] for k in OFFSETS]
    return float(np.dot(WEIGHTS, values)) / (60 * h)


OFFSETS, WEIGHTS = (-3, -2, -1, 1, 2, 3), (-1, 9, -45, 45, -9, 1)


@pytest.mark.parametrize("theta", [-1.0, 0.3, 2.0])
def test_the_exact_slopes_are_the_slopes_of_the_divergences(theta):
    found = gan_optimum.exact_slopes(theta)
    js, kl = slope("jensen_shannon", theta), slope("reverse_kl", theta)
    assert found.saturating == pytest.approx(2 * js, abs=1e-8)
    assert found.non_saturating == pytest.approx(kl - 2 * js, abs=1e-8)


@pytest.mark.parametrize("theta", [-1.0, 0.0, 2.0, 5.0, 9.0])
def test_through_the_best_discriminator_both_gradients_are_the_theorems(theta):
    """Claims 106 and 107, by automatic differentiation of the two losses at D*, held.

    torch's softplus is linear beyond 20, and its slope there errs by e^-20 = 2e-9.
    """
    found = gan_optimum.slopes_through(gan_optimum.log_ratio(theta), theta)
    exact = gan_optimum.exact_slopes(theta)
    assert found.saturating == pytest.approx(exact.saturating, abs=1e-8)
    assert found.non_saturating == pytest.approx(exact.non_saturating, abs=1e-8)


def test_the_saturating_gradient_dies_and_the_other_grows():
    slopes = [gan_optimum.exact_slopes(theta) for theta in (4.0, 6.0, 8.0, 10.0)]
    dying, growing = [s.saturating for s in slopes], [s.non_saturating for s in slopes]
    assert dying == sorted(dying, reverse=True) and 0 < dying[-1] < 1e-3
    assert growing == sorted(growing) and growing[-1] > 5


def test_a_short_run():
    report = gan_optimum.main(["--quick"])
    rows = {row.quantity: row for row in report.rows}
    values = [row for name, row in rows.items() if "value" in name]
    # V(D) of any discriminator lies at V(D*) or below.
    assert all(row.measured <= row.theory + 1e-9 for row in values) and len(values) == 9
    # E_m (D - D*)^2, m = (p + q)/2, is at most (V(D*) - V(D))/4: Pinsker, 2 (D - D*)^2 <= kl(D*, D), and
    # V(D*) - V(D) = 2 E_m kl(D*, D).
    for row in values:
        name = row.quantity.split(":")[0]
        rms = rows[f"{name}: rms of D - D*"].measured
        assert rms**2 <= (row.theory - row.measured) / 4 + 1e-12
    assert rows["Q = P: value of the game"].theory == -math.log(4)
    assert rows["Q = P: value of the game"].agrees
    near = rows["theta 2: saturating gradient"]
    assert near.measured == pytest.approx(near.theory, abs=0.05)
    far = rows["theta 9: saturating gradient"], rows["theta 9: non-saturating gradient"]
    assert abs(far[0].measured) < 0.01
    # Through a trained discriminator the other one is far larger, and yet short of the theory.
    assert 10 * abs(far[0].measured) < far[1].measured < far[1].theory


def test_the_same_seed_gives_the_same_table():
    options = gan_optimum.Options(10, 3, "cpu", None, True)
    first, second = (gan_optimum.discriminator(1.0, options) for _ in range(2))
    assert (first.value, first.rms) == (second.value, second.rms)
    x = torch.zeros(1, 1, dtype=torch.float64)
    assert torch.equal(first.critic(x), second.critic(x))
