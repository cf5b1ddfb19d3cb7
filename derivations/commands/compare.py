"""`fenchel compare P Q`: two files of probabilities or samples, and everything between them, printed or as JSON."""

from __future__ import annotations

import json as json_module
import math
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table as RichTable

    from divergences.compare import Comparison, Entry


def compare(
    p: Path, q: Path, kind: str | None = None, plot: Path | None = None, json: str | None = None
) -> int:
    """Print what lies between the tables in the files `p` and `q`; the exit status, 0, or 2 when refused.

    Args:
        p, q: .csv or .npy files.
        kind: "probabilities" or "samples"; told from the numbers where None.
        plot: a .png to draw both to, with the log ratio beneath.
        json: a file to write JSON to instead of the table, "-" for the standard output.
    """
    from divergences._tables import read
    from divergences.compare import compare

    try:
        if plot is not None:
            _require_plot(plot)
        tables = read(p), read(q)
        comparison = compare(*tables, kind)
        if plot is not None:
            from .compare_plot import draw

            draw(tables[0].values, tables[1].values, comparison.kind, (p.name, q.name), plot)
    except (ValueError, OSError, ArithmeticError) as error:
        if json == "-":
            sys.stdout.write(_text({"error": str(error)}))
        else:
            print(f"refused: {error}", file=sys.stderr)
        return 2
    if json is None:
        _print(comparison, str(p), str(q))
    elif json == "-":
        sys.stdout.write(_text(describe(comparison, str(p), str(q))))
    else:
        from ..printing.report import write_atomically

        try:
            write_atomically(Path(json), _text(describe(comparison, str(p), str(q))))
        except OSError as error:
            print(f"refused: --json {json}: {error.strerror or error}", file=sys.stderr)
            return 2
    if plot is not None:
        print(f"wrote {plot}", file=sys.stderr)
    return 0


def describe(comparison: Comparison, p: str, q: str) -> dict[str, Any]:
    """The comparison as JSON values: infinities as the text "inf", what is not there as null."""
    shapes = [list(shape) for shape in comparison.shapes]
    return {
        "kind": comparison.kind,
        "p": {"file": p, "shape": shapes[0]},
        "q": {"file": q, "shape": shapes[1]},
        "divergences": [_values(entry) for entry in comparison.entries],
        "inequalities": [_values(row) for row in comparison.inequalities],
        "notes": comparison.notes,
    }


def _values(row: Any) -> dict[str, Any]:
    return {
        key: str(value) if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in row._asdict().items()
    }


def _require_plot(plot: Path) -> None:
    if plot.suffix.lower() != ".png":
        raise ValueError(f"--plot: a name that ends in .png was expected. Got {str(plot)!r}")
    if plot.is_dir():
        raise ValueError(f"--plot: a file was expected. Got the folder {plot}")
    if find_spec("matplotlib") is None:
        raise ValueError(
            "--plot needs matplotlib, which is not installed: pip install 'fenchel[models]'"
        )


def _text(facts: dict[str, Any]) -> str:
    return json_module.dumps(facts, indent=2, allow_nan=False) + "\n"


# --- terminal -----------------------------------------------------------------------------------


def _print(comparison: Comparison, p: str, q: str) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console()
    shapes = [" x ".join(map(str, shape)) for shape in comparison.shapes]
    title = f"{comparison.kind}: P = {p} ({shapes[0]}), Q = {q} ({shapes[1]})"
    console.print(Text(title, style="bold"), soft_wrap=True)
    exact = comparison.kind == "probabilities"
    _show(console, (_exact_table if exact else _sample_table)(comparison.entries))
    if comparison.inequalities:
        _show(console, _inequality_table(comparison))
        tight = [row for row in comparison.inequalities if row.tight]
        line = (
            f"{len(comparison.inequalities)} inequalities, {len(tight)} tight (left >= 0.99 right)"
        )
        console.print(Text(line), soft_wrap=True)
    for note in comparison.notes:
        console.print(Text(f"note: {note}"), soft_wrap=True)


def _show(console: Console, table: RichTable) -> None:
    """At its natural width where output is piped: a number cut short is a wrong number."""
    if not console.is_terminal:
        wide = console.options.update(width=1000)
        console.width = max(console.width, console.measure(table, options=wide).maximum)
    console.print(table)


def _table(*columns: str) -> RichTable:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    last = len(columns) - 1
    for i, column in enumerate(columns):  # words in the first and the last, numbers between
        justify: Literal["left", "right"] = "left" if i in (0, last) else "right"
        table.add_column(column, justify=justify, no_wrap=i != last, overflow="fold")
    return table


def _add(table: RichTable, *cells: str, style: str = "") -> None:
    from rich.text import Text

    table.add_row(*map(Text, cells), style=style)


def _exact_table(entries: list[Entry]) -> RichTable:
    table = _table("divergence (nats)", "value", "at most", "note")
    for entry in entries:
        _add(table, entry.label, _number(entry.value, 10), _number(entry.bound, 6), entry.note)
    return table


def _sample_table(entries: list[Entry]) -> RichTable:
    table = _table("estimate", "value", "std. error", "gap", "note")
    for entry in entries:
        numbers = _number(entry.value, 6), _number(entry.standard_error, 2), _number(entry.gap, 2)
        _add(table, entry.label, *numbers, entry.note)
    return table


def _inequality_table(comparison: Comparison) -> RichTable:
    table = _table("inequality", "left", "right", "slack", "", "source")
    for row in comparison.inequalities:
        state = "tight" if row.tight else "holds" if row.holds else "FAILS"
        numbers = (_number(x, 6) for x in (row.left, row.right, row.slack))
        style = {"tight": "bold", "holds": "", "FAILS": "bold red"}[state]
        _add(table, row.statement, *numbers, state, row.source, style=style)
    return table


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}g}"
