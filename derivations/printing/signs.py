"""Letters and signs: how each name is written in LaTeX, in unicode, and as it is typed."""

from __future__ import annotations

import re

from ..words import names
from .layout import Box, Digits, Glyph, Operator, Scripted

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ",
    "eta": "η", "theta": "θ", "iota": "ι", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν",
    "xi": "ξ", "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "upsilon": "υ", "phi": "φ",
    "chi": "χ", "psi": "ψ", "omega": "ω", "Gamma": "Γ", "Delta": "Δ", "Theta": "Θ",
    "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Sigma": "Σ", "Phi": "Φ", "Psi": "Ψ", "Omega": "Ω",
}  # fmt: skip
SLANTED = {"epsilon": r"\varepsilon", "phi": r"\varphi"}  # the field's shapes of these letters

# name: (LaTeX, unicode, as typed)
SIGNS = {
    "oo": (r"\infty", "∞", "oo"),
    "<=": (r"\le", "≤", "<="),
    ">=": (r"\ge", "≥", ">="),
    "!=": (r"\ne", "≠", "!="),
    "->": (r"\to", "→", "->"),
    "||": (r"\|", "‖", "||"),
    "-": ("-", "−", "-"),
    "dot": (r"\cdot", "·", "*"),
    "~": (r"\sim", "∼", "~"),
    "circ": (r"\circ", "°", "°"),
    "in": (r"\in", "∈", "in"),
    "diff": (r"\mathrm{d}", "d", "d"),
    "partial": (r"\partial", "∂", "∂"),
    "sum": (r"\sum", "∑", "sum"),
    "int": (r"\int", "∫", "∫"),
}
FUNCTIONS = {"log", "exp", "max", "min", "sin", "cos", "tan", "sinh", "cosh", "tanh", "sup", "lim",
             "inf", "det"}  # fmt: skip  # of which TeX has a command


TYPED = (
    (r">=", "≥"), (r"<=", "≤"), (r"\|\|", "‖"), (r"\boo\b", "∞"),
    (r"(?<=[\w)])\*\*(?=[\w(])", "^"), (r"(?<!\bf)(?<=[\w)])\*(?=[\w(])", "·"),
    (r"\balpha\b", "α"), (r"\bgamma\b", "γ"), (r"\bpi\b", "π"), (r"\btheta\b", "θ"),
)  # fmt: skip


def tex(name: str) -> str:
    if name in SIGNS:
        return SIGNS[name][0]
    if name in GREEK:
        return SLANTED.get(name, f"\\{name}")
    return name


def printed(name: str) -> str:
    return SIGNS[name][1] if name in SIGNS else GREEK.get(name, name)


def typed(name: str) -> str:
    return SIGNS[name][2] if name in SIGNS else GREEK.get(name, name)


def letter(name: str) -> Box:
    """A symbol's name laid out: mu1 with its index at its foot, theta' with its prime."""
    plain = name.rstrip("'")
    primes = name[len(plain) :]
    base, index = names.split(plain)
    laid: Box = _one(base)
    if index or primes:
        laid = Scripted(laid, _index(index), Operator("′" * len(primes)) if primes else None)
    return laid


def capital(name: str) -> Box:
    """The law of a probability vector: P for p, P1 for p1; greek letters as they are."""
    return letter(names.capital(name))


def _one(name: str) -> Box:
    name = names.OTHER_NAMES.get(name, name)
    return Glyph(name) if len(name) == 1 or name in GREEK else Operator(name)


def _index(name: str) -> Box | None:
    if not name:
        return None
    return Digits(name) if name.isdigit() else _one(name)


def readable(text: str) -> str:
    """Text typed as in Python, with the signs of print.

    >>> readable("D_f <= f(0) + f'(oo) for f = u*log(u)")
    "D_f ≤ f(0) + f'(∞) for f = u·log(u)"
    >>> readable("f** = f for f = (u - 1)**2, f*(t) >= u t")
    'f** = f for f = (u - 1)^2, f*(t) ≥ u t'
    """
    for typed, printed in TYPED:
        text = re.sub(typed, printed, text)
    return text
