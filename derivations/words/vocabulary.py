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
from sympy import Abs, Derivative, Max, exp, log, oo, sqrt

from .language import Supremum, Total
from .laws import DENSITIES, density, mean, over, support, variable_beside
from .word import Entry, Need, Word, is_law, nothing, unfold

CSISZAR = "Csiszar, Information-type measures of difference of probability distributions (1967)"
KULLBACK = "Kullback, Leibler, On information and sufficiency (1951)"
LIN = "Lin, Divergence measures based on the Shannon entropy (1991)"
half = sp.S.Half
LAWS = ("P", "Q", "M", "R")  # arguments of these names are laws

# --- what has to be shown of the arguments --------------------------------------------------------


def positive(*places: int) -> Callable[..., list[Need]]:
    """These arguments are > 0 (at every atom)."""
    return lambda *args: [Need("positive", args[i]) for i in places]


def _within(P: sp.Basic, x: sp.Expr) -> list[Need]:
    """x is inside the interval that carries the law."""
    lower, upper = support(P)
    found = [Need("positive", x - lower)] if lower is not -oo else []
    return found + ([Need("positive", upper - x)] if upper is not oo else [])


def _convex(f: sp.Expr, u: sp.Symbol, *_: sp.Basic) -> list[Need]:
    return [Need("convex", f, u)]


def needs(word: Word) -> list[Need]:
    """What has to be shown of a word's arguments, those that are laws among them."""
    entry = word.entry
    laws = [
        Need("probability", value)
        for argument, value in zip(entry.arguments, word.args, strict=True)
        if argument in LAWS and not is_law(value)
    ]
    return [*entry.needs(*word.args), *laws]


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
    return over(P, Q, lambda p, q: q * at(f, u, p / q), f)


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
    x = variable_beside(P, Q)
    return mean(P, (Score(P, x) - Score(Q, x)) ** 2, x)


def _adjoint(f: sp.Expr, u: sp.Symbol) -> sp.Expr:
    if not isinstance(u, sp.Symbol):
        raise ValueError(f"the adjoint is taken in a variable, got {u}")
    return u * at(f, u, 1 / u)


def _jacobian(y1: sp.Expr, y2: sp.Expr, x1: sp.Expr, x2: sp.Expr) -> sp.Expr:
    if not (isinstance(x1, sp.Symbol) and isinstance(x2, sp.Symbol)) or x1 == x2:
        raise ValueError(f"the Jacobian matrix is taken in two variables, got {x1} and {x2}")
    return Derivative(y1, x1) * Derivative(y2, x2) - Derivative(y1, x2) * Derivative(y2, x1)


_LAW = "both are probability vectors, or laws with densities on one interval"
TYPED = {"H2": "H^2", "Chi2": "χ^2"}  # names in text that are not the entry's own


def _pair(name: str, tex: str, unfolds: Callable[..., sp.Expr], means: str, source: str) -> Entry:
    return Entry(
        name, ("P", "Q"), unfolds, means, _LAW, nothing,
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
        nothing,
        tex + "({0}, {1})",
        TYPED.get(name, name) + "({0}, {1})",
        source,
    )


def _law(
    name: str,
    arguments: tuple[str, ...],
    tex: str,
    text: str,
    defined: str,
    needs: Callable[..., list[Need]],
) -> Entry:
    def none(*_: sp.Expr) -> sp.Expr:
        raise ValueError(f"{name} is a law, not a number")

    return Entry(
        name, arguments, none, f"the law with this density: {name}", defined, needs, tex, text,
        "Johnson, Kotz, Balakrishnan, Continuous Univariate Distributions (1994)", law=True,
    )  # fmt: skip


ENTRIES = (
    _law(
        "Normal",
        ("mean", "deviation"),
        r"\mathcal N({0}, {1}^2)",
        "N({0}, {1}^2)",
        "deviation > 0",
        positive(1),
    ),
    _law(
        "Exponential",
        ("rate",),
        r"\operatorname{{Exp}}({0})",
        "Exp({0})",
        "rate > 0",
        positive(0),
    ),
    _law(
        "Laplace",
        ("mean", "scale"),
        r"\operatorname{{Laplace}}({0}, {1})",
        "Laplace({0}, {1})",
        "scale > 0",
        positive(1),
    ),
    _law(
        "Cauchy",
        ("place", "scale"),
        r"\operatorname{{Cauchy}}({0}, {1})",
        "Cauchy({0}, {1})",
        "scale > 0",
        positive(1),
    ),
    _law(
        "Gamma",
        ("shape", "rate"),
        r"\operatorname{{Gamma}}({0}, {1})",
        "Gamma({0}, {1})",
        "shape, rate > 0",
        positive(0, 1),
    ),
    _law(
        "Beta",
        ("a", "b"),
        r"\operatorname{{Beta}}({0}, {1})",
        "Beta({0}, {1})",
        "a, b > 0",
        positive(0, 1),
    ),
    _law(
        "Uniform",
        ("a", "b"),
        r"\mathcal U({0}, {1})",
        "U({0}, {1})",
        "a < b",
        lambda a, b: [Need("positive", b - a)],
    ),
    Entry(
        "Density",
        ("P", "x"),
        lambda P, x: density(P, x),
        "the law's density at x",
        "P is a law, x inside the interval that carries it",
        _within,
        r"{0}({1})",
        "{0}({1})",
        "the law's own",
    ),
    Entry(
        "Mean",
        ("P", "value", "x"),
        lambda P, value, x: mean(P, value, x),
        "the mean of value(x) for x of the law P",
        "P is a law; the integral converges absolutely",
        nothing,
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
        nothing,
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
        nothing,
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
        lambda a, P, Q: log(over(P, Q, lambda p, q: p**a * q ** (1 - a), a)) / (a - 1),
        "log of the sum of p^alpha q^(1 - alpha), over alpha - 1",
        "alpha > 0, alpha != 1",
        lambda a, P, Q: [Need("positive", a), Need("nonzero", a - 1)],
        r"R_{{{0}}}({1} \,\|\, {2})",
        "R_{0}({1} || {2})",
        "Renyi, On measures of entropy and information (1961)",
    ),
    Entry(
        "D",
        ("f", "u", "P", "Q"),
        _f_divergence,
        "the sum of q f(p/q)",
        "f is convex on u > 0, the same at every atom; D_f(P || P) = f(1), which need not be 0",
        _convex,
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
        positive(1),
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
        _convex,
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
        nothing,
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
        nothing,
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
        nothing,
        r"\sigma({0})",
        "sigmoid({0})",
        "the definition",
        letters=("sigma",),
    ),
    Entry(
        "Phi",
        ("v",),
        lambda v: (1 + sp.erf(v / sqrt(2))) / 2,
        "the standard normal law's distribution function",
        "v is real",
        nothing,
        r"\Phi({0})",
        "Φ({0})",
        "the definition",
        letters=("Phi",),
    ),
    Entry(
        "Positive",
        ("v",),
        lambda v: Max(v, 0),
        "max(v, 0)",
        "v is real",
        nothing,
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
        lambda D, P, Q: [Need("positive", D), Need("positive", 1 - D)],
        r"V_{{{1}, {2}}}({0})",
        "V_{{{1}, {2}}}({0})",
        "Goodfellow et al., Generative adversarial nets (2014), equation 1",
    ),
    Entry(
        "ELBO",
        ("Q", "w"),
        lambda Q, w: Total(Q * log(w / Q)),
        "E_q log(w/q), w(z) = p(x, z)",
        "w > 0 at every atom",
        positive(1),
        r"\operatorname{{ELBO}}_{{{1}}}({0})",
        "ELBO_{1}({0})",
        "Kingma, Welling, Auto-encoding variational Bayes (2014)",
    ),
    Entry(
        "Evidence",
        ("w",),
        lambda w: Total(w),
        "p(x), the sum of w(z) = p(x, z)",
        "w > 0 at every atom",
        positive(0),
        r"p_{{{0}}}(x)",
        "p_{0}(x)",
        "the definition",
        letters=("x",),
    ),
    Entry(
        "Posterior",
        ("w",),
        lambda w: w / Total(w),
        "p(z | x), w(z) = p(x, z) over their sum",
        "w > 0 at every atom",
        positive(0),
        r"p_{{{0}}}(z \,|\, x)",
        "p_{0}(z | x)",
        "Bayes' rule",
        letters=("x", "z"),
    ),
    Entry(
        "Score",
        ("P", "x"),
        _score,
        "the derivative of the log-density in x",
        "x is a variable inside the interval that carries the law; the density is smooth",
        _within,
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
        _jacobian,
        "the determinant of the Jacobian matrix of (x1, x2) -> (y1, y2)",
        "y1, y2 are differentiable in the variables x1, x2",
        nothing,
        r"\det D_{{{2},{3}}}({0}, {1})",
        "det D_{{{2}, {3}}}({0}, {1})",
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
