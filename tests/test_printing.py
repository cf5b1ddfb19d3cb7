"""One layout of a formula, three writers: order, brackets, names, letters of functions, titles."""

from __future__ import annotations

from xml.dom.minidom import parseString

import pytest
import sympy as sp
from sympy import Derivative, Integral, Limit, Piecewise, Subs, exp, log, oo, sqrt

from derivations.claim import ByClaim, Claim, Stationary, TakenOnTrust, at_most, chain, eq
from derivations.language import (
    POSITIVE,
    REAL,
    UNIT,
    Choice,
    Interval,
    Mass,
    PerAtom,
    Supremum,
    Total,
)
from derivations.printing import formats, mathml, signs, statements, tex, text
from derivations.printing.formula import Functions, layout, related
from derivations.printing.sentences import parts, spans, unreadable
from derivations.printing.show import as_latex, as_text, title_text
from derivations.words.reading import read, read_relation
from derivations.words.vocabulary import ENTRIES, TV, VOCABULARY, D

a, p, q, t, u, v, x, mu, sigma = sp.symbols("a p q t u v x mu sigma")


def typed(formula: str) -> str:
    return text.write(related(*read_relation(formula)))


def latex(formula: str) -> str:
    return tex.write(related(*read_relation(formula)))


# --- order ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "printed"),
    [
        ("1 - D*log(2*u)", "1 - D log(2 u)"),
        ("1 - D", "1 - D"),
        ("1 + u", "1 + u"),
        ("u + 1", "u + 1"),
        ("q + p", "q + p"),
        ("c + b + a", "c + b + a"),
        ("log(u)*u", "log(u) u"),
        ("u*log(u)", "u log u"),
        ("-(a + b)", "-(a + b)"),
        ("a - (b - c)", "a - (b - c)"),
        ("-x*2", "-x * 2"),
        ("x*(-2)", "x (-2)"),
        ("2^k*3^k", "2^k * 3^k"),
        ("a/(b*c)", "a/(b c)"),
        ("1/2*x", "x/2"),
        ("(p + q)/2", "(p + q)/2"),
        ("-(x - m)^2/(2*s^2)", "-(x - m)^2/(2 s^2)"),
        ("(a/b)^2", "(a/b)^2"),
        ("a^b^c", "a^(b^c)"),
        ("log(u)^2", "(log u)^2"),
        ("sqrt(KL(p, q)/2)", "sqrt(KL(P || Q)/2)"),
        ("log(u)/2", "log(u)/2"),
        ("exp(-v)", "e^(-v)"),
        ("max(v, 0)", "max(v, 0)"),
        ("abs(p - q)", "|p - q|"),
        ("sign(u - 1)", "sgn(u - 1)"),
        ("KL(p, q)*log(u)", "KL(P || Q) log u"),
        ("log(2) - KL(p, q)", "log 2 - KL(P || Q)"),
        ("-log(4) + 2*JS(p, q)", "-log 4 + 2 JS(P, Q)"),
        ("x + tau*z", "x + τ z"),
        ("1 + b*h - b*h^2*r", "1 + b h - b h^2 r"),
        ("2/3", "2/3"),
        ("-2/3", "-2/3"),
    ],
)
def test_the_authors_order_is_kept(written: str, printed: str) -> None:
    assert typed(written) == printed


@pytest.mark.parametrize(
    ("tree", "printed"),
    [
        (x**2 + 2 * x + 1, "x^2 + 2 x + 1"),
        (1 - x, "1 - x"),
        (x - 1, "x - 1"),
        (x - a, "x - a"),
        (exp(-x) + 1, "1 + e^(-x)"),
        (3 * u / 2, "3 u/2"),
        (-u / 3, "-u/3"),
        (1 / sqrt(u), "1/sqrt(u)"),
        (u ** sp.Rational(1, 3), "u^(1/3)"),
        (-oo, "-oo"),
    ],
)
def test_what_sympy_has_ordered_is_printed_in_its_usual_order(tree: sp.Expr, printed: str) -> None:
    assert text.write(layout(tree)) == printed


def test_no_root_of_two_is_split_off() -> None:
    assert latex("sqrt(KL(p, q)/2)") == r"\sqrt{\frac{\operatorname{KL}(P \,\|\, Q)}{2}}"


@pytest.mark.parametrize(
    "formula",
    ["1 - D*log(2*u)", "a - (b - c)/d", "-(x - m)^2/(2*s^2)", "a/(b*c)*d", "(a + b)*(c - d)^2",
     "a^(b*c)/(1 + exp(-v))", "log(a)*log(b)/c", "-a*(b + c)", "1/(a/b)", "a/b/c", "x*(-2)",
     "(-a)^2", "2^(1/3)", "sqrt(a + b)*c", "exp(a - (b + c))", "a - -b"],
)  # fmt: skip
def test_what_is_printed_says_what_was_typed(formula: str) -> None:
    """The text is read back, its products made explicit, and has the same value."""
    import re

    back = re.sub(r"(?<=[\w)]) (?=[\w(])", "*", typed(formula)).replace(" * ", "*")
    back = re.sub(r"\blog\*(\w+)", r"log(\1)", back).replace("e^", "E^")
    at = {
        s: sp.Rational(i + 2, 7) for i, s in enumerate(sorted(read(formula).free_symbols, key=str))
    }
    assert abs(sp.N(read(formula).subs(at) - read(back).subs(at))) < 1e-12


# --- names ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "in_tex", "in_text"),
    [
        ("mu1", r"\mu_{1}", "μ1"), ("sigma_p", r"\sigma_{p}", "σ_p"), ("eps", r"\varepsilon", "ε"),
        ("lambda", r"\lambda", "λ"), ("theta", r"\theta", "θ"), ("x1", "x_{1}", "x1"),
        ("alpha", r"\alpha", "α"), ("w0", "w_{0}", "w0"),
    ],
)  # fmt: skip
def test_letters(name: str, in_tex: str, in_text: str) -> None:
    box = layout(sp.Symbol(name))
    assert (tex.write(box), text.write(box)) == (in_tex, in_text)
    parseString(mathml.math(box))


def test_a_symbol_that_looks_like_markup_is_escaped() -> None:
    assert "<script>" not in mathml.math(layout(sp.Symbol("<script>")))


def test_laws_are_capitals_also_inside_an_expression() -> None:
    assert typed("KL(p, (p + q)/2)") == "KL(P || (P + Q)/2)"
    assert latex("KL(p, (p + q)/2)").endswith(r"\left( P \,\|\, \frac{P + Q}{2} \right)")
    assert typed("KL(p, pi)") == "KL(P || π)"
    assert typed("E(p, log(p/q))") == "E_P[log(p/q)]"


def test_a_normal_law_prints_its_variance() -> None:
    assert typed("KL(Normal(mu, sigma), Normal(0, 1))") == "KL(N(μ, σ^2) || N(0, 1))"
    assert typed("KL(Normal(0, sqrt(v)), Normal(0, a + b))") == "KL(N(0, v) || N(0, (a + b)^2))"
    assert typed("KL(Normal(0, 1/sqrt(v)), Normal(0, a/b))") == "KL(N(0, 1/v) || N(0, a^2/b^2))"
    assert r"\mathcal{N}(0, (a + b)^{2})" in latex("KL(Normal(0, 1), Normal(0, a + b))")


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_word_is_set_by_every_writer(entry) -> None:
    arguments = [
        {"u": u, "x": x, "f": u * log(u)}.get(n, sp.Symbol(n.lower()[:1])) for n in entry.arguments
    ]
    functions = Functions()
    box = layout(VOCABULARY[entry.name](*arguments), functions)
    assert text.write(box) and tex.write(box).count("{") == tex.write(box).count("}")
    parseString(mathml.math(box))
    assert len(list(functions.definitions())) == ("f" in entry.arguments)


def test_a_format_that_is_not_read_is_refused() -> None:
    with pytest.raises(formats.NotAFormat, match="overline"):
        formats.laid(r"\overline{{{0}}}", "x", (layout(x),))


def test_a_function_is_a_letter_and_said_once() -> None:
    sides, relations = read_relation(
        "D(u*log(u), u, p, q) = D(v*log(v), v, p, q) + D(-log(u), u, q, p)"
    )
    functions = Functions.beside(sides)
    assert text.write(related(sides, relations, functions)) == (
        "D_f(P || Q) = D_f(P || Q) + D_g(Q || P)"
    )
    assert [text.write(each) for each in functions.definitions()] == [
        "f(u) = u log u", "g(u) = -log u",
    ]  # fmt: skip


def test_a_letter_that_is_a_symbol_is_not_taken() -> None:
    assert typed("f*D(u*log(u), u, p, q)") == "f D_g(P || Q)"


def test_a_function_that_is_a_symbol_or_made_of_one_keeps_its_name() -> None:
    assert typed("D(Adjoint(f, u), u, q, p) = D(f, u, p, q)") == "D_f°(Q || P) = D_f(P || Q)"
    assert latex("D(Adjoint(f, u), u, q, p)") == r"D_{f^{\circ}}(Q \,\|\, P)"
    assert typed("D(f + c*(u - 1), u, p, q)") == "D_{f + c (u - 1)}(P || Q)"
    assert typed("Conjugate(k*f, u, k*t) = k*Conjugate(f, u, t)") == "(k f)*(k t) = k f*(t)"
    assert typed("Conjugate(Adjoint(f, u), u, -s)") == "(f°)*(-s)"
    assert latex("Conjugate(Adjoint(f, u), u, -s)") == r"(f^{\circ})^{*}(-s)"
    assert latex("Conjugate(k*f, u, t)") == "(k f)^{*}(t)"
    assert latex("Conjugate(f, u, t)") == "f^{*}(t)"


# --- bound variables, cases, limits -----------------------------------------------------------


@pytest.mark.parametrize(
    ("tree", "in_text", "in_tex"),
    [
        (Total(p * log(p)) ** 2, "(sum_x p log p)^2", r"\left( \sum_{x} p \log p \right)^{2}"),
        (TV(p, q).unfold(), "1/2 sum_x |p - q|", r"\frac{1}{2} \sum_{x} |p - q|"),
        (Supremum(u * t - exp(u), u, 0, oo), "sup_{u > 0} (t u - e^u)", r"\sup_{u > 0} (t u - e^{u})"),
        (Supremum(u * t, u, 0, 1), "sup_{0 < u < 1} t u", r"\sup_{0 < u < 1} t u"),
        (Supremum(u, u, -oo, oo), "sup_u u", r"\sup_{u} u"),
        (Integral(exp(-x) + x, (x, 0, oo)), "∫_0^oo (x + e^(-x)) dx",
         r"\int_{0}^{\infty} (x + e^{-x}) \, \mathrm{d}x"),
        (Limit(u * log(u), u, 0, "+"), "lim_{u->0+} u log u", r"\lim_{u \to 0^{+}} u \log u"),
        (Derivative(u**2, u), "d/du u^2", r"\frac{\mathrm{d}}{\mathrm{d}u} u^{2}"),
        (Derivative(a * mu**2, mu, 2), "∂^2/∂μ^2 (a μ^2)",
         r"\frac{\partial^{2}}{\partial\mu^{2}} (a \mu^{2})"),
        (Subs(Derivative(u**2, u), u, 3), "[d/du u^2]_{u = 3}",
         r"\left[ \frac{\mathrm{d}}{\mathrm{d}u} u^{2} \right]_{u = 3}"),
        (Piecewise((1, x > 0), (u, True)), "1 if x > 0; u otherwise",
         r"\begin{cases} 1 & \text{if } x > 0 \\ u & \text{otherwise} \end{cases}"),
        (sp.Interval.Lopen(0, oo), "(0, oo)", r"(0, \infty)"),
        (sp.And(x > 0, x <= 1), "0 < x <= 1", r"0 < x \le 1"),
    ],
)  # fmt: skip
def test_operators(tree: sp.Basic, in_text: str, in_tex: str) -> None:
    box = layout(tree)
    assert (text.write(box), tex.write(box)) == (in_text, in_tex)
    parseString(mathml.math(box))


def test_the_index_of_a_sum_is_no_number_of_the_statement() -> None:
    """E_P[x] = x: the x at the right is one number, whatever the sum runs over."""
    assert typed("Sum(p*x) = x") == "sum_z p x = x"
    assert typed("Sum(p*x*z) = Sum(p)") == "sum_y p x z = sum_y p"
    assert text.write(layout(Total(x * a))) == "sum_z a x"
    assert typed("Evidence(v) = Sum(v)") == "p_v(x) = sum_z v"
    link = chain(Total(p * x), eq(x, ""), given={p: Mass(), x: REAL})
    assert text.write(statements.laid(link).statement) == "sum_z p x = x"
    hidden = chain(Total(p), eq(1, ""), given={p: Mass(), x: REAL}, hypotheses=(x > 0,))
    assert text.write(statements.laid(hidden).first) == "sum_z p"


def test_uses_of_a_word_that_differ_are_printed_differently() -> None:
    assert typed("ELBO(q, v) - ELBO(q, 2*v)") == "ELBO_v(Q) - ELBO_{2 v}(Q)"
    assert typed("Evidence(v) + Posterior(u)") == "p_v(x) + p_u(z | x)"
    assert typed("V(u, p, q) + V(1 - u, q, p)") == "V_{P, Q}(u) + V_{Q, P}(1 - u)"
    assert latex("V(u, p, q)") == "V_{P, Q}(u)"
    assert typed("Jacobian(a, u, x, y)") == "det D_{x, y}(a, u)"


def test_a_bound_variable_is_printed_under_a_name_of_its_own() -> None:
    """The mean of x under N(x, 1), the supremum over u > u: two numbers, two letters."""
    assert typed("Mean(Normal(x, 1), x, x)") == "E[x1; x1 ~ N(x, 1)]"
    assert text.write(layout(Supremum(-u, u, u, oo))) == "sup_{u1 > u} (-u1)"
    assert text.write(layout(Integral(x * t, (t, 0, x), (x, 0, x)))) == ("∫_0^x ∫_0^x1 t x1 dt dx1")
    x1 = sp.Symbol("x1")
    assert text.write(layout(Integral(x * x1, (x, 0, x)))) == "∫_0^x x2 x1 dx2"
    assert text.write(layout(Integral(x, (x, 0, 1)))) == "∫_0^1 x dx"


def test_a_number_is_no_name_of_a_function() -> None:
    """D_c(P || Q) = c for a number c would say of every c what holds of the constant function."""
    link = chain("D(a, u, p, q)", eq(a, ""), given={p: Mass(), q: Mass(), a: REAL})
    laid = statements.laid(link)
    assert text.write(laid.statement) == "D_f(P || Q) = a"
    assert "f(u) = a" in [text.sentence(each) for each in laid.given]


def test_only_the_probability_vectors_of_a_chain_are_capitals() -> None:
    r = sp.Symbol("r")
    mixed = chain(
        "TV(r*p + (1 - r)*q, q)", eq("r*TV(p, q)", ""), given={p: Mass(), q: Mass(), r: UNIT}
    )
    assert text.write(statements.laid(mixed).first) == "TV(r P + (1 - r) Q, Q)"


D_LOG = Derivative(log(x), x)


@pytest.mark.parametrize(
    ("tree", "in_text"),
    [
        (sp.Mul(D_LOG, x**2, evaluate=False), "(d/dx log x) x^2"),
        (sp.Mul(x**2, D_LOG, evaluate=False), "x^2 d/dx log x"),
        (sp.Mul(a, sp.Mul(u, log(t), evaluate=False), v, evaluate=False), "a u log(t) v"),
        (sp.Mul(a, sp.Mul(u, t, evaluate=False), v, evaluate=False), "a u t v"),
        (sp.Add(D_LOG, x, evaluate=False), "d/dx log x + x"),
        (sp.Add(sp.Mul(2, Supremum(t * u, u, 0, 1)), t, evaluate=False),
         "(2 sup_{0 < u < 1} t u) + t"),
        (sp.Add(Supremum(t * u, u, 0, 1), t, evaluate=False), "(sup_{0 < u < 1} t u) + t"),
        (sp.Add(t, sp.Mul(2, Supremum(t * u, u, 0, 1)), evaluate=False),
         "t + 2 sup_{0 < u < 1} t u"),
        (sp.Mul(2, Supremum(t * u, u, 0, 1), 1 / a, evaluate=False),
         "(2 sup_{0 < u < 1} t u)/a"),
        (sp.Mul(a, Limit(exp(-x), x, oo), 1 / t, evaluate=False), "(a lim_{x->oo} e^(-x))/t"),
        (sp.Add(sp.Mul(2, Total(p * q)), t, evaluate=False), "2 sum_x p q + t"),
        (sp.Mul(D_LOG, 1 / a, evaluate=False), "(d/dx log x)/a"),
        (sp.Mul(u, log(a), 1 / t, evaluate=False), "u log(a)/t"),
    ],
)  # fmt: skip
def test_what_is_open_to_the_right_is_closed_before_what_follows(tree, in_text: str) -> None:
    assert text.write(layout(tree)) == in_text
    parseString(mathml.math(layout(tree)))


def test_the_brackets_are_in_every_writer() -> None:
    tree = sp.Mul(D_LOG, x**2, evaluate=False)
    assert tex.write(layout(tree)) == (
        r"\left( \frac{\mathrm{d}}{\mathrm{d}x} \log x \right) x^{2}"
    )
    assert mathml.math(layout(tree)).count("<mo>(</mo>") == 1
    both = sp.Add(sp.Mul(2, Supremum(t * u, u, 0, 1)), t, evaluate=False)
    assert tex.write(layout(both)) == r"\left( 2 \sup_{0 < u < 1} t u \right) + t"


def test_a_node_of_another_language_is_printed_as_sympy_prints_it() -> None:
    tree = sp.Matrix([[x]])
    assert text.write(layout(tree)) == str(tree)
    parseString(mathml.math(layout(sp.besselj(0, x))))


# --- text with formulas in it -----------------------------------------------------------------

PINSKER = Claim(
    "pinsker", "`TV(p, q) <= sqrt(KL(p, q)/2)`", "inequalities", "Pinsker (1960)",
    (
        chain(
            "TV(p, q)",
            at_most("sqrt(KL(p, q)/2)", "since `KL(p, q) >= 2*TV(p, q)^2`", TakenOnTrust("cauchy-schwarz")),
            given={p: Mass(), q: Mass()},
        ),
    ),
    name="Pinsker's inequality", shown_for="`p, q > 0`".replace(", q", ""),
)  # fmt: skip


def test_the_title_is_the_name_and_the_statement() -> None:
    assert title_text(PINSKER) == "Pinsker's inequality: TV(P, Q) <= sqrt(KL(P || Q)/2)"
    printed = text.sentence(statements.title(PINSKER), signs.printed)
    assert printed == "Pinsker's inequality: TV(P, Q) ≤ √(KL(P ‖ Q)/2)"
    assert "<mfrac>" in mathml.sentence(statements.title(PINSKER))


def test_a_title_says_what_its_function_is() -> None:
    said = text.sentence(parts("`D(u*log(u), u, p, q) = KL(p, q)` for all"))
    assert said == "D_f(P || Q) = KL(P || Q) with f(u) = u log u for all"


def test_spans_are_formulas_and_what_is_not_stays() -> None:
    pieces = list(spans("at `u = 1`, see `f'(oo)`"))
    assert pieces[0] == "at " and pieces[1].relations == ("=",) and pieces[3] == "f'(∞)"
    assert unreadable("at `u = 1`, see `f'(oo)`") == ["f'(oo)"]
    assert signs.readable("a >= b") == "a ≥ b"


def test_a_formula_in_a_reason_is_set_in_latex_too() -> None:
    assert r"since $\operatorname{KL}" in as_latex(PINSKER)
    assert r"50\% of \{x\}" in tex.sentence(("50% of {x}",))


def test_show_defines_the_words_of_a_claim() -> None:
    page = as_text(PINSKER, {"pinsker": PINSKER})
    assert "shown for p > 0" in page
    assert "  given P, Q probability vectors with masses p, q > 0" in page
    assert "  <= sqrt(KL(P || Q)/2)" in page
    where = page[page.index("where") :]
    assert "  TV(P, Q) = 1/2 sum_x |p - q|" in where
    assert "  KL(P || Q) = sum_x p log(p/q)" in where and "Kullback" in where


def test_definitions_go_down_and_are_general_in_f() -> None:
    claim = Claim(
        "x", "`JS(p, q) <= log(2)`", "t", "S (2001)",
        (chain("JS(p, q)", at_most("log(2)", ""), given={p: Mass(), q: Mass()}),
         chain(D(u * log(u), u, p, q), eq(Total(p * log(p / q)), ""), given={p: Mass(), q: Mass()}),
         chain("KL(Normal(mu, sigma), Normal(0, 1))", eq(1, ""), given={mu: REAL, sigma: POSITIVE})),
    )  # fmt: skip
    found = {each.name: text.sentence(each.said) for each in statements.definitions(claim)}
    assert list(found) == ["JS", "D", "KL", "Normal"]
    assert found["D"] == "D_f(P || Q) = sum_x q f(p/q)"
    assert found["Normal"].startswith("N(μ, σ^2) has the density e^(-(x - μ)^2/(2 σ^2))/")


@pytest.mark.parametrize(
    ("symbols", "domain", "said"),
    [
        ([t], REAL, "t real"), ([u, v], POSITIVE, "u, v > 0"), ([a], UNIT, "0 < a < 1"),
        ([t], Interval(-oo, -1), "t < -1"), ([t], Choice((2,)), "t = 2"),
        ([t], Choice((1, 2)), "t one of 1, 2"), ([v], PerAtom(REAL), "v real at every atom"),
        ([p], Mass(), "P probability vector with mass p > 0"),
    ],
)  # fmt: skip
def test_domains(symbols, domain, said: str) -> None:
    assert text.sentence(statements.of_domain(symbols, domain)) == said


def test_reasons() -> None:
    said = {
        Stationary(exp(t - 1)): "attained where the slope is zero, at e^(t - 1)",
        TakenOnTrust("cauchy-schwarz"): "lemma cauchy-schwarz, taken on trust",
    }
    for by, words in said.items():
        assert text.sentence(statements.reason(by)) == words
    assert (
        text.sentence(statements.reason(ByClaim("pinsker", {p: q}))) == "claim pinsker with p = q"
    )


# --- the ledger -------------------------------------------------------------------------------


def test_every_formula_of_the_ledger_is_read_and_set() -> None:
    from derivations.ledger import ledger

    unread = []
    for claim in ledger().values():
        texts = [claim.title, claim.note, claim.shown_for]
        texts += [step.why for link in claim.chains for step in link.steps]
        unread += [(claim.id, span) for each in texts for span in unreadable(each)]
        parseString(f"<p>{mathml.sentence(statements.title(claim))}</p>".replace("&nbsp;", " "))
        for link in claim.chains:
            box = statements.laid(link).statement
            assert "Foreign" not in repr(box), claim.id
    assert unread == []
