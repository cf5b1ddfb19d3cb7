"""The verdicts that the site prints: those of a run of `fenchel verify`, in this build.

The run is kept by a digest of the verifier's and the library's sources and of the versions that it
computed with, so that a second build of the same state does not repeat it. Nothing else sets a verdict.
"""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import cache
from .errors import SiteError

log = logging.getLogger("mkdocs.site_tools")


@dataclass(frozen=True)
class Verdict:
    """One claim's entry in `fenchel verify --json`."""

    entry: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return self.entry[name]

    def words(self, chain: int, step: int) -> tuple[str, str]:
        """What the two routes say of a step, both counted from 1; blank where none was judged."""
        steps = self.entry["steps"]
        if not steps:
            return "", ""
        said = steps[chain - 1][step - 1]
        return said["symbolic"], said["enclosure"]


@dataclass(frozen=True)
class Run:
    """A whole run: the summary and each claim's verdict by its id."""

    summary: dict[str, Any]
    verdicts: dict[str, Verdict]


def verified() -> Run:
    """The run for the sources as they are. Raises `SiteError` when a verdict surprises."""
    key = cache.digest(cache.sources("derivations", "divergences"))
    document = cache.kept("verdicts", key, _run)
    if surprising := document["summary"]["unexpected"]:
        raise SiteError(f"the verifier's verdicts surprise: {', '.join(surprising)}")
    return Run(document["summary"], {c["id"]: Verdict(c) for c in document["claims"]})


def _run() -> Any:
    log.info("Running the verifier over the whole ledger (about a minute; kept for the next build)")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.json"
        command = [sys.executable, "-m", "derivations.cli", "verify", "--json", str(path)]
        done = subprocess.run(command, cwd=cache.ROOT, capture_output=True, text=True)
        if not path.exists():
            raise SiteError(f"the verifier did not run:\n{done.stdout}{done.stderr}")
        return json.loads(path.read_text(encoding="utf-8"))
