"""Wasserstein distances against scipy's and POT's: speed side by side, agreement, and the price of a certificate.

Needs POT, the extra `transport`; without it a line says so.
"""

from __future__ import annotations

import math
from fractions import Fraction
from importlib.util import find_spec

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.spatial.distance import cdist
from scipy.stats import wasserstein_distance

import divergences as dv
from benchmarks.discrete import best_times

SAMPLES, FEWER, POINTS = 1_000_000, 700_000, 1_000
AGREEMENT = 1e-12


def line() -> tuple[Table, bool]:
    """W1 of a million samples: the three promised ratios, and how far the answers are apart."""
    import ot

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=SAMPLES), rng.normal(0.1, 1.2, size=SAMPLES)
    z = y[:FEWER].copy()
    u, v = rng.random(SAMPLES), rng.random(FEWER)
    u, v = u / u.sum(), v / v.sum()
    jobs = {
        "equal": lambda: dv.wasserstein1(x, y),
        "scipy": lambda: wasserstein_distance(x, y),
        "POT": lambda: ot.wasserstein_1d(x, y),
        "weighted": lambda: dv.wasserstein1(x, z, u, v),
        "POT weighted": lambda: ot.wasserstein_1d(x, z, u, v),
        "scipy weighted": lambda: wasserstein_distance(x, z, u, v),
    }
    times = best_times(jobs)
    found = {name: float(job()) for name, job in jobs.items()}
    # Equally many samples: the mean of |x_(i) - y_(i)|, which fsum rounds once.
    exact = float(Fraction(math.fsum(np.abs(np.sort(x) - np.sort(y)))) / SAMPLES)
    table = Table(title="W1 on the line, float64, best of 7, milliseconds")
    for column in ("", "theirs", "ours", "ratio", "promised", "", "apart", "their error", "ours"):
        table.add_column(column, justify="right")
    kept = True
    for ours, theirs, promised, truth in (
        ("equal", "scipy", 15.0, exact),
        ("equal", "POT", 8.0, exact),
        ("weighted", "POT weighted", 3.0, None),
        ("weighted", "scipy weighted", None, None),
    ):
        ratio = times[theirs] / times[ours]
        apart = abs(found[theirs] / found[ours] - 1)
        good = promised is None or ratio >= promised
        kept &= good
        errors = (
            ("", "")
            if truth is None
            else tuple(f"{abs(found[name] / truth - 1):.1e}" for name in (theirs, ours))
        )
        table.add_row(
            f"{theirs}, {SAMPLES:,} x {SAMPLES if ours == 'equal' else FEWER:,}",
            f"{1e3 * times[theirs]:.1f}",
            f"{1e3 * times[ours]:.1f}",
            f"{ratio:.1f}",
            "" if promised is None else f"{promised:g}",
            "kept" if good else "MISSED",
            f"{apart:.1e}",
            *errors,
        )
        if truth is not None:
            kept &= abs(found[ours] / truth - 1) <= AGREEMENT
    return table, kept


def plane() -> tuple[Table, bool]:
    """Exact transport of a thousand points with its certificate against POT's own time without one."""
    import ot

    rng = np.random.default_rng(1)
    table = Table(title=f"{POINTS:,} points each, best of 7, milliseconds")
    for column in (
        "dimensions",
        "ot.emd(M)",
        "ours, cost=M",
        "ratio",
        "promised",
        "",
        "ours, M included",
        "ratio",
        "gap / cost",
    ):
        table.add_column(column, justify="right")
    kept = True
    for d in (2, 5, 50):
        x, y = rng.normal(size=(POINTS, d)), rng.normal(0.3, 1, size=(POINTS, d))
        a, distances = np.full(POINTS, 1 / POINTS), cdist(x, y)
        times = best_times(
            {
                "emd": lambda a=a, distances=distances: ot.emd(a, a, distances),
                "ours": lambda x=x, y=y, M=distances: dv.optimal_transport(x, y, cost=M),
                "both": lambda x=x, y=y: dv.optimal_transport(x, y),
            }
        )
        ratio = times["ours"] / times["emd"]
        moved = dv.optimal_transport(x, y)
        good = ratio <= 1.15
        kept &= good
        table.add_row(
            str(d),
            f"{1e3 * times['emd']:.1f}",
            f"{1e3 * times['ours']:.1f}",
            f"{ratio:.2f}",
            "1.15",
            "kept" if good else "MISSED",
            f"{1e3 * times['both']:.1f}",
            f"{times['both'] / times['emd']:.2f}",
            f"{abs(moved.gap) / moved.cost:.0e}",
        )
    return table, kept


def main() -> None:
    console = Console(width=120)
    if find_spec("ot") is None:
        console.print(
            "Wasserstein against POT: not measured, POT is not installed (extra `transport`)"
        )
        return
    for measure in (line, plane):
        table, kept = measure()
        console.print(table)
        if not kept:
            console.print("[bold red]a promise is not kept[/]")


if __name__ == "__main__":
    main()
