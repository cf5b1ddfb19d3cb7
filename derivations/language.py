"""Sums over atoms, suprema and domains (see `words/language.py`)."""

from .words.language import *  # noqa: F403
from .words.language import __all__ as __all__
