"""The field's names as data: KL, JS, TV, ... (see `words/vocabulary.py`)."""

from .words.vocabulary import *  # noqa: F403
from .words.vocabulary import VOCABULARY, Word
from .words.vocabulary import __all__ as __all__


def __getattr__(name: str) -> type[Word]:
    """Every entry is a name of this module, which a type checker cannot see in the table."""
    raise AttributeError(f"the vocabulary has no {name!r}; it has {', '.join(sorted(VOCABULARY))}")
