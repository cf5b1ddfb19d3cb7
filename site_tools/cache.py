"""Digests of what an answer depends on, and a folder of answers kept by their digest.

The folder is `.cache/site`, which git ignores; deleting it costs only the time to compute again.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / ".cache" / "site"
LIBRARIES = ("numpy", "scipy", "sympy", "mpmath", "python-flint", "torch", "matplotlib")


def digest(paths: Iterable[Path], *words: str) -> str:
    """A name for the contents of the files (folders: all they hold), the words and the versions."""
    found = hashlib.sha256()
    for word in (*words, *_versions()):
        found.update(f"{len(word)}:{word}".encode())
    for path in paths:
        for file in sorted(_files(path)):
            content = file.read_bytes()
            found.update(f"{file.relative_to(path.parent)}:{len(content)}:".encode() + content)
    return found.hexdigest()[:32]


def sources(*packages: str) -> list[Path]:
    return [ROOT / package for package in packages]


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    inside = (file for file in path.rglob("*") if file.is_file())
    return [f for f in inside if not {"__pycache__", "node_modules"} & set(f.parts)]


def _versions() -> Iterable[str]:
    yield f"python {sys.version_info[:3]}"
    for name in LIBRARIES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"{name} absent"


def kept(name: str, key: str, compute: Callable[[], Any]) -> Any:
    """The JSON value under `name` and `key`: read, or computed and written whole.

    Of each name only the newest answer is kept.
    """
    path = FOLDER / f"{name}-{key}.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        value = compute()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob(f"{name}-{'?' * len(key)}.json"):
        old.unlink(missing_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(value), encoding="utf-8")
    part.replace(path)
    return value
