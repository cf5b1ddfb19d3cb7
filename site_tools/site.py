"""What a build knows: the ledger and its verdicts, the bibliography, the typesetter."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from pathlib import Path

from derivations.claim import Claim
from derivations.ledger import ledger
from derivations.printing import tex
from derivations.printing.layout import Parts
from derivations.printing.signs import readable

from .citations import Bibliography
from .katex import Typesetter
from .verdicts import Run, verified

DOLLARS = re.compile(r"\$([^$]+)\$")


@dataclass
class Site:
    """One build over the docs in `docs`."""

    docs: Path
    typesetter: Typesetter = field(default_factory=Typesetter)

    @cached_property
    def claims(self) -> dict[str, Claim]:
        return dict(ledger())

    @cached_property
    def run(self) -> Run:
        return verified()

    @cached_property
    def bibliography(self) -> Bibliography:
        return Bibliography(self.docs / "references.bib")

    def sentence(self, parts: Parts) -> str:
        """Words and laid out formulas as HTML."""
        return "".join(
            self.text(readable(part))
            if isinstance(part, str)
            else self.typesetter.html(tex.write(part))
            for part in parts
        )

    def text(self, text: str) -> str:
        """Plain text, escaped, its `$...$` set."""
        parts = DOLLARS.split(text)
        parts[::2] = [escape(part) for part in parts[::2]]
        parts[1::2] = [self.typesetter.html(part) for part in parts[1::2]]
        return "".join(parts)
