"""What two sets of samples say about their distributions: estimates, each with its standard error and its bias."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from divergences.compare import Entry

__all__ = ["EXACT_LIMIT", "sample_entries"]

EXACT_LIMIT = 2000  # points of each side up to which n-dimensional transport is exact
ESTIMATE_LIMIT = 50_000  # beyond it neighbours and classifiers see a random part
NEIGHBOURS = 5
FOLDS = 5
_SEED = 0


def sample_entries(x: np.ndarray, y: np.ndarray) -> tuple[list[Entry], list[str]]:
    """The entries for samples (n,) or (n, d) and (m,) or (m, d), and the notes on what was left out."""
    x, y = x.reshape(len(x), -1), y.reshape(len(y), -1)
    notes = []
    rng = np.random.default_rng(_SEED)
    few = [_part(a, ESTIMATE_LIMIT, rng) for a in (x, y)]
    if len(few[0]) < len(x) or len(few[1]) < len(y):
        notes.append(
            f"neighbours and classifiers see {ESTIMATE_LIMIT} random samples of a larger file"
        )
    with np.errstate(all="ignore"), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        entries = [*_transport(x, y), _energy(*(_part(a, EXACT_LIMIT, rng) for a in (x, y)))]
        entries += _neighbours(*few)
        entries += _classifiers(*few)
        entries += _gaussian_fit(x, y)
    if any("onverge" in f"{each.category.__name__} {each.message}" for each in caught):
        notes.append("the classifier's fit did not converge: its values say little")
    return entries, notes


def _part(a: np.ndarray, limit: int, rng: np.random.Generator) -> np.ndarray:
    return a if len(a) <= limit else a[rng.choice(len(a), limit, replace=False)]


def _entry(
    id: str,
    label: str,
    value: float | None,
    *,
    error: float | None = None,
    gap: float | None = None,
    note: str = "",
) -> Entry:
    from divergences.compare import Entry

    if value is not None and not math.isfinite(value):
        return Entry(id, label, None, note="none: beyond the range of floats")
    if error is not None and not math.isfinite(error):
        error = None
    return Entry(id, label, value, None, error, gap, note)


# --- transport ----------------------------------------------------------------------------------


def _transport(x: np.ndarray, y: np.ndarray) -> list[Entry]:
    import divergences as dv

    upward = "of these samples; biased upward for the distributions"
    if x.shape[1] == 1:
        a, b = x[:, 0], y[:, 0]
        value = float(dv.wasserstein1(a, b))
        return [
            _entry("wasserstein1", "W1", value, error=_line_error(a, b), note=f"exact {upward}")
        ]
    if max(len(x), len(y)) <= EXACT_LIMIT:
        try:
            moved = dv.optimal_transport(x, y)
        except ArithmeticError as reason:  # an answer without its certificate is no number
            return [_entry("wasserstein1", "W1", None, note=f"none: {reason}")]
        u, v = moved.potentials
        error = math.sqrt(float(np.var(u)) / len(u) + float(np.var(v)) / len(v))
        note = f"exact {upward}"
        return [_entry("wasserstein1", "W1", float(moved.cost), error=error, gap=moved.gap, note=note)]  # fmt: skip
    sliced = dv.sliced_wasserstein1(x, y, seed=_SEED)
    note = (
        f"over {sliced.projections} directions, whose error it is; at most W1, which is exact up to "
        f"{EXACT_LIMIT} samples"
    )
    return [_entry("sliced_wasserstein1", "sliced W1", float(sliced.value),
                   error=float(sliced.standard_error), note=note)]  # fmt: skip


def _line_error(x: np.ndarray, y: np.ndarray) -> float:
    """sqrt(Var_P f / n + Var_Q f / m) for the Kantorovich potential, f' = sign(G - F)."""
    x, y = np.sort(x), np.sort(y)
    z = np.sort(np.concatenate([x, y]))
    slope = np.sign(
        np.searchsorted(y, z[:-1], side="right") / len(y)
        - np.searchsorted(x, z[:-1], side="right") / len(x)
    )
    f = np.concatenate([[0.0], np.cumsum(slope * np.diff(z))])
    on_x, on_y = f[np.searchsorted(z, x)], f[np.searchsorted(z, y)]
    return math.sqrt(float(np.var(on_x)) / len(x) + float(np.var(on_y)) / len(y))


def _energy(x: np.ndarray, y: np.ndarray) -> Entry:
    """2 E|X-Y| - E|X-X'| - E|Y-Y'|, without bias, its error by the projection on one sample each."""
    from scipy.spatial.distance import cdist

    id, label = "energy_distance", "energy distance, squared"
    n, m = len(x), len(y)
    if min(n, m) < 2:
        return _entry(id, label, None, note="needs two samples of each")
    between = cdist(x, y)
    on_x = between.mean(1) - cdist(x, x).sum(1) / (n - 1)
    on_y = between.mean(0) - cdist(y, y).sum(1) / (m - 1)
    error = 2 * math.sqrt(float(np.var(on_x)) / n + float(np.var(on_y)) / m)
    value = float(np.mean(on_x) + np.mean(on_y))
    return _entry(id, label, value, error=error, note=f"unbiased, from {n} and {m} samples")


# --- estimates of f-divergences -----------------------------------------------------------------


def _tried(id: str, label: str, note: str, estimate: Callable[[], tuple[float, float]]) -> Entry:
    """An estimate, or why there is none for these samples."""
    try:
        value, error = estimate()
    except (ValueError, np.linalg.LinAlgError) as reason:
        return _entry(id, label, None, note=f"none: {reason}")
    return _entry(id, label, float(value), error=float(error), note=note)


def _neighbours(x: np.ndarray, y: np.ndarray) -> list[Entry]:
    from divergences.samples import knn_kl

    k = min(NEIGHBOURS, len(x) - 1, len(y) - 1)
    if k < 1:
        return [_entry("knn_kl", "KL(P||Q), neighbours", None, note="needs two samples of each")]
    note = f"k = {k}; biased, most in the tails and in many dimensions"
    return [
        _tried("knn_kl", "KL(P||Q), neighbours", note, lambda: knn_kl(x, y, k)),
        _tried("knn_reverse_kl", "KL(Q||P), neighbours", note, lambda: knn_kl(y, x, k)),
    ]


def _classifiers(x: np.ndarray, y: np.ndarray) -> list[Entry]:
    rows = (
        ("kl", "KL(P||Q), classifier"),
        ("reverse_kl", "KL(Q||P), classifier"),
        ("jensen_shannon", "JS, classifier"),
        ("squared_hellinger", "H2, classifier"),
    )
    if find_spec("sklearn") is None:
        note = "needs scikit-learn: pip install 'fenchel[models]'"
        return [_entry("classifier_kl", rows[0][1], None, note=note)]
    from divergences.samples import classifier_divergence

    folds = min(FOLDS, len(x), len(y))
    note = "a lower bound in expectation: biased towards 0"
    return [
        _tried(f"classifier_{name}", label, note,
               lambda name=name: classifier_divergence(x, y, name, folds=folds, seed=_SEED))  # type: ignore[misc]
        for name, label in rows
    ]  # fmt: skip


def _gaussian_fit(x: np.ndarray, y: np.ndarray) -> list[Entry]:
    from divergences import gaussian

    rows = (
        ("gaussian_kl", "KL(P||Q), Gaussian fit"),
        ("gaussian_reverse_kl", "KL(Q||P), Gaussian fit"),
        ("gaussian_w2", "W2, Gaussian fit"),
    )
    d = x.shape[1]
    if min(len(x), len(y)) <= d:
        note = f"needs more than {d} samples of each"
        return [_entry(id, label, None, note=note) for id, label in rows]
    (mu0, cov0), (mu1, cov1) = ((a.mean(0), np.atleast_2d(np.cov(a.T))) for a in (x, y))
    forms = (
        lambda: gaussian.kl(mu0, cov0, mu1, cov1),
        lambda: gaussian.kl(mu1, cov1, mu0, cov0),
        lambda: math.sqrt(gaussian.w2_squared(mu0, cov0, mu1, cov1)),
    )
    entries = []
    for (id, label), form in zip(rows, forms, strict=True):
        try:
            note = "of the first two moments; biased unless both are Gaussian"
            entries.append(_entry(id, label, float(form()), note=note))
        except (ValueError, np.linalg.LinAlgError):
            note = "none: a sample covariance is singular"
            entries.append(_entry(id, label, None, note=note))
    return entries
