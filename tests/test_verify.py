"""The verifier against planted errors: what is wrong is refuted or undecided, and never a hang."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import mpmath as mp
import pytest
import sympy as sp
from sympy import Integral, Rational, exp, log, oo, pi, sqrt

from derivations.claim import ByClaim, Claim, Stationary, Step, Verdict, at_least, chain, eq
from derivations.language import POSITIVE, REAL, Domain, Mass, PerAtom, Supremum, Total
from derivations.ledger import collect
from derivations.printing.report import as_json
from derivations.running.judge import judge
from derivations.verify import verify

ROOT = Path(__file__).parent.parent
m, p, q, s, t, u, x, y = sp.symbols("m p q s t u x y")
J = sp.besselj(0, 1)  # a number that the enclosure route does not know


def planted(
    first: sp.Expr | int,
    *steps: Step,
    given: dict[sp.Symbol, Domain] | None = None,
    id: str = "planted",
    expected: Verdict = Verdict.BOTH,
    **more: Any,
) -> Claim:
    link = chain(first, *steps, given=given)
    return Claim(id, "planted", "t", "s", (link,), expected=expected, **more)


def conjugate(last: sp.Expr, **more: Any) -> Claim:
    """sup over u > 0 of t u - u log u, said to be `last`."""
    first = Supremum(t * u - u * log(u), u, 0, oo)
    return planted(
        first, eq(last, "the slope is 0", Stationary(exp(t - 1))), given={t: REAL}, **more
    )


RIGHT = conjugate(exp(t - 1), id="right")
normal = exp(-((x - m) ** 2) / (2 * s**2)) / (s * sqrt(2 * pi))


def second_moment(last: sp.Expr) -> Claim:
    first = Integral(x**2 * normal, (x, -oo, oo))
    return planted(first, eq(last, "integrate"), given={m: REAL, s: POSITIVE}, id="moment")


# --- verdicts ---------------------------------------------------------------------------------


def test_a_right_claim_is_shown_by_both_routes() -> None:
    (report,) = verify([RIGHT])
    assert report.ok and report.verdict is Verdict.BOTH
    assert (report.symbolic, report.enclosure, report.gaps) == ("proved", "points", ())


def test_a_wrong_constant_is_refuted_at_a_point_that_contradicts_it() -> None:
    """The counterexample's point, put into both sides by other means, tells them apart."""
    (report,) = verify([second_moment(m**2 + 2 * s**2)])
    assert report.verdict is Verdict.REFUTED and not report.ok
    found = report.counterexample
    assert found is not None and found.relation == "="
    at = {
        name: mp.mpf(Rational(value).p) / Rational(value).q for name, value in found.point.items()
    }
    assert at["s"] > 0
    with mp.workdps(40):
        ends = [-mp.inf, at["m"] - 4 * at["s"], at["m"], at["m"] + 4 * at["s"], mp.inf]
        left = mp.quad(lambda z: z**2 * mp.npdf(z, at["m"], at["s"]), ends)
        right = at["m"] ** 2 + 2 * at["s"] ** 2
    assert abs(left - right) > 1e-10
    assert abs(left - mp.mpf(_middle(found.left))) < 1e-15
    assert abs(right - mp.mpf(_middle(found.right))) < 1e-15


def _middle(ball: str) -> str:
    return ball.strip("[]").split(" +/-")[0]


@pytest.mark.parametrize(
    "last",
    [exp(t), exp(t - 1) / 2, exp(1 - t), -exp(t - 1), exp(t - 1) + Rational(1, 10**20)],
    ids=str,
)
def test_a_wrong_conjugate_is_refuted(last: sp.Expr) -> None:
    assert judge(conjugate(last)).verdict is Verdict.REFUTED


KL = Total(p * log(p / q))
UNSTATED = {
    "a root needs x >= 0": planted(sqrt(x**2), eq(x, ""), given={x: REAL}),
    "a logarithm of a product needs both factors": planted(
        log(x * y), eq(log(x) + log(y), ""), given={x: REAL, y: REAL}
    ),
    "a density needs its scale > 0": planted(
        Integral(normal, (x, -oo, oo)), eq(1, ""), given={m: REAL, s: REAL}
    ),
    "Pearson's conjugate needs t >= -2": planted(
        Supremum(t * u - (u - 1) ** 2, u, 0, oo),
        eq(t + t**2 / 4, "", Stationary(1 + t / 2)),
        given={t: REAL},
    ),
    "KL >= 0 needs q to be a probability vector": planted(
        KL, at_least(0, ""), given={p: Mass(), q: PerAtom(POSITIVE)}
    ),
}


@pytest.mark.parametrize("what", UNSTATED)
def test_what_needs_an_unstated_hypothesis_is_not_proved(what: str) -> None:
    judgement = judge(UNSTATED[what])
    assert judgement.symbolic != "proved"
    assert judgement.verdict in (Verdict.REFUTED, Verdict.UNDECIDED)


def test_the_same_with_its_hypothesis_is_shown() -> None:
    assert judge(planted(sqrt(x**2), eq(x, ""), given={x: POSITIVE})).verdict is Verdict.BOTH
    kl = planted(KL, at_least(0, ""), given={p: Mass(), q: Mass()})
    assert judge(kl).verdict is Verdict.BOTH
    assert judge(second_moment(m**2 + s**2)).verdict is Verdict.BOTH


# --- what rests on what -----------------------------------------------------------------------


def citing(name: str, id: str) -> Claim:
    step = eq(exp(t - 1), "cited", ByClaim(name))
    return planted(Supremum(t * u - u * log(u), u, 0, oo), step, given={t: REAL}, id=id)


def test_a_proof_that_cites_a_proved_claim() -> None:
    reports = verify([citing("right", "citing")], cited={"right": RIGHT})
    assert [report.id for report in reports] == ["citing"]
    assert reports[0].symbolic == "proved"
    assert reports[0].rests_on == ("right",)


def test_a_proof_that_cites_an_unproved_claim_is_none() -> None:
    """The cited statement is true, but its own derivation gives a wrong reason."""
    link = RIGHT.chains[0]
    wrong = replace(link.steps[0], by=Stationary(exp(t)))
    unproved = replace(RIGHT, id="unproved", chains=(replace(link, steps=(wrong,)),))
    chain_of_two = [citing("unproved", "first"), unproved]
    first, second = verify(chain_of_two)
    assert second.verdict is Verdict.SUPPORTED
    assert first.verdict is Verdict.SUPPORTED and first.symbolic == "not shown"
    assert any("rests on unproved" in gap for gap in first.gaps)


def test_circles_duplicates_and_strangers_are_refused() -> None:
    a, b = citing("b", "a"), citing("a", "b")
    with pytest.raises(ValueError, match="circle"):
        verify([a, b])
    with pytest.raises(ValueError, match="circle"):
        collect([citing("self", "self")])
    with pytest.raises(ValueError, match="taken twice"):
        verify([RIGHT, RIGHT])
    with pytest.raises(ValueError, match="rests on nobody"):
        verify([citing("nobody", "a")])
    with pytest.raises(ValueError, match="rests on no-lemma"):
        verify([replace(RIGHT, lemmas=("no-lemma",))])


def test_a_symbol_with_an_assumption_is_refused() -> None:
    z = sp.Symbol("z", positive=True)
    with pytest.raises(ValueError, match=r"z carries .*positive"):
        planted(2 * z, eq(z, ""), given={z: REAL})
    with pytest.raises(ValueError, match="no domain is given for x"):
        planted(2 * x, eq(x, ""))


def test_a_worker_judges_the_tree_that_was_written() -> None:
    """x/x stays x/x on its way to the worker, where it has no value at 0."""
    from derivations.words.reading import read

    (report,) = verify([planted(read("x/x + x"), eq(1 + x, ""), given={x: REAL})])
    assert report.verdict is Verdict.UNDECIDED
    assert "x != 0" in report.gaps[0]


# --- workers ----------------------------------------------------------------------------------


class Call:
    """Pickles to a call: what happens to whoever reads it."""

    def __init__(self, function: Any, *arguments: Any):
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


HUNG = replace(RIGHT, id="hung", note=Call(time.sleep, 1000))  # type: ignore[arg-type]
DEAD = replace(RIGHT, id="dead", note=Call(os._exit, 17))  # type: ignore[arg-type]
KILLED = replace(RIGHT, id="killed", note=Call(signal.raise_signal, signal.SIGKILL))  # type: ignore[arg-type]
UNREADABLE = replace(RIGHT, id="unreadable", note=Call(int, "x"))  # type: ignore[arg-type]


def test_hangs_and_deaths_are_undecided_and_the_rest_goes_on() -> None:
    started = time.monotonic()
    after = [replace(RIGHT, id=f"after-{i}") for i in range(3)]
    reports = verify([HUNG, DEAD, KILLED, UNREADABLE, *after], jobs=2, timeout=2)
    assert time.monotonic() - started < 30
    assert [report.id for report in reports[:4]] == ["hung", "dead", "killed", "unreadable"]
    assert all(report.verdict is Verdict.UNDECIDED for report in reports[:4])
    assert all(report.verdict is Verdict.BOTH for report in reports[4:])
    assert reports[0].gaps == ("no answer within 2 s",)
    assert 2 <= reports[0].seconds < 6
    assert reports[1].gaps == ("the worker process died (exit code 17)",)
    assert reports[2].gaps == ("the worker process died (exit code -9)",)
    assert "ValueError" in reports[3].gaps[0]


def test_a_simplification_without_end_is_undecided_and_soon() -> None:
    names = sp.symbols("a b c d f g h k")
    huge = J * sp.Add(*names) ** 80
    claim = planted(huge, eq(huge + J, ""), given=dict.fromkeys(names, REAL), id="huge")
    started = time.monotonic()
    (report,) = verify([claim], timeout=1)
    assert report.verdict is Verdict.UNDECIDED
    assert report.seconds < 3
    assert time.monotonic() - started < 20


def test_a_claim_that_cannot_be_sent_is_undecided() -> None:
    unsendable = replace(RIGHT, id="unsendable", note=lambda: None)  # type: ignore[arg-type]
    report, other = verify([unsendable, RIGHT])
    assert report.verdict is Verdict.UNDECIDED and "not sent" in report.gaps[0]
    assert other.ok


def test_results_come_in_the_order_asked_whoever_ends_first() -> None:
    claims = [replace(RIGHT, id=name) for name in "zyxw"] + [second_moment(m**2 + s**2)]
    started: list[str] = []
    ended: list[str] = []
    reports = verify(
        claims,
        jobs=2,
        on_start=lambda claim: started.append(claim.id),
        on_result=lambda report: ended.append(report.id),
    )
    assert [report.id for report in reports] == [claim.id for claim in claims]
    assert sorted(started) == sorted(ended) == sorted(claim.id for claim in claims)
    assert started[0] == "moment"  # the longest first


@pytest.mark.parametrize("wrong", [{"jobs": 0}, {"timeout": 0.0}, {"timeout": -1.0}])
def test_senseless_limits_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        verify([RIGHT], **wrong)


def test_nothing_to_verify() -> None:
    assert verify([]) == []


SCRIPT = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # a caller may have had it ignored
sys.path.insert(0, "tests")
from test_verify import HUNG, RIGHT
from derivations.verify import verify
{body}
"""


def _script(body: str, **options: Any) -> "subprocess.Popen[str]":
    """A script without a `__main__` guard, in a session of its own."""
    command = [sys.executable, "-c", SCRIPT.format(body=body)]
    return subprocess.Popen(
        command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True, **options,
    )  # fmt: skip


def _alive(session: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(entry.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="counts processes in /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_no_worker_outlives_the_run(how: signal.Signals) -> None:
    run = _script(
        "verify([HUNG, RIGHT], jobs=2, on_result=lambda report: print(report.id, flush=True))"
    )
    assert run.stdout is not None
    assert run.stdout.readline() == "right\n"  # so a worker is idle and another one hangs
    run.send_signal(how)
    run.communicate(timeout=20)
    assert run.returncode != 0
    limit = time.monotonic() + 10
    while (left := _alive(run.pid)) and time.monotonic() < limit:
        time.sleep(0.1)
    assert left == []


def test_verifying_needs_no_torch_and_no_guard(tmp_path: Path) -> None:
    """A script without `if __name__ == "__main__"` runs once, and not again in each worker."""
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\n"
        "from derivations.ledger import ledger\n"
        "from derivations.verify import verify\n"
        "print('once')\n"
        "print(verify([ledger()['conjugate-kl']])[0].ok)\n"
        "print({name.split('.')[0] for name in sys.modules} & {'torch', 'scipy', 'typer'})\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, script], capture_output=True, text=True, timeout=60, env=environment
    )
    assert (done.returncode, done.stdout) == (0, "once\nTrue\nset()\n"), done.stderr


# --- JSON and mutants -------------------------------------------------------------------------


def test_the_json_is_the_designs() -> None:
    reports = verify([RIGHT, second_moment(2 * m**2 + s**2)], mutants=True)
    document = json.loads(as_json(reports, 1.5))
    assert set(document) == {"summary", "claims"}
    right, wrong = document["claims"]
    assert set(right) == {
        "id", "title", "name", "topic", "expected", "verdict", "routes", "steps", "rests_on", "seconds",
        "mutants", "counterexample", "gaps", "source", "ok", "shown_for",
    }  # fmt: skip
    assert right["routes"] == {"symbolic": "proved", "enclosure": "points"}
    assert set(right["mutants"]) == {"tried", "refuted", "equivalent", "weaker", "undecided"}
    assert right["counterexample"] is None and right["ok"] is True
    assert set(wrong["counterexample"]) == {"point", "chain", "step", "relation", "left", "right"}
    assert wrong["mutants"]["tried"] == 0  # a refuted claim has no closed form to edit
    assert document["summary"]["unexpected"] == ["moment"]
    assert document["summary"]["both"] == document["summary"]["refuted"] == 1
