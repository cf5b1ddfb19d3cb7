"""The strategies: what they draw, and their answers against our closed forms, sums and quadrature."""

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import find, given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import betaln, digamma

from divergences import f_divergence, gaussian
from divergences.testing import (
    exponential_families,
    gaussians,
    markov_kernels,
    probability_vectors,
    samples,
)


def tv(p, q):
    return float(np.abs(p - q).sum() / 2)


@given(probability_vectors())
def test_vectors_are_exact_and_so_are_our_divergences(case):
    assert math.fsum(case.p) == math.fsum(case.q) == 1 and (case.p >= 0).all()
    for name, truth in case.exact.items():
        ours = f_divergence(NAMES.get(name, name), case.p, case.q)
        assert math.isclose(ours, truth, rel_tol=1e-12), name


NAMES = {"js": "jensen_shannon", "chi2": "pearson", "neyman_chi2": "neyman"}


@given(probability_vectors(3, zeros=False, outcomes=st.integers(2, 9)))
def test_vectors_without_zeros(case):
    assert len(case.vectors) == 3 and all((v > 0).all() for v in case.vectors)


@pytest.mark.parametrize(
    "wanted",
    [
        lambda case: (case.p == 0).any() and (case.q > 0).all(),
        lambda case: 0 < tv(case.p, case.q) < 1e-9,
        lambda case: ((case.p > 0) & (case.p < 1e-9)).any() or ((case.q > 0) & (case.q < 1e-9)).any(),
    ],
)  # fmt: skip
def test_vectors_with_zeros_near_pairs_and_tiny_masses_are_drawn(wanted):
    seen = []

    @settings(derandomize=True, database=None, max_examples=300)
    @given(probability_vectors())
    def look(case):
        seen.append(wanted(case))

    look()
    assert sum(seen) >= 5


@given(gaussians())
def test_gaussians_against_our_closed_forms(case):
    for name in ["kl", "jeffreys", "squared_hellinger", "chi2"]:
        ours = float(getattr(gaussian, name)(*case.arguments))
        assert math.isclose(ours, case.exact[name], rel_tol=1e-9, abs_tol=1e-13) or ours > 1e300, name  # fmt: skip
    assert case.exact["jeffreys"] == pytest.approx(case.exact["kl"] + case.exact["reverse_kl"])


@settings(max_examples=40)
@given(gaussians(1))
def test_gaussians_against_quadrature(case):
    p, q = (
        scipy.stats.norm(float(m[0]), math.sqrt(c[0, 0]))
        for m, c in ((case.mu0, case.cov0), (case.mu1, case.cov1))
    )
    low, high = p.ppf(1e-300), p.isf(1e-300)
    found, error = quad(
        lambda z: p.pdf(z) * (p.logpdf(z) - q.logpdf(z)), low, high, points=[p.mean()], limit=400
    )
    assert abs(found - case.exact["kl"]) <= 1e-9 + error


@given(exponential_families())
def test_exponential_families_against_sums_integrals_and_a_closed_form(case):
    p, q = case.distributions
    if case.family in ("poisson", "bernoulli", "geometric"):
        support = np.arange(1000)  # beyond which there is less than 1e-25
        # By logarithms: q may underflow where p still has mass.
        support = support[np.isfinite(p.logpmf(support)) & np.isfinite(q.logpmf(support))]
        found = np.sum(p.pmf(support) * (p.logpmf(support) - q.logpmf(support)))
    elif case.family in (
        "exponential",
        "gamma",
    ):  # on x = e^s the trapezoidal rule converges geometrically
        s = np.arange(-200, 8, 1 / 64)
        x = np.exp(s)
        found = np.sum(p.pdf(x) * x * (p.logpdf(x) - q.logpdf(x))) / 64
    else:
        (a1, b1), (a2, b2) = case.first.values(), case.second.values()
        tilt = (a1 - a2) * digamma(a1) + (b1 - b2) * digamma(b1)
        found = betaln(a2, b2) - betaln(a1, b1) + tilt + (a2 - a1 + b2 - b1) * digamma(a1 + b1)
    assert math.isclose(found, case.exact["kl"], rel_tol=1e-10, abs_tol=1e-12)
    assert case.exact["kl"] >= 0 and (case.exact["kl"] == 0) == (case.first == case.second)


@given(samples(size=st.integers(2, 50)))
def test_samples_are_repeatable_and_carry_the_truth(case):
    d = len(case.population.mu0)
    assert case.x.shape[1] == case.y.shape[1] == d
    ours = gaussian.kl(*case.population.arguments)
    assert math.isclose(case.exact["kl"], ours, rel_tol=1e-9, abs_tol=1e-13)


@settings(max_examples=20)
@given(samples(size=4000))
def test_samples_come_from_their_populations(case):
    """Means within five standard errors, each coordinate of each sample."""
    for drawn, mean, cov in [
        (case.x, case.population.mu0, case.population.cov0),
        (case.y, case.population.mu1, case.population.cov1),
    ]:
        assert (np.abs(drawn.mean(0) - mean) < 5 * np.sqrt(np.diag(cov) / len(drawn))).all()
        ratio = drawn.var(0) / np.diag(cov)
        assert (np.abs(ratio - 1) < 5 * math.sqrt(2 / len(drawn))).all()


@given(markov_kernels(3), probability_vectors(outcomes=3))
def test_kernels(kernel, case):
    assert all(math.fsum(row) == 1 for row in kernel.matrix) and (kernel.matrix >= 0).all()
    image = kernel.push(case.p)
    assert np.allclose(image, case.p @ kernel.matrix, rtol=1e-15, atol=1e-300)
    assert math.isclose(math.fsum(image), 1, rel_tol=1e-15)


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        (probability_vectors(1), r"`count` must be an integer of at least 2. Got 1"),
        (probability_vectors(outcomes=1), r"`outcomes` must be .* Got 1"),
        (gaussians(0), r"`dimensions` must be a positive integer.* Got 0"),
        (exponential_families(("cauchy",)), r"`families` must be among poisson.*'cauchy'"),
        (markov_kernels(0), r"must be positive. Got 0"),
    ],
)  # fmt: skip
def test_bad_options_are_named(strategy, message):
    with pytest.raises(ValueError, match=message):
        find(strategy, lambda case: True, settings=settings(database=None))
