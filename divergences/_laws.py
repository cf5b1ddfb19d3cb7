"""The laws of divergences, one row of data each: what is stated, where it is looked at first, how it is judged.

A law compares sums of values of the function under test. Floats err, so a comparison counts as broken only where it is
broken by more than the function's own rounding: four times the scatter of its values when the entries of its arguments
move by up to eight units in the last place, and sixteen units in the last place of the values themselves.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from hypothesis import strategies as st

from divergences._strategies import markov_kernels, probability_vectors

__all__ = ["LAWS", "Function", "Law", "Undefined", "Violation"]

Vector = np.ndarray
Instance = dict[str, Any]  # vectors, and a weight, a kernel or an order of outcomes
Term = tuple[float, Vector, Vector]  # coefficient, and the arguments of D
MOVES = [np.random.default_rng(i).integers(-8, 9, (2, 64)) for i in range(24)]
REFERENCE = ((0.5, 0.5), (0.25, 0.75)), ((0.125, 0.875), (0.5, 0.5)), ((0.75, 0.25), (0.5, 0.5))
APART = 1 / 32  # the total variation from which vectors count as different


class Undefined(Exception):
    """The function gave no value: it raised, or returned nan or something that is no number."""


class Violation(NamedTuple):
    """How an instance breaks a law."""

    values: dict[str, float]
    explanation: str


class Function:
    """A divergence under test: its values, remembered, and its rounding."""

    def __init__(self, fn: Callable[[Any, Any], Any], precision: float) -> None:
        self._fn, self._precision = fn, precision
        self._seen: dict[tuple[bytes, bytes], float | str] = {}
        self._size: float | None = None

    def __call__(self, p: Vector, q: Vector) -> float:
        key = (p.tobytes(), q.tobytes())
        if key not in self._seen:
            self._seen[key] = self._fresh(p, q)
        value = self._seen[key]
        if isinstance(value, str):
            raise Undefined(value)
        return value

    def _fresh(self, p: Vector, q: Vector) -> float | str:
        """The value, or why there is none."""
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                value = self._fn(p.copy(), q.copy())
                number = float(value)
        except Exception as error:
            first = (str(error).splitlines() or [""])[0]
            return f"raised {type(error).__name__}: {first}"
        return "returned nan" if math.isnan(number) else number

    def scatter(self, p: Vector, q: Vector) -> float:
        """How far the value moves when its arguments move by a few units in the last place."""
        centre, worst = self(p, q), 0.0
        for move in MOVES:
            steps = np.resize(move[0], p.shape), np.resize(move[1], q.shape)
            moved = self._fresh(
                *(v * (1 + self._precision * s) for v, s in zip((p, q), steps, strict=True))
            )
            if isinstance(moved, float) and moved != centre:
                worst = max(worst, abs(moved - centre))
        return worst

    @property
    def size(self) -> float:
        """What the function's values look like on three plain pairs."""
        if self._size is None:
            found = [self._fresh(np.array(p), np.array(q)) for p, q in REFERENCE]
            finite = [abs(v) for v in found if isinstance(v, float) and math.isfinite(v)]
            self._size = float(np.median(finite)) if finite else 0.0
        return self._size

    def rounding(self, terms: Sequence[Term]) -> float:
        """What a sum of c D(p, q) may be off by."""
        total = 0.0
        for c, p, q in terms:
            value = self(p, q)
            last_places = (
                16 * self._precision * max(self.size, abs(value) if math.isfinite(value) else 0)
            )
            total += abs(c) * (4 * self.scatter(p, q) + last_places)
        return total

    def total(self, terms: Sequence[Term]) -> float:
        return sum(c * self(p, q) for c, p, q in terms if c)


def _above(fn: Function, left: Sequence[Term], right: Sequence[Term]) -> float:
    """By how much the left sum exceeds the right one beyond rounding; 0 where it does not."""
    low, high = fn.total(right), fn.total(left)
    if not high > low:
        return 0.0
    excess = high - low
    return excess if excess > fn.rounding([*left, *right]) else 0.0


def _at_most(
    left_name: str, right_name: str, left: Sequence[Term], right: Sequence[Term], fn: Function
) -> Violation | None:
    excess = _above(fn, left, right)
    if not excess:
        return None
    values = {left_name: fn.total(left), right_name: fn.total(right)}
    a, b = values.values()
    return Violation(values, f"{left_name} = {a:.6g} exceeds {right_name} = {b:.6g}{_by(excess)}")


def _equal(
    left_name: str, right_name: str, left: Sequence[Term], right: Sequence[Term], fn: Function
) -> Violation | None:
    gap = _above(fn, left, right) or _above(fn, right, left)
    if not gap:
        return None
    values = {left_name: fn.total(left), right_name: fn.total(right)}
    a, b = values.values()
    return Violation(values, f"{left_name} = {a:.6g} differs from {right_name} = {b:.6g}{_by(gap)}")


def _by(gap: float) -> str:
    return f" by {gap:.3g}" if math.isfinite(gap) else ""


def _defined(fn: Function, x: Instance) -> Violation | None:
    try:
        fn(x["p"], x["q"])
    except Undefined as reason:
        return Violation({"D(p, q)": math.nan}, f"D(p, q) {reason}")
    return None


def _nonnegative(fn: Function, x: Instance) -> Violation | None:
    return _at_most("0", "D(p, q)", [], [(1, x["p"], x["q"])], fn)


def _zero_iff_equal(fn: Function, x: Instance) -> Violation | None:
    p, q = x["p"], x["q"]
    value = fn(p, q)
    if np.array_equal(p, q):
        if abs(value) > fn.rounding([(1, p, q)]):
            return Violation({"D(p, q)": value}, f"p = q, yet D(p, q) = {value:.6g}")
        return None
    small = abs(value) <= 1e-6 * fn.size or value < 0  # only then is its rounding worth knowing
    if small and np.abs(p - q).sum() / 2 >= APART and abs(value) <= 4 * fn.scatter(p, q):
        return Violation({"D(p, q)": value}, f"p differs from q, yet D(p, q) = {value:.6g}")
    return None


def _symmetric(fn: Function, x: Instance) -> Violation | None:
    p, q = x["p"], x["q"]
    return _equal("D(p, q)", "D(q, p)", [(1, p, q)], [(1, q, p)], fn)


def _triangle(fn: Function, x: Instance) -> Violation | None:
    p, q, r = x["p"], x["q"], x["r"]
    return _at_most("D(p, r)", "D(p, q) + D(q, r)", [(1, p, r)], [(1, p, q), (1, q, r)], fn)


def _data_processing(fn: Function, x: Instance) -> Violation | None:
    p, q, kernel = x["p"], x["q"], x["kernel"]
    return _at_most("D(pK, qK)", "D(p, q)", [(1, p @ kernel, q @ kernel)], [(1, p, q)], fn)


def _joint_convexity(fn: Function, x: Instance) -> Violation | None:
    w, p0, q0, p1, q1 = (x[name] for name in ("weight", "p0", "q0", "p1", "q1"))
    mixed = (1.0, (1 - w) * p0 + w * p1, (1 - w) * q0 + w * q1)
    names = "D of the mixtures", "the mixture of D(p0, q0) and D(p1, q1)"
    return _at_most(*names, [mixed], [(1 - w, p0, q0), (w, p1, q1)], fn)


def _tensorisation(fn: Function, x: Instance) -> Violation | None:
    p0, q0, p1, q1 = (x[name] for name in ("p0", "q0", "p1", "q1"))
    joint = (1.0, np.outer(p0, p1).ravel(), np.outer(q0, q1).ravel())
    names = "D(p0 x p1, q0 x q1)", "D(p0, q0) + D(p1, q1)"
    return _equal(*names, [joint], [(1, p0, q0), (1, p1, q1)], fn)


def _permutation(fn: Function, x: Instance) -> Violation | None:
    p, q, order = x["p"], x["q"], x["order"]
    names = "D with the outcomes reordered", "D(p, q)"
    return _equal(*names, [(1, p[order], q[order])], [(1, p, q)], fn)


# --- where a law is looked at first: small vectors, simplest first -----------------------------------


def _grid(n: int, parts: int, zeros: bool) -> list[Vector]:
    """The vectors of n masses that are multiples of 1/parts."""
    low = 0 if zeros else 1
    heads = product(range(low, parts + 1), repeat=n - 1)
    return [np.array([*h, parts - sum(h)]) / parts for h in heads if parts - sum(h) >= low]


def _tuples(
    names: Sequence[str], grids: Sequence[tuple[int, int]], zeros: bool
) -> Iterator[Instance]:
    for n, parts in grids:
        for vectors in product(_grid(n, parts, zeros), repeat=len(names)):
            yield dict(zip(names, vectors, strict=True))


PLAIN = ((2, 1), (2, 2), (2, 4), (2, 8), (3, 2), (3, 4))


def _pairs(zeros: bool) -> Iterator[Instance]:
    return _tuples("pq", PLAIN, zeros)


def _triples(zeros: bool) -> Iterator[Instance]:
    return _tuples("pqr", ((2, 2), (2, 4), (2, 8), (3, 2), (3, 4))[: 4 if zeros else 5], zeros)


def _sent(zeros: bool) -> Iterator[Instance]:
    merge = np.eye(2)[[0, 0, 1]]
    channels = {
        2: [np.array([[0.75, 0.25], [0.25, 0.75]]), np.array([[0.5, 0.5], [0.0, 1.0]])],
        3: [merge, merge[[0, 2, 1]], merge[[2, 0, 1]]],
        4: [np.eye(2)[[0, 0, 1, 1]], np.eye(2)[[0, 1, 0, 1]], np.eye(2)[[0, 1, 1, 0]]],
    }
    four = (4, 2) if zeros else (4, 6)
    for pair in _tuples("pq", ((2, 2), (2, 4), (3, 2), (3, 4), four), zeros):
        for kernel in channels[len(pair["p"])]:
            yield {**pair, "kernel": kernel}


def _fours(zeros: bool) -> Iterator[Instance]:
    grids = ((2, 2), (3, 1), (2, 4), (3, 2)) if zeros else ((2, 4), (3, 4), (2, 8))
    return _tuples(("p0", "q0", "p1", "q1"), grids, zeros)


def _weighted(zeros: bool) -> Iterator[Instance]:
    return ({**four, "weight": 0.5} for four in _fours(zeros))


def _products(zeros: bool) -> Iterator[Instance]:
    return _tuples(("p0", "q0", "p1", "q1"), ((2, 2), (2, 4)), zeros)


def _reordered(zeros: bool) -> Iterator[Instance]:
    for pair in _tuples("pq", ((2, 2), (2, 4), (3, 2), (3, 4)), zeros):
        yield {**pair, "order": np.arange(len(pair["p"]))[::-1]}
        yield {**pair, "order": np.roll(np.arange(len(pair["p"])), 1)}


# --- where Hypothesis looks next ------------------------------------------------------------------------


def _drawn(names: Sequence[str], **options: Any) -> Callable[[bool], st.SearchStrategy[Instance]]:
    def strategy(zeros: bool) -> st.SearchStrategy[Instance]:
        cases = probability_vectors(max(len(names), 2), zeros=zeros, **options)
        return cases.map(lambda case: dict(zip(names, case.vectors, strict=True)))

    return strategy


def _with(
    base: Callable[[bool], st.SearchStrategy[Instance]],
    extra: Callable[[Instance], st.SearchStrategy[Mapping[str, Any]]],
) -> Callable[[bool], st.SearchStrategy[Instance]]:
    return lambda zeros: base(zeros).flatmap(lambda x: extra(x).map(lambda more: {**x, **more}))


def _a_kernel(x: Instance) -> st.SearchStrategy[Mapping[str, Any]]:
    return markov_kernels(len(x["p"])).map(lambda case: {"kernel": case.matrix})


def _a_weight(_: Instance) -> st.SearchStrategy[Mapping[str, Any]]:
    return st.integers(1, 15).map(lambda k: {"weight": k / 16})


def _an_order(x: Instance) -> st.SearchStrategy[Mapping[str, Any]]:
    return st.permutations(range(len(x["p"]))).map(lambda order: {"order": np.array(order)})


_two, _three = _drawn("pq"), _drawn("pqr")
_four = _drawn(("p0", "q0", "p1", "q1"))
_small_four = _drawn(("p0", "q0", "p1", "q1"), outcomes=st.integers(2, 4))


@dataclass(frozen=True)
class Law:
    """A statement about D, and how counterexamples to it are sought."""

    name: str
    statement: str
    judge: Callable[[Function, Instance], Violation | None]
    candidates: Callable[[bool], Iterator[Instance]]  # of whether zeros are wanted
    strategy: Callable[[bool], st.SearchStrategy[Instance]]


LAWS: dict[str, Law] = {
    law.name: law
    for law in (
        Law("defined", "D(p, q) is a number or inf", _defined, _pairs, _two),
        Law("nonnegative", "D(p, q) >= 0", _nonnegative, _pairs, _two),
        Law("zero_iff_equal", "D(p, q) = 0 iff p = q", _zero_iff_equal, _pairs, _two),
        Law("symmetric", "D(p, q) = D(q, p)", _symmetric, _pairs, _two),
        Law("triangle_inequality", "D(p, r) <= D(p, q) + D(q, r)", _triangle, _triples, _three),
        Law(
            "data_processing",
            "D(pK, qK) <= D(p, q) for every Markov kernel K",
            _data_processing,
            _sent,
            _with(_two, _a_kernel),
        ),
        Law(
            "joint_convexity",
            "D of two mixtures <= the mixture of the two D",
            _joint_convexity,
            _weighted,
            _with(_four, _a_weight),
        ),
        Law(
            "tensorisation",
            "D(p0 x p1, q0 x q1) = D(p0, q0) + D(p1, q1)",
            _tensorisation,
            _products,
            _small_four,
        ),
        Law(
            "permutation_invariance",
            "D does not depend on the outcomes' order",
            _permutation,
            _reordered,
            _with(_two, _an_order),
        ),
    )
}
