"""The picture of `fenchel compare`: P and Q above, log p/q beneath. matplotlib is loaded only here."""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

P_COLOUR, Q_COLOUR, RATIO_COLOUR = "#0072b2", "#d55e00", "#444444"  # told apart by all eyes
_MOST_BINS = 60
_MOST_BARS = 400  # more would hide each other


def draw(p: np.ndarray, q: np.ndarray, kind: str, names: tuple[str, str], where: Path) -> None:
    """Write the picture of both as a .png, the whole file or none.

    Samples of more than one dimension are drawn along the direction that separates their means best, Fisher's.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(8, 6), layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(2, 1))
    if kind == "probabilities":
        block = -(-len(p) // _MOST_BARS)
        starts = np.arange(0, len(p), block)
        edges, label = np.append(starts, len(p)) - 0.5, "outcome (index)"
        if block > 1:
            label = f"outcome (index), in blocks of {block}, summed"
        p, q = np.add.reduceat(p, starts), np.add.reduceat(q, starts)
        above.set_ylabel("probability")
    else:
        with np.errstate(all="ignore"):
            p, q, label = _on_a_line(p, q)
        edges = _edges(p, q)
        width = np.diff(edges)
        p = np.histogram(p, edges)[0] / len(p) / width
        q = np.histogram(q, edges)[0] / len(q) / width
        above.set_ylabel("density (histogram)")
    thin = float(np.clip(150 / len(p), 0.4, 1.5))
    for heights, colour, name in ((p, P_COLOUR, f"P: {names[0]}"), (q, Q_COLOUR, f"Q: {names[1]}")):  # fmt: skip
        above.stairs(heights, edges, fill=True, color=colour, alpha=0.25)
        above.stairs(heights, edges, color=colour, label=_plain(name), linewidth=thin)
    above.set_ylim(bottom=0)
    above.legend(loc="best")
    _ratio(below, p, q, edges)
    below.set_xlabel(label)
    if kind == "probabilities":
        below.xaxis.set_major_locator(MaxNLocator(integer=True))
    below.set_ylabel("log p/q (nats)")
    _write_atomically(figure, where)


def _ratio(axes: Any, p: np.ndarray, q: np.ndarray, edges: np.ndarray) -> None:
    """log p/q where both have mass; triangles at the edge where it is infinite."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(p) - np.log(q)
    middle = (edges[1:] + edges[:-1]) / 2
    finite = np.isfinite(ratio)
    top = 1.15 * float(np.max(np.abs(ratio[finite]), initial=0.0)) or 1.0
    axes.axhline(0, color="#999999", linewidth=0.8)
    axes.stairs(np.where(finite, ratio, np.nan), edges, baseline=None, color=RATIO_COLOUR)
    axes.stairs(np.where(finite, ratio, 0.0), edges, fill=True, color=RATIO_COLOUR, alpha=0.15)
    for sign, marker, colour, name in (
        (np.inf, "^", P_COLOUR, "infinite: q = 0"),
        (-np.inf, "v", Q_COLOUR, "-infinite: p = 0"),
    ):
        at = middle[ratio == sign]
        if len(at):
            height = np.full(len(at), 0.92 * top * np.sign(sign))
            axes.plot(at, height, marker, color=colour, markersize=5, linestyle="", label=name)
    axes.set_ylim(-top, top)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="best", fontsize="small")


def _on_a_line(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray, str]:
    if x.ndim == 1:
        return x, y, "sample"
    origin, scale = x.mean(0), np.maximum(np.std(x, 0), np.std(y, 0))
    scale = np.where(scale > 0, scale, 1.0)
    x, y = (x - origin) / scale, (y - origin) / scale
    within = (x - x.mean(0)).T @ (x - x.mean(0)) / len(x) + (y - y.mean(0)).T @ (y - y.mean(0)) / len(y)  # fmt: skip
    along = np.linalg.lstsq(within, y.mean(0) - x.mean(0), rcond=None)[0]
    length = np.linalg.norm(along)
    if not length > 1e-9:  # equal means: the axis of the largest spread
        along = np.linalg.eigh(within)[1][:, -1]
        length = np.float64(1.0)
    along = along / length
    return x @ along, y @ along, f"projection of the {x.shape[1]} dimensions that separates the means best"  # fmt: skip


def _edges(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Bins over both, as many as the smaller set fills: Rice's 2 n^(1/3)."""
    low, high = min(x.min(), y.min()), max(x.max(), y.max())
    with np.errstate(all="ignore"):
        span = high - low
    if span == 0 and abs(low) < 1e9:
        low, high = low - 0.5, high + 0.5
    bins = int(np.clip(np.ceil(2 * min(len(x), len(y)) ** (1 / 3)), 5, _MOST_BINS))
    # matplotlib's own axes end there
    drawable = 1e-290 < high - low < 1e290 if np.isfinite(span) else False
    edges = np.linspace(low, high, bins + 1) if drawable else np.zeros(2)
    if not (np.diff(edges) > 0).all():
        raise ValueError(
            f"--plot: samples over a range that floats can divide into {bins} bins were expected. "
            f"Got {low:.17g} to {high:.17g}"
        )
    return edges


def _plain(name: str) -> str:
    """A file's name as it is: matplotlib reads $ as mathematics, and leaves a leading _ out."""
    return name.replace("$", r"\$")


def _write_atomically(figure: Any, where: Path) -> None:
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=130)
    handle, name = tempfile.mkstemp(dir=where.parent, prefix=f".{where.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(picture.getvalue())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)
        os.replace(name, where)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
