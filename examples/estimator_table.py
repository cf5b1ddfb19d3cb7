"""Bias and standard error of every estimator from samples, on Gaussians whose divergences are closed forms.

    python examples/estimator_table.py [--quick] [--out FILE.md] [--seed 0]

P = N(0, I), Q = N(m, s^2 I) with m in each coordinate. Each estimator is run on fresh samples many times; "bias" is the
mean error with its own standard error, "scatter" the standard deviation of one estimate, "claimed" the mean standard
error that the estimator reports. The variational bounds are shown at their optimal critic, where what is missing is the
samples' doing alone, and through the cross-fitted classifier, which must learn the critic too.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

import divergences as dv
from divergences import gaussian

Samples = tuple[np.ndarray, np.ndarray]


class Setting(NamedTuple):
    """P = N(0, I) against Q = N(mean, scale^2 I) in `dim` dimensions."""

    dim: int
    mean: float
    scale: float

    def draw(self, rng: np.random.Generator, n: int) -> Samples:
        shape = (n, self.dim)
        return rng.standard_normal(shape), self.mean + self.scale * rng.standard_normal(shape)

    def log_ratio(self, x: np.ndarray) -> np.ndarray:
        """log p/q at points (n, dim)."""
        standard = ((x - self.mean) / self.scale) ** 2 - x**2
        return standard.sum(-1) / 2 + self.dim * math.log(self.scale)

    @property
    def arguments(self) -> tuple[np.ndarray, ...]:
        one = np.ones(self.dim)
        return 0 * one, one, self.mean * one, self.scale**2 * one

    @property
    def kl(self) -> float:
        return float(gaussian.kl(*self.arguments))

    @property
    def squared_hellinger(self) -> float:
        return float(gaussian.squared_hellinger(*self.arguments))


LINE = Setting(1, 1.0, 1.3)
SPACE = Setting(3, 0.6, 1.3)
MANY = Setting(10, 0.3, 1.3)
CORRELATION = 0.8  # of the pairs for InfoNCE: I = -log(1 - r^2)/2
BATCH = 100  # K of InfoNCE

Found = tuple[float, float]  # an estimate, and the standard error that it claims (nan: none)


def at_optimum(bound: Callable[..., float], shift: float, setting: Setting) -> Callable[..., Found]:
    def run(rng: np.random.Generator, n: int) -> Found:
        x, y = setting.draw(rng, n)
        on_p, on_q = setting.log_ratio(x) + shift, setting.log_ratio(y) + shift
        return float(bound(on_p, on_q)), math.nan

    return run


def bound(name: str) -> Callable[..., float]:
    return lambda p, q: dv.lower_bound(name, p, q, raw=True)


def infonce(rng: np.random.Generator, n: int) -> Found:
    """The mean over n // K batches, at the optimal critic log p(y|x)/p(y)."""
    x = rng.standard_normal((n // BATCH, BATCH))
    y = CORRELATION * x + math.sqrt(1 - CORRELATION**2) * rng.standard_normal(x.shape)
    gap = y[:, None, :] - CORRELATION * x[:, :, None]  # (batches, K, K)
    scores = y[:, None, :] ** 2 / 2 - gap**2 / (2 * (1 - CORRELATION**2))
    values = [float(dv.infonce(s)) for s in scores]
    return float(np.mean(values)), float(np.std(values, ddof=1) / math.sqrt(len(values)))


def sampled(estimate: Callable[..., Found], setting: Setting) -> Callable[..., Found]:
    def run(rng: np.random.Generator, n: int) -> Found:
        return estimate(*setting.draw(rng, n))

    return run


def classifier(f: str) -> Callable[..., Found]:
    return lambda x, y: dv.classifier_divergence(x, y, f)


class Row(NamedTuple):
    """One estimator on one problem."""

    name: str
    truth: float
    run: Callable[[np.random.Generator, int], Found]
    repeats: tuple[int, int, int] = (400, 400, 400)  # at the three sizes
    setting: str = "d = 1"


INFORMATION = -math.log(1 - CORRELATION**2) / 2
ROWS = [
    Row("lower_bound kl, optimal critic", LINE.kl, at_optimum(bound("kl"), 0, LINE)),
    Row("nwj, optimal critic", LINE.kl, at_optimum(dv.nwj, 1, LINE)),
    Row("donsker_varadhan, optimal critic", LINE.kl, at_optimum(dv.donsker_varadhan, 0, LINE)),
    Row("lower_bound squared_hellinger, optimal critic", LINE.squared_hellinger,
        at_optimum(bound("squared_hellinger"), 0, LINE)),
    Row("infonce, K = 100, optimal critic", INFORMATION, infonce, (400, 200, 60), "correlation 0.8"),
    Row("knn_kl, k = 5", LINE.kl, sampled(dv.knn_kl, LINE), (400, 100, 20)),
    Row("knn_kl, k = 5", SPACE.kl, sampled(dv.knn_kl, SPACE), (400, 60, 10), "d = 3"),
    Row("knn_kl, k = 5", MANY.kl, sampled(dv.knn_kl, MANY), (100, 12, 4), "d = 10"),
    Row("classifier_divergence kl", LINE.kl, sampled(classifier("kl"), LINE), (100, 50, 12)),
    Row("classifier_divergence kl", MANY.kl, sampled(classifier("kl"), MANY), (60, 30, 6), "d = 10"),
    Row("classifier_divergence squared_hellinger", LINE.squared_hellinger,
        sampled(classifier("squared_hellinger"), LINE), (100, 50, 12)),
    Row("classifier_divergence squared_hellinger", MANY.squared_hellinger,
        sampled(classifier("squared_hellinger"), MANY), (60, 30, 6), "d = 10"),
]  # fmt: skip
HEADER = "| estimator | problem | truth | n | bias | scatter | claimed | runs |\n|---|---|---|---|---|---|---|---|"


def line(row: Row, n: int, repeats: int, seed: int) -> str:
    """One row of the table: the estimator at one size."""
    found = np.array([row.run(np.random.default_rng([seed, n, i]), n) for i in range(repeats)])
    errors = found[:, 0] - row.truth
    scatter = float(np.std(errors, ddof=1))
    claimed = float(np.mean(found[:, 1]))
    bias = f"{np.mean(errors):+.4f} ± {scatter / math.sqrt(repeats):.4f}"
    claim = "" if math.isnan(claimed) else f"{claimed:.4f}"
    cells = [
        row.name,
        row.setting,
        f"{row.truth:.4f}",
        f"{n:,}",
        bias,
        f"{scatter:.4f}",
        claim,
        repeats,
    ]
    return "| " + " | ".join(map(str, cells)) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="n = 1,000 only, few runs")
    parser.add_argument("--out", type=Path, help="write the table, in Markdown, to this file too")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    lines = [HEADER]
    print(HEADER)
    for row in ROWS:
        for n, repeats in zip((1_000, 10_000, 100_000), row.repeats, strict=True):
            if options.quick and n > 1_000:
                break
            lines.append(line(row, n, min(repeats, 5) if options.quick else repeats, options.seed))
            print(lines[-1], flush=True)
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        options.out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
