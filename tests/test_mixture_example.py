"""examples/mixture_fit.py: its optima are optima, its table is right to the digits it prints."""

import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate, stats

import divergences as dv

sys.path.insert(0, str(Path(__file__).parent.parent / "examples"))
import mixture_fit as example

pytestmark = pytest.mark.xdist_group("mixture_example")  # one run for all

GENERATORS = {
    "kl": lambda u: u * math.log(u),
    "reverse_kl": lambda u: -math.log(u),
    "jensen_shannon": lambda u: (u * math.log(u) - (u + 1) * math.log((u + 1) / 2)) / 2,
    "jeffreys": lambda u: (u - 1) * math.log(u),
    "pearson": lambda u: (u - 1) ** 2,
}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> dict:
    out = tmp_path_factory.mktemp("example")
    example.main(["--quick", "--out", str(out)])
    return json.loads((out / "mixture_fit.json").read_text())


def test_kl_matches_the_moments(table: dict) -> None:
    """mean .33 (-1) + .67 (2) = 1.01; variance .33 (.065 + 2.01^2) + .67 (2 + .99^2) = 3.35135."""
    kl = table["fits"][0]
    assert kl["m"] == pytest.approx(1.01, abs=1e-9)
    assert kl["s"] == pytest.approx(math.sqrt(3.35135), abs=1e-9)


def test_each_optimum_has_the_least_of_its_divergence_and_no_gradient(table: dict) -> None:
    for name in example.NAMES:
        column = {row: table["cross"][row][name]["value"] for row in example.NAMES}
        assert min(column, key=column.__getitem__) == name
    assert all(fit["gradient"] < 1e-12 for fit in table["fits"])


@pytest.mark.parametrize("name", example.NAMES)
def test_every_step_of_1e_4_away_is_worse(table: dict, name: str) -> None:
    """So m and s are right to 4 digits: by `between`, which knows nothing of the search."""
    fit = next(fit for fit in table["fits"] if fit["name"] == name)
    here = dv.between(example.P, stats.norm(fit["m"], fit["s"]), name)
    for angle in np.arange(8) * math.pi / 4:
        m, s = fit["m"] + 1e-4 * math.cos(angle), fit["s"] + 1e-4 * math.sin(angle)
        there = dv.between(example.P, stats.norm(m, s), name)
        assert there.value - there.error > here.value + here.error


@pytest.mark.parametrize("row", example.NAMES)
def test_the_cross_table_against_scipy(table: dict, row: str) -> None:
    fit = next(fit for fit in table["fits"] if fit["name"] == row)
    q = stats.norm(fit["m"], fit["s"])

    def p(x: float) -> float:
        return 0.33 * stats.norm.pdf(x, -1, 0.065**0.5) + 0.67 * stats.norm.pdf(x, 2, 2**0.5)

    for name in ("kl", "jensen_shannon", "pearson"):
        expected = sum(
            integrate.quad(
                lambda x, f=GENERATORS[name]: q.pdf(x) * f(p(x) / q.pdf(x)), a, b, epsabs=1e-11
            )[0]
            for a, b in ((-12, -2), (-2, 0), (0, 4), (4, 14))
        )
        entry = table["cross"][row][name]
        assert entry["value"] == pytest.approx(expected, abs=2e-9)
        assert entry["error"] < 1e-10


def test_reverse_kl_has_a_second_minimum_at_the_narrow_mode() -> None:
    best, local = example.fits("reverse_kl", ((1.0, 1.8), (-1.0, 0.3)))
    assert local.value > best.value
    assert abs(local.m + 1) < 0.1 and abs(local.s - math.sqrt(0.065)) < 0.1


@pytest.mark.parametrize("name", example.NAMES)
def test_the_gradient_is_the_slope_of_the_divergence(name: str) -> None:
    theta, h = np.array([0.8, 0.5]), 1e-4
    slopes = [
        (example.target(name, theta + step) - example.target(name, theta - step)) / (2 * h)
        for step in np.eye(2) * h
    ]
    assert example.gradient(name, theta) == pytest.approx(slopes, abs=1e-6)
