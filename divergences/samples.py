r"""Divergences from samples alone: nearest neighbours, and a classifier whose logit is the log ratio.

Both return an `Estimate`, a value in nats and a standard error, and neither is exact: read the bias in each docstring
before the number. Samples are arrays (n, d), or (n,) for one dimension, of numbers without nan or infinity.
"""

from __future__ import annotations

import math
import numbers
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from divergences._array import Array
from divergences._critics import canonical
from divergences._gaussian_pair import still
from divergences._samples import common, require_finite

if TYPE_CHECKING:
    from divergences.fdivergence import FDivergence

__all__ = ["Estimate", "classifier_divergence", "knn_kl"]

_DISTINCT_HINT = (
    "a distribution with a density does not repeat itself. Take a larger `k`, drop the copies, or, for discrete data, "
    "count outcomes and use `kl`"
)


class Estimate(NamedTuple):
    """A value from samples and its standard error, both in the divergence's unit."""

    value: float
    standard_error: float


def knn_kl(x: Array, y: Array, k: int = 5) -> Estimate:
    r"""KL(P||Q) from the k-th nearest neighbours, (d/n) sum_i log(nu_i / rho_i) + log(m / (n - 1)), in nats.

    rho_i is the Euclidean distance from x_i to its k-th nearest other sample of P, nu_i the one to its k-th nearest
    sample of Q. No densities, nothing to tune but `k`.

    Bias: the formula takes both densities as constant out to the k-th neighbour. Where they are not, most of all in
    the tails, the estimate is off by an amount that vanishes as n grows, more slowly the more dimensions there are:
    small in one dimension, near the standard error in three, half of the value at n = 1000 in ten (the table in the
    documentation of the estimators). A larger `k` lowers the variance and raises the bias. Large divergences come out
    too low: where P's samples lie far from all of Q's, nu_i cannot exceed the gap between the two clouds, and no
    estimator can certify more than about log n nats. Distances mix the coordinates, so scale these alike.

    Args:
        x: Samples of P, shape (n, d) or (n,).
        y: Samples of Q, shape (m, d) or (m,).
        k: The neighbour that is looked at, 1 <= k < n and k <= m.

    Returns:
        The value, which may be negative, and a standard error from the scatter of log nu_i - log rho_i over P's samples
        and of how often each of Q's samples is a neighbour. It is asymptotic, within a
        factor of 1.4 of the true scatter on the table's Gaussians, and knows nothing of the bias.

    Raises:
        ValueError: Empty samples, nan or infinite entries, dimensions that differ, a `k` that is no integer or out of
            range, samples so often repeated that a k-th distance is 0.

    Source:
        Wang, Kulkarni and Verdu, Divergence estimation for multidimensional densities via k-nearest-neighbor
        distances, 2009, eq. (5) with one k for both; McAllester and Stratos, Formal limitations on the measurement of
        mutual information, 2020 (the log n).

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> value, error = knn_kl(rng.normal(0, 1, 4000), rng.normal(1, 1, 4000))  # the truth is 0.5
        >>> round(value, 2), round(error, 2)
        (0.51, 0.03)
    """
    from scipy.spatial import cKDTree

    x, y = _two_samples(x, y)
    (n, d), m = x.shape, len(y)
    if isinstance(k, bool) or not isinstance(k, numbers.Integral):
        raise ValueError(f"`k` must be an integer. Got {k!r}")
    if not 1 <= k < n:
        raise ValueError(
            f"`k` must lie in [1, n) with n = {n} samples in `x`, as each needs k others. Got {k}"
        )
    if k > m:
        raise ValueError(f"`k` must be at most the {m} samples in `y`. Got {k}")
    k = int(k)
    rho = cKDTree(x).query(x, [k + 1])[0][:, 0]
    nu, neighbours = cKDTree(y).query(x, k)
    nu, neighbours = nu.reshape(n, k)[:, -1], neighbours.reshape(n, k)
    _require_apart(rho, x, "x", f"more than {k} samples of `x` lie there")
    _require_apart(nu, x, "x", f"{k} or more samples of `y` lie there")
    terms = d * (np.log(nu) - np.log(rho))
    weights = np.bincount(neighbours.ravel(), minlength=m) * (m / (n * k))  # p/q at y_j, roughly
    spread = math.sqrt(float(np.var(terms)) / n + float(np.var(weights)) / m)
    return Estimate(float(np.mean(terms)) + math.log(m / (n - 1)), spread)


def classifier_divergence(
    x: Array,
    y: Array,
    f: str | FDivergence = "kl",
    *,
    classifier: Any = None,
    folds: int = 5,
    seed: int = 0,
) -> Estimate:
    r"""D_f(P||Q) by a classifier of x against y, whose logit, less log(n/m), estimates v = log p/q.

    Each sample's v comes from a classifier fitted without it (cross-fitting), and the value is the variational bound
    E_P f'(e^v) - E_Q f*(f'(e^v)), as `lower_bound(f, ..., raw=True)` has it.

    Bias: towards 0. Given the classifier the expectation is at most D_f(P||Q), with equality when its logit is log
    p/q: what is missing is what the classifier has not learnt, so that a low value says little. The value itself may
    exceed D_f, or be negative, by its noise, and for "kl", "pearson" and other f whose f* grows
    exponentially that noise is ruled by a few samples of Q with a large v; "jensen_shannon", "le_cam" and
    "squared_hellinger" are steadier.

    Args:
        x: Samples of P, shape (n, d) or (n,).
        y: Samples of Q, shape (m, d) or (m,).
        f: A catalogue name, an `FDivergence`, or an expression in u.
        classifier: A scikit-learn classifier with `predict_proba`, cloned for each fold. By
            default logistic regression on standardised quadratic features, exact between Gaussians.
        folds: Into how many parts the samples are split, from 2 to min(n, m).
        seed: Of the split.

    Returns:
        The value and its standard error, sqrt(Var_P T / n + Var_Q f*(T) / m), for the classifiers that were fitted: the
        scatter that comes from fitting them is not in it.

    Raises:
        ValueError: Empty samples, nan or infinite entries, dimensions that differ, `folds` or `seed` out of range, an
            `f` that is no divergence, a classifier without `predict_proba` or with a probability of exactly 0 or 1.
        ImportError: scikit-learn is not installed (extra `models`).

    Source:
        Sugiyama, Suzuki and Kanamori, Density ratio estimation in machine learning, 2012, chapter 4; Menon and Ong,
        Linking losses for density ratio and class-probability estimation, 2016.
    """
    x, y = _two_samples(x, y)
    n, m = len(x), len(y)
    if isinstance(folds, bool) or not isinstance(folds, numbers.Integral):
        raise ValueError(f"`folds` must be an integer. Got {folds!r}")
    if not 2 <= folds <= min(n, m):
        raise ValueError(
            f"`folds` must lie between 2 and the smaller number of samples, {min(n, m)}. Got {folds}"
        )
    if isinstance(seed, bool) or not isinstance(seed, numbers.Integral) or seed < 0:
        raise ValueError(f"`seed` must be a nonnegative integer. Got {seed!r}")
    critic = canonical(f)
    logits = _cross_fitted(x, y, classifier, int(folds), int(seed))
    with np.errstate(over="ignore", invalid="ignore"):
        on_p, on_q = critic.activation(np, logits[:n]), critic.conjugate(np, logits[n:])
        spread = math.sqrt(float(np.var(on_p)) / n + float(np.var(on_q)) / m)
        return Estimate(float(np.mean(on_p) - np.mean(on_q)), spread)


def _cross_fitted(x: np.ndarray, y: np.ndarray, classifier: Any, folds: int, seed: int) -> Array:
    """log p/q at the samples of x, then of y, each from classifiers that have not seen it: shape (n + m,)."""
    try:
        from sklearn.base import clone
        from sklearn.model_selection import StratifiedKFold
    except ImportError:
        raise ImportError(
            "`classifier_divergence` needs scikit-learn, which is not installed: pip install 'fenchel[models]'"
        ) from None
    points = np.concatenate([x, y])
    label = np.repeat([1, 0], [len(x), len(y)])
    chosen = _default_classifier() if classifier is None else classifier
    logits = np.empty(len(points))
    split = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for train, held_out in split.split(points, label):
        fitted = clone(chosen).fit(points[train], label[train])
        prior = math.log(label[train].sum() / (1 - label[train]).sum())
        logits[held_out] = _logit(fitted, points[held_out]) - prior
    if not np.isfinite(logits).all():
        wrong = int(np.argmin(np.isfinite(logits)))
        raise ValueError(
            "`classifier` must give probabilities strictly between 0 and 1, as a logit of "
            f"{logits[wrong]} is no log ratio. Got one at the sample {points[wrong].tolist()}; calibrate it, or limit "
            "its depth"
        )
    return logits


def _default_classifier() -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler

    return make_pipeline(
        StandardScaler(),
        PolynomialFeatures(degree=2, include_bias=False),
        StandardScaler(),
        LogisticRegression(C=100.0, max_iter=2000),
    )


def _logit(fitted: Any, points: np.ndarray) -> np.ndarray:
    """log P(class 1) / P(class 0): a logistic model's decision function, or through its probabilities."""
    if hasattr(fitted, "predict_proba"):
        if hasattr(fitted, "decision_function") and _is_logistic(fitted):
            return np.asarray(fitted.decision_function(points), dtype=np.float64)
        chances = np.asarray(fitted.predict_proba(points), dtype=np.float64)
        with np.errstate(divide="ignore"):
            return np.log(chances[:, 1]) - np.log(chances[:, 0])
    raise ValueError(
        "`classifier` must have `predict_proba`, since its logit is taken as the log ratio. "
        f"Got {type(fitted).__name__}"
    )


def _is_logistic(fitted: Any) -> bool:
    """Whether the decision function is the logit itself, which does not saturate as probabilities do."""
    from sklearn.linear_model import LogisticRegression, LogisticRegressionCV

    last = fitted[-1] if hasattr(fitted, "steps") else fitted
    return isinstance(last, LogisticRegression | LogisticRegressionCV)


def _two_samples(x: Array, y: Array) -> tuple[np.ndarray, np.ndarray]:
    """Both as float64 (n, d); ValueError with the name of what does not fit."""
    given = common(x=x, y=y)
    points = []
    for name, values in zip("xy", given.values, strict=True):
        if values.ndim not in (1, 2):
            raise ValueError(
                f"`{name}` must have the shape (n, d), or (n,) for one dimension. Got {tuple(values.shape)}"
            )
        if 0 in tuple(values.shape):
            raise ValueError(f"`{name}` must hold at least one sample. Got {tuple(values.shape)}")
        values = still(values)
        require_finite(given.xp, values, name)
        values = values.cpu().numpy() if hasattr(values, "detach") else values
        array = np.asarray(values, dtype=np.float64)
        points.append(array.reshape(len(array), -1))
    x, y = points
    if x.shape[1] != y.shape[1]:
        raise ValueError(
            "`x` and `y` must have equally many dimensions. "
            f"Got {x.shape[1]} and {y.shape[1]} (shapes {x.shape} and {y.shape})"
        )
    return x, y


def _require_apart(distances: np.ndarray, points: np.ndarray, name: str, what: str) -> None:
    if not distances.all():
        at = int(np.argmin(distances))
        raise ValueError(
            f"`{name}` must lie apart from its k-th neighbours: {name}[{at}] = {points[at].tolist()}, and {what}; "
            + _DISTINCT_HINT
        )
