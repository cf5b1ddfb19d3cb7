"""The field's names: what each stands for, when it is defined, how it is printed, from where.

    KL(p, q)                              the sum over atoms of p log(p/q)
    KL(Normal(mu, s), Normal(0, 1))       the integral of the same over the line
    Sigmoid(v), Entropy(p), ELBO(q, w)    ...

A divergence takes two probability vectors (symbols of domain `Mass`, or expressions in them), or
two laws with a density. What a name unfolds to is an unevaluated tree: the verifier works on that,
and every display prints the name, with its definition one step away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy as sp
from sympy import Abs, Derivative, Integral, Max, exp, gamma, log, oo, pi, sqrt

from .language import Supremum, Total
from .word import Entry, Word, is_law, unfold

CSISZAR = "Csiszar, Information-type measures of difference of probability distributions (1967)"
KULLBACK = "Kullback, Leibler, On information and sufficiency (1951)"
LIN = "Lin, Divergence measures based on the Shannon entropy (1991)"
half = sp.S.Half
LAWS = ("P", "Q", "M", "R")  # arguments of these names are laws

# --- laws on the line: a density and the interval that carries it -------------------------------

DENSITIES: dict[str, tuple[Callable[..., sp.Expr], tuple[sp.Expr | int, sp.Expr | int]]] = {
    "Normal": (
        lambda x, m, s: exp(-((x - m) ** 2) / (2 * s**2)) / (s * sqrt(2 * pi)),
        (-oo, oo),
    ),
    "Exponential": (lambda x, rate: rate * exp(-rate * x), (0, oo)),
    "Laplace": (lambda x, m, b: exp(-Abs(x - m) / b) / (2 * b), (-oo, oo)),
    "Cauchy": (lambda x, m, g: g / (pi * (g**2 + (x - m) ** 2)), (-oo, oo)),
    "Gamma": (lambda x, a, b: b**a * x ** (a - 1) * exp(-b * x) / gamma(a), (0, oo)),
    "Beta": (
        lambda x, a, b: x ** (a - 1) * (1 - x) ** (b - 1) * gamma(a + b) / (gamma(a) * gamma(b)),
        (0, 1),
    ),
    "Uniform": (lambda x, a, b: 1 / (b - a), (0, 1)),  # carried by (a, b): see `support`
}


def density(law: sp.Basic, x: sp.Expr) -> sp.Expr:
    """The law's density at x, unevaluated."""
    assert isinstance(law, Word)
    with sp.evaluate(False):
        return DENSITIES[law.entry.name][0](x, *law.args)


def support(law: sp.Basic) -> tuple[sp.Expr, sp.Expr]:
    """The interval that carries the law."""
    assert isinstance(law, Word)
    if law.entry.name == "Uniform":
        return law.args[0], law.args[1]
    lower, upper = DENSITIES[law.entry.name][1]
    return sp.sympify(lower), sp.sympify(upper)


def needs(word: Word) -> list[tuple[str, sp.Expr]]:
    """What has to hold of a word's arguments: ("positive" or "probability", expression)."""
    name, args = word.entry.name, word.args
    found: list[tuple[str, sp.Expr]] = []
    if name == "Uniform":
        found.append(("positive", args[1] - args[0]))
    elif word.entry.law:
        places = {"Normal": 1, "Laplace": 1, "Cauchy": 1}  # where what is positive begins
        found += [("positive", arg) for arg in args[places.get(name, 0) :]]
    elif name in ("Density", "Score"):
        lower, upper = support(args[0])
        found += [("positive", args[1] - lower)] if lower is not -oo else []
        found += [("positive", upper - args[1])] if upper is not oo else []
    for argument, value in zip(word.entry.arguments, args, strict=True):
        if argument in LAWS and not is_law(value):
            found.append(("probability", value))
    return found


def _variable(*exprs: sp.Basic) -> sp.Symbol:
    """A name for a variable of integration that none of `exprs` uses."""
    taken = {s.name for e in exprs for s in e.atoms(sp.Symbol)}
    names = [n for n in ("x", "y", "z", "r", "xi") if n not in taken]
    return sp.Symbol(names[0] if names else f"x{len(taken)}")


def over(P: sp.Expr, Q: sp.Expr, term: Callable[[sp.Expr, sp.Expr], sp.Expr]) -> sp.Expr:
    """The sum of term(p, q) over the atoms, or its integral where P and Q are laws."""
    if not (is_law(P) or is_law(Q)):
        return Total(term(P, Q))
    if not (is_law(P) and is_law(Q)):
        raise ValueError(f"two laws are required, or two probability vectors, got {P} and {Q}")
    if (range_ := support(P)) != support(Q):
        raise ValueError(f"{P} and {Q} are not carried by the same interval")
    x = _variable(P, Q)
    return Integral(term(density(P, x), density(Q, x)), (x, *range_))


def mean(P: sp.Expr, value: sp.Expr, x: sp.Symbol) -> sp.Expr:
    """E of value(x) for x ~ P, a law on the line."""
    return Integral(density(P, x) * value, (x, *support(P)))


# --- the entries -----------------------------------------------------------------------------------

KL: type[Word]  # assigned at the end, used by the entries that are made of it
Score: type[Word]


def _kl(p: sp.Expr, q: sp.Expr) -> sp.Expr:
    return p * log(p / q)


def _js(P: sp.Expr, Q: sp.Expr) -> sp.Expr:
    if is_law(P):
        return over(
            P, Q, lambda p, q: p * log(p / ((p + q) / 2)) / 2 + q * log(q / ((p + q) / 2)) / 2
        )
    M = (P + Q) / 2
    return KL(P, M) / 2 + KL(Q, M) / 2


def _f_divergence(f: sp.Expr, u: sp.Symbol, P: sp.Expr, Q: sp.Expr) -> sp.Expr:
    return over(P, Q, lambda p, q: q * at(f, u, p / q))


def at(f: sp.Expr, u: sp.Symbol, value: sp.Expr) -> sp.Expr:
    """f with `value` for u, nothing evaluated; f's own words are unfolded first.

    (`Adjoint(f, u)` with a value for u would no longer know in which variable f was given.)
    """
    with sp.evaluate(False):
        return _put(unfold(f), u, value)


def _put(expr: sp.Basic, u: sp.Symbol, value: sp.Expr) -> sp.Basic:
    if expr == u:
        return value
    if not expr.args or u not in expr.free_symbols:
        return expr
    if captured := set(getattr(expr, "bound_symbols", ())) & sp.sympify(value).free_symbols:
        raise ValueError(f"{expr} binds {min(captured, key=str)}, which {value} names as well")
    return expr.func(*(_put(arg, u, value) for arg in expr.args))


def _score(P: sp.Expr, x: sp.Expr) -> sp.Expr:
    if not isinstance(x, sp.Symbol) or x in P.free_symbols:
        raise ValueError(
            f"the score of {P} is taken in a variable that the law does not name, got {x}"
        )
    return Derivative(log(density(P, x)), x)


def _fisher(P: sp.Expr, Q: sp.Expr) -> sp.Expr:
    x = _variable(P, Q)
    return mean(P, (Score(P, x) - Score(Q, x)) ** 2, x)


def _adjoint(f: sp.Expr, u: sp.Symbol) -> sp.Expr:
    if not u.is_Symbol:
        raise ValueError(f"the adjoint is taken in a variable, got {u}")
    return u * at(f, u, 1 / u)


_LAW = "both are probability vectors, or laws with densities on one interval"
TYPED = {"H2": "H^2", "Chi2": "χ^2"}  # names in text that are not the entry's own


def _pair(name: str, tex: str, unfolds: Callable[..., sp.Expr], means: str, source: str) -> Entry:
    return Entry(
        name, ("P", "Q"), unfolds, means, _LAW,
        tex + r"({0} \,\|\, {1})", TYPED.get(name, name) + "({0} || {1})", source,
    )  # fmt: skip


def _symmetric(
    name: str, tex: str, unfolds: Callable[..., sp.Expr], means: str, source: str
) -> Entry:
    return Entry(
        name,
        ("P", "Q"),
        unfolds,
        means,
        _LAW,
        tex + "({0}, {1})",
        TYPED.get(name, name) + "({0}, {1})",
        source,
    )


def _law(name: str, arguments: tuple[str, ...], tex: str, text: str, defined: str) -> Entry:
    def none(*_: sp.Expr) -> sp.Expr:
        raise ValueError(f"{name} is a law, not a number")

    return Entry(
        name, arguments, none, f"the law with this density: {name}", defined, tex, text,
        "Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions (1994)", law=True,
    )  # fmt: skip


ENTRIES = (
    _law(
        "Normal", ("mean", "deviation"), r"\mathcal N({0}, {1}^2)", "N({0}, {1}^2)", "deviation > 0"
    ),
    _law("Exponential", ("rate",), r"\operatorname{{Exp}}({0})", "Exp({0})", "rate > 0"),
    _law(
        "Laplace",
        ("mean", "scale"),
        r"\operatorname{{Laplace}}({0}, {1})",
        "Laplace({0}, {1})",
        "scale > 0",
    ),
    _law(
        "Cauchy",
        ("place", "scale"),
        r"\operatorname{{Cauchy}}({0}, {1})",
        "Cauchy({0}, {1})",
        "scale > 0",
    ),
    _law(
        "Gamma",
        ("shape", "rate"),
        r"\operatorname{{Gamma}}({0}, {1})",
        "Gamma({0}, {1})",
        "shape, rate > 0",
    ),
    _law("Beta", ("a", "b"), r"\operatorname{{Beta}}({0}, {1})", "Beta({0}, {1})", "a, b > 0"),
    _law("Uniform", ("a", "b"), r"\mathcal U({0}, {1})", "U({0}, {1})", "a < b"),
    Entry(
        "Density",
        ("P", "x"),
        lambda P, x: density(P, x),
        "the law's density at x",
        "P is a law",
        r"{0}({1})",
        "{0}({1})",
        "the law's own",
    ),
    Entry(
        "Mean",
        ("P", "value", "x"),
        lambda P, value, x: mean(P, value, x),
        "the mean of value(x) for x of the law P",
        "the integral converges absolutely",
        r"\mathbb E_{{{2} \sim {0}}}\left[{1}\right]",
        "E[{1}; {2} ~ {0}]",
        "the definition",
        binds=(2, (1,)),
    ),
    Entry(
        "E",
        ("P", "T"),
        lambda P, T: Total(P * T),
        "the mean of T over the atoms under P",
        "P is a probability vector",
        r"\mathbb E_{{{0}}}\left[{1}\right]",
        "E_{0}[{1}]",
        "the definition",
    ),
    Entry(
        "Sum",
        ("T",),
        lambda T: Total(T),
        "the sum of T over the atoms",
        "T is a number at every atom",
        r"\sum_x \left[{0}\right]",
        "sum[{0}]",
        "the definition",
    ),
    _pair(
        "KL",
        r"\operatorname{{KL}}",
        lambda P, Q: over(P, Q, _kl),
        "the sum of p log(p/q)",
        KULLBACK,
    ),
    _symmetric(
        "JS", r"\operatorname{{JS}}", _js, "KL(P || M)/2 + KL(Q || M)/2, M = (P + Q)/2", LIN
    ),
    _symmetric(
        "TV",
        r"\operatorname{{TV}}",
        lambda P, Q: over(P, Q, lambda p, q: Abs(p - q)) / 2,
        "half the sum of |p - q|",
        CSISZAR,
    ),
    _symmetric(
        "H2",
        r"H^2",
        lambda P, Q: over(P, Q, lambda p, q: (sqrt(p) - sqrt(q)) ** 2) / 2,
        "half the sum of (sqrt p - sqrt q)^2",
        "Le Cam, Asymptotic Methods in Statistical Decision Theory (1986)",
    ),
    _symmetric(
        "BC",
        r"\operatorname{{BC}}",
        lambda P, Q: over(P, Q, lambda p, q: sqrt(p * q)),
        "the sum of sqrt(p q)",
        "Bhattacharyya, On a measure of divergence (1943)",
    ),
    _pair(
        "Chi2",
        r"\chi^2",
        lambda P, Q: over(P, Q, lambda p, q: (p - q) ** 2 / q),
        "the sum of (p - q)^2/q",
        "Pearson, On the criterion that a given system of deviations (1900)",
    ),
    _symmetric(
        "LeCam",
        r"\Delta",
        lambda P, Q: over(P, Q, lambda p, q: (p - q) ** 2 / (p + q)),
        "the triangular divergence, the sum of (p - q)^2/(p + q)",
        "Topsoe, Some inequalities for information divergence (2000)",
    ),
    _symmetric(
        "Jeffreys",
        "J",
        lambda P, Q: KL(P, Q) + KL(Q, P),
        "KL(P || Q) + KL(Q || P)",
        "Jeffreys, Theory of Probability (1948)",
    ),
    Entry(
        "Renyi",
        ("alpha", "P", "Q"),
        lambda a, P, Q: log(over(P, Q, lambda p, q: p**a * q ** (1 - a))) / (a - 1),
        "log of the sum of p^alpha q^(1 - alpha), over alpha - 1",
        "alpha > 0, alpha != 1",
        r"R_{{{0}}}({1} \,\|\, {2})",
        "R_{0}({1} || {2})",
        "Renyi, On measures of entropy and information (1961)",
    ),
    Entry(
        "D",
        ("f", "u", "P", "Q"),
        _f_divergence,
        "the sum of q f(p/q)",
        "f is convex on u > 0",
        r"D_{{{0}}}({2} \,\|\, {3})",
        "D_{0}({2} || {3})",
        CSISZAR,
        binds=(1, (0,)),
    ),
    Entry(
        "Adjoint",
        ("f", "u"),
        _adjoint,
        "u f(1/u)",
        "u > 0",
        r"{0}^\circ({1})",
        "{0}°({1})",
        "Liese, Vajda, On divergences and informations in statistics (2006)",
    ),
    Entry(
        "Conjugate",
        ("f", "u", "t"),
        lambda f, u, t: Supremum(u * t - f, u, 0, oo),
        "the supremum of u t - f(u) over u > 0",
        "f is convex on u > 0",
        r"{0}^*({2})",
        "{0}*({2})",
        "Fenchel, On conjugate convex functions (1949)",
        binds=(1, (0,)),
    ),
    Entry(
        "Entropy",
        ("P",),
        lambda P: -Total(P * log(P)),
        "minus the sum of p log p",
        "P is a probability vector",
        r"H({0})",
        "H({0})",
        "Shannon, A mathematical theory of communication (1948)",
    ),
    Entry(
        "CrossEntropy",
        ("P", "Q"),
        lambda P, Q: -Total(P * log(Q)),
        "minus the sum of p log q",
        "probability vectors",
        r"H({0}, {1})",
        "H({0}, {1})",
        "Cover, Thomas, Elements of Information Theory (2006)",
    ),
    Entry(
        "Sigmoid",
        ("v",),
        lambda v: 1 / (1 + exp(-v)),
        "1/(1 + e^(-v))",
        "v is real",
        r"\sigma({0})",
        "sigmoid({0})",
        "the definition",
    ),
    Entry(
        "Phi",
        ("v",),
        lambda v: (1 + sp.erf(v / sqrt(2))) / 2,
        "the standard normal law's distribution function",
        "v is real",
        r"\Phi({0})",
        "Φ({0})",
        "the definition",
    ),
    Entry(
        "Positive",
        ("v",),
        lambda v: Max(v, 0),
        "max(v, 0)",
        "v is real",
        r"\left({0}\right)_+",
        "({0})_+",
        "the definition",
    ),
    Entry(
        "V",
        ("D", "P", "Q"),
        lambda D, P, Q: Total(P * log(D)) + Total(Q * log(1 - D)),
        "E_P log D + E_Q log(1 - D)",
        "0 < D < 1 at every atom",
        r"V({0})",
        "V({0})",
        "Goodfellow et al., Generative adversarial nets (2014), equation 1",
    ),
    Entry(
        "ELBO",
        ("Q", "w"),
        lambda Q, w: Total(Q * log(w / Q)),
        "E_q log(w/q), w(z) = p(x, z)",
        "w > 0 at every atom",
        r"\operatorname{{ELBO}}({0})",
        "ELBO({0})",
        "Kingma, Welling, Auto-encoding variational Bayes (2014)",
    ),
    Entry(
        "Evidence",
        ("w",),
        lambda w: Total(w),
        "p(x), the sum of w(z) = p(x, z)",
        "w > 0 at every atom",
        r"p(x)",
        "p(x)",
        "the definition",
    ),
    Entry(
        "Posterior",
        ("w",),
        lambda w: w / Total(w),
        "p(z | x), w(z) = p(x, z) over their sum",
        "w > 0 at every atom",
        r"p(z \,|\, x)",
        "p(z | x)",
        "Bayes' rule",
    ),
    Entry(
        "Score",
        ("P", "x"),
        _score,
        "the derivative of the log-density in x",
        "x is a variable; the density is smooth",
        r"s_{{{0}}}({1})",
        "s_{0}({1})",
        "Hyvarinen, Estimation of non-normalized statistical models (2005)",
    ),
    _pair(
        "Fisher",
        "I",
        _fisher,
        "the Fisher divergence: the mean under P of the squared difference of the scores",
        "Gross, Logarithmic Sobolev inequalities (1975)",
    ),
    Entry(
        "Jacobian",
        ("y1", "y2", "x1", "x2"),
        lambda y1, y2, x1, x2: (
            Derivative(y1, x1) * Derivative(y2, x2) - Derivative(y1, x2) * Derivative(y2, x1)
        ),
        "the determinant of the Jacobian matrix of (x1, x2) -> (y1, y2)",
        "y1, y2 are differentiable in the variables x1, x2",
        r"\det D_{{{2},{3}}}({0}, {1})",
        "det D({0}, {1})",
        "the definition",
    ),
)


def _word(entry: Entry) -> type[Word]:
    return type(entry.name, (Word,), {"entry": entry, "__module__": __name__,
                                      "__doc__": entry.means})  # fmt: skip


VOCABULARY: Mapping[str, type[Word]] = {entry.name: _word(entry) for entry in ENTRIES}
globals().update(VOCABULARY)  # so that each is imported, and pickled, by its name
KL, JS, TV, H2, BC, Score = (VOCABULARY[n] for n in ("KL", "JS", "TV", "H2", "BC", "Score"))

__all__ = ["DENSITIES", "ENTRIES", "VOCABULARY", "Entry", "Word", "at", "density", "is_law",
           "mean", "over", "support", "unfold", *VOCABULARY]  # fmt: skip
