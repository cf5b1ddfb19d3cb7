"""Divergences of probability vectors against scipy's: speed, digits, and the cost of the import."""

from __future__ import annotations

import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import mpmath as mp
import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.spatial.distance import jensenshannon
from scipy.special import rel_entr

import divergences as dv
from divergences import _blocks

ROWS, OUTCOMES = 10_000, 1_000
PROMISED = 6.0
DISTANCES = [10.0**-k for k in range(1, 11)]


def best_times(jobs: dict[str, Callable[[], object]], rounds: int = 7) -> dict[str, float]:
    """The best of `rounds` seconds for each job, all jobs in turn within a round."""
    best = dict.fromkeys(jobs, math.inf)
    for _ in range(rounds):
        for name, job in jobs.items():
            start = time.perf_counter()
            job()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def with_threads(count: int, job: Callable[[], object]) -> Callable[[], object]:
    """`job` with at most `count` threads."""

    def run() -> None:
        before = _blocks.MAX_THREADS
        _blocks.MAX_THREADS = count
        try:
            job()
        finally:
            _blocks.MAX_THREADS = before

    return run


def speed() -> tuple[Table, bool]:
    """The two promised ratios, on a batch of Dirichlet(1) vectors, validation included."""
    rng = np.random.default_rng(0)
    p, q = rng.dirichlet(np.ones(OUTCOMES), (2, ROWS))
    threads = _blocks.thread_count()
    times = best_times(
        {
            "scipy kl": lambda: rel_entr(p, q).sum(-1),
            "scipy js": lambda: jensenshannon(p, q, axis=-1),
            "kl": lambda: dv.kl(p, q),
            "js": lambda: dv.js(p, q),
            "kl alone": with_threads(1, lambda: dv.kl(p, q)),
            "js alone": with_threads(1, lambda: dv.js(p, q)),
        }
    )
    table = Table(title=f"{ROWS:,} x {OUTCOMES:,} float64, best of 7, milliseconds")
    for column in (
        "",
        "scipy",
        "1 thread",
        "ratio",
        f"{threads} threads",
        "ratio",
        f"promised {PROMISED:g}",
    ):
        table.add_column(column, justify="right")
    kept = True
    for name, against in (("kl", "rel_entr(p, q).sum(-1)"), ("js", "jensenshannon(p, q, axis=-1)")):
        theirs, ours, alone = times[f"scipy {name}"], times[name], times[f"{name} alone"]
        good = theirs / ours >= PROMISED
        kept &= good
        table.add_row(
            f"{name} against {against}",
            f"{1e3 * theirs:.1f}",
            f"{1e3 * alone:.1f}",
            f"{theirs / alone:.1f}",
            f"{1e3 * ours:.1f}",
            f"{theirs / ours:.1f}",
            "kept" if good else "MISSED",
        )
    return table, kept


def exact(p: np.ndarray, q: np.ndarray) -> tuple[mp.mpf, mp.mpf]:
    """KL in its mass-corrected form, and JS, in 200-bit arithmetic on the floats given."""
    kl, js = mp.mpf(0), mp.mpf(0)
    with mp.workprec(200):
        for a, b in zip(map(mp.mpf, p.tolist()), map(mp.mpf, q.tolist()), strict=True):
            m = (a + b) / 2
            kl += a * mp.log(a / b) - a + b
            js += (a * mp.log(a / m) + b * mp.log(b / m)) / 2
    return kl, js


def accuracy(pairs: int = 10, outcomes: int = 200) -> tuple[Table, bool]:
    """The largest relative errors at each distance, ours and scipy's."""
    table = Table(
        title=f"largest relative error against 200 bits, {pairs} pairs of {outcomes} outcomes"
    )
    for column in ("relative distance", "kl", "rel_entr sum", "js", "jensenshannon ** 2"):
        table.add_column(column, justify="right")
    rng = np.random.default_rng(1)
    kept = True
    for distance in DISTANCES:
        errors = np.zeros(4)
        for _ in range(pairs):
            p = rng.dirichlet(np.ones(outcomes))
            q = p * (1 + distance * rng.uniform(-1, 1, outcomes))
            q /= q.sum()
            kl, js = exact(p, q)
            with np.errstate(invalid="ignore"):
                found = (dv.kl(p, q), rel_entr(p, q).sum(), dv.js(p, q), jensenshannon(p, q) ** 2)
            errors = np.maximum(  # nan stays nan
                errors,
                [
                    float(abs(mp.mpf(float(x)) / y - 1))
                    for x, y in zip(found, (kl, kl, js, js), strict=True)
                ],
            )
        kept &= bool(max(errors[0], errors[2]) <= 1e-12)
        table.add_row(f"{distance:.0e}", *(f"{e:.1e}" for e in errors))
    return table, kept


def import_cost(rounds: int = 7) -> str:
    """Seconds of wall clock for `import divergences` in a fresh interpreter, beside `import numpy`."""
    seconds: dict[str, list[float]] = {"numpy": [], "divergences": []}
    for _ in range(rounds):
        for module, found in seconds.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
            found.append(time.perf_counter() - start)
    numpy, ours = (statistics.median(found) for found in seconds.values())
    return (
        f"import divergences: {1e3 * ours:.0f} ms, import numpy: {1e3 * numpy:.0f} ms "
        f"(ratio {ours / numpy:.2f}, {1e3 * (ours - numpy):.0f} ms more; promised at most 100)"
    )


def main() -> None:
    console = Console(width=120)
    for measure in (speed, accuracy):
        table, kept = measure()
        console.print(table)
        if not kept:
            console.print("[bold red]a promise is not kept[/]")
    console.print(import_cost())


if __name__ == "__main__":
    main()
