"""All claims, found by looking into `claims/`, and which rests on which.

A module in `derivations/claims/` (unless its name starts with _) defines `CLAIMS`, an iterable of
`Claim`; nothing else needs to know of it. The graph of what rests on what has no cycle, and its leaves are the lemmas.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter

from . import claims as claims_package
from .claim import Claim
from .symbolic.lemmas import LEMMAS


@cache
def ledger() -> Mapping[str, Claim]:
    """Every claim by id, in the order of topics and files. Raises `ValueError` if inconsistent."""
    found: list[Claim] = []
    for module in sorted(pkgutil.iter_modules(claims_package.__path__), key=lambda m: m.name):
        if module.name.startswith("_"):
            continue
        found += importlib.import_module(f"{claims_package.__name__}.{module.name}").CLAIMS
    return collect(found)


def collect(claims: Iterable[Claim]) -> dict[str, Claim]:
    """The claims by id; every name that they rest on must exist, and no claim rest on itself."""
    by_id: dict[str, Claim] = {}
    for claim in claims:
        if claim.id in by_id or claim.id in LEMMAS:
            raise ValueError(f"the id {claim.id} is taken twice")
        by_id[claim.id] = claim
    for claim in by_id.values():
        for name in claim.rests_on:
            if name not in by_id and name not in LEMMAS:
                raise ValueError(f"claim {claim.id} rests on {name}, which the ledger lacks")
    try:
        TopologicalSorter({c.id: c.rests_on for c in by_id.values()}).prepare()
    except CycleError as error:
        raise ValueError(f"claims rest on each other in a circle: {error.args[1]}") from None
    return by_id


def trusted_base(claims: Mapping[str, Claim]) -> dict[str, list[str]]:
    """Each lemma that some claim uses, with the claims that name it."""
    base: dict[str, list[str]] = {}
    for claim in claims.values():
        for name in claim.rests_on:
            if name in LEMMAS:
                base.setdefault(name, []).append(claim.id)
    return base
