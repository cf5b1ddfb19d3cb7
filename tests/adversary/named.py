"""Statements in the field's own names, read from text; false ones by an edit of the text's tree."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace

import sympy as sp

from derivations.claim import Step
from derivations.language import POSITIVE, REAL, UNIT, Domain, Mass, PerAtom
from derivations.vocabulary import unfold
from derivations.words.reading import read
from derivations.words.word import Word

from .statement import Statement, Truth, Unfit, as_false, edited, small, tiny

a, b, m, n, p, q, r, s, t, v, x, T, D = sp.symbols("a b m n p q r s t v x T D")
PQ: Mapping[sp.Symbol, Domain] = {p: Mass(), q: Mass()}
GAUSSIANS: Mapping[sp.Symbol, Domain] = {m: REAL, n: REAL, s: POSITIVE, r: POSITIVE}
Draw = Callable[[random.Random], Truth]

NAMED: tuple[tuple[str, str, str, Mapping[sp.Symbol, Domain]], ...] = (
    ("KL(p, q)", ">=", "2*TV(p, q)**2", PQ),
    ("TV(p, q)", "<=", "sqrt(KL(p, q)/2)", PQ),
    ("KL(p, q)", "=", "CrossEntropy(p, q) - Entropy(p)", PQ),
    ("JS(p, q)", "<=", "log(2)", PQ),
    ("JS(p, q)", "=", "Entropy((p + q)/2) - (Entropy(p) + Entropy(q))/2", PQ),
    ("JS(p, q)", "<=", "TV(p, q)*log(2)", PQ),
    ("H2(p, q)", "=", "1 - BC(p, q)", PQ),
    ("H2(p, q)", "<=", "TV(p, q)", PQ),
    ("TV(p, q)", "<=", "sqrt(2*H2(p, q))", PQ),
    ("KL(p, q)", "<=", "log(1 + Chi2(p, q))", PQ),
    ("KL(p, q)", "<=", "Chi2(p, q)", PQ),
    ("Jeffreys(p, q)", "=", "KL(p, q) + KL(q, p)", PQ),
    ("Jeffreys(p, q)", ">=", "8*JS(p, q)", PQ),
    ("LeCam(p, q)", "<=", "2*TV(p, q)", PQ),
    ("LeCam(p, q)/2", "<=", "2*H2(p, q)", PQ),
    ("Chi2(p, q)", ">=", "4*TV(p, q)**2", PQ),
    ("Entropy(p)", ">=", "0", {p: Mass()}),
    ("D((u - 1)**2, u, p, q)", "=", "Chi2(p, q)", PQ),
    ("D(u*log(u), u, p, q)", "=", "KL(p, q)", PQ),
    ("D(abs(u - 1)/2, u, p, q)", "=", "TV(p, q)", PQ),
    ("D(Adjoint(u*log(u), u), u, p, q)", "=", "KL(q, p)", PQ),
    ("V(1/2, p, q)", "=", "-2*log(2)", PQ),
    ("V(p/(p + q), p, q)", "=", "2*JS(p, q) - 2*log(2)", PQ),
    ("V(D, p, q)", "<=", "2*JS(p, q) - 2*log(2)", {**PQ, D: PerAtom(UNIT)}),
    ("ELBO(q, x)", "<=", "log(Evidence(x))", {q: Mass(), x: PerAtom(POSITIVE)}),
    ("Sigmoid(v) + Sigmoid(-v)", "=", "1", {v: REAL}),
    ("Phi(v) + Phi(-v)", "=", "1", {v: REAL}),
    ("Positive(v) - Positive(-v)", "=", "v", {v: REAL}),
    ("KL(p, (p + q)/2)", "<=", "log(2)", PQ),
    ("E(p, T**2)", ">=", "E(p, T)**2", {p: Mass(), T: PerAtom(REAL)}),
    ("Renyi(2, p, q)", ">=", "KL(p, q)", PQ),
    ("Renyi(1/2, p, q)", "=", "-2*log(BC(p, q))", PQ),
)  # fmt: skip

# The left side is an integral: its value in plain functions comes last.
LAWS: tuple[tuple[str, str, Mapping[sp.Symbol, Domain]], ...] = (
    ("KL(Normal(m, s), Normal(n, r))", "log(r/s) + (s**2 + (m - n)**2)/(2*r**2) - 1/2", GAUSSIANS),
    ("KL(Normal(m, s), Normal(0, 1))", "(m**2 + s**2 - 1)/2 - log(s)", {m: REAL, s: POSITIVE}),
    ("KL(Exponential(a), Exponential(b))", "log(a/b) + b/a - 1", {a: POSITIVE, b: POSITIVE}),
    ("BC(Normal(m, 1), Normal(n, 1))", "exp(-(m - n)**2/8)", {m: REAL, n: REAL}),
    ("Chi2(Normal(m, 1), Normal(0, 1))", "exp(m**2) - 1", {m: REAL}),
    ("Mean(Normal(m, s), x**2, x)", "m**2 + s**2", {m: REAL, s: POSITIVE}),
    ("Mean(Exponential(a), x, x)", "1/a", {a: POSITIVE}),
    ("Mean(Laplace(m, b), x, x)", "m", {m: REAL, b: POSITIVE}),
    ("Conjugate(u*log(u), u, t)", "exp(t - 1)", {t: REAL}),
)  # fmt: skip


def named(rng: random.Random) -> Truth:
    left, relation, right, given = rng.choice(NAMED)
    first, last = read(left), read(right)
    return Truth(first, relation, last, given, plain=unfold(first))


def of_laws(rng: random.Random) -> Truth:
    left, right, given = rng.choice(LAWS)
    plain = read(right)
    return Truth(read(left), "=", plain, given, plain=plain)


def misnamed(rng: random.Random) -> Statement:
    """One edit of what is written: arguments exchanged, another name, a constant."""
    truth = rng.choice((named, named, named, of_laws))(rng)
    changed = _renamed(truth.right, rng) if rng.random() < 0.4 else edited(truth.right, rng)
    if rng.random() < 0.2:
        changed = truth.right + rng.choice((1, -1)) * rng.choice((tiny(rng), small(rng)))
    relation = truth.relation
    if rng.random() < 0.15:
        relation = {"=": ">=", "<=": ">=", ">=": "<="}[relation]
    wrong = replace(truth, right=sp.sympify(changed), relation=relation)
    try:
        found = as_false("", replace(wrong, right=unfold(wrong.right)), "misnamed", rng)
    except (ValueError, TypeError) as refused:
        raise Unfit(str(refused)) from None
    (link,) = found.claim.chains
    (step,) = link.steps
    written = replace(link, steps=(Step(step.relation, wrong.right, step.why, step.by),))
    return replace(found, claim=replace(found.claim, chains=(written,)))


def _renamed(expr: sp.Expr, rng: random.Random) -> sp.Basic:
    """A name's arguments exchanged, or another name of the same arguments."""
    words = sorted((w for w in expr.atoms(Word) if not w.entry.law), key=str)
    if not words:
        raise Unfit("no name in it")
    word = rng.choice(words)
    pairs = [type(w) for w in map(read, ("KL(p, q)", "JS(p, q)", "TV(p, q)", "H2(p, q)",
                                         "Chi2(p, q)", "LeCam(p, q)", "Jeffreys(p, q)"))]  # fmt: skip
    others = [kind for kind in pairs if type(word) in pairs and kind is not type(word)]
    new = rng.choice([word.func(*word.args[::-1]), *(kind(*word.args) for kind in others)])
    return expr.xreplace({word: new})
