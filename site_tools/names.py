"""The catalogue's rows as a reader meets them."""

from __future__ import annotations

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


def shown(name: str) -> str:
    """The name of a row of the catalogue; others with their underscores as blanks."""
    return NAMES.get(name, name.replace("_", " "))
