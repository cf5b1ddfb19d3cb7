"""The words of a claim: `Claim`, `chain`, the relations and the reasons (see `words/claim.py`)."""

from .words.claim import *  # noqa: F403
from .words.claim import __all__ as __all__
