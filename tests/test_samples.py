"""Estimates from samples, on Gaussians whose truth is a closed form; every seed is fixed."""

import math
import sys

import numpy as np
import pytest
import torch

import divergences as dv
from divergences import gaussian
from divergences.samples import Estimate


def two_gaussians(seed, n, m, d=1, mean=1.0, scale=1.3):
    rng = np.random.default_rng(seed)
    x, y = rng.standard_normal((n, d)), mean + scale * rng.standard_normal((m, d))
    truth = gaussian.kl(np.zeros(d), np.ones(d), np.full(d, mean), np.full(d, scale**2))
    return x, y, float(truth)


def by_hand(x, y, k):
    """The estimator of Wang, Kulkarni and Verdu by all distances."""
    within = np.linalg.norm(x[:, None] - x[None], axis=-1)
    across = np.linalg.norm(x[:, None] - y[None], axis=-1)
    rho, nu = np.sort(within, axis=1)[:, k], np.sort(across, axis=1)[:, k - 1]
    d = x.shape[1]
    return d / len(x) * np.log(nu / rho).sum() + math.log(len(y) / (len(x) - 1))


@pytest.mark.parametrize("k", [1, 2, 7])
@pytest.mark.parametrize("d", [1, 3])
def test_knn_kl_is_the_published_formula(k, d):
    x, y, _ = two_gaussians(k + d, 40, 55, d)
    assert math.isclose(dv.knn_kl(x, y, k).value, by_hand(x, y, k), rel_tol=1e-12)
    assert math.isclose(
        dv.knn_kl(torch.from_numpy(x), torch.from_numpy(y), k).value,
        by_hand(x, y, k),
        rel_tol=1e-12,
    )


def test_knn_kl_is_unmoved_by_shifts_and_common_scales():
    x, y, _ = two_gaussians(3, 200, 150, 2)
    value = dv.knn_kl(x, y).value
    assert math.isclose(dv.knn_kl(8 * x + 64, 8 * y + 64).value, value, rel_tol=1e-9)
    assert math.isclose(dv.knn_kl(x[::-1], y[::-1]).value, value, rel_tol=1e-12)


def repeated(estimate, repetitions, n, m=None):
    """The mean of the errors, its standard error, the scatter, and the mean claim."""
    errors, claims = [], []
    for seed in range(repetitions):
        x, y, truth = two_gaussians(seed, n, m or n)
        found = estimate(x, y)
        errors.append(found.value - truth)
        claims.append(found.standard_error)
    scatter = float(np.std(errors, ddof=1))
    return np.mean(errors), scatter / math.sqrt(repetitions), scatter, float(np.mean(claims))


def test_knn_kl_is_right_on_the_line_and_its_standard_error_is_honest():
    mean, error, scatter, claim = repeated(dv.knn_kl, 120, 1000)
    assert (
        abs(mean) < 3 * error + 0.005
    )  # the bias at n = 1000, as the documentation's table has it
    # a standard deviation from 120 repetitions is known to 1/sqrt(240): three of these
    assert 1 - 3 / math.sqrt(240) < claim / scatter < 1 / (1 - 3 / math.sqrt(240))


@pytest.mark.parametrize(("n", "m"), [(200, 4000), (4000, 200)])
def test_knn_kl_standard_error_knows_both_samples(n, m):
    """The small sample makes the scatter. Within 0.15 of it, as far as 200 repetitions tell (three of 1/sqrt(400))."""
    _, _, scatter, claim = repeated(lambda x, y: dv.knn_kl(x, y, 10), 200, n, m)
    assert abs(math.log(claim / scatter)) < 0.15 + 3 / math.sqrt(400)


def test_knn_kl_falls_as_one_over_root_n():
    """The slope of log scatter on log n between n = 500 and 8000, known to about 0.05, is -1/2."""
    small, large = (repeated(dv.knn_kl, 60, n)[2] for n in (500, 8000))
    assert abs(math.log(large / small) / math.log(16) + 0.5) < 3 * math.sqrt(2 / 120) / math.log(16)


def test_knn_kl_has_the_bias_that_its_docstring_states_in_ten_dimensions():
    x, y, truth = two_gaussians(0, 1000, 1000, 10, mean=0.3)
    assert dv.knn_kl(x, y).value > 1.3 * truth


def test_classifier_is_right_where_its_model_is_and_its_standard_error_is_honest():
    mean, error, scatter, claim = repeated(dv.classifier_divergence, 40, 1000)
    assert abs(mean) < 3 * error
    assert 1 - 3 / math.sqrt(80) < claim / scatter < 1 / (1 - 3 / math.sqrt(80))


@pytest.mark.parametrize("f", ["jensen_shannon", "squared_hellinger", "(u-1)**2/(u+1)"])
def test_classifier_for_bounded_divergences(f):
    """Unequal numbers, so that a prior left in the logit shows; the truth by quadrature."""
    from scipy.integrate import quad
    from scipy.stats import norm

    x, y, _ = two_gaussians(5, 6000, 2000)
    p, q = norm(0, 1).pdf, norm(1, 1.3).pdf
    generator = dv.FDivergence(f)
    truth, _ = quad(lambda z: q(z) * generator(p(z) / q(z)), -12, 12, epsabs=1e-10)
    found = dv.classifier_divergence(x, y, f)
    assert abs(found.value - truth) < 3 * found.standard_error
    assert found.standard_error < 0.1 * truth


class Knowing:
    """A classifier that knows log p/q, and learns only how many samples of each there are."""

    def get_params(self, deep=False):
        return {}

    def fit(self, points, label):
        self.prior = math.log(label.sum() / (1 - label).sum())
        return self

    def predict_proba(self, points):
        chance = 1 / (1 + np.exp(-log_ratio(points[:, 0]) - self.prior))
        return np.stack([1 - chance, chance], axis=1)


def log_ratio(z, mean=1.0, scale=1.3):
    return ((z - mean) ** 2 / scale**2 - z**2) / 2 + math.log(scale)


@pytest.mark.parametrize("f", ["kl", "squared_hellinger"])
def test_classifier_with_the_true_ratio_is_the_variational_bound(f):
    x, y, _ = two_gaussians(7, 400, 100)
    found = dv.classifier_divergence(x, y, f, classifier=Knowing())
    v, w = log_ratio(x[:, 0]), log_ratio(y[:, 0])
    assert math.isclose(found.value, dv.lower_bound(f, v, w, raw=True), rel_tol=1e-10)
    on_p = v + 1 if f == "kl" else (1 - np.exp(-v / 2)) / 2
    on_q = np.exp(w) if f == "kl" else (np.exp(w / 2) - 1) / 2
    spread = math.sqrt(np.var(on_p) / 400 + np.var(on_q) / 100)
    assert math.isclose(found.standard_error, spread, rel_tol=1e-10)


def test_classifier_misses_what_its_model_cannot_see():
    """Variances differ, means do not: a linear logit sees nothing, the default's quadratic one does."""
    from sklearn.linear_model import LogisticRegression

    x, y, truth = two_gaussians(1, 4000, 4000, mean=0.0, scale=2.0)
    blind = dv.classifier_divergence(x, y, classifier=LogisticRegression())
    seeing = dv.classifier_divergence(x, y)
    assert abs(blind.value) < 3 * blind.standard_error < truth / 3
    assert abs(seeing.value - truth) < 3 * seeing.standard_error


def test_classifier_of_the_same_samples_sees_nothing():
    """Cross-fitting: judged on its own training samples a flexible classifier would see a difference."""
    from sklearn.ensemble import RandomForestClassifier

    x, y, _ = two_gaussians(2, 500, 500, mean=0.0, scale=1.0)
    forest = RandomForestClassifier(50, min_samples_leaf=50, random_state=0)
    found = dv.classifier_divergence(x, y, "jensen_shannon", classifier=forest)
    assert found.value < 2 * found.standard_error


def test_classifier_is_repeatable_and_follows_the_seed():
    x, y, _ = two_gaussians(2, 100, 100)
    first = dv.classifier_divergence(x, y)
    assert isinstance(first, Estimate) and first == dv.classifier_divergence(x, y)
    assert first != dv.classifier_divergence(x, y, seed=1)


def test_without_scikit_learn_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.base", None)
    with pytest.raises(ImportError, match=r"scikit-learn.*fenchel\[models\]"):
        dv.classifier_divergence(np.arange(9.0), np.arange(9.0) + 1)


X, Y = np.random.default_rng(0).standard_normal((2, 20))
COPIES = np.array([0.0, 0.0, 0.0, 1.0, 2.0, 3.0])


class NoChances:
    """A classifier without probabilities."""

    def get_params(self, deep=False):
        return {}

    def fit(self, x, y):
        return self


@pytest.mark.parametrize("call", [dv.knn_kl, dv.classifier_divergence])
@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.zeros(0), Y, r"`x` must hold at least one sample. Got \(0,\)"),
        (X, np.zeros((3, 0)), r"`y` must hold at least one sample. Got \(3, 0\)"),
        (np.where(X > 1, np.nan, X), Y, r"`x` must have finite entries: x\[\d+\] = nan"),
        (X, [1.0, math.inf], r"`y` must have finite entries: y\[1\] = inf"),
        (X.reshape(10, 2), Y, r"equally many dimensions. Got 2 and 1"),
        (X.reshape(5, 2, 2), Y, r"`x` must have the shape \(n, d\).*\(5, 2, 2\)"),
        (["a", "b"], Y, r"`x` must have a floating dtype"),
        (X, torch.zeros(3), r"arrays of one kind"),
    ],
)
def test_bad_samples_are_named(call, x, y, message):
    with pytest.raises(ValueError, match=message):
        call(x, y)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: dv.knn_kl(X, Y, 20), r"`k` must lie in \[1, n\) with n = 20.* Got 20"),
        (lambda: dv.knn_kl(X, Y, 0), r"`k` must lie in \[1, n\).* Got 0"),
        (lambda: dv.knn_kl(X, Y, 1.5), r"`k` must be an integer. Got 1.5"),
        (lambda: dv.knn_kl(X, Y, True), r"`k` must be an integer. Got True"),
        (lambda: dv.knn_kl(X, Y[:3], 4), r"`k` must be at most the 3 samples in `y`. Got 4"),
        (lambda: dv.knn_kl(COPIES, Y, 2), r"x\[0\] = \[0.0\], and more than 2 samples of `x` lie there"),
        (lambda: dv.knn_kl(X, X, 1), r"x\[0\] = .*1 or more samples of `y` lie there"),
        (lambda: dv.classifier_divergence(X, Y, folds=1), r"`folds` must lie between 2 and .*20. Got 1"),
        (lambda: dv.classifier_divergence(X, Y[:3]), r"`folds` must lie between 2 and .*3. Got 5"),
        (lambda: dv.classifier_divergence(X, Y, folds="5"), r"`folds` must be an integer. Got '5'"),
        (lambda: dv.classifier_divergence(X, Y, seed=-1), r"`seed` must be a nonnegative integer. Got -1"),
        (lambda: dv.classifier_divergence(X, Y, "kll"), r"Did you mean 'kl'"),
        (lambda: dv.classifier_divergence(X, Y, classifier=NoChances()), r"must have `predict_proba`"),
    ],
)  # fmt: skip
def test_bad_options_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_copies_are_allowed_where_k_reaches_past_them():
    assert math.isfinite(dv.knn_kl(COPIES, Y, 3).value)


def test_a_classifier_that_is_certain_is_refused():
    from sklearn.tree import DecisionTreeClassifier

    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        dv.classifier_divergence(X, Y + 1, classifier=DecisionTreeClassifier(random_state=0))
