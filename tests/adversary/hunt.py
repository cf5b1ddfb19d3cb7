"""The verifier held against many statements, in worker processes, a batch at a time.

A batch is a pure function of (seed, start, stop); its counts are a line of a journal, so that a run
that was cut short goes on where it stopped. A statement whose judgement takes longer than its time
limit is not accepted. `judge` stands in for the engine's, so that the tests can plant a faulty one.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from derivations.claim import ByClaim, Claim, Verdict
from derivations.running.alarm import OutOfTime, within
from derivations.running.judge import Judgement, judge
from derivations.running.pool import run
from derivations.symbolic import rules as symbolic

from . import TRUTHS, Statement, statements, truth
from .statement import Unfit

ACCEPTED = (Verdict.BOTH, Verdict.PROVED, Verdict.SUPPORTED)
BATCH = 50  # statements a job
LIMIT = 5.0  # seconds a statement may take
STUCK = 60.0  # seconds after which a worker that does not listen to its alarm is replaced
Judge = Callable[[Claim, Mapping[str, Claim]], Judgement]


@dataclass
class Counts:
    """What became of the statements so far, by family; the accepted ones in full."""

    tally: dict[str, Counter[str]] = field(default_factory=dict)
    accepted: list[str] = field(default_factory=list)
    raised: list[str] = field(default_factory=list)

    def add(self, family: str, what: str) -> None:
        self.tally.setdefault(family, Counter())[what] += 1

    def merge(self, other: Mapping[str, Any]) -> None:
        for family, counts in other["tally"].items():
            self.tally.setdefault(family, Counter()).update(counts)
        self.accepted += other["accepted"]
        self.raised += other["raised"]

    def as_dict(self) -> dict[str, Any]:
        return {"tally": self.tally, "accepted": self.accepted, "raised": self.raised}


def judged(statement: Statement, ask: Judge = judge) -> Judgement:
    """The judgement; a step that cites a claim which is not proved is not proved, as in `verify`."""
    found = ask(statement.claim, statement.cited)
    if found.verdict not in ACCEPTED:
        return found
    proved = {
        name: ask(other, {}).verdict in (Verdict.BOTH, Verdict.PROVED)
        for name, other in statement.cited.items()
    }
    unproved = [
        (i, j, "its citation is not proved")
        for i, link in enumerate(statement.claim.chains)
        for j, step in enumerate(link.steps)
        if isinstance(step.by, ByClaim) and not proved.get(step.by.claim)
    ]
    return found.without(unproved) if unproved and found.steps else found


def closed_by_symbols(statement: Statement) -> bool:
    """Does the symbolic route prove every step, whatever a point may say?"""
    return all(
        symbolic.check_step(link, j, statement.cited) is None
        for link in statement.claim.chains
        for j in range(len(link.steps))
    )


def hunted(
    numbered: Iterator[tuple[int, Statement]],
    ask: Judge = judge,
    limit: float = LIMIT,
    blind: bool = False,
) -> Counts:
    """Each statement judged. With `blind`, a refuted one is given to the symbolic route as well:
    it must not prove what a point refutes."""
    counts = Counts()
    for number, statement in numbered:
        what = "undecided"
        try:
            with within(limit):
                found = judged(statement, ask)
                what = str(found.verdict)
                if blind and found.verdict is Verdict.REFUTED and not statement.cited:
                    if not found.gaps and closed_by_symbols(statement):
                        what = "proved though refuted"
        except OutOfTime:
            what = "out of time" if what == "undecided" else what
        except Exception as error:
            what = "raised"
            counts.raised.append(f"{number} {type(error).__name__}: {error}\n{statement.source()}")
        counts.add(statement.family, what)
        if what in {*map(str, ACCEPTED), "proved though refuted"}:
            counts.accepted.append(f"{number} {what}: {statement.source()}")
    return counts


def batch(job: tuple[int, int, int, float, bool]) -> Iterator[dict[str, Any]]:
    """What a worker does: one batch of false statements."""
    seed, start, stop, limit, blind = job
    yield hunted(statements(seed, start, stop), limit=limit, blind=blind).as_dict()


def truths(job: tuple[int, int, int, float, bool]) -> Iterator[dict[str, Any]]:
    """The same for true statements: how many are shown, and how."""
    seed, start, stop, limit, _ = job
    names = list(TRUTHS)

    def drawn() -> Iterator[tuple[int, Statement]]:
        for number in range(start, stop):
            with contextlib.suppress(Unfit):
                yield number, truth(names[number % len(names)], f"{seed}/{number}")

    found = hunted(drawn(), limit=limit).as_dict()
    yield {**found, "accepted": []}


def hunt(
    seed: int,
    count: int,
    jobs: int,
    journal: Path | None = None,
    *,
    limit: float = LIMIT,
    blind: bool = False,
    of_truths: bool = False,
    on_batch: Callable[[Counts, int], object] = lambda *_: None,
) -> Counts:
    """`count` statements of the seed's list, those that the journal holds already left out."""
    counts, done = Counts(), set()
    mode = "true" if of_truths else "blind" if blind else "false"
    if journal is not None and journal.exists():
        for line in journal.read_text().splitlines():
            entry = json.loads(line)
            if (entry["seed"], entry["mode"]) == (seed, mode) and entry["stop"] <= count:
                counts.merge(entry)
                done.add((entry["start"], entry["stop"]))
    spans = [(i, min(i + BATCH, count)) for i in range(0, count, BATCH)]
    left = [span for span in spans if span not in done]
    finished = sum(stop - start for start, stop in spans) - sum(b - a for a, b in left)
    task = truths if of_truths else batch
    patience = STUCK + BATCH * limit
    for i, kind, content, _ in run(
        task, lambda i: (seed, *left[i], limit, blind), range(len(left)), jobs, patience,
        lambda _: None,
    ):  # fmt: skip
        start, stop = left[i]
        if kind == "failure":
            entry = {"tally": {"(lost)": {"worker lost": stop - start}}, "accepted": [],
                     "raised": [f"{start}-{stop}: {content}"]}  # fmt: skip
        elif isinstance(content, dict):
            entry = content
        else:
            continue
        counts.merge(entry)
        finished += stop - start
        if journal is not None:
            with journal.open("a") as lines:
                place = {"seed": seed, "mode": mode, "start": start, "stop": stop}
                lines.write(json.dumps({**place, **entry}) + "\n")
        on_batch(counts, finished)
    return counts


def table(counts: Counts) -> str:
    """Families down, verdicts across."""
    kinds = sorted({what for tally in counts.tally.values() for what in tally})
    width = max([len(name) for name in counts.tally] + [8])
    lines = [f"{'family':{width}}  {'tried':>8}" + "".join(f"  {kind:>11}" for kind in kinds)]
    whole: Counter[str] = Counter()
    for name, tally in counts.tally.items():
        whole.update(tally)
        lines.append(_row(name, tally, kinds, width))
    return "\n".join([*lines, _row("all", whole, kinds, width)])


def _row(name: str, tally: Counter[str], kinds: list[str], width: int) -> str:
    cells = "".join(f"  {tally[kind]:>{max(11, len(kind))}}" for kind in kinds)
    return f"{name:{width}}  {sum(tally.values()):>8}{cells}"


def timed(function: Callable[[], Counts]) -> tuple[Counts, float]:
    started = time.monotonic()
    return function(), time.monotonic() - started
