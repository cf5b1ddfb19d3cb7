"""The vocabulary's table and what is asked of a word, when it is built and when a claim is."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sympy as sp

from derivations.claim import Claim, above, at_least, at_most, chain, eq
from derivations.language import POSITIVE, REAL, UNIT, Interval, Mass, PerAtom, Supremum
from derivations.words.names import printed
from derivations.words.reading import NotReadable, read
from derivations.words.vocabulary import ENTRIES, VOCABULARY, needs

p, q, t, u, w, x, y = sp.symbols("p q t u w x y")


def C(first, *steps, given):  # type: ignore[no-untyped-def]
    return Claim("c", "c", "planted", "nobody", (chain(first, *steps, given=given),))


# --- the table --------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_two_uses_that_differ_in_an_argument_print_differently(entry) -> None:
    """Only the variable in which a function is written may be left out."""
    for form in (entry.tex, entry.text):
        for i, argument in enumerate(entry.arguments):
            names = [f"<{j}>" for j in range(len(entry.arguments))]
            there = form.format(*names)
            names[i] = "<other>"
            seen = form.format(*names) != there
            assert seen or (entry.binds and entry.binds[0] == i and "f" in entry.arguments), (
                argument
            )


def test_a_row_that_does_not_print_an_argument_is_refused() -> None:
    elbo = next(entry for entry in ENTRIES if entry.name == "ELBO")
    with pytest.raises(ValueError, match=r"ELBO: its tex 'ELBO\(\{0\}\)' has no hole \{1\} for w"):
        replace(elbo, tex="ELBO({0})")
    with pytest.raises(ValueError, match="its text"):
        replace(elbo, text="ELBO({0})")


@pytest.mark.parametrize(
    ("written", "kinds"),
    [
        ("Density(Normal(0, 1), x)", []),
        ("Density(Gamma(2, 1), x)", ["positive"]),
        ("Density(Beta(2, 1), x)", ["positive", "positive"]),
        ("KL(p, q)", ["probability", "probability"]),
        ("Renyi(t, p, q)", ["positive", "nonzero", "probability", "probability"]),
        ("D(u*log(u), u, p, q)", ["convex", "probability", "probability"]),
        ("Conjugate(u*log(u), u, t)", ["convex"]),
        ("Adjoint(u*log(u), u)", ["positive"]),
        ("V(w, p, q)", ["positive", "positive", "probability", "probability"]),
        ("ELBO(q, w)", ["positive", "probability"]),
        ("Evidence(w)", ["positive"]),
        ("Posterior(w)", ["positive"]),
        ("Entropy(p)", ["probability"]),
        ("Score(Beta(2, 2), x)", ["positive", "positive"]),
        ("Sigmoid(x)", []),
    ],
)
def test_what_is_asked_of_a_words_arguments(written: str, kinds: list[str]) -> None:
    assert [need.kind for need in needs(read(written))] == kinds


# --- a word, built ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written",
    ["Conjugate(2, 2, t)", "D(2, 2, p, q)", "D(u^2, u^2, p, q)", "Mean(Normal(0, 1), pi, pi)"],
)
def test_what_a_word_binds_is_a_symbol(written: str) -> None:
    with pytest.raises(NotReadable, match=r"binds a variable, [ux]: a symbol is required, got"):
        read(written)


def test_what_a_supremum_runs_over_is_a_symbol() -> None:
    for number in (sp.Integer(2), sp.pi, t**2):
        with pytest.raises(ValueError, match="runs over a variable"):
            Supremum(t, number, 0, 1)


def test_the_variables_of_a_jacobian_matrix_are_two() -> None:
    for x1, x2 in ((x, x), (x, sp.S(2))):
        with pytest.raises(ValueError, match="in two variables"):
            VOCABULARY["Jacobian"](x, y, x1, x2).unfold()


def test_a_density_is_of_a_law() -> None:
    with pytest.raises(ValueError, match=r"a law with a density is required .* got 3"):
        VOCABULARY["Density"](3, x).unfold()
    with pytest.raises(ValueError, match="a law with a density is required"):
        C("Mean(p, x, x)", at_most(1, ""), given={p: Mass()})


def test_the_variable_of_integration_keeps_clear_of_f() -> None:
    """In D_f between two laws the x of f = x (u - 1)^2 is a number."""
    divergence = read("D(x*(u - 1)^2, u, Normal(0, 1), Normal(1, 1))")
    assert divergence.unfold().free_symbols == divergence.free_symbols == {x}
    renyi = read("Renyi(x, Normal(0, 1), Normal(1, 1))")
    assert renyi.unfold().free_symbols == {x}


def test_a_word_has_its_own_name_in_every_printer_of_sympy() -> None:
    for entry in ENTRIES:
        word = VOCABULARY[entry.name](*sp.symbols(f"a:{len(entry.arguments)}"))
        inside = ", ".join(map(str, word.args))
        assert str(word) == sp.srepr(word).replace("Symbol('", "").replace("')", "")
        assert str(word) == f"{entry.name}({inside})" == sp.pretty(word)
        assert sp.latex(word).startswith(rf"\operatorname{{{entry.name}}}\left(a_{{0}}")
    assert str(2 * VOCABULARY["Sum"](p) ** 2) == "2*Sum(p)**2"


def test_an_argument_without_a_value_is_read_and_left_to_the_verifier() -> None:
    assert read("max(log(0), 1)").func is sp.Max
    assert str(read("min(2, x, 2)")) == "Min(2, x)"


# --- names that would be misread --------------------------------------------------------------


@pytest.mark.parametrize("name", ["e", "E", "pi", "oo", "i", "I"])
def test_a_symbol_that_prints_like_a_constant_is_refused(name: str) -> None:
    symbol = sp.Symbol(name)
    with pytest.raises(ValueError, match=f"the symbol '{name}' prints like a constant"):
        C(symbol**x, at_most(1, ""), given={symbol: UNIT, x: POSITIVE})


@pytest.mark.parametrize("name", ["sum", "in", "circ", "sqrt", "log", "sup_1"])
def test_a_symbol_that_prints_like_a_sign_is_refused(name: str) -> None:
    symbol = sp.Symbol(name)
    with pytest.raises(ValueError, match="prints like a sign or a function"):
        C(symbol, at_most(1, ""), given={symbol: UNIT})


@pytest.mark.parametrize("name", ["1", "x y", "α", "x^2", "", "x_1_2", "+"])
def test_what_is_no_name_is_refused(name: str) -> None:
    symbol = sp.Symbol(name)
    with pytest.raises(ValueError, match="is no name"):
        C(symbol, at_most(1, ""), given={symbol: UNIT})


@pytest.mark.parametrize(
    ("one", "other"),
    [("x12", "x_12"), ("eps", "epsilon"), ("lamda", "lambda"), ("x_eps", "x_epsilon")],
)
def test_two_symbols_that_print_alike_are_refused(one: str, other: str) -> None:
    a, b = sp.symbols([one, other])
    assert printed(one) == printed(other)
    with pytest.raises(
        ValueError, match=f"'{one}' and '{other}' print alike|'{other}' and '{one}'"
    ):
        C(a, above(b, ""), given={a: POSITIVE, b: Interval(-sp.oo, 0)})


def test_a_probability_vector_has_its_law_s_capital_too() -> None:
    P = sp.Symbol("P")
    with pytest.raises(ValueError, match=r"'P' and 'p' print alike|'p' and 'P' print alike"):
        C("KL(p, q)", at_least(P, ""), given={p: Mass(), q: Mass(), P: REAL})


def test_a_letter_that_a_function_or_a_word_prints_is_no_symbol_beside_it() -> None:
    sigma, gamma = sp.symbols("sigma gamma")
    with pytest.raises(ValueError, match="'sigma' prints like a letter of Sigmoid"):
        C("Sigmoid(sigma)", at_most(1, ""), given={sigma: REAL})
    with pytest.raises(ValueError, match="'x' prints like a letter of Evidence"):
        C("x*Evidence(w)", at_most(1, ""), given={x: UNIT, w: PerAtom(POSITIVE)})
    with pytest.raises(ValueError, match="'gamma' prints like a letter of EulerGamma"):
        C(gamma, at_most(sp.EulerGamma, ""), given={gamma: UNIT})
    C("gamma(x) + Sigmoid(y)", above(0, ""), given={x: POSITIVE, y: REAL})


def test_the_side_of_a_limit_is_no_symbol() -> None:
    C(sp.Limit(u * sp.log(u), u, 0, "+"), eq(0, ""), given={})


def test_e_is_no_name_when_it_is_typed() -> None:
    with pytest.raises(NotReadable, match=r"write E or exp"):
        read("e^x")
