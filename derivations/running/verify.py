"""Claims judged in worker processes, each within a time limit; a report for each, in their order.

A worker imports the engine once and then judges one claim after another. One that exceeds the
limit is killed and replaced, one that dies (memory, a crash in C) is replaced too, and the claim
comes out `undecided`, with the reason. A claim is only `proved` when every claim that its steps
cite is: those are judged along with it, whether asked for or not.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter
from typing import Any

import sympy as sp

from ..ledger import collect
from ..symbolic.lemmas import LEMMAS
from ..words.claim import ByClaim, Claim, Counterexample, Verdict
from .judge import Judgement, judge
from .mutation import Tally, tallies
from .pool import Failure, run

NONE_TRIED = Tally()
TIMEOUT = 60.0  # seconds a claim may take, on a slow machine too


@dataclass(frozen=True)
class Report:
    """What became of one claim: the verdict, both routes, and why a silent route is silent."""

    id: str
    title: str
    topic: str
    source: str
    expected: Verdict
    verdict: Verdict
    symbolic: str
    enclosure: str
    rests_on: tuple[str, ...]
    seconds: float
    points: int = 0
    mutants: Tally = NONE_TRIED
    gaps: tuple[str, ...] = ()
    counterexample: Counterexample | None = None

    @property
    def ok(self) -> bool:
        return self.verdict is self.expected

    def as_dict(self) -> dict[str, Any]:
        """The claim's entry in `verify --json`."""
        return {
            "id": self.id,
            "title": self.title,
            "topic": self.topic,
            "source": self.source,
            "expected": str(self.expected),
            "verdict": str(self.verdict),
            "ok": self.ok,
            "routes": {"symbolic": self.symbolic, "enclosure": self.enclosure},
            "rests_on": list(self.rests_on),
            "seconds": round(self.seconds, 3),
            "mutants": self.mutants.as_dict(),
            "counterexample": self.counterexample.as_dict() if self.counterexample else None,
            "gaps": list(self.gaps),
        }


def verify(
    claims: Iterable[Claim],
    *,
    cited: Mapping[str, Claim] | None = None,
    jobs: int | None = None,
    timeout: float = TIMEOUT,
    mutants: bool = False,
    on_start: Callable[[Claim], None] | None = None,
    on_result: Callable[[Report], None] | None = None,
) -> list[Report]:
    """A report for each of `claims`, in their order; `cited` are others that they may rest on.

    `on_result` hears of each claim as it ends, before what it rests on is taken into account.
    Raises `ValueError` when an id is taken twice, or a claim rests on one that is not there or on
    itself, or `jobs` or `timeout` is not positive.
    """
    wanted = list(claims)
    jobs = processors() if jobs is None else jobs
    if jobs < 1 or not timeout > 0:
        raise ValueError(f"jobs and timeout must be positive, got {jobs} and {timeout}")
    ids = {claim.id for claim in wanted}
    others = [claim for name, claim in (cited or {}).items() if name not in ids]
    everything = collect([*wanted, *others])
    to_judge = foundations(wanted, everything)
    reports: dict[str, Report] = {}
    work = _Work(to_judge, everything, mutants)
    order = sorted(range(len(to_judge)), key=lambda i: -expected_cost(to_judge[i]))
    for i, kind, content, seconds in run(
        judged_parts,
        work.payload,
        order,
        jobs,
        timeout,
        lambda i: on_start and on_start(to_judge[i]),
    ):
        report = work.report(i, kind, content, seconds, reports.get(to_judge[i].id))
        reports[report.id] = report
        if on_result and kind in ("last", "failure"):
            on_result(report)
    _require_proved_foundations(reports, everything)
    return [reports[claim.id] for claim in wanted]


def processors() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cites(claim: Claim) -> set[str]:
    """The claims (not lemmas) that its derivation or its list of lemmas names."""
    return {name for name in claim.rests_on if name not in LEMMAS}


def foundations(claims: Iterable[Claim], everything: Mapping[str, Claim]) -> list[Claim]:
    """`claims` and all that they rest on, in the order of `everything`."""
    needed: set[str] = set()
    stack = [claim.id for claim in claims]
    while stack:
        name = stack.pop()
        if name not in needed:
            needed.add(name)
            stack += cites(everything[name])
    return [claim for name, claim in everything.items() if name in needed]


def expected_cost(claim: Claim) -> int:
    """A guess for the schedule: the longest first leaves no straggler at the end."""
    expressions = [e for link in claim.chains for e in link.expressions()]
    integrals = sum(len(e.atoms(sp.Integral)) for e in expressions)
    return sum(sp.count_ops(e) + 20 for e in expressions) + 400 * integrals


@dataclass(frozen=True)
class _Work:
    """What is sent to the workers, and what comes back, as reports."""

    claims: list[Claim]
    everything: Mapping[str, Claim]
    mutants: bool

    def payload(self, i: int) -> tuple[Claim, dict[str, Claim], bool]:
        claim = self.claims[i]
        return claim, {name: self.everything[name] for name in cites(claim)}, self.mutants

    def report(
        self, i: int, kind: str, content: object, seconds: float, before: Report | None
    ) -> Report:
        """The report so far: a judgement comes first, then tallies of mutants, or a failure."""
        if isinstance(content, Judgement):
            return _report(self.claims[i], content, seconds)
        if isinstance(content, Tally) and before is not None:
            return replace(before, mutants=content, seconds=seconds)
        assert isinstance(content, Failure)
        if before is not None:  # judged already: only its mutants were cut short
            return replace(before, seconds=seconds)
        silent = Judgement(Verdict.UNDECIDED, "undecided", "undecided", gaps=(content.why,))
        return _report(self.claims[i], silent, seconds)


def _report(claim: Claim, judged: Judgement, seconds: float) -> Report:
    return Report(
        id=claim.id,
        title=claim.title,
        topic=claim.topic,
        source=claim.source,
        expected=claim.expected,
        verdict=judged.verdict,
        symbolic=judged.symbolic,
        enclosure=judged.enclosure,
        rests_on=claim.rests_on,
        seconds=seconds,
        points=judged.points,
        gaps=judged.gaps,
        counterexample=judged.counterexample,
    )


def _require_proved_foundations(
    reports: dict[str, Report], everything: Mapping[str, Claim]
) -> None:
    """A proof that cites a claim which is not proved is not one."""
    graph = {name: cites(everything[name]) for name in reports}
    for name in TopologicalSorter(graph).static_order():
        report = reports[name]
        steps = (step for link in everything[name].chains for step in link.steps)
        cited = {step.by.claim for step in steps if isinstance(step.by, ByClaim)}
        unproved = sorted(c for c in cited if not _proved(reports[c]))
        if not unproved or report.symbolic != "proved":
            continue
        verdict = {
            Verdict.BOTH: Verdict.ENCLOSED,
            Verdict.PROVED: Verdict.UNDECIDED,
        }.get(report.verdict, report.verdict)
        gap = f"symbolic: rests on {', '.join(unproved)}, which is not proved"
        reports[name] = replace(
            report, verdict=verdict, symbolic="undecided", gaps=(*report.gaps, gap)
        )


def _proved(report: Report) -> bool:
    return report.verdict in (Verdict.PROVED, Verdict.BOTH)


def judged_parts(
    job: tuple[Claim, Mapping[str, Claim], bool],
) -> Iterator[Judgement | Tally]:
    """What a worker does with one claim: its judgement, then, if asked, ever fuller tallies."""
    claim, cited, mutants = job
    judgement = judge(claim, cited)
    yield judgement
    if mutants and judgement.verdict in (Verdict.PROVED, Verdict.ENCLOSED, Verdict.BOTH):
        yield from tallies(claim)
