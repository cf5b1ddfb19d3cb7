"""The ledger: every claim has the verdict that it expects, and it agrees with the library."""

from __future__ import annotations

import pytest
import sympy as sp

from derivations.claim import Verdict
from derivations.claims._rows import ROWS, Piece, Row, u
from derivations.enclosed.points import points
from derivations.ledger import ledger, trusted_base
from derivations.verify import verify
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
     "conjugate-kl", "conjugate-pearson", "biconjugate-jensen-shannon", "fenchel-young-le-cam"],
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
            derived = f.conjugate_at(float(argument))
            assert derived == pytest.approx(float(value.mid()), rel=1e-12, abs=1e-13)
            if f.conjugate is not None:
                (symbol,) = f.conjugate.free_symbols
                if argument.is_Rational:
                    assert enclose(f.conjugate, {symbol: argument}).overlaps(value)


def _samples(row: Row, piece: Piece, where: dict[sp.Symbol, sp.Expr]):
    if piece.value is sp.oo:
        return
    from derivations.claim import chain, eq

    domain = piece.domain
    link = chain(piece.y, eq(piece.y, ""), given={**row.given, piece.y: domain})
    for point in points(link, 12):
        y = point.scalars[piece.y]
        if where:  # keep y, but only where it lies in the domain at the row's example parameter
            from derivations.language import Choice, inside

            if isinstance(domain, Choice):
                y = sp.sympify(domain.values[0]).subs(where)
            elif not inside(y, domain.lower.subs(where), domain.upper.subs(where)):
                continue
        argument = piece.argument.subs(where).subs(piece.y, y)
        yield argument, enclose(piece.value.subs(where).subs(piece.y, y))


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: row.name)
def test_outside_the_domain_the_derived_conjugate_is_infinite(row: Row):
    f, where = _library(row)
    for piece in row.pieces:
        if piece.value is sp.oo:
            edge = float(piece.domain.lower.subs(where))
            assert f.conjugate_at(edge + 0.25) == float("inf")
