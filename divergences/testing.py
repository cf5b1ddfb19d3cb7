"""For tests: strategies that draw inputs with their exact answers, and the laws that a divergence may obey.

    from divergences.testing import check_divergence
    print(check_divergence(my_divergence))

The strategies are Hypothesis's. `probability_vectors`, `gaussians`, `exponential_families` and `samples` draw cases
with `.exact`, a dict of the divergences' values, right to the last digit for the very floats drawn; `markov_kernels`
draws cases whose `.push(p)` is exact. Needs the extra `test`.
"""

from __future__ import annotations

import difflib
import math
import numbers
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np

try:
    from hypothesis import HealthCheck, Phase, find, settings
    from hypothesis.errors import NoSuchExample
except ImportError:
    raise ImportError(
        "`divergences.testing` needs hypothesis, which is not installed: pip install 'fenchel[test]'"
    ) from None

from divergences._array import real_parameter
from divergences._laws import LAWS, Function, Instance, Law, Undefined, Violation
from divergences._strategies import (
    FamilyCase,
    GaussianCase,
    KernelCase,
    SampleCase,
    VectorCase,
    exponential_families,
    gaussians,
    markov_kernels,
    probability_vectors,
    samples,
)

if TYPE_CHECKING:
    from rich.table import Table

__all__ = [
    "LAWS",
    "Failure",
    "FamilyCase",
    "GaussianCase",
    "KernelCase",
    "Report",
    "SampleCase",
    "VectorCase",
    "check_divergence",
    "exponential_families",
    "gaussians",
    "markov_kernels",
    "probability_vectors",
    "samples",
]

CANDIDATES = 3000  # small instances looked at before Hypothesis, at most


@dataclass(frozen=True)
class Failure:
    """A counterexample to a law."""

    law: str
    inputs: dict[str, Any]  # the vectors and what else the law is about, by name
    values: dict[str, float]  # the two sides, by what they are
    explanation: str

    def __str__(self) -> str:
        at = ", ".join(f"{name} = {_show(value)}" for name, value in self.inputs.items())
        return f"{self.explanation}, at {at}" if at else self.explanation


@dataclass(frozen=True)
class Report:
    """Which laws hold as far as was tried, and a counterexample to each of the others."""

    name: str
    holds: dict[str, bool]
    failures: dict[str, Failure]
    tried: dict[str, int] = field(
        default_factory=dict
    )  # instances on which each law could be judged

    @property
    def clean(self) -> bool:
        """Whether every law that was asked for holds."""
        return all(self.holds.values())

    def __str__(self) -> str:
        width = max(len(law) for law in self.holds)
        lines = [self.name]
        for law, holds in self.holds.items():
            said = f"no counterexample in {self.tried[law]}" if holds else str(self.failures[law])
            lines.append(f"  {law:<{width}}  {'holds' if holds else 'fails'}  {said}")
        return "\n".join(lines)

    def __rich__(self) -> Table:
        from rich.table import Table
        from rich.text import Text

        table = Table("law", "", "counterexample", title=Text(self.name))
        for law, holds in self.holds.items():
            said = f"none in {self.tried[law]}" if holds else str(self.failures[law])
            verdict = Text("holds", "green") if holds else Text("fails", "red")
            table.add_row(law, verdict, Text(said))
        return table


def check_divergence(
    fn: Callable[[Any, Any], Any],
    *,
    laws: Iterable[str] | None = None,
    zeros: bool = True,
    examples: int = 100,
    precision: float = 2.0**-52,
    name: str | None = None,
) -> Report:
    r"""Hold a function D(p, q) of two probability vectors against the laws of divergences.

    A law is looked at first on small vectors, simplest first, and then on `examples` cases drawn by Hypothesis (zeros,
    tiny masses, vectors 2^-52 apart) and shrunk, so that a counterexample is as plain as they come. The same call gives
    the same report. What holds has not been refuted; nothing here is a proof.

    Rounding is no violation: a law counts as broken only where it is broken by more than four times the scatter of the
    function's values when its arguments move by a few units in the last place. Where the function raises or returns
    nan, `defined` fails with that input, and the other laws are judged where it has values; one that could not be
    judged anywhere fails too.

    Args:
        fn: Takes two numpy arrays of shape (n,), nonnegative with sum 1; returns a number, `inf` included.
        laws: Names from `LAWS`: defined, nonnegative, zero_iff_equal, symmetric, triangle_inequality, data_processing,
            joint_convexity, tensorisation (additive over independent factors), permutation_invariance. All by default.
        zeros: Whether vectors have outcomes without mass.
        examples: Cases drawn for each law.
        precision: The relative spacing of the floats in which `fn` works; 2^-23 for one that goes through float32.
        name: How the report calls the function; its own name by default.

    Returns:
        A `Report`: `.holds` (law to bool), `.failures` (law to `Failure`), `.clean`; printable, and a table in rich.

    Raises:
        ValueError: `fn` cannot be called, a law that is not known (the message has the near ones), `examples` below 1,
            a `precision` outside (0, 0.01], a `zeros` that is no bool.

    Example:
        >>> report = check_divergence(lambda p, q: abs(p - q).max(), laws=["symmetric", "data_processing"])
        >>> report.holds
        {'symmetric': True, 'data_processing': False}
        >>> print(report.failures["data_processing"].explanation)
        D(pK, qK) = 1 exceeds D(p, q) = 0.5 by 0.5
    """
    if not callable(fn):
        raise ValueError(f"`fn` must be a function of two probability vectors. Got {fn!r}")
    if not isinstance(zeros, bool):
        raise ValueError(f"`zeros` must be True or False. Got {zeros!r}")
    if isinstance(examples, bool) or not isinstance(examples, numbers.Integral) or examples < 1:
        raise ValueError(f"`examples` must be a positive integer. Got {examples!r}")
    spacing = real_parameter(precision, "precision", "lie in (0, 0.01]")
    if not 0 < spacing <= 0.01:
        raise ValueError(f"`precision` must lie in (0, 0.01]. Got {precision!r}")
    chosen = _chosen(laws)
    function = Function(fn, spacing)
    holds: dict[str, bool] = {}
    failures: dict[str, Failure] = {}
    tried: dict[str, int] = {}
    for law in chosen:
        failure, tried[law.name] = _seek(function, law, zeros, int(examples))
        holds[law.name] = failure is None
        if failure is not None:
            failures[law.name] = failure
    return Report(name or getattr(fn, "__name__", repr(fn)), holds, failures, tried)


def _chosen(laws: Iterable[str] | None) -> list[Law]:
    if laws is None:
        return list(LAWS.values())
    if isinstance(laws, str):
        raise ValueError(f"`laws` must be a list of names. Got the text {laws!r}")
    names = list(laws)
    for law in names:
        if law not in LAWS:
            near = difflib.get_close_matches(str(law), LAWS, n=2) or list(LAWS)
            raise ValueError(
                f"`laws` must be names of laws. Got {law!r}; there is {', '.join(near)}"
            )
    if not names:
        raise ValueError("`laws` must name at least one law. Got an empty list")
    return [LAWS[law] for law in names]


def _seek(fn: Function, law: Law, zeros: bool, examples: int) -> tuple[Failure | None, int]:
    """A counterexample, if one is found, and on how many instances the law could be judged."""
    judged, reasons = 0, []

    def judge(instance: Instance) -> Violation | None:
        nonlocal judged
        try:
            found = law.judge(fn, instance)
        except Undefined as reason:
            reasons.append(str(reason))
            return None
        judged += 1
        return found

    for instance in islice(law.candidates(zeros), CANDIDATES):
        violation = judge(instance)
        if violation is not None:
            return Failure(law.name, instance, *violation), judged
    try:
        instance = find(
            law.strategy(zeros),
            lambda x: judge(x) is not None,
            settings=settings(
                max_examples=examples,
                deadline=None,
                database=None,
                derandomize=True,
                phases=(Phase.generate, Phase.shrink),
                suppress_health_check=list(HealthCheck),
            ),
            random=Random(0),
        )
    except NoSuchExample:
        if judged:
            return None, judged
        said = f"could not be judged: on every input D(p, q) {reasons[0]}"
        return Failure(law.name, {}, {}, said), 0
    violation = judge(instance)
    assert violation is not None  # the search has just seen it
    return Failure(law.name, instance, *violation), judged


def _show(value: Any) -> str:
    """Small fractions as such, other floats in full."""
    array = np.asarray(value)
    if array.ndim:
        return f"({', '.join(_show(entry) for entry in array)})"
    number = array.item()
    if isinstance(number, float) and math.isfinite(number):
        near = Fraction(number).limit_denominator(64)
        return str(near) if float(near) == number else repr(number)
    return str(number)
