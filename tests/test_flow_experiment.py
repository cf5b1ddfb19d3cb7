"""examples/flow.py, a short run: what theory says of any flow holds for a hardly trained one too."""

import math
from pathlib import Path

import flow as example
import pytest
from _experiment import Report

pytestmark = pytest.mark.xdist_group("flow_experiment")  # one run for all


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    out = tmp_path_factory.mktemp("flow")
    made = example.main(
        ["--quick", "--toy", "banana", "--toy", "ring", "--toy", "letters", "--out", str(out)]
    )
    assert (out / "flow.json").exists() and (out / "flow.png").stat().st_size < 80_000
    return made


def test_no_law_is_broken_by_short_training(report: Report) -> None:
    """Only how small KL is needs the full training."""
    for row in report.rows:
        if row.tolerance != example.WITHIN:
            assert row.agrees is not False, row


def test_forty_steps_already_help(report: Report) -> None:
    """KL to the best Gaussian is its entropy less the toy's: 1.21 nats for the ring, 0.55 for the banana."""
    left = {line["flow"]: line["KL"] for line in report.tables["nats left over, of each family"]}
    for name, variances in (("banana", (1.0, 0.75)), ("ring", (2 * math.exp(0.02),) * 2)):
        gaussian = sum(math.log(2 * math.pi * math.e * v) / 2 for v in variances)
        assert left[f"{name}, spline"] < (gaussian - example.TOYS[name].entropy.value) / 2


def test_an_unknown_toy_is_named(capsys: pytest.CaptureFixture, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stop:
        example.main(["--quick", "--toy", "bananas", "--out", str(tmp_path)])
    assert stop.value.code == 2
    assert "moons, banana, ring, checkerboard, letters. Got bananas" in capsys.readouterr().err
