"""`fenchel compare`: what it tells apart and refuses, and that its numbers are the library's."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import divergences as dv
from derivations.cli import app
from divergences._inequalities import INEQUALITIES, held
from divergences._tables import read
from divergences.compare import ROWS, compare

RUNNER = CliRunner()
P, Q = [0.5, 0.3, 0.2, 0.0], [0.25, 0.25, 0.25, 0.25]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    np.save("p.npy", P)
    np.save("q.npy", Q)
    rng = np.random.default_rng(0)
    np.save("x.npy", rng.normal(0, 1, 400))
    np.save("y.npy", rng.normal(1, 1, 300))
    np.save("x2.npy", rng.normal(0, 1, (200, 2)))
    np.save("y2.npy", rng.normal(1, 1, (150, 2)))
    return tmp_path


def run(*arguments: str) -> Any:
    return RUNNER.invoke(app, ["compare", *arguments])


def facts(*arguments: str) -> dict[str, Any]:
    result = run(*arguments, "--json", "-")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def by_id(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {entry["id"]: entry for entry in data["divergences"]}


# --- which of the two ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("p", "q", "words"),
    [
        ([0.5, 0.5], [1 / 3] * 3, ["lengths 2 and 3"]),
        ([0.5, 0.5], [0.7, -0.1], ["index 1", "-0.1"]),
        ([0.5, 0.5], [[0.5, 0.5], [1, 2]], ["(2, 2)"]),
        ([0.5, 0.501], [0.5, 0.5], ["sum of 1", "1.001"]),
        ([0.5, 0.501], [0.5, 0.499], ["nearly"]),
    ],
)
def test_what_is_unclear_asks_for_as(folder: Path, p: list, q: list, words: list[str]) -> None:
    np.save("a.npy", p)
    np.save("b.npy", q)
    result = run("a.npy", "b.npy")
    assert result.exit_code == 2
    for word in ["--as", *words]:
        assert word in result.stderr
    if np.ndim(q) == 1:
        assert facts("a.npy", "b.npy", "--as", "samples")["kind"] == "samples"
    assert run("a.npy", "b.npy", "--as", "probabilities").exit_code == 2


def test_dimensions_must_agree(folder: Path) -> None:
    result = run("x.npy", "y2.npy")
    assert result.exit_code == 2
    assert "1 dimensions" in result.stderr and "Got 2" in result.stderr


# --- probabilities ------------------------------------------------------------------------------


def test_the_values_are_the_librarys(folder: Path) -> None:
    data = facts("p.npy", "q.npy")
    entries = by_id(data)
    assert data["kind"] == "probabilities"
    assert entries["kl"]["value"] == float(dv.kl(P, Q))
    assert entries["renyi_2"]["value"] == pytest.approx(math.log1p(float(dv.chi2(P, Q))))
    assert entries["wasserstein1"]["value"] == pytest.approx(0.8)
    assert entries["wasserstein1"]["bound"] == 3
    assert entries["reverse_kl"]["value"] == "inf"
    assert "p[3] = 0" in entries["reverse_kl"]["note"]
    assert "q[3] = 0" in by_id(facts("q.npy", "p.npy"))["kl"]["note"]


def test_disjoint_pairs_attain_every_finite_bound(folder: Path) -> None:
    np.save("a.npy", [0.5, 0.5, 0, 0])
    np.save("b.npy", [0, 0, 0.25, 0.75])
    data = facts("a.npy", "b.npy")
    entries = by_id(data)
    for row in ROWS:
        if math.isfinite(row.bound):
            assert entries[row.id]["value"] == pytest.approx(row.bound, rel=1e-14), row.id
        else:
            assert entries[row.id]["value"] == "inf"
            assert entries[row.id]["note"]
    tight = {row["id"] for row in data["inequalities"] if row["tight"]}
    assert {"js_range", "js_tv_upper", "topsoe_upper", "le_cam_lower", "delta_tv_upper"} <= tight


def test_all_inequalities_hold_for_random_pairs(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    for trial in range(60):
        n = int(rng.integers(2, 6))
        p, q = rng.dirichlet(np.full(n, 0.3)), rng.dirichlet(np.full(n, 0.3))
        if trial % 3 == 0:
            q = p + 10.0 ** -rng.integers(1, 16) * (q - p)
        if trial % 5 == 0:
            q = np.where(np.arange(n) == 0, 0, q) / max(q[1:].sum(), 1e-300)
        np.save(tmp_path / "p.npy", p / p.sum())
        np.save(tmp_path / "q.npy", q / q.sum())
        found = compare(read(tmp_path / "p.npy"), read(tmp_path / "q.npy"), "probabilities")
        assert len(found.inequalities) >= len(INEQUALITIES) - 1
        for row in found.inequalities:
            assert row.holds, (row, p, q)


def test_equal_pairs_are_zero_and_a_false_inequality_is_seen(folder: Path) -> None:
    entries = by_id(facts("p.npy", "p.npy"))
    assert all(entry["value"] == 0 for entry in entries.values())
    values = {entry.id: entry.value or 0.0 for entry in compare(read("p.npy"), read("q.npy")).entries}  # fmt: skip
    wrong = held({**values, "q_min": 0.25, "kl": 1e-3})
    assert not next(row for row in wrong if row.id == "pinsker").holds


def test_near_pairs_make_the_second_order_inequalities_tight(folder: Path) -> None:
    e = 1e-4
    np.save("a.npy", [0.5 + e, 0.5 - e])
    np.save("b.npy", [0.5, 0.5])
    tight = {row["id"] for row in facts("a.npy", "b.npy")["inequalities"] if row["tight"]}
    assert {"pinsker", "vajda", "topsoe_lower", "chi2_tv"} <= tight
    assert "js_tv_upper" not in tight


# --- samples ------------------------------------------------------------------------------------


def test_samples_on_the_line(folder: Path) -> None:
    x, y = np.load("x.npy"), np.load("y.npy")
    data = facts("x.npy", "y.npy")
    entries = by_id(data)
    assert data["kind"] == "samples" and data["inequalities"] == []
    assert entries["wasserstein1"]["value"] == float(dv.wasserstein1(x, y))
    for name, truth in (("wasserstein1", 1), ("knn_kl", 0.5), ("gaussian_w2", 1)):
        error = entries[name]["standard_error"] or 0.08
        assert abs(entries[name]["value"] - truth) < 4 * error
    from scipy.stats import energy_distance

    energy = entries["energy_distance"]
    assert abs(energy["value"] - energy_distance(x, y) ** 2) < energy["standard_error"]


def test_the_error_of_w1_is_its_scatter() -> None:
    from divergences._compare_samples import _line_error

    rng = np.random.default_rng(2)
    pairs = [(rng.normal(0, 1, 300), rng.normal(1, 2, 200)) for _ in range(300)]
    scatter = np.std([float(dv.wasserstein1(x, y)) for x, y in pairs])
    # The scatter of 300 pairs is itself only known to 1/sqrt(600) = 4 %; 15 % is less than four of these.
    assert np.mean([_line_error(x, y) for x, y in pairs]) == pytest.approx(scatter, rel=0.15)


def test_samples_in_the_plane_have_a_certificate(folder: Path) -> None:
    entries = by_id(facts("x2.npy", "y2.npy"))
    exact = dv.optimal_transport(np.load("x2.npy"), np.load("y2.npy"))
    assert entries["wasserstein1"]["value"] == pytest.approx(float(exact.cost), rel=1e-12)
    assert abs(entries["wasserstein1"]["gap"]) <= 1e-9 * float(exact.cost)


def test_beyond_the_limit_it_is_sliced(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("divergences._compare_samples.EXACT_LIMIT", 100)
    entries = by_id(facts("x2.npy", "y2.npy"))
    assert "wasserstein1" not in entries
    assert entries["sliced_wasserstein1"]["standard_error"] > 0


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([3.0], [4.0]),
        ([3.0, 3.0, 3.0], [3.0, 3.0, 3.0]),
        ([[1.0, 1], [2, 2], [3, 3], [4, 4]], [[1.0, 1], [2, 2], [3, 3], [5, 5]]),
        ([1e308, -1e308, 5], [1e308, 1e307, 6]),
        ([1e16, 1e16], [1e16, 1e16 + 2]),
        ([[1e300, 0], [0, 1e300], [5, 5.0]], [[1e300, 1], [0, 1], [5, 6.0]]),
        ([1e-320, 2e-320, 5e-320], [3e-320, 7e-320, 4e-320]),
    ],
)
def test_poor_samples_say_what_is_missing(folder: Path, x: list, y: list) -> None:
    np.save("a.npy", x)
    np.save("b.npy", y)
    for entry in by_id(facts("a.npy", "b.npy")).values():
        assert entry["value"] is not None or entry["note"]
    result = run("a.npy", "b.npy", "--plot", "a.png")
    assert result.exit_code == 0 or (result.exit_code == 2 and "bins" in result.stderr)


# --- the command --------------------------------------------------------------------------------


def test_the_table_names_every_divergence_and_fits_a_pipe(folder: Path) -> None:
    result = run("p.npy", "q.npy")
    assert result.exit_code == 0
    for row in ROWS:
        assert row.label in result.stdout
    for row in INEQUALITIES:
        if row.id != "chi2_tv_large":
            assert row.statement in result.stdout


def test_bad_input_is_status_2_and_json_stays_json(folder: Path) -> None:
    Path("bad.csv").write_text("0.5\nx\n")
    result = run("bad.csv", "q.npy")
    assert result.exit_code == 2
    assert "bad.csv, line 2, column 1" in result.stderr and result.stdout == ""
    result = run("bad.csv", "q.npy", "--json", "-")
    assert result.exit_code == 2
    assert "line 2" in json.loads(result.stdout)["error"]
    assert run("p.npy", "q.npy", "--as", "words").exit_code == 2
    assert run("p.npy", "q.npy", "--json", "none/a.json").exit_code == 2
    assert run("p.npy", "q.npy", "--plot", "none/a.png").exit_code == 2


def test_json_goes_to_a_file_whole(folder: Path) -> None:
    assert run("p.npy", "q.npy", "--json", "a.json").exit_code == 0
    assert json.loads(Path("a.json").read_text())["kind"] == "probabilities"
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]


@pytest.mark.parametrize(("p", "q"), [("p", "q"), ("x", "y"), ("x2", "y2"), ("x2", "x2")])
def test_the_picture(folder: Path, p: str, q: str) -> None:
    pytest.importorskip("matplotlib")
    result = run(f"{p}.npy", f"{q}.npy", "--plot", "a.png", "--json", "-")
    assert result.exit_code == 0
    json.loads(result.stdout)
    assert Path("a.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_needs_a_png_and_matplotlib(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run("p.npy", "q.npy", "--plot", "a.jpg")
    assert result.exit_code == 2 and ".png" in result.stderr
    monkeypatch.setattr("derivations.commands.compare.find_spec", lambda name: None)
    result = run("p.npy", "q.npy", "--plot", "a.png")
    assert result.exit_code == 2 and "fenchel[models]" in result.stderr
