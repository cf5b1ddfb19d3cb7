"""All claims, found by looking into `claims/`, and which rests on which.

A module in `derivations/claims/` (unless its name starts with _) defines `CLAIMS`, an iterable of
`Claim`; nothing else needs to know of it. The graph of what rests on what has no cycle, and its
leaves are the lemmas.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from traceback import extract_tb

from . import claims as claims_package
from .claim import Claim
from .symbolic.lemmas import LEMMAS


class LedgerError(ValueError):
    """A file of claims that cannot be taken; the message names the file and what is wrong."""


@cache
def ledger() -> Mapping[str, Claim]:
    """Every claim by id, in the order of files. Raises `LedgerError` when a file is broken."""
    found: list[Claim] = []
    files: dict[str, str] = {}
    for module in sorted(pkgutil.iter_modules(claims_package.__path__), key=lambda m: m.name):
        if module.name.startswith("_"):
            continue
        for claim in loaded(f"{claims_package.__name__}.{module.name}"):
            file = f"{module.name}.py"
            if claim.id in files:
                raise LedgerError(
                    f"derivations/claims: the id {claim.id} is taken twice, in {files[claim.id]} "
                    f"and in {file}"
                )
            files[claim.id] = file
            found.append(claim)
    return collect(found)


def loaded(module: str) -> list[Claim]:
    """The claims of one module. Its errors, of whatever kind, become one line with its name."""
    file = "/".join(module.split(".")) + ".py"
    try:
        claims = list(importlib.import_module(module).CLAIMS)
    except Exception as error:  # the file is an author's: anything may go wrong in it
        raise LedgerError(
            f"{file}{_line(error)}: {type(error).__name__}: {_one_line(error)}"
        ) from error
    for each in claims:
        if not isinstance(each, Claim):
            raise LedgerError(f"{file}: CLAIMS holds a {type(each).__name__}, not a Claim")
    return claims


def _line(error: Exception) -> str:
    """Where in the claims' own files it came up; empty when it did not reach them."""
    if isinstance(error, SyntaxError):
        return f" ({Path(error.filename or '?').name}, line {error.lineno})"
    folder = Path(claims_package.__path__[0])
    inside = [f for f in extract_tb(error.__traceback__) if Path(f.filename).parent == folder]
    return f" ({Path(inside[-1].filename).name}, line {inside[-1].lineno})" if inside else ""


def _one_line(error: Exception) -> str:
    message = error.msg if isinstance(error, SyntaxError) else str(error)
    return " ".join(message.split())


def collect(claims: Iterable[Claim]) -> dict[str, Claim]:
    """The claims by id; every name that they rest on must exist, and no claim rest on itself."""
    by_id: dict[str, Claim] = {}
    for claim in claims:
        if claim.id in by_id or claim.id in LEMMAS:
            raise LedgerError(f"the id {claim.id} is taken twice")
        by_id[claim.id] = claim
    for claim in by_id.values():
        for name in claim.rests_on:
            if name not in by_id and name not in LEMMAS:
                raise LedgerError(f"claim {claim.id} rests on {name}, which the ledger lacks")
    try:
        TopologicalSorter({c.id: c.rests_on for c in by_id.values()}).prepare()
    except CycleError as error:
        raise LedgerError(f"claims rest on each other in a circle: {error.args[1]}") from None
    return by_id


def trusted_base(claims: Mapping[str, Claim]) -> dict[str, list[str]]:
    """Each lemma that some claim uses, with the claims that name it."""
    base: dict[str, list[str]] = {}
    for claim in claims.values():
        for name in claim.rests_on:
            if name in LEMMAS:
                base.setdefault(name, []).append(claim.id)
    return base
