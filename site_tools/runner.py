"""A chapter's ```` ```python run ```` blocks, executed in one namespace in a process of their own.

Warnings are errors, figures have to be claimed by a block's `figure="alt text"`, and the whole
chapter has a time limit (front matter `time_limit`, in seconds). The code is compiled at the lines
where it stands in the chapter, so that a traceback shows the chapter's lines.
"""

from __future__ import annotations

import io
import json
import linecache
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

from . import cache
from .blocks import Block
from .errors import SiteError

ALLOWED = {"flags": frozenset({"run"}), "options": frozenset({"figure"})}


class Output(NamedTuple):
    """What a block printed, and the figures that it left open, as SVG."""

    text: str
    figures: list[str]


def run_blocks(blocks: Sequence[Block], path: str, limit: float) -> dict[int, Output]:
    """The outputs by the blocks' lines. Raises `SiteError` with the traceback of a failure."""
    for block in blocks:
        block.arguments(0, **ALLOWED)
    job = {
        "path": path,
        "blocks": [
            {"line": b.line, "code": b.body, "figure": "figure" in b.options} for b in blocks
        ],
    }
    here = cache.sources("divergences", "derivations", "models", "examples", "site_tools/runner.py")
    key = cache.digest([p for p in here if p.exists()], json.dumps(job))
    name = "run-" + path.replace("/", "-").removesuffix(".md")
    found = cache.kept(name, key, lambda: _in_a_process(job, limit))
    return {b.line: Output(*each) for b, each in zip(blocks, found, strict=True)}


def _in_a_process(job: dict[str, Any], limit: float) -> list[list[Any]]:
    path, first = job["path"], job["blocks"][0]["line"]
    environment = {**os.environ, "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1", "PYTHONHASHSEED": "0"}
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        command = [sys.executable, "-W", "error", "-m", "site_tools.runner", str(answer)]
        try:
            done = subprocess.run(
                command, cwd=cache.ROOT, env=environment, input=json.dumps(job), text=True,
                capture_output=True, timeout=limit,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise SiteError(
                f"the chapter's code ran longer than {limit:g} s; make it quicker, or set "
                "time_limit in the front matter",
                path,
                first,
            ) from None
        if not answer.exists():
            raise SiteError(f"the chapter's code ended its process:\n{done.stderr}", path, first)
        found = json.loads(answer.read_text(encoding="utf-8"))
    if "error" in found:
        raise SiteError(f"this code failed\n{found['error']}", path, found["line"])
    return found["outputs"]


# --- in the process ---------------------------------------------------------------------------


def _child(job: dict[str, Any]) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": "__chapter__"}
    outputs = []
    _show_lines(job)
    for block in job["blocks"]:
        printed = io.StringIO()
        try:
            code = compile("\n" * block["line"] + block["code"], job["path"], "exec")
            with redirect_stdout(printed):
                exec(code, namespace)
            outputs.append([printed.getvalue(), _figures(block)])
        except BaseException as error:  # a chapter may raise anything, SystemExit too
            return {"error": _traceback(error), "line": _line(error, job["path"]) or block["line"]}
    return {"outputs": outputs}


def _show_lines(job: dict[str, Any]) -> None:
    """The blocks' lines where tracebacks look for a file's lines."""
    text: list[str] = []
    for block in job["blocks"]:
        text += [""] * (block["line"] - len(text)) + block["code"].split("\n")
    lines = [f"{line}\n" for line in text]
    linecache.cache[job["path"]] = (sum(map(len, lines)), None, lines, job["path"])


def _traceback(error: BaseException) -> str:
    ours = error.__traceback__.tb_next if error.__traceback__ else None
    return "".join(traceback.format_exception(type(error), error, ours))


def _line(error: BaseException, path: str) -> int | None:
    if isinstance(error, SyntaxError) and error.filename == path:
        return error.lineno
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == path]
    return lines[-1] if lines else None


def _figures(block: dict[str, Any]) -> list[str]:
    """The open figures as SVG, closed; loads matplotlib only where the chapter has."""
    if "matplotlib.pyplot" not in sys.modules:
        numbers = []
    else:
        import matplotlib.pyplot as plt

        numbers = plt.get_fignums()
    if bool(numbers) != block["figure"]:
        raise ValueError(
            'this block leaves a figure open: say what it shows, as in ```python run figure="..."'
            if numbers
            else "this block says figure=... and leaves no figure open"
        )
    if not numbers:
        return []
    from .figures import as_svg

    made = [as_svg(plt.figure(number), f"{block['line']}-{number}") for number in numbers]
    plt.close("all")
    return made


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(_child(json.load(sys.stdin))), encoding="utf-8")
