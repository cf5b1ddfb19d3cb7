"""What the experiments share: wrong flags are refused before anything runs, results are kept whole."""

import json
from pathlib import Path

import _experiment
import pytest
from _experiment import Options, Report, Row

from models.train import Diverged


def never(options: Options) -> Report:
    pytest.fail("the experiment ran")


def started(*flags: str, run=never) -> Report:
    return _experiment.main("toy", "Toy", run, steps=20, quick_steps=2, arguments=flags)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--steps", "0"), "must be an integer, at least 1, got '0'"),
        (("--steps", "many"), "must be an integer, at least 1, got 'many'"),
        (("--seed", "-1"), "must be an integer, at least 0, got '-1'"),
        (("--seed", str(2**70)), "must be an integer, at least 0"),
        (("--device", "tpu"), "`device` must be cpu, cuda"),
    ],
)
def test_wrong_flags_are_refused_before_the_run(
    flags: tuple[str, ...], message: str, capsys: pytest.CaptureFixture, tmp_path: Path
) -> None:
    with pytest.raises(SystemExit) as stopped:
        started(*flags, "--out", str(tmp_path / "new"))
    assert stopped.value.code == 2 and message in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("out", ["file", "file/below"])
def test_results_need_a_folder(out: str, capsys: pytest.CaptureFixture, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(SystemExit) as stopped:
        started("--out", str(tmp_path / out))
    assert stopped.value.code == 2 and "--out must be a folder" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "mine"


def test_results_are_a_table_and_a_picture(tmp_path: Path) -> None:
    def run(options: Options) -> Report:
        made, _ = _experiment.figure()
        return Report([Row("steps", 2.0, float(options.steps), 0.0)], figure=made)

    assert started("--quick", "--out", str(tmp_path / "new"), run=run).agrees
    files = sorted(p.name for p in (tmp_path / "new").iterdir())
    assert files == ["toy.json", "toy.png"]  # and nothing temporary beside them
    table = json.loads((tmp_path / "new" / "toy.json").read_text())
    assert table["rows"][0]["agrees"] and table["settings"]["steps"] == 2
    assert (tmp_path / "new" / "toy.png").read_bytes().startswith(b"\x89PNG")


def test_a_training_that_diverges_ends_with_its_message(capsys):
    def run(options):
        raise Diverged("the loss of 'model' is nan at step 3; there is no checkpoint")

    with pytest.raises(SystemExit) as ended:
        started(run=run)
    assert ended.value.code == 1
    assert capsys.readouterr().err.endswith("nan at step 3; there is no checkpoint\n")
