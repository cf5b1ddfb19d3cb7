"""Claims judged in worker processes, each within a time limit; a report for each, in their order.

A worker imports the engine once and then judges one claim after another. One that exceeds the
limit is killed and replaced, one that dies (memory, a crash in C) is replaced too, and the claim
comes out `undecided`, with the reason. A claim is only `proved` when every claim that its steps
cite is: those are judged along with it, whether asked for or not.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from graphlib import TopologicalSorter
from typing import Any

import sympy as sp

from ..ledger import collect
from ..symbolic.lemmas import LEMMAS
from ..words.claim import ByClaim, Claim, Counterexample, Verdict
from .judge import Judgement, Steps, judge
from .mutation import Tally, tallies
from .pool import Failure, run

NONE_TRIED = Tally()
TIMEOUT = 60.0  # seconds a claim may take, on a slow machine too


@dataclass(frozen=True)
class Report:
    """What became of one claim: the claim itself, its judgement, its mutants, the seconds."""

    claim: Claim
    judgement: Judgement
    seconds: float
    mutants: Tally = NONE_TRIED

    @property
    def id(self) -> str:
        return self.claim.id

    @property
    def title(self) -> str:
        return self.claim.title

    @property
    def topic(self) -> str:
        return self.claim.topic

    @property
    def expected(self) -> Verdict:
        return self.claim.expected

    @property
    def shown_for(self) -> str:
        return self.claim.shown_for

    @property
    def rests_on(self) -> tuple[str, ...]:
        return self.claim.rests_on

    @property
    def verdict(self) -> Verdict:
        return self.judgement.verdict

    @property
    def ok(self) -> bool:
        return self.verdict is self.expected

    @property
    def symbolic(self) -> str:
        return self.judgement.symbolic

    @property
    def enclosure(self) -> str:
        return self.judgement.enclosure

    @property
    def steps(self) -> Steps:
        return self.judgement.steps

    @property
    def gaps(self) -> tuple[str, ...]:
        return self.judgement.gaps

    @property
    def points(self) -> int:
        return self.judgement.points

    @property
    def counterexample(self) -> Counterexample | None:
        return self.judgement.counterexample

    def as_dict(self) -> dict[str, Any]:
        """The claim's entry in `verify --json`."""
        claim = self.claim
        return {
            "id": claim.id,
            "title": claim.title,
            "name": claim.name,
            "topic": claim.topic,
            "source": claim.source,
            "expected": str(claim.expected),
            "verdict": str(self.verdict),
            "ok": self.ok,
            "shown_for": claim.shown_for,
            "routes": {"symbolic": self.symbolic, "enclosure": self.enclosure},
            "steps": [[asdict(words) for words in link] for link in self.steps],
            "rests_on": list(claim.rests_on),
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

    def payload(self, i: int) -> bytes:
        claim = self.claims[i]
        cited = {name: self.everything[name] for name in cites(claim)}
        return pickle.dumps((claim, cited, self.mutants))

    def report(
        self, i: int, kind: str, content: object, seconds: float, before: Report | None
    ) -> Report:
        """The report so far: a judgement comes first, then tallies of mutants, or a failure."""
        if isinstance(content, Judgement):
            return Report(self.claims[i], content, seconds)
        if isinstance(content, Tally) and before is not None:
            return replace(before, mutants=content, seconds=seconds)
        assert isinstance(content, Failure)
        if before is not None:  # judged already: only its mutants were cut short
            return replace(before, seconds=seconds)
        silent = Judgement(Verdict.UNDECIDED, gaps=(content.why,))
        return Report(self.claims[i], silent, seconds)


def _require_proved_foundations(
    reports: dict[str, Report], everything: Mapping[str, Claim]
) -> None:
    """A proof that cites a claim which is not proved is not one."""
    graph = {name: cites(everything[name]) for name in reports}
    for name in TopologicalSorter(graph).static_order():
        report = reports[name]
        unproved = [
            (i, j, f"rests on {step.by.claim}, which is not proved")
            for i, link in enumerate(report.claim.chains)
            for j, step in enumerate(link.steps)
            if isinstance(step.by, ByClaim) and not _proved(reports[step.by.claim])
        ]
        if unproved and report.steps:
            reports[name] = replace(report, judgement=report.judgement.without(unproved))


def _proved(report: Report) -> bool:
    return report.verdict in (Verdict.PROVED, Verdict.BOTH)


def judged_parts(job: bytes) -> Iterator[Judgement | Tally]:
    """What a worker does with one claim: its judgement, then, if asked, ever fuller tallies.

    The author's trees are read back as they were: evaluated on arrival, x/x would be 1 for x = 0.
    """
    with sp.evaluate(False):
        claim, cited, mutants = pickle.loads(job)
    judgement = judge(claim, cited)
    yield judgement
    if mutants and judgement.verdict in (Verdict.BOTH, Verdict.PROVED, Verdict.SUPPORTED):
        yield from tallies(claim)
