"""What a run found: the table and summary for a terminal, and the JSON of the design."""

from __future__ import annotations

import json
import os
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..ledger import trusted_base
from ..symbolic.lemmas import LEMMAS
from ..words.claim import Claim, Verdict
from . import text
from .sentences import parts
from .show import title_text

if TYPE_CHECKING:
    from ..running.verify import Report

STYLES = {
    Verdict.BOTH: "green",
    Verdict.PROVED: "green",
    Verdict.SUPPORTED: "cyan",
    Verdict.REFUTED: "magenta",
    Verdict.UNDECIDED: "yellow",
}
ROUTES = {"symbolic": ("proved", "not shown"), "enclosure": ("boxes", "points", "cannot speak")}
MUTANTS = ("tried", "refuted", "equivalent", "weaker", "undecided")


def summary(reports: Sequence[Report], seconds: float) -> dict[str, Any]:
    """Counts by verdict, and of the claims that are not refuted by each route's word (that of the
    weakest step); what is not as expected, mutants, and the wall clock."""
    counts = Counter(report.verdict for report in reports)
    left = [report for report in reports if report.verdict is not Verdict.REFUTED]
    return {
        "claims": len(reports),
        **{str(verdict): counts[verdict] for verdict in Verdict},
        "refuted_as_expected": sum(r.ok for r in reports if r.verdict is Verdict.REFUTED),
        "unexpected": [report.id for report in reports if not report.ok],
        "routes": {
            route: {word: sum(getattr(r, route) == word for r in left) for word in words}
            for route, words in ROUTES.items()
        },
        "mutants": {
            name: sum(report.mutants.as_dict()[name] for report in reports) for name in MUTANTS
        },
        "seconds": round(seconds, 3),
    }


def plain(written: str) -> str:
    """Text whose formulas stand between backticks, in one line without them."""
    return text.sentence(parts(written))


def as_json(reports: Sequence[Report], seconds: float) -> str:
    document = {
        "summary": summary(reports, seconds),
        "claims": [
            {**report.as_dict(), "title": plain(report.title), "shown_for": plain(report.shown_for)}
            for report in reports
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def write_atomically(path: Path, text: str) -> None:
    """The whole file or the old one: never a half-written one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)  # mkstemp's own mode would hide it from everyone else
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


# --- terminal ---------------------------------------------------------------------------------


def print_run(
    console: Console, reports: Sequence[Report], claims: Mapping[str, Claim], seconds: float
) -> None:
    """The table, what the claims were shown for and rest on, counterexamples, surviving mutants,
    the trusted base, what surprises, and the summary lines."""
    with_mutants = any(report.mutants.tried for report in reports)
    table = _table(reports, with_mutants)
    # At its natural width even in a narrow window: an identifier cut short cannot be copied.
    natural = console.measure(table, options=console.options.update(width=1000)).maximum
    console.width = max(console.width, natural)
    console.print(table)
    _print_shown_for(console, reports)
    _print_rests_on(console, reports)
    _print_refuted(console, reports)
    _print_survivors(console, reports)
    _print_base(console, {r.id: claims[r.id] for r in reports if r.id in claims})
    print_unexpected(console, reports)
    line(console, route_line(reports))
    line(console, summary_line(reports, seconds))


def line(console: Console, text: str, style: str = "") -> None:
    """One line as it is: no wrapping, no markup, whatever the width of the window."""
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def _table(reports: Sequence[Report], with_mutants: bool) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    columns = ["claim", "verdict", "symbolic", "enclosure", *(["mutants"] if with_mutants else [])]
    for column in columns:
        table.add_column(column, no_wrap=True)
    table.add_column("seconds", justify="right", no_wrap=True)
    for report in reports:
        style = STYLES[report.verdict] if report.ok else "bold red"
        row = [
            escape(report.id),
            f"[{style}]{report.verdict}{'' if report.ok else ' !'}[/]",
            report.symbolic,
            report.enclosure,
        ]
        if with_mutants:
            row.append(_mutant_cell(report))
        table.add_row(*row, f"{report.seconds:.2f}")
    return table


def _mutant_cell(report: Report) -> str:
    tally = report.mutants
    if not tally.tried:
        return ""
    left = f", {tally.undecided} left" if tally.undecided else ""
    return f"{tally.refuted}/{tally.tried - tally.equivalent - tally.weaker}{left}"


def _print_shown_for(console: Console, reports: Sequence[Report]) -> None:
    """What the verdicts above are about, where the statement could mean more."""
    narrower = [report for report in reports if report.shown_for]
    if narrower:
        line(console, "Shown for", "bold")
    for report in narrower:
        shown_for = plain(report.shown_for)
        line(console, f"  {report.id} ({report.verdict}): {shown_for}")


def _print_refuted(console: Console, reports: Sequence[Report]) -> None:
    refuted = [report for report in reports if report.ok and report.counterexample]
    if refuted:
        line(console, "Refuted, as expected", "bold")
    for report in refuted:
        line(console, f"  {report.id}: {title_text(report.claim)}")
        line(console, f"    {counterexample_line(report)}")


def _print_rests_on(console: Console, reports: Sequence[Report]) -> None:
    resting = [report for report in reports if report.rests_on]
    if resting:
        line(console, "Rests on", "bold")
    for report in resting:
        line(console, f"  {report.id} <- {', '.join(report.rests_on)}")


def _print_survivors(console: Console, reports: Sequence[Report]) -> None:
    surviving = [report for report in reports if report.mutants.undecided]
    if surviving:
        line(console, "Mutants that were not refuted", "bold")
    for report in surviving:
        unseen = report.mutants.undecided - len(report.mutants.survivors)
        for mutant in report.mutants.survivors:
            line(console, f"  {report.id}: {mutant}")
        if unseen:
            line(console, f"  {report.id}: {unseen} more, not reached within the time limit")


def _print_base(console: Console, claims: Mapping[str, Claim]) -> None:
    base = trusted_base(claims)
    if not base:
        return
    line(
        console,
        f"Trusted base: {len(base)} lemma{'s' * (len(base) > 1)}, taken without proof",
        "bold",
    )
    for name, users in base.items():
        lemma = LEMMAS[name]
        count = f"{len(users)} claim{'s' * (len(users) > 1)}"
        line(console, f"  {name}: {lemma.statement} ({lemma.source}; {count})")


def print_unexpected(console: Console, reports: Sequence[Report]) -> None:
    """Every claim whose verdict is not the expected one, and what is known about why."""
    for report in reports:
        if report.ok:
            continue
        line(console, f"{report.id}: expected {report.expected}, came {report.verdict}", "bold red")
        if report.counterexample:
            line(console, f"  {counterexample_line(report)}")
        for gap in report.gaps:
            line(console, f"  {gap}")


def counterexample_line(report: Report) -> str:
    found = report.counterexample
    assert found is not None
    point = ", ".join(f"{name} = {value}" for name, value in found.point.items()) or "no variables"
    return (
        f"chain {found.chain}, step {found.step}, at {point}: "
        f"{found.left} {found.relation} {found.right} is false"
    )


def summary_line(reports: Sequence[Report], seconds: float) -> str:
    counts = summary(reports, seconds)
    said = [f"{counts[str(v)]} {v}" for v in Verdict if v is not Verdict.REFUTED and counts[str(v)]]
    if counts["refuted_as_expected"]:
        said.append(f"{counts['refuted_as_expected']} refuted as expected")
    said.append(f"{len(counts['unexpected'])} unexpected")
    mutants = counts["mutants"]
    if mutants["tried"]:
        bad = mutants["tried"] - mutants["equivalent"] - mutants["weaker"]
        said.append(
            f"mutants: {mutants['refuted']} of {bad} refuted, {mutants['equivalent']} equivalent, "
            f"{mutants['weaker']} weaker, {mutants['undecided']} undecided"
        )
    n = len(reports)
    return f"{n} claim{'s' * (n != 1)}: {', '.join(said)} in {seconds:.1f} s"


def route_line(reports: Sequence[Report]) -> str:
    """Of how many claims, the refuted ones left out, each route says what."""
    counts = summary(reports, 0.0)["routes"]
    return "; ".join(
        f"{route}: {', '.join(f'{n} {word}' for word, n in words.items() if n)}"
        for route, words in counts.items()
    )
