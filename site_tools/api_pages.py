"""One page of reference a package: its public modules, from their docstrings, by mkdocstrings."""

from __future__ import annotations

from pathlib import Path

from .cache import ROOT

PACKAGES = {
    "divergences": "Numbers in, numbers out: divergences, conjugates, transport.",
    "derivations": "The verifier: claims, their two routes, the ledger, the command `fenchel`.",
    "models": "Small networks in torch, one idea a file.",
}


def pages() -> dict[str, str]:
    """The Markdown of every page by its path in docs."""
    return {f"api/{name}.md": _page(name, words) for name, words in PACKAGES.items()}


def _page(package: str, words: str) -> str:
    sections = "".join(f"\n## {name}\n\n::: {name}\n" for name in modules(package))
    return f"# {package}\n\n{words}\n{sections}"


def modules(package: str) -> list[str]:
    """The package's public modules (no name with a leading underscore; the claims have the ledger)."""
    folder: Path = ROOT / package
    names = sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))
    return [f"{package}.{name}" for name in names]
