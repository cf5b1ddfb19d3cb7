"""Names and titles as a reader meets them: the catalogue's rows, and formulas typed in a title."""

from __future__ import annotations

import re

NAMES = {
    "kl": "KL",
    "reverse_kl": "reverse KL",
    "pearson": "Pearson χ²",
    "neyman": "Neyman χ²",
    "squared_hellinger": "squared Hellinger",
    "jeffreys": "Jeffreys",
    "jensen_shannon": "Jensen-Shannon",
    "jensen_shannon_weighted": "weighted Jensen-Shannon",
    "gan": "GAN",
    "le_cam": "Le Cam",
}


SIGNS = (
    (r">=", "≥"),
    (r"<=", "≤"),
    (r"\|\|", "‖"),
    (r"\boo\b", "∞"),
    (r"(?<=[\w)])\*\*(?=[\w(])", "^"),
    (r"(?<!\bf)(?<=[\w)])\*(?=[\w(])", "·"),
    (r"\balpha\b", "α"),
    (r"\bgamma\b", "γ"),
    (r"\bpi\b", "π"),
    (r"\btheta\b", "θ"),
)


def shown(name: str) -> str:
    """The name of a row of the catalogue; others with their underscores as blanks."""
    return NAMES.get(name, name.replace("_", " "))


def readable(title: str) -> str:
    """A claim's title, whose formulas are typed as in Python, with the signs of print.

    >>> readable("D_f <= f(0) + f'(oo) for f = u*log(u)")
    "D_f ≤ f(0) + f'(∞) for f = u·log(u)"
    >>> readable("f** = f for f = (u - 1)**2, f*(t) >= u t")
    'f** = f for f = (u - 1)^2, f*(t) ≥ u t'
    """
    for typed, printed in SIGNS:
        title = re.sub(typed, printed, title)
    return title
