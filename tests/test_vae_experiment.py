"""The VAE experiment: its formulas against quadrature, and what a short run must already show."""

import math

import numpy as np
import pytest
import torch
import vae
from _experiment import Report, Row

pytestmark = pytest.mark.xdist_group("vae_experiment")  # one run for all


def test_gradient_moments_against_quadrature() -> None:
    """Both estimators' gradients at the nodes of Gauss and Hermite, which are exact for these polynomials."""
    e, weights = np.polynomial.hermite_e.hermegauss(12)
    weights = weights / weights.sum()
    z = vae.M + vae.S * e
    f = -((vae.X - vae.W * z) ** 2) / (2 * vae.V) - math.log(2 * math.pi * vae.V) / 2
    slope = vae.W * (vae.X - vae.W * z) / vae.V
    gradients = {
        ("reparametrised", "m"): slope,
        ("reparametrised", "log s^2"): slope * vae.S * e / 2,
        ("score_function", "m"): f * e / vae.S,
        ("score_function", "log s^2"): f * (e**2 - 1) / 2,
    }
    exact = vae.exact_moments()
    assert exact.keys() == gradients.keys()
    for key, values in gradients.items():
        mean = weights @ values
        assert exact[key].mean == pytest.approx(mean, rel=1e-12)
        assert exact[key].variance == pytest.approx(weights @ (values - mean) ** 2, rel=1e-12)


def test_slope_of_a_power() -> None:
    k = torch.tensor([1.0, 2.0, 8.0]).double()
    assert vae.slope(k, torch.stack([k**-1, 5 * k**-0.5], dim=1)).tolist() == pytest.approx(
        [-1, -0.5]
    )


@pytest.fixture(scope="module")
def report() -> Report:
    return vae.main(["--quick"])


def rows(report: Report, *words: str) -> list[Row]:
    found = [row for row in report.rows if any(word in row.quantity for word in words)]
    assert found
    return found


def test_quick_run_obeys_what_holds_at_every_length(report: Report) -> None:
    """Bounds in their order, identities, and means within their standard errors."""
    words = (
        "at most",
        "above",
        "largest",
        "E w",
        "Var(w)",
        "log p - L_1 =",
        "without r - 1",
        "slope",
        "d/d",
    )
    always = rows(report, *words)
    assert [row.quantity for row in always if not row.agrees] == []
    assert len(always) >= 20


def test_quick_run_comes_near_ppca_and_collapses_as_predicted(report: Report) -> None:
    assert all(row.agrees for row in rows(report, "a dimension", "coordinates used"))


def test_the_bound_tightens_at_the_predicted_rate(report: Report) -> None:
    """Every gap within 5 standard errors of the expansion, from the K on where its third term is below them."""
    table = [line for line in report.tables["IWAE: the gap log p - L_K"] if line["K"] >= 16]
    for line in table:
        assert abs(line["gap"] - line["with 1/K^2"]) < 5 * line["error"]
    assert "nats" in report.alt
    assert report.figure is not None
