"""The ledger: every claim has the verdict that it expects, and it agrees with the library."""

from __future__ import annotations

import itertools
import re

import pytest
import sympy as sp

from derivations.claim import Choice, Interval, Mass, Verdict
from derivations.claims._rows import ROWS, Piece, Row, u
from derivations.language import inside
from derivations.ledger import ledger, trusted_base
from derivations.verify import verify
from derivations.words.reading import read_relation
from divergences.enclosure import enclose
from divergences.generators import catalogue

pytestmark = pytest.mark.xdist_group("ledger")  # one run for all

PARAMETERS = {  # a value inside each parametrised row's domain
    "jensen_shannon_weighted": ("jensen_shannon_weighted", sp.Rational(2, 5)),
    "alpha-negative": ("alpha", sp.Rational(-1, 2)),
    "alpha-below-one": ("alpha", sp.Rational(2, 5)),
    "alpha-above-one": ("alpha", sp.Rational(5, 2)),
    "hockey_stick": ("hockey_stick", sp.Rational(3, 2)),
}


@pytest.fixture(scope="module")
def reports():
    return {report.id: report for report in verify(ledger().values(), jobs=2, timeout=120)}


def test_every_verdict_is_the_expected_one(reports):
    surprises = {r.id: (r.expected, r.verdict, r.gaps) for r in reports.values() if not r.ok}
    assert not surprises


def test_a_refuted_claim_carries_its_counterexample(reports):
    for report in reports.values():
        assert (report.counterexample is not None) == (report.verdict == Verdict.REFUTED)


@pytest.mark.parametrize(
    "id",
    ["gaussian-kl", "gaussian-kl-matrix", "gaussian-kl-standard", "elbo", "iwae", "gan-optimum",
     "gan-optimal-discriminator", "gan-logit", "gan-is-f-gan", "parallel-lines-w1", "pinsker",
     "variational-gan", "conjugate-kl", "conjugate-pearson", "biconjugate-jensen-shannon", "fenchel-young-le-cam"],
)  # fmt: skip
def test_the_central_claims_are_shown_by_both_routes(reports, id):
    assert reports[id].verdict == Verdict.BOTH


def test_every_false_statement_is_expected_to_be_refuted(reports):
    for claim in ledger().values():
        assert (claim.topic == "misprints") == (claim.expected is Verdict.REFUTED)


def test_the_trusted_base_is_short_and_used():
    base = trusted_base(ledger())
    assert 0 < len(base) < 12
    assert all(users for users in base.values())


def test_every_claim_names_a_source():
    for claim in ledger().values():
        assert any(ch.isdigit() for ch in claim.source) or "printed in" in claim.source


# --- the ledger's statements against what the library derives ----------------------------------


def _library(row: Row):
    """The library's own FDivergence for the row, and the substitution that makes the row it."""
    if row.name not in PARAMETERS:
        return catalogue[row.name], {}
    name, value = PARAMETERS[row.name]
    assert row.parameter is not None
    return catalogue[name](value), {row.parameter[0]: value}


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: row.name)
def test_the_generator_is_the_catalogues(row: Row):
    f, where = _library(row)
    mine = row.f.subs(where)
    theirs = f.expression
    for value in (sp.Rational(1, 7), sp.Rational(2, 3), sp.Integer(1), sp.Rational(9, 2)):
        at = dict.fromkeys(theirs.free_symbols, value)
        assert enclose(mine, {u: value}).overlaps(enclose(theirs, at))


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: row.name)
def test_the_derived_conjugate_is_the_proved_one(row: Row):
    """Piece by piece, at exact points: the library derives what the ledger proves."""
    f, where = _library(row)
    for piece in row.pieces:
        for argument, value in _samples(row, piece, where):
            if isinstance(piece.domain, Interval) or _is_a_float(argument):
                derived = f.conjugate_at(float(argument))
                assert derived == pytest.approx(float(value.mid()), rel=1e-12, abs=1e-13)
            if f.conjugate is not None:
                (symbol,) = f.conjugate.free_symbols
                if argument.is_Rational:
                    exact = f.conjugate.subs(symbol, argument)  # which piece, decided exactly
                    assert enclose(exact).overlaps(value)


def _is_a_float(number: sp.Expr) -> bool:
    """Else its float is on one side of it, where f* may be another piece or steep."""
    return bool(number.is_Rational and sp.Rational(float(number)) == number)


def _samples(row: Row, piece: Piece, where: dict[sp.Symbol, sp.Expr]):
    """Exact arguments of a finite piece at the row's example parameter, with f* enclosed there."""
    if not piece.finite:
        return
    for y in _values(piece, where):
        at = {**where, piece.y: y}
        yield piece.argument.subs(at), enclose(piece.value.subs(at))


def _values(piece: Piece, where: dict[sp.Symbol, sp.Expr]):
    """Some values of the piece's variable; one of no account where the piece is a point."""
    domain = piece.domain
    if domain is None:
        yield sp.S.Zero
    elif isinstance(domain, Choice):
        yield from (sp.sympify(value).subs(where) for value in domain.values)
    else:
        inner = (y for y in domain.rationals(where) if inside(y, *_ends(piece, where)))
        yield from itertools.islice(inner, 12)


def _ends(piece: Piece, where: dict[sp.Symbol, sp.Expr]) -> tuple[sp.Expr, sp.Expr]:
    return piece.domain.lower.subs(where), piece.domain.upper.subs(where)


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: row.name)
def test_outside_the_domain_the_derived_conjugate_is_infinite(row: Row):
    f, where = _library(row)
    for piece in row.pieces:
        if piece.finite:
            continue
        if piece.domain is not None and not isinstance(piece.domain, Choice):
            edge = float(_ends(piece, where)[0])
            assert f.conjugate_at(edge + 0.25) == float("inf")
        else:
            (y,) = _values(piece, where)
            end = piece.argument.subs({**where, piece.y: y})
            if _is_a_float(end):
                assert f.conjugate_at(float(end)) == float("inf")


# --- words --------------------------------------------------------------------------------------


def test_every_formula_in_the_words_is_one():
    for claim in ledger().values():
        reasons = [step.why for link in claim.chains for step in link.steps]
        for words in (claim.title, claim.name, claim.note, claim.shown_for, *reasons):
            assert words.count("`") % 2 == 0, claim.id
            for formula in re.findall("`([^`]+)`", words):
                read_relation(formula)


def test_a_title_has_a_formula_or_a_name():
    for claim in ledger().values():
        assert "`" in claim.title or claim.name, claim.id


def test_claims_for_all_laws_say_that_their_masses_are_positive():
    for claim in ledger().values():
        titled = set(re.findall(r"\w+", " ".join(re.findall("`([^`]+)`", claim.title))))
        if titled & {"KL", "JS", "TV", "H2", "Chi2", "LeCam", "Jeffreys", "V", "BC", "Renyi"}:
            masses = {
                s for link in claim.chains for s, d in link.given.items() if isinstance(d, Mass)
            }
            assert not masses or claim.shown_for or claim.expected is Verdict.REFUTED, claim.id
