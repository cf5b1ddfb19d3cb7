"""The ledger's closed forms between laws of the line agree with the rows that the library evaluates."""

from __future__ import annotations

import pytest
import sympy as sp

from derivations.ledger import ledger
from derivations.words.reading import read
from derivations.words.word import unfold
from divergences.closed_forms import FORMS

LINE = {"m1": "mu1", "m2": "mu2", "s1": "sigma1", "s2": "sigma2"}

# claim, the library's row, its parameters in the claim's, and what the claim says in terms of the row
PAIRS = [
    ("gaussian-kl", "normal", "kl", LINE, "row"),
    ("gaussian-renyi", "normal", "power", {**LINE, "a": "alpha"}, "row/(alpha - 1)"),
    ("gaussian-chi2", "normal", "power", {**LINE, "a": "2"}, "exp(row)"),
    ("gaussian-bhattacharyya", "normal", "power", {**LINE, "a": "1/2"}, "exp(row)"),
    ("gaussian-hellinger", "normal", "power", {**LINE, "a": "1/2"}, "1 - exp(row)"),
    ("exponential-kl", "exponential", "kl", {"b1": "1/a", "b2": "1/b"}, "row"),
    (
        "exponential-bhattacharyya",
        "exponential",
        "power",
        {"a": "1/2", "b1": "1/a", "b2": "1/b"},
        "exp(row)",
    ),
    ("laplace-kl", "laplace", "kl", {"m1": "0", "m2": "delta", "b1": "b1", "b2": "b2"}, "row"),
    ("gamma-kl", "gamma", "kl", {"k1": "a1", "k2": "a2", "b1": "1/b1", "b2": "1/b2"}, "row"),
]
VALUES = [sp.Rational(n, 7) for n in (3, 5, 4, 6, 8, 9)]


@pytest.mark.parametrize(
    ("id", "family", "divergence", "where", "how"), PAIRS, ids=[p[0] for p in PAIRS]
)
def test_the_claim_says_what_the_library_evaluates(id, family, divergence, where, how):
    (form,) = [f for f in FORMS if (f.family, f.divergence) == (family, divergence)]
    closed = unfold(ledger()[id].chains[0].last)
    names = {sp.Symbol(name): read(image) for name, image in where.items()}
    row = read(form.formula).subs(names, simultaneous=True)
    expected = read(how).subs(sp.Symbol("row"), row)
    point = dict(zip(sorted(closed.free_symbols, key=str), VALUES, strict=False))
    assert expected.free_symbols <= set(point)
    assert abs((closed - expected).subs(point).evalf(30)) < 1e-25
