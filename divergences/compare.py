r"""Two tables of numbers compared: every divergence that applies, each with what is known of it.

`compare` tells probabilities (one axis, nonnegative, sums to 1 within 1e-8, equally many in both) from samples (any
other numbers) and never guesses where the two files disagree. Probabilities have exact values, bounds by their range,
and the inequalities between them; samples have estimates, each with its standard error or certificate and its bias.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

import divergences as dv
from divergences._inequalities import Held, held
from divergences._tables import Table, TableError

__all__ = ["KINDS", "Comparison", "Entry", "compare"]

KINDS = ("probabilities", "samples")
SUM_TOLERANCE = 1e-8
NEARLY = 1e-2  # of a sum: nonnegative numbers so near to 1 may be rounded probabilities


class Entry(NamedTuple):
    """One number and what is known of it; None where there is none, with the reason in `note`."""

    id: str
    label: str
    value: float | None
    bound: float | None = None  # of probabilities: no pair exceeds it
    standard_error: float | None = None  # of samples
    gap: float | None = None  # of transport: primal less dual
    note: str = ""


class Comparison(NamedTuple):
    kind: str
    shapes: tuple[tuple[int, ...], tuple[int, ...]]
    entries: list[Entry]
    inequalities: list[Held]
    notes: list[str]


class _Row(NamedTuple):
    """A divergence: what it is infinite for, "q" (q = 0 < p), "p", "either" or "apart" (no common outcome)."""

    id: str
    label: str
    of: Any
    bound: float
    infinite: str | None


_LOG2 = math.log(2)
ROWS = (
    _Row("kl", "KL(P||Q)", dv.kl, math.inf, "q"),
    _Row("reverse_kl", "KL(Q||P)", lambda p, q, **k: dv.kl(q, p, **k), math.inf, "p"),
    _Row("jeffreys", "Jeffreys J", dv.jeffreys, math.inf, "either"),
    _Row("js", "Jensen-Shannon JS", dv.js, _LOG2, None),
    _Row("sqrt_js", "sqrt(JS), a metric", lambda p, q, **k: math.sqrt(dv.js(p, q, **k)),
         math.sqrt(_LOG2), None),
    _Row("total_variation", "total variation TV", dv.total_variation, 1.0, None),
    _Row("squared_hellinger", "squared Hellinger H2", dv.squared_hellinger, 1.0, None),
    _Row("chi2", "chi2(P||Q), Pearson", dv.chi2, math.inf, "q"),
    _Row("neyman_chi2", "chi2(Q||P), Neyman", dv.neyman_chi2, math.inf, "p"),
    _Row("le_cam", "Le Cam Delta", dv.le_cam, 2.0, None),
    _Row("arithmetic_geometric", "arithmetic-geometric",
         lambda p, q, **k: dv.f_divergence("arithmetic_geometric", p, q, **k), math.inf, "either"),
    _Row("alpha_half", "alpha, a = 1/2", lambda p, q, **k: dv.alpha(p, q, 0.5, **k), 4.0, None),
    _Row("renyi_half", "Renyi, order 1/2", lambda p, q, **k: dv.renyi(p, q, 0.5, **k),
         math.inf, "apart"),
    _Row("renyi_2", "Renyi, order 2", lambda p, q, **k: dv.renyi(p, q, 2.0, **k), math.inf, "q"),
    _Row("renyi_inf", "Renyi, order inf: log max p/q", lambda p, q, **k: dv.renyi(p, q, math.inf, **k),
         math.inf, "q"),
)  # fmt: skip


def compare(p: Table, q: Table, kind: str | None = None) -> Comparison:
    """Every divergence that applies between two tables.

    Args:
        p, q: As `_tables.read` has them.
        kind: "probabilities" or "samples"; told from the numbers where None.

    Raises:
        TableError: Files that disagree about what they are, or are not what `kind` says.
    """
    kind = kind or told_apart(p, q)
    notes = []
    if p.header and q.header and p.header != q.header:
        notes.append(
            f"the columns are named {', '.join(p.header)} in {p.path} and {', '.join(q.header)} in {q.path}; "
            "they are compared in the order in which they stand"
        )
    if kind == "samples":
        from divergences._compare_samples import sample_entries

        d = [t.values.shape[1] if t.values.ndim == 2 else 1 for t in (p, q)]
        if d[0] != d[1]:
            raise TableError(
                f"{q.path}: samples of {d[0]} dimensions were expected, as in {p.path}. Got {d[1]}"
            )
        entries, more = sample_entries(p.values, q.values)
        return Comparison(kind, (p.values.shape, q.values.shape), entries, [], notes + more)
    for table in (p, q):
        reason = not_probabilities(table)
        if reason:
            raise TableError(reason)
    if len(p.values) != len(q.values):
        raise TableError(
            f"{q.path}: {len(p.values)} probabilities were expected, as in {p.path}. Got {len(q.values)}"
        )
    entries = _exact_entries(p, q)
    values = {entry.id: float(entry.value) for entry in entries if entry.value is not None}
    positive = q.values[q.values > 0]
    values["q_min"] = float(positive.min()) if not math.isinf(values["kl"]) else 0.0
    return Comparison(kind, (p.values.shape, q.values.shape), entries, held(values), notes)


# --- which of the two ---------------------------------------------------------------------------


def told_apart(p: Table, q: Table) -> str:
    """The kind of both; TableError where they disagree, or where the numbers leave it open."""
    reasons = [not_probabilities(table) for table in (p, q)]
    ask = "say which with --as probabilities or --as samples"
    if reasons == [None, None]:
        if len(p.values) == len(q.values):
            return "probabilities"
        raise TableError(
            f"unclear: each of {p.path} and {q.path} is nonnegative and sums to 1, as probabilities do, but the "
            f"lengths {len(p.values)} and {len(q.values)} differ; {ask}"
        )
    for mine, (other, reason) in ((p, (q, reasons[1])), (q, (p, reasons[0]))):
        if reason is not None and not_probabilities(mine) is None:
            raise TableError(
                f"unclear: {mine.path} is nonnegative and sums to 1, as probabilities do, {other.path} is not "
                f"so ({reason}); {ask}"
            )
    if all(_nearly(table) for table in (p, q)) and len(p.values) == len(q.values):
        raise TableError(f"unclear: {reasons[0] or reasons[1]}, yet nearly so; {ask}")
    return "samples"


def not_probabilities(table: Table) -> str | None:
    """Why the numbers are no probability vector, with the file and the place; None where they are one."""
    values = table.values
    if values.ndim != 1:
        return (
            f"{table.path}: probabilities in one axis were expected. Got the shape {values.shape}"
        )
    if (values < 0).any():
        at = int(np.argmax(values < 0))
        return f"{table.path}, {table.where(at)}: a probability >= 0 was expected. Got {values[at]}"
    total = math.fsum(values)
    if abs(total - 1) > SUM_TOLERANCE:
        return f"{table.path}: a sum of 1 within {SUM_TOLERANCE:g} was expected. Got {total!r}"
    return None


def _nearly(table: Table) -> bool:
    values = table.values
    return values.ndim == 1 and bool((values >= 0).all()) and abs(math.fsum(values) - 1) <= NEARLY


# --- probabilities ------------------------------------------------------------------------------


def _exact_entries(p: Table, q: Table) -> list[Entry]:
    a, b = p.values, q.values
    entries = []
    for row in ROWS:
        value = float(row.of(a, b, normalize=True))
        note = _why_infinite(p, q, row.infinite) if math.isinf(value) else ""
        entries.append(Entry(row.id, row.label, value, row.bound, note=note))
    line = np.arange(len(a), dtype=np.float64)
    moved = float(dv.wasserstein1(line, line, a, b, normalize=True))
    note = "outcome i at the point i"
    entries.append(Entry("wasserstein1", "W1 on the index line", moved, len(a) - 1.0, note=note))
    return entries


def _why_infinite(p: Table, q: Table, infinite: str | None) -> str:
    a, b = p.values, q.values
    if infinite == "apart":
        return "P and Q have no outcome in common"
    for letter, full, empty, empty_name, full_name in (("q", p, q, "q", "p"), ("p", q, p, "p", "q")):  # fmt: skip
        at = np.flatnonzero((empty.values == 0) & (full.values > 0))
        if infinite in (letter, "either") and len(at):
            i = int(at[0])
            where = f" ({empty.where(i)})" if empty.lines is not None else ""
            more = f", and {len(at) - 1} more" if len(at) > 1 else ""
            return (
                f"{empty_name}[{i}] = 0{where} where {full_name}[{i}] = {full.values[i]:.4g}{more}"
            )
    with np.errstate(divide="ignore"):
        i = int(np.argmax(np.abs(np.log(a) - np.log(b))))
    return f"beyond the largest float: p[{i}] = {a[i]:.4g}, q[{i}] = {b[i]:.4g}"
