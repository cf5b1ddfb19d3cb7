"""The checker of laws, on our own functions, on scipy's and on planted errors."""

import io
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy

from divergences import FDivergence, discrete, f_divergence
from divergences.testing import LAWS, Report, check_divergence

LAWS_PAGE = Path(__file__).parent.parent / "docs" / "laws.md"
BASIC = {"defined", "nonnegative", "permutation_invariance", "data_processing"}
F = BASIC | {"zero_iff_equal", "joint_convexity"}
SYM, TRI, ADD = "symmetric", "triangle_inequality", "tensorisation"


def root(d):
    return lambda p, q: math.sqrt(max(d(p, q), 0))


def named(name):
    return lambda p, q: f_divergence(name, p, q)


def alpha(a):
    return lambda p, q: discrete.alpha(p, q, a)


def renyi(a):
    return lambda p, q: discrete.renyi(p, q, a)


OURS = {  # each with exactly the laws that it obeys, by the theory
    "kl": (discrete.kl, F | {ADD}),
    "reverse_kl": (named("reverse_kl"), F | {ADD}),
    "js": (discrete.js, F | {SYM}),
    "sqrt js": (root(discrete.js), F - {"joint_convexity"} | {SYM, TRI}),
    "total_variation": (discrete.total_variation, F | {SYM, TRI}),
    "squared_hellinger": (discrete.squared_hellinger, F | {SYM}),
    "hellinger": (root(discrete.squared_hellinger), F - {"joint_convexity"} | {SYM, TRI}),
    "chi2": (discrete.chi2, F),
    "neyman_chi2": (discrete.neyman_chi2, F),
    "jeffreys": (discrete.jeffreys, F | {SYM, ADD}),
    "le_cam": (discrete.le_cam, F | {SYM}),
    "sqrt le_cam": (root(discrete.le_cam), F - {"joint_convexity"} | {SYM, TRI}),
    "alpha(-1)": (alpha(-1), F),
    "alpha(0)": (alpha(0), F | {ADD}),
    "alpha(0.3)": (alpha(0.3), F),
    "alpha(0.5)": (alpha(0.5), F | {SYM}),
    "alpha(1)": (alpha(1), F | {ADD}),
    "alpha(3.5)": (alpha(3.5), F),
    # Renyi: jointly convex up to order 1 only (van Erven and Harremoes 2014, Theorem 11)
    "renyi(0)": (renyi(0), BASIC | {ADD, "joint_convexity"}),
    "renyi(0.5)": (renyi(0.5), F | {SYM, ADD}),
    "renyi(1)": (renyi(1), F | {ADD}),
    "renyi(2)": (renyi(2), F - {"joint_convexity"} | {ADD}),
    "renyi(inf)": (renyi(math.inf), F - {"joint_convexity"} | {ADD, TRI}),  # max p/r <= max p/q max q/r
    "arithmetic_geometric": (named("arithmetic_geometric"), F | {SYM}),
    "jensen_shannon_weighted(0.2)": (named("jensen_shannon_weighted(0.2)"), F),
    "hockey_stick(1)": (named("hockey_stick(1)"), F | {SYM, TRI}),
    "hockey_stick(1.5)": (named("hockey_stick(1.5)"), F - {"zero_iff_equal"}),
    "gan": (named("gan"), BASIC - {"nonnegative"} | {"joint_convexity", SYM}),
    "u*log(u)": (FDivergence("u*log(u)").divergence, F | {ADD}),
}  # fmt: skip


@pytest.mark.parametrize("name", OURS)
def test_our_own_functions_obey_exactly_their_laws(name):
    fn, laws = OURS[name]
    report = check_divergence(fn, examples=25, name=name)
    assert {law for law, holds in report.holds.items() if holds} == laws, str(report)
    assert set(report.failures) == set(LAWS) - laws


SCIPY = {  # as the documentation shows them
    "jensenshannon": (jensenshannon, F - {"joint_convexity"} | {SYM, TRI}),
    "jensenshannon squared": (lambda p, q: jensenshannon(p, q) ** 2, F | {SYM}),
    "entropy": (entropy, F | {ADD}),
}


@pytest.mark.parametrize("name", SCIPY)
def test_what_is_known_of_scipys(name):
    """The distance is a metric, its square is not."""
    fn, laws = SCIPY[name]
    report = check_divergence(fn, name=name)
    assert {law for law, holds in report.holds.items() if holds} == laws, str(report)
    assert str(report) in LAWS_PAGE.read_text(encoding="utf-8")


def l2(p, q):
    return float(np.linalg.norm(p - q))


def tv(p, q):
    return float(np.abs(p - q).sum() / 2)


PLANTED = {  # law: (a function that breaks it, another that is next to it and does not)
    "defined": (lambda p, q: float(np.sum(p * np.log(p / q))), tv),
    "nonnegative": (lambda p, q: tv(p, q) - 1e-9 * (p[0] > 0), lambda p, q: tv(p, q) + 1e-9),
    "zero_iff_equal": (lambda p, q: max(tv(p, q) - 1 / 16, 0), tv),
    "symmetric": (lambda p, q: tv(p, q) * (1 + 1e-9 * p[0]), tv),
    "triangle_inequality": (lambda p, q: tv(p, q) ** 1.001, lambda p, q: tv(p, q) ** 0.999),
    "data_processing": (l2, lambda p, q: tv(p, q) ** 3),
    "joint_convexity": (lambda p, q: tv(p, q) ** 0.999, lambda p, q: tv(p, q) ** 1.001),
    "tensorisation": (lambda p, q: entropy(p, q) * (1 + 1e-9 * len(p)), lambda p, q: 3 * entropy(p, q)),
    "permutation_invariance": (lambda p, q: float(np.abs(np.cumsum(p - q)).sum()), l2),
}  # fmt: skip


@pytest.mark.parametrize("law", LAWS)
def test_a_planted_error_is_caught_by_its_law(law):
    wrong, right = PLANTED[law]
    report = check_divergence(wrong, laws=[law])
    assert report.holds == {law: False}
    assert report.failures[law].law == law
    assert check_divergence(right, laws=[law]).clean


def test_only_the_planted_law_fails():
    """TV with an error in one place keeps its other laws."""
    report = check_divergence(lambda p, q: tv(p, q) * (1 + (p[0] > q[0])))
    assert not report.holds[SYM] and not report.holds["permutation_invariance"]
    assert all(report.holds[law] for law in ("defined", "nonnegative", "zero_iff_equal"))


@pytest.mark.parametrize("zeros", [True, False])
def test_what_only_four_outcomes_show(zeros):
    """max |p - q| grows under a merger of outcomes, but not where there are three or fewer."""
    report = check_divergence(
        lambda p, q: np.abs(p - q).max(), laws=["data_processing"], zeros=zeros
    )
    assert len(report.failures["data_processing"].inputs["p"]) == 4


def test_zero_at_equal_arguments_is_part_of_the_law():
    report = check_divergence(lambda p, q: tv(p, q) + 1e-9, laws=["zero_iff_equal"])
    assert report.failures["zero_iff_equal"].explanation == "p = q, yet D(p, q) = 1e-09"
    degenerate = check_divergence(lambda p, q: abs(p.sum() - q.sum()), laws=["zero_iff_equal"])
    assert "p differs from q, yet" in str(degenerate)


def test_hypothesis_finds_and_shrinks_what_the_small_instances_miss():
    """An error on five or more outcomes only: the example has five, in few parts."""
    report = check_divergence(
        lambda p, q: tv(p, q) * (1 if len(p) < 5 else -1), laws=["nonnegative"]
    )
    inputs = report.failures["nonnegative"].inputs
    assert len(inputs["p"]) == 5
    assert {*inputs["p"], *inputs["q"]} <= {0.0, 0.5, 1.0}
    assert not np.array_equal(inputs["p"], inputs["q"])


def test_near_equal_vectors_are_tried():
    """A wrong branch that is taken only next to equality."""
    report = check_divergence(lambda p, q: tv(p, q) - (0 < tv(p, q) < 1e-3), laws=["nonnegative"])
    failure = report.failures["nonnegative"]
    assert 0 < tv(failure.inputs["p"], failure.inputs["q"]) < 1e-3


def test_rounding_is_no_violation():
    """JS by its entropies loses all digits near equality, and its root half of them in size."""

    def js(p, q):
        return entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2

    p, q = np.array([0.25, 0.75]), np.array([0.25 + 2**-30, 0.75 - 2**-30])
    assert abs(js(p, q) - discrete.js(p, q)) >= discrete.js(p, q)  # not one digit is right
    noisy = check_divergence(js, laws=["nonnegative", SYM, "data_processing", "zero_iff_equal"])
    assert noisy.clean, str(noisy)
    metric = check_divergence(
        root(js), laws=[SYM, TRI, "data_processing", "permutation_invariance"]
    )
    assert metric.clean, str(metric)


def test_shorter_floats_need_their_precision():
    def short(p, q):
        return discrete.kl(p.astype(np.float32), q.astype(np.float32))

    laws = ["nonnegative", "zero_iff_equal", "data_processing", ADD]
    assert not check_divergence(short, laws=laws).clean
    assert check_divergence(short, laws=laws, precision=2**-23).clean


def test_what_raises_or_gives_nan_is_said():
    def partial(p, q):
        if (q == 0).any():
            raise ArithmeticError("no zeros, please")
        return entropy(p, q)

    report = check_divergence(partial)
    failure = report.failures["defined"]
    assert failure.explanation == "D(p, q) raised ArithmeticError: no zeros, please"
    assert (failure.inputs["q"] == 0).any() and len(failure.inputs["q"]) == 2
    assert report.holds["nonnegative"] and report.holds[ADD] and not report.holds[SYM]
    assert check_divergence(partial, zeros=False).holds["defined"]
    with np.errstate(invalid="ignore"):
        assert "returned nan" in str(check_divergence(lambda p, q: math.nan, laws=["defined"]))


def test_a_law_that_could_not_be_judged_does_not_hold():
    report = check_divergence(lambda p, q: math.nan, laws=[SYM, TRI])
    assert not any(report.holds.values())
    assert "could not be judged: on every input D(p, q) returned nan" in str(report.failures[SYM])
    assert "raised TypeError" in str(check_divergence(lambda p: 0, laws=["defined"]))


def test_infinities_are_values():
    """A divergence that is infinite off the diagonal obeys all but additivity's finite half."""
    report = check_divergence(
        lambda p, q: 0.0 if (p == q).all() else math.inf, laws=[SYM, TRI, ADD]
    )
    assert report.clean, str(report)


def test_the_report_is_the_same_each_time_and_reads_well():
    from rich.console import Console

    reports = [check_divergence(lambda p, q: discrete.js(p, q), name="JS") for _ in range(2)]
    assert str(reports[0]) == str(reports[1])
    failure = reports[0].failures[TRI]
    p, q, r = (failure.inputs[x] for x in "pqr")
    left, right = failure.values["D(p, r)"], failure.values["D(p, q) + D(q, r)"]
    assert left == discrete.js(p, r) > right == discrete.js(p, q) + discrete.js(q, r)
    assert "p = (0, 1), q = (1/2, 1/2), r = (1, 0)" in str(reports[0])
    assert isinstance(reports[0], Report) and not reports[0].clean
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(reports[0])
    shown = console.export_text()
    assert all(law in shown for law in LAWS) and "JS" in shown


def test_the_arguments_are_copies():
    def careless(p, q):
        value = tv(p, q)
        p *= 0
        q += 1
        return value

    assert check_divergence(careless, laws=["nonnegative", SYM, TRI, "zero_iff_equal"]).clean


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: check_divergence("kl"), r"`fn` must be a function .* Got 'kl'"),
        (lambda: check_divergence(tv, laws=["symetric"]), r"Got 'symetric'; there is symmetric"),
        (lambda: check_divergence(tv, laws="symmetric"), r"`laws` must be a list of names"),
        (lambda: check_divergence(tv, laws=[]), r"`laws` must name at least one"),
        (lambda: check_divergence(tv, examples=0), r"`examples` must be a positive integer. Got 0"),
        (lambda: check_divergence(tv, precision=0.5), r"`precision` must lie in \(0, 0.01\]. Got 0.5"),
        (lambda: check_divergence(tv, precision="x"), r"`precision` must lie"),
        (lambda: check_divergence(tv, zeros="no"), r"`zeros` must be True or False. Got 'no'"),
    ],
)  # fmt: skip
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_without_hypothesis_the_message_says_what_to_install():
    code = "import sys; sys.modules['hypothesis'] = None; import divergences.testing"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 1
    assert "ImportError: `divergences.testing` needs hypothesis" in run.stderr
    assert "fenchel[test]" in run.stderr
