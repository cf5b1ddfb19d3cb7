"""The README and CONTRIBUTING show what the project does today."""

from __future__ import annotations

import json
import re
from pathlib import Path

from typer.testing import CliRunner

from derivations.claim import Verdict
from derivations.cli import app
from derivations.running.judge import judge

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def _blocks(text: str, language: str) -> list[str]:
    fences = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [block for kind, block in fences if kind == language]


def test_the_library_lines_run():
    for block in _blocks(README, "python"):
        exec(compile(block, "README.md", "exec"), {})


def test_the_conjugate_output_is_the_commands(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    (shown,) = [b for b in _blocks(README, "") if "fenchel conjugate" in b]
    command, _, output = shown.partition("\n")
    formula = re.search(r'"(.*)"', command)
    assert formula
    result = CliRunner().invoke(app, ["conjugate", formula[1]])
    printed = [line.rstrip() for line in result.output.rstrip().splitlines()]
    assert printed == output.rstrip().splitlines()


def test_contributings_claim_holds():
    """The page that shows how to add a claim is a claim, and both routes show it."""
    (block,) = _blocks((ROOT / "CONTRIBUTING.md").read_text(), "python")[-1:]
    words: dict = {}
    exec("from sympy import *\nfrom derivations.claim import *\n"
         "from derivations.language import *\n" + block, words)  # fmt: skip
    (claim,) = words["CLAIMS"]
    assert judge(claim).verdict is Verdict.BOTH


def test_the_commands_named_exist():
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`?make (\w+)", README):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_the_experiments_numbers_are_the_files():
    rows = re.findall(r"^\| `(\w+)` \| (.+) \| (\S+) \| (\S+) \|$", README, re.MULTILINE)
    assert len(rows) >= 10
    for name, quantity, theory, measured in rows:
        record = json.loads((ROOT / f"docs/experiments/{name}.json").read_text())
        (row,) = [r for r in record["rows"] if r["quantity"] == quantity.replace("\\|", "|")]
        shown = tuple(f"{float(row[key]):.4g}" for key in ("theory", "measured"))
        assert shown == (theory, measured), (name, quantity)
        assert record["seed"] == 0


def test_the_experiments_named_exist():
    named = re.findall(r"examples/(\w+)\.py", README)
    assert {"flow", "sweep"} <= set(named)
    assert all((ROOT / "examples" / f"{name}.py").is_file() for name in named)
