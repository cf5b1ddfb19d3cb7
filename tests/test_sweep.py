"""examples/sweep.py: what is killed is tried again alone, what is done is not done again, a torn line is dropped."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sweep

ROOT = Path(__file__).parent.parent

# Stands for an experiment: takes its flags, leaves a table. `--mood` says how the run ends.
SCRIPT = '''
"""# from _experiment import: what a sweep looks for"""
import argparse, json, os, signal, sys, time
from pathlib import Path
parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int)
parser.add_argument("--out", type=Path)
parser.add_argument("--mood", default="good")
parser.add_argument("--log", type=Path)
options = parser.parse_args()
with options.log.open("a") as file:
    file.write(f"{options.mood} {options.seed}\\n")
runs = options.log.read_text().split("\\n").count(f"{options.mood} {options.seed}")
if options.mood == "killed" or (options.mood == "killed-once" and runs == 1):
    os.kill(os.getpid(), signal.SIGKILL)
if options.mood == "refuses":
    sys.exit("no such divergence")
time.sleep({"slow": 3.0}.get(options.mood, 0.0))
row = {"quantity": "q", "theory": 1.0, "measured": 1.0 + options.seed, "agrees": options.seed == 0}
(options.out / "toy.json").write_text(json.dumps({"rows": [row], "seconds": 0.1}))
'''


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "examples"
    made.mkdir()
    (made / "toy.py").write_text(SCRIPT)
    return made


def run(folder: Path, *arguments: str, moods: str = "good", seeds: str = "0") -> int:
    out, log = folder.parent / "results.jsonl", folder.parent / "log"
    command = ["toy", "--folder", str(folder), "--out", str(out), "--jobs", "2", "--seeds", seeds]
    return sweep.main([*command, f"--vary=mood={moods}", *arguments, "--", "--log", str(log)])


def lines(folder: Path) -> list[dict]:
    return [json.loads(x) for x in (folder.parent / "results.jsonl").read_text().splitlines()]


def log(folder: Path) -> list[str]:
    return sorted((folder.parent / "log").read_text().splitlines())


def test_every_setting_and_seed_is_a_line(folder: Path, capsys: pytest.CaptureFixture) -> None:
    assert run(folder, moods="good,glad", seeds="0:3") == 0
    found = {(x["settings"]["mood"], x["seed"], x["rows"][0]["measured"]) for x in lines(folder)}
    assert found == {(mood, s, 1.0 + s) for mood in ("good", "glad") for s in range(3)}
    shown = [line.split() for line in capsys.readouterr().out.splitlines() if "good" in line]
    assert [cell for cell in shown[0] if cell not in "│"] == [
        "good",
        "q",
        "1",
        "2",
        "1",
        "3",
        "1",
        "of",
        "3",
    ]


def test_experiments_are_neither_the_sweep_nor_what_they_share() -> None:
    names = sweep.experiments(sweep.FOLDER)
    assert {"vae", "flow", "dirac_gan"} <= set(names)
    assert "sweep" not in names and not any(name.startswith("_") for name in names)


def test_a_killed_run_costs_its_own_task_a_retry_and_nothing_else(folder: Path) -> None:
    assert run(folder, moods="slow,killed-once", seeds="0,1") == 0
    assert {(x["settings"]["mood"], x["attempts"]) for x in lines(folder)} == {
        ("slow", 1),
        ("killed-once", 2),
    }
    assert log(folder) == ["killed-once 0"] * 2 + ["killed-once 1"] * 2 + ["slow 0", "slow 1"]


def test_what_is_always_killed_is_given_up_and_the_others_are_kept(
    folder: Path, capsys: pytest.CaptureFixture
) -> None:
    assert run(folder, "--retries=1", moods="good,killed") == 1
    good, bad = sorted(lines(folder), key=lambda x: "failed" in x)
    assert "rows" in good
    assert (bad["failed"], bad["attempts"]) == ("killed by signal 9: ", 2)
    assert "toy, mood killed, seed 0: killed by signal 9" in capsys.readouterr().err


def test_what_refuses_is_not_retried_but_is_tried_by_the_next_sweep(folder: Path) -> None:
    assert run(folder, moods="refuses") == 1
    assert lines(folder)[0]["failed"] == "exit status 1: no such divergence"
    assert log(folder) == ["refuses 0"]
    assert run(folder, moods="refuses,good") == 1
    assert log(folder) == ["good 0", "refuses 0", "refuses 0"]


def test_what_is_done_is_not_done_again_and_a_torn_line_is_dropped(folder: Path) -> None:
    run(folder, seeds="0:2")
    out = folder.parent / "results.jsonl"
    kept = out.read_text()
    out.write_text(kept + kept[:25])
    assert run(folder, seeds="0:3") == 0
    assert log(folder) == ["good 0", "good 1", "good 2"]
    assert out.read_text().startswith(kept)
    assert sorted(x["seed"] for x in lines(folder)) == [0, 1, 2]


def test_a_file_that_is_something_else_is_refused_and_left(
    folder: Path, capsys: pytest.CaptureFixture
) -> None:
    out = folder.parent / "results.jsonl"
    for text in ("a,b\n1,2\n", '{"seed": 1}\n', "[1]\n"):
        out.write_text(text)
        with pytest.raises(SystemExit) as ended:
            run(folder)
        assert ended.value.code == 2
        assert "line 1, is no result of a sweep" in capsys.readouterr().err
        assert out.read_text() == text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["toi", "--out", "x"], "no experiment 'toi'"),
        (["dirac_gam", "--out", "x"], "did you mean dirac_gan"),
        (["dirac_gan", "--out", "x", "--seeds", "a"], "'a' is neither a range"),
        (["dirac_gan", "--out", "x", "--seeds", "3:3"], "'3:3' is empty"),
        (["dirac_gan", "--out", "x", "--vary", "loss"], "'loss' is not of the form"),
        (["dirac_gan", "--out", "x", "--jobs", "0"], "--jobs must be at least 1"),
    ],
)
def test_wrong_flags(
    arguments: list[str],
    message: str,
    capsys: pytest.CaptureFixture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        sweep.main(arguments)
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_on_a_cluster_a_lost_worker_costs_its_task_a_retry(folder: Path) -> None:
    pytest.importorskip("distributed")
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--port=0", "--no-dashboard"]
    where = folder.parent / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder.parent}
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(where)]
    worker += ["--nthreads=1", "--no-dashboard", "--no-nanny"]
    processes = [subprocess.Popen([*dask, "--scheduler-file", str(where)], **quiet)]
    try:
        deadline = time.monotonic() + 60
        while not where.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        processes += [subprocess.Popen(worker, **quiet) for _ in range(2)]
        address = json.loads(where.read_text())["address"]
        command = [
            sys.executable,
            str(ROOT / "examples" / "sweep.py"),
            "toy",
            "--folder",
            str(folder),
        ]
        command += [
            "--out",
            str(folder.parent / "results.jsonl"),
            "--vary=mood=slow",
            "--seeds=0:4",
        ]
        command += ["--scheduler", address, "--", "--log", str(folder.parent / "log")]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        running = subprocess.Popen(command, env=environment, **quiet)
        processes.append(running)
        while not (folder.parent / "log").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        processes[1].send_signal(signal.SIGKILL)
        assert running.wait(timeout=90) == 0
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert sorted(x["seed"] for x in lines(folder)) == [0, 1, 2, 3]
    assert len(log(folder)) == 5  # the killed worker's task, once more
