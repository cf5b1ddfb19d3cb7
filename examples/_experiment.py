"""What the experiments share: their flags, the table "theory | measured | difference", and how results are kept.

An experiment is a module with `TITLE`, `run(options) -> Report` and a call of `main`. With --out DIR it leaves
DIR/NAME.json (the table, the settings, the seed) and DIR/NAME.png (the picture); without, it prints the table only.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from models.checkpoint import write_whole
from models.train import Diverged, make_fabric

RELATIONS = {
    "=": lambda measured, theory, tolerance: abs(measured - theory) <= tolerance,
    "<=": lambda measured, theory, tolerance: measured <= theory + tolerance,
    ">=": lambda measured, theory, tolerance: measured >= theory - tolerance,
}


@dataclass(frozen=True)
class Row:
    """A number of theory beside the measured one.

    `relation` is what theory says of the measured number ("=": equal, "<=": at most). `tolerance` is what the
    experiment allows itself, None where the row only informs.
    """

    quantity: str
    theory: float
    measured: float
    tolerance: float | None = None
    relation: str = "="

    @property
    def difference(self) -> float:
        return 0.0 if self.measured == self.theory else self.measured - self.theory

    @property
    def agrees(self) -> bool | None:
        if self.tolerance is None:
            return None
        return bool(RELATIONS[self.relation](self.measured, self.theory, self.tolerance))


@dataclass
class Report:
    """What an experiment found. `alt` describes the picture to who cannot see it; `figure` is a matplotlib Figure."""

    rows: list[Row]
    alt: str = ""
    notes: list[str] = field(default_factory=list)
    tables: dict[str, list[dict[str, Any]]] = field(
        default_factory=dict
    )  # further tables, by their title
    figure: Any = None

    @property
    def agrees(self) -> bool:
        return all(row.agrees is not False for row in self.rows)


@dataclass(frozen=True)
class Options:
    """The flags that every experiment has, and its own under `extra`."""

    steps: int
    seed: int
    device: str
    out: Path | None
    quick: bool
    extra: argparse.Namespace = field(default_factory=argparse.Namespace)

    def checkpoints(self, part: str) -> Path | None:
        """Where the training called `part` keeps its checkpoints: nowhere, unless --checkpoints was given."""
        folder = getattr(self.extra, "checkpoints", None)
        return None if folder is None else Path(folder) / part


def main(
    name: str,
    title: str,
    run: Callable[[Options], Report],
    *,
    steps: int,
    quick_steps: int,
    arguments: Sequence[str] | None = None,
    add: Callable[[argparse.ArgumentParser], None] = lambda parser: None,
) -> Report:
    """Read the flags, run, print the table, and with --out keep it. Returns the report, for the tests."""
    parser = argparse.ArgumentParser(description=title)
    parser.add_argument(
        "--steps", type=_positive, help=f"training steps ({steps}; {quick_steps} with --quick)"
    )
    parser.add_argument("--seed", type=_seed, default=0, help="of everything random (0)")
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1, mps or auto (cpu)")
    parser.add_argument(
        "--out", type=Path, help="a folder for the table (JSON) and the picture (PNG)"
    )
    parser.add_argument(
        "--quick", action="store_true", help="short: shows the way, not the last digits"
    )
    parser.add_argument(
        "--checkpoints", type=Path, help="a folder: a run killed half-way resumes from it"
    )
    add(parser)
    extra = parser.parse_args(arguments)
    chosen = extra.steps or (quick_steps if extra.quick else steps)
    options = Options(chosen, extra.seed, extra.device, extra.out, extra.quick, extra)
    torch.set_num_threads(1)  # the networks are too small to share
    torch.manual_seed(options.seed)
    started = time.perf_counter()
    try:
        make_fabric(options.device)  # also where nothing is trained: the settings are kept
        if options.out is not None:
            _require_room(options.out)
        report = run(options)
    except ValueError as error:  # a wrong flag, a damaged checkpoint: the message is the answer
        parser.exit(2, f"{parser.prog}: {error}\n")
    except Diverged as error:  # names the player, the step and the last good checkpoint
        parser.exit(1, f"{parser.prog}: {error}\n")
    seconds = time.perf_counter() - started
    show(title, report, seconds)
    if options.out is not None:
        keep(name, title, report, options, seconds)
    return report


def show(title: str, report: Report, seconds: float) -> None:
    """The tables on the terminal."""
    console = Console()
    table = Table(
        "", "theory", "measured", "difference", "allowed", "", title=title, title_justify="left"
    )
    for row in report.rows:
        sign = "" if row.relation == "=" else f"{row.relation} "
        mark = {True: "ok", False: "OFF", None: ""}[row.agrees]
        allowed = "" if row.tolerance is None else number(row.tolerance)
        cells = (
            sign + number(row.theory),
            number(row.measured),
            number(row.difference),
            allowed,
            mark,
        )
        table.add_row(row.quantity, *cells)
    console.print(table)
    for heading, lines in report.tables.items():
        extra = Table(*lines[0], title=heading, title_justify="left")
        for line in lines:
            extra.add_row(*(number(v) if isinstance(v, float) else str(v) for v in line.values()))
        console.print(extra)
    for note in report.notes:
        console.print(note, highlight=False)
    console.print(f"{seconds:.1f} s", highlight=False)


def keep(name: str, title: str, report: Report, options: Options, seconds: float) -> None:
    """OUT/NAME.json and OUT/NAME.png, each written whole."""
    assert options.out is not None
    own = {
        k: v
        for k, v in vars(options.extra).items()
        if k not in ("out", "checkpoints", "steps", "seed")
    }
    content = {
        "name": name,
        "title": title,
        "seed": options.seed,
        "settings": {"steps": options.steps, **own},
        "seconds": round(seconds, 1),
        "alt": report.alt,
        "rows": [
            asdict(row) | {"difference": row.difference, "agrees": row.agrees}
            for row in report.rows
        ],
        "tables": report.tables,
        "notes": report.notes,
    }
    text = json.dumps(_plain(content), indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    write_whole(options.out / f"{name}.json", text.encode())
    if report.figure is not None:
        picture = io.BytesIO()
        report.figure.savefig(picture, format="png", dpi=100, metadata={"Software": None})
        write_whole(options.out / f"{name}.png", picture.getvalue())


def number(value: float) -> str:
    """A number for reading: four significant digits, infinity as a word."""
    return str(value) if not math.isfinite(value) else f"{value:.4g}"


def figure(
    columns: int = 1, rows: int = 1, *, width: float = 8.0, height: float = 3.4
) -> tuple[Any, Any]:
    """A matplotlib figure that no window will show, and its axes."""
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, height * rows), layout="constrained")
    return made, made.subplots(rows, columns)


def flat(lines: Iterable[Iterable[Row]]) -> list[Row]:
    return [row for rows in lines for row in rows]


def _plain(value: Any) -> Any:
    """Strict JSON: infinities and nan as strings."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return str(value) if isinstance(value, Path) else value


def _require_room(folder: Path) -> None:
    """ValueError unless the folder can be made, or be written to: better known before the run than after it."""
    nearest = next(p for p in (folder.absolute(), *folder.absolute().parents) if p.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise ValueError(f"--out must be a folder. {nearest} is none that can be written to")


def _positive(text: str) -> int:
    return _integer(text, 1)


def _seed(text: str) -> int:
    return _integer(text, 0)


def _integer(text: str, least: int) -> int:
    if not text.strip().isdecimal() or not least <= int(text) < 2**63:
        raise argparse.ArgumentTypeError(f"must be an integer, at least {least}, got {text!r}")
    return int(text)
